// SPDX-License-Identifier: Apache-2.0
// For browsers that have no Media Source but play HLS by themselves: Safari on a phone.
import { houseNow } from "../api";
import type { Camera } from "../types";
import type { LiveEvents } from "./mse";
import type { Stop } from "./source";

const patience = 20_000; // ms without another picture; the first one waits for a whole segment
const lookAgain = 500;
const mostBehind = 6; // s behind the newest that the browser offers; a stall leaves it there for good
const jumpAgain = 10_000; // ms; a browser that loads slowly is not sent on and on

// Safari alone knows when the film's time 0 was, from the playlist's dates.
type Dated = HTMLVideoElement & { getStartDate?(): Date };

export const canPlayHls = (camera: Camera, video: HTMLVideoElement): boolean =>
  camera.live !== undefined && video.canPlayType("application/vnd.apple.mpegurl") !== "";

/** Seconds between what is shown and the newest that the browser offers; 0 where it offers nothing yet. */
export function secondsBehind({ seekable, currentTime }: HTMLVideoElement): number {
  return seekable.length === 0 ? 0 : Math.max(0, seekable.end(seekable.length - 1) - currentTime);
}

/** How old the shown picture is, in ms: by the playlist's dates where the browser tells them, else at least what it is behind. */
export function ageOf(video: Dated, now: number): number {
  const begun = video.getStartDate?.().getTime() ?? NaN;
  return Math.round(Number.isNaN(begun) ? 1000 * secondsBehind(video) : Math.max(0, now - begun - 1000 * video.currentTime));
}

/** `small`: the camera's smaller stream does, where it has one. */
export function playHls(camera: Camera, small: boolean, video: HTMLVideoElement, on: LiveEvents): Stop {
  let over = false;
  let last = performance.now();
  let jumped = -jumpAgain;
  const failFor = (forGood: boolean): void => {
    if (over) return;
    on.failed(forGood);
    end();
  };
  const failed = (): void => failFor(false);
  // To the newest; whether it went there.
  const catchUp = (now: number): boolean => {
    const behind = secondsBehind(video);
    if (video.seeking || behind <= mostBehind || now - jumped < jumpAgain) return false;
    jumped = now;
    at = video.currentTime = video.currentTime + behind;
    return true;
  };
  const look = window.setInterval(() => {
    const now = performance.now();
    const hasMoved = video.currentTime !== at && !video.paused && !video.seeking; // a first picture that stands still is none
    if (hasMoved && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      at = video.currentTime;
      last = now;
      if (!catchUp(now)) on.picture(ageOf(video, houseNow()));
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
  let at = video.currentTime;
  // Saving power, a phone lets no film begin by itself: it would refuse the next one, too.
  void video.play().catch((thrown: unknown) => thrown instanceof DOMException && thrown.name === "NotAllowedError" && failFor(true));
  return end;
}
