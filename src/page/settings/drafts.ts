// SPDX-License-Identifier: Apache-2.0
// What was typed and not saved: it outlives a look at another page, and a session that ends meanwhile.
import { signal } from "@preact/signals";
import { user, whenLoggedOut } from "../session";
import { changesOf, takenAway, type Draft, type FieldSpec } from "./form";

interface Kept {
  draft: Draft; // what differs from the entry: the rest may be changed by somebody else meanwhile
  lost: readonly string[]; // secrets that were typed
}

const kept = signal<ReadonlyMap<string, Kept>>(new Map()); // what shows that a draft is there is drawn again when it is not

function put(key: string, one: Kept | null): void {
  const next = new Map(kept.value);
  if (one) next.set(key, one);
  else next.delete(key);
  kept.value = next;
}

// Who logs out leaves nothing behind; an address may hold a password.
whenLoggedOut(() => void (kept.value = new Map()));

const keyOf = (place: string): string => `${user.value?.id ?? ""} ${place}`;

/** The draft of a place such as `cameras/front`, where there is one. */
export const draftAt = (place: string): Draft | undefined => kept.value.get(keyOf(place))?.draft;

/** The secrets that were typed there, which are to be typed again. */
export const lostAt = (place: string): readonly string[] => kept.value.get(keyOf(place))?.lost ?? [];

/** Keeps what was changed of `value` in these fields. Secrets are not kept, only that they were typed. */
export function keepDraft(place: string, draft: Draft, fields: readonly FieldSpec[], value: Record<string, unknown>): void {
  const secrets = fields.filter((field) => field.kind === "secret").map((field) => field.key);
  const part = Object.fromEntries(Object.entries(changesOf(fields, draft, value)).filter(([key]) => !secrets.includes(key)));
  const lost = secrets.filter((key) => draft[takenAway(key)] !== true && (draft[key] || lostAt(place).includes(key)));
  if (Object.keys(part).length + lost.length > 0) put(keyOf(place), { draft: part, lost });
  else dropDraft(place);
}

export const dropDraft = (place: string): void => put(keyOf(place), null);
