// SPDX-License-Identifier: Apache-2.0
// A section of the configuration: its entries, and the form that adds or changes one.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { explain, w } from "../words";
import { Confirm } from "./confirm";
import { changeEntry, entriesOf, house, isThere, putEntry, refreshHouse, removeEntry, sayOutcome, withNames, type Outcome, type SectionName } from "./entries";
import { dropDraft } from "./drafts";
import { Form } from "./form_view";
import { bodyOf, hasFaults, refusalOf, type Draft, type Entry, type Faults, type FieldSpec, type Refusal } from "./form";
import { Begun, Item, nothing, Opened, Saying, sayChange, useReturn, type Said } from "./listed";
import { s } from "./words";

export interface SectionProps {
  section: SectionName;
  title(entry: Entry, index: number): string;
  fields(entry: Entry | null, draft: Draft): FieldSpec[];
  /** Id of a new entry; empty when the draft gives none. `named` is the key of the field that it is made of. */
  newId(draft: Draft, taken: string[]): string;
  named: string;
  /** What a new entry begins with. */
  start?: Record<string, unknown>;
  /** Keys of the form that are no keys of the configuration. */
  own?: readonly string[];
  facts?(entry: Entry): ComponentChildren;
  actions?(entry: Entry, change: Change): ComponentChildren;
  /** Beneath an entry: what is tried with it. */
  trial?(entry: Entry): ComponentChildren;
  /** Beneath the fields of the form. */
  beneath?(draft: Draft, entry: Entry | null, refuse: (refusal: Refusal) => void): ComponentChildren;
  isEditable?(entry: Entry): boolean;
  /** What is said while there is no entry, where it is more than that. */
  none?: string;
}

/** Saves an entry with other keys, from its place in the list. */
export type Change = (entry: Entry, keys: Record<string, unknown>) => void;

interface EditProps extends SectionProps {
  entry: Entry | null;
  saved(outcome: Outcome): void;
  close(): void;
}

function Edit({ entry, saved, close, ...props }: EditProps) {
  const { section, start, own = [] } = props;
  const fields = (draft: Draft): FieldSpec[] => props.fields(entry, draft);
  const willBe = (draft: Draft): string => props.newId(draft, entriesOf(section).map((one) => one.id));
  const send = async (draft: Draft): Promise<void> => {
    const id = entry?.id ?? willBe(draft);
    const body = bodyOf(fields(draft), draft, entry);
    for (const key of own) delete body[key];
    try {
      saved(await putEntry(section, id, body));
    } catch (thrown) {
      // Saved before, and the answer was lost on its way: not to be made a second time under another id.
      if (entry || asProblem(thrown).status !== 412 || !isThere(section, id, body)) throw thrown;
      saved({});
    }
  };
  return (
    <Opened title={entry ? s().editOf(props.title(entry, entriesOf(section).indexOf(entry))) : s().add[section]}>
      <Form place={`${section}/${entry?.id ?? ""}`} fields={fields} value={entry?.value ?? start ?? {}} entry={entry} send={send} words={sayChange} close={close}
        faultsOf={(draft): Faults => (entry || willBe(draft) ? {} : { [props.named]: s().nameNeedsLetters })}>
        {(draft, refuse) => (
          <>
            {!entry && section !== "rules" && willBe(draft) && <p class="soft">{s().idWillBe(willBe(draft))}</p>}
            {props.beneath?.(draft, entry, refuse)}
          </>
        )}
      </Form>
    </Opened>
  );
}

interface EntryProps extends SectionProps {
  entry: Entry;
  edit(): void;
  change: Change;
  remove(): Promise<void>;
}

