// SPDX-License-Identifier: Apache-2.0
// The messages of a camera's live WebSocket (docs/live.md).

export interface Fragment {
  /** Microseconds that the daemon gives the picture; 0: the head (ftyp and moov) of what follows. */
  micros: bigint;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Eight bytes big-endian, then the fragment; null when it is too short to be one. */
export function readFragment(message: ArrayBuffer): Fragment | null {
  if (message.byteLength <= 8) return null;
  return { micros: new DataView(message).getBigUint64(0), bytes: new Uint8Array(message, 8) };
}

export type LiveMessage =
  | { type: "hello" | "waiting" | "unsupported" }
  | { type: "pong"; t: number } // what was sent, back again
  | { type: "init"; codecs: string }; // the whole type: video/mp4; codecs="…"

/** Null for what this page does not know: a newer daemon may say more. */
export function readMessage(text: string): LiveMessage | null {
  let said: { type?: unknown; codecs?: unknown; t?: unknown };
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    return null;
  }
  if (said === null || typeof said !== "object") return null;
  if (said.type === "init") return typeof said.codecs === "string" ? { type: "init", codecs: said.codecs } : null;
  if (said.type === "pong") return typeof said.t === "number" ? { type: "pong", t: said.t } : null;
  const plain = ["hello", "waiting", "unsupported"] as const;
  const type = plain.find((name) => name === said.type);
  return type ? { type } : null;
}

const nearEnd = 0.1; // s behind the end of what is there

/** Where to play: null to go on, else the instant to jump to: at the beginning (`begun` false), and when the newest picture is too far ahead. */
export function liveEdge(current: number, begin: number, end: number, begun: boolean): number | null {
  if (begun && current >= begin && end - current <= 1) return null;
  return Math.max(begin, end - nearEnd);
}

/** How fast to play: what a short stall left between here and now is made up for, and nobody sees it. */
export const liveRate = (current: number, end: number): number => (end - current > 0.35 ? 1.1 : 1);
