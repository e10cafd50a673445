// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem } from "../api";
import { nameOf } from "../cameras";
import { mayTeach } from "../session";
import { Said } from "../views/said";
import { explain, momentText, w } from "../words";
import { Confirm } from "./confirm";
import { deleteFace, forget, list, rename, sayPeople, type Appearance, type Face, type Person } from "./known";

interface Props {
  person: Person;
  faces: Face[];
  seen: Appearance | undefined;
  /** Something changed; `said` is what to tell. */
  changed(said: string): Promise<void>;
}

type Open = "" | "rename" | "blacklist" | "forget";

function Rename({ person, changed, close }: Props & { close(): void }) {
  const words = w().ofPeople;
  const field = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState("");
  useEffect(() => field.current?.select(), []);
  const save = (submit: SubmitEvent): void => {
    submit.preventDefault();
    const name = field.current?.value.trim() ?? "";
    setFault("");
    void rename(person, name).then(
      () => changed(words.renamed(name)).then(close),
      (thrown) => setFault(sayPeople(asProblem(thrown))),
    );
  };
  const id = `name-of-${person.id}`;
  return (
    <form class="teach" onSubmit={save}>
      <label for={id}>{words.newName}</label>
      <input ref={field} id={id} required maxlength={100} autocomplete="off" defaultValue={person.name} aria-describedby={`${id}-hint`} />
      <small id={`${id}-hint`}>{words.renameHint}</small>
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
      <button type="submit">{words.save}</button>
      <button type="button" class="quiet" onClick={close}>{words.cancel}</button>
    </form>
  );
}

function Photographs({ person, faces, changed }: Props) {
  const words = w().ofPeople;
  const [fault, setFault] = useState("");
  if (faces.length === 0) return <p class="soft">{words.noPhotographs}</p>;
  const remove = (face: Face): void => {
    setFault("");
    void deleteFace(face).then(() => changed(words.photographDeleted(person.name)), (thrown) => setFault(explain(asProblem(thrown))));
  };
  return (
    <details>
      <summary>{words.photographs(faces.length)}</summary>
      <ul class="rows">
        {faces.map((face) => (
          <li key={face.id}>
            <span>{words.photographOf(momentText(face.created))}</span>
            {mayTeach() && (
              <button type="button" class="quiet" aria-label={words.deletePhotographOf(person.name, momentText(face.created))} onClick={() => remove(face)}>
                {words.deletePhotograph}
              </button>
            )}
          </li>
        ))}
      </ul>
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
    </details>
  );
}

function Dialogs({ open, close, ...of }: Props & { open: Open; close(): void }) {
  const words = w().ofPeople;
  const { person, changed } = of;
  if (open === "blacklist")
    return (
      <Confirm title={words.blacklistTitle(person.name)} yes={words.blacklist} said={sayPeople} closed={close}
        act={() => list(person, "blacklisted").then(() => changed(words.blacklisted(person.name)))}>
        <p>{words.blacklistText}</p>
      </Confirm>
    );
  if (open === "forget")
    return (
      <Confirm title={words.forgetTitle(person.name)} yes={words.forget} said={sayPeople} closed={close}
        act={() => forget(person).then(() => changed(words.forgotten(person.name)))}>
        <p>{words.forgetDeleted(person.faces)}</p>
        <p>{words.forgetKept}</p>
        <p><strong>{words.forgetFinal}</strong></p>
      </Confirm>
    );
  return null;
}

/** One who is known, and what an administrator may do about it. */
export function PersonCard(of: Props) {
  const words = w().ofPeople;
  const { person, seen, changed } = of;
  const last = seen?.last;
  const [open, setOpen] = useState<Open>("");
  const [fault, setFault] = useState("");
  const close = (): void => setOpen("");
  const unlist = (): void => {
    setFault("");
    void list(person, "known").then(() => changed(words.unlisted(person.name)), (thrown) => setFault(sayPeople(asProblem(thrown))));
  };
  const isListed = person.listed_as === "blacklisted";
  return (
    <article class={`visit${seen?.picture ? "" : " bare"}`} aria-labelledby={`person-${person.id}`}>
      {seen?.picture && <div class="picture"><img src={seen.picture} loading="lazy" alt={w().pictureOf(person.name)} /></div>}
      <div class="text">
        <h3 id={`person-${person.id}`}>{person.name}</h3>
        {isListed && <p class="listed">⚠ {words.listed}</p>}
        <p class="soft">{last ? words.lastSeen(`${momentText(last.time)}${last.camera ? `, ${nameOf(last.camera)}` : ""}`) : words.notSeen}</p>
        <Photographs {...of} />
        {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
        {open === "rename" && <Rename {...of} close={close} />}
        {mayTeach() && open !== "rename" && (
          <div class="actions">
            <button type="button" class="quiet" onClick={() => setOpen("rename")}>{words.rename}</button>
            {isListed ? <button type="button" class="quiet" onClick={unlist}>{words.unlist}</button>
              : <button type="button" class="quiet" onClick={() => setOpen("blacklist")}>{words.blacklist}</button>}
            <button type="button" class="quiet" onClick={() => setOpen("forget")}>{words.forget}</button>
          </div>
        )}
        <Dialogs {...of} open={open} close={close} />
      </div>
    </article>
  );
}
