# SPDX-License-Identifier: Apache-2.0
"""Who has just installed the package gets to an acknowledged ring with the page alone, on the packaged configuration."""

import unittest

import harness
import test_page_settings
from accounts_client import Client, first_run_code
from test_page import PASSWORD, PHONE, PageCase

PACKAGED = harness.SOURCE / "config" / "porchlight.yaml"


class NewcomerTest(PageCase):
    stories = "newcomer_story.mjs"
    rtsp_camera = test_page_settings.SettingsPageTest.rtsp_camera

    def packaged(self, daemon):
        """The configuration as it is installed, but for what two daemons of one machine cannot share, and a disk that may be full."""
        text = PACKAGED.read_text()
        for before, after in (('listen: "0.0.0.0:8000"', 'listen: "127.0.0.1:0"'), ("path: /var/lib/porchlight", f"path: {daemon.state}"),
                              ("space: 80%", "space: 100%"), ("reserve: auto", "reserve: 1MiB")):
            self.assertEqual(text.count(before), 1, before)
            text = text.replace(before, after)
        return text

    def test_from_the_first_start_to_an_acknowledged_ring(self):
        url = self.rtsp_camera()
        daemon = harness.Daemon({}, wait=None)
        self.addCleanup(daemon.close)
        daemon.config.write_text(self.packaged(daemon))
        daemon.start()
        code = harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
        self.tell(daemon, "newcomer", *PHONE, code=code, rtsp=url)
        anna = Client(daemon)
        self.assertEqual(anna.login("anna", PASSWORD), 200)
        (ring,) = anna.ask("GET", "/api/v1/events?type=ring")[2]["events"]
        self.assertEqual(anna.ask("GET", f"/api/v1/events/{ring['id']}")[2]["acknowledged"]["by"], "anna")
        self.assertEqual(daemon.config.read_text(), self.packaged(daemon), "the main file was written")


if __name__ == "__main__":
    unittest.main()
