# SPDX-License-Identifier: Apache-2.0
"""What the daemon keeps of its cameras, looked at with somebody else's decoder."""

import calendar
import json
import shutil
import subprocess
import tempfile
import time
import unittest

import harness

RATE = 10  # pictures/s of the clips; a keyframe each second


class RecordingTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
            raise unittest.SkipTest("no ffmpeg here")
        cls.clips = tempfile.TemporaryDirectory(prefix="porchlight-")
        cls.addClassCleanup(cls.clips.cleanup)
        for name, size in (("main.mp4", "640x360"), ("small.mp4", "320x180")):
            subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=size={size}:rate={RATE}", "-t", "8", "-c:v", "libx264",
                            "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", str(RATE), cls.path(name)],
                           check=True, stdin=subprocess.DEVNULL)

    @classmethod
    def path(cls, name):
        return f"{cls.clips.name}/{name}"

    def configuration(self, recording=None, **camera):
        # Movement would be an event of its own.
        front = {"id": "front", "url": f"file:{self.path('main.mp4')}", "motion": False, **camera}
        # The machine's own disk may be fuller than a recorder's should be: what is finished would go at once.
        recording = {"reserve": "1MiB", **(recording or {}), "keep": {"space": "100%", **(recording or {}).get("keep", {})}}
        return {"cameras": [front], "faces": {"enabled": False}, "recording": recording,
                "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}]}

    def daemon(self, *arguments, **camera):
        daemon = harness.Daemon(self.configuration(*arguments, **camera))
        self.addCleanup(daemon.close)
        return daemon

    def files(self, daemon, ending):
        return sorted((daemon.state / "recordings" / "front").rglob("*" + ending))

    def begin_of(self, file):
        """Seconds since 1970, as its name says; of a machine whose clock is not believed yet, by its monotonic clock."""
        date, name = file.parent.name, file.name
        if date == "unsettled":
            return time.time() - time.monotonic() + int(name[9:].partition(".")[0]) / 1000
        return calendar.timegm(time.strptime(f"{date} {name[:8]}", "%Y-%m-%d %H-%M-%S")) + float("0" + name[8:12])

    def connected(self, daemon):
        harness.wait_until(lambda: daemon.status()["cameras"][0]["state"] == "connected", 60, "the camera to be connected")

    def decoded(self, file, torn=False):
        """What another decoder finds in it, which must not complain but of the end of a torn one."""
        done = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "json",
                               "-show_entries", "stream=nb_read_frames,width,height,codec_name", str(file)],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, "" if torn else done.stderr), (0, ""), file)
        return json.loads(done.stdout)["streams"][0]

    def pictures(self, file, torn=False):
        return int(self.decoded(file, torn)["nb_read_frames"])

    def test_every_camera_is_recorded_and_a_stop_finishes_its_file(self):
        daemon = self.daemon({"segment": "5s"})
        harness.wait_until(lambda: len(self.files(daemon, ".mp4")) >= 2, 120, "two segments")
        harness.wait_until(lambda: daemon.metric("recording_active", camera_id="front") == 1, 20, "a segment that is being written")
        self.assertGreater(daemon.metric("recording_bytes_written_total", camera_id="front"), 1000)
        # A file has its name before the folder is synced, and only then it is counted.
        harness.wait_until(lambda: daemon.metric("segment_processing_seconds_count", camera_id="front") >= 2, 60, "both to be counted")
        self.assertGreater(daemon.metric("pipeline_queue_capacity", queue_name="recording"), 0)
        self.assertEqual(daemon.metric("pipeline_worker_health", worker_id="recorder-front", worker_type="recorder"), 1)
        self.assertLess(daemon.metric("recording_gap_seconds_total", camera_id="front"), 60)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.files(daemon, ".part"), [], "a stop finishes what was being written")
        files = self.files(daemon, ".mp4")
        for file in files[:-1]:
            self.assertGreaterEqual(self.pictures(file), 5 * RATE)
        self.assertGreater(self.pictures(files[-1]), 0)
        self.assertIn("longest_sync_ms", daemon.log.read_text())

    def test_what_a_killed_daemon_was_writing_decodes_up_to_two_seconds_before(self):
        daemon = self.daemon()
        part = harness.wait_until(lambda: self.files(daemon, ".part"), 60, "a segment to begin")[0]
        harness.wait_until(lambda: part.stat().st_size > 0, 60, "its first fragment")
        begun = time.monotonic()
        time.sleep(8)
        lasted = time.monotonic() - begun
        daemon.kill()
        self.assertTrue(part.exists(), "nobody renamed it")
        # More than two seconds only where this machine itself was late with the clip's pictures.
        self.assertGreaterEqual(self.pictures(part, torn=True), (lasted - 3) * RATE)

    def test_only_what_is_around_an_event_is_recorded(self):
        daemon = self.daemon({"pre_roll": "2s", "post_roll": "1s"}, record="events")
        self.connected(daemon)
        time.sleep(6)
        self.assertEqual(self.files(daemon, ""), [], "nothing happened yet")
        self.assertEqual(daemon.metric("recording_active", camera_id="front"), 0)
        before = time.time()
        daemon.ring("front")
        after = time.time()
        [file] = harness.wait_until(lambda: self.files(daemon, ".mp4"), 60, "the event's footage")
        begin = self.begin_of(file)
        self.assertLessEqual(begin, after - 2, "never after the event less its pre-roll")
        self.assertGreaterEqual(begin, before - 2 - 1 - 1.5, "a group of pictures earlier at most, on a machine that is late, too")
        seconds = self.pictures(file) / RATE
        self.assertGreaterEqual(begin + seconds, before + 1 - 0.2, "and behind its post-roll")
        self.assertEqual(daemon.metric("recording_gap_seconds_total", camera_id="front"), 0)
        harness.wait_until(lambda: daemon.metric("recording_active", camera_id="front") == 0, 20, "the recorder to rest")
        daemon.stop()
        self.assertEqual(len(self.files(daemon, ".mp4")), 1)

    def test_a_camera_that_is_not_to_be_recorded_is_not(self):
        daemon = self.daemon(record="off")
        self.connected(daemon)
        daemon.ring("front")
        self.assertIsNone(daemon.metric("recording_active", camera_id="front"))
        self.assertIsNone(daemon.metric("pipeline_worker_health", worker_id="recorder-front"))
        daemon.stop()
        self.assertEqual(self.files(daemon, ""), [])

    def test_the_main_stream_is_recorded_while_the_other_is_watched(self):
        daemon = self.daemon(detect_url=f"file:{self.path('small.mp4')}")
        self.connected(daemon)
        harness.wait_until(lambda: self.files(daemon, ".part"), 60, "a segment")
        self.assertEqual(daemon.metric("pipeline_worker_health", worker_id="ingest-front-main", worker_type="ingest"), 1)
        time.sleep(3)
        daemon.stop()
        [file] = self.files(daemon, ".mp4")
        seen = self.decoded(file)
        self.assertEqual((seen["width"], seen["height"]), (640, 360))

    def test_a_main_stream_that_is_away_is_a_gap_and_no_lost_camera(self):
        daemon = self.daemon(url="file:/not/there.mp4", detect_url=f"file:{self.path('small.mp4')}")
        self.connected(daemon)
        harness.wait_until(lambda: (daemon.metric("recording_gap_seconds_by_cause_total", cause="network") or 0) > 2, 60,
                           "the gap to grow")
        self.assertEqual(daemon.metric("camera_connection_status", camera_id="front"), 1)
        self.assertEqual(daemon.metric("recording_active", camera_id="front"), 0)
        self.assertIn("camera's main stream lost", daemon.log.read_text())
        self.assertNotIn(": camera lost", daemon.log.read_text())

    def test_a_reload_of_recording_finishes_the_file_and_begins_another(self):
        daemon = self.daemon()
        harness.wait_until(lambda: self.files(daemon, ".part"), 60, "a segment")
        time.sleep(2)
        daemon.write_config(self.configuration({"segment": "5s", "keep": {"space": "99%"}}))
        self.assertIn("recording", daemon.cli("reload").stdout)
        harness.wait_until(lambda: len(self.files(daemon, ".mp4")) >= 2, 60, "segments of the new length")
        daemon.stop()
        self.assertGreaterEqual(self.pictures(self.files(daemon, ".mp4")[1]), 5 * RATE)
        self.assertGreater(self.pictures(self.files(daemon, ".mp4")[0]), 0)


if __name__ == "__main__":
    unittest.main()
