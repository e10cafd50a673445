// SPDX-License-Identifier: Apache-2.0
import { signal } from "@preact/signals";

const pages = ["now", "visits", "people", "health", "menu"] as const;
export type Page = (typeof pages)[number];
export type Route = { page: Page } | { page: "camera"; id: string } | { page: "settings"; section: string };

export function routeOf(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, "").split("/");
  try {
    if (page === "camera" && id) return { page, id: decodeURIComponent(id) };
  } catch {
    // no name that anybody encoded
  }
  if (page === "settings") return { page, section: id ?? "" };
  return { page: pages.find((one) => one === page) ?? "now" };
}

export const route = signal<Route>(routeOf(typeof location === "undefined" ? "" : location.hash));

export function follow(): void {
  window.addEventListener("hashchange", () => {
    route.value = routeOf(location.hash);
    document.getElementById("main")?.focus(); // as a page that was loaded would begin
  });
}
