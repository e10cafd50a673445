// SPDX-License-Identifier: Apache-2.0
// What the event log has, as visits: a ring with who it was is one, not two.
import { get } from "./api";
import type { EventPage, HouseEvent } from "./types";

export interface Visit {
  event: HouseEvent; // the ring, or the sighting or motion by itself
  sighting: HouseEvent | null;
}

export interface Filter {
  camera: string; // empty: all
  person: string; // empty: everybody; `unknown`: somebody whom we do not know
  day: string; // YYYY-MM-DD of this browser's clock; empty: any
  motion: boolean;
}

/** Stands for people without a name; no person can be called so (a name has no blank at its ends). */
export const unknown = " unknown";

const oneVisit = 10 * 60_000; // ms; tracks are counted anew when the daemon starts

function isSameVisit(one: HouseEvent, other: HouseEvent): boolean {
  if (one.track === undefined || one.camera !== other.camera) return false;
  return JSON.stringify(one.track) === JSON.stringify(other.track) && Math.abs(Date.parse(one.time) - Date.parse(other.time)) < oneVisit;
}

/**
 * Of a page of events, newest first. A ring's sighting goes to its ring when that is among them, and so does the one
 * that was made of the same visit without it.
 */
export function visitsOf(events: HouseEvent[], motion: boolean): Visit[] {
  const sightings = new Map(events.filter((one) => one.type === "sighting" && one.ring_id).map((one) => [one.ring_id ?? "", one]));
  const rings = new Set(events.filter((one) => one.type === "ring").map((one) => one.id));
  const answers = [...sightings.values()].filter((one) => rings.has(one.ring_id ?? ""));
  const ofRing = (one: HouseEvent): boolean =>
    rings.has(one.ring_id ?? "") || (!one.ring_id && answers.some((answer) => isSameVisit(answer, one)));
  const isVisit = (one: HouseEvent): boolean =>
    one.type === "ring" || (one.type === "sighting" && !ofRing(one)) || (motion && one.type === "motion");
  return events.filter(isVisit).map((event) => ({
    event,
    sighting: event.type === "sighting" ? event : event.type === "ring" ? (sightings.get(event.id) ?? null) : null,
  }));
}

export function isOf(visit: Visit, person: string): boolean {
  if (person === "") return true;
  if (person === unknown) return visit.sighting?.result === "unknown_person"; // a ring that nobody was seen at is nobody's
  return visit.sighting?.person === person;
}

/** The filter as the query of /api/v1/events. The person is no part of it: the API does not know one. */
export function queryOf(filter: Filter, cursor: string | null, limit: number): string {
  const query = new URLSearchParams({ limit: String(limit) });
  if (filter.camera) query.set("camera", filter.camera);
  if (filter.day) {
    const begin = new Date(`${filter.day}T00:00:00`);
    const end = new Date(begin);
    end.setDate(end.getDate() + 1); // a day may have 23 hours
    query.set("after", begin.toISOString());
    query.set("before", end.toISOString());
  }
  if (cursor) query.set("cursor", cursor);
  return query.toString();
}

const pageSize = 100;
const mostPages = 10; // in one go

/** At least `wanted` events' worth of visits more, where the log has them. Throws a Problem. */
export async function older(filter: Filter, known: HouseEvent[], cursor: string | null, wanted: number): Promise<EventPage> {
  const events = [...known];
  const count = (): number => visitsOf(events, filter.motion).filter((visit) => isOf(visit, filter.person)).length;
  const enough = count() + wanted;
  let next = cursor;
  for (let page = 0; page < mostPages; ++page) {
    const more = await get<EventPage>(`/api/v1/events?${queryOf(filter, next, pageSize)}`);
    events.push(...more.events);
    next = more.next_cursor;
    if (next === null || count() >= enough) break;
  }
  return { events, next_cursor: next };
}
