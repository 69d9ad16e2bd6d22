// start.tsx - how to send events to this very server, with this project's token.
import { useState } from "preact/hooks";
import { session } from "../api/session";
import { Copy } from "./copy";

interface Way {
  name: string;
  text: (host: string, token: string) => string;
}

const ways: Way[] = [
  { name: "Web", text: (host, token) => `// npm install posthog-js
import posthog from "posthog-js";

posthog.init("${token}", { api_host: "${host}" });
posthog.capture("hello");` },
  { name: "Node", text: (host, token) => `// npm install posthog-node
import { PostHog } from "posthog-node";

const client = new PostHog("${token}", { host: "${host}" });
client.capture({ distinctId: "me", event: "hello" });
await client.shutdown();` },
  { name: "Python", text: (host, token) => `# pip install posthog
from posthog import Posthog

posthog = Posthog("${token}", host="${host}")
posthog.capture("hello", distinct_id="me")
posthog.shutdown()` },
  { name: "curl", text: (host, token) => `curl ${host}/i/v0/e/ -H 'Content-Type: application/json' \\
  -d '{"api_key": "${token}", "event": "hello", "distinct_id": "me"}'` },
];

export function StartGuide() {
  const [at, setAt] = useState(0);
  const token = session.value?.team?.api_token ?? "", way = ways[at]!;
  const text = way.text(location.origin, token);
  const onKey = (e: KeyboardEvent) => {
    const to = { ArrowLeft: at + ways.length - 1, ArrowRight: at + 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    setAt(to % ways.length);
    (e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role="tab"]')[to % ways.length]?.focus();
  };
  return (
    <section class="start" aria-labelledby="start-title">
      <h2 id="start-title">Connect an app</h2>
      <p class="muted">Any PostHog SDK works: give it this host and this project's token.</p>
      <dl class="facts">
        <div><dt>Host</dt><dd><code>{location.origin}</code><Copy text={location.origin} label="Copy the host" /></dd></div>
        <div><dt>Project token</dt><dd><code>{token}</code><Copy text={token} label="Copy the project token" /></dd></div>
      </dl>
      <div class="tabs" role="tablist" aria-label="Ways to send an event" onKeyDown={onKey}>
        {ways.map((w, i) => (
          <button key={w.name} type="button" role="tab" id={`way-${i}`} class="tab" aria-selected={i === at}
            aria-controls="way-text" tabIndex={i === at ? 0 : -1} onClick={() => setAt(i)}>{w.name}</button>
        ))}
      </div>
      <div class="code" role="tabpanel" id="way-text" aria-labelledby={`way-${at}`}>
        <pre tabIndex={0}><code>{text}</code></pre>
        <Copy text={text} label={`Copy the ${way.name} example`} />
      </div>
    </section>
  );
}
