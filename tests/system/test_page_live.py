# SPDX-License-Identifier: Apache-2.0
"""What a page that stays open shows while camera and daemon go and come back, and change: it is never loaded anew."""

import json
import unittest

import live_house
from test_page import PHONE, PageCase, missing


class PageLiveTest(live_house.LiveHouse):
    stories = "page_live_story.mjs"
    tell = PageCase.tell

    def setUp(self):
        if why := missing():
            self.skipTest(why)
        super().setUp()

    def other_camera(self, *arguments):
        self.camera.kill()
        self.camera.arguments = arguments
        self.camera.start()

    def restart(self):
        settings = json.loads(self.daemon.config.read_text())
        settings["server"] = {**settings.get("server", {}), "listen": f"127.0.0.1:{self.daemon.port}"}  # where the page knows it to be
        self.daemon.stop()
        self.daemon.write_config(settings)
        self.daemon.start()

    def test_camera_and_daemon_change_under_an_open_page(self):
        turns = {"kill": self.camera.kill, "start": self.camera.start, "grow": lambda: self.camera.order("size 1280 720"),
                 "other_codec": lambda: self.other_camera("--codec", "h265"), "first_codec": self.other_camera, "restart": self.restart}
        self.tell(self.daemon, "watched", *PHONE, turns=turns)


if __name__ == "__main__":
    unittest.main()
