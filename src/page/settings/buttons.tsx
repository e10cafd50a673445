// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";
import { get } from "../api";
import { Said } from "../views/said";
import { w } from "../words";
import { inEnglish } from "../words/english";
import { choicesOf, entryName, house, nameOfEntry } from "./entries";
import { idOf, type Draft, type Entry, type FieldSpec } from "./form";
import { Press } from "./press";
import { Section } from "./section";
import { s, wordOf } from "./words";

interface ButtonState {
  id: string;
  state: string;
  text: string;
}

const isContact = (draft: Draft): boolean => draft.kind !== "virtual";

function fields(entry: Entry | null): FieldSpec[] {
  const words = s().button;
  return [
    { key: "name", kind: "text", label: words.name, required: entry === null, attributes: { autocapitalize: "sentences", maxlength: 100 } },
    { key: "camera", kind: "choice", label: words.camera, choices: [["", words.noCamera], ...choicesOf("cameras")] },
    { key: "kind", kind: "choice", label: words.kind, usual: "gpio", choices: Object.entries(words.kinds) },
    { key: "line", kind: "text", label: words.line, hint: words.lineHint, required: true, number: true, when: isContact },
    { key: "chip", kind: "text", label: words.chip, hint: words.chipHint, usual: "auto", more: true, when: isContact },
    { key: "active_low", kind: "check", label: words.activeLow, usual: true, more: true, when: isContact },
    { key: "bias", kind: "choice", label: words.bias, usual: "pull-up", choices: ["pull-up", "pull-down", "disabled", "as-is"].map((one) => [one, one] as const), more: true, when: isContact },
    { key: "debounce", kind: "text", label: words.debounce, hint: words.debounceHint, usual: "30ms", more: true, when: isContact },
  ];
}

function Facts({ entry, state }: { entry: Entry; state: ButtonState | undefined }) {
  const { camera, kind, line, chip } = entry.value;
  const contact = kind === "virtual" ? s().button.kinds.virtual : [`${s().button.line} ${String(line ?? "")}`, chip ? String(chip) : ""].filter(Boolean).join(", ");
  const isWrong = state?.state === "degraded" || state?.state === "stuck";
  const isOff = entry.value.enabled === false;
  const words = state ? wordOf(s().button.states, state.state) : isOff ? s().off : w().stateUnknown;
  return (
    <>
      <p class={`state ${isWrong || !state ? "warn" : "good"}`}>{words}</p>
      {isWrong && <p class="soft"><Said text={s().button.says(inEnglish(state.text))} /></p>}
      <p class="soft">{[contact, typeof camera === "string" ? entryName("cameras", camera) : ""].filter(Boolean).join(" · ")}</p>
    </>
  );
}

const period = 5000; // ms between two looks at the contacts

function useButtonStates(): ButtonState[] {
  const [states, setStates] = useState<ButtonState[]>([]);
  useEffect(() => {
    const look = (): void => {
      if (!document.hidden) void get<{ buttons: ButtonState[] }>("/api/v1/status").then((status) => setStates(status.buttons), () => undefined);
    };
    look();
    const timer = window.setInterval(look, period);
    return () => clearInterval(timer);
  }, [house.value]);
  return states;
}

export function Buttons() {
  const states = useButtonStates();
  return (
    <Section section="buttons" title={nameOfEntry} fields={fields} named="name" newId={(draft, taken) => idOf(String(draft.name), taken)}
      facts={(entry) => <Facts entry={entry} state={states.find((state) => state.id === entry.id)} />}
      trial={(entry) => entry.value.enabled !== false && <Press id={entry.id} name={nameOfEntry(entry)} byCommand={entry.value.kind === "virtual"} />} />
  );
}
