// SPDX-License-Identifier: Apache-2.0
// What is kept of a form that was left, and what goes over from one kind to another: no secret.
import { beforeEach, expect, test, vi } from "vitest";
import { channelFields } from "../../src/page/settings/channels";
import { draftAt, dropDraft, keepDraft, lostAt } from "../../src/page/settings/drafts";
import { changedDraft, draftOf, takenAway, type Draft, type FieldSpec } from "../../src/page/settings/form";
import { logout } from "../../src/page/session";

const fieldsOf = (draft: Draft): FieldSpec[] => channelFields(null, draft);
const start = { type: "ntfy", language: "de" };
const begin = (part: Draft): Draft => ({ ...draftOf(fieldsOf(part), { ...start, ...part }), ...part });

const camera: FieldSpec[] = [
  { key: "name", kind: "text", label: "" },
  { key: "url", kind: "text", label: "" },
  { key: "password", kind: "secret", label: "" },
];

beforeEach(() => ["x/", "x/front"].forEach(dropDraft));

test("what was typed for one kind of channel goes to no other", () => {
  const slack = begin({ type: "slack", id: "team", url: "https://hooks.slack.com/s3cret", quiet: "sat" });
  const webhook = changedDraft(fieldsOf, start, slack, { type: "webhook" });
  expect(JSON.stringify(webhook)).not.toContain("s3cret");
  expect(webhook).toMatchObject({ type: "webhook", id: "team", language: "de", quiet: "sat", url: "" });
  const telegram = changedDraft(fieldsOf, start, begin({ type: "ntfy", id: "a", token: "tk", password: "pw" }), { type: "telegram" });
  expect(telegram.token).toBe("");
  expect(JSON.stringify(telegram)).not.toMatch(/tk|pw/);
});

test("another field changes nothing but itself", () => {
  const draft = begin({ type: "ntfy", id: "a", token: "tk" });
  expect(changedDraft(fieldsOf, start, draft, { topic: "door" })).toEqual({ ...draft, topic: "door" });
});

test("no secret is kept, not even of a kind that was left; that one was typed is", () => {
  const slack = begin({ type: "slack", id: "team", url: "https://hooks.slack.com/s3cret" });
  keepDraft("x/", slack, fieldsOf(slack), start);
  expect(draftAt("x/")).toEqual({ type: "slack", id: "team" });
  expect(lostAt("x/")).toEqual(["url"]);
  keepDraft("x/", { ...slack, token: "tk", type: "webhook" }, fieldsOf({ type: "webhook" }), start);
  expect(JSON.stringify(draftAt("x/"))).not.toContain("tk");
});

test("only what was changed is kept, so that it goes over nobody else's change", () => {
  const value = { name: "Front", url: "rtsp://a/b" };
  keepDraft("x/front", { ...draftOf(camera, value), name: "Door" }, camera, value);
  expect(draftAt("x/front")).toEqual({ name: "Door" });
  keepDraft("x/front", draftOf(camera, value), camera, value);
  expect(draftAt("x/front")).toBeUndefined();
});

test("a secret that was typed stays to be typed until it is taken away or the form is done", () => {
  const typed = { ...draftOf(camera, {}), password: "pw" };
  keepDraft("x/", typed, camera, {});
  keepDraft("x/", { ...typed, password: "", name: "Door" }, camera, {}); // back again, and on with the name
  expect(lostAt("x/")).toEqual(["password"]);
  keepDraft("x/", { ...typed, password: "", [takenAway("password")]: true }, camera, {});
  expect(lostAt("x/")).toEqual([]);
  expect(draftAt("x/")).toEqual({ [takenAway("password")]: true });
});

test("who logs out leaves nothing behind", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new Error("gone")));
  vi.stubGlobal("localStorage", { removeItem: () => undefined });
  keepDraft("x/", { ...draftOf(camera, {}), url: "rtsp://user:pw@host/" }, camera, {});
  expect(draftAt("x/")).toBeDefined();
  await logout();
  expect(draftAt("x/")).toBeUndefined();
  vi.unstubAllGlobals();
});
