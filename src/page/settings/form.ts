// SPDX-License-Identifier: Apache-2.0
// What a form of the settings knows: from an entry to what stands in its fields, and back to what is sent.
import type { Problem } from "../api";
import { inEnglish } from "../words/english";

/** An entry of the configuration, as /api/v1/settings tells it. */
export interface Entry {
  id: string;
  value: Record<string, unknown>; // the keys that are set; secrets are not among them
  secret?: string[]; // keys of secrets that are set
  origin?: string; // file that it stands in
  removable?: boolean;
}

export type Draft = Record<string, string | boolean | string[]>;
export type Faults = Record<string, string>;

export interface FieldSpec {
  key: string;
  /** `lines`: a list, one value a line; `several`: some of the choices. */
  kind: "text" | "secret" | "choice" | "check" | "several" | "lines";
  label: string;
  hint?: string;
  required?: boolean;
  /** Value and words. */
  choices?: readonly (readonly [string, string])[];
  /** What holds while the key is not set. */
  usual?: string | boolean;
  /** Digits alone are a number. */
  number?: boolean;
  /** Stands under "More". */
  more?: boolean;
  /** Whether it applies; what does not is not sent. */
  when?(draft: Draft): boolean;
  /** Another choice begins all other fields anew but these: what was typed for one kind goes to no other. */
  anew?: readonly string[];
  attributes?: Record<string, unknown>;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf) : value === undefined || value === null ? [] : [textOf(value)]);

function drafted(field: FieldSpec, value: unknown): string | boolean | string[] {
  switch (field.kind) {
    case "secret":
      return "";
    case "check":
      return typeof value === "boolean" ? value : (field.usual ?? false) === true;
    case "several":
      return listOf(value);
    case "lines":
      return listOf(value).join("\n");
    default:
      return value === undefined ? textOf(field.usual) : textOf(value);
  }
}

/** What stands in the fields at the beginning. */
export function draftOf(fields: readonly FieldSpec[], value: Record<string, unknown>): Draft {
  return Object.fromEntries(fields.map((field) => [field.key, drafted(field, value[field.key])]));
}

