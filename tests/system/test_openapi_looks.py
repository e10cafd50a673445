#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Events, cameras, people, faces, the audit log and the log answer as the document of the interface says."""

import json
import pathlib
import sys
import tempfile
import unittest

import harness
import openapi_record
from accounts_client import Client, first_run_code

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

PASSWORD = "a long phrase of theirs"
NEEDED = ["/api/v1/events", "/api/v1/cameras", "/api/v1/people", "/api/v1/audit"]


class OpenApiLooks(unittest.TestCase):
    def setUp(self):
        if openapi_record.document() is None:
            self.skipTest(openapi_record.MISSING)
        missing = [path for path in NEEDED if path not in openapi_record.document().whole["paths"]]
        if missing:
            self.skipTest(f"this version does not serve {', '.join(missing)}")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-looks-")
        self.addCleanup(folder.cleanup)
        video = pathlib.Path(folder.name) / "porch.mp4"
        clip.make(video, [], 4)
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.daemon = harness.Daemon({
            "cameras": [{"id": "front", "url": f"file:{video}"}, {"id": "off", "url": f"file:{video}.none"}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}],
            "faces": {"enabled": False},
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": "ring", "to": ["hook"], "attach": "snapshot"}]},
        })
        self.addCleanup(self.daemon.close)
        self.stranger, self.anna = Client(self.daemon), Client(self.daemon)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.assertEqual(self.anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.anna.login("anna", PASSWORD), 200)
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 30, "the camera")

    def expect(self, client, method, path, wanted, body=None, **headers):
        status, _, answer = client.ask(method, path, body, **headers)
        self.assertEqual(status, wanted, f"{method} {path} {body} {answer}")
        return answer

    def limited(self, role="viewer"):
        """An account of that role that may see no camera."""
        made = self.expect(self.anna, "POST", "/api/v1/users", 201, {"name": "vera", "role": role})
        client = Client(self.daemon)
        self.assertEqual(client.register(made["invitation"], "vera", PASSWORD)[0], 201)
        self.assertEqual(client.login("vera", PASSWORD), 200)
        return client

    def test_events_and_cameras(self):
        ring = self.expect(self.anna, "POST", "/api/v1/buttons/front/ring", 200)["id"]
        self.hook.wait_for(lambda m: m.event["id"] == ring and m.picture, 20, "the picture of the ring")
        one = f"/api/v1/events/{ring}"
        event = harness.wait_until(lambda: (e := self.expect(self.anna, "GET", one, 200))["snapshot"] and e, 20, "its snapshot")
        self.assertEqual(event["type"], "ring")
        page = self.expect(self.anna, "GET", "/api/v1/events?limit=1", 200)
        self.assertEqual(len(page["events"]), 1)
        self.expect(self.anna, "GET", "/api/v1/events?limit=0", 400)
        self.expect(self.anna, "GET", one.replace(ring[:8], "00000000"), 404)
        self.expect(self.anna, "GET", one + "?x=1", 400)
        picture = one + "/snapshot"
        status, headers, _ = self.anna.ask("GET", picture)
        self.assertEqual(status, 200)
        self.expect(self.anna, "GET", picture, 304, If_None_Match=headers["ETag"])
        self.expect(self.anna, "GET", picture, 206, Range="bytes=0-9")
        self.expect(self.anna, "GET", picture, 206, Range="bytes=0-9,20-29")
        self.expect(self.anna, "GET", picture, 416, Range="bytes=9999999-")
        self.expect(self.anna, "GET", picture + "?x=1", 400)
        self.expect(self.anna, "GET", picture.replace(ring[:8], "00000000"), 404)
        self.assertGreaterEqual(len(self.expect(self.anna, "GET", "/api/v1/cameras", 200)["cameras"]), 2)
        self.expect(self.anna, "GET", "/api/v1/cameras?x=1", 400)
        self.expect(self.anna, "GET", "/api/v1/cameras/front", 200)
        self.expect(self.anna, "GET", "/api/v1/cameras/front/snapshot", 200)
        self.expect(self.anna, "GET", "/api/v1/cameras/off/snapshot", 503)
        vera = self.limited()
        for path in ("/api/v1/cameras/front", "/api/v1/cameras/front/snapshot"):
            self.expect(self.anna, "GET", path + "?x=1", 400)
            self.expect(self.anna, "GET", path.replace("front", "none"), 404)
            self.expect(self.stranger, "GET", path, 401)
            self.expect(vera, "GET", path, 403)
        self.expect(vera, "GET", "/api/v1/events?camera=front", 403)
        self.assertEqual(self.expect(vera, "GET", "/api/v1/events", 200)["events"], [])
        for path in ("/api/v1/events", one, picture, "/api/v1/cameras"):
            self.expect(self.stranger, "GET", path, 401)
        monitor = Client(self.daemon)
        monitor.bearer = self.expect(self.anna, "POST", "/api/v1/tokens", 201, {"name": "m", "kind": "scrape"})["token"]
        for path in (one, picture, "/api/v1/cameras", "/api/v1/events/stream", "/ws"):
            self.expect(monitor, "GET", path, 403)
        for path in ("/api/v1/events/stream", "/ws"):
            self.expect(self.stranger, "GET", path, 401)
            self.expect(self.anna, "GET", path + "?x=1", 400)

    def test_people_and_faces(self):
        vera = self.limited()
        for path in ("/api/v1/people", "/api/v1/faces"):
            self.expect(self.anna, "GET", path, 200)
            self.expect(self.stranger, "GET", path, 401)
            self.expect(vera, "GET", path, 403)
        for verb, path, body in (("PATCH", "/api/v1/people/9", {"name": "Zoe"}), ("DELETE", "/api/v1/people/9", None),
                                 ("GET", "/api/v1/faces/9", None), ("DELETE", "/api/v1/faces/9", None)):
            self.expect(self.anna, verb, path, 404, body)
            self.expect(self.stranger, verb, path, 401, body)
            self.expect(vera, verb, path, 403, body)
        self.expect(self.anna, "PATCH", "/api/v1/people/9", 400, {"unknown": 1})
        self.expect(self.anna, "PATCH", "/api/v1/people/9", 415, {"name": "Zoe"}, Content_Type="text/plain")
        self.expect(self.anna, "PATCH", "/api/v1/people/9", 422, {"listed_as": "friend"})
        event = "0194b041-aa4e-7c3a-9f0e-2b1d4c5e6f70"
        for client, wanted in ((self.anna, 404), (self.stranger, 401), (vera, 403)):
            self.expect(client, "POST", "/api/v1/people", wanted, {"name": "Zoe", "event": event})
        self.expect(self.anna, "POST", "/api/v1/people", 400, {"name": "Zoe", "event": event, "unknown": 1})
        self.expect(self.anna, "POST", "/api/v1/people", 422, {"name": "Zoe", "event": "x"})
        for path in ("/api/v1/people", "/api/v1/faces/identify"):
            self.expect(self.anna, "POST", path, 415, {"name": "Zoe"}, Content_Type="text/plain")
            self.expect(self.stranger, "POST", path, 401, {"name": "Zoe"}, Content_Type="text/plain")

    def test_audit(self):
        page = self.expect(self.anna, "GET", "/api/v1/audit?limit=200", 200)
        self.assertIn("authentication", {record["audit_type"] for record in page["records"]})
        self.assertTrue(self.expect(self.anna, "GET", "/api/v1/audit/verify", 200)["ok"])
        vera = self.limited("user")
        for path in ("/api/v1/audit", "/api/v1/audit/verify"):
            self.expect(self.anna, "GET", path + "?x=1", 400)
            self.expect(self.stranger, "GET", path, 401)
            self.expect(vera, "GET", path, 403)

    def test_log(self):
        told = self.expect(self.anna, "GET", "/api/v1/logs?limit=200", 200)["records"]
        first = next(record for record in told if record["message"].startswith("no account exists"))
        self.assertEqual((first["level"], first["context"]["first_run"]), ("WARNING", "[redacted]"))

        def written():
            return [json.loads(line) for line in harness.whole_lines(self.daemon.log) if line.startswith("{")]

        def what(records):
            return {(record["timestamp"], record["message"]) for record in records}
        # It is told from memory, and written a moment later.
        harness.wait_until(lambda: what(told) <= what(written()), 30, lambda: f"{what(told) - what(written())} in the log")
        self.assertEqual(self.expect(self.anna, "GET", "/api/v1/logs?level=critical", 200)["records"], [])
        vera = self.limited("user")
        self.expect(self.anna, "GET", "/api/v1/logs?level=loud", 400)
        self.expect(self.stranger, "GET", "/api/v1/logs", 401)
        self.expect(vera, "GET", "/api/v1/logs", 403)

    def test_log_levels(self):
        path, vera = "/api/v1/logs/levels", self.limited("user")
        self.assertEqual(self.expect(self.anna, "GET", path, 200)["overrides"], {})
        changed = self.expect(self.anna, "PUT", path, 200, {"overrides": {"doorbell.app": "debug"}})
        self.addCleanup(self.expect, self.anna, "PUT", path, 200, {"overrides": {}})
        self.assertEqual((changed["overrides"], changed["loggers"]["doorbell.app"]), ({"doorbell.app": "debug"}, "debug"))
        self.expect(self.anna, "PUT", path, 400, {"overrides": {"doorbell.app": "loud"}})
        self.expect(self.anna, "PUT", path, 415, {"overrides": {}}, Content_Type="text/plain")
        self.expect(self.anna, "GET", path + "?x=1", 400)
        for client, wanted in ((self.stranger, 401), (vera, 403)):
            self.expect(client, "GET", path, wanted)
            self.expect(client, "PUT", path, wanted, {"overrides": {}})


if __name__ == "__main__":
    unittest.main()
