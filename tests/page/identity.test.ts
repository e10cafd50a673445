// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { Problem } from "../../src/page/api";
import { canBeJudged, sayIdentity, sayRefusedClaim } from "../../src/page/identity";
import type { HouseEvent, Identity } from "../../src/page/types";
import { w } from "../../src/page/words";

const sighting = (more: Partial<HouseEvent>): HouseEvent => ({ id: "s", type: "sighting", time: "2026-01-10T10:00:00Z", ...more });
const said = (more: Partial<Identity>): Identity => ({ outcome: "true_positive", at: "2026-01-10T11:00:00Z", ...more });

test("whoever was compared can be judged, and nobody else", () => {
  expect(canBeJudged(sighting({ result: "known_person", person: "Anna" }))).toBe(true);
  expect(canBeJudged(sighting({ result: "blacklist_match", person: "Eve" }))).toBe(true);
  expect(canBeJudged(sighting({ result: "unknown_person" }))).toBe(true);
  expect(canBeJudged(sighting({ result: "known_person" }))).toBe(false); // forgotten since
  expect(canBeJudged(sighting({ result: "no_face" }))).toBe(false);
  expect(canBeJudged(sighting({ result: "error" }))).toBe(false);
  expect(canBeJudged(null)).toBe(false);
});

test("what was said is told", () => {
  expect(sayIdentity(said({ is: "Anna" }), "Bert")).toBe(w().was("Anna"));
  expect(sayIdentity(said({ is: null }), undefined)).toBe(w().wasForgotten);
  expect(sayIdentity(said({ is_not: true }), "Bert")).toBe(w().wasNot("Bert"));
  expect(sayIdentity(said({ is_not: true }), undefined)).toBe(w().somebodyElse);
  expect(sayIdentity(said({ stranger: true }), "Bert")).toBe(w().wasStranger);
});

test("a name that nobody has is told as such", () => {
  expect(sayRefusedClaim(new Problem(422, "nobody of that name is enrolled"))).toBe(w().nobodyOfThatName);
  expect(sayRefusedClaim(new Problem(409, "whom this event named is not called so any more"))).toBe(w().notToBeJudged);
  expect(sayRefusedClaim(new Problem(404, "there is no such event"))).toBe(w().errors.gone);
});
