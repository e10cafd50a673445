# SPDX-License-Identifier: Apache-2.0
"""A machine that records a numbered camera, and what it says of its footage."""

import json
import pathlib
import tempfile
import unittest

import numbered
import rig

METRICS = "python3 -c \"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/metrics').read().decode())\""


class Recorded:
    """Beside a rig.MachineTest: index, check, and the judgement of what was kept."""

    camera = None

    def rows(self):
        return json.loads(self.machine.out("python3 -B /tools/footage.py rows"))

    def expect_good(self):
        check = self.machine.run("porchlight footage check --json", check=False)
        self.assertEqual(check.returncode, 0, check)
        self.assertEqual(json.loads(check.stdout), {"faults": [], "ok": True})

    def account(self, causes):
        """Of a daemon that has stopped: its stretches, all of them true, with gaps of these causes."""
        self.kept = numbered.Kept(self.machine)
        stretches = numbered.accounted(self, self.kept, self.camera)
        self.assertEqual({row["cause"] for row, _ in stretches if "cause" in row}, set(causes), numbered.shown([], stretches))
        return stretches


class RecordingTest(Recorded, rig.MachineTest):
    drives = numbered.NETWORK
    recording = None  # the configuration's section, where there is to be one

    @classmethod
    def setUpClass(cls):
        if numbered.missing():
            raise unittest.SkipTest(numbered.missing())
        folder = tempfile.TemporaryDirectory(prefix="porchlight-vm-")
        cls.addClassCleanup(folder.cleanup)
        cls.camera = numbered.camera(cls, pathlib.Path(folder.name))
        super().setUpClass()
        numbered.join(cls.machine)
        cls.configure(cls.settings())

    @classmethod
    def settings(cls, **more):
        whole = json.loads(rig.configuration())
        whole["cameras"] = [numbered.settings(cls.camera)]
        if cls.recording:
            whole["recording"] = cls.recording
        return json.dumps({**whole, **more}, indent=1)

    def wait_for_segments(self, count):
        """The rows, once there are so many segments."""
        return self.wait_for(lambda: rows if len((rows := self.rows())["segments"]) >= count else None, 180, f"{count} segments")
