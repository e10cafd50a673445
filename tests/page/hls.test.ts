// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ageOf, playHls, secondsBehind } from "../../src/page/live/hls";
import type { Camera } from "../../src/page/types";

/** As much of a video as the player uses. */
class Video extends EventTarget {
  src = "";
  muted = false;
  playsInline = false;
  paused = true;
  seeking = false;
  readyState = 0;
  currentTime = 0;
  newest = 0; // s; 0: nothing is offered
  loads = 0;
  refusal: unknown = null;
  getStartDate?: () => Date;
  get seekable() {
    return { length: this.newest > 0 ? 1 : 0, end: () => this.newest };
  }
  play(): Promise<void> {
    this.paused = this.refusal !== null;
    return this.refusal === null ? Promise.resolve() : Promise.reject(this.refusal);
  }
  removeAttribute(name: string): void {
    if (name === "src") this.src = "";
  }
  load(): void {
    ++this.loads;
  }
}

const camera = { id: "front door", live: "/live" } as unknown as Camera;
let video: Video;
let ages: number[];
let failures: boolean[];
const begin = (small = false) =>
  playHls(camera, small, video as unknown as HTMLVideoElement, { picture: (age) => ages.push(age ?? -1), failed: (forGood) => failures.push(forGood) });
const plays = (seconds: number): void => {
  video.readyState = 2;
  video.currentTime += seconds;
  vi.advanceTimersByTime(500);
};

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-27T08:00:00Z") });
  vi.stubGlobal("window", { setInterval: setInterval });
  vi.stubGlobal("HTMLMediaElement", { HAVE_CURRENT_DATA: 2 });
  video = new Video();
  ages = [];
  failures = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a film is there when it goes on, and its address is gone with it", () => {
  const stop = begin(true);
  expect(video.src).toBe("/hls/front%20door/sub.m3u8");
  expect([video.muted, video.playsInline]).toEqual([true, true]);
  plays(0.5);
  expect(ages).toHaveLength(1);
  stop();
  expect([video.src, video.loads, vi.getTimerCount()]).toEqual(["", 1, 0]);
  plays(0.5);
  video.dispatchEvent(new Event("error"));
  expect([ages.length, failures]).toEqual([1, []]);
});

test("a first picture that stands still is no film", () => {
  begin();
  video.readyState = 4;
  vi.advanceTimersByTime(19_000);
  expect([ages, failures]).toEqual([[], []]);
  vi.advanceTimersByTime(2000);
  expect([ages, failures, video.src, vi.getTimerCount()]).toEqual([[], [false], "", 0]);
});

test("where no film may begin by itself none is tried again", async () => {
  video.refusal = new DOMException("not now", "NotAllowedError");
  begin();
  await vi.advanceTimersByTimeAsync(1);
  expect([failures, video.src]).toEqual([[true], ""]);
});

test("another refusal to play is left to the fault that the film tells", async () => {
  video.refusal = new DOMException("no source", "NotSupportedError");
  begin();
  await vi.advanceTimersByTimeAsync(1);
  expect(failures).toEqual([]);
  video.dispatchEvent(new Event("error"));
  video.dispatchEvent(new Event("error"));
  expect(failures).toEqual([false]);
});

test("what a stall left behind is jumped over, and a jump is no picture", () => {
  begin();
  video.newest = 3;
  plays(0.5);
  expect(ages).toEqual([2500]);
  video.newest = 40;
  plays(0.5);
  expect([video.currentTime, ages]).toEqual([40, [2500]]);
  vi.advanceTimersByTime(500); // it stands at the newest
  expect(ages).toEqual([2500]);
  video.newest = 60; // and is not sent on and on
  plays(0.5);
  expect([video.currentTime, ages]).toEqual([40.5, [2500, 19_500]]);
});

test("age is what the playlist's dates say, else what is behind", () => {
  const element = video as unknown as HTMLVideoElement;
  expect([secondsBehind(element), ageOf(element, 0)]).toEqual([0, 0]);
  video.newest = 12;
  video.currentTime = 10;
  expect(ageOf(element, Date.now())).toBe(2000);
  video.getStartDate = () => new Date(NaN); // no dates in it
  expect(ageOf(element, Date.now())).toBe(2000);
  video.getStartDate = () => new Date(Date.now() - 15_500);
  expect(ageOf(element, Date.now())).toBe(5500);
});
