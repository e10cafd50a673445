// SPDX-License-Identifier: Apache-2.0
// What the routes say of the daemon's health, as far as an account may ask.
import { get, Problem, request, signedOut } from "../api";
import type { EventPage } from "../types";
import { parseMetrics, type Metrics } from "./metrics";

export interface Status {
  version: string;
  ready: boolean;
  certificate_fault: string;
  checks: Record<string, boolean>;
  audit: { intact: boolean | null };
  cameras: { id: string; name: string; state: string }[];
  buttons: { id: string; state: string; text: string }[];
}

export interface Components {
  status: string;
  checks: Record<string, boolean>;
  components: Record<string, string>;
}

export interface LogRecord {
  timestamp: string;
  level: "WARNING" | "ERROR" | "CRITICAL";
  component: string;
  message: string;
  context?: Record<string, string | number | boolean>;
}

const unlessForbidden = (thrown: unknown): null => {
  if (thrown instanceof Problem && thrown.status === 403) return null;
  throw thrown;
};

/** Null: not for this account. Throws a Problem. */
export const readStatus = (): Promise<Status | null> => get<Status>("/api/v1/status").catch(unlessForbidden);

/** A house that is not ready says so by a 503, with the same body. */
export async function readComponents(): Promise<Components | null> {
  const answer = await fetch("/health", { cache: "no-store" }).catch(() => {
    throw new Problem(0, "no answer");
  });
  if (answer.status === 401) signedOut();
  return answer.ok || answer.status === 503 ? ((await answer.json()) as Components) : null;
}

export async function readMetrics(): Promise<Metrics | null> {
  const answer = await request("GET", "/metrics").catch(unlessForbidden);
  return answer ? parseMetrics(await answer.text()) : null;
}

export const readLog = async (): Promise<LogRecord[]> => (await get<{ records: LogRecord[] }>("/api/v1/logs?level=warning&limit=50")).records;

/** By camera: when it was last lost, or came back. Cameras of which nothing is told are left out. */
export async function readTurns(): Promise<Map<string, string>> {
  const turns = new Map<string, string>();
  for (const type of ["camera_lost", "camera_back"]) {
    for (const { camera, time } of (await get<EventPage>(`/api/v1/events?type=${type}&limit=100`)).events) {
      if (camera && (turns.get(camera) ?? "") < time) turns.set(camera, time);
    }
  }
  return turns;
}
