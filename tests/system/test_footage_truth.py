# SPDX-License-Identifier: Apache-2.0
"""The ledger tells the truth: every picture that a camera drew is found by decoding what was kept, or explained, by the
fault that was injected."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import footage_reader
import footage_truth
import harness
import own_mounts
from footage_truth import FRAME, Footage, Gap, NumberedCamera, Picture, faults_of, segments_of, shown

SEGMENT = 5  # seconds
STALL = 2
HITCH = 0.35  # no stall, and later than any tolerance of the check
# A running sync and the fragment behind it; the rest is for a machine that has other things to do.
LOST_AT_MOST = 2000 + 500  # ms


class JudgeTest(unittest.TestCase):
    """The judge itself, on footage written by hand: a number each 1000/15 ms, 20 ms after it was drawn."""

    def setUp(self):
        self.drawn = {n: 1000 + round(n * FRAME) for n in range(100)}
        self.pictures = [Picture(n, at + 20, file="a.mp4") for n, at in self.drawn.items()]

    def without(self, *numbers):
        return [p for p in self.pictures if p.number not in numbers]

    def at(self, number):
        return self.drawn[number] + 20

    def test_whole_footage_is_true(self):
        self.assertEqual(faults_of(self.drawn, self.pictures, []), [])

    def test_a_number_that_is_missing_is_seen(self):
        self.assertEqual(len(faults_of(self.drawn, self.without(50), [])), 1)

    def test_a_row_explains_what_is_missing_and_no_more(self):
        lost = self.without(*range(40, 60))
        self.assertEqual(faults_of(self.drawn, lost, [Gap("stalled", self.at(40), self.at(60))]), [])
        self.assertNotEqual(faults_of(self.drawn, lost, [Gap("stalled", self.at(40), self.at(50))]), [])
        self.assertNotEqual(faults_of(self.drawn, lost, [Gap("stalled", self.at(45), self.at(60))]), [])

    def test_an_end_that_is_missing_is_seen(self):
        cut = self.without(*range(80, 100))
        self.assertEqual(faults_of(self.drawn, cut, []), [])
        told_to_stop = self.at(99) + 1000
        self.assertEqual(len(faults_of(self.drawn, cut, [], told_to_stop)), 20)
        self.assertEqual(faults_of(self.drawn, cut, [Gap("network", self.at(80), float("inf"))], told_to_stop), [])
        self.assertEqual(faults_of(self.drawn, cut, [], self.at(80) + 400), [])

    def test_a_row_over_a_number_that_is_there_is_seen(self):
        self.assertNotEqual(faults_of(self.drawn, self.pictures, [Gap("stalled", self.at(40), self.at(60))]), [])
        self.assertNotEqual(faults_of(self.drawn, self.without(*range(40, 60)), [Gap("stalled", self.at(30), self.at(60))]), [])
        self.assertNotEqual(faults_of(self.drawn, self.without(*range(40, 60)), [Gap("stalled", self.at(40), float("inf"))]), [])

    def test_twice_or_never_drawn_or_unreadable_is_seen(self):
        self.assertNotEqual(faults_of(self.drawn, self.pictures + [Picture(50, self.at(50), file="b.mp4")], []), [])
        self.assertNotEqual(faults_of(self.drawn, self.pictures + [Picture(500, self.at(99) + 60)], []), [])
        self.assertNotEqual(faults_of(self.drawn, self.pictures + [Picture(7, self.at(99) + 60, "damaged")], []), [])

    def test_pictures_that_changed_places_or_times_are_seen(self):
        swapped = self.without(50) + [Picture(50, self.at(60) + 1)]
        self.assertNotEqual(faults_of(self.drawn, swapped, []), [])
        late = [Picture(p.number, p.at + 5000) for p in self.pictures]
        self.assertNotEqual(faults_of(self.drawn, late, []), [])

    def test_nothing_kept_is_no_truth(self):
        self.assertNotEqual(faults_of(self.drawn, [], [Gap("stalled", 0, float("inf"))]), [])


class NumberedCameraTest(unittest.TestCase):
    """What the judge reads by is read right, from a file that nobody of ours wrote."""

    def test_every_number_of_a_bad_picture_is_read(self):
        why = footage_truth.missing()
        if why:
            self.skipTest(why)
        with tempfile.TemporaryDirectory(prefix="porchlight-") as folder:
            camera = NumberedCamera(folder, "front", "--bitrate", "150", "--sound", "aac")
            self.addCleanup(camera.close)
            file = pathlib.Path(folder, "plain.mkv")
            if not shutil.which("ffmpeg"):
                self.skipTest("no ffmpeg here")
            subprocess.run(["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", camera.url, "-c", "copy", "-t", "6", file],
                           check=True, stdin=subprocess.DEVNULL, timeout=60)
            pictures, sound, packets = footage_truth.numbers_of([file])[file]
            self.assertEqual({state for _, _, state, _ in pictures}, {"ok"})
            numbers = [number for _, number, _, _ in pictures]
            self.assertGreater(len(numbers), 60)
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
            self.assertLessEqual(set(numbers), set(camera.drawn()))
            self.assertEqual(sound, "aac")
            self.assertGreater(packets, 100)
            self.assertLess(file.stat().st_size * 8 / 6 / 1000, 400, "kbit/s: that is no low bitrate")


class Recording(unittest.TestCase):
    """A daemon that records numbered cameras."""

    def setUp(self):
        why = footage_truth.missing()
        if why:
            self.skipTest(why)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.recordings = None

    def camera(self, name, *arguments):
        camera = NumberedCamera(self.folder, name, *arguments)
        self.addCleanup(camera.close)
        return camera

    def daemon(self, cameras, recording=None, storage=None, wait=True, **more):
        settings = {
            "cameras": [{"id": c.name, "url": c.url, "record": "continuous", "stall": f"{STALL}s", "motion": False} for c in cameras],
            "buttons": [], "faces": {"enabled": False},
            # The machine's own disk may be fuller than a recorder's should be.
            "recording": {"segment": f"{SEGMENT}s", "reserve": "1MiB", "keep": {"space": "100%"}, **(recording or {})},
        }
        daemon = harness.Daemon(settings, wait=None, **more)
        self.addCleanup(daemon.close)
        if storage:
            daemon.write_config({**settings, "storage": {"path": str(daemon.state), **storage}})
        if wait:
            daemon.start()
            self.recorded(daemon, cameras, 1)
        return daemon

    def recorded(self, daemon, cameras, count):
        """Waits until each camera has so many segments, the one that is written among them."""
        for camera in cameras:
            harness.wait_until(lambda c=camera: segments_of(daemon, c.name) >= count, 60 + 3 * SEGMENT * count,
                               f"{count} segments of '{camera.name}'")

    def judge(self, daemon, camera, causes=(), count=None, behind=0):
        """Fails unless the footage of a camera is true; its gaps' causes are these, all of them. `behind`: so many pictures may be
        on their way when the one that is shown after them is there."""
        footage = Footage(daemon, camera.name, self.recordings)
        last = max((p.number for p in footage.pictures), default=0)
        drawn = {n: at for n, at in camera.drawn().items() if behind == 0 or n <= last - behind}
        known = [p for p in footage.pictures if p.number in drawn or behind == 0]
        faults = faults_of(drawn, known, footage.gaps, daemon.told_to_stop * 1000) + footage.untrue
        self.assertEqual(faults, [], shown(faults, footage.gaps))
        self.assertEqual({g.cause for g in footage.gaps} - set(causes), set(), shown([], footage.gaps))
        if causes:
            self.assertNotEqual(footage.gaps, [], "nothing of the fault is in the ledger")
        if count is not None:
            self.assertEqual(len(footage.gaps), count, shown([], footage.gaps))
        return footage

    def expect_good(self, daemon):
        """What the check says, and the reader."""
        done = daemon.cli("footage", "check", "--deep", "--json", check=False)
        self.assertEqual(json.loads(done.stdout)["faults"], [], done.stderr)
        self.assertEqual(footage_reader.faults(self.recordings or daemon.state / "recordings", daemon.state / "footage.db", deep=True), [])

    def ledger(self, daemon):
        return json.loads(daemon.cli("footage", "ledger", "--json").stdout)

    def play(self, seconds):
        time.sleep(seconds)  # footage takes as long as it lasts


class FaultlessTest(Recording):
    def test_every_number_is_kept_and_the_ledger_is_empty(self):
        camera = self.camera("front", "--sound", "aac")
        daemon = self.daemon([camera])
        self.recorded(daemon, [camera], 3)
        camera.order("skip 100")  # the camera's affair: nothing of it was to be recorded
        self.recorded(daemon, [camera], 4)
        end = time.monotonic() * 1000
        daemon.stop()
        footage = self.judge(daemon, camera, count=0)
        ledger = self.ledger(daemon)
        self.assertEqual((len(ledger["segments"]), ledger["gaps"]), (len(footage.segments), []))
        drawn = camera.drawn()
        last = max(p.number for p in footage.pictures)
        self.assertGreater(drawn[last], end - 1000, "what was on its way when the daemon was told to stop is missing")
        self.sound_is_whole(footage)
        self.expect_good(daemon)

    def test_pictures_that_come_late_leave_no_time_unexplained(self):
        """Also where the index has to be made of the files."""
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        camera = self.camera("front")
        daemon = self.daemon([camera])
        self.recorded(daemon, [camera], 1)
        until = time.monotonic() + 6 * SEGMENT
        while time.monotonic() < until:
            self.play(chance.uniform(0.4, 0.7))
            camera.process.send_signal(signal.SIGSTOP)
            self.play(HITCH)
            camera.process.send_signal(signal.SIGCONT)
        daemon.stop()
        self.assertEqual(self.ledger(daemon)["gaps"], [])
        self.expect_good(daemon)
        for file in daemon.state.glob("footage.db*"):
            file.unlink()
        daemon.start()
        self.recorded(daemon, [camera], 7)
        daemon.stop()
        self.expect_good(daemon)

    def sound_is_whole(self, footage):
        """48,000 samples a second, 1,024 a packet, from the second segment's begin to the last one's; the camera's first sound
        comes when it likes."""
        self.assertEqual({codec for codec, _ in footage.sounds}, {"aac"}, footage.sounds)
        begins = [begin for _, _, begin, _ in footage.segments]
        due = [(after - before) * 48 / 1024 for before, after in zip(begins, begins[1:])]
        packets = [count for _, count in footage.sounds]
        message = f"{packets} packets, due are {due}"
        self.assertGreater(packets[0], due[0] - 47, message)
        for kept, wanted in zip(packets[1:-1], due[1:]):
            self.assertAlmostEqual(kept, wanted, delta=8, msg=message)
        # A picture may arrive 60 ms late, and so seem a segment's begin.
        self.assertAlmostEqual(sum(packets[1:-1]), sum(due[1:]), delta=6, msg=message)

    def test_another_size_is_another_segment_and_nothing_is_missing(self):
        camera = self.camera("front")
        daemon = self.daemon([camera])
        self.recorded(daemon, [camera], 2)
        camera.order("size 800 448")
        self.play(3)
        camera.order("size 640 360")
        self.play(3)
        daemon.stop()
        footage = self.judge(daemon, camera, count=0)
        widths = {}
        for picture in footage.pictures:
            widths.setdefault(picture.file, set()).add(picture.width)
        self.assertEqual({w for ws in widths.values() for w in ws}, {640, 800})
        self.assertTrue(all(len(ws) == 1 for ws in widths.values()), f"two sizes in one file: {widths}")


class OpenGroupsTest(Recording):
    """Cameras of which no keyframe but the first can be shown alone with what comes behind it. A border costs the pictures that refer
    to what came before it, and the ledger has them: these, and no other."""

    def film(self, *arguments):
        camera = self.camera("front", "--groups", "open", *arguments)
        daemon = self.daemon([camera])
        # Each lasts twice as long as others do: a better keyframe might have come.
        self.recorded(daemon, [camera], 3)
        daemon.stop()
        return daemon, camera

    def expect_two_lost_a_border(self, footage):
        self.assertEqual({gap.detail for gap in footage.gaps}, {"an open group of pictures was cut"})
        self.assertEqual(len(footage.gaps), len(footage.segments) - 1, shown([], footage.gaps))
        kept = sorted(picture.number for picture in footage.pictures)
        lost = set(range(kept[0], kept[-1] - 3)) - set(kept)
        # Two pictures between two that are no B-frames.
        self.assertEqual(len(lost), 2 * len(footage.gaps), f"{sorted(lost)}\n{shown([], footage.gaps)}")

    def cut(self, *arguments):
        daemon, camera = self.film(*arguments)
        self.expect_two_lost_a_border(self.judge(daemon, camera, {"undecodable"}, behind=3))

    def test_h264(self):
        self.cut()

    def test_h265(self):
        self.cut("--codec", "h265")

    def test_none_changes_places_where_a_report_moves_them(self):
        """With the first report on how pictures and sound belong together libav moves the pictures by a step: when they were is
        not judged."""
        daemon, camera = self.film("--sound", "aac")
        footage = Footage(daemon, camera.name)
        self.assertEqual({p.state for p in footage.pictures}, {"ok"})
        numbers = [p.number for p in sorted(footage.pictures, key=lambda p: p.at)]
        self.assertEqual(numbers, sorted(numbers))
        self.expect_two_lost_a_border(footage)


class TimestampWrapTest(Recording):
    """RTP's 32 bits of 90 kHz go through zero every 13 hours, whenever that is."""

    def test_nothing_is_lost_where_timestamps_wrap(self):
        # A machine that takes longer than that to begin has a second chance.
        self.assertTrue(any(self.is_recorded(after) for after in (15, 60)), "nothing was recorded before the timestamps wrapped")

    def is_recorded(self, after):
        camera = self.camera(f"wrap{after}", "--wrap", str(after))
        daemon = self.daemon([camera])
        wraps_at = min(camera.drawn().values()) + after * 1000
        harness.wait_until(lambda: time.monotonic() * 1000 > wraps_at + 2000, after + 30, "that timestamps wrap")
        self.recorded(daemon, [camera], segments_of(daemon, camera.name) + 1)
        daemon.stop()
        camera.order("wrapped")
        footage = self.judge(daemon, camera, count=0)
        drawn = camera.drawn()
        kept = [drawn[picture.number] for picture in footage.pictures]
        self.assertGreater(max(kept), wraps_at + 1000)
        return min(kept) < wraps_at - 1000


