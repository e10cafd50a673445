// SPDX-License-Identifier: Apache-2.0
// Who is known, as docs/api.md has it, and what past events say of faces.
import { ask, get, Problem } from "../api";
import type { EventPage, HouseEvent } from "../types";
import { isOf, unknown, visitsOf, type Visit } from "../visits";
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

export interface Appearance {
  last: HouseEvent; // the newest visit
  picture: string | null; // of the newest visit that has one
}

export interface Stranger {
  event: HouseEvent; // whose picture shows them
  picture: string;
}

export interface Seen {
  known: Map<string, Appearance>; // by name
  strangers: Stranger[]; // newest first, one for each visit
}

const day = 86_400_000; // ms
const strangersFor = 7 * day;
const seenFor = 30 * day;
const mostOfAKind = 500;
const mostStrangers = 12;

const pictured = ({ event, sighting }: Visit): HouseEvent | null => (sighting?.snapshot ? sighting : event.snapshot ? event : null);

/** Throws a Problem. */
export async function readKnown(): Promise<Known> {
  const [{ people }, { faces }] = await Promise.all([get<{ people: Person[] }>("/api/v1/people"), get<{ faces: Face[] }>("/api/v1/faces")]);
  return { people: people.sort((one, other) => one.name.localeCompare(other.name)), faces };
}

/** Of rings and sightings in any order. `now` in ms since 1970. */
export function seenOf(events: HouseEvent[], now: number): Seen {
  const known = new Map<string, Appearance>();
  const strangers: Stranger[] = [];
  const newestFirst = [...events].sort((one, other) => Date.parse(other.time) - Date.parse(one.time));
  for (const visit of visitsOf(newestFirst, false)) {
    const shows = pictured(visit);
    const picture = shows?.snapshot ?? null;
    const name = visit.sighting?.person;
    const before = name ? known.get(name) : undefined;
    if (name) known.set(name, { last: before?.last ?? visit.event, picture: before?.picture ?? picture });
    const isRecent = Date.parse(visit.event.time) > now - strangersFor;
    if (shows && picture && isRecent && isOf(visit, unknown) && strangers.length < mostStrangers) strangers.push({ event: shows, picture });
  }
  return { known, strangers };
}

/** Throws a Problem. */
export async function readSeen(now: number): Promise<Seen> {
  const after = new Date(now - seenFor).toISOString();
  const read = (type: string): Promise<EventPage> => get(`/api/v1/events?${new URLSearchParams({ type, after, limit: String(mostOfAKind) })}`);
  const [rings, sightings] = await Promise.all([read("ring"), read("sighting")]);
  return seenOf([...rings.events, ...sightings.events], now);
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
