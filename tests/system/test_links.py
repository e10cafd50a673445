#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The links of messages on the real daemon: looking changes nothing, answering happens once and reaches the others."""

import contextlib
import pathlib
import sqlite3
import sys
import tempfile
import time
import unittest

import harness
from accounts_client import Client, first_run_code
from link_client import Browser, mint

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

PASSWORD = "a long phrase of theirs"
# What a link may write to; looks are in the audit log, and what they commit to in audit_values.
TABLES = ["events", "event_changes", "outbox", "acknowledgements", "alerts", "persons", "faces", "users", "sessions",
          "tokens", "invitations", "recovery_codes", "recognition_labels"]


class Links(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-links-")
        self.addCleanup(folder.cleanup)
        video = pathlib.Path(folder.name) / "porch.mp4"
        clip.make(video, [], 4)
        self.mum, self.dad = harness.Hook(), harness.Hook()
        self.addCleanup(self.mum.close)
        self.addCleanup(self.dad.close)
        self.daemon = harness.Daemon({
            "server": {"listen": "127.0.0.1:0", "public_url": "https://door.example.org"},
            "log": {"level": "debug"},
            "cameras": [{"id": "front", "url": f"file:{video}"}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}],
            "faces": {"enabled": False},
            "notifications": {"channels": [{"id": "mum", "type": "webhook", "url": self.mum.url},
                                           {"id": "dad", "type": "webhook", "url": self.dad.url, "language": "de"}],
                              "rules": [{"when": "ring", "to": ["mum", "dad"], "attach": "snapshot"}]},
        })
        self.addCleanup(self.daemon.close)
        self.browser = Browser(self.daemon)
        harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code, which is written late")
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 30, "the camera")

    def ring(self):
        """A ring that both were told of, with its picture."""
        ring = self.daemon.ring("front")
        for hook in (self.mum, self.dad):
            hook.wait_for(lambda m: m.event["id"] == ring and m.picture, 30, "the ring with its picture")
        harness.wait_until(lambda: self.rows("SELECT count(*) FROM outbox WHERE state = 'pending'") == [(0,)]
                           and self.rows("SELECT count(*) FROM events WHERE id = ? AND snapshot IS NOT NULL", ring) == [(1,)],
                           20, "the outcomes, and the picture in the log")
        return ring

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.daemon.state / "porchlight.db")) as database:
            return database.execute(sql, values).fetchall()

    def contents(self):
        return {table: self.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}

    def test_looking_has_no_effect(self):
        link = "/l/" + mint(self.daemon, self.ring(), "mum")
        before = self.contents()
        for _ in range(3):
            status, headers, page = self.browser.ask("GET", link)
            self.assertEqual(status, 200)
            self.assertIn("Someone is at the door", page.decode())
            self.assertIn(f'src="{link}/snapshot"', page.decode())
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(self.browser.ask("HEAD", link)[0], 200)
            self.assertEqual(self.browser.ask("GET", link + "?action=acknowledge")[0], 200)
            status, headers, picture = self.browser.ask("GET", link + "/snapshot")
            self.assertEqual((status, picture[:2]), (200, b"\xff\xd8"))
            self.assertEqual(self.browser.ask("HEAD", link + "/snapshot")[0], 200)
        time.sleep(1.5)  # whatever would be written late is written by then
        self.assertEqual(self.contents(), before)
        self.assertEqual(self.browser.ask("POST", link, {"action": "acknowledge"})[0], 200)
        self.assertNotEqual(self.contents(), before)

    def test_an_answer_happens_once_reaches_the_others_and_survives(self):
        ring = self.ring()
        mum, dad = ("/l/" + mint(self.daemon, ring, channel) for channel in ("mum", "dad"))
        reply = "I'm coming & bring <cake> ü"
        self.assertEqual(self.browser.ask("POST", mum, {"action": "reply", "text": reply})[0], 200)
        message = self.dad.wait_for(lambda m: m.event["type"] == "reply", 20, "the reply").event
        self.assertEqual((message["id"], message["text"], message["by"], message["camera"]), (ring, reply, "mum", "front"))
        self.daemon.kill()
        self.daemon.start()
        self.browser = Browser(self.daemon)
        status, _, page = self.browser.ask("POST", dad, {"action": "acknowledge"})
        self.assertEqual(status, 409)
        self.assertIn("<b>mum</b>", page.decode())
        self.assertIn("kümmert sich", page.decode())
        self.assertEqual(self.browser.ask("POST", mum, {"action": "reply", "text": "again"})[0], 409)
        self.assertEqual(self.browser.ask("POST", dad, {"action": "reply", "text": "Gut"})[0], 200)
        self.mum.wait_for(lambda m: m.event["type"] == "reply" and m.event["by"] == "dad", 20, "the other reply")
        self.assertEqual(self.rows("SELECT kind, who, text FROM acknowledgements WHERE event_id = ? ORDER BY at_ms, kind", ring),
                         [("acknowledge", "link:mum", ""), ("reply", "link:mum", reply), ("reply", "link:dad", "Gut")])
        self.assertNotIn("reply", [m.event["type"] for m in self.mum.messages if m.event.get("by") == "mum"])
        self.assertNotIn("reply", [m.event["type"] for m in self.dad.messages if m.event.get("by") == "dad"])

    def test_what_a_link_is_not_good_for(self):
        ring = self.ring()
        link = mint(self.daemon, ring, "mum")
        ask = self.browser.ask
        expired = "/l/" + mint(self.daemon, ring, "mum", time.time() - 1)
        for method, path, form in (("GET", expired, None), ("GET", expired + "/snapshot", None),
                                   ("POST", expired, {"action": "acknowledge"})):
            self.assertEqual(ask(method, path, form)[0], 410)
        for other in (link[:-1] + ("A" if link[-1] != "A" else "Q"), mint(self.daemon, ring, "gone"),
                      mint(self.daemon, ring.replace(ring[:8], "00000000"), "mum")):
            self.assertEqual(ask("GET", "/l/" + other)[0], 404)
            self.assertEqual(ask("GET", f"/l/{other}/snapshot")[0], 404)
            self.assertEqual(ask("POST", "/l/" + other, {"action": "acknowledge"})[0], 404)
        path = "/l/" + link
        self.assertEqual(ask("POST", path, {"action": "open"})[0], 400)
        self.assertEqual(ask("POST", path, {"action": "acknowledge"}, Origin="https://evil.example")[0], 403)
        self.assertEqual(ask("POST", path, {"action": "acknowledge"}, Content_Type="text/plain")[0], 415)
        picture = path + "/snapshot"
        tag = ask("GET", picture)[1]["ETag"]
        self.assertEqual(ask("GET", picture, If_None_Match=tag)[0], 304)
        self.assertEqual(ask("GET", picture, Range="bytes=0-9")[0], 206)
        self.assertEqual(ask("GET", picture, Range="bytes=9999999-")[0], 416)
        stranger = Client(self.daemon)
        stranger.bearer = link
        # 503 until the accounts are read.
        harness.wait_until(lambda: stranger.ask("POST", "/api/v1/buttons/front/ring")[0] == 401, 20, "the refusal")
        self.assertEqual(self.rows("SELECT * FROM acknowledgements"), [])
        for _ in range(61):
            status = ask("GET", path)[0]
        self.assertEqual(status, 429)
        self.assertEqual(ask("GET", picture)[0], 429)
        self.assertEqual(ask("POST", path, {"action": "acknowledge"})[0], 429)

    def test_the_token_is_in_no_log_and_no_audit_record(self):
        ring = self.ring()
        link = mint(self.daemon, ring, "mum")
        for path in (f"/l/{link}", f"/l/{link}/snapshot", f"/l/{link}x", f"/l/{link}/door", f"/l/{link}?x={link}"):
            self.browser.ask("GET", path)
        self.browser.ask("POST", f"/l/{link}", {"action": "acknowledge"}, Origin="https://evil.example")
        self.browser.ask("POST", f"/l/{link}", {"action": "reply", "text": "soon"}, Referer=f"https://door.example.org/l/{link}")
        self.browser.ask("PUT", f"/l/{link}", {"action": "acknowledge"})
        self.assertEqual(self.daemon.stop(), 0)
        places = [self.daemon.log, *(p for p in self.daemon.state.rglob("*") if p.is_file())]
        trail = b"".join(path.read_bytes() for path in places)
        self.assertIn(b"link:mum", trail)
        self.assertEqual([str(p) for p in places if link.encode() in p.read_bytes()], [])

    def test_an_account_acknowledges(self):
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        anna = Client(self.daemon)
        self.assertEqual(anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(anna.login("anna", PASSWORD), 200)
        ring = self.ring()
        path = f"/api/v1/events/{ring}/acknowledge"
        for body, wanted in (({"reply": ""}, 422), ({"who": "x"}, 400)):
            self.assertEqual(anna.ask("POST", path, body)[0], wanted)
        self.assertEqual(anna.ask("POST", path, {}, Content_Type="text/plain")[0], 415)
        self.assertEqual(Client(self.daemon).ask("POST", path, {})[0], 401)
        self.assertEqual(anna.ask("POST", path.replace(ring[:8], "00000000"), {})[0], 404)
        made = anna.ask("POST", "/api/v1/users", {"name": "vera", "role": "viewer", "cameras": ["front"]})[2]
        vera = Client(self.daemon)
        self.assertEqual(vera.register(made["invitation"], "vera", PASSWORD)[0], 201)
        self.assertEqual(vera.login("vera", PASSWORD), 200)
        self.assertEqual(vera.ask("POST", path, {})[0], 403)
        status, _, answered = anna.ask("POST", path, {"reply": "Ich bin gleich da"})
        self.assertEqual((status, answered["replied"], answered["acknowledged"]["by"]), (200, True, "anna"))
        for hook in (self.mum, self.dad):
            hook.wait_for(lambda m: m.event["type"] == "reply" and m.event["by"] == "anna", 20, "the reply")
        self.assertEqual(anna.ask("POST", path, {})[0], 409)
        self.assertEqual(vera.ask("GET", f"/api/v1/events/{ring}")[2]["acknowledged"], answered["acknowledged"])
        self.assertIn("<b>anna</b>", self.browser.ask("GET", "/l/" + mint(self.daemon, ring, "mum"))[2].decode())


class Escalation(unittest.TestCase):
    def test_who_acknowledges_keeps_the_neighbour_in_peace(self):
        mum, neighbour = harness.Hook(), harness.Hook()
        self.addCleanup(mum.close)
        self.addCleanup(neighbour.close)
        daemon = harness.Daemon({
            "server": {"listen": "127.0.0.1:0", "public_url": "https://door.example.org"},
            "buttons": [{"id": "front", "kind": "virtual"}],
            "faces": {"enabled": False},
            "notifications": {"channels": [{"id": "mum", "type": "webhook", "url": mum.url},
                                           {"id": "neighbour", "type": "webhook", "url": neighbour.url}],
                              "rules": [{"when": "ring", "to": ["mum"], "escalate": {"after": "20s", "to": ["neighbour"]}}]},
        })
        self.addCleanup(daemon.close)
        harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
        seen = daemon.ring("front")
        mum.wait_for(lambda m: m.event["id"] == seen, 20, "the ring")
        status, _, page = Browser(daemon).ask("POST", "/l/" + mint(daemon, seen, "mum"), {"action": "reply", "text": "I'm coming"})
        self.assertEqual(status, 200, page)
        unseen = daemon.ring("front")
        told = neighbour.wait_for(lambda m: m.event["id"] == unseen, 90, "the ring that nobody saw to")
        self.assertTrue(told.event["escalation"])
        # Neither the ring that was seen to, whose time was before, nor what was said about it.
        self.assertEqual({m.event["id"] for m in neighbour.messages}, {unseen})


if __name__ == "__main__":
    unittest.main()