class CameraFaultTest(Recording):
    def during(self, fault, causes, count=1):
        camera = self.camera("front")
        daemon = self.daemon([camera])
        self.recorded(daemon, [camera], 2)
        fault(camera)
        before = segments_of(daemon, camera.name)
        self.recorded(daemon, [camera], before + 2)
        daemon.stop()
        return self.judge(daemon, camera, causes, count)

    def test_a_camera_that_stalls(self):
        def stall(camera):
            camera.order("freeze")
            self.play(2 * STALL)
            camera.order("mend")
        footage = self.during(stall, {"timeout"})
        self.assertGreater(footage.gaps[0].end - footage.gaps[0].begin, 1000 * (2 * STALL - 1))

    def test_a_pause_shorter_than_the_stall(self):
        camera = self.camera("front")
        daemon = self.daemon([camera], wait=False)
        settings = json.loads(daemon.config.read_text())
        settings["cameras"][0]["stall"] = "30s"
        daemon.write_config(settings)
        daemon.start()
        self.recorded(daemon, [camera], 2)
        camera.order("freeze")
        self.play(5)
        camera.order("mend")
        self.recorded(daemon, [camera], segments_of(daemon, camera.name) + 2)
        daemon.stop()
        footage = self.judge(daemon, camera, {"stalled"}, 1)
        self.assertGreater(footage.gaps[0].end - footage.gaps[0].begin, 4000)

    def test_a_camera_that_dies_and_comes_back(self):
        def die(camera):
            camera.kill()
            self.play(3)
            camera.start()
        self.during(die, {"eof", "network"})

    def test_a_connection_that_is_closed(self):
        self.during(lambda camera: camera.order("drop"), {"eof", "network"})

    def test_timestamps_that_jump(self):
        def jump(camera):
            # A segment's file is there when its first group of pictures is: a jump just then falls on a keyframe,
            # and nothing is lost.
            self.play(0.4)
            camera.order("jump 20000")
            self.play(7.2)
            camera.order("jump -20000")
            self.play(7)
        # What came before the next keyframe can stand in no file.
        self.during(jump, {"undecodable"}, None)


