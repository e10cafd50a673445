// SPDX-License-Identifier: Apache-2.0
// The bodies of docs/api.md, as far as the page reads them.

export interface User {
  id: number;
  name: string;
  role: "monitor" | "viewer" | "user" | "admin";
}

export interface Session {
  user: User;
  csrf_token: string;
}

export interface Camera {
  id: string;
  name: string;
  state: string;
  snapshot: string;
  live?: string; // path of its WebSocket, where the daemon has one
}

export interface Acknowledged {
  at: string;
  by: string;
}

/** What somebody said about who was seen. */
export interface Identity {
  is?: string | null; // null: somebody who has been forgotten since
  is_not?: true;
  stranger?: true;
  outcome: "true_positive" | "false_positive" | "false_negative" | "true_negative";
  at: string;
}

export interface HouseEvent {
  id: string;
  type: string;
  time: string;
  camera?: string;
  button?: string;
  result?: string;
  person?: string;
  ring_id?: string;
  track?: unknown; // the same for all that was seen of one visit
  end?: string;
  snapshot?: string | null;
  acknowledged?: Acknowledged;
  identity?: Identity;
}

export interface EventPage {
  events: HouseEvent[];
  next_cursor: string | null;
}
