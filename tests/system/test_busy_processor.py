# SPDX-License-Identifier: Apache-2.0
"""A machine that cannot both look at its cameras and record them records them: what nobody can look at in time is left out
and counted, what was to be kept is kept."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import footage_reader
import harness

CAMERAS = [f"camera{n}" for n in range(4)]
RATE = 30
ENOUGH = 15  # seconds
MANY = 100  # pictures


def to_one_processor(pid):
    """All threads, and those that they will begin."""
    one = {min(os.sched_getaffinity(0))}
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            os.sched_setaffinity(int(thread.name), one)
        except ProcessLookupError:
            pass


class BusyProcessorTest(unittest.TestCase):
    def clip(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-")
        self.addCleanup(folder.cleanup)
        clip = f"{folder.name}/clip.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size=1920x1080:rate={RATE},noise=alls=30:allf=t", "-t", "4",
                        "-c:v", "libx264", "-preset", "ultrafast", "-tune", "fastdecode", "-b:v", "12M", "-pix_fmt", "yuv420p", "-g", str(RATE), clip],
                       check=True, stdin=subprocess.DEVNULL)
        return clip

    def test_looking_is_left_out_and_recording_is_not(self):
        if not shutil.which("ffmpeg"):
            self.skipTest("no ffmpeg here")
        clip = self.clip()
        # A button's camera is decoded all the time.
        daemon = harness.Daemon({
            "cameras": [{"id": name, "url": f"file:{clip}", "record": "continuous"} for name in CAMERAS],
            "buttons": [{"id": name, "kind": "virtual", "camera": name} for name in CAMERAS],
            "faces": {"enabled": False},
            "recording": {"segment": "5s", "reserve": "1MiB", "keep": {"space": "100%"}},
        }, wait=None)
        self.addCleanup(daemon.close)
        daemon.start()
        for name in CAMERAS:
            harness.wait_until(lambda: daemon.metric("recording_active", camera_id=name) == 1, 60, f"'{name}' to be recorded")
        to_one_processor(daemon.process.pid)
        others = self.make_busy(daemon)
        time.sleep(ENOUGH)
        self.assertGreater(self.left_out(daemon), MANY)
        self.assertEqual(daemon.metric("pipeline_queue_dropped_total", queue_name="recording"), 0)
        received = {name: daemon.metric("camera_frames_received_total", camera_id=name) for name in CAMERAS}
        for other in others:
            self.end(other)  # on such a processor the recorder may not finish within the time that a stop has
        daemon.stop()
        gaps = json.loads(daemon.cli("footage", "ledger", "--json").stdout)["gaps"]
        # Where others use that processor, too, even the reader of a file may not get it for two seconds.
        self.assertLessEqual({gap["cause"] for gap in gaps}, {"stalled"}, gaps)
        self.assertEqual(footage_reader.faults(daemon.state / "recordings", daemon.state / "footage.db"), [])
        index = footage_reader.Index(daemon.state / "footage.db")
        for name in CAMERAS:
            kept = sum(row["frames"] for row in index.segments if row["camera"] == name)
            missing = sum(gap["ends"]["ms"] - gap["begin"]["ms"] for gap in gaps if gap["camera"] == name) / 1000
            print(f"{name}: {kept} of {received[name]:.0f} pictures are kept, {missing:.1f} s are in the ledger", flush=True)
            self.assertGreaterEqual(kept, received[name] - RATE * (missing + 1), name)

    def make_busy(self, daemon):
        """As many others on that processor as it takes until the daemon cannot look at everything any more. Returns them."""
        others, before = [], self.left_out(daemon)
        until = time.monotonic() + 120
        while self.left_out(daemon) < before + MANY:
            self.assertLess(time.monotonic(), until, f"{len(others)} others do not keep it from looking at everything")
            other = subprocess.Popen(["sh", "-c", "while :; do :; done"])
            self.addCleanup(self.end, other)
            to_one_processor(other.pid)
            others.append(other)
            time.sleep(3)
        print(f"with {len(others)} others on its processor {self.left_out(daemon):.0f} pictures were not looked at", flush=True)
        return others

    @staticmethod
    def end(other):
        other.kill()
        other.wait()

    def left_out(self, daemon):
        return daemon.metric("pipeline_queue_dropped_total", queue_name="frame_capture") or 0


if __name__ == "__main__":
    unittest.main(verbosity=2)
