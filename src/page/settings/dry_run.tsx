// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { ask, type Problem } from "../api";
import { inEnglish } from "../words/english";
import { choicesOf } from "./entries";
import { Form } from "./form_view";
import type { Draft, FieldSpec } from "./form";
import { sayChange } from "./listed";
import { s, wordOf } from "./words";

interface Outcome {
  rules: string[]; // a word for each rule
  skipped: { channel: string; rule: number; why: string }[];
  told: { channel: string; attach: boolean; critical: boolean; after_ms: number; title: string; text: string }[];
  everything: string[];
}

/** The words of `porchlight notify dry-run` for what was chosen. */
export function eventOf(draft: Draft): string[] {
  const camera = String(draft.camera ?? "");
  const person = String(draft.person ?? "").trim();
  switch (draft.event) {
    case "known":
    case "blacklisted":
      return ["person", draft.event, person, camera];
    case "unknown":
      return ["person", "unknown", camera];
    case "lost":
    case "back":
      return ["camera", draft.event, camera];
    case "motion":
      return ["motion", camera];
    default:
      return ["ring", String(draft.button ?? "")];
  }
}

function fields(): FieldSpec[] {
  const words = s().dry;
  const isRing = (draft: Draft): boolean => draft.event === "ring";
  return [
    { key: "event", kind: "choice", label: words.event, choices: Object.entries(words.events) },
    { key: "button", kind: "choice", label: words.button, choices: choicesOf("buttons"), required: true, when: isRing },
    { key: "camera", kind: "choice", label: words.camera, choices: choicesOf("cameras"), required: true, when: (draft) => !isRing(draft) },
    { key: "person", kind: "text", label: words.person, required: true, when: (draft) => draft.event === "known" || draft.event === "blacklisted" },
    { key: "at", kind: "text", label: words.at, hint: words.atHint, attributes: { type: "datetime-local" } },
  ];
}

function Told({ outcome }: { outcome: Outcome }) {
  const words = s().dry;
  return (
    <>
      {outcome.told.length === 0 && <p><strong>{words.nobody}</strong></p>}
      <ul class="told">
        {outcome.told.map((one) => (
          <li key={`${one.channel} ${one.after_ms}`}>
            <strong>{words.told(one.channel)}</strong>
            {one.after_ms > 0 && words.after(Math.round(one.after_ms / 1000))}{one.attach && words.picture}{one.critical && words.critical}:
            <p class="soft">{one.title}: {one.text}</p>
          </li>
        ))}
      </ul>
      {outcome.everything.length > 0 && <p>{words.everything(outcome.everything.join(", "))}</p>}
      <details>
        <summary>{words.why}</summary>
        <ul class="told">
          {outcome.rules.map((ruling, index) => <li key={index}>{s().rule.number(index + 1)}: {wordOf(words.rulings, ruling)}</li>)}
          {outcome.skipped.map((one) => <li key={`${one.channel} ${one.rule}`}>{words.skipped(one.channel, wordOf(words.skips, one.why))}</li>)}
        </ul>
      </details>
    </>
  );
}

/** Who would be told of an event, by the rules as they are saved. */
export function DryRun() {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const words = s().dry;
  const first = (section: "buttons" | "cameras"): string => choicesOf(section)[0]?.[0] ?? "";
  if (!first("buttons") && !first("cameras")) return <section class="card dry"><h2>{words.title}</h2><p>{words.needs}</p></section>;
  const send = async (draft: Draft): Promise<void> => {
    setOutcome(null);
    const at = draft.at ? { at: new Date(String(draft.at)).toISOString() } : {};
    setOutcome(await ask<Outcome>("POST", "/api/v1/settings/rules/trial", { event: eventOf(draft), ...at }));
  };
  const say = (problem: Problem): string => (problem.status === 422 ? inEnglish(problem.detail) : problem.status === 429 ? s().trialBusy : sayChange(problem));
  return (
    <section class="card dry">
      <h2>{words.title}</h2>
      <p class="soft">{words.text}</p>
      <Form place="dry/" fields={fields()} value={{ event: "ring", button: first("buttons"), camera: first("cameras") }} entry={null} send={send} words={say} button={words.look} />
      <div role="status">{outcome && <Told outcome={outcome} />}</div>
    </section>
  );
}
