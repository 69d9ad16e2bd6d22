// lazy.tsx - a component whose code is loaded when it is first shown.
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { EmptyNote } from "./notes";

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>, waiting: JSX.Element):
(props: P) => JSX.Element {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [, setTurn] = useState(0);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded) return;
      let gone = false;
      load().then((c) => {
        loaded = c;
        if (!gone) setTurn((n) => n + 1);
      }, () => { if (!gone) setFailed(true); });
      return () => { gone = true; };
    }, []);
    if (failed)
      return <EmptyNote title="A part of this page could not be loaded">Reload the page to try again.</EmptyNote>;
    const Loaded = loaded;
    return Loaded ? <Loaded {...props} /> : waiting;
  };
}
