// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { Problem } from "../../src/page/api";
import { bodyOf, changesOf, draftOf, hasFaults, idOf, missingOf, rebased, refusalOf, shownOf, takenAway, type Entry, type FieldSpec } from "../../src/page/settings/form";
import { inEnglish } from "../../src/page/words/english";
import { settingsDe } from "../../src/page/words/settings_de";
import { settingsEn } from "../../src/page/words/settings_en";

const fields: FieldSpec[] = [
  { key: "name", kind: "text", label: "", required: true },
  { key: "url", kind: "text", label: "", required: true },
  { key: "password", kind: "secret", label: "" },
  { key: "transport", kind: "choice", label: "", usual: "tcp", when: (draft) => String(draft.url).startsWith("rtsp:") },
  { key: "line", kind: "text", label: "", number: true },
  { key: "audio", kind: "check", label: "", usual: true },
  { key: "to", kind: "several", label: "" },
  { key: "quiet", kind: "lines", label: "" },
];
const front: Entry = {
  id: "front", secret: ["password"],
  value: { id: "front", name: "Front", url: "rtsp://a/b", line: 17, zones: [{ id: "z" }], to: ["x", "y"], quiet: "22:00-07:00" },
};

test("an entry that nobody changed is sent as it was, without its id and its secrets", () => {
  const { id: _, ...same } = front.value;
  expect(bodyOf(fields, draftOf(fields, front.value), front)).toEqual(same);
});

test("what the form does not know stays", () => {
  expect(bodyOf(fields, { ...draftOf(fields, front.value), name: "Door" }, front).zones).toEqual([{ id: "z" }]);
});

test("what is emptied goes back to its default, and that is said", () => {
  expect(bodyOf(fields, { ...draftOf(fields, front.value), line: " ", to: [], quiet: "\n \n" }, front)).toMatchObject({ line: null, to: null, quiet: null });
  expect("line" in bodyOf(fields, { ...draftOf(fields, {}), line: " " }, null)).toBe(false);
});

test("a secret stays unless it is typed anew or taken away", () => {
  const draft = draftOf(fields, front.value);
  expect("password" in bodyOf(fields, draft, front)).toBe(false);
  expect(bodyOf(fields, { ...draft, password: " new " }, front).password).toBe(" new ");
  expect(bodyOf(fields, { ...draft, [takenAway("password")]: true }, front).password).toBeNull();
});

test("a list that was written as one text stays one until it is more", () => {
  expect(bodyOf(fields, { ...draftOf(fields, front.value), quiet: "22:00-07:00\nsat\n" }, front).quiet).toEqual(["22:00-07:00", "sat"]);
});

test("what does not apply is not sent", () => {
  const draft = { ...draftOf(fields, front.value), transport: "udp" };
  expect(bodyOf(fields, draft, front).transport).toBe("udp");
  expect("transport" in bodyOf(fields, { ...draft, url: "v4l2:/dev/video0" }, front)).toBe(false);
});

test("a default that was written stays written, one that was not is not", () => {
  expect("audio" in bodyOf(fields, draftOf(fields, {}), null)).toBe(false);
  const written: Entry = { id: "a", value: { audio: true, transport: "tcp", url: "rtsp://x" } };
  expect(bodyOf(fields, draftOf(fields, written.value), written)).toMatchObject({ audio: true, transport: "tcp" });
  expect(bodyOf(fields, { ...draftOf(fields, {}), audio: false }, null).audio).toBe(false);
});

test("what somebody else changed meanwhile is seen, and what was changed here stays over it", () => {
  const fieldsOf = (): FieldSpec[] => fields;
  const typed = { ...draftOf(fields, front.value), name: "Door", password: "new", [takenAway("password")]: true };
  expect(changesOf(fields, typed, front.value)).toEqual({ name: "Door", password: "new", [takenAway("password")]: true });
  const theirs = { ...front.value, name: "Gate", line: 27, to: ["x"], transport: "udp" };
  const next = rebased(fieldsOf, front.value, theirs, typed);
  expect(next).toMatchObject({ name: "Door", password: "new", line: "27", to: ["x"], transport: "udp" });
  expect(bodyOf(fields, { ...next, [takenAway("password")]: false }, { ...front, value: theirs })).toMatchObject({ name: "Door", line: 27, to: ["x"], transport: "udp", password: "new" });
});

