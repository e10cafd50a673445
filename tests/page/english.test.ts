// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { Problem } from "../../src/page/api";
import { troublesOf } from "../../src/page/health/sections";
import { explain, w } from "../../src/page/words";
import { inEnglish, piecesOf } from "../../src/page/words/english";

test("what the daemon says is told apart from our own words", () => {
  expect(piecesOf(explain(new Problem(500, "no room")))).toEqual([w().errors.other(""), "no room", ""]);
  expect(piecesOf(`Taster: ${inEnglish("line \u2068taken\u2069")}!`)).toEqual(["Taster: ", "line taken", "!"]);
  expect(piecesOf(explain(new Problem(503, "busy")))).toEqual([w().errors.busy]);
});

test("what a button says of itself is English", () => {
  const status = { ready: true, checks: {}, cameras: [], buttons: [{ id: "bell", state: "degraded", text: "no chip" }], audit: { intact: true } };
  const [trouble] = troublesOf(status as unknown as Parameters<typeof troublesOf>[0], null, null);
  expect(piecesOf(trouble ?? "")[1]).toBe("no chip");
});
