// SPDX-License-Identifier: Apache-2.0
// A change is made to what was read; what somebody else changed in between is read first.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asProblem } from "../../src/page/api";
import { changeEntry, entriesOf, house, isThere, putEntry, refreshHouse, removeEntry } from "../../src/page/settings/entries";
import { sayChange } from "../../src/page/settings/listed";
import { sayRefused } from "../../src/page/settings/section";
import { settingsEn } from "../../src/page/words/settings_en";

interface Asked {
  method: string;
  path: string;
  ifMatch: string | undefined;
  body: unknown;
}

let asked: Asked[] = [];
let revision = 1;
let record = "continuous";

const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

/** A house whose settings have a revision, as docs/settings.md says. */
function answer(path: string, init: RequestInit): Response {
  const method = init.method ?? "GET";
  const ifMatch = (init.headers as Record<string, string>)["If-Match"];
  asked.push({ method, path, ifMatch, body: init.body ? JSON.parse(String(init.body)) : undefined });
  if (path === "/api/v1/cameras") return json(200, { cameras: [] });
  if (method === "GET")
    return json(200, {
      sections: { cameras: [{ id: "front", value: { url: "rtsp://a", record } }], buttons: [], channels: [], rules: [] },
      file: "50-page.yaml", writable: true, rules_usual: true, revision: `r${revision}`,
    });
  if (ifMatch && ifMatch !== `"r${revision}"`) return json(412, { detail: "the settings were changed since you read them; read them again" });
  ++revision;
  return json(200, { applied: ["cameras.front"], revision: `r${revision}` });
}

const changes = (): Asked[] => asked.filter((one) => one.method !== "GET");

beforeEach(() => {
  asked = [];
  revision = 1;
  record = "continuous";
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => Promise.resolve(answer(path, init)));
});
afterEach(() => {
  vi.unstubAllGlobals();
  house.value = null;
});

test("a change names the revision that was read, the next one that which it made", async () => {
  await refreshHouse();
  await putEntry("cameras", "front", { url: "rtsp://b" });
  await removeEntry("cameras", "front");
  expect(changes().map(({ method, ifMatch }) => [method, ifMatch])).toEqual([["PUT", '"r1"'], ["DELETE", '"r2"']]);
});

test("what somebody else changed in between is read again, said, and not undone", async () => {
  await refreshHouse();
  ++revision;
  record = "off";
  const problem = await putEntry("cameras", "front", { url: "rtsp://b" }).then(() => null, asProblem);
  expect(problem?.status).toBe(412);
  expect(problem && sayChange(problem)).toBe(settingsEn.changedBetween);
  expect(problem && sayRefused(problem)).toBe(settingsEn.changedBetweenList);
  expect(changes()).toHaveLength(1); // it is for the person to look first
  expect(entriesOf("cameras")[0]?.value.record).toBe("off");
  await putEntry("cameras", "front", { url: "rtsp://b", record: "off" });
  expect(changes()[1]?.ifMatch).toBe('"r2"');
});

test("an entry that was made by a request whose answer was lost is known again, with its login masked", async () => {
  await refreshHouse();
  expect(isThere("cameras", "front", { url: "rtsp://a", record: "continuous" })).toBe(true);
  expect(isThere("cameras", "front", { url: "rtsp://u:p@a", record: "continuous" })).toBe(true);
  expect(isThere("cameras", "front", { url: "rtsp://b", record: "continuous" })).toBe(false);
  expect(isThere("cameras", "front", { url: "rtsp://a", user: "u" })).toBe(false);
  expect(isThere("cameras", "front", { url: "rtsp://a", record: null })).toBe(false);
  expect(isThere("cameras", "yard", { url: "rtsp://a" })).toBe(false);
});

test("a switch in the list is made on what is there now", async () => {
  await refreshHouse();
  ++revision;
  record = "off";
  await changeEntry("cameras", "front", { enabled: false });
  expect(changes()).toEqual([expect.objectContaining({ ifMatch: '"r2"', body: { url: "rtsp://a", record: "off", enabled: false } })]);
});
