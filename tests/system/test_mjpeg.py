# SPDX-License-Identifier: Apache-2.0
"""Looking at a camera as a row of JPEGs: the real daemon, a real camera, and clients that read the wire by themselves."""

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import threading
import unittest
from email.parser import BytesParser

import harness
import openapi_record
from accounts_client import Client
from live_house import PASSWORD, LiveHouse

MJPEG = "/api/v1/cameras/front/mjpeg"
SNAPSHOT = "/api/v1/cameras/front/snapshot"
BOUNDARY = b"--porchlight\r\n"


class Looker:
    """Reads parts on a thread of its own; one that is `deaf` reads nothing behind the answer's head."""

    def __init__(self, client, path=MJPEG, deaf=False, **headers):
        plain = socket.socket()
        if deaf:  # little fits on the way to it
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(60)
        plain.connect(("127.0.0.1", client.port))
        self.socket = client.trusted.wrap_socket(plain, server_hostname="127.0.0.1")
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{client.port}"]
        if client.cookie:
            lines.append("Cookie: " + client.cookie)
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.bytes = self.socket.makefile("rb")
        self.status = int(self.bytes.readline().split()[1])
        headers = BytesParser().parsebytes(b"".join(iter(self.bytes.readline, b"\r\n")) + b"\r\n", headersonly=True)
        self.kind = headers["Content-Type"].lower()
        if self.status == 200:  # its body has no end: that there is one is all that can be held against the document
            openapi_record.check("GET", path, self.status, headers, b"--")
        self.pictures, self.times, self.fault = [], [], None
        self.ended = threading.Event()
        if self.status == 200 and not deaf:
            threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        with contextlib.suppress(OSError):
            try:
                self.read_parts()
            except ValueError as fault:
                self.fault = fault
        self.ended.set()

    def read_parts(self):
        if self.bytes.readline() != BOUNDARY:
            raise ValueError("it does not begin with the boundary")
        while fields := self.head():
            size = int(fields["Content-Length"])
            picture = self.bytes.read(size)
            if len(picture) < size:
                return  # it ended within a picture
            if fields["Content-Type"] != "image/jpeg" or self.bytes.read(2 + len(BOUNDARY)) != b"\r\n" + BOUNDARY:
                raise ValueError(f"a part that is none: {fields}")
            self.pictures.append(picture)
            self.times.append(float(fields["X-Timestamp"]))

    def head(self):
        """The fields of a part; none when the answer has ended."""
        fields = {}
        for line in self.bytes:
            if line == b"\r\n":
                return fields
            name, _, value = line.decode().strip().partition(": ")
            fields[name] = value
        return None

    def wait_for(self, count, seconds=60):
        harness.wait_until(lambda: len(self.pictures) >= count or self.fault, seconds, lambda: f"{count} pictures, has {len(self.pictures)}")
        if self.fault:
            raise self.fault

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class MjpegTest(LiveHouse):
    BUTTONS = ()  # at rest this camera's pictures are not all decoded: nobody rings there

    def look(self, client=None, path=MJPEG, **more):
        looker = Looker(client or self.anna, path, **more)
        self.addCleanup(looker.close)
        return looker

    def views(self):
        lines = map(json.loads, harness.whole_lines(self.daemon.state / "audit" / "audit.jsonl"))
        return [r["details"].get("seconds") for r in lines if r["audit_type"] == "data_access" and r["resource"] == MJPEG]

    def token(self):
        status, _, made = self.anna.ask("POST", "/api/v1/tokens", {"name": "hass", "scopes": ["view"], "days": 90})
        self.assertEqual(status, 201, made)
        return made

    @staticmethod
    def basic(name, password):
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}

    def test_pictures_are_jpegs_that_change_and_two_share_them(self):
        one, two = self.look(path=MJPEG + "?fps=10"), self.look(path=MJPEG + "?fps=10")
        self.assertEqual((one.status, one.kind), (200, "multipart/x-mixed-replace; boundary=porchlight"))
        one.wait_for(12)
        two.wait_for(12)
        harness.wait_until(lambda: self.daemon.metric("stream_viewers_count", camera_id="front") == 2, 30, "both viewers")
        self.assertEqual(self.daemon.metric("active_streams_total"), 1)
        self.assertGreater(self.daemon.metric("stream_bytes_sent_total", protocol="mjpeg"), 1000)
        self.assertGreater(self.daemon.metric("stream_latency_seconds_count", protocol="mjpeg"), 0)
        self.assertIsNotNone(self.daemon.metric("stream_latency_ms", camera_id="front", protocol="mjpeg"))
        status, headers, _ = self.anna.ask("GET", SNAPSHOT)
        self.assertEqual((status, headers["Content-Type"]), (200, "image/jpeg"))
        for looker in (one, two):
            looker.close()
        for picture in one.pictures:
            self.assertEqual(harness.size_of_jpeg(picture), (640, 360))
        self.assertEqual(len(set(one.pictures)), len(one.pictures), "one was shown twice")
        self.assertEqual(one.times, sorted(set(one.times)))
        if shutil.which("ffmpeg"):
            self.decode(one.pictures)
        # The same picture, byte for byte, is the same encoding: each carries its camera's moving number.
        same = set(dict(zip(one.times, one.pictures)).items()) & set(dict(zip(two.times, two.pictures)).items())
        seen_by_both = set(one.times) & set(two.times)
        self.assertGreaterEqual(len(same), 5, (one.times, two.times))
        self.assertEqual(len(same), len(seen_by_both))
        harness.wait_until(lambda: len([s for s in self.views() if s is not None]) == 2, 30, lambda: f"both ends, {self.views()}")
        self.assertEqual(self.views().count(None), 2)
        harness.wait_until(lambda: self.daemon.metric("active_streams_total") == 0, 30, "their leaving")
        self.assertEqual(self.daemon.metric("stream_viewers_count", camera_id="front"), 0)
        self.assertIsNone(self.daemon.metric("stream_latency_ms", camera_id="front", protocol="mjpeg"))

    def decode(self, pictures):
        done = subprocess.run(["ffmpeg", "-v", "error", "-f", "mjpeg", "-i", "-", "-f", "framemd5", "-"], input=b"".join(pictures),
                              capture_output=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        decoded = [line for line in done.stdout.decode().splitlines() if not line.startswith("#")]
        self.assertEqual(len(decoded), len(pictures))

    def test_one_that_never_reads_is_closed_and_the_other_sees_all(self):
        deaf, other = self.look(path=MJPEG + "?fps=15", deaf=True), self.look(path=MJPEG + "?fps=15")
        self.assertEqual(deaf.status, 200)
        harness.wait_until(lambda: any(s is not None for s in self.views()), 240, "the end of the deaf one")
        self.assertFalse(other.ended.is_set())
        other.wait_for(len(other.pictures) + 10)
        self.assertEqual(self.daemon.metric("pipeline_queue_dropped_total", queue_name="recording") or 0, 0)

    def test_camera_that_was_killed_returns_on_the_same_answer(self):
        looker = self.look()
        looker.wait_for(5)
        self.camera.kill()
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 0, 60, "the loss")
        before = len(looker.pictures)
        self.camera.start()
        looker.wait_for(before + 10)
        self.assertEqual(looker.times, sorted(set(looker.times)), "something was repeated")

    def test_session_that_ends_ends_the_viewing(self):
        looker = self.look()
        looker.wait_for(2)
        self.assertEqual(self.anna.ask("POST", "/api/v1/auth/logout")[0], 204)
        self.assertTrue(looker.ended.wait(60))

    def test_token_as_password_shows_until_it_is_revoked(self):
        made = self.token()
        nobody = Client(self.daemon)
        looker = self.look(nobody, **self.basic("token", made["token"]))
        self.assertEqual(looker.status, 200)
        looker.wait_for(2)
        status, headers, _ = nobody.exchange("GET", SNAPSHOT, **self.basic("anna", made["token"]))
        self.assertEqual((status, headers["Content-Type"]), (200, "image/jpeg"))
        for name, password in (("anna", PASSWORD), ("bert", made["token"]), ("token", made["token"] + "x")):
            self.assertEqual(self.look(nobody, **self.basic(name, password)).status, 401, name)
        self.assertEqual(self.anna.ask("DELETE", f"/api/v1/tokens/{made['id']}")[0], 204)
        self.assertTrue(looker.ended.wait(60))
        self.assertEqual(self.look(nobody, **self.basic("token", made["token"])).status, 401)

    def test_intruders_and_other_sites_see_nothing(self):
        self.assertEqual(self.anna.ask("GET", MJPEG + "?fps=100")[0], 400)
        self.assertEqual(self.anna.ask("GET", "/api/v1/cameras/nobody/mjpeg")[0], 404)
        self.assertEqual(Client(self.daemon).ask("GET", MJPEG)[0], 401)
        self.assertEqual(self.anna.ask("GET", MJPEG, Origin="https://evil.example")[0], 403)
        self.assertEqual(self.anna.ask("GET", MJPEG, Sec_Fetch_Site="cross-site")[0], 403)
        status, _, made = self.anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "viewer", "cameras": []})
        self.assertEqual(status, 201, made)
        bert = Client(self.daemon)
        self.assertEqual(bert.register(made["invitation"], "bert", PASSWORD)[0], 201)
        self.assertEqual(bert.login("bert", PASSWORD), 200)
        self.assertEqual(bert.ask("GET", MJPEG)[0], 403)
        self.assertEqual(self.views(), [])


if __name__ == "__main__":
    unittest.main()
