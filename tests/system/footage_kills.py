# SPDX-License-Identifier: Apache-2.0
"""The daemon killed at random moments under four cameras, and what is left."""

import random
import time

import footage_truth
from test_footage_truth import LOST_AT_MOST, Recording

CAMERAS = ("front", "back", "yard", "gate")


class Kills(Recording):
    def kill_often(self, times, seed):
        randomness = random.Random(seed)
        cameras = [self.camera(name, "--bitrate", "500", *(("--sound", "aac") if name == "front" else ())) for name in CAMERAS]
        daemon = self.daemon(cameras)
        killed = []
        for _ in range(times):
            self.play(randomness.uniform(0.2, 6))
            killed.append(time.monotonic() * 1000)
            daemon.kill()
            daemon.start()
        before = {c.name: len(footage_truth.Footage(daemon, c.name).segments) for c in cameras}
        for camera in cameras:
            try:
                self.recorded(daemon, [camera], before[camera.name] + 1)
            except AssertionError as late:
                drawn = len(camera.drawn())
                self.play(5)
                raise AssertionError(f"{late}; its camera {'draws' if len(camera.drawn()) > drawn else 'draws nothing'}; the log ends:\n"
                                     f"{daemon.log.read_text()[-4000:]}") from None
        daemon.stop()
        self.expect_recovered(daemon, cameras, killed)

    def expect_recovered(self, daemon, cameras, killed):
        check = daemon.cli("footage", "check", check=False)
        self.assertEqual(check.returncode, 0, f"footage check:\n{check.stdout[-3000:]}{check.stderr[-1000:]}")
        left = [str(p) for p in (daemon.state / "recordings").rglob("*.part")]
        self.assertEqual(left, [], "files that were cut short are still so")
        worst, pictures = 0, 0
        for camera in cameras:
            # Killed again before the camera answered, a gap may begin anew.
            footage = self.judge(daemon, camera, {"crash"})
            pictures += len(footage.pictures)
            for gap in footage.gaps:
                moments = [k for k in killed if gap.begin <= k <= gap.end]
                if moments:
                    worst = max(worst, min(moments) - gap.begin)
        print(f"{len(killed)} kills under {len(cameras)} cameras: {pictures} pictures kept, the worst kill cost {worst:.0f} ms", flush=True)
        self.assertLess(worst, LOST_AT_MOST)
