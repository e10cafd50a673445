// SPDX-License-Identifier: Apache-2.0
import { Said } from "../views/said";
import { takenAway, type Draft, type FieldSpec } from "./form";
import { s } from "./words";

export interface FieldProps {
  field: FieldSpec;
  id: string;
  draft: Draft;
  fault: string | undefined;
  secretIsSet: boolean;
  change(part: Draft): void;
}

const hintId = (id: string): string => `${id}-hint`;
const faultId = (id: string): string => `${id}-fault`;

/** The attributes that tie a control to its hint and its fault. */
export function described(id: string, hint: boolean, fault: boolean): Record<string, unknown> {
  const ids = [fault ? faultId(id) : "", hint ? hintId(id) : ""].filter(Boolean).join(" ");
  return { id, "aria-invalid": fault || undefined, "aria-describedby": ids || undefined };
}

export function Notes({ id, hint, fault }: { id: string; hint?: string | undefined; fault?: string | undefined }) {
  return (
    <>
      {fault && <span class="field-fault" id={faultId(id)}><Said text={fault} /></span>}
      {hint && <small id={hintId(id)}>{hint}</small>}
    </>
  );
}

const chosen = (value: Draft[string] | undefined): string[] => (Array.isArray(value) ? value : []);

function Several({ field, id, draft, fault, change }: FieldProps) {
  const values = chosen(draft[field.key]);
  const offered = (field.choices ?? []).map(([value]) => value);
  // What is set and not there any more must be seen to be taken away.
  const choices = [...(field.choices ?? []), ...values.filter((value) => !offered.includes(value)).map((value) => [value, value] as const)];
  const toggle = (value: string, on: boolean): void => change({ [field.key]: on ? [...values, value] : values.filter((one) => one !== value) });
  const { id: _, ...ties } = described(id, !!field.hint, !!fault);
  return (
    <fieldset class="field" id={id} tabIndex={-1} aria-describedby={ties["aria-describedby"] as string | undefined}>
      <legend>{field.label}</legend>
      {choices.map(([value, words]) => (
        <label class="check" key={value}>
          <input type="checkbox" checked={values.includes(value)} aria-invalid={ties["aria-invalid"] as true | undefined} onChange={(event) => toggle(value, event.currentTarget.checked)} />
          {words}
        </label>
      ))}
      <Notes id={id} hint={field.hint} fault={fault} />
    </fieldset>
  );
}

function Check({ field, id, draft, fault, change }: FieldProps) {
  return (
    <div class="field">
      <label class="check">
        <input type="checkbox" checked={draft[field.key] === true} {...described(id, !!field.hint, !!fault)}
          onChange={(event) => change({ [field.key]: event.currentTarget.checked })} />
        {field.label}
      </label>
      <Notes id={id} hint={field.hint} fault={fault} />
    </div>
  );
}

function Control({ field, id, draft, fault, secretIsSet, change }: FieldProps) {
  const value = String(draft[field.key] ?? "");
  const ties = described(id, !!field.hint || secretIsSet, !!fault);
  const taken = draft[takenAway(field.key)] === true;
  const required = field.required && !secretIsSet;
  if (field.kind === "choice")
    return (
      <select {...ties} value={value} onChange={(event) => change({ [field.key]: event.currentTarget.value })}>
        {field.choices?.map(([one, words]) => <option key={one} value={one}>{words}</option>)}
        {!field.choices?.some(([one]) => one === value) && <option value={value}>{value}</option>}
      </select>
    );
  if (field.kind === "lines")
    return <textarea {...ties} rows={3} value={value} aria-required={required} spellcheck={false} onInput={(event) => change({ [field.key]: event.currentTarget.value })} />;
  return (
    <input {...ties} value={value} type={field.kind === "secret" ? "password" : "text"} aria-required={required} disabled={taken} spellcheck={false}
      autocomplete={field.kind === "secret" ? "new-password" : "off"} autocapitalize="none" {...field.attributes}
      onInput={(event) => change({ [field.key]: event.currentTarget.value })} />
  );
}

/** One key of an entry, with its hint and what is wrong with it. */
export function Field(props: FieldProps) {
  const { field, id, fault, secretIsSet, draft, change } = props;
  if (field.kind === "several") return <Several {...props} />;
  if (field.kind === "check") return <Check {...props} />;
  const key = takenAway(field.key);
  return (
    <div class="field">
      <label for={id}>{field.label}{!field.required && field.kind !== "choice" && <small> ({s().optional})</small>}</label>
      <Control {...props} />
      <Notes id={id} hint={secretIsSet ? s().secretSet : field.hint} fault={fault} />
      {secretIsSet && !field.required && (
        <label class="check">
          <input type="checkbox" checked={draft[key] === true} onChange={(event) => change({ [key]: event.currentTarget.checked })} />
          {s().takeAway}
        </label>
      )}
    </div>
  );
}