function EntryItem({ entry, edit, change, remove, ...props }: EntryProps) {
  const name = props.title(entry, 0);
  const mayEdit = house.value?.writable !== false && entry.id !== "" && (props.isEditable?.(entry) ?? true);
  const actions = (
    <>
      {mayEdit && <button type="button" class="quiet" aria-label={s().editOf(name)} onClick={edit}>{s().edit}</button>}
      {mayEdit && props.actions?.(entry, change)}
      {entry.removable && house.value?.writable !== false && <Confirm word={s().remove} label={s().removeOf(name)} question={s().reallyRemove(name)} act={remove} />}
    </>
  );
  return (
    <Item id={entry.id} title={name} actions={actions}>
      {props.facts?.(entry)}
      <Begun place={`${props.section}/${entry.id}`} />
      {entry.origin && <p class="soft">{s().fromFile(entry.origin)}</p>}
      {entry.id === "" && <p class="soft">{s().noId}</p>}
      {props.trial?.(entry)}
    </Item>
  );
}

const fresh = " new"; // no entry is called so: stands for the entry that is being added

export function Section(props: SectionProps) {
  const { section } = props;
  const [open, setOpen] = useState<string | null>(null);
  const [said, setSaid] = useState<Said>(nothing);
  useReturn(open);
  useEffect(() => void refreshHouse().catch((thrown) => setSaid({ ...nothing, fault: explain(asProblem(thrown)) })), []);
  const settle = (change: Promise<Outcome>, good: string): Promise<void> =>
    change.then(
      (outcome) => setSaid({ ...nothing, good: sayOutcome(outcome, good) }),
      (thrown) => setSaid({ ...nothing, fault: sayRefused(asProblem(thrown)) }),
    );
  const saved = (outcome: Outcome): void => {
    setSaid({ ...nothing, good: sayOutcome(outcome, s().saved) });
    setOpen(null);
  };
  const change: Change = (entry, keys) => {
    void settle(changeEntry(section, entry.id, keys), s().saved);
  };
  const begin = (id: string): void => {
    setSaid(nothing);
    // As it is now: somebody else may have changed it since.
    void refreshHouse().catch(() => undefined).then(() => setOpen(id));
  };
  const isGone = house.value !== null && open !== null && open !== fresh && !entriesOf(section).some((entry) => entry.id === open);
  useEffect(() => {
    if (!isGone) return;
    dropDraft(`${section}/${open}`); // or the next entry of that id would begin with it
    setSaid({ ...nothing, fault: s().goneBetween });
    setOpen(null);
  }, [isGone]);
  if (!house.value) return said.fault ? <Saying said={said} /> : <p>{w().loading}</p>;
  const entries = entriesOf(section);
  const isWritable = house.value.writable;
  return (
    <>
      {!isWritable && <p class="fault">{s().readOnly(house.value.file)}</p>}
      <Saying said={said} />
      {entries.length === 0 && <p>{props.none ?? s().none[section]}</p>}
      <ul class="items">
        {entries.map((entry, index) => open === entry.id && entry.id ? (
          <li key={entry.id}><Edit {...props} entry={entry} saved={saved} close={() => setOpen(null)} /></li>
        ) : (
          <EntryItem key={entry.id || index} {...props} entry={entry} title={(one) => props.title(one, index)} edit={() => begin(entry.id)} change={change}
            remove={() => settle(removeEntry(section, entry.id), s().removed)} />
        ))}
      </ul>
      {open === fresh ? <Edit {...props} entry={null} saved={saved} close={() => setOpen(null)} />
        : isWritable && <div class="adding"><button id="add" type="button" onClick={() => begin(fresh)}>{s().add[section]}</button><Begun place={`${section}/`} /></div>}
    </>
  );
}

/** Why a change was refused, with who is in its way. */
export function sayRefused(problem: Problem): string {
  if (problem.status === 412) return s().changedBetweenList;
  if (problem.status === 404) return s().goneBetween;
  if (!hasFaults(problem)) return sayChange(problem);
  const lead = problem.status === 422 ? s().faultsElsewhere : sayChange(problem);
  return [lead.endsWith(":") ? lead : `${lead}:`, ...refusalOf(problem, []).others.map(withNames)].join(" ");
}
