// SPDX-License-Identifier: Apache-2.0
// What was typed and not saved: it outlives a look at another page, and a session that ends meanwhile.
import { user } from "../session";
import type { Draft, FieldSpec } from "./form";

const kept = new Map<string, Draft>();

const keyOf = (place: string): string => `${user.value?.id ?? ""} ${place}`;

/** The draft of a place such as `cameras/front`, where there is one. */
export const draftAt = (place: string): Draft | undefined => kept.get(keyOf(place));

/** Secrets are not kept. */
export function keepDraft(place: string, draft: Draft, fields: readonly FieldSpec[]): void {
  const secrets = fields.filter((field) => field.kind === "secret").map((field) => field.key);
  kept.set(keyOf(place), Object.fromEntries(Object.entries(draft).filter(([key]) => !secrets.includes(key))));
}

export const dropDraft = (place: string): void => void kept.delete(keyOf(place));

/** Those of a section that are kept: `""` for its new one. */
export function draftsOf(section: string): string[] {
  const prefix = keyOf(`${section}/`);
  return [...kept.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}
