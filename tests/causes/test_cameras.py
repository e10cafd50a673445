#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what cameras and their viewers count."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from causes import House, series

import footage_truth
import harness
from secret_house import ShutCamera
from test_hls import fetch

FRAMES = 45


def clip(folder, *options):
    """A film of so many pictures, none of which needs a later one."""
    path = pathlib.Path(folder) / "small.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=10", "-frames:v", str(FRAMES), "-c:v", "libx264",
                    "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "10", *options, path], check=True)
    return path


class CameraHouse(House):
    CAMERA = {}  # what it is told besides

    @classmethod
    def setUpClass(cls):
        if not shutil.which("ffmpeg"):
            raise unittest.SkipTest("no ffmpeg here")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-causes-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        super().setUpClass()

    @classmethod
    def url(cls):
        raise NotImplementedError

    @classmethod
    def settings(cls):
        return {**cls.SETTINGS, "cameras": [{"id": "front", "url": cls.url(), "motion": False, **cls.CAMERA}]}

    def metric(self, name, **labels):
        return self.daemon.metric(name, **labels) or 0

    def connected(self):
        harness.wait_until(lambda: self.metric("camera_connection_status", camera_id="front") == 1, 60, "the camera")

    def reconnected(self, reason, **more):
        return self.counted("camera_reconnects_total", camera_id="front", reason=reason, **more)

    def error(self, error_type):
        # What is cut off within a picture cannot be decoded.
        return self.counted("errors_total", component="ingest", error_type=error_type, severity="warning", besides=[{"error_type": "decode"}])


class FilmCauses(CameraHouse):
    """A film that is played once: its end is a fault after which nobody tries again."""

    CAMERA = {"loop": False}

    @classmethod
    def url(cls):
        return f"file:{clip(cls.folder)}"

    def test_each_picture_is_received_once(self):
        harness.wait_until(lambda: self.metric("errors_total", component="ingest", error_type="io", severity="warning"), 60, "its end")
        self.assertEqual(self.metric("camera_frames_received_total", camera_id="front"), FRAMES)
        self.assertEqual(self.metric("camera_frames_dropped_total", camera_id="front"), 0)
        self.assertEqual(self.metric("errors_total", component="ingest", error_type="io", severity="warning"), 1)


class ProgramCauses(CameraHouse):
    """A program that is killed once."""

    @classmethod
    def url(cls):
        return f"exec:ffmpeg -v error -re -stream_loop -1 -i {clip(cls.folder)} -c copy -bsf:v h264_mp4toannexb -f h264 -"

    def child(self):
        """The program's number."""
        for path in pathlib.Path("/proc").iterdir():
            try:
                if path.name.isdigit() and int((path / "stat").read_text().rpartition(")")[2].split()[1]) == self.daemon.process.pid:
                    return int(path.name)
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended while we looked
        return None

    def test_a_program_that_ends(self):
        self.connected()
        with self.reconnected("eof"), self.error("io"):
            os.kill(self.child(), signal.SIGKILL)


class NumberedCameraHouse(CameraHouse):
    """One whose camera can be ordered about."""

    ARGUMENTS = ()  # of the camera

    @classmethod
    def url(cls):
        if missing := footage_truth.missing():
            raise unittest.SkipTest(missing)
        cls.camera = footage_truth.NumberedCamera(cls.folder, "front", *cls.ARGUMENTS)
        cls.addClassCleanup(lambda: cls.camera.process.poll() is None and cls.camera.close())
        return cls.camera.url


