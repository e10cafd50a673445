// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { ask, asProblem } from "../api";
import { Said } from "../views/said";
import { explain, language } from "../words";
import { inEnglish } from "../words/english";
import { Counted, useSeconds } from "./busy";
import { entriesOf, house, nameOfEntry, sayWithoutRules } from "./entries";
import { idOf, type Draft, type Entry, type FieldSpec } from "./form";
import { Section } from "./section";
import { s, wordOf } from "./words";

const types = ["ntfy", "webhook", "email", "telegram", "slack"] as const;
type Type = (typeof types)[number];
const isKnown = (type: unknown): type is Type => types.some((one) => one === type);

/** The keys that a kind has of its own, as docs/notifications.md has them. */
function keysOf(type: Type): FieldSpec[] {
  const words = s().channel;
  switch (type) {
    case "ntfy":
      return [
        { key: "topic", kind: "text", label: words.topic, hint: words.topicHint, required: true, attributes: { maxlength: 64 } },
        { key: "url", kind: "text", label: words.server, hint: words.serverHint, attributes: { inputmode: "url" } },
        { key: "token", kind: "secret", label: words.token, more: true },
        { key: "user", kind: "text", label: words.user, more: true },
        { key: "password", kind: "secret", label: words.password, more: true },
      ];
    case "webhook":
      return [
        { key: "url", kind: "text", label: words.url, hint: words.webhookHint, required: true, attributes: { inputmode: "url" } },
        { key: "secret", kind: "secret", label: words.secret, more: true },
      ];
    case "email":
      return [
        { key: "server", kind: "text", label: words.server, hint: words.mailHint, required: true, attributes: { inputmode: "url" } },
        { key: "user", kind: "text", label: words.user },
        { key: "password", kind: "secret", label: words.password },
        { key: "from", kind: "text", label: words.from, required: true, attributes: { inputmode: "email" } },
        { key: "to", kind: "lines", label: words.to, hint: words.toHint, required: true },
      ];
    case "telegram":
      return [
        { key: "token", kind: "secret", label: words.token, required: true },
        { key: "chat", kind: "text", label: words.chat, hint: words.chatHint, required: true },
      ];
    case "slack":
      return [{ key: "url", kind: "secret", label: words.url, hint: words.slackHint, required: true }];
  }
}

export function channelFields(entry: Entry | null, draft: Draft): FieldSpec[] {
  const words = s().channel;
  const type = entry?.value.type ?? draft.type;
  const naming: FieldSpec[] = entry ? [] : [
    { key: "type", kind: "choice", label: words.type, choices: types.map((one) => [one, words.types[one]]), anew: ["id", "language", "quiet"] },
    { key: "id", kind: "text", label: words.id, hint: words.idHint, required: true, attributes: { maxlength: 40 } },
  ];
  return [
    ...naming,
    ...(isKnown(type) ? keysOf(type) : []),
    { key: "language", kind: "choice", label: words.language, usual: "en", choices: [["en", "English"], ["de", "Deutsch"]], more: true },
    { key: "quiet", kind: "lines", label: words.quiet, hint: words.quietHint, more: true },
  ];
}

interface Tried {
  delivered: boolean;
  took_ms?: number;
  reason?: string;
}

/** Sends a message by the channel as it is saved. */
function TestMessage({ entry }: { entry: Entry }) {
  const [tried, setTried] = useState<Tried | null>(null);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const seconds = useSeconds(busy);
  const send = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setTried(null);
    setFault("");
    try {
      setTried(await ask<Tried>("POST", `/api/v1/settings/channels/${encodeURIComponent(entry.id)}/test`));
    } catch (thrown) {
      const problem = asProblem(thrown);
      setFault(problem.status === 409 ? s().channel.cannot(inEnglish(problem.detail)) : problem.status === 429 ? s().trialBusy : explain(problem));
    }
    setBusy(false);
  };
  const words = s().channel;
  const failed = fault || (tried && !tried.delivered ? words.notDelivered(inEnglish(tried.reason ?? "")) : "");
  return (
    <div class="test">
      <p><button type="button" aria-disabled={busy} aria-label={words.testOf(entry.id)} onClick={() => void send()}>{words.test}</button></p>
      <div role="status">
        {busy && <p>{words.testing}</p>}
        {tried?.delivered && <p class="answered">✓ {words.delivered(tried.took_ms ?? 0)}</p>}
      </div>
      {busy && <Counted text={s().elapsed(seconds)} />}
      {failed && <p class="fault" role="alert"><Said text={failed} /></p>}
    </div>
  );
}

function Facts({ entry }: { entry: Entry }) {
  const { type, url, topic, server, to, chat } = entry.value;
  const place = [topic, to, chat, server, url].flat().filter((part) => typeof part === "string" && part !== "").slice(0, 2).join(" · ");
  return (
    <>
      <p>{wordOf(s().channel.types, String(type))}</p>
      {place && <p class="soft">{place}</p>}
      {!isKnown(type) && <p class="soft">{s().channel.byHand}</p>}
    </>
  );
}

/** What the channels are for while no rule says it. */
function WithoutRules() {
  if (entriesOf("channels").length === 0 || entriesOf("rules").length > 0) return null;
  const isUsual = house.value?.rules_usual === true;
  return <p class={isUsual ? undefined : "fault"}>{sayWithoutRules()} <a href="#/settings/rules">{isUsual ? s().rule.seeWho : s().add.rules}</a></p>;
}

export function Channels() {
  return (
    <>
      <WithoutRules />
      <Section section="channels" title={nameOfEntry} fields={channelFields} named="id" own={["id"]} start={{ type: "ntfy", language: language.value }}
        newId={(draft, taken) => idOf(String(draft.id), taken)} isEditable={(entry) => isKnown(entry.value.type)}
        facts={(entry) => <Facts entry={entry} />} trial={(entry) => <TestMessage entry={entry} />} />
    </>
  );
}
