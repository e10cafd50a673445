// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { Problem } from "../../src/page/api";
import { sayPeople, sayPhoto, seenOf } from "../../src/page/people/known";
import type { HouseEvent } from "../../src/page/types";
import { w } from "../../src/page/words";

const now = Date.parse("2026-01-10T12:00:00Z");
const at = (id: string, hour: number, more: Partial<HouseEvent>): HouseEvent => ({ id, type: "sighting", time: `2026-01-10T${hour}:00:00Z`, ...more });
const stranger = { result: "unknown_person", camera: "front" };

test("somebody was last seen at the newest visit, and looks as in the newest picture", () => {
  const { known } = seenOf([
    at("s", 10, { person: "Anna", ring_id: "r" }),
    at("r", 10, { type: "ring", snapshot: "/r" }),
    at("later", 11, { person: "Anna" }),
    at("b", 11, { person: "Bert" }),
  ], now);
  expect([known.get("Anna")?.last.id, known.get("Anna")?.picture]).toEqual(["later", "/r"]);
  expect([known.get("Bert")?.last.id, known.get("Bert")?.picture, known.get("Carl")]).toEqual(["b", null, undefined]);
});

test("unknown faces are those of the last days with a picture, one for each visit", () => {
  const { strangers } = seenOf([
    at("r", 10, { type: "ring", snapshot: "/r", camera: "front" }),
    at("answer", 10, { ...stranger, track: 7, ring_id: "r" }),
    at("same visit", 10, { ...stranger, track: 7 }),
    at("own picture", 11, { ...stranger, track: 8, snapshot: "/own" }),
    at("known", 11, { result: "known_person", person: "Anna", snapshot: "/known" }),
    at("no face", 11, { result: "no_face", snapshot: "/none" }),
    at("no picture", 11, { ...stranger, track: 9 }),
    at("not looked at", 9, { type: "ring", snapshot: "/ring" }),
    { ...at("long ago", 11, { ...stranger, snapshot: "/old" }), time: "2026-01-01T00:00:00Z" },
  ], now);
  expect(strangers.map((one) => [one.event.id, one.picture])).toEqual([["own picture", "/own"], ["r", "/r"]]);
  expect(seenOf(Array.from({ length: 50 }, (_, index) => at(String(index), 11, { ...stranger, snapshot: "/s" })), now).strangers).toHaveLength(12);
});

test("each refusal of a photograph says what to do", () => {
  const words = w().ofPeople;
  for (const [result, text] of Object.entries(words.results)) expect(sayPhoto({ result })).toBe(text);
  expect(sayPhoto({ result: "face_unfit", refused: "blurred" })).toBe(words.unfit.blurred);
  expect(sayPhoto({ result: "face_unfit", refused: "of a later version" })).toBe(words.unfit.other);
  expect(sayPhoto({ result: "of a later version" })).toBe(words.results.failed);
});

test("what the routes refuse is told by its cause", () => {
  const words = w().ofPeople;
  expect(sayPeople(new Problem(409, "somebody of that name is enrolled"))).toBe(words.nameTaken);
  expect(sayPeople(new Problem(422, "a name is …"))).toBe(words.badName);
  expect(sayPeople(new Problem(503, "the recognition of faces is switched off (faces.enabled)"))).toBe(words.noModels);
  expect(sayPeople(new Problem(503, "too many are asking at this moment"))).toBe(w().errors.busy);
});
