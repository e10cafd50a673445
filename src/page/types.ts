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
}

export interface EventPage {
  events: HouseEvent[];
  next_cursor: string | null;
}
