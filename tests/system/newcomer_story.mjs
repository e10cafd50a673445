// SPDX-License-Identifier: Apache-2.0
// node newcomer_story.mjs newcomer SIZE SCHEME: from the first start to a ring that is told of with its picture, with the page alone.
import process from "node:process";
import { check, open, tell, yourTurn } from "./page_browser.mjs";
import { across, item } from "./settings_way.mjs";

const settings = JSON.parse(process.env.PAGE_SETTINGS);

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

/** Somebody rings, is seen, and this person goes. */
async function answer(page, meanwhile = () => undefined) {
  const dialog = page.getByRole("alertdialog", { name: "Somebody rings" });
  await dialog.getByText("at Front door").waitFor();
  await page.waitForFunction(() => document.querySelector("dialog img")?.naturalWidth > 0);
  await meanwhile();
  await dialog.getByRole("button", { name: "I'm going" }).click();
  await dialog.getByText(`${settings.name} is going`).waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "detached" });
}

async function ring({ page, judge }) {
  await item(page, "Bell").getByRole("button", { name: "Press now: Bell" }).click();
  await answer(page, () => judge("newcomer-6-ring"));
  await item(page, "Bell").getByText(/Seen at /).waitFor();
  await page.getByRole("link", { name: "Visits" }).click();
  await page.getByRole("article").first().getByRole("heading", { name: /^Ring/ }).waitFor();
  await judge("newcomer-7-visits");
}

/** The way by which people are told: it is tried, and the page says what it is for. */
async function channel({ page, judge }) {
  await page.getByRole("link", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("main").getByRole("link", { name: "Channels" }).click();
  await page.getByText("No channel yet: nobody is told of a ring.").waitFor();
  await page.getByRole("button", { name: "Add a channel" }).click();
  await page.getByLabel("Kind").selectOption({ label: "Webhook" });
  await page.getByLabel("Name", { exact: true }).fill("phones");
  await page.getByLabel("Address", { exact: true }).fill(settings.hook);
  await page.getByRole("button", { name: "Save" }).click();
  await item(page, "phones").getByRole("button", { name: "Send a test message to phones" }).click();
  await item(page, "phones").getByText(/Delivered after/).waitFor();
  await page.getByText("rings go to every channel with the picture").waitFor();
  check((await page.getByText("Begun here").count()) === 0, "what was saved is said not to be");
  await judge("newcomer-8-channel");
}

/** A ring of which that channel tells: the test has it in its hands when it says so. */
async function told({ page, judge }) {
  await across(page, "Buttons");
  await item(page, "Bell").getByRole("button", { name: "Press now: Bell" }).click();
  await answer(page);
  await yourTurn("told bell api");
  await judge("newcomer-9-told");
}

/** A contact at a line of this machine, as the page offers it; somebody presses it. */
async function contact({ page, judge }) {
  await page.getByRole("button", { name: "Add a button" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Gate");
  await page.getByLabel("Camera that looks at the visitor").selectOption({ label: "Front door" });
  await page.getByLabel("Line", { exact: true }).fill("17");
  await judge("newcomer-10-contact");
  await page.getByRole("button", { name: "Save" }).click();
  await item(page, "Gate").getByText("Ready").waitFor();
  await item(page, "Gate").getByRole("button", { name: "Press now: Gate" }).click();
  await item(page, "Gate").getByText("Press the button now.").waitFor();
  await yourTurn("press");
  await answer(page);
  await item(page, "Gate").getByText(/Seen at /).waitFor();
  await judge("newcomer-11-contact-seen");
  await yourTurn("told gate button_press");
}

async function newcomer(how) {
  const visit = await open(settings, how);
  for (const part of [account, camera, button, ring, channel, told, ...(settings.contact ? [contact] : [])]) await part(visit);
  visit.expectFaults(/503.*snapshot/); // before the first picture
  await visit.close();
}

await tell({ newcomer });
