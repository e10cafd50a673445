# SPDX-License-Identifier: Apache-2.0
"""Watching a camera: the real daemon, a real camera, a WebSocket client, and somebody else's decoder."""

import contextlib
import json
import pathlib
import socket
import struct
import subprocess
import threading
import time
import unittest

import footage_truth
import harness
from accounts_client import Client
from live_house import PASSWORD, LiveHouse
from stream_client import WebSocket

LIVE = "/api/v1/cameras/front/live"


class Viewer(WebSocket):
    """`texts` and the films of one connection: one for each head, with what follows it. Says that it is there while it
    reads; one that is `deaf` reads nothing behind the answer to its upgrade, and is silent unless it `signs`."""

    def __init__(self, client, path=LIVE, deaf=False, signs=False, **headers):
        self.deaf, self.code = deaf, None
        self.texts, self.films, self.times = [], [], []
        self.sending = threading.Lock()
        super().__init__(client, path, **headers)
        if deaf:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if (signs or not deaf) and self.status == 101:
            threading.Thread(target=self.say_that_it_is_there, daemon=True).start()

    def send(self, kind, payload):
        with self.sending:
            super().send(kind, payload)

    def say_that_it_is_there(self):
        with contextlib.suppress(OSError):  # it has ended
            while self.code is None:
                self.send(1, json.dumps({"t": time.monotonic(), "rtt_ms": 1}).encode())
                time.sleep(2)

    def listen(self):
        if not self.deaf:
            super().listen()

    def read(self, size):
        data = self.bytes.read(size)
        if len(data) < size:
            raise ValueError("it ended")
        return data

    def messages(self):
        while True:
            head = self.read(2)
            size = head[1] & 127
            if size >= 126:
                size = int.from_bytes(self.read(2 if size == 126 else 8), "big")
            payload, kind = self.read(size), head[0] & 15
            if kind == 8:
                self.code = struct.unpack(">H", payload[:2])[0]
                return
            if kind == 9:
                self.send(10, payload)
            elif kind == 1:
                self.texts.append(json.loads(payload))
                yield "text", self.texts[-1]
            elif kind == 2:
                arrived, = struct.unpack(">Q", payload[:8])
                if arrived:
                    self.films[-1].append(payload[8:])
                    self.times.append(arrived)
                else:
                    self.films.append([payload[8:]])
                yield "media", arrived

    def pictures(self):
        return len(self.times)

    def said(self, kind):
        return [text for text in list(self.texts) if text["type"] == kind]


class LiveCase(LiveHouse):
    PROGRAMS = ("ffprobe",)

    def watch(self, client=None, *arguments, **more):
        viewer = Viewer(client or self.anna, *arguments, **more)
        self.addCleanup(viewer.close)
        return viewer

    def seen(self, viewer, count):
        harness.wait_until(lambda: viewer.pictures() >= count, 60, lambda: f"{count} pictures; heard {viewer.texts}, {viewer.code}, {viewer.fault}")

    def decoded(self, film):
        """The pictures that ffprobe decodes, and their width; it must not complain."""
        parts = list(film)
        done = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "json",
                               "-show_entries", "stream=nb_read_frames,width", "-"], input=b"".join(parts),
                              capture_output=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        [stream] = json.loads(done.stdout)["streams"]
        return int(stream["nb_read_frames"]), len(parts) - 1, stream["width"]

    def numbers(self, film):
        """What is burned into its pictures, as they are shown."""
        file = pathlib.Path(self.folder) / "film.mp4"
        file.write_bytes(b"".join(list(film)))
        return [number for _, number, _, _ in footage_truth.numbers_of([file])[file][0]]

    def views(self):
        lines = map(json.loads, harness.whole_lines(self.daemon.state / "audit" / "audit.jsonl"))
        return [r["details"].get("seconds") for r in lines if r["audit_type"] == "data_access" and r["resource"] == LIVE]


