// SPDX-License-Identifier: Apache-2.0
import { cameras } from "../cameras";
import { useCameras } from "../views/now";
import { w } from "../words";
import { nameOfEntry } from "./entries";
import { idOf, type Draft, type Entry, type FieldSpec } from "./form";
import { Section, type Change } from "./section";
import { Trial } from "./trial";
import { s, wordOf } from "./words";

const isPlain = (draft: Draft): boolean => /^rtsp:/i.test(String(draft.url).trim());
const isTls = (draft: Draft): boolean => /^rtsps:/i.test(String(draft.url).trim());
const isNetwork = (draft: Draft): boolean => isPlain(draft) || isTls(draft) || String(draft.url).trim() === "";

function fields(entry: Entry | null): FieldSpec[] {
  const words = s().camera;
  return [
    { key: "name", kind: "text", label: words.name, hint: words.nameHint, required: entry === null, attributes: { autocapitalize: "sentences", maxlength: 100 } },
    { key: "url", kind: "text", label: words.url, hint: words.urlHint, required: true, attributes: { inputmode: "url" } },
    { key: "user", kind: "text", label: words.user, when: isNetwork },
    { key: "password", kind: "secret", label: words.password, when: isNetwork },
    { key: "record", kind: "choice", label: words.record, usual: "continuous", choices: Object.entries(words.records) },
    { key: "detect_url", kind: "text", label: words.detectUrl, hint: words.detectUrlHint, more: true },
    { key: "transport", kind: "choice", label: words.transport, usual: "tcp", choices: [["tcp", "TCP"], ["udp", "UDP"]], more: true, when: isPlain },
    { key: "tls_verify", kind: "check", label: words.tlsVerify, usual: true, more: true, when: isTls },
    { key: "ca_file", kind: "text", label: words.caFile, more: true, when: isTls },
    { key: "motion", kind: "check", label: words.motion, usual: true, more: true },
    { key: "audio", kind: "check", label: words.audio, usual: true, more: true },
  ];
}

function Standing({ entry }: { entry: Entry }) {
  const state = entry.value.enabled === false ? "disabled" : (cameras.value?.find((one) => one.id === entry.id)?.state ?? "");
  const words = state === "disabled" ? s().off : state ? wordOf(w().states, state) : w().stateUnknown;
  return (
    <>
      <p class={`state ${state === "connected" ? "good" : "warn"}`}>{words}</p>
      <p class="soft">{String(entry.value.url ?? "")}</p>
    </>
  );
}

function Switch({ entry, change }: { entry: Entry; change: Change }) {
  const isOff = entry.value.enabled === false;
  const words = isOff ? s().switchOn : s().switchOff;
  return <button type="button" class="quiet" aria-label={`${words}: ${nameOfEntry(entry)}`} onClick={() => change(entry, { enabled: isOff })}>{words}</button>;
}

export function Cameras() {
  useCameras(); // their states
  return (
    <Section section="cameras" title={nameOfEntry} fields={fields} named="name" newId={(draft, taken) => idOf(String(draft.name), taken)}
      facts={(entry) => <Standing entry={entry} />}
      actions={(entry, change) => <Switch entry={entry} change={change} />}
      beneath={(draft, entry, refuse) => <Trial draft={draft} entry={entry} fields={fields(entry)} refuse={refuse} />} />
  );
}
