// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "preact/hooks";
import { watch } from "../live/source";
import { isAdmin } from "../session";
import type { Camera } from "../types";
import { ageText, w } from "../words";

const freshFor = 6000; // ms; a still is renewed every two seconds
const mostDelay = 14_000; // ms that a film may be late by nature, as HLS is, and is no old picture for that

const mendable = ["auth_failed", "unreachable", "protocol_error", "disabled"]; // states that a change of the settings may end

function stateText(camera: Camera): string {
  const states: Record<string, string> = w().states;
  return states[camera.state] ?? w().stateUnknown;
}

/** One camera's picture with its age and state; `full`: as large as there is room. */
export function Tile({ camera, full = false }: { camera: Camera; full?: boolean }) {
  const image = useRef<HTMLImageElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const taken = useRef<number | null>(null); // when the shown picture was made, by this page's clock
  const [age, setAge] = useState<number | null>(null);
  const [live, setLive] = useState(false);
  const [delay, setDelay] = useState(0); // of the moving pictures, ms

  useEffect(() => {
    const timer = setInterval(() => setAge(taken.current === null ? null : Date.now() - taken.current), 1000);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (camera.state !== "connected" || !image.current || !video.current) return undefined;
    const shown = (ageMs: number, moves: boolean): void => {
      taken.current = Date.now() - ageMs;
      setAge(ageMs);
      setLive(moves);
      setDelay(moves ? Math.min(mostDelay, ageMs) : 0);
    };
    return watch(camera, { image: image.current, video: video.current, shown }, !full);
  }, [camera.id, camera.state, camera.live, full]);

  const old = camera.state !== "connected" || age === null || age > delay + freshFor;
  return (
    <figure class={`tile${full ? " full" : ""}${old ? " old" : ""}`}>
      <div class="picture">
        <img ref={image} alt={w().pictureOf(camera.name)} />
        <video ref={video} hidden muted playsInline aria-label={w().pictureOf(camera.name)} />
        {age === null && <span class="empty">{camera.state === "connected" ? w().loading : w().noPicture}</span>}
      </div>
      <figcaption>
        {full ? <strong>{camera.name}</strong> : (
          <a class="whole" href={`#/camera/${encodeURIComponent(camera.id)}`} aria-label={w().openCamera(camera.name)}>{camera.name}</a>
        )}
        <span class={`state ${old ? "warn" : "good"}`}>
          {camera.state !== "connected" && <span>{stateText(camera)}</span>}
          {age !== null && <span class="age">{live && !old && age <= freshFor ? w().isLive : ageText(age)}</span>}
          {isAdmin() && mendable.includes(camera.state) && (
            <a class="mend" href="#/settings/cameras" aria-label={`${w().toSettings}: ${camera.name}`}>{w().toSettings}</a>
          )}
        </span>
      </figcaption>
    </figure>
  );
}
