// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { ask, asProblem, get, houseNow } from "./api";
import { refreshCameras } from "./cameras";
import type { Acknowledged, EventPage, HouseEvent } from "./types";

export interface Ring {
  event: HouseEvent;
  sighting: HouseEvent | null; // who it was
  acknowledged: Acknowledged | null;
}

/** The ring that the page shows over everything else. */
export const ring = signal<Ring | null>(null);

export const freshFor = 120_000; // ms; an older one is a visit, and nobody stands there any more
const settled = new Set<string>(); // rings that were put away here

/** What a ring on the screen becomes by an event; the same when the event is none of its business. */
export function after(shown: Ring | null, event: HouseEvent, now: number): Ring | null {
  if (event.type === "sighting" && shown && event.ring_id === shown.event.id) return { ...shown, sighting: event };
  if (event.type !== "ring") return shown;
  if (shown?.event.id === event.id) return { ...shown, event, acknowledged: event.acknowledged ?? shown.acknowledged };
  if (now - Date.parse(event.time) > freshFor) return shown;
  if (shown && Date.parse(shown.event.time) > Date.parse(event.time)) return shown;
  return { event, sighting: null, acknowledged: event.acknowledged ?? null };
}

/** Which event came last, and in which form: whoever lists events looks again when it changes. */
export const newest = signal("");

export function takeEvent(event: HouseEvent): void {
  // Movement comes all the time: a list would begin anew under the reader's hand.
  if (event.type === "ring" || event.type === "sighting") newest.value = `${event.id} ${event.snapshot ?? ""} ${event.end ?? ""}`;
  if (event.type === "camera_lost" || event.type === "camera_back") void refreshCameras().catch(() => undefined);
  if (!settled.has(event.id)) ring.value = after(ring.value, event, houseNow());
}

/** Whoever opens the page while somebody stands at the door sees it, too. */
export async function findOpenRing(): Promise<void> {
  const since = new Date(houseNow() - freshFor).toISOString();
  const { events } = await get<EventPage>(`/api/v1/events?type=ring&limit=1&after=${since}`);
  const last = events[0];
  if (!last || settled.has(last.id)) return;
  const whole = await get<HouseEvent>(`/api/v1/events/${last.id}`);
  if (!whole.acknowledged) takeEvent(whole);
}

/** Looks whether somebody else is going. */
export async function refreshRing(): Promise<void> {
  const shown = ring.value;
  if (!shown || shown.acknowledged) return;
  const event = await get<HouseEvent>(`/api/v1/events/${shown.event.id}`);
  if (event.acknowledged) takeEvent(event);
}

/** Throws a Problem; that somebody was faster is none, and is shown. */
export async function acknowledge(): Promise<void> {
  const shown = ring.value;
  if (!shown) return;
  try {
    const { acknowledged } = await ask<{ acknowledged: Acknowledged }>("POST", `/api/v1/events/${shown.event.id}/acknowledge`, {});
    if (ring.value?.event.id === shown.event.id) ring.value = { ...ring.value, acknowledged };
  } catch (thrown) {
    if (asProblem(thrown).status !== 409) throw thrown;
    await refreshRing();
  }
}

export function putAway(): void {
  if (ring.value) settled.add(ring.value.event.id);
  ring.value = null;
}
