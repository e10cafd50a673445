// SPDX-License-Identifier: Apache-2.0
// What this page has seen since it was opened: a bounded row of points for each curve.
import { all, one, sum, type Metrics } from "./metrics";

export interface Look {
  at: number; // ms since 1970, this page's clock
  answerMs: number | null; // how long the house took to answer
  metrics: Metrics | null; // null: not for this account
}

export type Curve = "answer" | "cpu" | "machine" | "memory" | "queues" | "messages";

export interface History {
  times: number[]; // s since 1970, as uPlot wants them
  curves: Record<Curve, (number | null)[]>;
  fps: Map<string, (number | null)[]>; // by camera
}

export const mostPoints = 720; // an hour of looks every five seconds
const mebibyte = 1024 * 1024;

export const emptyHistory = (): History => ({ times: [], curves: { answer: [], cpu: [], machine: [], memory: [], queues: [], messages: [] }, fps: new Map() });

/** Percent of one core that the daemon used between two looks. Null: not known, or the daemon was started anew between them. */
export function cpuBetween(before: Look | null, now: Look): number | null {
  const [then, spent] = [one(before?.metrics ?? null, "process_cpu_seconds_total"), one(now.metrics, "process_cpu_seconds_total")];
  if (!before || then === null || spent === null || spent < then || now.at <= before.at) return null;
  return ((spent - then) / ((now.at - before.at) / 1000)) * 100;
}

function pointsOf(before: Look | null, now: Look): Record<Curve, number | null> {
  const bytes = one(now.metrics, "process_resident_memory_bytes");
  return {
    answer: now.answerMs,
    cpu: cpuBetween(before, now),
    machine: one(now.metrics, "system_cpu_usage_percent"),
    memory: bytes === null ? null : bytes / mebibyte,
    queues: sum(now.metrics, "pipeline_queue_size"),
    messages: now.metrics ? (sum(now.metrics, "outbox_depth") ?? 0) : null,
  };
}

const cut = <T>(list: T[]): T[] => list.slice(-mostPoints);

/** The history with one look more; the oldest goes when there are too many. */
export function remember(history: History, before: Look | null, now: Look): History {
  const points = pointsOf(before, now);
  const curves = Object.fromEntries(Object.entries(history.curves).map(([name, list]) => [name, cut([...list, points[name as Curve]])])) as History["curves"];
  const looks = history.times.length;
  const fps = new Map<string, (number | null)[]>();
  const rates = new Map(all(now.metrics, "camera_fps").map((sample) => [sample.labels.camera_id ?? "", sample.value]));
  for (const camera of new Set([...history.fps.keys(), ...rates.keys()]))
    fps.set(camera, cut([...(history.fps.get(camera) ?? Array<null>(looks).fill(null)), rates.get(camera) ?? null]));
  return { times: cut([...history.times, now.at / 1000]), curves, fps };
}
