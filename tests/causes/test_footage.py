#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what recording counts: measured on the disk, and in the ledger as another program reads it."""

import contextlib
import errno
import pathlib
import shutil
import signal
import sqlite3
import tempfile
import time
import unittest
from datetime import timedelta

from causes import House
from test_cameras import NumberedCameraHouse, Stranger, clip

import footage_truth
import harness
from secret_house import ShutCamera
from test_recordings_api import text_of, time_of

RECORDING = {"segment": "5s", "reserve": "1MiB", "keep": {"space": "100%"}}


class FootageHouse(NumberedCameraHouse):
    RECORDING = RECORDING

    @classmethod
    def settings(cls):
        return {**super().settings(), "recording": cls.RECORDING}

    def files(self):
        """{name: size} of what is kept, under the name that it has in the end."""
        found = {}
        for path in (self.daemon.state / "recordings").rglob("*.mp4*"):
            with contextlib.suppress(FileNotFoundError):  # it got its last name, or went
                found[path.name.removesuffix(".part")] = path.stat().st_size
        return found


class WrittenCauses(FootageHouse):
    """A film that is recorded once."""

    CAMERA = {"loop": False}

    @classmethod
    def url(cls):
        return f"file:{clip(cls.folder)}"

    def test_each_byte_is_counted_once(self):
        harness.wait_until(lambda: self.metric("errors_total", component="ingest", error_type="io", severity="warning"), 60, "the film's end")
        harness.wait_until(lambda: self.files() and self.metric("recording_active", camera_id="front") == 0, 60, "the recorder to rest")

        def as_many():
            return sum(self.files().values()) == self.metric("recording_bytes_written_total", camera_id="front")
        harness.wait_until(as_many, 60, lambda: f"as many bytes as {self.files()}, not {self.metric('recording_bytes_written_total', camera_id='front')}")


def ledger(daemon, camera="front"):
    """[(cause, seconds or None)] as SQLite reads it."""
    return [(cause, None if end is None else (end - begin) / 1000) for cause, begin, end in rows_of_gaps(daemon, camera)]


