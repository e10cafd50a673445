// SPDX-License-Identifier: Apache-2.0
// What people say about who was seen; how well recognition does is counted from it.
import { ask, type Problem } from "./api";
import type { HouseEvent, Identity } from "./types";
import { explain, w } from "./words";

/** One of the three. */
export type Claim = { is: string } | { is_not: true } | { stranger: true };

/** Whether there is something to be right or wrong about: a face was compared, and whom it named is not forgotten. */
export function canBeJudged(sighting: HouseEvent | null): sighting is HouseEvent {
  if (sighting?.result === "unknown_person") return true;
  return !!sighting?.person && (sighting.result === "known_person" || sighting.result === "blacklist_match");
}

/** Throws a Problem. */
export const claim = async (event: string, said: Claim): Promise<Identity> =>
  (await ask<{ identity: Identity }>("PUT", `/api/v1/events/${event}/identity`, said)).identity;

/** `person`: whom the event names. */
export function sayIdentity(identity: Identity, person: string | undefined): string {
  if (identity.stranger) return w().wasStranger;
  if (identity.is_not) return person ? w().wasNot(person) : w().somebodyElse;
  return identity.is ? w().was(identity.is) : w().wasForgotten;
}

export function sayRefusedClaim(problem: Problem): string {
  if (problem.status === 409) return w().notToBeJudged;
  return problem.status === 422 ? w().nobodyOfThatName : explain(problem);
}
