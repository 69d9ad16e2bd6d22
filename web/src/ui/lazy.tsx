// lazy.tsx - a component whose code is loaded when it is first shown.
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { EmptyNote } from "./notes";

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>, waiting: JSX.Element):
(props: P) => JSX.Element {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [Shown, setShown] = useState(() => loaded);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (Shown) return;
      let gone = false;
      load().then((c) => { // again at once when it was loaded between render and here
        loaded = c;
        if (!gone) setShown(() => c);
      }, () => { if (!gone) setFailed(true); });
      return () => { gone = true; };
    }, []);
    if (failed)
      return <EmptyNote title="A part of this page could not be loaded">Reload the page to try again.</EmptyNote>;
    return Shown ? <Shown {...props} /> : waiting;
  };
}
