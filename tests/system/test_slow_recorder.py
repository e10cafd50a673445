# SPDX-License-Identifier: Apache-2.0
"""One camera's footage lies on a disk whose every sync takes twenty seconds: what that costs the others."""

import json
import shutil
import subprocess
import tempfile
import time
import unittest

import harness

# Longer than a reload (8 s) or a stop (2 s) waits for recorders, by more than a busy machine adds to that.
SYNC_MS = 20_000
RATE = 10


class SlowRecorderTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("ffmpeg"):
            raise unittest.SkipTest("no ffmpeg here")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-")
        cls.addClassCleanup(folder.cleanup)
        cls.clip = f"{folder.name}/clip.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=size=320x180:rate={RATE}", "-t", "20", "-c:v", "libx264",
                        "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", str(RATE), cls.clip],
                       check=True, stdin=subprocess.DEVNULL)

    def configuration(self, **expected_fps):
        """`expected_fps` of a camera: a change of it has that camera built anew."""
        cameras = [{"id": name, "url": f"file:{self.clip}", "motion": False, "expected_fps": expected_fps.get(name, 0)}
                   for name in ("front", "back", "yard")]
        return {"cameras": cameras, "faces": {"enabled": False}, "buttons": [],
                "recording": {"reserve": "1MiB", "keep": {"space": "100%"}}}

    def setUp(self):
        self.daemon = harness.Daemon(self.configuration(), preload=str(harness.IO_SHIM), wait=None)
        self.addCleanup(self.daemon.close)
        self.daemon.environment = {"IO_SHIM_DIR": str(self.folder("front")), "IO_SHIM_SYNC_MS": str(SYNC_MS)}
        self.daemon.start()
        for name in ("front", "back", "yard"):
            self.wait_for_segment(name)
        time.sleep(2)  # the recorder of `front` is in a sync now, and nearly always

    def folder(self, name):
        return self.daemon.state / "recordings" / name

    def files(self, name, ending):
        return sorted(self.folder(name).rglob("*" + ending))

    def wait_for_segment(self, name):
        harness.wait_until(lambda: any(f.stat().st_size > 1000 for f in self.files(name, ".part")), 120, f"a segment of '{name}'")

    def gaps(self, name):
        ledger = json.loads(self.daemon.cli("footage", "ledger", "--json").stdout)
        return [gap for gap in ledger["gaps"] if gap["camera"] == name]

    def expect_stop(self):
        code, took = self.daemon.signal_and_time(seconds=60)
        print(f"ended {took:.3f} s after the signal", flush=True)
        self.assertEqual(code, 0)
        self.assertLess(took, 10, "it waited for a sync")

    def test_a_stop_does_not_wait_for_it_and_the_others_are_finished(self):
        self.expect_stop()
        for name in ("back", "yard"):
            self.assertEqual((self.files(name, ".part"), len(self.files(name, ".mp4"))), ([], 1), name)
        self.assertEqual((len(self.files("front", ".part")), self.files("front", ".mp4")), (1, []), "front was in a sync")
        # The disk is well again: what was written has its end, its name and its row.
        self.daemon.environment = {}
        self.daemon.start()
        harness.wait_until(lambda: self.files("front", ".mp4"), 60, "front's file to be finished by the next start")
        self.wait_for_segment("front")
        self.assertEqual(self.daemon.stop(), 0)
        checked = self.daemon.cli("footage", "check", check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_a_reload_waits_as_long_as_it_says_and_the_others_go_on(self):
        self.daemon.write_config(self.configuration(front=RATE, back=RATE))
        begun = time.monotonic()
        reloaded = self.daemon.cli("reload", check=False)
        took = time.monotonic() - begun
        print(f"the reload took {took:.1f} s", flush=True)
        self.assertEqual(reloaded.returncode, 1, reloaded.stdout + reloaded.stderr)
        self.assertIn("recorder-front", reloaded.stdout + reloaded.stderr)
        self.assertTrue(7 < took < 18, "8 s for recorders, and what the machine needs")
        # `back` was changed by the same reload and is recorded again at once; `yard` never stopped.
        harness.wait_until(lambda: len(self.files("back", ".mp4")) == 1, 20, "back's first file to be finished")
        self.wait_for_segment("back")
        self.assertEqual(self.files("yard", ".mp4"), [], "nothing was changed of yard")
        anew = "what a reload could not stop in time is built anew"
        self.assertNotIn(anew, self.daemon.log.read_text(), "front's sync is over already: that proves nothing")
        harness.wait_until(lambda: anew in self.daemon.log.read_text(), 150, "front to be built anew")
        harness.wait_until(lambda: len(self.files("front", "")) >= 2, 120, "front to be recorded again")
        self.expect_stop()
        self.assertEqual(self.gaps("yard"), [])
        self.assertLess(max(gap["ends"]["ms"] - gap["begin"]["ms"] for gap in self.gaps("back")), 18_000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
