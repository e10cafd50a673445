// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { cameras, nameOf, refreshCameras } from "../cameras";
import { newest } from "../ring";
import { mayAnswer } from "../session";
import type { HouseEvent } from "../types";
import { isOf, older, unknown, visitsOf, type Filter, type Visit } from "../visits";
import { clockTime, dayName, explain, w } from "../words";
import { Clip } from "./clip";
import { Said } from "./said";
import { Teach } from "./teach";

const shownAtOnce = 20;

function personText(visit: Visit): string {
  const sighting = visit.sighting;
  if (!sighting) return "";
  if (sighting.person) return sighting.result === "blacklist_match" ? w().ringBlacklisted(sighting.person) : sighting.person;
  return sighting.result === "unknown_person" ? w().unknownPerson : w().noFace;
}

function VisitCard({ visit }: { visit: Visit }) {
  const { event, sighting } = visit;
  const kind = w().kinds[event.type as keyof ReturnType<typeof w>["kinds"]];
  const person = personText(visit);
  const title = [kind, person].filter(Boolean).join(": ");
  const pictured = sighting?.snapshot ? sighting : event.snapshot ? event : null;
  return (
    <article class="visit" aria-label={`${title}, ${clockTime(event.time)}`}>
      <div class="picture">
        {pictured ? <img src={pictured.snapshot ?? ""} loading="lazy" alt={w().pictureOf(nameOf(event.camera))} /> : <span class="empty">{w().noPicture}</span>}
      </div>
      <div class="text">
        <h3>{title}</h3>
        <p class="soft"><time dateTime={event.time}>{clockTime(event.time)}</time>{event.camera && ` · ${nameOf(event.camera)}`}</p>
        <div class="actions">
          {event.camera && <Clip id={event.id} label={title} />}
          {mayAnswer() && event.type !== "motion" && <Teach event={pictured?.id ?? null} person={sighting?.person} sighting={sighting} />}
        </div>
      </div>
    </article>
  );
}

/** The visits under a heading for each day. */
function Days({ visits }: { visits: Visit[] }) {
  const days = new Map<string, Visit[]>();
  for (const visit of visits) {
    const day = dayName(visit.event.time);
    days.set(day, [...(days.get(day) ?? []), visit]);
  }
  return (
    <>
      {[...days].map(([day, list]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ul class="visits">{list.map((visit) => <li key={visit.event.id}><VisitCard visit={visit} /></li>)}</ul>
        </section>
      ))}
    </>
  );
}

function Filters({ filter, names, change }: { filter: Filter; names: string[]; change(part: Partial<Filter>): void }) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <p class="field">
        <label for="by-camera">{w().camera}</label>
        <select id="by-camera" value={filter.camera} onChange={(event) => change({ camera: event.currentTarget.value })}>
          <option value="">{w().allCameras}</option>
          {cameras.value?.map((camera) => <option key={camera.id} value={camera.id}>{camera.name}</option>)}
        </select>
      </p>
      <p class="field">
        <label for="by-person">{w().person}</label>
        <select id="by-person" value={filter.person} onChange={(event) => change({ person: event.currentTarget.value })}>
          <option value="">{w().everybody}</option>
          <option value={unknown}>{w().unknownPeople}</option>
          {names.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </p>
      <p class="field">
        <label for="by-day">{w().day}</label>
        <input id="by-day" type="date" value={filter.day} onChange={(event) => change({ day: event.currentTarget.value })} />
      </p>
      <p class="check">
        <input id="motion" type="checkbox" checked={filter.motion} onChange={(event) => change({ motion: event.currentTarget.checked })} />
        <label for="motion">{w().withMotion}</label>
      </p>
    </form>
  );
}

export function Visits() {
  const [filter, setFilter] = useState<Filter>({ camera: "", person: "", day: "", motion: false });
  const [events, setEvents] = useState<HouseEvent[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => void refreshCameras().catch(() => undefined), []);

  // What comes while an older question is under way belongs to another filter.
  const load = (known: HouseEvent[], from: string | null): (() => void) => {
    let wanted = true;
    void older(filter, known, from, shownAtOnce).then(
      (page) => {
        if (!wanted) return;
        setEvents(page.events);
        setCursor(page.next_cursor);
        setProblem(null);
      },
      (thrown) => wanted && setProblem(asProblem(thrown)),
    );
    return () => void (wanted = false);
  };
  useEffect(() => load([], null), [filter, newest.value]);

  const names = [...new Set((events ?? []).flatMap((event) => (event.person ? [event.person] : [])))].sort();
  if (filter.person && filter.person !== unknown && !names.includes(filter.person)) names.push(filter.person);
  const visits = visitsOf(events ?? [], filter.motion).filter((visit) => isOf(visit, filter.person));
  return (
    <>
      <h1>{w().visits}</h1>
      <Filters filter={filter} names={names} change={(part) => setFilter({ ...filter, ...part })} />
      {problem && <p class="fault" role="alert"><Said text={explain(problem)} /></p>}
      {!events && !problem && <p>{w().loading}</p>}
      <p role="status">{events && visits.length === 0 ? w().visitsEmpty : ""}</p>
      <Days visits={visits} />
      {cursor && <button type="button" class="quiet" onClick={() => load(events ?? [], cursor)}>{w().older}</button>}
    </>
  );
}
