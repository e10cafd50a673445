// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { ask, get, type Problem } from "../api";
import { cameras } from "../cameras";
import { user as me } from "../session";
import type { User } from "../types";
import { explain, w } from "../words";
import { Confirm } from "./confirm";
import { ShownOnce } from "./copy";
import { Form } from "./form_view";
import type { Draft, FieldSpec } from "./form";
import { Begun, Item, Opened, Saying, useListing, useReturn } from "./listed";
import { dayAndTime, s, wordOf } from "./words";

interface Account extends User {
  all_cameras: boolean;
  cameras: string[];
  disabled: boolean;
  totp: boolean;
}

interface Invitation {
  name: string;
  invitation: string;
  expires: string;
}

const roles = ["viewer", "user", "admin", "monitor"] as const;
const seesSome = (draft: Draft): boolean => draft.role === "viewer" || draft.role === "user";

function rightsFields(): FieldSpec[] {
  return [
    { key: "role", kind: "choice", label: s().user.role, hint: s().user.roleHint, choices: roles.map((role) => [role, s().user.roles[role]]) },
    { key: "all_cameras", kind: "check", label: s().user.allCameras, when: seesSome },
    {
      key: "cameras", kind: "several", label: s().user.cameras, choices: (cameras.value ?? []).map(({ id, name }) => [id, name]),
      when: (draft) => seesSome(draft) && draft.all_cameras !== true,
    },
  ];
}

const rightsOf = (draft: Draft): object => ({
  role: draft.role,
  all_cameras: seesSome(draft) && draft.all_cameras === true,
  cameras: seesSome(draft) && draft.all_cameras !== true ? draft.cameras : [],
});

function sayUser(problem: Problem): string {
  if (problem.status === 409) return /taken/.test(problem.detail) ? s().user.nameTaken : s().user.lastAdmin;
  return problem.status === 422 && /\bname\b/.test(problem.detail) ? w().errors.badName : explain(problem);
}

function Invite({ made, close }: { made(invitation: Invitation): void; close(): void }) {
  const fields: FieldSpec[] = [
    { key: "name", kind: "text", label: s().user.name, hint: s().user.nameHint, required: true, attributes: { maxlength: 64 } },
    ...rightsFields(),
  ];
  const send = async (draft: Draft): Promise<void> => {
    made(await ask<Invitation>("POST", "/api/v1/users", { name: String(draft.name).trim().toLowerCase(), ...rightsOf(draft) }));
  };
  return (
    <Opened title={s().add.users}>
      <Form place="users/" fields={fields} value={{ role: "viewer", all_cameras: true }} entry={null} send={send} words={sayUser} button={s().user.invite} close={close} />
    </Opened>
  );
}

function Rights({ account, saved, close }: { account: Account; saved(): void; close(): void }) {
  const send = async (draft: Draft): Promise<void> => {
    await ask("PATCH", `/api/v1/users/${account.id}`, rightsOf(draft));
    saved();
  };
  const value = { role: account.role, all_cameras: account.all_cameras, cameras: account.cameras };
  return (
    <Opened title={s().editOf(account.name)}>
      <Form place={`users/${account.id}`} fields={rightsFields()} value={value} entry={null} send={send} words={sayUser} close={close} />
    </Opened>
  );
}

function standing(account: Account): string {
  const known = new Map(cameras.value?.map(({ id, name }) => [id, name]));
  const sees = account.all_cameras ? s().user.allCameras : account.cameras.map((id) => known.get(id) ?? id).join(", ") || s().user.noCameras;
  const parts = [wordOf(s().user.roles, account.role), account.role === "monitor" ? "" : sees];
  if (account.totp) parts.push(s().user.secondFactor);
  return parts.filter(Boolean).join(" · ");
}

interface AccountProps {
  account: Account;
  lock(disabled: boolean): void;
  remove(): Promise<void>;
  edit(): void;
}

function AccountItem({ account, lock, remove, edit }: AccountProps) {
  const { name, disabled } = account;
  const mine = account.id === me.value?.id;
  const actions = (
    <>
      <button type="button" class="quiet" aria-label={s().editOf(name)} onClick={edit}>{s().edit}</button>
      {!mine && (
        <button type="button" class="quiet" aria-label={disabled ? s().user.unlockOf(name) : s().user.lockOf(name)} onClick={() => lock(!disabled)}>
          {disabled ? s().user.unlock : s().user.lock}
        </button>
      )}
      {!mine && <Confirm word={s().remove} label={s().removeOf(name)} question={s().reallyRemove(name)} act={remove} />}
    </>
  );
  return (
    <Item id={account.id} title={name} actions={actions}>
      <Begun place={`users/${account.id}`} />
      <p class="soft">{standing(account)}{mine && ` · ${s().user.you}`}</p>
      {disabled && <p class="state warn">{s().user.locked}</p>}
    </Item>
  );
}

export function Users() {
  const { list, said, act, refresh, say } = useListing(async () => (await get<{ users: Account[] }>("/api/v1/users")).users);
  const [open, setOpen] = useState<number | "new" | null>(null);
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  useReturn(open, invitation !== null);
  const path = (account: Account): string => `/api/v1/users/${account.id}`;
  const made = (fresh: Invitation): void => {
    setInvitation(fresh);
    setOpen(null);
    void refresh();
  };
  const saved = (): void => {
    setOpen(null);
    say({ good: s().saved });
    void refresh();
  };
  const remove = async (account: Account): Promise<void> => void (await act(() => ask("DELETE", path(account)), s().removed, sayUser));
  return (
    <>
      <Saying said={said} />
      {invitation && (
        <ShownOnce title={s().user.invited(invitation.name)} text={s().user.inviteText(dayAndTime(invitation.expires))}
          secret={invitation.invitation} done={() => setInvitation(null)} />
      )}
      {open === "new" ? <Invite made={made} close={() => setOpen(null)} /> : <p><button id="add" type="button" onClick={() => setOpen("new")}>{s().add.users}</button></p>}
      {!list && !said.fault && <p>{w().loading}</p>}
      <ul class="items">
        {list?.map((account) => open === account.id ? (
          <li key={account.id}><Rights account={account} saved={saved} close={() => setOpen(null)} /></li>
        ) : (
          <AccountItem key={account.id} account={account} edit={() => setOpen(account.id)} remove={() => remove(account)}
            lock={(disabled) => void act(() => ask("PATCH", path(account), { disabled }), s().saved, sayUser)} />
        ))}
      </ul>
    </>
  );
}

