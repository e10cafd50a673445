// SPDX-License-Identifier: Apache-2.0
// node page_live_story.mjs watched SIZE SCHEME: one page stays open while its camera and its daemon change; it is never loaded anew.
import process from "node:process";
import { check, daemonAway, login, open, patience, tell, yourTurn } from "./page_browser.mjs";

const settings = JSON.parse(process.env.PAGE_SETTINGS);
const video = "main .tile.full video";
const back = 2 * patience; // ms; the page tries again once a minute, and a try takes 15 s to fail

/** Moving pictures of that width, which go on. */
async function moves(page, width) {
  const at = await page.waitForFunction(([selector, wanted]) => {
    const film = document.querySelector(selector);
    return film && !film.hidden && film.readyState >= 2 && film.videoWidth === wanted && { time: film.currentTime };
  }, [video, width], { timeout: back });
  const { time } = await at.jsonValue();
  await page.waitForFunction(([selector, before]) => {
    const film = document.querySelector(selector);
    // Another film begins at nought: going on is what counts, and twice a second is enough to see it.
    return !film.hidden && (film.currentTime > before + 1 || film.currentTime < before);
  }, [video, time], { timeout: patience, polling: 500 });
  await page.getByText("Live", { exact: true }).waitFor();
}

/** Stills that are renewed: at least three pictures one after the other that were not there before. */
async function renewed(page) {
  await page.evaluate(() => (window.stillsSeen = new Set([document.querySelector(".tile.full img").src])));
  await page.waitForFunction(() => window.stillsSeen.add(document.querySelector(".tile.full img").src).size > 3, null, { timeout: patience, polling: 200 });
}

/** No film, and a still with its age; what is on the glass does not call itself live. */
async function stills(page) {
  await page.waitForFunction((selector) => document.querySelector(selector)?.hidden && document.querySelector(".tile.full img").naturalWidth > 0, video,
    { timeout: patience });
  await page.getByText(/^\d+ (s|min) old$/).waitFor();
  check((await page.getByText("Live", { exact: true }).count()) === 0, "stills are called live");
}

async function watched(how) {
  const visit = await open(settings, how);
  const { page } = visit;
  await login(visit, settings);
  await page.evaluate(() => {
    window.sameDocument = true;
    location.hash = "#/camera/front";
  });
  await moves(page, 640);
  await yourTurn("kill"); // the camera: its last picture stays, and ages
  await stills(page);
  await visit.judge("camera-lost");
  await yourTurn("start");
  await moves(page, 640);
  await yourTurn("grow"); // another size from one picture to the next
  await moves(page, 1280);
  await yourTurn("other_codec");
  const playable = await page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L93.B0"'));
  if (playable) await moves(page, 640);
  else {
    await renewed(page); // the camera's own: what stands still since it went was one
    await stills(page);
  }
  await yourTurn("first_codec");
  await moves(page, 640);
  await yourTurn("restart"); // the daemon, under the open page
  await moves(page, 640);
  check((await page.getByText("The house does not answer").count()) === 0, "it still says that the house does not answer");
  check(await page.evaluate(() => window.sameDocument === true), "the page was loaded anew");
  visit.expectFaults(daemonAway);
  visit.expectFaults(/status of 504/); // while the camera was away
  await visit.close();
}

await tell({ watched });
