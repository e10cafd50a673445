// SPDX-License-Identifier: Apache-2.0
// What the settings send, and what they say of it.
import { afterEach, expect, test } from "vitest";
import { Problem } from "../../src/page/api";
import { channelFields } from "../../src/page/settings/channels";
import { eventOf } from "../../src/page/settings/dry_run";
import { house, sayOutcome, sayWithoutRules } from "../../src/page/settings/entries";
import { bodyOf, draftOf, missingOf, takenAway, type Entry, type FieldSpec } from "../../src/page/settings/form";
import { sayRefused } from "../../src/page/settings/section";
import { isPress } from "../../src/page/settings/press";
import { nextNumber, ruleFields } from "../../src/page/settings/rules";
import { sentenceOf } from "../../src/page/settings/sentence";
import { sayTrial, trialOf } from "../../src/page/settings/trial";
import { inEnglish } from "../../src/page/words/english";
import { settingsDe } from "../../src/page/words/settings_de";
import { settingsEn } from "../../src/page/words/settings_en";

afterEach(() => void (house.value = null));

const nothing = { sections: { cameras: [], buttons: [], channels: [], rules: [] }, file: "", writable: true, rules_usual: true, revision: "r1" };

const url: FieldSpec[] = [{ key: "url", kind: "text", label: "" }, { key: "name", kind: "text", label: "" }, { key: "password", kind: "secret", label: "" }];
const saved: Entry = { id: "front", value: { name: "Front", url: "rtsp://a/b", zones: [] }, secret: ["password"] };
const refused = (body: Record<string, unknown>, status = 422): Problem => new Problem(status, "said so", undefined, null, body);

test("who removes a camera that a button needs reads which button that is", () => {
  house.value = { ...nothing, sections: { ...nothing.sections, buttons: [{ id: "b1", value: { name: "Gate bell" } }] } };
  const said = sayRefused(refused({ faults: [{ key: "", message: "50-page.yaml:7: buttons[0].camera: there is no camera 'front'" }] }, 409));
  expect(said).toContain("said so");
  expect(said).toContain("Gate bell");
  expect(said).toContain("there is no camera 'front'");
});

test("a change that was put back is no busy house", () => {
  expect(sayRefused(refused({ faults: [{ key: "", message: "the port is taken" }] }, 503))).toBe(`${settingsEn.conflict(inEnglish("said so"))}: ${inEnglish("the port is taken")}`);
  expect(sayRefused(refused({}, 503))).not.toContain("said so");
});

test("a trial asks with what a camera is opened by, and names the camera whose password is stored", () => {
  expect(trialOf(url, draftOf(url, saved.value), saved)).toEqual({ url: "rtsp://a/b", id: "front" });
  expect(trialOf(url, { url: "rtsp://c", name: "C", password: "p" }, null)).toEqual({ url: "rtsp://c", password: "p" });
});

test("a password that was taken away is tried as none, not as the stored one", () => {
  expect(trialOf(url, { ...draftOf(url, saved.value), [takenAway("password")]: true }, saved)).toMatchObject({ password: "", id: "front" });
});

test("an address whose password is masked is tried with the stored one, not with the mask", () => {
  const inUrl: Entry = { id: "front", value: { url: "rtsp://[redacted]@cam:554/main?a=b@c" } };
  expect(trialOf(url, draftOf(url, inUrl.value), inUrl)).toEqual({ url: "rtsp://cam:554/main?a=b@c", id: "front" });
  const typed = { ...draftOf(url, inUrl.value), url: "rtsp://viewer:new@cam/main" };
  expect(trialOf(url, typed, inUrl).url).toBe("rtsp://viewer:new@cam/main");
});

test("each reason says what to do, one that is not known what the daemon said", () => {
  for (const [reason, words] of Object.entries(settingsEn.camera.reasons)) expect(sayTrial(refused({ reason }))).toContain(words);
  expect(sayTrial(refused({ reason: "news" }))).toBe(inEnglish("said so"));
  expect(sayTrial(refused({}))).toBe(inEnglish("said so"));
  expect(sayTrial(refused({}, 429))).toBe(settingsEn.trialBusy);
});

