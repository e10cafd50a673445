# SPDX-License-Identifier: Apache-2.0
"""The page's "Health" in a real browser: the stories of page_health_stories.mjs."""

import json
import pathlib
import unittest

import harness
from accounts_client import Client, first_run_code
from test_page import DESKTOP, PASSWORD, PHONE, PageCase


class HealthPageTest(PageCase):
    def test_health_is_told_and_a_lost_camera_seen(self):
        for size, scheme in (PHONE, DESKTOP):
            daemon = self.house()
            code = harness.wait_until(lambda daemon=daemon: first_run_code(daemon), 20, "the first-run code")
            self.account(daemon)

            def lose(daemon=daemon):
                settings = json.loads(daemon.config.read_text())
                gone = str(pathlib.Path(self.clips.name) / "none.mp4")
                daemon.write_config({**settings, "cameras": [{**settings["cameras"][0], "url": f"file:{gone}"}]})
                daemon.cli("reload")
            self.tell(daemon, "health", size, scheme, code=code, turns={"break": lose})

    def test_viewers_and_monitors_see_their_part(self):
        daemon = self.house()
        anna = self.account(daemon)
        for role, (size, scheme) in (("viewer", PHONE), ("monitor", DESKTOP)):
            order = {"name": role, "role": role, "all_cameras": True, "cameras": []}
            invitation = anna.ask("POST", "/api/v1/users", order)[2]["invitation"]
            self.assertEqual(Client(daemon).register(invitation, role, PASSWORD)[0], 201)
            self.tell(daemon, "health_of_others", size, scheme, name=role, role=role)


if __name__ == "__main__":
    unittest.main()
