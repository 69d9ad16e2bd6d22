// dialog.tsx - a window over the page: the browser keeps focus in it and closes it on Escape.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";

export function Dialog({ title, onClose, children }:
{ title: string; onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    box.current!.showModal();
  }, []);
  return (
    <dialog class="dialog" ref={box} aria-label={title} onClose={onClose}
      onClick={(e) => { if (e.target === box.current) box.current?.close(); }}>
      <div class="dialog-inner">
        <header class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => box.current!.close()}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
