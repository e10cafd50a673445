// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { cpuBetween, emptyHistory, mostPoints, remember, type Look } from "../../src/page/health/history";
import { all, most, one, parseMetrics, sum } from "../../src/page/health/metrics";
import { troublesOf } from "../../src/page/health/sections";
import type { Status } from "../../src/page/health/read";
import { bytesText, spanText } from "../../src/page/health/texts";
import { w } from "../../src/page/words";

const text = `# HELP camera_fps Frames per second.
# TYPE camera_fps gauge
camera_fps{camera_id="front"} 9.5
camera_fps{camera_id="back yard, \\"old\\" \\\\ {x}\\n"} 3
process_cpu_seconds_total 12.5
odd NaN
endless{le="+Inf"} +Inf
outbox_depth{channel="a"} 2
outbox_depth{channel="b"} 3
no sample line
`;

test("the exposition is read with its labels as they are meant", () => {
  const metrics = parseMetrics(text);
  expect(one(metrics, "camera_fps", { camera_id: "front" })).toBe(9.5);
  expect(all(metrics, "camera_fps")[1]?.labels.camera_id).toBe('back yard, "old" \\ {x}\n');
  expect(one(metrics, "process_cpu_seconds_total")).toBe(12.5);
  expect(one(metrics, "endless")).toBe(Infinity);
  expect([sum(metrics, "outbox_depth"), most(metrics, "outbox_depth")]).toEqual([5, 3]);
});

test("what is not there, or no number, is null and not zero", () => {
  const metrics = parseMetrics(text);
  expect([one(metrics, "odd"), one(metrics, "none"), one(null, "camera_fps"), sum(metrics, "none"), most(null, "none")]).toEqual([null, null, null, null, null]);
});

const looked = (at: number, cpu: number, more = ""): Look => ({ at, answerMs: 5, metrics: parseMetrics(`process_cpu_seconds_total ${cpu}\n${more}`) });

test("the processor's use is what was spent between two looks", () => {
  expect(cpuBetween(looked(0, 10), looked(5000, 11))).toBeCloseTo(20);
  expect(cpuBetween(null, looked(5000, 11))).toBeNull();
  expect(cpuBetween(looked(0, 10), looked(5000, 1)), "a daemon that was started anew").toBeNull();
  expect(cpuBetween(looked(0, 10), { at: 5000, answerMs: 1, metrics: null })).toBeNull();
});

test("the history is bounded, and its curves are as long as its times", () => {
  let history = emptyHistory();
  for (let at = 0; at < mostPoints + 10; ++at) history = remember(history, null, looked(at * 1000, at));
  history = remember(history, null, looked(9e6, 0, 'camera_fps{camera_id="late"} 4')); // a camera that was added
  expect(history.times).toHaveLength(mostPoints);
  expect(history.times.at(-1)).toBe(9000);
  for (const curve of [...Object.values(history.curves), ...history.fps.values()]) expect(curve).toHaveLength(mostPoints);
  expect(history.fps.get("late")?.slice(-2)).toEqual([null, 4]);
  history = remember(history, null, looked(9.1e6, 0)); // and taken away
  expect(history.fps.get("late")?.slice(-2)).toEqual([4, null]);
});

const well: Status = {
  version: "1", ready: true, certificate_fault: "", checks: { database_connected: true }, audit: { intact: null },
  cameras: [{ id: "a", name: "A", state: "connected" }, { id: "b", name: "B", state: "disabled" }], buttons: [{ id: "x", state: "idle", text: "" }],
};

test("what is wrong is named, and nothing else", () => {
  const words = w().ofHealth;
  expect(troublesOf(well, null, null)).toEqual([]);
  expect(troublesOf({ ...well, checks: { database_connected: false } }, null, null)).toEqual([words.checks.database_connected]);
  expect(troublesOf({ ...well, cameras: [{ id: "a", name: "A", state: "stalled" }] }, null, null)[0]).toContain(w().states.stalled);
  expect(troublesOf({ ...well, audit: { intact: false }, certificate_fault: "expired" }, null, null)).toHaveLength(2);
  expect(troublesOf({ ...well, ready: false }, null, null)).toEqual([words.notReady]);
  const metrics = parseMetrics('disk_space_used_percent{mount_point="/"} 95\ndisk_space_used_percent{mount_point="/rec"} 99\nstorage_volume_info{mount_point="/rec",role="recordings"} 1\noutbox_dead_letters{channel="a"} 1');
  expect(troublesOf(well, null, metrics)).toEqual([words.deadLetters(1), words.diskFull("/", "95 %")]);
});

test("amounts and spans are told as people do", () => {
  expect([bytesText(0), bytesText(1536), bytesText(5e9)]).toEqual(["0 B", "1.5 KiB", "4.7 GiB"]);
  expect([spanText(5), spanText(65), spanText(3 * 3600 + 120), spanText(25 * 3600), spanText(-1)]).toEqual(["5 s", "1 min", "3 h 2 min", "1 day 1 h", "0 s"]);
});
