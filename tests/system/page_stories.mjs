// SPDX-License-Identifier: Apache-2.0
// node page_stories.mjs STORY: one story of the page against the daemon that PAGE_SETTINGS (JSON) names.
import process from "node:process";
import { check, daemonAway, login, open, patience, tell, yourTurn } from "./page_browser.mjs";
import { healthStories } from "./page_health_stories.mjs";
import { peopleStories } from "./page_people_stories.mjs";

const settings = JSON.parse(process.env.PAGE_SETTINGS);

/** A picture that has arrived and is drawn. */
const drawn = (page, place = "main .tile img") =>
  page.waitForFunction((selector) => document.querySelector(selector)?.naturalWidth > 0, place, { timeout: patience });

/** Moving pictures: drawn, and going on. */
async function moves(page, place = "main .tile video") {
  const at = () => page.evaluate((selector) => document.querySelector(selector).currentTime, place);
  await page.waitForFunction((selector) => {
    const video = document.querySelector(selector);
    return video && !video.hidden && video.readyState >= 2 && video.videoWidth === 1280;
  }, place, { timeout: patience });
  const before = await at();
  await page.waitForFunction(([selector, time]) => document.querySelector(selector)?.currentTime > time, [place, before + 3], { timeout: patience });
}

/** From an empty house to its first picture, in the words of a language. */
async function firstRun(how, words) {
  const visit = await open(settings, how);
  const { page } = visit;
  await page.goto(settings.url);
  await page.getByRole("heading", { name: words.welcome }).waitFor();
  await page.getByLabel(words.code).fill("ABCD-EFGH-IJKL-MNOP-QRST");
  await page.getByLabel(words.account).fill(settings.name);
  await page.getByLabel(words.password).fill(settings.password);
  await page.getByRole("button", { name: words.make }).click();
  await page.getByRole("alert").getByText(words.refused).waitFor();
  visit.expectFault(/403/);
  await visit.judge("first-run");
  await page.getByLabel(words.code).fill(settings.code);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: words.now, level: 1 }).waitFor();
  await moves(page);
  await visit.close();
}

