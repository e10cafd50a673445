# SPDX-License-Identifier: Apache-2.0
"""Segments as the daemon keeps and serves them, played by Chromium: pictures, sound, seeking. The camera burns numbers
into its pictures, so that what is on the screen tells which picture it is."""

import tempfile
import time
import unittest

import browser
import footage_truth
import harness
from accounts_client import Client, first_run_code
from footage_truth import RATE, NumberedCamera

PASSWORD = "a long phrase of theirs"
SOUNDS = ("aac", "opus")
SEEK = 3.5  # seconds into the segment

# Plays to the end, then seeks, and tells what came of it. Frames are read off a canvas: squares of 16, see picture_stamp.
PAGE = """<!doctype html><title>playback</title><video id="film" muted></video><script>
const film = document.getElementById('film'), told = {numbers: []};
const tell = error => fetch('/told', {method: 'POST', body: JSON.stringify({...told, error})});
const happens = name => new Promise((done, failed) => {
  film.addEventListener(name, done, {once: true});
  film.addEventListener('error', () => failed(new Error(film.error.message || 'code ' + film.error.code)), {once: true});
});
function number() {
  const canvas = Object.assign(document.createElement('canvas'), {width: film.videoWidth, height: film.videoHeight});
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  pen.drawImage(film, 0, 0);
  let value = 0;
  for (let bit = 0; bit < 32; ++bit)
    if (pen.getImageData(bit * 16 + 8, 24, 1, 1).data[1] > 125) value += 2 ** bit;
  return value;
}
async function watch() {
  film.src = new URLSearchParams(location.search).get('film');
  await happens('loadedmetadata');
  Object.assign(told, {width: film.videoWidth, height: film.videoHeight, duration: film.duration});
  const look = (_, frame) => { told.numbers.push([frame.mediaTime, number()]); film.requestVideoFrameCallback(look); };
  film.requestVideoFrameCallback(look);
  await Promise.all([happens('ended'), film.play()]);
  told.ended = film.currentTime;
  told.decoded = film.getVideoPlaybackQuality().totalVideoFrames;
  told.sound = film.webkitAudioDecodedByteCount;
  film.currentTime = SEEK;
  const shown = new Promise(done => film.requestVideoFrameCallback((_, frame) => done(frame.mediaTime)));
  await Promise.all([happens('seeked'), shown]);
  Object.assign(told, {sought: film.currentTime, shown: await shown, number: number()});
}
watch().then(() => tell(null), error => tell(String(error)));
</script>""".replace("SEEK", str(SEEK))


class PlaybackTest(unittest.TestCase):
    def setUp(self):
        why = browser.missing() or footage_truth.missing()
        if why:
            self.skipTest(why)

    def record(self, segment):
        """A daemon that records a camera of each sound in segments of such a length, and an administrator."""
        folder = tempfile.TemporaryDirectory(prefix="porchlight-")
        self.addCleanup(folder.cleanup)
        cameras = []
        for sound in SOUNDS:
            cameras.append(NumberedCamera(folder.name, sound, "--sound", sound))
            self.addCleanup(cameras[-1].close)
        self.daemon = harness.Daemon({
            "cameras": [{"id": c.name, "url": c.url, "record": "continuous", "motion": False} for c in cameras],
            # The machine's own disk may be fuller than a recorder's should be: what is finished would go at once.
            "recording": {"segment": segment, "reserve": "1MiB", "keep": {"space": "100%"}},
            "faces": {"enabled": False},
        })
        self.addCleanup(self.daemon.close)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.anna = Client(self.daemon)
        self.assertEqual(self.anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.anna.login("anna", PASSWORD), 200)

    def segment(self, camera, state, least=SEEK + 1):
        """The oldest of the camera in this state, once there is one of so many seconds."""
        def found():
            status, _, page = self.anna.ask("GET", f"/api/v1/recordings?camera={camera}&limit=100")
            self.assertEqual(status, 200, page)
            return next((r for r in reversed(page["recordings"]) if r["state"] == state and r["duration_ms"] >= least * 1000), None)
        return harness.wait_until(found, 120, f"a {state} segment of {camera}")

    def play(self, segment):
        """What Chromium tells of it."""
        site = browser.Site({"/": PAGE}, self.daemon, self.anna)
        self.addCleanup(site.close)
        with browser.Browser(f"{site.url}?film={segment['video']}") as chromium:
            try:
                told = site.wait_told(180)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{chromium.log.read_text()[-2000:]}") from None
        self.assertIn(206, {status for _, _, status in site.asked}, "it came in ranges")
        return told

    def expect_played(self, segment, sound):
        told = self.play(segment)
        self.assertIsNone(told["error"], told)
        self.assertEqual((segment["codec"], segment["audio_codec"]), ("h264", sound))
        self.assertEqual((told["width"], told["height"]), (segment["width"], segment["height"]))
        seconds = segment["duration_ms"] / 1000
        self.assertAlmostEqual(told["duration"], seconds, delta=0.5)
        self.assertAlmostEqual(told["ended"], told["duration"], delta=0.1)
        self.assertGreaterEqual(told["decoded"], segment["frames"] - 1)
        self.assertGreater(told["sound"], seconds * 1000, "bytes of sound that were decoded")
        # What was on the screen: pictures of this segment, each at its time. A busy machine shows fewer of them.
        self.assertGreater(len(told["numbers"]), RATE)
        first = told["numbers"][0][1] - round(told["numbers"][0][0] * RATE)
        for at, number in told["numbers"] + [(told["shown"], told["number"])]:
            self.assertAlmostEqual(number - first, at * RATE, delta=1.5, msg=told)
        self.assertAlmostEqual(told["sought"], SEEK, delta=0.01)
        self.assertAlmostEqual(told["shown"], SEEK, delta=2 / RATE)

    def test_finished_segments_play_with_their_sound(self):
        self.record("5s")
        for sound in SOUNDS:
            with self.subTest(sound=sound):
                self.expect_played(self.segment(sound, "closed"), sound)

    def test_a_segment_that_kill_9_cut_short_plays_to_its_end(self):
        self.record("30s")
        parts = self.daemon.state / "recordings" / SOUNDS[0]
        harness.wait_until(lambda: any(p.stat().st_size for p in parts.rglob("*.part")), 120, "a segment that was begun")
        time.sleep(12)
        self.daemon.kill()
        self.daemon.start()
        self.anna.port = self.daemon.port
        harness.wait_until(lambda: self.anna.ask("GET", "/api/v1/recordings")[0] == 200, 20, "that the accounts are read")
        segment = self.segment(SOUNDS[0], "torn")
        self.expect_played(segment, SOUNDS[0])


if __name__ == "__main__":
    unittest.main()
