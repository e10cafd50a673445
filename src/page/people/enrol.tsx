// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { asProblem } from "../api";
import { Said } from "../views/said";
import { w } from "../words";
import { sayPeople, sayPhoto, type Person } from "./known";
import { enrol, identify, type Identified, type Outcome, type Step } from "./upload";

const isGood = ({ photo }: Outcome): boolean => photo.result === "enrolled" || photo.result === "duplicate";
const accepted = "image/jpeg,image/png";

function Outcomes({ name, outcomes, done }: { name: string; outcomes: Outcome[]; done: boolean }) {
  const words = w().ofPeople;
  const good = outcomes.filter(isGood).length;
  return (
    <>
      <ul class="rows outcomes">
        {outcomes.map((one, index) => (
          <li key={index}><span class={isGood(one) ? "answered" : "fault"}><b>{one.file}</b>: {sayPhoto(one.photo)}</span></li>
        ))}
      </ul>
      <p role="status">{!done ? "" : good > 0 ? words.learnt(name, good, outcomes.length) : words.nothingLearnt(name)}</p>
    </>
  );
}

/** Learns somebody from photographs of this device. */
export function Enrol({ people, changed }: { people: Person[]; changed(): Promise<void> }) {
  const words = w().ofPeople;
  const [step, setStep] = useState<Step | null>(null);
  const isBusy = step !== null;
  const [name, setName] = useState("");
  const [outcomes, setOutcomes] = useState<Outcome[]>([]);
  const [fault, setFault] = useState("");
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    const wanted = String(data.get("person") ?? "").trim();
    const got: Outcome[] = [];
    setName(wanted);
    setOutcomes([]);
    setFault("");
    const told = (one: Outcome): void => {
      got.push(one);
      setOutcomes([...got]);
    };
    await enrol(wanted, data.getAll("photo") as File[], setStep, told).catch((thrown) => setFault(sayPeople(asProblem(thrown))));
    setStep(null);
    if (!got.some(isGood)) return;
    form.reset();
    await changed();
  };
  return (
    <form class="card" onSubmit={(event) => void submit(event)}>
      <p>{words.addHint}</p>
      <p class="field">
        <label for="person">{words.addName}</label>
        <input id="person" name="person" required maxlength={100} autocomplete="off" list="known-names" aria-describedby="person-hint" />
        <small id="person-hint">{words.addNameHint}</small>
      </p>
      <datalist id="known-names">{people.map((one) => <option key={one.id} value={one.name} />)}</datalist>
      <p class="field">
        <label for="photo">{words.addFiles}</label>
        <input id="photo" name="photo" type="file" required multiple accept={accepted} aria-describedby="photo-hint" />
        <small id="photo-hint">{words.addFilesHint}</small>
      </p>
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
      {step && (
        <p class="field">
          <label for="sent">{(step.part < 1 ? words.sending : words.looking)(step.file, step.at, step.of)}</label>
          <progress id="sent" max={step.of} value={step.at - 1 + step.part * 0.9} />
        </p>
      )}
      <Outcomes name={name} outcomes={outcomes} done={!step && outcomes.length > 0} />
      <button type="submit" aria-disabled={isBusy}>{words.addButton}</button>
      <p>{words.fromVisit} <a href="#/visits">{words.fromVisitLink}</a>.</p>
    </form>
  );
}

function sayIdentified({ result, person, confidence, refused }: Identified): string {
  const words = w().ofPeople;
  const percent = Math.round(confidence * 100);
  if (person) return (result === "blacklist_match" ? words.identifiedListed : words.identified)(person, percent);
  return refused ? sayPhoto({ result: "face_unfit", refused }) : words.identifiedNobody;
}

/** Tries a photograph against who is known. */
export function Identify() {
  const words = w().ofPeople;
  const [said, setSaid] = useState<string[]>([]);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const file = new FormData(event.currentTarget as HTMLFormElement).get("photo") as File;
    setBusy(true);
    setFault("");
    setSaid([]);
    try {
      const { faces, photos } = await identify(file);
      if (faces?.length) setSaid(faces.map(sayIdentified));
      else setFault(sayPhoto(photos?.[0] ?? { result: "no_face" }));
    } catch (thrown) {
      const problem = asProblem(thrown);
      setFault(problem.status === 413 ? sayPhoto({ result: "too_large" }) : sayPeople(problem));
    }
    setBusy(false);
  };
  return (
    <form class="card" onSubmit={(event) => void submit(event)}>
      <p class="field">
        <label for="tried">{words.identifyFile}</label>
        <input id="tried" name="photo" type="file" required accept={accepted} aria-describedby="tried-hint" />
        <small id="tried-hint">{words.identifyHint}</small>
      </p>
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
      <div role="status">{said.map((one, index) => <p key={index} class="answered">{one}</p>)}</div>
      <button type="submit" aria-disabled={busy}>{busy ? w().loading : words.identifyButton}</button>
    </form>
  );
}
