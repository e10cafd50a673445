// SPDX-License-Identifier: Apache-2.0
// node page_stories.mjs STORY: one story of the page against the daemon that PAGE_SETTINGS (JSON) names.
import process from "node:process";
import { check, login, open, patience } from "./page_browser.mjs";

const settings = JSON.parse(process.env.PAGE_SETTINGS);
/** Tells test_page.py that it is its turn, and waits for its answer. */
async function yourTurn(word) {
  process.stdout.write(word + "\n");
  return new Promise((done) => process.stdin.once("data", (line) => done(String(line).trim())));
}

/** A picture that has arrived and is drawn. */
const drawn = (page, place = "main .tile img") =>
  page.waitForFunction((selector) => document.querySelector(selector)?.naturalWidth > 0, place, { timeout: patience });

const stories = {
  async login(how) {
    const visit = await open(settings, how);
    const { page } = visit;
    await page.goto(settings.url);
    await page.getByLabel("Name", { exact: true }).fill(settings.name);
    await page.getByLabel("Password", { exact: true }).fill("not the right one");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").getByText("wrong").waitFor();
    visit.expectFault(/401/);
    await visit.judge("login");
    await login(visit, settings);
    await drawn(page);
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
    await drawn(page);
    await page.getByText(/^\d+ s old$/).first().waitFor();
    const first = await page.locator("main .tile img").first().getAttribute("src");
    await page.waitForFunction((before) => document.querySelector("main .tile img").getAttribute("src") !== before, first, { timeout: patience });
    await visit.judge("now");
    await page.getByRole("link", { name: "Front door: full view" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Front door", level: 1 }).waitFor();
    await drawn(page, "main .tile.full img");
    await visit.judge("camera");
    await page.getByRole("link", { name: "Back" }).click();
    await page.getByRole("heading", { name: "Now", level: 1 }).waitFor();
    await visit.close();
  },

  async german(how) {
    const visit = await open(settings, { ...how, locale: "de-DE" });
    const { page } = visit;
    await login(visit, settings, { password: "Passwort", now: "Jetzt" });
    check((await page.getAttribute("html", "lang")) === "de", "the document does not say that it is German");
    await drawn(page);
    await visit.judge("now");
    await page.getByRole("link", { name: "Menü" }).click();
    await page.getByLabel("Sprache").selectOption("en");
    await page.getByRole("heading", { name: "Menu", level: 1 }).waitFor();
    check((await page.getAttribute("html", "lang")) === "en", "the document does not say that it is English");
    await visit.close();
  },
};

const [story, size, scheme] = process.argv.slice(2);
try {
  await stories[story]({ size, scheme });
  process.exit(0);
} catch (error) {
  process.stderr.write(`${story} (${size}, ${scheme}): ${error.stack ?? error}\n`);
  process.exit(1);
}
