// login.tsx - e-mail address and password; afterwards, back to where the reader was going.
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../api/client";
import { logIn } from "../api/session";
import { Logo } from "../ui/icon";
import { useTitle } from "../ui/title";

export function Login() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const email = useRef<HTMLInputElement>(null), password = useRef<HTMLInputElement>(null);
  useTitle("Log in");
  useEffect(() => email.current?.focus(), []);

  async function submit(e: Event): Promise<void> {
    e.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await logIn(email.current!.value.trim(), password.current!.value); // the app leaves this view
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
      password.current?.select();
    }
  }

  return (
    <main class="login">
      <form class="login-card" onSubmit={(e) => void submit(e)}>
        <Logo />
        <h1>Log in to hoglet</h1>
        <label class="field">
          <span>E-mail</span>
          <input class="input" ref={email} type="email" name="email" autocomplete="username" required
            aria-describedby={error ? "login-error" : undefined} />
        </label>
        <label class="field">
          <span>Password</span>
          <input class="input" ref={password} type="password" name="password" autocomplete="current-password" required
            aria-invalid={error ? true : undefined} aria-describedby={error ? "login-error" : undefined} />
        </label>
        {error && <p class="form-error" id="login-error" role="alert">{error}</p>}
        <button type="submit" class="button primary" disabled={busy}>{busy ? "Logging in…" : "Log in"}</button>
      </form>
    </main>
  );
}
