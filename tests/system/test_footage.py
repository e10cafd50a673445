# SPDX-License-Identifier: Apache-2.0
"""The recordings' volume and its index, and the commands about them, beside the running daemon and without it."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
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


# 2026-01-02T00:00:00Z; behind it the milliseconds of a boot that began then.
ZERO_MS = 1_767_312_000_000
SEGMENTS = [("front", 0, 60_000), ("front", 60_200, 120_000), ("front", 300_000, 360_000), ("back", 0, 60_000)]
GAPS = [("front", "network", "no route", 120_000, 300_000), ("front", "disk_full", "", 360_000, None)]


class LedgerTest(unittest.TestCase):
    """What the command prints of rows that are known."""

    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.daemon = harness.Daemon(config(self.hook))
        self.addCleanup(self.daemon.close)
        harness.wait_until(lambda: (self.daemon.state / "recordings/porchlight-volume.json").exists(), 30, "the index")
        self.daemon.stop()
        with contextlib.closing(sqlite3.connect(self.daemon.state / "footage.db")) as base, base:
            boot = base.execute("INSERT INTO boots (boot_id, believed_ms, zero_ms) VALUES ('test', ?1, ?1)", (ZERO_MS,)).lastrowid
            for camera, begin, end in SEGMENTS:
                base.execute("INSERT INTO segments (camera, file, state, boot, begin_ms, end_ms, bytes, frames, crc, codec, "
                             "audio_codec, width, height, is_protected, of_event) "
                             "VALUES (?, ?, 1, ?, ?, ?, 9, 9, 9, 'h264', '', 64, 48, 0, 0)",
                             (camera, f"{camera}/2026-01-02/{begin}.mp4", boot, begin, end))
            for camera, cause, detail, begin, end in GAPS:
                base.execute("INSERT INTO gaps (camera, cause, detail, boot, begin_ms, end_boot, end_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
                             (camera, cause, detail, boot, begin, boot if end else None, end))

    def lines(self, *words):
        return self.daemon.cli("footage", "ledger", *words).stdout.splitlines()

    def test_each_row_is_a_line_with_its_cause(self):
        day = "2026-01-02T00:"
        footage = f"front  {day}00:00.000Z  {day}02:00.000Z  footage"
        outage = f"front  {day}02:00.000Z  {day}05:00.000Z  gap: network (no route)"
        again = f"front  {day}05:00.000Z  {day}06:00.000Z  footage"
        goes_on = f"front  {day}06:00.000Z  -  gap: disk_full, goes on"
        back = f"back  {day}00:00.000Z  {day}01:00.000Z  footage"
        self.assertEqual(self.lines(), [back, footage, outage, again, goes_on])
        self.assertEqual(self.lines("--camera", "back"), [back])
        cut = footage.replace("00:00.000Z", "01:00.200Z", 1)
        self.assertEqual(self.lines("--camera", "front", "--from", day + "01:00Z", "--to", day + "05:00Z"), [cut, outage])
        self.assertEqual(self.lines("--from", day + "05:00Z"), [again, goes_on])
        self.assertEqual(self.lines("--to", "2026-01-01T00:00:00Z"), ["nothing"])

    def test_the_same_as_json(self):
        said = json.loads(self.daemon.cli("footage", "ledger", "--json", "--camera", "front", "--from", "2026-01-02T00:02:30Z").stdout)
        self.assertEqual([(s["start"], s["end"], s["state"]) for s in said["segments"]],
                         [("2026-01-02T00:05:00.000Z", "2026-01-02T00:06:00.000Z", "closed")])
        self.assertEqual([(g["cause"], g["detail"], g["start"], g["end"]) for g in said["gaps"]],
                         [("network", "no route", "2026-01-02T00:02:00.000Z", "2026-01-02T00:05:00.000Z"),
                          ("disk_full", "", "2026-01-02T00:06:00.000Z", None)])


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
