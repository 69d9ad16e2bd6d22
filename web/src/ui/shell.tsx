// shell.tsx - what surrounds every view: navigation, the live count, the user's menu.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { live, LIVE_MINUTES, watchLive } from "../api/live";
import { logOut, session } from "../api/session";
import { count } from "../format/number";
import { place, type View } from "../router";
import { Icon, Logo, type IconName } from "./icon";
import { choice, chooseTheme, type Choice } from "./theme";

const sections: { href: string; label: string; icon: IconName; views: View[] }[] = [
  { href: "/dashboards", label: "Dashboards", icon: "dashboards", views: ["dashboards", "dashboard"] },
  { href: "/chat", label: "Ask", icon: "chat", views: ["chat", "chats"] },
  { href: "/activity", label: "Activity", icon: "activity", views: ["activity"] },
];

function Nav() {
  return (
    <nav class="nav" aria-label="Main">
      {sections.map((s) => (
        <a key={s.href} class="nav-link" href={s.href}
          aria-current={s.views.includes(place.value.view) ? "page" : undefined}>
          <Icon name={s.icon} /><span>{s.label}</span>
        </a>
      ))}
    </nav>
  );
}

function LiveCount() {
  useEffect(watchLive, []);
  const { value, failed } = live.value;
  const text = failed ? "Live count not available"
    : value === null ? "Counting events…" : `${count(value, "event")} in ${LIVE_MINUTES} minutes`;
  return (
    <a class={`live ${failed ? "live-off" : value ? "live-on" : ""}`} href="/activity" title={`${text}; see them come in`}>
      <span class="live-dot" />
      <span class="live-text">{text}</span>
    </a>
  );
}

const looks: [Choice, string][] = [["system", "System"], ["light", "Light"], ["dark", "Dark"]];

function licences(): string | null {
  return document.querySelector<HTMLLinkElement>('link[rel="license"]')?.href ?? null;
}

function UserMenu() {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const me = session.value;
  useEffect(() => {
    if (!open) return;
    const away = (e: Event) => {
      if (e instanceof KeyboardEvent ? e.key === "Escape" : !box.current?.contains(e.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", away);
    };
  }, [open]);
  if (!me) return null;
  return (
    <div class="user" ref={box}>
      {open && (
        <div class="user-panel" id="user-panel">
          <p class="user-mail">{me.email}</p>
          <fieldset class="look">
            <legend>Appearance</legend>
            {looks.map(([value, label]) => (
              <label key={value}>
                <input type="radio" name="look" checked={choice.value === value} onChange={() => chooseTheme(value)} />
                <span>{label}</span>
              </label>
            ))}
          </fieldset>
          <a class="menu-item" href={licences() ?? ""} target="_blank" rel="noopener"><Icon name="external" />Licences</a>
          <button type="button" class="menu-item" onClick={() => void logOut().catch(() => {})}>
            <Icon name="logout" />Log out
          </button>
        </div>
      )}
      <button type="button" class="user-button" aria-expanded={open} aria-controls="user-panel"
        onClick={() => setOpen(!open)} aria-label={`Account: ${me.email}`}>
        <span class="avatar" aria-hidden="true">{(me.first_name || me.email).slice(0, 1).toUpperCase()}</span>
        <span class="user-name">{me.first_name || me.email}</span>
      </button>
    </div>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const main = useRef<HTMLElement>(null), first = useRef(true);
  const path = place.value.path;
  useEffect(() => { // a new view is read from its beginning
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  return (
    <div class="shell">
      <a class="skip" href="#main">Skip to content</a>
      <header class="side">
        <a class="brand" href="/dashboards"><Logo /><span>hoglet</span></a>
        <p class="project" title="Project">{session.value?.team?.name}</p>
        <Nav />
        <div class="side-end"><LiveCount /><UserMenu /></div>
      </header>
      <main class="main" id="main" tabIndex={-1} ref={main}>{children}</main>
    </div>
  );
}
