// SPDX-License-Identifier: Apache-2.0
import type { Route } from "./route";
import type { Words } from "./words/en";

/** What the window is called: the page first, since a tab shows the beginning alone. `camera`: its name, where the route is one. */
export function titleOf(to: Route, words: Words, camera: string): string {
  const page = to.page === "camera" ? camera || words.now : words[to.page];
  return `${page} – ${words.appName}`;
}