/** The draft after `part` of it was changed. Another kind has other fields, which begin as they usually are. */
export function changedDraft(fieldsOf: (draft: Draft) => readonly FieldSpec[], value: Record<string, unknown>, draft: Draft, part: Draft): Draft {
  const turning = fieldsOf(draft).find((field) => field.anew && field.key in part && part[field.key] !== draft[field.key]);
  const before = turning ? Object.fromEntries(Object.entries(draft).filter(([key]) => turning.anew?.includes(key))) : draft;
  const begun = turning ? {} : value; // what an entry of one kind has is not for another
  return { ...draftOf(fieldsOf({ ...draft, ...part }), begun), ...before, ...part };
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** What of the draft is not as it was at the beginning, by keys; a secret's is what was typed. */
export function changesOf(fields: readonly FieldSpec[], draft: Draft, value: Record<string, unknown>): Draft {
  const begun = draftOf(fields, value);
  const keys = fields.flatMap(({ key, kind }) => [isSame(draft[key], begun[key]) ? "" : key, kind === "secret" && draft[takenAway(key)] === true ? takenAway(key) : ""]);
  return Object.fromEntries(Object.entries(draft).filter(([key]) => keys.includes(key)));
}

/** The draft on what somebody else made of the entry meanwhile: only what was changed here goes over it. */
export function rebased(fieldsOf: (draft: Draft) => readonly FieldSpec[], before: Record<string, unknown>, now: Record<string, unknown>, draft: Draft): Draft {
  const changes = changesOf(fieldsOf(draft), draft, before);
  const next = { ...now, ...changes } as Draft;
  return { ...draftOf(fieldsOf(next), now), ...changes };
}

const linesOf = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** The value of a field as the configuration has it; undefined when the key is to have its default. */
function valueOf(field: FieldSpec, drafted: Draft[string] | undefined, before: unknown): unknown {
  if (field.kind === "check") return drafted === (field.usual ?? false) && before === undefined ? undefined : drafted === true;
  if (field.kind === "several") return Array.isArray(drafted) && drafted.length > 0 ? drafted : undefined;
  const text = typeof drafted === "string" ? (field.kind === "secret" ? drafted : drafted.trim()) : "";
  if (field.kind === "lines") {
    const lines = linesOf(text);
    if (lines.length === 1 && lines[0] === before) return before; // it was written as one text
    return lines.length > 0 ? lines : undefined;
  }
  if (text === "" || (text === field.usual && before === undefined)) return undefined;
  return field.number && /^\d{1,9}$/.test(text) ? Number(text) : text;
}

export const takenAway = (key: string): string => `${key} is taken away`;

/** The whole new set of keys. What the form does not know stays as it was; a secret that is left out stays, too. */
export function bodyOf(fields: readonly FieldSpec[], draft: Draft, entry: Entry | null): Record<string, unknown> {
  const before = entry?.value ?? {};
  const { id: _, ...body } = before;
  for (const field of fields) {
    const applies = !field.when || field.when(draft);
    const value = applies ? valueOf(field, draft[field.key], before[field.key]) : undefined;
    const isSecret = entry?.secret?.includes(field.key) ?? false;
    const goes = before[field.key] !== undefined || (isSecret && (!applies || draft[takenAway(field.key)] === true));
    delete body[field.key];
    if (value !== undefined) body[field.key] = value;
    else if (goes) body[field.key] = null; // said, so that an entry of another file answers that it stays there
  }
  return body;
}

/** Keys that are needed and empty. */
export function missingOf(fields: readonly FieldSpec[], draft: Draft, entry: Entry | null): string[] {
  const body = bodyOf(fields, draft, entry);
  const isMissing = (field: FieldSpec): boolean =>
    field.required === true && (!field.when || field.when(draft)) && (body[field.key] ?? null) === null &&
    !(entry?.secret?.includes(field.key) && body[field.key] !== null);
  return fields.filter(isMissing).map((field) => field.key);
}

/** The fields that are seen: those that apply. */
export const shownOf = (fields: readonly FieldSpec[], draft: Draft): readonly FieldSpec[] => fields.filter((field) => !field.when || field.when(draft));

export interface Refusal {
  faults: Faults; // by key of a field
  others: string[]; // about what the form has no field for
  tried?: boolean; // of a trial: nothing was to be saved
}

/** Whether the daemon said what is wrong one by one, and it is not only about how often or by whom. */
export const hasFaults = ({ status, body }: Problem): boolean =>
  [409, 422, 503].includes(status) && Array.isArray(body.faults) && body.faults.length > 0;

/** The faults of a refusal, each to its field of those that are seen; what is said of others is told as text. `rate.burst` and `zones[0].points` belong to their first part. */
export function refusalOf(problem: Problem, fields: readonly FieldSpec[]): Refusal {
  const refusal: Refusal = { faults: {}, others: [] };
  const said = Array.isArray(problem.body.faults) ? (problem.body.faults as unknown[]) : [];
  for (const one of said) {
    const { key, message } = (typeof one === "object" && one !== null ? one : { message: one }) as { key?: unknown; message?: unknown };
    const text = inEnglish(textOf(message));
    const name = textOf(key).split(/[.[]/)[0] ?? "";
    if (!fields.some((field) => field.key === name)) refusal.others.push(name ? `${textOf(key)}: ${text}` : text);
    else refusal.faults[name] = refusal.faults[name] ? `${refusal.faults[name]} ${text}` : text;
  }
  if (said.length === 0) refusal.others.push(inEnglish(problem.detail));
  return refusal;
}

const letters: Record<string, string> = { ä: "ae", ö: "oe", ü: "ue", ß: "ss" };

/** An id ([a-z0-9_]+) that a name makes, and that nobody has; empty when the name has nothing for one. */
export function idOf(name: string, taken: readonly string[]): string {
  const plain = name.toLowerCase().replace(/[äöüß]/g, (letter) => letters[letter] ?? "").normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const id = plain.replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40);
  if (!id || !taken.includes(id)) return id;
  for (let number = 2; ; ++number) if (!taken.includes(`${id}_${number}`)) return `${id}_${number}`;
}
