// SPDX-License-Identifier: Apache-2.0
// The sections of the configuration that the page may change (docs/settings.md).
import { signal } from "@preact/signals";
import { ask, asProblem, get, Problem } from "../api";
import { refreshCameras } from "../cameras";
import { inEnglish } from "../words/english";
import type { Entry } from "./form";
import { s } from "./words";

export type SectionName = "cameras" | "buttons" | "channels" | "rules";

interface House {
  sections: Record<SectionName, Entry[]>;
  file: string; // that the page's changes go to
  writable: boolean;
  rules_usual: boolean; // no file speaks of rules: rings go to every channel
  revision: string; // of everything here: a change is made to this and to nothing newer
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

/** Changes the settings as they were read last. What somebody else changed in between is read, and the Problem of it (412) is thrown. */
async function change(method: string, section: SectionName, id: string, body?: object): Promise<Outcome> {
  const revision = house.value?.revision;
  const read = revision ? { "If-Match": `"${revision}"` } : undefined;
  let outcome: Outcome;
  try {
    outcome = await ask<Outcome>(method, pathOf(section, id), body, read);
  } catch (thrown) {
    if (asProblem(thrown).status === 412) await refreshHouse().catch(() => undefined);
    throw thrown;
  }
  await Promise.all([refreshHouse(), refreshCameras()]).catch(() => undefined); // it is saved all the same
  return outcome;
}

/** Throws a Problem. */
export const putEntry = (section: SectionName, id: string, body: object): Promise<Outcome> => change("PUT", section, id, body);
/** Throws a Problem. */
export const removeEntry = (section: SectionName, id: string): Promise<Outcome> => change("DELETE", section, id);

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
  return [good, restart.length > 0 ? s().needsRestart(restart.join(", ")) : "", ...(outcome?.warnings ?? []).map(inEnglish)].filter(Boolean).join(" ");
}

/** Who is told while there is no rule. */
export const sayWithoutRules = (): string => (house.value?.rules_usual ? s().rule.usual : s().rule.silence);

/** The name for people of an entry of another section. */
export function entryName(section: SectionName, id: string): string {
  const name = entriesOf(section).find((entry) => entry.id === id)?.value.name;
  return typeof name === "string" ? name : id;
}
export const nameOfEntry = (entry: Entry): string => (typeof entry.value.name === "string" && entry.value.name ? entry.value.name : entry.id);

// As it is shown: without the login of an address.
const bare = (value: unknown): string => JSON.stringify(value).replace(/\/\/[^/@"]*@/g, "//");

/** Whether that entry is there as this body would make it; of secrets only that they are set can be seen. */
export function isThere(section: SectionName, id: string, body: Record<string, unknown>): boolean {
  const entry = entriesOf(section).find((one) => one.id === id);
  if (!entry) return false;
  return Object.entries(body).every(([key, value]) =>
    value === null ? !(key in entry.value) : entry.secret?.includes(key) || bare(entry.value[key] ?? null) === bare(value));
}

/** A fault of the daemon with the name of each entry beside the place where it stands: `buttons[0]` says nothing to who never saw the file. */
export const withNames = (text: string): string =>
  text.replace(/(?:notifications\.)?\b(cameras|buttons|channels|rules)\[(\d+)\]/g, (place, section: SectionName, index: string) => {
    const entry = entriesOf(section)[Number(index)];
    return entry ? `${place} (${section === "rules" ? s().rule.number(Number(index) + 1) : `${s().sections[section]}: ${nameOfEntry(entry)}`})` : place;
  });

/** The entries of a section as choices. */
export const choicesOf = (section: SectionName): [string, string][] => entriesOf(section).map((entry) => [entry.id, nameOfEntry(entry)]);
