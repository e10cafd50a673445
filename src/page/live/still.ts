// SPDX-License-Identifier: Apache-2.0
import { request } from "../api";
import type { Camera } from "../types";
import type { Stop } from "./source";

const period = 2000; // ms between two pictures
const afterFault = 4000;

/** Renews the picture while the page and the image are to be seen. `shown` is told how old each was, in ms. */
export function showStills(camera: Camera, image: HTMLImageElement, shown: (ageMs: number) => void): Stop {
  let stopped = false;
  let timer = 0;
  let url = "";
  let near = true;
  const eye = new IntersectionObserver((entries) => (near = entries.some((entry) => entry.isIntersecting)));
  eye.observe(image.parentElement ?? image);

  async function next(): Promise<void> {
    let wait = period;
    if (!document.hidden && near) {
      try {
        const answer = await request("GET", camera.snapshot);
        const picture = await answer.blob();
        if (stopped) return;
        const before = url;
        image.src = url = URL.createObjectURL(picture);
        if (before) URL.revokeObjectURL(before);
        shown(Number(answer.headers.get("X-Picture-Age-Ms") ?? 0));
      } catch {
        wait = afterFault; // the state beside the picture says why, and its age grows
      }
    }
    if (!stopped) timer = window.setTimeout(next, wait);
  }
  void next();

  return () => {
    stopped = true;
    clearTimeout(timer);
    eye.disconnect();
    if (url) URL.revokeObjectURL(url);
  };
}
