// SPDX-License-Identifier: Apache-2.0
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { route } from "../route";
import { begin, maySeePeople, mayView, user } from "../session";
import { explain, language, w } from "../words";
import { Entry } from "./entry";
import { LiveHouse } from "./live_house";
import { Menu } from "./menu";
import { Lazy } from "./lazy";
import { FullView, Now } from "./now";
import { Visits } from "./visits";

// Fetched when somebody opens them.
const people = () => import("../people/people").then((part) => part.People);
const health = () => import("../health/health").then((part) => part.Health);

function Content() {
  const to = route.value;
  if (!mayView() && to.page !== "menu") return <Lazy key="health" load={health} />;
  switch (to.page) {
    case "camera":
      return <FullView key={to.id} id={to.id} />;
    case "visits":
      return <Visits />;
    case "people":
      return <Lazy key="people" load={people} />;
    case "health":
      return <Lazy key="health" load={health} />;
    case "menu":
      return <Menu />;
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
  const wanted = route.value.page === "camera" ? "now" : route.value.page;
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

export function App() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = (): void => {
    setProblem(null);
    void begin().catch((thrown) => setProblem(asProblem(thrown)));
  };
  useEffect(start, []);
  // With the texts, not after them.
  useLayoutEffect(() => void (document.documentElement.lang = language.value), [language.value]);
  if (user.value) return <Shell />;
  if (user.value === null) return <Entry />;
  return (
    <main id="main" class="entry">
      <h1 class="brand">{w().appName}</h1>
      {problem ? <p class="fault" role="alert">{explain(problem)}</p> : <p>{w().loading}</p>}
      {problem && <button type="button" onClick={start}>{w().retry}</button>}
    </main>
  );
}
