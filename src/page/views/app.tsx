// SPDX-License-Identifier: Apache-2.0
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { nameOf } from "../cameras";
import { ring } from "../ring";
import { route, type Route } from "../route";
import { begin, firstAccount, isAdmin, maySeePeople, mayView, user } from "../session";
import { titleOf } from "../title";
import { explain, language, w } from "../words";
import { Entry } from "./entry";
import { LiveHouse } from "./live_house";
import { Menu } from "./menu";
import { Lazy } from "./lazy";
import { FullView, Now } from "./now";
import { Said } from "./said";
import { Visits } from "./visits";

// Fetched when somebody opens them.
const people = () => import("../people/people").then((part) => part.People);
const health = () => import("../health/health").then((part) => part.Health);
const settings = () => import("../settings/settings").then((part) => part.Settings);

function NotForYou() {
  return (
    <>
      <h1>{w().settings}</h1>
      <p class="fault" role="alert">{w().errors.forbidden}</p>
    </>
  );
}

function Content() {
  const to = route.value;
  if (!mayView() && to.page !== "menu") return <Lazy key="health" load={health} given={{}} />;
  switch (to.page) {
    case "camera":
      return <FullView key={to.id} id={to.id} />;
    case "visits":
      return <Visits />;
    case "people":
      return <Lazy key="people" load={people} given={{}} />;
    case "health":
      return <Lazy key="health" load={health} given={{}} />;
    case "menu":
      return <Menu />;
    case "settings":
      return isAdmin() ? <Lazy key="settings" load={settings} given={{ section: to.section }} /> : <NotForYou />;
    default:
      return <Now />;
  }
}

const pages = ["now", "visits", "people", "health", "menu"] as const;

function isShown(page: (typeof pages)[number]): boolean {
  if (!mayView()) return page === "health" || page === "menu";
  return page !== "people" || maySeePeople();
}

function Shell() {
  const inside: Partial<Record<Route["page"], (typeof pages)[number]>> = { camera: "now", settings: "menu" };
  const wanted = inside[route.value.page] ?? (route.value.page as (typeof pages)[number]);
  const at = isShown(wanted) ? wanted : "health";
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>{w().skip}</a>
      <header>
        <span class="brand">{w().appName}</span>
        <nav aria-label={w().menu}>
          {pages.filter(isShown).map((page) => (
            <a key={page} href={`#/${page}`} aria-current={page === at ? "page" : undefined}>{w()[page]}</a>
          ))}
        </nav>
      </header>
      {mayView() && <LiveHouse />}
      <main id="main" tabIndex={-1}><Content /></main>
    </>
  );
}

/** What the window is called now; a ring goes before everything, also in a tab that nobody looks at. */
function title(): string {
  if (user.value === undefined) return w().appName;
  if (user.value === null) return `${firstAccount.value ? w().firstTitle : w().loginTitle} – ${w().appName}`;
  if (ring.value) return `● ${w().ringTitle}`;
  const to = route.value;
  const shown: Route = mayView() || to.page === "menu" ? to : { page: "health" };
  return titleOf(shown, w(), shown.page === "camera" ? nameOf(shown.id) : "");
}

const again = 2; // s

/** Asks until the house says who is here: it may be starting at this moment, and is not yet to be reached or has not read its accounts. */
function useBeginning(): { problem: Problem | null; start(): void } {
  const [problem, setProblem] = useState<Problem | null>(null);
  const ask = (): void => void begin().catch((thrown) => setProblem(asProblem(thrown)));
  useEffect(ask, []);
  useEffect(() => {
    if (!problem || (problem.status !== 0 && problem.status !== 503)) return undefined;
    const timer = setTimeout(ask, 1000 * Math.max(again, problem.retryAfter ?? 0));
    return () => clearTimeout(timer);
  }, [problem]);
  const start = (): void => {
    setProblem(null);
    ask();
  };
  return { problem, start };
}

export function App() {
  const { problem, start } = useBeginning();
  // With the texts, not after them.
  useLayoutEffect(() => void (document.documentElement.lang = language.value), [language.value]);
  const called = title();
  useLayoutEffect(() => void (document.title = called), [called]);
  if (user.value) return <Shell />;
  if (user.value === null) return <Entry />;
  return (
    <main id="main" class="entry">
      <h1 class="brand">{w().appName}</h1>
      {problem ? <p class="fault" role="alert"><Said text={explain(problem)} /></p> : <p>{w().loading}</p>}
      {problem && <button type="button" onClick={start}>{w().retry}</button>}
    </main>
  );
}
