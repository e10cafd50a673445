# SPDX-License-Identifier: Apache-2.0
"""Who has just installed the package gets to a ring that is told of with its picture with the page alone, on the packaged configuration."""

import os
import unittest

import gpio_chips
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

    def chips(self):
        """GPIO chips where the daemon can have some, and what it takes; else nothing."""
        if gpio_chips.FAKE is None or "sanitize" in os.environ.get("PORCHLIGHT_FLAVOUR", ""):
            return None, {}
        chips = gpio_chips.Chips()
        self.addCleanup(chips.close)
        return chips, {"preload": str(gpio_chips.FAKE), "environment": gpio_chips.fake_environment(chips)}

    def fresh_install(self, **faked):
        """A daemon that starts for the first time, and its code for the first account."""
        daemon = harness.Daemon({}, wait=None, **faked)
        self.addCleanup(daemon.close)
        daemon.config.write_text(self.packaged(daemon))
        daemon.start()
        return daemon, harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")

    def newest_ring_is_told(self, anna, hook, button, source):
        """The ring of that button came to the hook with its picture."""
        ring = anna.ask("GET", "/api/v1/events?type=ring")[2]["events"][0]
        self.assertEqual(ring["button"], button)
        told = hook.wait_for(lambda m: (m.event["id"], m.event["type"]) == (ring["id"], "ring"), 60, "the ring")
        self.assertEqual((told.event["camera"], told.event["trigger_source"]), ("front_door", source))
        message = hook.wait_for(lambda m: m.event["id"] == ring["id"] and m.picture, 60, "the picture of the ring")
        self.assertGreater(min(harness.size_of_jpeg(message.picture)), 100)

    def test_from_the_first_start_to_a_ring_that_is_told_of(self):
        url = self.rtsp_camera()
        hook = harness.Hook()
        self.addCleanup(hook.close)
        chips, faked = self.chips()
        daemon, code = self.fresh_install(**faked)
        anna = Client(daemon)

        def told(button, source):
            if not anna.csrf:
                self.assertEqual(anna.login("anna", PASSWORD), 200)
            self.newest_ring_is_told(anna, hook, button, source)

        def press():
            chips.do("await 17")
            chips.do("17=0")
            chips.do("17=1")
        turns = test_page_settings.Said(told=told, press=press)
        self.tell(daemon, "newcomer", *PHONE, turns, code=code, rtsp=url, hook=hook.url, contact=chips is not None)
        rings = anna.ask("GET", "/api/v1/events?type=ring")[2]["events"]
        self.assertEqual(len(rings), 3 if chips else 2)
        for ring in rings:
            self.assertEqual(anna.ask("GET", f"/api/v1/events/{ring['id']}")[2]["acknowledged"]["by"], "anna")
        self.assertEqual(daemon.config.read_text(), self.packaged(daemon), "the main file was written")


if __name__ == "__main__":
    unittest.main()
