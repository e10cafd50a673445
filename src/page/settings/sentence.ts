// SPDX-License-Identifier: Apache-2.0
import { entryName } from "./entries";
import type { Entry } from "./form";
import { s, wordOf } from "./words";

const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : value === undefined || value === null || value === "" ? [] : [String(value)]);

const said = ["id", "when", "to", "attach", "cameras", "persons", "schedule", "quiet", "cooldown"];

/** A rule in words. */
export function sentenceOf({ value }: Entry): string {
  const words = s().rule;
  const part = (key: string, say: (text: string) => string, name = (one: string): string => one): string => {
    const list = listOf(value[key]);
    return list.length > 0 ? say(list.map(name).join(", ")) : "";
  };
  const further = Object.keys(value).filter((key) => !said.includes(key));
  const to = listOf(value.to).join(", ") || words.nobody;
  return [
    words.sentence(wordOf(words.whens, String(value.when)), to),
    part("attach", words.with, (what) => wordOf(words.attaches, what)),
    part("cameras", words.ofCameras, (id) => entryName("cameras", id)),
    part("persons", words.ofPersons),
    part("schedule", words.hours),
    part("quiet", words.silent),
    part("cooldown", words.pause),
    further.length > 0 ? words.further(further.join(", ")) : "",
  ].join("") + ".";
}
