// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api";
import { cameras, refreshCameras } from "../cameras";
import { isAdmin } from "../session";
import { explain, w } from "../words";
import { Said } from "./said";
import { Tile } from "./tile";

const period = 5000; // ms between two looks at the cameras' states

/** Keeps the list of cameras fresh while the view is there; the problem of the last try. */
export function useCameras(): Problem | null {
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    let timer = 0;
    let gone = false;
    const next = (): void => {
      const tried = document.hidden ? Promise.resolve() : refreshCameras();
      void tried.then(() => setProblem(null), (thrown) => setProblem(asProblem(thrown))).finally(() => {
        if (!gone) timer = window.setTimeout(next, period);
      });
    };
    next();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);
  return problem;
}

/** A house without a camera: where its administrator begins. */
function FirstSteps() {
  return (
    <section class="card">
      <h2>{w().firstStepsTitle}</h2>
      <p>{w().noCameras}</p>
      <p class="steps">
        <a class="button" href="#/settings/cameras">{w().addFirstCamera}</a>
        <a class="button quiet" href="#/settings/buttons">{w().addFirstButton}</a>
      </p>
    </section>
  );
}

export function Now() {
  const problem = useCameras();
  const list = cameras.value;
  return (
    <>
      <h1>{w().now}</h1>
      {problem && <p class="fault" role="alert"><Said text={explain(problem)} /></p>}
      {!list && !problem && <p>{w().loading}</p>}
      {list?.length === 0 && (isAdmin() ? <FirstSteps /> : <p>{w().noCamerasGranted}</p>)}
      <ul class="tiles">
        {list?.map((camera) => (
          <li key={camera.id}><Tile camera={camera} /></li>
        ))}
      </ul>
    </>
  );
}

export function FullView({ id }: { id: string }) {
  const problem = useCameras();
  const camera = cameras.value?.find((one) => one.id === id);
  return (
    <>
      <h1>{camera?.name ?? id}</h1>
      <p><a class="button quiet" href="#/now">← {w().back}</a></p>
      {problem && <p class="fault" role="alert"><Said text={explain(problem)} /></p>}
      {cameras.value && !camera && <p class="fault" role="alert">{w().errors.gone}</p>}
      {camera && <Tile camera={camera} full />}
    </>
  );
}
