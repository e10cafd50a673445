#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of gaps in what is recorded: the seconds that are counted are those of the ledger, as another program reads it."""

import json
import pathlib
import subprocess
import tempfile
import time
import unittest

from causes import House
from test_cameras import CameraHouse
from test_footage import RECORDING, FootageHouse, ledger

import footage_truth
import harness

RATE = 15
PACKET = 188  # bytes, of a transport stream


def counted_as_in_the_ledger(daemon, cause, least, most):
    """Waits until the gaps of this cause have come to an end, and as long is counted as is missing: `least` s in all, `most` in each."""
    def state():
        return daemon.metric("recording_gap_seconds_by_cause_total", cause=cause), [length for name, length in ledger(daemon) if name == cause]

    def told():
        counted, gaps = state()
        # The ledger has whole milliseconds.
        return None not in gaps and sum(gaps) >= least and max(gaps) <= most and abs(counted - sum(gaps)) < 0.01 + 0.001 * len(gaps)
    try:
        harness.wait_until(told, 120, f"seconds by {cause}")
    except AssertionError as error:
        raise AssertionError("{0}: counted {1}, in the ledger {2}".format(error, *state())) from None


def film(path, *options):
    """Pictures in which everything moves, so that they are large: 10 s, a keyframe each second, none that needs a later one."""
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", f"testsrc2=size=640x360:rate={RATE},noise=alls=60:allf=t", "-t", "10",
                    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", str(RATE), *options, path], check=True)
    return path


class PausingCauses(FootageHouse):
    """A camera that pauses, or whose clock jumps; and one that is configured anew."""

    CAMERA = {"stall": "30s"}

    def recorded(self):
        known = footage_truth.segments_of(self.daemon, "front")
        harness.wait_until(lambda: footage_truth.segments_of(self.daemon, "front") >= known + 2, 120, "footage")

    def test_a_pause_too_short_for_a_reconnect(self):
        self.connected()
        self.recorded()
        with self.counted("camera_reconnects_total", 0):
            self.camera.order("freeze")
            time.sleep(5)
            self.camera.order("mend")
            counted_as_in_the_ledger(self.daemon, "stalled", 2, 10)

    def test_pictures_without_their_keyframe(self):
        self.connected()
        self.recorded()

        def missing():
            # A jump that falls on a keyframe loses nothing.
            self.camera.order("jump 20000")
            time.sleep(2.4)
            return "undecodable" in {name for name, _ in ledger(self.daemon)}
        harness.wait_until(missing, 120, "a jump within a group of pictures")
        counted_as_in_the_ledger(self.daemon, "undecodable", 0.05, 3)

    def test_another_configuration(self):
        self.connected()
        self.recorded()
        settings = json.loads(self.daemon.config.read_text())
        settings["cameras"][0]["stall"] = "31s"
        self.daemon.write_config(settings)
        self.daemon.cli("reload")
        counted_as_in_the_ledger(self.daemon, "configuration", 0.1, 30)


class LostPacketsCauses(CameraHouse):
    """A transport stream of which some packets are missing, in the middle of each second group of pictures."""

    @classmethod
    def url(cls):
        whole = film(pathlib.Path(cls.folder) / "whole.ts", "-f", "mpegts").read_bytes()
        packets = [whole[at:at + PACKET] for at in range(0, len(whole), PACKET)]
        part = len(packets) // 10  # about a group's
        kept = [packet for number, packet in enumerate(packets) if not (number // part % 2 == 1 and part // 3 < number % part < part // 3 + 20)]
        torn = pathlib.Path(cls.folder) / "torn.ts"
        torn.write_bytes(b"".join(kept))
        return f"file:{torn}"

    @classmethod
    def settings(cls):
        return {**super().settings(), "recording": RECORDING}

    def test_the_transport_tells(self):
        counted_as_in_the_ledger(self.daemon, "lost_packets", 1, 3)


class OverloadCauses(unittest.TestCase):
    """A disk that does not answer until the queue before it is full."""

    def test_a_queue_that_is_full(self):
        if not harness.IO_SHIM.exists():
            self.skipTest("the shim that makes a disk stick was not built")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-causes-")
        self.addCleanup(folder.cleanup)
        place = pathlib.Path(folder.name)
        stuck, large = place / "stuck", film(place / "large.mp4", "-b:v", "24M")
        daemon = harness.Daemon({**House.SETTINGS, "recording": RECORDING, "cameras": [{"id": "front", "url": f"file:{large}", "motion": False}]},
                                wait=None, preload=str(harness.IO_SHIM))
        self.addCleanup(daemon.close)
        daemon.environment = {"IO_SHIM_DIR": str(daemon.state / "recordings" / "front"), "IO_SHIM_STUCK": str(stuck), "IO_SHIM_LOG": str(place / "calls")}
        daemon.start()
        harness.wait_until(lambda: footage_truth.segments_of(daemon, "front") >= 1, 120, "footage")

        def dropped():
            return daemon.metric("pipeline_queue_dropped_total", queue_name="recording")
        self.assertEqual(dropped(), 0)
        stuck.touch()
        begun = time.monotonic()
        harness.wait_until(dropped, 120, "a queue that is full")
        time.sleep(3)
        stuck.unlink()
        counted_as_in_the_ledger(daemon, "overload", 1, time.monotonic() - begun + 5)


if __name__ == "__main__":
    unittest.main()