test("digits are a number, names are not", () => {
  const draft = draftOf(fields, {});
  expect(bodyOf(fields, { ...draft, line: "17" }, null).line).toBe(17);
  expect(bodyOf(fields, { ...draft, line: "GPIO17" }, null).line).toBe("GPIO17");
});

test("what is needed and empty is missing; a secret that is set is not", () => {
  const needed: FieldSpec[] = [...fields.slice(0, 2), { key: "password", kind: "secret", label: "", required: true }];
  expect(missingOf(needed, { name: " ", url: "x", password: "" }, null)).toEqual(["name", "password"]);
  expect(missingOf(needed, { name: "a", url: "x", password: "" }, front)).toEqual([]);
});

test("faults go to their fields, those of others are said", () => {
  const problem = new Problem(422, "no", undefined, null, {
    faults: [{ key: "url", message: "unknown scheme" }, { key: "quiet[0]", message: "no hours" }, { key: "zones[0].points", message: "three" }, "whole"],
  });
  expect(refusalOf(problem, fields)).toEqual({ faults: { url: inEnglish("unknown scheme"), quiet: inEnglish("no hours") }, others: [`zones[0].points: ${inEnglish("three")}`, inEnglish("whole")] });
  expect(refusalOf(new Problem(422, "no"), fields).others).toEqual([inEnglish("no")]);
});

test("a fault at a field that is not seen is told as text: nobody finds it marked", () => {
  const draft = { ...draftOf(fields, front.value), url: "v4l2:/dev/video0" };
  const problem = new Problem(422, "no", undefined, null, { faults: [{ key: "transport", message: "stands in porchlight.yaml" }, { key: "url", message: "no" }] });
  expect(refusalOf(problem, shownOf(fields, draft))).toEqual({ faults: { url: inEnglish("no") }, others: [`transport: ${inEnglish("stands in porchlight.yaml")}`] });
  expect(refusalOf(problem, shownOf(fields, { ...draft, url: "rtsp://a" })).faults.transport).toBe(inEnglish("stands in porchlight.yaml"));
});

test("a conflict and what was put back have faults as a 422 has, a limit has none", () => {
  const of = (status: number, faults: unknown): boolean => hasFaults(new Problem(status, "no", undefined, null, { faults }));
  expect([409, 422, 503].map((status) => of(status, [{ key: "", message: "m" }]))).toEqual([true, true, true]);
  expect([of(429, ["m"]), of(403, ["m"]), of(409, []), of(503, undefined)]).toEqual([false, false, false, false]);
});

test("an id is made of a name, and is nobody else's", () => {
  expect(idOf("Haustür, groß!", [])).toBe("haustuer_gross");
  expect(idOf("Café", [])).toBe("cafe");
  expect(idOf("Front", ["front", "front_2"])).toBe("front_3");
  expect(idOf("門", [])).toBe("");
});

test("who speaks the words that stand on a button hits it: they are part of its name", () => {
  for (const words of [settingsEn, settingsDe]) {
    const named: [string, string][] = [
      [words.edit, words.editOf("x")], [words.remove, words.removeOf("x")], [words.button.press, words.button.pressOf("x")], [words.channel.test, words.channel.testOf("x")],
      [words.user.lock, words.user.lockOf("x")], [words.user.unlock, words.user.unlockOf("x")], [words.token.revoke, words.token.revokeOf("x")],
    ];
    for (const [shown, name] of named) expect(name.toLowerCase()).toContain(shown.toLowerCase());
  }
});

/** The paths of all texts of a dictionary. */
function paths(value: unknown, at = ""): string[] {
  return typeof value === "object" && value !== null ? Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}.${key}`)) : [at];
}

test("no text of the settings stands in one language only, or is empty", () => {
  expect(paths(settingsDe)).toEqual(paths(settingsEn));
  for (const words of [settingsDe, settingsEn])
    expect(JSON.stringify(words)).not.toMatch(/:""|\[""/);
});
