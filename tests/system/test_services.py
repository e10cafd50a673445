# SPDX-License-Identifier: Apache-2.0
"""From a ring to Telegram, ntfy and a mail server through the whole daemon, to stand-ins that take only what the
service's reference has (tests/notify/sinks) and a real mail server; and what the outbox tells of it afterwards."""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import harness

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

SERVERS = harness.SOURCE / "tests" / "notify"
PICTURE = tuple(map(int, clip.SIZE.split("x")))
# As the stand-ins have them.
TOKEN, CHAT = "123456789:AAEtest_token-of-35-characters-xxxx", "-1001234567890"
TOPIC = "front-door_7Gk2"


def setUpModule():
    global clips
    clips = tempfile.TemporaryDirectory(prefix="porchlight-clips-")
    clip.make(pathlib.Path(clips.name) / "porch.mp4", [], 3)


def tearDownModule():
    clips.cleanup()


class Service:
    """A server that says its port, and then one JSON object for each thing that it was told."""

    def __init__(self, test, script, *arguments):
        self.told = []
        self._said = threading.Condition()
        self.process = subprocess.Popen(["/usr/bin/python3", "-u", SERVERS / script, *arguments], stdout=subprocess.PIPE, text=True)
        test.addCleanup(self.process.communicate)
        test.addCleanup(self.process.kill)
        self.port = int(self.process.stdout.readline())
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self._said:
                self.told.append(json.loads(line))
                self._said.notify_all()

    def wait_for(self, count):
        """The first so many."""
        with self._said:
            if not self._said.wait_for(lambda: len(self.told) >= count, 60):
                raise AssertionError(f"waited 60 s for {count} requests, {len(self.told)} came")
            return self.told[:count]


class ServicesTest(unittest.TestCase):
    def house(self, **channel):
        """A door with a camera that shows pictures, and this channel."""
        daemon = harness.Daemon({
            "buttons": [{"id": "front", "kind": "virtual", "camera": "porch"}], "faces": {"enabled": False},
            "cameras": [{"id": "porch", "name": "Porch", "url": f"file:{clips.name}/porch.mp4"}],
            "notifications": {"channels": [{"id": "phone", **channel}], "rules": [{"when": "ring", "to": ["phone"], "attach": "snapshot"}]}})
        self.addCleanup(daemon.close)
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="porch") == 1
                           and daemon.get("/health/ready")[0] == 200, 60, "the camera")
        return daemon

    def rows(self, daemon, ring):
        """What `outbox list` tells of the ring's messages, by their number."""
        listed = json.loads(daemon.cli("outbox", "list", "--state", "all", "--json").stdout)
        return {row["sequence"]: row for row in listed if row["id"] == ring}

    def settled(self, daemon, ring):
        """(state, receipt) of the ring's text and its picture, once both are settled."""
        def both():
            rows = self.rows(daemon, ring)
            return set(rows) == {0, 1} and all(row["state"] != "pending" for row in rows.values()) and rows
        rows = harness.wait_until(both, 60, "text and picture to be settled")
        return [(rows[number]["state"], rows[number]["receipt"]) for number in (0, 1)]

    def assert_picture(self, encoded):
        self.assertEqual(harness.size_of_jpeg(base64.b64decode(encoded)), PICTURE)

    def test_telegram(self):
        blocked = [403, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}]
        service = Service(self, "sinks/telegram.py", *["-"] * 4, *[json.dumps(blocked)] * 2)
        daemon = self.house(type="telegram", token=TOKEN, chat=CHAT, api=f"http://127.0.0.1:{service.port}")
        rings = []
        for number in (41, 43):  # the service counts its messages from 41 on
            rings.append(daemon.ring("front"))
            self.assertEqual(self.settled(daemon, rings[-1]), [("delivered", str(number)), ("delivered", str(number + 1))])
            text, photo = service.wait_for(2 * len(rings))[-2:]
            self.assertEqual((text["call"], photo["call"]), ("sendMessage", "sendPhoto"))
            self.assertEqual(photo["fields"]["reply_parameters"]["message_id"], number)
            self.assertIn("Porch", text["fields"]["text"])
            self.assert_picture(photo["photo"])
        shown = daemon.cli("outbox", "list", "--state", "all").stdout
        for place, receipt in ((f"{rings[0]}:0", 41), (f"{rings[1]}:1", 44)):
            line = next(line for line in shown.splitlines() if line.startswith(place))
            self.assertTrue(line.endswith(f"receipt {receipt}"), line)
        refused = daemon.ring("front")
        self.assertEqual(self.settled(daemon, refused), [("failed", None)] * 2)
        self.assertIn("bot was blocked by the user", self.rows(daemon, refused)[0]["error"])
        self.assertNotIn(TOKEN, daemon.cli("outbox", "list").stdout + daemon.log.read_text())
        self.assertEqual([r["refused"] for r in service.told if "refused" in r], [])
        self.assertEqual(len(service.told), 6, "something was said twice")

    def test_ntfy(self):
        kept = "https://ntfy.example.org/file/one-of-its-own.jpg"
        answers = [[200, {"id": "kJ8first", "event": "message"}], [200, {"id": "kJ8second", "event": "message", "attachment": {"url": kept}}]]
        service = Service(self, "sinks/ntfy.py", *map(json.dumps, answers))
        daemon = self.house(type="ntfy", topic=TOPIC, url=f"http://127.0.0.1:{service.port}")
        ring = daemon.ring("front")
        self.assertEqual(self.settled(daemon, ring), [("delivered", "kJ8first"), ("delivered", kept)])
        text, picture = service.wait_for(2)
        self.assertEqual([r["refused"] for r in service.told if "refused" in r], [])
        self.assertEqual((text["method"], picture["method"]), ("POST", "PUT"))
        self.assertEqual((text["message"]["sequence_id"], picture["message"]["sequence_id"]), (ring, ring))
        self.assertIn("Porch", text["message"]["message"])
        self.assert_picture(picture["picture"])
        self.assertEqual(len(service.told), 2, "something was said twice")

    def test_email(self):
        if subprocess.run(["/usr/bin/python3", "-c", "import aiosmtpd"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("python3-aiosmtpd is not installed: no mail was sent")
        service = Service(self, "mail_server.py", "", "", *["rcpt:anna=550 5.1.1 no such mailbox here"] * 2)
        daemon = self.house(type="email", server=f"smtp://127.0.0.1:{service.port}", starttls="none", language="de",
                            **{"from": "door@example.org", "to": ["anna@example.org"]})
        ring = daemon.ring("front")
        settled = self.settled(daemon, ring)
        text, picture = service.wait_for(2)
        # The receipt of a mail is the subject under which its answers stand.
        self.assertEqual(settled, [("delivered", text["head"]["subject"]), ("delivered", None)])
        self.assertEqual(text["head"]["subject"], "Es klingelt")
        self.assertEqual(text["head"]["message-id"], f"<{ring}.0.phone@example.org>")
        self.assertEqual((picture["head"]["in-reply-to"], picture["head"]["subject"]),
                         (text["head"]["message-id"], "Re: " + text["head"]["subject"]))
        self.assertEqual(text["faults"] + picture["faults"], [])
        self.assertEqual(text["picture"], "")
        self.assert_picture(picture["picture"])
        refused = daemon.ring("front")
        self.assertEqual(self.settled(daemon, refused), [("failed", None)] * 2)
        self.assertIn("no such mailbox here", self.rows(daemon, refused)[0]["error"])
        self.assertEqual(len(service.told), 2, "something was said twice")


if __name__ == "__main__":
    unittest.main(verbosity=2)
