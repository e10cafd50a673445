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
}

/** Listens until the returned function is called. */
export function listen(to: Listener): () => void {
  let last = "";
  let failures = 0;
  let timer = 0;
  let over = false;
  let socket: WebSocket;
  const connect = (): void => {
    socket = new WebSocket(socketAddress(last ? `/ws?last_event_id=${last}` : "/ws"));
    socket.addEventListener("open", () => {
      failures = 0;
      connected.value = true;
      to.opened();
    });
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const told = readTold(data);
      if (!told) return;
      last = told.id;
      to.event(told.event);
    });
    socket.addEventListener("close", () => {
      if (over) return;
      connected.value = false;
      timer = window.setTimeout(connect, pauseAfter(++failures));
    });
  };
  connect();
  return () => {
    over = true;
    clearTimeout(timer);
    socket.close();
    connected.value = true;
  };
}
