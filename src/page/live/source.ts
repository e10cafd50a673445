// SPDX-License-Identifier: Apache-2.0
// Where moving pictures come into the page. A view shows what it is given and does not care how it came.
import type { Camera } from "../types";
import { canPlayHls, playHls } from "./hls";
import { canPlay, playLive } from "./mse";
import { showStills } from "./still";

export interface LiveView {
  image: HTMLImageElement;
  video: HTMLVideoElement;
  /** A picture was shown that was `ageMs` old; `live`: it moves. */
  shown(ageMs: number, live: boolean): void;
}

export type Stop = () => void;

const retryLive = 15_000; // ms, doubled each time
const mostRetryLive = 60_000; // a camera that is back should move again within a minute

function show(view: LiveView, which: "image" | "video"): void {
  view.image.hidden = which !== "image";
  view.video.hidden = which !== "video";
}

// What was shown last stays, also when its stream is over.
function freeze({ image, video }: LiveView): void {
  if (video.hidden || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const before = image.src;
  // Later and not at once: what a page that is being left sets loads as a ping, which its policy forbids.
  canvas.toBlob((picture) => {
    if (!picture || image.src !== before) return;
    const url = URL.createObjectURL(picture);
    image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
    image.src = url;
  }, "image/jpeg", 0.8);
}

/**
 * Shows a camera until the returned function is called: the live stream where daemon and browser have it, else stills. A page that nobody sees asks for
 * nothing. `small`: the camera's smaller stream does, where it has one.
 */
export function watch(camera: Camera, view: LiveView, small: boolean): Stop {
  let stop: Stop = () => undefined;
  let timer = 0;
  let pause = retryLive;
  // The quicker way first; where it cannot play what the camera sends, the other.
  const all = [canPlay(camera) && "socket", canPlayHls(camera, view.video) && "playlist"].filter(Boolean);
  let ways = [...all];
  const stills = (forGood: boolean): void => {
    stop();
    show(view, "image");
    stop = showStills(camera, view.image, (age) => view.shown(age, false));
    if (forGood) ways.shift();
    if (forGood && ways.length > 0) return live();
    if (all.length === 0) return;
    ways = [...all]; // the camera may send something else by then
    if (forGood) pause = mostRetryLive;
    timer = window.setTimeout(live, pause);
    pause = Math.min(mostRetryLive, pause * 2);
  };
  const live = (): void => {
    stop();
    // Until the first of the moving pictures is there, the stills go on.
    const stopStills = showStills(camera, view.image, (age) => view.shown(age, false));
    let at = -1;
    const events = {
      picture: (ageMs = 0) => {
        // That one came does not say that one is drawn.
        if (view.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || view.video.currentTime === at) return;
        at = view.video.currentTime;
        pause = retryLive;
        stopStills();
        show(view, "video");
        view.shown(ageMs, true);
      },
      failed: stills,
    };
    const stopLive = ways[0] === "socket"
      ? playLive(`${camera.live}?quality=${small ? "sub" : "main"}`, view.video, events)
      : playHls(camera, small, view.video, events);
    stop = () => {
      stopStills();
      freeze(view);
      show(view, "image");
      stopLive();
    };
  };
  const begin = (): void => {
    clearTimeout(timer);
    if (document.hidden) stop();
    else if (all.length > 0) live();
    else stills(false);
  };
  show(view, "image");
  begin();
  document.addEventListener("visibilitychange", begin);
  return () => {
    document.removeEventListener("visibilitychange", begin);
    clearTimeout(timer);
    stop();
  };
}
