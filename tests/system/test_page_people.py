# SPDX-License-Identifier: Apache-2.0
"""The page's "People" in a real browser: the stories of page_people_stories.mjs."""

import pathlib
import subprocess
import unittest

import harness
import visitors
from test_page import DESKTOP, PASSWORD, PHONE, PageCase

from accounts_client import Client

NEEDED = ["known_enrol.jpg", "known_door.jpg", "two_faces.jpg", "no_face.jpg"]


class PeoplePageTest(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        missing = [name for name in NEEDED if not (harness.PICTURES / name).exists()]
        if missing:
            raise unittest.SkipTest(f"no pictures {missing} in {harness.PICTURES}: run ./dev setup")
        folder = pathlib.Path(cls.clips.name)
        visitors.clip.make(folder / "visitor.mp4", [(harness.PICTURES / "known_door.jpg", 0, 6)], 6)
        cls.small = folder / "small.jpg"  # a face of a few pixels, whose picture is large enough to be searched
        shrink = "scale=72:-2,pad=640:480:(ow-iw)/2:(oh-ih)/2:gray"
        subprocess.run(["ffmpeg", "-v", "error", "-i", harness.PICTURES / "known_enrol.jpg", "-vf", shrink, cls.small], check=True, stdin=subprocess.DEVNULL)

    def visited_house(self):
        """A daemon that saw somebody whom it does not know."""
        daemon = self.house(cameras=[{"id": "front", "name": "Front door", "url": f"file:{self.clips.name}/visitor.mp4"}], faces={})
        harness.wait_until(lambda: daemon.get("/health/ready")[0] == 200, 60, "the models")
        anna = self.account(daemon)
        ring = daemon.ring("front")
        anna.ask("POST", f"/api/v1/events/{ring}/acknowledge", {})  # or it would show over every page
        harness.wait_until(lambda: anna.ask("GET", f"/api/v1/events/{ring}")[2]["snapshot"], 60, "the ring's picture")
        seen = harness.wait_until(lambda: self.sighting_of(anna, ring), 60, "who it is")
        self.assertEqual(seen["result"], "unknown_person", seen)
        return daemon, anna, ring

    def sighting_of(self, client, ring):
        events = client.ask("GET", "/api/v1/events?type=sighting")[2]["events"]
        return next((event for event in events if event.get("ring_id") == ring), None)

    def test_people_are_learnt_listed_and_forgotten(self):
        for size, scheme in (PHONE, DESKTOP):
            daemon, _, _ = self.visited_house()
            self.tell(daemon, "people", size, scheme, pictures=str(harness.PICTURES), small=str(self.small))

    def test_a_user_looks_and_changes_nothing(self):
        daemon, anna, ring = self.visited_house()
        self.assertEqual(anna.ask("POST", "/api/v1/people", {"name": "Grace", "event": ring})[0], 201)
        invitation = anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "user", "all_cameras": True, "cameras": []})[2]["invitation"]
        self.assertEqual(Client(daemon).register(invitation, "bert", PASSWORD)[0], 201)
        self.tell(daemon, "people_looked_at", *PHONE, name="bert")

    def test_without_models_the_page_says_so(self):
        daemon = self.house()
        self.account(daemon)
        self.tell(daemon, "people_without_models", *DESKTOP, small=str(self.small))


if __name__ == "__main__":
    unittest.main()
