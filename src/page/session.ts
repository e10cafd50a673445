// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";
import { ask, get, request, setCsrf, whenSignedOut } from "./api";
import type { Session, User } from "./types";

/** `null`: nobody; `undefined`: not known yet. */
export const user = signal<User | null | undefined>(undefined);
/** Whether the house still waits for its first account. */
export const firstAccount = signal(false);

// A cookie that scripts cannot read holds the session. This mark only saves asking for one that was never begun.
const mark = "porchlight.session";

function adopt(session: Session): void {
  setCsrf(session.csrf_token);
  localStorage.setItem(mark, "1");
  user.value = session.user;
}

function forget(): void {
  setCsrf("");
  localStorage.removeItem(mark);
  user.value = null;
}

whenSignedOut(forget);

/** Throws a Problem when the house does not answer. */
export async function begin(): Promise<void> {
  if (localStorage.getItem(mark)) {
    const known = await get<Session>("/api/v1/auth/session").catch((problem: { status?: number }) => {
      if (problem.status !== 401) throw problem;
      return null;
    });
    if (known) return adopt(known);
  }
  firstAccount.value = (await get<{ first_account: boolean }>("/api/v1/auth/register")).first_account;
  forget();
}

/** `code`: what the authenticator shows, or a recovery code; empty when none is asked for. */
export async function login(name: string, password: string, code: string): Promise<void> {
  const factor = code === "" ? {} : /^\d{6}$/.test(code) ? { totp: code } : { recovery_code: code };
  adopt(await ask<Session>("POST", "/api/v1/auth/login", { name, password, ...factor }));
}

/** Makes the account that the code stands for, and logs it in. */
export async function register(code: string, name: string, password: string): Promise<void> {
  await ask("POST", "/api/v1/auth/register", { code, name, password });
  firstAccount.value = false;
  await login(name, password, "");
}

const leaving: (() => void)[] = [];
/** Called when somebody logs out; not when a session ends by itself. */
export const whenLoggedOut = (then: () => void): void => void leaving.push(then);

export async function logout(): Promise<void> {
  await request("POST", "/api/v1/auth/logout").catch(() => undefined); // a session that is gone has ended, too
  for (const then of leaving) then();
  forget();
}

export const isAdmin = (): boolean => user.value?.role === "admin";
export const mayAnswer = (): boolean => user.value?.role === "user" || user.value?.role === "admin";
export const mayTeach = (): boolean => user.value?.role === "admin";
export const maySeePeople = mayAnswer;
/** A monitor sees numbers and health only. */
export const mayView = (): boolean => user.value?.role !== "monitor";
export const mayScrape = (): boolean => user.value?.role === "monitor" || user.value?.role === "admin";
