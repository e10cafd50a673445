# SPDX-License-Identifier: Apache-2.0
"""A house in which nothing is wrong: four cameras, a ring a minute, somebody who looks on, logins, and recordings that have
reached their limit."""

import pathlib
import tempfile
import threading
import time

import shipped  # noqa: F401 (the path of the modules below)
import harness
import motion_clip
from accounts_client import Client, first_run_code
from harness import free_port
from test_live import Viewer

PASSWORD = "a long phrase of theirs"
CAMERAS = ("porch", "walk", "yard", "drive")
# Reached within some minutes, so that the oldest goes where the newest comes.
SPACE = "12MiB"


class HealthyHouse:
    """`cleanup`: as TestCase.addCleanup. `clips`: a folder with visitor.mp4, on which Anna's face is seen."""

    def __init__(self, cleanup, clips):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-healthy-")
        cleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        motion_clip.make(self.folder / "walk.mp4", 60, walks_at=20)
        motion_clip.make(self.folder / "quiet.mp4", 20)
        self.hook = harness.Hook()
        cleanup(self.hook.close)
        self.metrics = f"127.0.0.1:{free_port()}"
        self.daemon = harness.Daemon(self.settings(clips))
        cleanup(self.daemon.close)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 60, "the first-run code")
        anna = Client(self.daemon)
        expect(anna.register(code, "anna", PASSWORD)[0], 201, "the first account")
        self.daemon.cli("faces", "enrol", "Anna", harness.PICTURES / "known_enrol.jpg")
        for camera in CAMERAS:
            harness.wait_until(lambda camera=camera: self.daemon.metric("camera_connection_status", camera_id=camera) == 1, 120, camera)
        harness.wait_until(lambda: self.daemon.get("/health/ready")[0] == 200, 120, "the models")

    def settings(self, clips):
        files = {"porch": f"{clips}/visitor.mp4", "walk": f"{self.folder}/walk.mp4", "yard": f"{self.folder}/quiet.mp4",
                 "drive": f"{self.folder}/quiet.mp4"}
        return {
            "metrics": {"listen": self.metrics},
            "cameras": [{"id": camera, "url": f"file:{files[camera]}", "record": "continuous"} for camera in CAMERAS],
            "recording": {"segment": "10s", "reserve": "1MiB", "keep": {"space": SPACE}},
            "buttons": [{"id": "front", "kind": "virtual", "camera": "porch"}],
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}, {"id": "journal", "type": "log"}],
                              "rules": [{"when": "ring", "to": ["hook"], "attach": "snapshot"}, {"when": "security", "to": ["journal"]}]},
        }

    def deleted(self):
        return self.daemon.metric("recording_segments_deleted_total", reason="space") or 0


def expect(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: {got} instead of {wanted}")


class Life:
    """A minute of it after the other, on a thread of its own, until close(): somebody logs in, looks on, is rung for, reads,
    logs out. What goes wrong ends it and stands in `fault`."""

    def __init__(self, house):
        self.house, self.minutes, self.pictures, self.fault = house, 0, 0, None
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.done.is_set():
                begun = time.monotonic()
                self.minute()
                self.minutes += 1
                self.done.wait(max(0, 60 - (time.monotonic() - begun)))
        except Exception as fault:  # the test's thread tells it
            self.fault = fault

    def minute(self):
        client = Client(self.house.daemon)
        expect(client.login("anna", PASSWORD), 200, "a login")
        viewer = Viewer(client, "/api/v1/cameras/yard/live", signs=True)
        try:
            ring = self.house.daemon.ring("front")
            self.house.hook.wait_for(lambda m: m.event["id"] == ring, 60, "the ring")
            for path in ("/api/v1/events", "/api/v1/recordings", "/api/v1/cameras/porch/snapshot"):
                expect(client.ask("GET", path)[0], 200, path)
            self.done.wait(40)
            self.pictures += viewer.pictures()
        finally:
            viewer.close()
        expect(client.ask("POST", "/api/v1/auth/logout")[0], 204, "a logout")

    def close(self):
        self.done.set()
        self.thread.join(180)
