// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { pauseAfter, readTold } from "../../src/page/feed";
import { after, freshFor, type Ring } from "../../src/page/ring";
import { routeOf } from "../../src/page/route";
import type { HouseEvent } from "../../src/page/types";

const at = Date.parse("2026-01-05T12:00:00Z");
const time = (seconds: number): string => new Date(at + seconds * 1000).toISOString();
const rang = (id: string, seconds = 0): HouseEvent => ({ id, type: "ring", time: time(seconds), camera: "front" });
const shown = (id: string, seconds = 0): Ring => ({ event: rang(id, seconds), sighting: null, acknowledged: null });

test("a fresh ring is shown, one that is told late is not", () => {
  expect(after(null, rang("a"), at)?.event.id).toBe("a");
  expect(after(null, rang("a"), at + freshFor + 1)).toBeNull();
});

test("a newer ring takes the place of an older one, never the other way", () => {
  expect(after(shown("a"), rang("b", 5), at + 5000)?.event.id).toBe("b");
  expect(after(shown("b", 5), rang("a"), at + 5000)?.event.id).toBe("b");
});

test("what is told again brings the picture and keeps who it is", () => {
  const who: HouseEvent = { id: "s", type: "sighting", time: time(1), ring_id: "a", result: "known_person", person: "Anna" };
  const known = after(shown("a"), who, at);
  expect(known?.sighting?.person).toBe("Anna");
  const pictured = after(known, { ...rang("a"), snapshot: "/x" }, at);
  expect([pictured?.event.snapshot, pictured?.sighting?.person]).toEqual(["/x", "Anna"]);
});

test("another ring's answer and other events change nothing", () => {
  const before = shown("a");
  expect(after(before, { id: "s", type: "sighting", time: time(1), ring_id: "b", person: "Bert" }, at)).toBe(before);
  expect(after(before, { id: "m", type: "motion", time: time(1) }, at)).toBe(before);
});

test("that somebody goes is not forgotten when the ring is told again", () => {
  const answered: Ring = { ...shown("a"), acknowledged: { at: time(2), by: "anna" } };
  expect(after(answered, rang("a"), at)?.acknowledged?.by).toBe("anna");
});

test("messages that are no event are passed over", () => {
  expect(readTold('{"type":"event","id":"7","event":{"id":"x","type":"ring","time":""}}')?.id).toBe("7");
  for (const odd of ["", "null", "{}", '{"type":"event","id":7,"event":{}}', '{"type":"event","id":"7"}']) expect(readTold(odd), odd).toBeNull();
});

test("the pause between two tries grows to ten seconds", () => {
  expect([1, 2, 3, 4, 5, 50].map(pauseAfter)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("an address that nobody encoded leads to the beginning", () => {
  expect(routeOf("#/camera/front%20door")).toEqual({ page: "camera", id: "front door" });
  expect(routeOf("#/camera/%")).toEqual({ page: "now" });
});