test("a press is a ring of that button, and none from before", () => {
  const ring = { id: "e", type: "ring", button: "front", time: "2026-01-05T12:00:00Z" };
  const at = Date.parse(ring.time);
  expect(isPress(ring, "front", at)).toBe(true);
  expect(isPress(ring, "front", at + 1000)).toBe(true); // the house tells its time in whole seconds
  expect(isPress(ring, "front", at + 10_000)).toBe(false);
  expect(isPress(ring, "back", at)).toBe(false);
  expect(isPress({ ...ring, type: "motion" }, "front", at)).toBe(false);
});

test("an event of the dry run is that of the command line", () => {
  expect(eventOf({ event: "ring", button: "front", camera: "yard" })).toEqual(["ring", "front"]);
  expect(eventOf({ event: "known", person: " Anna B ", camera: "yard" })).toEqual(["person", "known", "Anna B", "yard"]);
  expect(eventOf({ event: "unknown", camera: "yard" })).toEqual(["person", "unknown", "yard"]);
  expect(eventOf({ event: "lost", camera: "yard" })).toEqual(["camera", "lost", "yard"]);
  expect(eventOf({ event: "motion", camera: "yard" })).toEqual(["motion", "yard"]);
});

test("a rule is said in words, with the names of its cameras, and what the form does not know is named", () => {
  house.value = { ...nothing, sections: { ...nothing.sections, cameras: [saved] } };
  const rule = { id: "", value: { when: "person.known", to: ["a", "b"], attach: "snapshot", cameras: ["front"], quiet: "22:00-07:00", escalate: {} } };
  expect(sentenceOf(rule)).toBe("When somebody known is seen, tell a, b, with the picture; only of Front; not 22:00-07:00; and, set in the file: escalate.");
});

test("a new rule gets a number that is free", () => {
  expect(nextNumber([])).toBe("rule_1");
  expect(nextNumber(["", "rule_3"])).toBe("rule_4");
});

test("a channel has the keys of its kind alone", () => {
  const draft = { type: "webhook", id: "hook", url: "https://x", topic: "left over", language: "en", quiet: "" };
  expect(bodyOf(channelFields(null, draft), draft, null)).toEqual({ type: "webhook", id: "hook", url: "https://x" });
  for (const type of ["ntfy", "webhook", "email", "telegram", "slack"])
    expect(missingOf(channelFields(null, { type }), { type, id: "x" }, null).length, type).toBeGreaterThan(0);
});

test("a Slack address that is set is not asked for again", () => {
  const entry: Entry = { id: "team", value: { type: "slack" }, secret: ["url"] };
  const fields = channelFields(entry, {});
  expect(missingOf(fields, draftOf(fields, entry.value), entry)).toEqual([]);
});

test("what waits for a restart is said", () => {
  expect(sayOutcome({ needs_restart: ["server.listen"], warnings: ["careful"] }, "Saved.")).toBe(`Saved. Holds after a restart of the daemon: server.listen ${inEnglish("careful")}`);
  expect(sayOutcome({}, "Saved.")).toBe("Saved.");
});

test("without a rule it is said who is told: everybody, or nobody where a file says so", () => {
  house.value = nothing;
  expect(sayWithoutRules()).toBe(settingsEn.rule.usual);
  house.value = { ...nothing, rules_usual: false };
  expect(sayWithoutRules()).toBe(settingsEn.rule.silence);
});

test("a rule that is of alerts no more has no severities", () => {
  const rule: Entry = { id: "rule_1", value: { when: "alert", to: ["a"], severities: ["high"] } };
  const draft = draftOf(ruleFields(), rule.value);
  expect(bodyOf(ruleFields(), draft, rule).severities).toEqual(["high"]);
  expect(bodyOf(ruleFields(), { ...draft, when: "ring" }, rule).severities).toBeNull();
});

test("what counts seconds says the same all the while where it is read out", () => {
  for (const { button, camera, channel } of [settingsEn, settingsDe])
    for (const text of [button.waiting, button.ringing, camera.trying, channel.testing]) expect(text).not.toMatch(/\d/);
});
