// SPDX-License-Identifier: Apache-2.0
// How the house is: what the daemon says of itself, and what this page has seen since it was opened.
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, houseNow, type Problem } from "../api";
import { mayScrape, mayTeach, mayView } from "../session";
import { Said } from "../views/said";
import { explain, numberText, w } from "../words";
import { emptyHistory, remember, type Curve, type History, type Look } from "./history";
import { all, one, type Metrics } from "./metrics";
import { Plot, type Series } from "./plot";
import { readComponents, readLog, readMetrics, readStatus, readTurns, type Components, type LogRecord, type Status } from "./read";
import { Cameras, Errors, Messages, Parts, Rows, Section, Storage, troublesOf, Trust } from "./sections";
import { bytesText, percentText, spanText } from "./texts";

const period = 5000; // ms between two looks

interface Seen {
  status: Status | null;
  parts: Components | null;
  look: Look;
  turns: Map<string, string>;
  records: LogRecord[] | null;
  told: string; // changes when cameras come and go, or something was logged
}

/** Whether the log or the cameras' turns have to be asked for again. */
function toldBy(status: Status | null, metrics: Metrics | null): string {
  const logged = ["warning", "error", "critical"].map((level) => one(metrics, "log_messages_total", { level }));
  return JSON.stringify([status?.cameras.map((camera) => camera.state), logged]);
}

async function look(before: Seen | null): Promise<Seen> {
  const begun = performance.now();
  const status = mayView() ? await readStatus() : null;
  const answerMs = mayView() ? performance.now() - begun : null;
  const [metrics, parts] = mayScrape() ? await Promise.all([readMetrics(), readComponents()]) : [null, null];
  const told = toldBy(status, metrics);
  const kept = before?.told === told ? before : null;
  const [turns, records] = await Promise.all([
    kept?.turns ?? (status ? readTurns() : new Map<string, string>()),
    kept?.records ?? (mayTeach() ? readLog() : null),
  ]);
  return { status, parts, look: { at: Date.now(), answerMs, metrics }, turns, records, told };
}

interface Looks {
  seen: Seen | null;
  history: History;
  problem: Problem | null;
}

/** Looks again and again while the page is to be seen. */
function useLooks(): Looks {
  const [looks, setLooks] = useState<Looks>({ seen: null, history: emptyHistory(), problem: null });
  const last = useRef(looks);
  useEffect(() => {
    let timer = 0;
    let gone = false;
    const show = (next: Looks): void => {
      last.current = next;
      if (!gone) setLooks(next);
    };
    const next = async (): Promise<void> => {
      const { seen, history } = last.current;
      try {
        if (!document.hidden) {
          const found = await look(seen);
          show({ seen: found, history: remember(history, seen?.look ?? null, found.look), problem: null });
        }
      } catch (thrown) {
        show({ seen, history, problem: asProblem(thrown) });
      }
      if (!gone) timer = window.setTimeout(() => void next(), period);
    };
    void next();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);
  return looks;
}

const newest = (values: (number | null)[]): number | null => values[values.length - 1] ?? null;

function Plots({ history, status }: { history: History; status: Status | null }) {
  const words = w().ofHealth;
  const curve = (name: Curve, label: string, text: (value: number) => string): Series => {
    const values = history.curves[name];
    const now = newest(values);
    return { label, values, now: now === null ? words.none : text(now) };
  };
  const nameOf = (id: string): string => status?.cameras.find((camera) => camera.id === id)?.name ?? id;
  const fps = [...history.fps].map(([id, values]): Series => ({ label: nameOf(id), values, now: numberText(newest(values) ?? 0, 1) }));
  const has = (name: Curve): boolean => history.curves[name].some((value) => value !== null);
  const { times } = history;
  return (
    <div class="plots">
      {has("answer") && <Plot title={words.answer} times={times} series={[curve("answer", "", (ms) => `${numberText(ms)} ms`)]} />}
      {has("machine") && <Plot title={words.cpu} times={times} series={[curve("cpu", words.cpuDaemon, percentText), curve("machine", words.cpuMachine, percentText)]} />}
      {has("memory") && <Plot title={words.memoryPlot} times={times} series={[curve("memory", "", (value) => `${numberText(value)} MiB`)]} />}
      {fps.length > 0 && <Plot title={words.fpsPlot} times={times} series={fps} />}
      {has("queues") && <Plot title={words.queues} times={times} series={[curve("queues", words.queuesInside, numberText), curve("messages", words.queuesMessages, numberText)]} />}
    </div>
  );
}

function Facts({ status, metrics }: { status: Status | null; metrics: Metrics | null }) {
  const words = w().ofHealth;
  const started = one(metrics, "process_start_time_seconds");
  const memory = one(metrics, "process_resident_memory_bytes");
  const warmest = all(metrics, "system_temperature_celsius").map((sample) => sample.value);
  const version = status?.version ?? all(metrics, "build_info")[0]?.labels.version;
  return (
    <Rows rows={[
      version ? [words.version, version] : null,
      started === null ? null : [words.uptime, spanText(houseNow() / 1000 - started)],
      memory === null ? null : [words.memory, bytesText(memory)],
      warmest.length > 0 ? [words.temperature, `${numberText(Math.max(...warmest))} °C`] : null,
    ]} />
  );
}

function Verdict({ troubles }: { troubles: string[] }) {
  const words = w().ofHealth;
  return (
    <div role="status">
      {troubles.length === 0 ? <p class="answered">✓ {words.allWell}</p> : (
        <div class="fault">
          <h2>{words.troubles}</h2>
          <ul>{troubles.map((text) => <li key={text}><Said text={text} /></li>)}</ul>
        </div>
      )}
    </div>
  );
}

export function Health() {
  const words = w().ofHealth;
  const { seen, history, problem } = useLooks();
  const metrics = seen?.look.metrics ?? null;
  return (
    <>
      <h1>{w().health}</h1>
      {problem && <p class="fault" role="alert"><Said text={explain(problem)} /></p>}
      {!seen && !problem && <p>{w().loading}</p>}
      {seen && (
        <>
          {!problem && <Verdict troubles={troublesOf(seen.status, seen.parts, metrics)} />}
          <Facts status={seen.status} metrics={metrics} />
          <div class="columns">
            {seen.status && <Section id="cameras" title={words.cameras}><Cameras status={seen.status} metrics={metrics} turns={seen.turns} /></Section>}
            {metrics && <Section id="storage" title={words.storage}><Storage metrics={metrics} /></Section>}
            {metrics && <Section id="messages" title={words.messages}><Messages metrics={metrics} /></Section>}
            {seen.parts && <Section id="parts" title={words.parts}><Parts parts={seen.parts} /></Section>}
            {seen.status && mayTeach() && <Section id="trust" title={words.trust}><Trust status={seen.status} metrics={metrics} /></Section>}
          </div>
          <h2>{words.plots}</h2>
          <p class="soft">{words.plotsHint}</p>
          <Plots history={history} status={seen.status} />
          {!metrics && <p class="soft">{words.notForYou}</p>}
          {seen.records && <Section id="errors" title={words.errors}><Errors records={seen.records} /></Section>}
        </>
      )}
    </>
  );
}
