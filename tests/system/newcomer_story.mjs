// SPDX-License-Identifier: Apache-2.0
// node newcomer_story.mjs newcomer SIZE SCHEME: from the first start to an acknowledged ring, with the page alone.
import process from "node:process";
import { open, tell } from "./page_browser.mjs";

const settings = JSON.parse(process.env.PAGE_SETTINGS);
const item = (page, name) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true, level: 2 }) });

async function account({ page, judge }) {
  await page.goto(settings.url);
  await page.getByRole("heading", { name: "Welcome" }).waitFor();
  await judge("newcomer-1-welcome");
  await page.getByLabel("One-time code").fill(settings.code);
  await page.getByLabel("Account name").fill(settings.name);
  await page.getByLabel("New password").fill(settings.password);
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.getByRole("link", { name: "Add your first camera" }).waitFor();
  await judge("newcomer-2-now");
}

async function camera({ page, judge }) {
  await page.getByRole("link", { name: "Add your first camera" }).click();
  await page.getByRole("button", { name: "Add a camera" }).click();
  await page.getByLabel("Address", { exact: true }).fill(settings.rtsp);
  await page.getByLabel("User at the camera").fill("viewer");
  await page.getByLabel("Password at the camera").fill("right");
  await page.getByRole("button", { name: "Try" }).click();
  await page.getByText(/^Found: h264/i).waitFor();
  await page.waitForFunction(() => document.querySelector(".trial img")?.naturalWidth > 0);
  await judge("newcomer-3-camera-found");
  await page.getByLabel("Name", { exact: true }).fill("Front door");
  await page.getByRole("button", { name: "Save" }).click();
  await item(page, "Front door").getByText("Connected", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Now", exact: true }).click();
  await page.getByText("Live", { exact: true }).waitFor();
  await judge("newcomer-4-live");
}

async function button({ page, judge }) {
  await page.getByRole("link", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("main").getByRole("link", { name: "Buttons" }).click();
  await page.getByRole("button", { name: "Add a button" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Bell");
  await page.getByLabel("Camera that looks at the visitor").selectOption({ label: "Front door" });
  await page.getByLabel("Kind").selectOption({ label: "By command only" }); // a machine under test has no line
  await page.getByRole("button", { name: "Save" }).click();
  await item(page, "Bell").getByText("Ready").waitFor();
  await judge("newcomer-5-button");
}

async function ring({ page, judge }) {
  await item(page, "Bell").getByRole("button", { name: "Press now: Bell" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Somebody rings" });
  await dialog.getByText("at Front door").waitFor();
  await page.waitForFunction(() => document.querySelector("dialog img")?.naturalWidth > 0);
  await judge("newcomer-6-ring");
  await dialog.getByRole("button", { name: "I'm going" }).click();
  await dialog.getByText(`${settings.name} is going`).waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "detached" });
  await item(page, "Bell").getByText(/Seen at /).waitFor();
  await page.getByRole("link", { name: "Visits" }).click();
  await page.getByRole("article").first().getByRole("heading", { name: /^Ring/ }).waitFor();
  await judge("newcomer-7-visits");
}

async function newcomer(how) {
  const visit = await open(settings, how);
  for (const part of [account, camera, button, ring]) await part(visit);
  while (visit.faults.some((fault) => /503.*snapshot/.test(fault))) visit.expectFault(/503.*snapshot/); // before the first picture
  await visit.close();
}

await tell({ newcomer });
