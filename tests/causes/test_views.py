#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what looking at cameras counts: pictures that are sent, kept, compared, or cannot be decoded."""

import json
import subprocess
import unittest

from test_cameras import FRAMES, CameraHouse, NumberedCameraHouse, clip

import harness
from test_live import LIVE, Viewer
from test_mjpeg import BOUNDARY, SNAPSHOT, Looker

STAMP = 8  # bytes before each piece of a film: when its picture arrived


def weight_of_message(piece):
    """Bytes of the WebSocket message that a piece of a film is (RFC 6455, 5.2), from a server, which masks nothing."""
    size = STAMP + len(piece)
    return (2 if size < 126 else 4 if size < 65536 else 10) + size


def weight_of_part(picture, taken):
    """Bytes of a row of JPEGs that one picture takes: its fields, itself, and the boundary behind it."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\nX-Timestamp: {taken:.3f}\r\n\r\n"
    return len(head) + len(picture) + len(b"\r\n" + BOUNDARY)


class SentCauses(NumberedCameraHouse):
    """Whoever looks counts what comes; then the camera falls silent, so that no more is under way."""

    def expect_sent(self, protocol, before, weight):
        """As many bytes as arrived, once no more come."""
        self.camera.order("freeze")
        self.addCleanup(self.camera.order, "mend")

        def sent():
            return self.metric("stream_bytes_sent_total", protocol=protocol) - before
        harness.wait_until(lambda: weight() == sent() > 0, 60, f"as many bytes by {protocol} as came")

    def test_a_row_of_pictures(self):
        self.connected()
        before = self.metric("stream_bytes_sent_total", protocol="mjpeg")
        looker = Looker(self.anna)
        self.addCleanup(looker.close)
        looker.wait_for(5)
        # The times come behind the pictures.
        self.expect_sent("mjpeg", before, lambda: sum(map(weight_of_part, list(looker.pictures), list(looker.times))))

    def test_a_film_that_is_pushed(self):
        self.connected()
        before = self.metric("stream_bytes_sent_total", protocol="mse")
        viewer = Viewer(self.anna, LIVE)
        self.addCleanup(viewer.close)
        harness.wait_until(lambda: viewer.pictures() >= 5, 60, lambda: f"pictures; heard {viewer.texts}, {viewer.fault}")
        self.expect_sent("mse", before, lambda: sum(weight_of_message(piece) for film in list(viewer.films) for piece in list(film)))


class WholeCauses(CameraHouse):
    """A film that is played once, to a camera with a button: each of its pictures is decoded."""

    CAMERA = {"loop": False}

    @classmethod
    def settings(cls):
        return {**super().settings(), "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}]}

    def over(self):
        harness.wait_until(lambda: self.metric("errors_total", component="ingest", error_type="io", severity="warning"), 60, "its end")


class MotionJobCauses(WholeCauses):
    CAMERA = {"loop": False, "motion": True}

    @classmethod
    def url(cls):
        return f"file:{clip(cls.folder)}"

    def test_each_picture_is_one_job(self):
        self.over()
        for name, labels in (("ai_jobs_enqueued_total", {}), ("ai_jobs_processed_total", {"status": "success"})):
            def looks():
                return self.metric(name, job_type="motion", **labels)
            # A busy machine may leave some out, and says so.
            harness.wait_until(lambda: looks() and looks() + self.metric("camera_frames_dropped_total", camera_id="front") == FRAMES, 60,
                               lambda: f"{FRAMES} of {name}, not {looks()}")
        for status in ("failure", "timeout", "dropped"):
            self.assertEqual(self.metric("ai_jobs_processed_total", job_type="motion", status=status), 0)


def spoil(film, number):
    """What this picture consists of is overwritten by what no picture consists of."""
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pos,size,flags", "-of", "json", film],
                          check=True, capture_output=True, text=True)
    packet = json.loads(done.stdout)["packets"][number]
    if packet["flags"].startswith("K"):
        raise AssertionError(f"picture {number} is one that others refer to")
    with film.open("r+b") as file:
        file.seek(int(packet["pos"]) + 4)  # behind its length
        file.write(b"\xff" * (int(packet["size"]) - 4))


class SpoiltCauses(WholeCauses):
    @classmethod
    def url(cls):
        film = clip(cls.folder)
        spoil(film, 15)
        return f"file:{film}"

    def test_a_picture_that_cannot_be_decoded(self):
        # What refers to it is left out, up to the next that refers to nothing; it alone is an error.
        self.over()
        harness.wait_until(lambda: self.metric("errors_total", component="ingest", error_type="decode", severity="warning"), 60, "the error")
        self.assertEqual(self.metric("errors_total", component="ingest", error_type="decode", severity="warning"), 1)
        self.assertEqual(self.metric("camera_frames_received_total", camera_id="front"), FRAMES)


class SnapshotCauses(CameraHouse):
    """A film that is played once, to a camera that nobody watches: a few of its pictures are decoded."""

    CAMERA = {"loop": False}

    @classmethod
    def url(cls):
        return f"file:{clip(cls.folder, '-frames:v', '200')}"

    @classmethod
    def settings(cls):
        cls.watched = super().settings()
        return cls.SETTINGS

    def look(self):
        self.asked += 1
        return self.anna.ask("GET", SNAPSHOT)[0]

    def looked_up(self, result):
        return self.metric("cache_requests_total", cache="thumbnail", result=result)

    def test_each_look_finds_a_picture_or_has_one_made_and_the_last_is_forgotten(self):
        self.asked = 0
        self.assertEqual(self.looked_up("hit") + self.looked_up("miss"), 0)
        self.daemon.write_config(self.watched)
        self.daemon.cli("reload")  # from here on the film is played
        harness.wait_until(lambda: self.anna.ask("GET", SNAPSHOT)[0] == 200, 60, "a picture")
        before = self.looked_up("hit") + self.looked_up("miss")
        harness.wait_until(lambda: self.look() == 200 and self.looked_up("hit") and self.looked_up("miss"), 60, "a hit and a miss")
        self.assertEqual(self.looked_up("hit") + self.looked_up("miss") - before, self.asked)
        # When the film is over its last picture grows old.
        with self.counted("cache_evictions_total", cache="thumbnail"):
            harness.wait_until(lambda: self.look() == 503, 120, "the end of the film")
        self.assertEqual(self.looked_up("hit") + self.looked_up("miss") - before, self.asked)


if __name__ == "__main__":
    unittest.main()
