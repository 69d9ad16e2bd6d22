// title.ts - the name of the view, in the browser's tab and as where a screen reader begins.
import { useEffect } from "preact/hooks";

export function useTitle(title: string | null | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · hoglet` : "hoglet";
  }, [title]);
}
