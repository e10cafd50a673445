// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { routeOf } from "../../src/page/route";
import type { HouseEvent } from "../../src/page/types";
import { isOf, queryOf, unknown, visitsOf } from "../../src/page/visits";
import { languageOf } from "../../src/page/words";

const time = "2026-01-05T12:00:00Z";
const events: HouseEvent[] = [
  { id: "m", type: "motion", time },
  { id: "s2", type: "sighting", time, person: "Bert" },
  { id: "s1", type: "sighting", time, person: "Anna", ring_id: "r1" },
  { id: "r1", type: "ring", time },
  { id: "lost", type: "camera_lost", time },
  { id: "s0", type: "sighting", time, ring_id: "r0", result: "unknown_person" },
  { id: "n0", type: "sighting", time, result: "no_face" },
  { id: "r2", type: "ring", time },
];

test("a ring and who it was are one visit; what is no visit is left out", () => {
  expect(visitsOf(events, false).map((visit) => [visit.event.id, visit.sighting?.id ?? null])).toEqual([["s2", "s2"], ["r1", "s1"], ["s0", "s0"], ["n0", "n0"], ["r2", null]]);
  expect(visitsOf(events, true)[0]?.event.id).toBe("m");
});

test("what was seen of a visit beside its ring is no visit of its own", () => {
  const answer: HouseEvent = { id: "a", type: "sighting", time, camera: "front", track: 7, ring_id: "r" };
  const ring: HouseEvent = { id: "r", type: "ring", time, camera: "front" };
  const seen = (more: Partial<HouseEvent>): number =>
    visitsOf([answer, { id: "s", type: "sighting", time, camera: "front", track: 7, ...more }, ring], false).length;
  expect(seen({})).toBe(1);
  expect(seen({ track: 8 })).toBe(2);
  expect(seen({ camera: "back" })).toBe(2);
  expect(seen({ time: "2026-01-05T13:00:00Z" })).toBe(2); // of another run of the daemon
});

test("visits are told apart by person", () => {
  const ids = (person: string): string[] => visitsOf(events, false).filter((visit) => isOf(visit, person)).map((visit) => visit.event.id);
  expect(ids("")).toEqual(["s2", "r1", "s0", "n0", "r2"]);
  expect(ids("Anna")).toEqual(["r1"]);
  expect(ids(unknown)).toEqual(["s0"]); // neither a ring without a face, nor one at which nobody looked
});

test("a day is one of this clock, from midnight to midnight", () => {
  const query = new URLSearchParams(queryOf({ camera: "front", person: "Anna", day: "2026-01-05", motion: false }, "c", 50));
  expect(query.get("after")).toBe(new Date(2026, 0, 5).toISOString());
  expect(query.get("before")).toBe(new Date(2026, 0, 6).toISOString());
  expect([query.get("camera"), query.get("cursor"), query.get("limit"), query.has("person")]).toEqual(["front", "c", "50", false]);
  expect(queryOf({ camera: "", person: "", day: "", motion: false }, null, 50)).toBe("limit=50");
});

test("what stands behind # leads to a page, anything else to the first", () => {
  expect(routeOf("#/camera/a%20b")).toEqual({ page: "camera", id: "a b" });
  for (const page of ["visits", "people", "health", "menu"]) expect(routeOf(`#/${page}`)).toEqual({ page });
  for (const odd of ["", "#", "#/", "#/camera", "#/camera/", "#/nowhere"]) expect(routeOf(odd), odd).toEqual({ page: "now" });
});

test("the language is the first of the browser's that we speak", () => {
  expect(languageOf(["fr-FR", "de-AT", "en"])).toBe("de");
  expect(languageOf(["fr"])).toBe("en");
  expect(languageOf([])).toBe("en");
});
