// copy.tsx - text to take along, with a button that copies it.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icon";

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text); // on https and localhost only
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <button type="button" class="button small quiet" aria-label={label}
      onClick={async () => setDone(await copy(text))}>
      <Icon name={done ? "check" : "copy"} /><span aria-live="polite">{done ? "Copied" : "Copy"}</span>
    </button>
  );
}