def rows_of_gaps(daemon, camera):
    """[(cause, begin, end or None)], both in ms of CLOCK_MONOTONIC. Empty before the index is there."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{daemon.state / 'footage.db'}?mode=ro", uri=True, timeout=20)) as db:
            return db.execute("SELECT cause, begin_ms, end_ms FROM gaps WHERE camera = ?", (camera,)).fetchall()
    except sqlite3.OperationalError:
        return []


def near(value, wanted):
    """A gap ends with the first picture of a file, and is counted while it goes on."""
    return abs(value - wanted) < 1.5


class GapCauses(FootageHouse):
    """A camera that is away for a while."""

    def ledger(self):
        return ledger(self.daemon)

    def test_the_seconds_that_are_missing(self):
        self.connected()
        harness.wait_until(lambda: footage_truth.segments_of(self.daemon, "front") >= 2, 120, "footage")
        before, known = self.metric("recording_gap_seconds_total", camera_id="front"), len(self.ledger())
        begun = time.monotonic()
        self.camera.kill()
        harness.wait_until(lambda: self.metric("recording_gap_seconds_total", camera_id="front") > before + 3, 120, "a gap that grows")
        self.camera.start()
        gaps = harness.wait_until(lambda: (now := self.ledger()[known:]) and all(seconds is not None for _, seconds in now) and now, 120,
                                  "the end of the gap")
        missing = sum(seconds for _, seconds in gaps)
        self.assertLessEqual(missing, time.monotonic() - begun + 5)
        harness.wait_until(lambda: near(self.metric("recording_gap_seconds_total", camera_id="front") - before, missing), 60, lambda: f"{missing} s: {gaps}")
        for cause in {cause for cause, _ in self.ledger()}:
            wanted = sum(seconds for name, seconds in self.ledger() if name == cause)
            self.assertTrue(near(self.metric("recording_gap_seconds_by_cause_total", cause=cause), wanted), f"{cause}: {self.ledger()}")


class SilentCameraCauses(FootageHouse):
    """A camera that keeps its connection and is silent for too long."""

    CAMERA = {"stall": "5s"}

    def test_the_seconds_that_are_missing_by_it(self):
        def gone():
            return self.metric("camera_reconnects_total", camera_id="front", reason="timeout")
        self.connected()
        harness.wait_until(lambda: self.files() and self.metric("recording_active", camera_id="front") == 1, 120, "footage")
        before = gone()
        self.camera.order("freeze")
        harness.wait_until(lambda: gone() > before, 60, "a reconnect")
        self.camera.order("mend")
        gaps = harness.wait_until(lambda: (now := ledger(self.daemon)) and all(seconds is not None for _, seconds in now) and "timeout" in dict(now)
                                  and now, 120, "the end of its gap")
        missing = sum(seconds for cause, seconds in gaps if cause == "timeout")
        harness.wait_until(lambda: near(self.metric("recording_gap_seconds_by_cause_total", cause="timeout"), missing), 60,
                           lambda: f"{missing} s, not {self.metric('recording_gap_seconds_by_cause_total', cause='timeout')}: {gaps}")


class OutcastCauses(House):
    """Cameras that give nothing: the gap of each grows with the clock."""

    def grows(self, camera, cause, source):
        self.daemon.write_config({**self.SETTINGS, "recording": RECORDING, "cameras": [{"id": camera, "motion": False, **source}]})
        self.daemon.cli("reload")

        def missing():
            return self.daemon.metric("recording_gap_seconds_by_cause_total", cause=cause)

        def as_long():
            now = time.monotonic()
            wanted = sum((now if end is None else end / 1000) - begin / 1000
                         for name, begin, end in rows_of_gaps(self.daemon, camera) if name == cause)
            return wanted > 2 and near(missing(), wanted)
        harness.wait_until(as_long, 120, lambda: f"{missing()} s by {cause}: {rows_of_gaps(self.daemon, camera)}")

    def test_a_password_that_is_refused(self):
        camera = ShutCamera()
        self.addCleanup(camera.close)
        self.grows("shut", "auth", {"url": f"rtsp://127.0.0.1:{camera.port}/cam", "user": "anna", "password": "a wrong one"})

    def test_one_who_refuses(self):
        camera = Stranger()
        self.addCleanup(camera.close)
        self.grows("stranger", "protocol", {"url": f"rtsp://127.0.0.1:{camera.port}/cam", "audio": False})

    def test_pictures_that_no_file_of_ours_holds(self):
        if not shutil.which("ffmpeg"):
            self.skipTest("no ffmpeg here")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-causes-")
        self.addCleanup(folder.cleanup)
        self.grows("old", "codec", {"url": f"file:{clip(folder.name, '-c:v', 'mpeg4')}"})


class VolumeCauses(unittest.TestCase):
    """Where recordings are to lie is a file."""

    def test_nothing_can_be_kept(self):
        if not shutil.which("ffmpeg"):
            self.skipTest("no ffmpeg here")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-causes-")
        self.addCleanup(folder.cleanup)
        daemon = harness.Daemon(House.SETTINGS, wait=None)
        self.addCleanup(daemon.close)
        place = daemon.folder / "place"
        place.write_text("no folder")
        daemon.write_config({**House.SETTINGS, "recording": RECORDING, "storage": {"path": str(daemon.state), "recordings": str(place)},
                             "cameras": [{"id": "front", "url": f"file:{clip(folder.name)}", "motion": False}]})
        daemon.start()

        def missing():
            return daemon.metric("recording_gap_seconds_by_cause_total", cause="volume")
        harness.wait_until(missing, 60, "its beginning")
        before, begun = missing(), time.monotonic()
        harness.wait_until(lambda: (passed := time.monotonic() - begun) > 4 and near(missing() - before, passed), 60, "a gap that grows with the clock")


class AbsenceCauses(FootageHouse):
    """A daemon that is away for a while, whose next life counts what is missing."""

    CAMERA = {"loop": True}

    @classmethod
    def url(cls):
        return f"file:{clip(cls.folder)}"

    def absent(self, cause, end):
        """`end` of the daemon leaves a gap of this cause."""
        # Before the first picture is safe on the disk there is nothing after which one could be missing.
        harness.wait_until(lambda: footage_truth.segments_of(self.daemon, "front") >= 2, 120, "footage")
        known = len(ledger(self.daemon))
        end()
        self.daemon.process.wait()
        time.sleep(2)  # so much is missing at least
        self.daemon.start()
        gaps = harness.wait_until(lambda: (now := ledger(self.daemon)[known:]) and all(seconds is not None for _, seconds in now) and now, 120,
                                  "the end of the gap")
        self.assertIn(cause, {name for name, _ in gaps}, gaps)
        missing = sum(seconds for name, seconds in gaps if name == cause)
        self.assertGreater(missing, 1)
        harness.wait_until(lambda: near(self.metric("recording_gap_seconds_by_cause_total", cause=cause), missing), 60,
                           lambda: f"{missing} s, not {self.metric('recording_gap_seconds_by_cause_total', cause=cause)}: {gaps}")

    def test_it_is_stopped(self):
        self.absent("stopped", self.daemon.stop)

    def test_it_is_killed(self):
        self.absent("crash", lambda: self.daemon.process.send_signal(signal.SIGKILL))


class DiskCauses(unittest.TestCase):
    """One write of a segment is refused, and no other."""

    def refused(self, error, error_type, cause):
        if not shutil.which("ffmpeg"):
            self.skipTest("no ffmpeg here")
        if not harness.IO_SHIM.exists():
            self.skipTest("the shim that makes writes fail was not built")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-causes-")
        self.addCleanup(folder.cleanup)
        calls = pathlib.Path(folder.name) / "calls"
        daemon = harness.Daemon({**House.SETTINGS, "recording": RECORDING,
                                 "cameras": [{"id": "front", "url": f"file:{clip(folder.name)}", "motion": False}]},
                                wait=None, preload=str(harness.IO_SHIM))
        self.addCleanup(daemon.close)
        daemon.environment = {"IO_SHIM_DIR": str(daemon.state / "recordings" / "front"), "IO_SHIM_CALL": "write", "IO_SHIM_FAIL": "3",
                              "IO_SHIM_ERRNO": str(error), "IO_SHIM_LOG": str(calls)}
        daemon.start()

        def faults():
            return [line for line in calls.read_text().splitlines() if line.startswith("fault ")] if calls.exists() else []
        labels = {"component": "storage", "error_type": error_type, "severity": "error"}
        harness.wait_until(faults, 60, "the write that is refused")
        harness.wait_until(lambda: daemon.metric("errors_total", **labels), 60, "its error")
        gaps = harness.wait_until(lambda: (now := ledger(daemon)) and all(seconds is not None for _, seconds in now) and now, 120, "the end of the gap")
        self.assertIn(cause, {name for name, _ in gaps}, gaps)
        missing = sum(seconds for name, seconds in gaps if name == cause)
        harness.wait_until(lambda: near(daemon.metric("recording_gap_seconds_by_cause_total", cause=cause), missing), 60, lambda: f"{missing} s: {gaps}")
        self.assertGreater(daemon.metric("recording_gap_seconds_by_cause_total", cause=cause), 0)
        self.assertEqual((len(faults()), daemon.metric("errors_total", **labels)), (1, 1), faults())

    def test_a_full_disk(self):
        self.refused(errno.ENOSPC, "resource", "disk_full")

    def test_a_disk_that_fails(self):
        self.refused(errno.EIO, "io", "disk_error")


class DamageCauses(FootageHouse):
    """A segment of which only the name is left."""

    @classmethod
    def url(cls):
        return f"file:{clip(cls.folder)}"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def closed():
            status, _, page = cls.anna.ask("GET", "/api/v1/recordings?camera=front")
            cls.expect(status, 200)
            return next((r for r in reversed(page["recordings"]) if r["state"] == "closed" and r["start"]), None)
        cls.segment = harness.wait_until(closed, 120, "a whole segment")
        with contextlib.closing(sqlite3.connect(f"file:{cls.daemon.state / 'footage.db'}?mode=ro", uri=True, timeout=20)) as db:
            file, = db.execute("SELECT file FROM segments WHERE rowid = ?", (cls.segment["id"],)).fetchone()
        path = cls.daemon.state / "recordings" / file
        path.write_bytes(bytes(path.stat().st_size))

    def failed(self, mode):
        return self.counted("video_generation_total", mode=mode, status="failure")

    def test_no_picture_comes_out_of_it(self):
        with self.failed("thumbnail"):
            self.assertNotEqual(self.anna.ask("GET", f"/api/v1/recordings/{self.segment['id']}/thumbnail")[0], 200)

    def test_no_film_comes_out_of_it(self):
        begin = time_of(self.segment["start"])
        with self.failed("export"):
            self.assertNotEqual(self.anna.ask("GET", f"/api/v1/footage/video?camera=front&from={text_of(begin + timedelta(seconds=1))}"
                                                     f"&to={text_of(begin + timedelta(seconds=3))}")[0], 200)


class SpaceCauses(FootageHouse):
    """More than may be kept."""

    ARGUMENTS = ("--bitrate", "4000", "--pattern", "snow")
    RECORDING = {**RECORDING, "keep": {"space": "6MB"}}

    def test_each_segment_that_goes_for_space(self):
        seen = set()

        def deleted():
            seen.update(self.files())
            return len(seen - set(self.files()))
        harness.wait_until(lambda: deleted() >= 3, 240, "three deletions")
        self.camera.order("freeze")
        harness.wait_until(lambda: deleted() == self.metric("recording_segments_deleted_total", reason="space"), 60,
                           lambda: f"as many as the {deleted()} that are gone")
        self.assertEqual(self.metric("recording_segments_deleted_total", reason="age"), 0)


if __name__ == "__main__":
    unittest.main()
