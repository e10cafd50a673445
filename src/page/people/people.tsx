// SPDX-License-Identifier: Apache-2.0
// Who is known. Users see it, administrators change it.
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, houseNow, type Problem } from "../api";
import { nameOf, refreshCameras } from "../cameras";
import { newest } from "../ring";
import { mayTeach } from "../session";
import type { HouseEvent } from "../types";
import { Said } from "../views/said";
import { Teach } from "../views/teach";
import { explain, momentText, w } from "../words";
import { Enrol, Identify } from "./enrol";
import { readKnown, readSeen, type Known, type Seen, type Stranger } from "./known";
import { PersonCard } from "./person";

function Strangers({ list, changed }: { list: Stranger[]; changed(said: string): Promise<void> }) {
  const words = w().ofPeople;
  const [named, setNamed] = useState<string[]>([]); // their events go on to say that nobody knew them then
  const left = list.filter(({ event }) => !named.includes(event.id));
  const taught = (event: HouseEvent, name: string): void => void changed(w().taught(name)).then(() => setNamed((before) => [...before, event.id]));
  return (
    <section aria-labelledby="strangers">
      <h2 id="strangers">{words.strangers}</h2>
      <p class="soft">{left.length > 0 ? words.strangersHint : words.noStrangers}</p>
      <ul class="visits strangers">
        {left.map(({ event, picture }) => (
          <li key={event.id}>
            <article class="visit" aria-label={words.strangerAt(momentText(event.time), nameOf(event.camera))}>
              <div class="picture"><img src={picture} loading="lazy" alt={w().unknownPerson} /></div>
              <div class="text">
                <p class="soft">{words.strangerAt(momentText(event.time), nameOf(event.camera))}</p>
                <div class="actions"><Teach event={event.id} person={undefined} taught={(name) => taught(event, name)} /></div>
              </div>
            </article>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function People() {
  const words = w().ofPeople;
  const [known, setKnown] = useState<Known | null>(null);
  const [seen, setSeen] = useState<Seen | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [said, setSaid] = useState("");
  const status = useRef<HTMLParagraphElement>(null);
  const refresh = async (): Promise<void> => {
    try {
      setKnown(await readKnown());
      setSeen(await readSeen(houseNow()));
      setProblem(null);
    } catch (thrown) {
      setProblem(asProblem(thrown));
    }
  };
  const changed = async (text: string): Promise<void> => {
    await refresh();
    setSaid(text);
  };
  // The button that was pressed may be gone with its card: then the focus goes to what is said of it.
  useEffect(() => {
    if (said && document.activeElement === document.body) status.current?.focus();
  }, [said]);
  useEffect(() => void refreshCameras().catch(() => undefined), []);
  useEffect(() => void refresh(), [newest.value]);
  const admin = mayTeach();
  return (
    <>
      <h1>{w().people}</h1>
      <p>{words.intro}</p>
      {problem && <p class="fault" role="alert"><Said text={explain(problem)} /></p>}
      <p ref={status} class="answered" role="status" tabIndex={-1}>{said}</p>
      {!known && !problem && <p>{w().loading}</p>}
      {known && (
        <section aria-labelledby="known">
          <h2 id="known">{words.known}</h2>
          {known.people.length === 0 && <p>{admin ? words.noneAdmin : words.none}</p>}
          <ul class="visits people">
            {known.people.map((person) => (
              <li key={person.id}>
                <PersonCard person={person} faces={known.faces.filter((face) => face.person.id === person.id)} seen={seen?.known.get(person.name)} changed={changed} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {admin && seen && <Strangers list={seen.strangers} changed={changed} />}
      {admin && known && (
        <div class="columns">
          <section aria-labelledby="add">
            <h2 id="add">{words.add}</h2>
            <Enrol people={known.people} changed={refresh} />
          </section>
          <section aria-labelledby="identify">
            <h2 id="identify">{words.identify}</h2>
            <Identify />
          </section>
        </div>
      )}
    </>
  );
}
