# SPDX-License-Identifier: Apache-2.0
"""One embedder, then two: who was enrolled before stays known, and it is said who lacks the second embedding."""

import json
import unittest

import harness
import visitors

NEEDED = ["known_enrol.jpg", "known_door.jpg", "stranger.jpg"]


def setUpModule():
    global clips
    clips = visitors.clips(NEEDED, visitor="known_door.jpg")


class SecondEmbedder(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.daemon = harness.Daemon(self.config())
        self.addCleanup(self.daemon.close)

    def config(self, **faces):
        return {
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}],
            "cameras": [{"id": "front", "url": f"file:{clips}/visitor.mp4"}],
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": "ring", "to": ["hook"]}]},
            "faces": faces or {"enabled": True},
        }

    def restart(self, **faces):
        self.daemon.stop()
        self.daemon.write_config(self.config(**faces))
        self.daemon.start()

    def enrol(self, name, picture):
        self.daemon.cli("faces", "enrol", name, harness.PICTURES / picture)

    def people(self):
        return {p["name"]: p for p in json.loads(self.daemon.cli("faces", "list", "--json").stdout)}

    def who(self):
        ring = self.daemon.ring("front")
        return self.hook.wait_for(lambda m: m.event["id"] == ring and "result" in m.event, 60, "who it is").event

    def doctor(self):
        done = self.daemon.cli("doctor", "--json", check=False)
        return {c["check"]: c["findings"] for c in json.loads(done.stdout)["checks"]}

    def test_people_enrolled_before_stay_known_and_are_counted(self):
        self.enrol("Anna", "known_enrol.jpg")
        self.assertNotIn("second", self.daemon.cli("faces", "list").stdout)
        self.assertEqual(self.who()["model_version"], "resnet-1")

        self.restart(embedders=["resnet", "mobile"])
        listed = self.daemon.cli("faces", "list").stdout
        self.assertIn("without the second embedding", listed)
        self.assertIn("1 of 1 people lack the second embedding", listed)
        self.assertEqual(self.people()["Anna"]["second_embeddings"], 0)
        event = self.who()
        self.assertEqual((event["result"], event["person"], event["model_version"]),
                         ("known_person", "Anna", "resnet-1+mobile-1"))
        log = self.daemon.log.read_text()
        self.assertIn("what it was trained on is not documented", log)
        self.assertIn("people without the second embedding are compared by the first alone", log)
        self.assertNotIn("Anna", "".join(line for line in log.splitlines() if "threshold" in line or "second" in line))
        people = self.doctor()["people"]
        self.assertIn("lack the second embedding", [f["found"] for f in people if f["verdict"] == "warning"][0])

        alone = self.identify()
        self.enrol("Anna", "known_enrol.jpg")
        both = self.identify()
        self.assertNotAlmostEqual(alone["distance"], both["distance"], 4)
        self.assertEqual((both["result"], both["person"]), ("known_person", "Anna"))
        self.assertEqual((self.people()["Anna"]["faces"], self.people()["Anna"]["second_embeddings"]), (1, 1))
        self.assertNotIn("second", self.daemon.cli("faces", "list").stdout)
        self.assertEqual(self.who()["person"], "Anna")

        self.restart(enabled=True)
        self.assertAlmostEqual(self.identify()["distance"], alone["distance"], 4)
        self.enrol("Anna", "known_enrol.jpg")
        self.restart(embedders=["resnet", "mobile"])
        self.assertEqual(self.people()["Anna"]["second_embeddings"], 1, "what was stored is lost")

    def wait_for_models(self, *versions):
        def loaded():
            return [v for v in ("resnet-1", "mobile-1") if self.daemon.metric("ml_model_info", model_version=v, backend="cpu")]
        harness.wait_until(lambda: loaded() == list(versions), 30, f"{versions} in memory, and no other")

    def test_a_reload_brings_the_second_network_and_takes_it_away(self):
        self.enrol("Anna", "known_enrol.jpg")
        self.wait_for_models("resnet-1")
        for embedders, models in ((["resnet", "mobile"], ("resnet-1", "mobile-1")), (["resnet"], ("resnet-1",))):
            self.daemon.write_config(self.config(embedders=embedders))
            self.daemon.cli("reload")
            self.wait_for_models(*models)
            answer = self.who()
            self.assertEqual((answer["person"], answer["model_version"]), ("Anna", "+".join(models)))

    def identify(self):
        return json.loads(self.daemon.cli("faces", "identify", "--json", harness.PICTURES / "known_door.jpg").stdout)[0]

    def test_one_person_under_two_names_is_told(self):
        self.enrol("Anna", "known_enrol.jpg")
        self.enrol("Bert", "known_enrol.jpg")
        self.enrol("Carla", "stranger.jpg")
        self.assertEqual(self.people()["Anna"]["looks_like"], ["Bert"])
        self.assertNotIn("looks_like", self.people()["Carla"])
        self.assertIn("Anna and Bert look alike", self.daemon.cli("faces", "list").stdout)
        found = self.identify()
        self.assertIn(found["person"], ("Anna", "Bert"))
        self.assertAlmostEqual(found["threshold"], 0.5, 5)
        self.assertEqual(found["threshold_basis"], "shipped")
        warnings = [f["found"] for f in self.doctor()["people"] if f["verdict"] == "warning"]
        self.assertIn("1 pair of people looks alike", warnings[0])
        self.assertNotIn("Anna", json.dumps(self.doctor()["people"]))

    def test_a_number_is_used_as_it_stands(self):
        self.enrol("Anna", "known_enrol.jpg")
        self.restart(threshold=0.11)
        done = self.daemon.cli("faces", "identify", "--json", harness.PICTURES / "known_door.jpg", check=False)
        face = json.loads(done.stdout)[0]
        self.assertEqual((done.returncode, face["result"], face["threshold_basis"]), (1, "unknown_person", "configured"))

    def test_evaluate_measures_what_is_configured(self):
        self.restart(embedders=["resnet", "mobile"])
        pairs = self.daemon.folder / "pairs.csv"
        pairs.write_text(f"{harness.PICTURES}/known_enrol.jpg,{harness.PICTURES}/known_door.jpg,1\n"
                         f"{harness.PICTURES}/known_enrol.jpg,{harness.PICTURES}/stranger.jpg,0\n")
        figures = json.loads(self.daemon.cli("faces", "evaluate", "--pairs", pairs).stdout)
        self.assertEqual(figures["embedders"], ["resnet", "mobile"])
        self.assertEqual((figures["persons"], figures["eer"], figures["tar_at_far_1e-2"]), (2, 0.0, 1.0))


if __name__ == "__main__":
    unittest.main()
