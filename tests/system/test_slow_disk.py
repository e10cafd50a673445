# SPDX-License-Identifier: Apache-2.0
"""Footage on a disk whose every sync takes a second: how old what is not on the medium becomes, and what a kill and a stop leave."""

import json
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import time
import unittest

import harness
from footage_truth import FRAME, Footage
from test_footage_truth import Recording

SYNC = 1000  # ms that each sync takes longer
SEGMENT = 8  # seconds
PROMISE = 2 * SYNC + FRAME
SLACK = 800  # ms that a busy machine may be late with what is no sync; a third sync would be 1000 more


class SlowDiskTest(Recording):
    def slow_daemon(self, camera):
        daemon = self.daemon([camera], {"segment": f"{SEGMENT}s"}, wait=False, preload=str(harness.IO_SHIM))
        self.calls = self.folder / "calls.log"
        daemon.environment = {"IO_SHIM_LOG": str(self.calls), "IO_SHIM_TIMES": "1", "IO_SHIM_SYNC_MS": str(SYNC),
                              "IO_SHIM_DIR": str(daemon.state / "recordings")}
        try:
            daemon.start()
        except AssertionError as error:
            if "does not come first in initial library list" in str(error):
                self.skipTest("a preloaded library may not come before the address sanitizer")
            raise
        self.recorded(daemon, [camera], 1)
        return daemon

    def syncs(self):
        """[(size when it began, begin, end, path)]; times in ms of CLOCK_MONOTONIC."""
        found = []
        for line in self.calls.read_text().splitlines():
            if line.startswith("synced "):
                size, begun, ended, path = line.split(" ", 4)[1:]
                found.append((int(size), int(begun), int(ended), pathlib.Path(path)))
        return found

    def packets(self, file):
        """[(ms since the first picture, place in the file)] of the pictures."""
        done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,pos", "-of", "json", file],
                              check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        found = [(float(p["pts_time"]) * 1000, int(p["pos"])) for p in json.loads(done.stdout)["packets"]]
        return [(at - found[0][0], place) for at, place in found]

    def ages(self, daemon):
        """[(how old it was when it was on the medium, its arrival, its file)] of each picture of which a sync is known. The first file
        of a folder is left out: the folder itself is made for it."""
        syncs, ages, folders = self.syncs(), [], set()
        with sqlite3.connect(f"file:{daemon.state / 'footage.db'}?mode=ro", uri=True) as index:
            rows = index.execute("SELECT file, begin_ms FROM segments ORDER BY begin_ms").fetchall()
        for name, begin in rows:
            file = daemon.state / "recordings" / name
            part = file.with_name(file.name + ".part")
            first, _ = file.parent in folders, folders.add(file.parent)
            named = min((ended for _, begun, ended, path in syncs if path == file.parent and begun >= begin), default=None)
            ours = [(size, ended) for size, _, ended, path in syncs if path == part]
            if not first or named is None:
                continue
            for at, place in self.packets(file if file.exists() else part):
                kept = min((ended for size, ended in ours if size > place), default=None)
                if kept is not None:
                    ages.append((max(kept, named) - begin - at, begin + at, name))
        return ages

    def test_nothing_waits_longer_than_two_syncs_for_the_medium(self):
        if not shutil.which("ffprobe"):
            self.skipTest("no ffprobe here")
        camera = self.camera("front", "--sound", "aac")
        daemon = self.slow_daemon(camera)
        self.recorded(daemon, [camera], 5)
        self.play(3)
        daemon.stop()
        ages = self.ages(daemon)
        files = {name for _, _, name in ages}
        self.assertGreaterEqual(len(files), 3, "hardly a border")
        longest = max(ended - begun for _, begun, ended, _ in self.syncs())
        worst, at, name = max(ages)
        print(f"{len(ages)} pictures in {len(files)} segments behind a border; syncs of up to {longest} ms; "
              f"the oldest picture that was not on the medium was {worst:.0f} ms old", flush=True)
        self.assertLess(worst, PROMISE + 2 * (longest - SYNC) + SLACK, f"{name}, arrived at {at:.0f}")
        footage = Footage(daemon, "front")
        self.assertEqual([g for g in footage.gaps if g.cause != "stopped"], [], "a slow disk alone costs nothing")

    def test_a_stop_loses_no_more_than_a_kill_and_the_next_start_heals_it(self):
        camera = self.camera("front")
        daemon = self.slow_daemon(camera)
        self.play(10)
        stopped = time.monotonic() * 1000
        self.assertEqual(daemon.stop(), 0)
        longest = [float(found) for found in re.findall(r'longest sync.*?longest_sync_ms\W+([0-9.]+)', daemon.log.read_text())]
        self.assertEqual(len(longest), 1, "the run's longest sync is in the log, whoever was given up")
        # And what the disk itself takes.
        self.assertTrue(SYNC <= longest[0] < 10 * SYNC, longest)
        daemon.preload, daemon.environment = None, {}
        self.heals(daemon, camera, [stopped], "stopped")

    def test_kills_cost_no_more_than_is_promised(self):
        camera = self.camera("front")
        daemon = self.slow_daemon(camera)
        moments, randomness = [], random.Random(7)
        for _ in range(3):
            self.play(randomness.uniform(7, 12))
            moments.append(time.monotonic() * 1000)
            daemon.kill()
            daemon.start()
            self.recorded(daemon, [camera], len(Footage(daemon, "front").segments) + 1)
        daemon.preload, daemon.environment = None, {}
        self.assertEqual(daemon.stop(), 0)
        self.heals(daemon, camera, moments, "crash", "stopped")

    def heals(self, daemon, camera, moments, *causes):
        """What was left decodes, but for what came less than the promise before each moment."""
        before = len(Footage(daemon, camera.name).segments)
        daemon.start()
        self.recorded(daemon, [camera], before + 1)
        self.play(3)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([str(p) for p in (daemon.state / "recordings").rglob("*.part")], [])
        check = daemon.cli("footage", "check", check=False)
        self.assertEqual(check.returncode, 0, check.stdout[-2000:] + check.stderr[-1000:])
        gaps = self.judge(daemon, camera, causes).gaps
        # A stop that comes through keeps what arrived behind the order, too.
        costs = [moment - gap.begin for moment in moments for gap in gaps if gap.begin - 3000 <= moment <= gap.end]
        self.assertGreaterEqual(len(costs), len(moments), gaps)
        worst = max(costs)
        print(f"{len(moments)} times {causes[0]}: the worst cost {worst:.0f} ms", flush=True)
        self.assertLess(worst, PROMISE + SLACK)


if __name__ == "__main__":
    unittest.main(verbosity=2)
