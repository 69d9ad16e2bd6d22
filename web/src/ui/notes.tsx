// notes.tsx - what stands where content would: nothing there, something went wrong, still coming.
import type { ComponentChildren } from "preact";
import { Icon } from "./icon";

export function EmptyNote({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="note">
      <p class="note-title">{title}</p>
      {children && <p class="note-text">{children}</p>}
    </div>
  );
}

export function ErrorNote({ message, retry }: { message: string; retry?: () => void }) {
  return (
    <div class="note note-error" role="alert">
      <Icon name="alert" />
      <p class="note-text">{message}</p>
      {retry && <button type="button" class="button small" onClick={retry}>Try again</button>}
    </div>
  );
}

export function Loading({ label = "Loading", rows = 5 }: { label?: string; rows?: number }) {
  return (
    <div class="loading" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => <div key={i} class="skeleton row" />)}
    </div>
  );
}
