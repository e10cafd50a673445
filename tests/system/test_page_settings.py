# SPDX-License-Identifier: Apache-2.0
"""The settings of the page in a real browser, before the real daemon: the stories of settings_stories.mjs."""

import subprocess
import unittest

import harness
from accounts_client import Client
from test_page import DESKTOP, PASSWORD, PHONE, PageCase

BOTH = (PHONE, DESKTOP)
RTSP_SERVER = next(iter(harness.BUILD.glob("**/rtsp_test_server")), None)
# Section, its heading in German, what opens its form.
GERMAN = (("cameras", "Kameras", "Kamera hinzufügen"), ("buttons", "Taster", "Taster hinzufügen"), ("users", "Benutzer", "Jemanden einladen"),
          ("tokens", "Tokens", "Token erstellen"), ("channels", "Kanäle", "Kanal hinzufügen"), ("rules", "Regeln", "Regel hinzufügen"))


class Said(dict):
    """Turns with words behind them: `register bert CODE`."""

    def __missing__(self, line):
        word, *rest = line.split(" ")
        if word not in self:
            raise KeyError(line)
        return lambda: self[word](*rest)


class SettingsPageTest(PageCase):
    stories = "settings_stories.mjs"

    def test_users(self):
        daemon = self.house()
        self.account(daemon)

        def register(name, code):
            self.assertEqual(Client(daemon).register(code, name, PASSWORD)[0], 201)
        turns = Said(register=register, login=lambda name: Client(daemon).login(name, PASSWORD))
        for size, scheme in BOTH:
            self.tell(daemon, "users", size, scheme, turns)

    def test_tokens(self):
        daemon = self.house()
        self.account(daemon)

        def use(token):
            client = Client(daemon)
            client.bearer = token
            return client.ask("GET", "/api/v1/status")[0]
        for size, scheme in BOTH:
            self.tell(daemon, "tokens", size, scheme, Said(use=use))

    def test_no_settings_for_others(self):
        daemon = self.house()
        anna = self.account(daemon)
        invitation = anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "user", "all_cameras": True})[2]["invitation"]
        self.assertEqual(Client(daemon).register(invitation, "bert", PASSWORD)[0], 201)
        self.tell(daemon, "others", *PHONE, name="bert")

    def rtsp_camera(self):
        if not RTSP_SERVER:
            self.skipTest("the RTSP test server was not built")
        server = subprocess.Popen([RTSP_SERVER, "--user", "viewer", "--password", "right"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        url = server.stdout.readline().strip()
        if url.startswith("missing"):
            self.skipTest(url)
        return url

    def test_cameras(self):
        url = self.rtsp_camera()
        daemon = self.house()
        self.account(daemon)
        for size, scheme in BOTH:
            self.tell(daemon, "cameras", size, scheme, rtsp=url)

    def test_buttons(self):
        for size, scheme in BOTH:
            daemon = self.house()  # of its own: the ring of another story would take the page over
            self.account(daemon)
            self.tell(daemon, "buttons", size, scheme)

    def test_channels_and_rules(self):
        hook = harness.Hook()
        self.addCleanup(hook.close)
        daemon = self.house()
        self.account(daemon)

        def answer(status):
            hook.status = status

        def ring():
            event = daemon.ring("front")
            hook.wait_for(lambda m: m.event["id"] == event and m.picture, 60, "the ring, with its picture")
        turns = {"refuse": lambda: answer(400), "take": lambda: answer(200), "ring": ring}
        for size, scheme in BOTH:
            self.tell(daemon, "messages", size, scheme, turns, hook=hook.url)

    def by_hand(self, **more):
        """A house with entries that stand in its main file."""
        cameras = [{"id": "front", "name": "Front door", "url": f"file:{self.film}"}, {"id": "yard", "name": "Yard", "url": f"file:{self.film}"}]
        buttons = [{"id": "front", "camera": "front", "kind": "virtual"}, {"id": "gate", "name": "Gate", "kind": "gpio", "chip": "no_such_chip", "line": 17}]
        return self.house(cameras=cameras, buttons=buttons, **more)

    def test_entries_made_by_hand(self):
        for size, scheme in BOTH:
            daemon = self.by_hand()
            self.account(daemon)
            main = daemon.config.read_text()
            self.tell(daemon, "by_hand", size, scheme)
            self.assertEqual(daemon.config.read_text(), main, "the main file was written")

    def lay_over(self, daemon, name):
        """A file of somebody's own calls the gate's button otherwise."""
        folder = daemon.state / "config.d"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("buttons: [{id: gate, name: Mine}]\n")
        daemon.stop()
        daemon.start()

    def test_a_file_of_the_pages_name_that_is_not_its_own(self):
        daemon = self.by_hand()
        self.account(daemon)
        self.lay_over(daemon, "50-page.yaml")
        for size, scheme in BOTH:
            self.tell(daemon, "read_only", size, scheme)

    def test_a_file_with_the_last_word_is_named(self):
        daemon = self.by_hand()
        self.account(daemon)
        self.lay_over(daemon, "90-mine.yaml")
        for size, scheme in BOTH:
            self.tell(daemon, "last_word", size, scheme)

    def test_the_camera_of_a_button_is_not_removed(self):
        daemon = self.house()
        self.account(daemon)
        for size, scheme in BOTH:
            self.tell(daemon, "needed", size, scheme)

    def test_two_administrators(self):
        daemon = self.by_hand()
        anna = self.account(daemon)

        def put(entry, **keys):
            self.assertEqual(anna.ask("PUT", f"/api/v1/settings/{entry}", keys)[0], 200)
        yard = {"url": f"file:{self.film}"}

        def look():
            entries = anna.ask("GET", "/api/v1/settings")[2]["sections"]["cameras"]
            value = next(entry["value"] for entry in entries if entry["id"] == "yard")
            self.assertEqual((value["name"], value["record"]), ("Court", "events"))

        def remove():
            self.assertEqual(anna.ask("DELETE", "/api/v1/settings/cameras/side")[0], 200)
        turns = {"change": lambda: put("cameras/yard", **yard, name="Yard", record="events"), "look": look, "remove": remove}
        for size, scheme in BOTH:
            put("cameras/yard", **yard, name="Yard", record="continuous")
            put("cameras/side", url="rtsp://127.0.0.1:1/side", name="Side")
            self.tell(daemon, "between", size, scheme, turns)

    def test_rules_that_a_file_leaves_empty_are_silence(self):
        for size, scheme in BOTH:
            daemon = self.house(notifications={"channels": [{"id": "hook", "type": "webhook", "url": "http://127.0.0.1:1/"}], "rules": []})
            self.account(daemon)
            self.tell(daemon, "silence", size, scheme)

    def test_german(self):
        daemon = self.house()
        self.account(daemon)
        for size, scheme in BOTH:
            self.tell(daemon, "german", size, scheme, sections=GERMAN)

    def test_a_house_without_anything_leads_to_the_settings(self):
        daemon = harness.Daemon({"cameras": [], "buttons": [], "faces": {"enabled": False}})
        self.addCleanup(daemon.close)
        self.account(daemon)
        self.tell(daemon, "first_steps", *PHONE)


if __name__ == "__main__":
    unittest.main()
