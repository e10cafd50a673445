// SPDX-License-Identifier: Apache-2.0
// The way into the settings, and to an entry of a list there.
import { login, open } from "./page_browser.mjs";

/** Logged in, and in a section of the settings, as a person gets there. */
export async function inside(settings, how, section) {
  const visit = await open(settings, how);
  const { page } = visit;
  await login(visit, settings);
  await page.getByRole("link", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  await page.getByRole("main").getByRole("link", { name: section }).click();
  await page.getByRole("heading", { name: section, level: 1 }).waitFor();
  return visit;
}

/** Another section, from one of them. */
export async function across(page, section) {
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: section }).click();
  await page.getByRole("heading", { name: section, level: 1 }).waitFor();
}

export const item = (page, name) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true, level: 2 }) });