const stories = {
  async login(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    let refusals = 2; // as from a house that has not read its accounts yet: it is asked again, and nobody presses anything
    await page.route("**/api/v1/auth/register", (route) =>
      refusals-- > 0 ? route.fulfill({ status: 503, contentType: "application/problem+json", body: "{}" }) : route.continue());
    await page.goto(settings.url);
    await page.getByLabel("Name", { exact: true }).fill(settings.name);
    check(refusals < 0, "the house was not asked");
    visit.expectFault(/503/);
    visit.expectFault(/503/);
    await page.getByLabel("Password", { exact: true }).fill("not the right one");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").getByText("wrong").waitFor();
    visit.expectFault(/401/);
    await visit.judge("login");
    await login(visit, settings);
    await page.getByText("Live", { exact: true }).waitFor();
    check(visit.bytes() > 10_000 && visit.bytes() < 200 * 1024, `${visit.bytes()} bytes at first view`);
    await page.reload(); // the session is the browser's, not the page's
    await page.getByRole("heading", { name: "Now", level: 1 }).waitFor();
    await page.getByRole("link", { name: "Menu" }).click();
    await visit.judge("menu");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await visit.close();
  },

  async second_factor(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await page.goto(settings.url);
    await page.getByLabel("Name", { exact: true }).fill(settings.name);
    await page.getByLabel("Password", { exact: true }).fill(settings.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByLabel("Code of your authenticator").waitFor();
    visit.expectFault(/401/);
    await visit.judge("second-factor");
    await page.getByLabel("Code of your authenticator").fill(await yourTurn("code"));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Now", level: 1 }).waitFor();
    await visit.close();
  },

  async now(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await moves(page);
    await page.getByText("Live", { exact: true }).waitFor();
    await visit.judge("now");
    await page.getByRole("link", { name: "Front door: full view" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Front door", level: 1 }).waitFor();
    await moves(page, "main .tile.full video");
    await visit.judge("camera");
    await page.getByRole("link", { name: "Back" }).click();
    await page.getByRole("heading", { name: "Now", level: 1 }).waitFor();
    await moves(page);
    await yourTurn("switch_off"); // a camera that is away: its last picture stays, and is drawn as an old one
    await page.getByText("Switched off", { exact: true }).waitFor();
    check((await page.getByRole("link", { name: "To the settings: Front door" }).getAttribute("href")) === "#/settings/cameras", "an administrator is not led on");
    check((await page.getByText("Live", { exact: true }).count()) === 0, "a camera that is switched off is called live");
    await drawn(page, ".tile.old img");
    await visit.judge("now-lost");
    await yourTurn("switch_on"); // and it comes back by itself
    await page.locator(".tile:not(.old)").waitFor();
    await moves(page);
    await page.getByText("Switched off", { exact: true }).waitFor({ state: "detached" });
    visit.expectFaults(/503.*snapshot/); // no picture in that moment
    await visit.close();
  },

  /** A browser without Media Source Extensions, as telephones of the years before have it. */
  async stills(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await page.addInitScript(() => delete window.MediaSource);
    await login(visit, settings);
    await drawn(page);
    await page.getByText(/^\d+ s old$/).first().waitFor();
    const first = await page.locator("main .tile img").first().getAttribute("src");
    await page.waitForFunction((before) => document.querySelector("main .tile img").getAttribute("src") !== before, first, { timeout: patience });
    check(await page.locator("main .tile video").isHidden(), "there is a video that nothing can fill");
    await visit.judge("stills");
    await visit.close();
  },

  first_run: (how) => firstRun(how, {
    welcome: "Welcome", code: "One-time code", account: "Account name", password: "New password", make: "Make the account", refused: "The code is not valid", now: "Now" }),

  first_run_in_german: (how) => firstRun({ ...how, locale: "de-DE" }, {
    welcome: "Willkommen", code: "Einmalcode", account: "Kontoname", password: "Neues Passwort", make: "Konto anlegen", refused: "Der Code gilt nicht", now: "Jetzt" }),

  async ring(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await page.getByRole("link", { name: "Menu" }).click();
    await page.getByRole("heading", { name: "Menu", level: 1 }).waitFor();
    await yourTurn("ring");
    const dialog = page.getByRole("alertdialog", { name: "Somebody rings" });
    await dialog.waitFor();
    await dialog.getByText("at Front door").waitFor();
    await drawn(page, "dialog img");
    if (settings.visitor) await dialog.getByText(settings.visitor).waitFor();
    const inside = () => page.evaluate(() => document.querySelector("dialog").contains(document.activeElement) || document.activeElement === document.body);
    const seen = new Set();
    for (let press = 0; press < 6; ++press) { // round and round: nothing behind it takes the focus
      check(await inside(), "the focus is outside of the ring");
      seen.add(await page.evaluate(() => document.activeElement.textContent));
      await page.keyboard.press("Tab");
    }
    check([...seen].some((text) => text.startsWith("I'm going")) && seen.has("Not now"), `Tab leads to ${[...seen]}`);
    await visit.judge("ring");
    await dialog.getByRole("button", { name: "I'm going" }).focus();
    await page.keyboard.press("a");
    await dialog.getByText("anna is going").waitFor();
    await visit.judge("ring-answered");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("heading", { name: "Menu", level: 1 }).waitFor();

    await yourTurn("ring"); // and again, by the button
    await dialog.waitFor();
    await dialog.getByRole("button", { name: "I'm going" }).click();
    await dialog.getByText("anna is going").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });

    await yourTurn("ring_and_answer"); // somebody else is faster
    await dialog.getByText("anna is going").waitFor();
    await visit.close();
  },

  /** A daemon that was away: what rang last, before the page is connected again, is shown all the same. */
  async missed_ring(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await yourTurn("stop");
    await page.getByText("The house does not answer").first().waitFor();
    await yourTurn("start_and_ring");
    await page.getByRole("alertdialog", { name: "Somebody rings" }).waitFor();
    check((await page.getByText("Trying again").count()) === 0, "it still says that the house does not answer");
    visit.expectFaults(daemonAway);
    await visit.close();
  },

  async visits(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await page.getByRole("link", { name: "Visits" }).click();
    const first = page.getByRole("article").first();
    await first.getByRole("heading", { name: /^Ring/ }).waitFor();
    await drawn(page, "article img");
    await visit.judge("visits");
    await first.getByRole("button", { name: "Play the clip" }).click();
    await page.waitForFunction(() => (document.querySelector("article video")?.currentTime ?? 0) > 0, null, { timeout: patience });
    await visit.judge("visit-clip");
    await page.getByLabel("Person", { exact: true }).selectOption({ label: "Unknown people" });
    await page.getByText("Nobody was here in this time.").waitFor(); // nobody looked who it was
    await page.getByLabel("Person", { exact: true }).selectOption({ label: "Everybody" });
    await first.waitFor();
    await page.getByLabel("Day", { exact: true }).fill("2001-01-01");
    await page.getByText("Nobody was here in this time.").waitFor();
    await page.getByLabel("Day", { exact: true }).fill("");
    await page.getByLabel("Camera", { exact: true }).selectOption({ label: "Front door" });
    await first.waitFor();
    await visit.close();
  },

  /** A stranger gets a name, and the next ring says it. */
  async teach(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await page.getByRole("link", { name: "Visits" }).click();
    const first = page.getByRole("article").first();
    await first.getByRole("heading", { name: "Ring: Unknown person" }).waitFor();
    await first.getByRole("button", { name: "This is …" }).click();
    await page.getByLabel("Who is it?").fill("Grace");
    await visit.judge("teach");
    await page.keyboard.press("Enter");
    await page.getByText("Remembered as Grace").waitFor();
    await yourTurn("ring");
    const dialog = page.getByRole("alertdialog", { name: "Somebody rings" });
    await dialog.getByText("Grace").waitFor();
    await drawn(page, "dialog img");
    await visit.judge("ring-known");
    await dialog.getByRole("button", { name: "Not now" }).click();
    await page.getByLabel("Person", { exact: true }).selectOption({ label: "Grace" });
    await first.getByRole("heading", { name: "Ring: Grace" }).waitFor();
    await first.getByRole("button", { name: "Not Grace" }).waitFor();
    await first.getByRole("button", { name: "Yes, Grace" }).click();
    await first.getByText("It was Grace.").waitFor();
    check((await first.getByRole("button", { name: "Yes, Grace" }).count()) === 0, "what was said is asked again");
    // Whose face is not to be learnt, or cannot be, was there all the same.
    await first.getByRole("button", { name: "Not Grace" }).click();
    await first.getByRole("button", { name: "Somebody else" }).click();
    await first.getByText("It was not Grace.").waitFor();
    await first.getByRole("button", { name: "Not Grace" }).click();
    await first.getByLabel("Who is it?").fill("Grace");
    await first.getByRole("button", { name: "Only say who it was" }).click();
    await first.getByText("It was Grace.").waitFor();
    await visit.close();
  },

  /** Whoever may not have faces learnt says who it was; the house keeps it. */
  async judge(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await login(visit, settings);
    await page.getByRole("link", { name: "Visits" }).click();
    const first = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "Ring: Grace" }) }).first();
    await first.getByText("It was Grace.").waitFor();
    await first.getByRole("button", { name: "Not Grace" }).click();
    await first.getByRole("button", { name: "That is who it was" }).waitFor();
    check((await first.getByRole("button", { name: "Remember" }).count()) === 0, "who may not teach is offered to");
    await visit.judge("judge");
    await first.getByRole("button", { name: "Somebody else" }).click();
    await first.getByText("It was not Grace.").waitFor();
    const unknown = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "Ring: Unknown person" }) }).first();
    await unknown.getByText("It was Grace.").waitFor(); // who was taught by its picture
    await unknown.getByRole("button", { name: "This is …" }).click();
    await unknown.getByRole("button", { name: "A stranger" }).click();
    await unknown.getByText("It was a stranger.").waitFor();
    await unknown.getByRole("button", { name: "This is …" }).click();
    await page.getByLabel("Who is it?").fill("Grace");
    await page.keyboard.press("Enter");
    await unknown.getByText("It was Grace.").waitFor();
    await page.reload();
    await page.getByRole("link", { name: "Visits" }).click();
    await first.getByText("It was not Grace.").waitFor();
    await unknown.getByText("It was Grace.").waitFor();
    await visit.close();
  },

  async german(how) {
    const visit = await open(settings, { ...how, locale: "de-DE" });
    const { page } = visit;
    await login(visit, settings, { password: "Passwort", now: "Jetzt" });
    check((await page.getAttribute("html", "lang")) === "de", "the document does not say that it is German");
    await moves(page);
    await visit.judge("now");
    await page.getByRole("link", { name: "Besuche" }).click();
    await page.getByText("In dieser Zeit war niemand da.").waitFor();
    check((await page.title()) === "Besuche – Porchlight", `the window is called ${await page.title()}`);
    await visit.judge("visits");
    await yourTurn("ring");
    await page.getByRole("alertdialog", { name: "Es klingelt" }).waitFor();
    await visit.judge("ring");
    await page.getByRole("button", { name: "Jetzt nicht" }).click();
    await page.getByRole("link", { name: "Menü" }).click();
    await page.getByLabel("Sprache").selectOption("en");
    await page.getByRole("heading", { name: "Menu", level: 1 }).waitFor();
    check((await page.getAttribute("html", "lang")) === "en", "the document does not say that it is English");
    await visit.close();
  },
};

Object.assign(stories, peopleStories(settings), healthStories(settings, yourTurn));
await tell(stories);
