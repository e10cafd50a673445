// SPDX-License-Identifier: Apache-2.0
// A browser for the stories of test_page.py: it fails on everything that a person would not see but that is wrong.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

const require = createRequire(process.env.PORCHLIGHT_NODE_MODULES + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const patience = 120_000; // ms; the machine may be busy
/** What a browser says of requests that a daemon which goes, is away, or comes back left without an answer. */
export const daemonAway = /ERR_CONNECTION_\w+|ERR_EMPTY_RESPONSE|ERR_CONTENT_LENGTH_MISMATCH|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_SOCKET_NOT_CONNECTED|ERR_SSL_PROTOCOL_ERROR|WebSocket connection|status of 503/;
export const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

export async function open(settings, { size = "phone", scheme = "light", locale = "en-GB" } = {}) {
  const browser = await chromium.launch({ executablePath: settings.chromium, args: settings.flags });
  const context = await browser.newContext({
    ignoreHTTPSErrors: true, viewport: sizes[size], colorScheme: scheme, locale, hasTouch: size === "phone", bypassCSP: false,
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const faults = [];
  let bytes = 0, pictured = false;
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || /Content Security Policy/i.test(message.text())) faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(settings.url) && !url.startsWith("blob:") && !url.startsWith("data:")) faults.push(`asked elsewhere: ${url}`);
  });
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  const counted = new Map(); // by request: whether it is a picture of a camera, which is as large as the camera is
  network.on("Network.responseReceived", ({ requestId, response }) => {
    const isPicture = response.url.endsWith("/snapshot");
    counted.set(requestId, !isPicture);
    pictured ||= isPicture && response.status === 200;
  });
  network.on("Network.loadingFinished", (done) => (bytes += counted.get(done.requestId) ? done.encodedDataLength : 0));
  return {
    page, faults,
    /** Compressed, heads included, of everything that was fetched so far but the cameras' pictures. */
    bytes: () => bytes,
    /** Takes a fault that the story made on purpose off the list; it must be there. */
    expectFault(pattern) {
      const at = faults.findIndex((fault) => pattern.test(fault));
      check(at >= 0, `no ${pattern} in ${JSON.stringify(faults)}`);
      faults.splice(at, 1);
    },
    /** Takes off all faults that the story may have made, however many they are. */
    expectFaults(pattern) {
      while (faults.some((fault) => pattern.test(fault))) this.expectFault(pattern);
    },
    /** Holds the page as it is now against WCAG 2.2 AA, and keeps its picture where one is wanted. */
    async judge(name) {
      if (settings.shots) await page.screenshot({ path: `${settings.shots}/${name}-${size}-${scheme}-${locale.slice(0, 2)}.png` });
      // Not as a script of the page, which its policy would forbid: evaluated by the browser's own door.
      const found = await page.evaluate(`(() => { const module = undefined, exports = undefined, define = undefined; ${axe}; return window.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }); })()`);
      const wrong = found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html + " " + (node.any[0]?.message ?? "")).join(" | ")}`);
      check(wrong.length === 0, `${name}: axe: ${wrong.join("\n")}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(wide <= 0, `${name}: ${wide} px wider than the screen`);
    },
    async close() {
      await browser.close();
      if (pictured) this.expectFaults(/status of 503.*\/snapshot/); // a busy machine has none of this moment, now and then
      check(faults.length === 0, `the browser complains:\n${faults.join("\n")}`);
    },
  };
}

export function check(good, why) {
  if (!good) throw new Error(why);
}

/** Waits for the focus at an element: a page moves it after it has drawn, so a moment behind what it says. */
export async function focused(element, why) {
  const soon = Date.now() + patience;
  while (!(await element.evaluate((one) => one === document.activeElement))) {
    check(Date.now() < soon, why);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** Begins to write down what a live region comes to say, as a screen reader would read it out; the answer stops, and tells it. */
export async function listen(region) {
  const heard = await region.evaluateHandle((box) => {
    const texts = [box.textContent];
    const look = new MutationObserver(() => box.textContent !== texts.at(-1) && texts.push(box.textContent));
    look.observe(box, { childList: true, characterData: true, subtree: true });
    return { stop: () => (look.disconnect(), texts) };
  });
  return () => heard.evaluate((one) => one.stop());
}

/** Tells the test that it is its turn, and waits for its answer. */
export async function yourTurn(word) {
  process.stdout.write(word + "\n");
  return new Promise((done) => process.stdin.once("data", (line) => done(String(line).trim())));
}

/** Tells the story that the arguments name: story, size, scheme. */
export async function tell(stories) {
  const [story, size, scheme] = process.argv.slice(2);
  try {
    await stories[story]({ size, scheme });
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${story} (${size}, ${scheme}): ${error.stack ?? error}\n`);
    process.exit(1);
  }
}

/** Logs in through the page, by keyboard alone. */
export async function login(visit, settings, { name = "Name", password = "Password", now = "Now" } = {}) {
  const { page } = visit;
  await page.goto(settings.url);
  await page.getByLabel(name, { exact: true }).focus();
  await page.keyboard.type(settings.name);
  await page.keyboard.press("Tab");
  await focused(page.getByLabel(password, { exact: true }), "Tab does not lead to the password");
  await page.keyboard.type(settings.password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: now, level: 1 }).waitFor();
}
