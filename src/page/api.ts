// SPDX-License-Identifier: Apache-2.0
// The one door to the daemon. Everything goes to the host the page came from.

/** What the daemon refused, or `status` 0 when it could not be reached (application/problem+json, docs/api.md). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly type = "about:blank",
    readonly retryAfter: number | null = null, // seconds
    readonly body: Readonly<Record<string, unknown>> = {}, // all that it said
  ) {
    super(detail);
  }
}

let csrf = "";
let ahead = 0; // ms that the house's clock is ahead of ours, as its last answer said
let onSignedOut: () => void = () => undefined;

export const setCsrf = (token: string): void => void (csrf = token);
/** For requests that are not made here, because they tell how far they are. */
export const csrfToken = (): string => csrf;
export const signedOut = (): void => onSignedOut();
/** Called when the daemon knows no session of ours any more. */
export const whenSignedOut = (then: () => void): void => void (onSignedOut = then);

/** What time it is at the house, in ms since 1970: a clock without a battery, or ours, may be wrong. */
export const houseNow = (): number => Date.now() + ahead;

function compareClocks(answer: Response): void {
  const told = Date.parse(answer.headers.get("Date") ?? "");
  if (!Number.isNaN(told)) ahead = told - Date.now();
}

async function problemOf(answer: Response): Promise<Problem> {
  const after = Number(answer.headers.get("Retry-After"));
  const said = ((await answer.json().catch(() => null)) ?? {}) as { detail?: string; type?: string } & Record<string, unknown>;
  return new Problem(answer.status, said.detail ?? "", said.type, after > 0 ? after : null, said);
}

/** The answer of a request that went well; else a Problem is thrown. */
export async function request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const sent: RequestInit = { method, cache: "no-store", headers: { ...headers } };
  const named = sent.headers as Record<string, string>;
  if (csrf && method !== "GET") named["X-CSRF-Token"] = csrf;
  if (body !== undefined) {
    named["Content-Type"] = "application/json";
    sent.body = JSON.stringify(body);
  }
  const answer = await fetch(path, sent).catch(() => {
    throw new Problem(0, "no answer");
  });
  compareClocks(answer);
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (problem.status === 401 && !path.startsWith("/api/v1/auth/")) onSignedOut();
  throw problem;
}

export async function ask<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
  const answer = await request(method, path, body, headers);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export const get = <T>(path: string): Promise<T> => ask<T>("GET", path);
export const asProblem = (thrown: unknown): Problem => (thrown instanceof Problem ? thrown : new Problem(-1, String(thrown)));
/** The whole address of a WebSocket here: older browsers take no path alone. */
export const socketAddress = (path: string): string => new URL(path, location.href).href.replace(/^http/, "ws");
