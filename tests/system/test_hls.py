# SPDX-License-Identifier: Apache-2.0
"""Watching a camera by HLS: the real daemon, a real camera, a client that holds each playlist against the rules of
RFC 8216bis, ffmpeg as the plain player and hls.js in a browser as the quick one."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import unittest

import browser
import footage_truth
import harness
import openapi_record
from accounts_client import Client
from live_house import PASSWORD, LiveHouse

MODULES = pathlib.Path(os.environ.get("NODE_PATH", harness.SOURCE / "node_modules"))
HLS_JS = MODULES / "hls.js" / "dist" / "hls.min.js"

PLAYER = """<!doctype html><title>hls</title><video id=v muted playsinline></video><script src="/hls.js"></script><script>
const video = document.getElementById("v"), faults = [];
const hls = new Hls({lowLatencyMode: true, liveSyncMode: "edge"});
let latency = null, parts = 0;
hls.on(Hls.Events.FRAG_LOADED, (_, {part}) => { if (part) ++parts; });
hls.on(Hls.Events.ERROR, (_, data) => {
  faults.push(data.details + (data.fatal ? " (fatal)" : "") + " " + (data.response?.code ?? ""));
  if (!data.fatal) return;
  setTimeout(() => {
    if (data.details.startsWith("manifest")) hls.loadSource("/hls/front/index.m3u8");
    else if (data.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else hls.startLoad();
  }, 1000);
});
hls.loadSource("/hls/front/index.m3u8");
hls.attachMedia(video);
setInterval(() => {
  video.play().catch(() => undefined);
  const edge = hls.liveSyncPosition;
  // As a person does who reloads: what was lost is not waited for.
  if (edge && edge - video.currentTime > 6) video.currentTime = edge;
  const frames = video.getVideoPlaybackQuality().totalVideoFrames;
  const {currentTime, videoWidth} = video;
  fetch("/told", {method: "POST", body: JSON.stringify({frames, currentTime, videoWidth, parts, latency: hls.latency, faults: faults.splice(0)})});
}, 500);
</script>"""


class Playlist:
    """A media playlist, taken apart; `faults` says what breaks the rules."""

    def __init__(self, text):
        self.text, self.faults = text, []
        self.segments, self.parts, self.maps, self.hint = [], [], [], None
        lines = text.splitlines()
        self.tags = dict(line[1:].partition(":")[::2] for line in lines if line.startswith("#EXT"))
        self.target = int(self.tags["EXT-X-TARGETDURATION"])
        self.part_target = float(self.attributes(self.tags["EXT-X-PART-INF"])["PART-TARGET"])
        self.sequence = int(self.tags["EXT-X-MEDIA-SEQUENCE"])
        self.control = self.attributes(self.tags["EXT-X-SERVER-CONTROL"])
        self.read(lines)
        self.judge()

    @staticmethod
    def attributes(text):
        return {name: value.strip('"') for name, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', text)}

    def read(self, lines):
        pending, length = [], None
        for line in lines:
            tag, _, rest = line.partition(":")
            if tag == "#EXT-X-PART":
                pending.append(self.attributes(rest))
            elif tag == "#EXTINF":
                length = float(rest.rstrip(","))
            elif tag == "#EXT-X-MAP":
                self.maps.append(self.attributes(rest)["URI"])
            elif tag == "#EXT-X-PRELOAD-HINT":
                self.hint = self.attributes(rest)["URI"]
            elif line and not line.startswith("#"):
                self.segments.append((line, length, pending))
                pending = []
        self.parts = pending  # of the segment that grows
        self.last = self.sequence + len(self.segments) - 1

    def judge(self):
        every = [*self.segments, (None, None, self.parts)]
        for uri, length, parts in every:
            if length is not None and round(length) > self.target:
                self.faults.append(f"{uri} is longer than the target duration")
            if length is not None and parts and abs(sum(float(p["DURATION"]) for p in parts) - length) > 0.1:
                self.faults.append(f"{uri} is not as long as its parts")
            for at, part in enumerate(parts):
                if float(part["DURATION"]) > self.part_target + 1e-5:
                    self.faults.append(f"{part} is longer than the part target")
                if at + 1 < len(parts) and float(part["DURATION"]) < 0.85 * self.part_target:
                    self.faults.append(f"{part} is shorter than 85 % of the part target")
        if self.control.get("CAN-BLOCK-RELOAD") != "YES":
            self.faults.append("reload does not block")
        if float(self.control["PART-HOLD-BACK"]) < 3 * self.part_target - 1e-5 or float(self.control["HOLD-BACK"]) < 3 * self.target:
            self.faults.append("too little is held back")
        if not self.maps or self.text.index("#EXT-X-MAP") > self.text.index("#EXTINF"):
            self.faults.append("segments stand before the first head")
        if self.hint in [part["URI"] for _, _, parts in every for part in parts]:
            self.faults.append("the hint is listed, too")


def fetch(client, path, headers):
    """As Client.exchange, with the body as it came."""
    sent = {"Cookie": client.cookie} if client.cookie else {}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    connection = http.client.HTTPSConnection("127.0.0.1", client.port, timeout=90, context=client.trusted)
    try:
        connection.request("GET", path, None, sent)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    openapi_record.check("GET", path, answer.status, answer.headers, body)
    return answer.status, answer.headers, body


class HlsTest(LiveHouse):
    PROGRAMS = ("ffprobe",)
    OTHERS = ({"id": "dead", "url": "rtsp://127.0.0.1:9/", "motion": False},)

    def get(self, file, client=None, camera="front", **headers):
        return fetch(client or self.anna, f"/hls/{camera}/{file}", headers)

    def playlist(self, query="", file="main.m3u8"):
        status, headers, body = self.get(file + query)
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["Content-Type"], "application/vnd.apple.mpegurl")
        self.assertEqual(headers["Cache-Control"], "no-store")
        listed = Playlist(body.decode())
        self.assertEqual(listed.faults, [], listed.text)
        return listed

    @contextlib.contextmanager
    def somebody_who_watches(self):
        """Asks for the list twice a second meanwhile, whatever this thread waits for."""
        done = threading.Event()

        def watch():
            while not done.wait(0.5):
                self.get("main.m3u8")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            watcher = pool.submit(watch)
            try:
                yield
            finally:
                done.set()
        watcher.result()

    def views(self):
        lines = map(json.loads, harness.whole_lines(self.daemon.state / "audit" / "audit.jsonl"))
        return [r["details"].get("seconds") for r in lines if r["audit_type"] == "data_access" and r["resource"] == "/hls/front"]

    def decoded(self, film):
        """The pictures that ffprobe decodes, their width and codec; it must not complain."""
        done = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "json",
                               "-show_entries", "stream=nb_read_frames,width,codec_name", "-"], input=film, capture_output=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        [stream] = json.loads(done.stdout)["streams"]
        return int(stream["nb_read_frames"]), stream["width"], stream["codec_name"]

    def behind_the_newest_head(self):
        """A film of that head and the first segment that follows it; None: none has followed yet."""
        head, _, rest = self.playlist().text.rpartition('#EXT-X-MAP:URI="')[2].partition('"')
        segment = re.search(r"^[^#].*m4s$", rest, re.M)
        return segment and self.get(head)[2] + self.get(segment.group())[2]

    def test_client_of_the_quick_kind(self):
        self.daemon.ring("front")
        status, headers, index = self.get("index.m3u8")
        self.assertEqual(status, 200, index)
        self.assertRegex(index.decode(), r'#EXT-X-STREAM-INF:BANDWIDTH=\d+,CODECS="avc1[.][0-9a-f]{6}",RESOLUTION=\d+x\d+\nmain.m3u8\n')
        listed = self.playlist()
        # From playlist to playlist: the next part is waited for, nothing moves back, what was listed stays as it was.
        for _ in range(12):
            later = self.playlist(f"?_HLS_msn={listed.last + 1}&_HLS_part={len(listed.parts)}")
            self.assertGreater((later.last, len(later.parts)), (listed.last, len(listed.parts)))
            self.assertGreaterEqual(later.sequence, listed.sequence)
            for uri, length, _ in later.segments:
                before = [known[1] for known in listed.segments if known[0] == uri]
                self.assertIn(before, ([], [length]), uri)
            listed = later
        whole = self.playlist(f"?_HLS_msn={listed.last + 1}")
        self.assertGreaterEqual(whole.last, listed.last + 1)
        with self.somebody_who_watches():  # or a pause in it would end the viewing
            self.hinted_part_is_held(whole)
            self.ranges(whole)
        self.assertEqual(self.get(f"main.m3u8?_HLS_msn={whole.last + 100}")[0], 400)
        self.assertEqual(self.get("main.m3u8?_HLS_part=1")[0], 400)
        self.assertEqual(self.get("main-1.m4s")[0], 404)
        self.assertEqual(self.get("passwd")[0], 404)
        self.figures()

    def hinted_part_is_held(self, listed):
        """It comes as a part of what follows, and its bytes are the segment's."""
        hint = self.playlist().hint
        status, headers, part = self.get(hint)
        self.assertEqual(status, 200, hint)
        self.assertEqual(headers["Cache-Control"], "private, max-age=60, immutable")
        number = int(hint.split("-")[1].split(".")[0])
        later = self.playlist(f"?_HLS_msn={number}")
        [(uri, _, parts)] = [segment for segment in later.segments if segment[0] == f"main-{number}.m4s"]
        self.assertIn(hint, [p["URI"] for p in parts])
        segment = self.get(uri)[2]
        self.assertEqual(b"".join(self.get(p["URI"])[2] for p in parts), segment)
        self.assertIn(part, segment)
        self.assertEqual(parts[0].get("INDEPENDENT"), "YES")
        head = self.get(later.maps[-1])[2]
        pictures, width, _ = self.decoded(head + segment)
        self.assertEqual(pictures, segment.count(b"moof"))
        self.assertGreater(width, 0)

    def ranges(self, listed):
        uri = listed.segments[-1][0]
        whole = self.get(uri)[2]
        status, headers, body = self.get(uri, Range="bytes=10-19")
        self.assertEqual((status, headers["Content-Range"], body), (206, f"bytes 10-19/{len(whole)}", whole[10:20]))
        self.assertEqual(self.get(uri, Range="bytes=-5")[2], whole[-5:])
        self.assertEqual(self.get(uri, Range="bytes=10-")[2], whole[10:])
        status, headers, _ = self.get(uri, Range=f"bytes={len(whole)}-")
        self.assertEqual((status, headers["Content-Range"]), (416, f"bytes */{len(whole)}"))

    def figures(self):
        self.assertEqual(self.views(), [None])
        self.assertGreater(self.daemon.metric("hls_playlist_requests_total"), 10)
        self.assertGreater(self.daemon.metric("stream_bytes_sent_total", protocol="hls"), 1000)
        self.assertEqual(self.daemon.metric("doorbell_ring_to_live_view_seconds_count", protocol="hls"), 1)
        self.assertGreaterEqual(self.daemon.metric("stream_latency_seconds_count", protocol="hls"), 1)
        harness.wait_until(lambda: self.views()[1:], 60, "the end of the viewing")
        self.assertIsInstance(self.views()[1], int)
        harness.wait_until(lambda: self.daemon.metric("stream_viewers_count", camera_id="front") == 0, 30, "nobody watching")
        harness.wait_until(lambda: self.daemon.metric("active_streams_total") == 0, 30, "no stream")
        self.assertIsNone(self.daemon.metric("stream_latency_ms", camera_id="front", protocol="hls"))

    def test_plain_player(self):
        done = subprocess.run(["ffmpeg", "-v", "error", "-headers", f"Cookie: {self.anna.cookie}\r\n", "-ca_file", self.daemon.state / "tls/ca.pem", "-i",
                               f"https://localhost:{self.daemon.port}/hls/front/index.m3u8", "-t", "6", "-map", "0:v", "-f", "framemd5", "-"],
                              capture_output=True, timeout=300, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        frames = [line for line in done.stdout.splitlines() if line and not line.startswith("#")]
        self.assertGreater(len(frames), 5 * footage_truth.RATE, done.stderr)

    def test_camera_that_is_lost_and_another_size_are_discontinuities(self):
        listed = self.playlist()
        self.camera.kill()
        # What had come of the last part is listed, and then it is said that nothing comes.
        before = time.monotonic()
        status = 200
        while status == 200 and time.monotonic() - before < 120:
            listed = self.playlist()
            status = self.get(f"main.m3u8?_HLS_msn={listed.last + 1}&_HLS_part={len(listed.parts)}")[0]
        self.assertEqual(status, 503)
        with self.somebody_who_watches():  # or the window would go before the camera is back
            self.camera.start()
            harness.wait_until(lambda: "#EXT-X-DISCONTINUITY\n" in self.playlist().text, 120, "the camera's return")
        self.camera.order("size 1280 720")
        harness.wait_until(lambda: len(self.playlist().maps) >= 2, 120, "another head")
        film = harness.wait_until(self.behind_the_newest_head, 60, "a segment behind it")
        self.assertEqual(self.decoded(film)[1], 1280)

    def test_other_codec_is_a_discontinuity_with_its_own_head_and_the_index_names_it(self):
        def index():
            status, _, body = self.get("index.m3u8")
            self.assertEqual(status, 200, body)
            return body.decode()

        before = self.playlist()
        self.assertIn('CODECS="avc1.', index())
        with self.somebody_who_watches():  # or the window would go before the camera is back
            self.camera.kill()
            self.camera.arguments = ("--codec", "h265")
            self.camera.start()
            # Who watches sees it in the list, and who comes then in the index.
            listed = harness.wait_until(lambda: (now := self.playlist()).maps[-1] not in before.maps and now, 120, "another head")
        self.assertIn(f'#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="{listed.maps[-1]}"\n', listed.text)
        self.assertIn(before.maps[-1], listed.maps)
        self.assertRegex(index(), r'CODECS="(hvc1|hev1)[.]')
        self.assertNotIn("avc1", index())
        film = harness.wait_until(self.behind_the_newest_head, 60, "a segment behind it")
        pictures, _, codec = self.decoded(film)
        self.assertEqual(codec, "hevc")
        self.assertGreaterEqual(pictures, footage_truth.RATE)

    def test_camera_that_sends_nothing_is_said_after_a_while(self):
        status, headers, _ = self.get("main.m3u8", camera="dead")
        self.assertEqual(status, 503)
        self.assertIn("Retry-After", headers)

    def test_intruders_and_other_sites_see_nothing(self):
        listed = self.playlist()
        files = ["index.m3u8", "main.m3u8", "sub.m3u8", listed.maps[0], listed.segments[-1][0], listed.hint,
                 f"main.m3u8?_HLS_msn={listed.last + 1}", "nothing"]
        status, _, made = self.anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "viewer", "cameras": []})
        self.assertEqual(status, 201, made)
        bert = Client(self.daemon)
        self.assertEqual(bert.register(made["invitation"], "bert", PASSWORD)[0], 201)
        self.assertEqual(bert.login("bert", PASSWORD), 200)
        for file in files:
            self.assertEqual(self.get(file, Client(self.daemon))[0], 401, file)
            self.assertEqual(self.get(file, bert)[0], 403, file)
            self.assertEqual(self.get(file, Origin="https://evil.example")[0], 403, file)
            self.assertEqual(self.get(file, Sec_Fetch_Site="cross-site")[0], 403, file)
        self.assertEqual(self.get("main.m3u8", camera="nobody")[0], 404)

    def test_request_that_waits_ends_with_the_session(self):
        other = Client(self.daemon)
        self.assertEqual(other.login("anna", PASSWORD), 200)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waits = pool.submit(self.get, "main.m3u8", other, "dead")
            harness.wait_until(lambda: waits.running(), 30, "the request")
            self.assertEqual(other.ask("POST", "/api/v1/auth/logout")[0], 204)
            status = waits.result(60)[0]
        self.assertIn(status, (401, 403))
        self.assertEqual(self.get("index.m3u8", other)[0], 401)

    def test_browser_plays_it_and_goes_on_when_the_camera_is_back(self):
        if missing := browser.missing() or ("" if HLS_JS.is_file() else "no hls.js in node_modules: ./dev setup fetches it"):
            self.skipTest(missing)
        site = browser.Site({"/": PLAYER, "/hls.js": HLS_JS.read_text()}, self.daemon, self.anna)
        self.addCleanup(site.close)
        self.told = []
        with browser.Browser(site.url):
            first = self.until(site, lambda now: now["frames"] > 60 and now["parts"] > 5)
            self.assertGreater(first["videoWidth"], 0)
            self.camera.kill()
            harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") != 1, 60, "the loss")
            seen = self.told[-1]["frames"]
            self.camera.start()
            harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 60, "the camera")
            self.until(site, lambda now: now["frames"] > seen + 100)

    def until(self, site, condition):
        end = time.monotonic() + 240
        while time.monotonic() < end:
            self.told.append(site.wait_told(120))
            if condition(self.told[-1]):
                return self.told[-1]
        self.fail(f"{self.told[-20:]}")


if __name__ == "__main__":
    unittest.main()
