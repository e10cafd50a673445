// SPDX-License-Identifier: Apache-2.0
// What /metrics says, as far as the page reads it: gauges and counters of the text exposition 0.0.4.

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** By the name of the series. */
export type Metrics = Map<string, Sample[]>;

const escapes: Record<string, string> = { "\\\\": "\\", '\\"': '"', "\\n": "\n" };

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    if (name) labels[name] = (value ?? "").replace(/\\["\\n]/g, (one) => escapes[one] ?? one);
  }
  return labels;
}

const numbers: Record<string, number> = { "+Inf": Infinity, "-Inf": -Infinity };

export function parseMetrics(text: string): Metrics {
  const metrics: Metrics = new Map();
  for (const line of text.split("\n")) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!found) continue;
    const [, name = "", labels = "", value = ""] = found;
    const list = metrics.get(name) ?? [];
    list.push({ labels: labelsOf(labels), value: numbers[value] ?? Number(value) });
    metrics.set(name, list);
  }
  return metrics;
}

const fits = (sample: Sample, labels: Record<string, string>): boolean => Object.entries(labels).every(([name, value]) => sample.labels[name] === value);

/** The samples of a name with these labels, and maybe others. */
export const all = (metrics: Metrics | null, name: string, labels: Record<string, string> = {}): Sample[] =>
  (metrics?.get(name) ?? []).filter((sample) => fits(sample, labels));

/** Null: there is none, or its value is no number. */
export function one(metrics: Metrics | null, name: string, labels: Record<string, string> = {}): number | null {
  const value = all(metrics, name, labels)[0]?.value;
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** Null when there is none at all. */
export function sum(metrics: Metrics | null, name: string, labels: Record<string, string> = {}): number | null {
  const found = all(metrics, name, labels);
  return found.length > 0 ? found.reduce((total, sample) => total + sample.value, 0) : null;
}

/** The largest; null when there is none. */
export function most(metrics: Metrics | null, name: string): number | null {
  const found = all(metrics, name);
  return found.length > 0 ? Math.max(...found.map((sample) => sample.value)) : null;
}
