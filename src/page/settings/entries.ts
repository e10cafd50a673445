// SPDX-License-Identifier: Apache-2.0
// The sections of the configuration that the page may change (docs/settings.md).
import { signal } from "@preact/signals";
import { ask, get, Problem } from "../api";
import { refreshCameras } from "../cameras";
import type { Entry } from "./form";
import { s } from "./words";

export type SectionName = "cameras" | "buttons" | "channels" | "rules";

interface House {
  sections: Record<SectionName, Entry[]>;
  file: string; // that the page's changes go to
  writable: boolean;
}

/** What a change did, as `porchlight reload` says it. */
export interface Outcome {
  applied?: string[];
  restarted?: string[];
  needs_restart?: string[];
  warnings?: string[];
}

/** `null`: not asked for yet. */
export const house = signal<House | null>(null);

/** Throws a Problem. */
export async function refreshHouse(): Promise<void> {
  house.value = await get<House>("/api/v1/settings");
}

export const entriesOf = (section: SectionName): Entry[] => house.value?.sections[section] ?? [];

const pathOf = (section: SectionName, id: string): string => `/api/v1/settings/${section}/${encodeURIComponent(id)}`;

async function changed(change: Promise<Outcome>): Promise<Outcome> {
  const outcome = await change;
  await Promise.all([refreshHouse(), refreshCameras()]).catch(() => undefined); // it is saved all the same
  return outcome;
}

/** Throws a Problem. */
export const putEntry = (section: SectionName, id: string, body: object): Promise<Outcome> => changed(ask<Outcome>("PUT", pathOf(section, id), body));
/** Throws a Problem. */
export const removeEntry = (section: SectionName, id: string): Promise<Outcome> => changed(ask<Outcome>("DELETE", pathOf(section, id)));

/** Saves some keys of an entry, the others as they are now. Throws a Problem. */
export async function changeEntry(section: SectionName, id: string, keys: Record<string, unknown>): Promise<Outcome> {
  await refreshHouse();
  const entry = entriesOf(section).find((one) => one.id === id);
  if (!entry) throw new Problem(404, "");
  const { id: _, ...value } = entry.value;
  return putEntry(section, id, { ...value, ...keys });
}

/** What to say of a change that went well. */
export function sayOutcome(outcome: Outcome | undefined, good: string): string {
  const restart = outcome?.needs_restart ?? [];
  return [good, restart.length > 0 ? s().needsRestart(restart.join(", ")) : "", ...(outcome?.warnings ?? [])].filter(Boolean).join(" ");
}

/** The name for people of an entry of another section. */
export function entryName(section: SectionName, id: string): string {
  const name = entriesOf(section).find((entry) => entry.id === id)?.value.name;
  return typeof name === "string" ? name : id;
}
export const nameOfEntry = (entry: Entry): string => (typeof entry.value.name === "string" && entry.value.name ? entry.value.name : entry.id);

/** A fault of the daemon with the name of each entry beside the place where it stands: `buttons[0]` says nothing to who never saw the file. */
export const withNames = (text: string): string =>
  text.replace(/(?:notifications\.)?\b(cameras|buttons|channels|rules)\[(\d+)\]/g, (place, section: SectionName, index: string) => {
    const entry = entriesOf(section)[Number(index)];
    return entry ? `${place} (${section === "rules" ? s().rule.number(Number(index) + 1) : `${s().sections[section]}: ${nameOfEntry(entry)}`})` : place;
  });

/** The entries of a section as choices. */
export const choicesOf = (section: SectionName): [string, string][] => entriesOf(section).map((entry) => [entry.id, nameOfEntry(entry)]);
