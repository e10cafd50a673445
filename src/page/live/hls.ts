// SPDX-License-Identifier: Apache-2.0
// For browsers that have no Media Source but play HLS by themselves: Safari on a phone.
import type { Camera } from "../types";
import type { LiveEvents } from "./mse";
import type { Stop } from "./source";

const patience = 20_000; // ms without another picture; the first one waits for a whole segment
const lookAgain = 500;

export const canPlayHls = (camera: Camera, video: HTMLVideoElement): boolean =>
  camera.live !== undefined && video.canPlayType("application/vnd.apple.mpegurl") !== "";

/** `small`: the camera's smaller stream does, where it has one. */
export function playHls(camera: Camera, small: boolean, video: HTMLVideoElement, on: LiveEvents): Stop {
  let over = false;
  let at = -1;
  let last = performance.now();
  const failed = (): void => {
    if (over) return;
    on.failed(false);
    end();
  };
  const look = window.setInterval(() => {
    const now = performance.now();
    if (video.currentTime !== at && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      at = video.currentTime;
      last = now;
      on.picture();
    } else if (now - last > patience) failed();
  }, lookAgain);
  const end = (): void => {
    over = true;
    clearInterval(look);
    video.removeEventListener("error", failed);
    video.removeAttribute("src");
    video.load();
  };
  video.addEventListener("error", failed);
  video.muted = true; // or no browser begins by itself
  video.playsInline = true; // in the page, not over it
  video.src = `/hls/${encodeURIComponent(camera.id)}/${small ? "sub" : "main"}.m3u8`;
  void video.play().catch(() => undefined);
  return end;
}
