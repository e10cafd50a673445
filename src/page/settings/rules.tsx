// SPDX-License-Identifier: Apache-2.0
import { choicesOf, house, sayWithoutRules } from "./entries";
import { DryRun } from "./dry_run";
import type { Draft, Entry, FieldSpec } from "./form";
import { Section } from "./section";
import { sentenceOf } from "./sentence";
import { s } from "./words";

const isOfPeople = (draft: Draft): boolean => draft.when === "person.known" || draft.when === "person.blacklisted";
const hasCamera = (draft: Draft): boolean => !["alert", "disk"].includes(String(draft.when));

export function ruleFields(): FieldSpec[] {
  const words = s().rule;
  const channels = choicesOf("channels");
  return [
    { key: "when", kind: "choice", label: words.when, choices: Object.entries(words.whens) },
    { key: "to", kind: "several", label: words.to, required: true, choices: channels, ...(channels.length === 0 ? { hint: words.noChannels } : {}) },
    { key: "attach", kind: "choice", label: words.attach, choices: Object.entries(words.attaches) },
    { key: "cameras", kind: "several", label: words.cameras, hint: words.camerasHint, choices: choicesOf("cameras"), more: true, when: hasCamera },
    { key: "persons", kind: "lines", label: words.persons, hint: words.personsHint, more: true, when: isOfPeople },
    { key: "severities", kind: "several", label: words.severities, hint: words.severitiesHint, choices: Object.entries(words.severityNames), more: true, when: (draft) => draft.when === "alert" },
    { key: "schedule", kind: "lines", label: words.schedule, hint: words.scheduleHint, more: true },
    { key: "quiet", kind: "lines", label: words.quiet, hint: words.quietHint, more: true },
    { key: "cooldown", kind: "text", label: words.cooldown, hint: words.cooldownHint, more: true },
  ];
}

const title = (_: Entry, index: number): string => s().rule.number(index + 1);

/** Rules have no names: the next number that is free. */
export function nextNumber(taken: readonly string[]): string {
  for (let number = taken.length + 1; ; ++number) if (!taken.includes(`rule_${number}`)) return `rule_${number}`;
}

export function Rules() {
  return (
    <>
      <Section section="rules" title={title} fields={ruleFields} named="when" newId={(_, taken) => nextNumber(taken)} start={{ when: "ring", attach: "snapshot" }} none={sayWithoutRules()}
        facts={(entry) => <p>{sentenceOf(entry)}</p>} />
      {house.value && <DryRun />}
    </>
  );
}
