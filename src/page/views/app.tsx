// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { route, type Route } from "../route";
import { begin, user } from "../session";
import { explain, language, w } from "../words";
import { Entry } from "./entry";
import { LiveHouse } from "./live_house";
import { Menu } from "./menu";
import { FullView, Now } from "./now";
import { SettingsPage } from "./settings_page";
import { Visits } from "./visits";

function Content() {
  const to = route.value;
  switch (to.page) {
    case "camera":
      return <FullView key={to.id} id={to.id} />;
    case "visits":
      return <Visits />;
    case "menu":
      return <Menu />;
    case "settings":
      return <SettingsPage section={to.section} />;
    default:
      return <Now />;
  }
}

const pages = ["now", "visits", "menu"] as const;

function Shell() {
  const inside: Partial<Record<Route["page"], Route["page"]>> = { camera: "now", settings: "menu" };
  const at = inside[route.value.page] ?? route.value.page;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>{w().skip}</a>
      <header>
        <span class="brand">{w().appName}</span>
        <nav aria-label={w().menu}>
          {pages.map((page) => (
            <a key={page} href={`#/${page}`} aria-current={page === at ? "page" : undefined}>{w()[page]}</a>
          ))}
        </nav>
      </header>
      <LiveHouse />
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
  useEffect(() => void (document.documentElement.lang = language.value), [language.value]);
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
