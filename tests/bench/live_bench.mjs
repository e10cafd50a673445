// SPDX-License-Identifier: Apache-2.0
// node live_bench.mjs: what live_bench.py measures in a browser, in the product's own page. One order a line on standard input ("watch 20"), one line
// of JSON for each on standard output. Times are milliseconds since 1970, which camera, browser and bench share on one machine.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { createInterface } from "node:readline";
import { login, open, patience } from "../system/page_browser.mjs";

const settings = JSON.parse(process.env.PAGE_SETTINGS);
const require = createRequire(process.env.PORCHLIGHT_NODE_MODULES + "/");

// Before anything of the page's own: when each connection for pictures was asked for, and when its first picture was to be seen.
function eyes() {
  const now = (at) => performance.timeOrigin + at;
  const bench = (window.bench = { joins: [], asked: 0, dialogs: [] });
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(url, ...more) {
      super(url, ...more);
      if (!String(url).includes("/live?")) return;
      bench.asked = now(performance.now());
      this.addEventListener("message", ({ data }) => {
        if (typeof data === "string") return;
        const micros = Number(new DataView(data).getBigUint64(0));
        if (micros === 0) [bench.arrived, bench.begins] = [[], undefined]; // another film
        else bench.arrived.push(micros / 1000);
      });
    }
  };
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "src");
  Object.defineProperty(HTMLMediaElement.prototype, "src", {
    ...source,
    set(url) {
      source.set.call(this, url);
      const asked = bench.asked;
      const look = (_, { expectedDisplayTime }) => {
        // The page shows stills until moving pictures are there: only then are they seen.
        if (this.hidden) return this.requestVideoFrameCallback(look);
        return bench.joins.push({ asked, seen: now(expectedDisplayTime) });
      };
      this.requestVideoFrameCallback(look);
    },
  });
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 32;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const bits = (data, row, from, count) => {
    let value = 0n;
    for (let bit = count - 1; bit >= 0; --bit) value = (value << 1n) | (data[((row * 16 + 8) * 640 + (from + bit) * 16 + 8) * 4] > 125 ? 1n : 0n);
    return value;
  };
  // tests/rtsp_server/picture_stamp.cpp in the browser: null when the squares do not agree.
  bench.read = (video) => {
    pen.drawImage(video, 0, 0, 640, 32, 0, 0, 640, 32);
    const { data } = pen.getImageData(0, 0, 640, 32);
    const clock = bits(data, 0, 0, 40), number = bits(data, 1, 0, 32);
    const check = BigInt.asUintN(64, (clock * 0x9e3779b97f4a7c15n + number) * 0xc2b2ae3d27d4eb4fn) >> 56n;
    return check === bits(data, 1, 32, 8) ? { clock: Number(clock), number: Number(number) } : null;
  };
  // From the drawing of each picture to when it is on the glass, for so many milliseconds.
  const rate = 25; // pictures a second, as live_bench.py's camera
  bench.watch = (video, length) => new Promise((done) => {
    const seen = [];
    let unread = 0;
    const end = performance.now() + length;
    const look = (_, { expectedDisplayTime, mediaTime, width }) => {
      const stamp = width === 640 ? bench.read(video) : null;
      const glass = now(expectedDisplayTime);
      // What this one has of a film that others may have begun to watch starts with its first picture; pictures are evenly spaced.
      bench.begins ??= video.buffered.length ? video.buffered.start(0) : undefined;
      const arrived = bench.arrived?.[Math.round((mediaTime - bench.begins) * rate)];
      if (stamp) seen.push([stamp.number, glass - (stamp.clock + Math.floor(now(0) / 2 ** 40) * 2 ** 40), glass - (arrived ?? NaN)]);
      else ++unread;
      if (performance.now() < end) video.requestVideoFrameCallback(look);
      else done({ seen, unread, waits: video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0 });
    };
    video.requestVideoFrameCallback(look);
  });
  const dialog = () => {
    const open = document.querySelector("dialog[open]") !== null;
    if (open && !bench.shown) requestAnimationFrame((at) => bench.dialogs.push(now(at)));
    bench.shown = open;
  };
  new MutationObserver(dialog).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["open"] });
}

