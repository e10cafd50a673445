// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { Problem } from "../../src/page/api";
import { sayPeople, sayPhoto, seenOf } from "../../src/page/people/known";
import type { HouseEvent } from "../../src/page/types";
import { w } from "../../src/page/words";

const now = Date.parse("2026-01-10T12:00:00Z");
const seen = (id: string, more: Partial<HouseEvent>): HouseEvent => ({ id, type: "sighting", time: "2026-01-10T11:00:00Z", snapshot: `/${id}`, ...more });

test("somebody was last seen at the newest of their sightings", () => {
  const { last } = seenOf([seen("2", { person: "Anna" }), seen("1", { person: "Anna" }), seen("0", { person: "Bert" })], now);
  expect([last.get("Anna")?.id, last.get("Bert")?.id, last.get("Carl")]).toEqual(["2", "0", undefined]);
});

test("unknown faces are those of the last days with a picture, one for each visit", () => {
  const stranger = { result: "unknown_person", camera: "front" };
  const { strangers } = seenOf([
    seen("answer", { ...stranger, track: 7 }),
    seen("same visit", { ...stranger, track: 7 }),
    seen("other", { ...stranger, track: 8 }),
    seen("known", { result: "known_person", person: "Anna" }),
    seen("no face", { result: "no_face" }),
    seen("no picture", { ...stranger, snapshot: null }),
    seen("long ago", { ...stranger, time: "2026-01-01T00:00:00Z" }),
  ], now);
  expect(strangers.map((one) => one.id)).toEqual(["answer", "other"]);
  expect(seenOf(Array.from({ length: 50 }, (_, at) => seen(String(at), stranger)), now).strangers).toHaveLength(12);
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