class DaemonFaultTest(Recording):
    def test_a_daemon_that_is_killed(self):
        camera = self.camera("front")
        daemon = self.daemon([camera])
        self.recorded(daemon, [camera], 2)
        self.play(2.3)
        killed = time.monotonic() * 1000
        daemon.kill()
        self.play(2)
        daemon.start()
        self.recorded(daemon, [camera], 5)
        daemon.stop()
        footage = self.judge(daemon, camera, {"crash"}, 1)
        lost = killed - footage.gaps[0].begin
        print(f"a kill cost {lost:.0f} ms of footage", flush=True)
        self.assertLess(lost, LOST_AT_MOST)

    def test_a_daemon_that_is_stopped(self):
        camera = self.camera("front")
        daemon = self.daemon([camera])
        self.recorded(daemon, [camera], 2)
        daemon.stop()
        self.play(2)
        daemon.start()
        self.recorded(daemon, [camera], 4)
        daemon.stop()
        self.judge(daemon, camera, {"stopped"}, 1)

    def test_a_camera_that_is_configured_anew(self):
        camera = self.camera("front")
        daemon = self.daemon([camera])
        self.recorded(daemon, [camera], 2)
        settings = json.loads(daemon.config.read_text())
        settings["cameras"][0]["stall"] = "3s"
        daemon.write_config(settings)
        daemon.cli("reload")
        self.recorded(daemon, [camera], 4)
        daemon.stop()
        self.judge(daemon, camera, {"configuration"}, 1)


