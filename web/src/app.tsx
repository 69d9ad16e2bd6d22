// app.tsx - begins: theme, addresses, session; then the view of the address. Views that draw are
// loaded when they are first shown.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/parts.css";
import "./ui/shell.css";
import "./ui/pages.css";
import "./ui/chat.css";
import "./charts/charts.css";
import { loadSession, session, sessionError } from "./api/session";
import { Dashboards } from "./pages/dashboards";
import { Login } from "./pages/login";
import { navigate, place, safeNext, startRouter } from "./router";
import { lazy } from "./ui/lazy";
import { EmptyNote, ErrorNote, Loading } from "./ui/notes";
import { Shell } from "./ui/shell";
import { startTheme } from "./ui/theme";

const waiting = <div class="page narrow"><Loading /></div>;
const Dashboard = lazy(() => import("./pages/dashboard").then((m) => m.Dashboard), waiting);
const Shared = lazy(() => import("./pages/shared").then((m) => m.Shared), waiting);
const Chat = lazy(() => import("./pages/chat").then((m) => m.Chat), waiting);
const Chats = lazy(() => import("./pages/chat").then((m) => m.Chats), waiting);
const Activity = lazy(() => import("./pages/activity").then((m) => m.Activity), waiting);

function View() {
  const { view, params } = place.value;
  switch (view) {
    case "dashboards": return <Dashboards />;
    case "dashboard": return <Dashboard key={params["id"]} id={params["id"]!} />;
    case "activity": return <Activity />;
    case "chat": return <Chat key={params["id"] ?? "new"} id={params["id"]} />;
    case "chats": return <Chats />;
    case "home": case "login": case "shared": return waiting; // about to be left
    case "missing": return <div class="page narrow"><EmptyNote title="There is no such page" /></div>;
  }
}

/** Nobody is sent to log-in and back here afterwards; somebody is sent on from there. */
function useWay(): void {
  const me = session.value, { view, path, query } = place.value;
  useEffect(() => {
    if (me === undefined || view === "shared") return;
    if (me === null && view !== "login") {
      const at = path + (query.size ? `?${query}` : "");
      navigate(view === "home" ? "/login" : `/login?next=${encodeURIComponent(at)}`, { replace: true });
    } else if (me && (view === "login" || view === "home"))
      navigate(view === "login" ? safeNext(query.get("next")) : "/dashboards", { replace: true });
  }, [me, view, path]);
}

function App() {
  useWay();
  if (place.value.view === "shared") return <Shared />; // for everyone, whoever they are
  if (session.value) return <Shell><View /></Shell>;
  if (sessionError.value)
    return <main class="login"><ErrorNote message={sessionError.value} retry={() => void loadSession()} /></main>;
  if (session.value === null && place.value.view === "login") return <Login />;
  return <div class="splash" role="status" aria-label="Loading" />;
}

startTheme();
startRouter();
render(<App />, document.getElementById("app")!);
if (place.value.view !== "shared") void loadSession();
