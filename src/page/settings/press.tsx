// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";
import { asProblem, houseNow, request } from "../api";
import { overhear } from "../feed";
import type { HouseEvent } from "../types";
import { clockTime, explain } from "../words";
import { Counted, useSeconds } from "./busy";
import { s } from "./words";

export const waitFor = 30; // seconds
const clocksDiffer = 2000; // ms; the house tells its time in whole seconds

/** Whether the event is a press of that button, since `begun` (ms since 1970, at the house). */
export const isPress = (event: HouseEvent, button: string, begun: number): boolean =>
  event.type === "ring" && event.button === button && Date.parse(event.time) >= begun - clocksDiffer;

type Stage = { at: "rest" } | { at: "waiting"; begun: number } | { at: "seen"; time: string } | { at: "missed" } | { at: "failed"; why: string };

/** "Press now": whether a press arrives as an event. A button that exists by command only is rung by one. */
export function Press({ id, name, byCommand }: { id: string; name: string; byCommand: boolean }) {
  const [stage, setStage] = useState<Stage>({ at: "rest" });
  const isWaiting = stage.at === "waiting";
  const seconds = useSeconds(isWaiting);
  useEffect(() => {
    if (stage.at !== "waiting") return undefined;
    const stop = overhear((event) => isPress(event, id, stage.begun) && setStage({ at: "seen", time: event.time }));
    if (byCommand)
      void request("POST", `/api/v1/buttons/${encodeURIComponent(id)}/ring`).catch((thrown) => setStage({ at: "failed", why: explain(asProblem(thrown)) }));
    return stop;
  }, [stage]);
  useEffect(() => {
    if (isWaiting && seconds >= waitFor) setStage({ at: "missed" });
  }, [isWaiting, seconds]);
  const begin = (): void => {
    if (!isWaiting) setStage({ at: "waiting", begun: houseNow() });
  };
  return (
    <div class="press">
      <p><button type="button" aria-disabled={isWaiting} aria-label={s().button.pressOf(name)} onClick={begin}>{s().button.press}</button></p>
      <div role="status">
        {isWaiting && <p>{byCommand ? s().button.ringing : s().button.waiting}</p>}
        {stage.at === "seen" && <p class="answered">✓ {s().button.seen(clockTime(stage.time))}</p>}
        {stage.at === "failed" && <p class="fault">{stage.why}</p>}
        {stage.at === "missed" && (
          <div class="fault">
            <p>{s().button.notSeen}</p>
            <ul>{s().button.checks.map((text) => <li key={text}>{text}</li>)}</ul>
          </div>
        )}
      </div>
      {isWaiting && <Counted text={byCommand ? s().elapsed(seconds) : s().button.left(waitFor - seconds)} />}
    </div>
  );
}
