// theme.ts - light or dark: what the system says, unless the user has chosen here.
import { signal } from "@preact/signals";

export type Choice = "system" | "light" | "dark";

const KEY = "hoglet.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function stored(): Choice {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch { // storage is switched off
    return "system";
  }
}

const resolve = (c: Choice): "light" | "dark" => (c !== "system" ? c : dark.matches ? "dark" : "light");

export const choice = signal<Choice>(stored());
/** What is shown; drawings depend on it. */
export const theme = signal<"light" | "dark">(resolve(choice.value));

/** What a link says it looks like, whatever the reader has chosen. */
let decreed: Choice | null = null;

function apply(): void {
  theme.value = resolve(decreed ?? choice.value);
  document.documentElement.dataset["theme"] = theme.value;
}

export function decreeTheme(c: Choice): void {
  decreed = c;
  apply();
}

export function chooseTheme(c: Choice): void {
  choice.value = c;
  try {
    if (c === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, c);
  } catch { /* it holds until the page is left */ }
  apply();
}

export function startTheme(): void {
  apply();
  dark.addEventListener("change", apply);
}
