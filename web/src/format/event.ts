// event.ts - the names of the events and values that SDKs send by themselves.

const events: Record<string, string> = {
  $pageview: "Page view",
  $pageleave: "Page leave",
  $screen: "Screen",
  $autocapture: "Autocapture",
  $rageclick: "Rage click",
  $dead_click: "Dead click",
  $identify: "Identify",
  $create_alias: "Alias",
  $groupidentify: "Group identify",
  $set: "Set person properties",
  $feature_flag_called: "Feature flag called",
  $exception: "Exception",
  $web_vitals: "Web vitals",
};

export function eventName(name: string): string {
  return Object.hasOwn(events, name) ? events[name]! : name;
}

/** A breakdown's value; the server marks "the rest" and "none" by names nobody uses. */
export function breakdownName(value: unknown): string {
  if (Array.isArray(value)) return value.map(breakdownName).join(" · ");
  if (value === null || value === undefined || value === "" || value === "$$_posthog_breakdown_null_$$")
    return "None";
  return value === "$$_posthog_breakdown_other_$$" ? "Other" : String(value);
}
