// SPDX-License-Identifier: Apache-2.0
// Events as they are committed, by WebSocket; what was missed while it was down is told first.
import { signal } from "@preact/signals";
import { socketAddress } from "./api";
import type { HouseEvent } from "./types";

/** False while the house does not answer and it is tried again. */
export const connected = signal(true);

export interface Told {
  id: string; // number of the commit
  event: HouseEvent;
}

const ears = new Set<(event: HouseEvent) => void>();

/** Hears every event that comes in, beside the listener, until the returned function is called. */
export function overhear(ear: (event: HouseEvent) => void): () => void {
  ears.add(ear);
  return () => void ears.delete(ear);
}

/** Null for what is no event. */
export function readTold(text: string): Told | null {
  let said: { type?: unknown; id?: unknown; event?: HouseEvent };
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    return null;
  }
  if (said?.type !== "event" || typeof said.id !== "string" || !said.event) return null;
  return { id: said.id, event: said.event };
}

/** Milliseconds until the next try: doubled from one second to ten. */
export const pauseAfter = (failures: number): number => Math.min(10_000, 1000 * 2 ** Math.max(0, failures - 1));

export interface Listener {
  event(event: HouseEvent): void;
  /** Each time that it is connected; what came before the first time is not told. */
  opened(): void;
  /** Each time that it is cut off, for whatever reason: the house may be away, or the session over. */
  closed(): void;
}

/** Listens until the returned function is called. */
export function listen(to: Listener): () => void {
  let last = "";
  let failures = 0;
  let timer = 0;
  let over = false;
  let current: WebSocket;
  const connect = (): void => {
    const socket = new WebSocket(socketAddress(last ? `/ws?last_event_id=${last}` : "/ws"));
    current = socket;
    socket.addEventListener("open", () => {
      if (socket !== current) return;
      failures = 0;
      connected.value = true;
      to.opened();
    });
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const told = readTold(data);
      if (!told || socket !== current) return;
      last = told.id;
      to.event(told.event);
      for (const ear of ears) ear(told.event);
    });
    socket.addEventListener("close", () => {
      if (over || socket !== current) return;
      connected.value = false;
      to.closed();
      timer = window.setTimeout(connect, pauseAfter(++failures));
    });
  };
  // A connection that died while the device slept, or in another network, looks as if it lived.
  const again = (): void => {
    if (document.hidden) return;
    clearTimeout(timer);
    const former = current;
    connect();
    former.close();
  };
  connect();
  window.addEventListener("online", again);
  document.addEventListener("visibilitychange", again);
  return () => {
    over = true;
    clearTimeout(timer);
    window.removeEventListener("online", again);
    document.removeEventListener("visibilitychange", again);
    current.close();
    connected.value = true;
  };
}
