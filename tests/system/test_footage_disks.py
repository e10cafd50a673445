# SPDX-License-Identifier: Apache-2.0
"""Footage on disks that are too small, full, read-only or broken: what is lost stands in the ledger with its cause, nothing
that is kept is damaged, the doorbell rings all the time, and recording goes on when the disk is well again."""

import os
import pathlib
import subprocess
import threading
import time
import unittest

import harness
import own_mounts
from footage_truth import Footage, segments_of
from test_footage_truth import Recording, SEGMENT

ANSWER = 10  # seconds until a ring is answered, if only by 503 (docs/api.md: 5) on a busy machine


class Ballast:
    """Somebody else who takes every byte that becomes free, until told to stop."""

    def __init__(self, folder):
        self.path = folder / "ballast"
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopped.wait(0.02):
            own_mounts.fill(self.path)

    def release(self):
        self.stopped.set()
        self.thread.join()
        self.path.unlink()


class Disks(Recording):
    def setUp(self):
        super().setUp()
        own_mounts.enter(self)
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def small_daemon(self, camera, storage, state=None):
        """A daemon with the default reserve, whose button and disk's troubles come to the hook."""
        settings = {
            "cameras": [{"id": camera.name, "url": camera.url, "record": "continuous", "motion": False}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": camera.name}], "faces": {"enabled": False},
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": "ring", "to": ["hook"]}, {"when": "disk", "to": ["hook"]}]},
            "recording": {"segment": f"{SEGMENT}s", "keep": {"space": "100%"}},
            "storage": {"path": str(self.folder / "state"), **storage},
        }
        daemon = harness.Daemon(settings, folder=self.folder, wait=None)
        self.addCleanup(daemon.close)
        daemon.start()
        self.recorded(daemon, [camera], 1)
        return daemon

    def ring(self, daemon):
        """Whether it was acknowledged. Answered it is in any case, and the hook has it."""
        known = len(self.hook.messages)
        begun = time.monotonic()
        status = daemon.control("POST", "/api/v1/buttons/front/ring", quiet=True)
        self.assertLess(time.monotonic() - begun, ANSWER, "the ring was not answered")
        self.hook.wait_for(lambda m: m in self.hook.messages[known:] and m.event["type"] == "ring", 60, "the ring at the hook")
        self.assertIsNone(daemon.process.poll(), "the daemon ended")
        return status is not None

    def gaps(self, daemon):
        return Footage(daemon, "front", self.recordings).gaps

    def disk_events(self):
        return [m.event["fault"] for m in self.hook.messages if m.event["type"] == "disk"]

    def newest(self, daemon):
        """ms of CLOCK_MONOTONIC up to which there is footage."""
        pictures = Footage(daemon, "front", self.recordings).pictures
        return max(p.at for p in pictures)


class TinyDiskTest(Disks):
    def test_eight_megabytes_are_kept_alive_by_retention(self):
        self.recordings = own_mounts.tmpfs(self, self.folder / "disk", "8m")
        camera = self.camera("front", "--bitrate", "4000", "--pattern", "snow")
        daemon = self.small_daemon(camera, {"recordings": str(self.recordings)})
        first = Footage(daemon, "front", self.recordings).segments[0][0].name.removesuffix(".part")
        written = 0
        until = time.monotonic() + 240
        while written < 2 * 8_000_000:
            self.play(1)
            self.assertTrue(self.ring(daemon), "the events' disk is well")
            written = daemon.metric("recording_bytes_written_total", camera_id="front")
            self.assertLess(time.monotonic(), until, f"only {written} bytes were written")
        end = time.monotonic() * 1000
        daemon.stop()
        footage = self.judge(daemon, camera, {g.cause for g in self.gaps(daemon)} & {"disk_full"})
        self.expect_good(daemon)
        self.assertGreater(max(p.at for p in footage.pictures), end - 5000, "it records to the end")
        self.assertNotIn(first, [file.name for file, *_ in footage.segments], "the oldest is still there")
        held = sum(f.stat().st_size for f in self.recordings.rglob("*") if f.is_file())
        self.assertGreater(held, 8_000_000 // 4, "hardly anything is kept of what has room")

    def test_index_events_and_footage_on_the_one_full_disk(self):
        disk = own_mounts.tmpfs(self, self.folder / "state", "24m")
        self.recordings = disk / "recordings"
        camera = self.camera("front", "--bitrate", "2000", "--pattern", "snow")
        daemon = self.small_daemon(camera, {})
        self.assertTrue(self.ring(daemon))
        self.recorded(daemon, [camera], 3)
        ballast = Ballast(disk)
        self.addCleanup(ballast.stopped.set)
        acknowledged = []
        until = time.monotonic() + 20
        while time.monotonic() < until:
            acknowledged.append(self.ring(daemon))
        print(f"on a full disk {sum(acknowledged)} of {len(acknowledged)} rings were acknowledged, all were delivered", flush=True)
        ballast.release()
        harness.wait_until(lambda: self.ring(daemon), 120, "a ring that is stored")
        self.recorded(daemon, [camera], segments_of(daemon, "front") + 2)
        daemon.stop()
        self.judge(daemon, camera, {"disk_full"})
        self.expect_good(daemon)
        # What could not be stored then was held in memory.
        rung = {m.event["id"].replace("-", "") for m in self.hook.messages if m.event["type"] == "ring"}
        self.assertEqual(rung - daemon.stored_events(), set(), "rings are missing in the log")


class ReadOnlyDiskTest(Disks):
    def test_a_disk_that_becomes_read_only_and_writable_again(self):
        self.recordings = own_mounts.tmpfs(self, self.folder / "disk", "64m")
        camera = self.camera("front")
        daemon = self.small_daemon(camera, {"recordings": str(self.recordings)})
        self.recorded(daemon, [camera], 2)
        own_mounts.make_read_only(self.recordings)
        harness.wait_until(lambda: any(g.cause == "volume" for g in self.gaps(daemon)), 60, "a gap `volume`")
        self.hook.wait_for(lambda m: m.event["type"] == "disk" and m.event["fault"] == "read_only", 60, "the disk's trouble at the hook")
        harness.wait_until(lambda: daemon.metric("recording_active", camera_id="front") == 0, 20, "nothing to be recorded")
        self.assertTrue(self.ring(daemon))
        self.play(3)
        own_mounts.make_writable(self.recordings)
        known = segments_of(daemon, "front")
        self.recorded(daemon, [camera], known + 2)
        daemon.stop()
        footage = self.judge(daemon, camera, {"volume"}, 1)
        self.assertGreater(footage.gaps[0].end - footage.gaps[0].begin, 3000)
        self.expect_good(daemon)

    def test_a_file_system_that_gives_up_and_is_mended(self):
        """ext4 after an error of its own: read-only while files are open, until it was checked."""
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: an ext4 of our own needs root")
        image = self.folder / "disk.img"
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        self.recordings = self.folder / "disk"
        self.recordings.mkdir()
        self.run_or_skip("mkfs.ext4", "-q", image)
        self.run_or_skip("mount", "-o", "loop,errors=remount-ro", image, self.recordings)
        self.addCleanup(subprocess.run, ["umount", "-l", self.recordings], check=False, capture_output=True)
        device = subprocess.run(["findmnt", "-no", "SOURCE", self.recordings], capture_output=True, text=True, check=True).stdout.strip()
        trigger = pathlib.Path("/sys/fs/ext4", pathlib.Path(device).name, "trigger_fs_error")
        camera = self.camera("front")
        daemon = self.small_daemon(camera, {"recordings": str(self.recordings)})
        self.recorded(daemon, [camera], 2)
        self.play(1.5)
        try:
            trigger.write_text("1")
        except OSError as error:
            self.skipTest(f"SKIPPED: no error can be made here: {error}")
        harness.wait_until(lambda: any(g.cause in ("volume", "disk_error") for g in self.gaps(daemon)), 60, "a gap `volume` or `disk_error`")
        self.assertTrue(self.ring(daemon))
        self.play(3)
        harness.wait_until(lambda: subprocess.run(["umount", self.recordings], capture_output=True).returncode == 0, 60, "the disk to be let go")
        subprocess.run(["e2fsck", "-fy", image], capture_output=True, check=False)
        self.run_or_skip("mount", "-o", "loop", image, self.recordings)
        known = segments_of(daemon, "front")
        self.recorded(daemon, [camera], known + 2)
        daemon.stop()
        self.judge(daemon, camera, {"volume", "disk_error"})
        self.expect_good(daemon)

    def run_or_skip(self, *words):
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f"SKIPPED: {words[0]}: {done.stderr.strip()}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
