// SPDX-License-Identifier: Apache-2.0
// The parts of "Health". Each takes what there is and leaves out what this account may not see.
import type { ComponentChildren } from "preact";
import { houseNow } from "../api";
import { momentText, numberText, w } from "../words";
import { inEnglish } from "../words/english";
import { all, most, one, sum, type Metrics } from "./metrics";
import type { Components, LogRecord, Status } from "./read";
import { bytesText, percentText, spanText } from "./texts";

export function Section({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section aria-labelledby={id} class="card wide">
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

type Row = [name: string, value: string] | null;

export function Rows({ rows }: { rows: Row[] }) {
  return <dl class="facts">{rows.map((row) => row && <div key={row[0]}><dt>{row[0]}</dt><dd>{row[1]}</dd></div>)}</dl>;
}

const say = (words: object, key: string): string => (words as Record<string, string>)[key] ?? key;
const dayOfFps = 86_400; // s

export function Cameras({ status, metrics, turns }: { status: Status; metrics: Metrics | null; turns: Map<string, string> }) {
  const words = w().ofHealth;
  const details = (id: string): string[] => {
    const [now, expected, lost] = ["camera_fps", "camera_fps_expected", "camera_frames_dropped_total"].map((name) => one(metrics, name, { camera_id: id }));
    const rate = now === null || now === undefined ? [] : [expected ? words.fps(numberText(now, 1), numberText(expected, 1)) : words.fpsAlone(numberText(now, 1))];
    return [...rate, ...(lost === null || lost === undefined ? [] : [words.dropped(numberText(lost))])];
  };
  if (status.cameras.length === 0) return <p>{words.noCameras}</p>;
  return (
    <ul class="rows">
      {status.cameras.map(({ id, name, state }) => {
        const turn = turns.get(id);
        const since = turn ? words.since(momentText(turn)) : state === "connected" ? words.sinceStart : "";
        return (
          <li key={id}>
            <span><strong>{name}</strong><br /><span class={`state ${state === "connected" ? "good" : "warn"}`}>{say(w().states, state)} {since}</span></span>
            <span class="soft">{details(id).map((text) => <span key={text} class="line">{text}</span>)}</span>
          </li>
        );
      })}
    </ul>
  );
}

function footageRows(metrics: Metrics): Row[] {
  const words = w().ofHealth;
  const oldest = one(metrics, "recording_oldest_segment_timestamp_seconds");
  const started = one(metrics, "process_start_time_seconds");
  const written = sum(metrics, "recording_bytes_written_total") ?? 0;
  const ran = started === null ? 0 : houseNow() / 1000 - started;
  const daily = ran > 60 ? (written / ran) * dayOfFps : 0;
  const place = all(metrics, "storage_volume_info", { role: "recordings" })[0]?.labels.mount_point;
  const free = place === undefined ? null : one(metrics, "disk_space_free_bytes", { mount_point: place });
  const gaps = all(metrics, "recording_gap_seconds_by_cause_total").filter((sample) => sample.value >= 1);
  return [
    [words.oldest, oldest ? momentText(new Date(oldest * 1000).toISOString()) : words.noFootage],
    daily > 0 ? [words.written, words.writtenRate(bytesText(daily))] : null,
    daily > 0 && free !== null ? [words.forecast, words.forecastDays(numberText(free / daily, free / daily < 10 ? 1 : 0))] : null,
    [words.gaps, gaps.map((gap) => `${say(words.gapCauses, gap.labels.cause ?? "")}: ${spanText(gap.value)}`).join(", ") || words.noGaps],
  ];
}

export function Storage({ metrics }: { metrics: Metrics }) {
  const words = w().ofHealth;
  const disks = all(metrics, "disk_space_used_percent").map(({ labels, value }): Row => {
    const at = { mount_point: labels.mount_point ?? "" };
    const bytes = (name: string): string => bytesText(one(metrics, name, at) ?? 0);
    return [words.disk(at.mount_point), words.diskUsed(percentText(value), bytes("disk_space_free_bytes"), bytes("disk_space_total_bytes"))];
  });
  return <Rows rows={[...disks, ...footageRows(metrics)]} />;
}

export function Messages({ metrics }: { metrics: Metrics }) {
  const words = w().ofHealth;
  const waiting = sum(metrics, "outbox_depth") ?? 0;
  const age = most(metrics, "outbox_oldest_age_seconds") ?? 0;
  const dead = sum(metrics, "outbox_dead_letters") ?? 0;
  const drops = sum(metrics, "pipeline_queue_dropped_total") ?? 0;
  return (
    <>
      <Rows rows={[
        [words.waiting, numberText(waiting) + (waiting > 0 && age > 0 ? words.oldestWaiting(spanText(age)) : "")],
        [words.dead, numberText(dead)],
        [words.queueDrops, numberText(drops)],
      ]} />
      {dead > 0 && <p class="soft">{words.deadHint}</p>}
    </>
  );
}

export function Parts({ parts }: { parts: Components }) {
  const words = w().ofHealth;
  return <Rows rows={Object.entries(parts.components).map(([name, state]) => [say(words.partNames, name), say(words.partStates, state)])} />;
}

export function Trust({ status, metrics }: { status: Status; metrics: Metrics | null }) {
  const words = w().ofHealth;
  const { intact } = status.audit;
  const verified = one(metrics, "audit_log_last_verified_timestamp_seconds");
  const audit = intact === null ? words.auditUnknown : intact ? words.auditGood : words.auditBad;
  return (
    <Rows rows={[
      [words.certificate, status.certificate_fault ? words.certificateTrouble(inEnglish(status.certificate_fault)) : words.certificateGood],
      [words.audit, audit + (verified ? words.verifiedAt(momentText(new Date(verified * 1000).toISOString())) : "")],
    ]} />
  );
}

export function Errors({ records }: { records: LogRecord[] }) {
  const words = w().ofHealth;
  if (records.length === 0) return <p>{words.noErrors}</p>;
  return (
    <>
      <p class="soft">{words.errorsHint}</p>
      <ul class="rows errors">
        {records.map((record, index) => (
          <li key={`${record.timestamp} ${index}`}>
            <span>
              <span class={record.level === "WARNING" ? "level" : "level listed"}>{words.levels[record.level]}</span>{" "}
              <time dateTime={record.timestamp} class="soft">{momentText(record.timestamp)}</time> <span class="soft">{record.component}</span><br />
              <span lang="en">{record.message}</span>
            </span>
            {record.context && (
              <details>
                <summary>{words.details}</summary>
                <span lang="en"><Rows rows={Object.entries(record.context).map(([key, value]) => [key, String(value)])} /></span>
              </details>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What is wrong, and what to do. */
export function troublesOf(status: Status | null, parts: Components | null, metrics: Metrics | null): string[] {
  const words = w().ofHealth;
  const checks = Object.entries(status?.checks ?? parts?.checks ?? {});
  const found = checks.filter(([, good]) => !good).map(([name]) => say(words.checks, name));
  for (const { name, state } of status?.cameras ?? [])
    if (state !== "connected" && state !== "disabled") found.push(words.cameraTrouble(name, say(w().states, state)));
  for (const { id, state, text } of status?.buttons ?? []) if (state === "stuck" || state === "degraded") found.push(words.buttonTrouble(id, inEnglish(text)));
  if (status?.certificate_fault) found.push(words.certificateTrouble(status.certificate_fault));
  if (status?.audit.intact === false) found.push(words.auditTrouble);
  const dead = sum(metrics, "outbox_dead_letters") ?? 0;
  if (dead > 0) found.push(words.deadLetters(dead));
  const recordings = all(metrics, "storage_volume_info", { role: "recordings" }).map((volume) => volume.labels.mount_point);
  for (const { labels, value } of all(metrics, "disk_space_used_percent"))
    // A disk for recordings is there to be filled.
    if (value > 90 && !recordings.includes(labels.mount_point)) found.push(words.diskFull(labels.mount_point ?? "", percentText(value)));
  return found.length === 0 && status?.ready === false ? [words.notReady] : found;
}
