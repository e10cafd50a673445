// SPDX-License-Identifier: Apache-2.0
// Before somebody is known: log in, or make the account that a one-time code stands for.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { firstAccount, login, register } from "../session";
import { explain, w } from "../words";
import { Said } from "./said";

const secondFactorWanted = "urn:porchlight:problem:second-factor";

interface FieldProps {
  id: string;
  label: string;
  hint?: string;
  [attribute: string]: unknown;
}

function Field({ id, label, hint, ...input }: FieldProps) {
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <input id={id} name={id} required aria-describedby={hint ? `${id}-hint` : undefined} {...input} />
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </p>
  );
}

const valueOf = (form: HTMLFormElement, name: string): string => String(new FormData(form).get(name) ?? "");

interface FormProps {
  button: string;
  send(form: HTMLFormElement): Promise<void>;
  said(problem: Problem): string;
  children: ComponentChildren;
}

function Form({ button, send, said, children }: FormProps) {
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFault("");
    await send(event.currentTarget as HTMLFormElement).catch((thrown) => setFault(said(asProblem(thrown))));
    setBusy(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      {children}
      <p class="fault" role="alert" hidden={fault === ""}><Said text={fault} /></p>
      <button type="submit" aria-disabled={busy}>{button}</button>
    </form>
  );
}

function Login({ other }: { other(): void }) {
  const [second, setSecond] = useState(false);
  const code = useRef<HTMLDivElement>(null);
  useEffect(() => code.current?.querySelector("input")?.focus(), [second]);
  const send = async (form: HTMLFormElement): Promise<void> => {
    await login(valueOf(form, "name").trim(), valueOf(form, "password"), valueOf(form, "code").trim());
  };
  const said = (problem: Problem): string => {
    if (problem.type === secondFactorWanted) return setSecond(true), "";
    return problem.status === 401 ? w().errors.wrongLogin : explain(problem);
  };
  return (
    <>
      <h1>{w().loginTitle}</h1>
      <Form button={w().loginButton} send={send} said={said}>
        <Field id="name" label={w().name} autocomplete="username" autocapitalize="none" spellcheck={false} />
        <Field id="password" label={w().password} type="password" autocomplete="current-password" />
        <div ref={code}>
          {second && <Field id="code" label={w().secondFactor} hint={w().secondFactorHint} autocomplete="one-time-code" />}
        </div>
      </Form>
      <p><button class="quiet" type="button" onClick={other}>{w().haveCode}</button></p>
    </>
  );
}

function sayRegistration(problem: Problem): string {
  if (problem.status === 403) return w().errors.badCode;
  if (problem.status === 409) return w().errors.nameTaken;
  if (problem.status === 422) return /password|phrase/i.test(problem.detail) ? w().errors.badPassword : w().errors.badName;
  return explain(problem);
}

function Register({ other }: { other(): void }) {
  const first = firstAccount.value;
  const send = (form: HTMLFormElement): Promise<void> =>
    register(valueOf(form, "code").trim(), valueOf(form, "name").trim().toLowerCase(), valueOf(form, "password"));
  return (
    <>
      <h1>{first ? w().firstTitle : w().inviteTitle}</h1>
      <p>{first ? w().firstText : w().inviteText}</p>
      {first && <p><code>{w().firstCommand}</code></p>}
      <Form button={w().registerButton} send={send} said={sayRegistration}>
        <Field id="code" label={w().oneTimeCode} autocomplete="off" autocapitalize="characters" spellcheck={false} />
        <Field id="name" label={w().accountName} hint={w().accountNameHint} autocomplete="username" autocapitalize="none" spellcheck={false} maxlength={64} />
        <Field id="password" label={w().newPassword} hint={w().newPasswordHint} type="password" autocomplete="new-password" minlength={10} />
      </Form>
      {!first && <p><button class="quiet" type="button" onClick={other}>{w().haveAccount}</button></p>}
    </>
  );
}

export function Entry() {
  const [withCode, setWithCode] = useState(false);
  return (
    <main id="main" class="entry" tabIndex={-1}>
      <p class="brand">{w().appName}</p>
      {withCode || firstAccount.value ? <Register other={() => setWithCode(false)} /> : <Login other={() => setWithCode(true)} />}
    </main>
  );
}
