// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { ask, get } from "../api";
import { w } from "../words";
import { Confirm } from "./confirm";
import { ShownOnce } from "./copy";
import { Form } from "./form_view";
import type { Draft, FieldSpec } from "./form";
import { Item, Opened, Saying, sayChange, useListing, useReturn } from "./listed";
import { dayAndTime, s, wordOf } from "./words";

interface Token {
  id: number;
  kind: string;
  name: string;
  user: string;
  scopes: string[] | string;
  expires: string | null;
}

const kinds = ["api", "scrape", "alerts"] as const;
const scopes = ["view", "ring", "manage", "metrics", "alerts"] as const;
const isApi = (draft: Draft): boolean => draft.kind === "api";

function fields(): FieldSpec[] {
  const words = s().token;
  return [
    { key: "name", kind: "text", label: words.name, hint: words.nameHint, required: true, attributes: { maxlength: 64 } },
    { key: "kind", kind: "choice", label: words.kind, choices: kinds.map((kind) => [kind, words.kinds[kind]]), usual: "api" },
    { key: "scopes", kind: "several", label: words.scopes, required: true, choices: scopes.map((scope) => [scope, words.scopeNames[scope]]), when: isApi },
    { key: "days", kind: "text", label: words.days, hint: words.daysHint, required: true, number: true, usual: "90", when: isApi, attributes: { inputmode: "numeric" } },
  ];
}

const bodyOfToken = (draft: Draft): object => ({
  name: String(draft.name).trim(), kind: draft.kind, ...(isApi(draft) ? { scopes: draft.scopes, days: Number(draft.days) } : {}),
});

interface Made {
  name: string;
  token: string;
}

function Make({ made, close }: { made(token: Made): void; close(): void }) {
  const send = async (draft: Draft): Promise<void> => made(await ask<Made>("POST", "/api/v1/tokens", bodyOfToken(draft)));
  return (
    <Opened title={s().add.tokens}>
      <Form place="tokens/" fields={fields()} value={{ scopes: ["view"], days: "90" }} entry={null} send={send} words={sayChange} button={s().token.make} close={close} />
    </Opened>
  );
}

function scopesText({ kind, scopes: given }: Token): string {
  const list = Array.isArray(given) ? given : given.split(/[ ,]+/).filter(Boolean);
  return kind === "api" ? list.map((scope) => wordOf(s().token.scopeNames, scope)).join(", ") : wordOf(s().token.kinds, kind);
}

export function Tokens() {
  const { list, said, act, refresh } = useListing(async () => (await get<{ tokens: Token[] }>("/api/v1/tokens")).tokens);
  const [open, setOpen] = useState(false);
  const [fresh, setFresh] = useState<Made | null>(null);
  useReturn(open || null, fresh !== null);
  const made = (token: Made): void => {
    setFresh(token);
    setOpen(false);
    void refresh();
  };
  const revoke = async ({ id }: Token): Promise<void> => void (await act(() => ask("DELETE", `/api/v1/tokens/${id}`), s().token.revoked));
  return (
    <>
      <Saying said={said} />
      {fresh && <ShownOnce title={s().token.made(fresh.name)} text="" secret={fresh.token} done={() => setFresh(null)} />}
      {open ? <Make made={made} close={() => setOpen(false)} /> : <p><button id="add" type="button" onClick={() => setOpen(true)}>{s().add.tokens}</button></p>}
      {!list && !said.fault && <p>{w().loading}</p>}
      {list?.length === 0 && <p>{s().none.tokens}</p>}
      <ul class="items">
        {list?.map((token) => (
          <Item key={token.id} id={token.id} title={token.name} actions={
            <Confirm word={s().token.revoke} label={s().token.revokeOf(token.name)} question={s().token.reallyRevoke(token.name)} act={() => revoke(token)} />
          }>
            <p class="soft">{[scopesText(token), token.user, token.expires ? s().token.expires(dayAndTime(token.expires)) : s().token.never].filter(Boolean).join(" · ")}</p>
          </Item>
        ))}
      </ul>
    </>
  );
}
