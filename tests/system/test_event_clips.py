# SPDX-License-Identifier: Apache-2.0
"""`attach: clip`: the film of what happened, by a webhook and by mail, and what is said where there is none."""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from test_recordings_api import film_of
from test_services import Service

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

BEFORE, AFTER = 4, 3  # seconds around an event


def setUpModule():
    global clips
    clips = tempfile.TemporaryDirectory(prefix="porchlight-clips-")
    clip.make(pathlib.Path(clips.name) / "porch.mp4", [], 3)


def tearDownModule():
    clips.cleanup()


class EventClipTest(unittest.TestCase):
    def house(self, channels, record="continuous"):
        daemon = harness.Daemon({
            "buttons": [{"id": "front", "kind": "virtual", "camera": "porch"}], "faces": {"enabled": False},
            "cameras": [{"id": "porch", "name": "Porch", "url": f"file:{clips.name}/porch.mp4", "record": record, "motion": False}],
            # The machine's own disk may be fuller than a recorder's should be: what is finished would go at once.
            "recording": {"pre_roll": f"{BEFORE}s", "post_roll": f"{AFTER}s", "reserve": "1MiB", "keep": {"space": "100%"}},
            "notifications": {"channels": channels, "rules": [{"when": "ring", "to": [c["id"] for c in channels], "attach": "clip"}]}})
        self.addCleanup(daemon.close)
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="porch") == 1
                           and daemon.get("/health/ready")[0] == 200, 60, "the camera")
        return daemon

    def webhook(self):
        hook = harness.Hook()
        self.addCleanup(hook.close)
        return hook

    def rows(self, daemon, ring):
        listed = json.loads(daemon.cli("outbox", "list", "--state", "all", "--json").stdout)
        return {(row["channel"], row["sequence"]): row["state"] for row in listed if row["id"] == ring}

    def expect_film(self, data):
        seconds, codec, frames = film_of(data)
        self.assertEqual(codec, "h264")
        # From a keyframe on, at the earliest the one before; how often they come is the clip's.
        self.assertGreaterEqual(seconds, BEFORE + AFTER - 1.5)
        self.assertLess(seconds, BEFORE + AFTER + 6)
        self.assertGreater(frames, seconds * 2)

    def test_it_follows_text_and_picture_to_a_webhook_and_by_mail(self):
        if subprocess.run(["/usr/bin/python3", "-c", "import aiosmtpd"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("python3-aiosmtpd is not installed: no mail was sent")
        hook = self.webhook()
        mail = Service(self, "mail_server.py")
        daemon = self.house([
            {"id": "hook", "type": "webhook", "url": hook.url}, {"id": "book", "type": "log"},
            {"id": "post", "type": "email", "server": f"smtp://127.0.0.1:{mail.port}", "starttls": "none",
             "from": "door@example.org", "to": ["anna@example.org"]}])
        time.sleep(BEFORE + 4)  # so much of before the event is to be there
        ring = daemon.ring("front")
        got = hook.wait_for(lambda m: m.event["id"] == ring and m.event["sequence"] == 3, 90, "the clip")
        self.assertEqual((got.event["type"], got.event["clip"], got.picture), ("ring_update", True, None))
        self.expect_film(got.clip)
        # What it must not hold up was there long before.
        for sequence in (0, 1):
            before = hook.wait_for(lambda m: m.event["sequence"] == sequence, 10, "text and picture")
            self.assertLess(before.at, got.at - AFTER + 1)
            self.assertIsNone(before.clip)
        text, _, film = mail.wait_for(3)
        self.assertEqual(film["shape"], "multipart/mixed(multipart/alternative(text/plain,text/html),video/mp4)")
        [[name, kind, data]] = film["files"]
        self.assertEqual((name, kind, film["faults"]), ("clip.mp4", "video/mp4", []))
        self.expect_film(base64.b64decode(data))
        self.assertEqual(film["head"]["in-reply-to"], text["head"]["message-id"])
        wanted = {(channel, n): "delivered" for channel in ("hook", "post") for n in (0, 1, 3)}
        wanted.update({("book", n): "delivered" for n in (0, 1)})  # a log carries none
        harness.wait_until(lambda: self.rows(daemon, ring) == wanted, 30, "all messages to be settled, and no other")
        self.assertEqual(list((daemon.state / "clips").glob("message-*")), [], "nothing lies about")

    def test_where_nothing_is_recorded_the_log_says_so_once(self):
        hook = self.webhook()
        daemon = self.house([{"id": "hook", "type": "webhook", "url": hook.url}], record="off")
        ring = daemon.ring("front")
        said = "an event's clip could not be made"
        harness.wait_until(lambda: said in daemon.log.read_text(), 90, "the log to say so")
        time.sleep(15)
        lines = [json.loads(line) for line in harness.whole_lines(daemon.log) if said in line]
        self.assertEqual([(line["event_id"], line["context"]["camera_id"]) for line in lines], [(ring, "porch")])
        self.assertEqual(self.rows(daemon, ring), {("hook", 0): "delivered", ("hook", 1): "delivered"})
        self.assertEqual([m.event["sequence"] for m in hook.messages], [0, 1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
