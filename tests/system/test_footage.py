# SPDX-License-Identifier: Apache-2.0
"""The recordings' volume and its index, and the commands about them, beside the running daemon and without it."""

import json
import pathlib
import shutil
import unittest

import harness
from harness import config


class FootageVolumeTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.daemon = harness.Daemon(config(self.hook))
        self.addCleanup(self.daemon.close)
        self.recordings = self.daemon.state / "recordings"

    def identity(self):
        return json.loads((self.recordings / "porchlight-volume.json").read_text())["id"]

    def wait_for_volume(self):
        harness.wait_until(lambda: (self.recordings / "porchlight-volume.json").exists(), 20, "the volume's identity")

    def doctor(self):
        checks = json.loads(self.daemon.cli("doctor", "--json", check=False).stdout)["checks"]
        return next(c for c in checks if c["check"] == "footage")

    def test_an_empty_folder_gets_its_identity_by_itself(self):
        self.wait_for_volume()
        identity = self.identity()
        ledger = json.loads(self.daemon.cli("footage", "ledger", "--json").stdout)
        self.assertEqual(ledger, {"segments": [], "gaps": []})
        self.assertEqual(self.daemon.cli("footage", "ledger").stdout, "nothing\n")
        harness.wait_until(lambda: [line for line in self.daemon.get("/metrics")[2].splitlines()
                                    if line.startswith("storage_volume_info{") and 'role="recordings"' in line], 20, "volume")
        self.assertEqual(self.doctor()["verdict"], "good")
        self.daemon.stop()
        self.daemon.start()
        self.daemon.wait_ready()
        self.assertEqual(self.identity(), identity)

    def test_a_volume_that_is_not_there_stops_no_ring(self):
        self.wait_for_volume()
        self.daemon.stop()
        away = self.recordings.rename(self.daemon.state / "away")
        self.daemon.start()
        self.daemon.wait_ready()
        ring = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 20, "the ring")
        harness.wait_until(lambda: "nothing can be recorded" in self.daemon.log.read_text(), 20, "what is said of it")
        self.assertFalse(self.recordings.exists())  # it is not begun anew
        self.assertEqual(self.doctor()["verdict"], "bad")
        away.rename(self.recordings)
        harness.wait_until(lambda: "volume is back" in self.daemon.log.read_text(), 30, "the volume")

    def test_a_new_disk_is_taken_by_footage_init(self):
        self.wait_for_volume()
        self.daemon.stop()
        first = self.identity()
        shutil.rmtree(self.recordings)
        self.recordings.mkdir()
        (self.recordings / "of somebody else").write_text("mine")
        done = json.loads(self.daemon.cli("footage", "init", "--json").stdout)
        self.assertNotEqual(done["id"], first)
        self.assertEqual(self.identity(), done["id"])
        again = self.daemon.cli("footage", "init").stdout
        self.assertIn(done["id"], again)  # it is taken as it is
        self.daemon.start()
        self.daemon.wait_ready()
        harness.wait_until(lambda: self.doctor()["verdict"] == "good", 20, "the new volume")
        self.assertNotIn("nothing can be recorded", pathlib.Path(self.daemon.log).read_text())
        self.assertEqual((self.recordings / "of somebody else").read_text(), "mine")


class FootageCommandsTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def test_without_an_index_they_say_so(self):
        daemon = harness.Daemon(config(self.hook), wait=None)
        self.addCleanup(daemon.close)
        done = daemon.cli("footage", "ledger", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("it is not there; the daemon makes it when it records", done.stderr)
        self.assertEqual(daemon.cli("footage", "ledger", "--from", "yesterdayish", check=False).returncode, 2)
        self.assertEqual(daemon.cli("footage", check=False).returncode, 2)

    def test_the_folder_of_the_footage_is_its_own(self):
        daemon = harness.Daemon(config(self.hook), wait=None)
        self.addCleanup(daemon.close)
        for path, fault in ((str(daemon.state) + "/", "a folder of its own"), ("recordings", "an absolute path")):
            daemon.write_config(config(self.hook, storage={"path": str(daemon.state), "recordings": path}))
            done = daemon.cli("check", check=False)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn(fault, done.stdout + done.stderr)
        elsewhere = daemon.folder / "elsewhere"
        daemon.write_config(config(self.hook, storage={"path": str(daemon.state), "recordings": str(elsewhere)}))
        daemon.start()
        harness.wait_until(lambda: (elsewhere / "porchlight-volume.json").exists(), 20, "the volume")


if __name__ == "__main__":
    unittest.main()