class LiveTest(LiveCase):
    def test_viewer_sees_what_the_camera_sends_and_both_ends_are_on_record(self):
        viewer = self.watch()
        self.assertEqual(viewer.status, 101)
        self.seen(viewer, 30)
        self.assertEqual(viewer.texts[0]["type"], "hello")
        self.assertEqual((viewer.texts[0]["camera"], viewer.texts[0]["quality"]), ("front", "main"))
        self.assertRegex(viewer.said("init")[0]["codecs"], '^video/mp4; codecs="avc1[.][0-9a-f]{6}"$')
        self.assertTrue(harness.wait_until(lambda: viewer.said("pong"), 30, "an answer"))
        age = time.time() - viewer.times[-1] / 1e6
        self.assertTrue(-1 < age < 60, age)
        harness.wait_until(lambda: self.daemon.metric("stream_viewers_count", camera_id="front") == 1, 30, "the viewer's count")
        self.assertEqual(self.daemon.metric("active_streams_total"), 1)
        self.assertGreater(self.daemon.metric("stream_bytes_sent_total", protocol="mse"), 1000)
        viewer.close()
        self.assertTrue(viewer.wait_for_end())
        read, sent, _ = self.decoded(viewer.films[0])
        self.assertEqual(read, sent)
        harness.wait_until(lambda: len(self.views()) == 2, 30, lambda: f"both records, {self.views()}")
        self.assertIsNone(self.views()[0])
        self.assertIsInstance(self.views()[1], int)
        harness.wait_until(lambda: self.daemon.metric("stream_viewers_count", camera_id="front") == 0, 30, "the viewer's leaving")
        self.assertEqual(self.daemon.metric("active_streams_total"), 0)

    def test_ring_is_answered_by_looking(self):
        self.daemon.ring("front")
        self.seen(self.watch(), 1)
        harness.wait_until(lambda: self.daemon.metric("doorbell_ring_to_live_view_seconds_count", protocol="mse") == 1, 30, "the time of the answer")

    def test_camera_that_was_killed_returns_on_the_same_socket(self):
        viewer = self.watch()
        self.seen(viewer, 10)
        self.camera.kill()
        harness.wait_until(lambda: viewer.said("waiting"), 60, "the news")
        before = viewer.pictures()
        self.camera.start()
        self.seen(viewer, before + 20)
        self.assertIsNone(viewer.code)
        # Of the picture at which it was killed perhaps not all had come.
        for film in (viewer.films[0][:-1], *viewer.films[1:]):
            read, sent, _ = self.decoded(film)
            self.assertEqual(read, sent)

    def test_other_size_comes_with_another_head(self):
        viewer = self.watch()
        self.seen(viewer, 10)
        self.camera.order("size 1280 720")
        harness.wait_until(lambda: len(viewer.said("init")) >= 2, 60, "another head")
        self.seen(viewer, viewer.pictures() + 10)
        self.assertEqual([text["width"] for text in viewer.said("init")][-1], 1280)
        self.assertEqual(self.decoded(viewer.films[-1])[2], 1280)

    def test_other_codec_comes_with_another_head_on_the_same_socket(self):
        viewer = self.watch()
        self.seen(viewer, 10)
        self.camera.kill()
        self.camera.arguments = ("--codec", "h265")
        self.camera.start()
        harness.wait_until(lambda: "hvc1" in viewer.said("init")[-1]["codecs"] or "hev1" in viewer.said("init")[-1]["codecs"], 120,
                           "the head of the other codec")
        self.seen(viewer, viewer.pictures() + 10)
        self.assertIsNone(viewer.code)
        self.assertGreaterEqual(self.decoded(viewer.films[-1])[0], 5)

    def test_configuration_that_is_read_again_keeps_the_viewer(self):
        viewer = self.watch()
        self.seen(viewer, 10)
        settings = json.loads(self.daemon.config.read_text())
        settings["cameras"][0]["stall"] = "7s"  # its workers are built anew
        self.daemon.write_config(settings)
        self.daemon.cli("reload")
        harness.wait_until(lambda: viewer.said("waiting"), 60, lambda: f"that the camera is opened again; {viewer.texts}")
        self.seen(viewer, viewer.pictures() + 20)
        self.assertIsNone(viewer.code)
        for film in viewer.films:
            read, sent, _ = self.decoded(film)
            self.assertEqual(read, sent)

    def test_account_has_a_bounded_number_of_viewings(self):
        viewers = [self.watch() for _ in range(16)]
        for viewer in viewers:
            self.seen(viewer, 1)
        more = self.watch()
        self.assertTrue(more.wait_for_end())
        self.assertEqual((more.code, more.films), (1013, []))
        self.assertEqual([viewer.code for viewer in viewers], [None] * 16)
        viewers[0].close()
        harness.wait_until(lambda: len([seconds for seconds in self.views() if seconds is not None]) == 1, 30, "its leaving")
        self.seen(self.watch(), 1)

    def test_joins_and_leaves_leave_nothing_behind(self):
        def resident():
            return int(pathlib.Path(f"/proc/{self.daemon.process.pid}/statm").read_text().split()[1]) * 4096

        def join_and_leave(times):
            for _ in range(times):
                viewer = Viewer(self.anna)
                self.seen(viewer, 1)
                viewer.close()
        join_and_leave(50)
        before = resident()
        join_and_leave(200)
        self.assertLess(resident() - before, 10_000_000)
        harness.wait_until(lambda: self.daemon.metric("stream_viewers_count", camera_id="front") == 0, 30, "that all have left")

    def test_who_is_silent_is_closed_and_costs_nobody_a_picture(self):
        deaf, other = self.watch(deaf=True), self.watch()
        self.assertEqual(deaf.status, 101)
        harness.wait_until(lambda: self.views().count(None) == 2, 30, "both viewings")
        harness.wait_until(lambda: any(s is not None for s in self.views()), 120, "the end of the one who is silent")
        self.assertIsNone(other.code)
        self.seen(other, other.pictures() + 10)
        self.assertEqual(self.daemon.metric("pipeline_queue_dropped_total", queue_name="recording") or 0, 0)
        numbers = self.numbers(other.films[0])
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))

    def test_session_that_ends_ends_the_viewing(self):
        viewer = self.watch()
        self.seen(viewer, 5)
        self.assertEqual(self.anna.ask("POST", "/api/v1/auth/logout")[0], 204)
        self.assertTrue(viewer.wait_for_end())
        self.assertEqual(viewer.code, 1008)

    def test_intruders_and_other_sites_see_nothing(self):
        nobody = Client(self.daemon)
        self.assertEqual(self.watch(nobody).status, 401)
        self.assertEqual(self.watch(None, LIVE, Origin="https://evil.example").status, 403)
        self.assertEqual(self.watch(None, "/api/v1/cameras/nobody/live").status, 404)
        self.assertEqual(self.watch(None, LIVE + "?quality=huge").status, 400)
        status, _, made = self.anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "viewer", "cameras": []})
        self.assertEqual(status, 201, made)
        bert = Client(self.daemon)
        self.assertEqual(bert.register(made["invitation"], "bert", PASSWORD)[0], 201)
        self.assertEqual(bert.login("bert", PASSWORD), 200)
        self.assertEqual(self.watch(bert).status, 403)
        viewer = self.watch()
        self.seen(viewer, 1)
        viewer.send(1, b'{"open":"sesame"}')
        self.assertTrue(viewer.wait_for_end())
        self.assertEqual(viewer.code, 1003)


class LoadedTest(LiveCase):
    """A camera that sends more than sockets keep."""

    CAMERA = ("--bitrate", "6000", "--pattern", "snow")

    def test_who_does_not_read_is_closed_as_slow_and_nobody_else_notices(self):
        other, slow = self.watch(), self.watch(deaf=True, signs=True)
        harness.wait_until(lambda: self.views().count(None) == 2, 30, "both viewings")
        harness.wait_until(lambda: any(s is not None for s in self.views()), 180, "the end of the one who does not read")
        self.assertGreater(self.daemon.metric("pipeline_queue_dropped_total", queue_name="viewer") or 0, 0)
        self.assertIsNone(other.code)
        self.seen(other, other.pictures() + 10)
        self.assertEqual(self.daemon.metric("pipeline_queue_dropped_total", queue_name="recording") or 0, 0)
        numbers = self.numbers(other.films[0])
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
        self.assertEqual(len(self.views()), 3, "who reads was not ended")
        slow.close()


if __name__ == "__main__":
    unittest.main()
