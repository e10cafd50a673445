// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { routeOf } from "../../src/page/route";
import { titleOf } from "../../src/page/title";
import { de } from "../../src/page/words/de";
import { en } from "../../src/page/words/en";

test("each page has a title of its own, in the language of now", () => {
  const routes = ["#/now", "#/visits", "#/people", "#/health", "#/menu", "#/settings/users", "#/camera/front"].map(routeOf);
  for (const words of [en, de]) expect(new Set(routes.map((to) => titleOf(to, words, "Hof"))).size).toBe(routes.length);
  expect(titleOf(routeOf("#/visits"), de, "")).toBe("Besuche – Porchlight");
  expect(titleOf(routeOf("#/camera/front"), en, "Front door")).toBe("Front door – Porchlight");
  expect(titleOf(routeOf("#/camera/gone"), en, "")).toBe("Now – Porchlight");
});