const visit = await open(settings, { size: "desktop" });
const { page } = visit;
await page.addInitScript(eyes);
await login(visit, settings);

/** How many joins were seen so far; waits until there are more than `before`. */
const joins = (before) => page.waitForFunction((count) => window.bench.joins.length > count && window.bench.joins, before, { timeout: patience });
let joined = 0;
const go = (hash) => page.evaluate((to) => (location.hash = to), hash);

const orders = {
  /** Glass to glass in the picture that fills the page. */
  async watch(seconds) {
    await go("#/camera/front");
    await page.waitForFunction(() => document.querySelector(".tile.full video:not([hidden])"), null, { timeout: patience });
    return page.evaluate((ms) => window.bench.watch(document.querySelector(".tile.full video"), ms), Number(seconds) * 1000);
  },
  /** First pictures of so many joins by one who goes from page to page. */
  async join(count) {
    const times = [];
    for (let i = 0; i < Number(count); ++i) {
      await go("#/menu");
      await page.waitForFunction(() => !document.querySelector("video"), null, { timeout: patience });
      await page.waitForTimeout(300 + ((joined++ * 370) % 2000)); // all over the camera's group
      const before = await page.evaluate(() => window.bench.joins.length);
      await go("#/camera/front");
      const all = await (await joins(before)).jsonValue();
      times.push(all.at(-1).seen - all.at(-1).asked);
    }
    return { times };
  },
  /** The page opened by one who is logged in, until the first moving picture; so many times. */
  async open(count) {
    const times = [];
    for (let i = 0; i < Number(count); ++i) {
      await page.goto("about:blank");
      await page.goto(`${settings.url}#/now`);
      const all = await (await joins(0)).jsonValue();
      times.push(all[0].seen - (await page.evaluate(() => performance.timeOrigin)));
    }
    return { times };
  },
  /** Tells when it waits for a ring, then when that was to be seen. */
  async ring() {
    await go("#/now");
    const before = await page.evaluate(() => window.bench.dialogs.length);
    process.stdout.write('{"waits":true}\n');
    const shown = await page.waitForFunction((count) => window.bench.dialogs[count], before, { timeout: patience });
    const at = await shown.jsonValue();
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog[open]"), null, { timeout: patience });
    return { at };
  },
  /** The same camera by low-latency HLS and hls.js, in the same page. */
  async hls(seconds) {
    const library = process.env.PORCHLIGHT_NODE_MODULES + "/hls.js/dist/hls.min.js";
    if (!existsSync(library)) return { absent: "hls.js is not in node_modules" };
    await go("#/menu");
    await page.evaluate(readFileSync(require.resolve(library), "utf8") + ";window.Hls = self.Hls ?? window.Hls; 0");
    const began = await page.evaluate((ms) => new Promise((done, failed) => {
      const video = document.createElement("video");
      video.muted = true;
      document.body.append(video);
      const player = new window.Hls({ lowLatencyMode: true, enableWorker: false });
      player.on(window.Hls.Events.ERROR, (_, error) => error.fatal && failed(new Error(`hls.js: ${error.type} ${error.details}`)));
      player.loadSource("/hls/front/index.m3u8");
      player.attachMedia(video);
      video.play().catch(failed);
      setTimeout(() => window.bench.watch(video, ms).then((told) => { player.destroy(); video.remove(); done(told); }), 8000);
    }), Number(seconds) * 1000);
    return began;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [order, argument] = line.trim().split(" ");
  process.stdout.write(JSON.stringify(await orders[order](argument)) + "\n");
}
await page.context().browser().close(); // without a judgement: what the page says is not measured here
