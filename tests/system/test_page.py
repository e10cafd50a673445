# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser, before the real daemon: the stories of page_stories.mjs."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import browser
import harness
import visitors
from accounts_client import Client, first_run_code
from authenticator import totp

PASSWORD = "a long phrase of theirs"
NODE = shutil.which("node") or shutil.which("nodejs")
MODULES = pathlib.Path(os.environ.get("NODE_PATH", harness.SOURCE / "node_modules"))
SHOTS = os.environ.get("PORCHLIGHT_SHOTS", "")  # a folder for pictures of the pages
PHONE, DESKTOP = ("phone", "light"), ("desktop", "dark")


def missing():
    if not NODE or not (MODULES / "playwright-core").is_dir() or not (MODULES / "axe-core").is_dir():
        return "no node, or neither playwright-core nor axe-core in node_modules: ./dev setup fetches them"
    if not (harness.BUILD / "page" / "index.html").is_file():
        return "the page is not built: ninja -C build/release page"
    return browser.missing() or ("" if shutil.which("ffmpeg") else "no ffmpeg: no camera to look at")


class PageCase(unittest.TestCase):
    stories = "page_stories.mjs"

    @classmethod
    def setUpClass(cls):
        why = missing()
        if why:
            raise unittest.SkipTest(why)
        cls.clips = tempfile.TemporaryDirectory(prefix="porchlight-")
        cls.addClassCleanup(cls.clips.cleanup)
        cls.film = f"{cls.clips.name}/door.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=10", "-t", "4", "-c:v", "libx264", "-bf", "0", "-g", "10",
                        "-preset", "veryfast", "-pix_fmt", "yuv420p", cls.film], check=True, stdin=subprocess.DEVNULL)

    def house(self, **more):
        """A daemon with a camera that shows a picture and a button before it."""
        settings = {"cameras": [{"id": "front", "name": "Front door", "url": f"file:{self.film}"}],
                    "buttons": [{"id": "front", "camera": "front", "kind": "virtual"}], "faces": {"enabled": False}, **more}
        daemon = harness.Daemon(settings)
        self.addCleanup(daemon.close)
        harness.wait_until(lambda: daemon.status()["cameras"][0]["state"] == "connected", 60, "the camera")
        return daemon

    def account(self, daemon, name="anna"):
        client = Client(daemon)
        code = harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
        self.assertEqual(client.register(code, name, PASSWORD)[0], 201)
        self.assertEqual(client.login(name, PASSWORD), 200)
        return client

    def tell(self, daemon, story, size, scheme, turns=None, **more):
        """Runs a story. `turns` has what to do, and say, when it asks for it by a word."""
        # A page asks again until the accounts are read, but a browser complains of each answer that says so.
        harness.wait_until(lambda: Client(daemon).ask("GET", "/api/v1/auth/register")[0] != 503, 20, "the accounts")
        settings = {"url": f"https://localhost:{daemon.port}/", "name": "anna", "password": PASSWORD, "chromium": browser.CHROMIUM,
                    "flags": browser.flags(), "shots": SHOTS, **more}
        environment = {**os.environ, "PAGE_SETTINGS": json.dumps(settings), "PORCHLIGHT_NODE_MODULES": str(MODULES)}
        with tempfile.TemporaryFile("w+") as said:
            node = subprocess.Popen([NODE, pathlib.Path(__file__).with_name(self.stories), story, size, scheme], env=environment, text=True,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, preexec_fn=harness.end_with_us)
            for word in node.stdout:
                node.stdin.write(f"{turns[word.strip()]()}\n")
                node.stdin.flush()
            node.stdin.close()
            node.stdout.close()
            code = node.wait()
            said.seek(0)
            self.assertEqual(code, 0, said.read())