class SilentCauses(NumberedCameraHouse):
    """A camera that keeps its connection and sends nothing for a while."""

    CAMERA = {"stall": "5s"}

    def test_a_camera_that_falls_silent(self):
        self.connected()
        before = self.metric("errors_total", component="ingest", error_type="timeout", severity="warning")
        with self.reconnected("timeout"), self.error("timeout"):
            self.camera.order("freeze")
            harness.wait_until(lambda: self.metric("errors_total", component="ingest", error_type="timeout", severity="warning") > before, 60, "the fault")
            self.camera.order("mend")
        self.connected()

    def test_a_film_that_is_fetched(self):
        self.connected()
        with self.counted("hls_playlist_requests_total"):
            status, _, body = fetch(self.anna, "/hls/front/index.m3u8", {})
            self.assertEqual(status, 200, body)

    def test_the_bytes_of_a_film(self):
        self.connected()
        listed = harness.wait_until(lambda: (got := fetch(self.anna, "/hls/front/main.m3u8", {}))[0] == 200 and "#EXTINF" in got[2].decode()
                                    and got[2].decode(), 120, "a whole segment")
        head = listed.split('#EXT-X-MAP:URI="')[1].split('"')[0]
        segment = [line for line in listed.splitlines() if line and not line.startswith("#")][-1]
        before = self.metric("stream_bytes_sent_total", protocol="hls")
        for file in (head, segment):  # heads are no film: what counts is the segment
            status, _, body = fetch(self.anna, f"/hls/front/{file}", {})
            self.assertEqual(status, 200, file)
        sent = len(body)
        harness.wait_until(lambda: self.metric("stream_bytes_sent_total", protocol="hls") == before + sent, 60,
                           lambda: f"{sent} bytes; it is {self.metric('stream_bytes_sent_total', protocol='hls') - before}")


class ShutCauses(House):
    """A camera that wants another password. It is tried again after 30 s, which is long enough to look."""

    def test_a_password_that_is_refused(self):
        camera = ShutCamera()
        self.addCleanup(camera.close)
        self.daemon.write_config({**self.SETTINGS, "cameras": [
            {"id": "front", "url": f"rtsp://127.0.0.1:{camera.port}/cam", "user": "anna", "password": "a wrong one"}]})
        with self.counted("camera_reconnects_total", camera_id="front", reason="auth", born=True, seconds=120), \
                self.counted("errors_total", component="ingest", error_type="auth", severity="warning", by=2, seconds=120):
            self.daemon.cli("reload")


class Stranger:
    """Refuses every request as a bad one; counts who calls."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            with connection, contextlib.suppress(OSError):
                connection.settimeout(30)
                number = re.search(rb"(?i)cseq: *(\d+)", connection.recv(4096))
                connection.sendall(b"RTSP/1.0 400 Bad Request\r\nCSeq: " + (number[1] if number else b"1") + b"\r\n\r\n")
                connection.recv(4096)  # until the caller has had enough

    def close(self):
        self.listener.close()


class StrangerCauses(House):
    """Each call but the first is a reconnect, and each call is an error."""

    def call(self, name, port, reason, error_type, calls=lambda: None):
        """`calls`: how many there were, where somebody counts them."""
        errors = {"component": "ingest", "error_type": error_type, "severity": "warning"}
        before = self.daemon.metric("errors_total", **errors)
        self.daemon.write_config({**self.SETTINGS, "cameras": [{"id": name, "url": f"rtsp://127.0.0.1:{port}/cam", "audio": False}]})
        self.daemon.cli("reload")  # without sound, for whose sake a refused call is made a second time

        def as_many():
            begun, risen = calls(), self.daemon.metric("errors_total", **errors) - before
            reconnects = self.daemon.metric("camera_reconnects_total", camera_id=name, reason=reason)
            return reconnects >= 3 and risen == reconnects + 1 and begun in (None, risen) and calls() == begun
        # Between two calls, which come ever more rarely.
        harness.wait_until(as_many, 180, f"as many reconnects by {reason} as calls")
        others = {key: value for key, value in series(self.daemon.scrape(), "camera_reconnects_total").items()
                  if ("camera_id", name) in key and ("reason", reason) not in key and value}
        self.assertEqual(others, {})

    def test_one_who_refuses(self):
        camera = Stranger()
        self.addCleanup(camera.close)
        self.call("refuser", camera.port, "protocol", "io", lambda: camera.calls)

    def test_where_nobody_listens(self):
        with socket.socket() as taken:  # and not listened at: nobody else gets it
            taken.bind(("127.0.0.1", 0))
            self.call("nobody", taken.getsockname()[1], "network", "network")


if __name__ == "__main__":
    unittest.main()
