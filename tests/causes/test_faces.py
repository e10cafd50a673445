#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what the networks count."""

import contextlib
import pathlib
import tempfile
import time
import unittest

from causes import House, counted

import harness

NEEDED = ("known_door.jpg", "no_face.jpg")


class PhotographCauses(House):
    SETTINGS = {**House.SETTINGS, "faces": {"enabled": True}}

    @classmethod
    def setUpClass(cls):
        missing = [name for name in NEEDED if not (harness.PICTURES / name).exists()]
        if missing:
            raise unittest.SkipTest(f"no pictures {missing} in {harness.PICTURES}: run ./dev setup")
        super().setUpClass()
        harness.wait_until(lambda: cls.daemon.get("/health/ready")[0] == 200, 120, "the models")

    def identify(self, name):
        """The faces in a photograph."""
        body = (b'--edge-of-a-part\r\nContent-Disposition: form-data; name="photo"; filename="p.jpg"\r\n\r\n'
                + (harness.PICTURES / name).read_bytes() + b"\r\n--edge-of-a-part--\r\n")
        for _ in range(100):
            status, headers, answer = self.anna.exchange("POST", "/api/v1/faces/identify", body,
                                                         Content_Type="multipart/form-data; boundary=edge-of-a-part")
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
