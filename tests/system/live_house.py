# SPDX-License-Identifier: Apache-2.0
"""A daemon with a camera whose pictures are numbered, and somebody who may see it."""

import shutil
import tempfile
import unittest

import footage_truth
import harness
from accounts_client import Client, first_run_code

PASSWORD = "a long phrase of theirs"


class LiveHouse(unittest.TestCase):
    CAMERA = ()  # what its camera is told besides
    PROGRAMS = ()  # that the test looks with
    OTHERS = ()  # cameras besides
    BUTTONS = ({"id": "front", "kind": "virtual", "camera": "front"},)

    def setUp(self):
        if missing := footage_truth.missing():
            self.skipTest(missing)
        for program in self.PROGRAMS:
            if not shutil.which(program):
                self.skipTest(f"no {program} here")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.camera = footage_truth.NumberedCamera(folder.name, "front", *self.CAMERA)
        self.addCleanup(lambda: self.camera.process.poll() is None and self.camera.kill())
        self.daemon = harness.Daemon({
            "cameras": [{"id": "front", "url": self.camera.url, "motion": False, "stall": "5s"}, *self.OTHERS],
            "buttons": list(self.BUTTONS), "faces": {"enabled": False},
            "recording": {"reserve": "1MiB", "keep": {"space": "100%"}}})
        self.addCleanup(self.daemon.close)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.anna = Client(self.daemon)
        self.assertEqual(self.anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.anna.login("anna", PASSWORD), 200)
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 60, "the camera")
