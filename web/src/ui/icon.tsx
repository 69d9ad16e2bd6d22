// icon.tsx - the icons, drawn on a 24 by 24 grid with one line width; they say nothing to a screen reader.

const paths = {
  dashboards: "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
  activity: "M3 12h4l3-8 4 16 3-8h4",
  chat: "M4 5h16v11H10l-4 4v-4H4z",
  refresh: "M20 11a8 8 0 0 0-14.3-4L4 9M4 4v5h5M4 13a8 8 0 0 0 14.3 4l1.7-2M20 20v-5h-5",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
  chart: "M4 4v16h16M8 15l4-5 3 3 5-7",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v5",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4-4",
  logout: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 4l9 16H3zM12 10v4M12 17v.01",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  sort: "M8 10l4-4 4 4M8 14l4 4 4-4",
  close: "M6 6l12 12M18 6L6 18",
  expand: "M14 4h6v6M20 4l-6 6M10 20H4v-6M4 20l6-6",
  chevron: "M9 6l6 6-6 6",
  back: "M15 6l-6 6 6 6",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 20c.7-4 4-6 8-6s7.3 2 8 6",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** A small animal with bars for quills. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="logo-ground" width="32" height="32" rx="8" />
      <path class="logo-quills" d="M6 20.5 4.2 16M8.6 16.2 6.6 10.6M12.6 13.4 11.8 7M17 13l1-6M20.8 14.6l2.9-5.2" />
      <path class="logo-body" d="M5.5 24.5c-.5-5.5 3.8-9.3 9.3-9.3 4.6 0 7.4 2 9 4.9.9 1.5 3 1.9 3.5 3.2.3.9-.3 1.7-1.3 1.7H6c-.3 0-.5-.2-.5-.5z" />
      <circle class="logo-eye" cx="21.5" cy="20.7" r="1.2" />
    </svg>
  );
}
