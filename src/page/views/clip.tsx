// SPDX-License-Identifier: Apache-2.0
import { useState } from "preact/hooks";
import { asProblem, request, type Problem } from "../api";
import { explain, w } from "../words";
import { Said } from "./said";

function sayClip(problem: Problem): string {
  if (problem.status === 404) return w().errors.noClip;
  if (problem.status === 409) return w().errors.clipNotYet;
  return explain(problem);
}

/** The film of an event. It is asked for when somebody wants it: making one costs the house work. */
export function Clip({ id, label }: { id: string; label: string }) {
  const path = `/api/v1/events/${id}/clip`;
  const [state, setState] = useState<"none" | "asked" | "there">("none");
  const [fault, setFault] = useState("");
  const play = (): void => {
    if (state === "asked") return;
    setState("asked");
    setFault("");
    // One byte first: a player could not say why there is no film.
    void request("GET", path, undefined, { Range: "bytes=0-0" }).then(
      () => setState("there"),
      (thrown) => {
        setFault(sayClip(asProblem(thrown)));
        setState("none");
      },
    );
  };
  if (state === "there") return <video class="film" controls autoplay muted playsInline src={path} aria-label={label} />;
  return (
    <>
      <button type="button" class="quiet" aria-disabled={state === "asked"} onClick={play}>▶ {state === "asked" ? w().loading : w().playClip}</button>
      {fault && <p class="fault" role="alert"><Said text={fault} /></p>}
    </>
  );
}
