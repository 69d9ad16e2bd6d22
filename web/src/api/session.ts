// session.ts - who is logged in. undefined: not known yet; null: nobody.
import { signal } from "@preact/signals";
import { ApiError, forgetSession, mayHaveSession, messageOf, onUnauthorized } from "./client";
import { fetchMe, login, logout } from "./endpoints";
import type { Me } from "./types";

export const session = signal<Me | null | undefined>(undefined);
/** Why the session could not be looked up, other than that there is none. */
export const sessionError = signal<string | null>(null);

onUnauthorized(() => {
  forgetSession();
  session.value = null;
});

export async function loadSession(): Promise<void> {
  sessionError.value = null;
  if (!mayHaveSession()) {
    session.value = null;
    return;
  }
  try {
    session.value = await fetchMe();
  } catch (e) {
    if (!(e instanceof ApiError && e.status === 401)) sessionError.value = messageOf(e);
  }
}

export async function logIn(email: string, password: string): Promise<void> {
  await login(email, password);
  session.value = await fetchMe();
}

export async function logOut(): Promise<void> {
  await logout();
  forgetSession();
  session.value = null;
}

/** The zone in which the project counts its days. */
export function projectZone(): string {
  return session.value?.team?.timezone ?? "UTC";
}
