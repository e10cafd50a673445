#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what recording counts: measured on the disk, and in the ledger as another program reads it."""

import contextlib
import sqlite3
import time
import unittest
from datetime import timedelta

from test_cameras import CameraHouse, clip

import footage_truth
import harness
from test_recordings_api import text_of, time_of

RECORDING = {"segment": "5s", "reserve": "1MiB", "keep": {"space": "100%"}}


class FootageHouse(CameraHouse):
    RECORDING = RECORDING
    ARGUMENTS = ()  # of the camera

    @classmethod
    def url(cls):
        if missing := footage_truth.missing():
            raise unittest.SkipTest(missing)
        cls.camera = footage_truth.NumberedCamera(cls.folder, "front", *cls.ARGUMENTS)
        cls.addClassCleanup(lambda: cls.camera.process.poll() is None and cls.camera.close())
        return cls.camera.url

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
        harness.wait_until(as_many, 60, f"as many bytes as {self.files()}, not {self.metric('recording_bytes_written_total', camera_id='front')}")


class GapCauses(FootageHouse):
    """A camera that is away for a while."""

    def ledger(self):
        """[(cause, seconds or None)] as SQLite reads it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.daemon.state / 'footage.db'}?mode=ro", uri=True, timeout=20)) as db:
            rows = db.execute("SELECT cause, begin_ms, end_ms FROM gaps WHERE camera = 'front'").fetchall()
        return [(cause, None if end is None else (end - begin) / 1000) for cause, begin, end in rows]

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

        def near(value, wanted):
            return abs(value - wanted) < 1.5  # a gap ends with the first picture of a file, and is counted while it goes on
        harness.wait_until(lambda: near(self.metric("recording_gap_seconds_total", camera_id="front") - before, missing), 60, f"{missing} s: {gaps}")
        for cause in {cause for cause, _ in self.ledger()}:
            wanted = sum(seconds for name, seconds in self.ledger() if name == cause)
            self.assertTrue(near(self.metric("recording_gap_seconds_by_cause_total", cause=cause), wanted), f"{cause}: {self.ledger()}")


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
                           f"as many as the {deleted()} that are gone")
        self.assertEqual(self.metric("recording_segments_deleted_total", reason="age"), 0)


if __name__ == "__main__":
    unittest.main()
