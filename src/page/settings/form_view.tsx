// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { draftAt, dropDraft, keepDraft, lostAt } from "./drafts";
import { Field } from "./fields";
import { changedDraft, draftOf, hasFaults, missingOf, rebased, refusalOf, shownOf, type Draft, type Entry, type Faults, type FieldSpec, type Refusal } from "./form";
import { Said } from "../views/said";
import { withNames } from "./entries";
import { s } from "./words";

export interface FormProps {
  /** Where its draft is kept: `cameras/front`. */
  place: string;
  fields: readonly FieldSpec[] | ((draft: Draft) => readonly FieldSpec[]);
  /** What stands in it at the beginning. */
  value: Record<string, unknown>;
  entry: Entry | null;
  send(draft: Draft): Promise<void>;
  /** What a refusal says that names no field. */
  words(problem: Problem): string;
  button?: string;
  /** Where there is something to cancel. */
  close?(): void;
  /** What is wrong with it before it is sent, by keys. */
  faultsOf?(draft: Draft): Faults;
  /** Beneath the fields, of the draft of now. */
  children?: (draft: Draft, refuse: (refusal: Refusal) => void) => ComponentChildren;
}

const idIn = (place: string, key: string): string => `${place.replace(/[^a-z0-9_]/gi, "-")}-${key}`;

const clean: Refusal = { faults: {}, others: [] };

/** A form whose faults stand beside their fields, and that keeps what was typed until it is saved or cancelled. */
export function Form({ place, fields: given, value, entry, send, words, button, close, faultsOf, children }: FormProps) {
  const fieldsOf = (draft: Draft): readonly FieldSpec[] => (typeof given === "function" ? given(draft) : given);
  const begin = (): Draft => {
    const kept = draftAt(place);
    const all = { ...value, ...kept } as Record<string, unknown>;
    return { ...draftOf(fieldsOf(all as Draft), value), ...kept };
  };
  const [draft, setDraft] = useState<Draft>(begin);
  const [state, setState] = useState<Refusal>(() => ({ faults: Object.fromEntries(lostAt(place).map((key) => [key, s().typeAgain])), others: [] }));
  const [busy, setBusy] = useState(false);
  // Read again meanwhile: what somebody else changed is seen, and not undone by what stood here before.
  const read = useRef(value);
  useEffect(() => {
    const before = read.current;
    if (before === value) return;
    read.current = value;
    setDraft((typed) => rebased(fieldsOf, before, value, typed));
  }, [JSON.stringify(value)]);
  const fields = fieldsOf(draft);
  const change = (part: Draft): void => {
    const next = changedDraft(fieldsOf, value, draft, part);
    setDraft(next);
    keepDraft(place, next, fieldsOf(next), value);
    const cured = Object.keys(part);
    setState({ ...state, faults: Object.fromEntries(Object.entries(state.faults).filter(([key]) => !cured.includes(key))) });
  };
  const refuse = (problem: Problem): void => {
    if (!hasFaults(problem)) return setState({ faults: {}, others: [words(problem)] });
    const { faults, others } = refusalOf(problem, shownOf(fields, draft));
    const lead = problem.status !== 422 ? [words(problem)] : Object.keys(faults).length === 0 ? [s().faultsElsewhere] : [];
    setState({ faults, others: [...lead, ...others.map(withNames)] });
  };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const missing = missingOf(fields, draft, entry);
    const fill = (key: string): string => (fields.find((field) => field.key === key)?.kind === "several" ? s().nothingChosen : s().fill);
    const faults = { ...faultsOf?.(draft), ...Object.fromEntries(missing.map((key) => [key, fill(key)])) };
    if (Object.keys(faults).length > 0) return setState({ faults, others: [] });
    setState(clean);
    setBusy(true);
    try {
      await send(draft);
      dropDraft(place);
    } catch (thrown) {
      refuse(asProblem(thrown));
    }
    setBusy(false);
  };
  // The first field that is wrong takes the focus; one that is folded away is shown.
  const marked = shownOf(fields, draft).filter((field) => state.faults[field.key]);
  const wrong = marked[0];
  useEffect(() => {
    if (!wrong) return;
    const control = document.getElementById(idIn(place, wrong.key));
    control?.closest("details")?.setAttribute("open", "");
    control?.focus();
  }, [state.faults, wrong?.key]);
  const cancel = (): void => {
    dropDraft(place);
    close?.();
  };
  const shown = (more: boolean): ComponentChildren[] =>
    shownOf(fields, draft).filter((field) => (field.more ?? false) === more).map((field) => (
      <Field key={field.key} field={field} id={idIn(place, field.key)} draft={draft} fault={state.faults[field.key]}
        secretIsSet={entry?.secret?.includes(field.key) ?? false} change={change} />
    ));
  const further = shown(true);
  const isWrong = marked.length > 0 || state.others.length > 0;
  return (
    <form noValidate onSubmit={(event) => void submit(event)}>
      {shown(false)}
      {further.length > 0 && <details><summary>{s().more}</summary>{further}</details>}
      {children?.(draft, setState)}
      <div role="alert">
        {isWrong && (
          <div class="fault">
            {marked.length > 0 && <p>{state.tried ? s().faultsTried : s().faults}</p>}
            {state.others.map((text) => <p key={text}><Said text={text} /></p>)}
          </div>
        )}
      </div>
      <p class="actions">
        <button type="submit" aria-disabled={busy}>{busy ? s().saving : (button ?? s().save)}</button>
        {close && <button type="button" class="quiet" onClick={cancel}>{s().cancel}</button>}
      </p>
    </form>
  );
}
