// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, asProblem, get, type Problem } from "../api";
import { explain, w } from "../words";
import { Said } from "./said";

interface Person {
  id: number;
  name: string;
}

function sayTeach(problem: Problem): string {
  return problem.status === 422 || problem.status === 404 ? w().noUsableFace : explain(problem);
}

/** "This is …" and "Not Anna": the face of the event's picture is learnt under the name that is given. */
export function Teach({ event, person, taught }: { event: string; person: string | undefined; taught?(name: string): void }) {
  const [open, setOpen] = useState(false);
  const [people, setPeople] = useState<Person[]>([]);
  const [said, setSaid] = useState("");
  const [fault, setFault] = useState("");
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!open) return;
    form.current?.querySelector("input")?.focus();
    void get<{ people: Person[] }>("/api/v1/people").then((list) => setPeople(list.people), () => undefined);
  }, [open]);
  const teach = (submit: SubmitEvent): void => {
    submit.preventDefault();
    const name = String(new FormData(submit.currentTarget as HTMLFormElement).get("person") ?? "").trim();
    setFault("");
    void ask("POST", "/api/v1/people", { name, event }).then(
      () => {
        setSaid(w().taught(name));
        setOpen(false);
        taught?.(name);
      },
      (thrown) => setFault(sayTeach(asProblem(thrown))),
    );
  };
  if (!open)
    return (
      <>
        <button type="button" class="quiet" onClick={() => setOpen(true)}>{person ? w().notThis(person) : w().thisIs}</button>
        <p role="status" class="answered" hidden={!said}>{said}</p>
      </>
    );
  return (
    <form ref={form} class="teach" onSubmit={teach}>
      <label for={`who-${event}`}>{w().whoIsIt}</label>
      <input id={`who-${event}`} name="person" required maxlength={100} list={`people-${event}`} autocomplete="off" />
      <datalist id={`people-${event}`}>{people.filter((one) => one.name !== person).map((one) => <option key={one.id} value={one.name} />)}</datalist>
      <button type="submit">{w().teach}</button>
      <button type="button" class="quiet" onClick={() => setOpen(false)}>{w().close}</button>
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
    </form>
  );
}