class PageTest(PageCase):
    def test_first_run(self):
        for size, scheme in (PHONE, DESKTOP):
            daemon = self.house()
            code = harness.wait_until(lambda daemon=daemon: first_run_code(daemon), 20, "the first-run code")
            self.tell(daemon, "first_run", size, scheme, code=code)

    def test_first_run_in_german(self):
        daemon = self.house()
        code = harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
        self.tell(daemon, "first_run_in_german", *PHONE, code=code)

    def test_ring_takes_over_and_is_acknowledged(self):
        daemon = self.house()
        anna = self.account(daemon)

        def ring_and_answer():
            path = f"/api/v1/events/{daemon.ring('front')}/acknowledge"
            self.assertEqual(anna.ask("POST", path, {})[0], 200)
        for size, scheme in (PHONE, DESKTOP):
            self.tell(daemon, "ring", size, scheme, turns={"ring": lambda: daemon.ring("front"), "ring_and_answer": ring_and_answer})

    def test_ring_while_the_page_was_cut_off_is_shown(self):
        daemon = self.house()
        self.account(daemon)
        port = daemon.port

        def start_and_ring():
            daemon.write_config({**json.loads(daemon.config.read_text()), "server": {"listen": f"127.0.0.1:{port}"}})
            daemon.start()
            daemon.ring("front")
        self.tell(daemon, "missed_ring", *PHONE, turns={"stop": daemon.stop, "start_and_ring": start_and_ring})

    def test_visits(self):
        daemon = self.house(recording={"pre_roll": "1s", "post_roll": "1s", "reserve": "1MiB", "keep": {"space": "100%"}})
        anna = self.account(daemon)
        ring = daemon.ring("front")
        path = f"/api/v1/events/{ring}"
        self.assertEqual(anna.ask("POST", f"{path}/acknowledge", {})[0], 200)  # or it would show over every page
        harness.wait_until(lambda: anna.ask("GET", path)[2]["snapshot"], 60, "the ring's picture")
        harness.wait_until(lambda: anna.exchange("GET", f"{path}/clip")[0] == 200, 120, "the ring's film")
        for size in ("phone", "desktop"):
            for scheme in ("light", "dark"):
                self.tell(daemon, "visits", size, scheme)

    def test_stranger_gets_a_name(self):
        if not (harness.PICTURES / "known_door.jpg").exists():
            self.skipTest(f"no pictures in {harness.PICTURES}: run ./dev setup")
        visitors.clip.make(pathlib.Path(self.clips.name) / "visitor.mp4", [(harness.PICTURES / "known_door.jpg", 0, 6)], 6)
        daemon = self.house(cameras=[{"id": "front", "name": "Front door", "url": f"file:{self.clips.name}/visitor.mp4"}], faces={})
        harness.wait_until(lambda: daemon.get("/health/ready")[0] == 200, 60, "the models")
        anna = self.account(daemon)

        def sighting_of(ring):
            events = anna.ask("GET", "/api/v1/events?type=sighting")[2]["events"]
            return next((event for event in events if event.get("ring_id") == ring), None)
        ring = daemon.ring("front")
        seen = harness.wait_until(lambda: sighting_of(ring), 60, "who it is")
        self.assertEqual(seen["result"], "unknown_person", seen)
        anna.ask("POST", f"/api/v1/events/{ring}/acknowledge", {})
        rings = []
        self.tell(daemon, "teach", *PHONE, turns={"ring": lambda: rings.append(daemon.ring("front"))})
        for again in rings:
            anna.ask("POST", f"/api/v1/events/{again}/acknowledge", {})
        self.assertEqual(sighting_of(rings[0])["identity"]["outcome"], "true_positive")
        self.assertEqual(sighting_of(ring)["identity"]["outcome"], "true_negative", "nobody knew her then")
        invitation = anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "user", "cameras": ["front"]})[2]["invitation"]
        self.assertEqual(Client(daemon).register(invitation, "bert", PASSWORD)[0], 201)
        self.tell(daemon, "judge", *DESKTOP, name="bert")
        self.assertEqual(sighting_of(rings[0])["identity"]["outcome"], "false_positive")

    def test_login_and_logout(self):
        daemon = self.house()
        self.account(daemon)
        self.tell(daemon, "login", *PHONE)
        self.tell(daemon, "login", *DESKTOP)

    def test_login_with_a_second_factor(self):
        daemon = self.house()
        anna = self.account(daemon)
        secret = anna.ask("POST", "/api/v1/auth/totp")[2]["secret"]
        codes = anna.ask("POST", "/api/v1/auth/totp/confirm", {"totp": totp(secret, time.time())})[2]["recovery_codes"]
        self.tell(daemon, "second_factor", *PHONE, turns={"code": lambda: codes[0]})

    def test_a_browser_that_cannot_take_streams_gets_stills(self):
        daemon = self.house()
        self.account(daemon)
        self.tell(daemon, "stills", *PHONE)

    def test_now_shows_cameras_live(self):
        daemon = self.house()
        self.account(daemon)
        cameras = json.loads(daemon.config.read_text())["cameras"]

        def switch(enabled):
            daemon.write_config({**json.loads(daemon.config.read_text()), "cameras": [{**cameras[0], "enabled": enabled}]})
            daemon.cli("reload")
        turns = {"switch_off": lambda: switch(False), "switch_on": lambda: switch(True)}
        for size in ("phone", "desktop"):
            for scheme in ("light", "dark"):
                self.tell(daemon, "now", size, scheme, turns)

    def test_german(self):
        daemon = self.house()
        self.account(daemon)
        self.tell(daemon, "german", *PHONE, turns={"ring": lambda: daemon.ring("front")})

    def test_files_are_served_with_their_names_and_no_others(self):
        daemon = self.house()
        client = Client(daemon)
        status, headers, _ = client.exchange("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(client.exchange("GET", "/", If_None_Match=headers["ETag"])[0], 304)
        script = next((harness.BUILD / "page" / "assets").glob("*.js")).name
        status, headers, _ = client.exchange("GET", f"/assets/{script}", Accept_Encoding="gzip")
        self.assertEqual((status, headers["Content-Encoding"]), (200, "gzip"))
        self.assertIn("immutable", headers["Cache-Control"])
        self.assertEqual(client.exchange("GET", f"/assets/{script}", If_None_Match=headers["ETag"])[0], 304)
        self.assertEqual(client.exchange("GET", "/assets/none.js")[0], 404)

    def test_each_alert_leads_to_its_runbook(self):
        """Where the alert's link goes, for whoever was woken: without a login."""
        daemon = self.house()
        client = Client(daemon)
        alerts = {name for file in (harness.SOURCE / "config" / "monitoring" / "rules").glob("*.yml")
                  for name in re.findall(r"^ +- alert: (\w+)$", file.read_text(encoding="utf-8"), re.M)}
        self.assertGreater(len(alerts), 50)
        for name in sorted(alerts):
            status, headers, page = daemon.get(f"/runbooks/{name}")
            self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"), name)
            self.assertRegex(page, f"<h1[^>]*>{name}</h1>")
            for other in re.findall(r'href="/runbooks/(\w+)', page):
                self.assertTrue((harness.BUILD / "runbooks" / f"{other}.html").exists(), f"{name} leads to {other}")
        self.assertEqual(client.exchange("GET", "/runbooks/CameraOffline", If_None_Match=client.exchange("GET", "/runbooks/CameraOffline")[1]["ETag"])[0], 304)
        self.assertEqual(client.exchange("GET", "/runbooks/NoSuchAlert")[0], 404)

    def test_without_its_files_it_says_where_they_were_looked_for(self):
        daemon = harness.Daemon({"cameras": [], "buttons": [], "faces": {"enabled": False}}, environment={"PORCHLIGHT_PAGE": "/nowhere/page"})
        self.addCleanup(daemon.close)
        status, _, text = daemon.get("/")
        self.assertEqual(status, 404)
        self.assertIn("/nowhere/page", text)


if __name__ == "__main__":
    unittest.main()
