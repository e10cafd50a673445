// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, asProblem, get, type Problem } from "../api";
import { canBeJudged, claim, sayIdentity, sayRefusedClaim, type Claim } from "../identity";
import { mayTeach } from "../session";
import type { HouseEvent, Identity } from "../types";
import { explain, w } from "../words";
import { Said } from "./said";

interface Person {
  id: number;
  name: string;
}

function sayTeach(problem: Problem): string {
  return problem.status === 422 || problem.status === 404 ? w().noUsableFace : explain(problem);
}

interface FormProps {
  event: string; // names the fields
  person: string | undefined;
  judge: boolean; // it can be said who it was not, too
  learn: boolean; // the face will be known by the name
  fault: string;
  named(name: string, learn: boolean): void;
  said(what: Claim): void;
  close(): void;
}

function WhoIsIt({ event, person, judge, learn, fault, named, said, close }: FormProps) {
  const [people, setPeople] = useState<Person[]>([]);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector("input")?.focus();
    void get<{ people: Person[] }>("/api/v1/people").then((list) => setPeople(list.people), () => undefined);
  }, []);
  const send = (submit: SubmitEvent): void => {
    submit.preventDefault();
    const only = (submit.submitter as HTMLButtonElement | null)?.value === "only";
    named(String(new FormData(submit.currentTarget as HTMLFormElement).get("person") ?? "").trim(), learn && !only);
  };
  return (
    <form ref={form} class="teach" onSubmit={send}>
      <label for={`who-${event}`}>{w().whoIsIt}</label>
      <input id={`who-${event}`} name="person" required maxlength={100} list={`people-${event}`} autocomplete="off" />
      <datalist id={`people-${event}`}>{people.filter((one) => one.name !== person).map((one) => <option key={one.id} value={one.name} />)}</datalist>
      <button type="submit">{learn ? w().teach : w().sayWho}</button>
      {learn && judge && <button type="submit" class="quiet" value="only">{w().onlySayWho}</button>}
      <button type="button" class="quiet" onClick={close}>{w().close}</button>
      {judge && <button type="button" class="quiet" onClick={() => said({ stranger: true })}>{w().stranger}</button>}
      {judge && person && <button type="button" class="quiet" onClick={() => said({ is_not: true })}>{w().somebodyElse}</button>}
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
    </form>
  );
}

interface TeachProps {
  /** An event whose picture shows the face; null: there is none to learn from. */
  event: string | null;
  person: string | undefined;
  /** What was recognised, when it can be said whether that is right. */
  sighting?: HouseEvent | null;
  taught?(name: string): void;
}

/** "This is …", "Not Anna" and "Yes, Anna": who was seen. Administrators may have the face of the picture learnt with it. */
export function Teach({ event, person, sighting = null, taught }: TeachProps) {
  const judged = canBeJudged(sighting) ? sighting : null;
  const [open, setOpen] = useState(false);
  const [learnt, setLearnt] = useState("");
  const [fault, setFault] = useState("");
  const [identity, setIdentity] = useState<Identity | undefined>(judged?.identity);
  useEffect(() => setIdentity(judged?.identity), [judged?.identity?.at]);
  const learns = mayTeach() && event !== null;
  const id = judged?.id ?? event;
  if (id === null || (!judged && !learns)) return null;

  const done = (): void => {
    setFault("");
    setOpen(false);
  };
  const say = (said: Claim): void => {
    void claim(id, said).then(
      (taken) => {
        setIdentity(taken);
        setLearnt("");
        done();
      },
      (thrown) => setFault(sayRefusedClaim(asProblem(thrown))),
    );
  };
  const learn = (name: string): void => {
    void ask("POST", "/api/v1/people", { name, event }).then(
      () => {
        setLearnt(w().taught(name));
        done();
        taught?.(name);
      },
      (thrown) => setFault(sayTeach(asProblem(thrown))),
    );
  };
  if (open)
    return (
      <WhoIsIt event={id} person={person} judge={judged !== null} learn={learns} fault={fault} said={say} close={done}
        named={(name, learnt) => (learnt ? learn(name) : say({ is: name }))} />
    );
  return (
    <>
      {judged && person && identity?.is !== person && (
        <button type="button" class="quiet" onClick={() => say({ is: person })}>{w().yesThis(person)}</button>
      )}
      <button type="button" class="quiet" onClick={() => setOpen(true)}>{person ? w().notThis(person) : w().thisIs}</button>
      <p role="status" class="answered" hidden={!learnt && !identity}>{learnt || (identity && sayIdentity(identity, person))}</p>
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
    </>
  );
}