class DiskFaultTest(Recording):
    def under_shim(self, camera, errno, kind, nth):
        if not harness.IO_SHIM.exists():
            self.fail(f"{harness.IO_SHIM} is not built")
        daemon = self.daemon([camera], wait=False, preload=str(harness.IO_SHIM))
        recordings = daemon.state / "recordings"
        daemon.environment = {"IO_SHIM_LOG": str(self.folder / "calls.log"), "IO_SHIM_DIR": str(recordings), "IO_SHIM_CALL": kind, "IO_SHIM_FAIL": str(nth),
                              "IO_SHIM_ERRNO": str(errno)}
        try:
            daemon.start()
        except AssertionError as error:
            if "does not come first in initial library list" in str(error):
                self.skipTest("a preloaded library may not come before the address sanitizer")
            raise
        return daemon

    def test_a_write_or_sync_that_fails(self):
        for kind in ("write", "sync"):
            with self.subTest(kind=kind):
                # Which sync is a segment's own and which its folder's (a name that comes later: no gap) is a matter of chance.
                self.assertTrue(any(self.is_explained(kind, nth) for nth in range(12, 18)), f"no {kind} of a segment failed")

    def is_explained(self, kind, nth):
        """False: it was not a segment's file that could not be written."""
        log = self.folder / "calls.log"
        camera = self.camera(f"{kind}{nth}")
        daemon = self.under_shim(camera, 5, kind, nth)  # EIO
        self.recorded(daemon, [camera], 2)
        failed = harness.wait_until(lambda: [line for line in log.read_text().splitlines() if line.startswith("fault ")], 60, "the fault")
        self.recorded(daemon, [camera], len(Footage(daemon, camera.name).segments) + 2)
        daemon.stop()
        log.unlink()
        of_a_segment = failed[0].endswith(".part")
        if of_a_segment:
            self.judge(daemon, camera, {"disk_error"}, 1)
        return of_a_segment

    def test_a_disk_that_is_full(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: a file system of our own needs root")
        self.recordings = self.folder / "disk"
        self.recordings.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "porchlight-test", self.recordings], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"SKIPPED: no tmpfs can be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.recordings], check=False)
        camera = self.camera("front", "--bitrate", "4000")
        daemon = self.daemon([camera], {"reserve": "2MiB"}, {"recordings": str(self.recordings)})
        self.recorded(daemon, [camera], 3)
        # Somebody else's, so that nothing of ours makes room.
        ballast = self.recordings / "ballast"
        own_mounts.fill(ballast)
        harness.wait_until(lambda: any(g.cause == "disk_full" for g in Footage(daemon, "front", self.recordings).gaps), 60, "a gap `disk_full`")
        self.play(3)
        ballast.unlink()
        self.recorded(daemon, [camera], 2)
        self.play(SEGMENT + 3)
        daemon.stop()
        self.judge(daemon, camera, {"disk_full"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
