#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody walks past a camera without a button: one event, told at its beginning and complete at its end."""

import datetime
import json
import pathlib
import sys
import tempfile
import time
import unittest

import harness
import motion_clip
from accounts_client import Client, first_run_code
from stream_client import Listener

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip as demo_clip  # noqa: E402

PASSWORD = "a long phrase of theirs"
DRIVE = {"id": "drive", "name": "The drive", "points": [[0.3, 0.4], [1, 0.4], [1, 1], [0.3, 1]]}


def setUpModule():
    global clips
    clips = tempfile.TemporaryDirectory(prefix="porchlight-clips-")
    motion_clip.make(pathlib.Path(clips.name) / "walk.mp4", 30, walks_at=8)
    motion_clip.make(pathlib.Path(clips.name) / "still.mp4", 20)


def tearDownModule():
    clips.cleanup()


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Motion(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def daemon(self, cameras, buttons=()):
        daemon = harness.Daemon({
            "cameras": cameras,
            "buttons": list(buttons),
            "faces": {"enabled": False},
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": "motion", "to": ["hook"], "attach": "snapshot", "text": "{zone|nowhere}"}]},
        })
        self.addCleanup(daemon.close)
        return daemon

    def camera(self, name, clip, **more):
        return {"id": name, "name": name.title(), "url": f"file:{clips.name}/{clip}.mp4", **more}

    def decoded(self, daemon):
        """How many pictures came out of decoders, for whom it may concern."""
        return daemon.metric("pipeline_processing_duration_seconds_count", stage="frame_capture")

    def test_somebody_walks_by(self):
        daemon = self.daemon([self.camera("yard", "walk", zones=[DRIVE], loop=False), self.camera("shed", "still")])
        self.assertEqual(daemon.metric("motion_events_detected_total", camera_id="yard"), 0, "there from the start")
        code = harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
        anna = Client(daemon)
        self.assertEqual(anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(anna.login("anna", PASSWORD), 200)
        listener = Listener(anna, "/api/v1/events/stream?type=motion")
        self.addCleanup(listener.close)

        message = self.hook.wait_for(lambda m: m.event["type"] == "motion", 60, "the motion")
        told = message.event
        self.assertEqual((told["camera"], told["zones"], told["zone_names"]), ("yard", ["drive"], ["The drive"]))
        self.assertEqual(told["start"], told["time"])
        self.assertNotIn("end", told, "it only begins")
        self.assertTrue(message.picture.startswith(b"\xff\xd8"), "without a picture")

        def completed():
            status, _, page = anna.ask("GET", "/api/v1/events?type=motion")
            self.assertEqual(status, 200)
            return [event for event in page["events"] if "end" in event]
        event, = harness.wait_until(completed, 60, "its end")
        self.assertEqual(event["id"], told["id"], "one event")
        lasted = (moment(event["end"]) - moment(event["start"])).total_seconds()
        self.assertTrue(2.5 <= lasted <= 8.5, f"{lasted} s, of 7 s in the picture")
        lefts = [step["box"][0] for step in event["track"]]
        self.assertGreaterEqual(len(lefts), 4)
        self.assertEqual(lefts, sorted(lefts), "from the left to the right")
        self.assertLess(lefts[0] + 0.2, lefts[-1])
        harness.wait_until(lambda: any("end" in e for _, e in listener.events), 20, "the end in the stream")
        self.assertTrue(all(e["id"] == told["id"] for _, e in listener.events))

        self.assertEqual(daemon.metric("motion_events_detected_total", camera_id="yard"), 1)
        self.assertEqual(daemon.metric("motion_events_detected_total", camera_id="shed"), 0)
        self.assertEqual(daemon.metric("pipeline_events_total", event_type="motion", status="success"), 1)
        delivered = lambda: daemon.metric("notifications_sent_total", channel="webhook", type="motion", status="success") == 1
        harness.wait_until(delivered, 20, "the count of the message")
        self.assertEqual(len([m for m in self.hook.messages if m.event["type"] == "motion"]), 1, "told once")

    def expect_decoded(self, daemon, least, most):
        """So many of a hundred pictures of the one camera come out of its decoder."""
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="front") == 1, 60, "the camera")
        # Settled, and at rest from the second keyframe on.
        harness.wait_until(lambda: daemon.metric("camera_frames_received_total", camera_id="front") > 45, 60, "first pictures")
        begun, received = self.decoded(daemon), daemon.metric("camera_frames_received_total", camera_id="front")
        harness.wait_until(lambda: daemon.metric("camera_frames_received_total", camera_id="front") >= received + 100, 60,
                           "a hundred frames")
        frames = daemon.metric("camera_frames_received_total", camera_id="front") - received
        part = 100 * (self.decoded(daemon) - begun) / frames
        self.assertTrue(least <= part <= most, f"{part:.0f} of 100 frames decoded")
        self.assertGreater(daemon.metric("camera_fps", camera_id="front"), 7, "what is passed over counts as received")
        self.assertEqual(daemon.metric("camera_frames_dropped_total", camera_id="front"), 0)
        self.assertEqual(daemon.metric("motion_events_detected_total", camera_id="front"), 0)

    def test_camera_at_rest_is_decoded_by_keyframes_and_one_with_a_button_in_full(self):
        for buttons, least, most in (([], 3, 25), ([{"id": "front", "kind": "virtual", "camera": "front"}], 70, 130)):
            daemon = self.daemon([self.camera("front", "still")], buttons)
            self.expect_decoded(daemon, least, most)
            daemon.stop()

    def test_camera_that_only_records_is_decoded_by_keyframes_and_shows_its_picture(self):
        camera = self.camera("front", "walk", motion=False, record="continuous")
        daemon = self.daemon([camera])
        self.expect_decoded(daemon, 1, 15)
        code = harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
        anna = Client(daemon)
        self.assertEqual(anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(anna.login("anna", PASSWORD), 200)
        for _ in range(5):
            status, headers, _ = anna.exchange("GET", "/api/v1/cameras/front/snapshot")
            self.assertEqual(status, 200)
            self.assertLess(int(headers["X-Picture-Age-Ms"]), 8000, "a keyframe in four seconds is decoded")
            time.sleep(0.7)
        # A button that comes by a reload wants every picture from then on, and gets its ring's.
        settings = json.loads(daemon.config.read_text())
        settings["buttons"] = [{"id": "front", "kind": "virtual", "camera": "front"}]
        settings["notifications"]["rules"].append({"when": "ring", "to": ["hook"], "attach": "snapshot"})
        daemon.write_config(settings)
        daemon.cli("reload")
        self.expect_decoded(daemon, 70, 130)
        daemon.ring("front")
        rung = self.hook.wait_for(lambda m: m.event["type"] == "ring_update" and m.picture, 60, "the ring with its picture")
        self.assertTrue(rung.picture.startswith(b"\xff\xd8"))

    def test_who_comes_where_no_button_is_gets_a_name(self):
        pictures = [harness.PICTURES / name for name in ("known_enrol.jpg", "known_door.jpg")]
        if not all(picture.exists() for picture in pictures):
            self.skipTest(f"no pictures in {harness.PICTURES}: run ./dev setup")
        demo_clip.make(pathlib.Path(clips.name) / "visit.mp4", [(pictures[1], 8, 14)], 24)
        daemon = harness.Daemon({
            "cameras": [self.camera("yard", "visit")],
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": when, "to": ["hook"]} for when in ("motion", "person.known", "person.unknown")]},
        }, wait=None)
        self.addCleanup(daemon.close)
        daemon.cli("faces", "enrol", "Anna", pictures[0])
        daemon.start()
        told = self.hook.wait_for(lambda m: m.event["type"] == "sighting", 120, "who it is").event
        self.assertEqual((told["camera"], told["result"], told["person"]), ("yard", "known_person", "Anna"))
        self.assertNotIn("ring_id", told)
        self.hook.wait_for(lambda m: m.event["type"] == "motion", 60, "the motion")
        self.assertGreaterEqual(daemon.metric("motion_events_detected_total", camera_id="yard"), 1)

    def test_motion_that_goes_on_at_the_stop_is_completed(self):
        daemon = self.daemon([self.camera("yard", "walk")])
        code = harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
        self.assertEqual(Client(daemon).register(code, "anna", PASSWORD)[0], 201)
        told = self.hook.wait_for(lambda m: m.event["type"] == "motion", 60, "the motion").event
        self.assertEqual(daemon.stop(), 0)
        daemon.write_config({})
        daemon.start()
        anna = Client(daemon)
        harness.wait_until(lambda: anna.login("anna", PASSWORD) == 200, 20, "the accounts")
        self.assertIn("end", anna.ask("GET", f"/api/v1/events/{told['id']}")[2])

    def test_motion_off_and_masked(self):
        everything = {"name": "all", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]}
        daemon = self.daemon([self.camera("off", "walk", motion=False), self.camera("masked", "walk", masks=[everything]),
                              self.camera("on", "walk")])
        self.hook.wait_for(lambda m: m.event["type"] == "motion" and m.event["camera"] == "on", 60, "the motion")
        harness.wait_until(lambda: daemon.metric("camera_frames_received_total", camera_id="off") > 200, 60, "all of the clip")
        for camera in ("off", "masked"):
            self.assertEqual(daemon.metric("motion_events_detected_total", camera_id=camera), 0, camera)

    def test_faults_of_areas_are_named_with_line_and_column(self):
        daemon = harness.Daemon({}, wait=None)
        self.addCleanup(daemon.close)
        daemon.config.write_text("""cameras:
  - id: yard
    url: "file:/nothing.mp4"
    zones:
      - {id: two, points: [[0, 0], [1, 1]]}
      - {id: bow, points: [[0, 0], [1, 1], [1, 0], [0, 1]]}
      - {id: out, points: [[0, 0], [1, 0], [1, 1.2]]}
      - {id: bow, points: [[0, 0], [1, 0], [1, 1]]}
    masks:
      - points: [[0, 0], [1], [1, 1]]
      - {name: none}
""")
        done = daemon.cli("check", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        for words in ("yaml:5:19: cameras[0].zones[0].points: an area has at least three corners",
                      "yaml:6:19: cameras[0].zones[1].points: side 1–2 meets side 3–4",
                      "yaml:7:48: cameras[0].zones[2].points[2]: expected a number between 0 and 1, found '1.2'",
                      "yaml:8:10: cameras[0].zones[3].id: zone 'bow' exists twice",
                      "yaml:10:26: cameras[0].masks[0].points[1]: expected a list of 2 numbers",
                      "cameras[0].masks[1].points: missing"):
            self.assertIn(words, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
