// SPDX-License-Identifier: Apache-2.0
// Who is known, as docs/api.md has it, and what past events say of faces.
import { ask, get, Problem } from "../api";
import type { EventPage, HouseEvent } from "../types";
import { isSameVisit } from "../visits";
import { explain, w } from "../words";

export interface Person {
  id: number;
  name: string;
  listed_as: "known" | "blacklisted";
  faces: number;
}

export interface Face {
  id: number;
  person: { id: number; name: string };
  created: string;
}

export interface Known {
  people: Person[];
  faces: Face[];
}

export interface Seen {
  last: Map<string, HouseEvent>; // by name: the newest sighting
  strangers: HouseEvent[]; // newest first, one for each visit
}

const day = 86_400_000; // ms
const strangersFor = 7 * day;
export const seenFor = 30 * day;
const mostSightings = 500;
const mostStrangers = 12;

/** Throws a Problem. */
export async function readKnown(): Promise<Known> {
  const [{ people }, { faces }] = await Promise.all([get<{ people: Person[] }>("/api/v1/people"), get<{ faces: Face[] }>("/api/v1/faces")]);
  return { people: people.sort((one, other) => one.name.localeCompare(other.name)), faces };
}

/** Of sightings, newest first. `now` in ms since 1970. */
export function seenOf(sightings: HouseEvent[], now: number): Seen {
  const last = new Map<string, HouseEvent>();
  const strangers: HouseEvent[] = [];
  for (const one of sightings) {
    if (one.person && !last.has(one.person)) last.set(one.person, one);
    const counts = one.result === "unknown_person" && one.snapshot && Date.parse(one.time) > now - strangersFor;
    if (counts && strangers.length < mostStrangers && !strangers.some((other) => isSameVisit(one, other))) strangers.push(one);
  }
  return { last, strangers };
}

/** Throws a Problem. */
export async function readSeen(now: number): Promise<Seen> {
  const query = new URLSearchParams({ type: "sighting", limit: String(mostSightings), after: new Date(now - seenFor).toISOString() });
  return seenOf((await get<EventPage>(`/api/v1/events?${query}`)).events, now);
}

const pathOf = (person: Person): string => `/api/v1/people/${person.id}`;
export const rename = (person: Person, name: string): Promise<Person> => ask("PATCH", pathOf(person), { name });
export const list = (person: Person, listed_as: Person["listed_as"]): Promise<Person> => ask("PATCH", pathOf(person), { listed_as });
export const forget = (person: Person): Promise<void> => ask("DELETE", pathOf(person));
export const deleteFace = (face: Face): Promise<void> => ask("DELETE", `/api/v1/faces/${face.id}`);

export interface PhotoResult {
  result: string; // docs/api.md
  refused?: string; // why a face is no good shot (docs/faces.md)
}

/** What became of a photograph, and what to do. */
export function sayPhoto({ result, refused }: PhotoResult): string {
  const { results, unfit } = w().ofPeople;
  if (result === "face_unfit") return (unfit as Record<string, string>)[refused ?? ""] ?? unfit.other;
  return (results as Record<string, string>)[result] ?? results.failed;
}

/** Another time is no better than this one. */
export const isWithoutModels = (problem: Problem): boolean => problem.status === 503 && /faces\.enabled|models/.test(problem.detail);

/** What the people's routes refuse has causes of its own. */
export function sayPeople(problem: Problem): string {
  if (problem.status === 409) return w().ofPeople.nameTaken;
  if (isWithoutModels(problem)) return w().ofPeople.noModels;
  if (problem.status === 422) return w().ofPeople.badName;
  return explain(problem);
}
