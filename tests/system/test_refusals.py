# SPDX-License-Identifier: Apache-2.0
"""Faces that are not good enough to be compared: each photograph has one fault, and just that is said."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import harness

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

DOOR = harness.PICTURES / "known_door.jpg"
ENROL = harness.PICTURES / "known_enrol.jpg"
ASIDE = harness.SOURCE / "node_modules/@vladmandic/face-api/demo/sample2.jpg"
# reason: photograph, and what makes it worse
FAULTS = {
    "too_small": (DOOR, "scale=60:60:flags=area"),
    "blurred": (DOOR, "gblur=sigma=8"),
    "turned": (ASIDE, "crop=480:480:200:60"),
    "dark": (DOOR, "format=gbrp,lutrgb=r=val*0.2:g=val*0.2:b=val*0.2"),
    "bright": (DOOR, "format=gbrp,lutrgb=r=clip(val*2.5\\,0\\,255):g=clip(val*2.5\\,0\\,255):b=clip(val*2.5\\,0\\,255)"),
    "cut_by_border": (DOOR, "crop=344:630:0:0"),
}


def setUpModule():
    missing = [str(path) for path in (DOOR, ENROL, ASIDE) if not path.exists()]
    if missing:
        raise unittest.SkipTest(f"no pictures {missing}: run ./dev setup")
    global folder, holder
    holder = tempfile.TemporaryDirectory(prefix="porchlight-faults-")
    folder = pathlib.Path(holder.name)
    for reason, (photo, filters) in FAULTS.items():
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", photo, "-vf", filters, "-frames:v", "1",
                        folder / f"{reason}.png"], check=True)


def tearDownModule():
    holder.cleanup()


class RefusalTest(unittest.TestCase):
    def test_the_commands_say_what_each_photograph_lacks(self):
        daemon = harness.Daemon({"cameras": []}, wait=None)
        self.addCleanup(daemon.close)
        done = json.loads(daemon.cli("faces", "enrol", "Anna", ENROL, "--json").stdout)
        self.assertEqual([(face["result"], face.get("refused")) for face in done], [("enrolled", None)])
        for reason in FAULTS:
            with self.subTest(reason):
                photo = folder / f"{reason}.png"
                found = daemon.cli("faces", "identify", photo, "--json", check=False)
                self.assertEqual(found.returncode, 1, found.stderr)
                faces = json.loads(found.stdout)
                self.assertEqual([face.get("refused") for face in faces], [reason])
                self.assertEqual((faces[0]["result"], faces[0]["confidence"]), ("unknown_person", 0))
                self.assertIn(faces[0]["detail"], daemon.cli("faces", "identify", photo, check=False).stdout)
                refused = daemon.cli("faces", "enrol", "Berta", photo, "--json", check=False)
                self.assertEqual(refused.returncode, 1, refused.stdout)
                self.assertIn(f"{reason}.png': the face is ", refused.stderr)
                (face,) = json.loads(refused.stdout)
                self.assertEqual((face["result"], face["refused"]), ("refused", reason))
        (face,) = json.loads(daemon.cli("faces", "identify", DOOR, "--json").stdout)
        self.assertEqual((face["person"], face.get("refused")), ("Anna", None))
        people = json.loads(daemon.cli("faces", "list", "--json").stdout)
        self.assertEqual([(person["name"], person["faces"]) for person in people], [("Anna", 1)])

    def test_refused_faces_at_the_door_are_told_and_counted_by_reason(self):
        # On the way across the door single pictures of it would be good enough to be compared.
        clip.make(folder / "aside.mp4", [(folder / "turned.png", 1, 6)], 6, walks=False)
        hook = harness.Hook()
        self.addCleanup(hook.close)
        daemon = harness.Daemon({
            "cameras": [{"id": "front", "url": f"file:{folder}/aside.mp4"}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}],
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": hook.url}],
                              "rules": [{"when": "ring", "to": ["hook"]}, {"when": "person.unknown", "to": ["hook"]}]},
        }, wait=None)
        self.addCleanup(daemon.close)
        daemon.cli("faces", "enrol", "Anna", ENROL)
        daemon.start()
        for reason in FAULTS:
            self.assertIsNotNone(daemon.metric("face_shots_refused_total", reason=reason), "not there from the start")
        harness.wait_until(lambda: daemon.metric("face_shots_refused_total", reason="turned") > 0, 30, "a refused face")
        ring = daemon.ring("front")
        answer = hook.wait_for(lambda m: m.event["id"] == ring and "result" in m.event, 60, "the ring's answer").event
        sighting = hook.wait_for(lambda m: m.event["type"] == "sighting", 60, "the sighting").event
        for event in (answer, sighting):
            self.assertEqual((event["result"], event["refused"], event["confidence"]), ("unknown_person", "turned", 0), event)
            self.assertNotIn("distance", event, "a refused face is compared with nobody")
            self.assertNotIn("person", event)


if __name__ == "__main__":
    unittest.main(verbosity=2)
