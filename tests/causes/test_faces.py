#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what the networks count."""

import contextlib
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from causes import House, counted, series

import harness
from test_refusals import FAULTS

NEEDED = ("known_door.jpg", "no_face.jpg")


def ask_who(client, name):
    """The answer to a photograph: (status, headers, JSON)."""
    body = (b'--edge-of-a-part\r\nContent-Disposition: form-data; name="photo"; filename="p.jpg"\r\n\r\n'
            + (harness.PICTURES / name).read_bytes() + b"\r\n--edge-of-a-part--\r\n")
    return client.exchange("POST", "/api/v1/faces/identify", body, Content_Type="multipart/form-data; boundary=edge-of-a-part")


class PhotographHouse(House):
    SETTINGS = {**House.SETTINGS, "faces": {"enabled": True}}

    @classmethod
    def setUpClass(cls):
        missing = [name for name in NEEDED if not (harness.PICTURES / name).exists()]
        if missing:
            raise unittest.SkipTest(f"no pictures {missing} in {harness.PICTURES}: run ./dev setup")
        super().setUpClass()


class PhotographCauses(PhotographHouse):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        harness.wait_until(lambda: cls.daemon.get("/health/ready")[0] == 200, 120, "the models")

    def identify(self, name):
        """The faces in a photograph."""
        for _ in range(100):
            status, headers, answer = ask_who(self.anna, name)
            if status != 503 or "Retry-After" not in headers:
                break
            time.sleep(0.2)  # another photograph goes before: its turn comes
        self.assertEqual(status, 200, answer)
        return answer["faces"]

    def test_a_photograph_is_one_job(self):
        with self.counted("ai_jobs_enqueued_total", job_type="face"), \
                self.counted("ai_jobs_processed_total", job_type="face", status="success"):
            self.assertEqual(len(self.identify("known_door.jpg")), 1)

    def test_a_face_is_a_prediction_of_each_network(self):
        # One look finds this face; where none is found, the detector looks again, at other sizes.
        models = [{"model_version": name} for name in ("rfb-320", "landmark-68", "resnet-1")]
        with contextlib.ExitStack() as each:
            for model in models:
                each.enter_context(self.counted("ml_predictions_total", besides=models, **model))
            self.assertEqual(len(self.identify("known_door.jpg")), 1)


class BlindCauses(PhotographHouse):
    """Who could look has no models, and the camera shows nothing."""

    @classmethod
    def environment(cls):
        empty = tempfile.TemporaryDirectory(prefix="porchlight-no-models-")
        cls.addClassCleanup(empty.cleanup)
        return {"PORCHLIGHT_MODELS": empty.name}

    def test_a_photograph_that_nobody_can_look_at(self):
        with self.counted("ai_jobs_enqueued_total", job_type="face"), \
                self.counted("ai_jobs_processed_total", job_type="face", status="failure"):
            self.assertEqual(ask_who(self.anna, "known_door.jpg")[0], 503)


class DarkCauses(PhotographHouse):
    """A door whose camera does not answer."""

    @classmethod
    def settings(cls):
        return {**cls.SETTINGS, "cameras": [{"id": "door", "url": "rtsp://127.0.0.1:9/none"}],
                "buttons": [{"id": "front", "kind": "virtual", "camera": "door"}]}

    def test_a_ring_at_which_nothing_is_seen(self):
        harness.wait_until(lambda: self.daemon.get("/health/ready")[0] == 200, 120, "the models")
        # A picture is waited for, for 10 s.
        with self.counted("face_recognition_requests_total", result_type="error", seconds=120):
            self.daemon.ring("front")


class RefusedCauses(PhotographHouse):
    """Somebody stands at the door in a way in which nobody can be recognised."""

    @classmethod
    def setUpClass(cls):
        if not shutil.which("ffmpeg"):
            raise unittest.SkipTest("no ffmpeg here")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-causes-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        super().setUpClass()
        harness.wait_until(lambda: cls.daemon.get("/health/ready")[0] == 200, 120, "the models")

    def film(self, reason):
        """A photograph with just this fault, for 4 s."""
        photo, worse = FAULTS[reason]
        path = f"{self.folder}/{reason}.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-loop", "1", "-r", "10", "-i", photo, "-vf", f"{worse},crop=iw-mod(iw\\,2):ih-mod(ih\\,2):0:0",
                        "-t", "4", "-c:v", "libx264", "-preset", "veryfast", "-qp", "10", "-pix_fmt", "yuv420p", "-g", "10", path], check=True)
        return path

    def refused(self, reason):
        def shots():
            return self.daemon.metric("face_shots_refused_total", reason=reason)
        before = shots()
        self.daemon.write_config({**self.SETTINGS, "buttons": [{"id": "front", "kind": "virtual", "camera": reason}],
                                  "cameras": [{"id": reason, "url": f"file:{self.film(reason)}", "motion": False}]})
        self.daemon.cli("reload")
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id=reason) == 1, 60, "the camera")
        for _ in range(5):
            self.daemon.ring("front")  # of a face that is too small nobody wants to know else, and not for long
            with contextlib.suppress(AssertionError):
                return harness.wait_until(lambda: shots() > before, 20, "a shot")
        self.fail(f"no shot is {reason}: {series(self.daemon.scrape(), 'face_shots_refused_total')}")

    def test_too_small(self):
        self.refused("too_small")

    def test_blurred(self):
        self.refused("blurred")

    def test_dark(self):
        self.refused("dark")

    def test_bright(self):
        self.refused("bright")

    def test_cut_by_the_border(self):
        self.refused("cut_by_border")


class ModelCauses(unittest.TestCase):
    """A folder of models in which there are none, and then one that is none."""

    def test_models_that_cannot_be_used(self):
        empty = tempfile.TemporaryDirectory(prefix="porchlight-no-models-")
        self.addCleanup(empty.cleanup)
        daemon = harness.Daemon({**House.SETTINGS, "faces": {"enabled": True}, "cameras": [{"id": "front", "url": "file:/nonexistent.mp4"}]},
                                environment={"PORCHLIGHT_MODELS": empty.name})
        self.addCleanup(daemon.close)
        labels = {"component": "face_detector", "error_type": "internal", "severity": "error"}
        harness.wait_until(lambda: daemon.metric("errors_total", **labels) == 1, 60, "the missing models")
        beside = pathlib.Path(empty.name) / "making.part"
        beside.write_bytes(b"no network")
        # They are looked at again when a file changes, and then only.
        with counted(daemon, "errors_total", besides=[{"component": "ingest"}], **labels):
            beside.rename(pathlib.Path(empty.name) / "detect.onnx")


if __name__ == "__main__":
    unittest.main()
