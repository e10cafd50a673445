#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The blocks of docs/home-assistant.md for Home Assistant, held against what the daemon says to a real mosquitto."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

import harness
import mqtt_client
from accounts_client import Client, first_run_code

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

PAGE = harness.SOURCE / "docs" / "home-assistant.md"
ANNA = "a long phrase of anna"
NEEDED = ("known_enrol.jpg", "known_door.jpg")


def setUpModule():
    mqtt_client.need_broker()


def blocks():
    """What the page's YAML for Home Assistant means, each block after its comment."""
    return [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(# [^\n]* of Home Assistant.*?)^```", PAGE.read_text(), re.M | re.S)]


def automations():
    return [automation for block in blocks() if isinstance(block, list) for automation in block]


def keys_in(value, variable):
    """The keys that templates anywhere in this value read of a message."""
    return set(re.findall(rf"\b{re.escape(variable)}\.(\w+)", json.dumps(value)))


class HomeAssistantPage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-hass-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.broker = mqtt_client.Broker()
        self.addCleanup(self.broker.close)
        self.watcher = mqtt_client.MqttClient(self.broker.port)
        self.addCleanup(self.watcher.close)
        self.watcher.subscribe("porchlight/#")

    def start(self, faces, **camera):
        self.daemon = harness.Daemon({
            "cameras": [{"id": "front", "name": "Front door", "url": f"file:{self.folder}/door.mp4", **camera}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}], "faces": {"enabled": faces},
            "mqtt": {"host": "127.0.0.1", "port": self.broker.port}}, wait=None)
        self.addCleanup(self.daemon.close)
        if faces:
            self.daemon.cli("faces", "enrol", "Anna Lindqvist", harness.PICTURES / NEEDED[0])
        self.daemon.start()

    def heard(self, topic, words=b"", seconds=90):
        return self.watcher.wait_for(lambda m: m.topic == topic and words in m.payload, seconds, f"{topic} with {words}")

    def expect_trigger(self, automation, trigger):
        """Some message starts it, and every one that does has what the automation reads of it."""
        wanted, template = trigger.get("payload"), trigger.get("value_template")
        key = None
        if template:
            key = re.fullmatch(r"\{\{ value_json\.(\w+) \}\}", template)[1]
        messages = self.watcher.on(trigger["topic"])
        if key:
            messages = [m for m in messages if json.loads(m.payload).get(key) == wanted]
        elif wanted is not None:
            messages = [m for m in messages if m.payload.decode() == wanted]
        self.assertTrue(messages, f"nothing published starts '{automation['alias']}' by {trigger}")
        for key in keys_in([automation.get("conditions", []), automation["actions"]], "trigger.payload_json"):
            for message in messages:
                self.assertIn(key, json.loads(message.payload), automation["alias"])

    def test_automations_fit_what_is_published(self):
        missing = [name for name in NEEDED if not (harness.PICTURES / name).exists()]
        if missing:
            self.skipTest(f"no pictures {missing} in {harness.PICTURES}: run ./dev setup")
        clip.make(self.folder / "door.mp4", [(harness.PICTURES / NEEDED[1], 4, 18)], 20)
        # It is lost at the end of its file.
        self.start(True, loop=False, stall="1s")
        self.heard("porchlight/front/person", b"Anna Lindqvist")
        ring = self.daemon.ring("front")
        self.heard("porchlight/front/ring", ring.encode())
        self.heard("porchlight/front/snapshot")
        self.heard("porchlight/events", b"camera_lost")
        self.heard("porchlight/front/motion", b"ON")
        found = automations()
        self.assertEqual(len(found), 5, [a["alias"] for a in found])
        for automation in found:
            for trigger in automation["triggers"]:
                self.assertIn(trigger["trigger"], ("mqtt", "state", "time_pattern"))
                if trigger["trigger"] == "mqtt":
                    self.expect_trigger(automation, trigger)
        camera, = [block["mqtt"][0]["camera"][0] for block in blocks() if "mqtt" in block]
        self.assertTrue(self.watcher.on(camera["topic"])[-1].payload.startswith(b"\xff\xd8"))
        self.assertEqual(self.watcher.on(camera["availability_topic"])[-1].payload, b"online")

    def test_what_the_page_publishes_rings(self):
        clip.make(self.folder / "door.mp4", [], 3)
        self.start(False)
        self.watcher.wait_for(lambda m: m.topic == "porchlight/available" and m.payload == b"online", 30, "the house")
        sent, = [action["data"] for automation in automations() for action in automation["actions"]
                 if action["action"] == "mqtt.publish"]
        self.watcher.publish(sent["topic"], sent["payload"], retain=sent["retain"])
        ring = json.loads(self.heard("porchlight/front/ring").payload)
        self.assertEqual((ring["button"], ring["trigger_source"], ring["event_type"]), ("front", "mqtt", "ring"))

    def token(self):
        """Of an account that may see everything, for looking alone."""
        anna = Client(self.daemon)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.assertEqual(anna.register(code, "anna", ANNA)[0], 201)
        self.assertEqual(anna.login("anna", ANNA), 200)
        status, _, made = anna.ask("POST", "/api/v1/tokens", {"name": "hass", "scopes": ["view"], "days": 90})
        self.assertEqual(status, 201, made)
        return made["token"]

    def test_the_command_of_the_page_fetches_a_picture(self):
        clip.make(self.folder / "door.mp4", [], 3)
        self.start(False)
        token = self.token()
        (self.folder / "token").write_text(f"Authorization: Bearer {token}\n")
        (self.folder / "ca.pem").write_bytes((self.daemon.state / "tls/ca.pem").read_bytes())
        command, = [block["shell_command"]["porchlight_front"] for block in blocks() if "shell_command" in block]
        for place, instead in (("/config/porchlight/", f"{self.folder}/"), ("door.local:8000", f"localhost:{self.daemon.port}")):
            self.assertIn(place, command)
            command = command.replace(place, instead)
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 60, "the camera")
        picture = self.folder / "front.jpg"

        def fetched():
            self.last = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
            return self.last.returncode == 0

        harness.wait_until(fetched, 60, "a picture")
        self.assertIsNotNone(harness.size_of_jpeg(picture.read_bytes()))
        before = picture.read_bytes()
        (self.folder / "token").write_text("Authorization: Bearer nobody\n")
        self.assertFalse(fetched(), "without a right there is no picture")
        self.assertIn("401", self.last.stderr)
        self.assertEqual(picture.read_bytes(), before)

    def test_the_page_shows_the_camera_with_a_token_as_password(self):
        clip.make(self.folder / "door.mp4", [], 3)
        self.start(False)
        token = self.token()
        (self.folder / "ca.pem").write_bytes((self.daemon.state / "tls/ca.pem").read_bytes())
        commands = re.findall(r"^curl --cacert .*--user .*$", PAGE.read_text(), re.M)
        self.assertEqual(len(commands), 2)
        # What stands in the table is what the commands ask for.
        for address in re.findall(r"`(https://door.local:8000/api/[^`]*)`", PAGE.read_text()):
            self.assertTrue(any(address in command for command in commands), address)
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 60, "the camera")
        fetch, show = (command.replace("door.local:8000", f"localhost:{self.daemon.port}") for command in commands)

        def run(command, token):
            return subprocess.run(["sh", "-c", command], cwd=self.folder, env={"PATH": "/usr/bin:/bin", "token": token},
                                  capture_output=True, timeout=60)

        picture, row = self.folder / "front.jpg", self.folder / "front.mjpeg"
        harness.wait_until(lambda: run(fetch, token) and picture.exists() and harness.size_of_jpeg(picture.read_bytes()), 60, "a picture")

        def began():
            run(show, token)  # until its time is over, which a busy machine may need for the first picture
            return row.exists() and row.read_bytes()
        self.assertTrue(harness.wait_until(began, 60, "pictures in a row").startswith(b"--porchlight\r\nContent-Type: image/jpeg\r\n"),
                        row.read_bytes()[:80])
        run(fetch, ANNA)
        self.assertIsNone(harness.size_of_jpeg(picture.read_bytes()), "the account's own password shows nothing")


if __name__ == "__main__":
    unittest.main(verbosity=2)
