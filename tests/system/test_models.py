# SPDX-License-Identifier: Apache-2.0
"""The face models under the real daemon: bad ones, a vision thread that is held, what is counted, what is dropped."""

import json
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import unittest

import harness

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

MODELS = harness.BUILD / "models"
STATUSES = ["success", "failure", "timeout", "dropped"]


def setUpModule():
    needed = [harness.PICTURES / "known_enrol.jpg", harness.PICTURES / "known_door.jpg", MODELS / "resnet.onnx"]
    missing = [str(path) for path in needed if not path.exists()]
    if missing:
        raise unittest.SkipTest(f"no {missing}: run ./dev setup")
    global clips
    clips = tempfile.TemporaryDirectory(prefix="porchlight-clips-")
    clip.make(pathlib.Path(clips.name) / "visitor.mp4", [(harness.PICTURES / "known_door.jpg", 0, 6)], 6)


def tearDownModule():
    clips.cleanup()


class ModelsTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.models = None

    def settings(self, cameras, **faces):
        return {
            "cameras": cameras,
            "buttons": [{"id": "front", "kind": "virtual", "camera": cameras[0]["id"]}] if cameras else [],
            "faces": {"enabled": True, **faces},
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": "ring", "to": ["hook"], "attach": "snapshot"}]},
        }

    def daemon(self, cameras, **faces):
        """Started, with Anna enrolled; with the models of self.models where that is a folder."""
        environment = {"PORCHLIGHT_MODELS": str(self.models)} if self.models else None
        daemon = harness.Daemon(self.settings(cameras, **faces), environment=environment, wait=None)
        self.addCleanup(daemon.close)
        daemon.cli("faces", "enrol", "Anna", harness.PICTURES / "known_enrol.jpg")
        return daemon.start()

    def visitor(self, camera="front"):
        return {"id": camera, "url": f"file:{clips.name}/visitor.mp4"}

    def connected(self, daemon, camera="front"):
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id=camera) == 1, 30, "the camera")

    def message(self, ring, holds, seconds, what):
        return self.hook.wait_for(lambda m: m.event["id"] == ring and holds(m), seconds, what)

    def answer(self, daemon):
        """The ring's text and picture come first, whatever the models do; then who it is."""
        ring = daemon.ring("front")
        self.message(ring, lambda m: m.event["sequence"] == 0, 30, "the ring")
        self.message(ring, lambda m: m.picture, 30, "its picture")
        return self.message(ring, lambda m: "result" in m.event, 25, "who it is").event

    def copied_models(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-models-")
        self.addCleanup(folder.cleanup)
        self.models = pathlib.Path(folder.name)
        for file in MODELS.glob("*.onnx"):
            shutil.copy(file, self.models)

    def records(self, daemon, text):
        return [r for r in map(json.loads, filter(lambda line: line.startswith("{"), harness.whole_lines(daemon.log)))
                if text in r["message"]]

    def bad_model(self, name, spoil):
        self.copied_models()
        spoil(self.models / name)
        daemon = self.daemon([self.visitor()])
        self.connected(daemon)
        for _ in range(2):
            event = self.answer(daemon)
            self.assertEqual(event["result"], "error")
            self.assertNotIn("person", event)
        status, _, body = daemon.get("/health/ready")
        self.assertEqual((status, json.loads(body)["checks"]["model_loaded"]), (503, False))
        self.assertIsNone(daemon.metric("ml_model_info", model_version="resnet-1"))
        told = self.records(daemon, "the face models cannot be used")
        self.assertEqual(len(told), 1, "quarantine means that it is read once")
        self.assertIn(str(self.models / name), json.dumps(told[0]))
        self.assertIn("reinstall", json.dumps(told[0]))
        # Mended as a package does it, and no restart.
        shutil.copy(MODELS / name, self.models / "new")
        (self.models / "new").rename(self.models / name)
        harness.wait_until(lambda: daemon.get("/health/ready")[0] == 200, 20, "ready again")
        event = self.answer(daemon)
        self.assertEqual((event["result"], event["person"]), ("known_person", "Anna"))

    def test_damaged_model_is_quarantined_and_the_ring_goes_on(self):
        def damage(path):
            with path.open("r+b") as file:
                file.seek(path.stat().st_size // 2)
                file.write(b"\x7f" * 512)
        self.bad_model("resnet.onnx", damage)

    def test_truncated_model_is_quarantined_and_the_ring_goes_on(self):
        self.bad_model("detect.onnx", lambda path: path.write_bytes(path.read_bytes()[:100_000]))

    def test_held_vision_thread_holds_no_message(self):
        daemon = self.daemon([self.visitor()])
        self.connected(daemon)
        self.assertEqual(self.answer(daemon)["person"], "Anna")
        release = harness.hold(self, daemon, "vision")
        for _ in range(3):
            # Half of the time after which a ring goes without its name, and the thread is held for longer.
            ring = daemon.ring("front")
            self.message(ring, lambda m: m.event["sequence"] == 0, 30, "the ring")
            picture = self.message(ring, lambda m: m.picture, 30, "its picture")
            self.assertEqual(picture.picture[:2], b"\xff\xd8")
            time.sleep(1)
        self.assertFalse([m for m in self.hook.messages if m.event["id"] == ring and "result" in m.event],
                         "somebody answered: the thread is not held")
        release()
        self.message(ring, lambda m: "result" in m.event, 25, "the answer of the freed thread")
        self.assertEqual(self.answer(daemon)["person"], "Anna")

    def test_unneeded_models_are_dropped_and_loaded_for_the_next_ring(self):
        daemon = self.daemon([{"id": "front", "url": "rtsp://127.0.0.1:9/none"}], unload_after="2s")

        def loaded():
            return daemon.metric("ml_model_info", model_version="resnet-1", backend="cpu") == 1

        harness.wait_until(lambda: daemon.get("/health/ready")[0] == 200, 20, "ready")
        harness.wait_until(lambda: self.records(daemon, "dropped from memory"), 30, "that they are dropped")
        self.assertFalse(loaded())
        self.assertEqual(daemon.get("/health/ready")[0], 200, "dropped on purpose is no fault")
        ring = daemon.ring("front")
        self.message(ring, lambda m: m.event["sequence"] == 0, 30, "the ring")
        harness.wait_until(loaded, 30, "that they are loaded again")
        # The camera shows nothing: that is found out when the ring's time is over, and not given up before.
        event = self.message(ring, lambda m: "result" in m.event, 25, "the answer").event
        self.assertEqual(event["result"], "error")
        harness.wait_until(lambda: not loaded(), 30, "that they are dropped once more")

    def jobs(self, daemon):
        """(enqueued, ended, queued) of one scrape."""
        values = {}
        for line in daemon.scrape().splitlines():
            series, _, value = line.rpartition(" ")
            if 'job_type="face"' in series:
                values[series] = float(value)
        ended = [values[f'ai_jobs_processed_total{{job_type="face",status="{s}"}}'] for s in STATUSES]
        return (values['ai_jobs_enqueued_total{job_type="face"}'], sum(ended), values['ai_jobs_queued_total{job_type="face"}'])

    def test_no_job_is_lost_or_counted_twice(self):
        # Every picture may be searched, not only what a camera at rest shows now and then.
        cameras = [self.visitor(f"camera{i}") | {"motion": False} for i in range(4)]
        daemon = self.daemon(cameras)
        for camera in cameras:
            self.connected(daemon, camera["id"])
        ringing = threading.Thread(target=lambda: [daemon.ring("front") for _ in range(8)])
        ringing.start()
        seen = [self.jobs(daemon) for _ in range(100)]
        # A quick machine is through before the models are loaded.
        harness.wait_until(lambda: seen.append(self.jobs(daemon)) or seen[-1][1] > seen[0][1] + 10, 60, "jobs that ended")
        ringing.join()
        for before, (_, _, queued), after in zip(seen, seen[1:], seen[2:]):
            # The series are read one after the other while the lane goes on: what is queued lies between what
            # the scrapes around it know. Both counts of one job are not moved at once.
            self.assertTrue(before[0] - after[1] - 3 <= queued <= after[0] - before[1] + 3, (before, queued, after))
            self.assertTrue(-1 <= queued <= len(cameras) + 1, seen)
        daemon.write_config(self.settings([]))
        daemon.cli("reload")
        def all_ended():
            enqueued, ended, queued = self.jobs(daemon)
            return queued == 0 and enqueued == ended and enqueued

        harness.wait_until(all_ended, 20, "that every job ended")
        took = daemon.metric("ai_processing_duration_seconds_count", job_type="face")
        worked = sum(daemon.metric("ai_jobs_processed_total", job_type="face", status=s) for s in ("success", "failure"))
        self.assertEqual(took, worked)


if __name__ == "__main__":
    unittest.main(verbosity=2)
