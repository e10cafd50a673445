# SPDX-License-Identifier: Apache-2.0
"""The server's side of the settings page on the real daemon: from an empty configuration to a camera and a button, what is
refused and leaves everything as it was, whose entries are whose, and where no secret shows."""

import base64
import contextlib
import http.client
import json
import pathlib
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import unittest

import footage_truth
import harness
import secret_search
from accounts_client import Client, first_run_code

PASSWORD = "a long phrase of theirs"
SECRET = "hunter2-of-the-camera"
CAMERAS = "/api/v1/settings/cameras/"


def closed_port(test):
    """Of this machine, where nobody answers."""
    held = socket.socket()
    test.addCleanup(held.close)
    held.bind(("127.0.0.1", 0))
    return held.getsockname()[1]


class SettingsCase(unittest.TestCase):
    def start(self, **config):
        self.daemon = harness.Daemon({"faces": {"enabled": False}, **config})
        self.addCleanup(self.daemon.close)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.anna = Client(self.daemon)
        self.assertEqual(self.anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.anna.login("anna", PASSWORD), 200)
        self.page = self.daemon.state / "config.d/50-page.yaml"

    def member(self, role):
        status, _, invited = self.anna.ask("POST", "/api/v1/users", {"name": role, "role": role})
        self.assertEqual(status, 201)
        member = Client(self.daemon)
        self.assertEqual(member.register(invited["invitation"], role, PASSWORD)[0], 201)
        self.assertEqual(member.login(role, PASSWORD), 200)
        return member

    def put(self, entry, status=200, **keys):
        answer, _, body = self.anna.ask("PUT", "/api/v1/settings/" + entry, keys)
        self.assertEqual(answer, status, body)
        return body

    def delete(self, entry, status=200):
        answer, _, body = self.anna.ask("DELETE", "/api/v1/settings/" + entry)
        self.assertEqual(answer, status, body)
        return body

    def shown(self):
        status, _, body = self.anna.ask("GET", "/api/v1/settings")
        self.assertEqual(status, 200, body)
        return body

    def entry(self, section, name):
        return next((e for e in self.shown()["sections"][section] if e["id"] == name), None)

    def put_at(self, revision, entry, **keys):
        """(status, headers, body) of a change that is to be made at that revision alone."""
        return self.anna.ask("PUT", "/api/v1/settings/" + entry, keys, If_Match=f'"{revision}"')

    def recorded(self, path):
        """(type, operation, result) of every record about it, oldest first."""
        status, _, page = self.anna.ask("GET", "/api/v1/audit?limit=200")
        self.assertEqual(status, 200)
        records = sorted((r for r in page["records"] if r["resource"] == path), key=lambda r: r["index"])
        return [(r["audit_type"], r["action"], r["result"]) for r in records]

    def check(self):
        """What `porchlight check` says of the files as they lie."""
        return subprocess.run([harness.PROGRAM, "check", "--config", self.daemon.config], capture_output=True, text=True, timeout=60)


class RtspSettingsTest(SettingsCase):
    """With a camera that wants a password."""

    def setUp(self):
        if not footage_truth.SERVER.exists():
            self.skipTest("no RTSP test server was built (gstreamer-rtsp-server missing)")
        self.camera = subprocess.Popen([footage_truth.SERVER, "--port", "0", "--user", "viewer", "--password", SECRET, "--gop", "15"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                       preexec_fn=harness.end_with_us)
        self.addCleanup(self.end_camera)
        url = self.camera.stdout.readline().strip()
        if url.startswith("missing: "):
            self.skipTest(f"GStreamer lacks {url.removeprefix('missing: ')}")
        self.url = "rtsp://" + url.rpartition("@")[2].removeprefix("rtsp://")

    def end_camera(self):
        self.camera.kill()
        self.camera.wait()
        self.camera.stdin.close()
        self.camera.stdout.close()

    def trial(self, status=200, **keys):
        answer, _, body = self.anna.ask("POST", CAMERAS + "trial", keys)
        self.assertEqual(answer, status, body)
        return body

    def wait_for_camera(self):
        harness.wait_until(lambda: any(c["state"] == "connected" for c in self.daemon.status()["cameras"]), 60, "the camera")

    def test_a_password_of_the_address_is_tried_without_its_mask_and_none_as_none(self):
        """As the page asks (trial.tsx): what is masked is left out; who takes the password away says so."""
        self.start()
        self.put("cameras/front", url=self.url.replace("rtsp://", f"rtsp://viewer:{SECRET}@"))
        self.assertIn("rtsp://[redacted]@", self.shown()["sections"]["cameras"][0]["value"]["url"])
        self.assertEqual(self.trial(id="front", url=self.url)["codec"], "h264")
        self.assertEqual(self.trial(422, id="front", url=self.url, user="viewer", password="")["reason"], "auth")

    def test_from_nothing_to_a_ring_with_a_picture(self):
        self.start()
        self.assertEqual(self.shown()["sections"], {"cameras": [], "buttons": [], "channels": [], "rules": []})
        self.assertTrue(self.shown()["writable"])
        self.assertFalse(self.page.exists())

        self.assertEqual(self.trial(422, url=self.url, user="viewer", password="wrong")["reason"], "auth")
        dead = self.trial(422, url=f"rtsp://127.0.0.1:{closed_port(self)}/x")
        self.assertEqual(dead["reason"], "network")
        self.assertIn("look whether the camera is on", dead["detail"])
        seen = self.trial(url=self.url, user="viewer", password=SECRET)
        self.assertEqual(seen["codec"], "h264")
        width, height = harness.size_of_jpeg(base64.b64decode(seen["picture"]))
        self.assertLessEqual(width, 640)
        self.assertAlmostEqual(width / height, seen["width"] / seen["height"], delta=0.05)
        self.assertFalse(self.page.exists(), "a trial writes nothing")

        self.assertIn("cameras.front", self.put("cameras/front", url=self.url, user="viewer", password=SECRET, name="Front door")["restarted"])
        self.assertEqual(stat.S_IMODE(self.page.stat().st_mode), 0o600)
        self.wait_for_camera()
        # The stored password does for the same host, and for no other.
        self.assertEqual(self.trial(id="front", url=self.url, user="viewer")["codec"], "h264")
        other = self.url.replace("127.0.0.1", "localhost")
        self.assertEqual(self.trial(422, id="front", url=other, user="viewer")["reason"], "auth")
        self.assertEqual(self.put("cameras/front", 422, url=other, user="viewer")["faults"][0]["key"], "url")

        self.put("buttons/bell", kind="virtual", camera="front", name="Bell")
        status, _, ring = self.anna.ask("POST", "/api/v1/buttons/bell/ring")
        self.assertEqual(status, 200)
        self.assertEqual(ring["camera"], "front")
        self.assertEqual(self.anna.exchange("GET", "/api/v1/cameras/front/snapshot")[0], 200)

        # A password left out stays, another is another, and after a restart everything is as it was.
        self.put("cameras/front", url=self.url, user="viewer", name="Door")
        self.wait_for_camera()
        self.assertEqual(self.entry("cameras", "front"), {
            "id": "front", "value": {"url": self.url, "user": "viewer", "name": "Door"}, "secret": ["password"],
            "origin": "config.d/50-page.yaml", "removable": True})
        self.put("cameras/front", url=self.url, user="viewer", name="Door", password="not-the-right-one")
        harness.wait_until(lambda: self.daemon.status()["cameras"][0]["state"] == "auth_failed", 60, "the camera to refuse")
        self.put("cameras/front", url=self.url, user="viewer", name="Door", password=SECRET)
        self.daemon.stop()
        self.daemon.start()
        self.anna.port = self.daemon.port  # the session goes on
        harness.wait_until(lambda: self.anna.ask("GET", "/api/v1/auth/session")[0] == 200, 60, "the accounts")
        self.wait_for_camera()
        self.assertEqual([b["id"] for b in self.daemon.status()["buttons"]], ["bell"])

        self.assertIn("faults", self.delete("cameras/front", 409))  # the button refers to it
        self.delete("buttons/bell")
        self.delete("cameras/front")
        self.assertEqual(self.daemon.status()["cameras"], [])
        self.no_secret_shows()

    def no_secret_shows(self):
        """Neither in the log, nor anywhere in the state but in the page's own file (which the last change emptied)."""
        audited = self.anna.exchange("GET", "/api/v1/audit?limit=200")
        self.assertIn("/api/v1/settings/cameras/front", json.dumps(audited[2]))
        self.assertEqual(secret_search.found(json.dumps(audited[2]).encode(), SECRET.encode()), [])
        self.assertEqual(secret_search.found(self.daemon.log.read_bytes(), SECRET.encode()), [])
        for file in pathlib.Path(self.daemon.state).rglob("*"):
            if file.is_file():
                self.assertEqual(secret_search.found(file.read_bytes(), SECRET.encode()), [], file)


class SettingsTest(SettingsCase):
    def test_a_fault_changes_nothing(self):
        self.start(cameras=[{"id": "old", "url": "rtsp://127.0.0.1:9/x", "enabled": False}])
        self.put("buttons/bell", kind="virtual")
        before = self.page.read_text()
        refused = self.put("cameras/front", 422, url="rstp://cam/x", enabled=False)
        self.assertEqual([f["key"] for f in refused["faults"]], ["url"])
        self.assertIn("did you mean 'rtsp'?", refused["faults"][0]["message"])
        self.assertEqual(self.put("cameras/front", 422, url="rtsp://c/x", enabeld=True)["faults"][0]["key"], "enabeld")
        program = self.put("cameras/front", 422, url="exec:touch /tmp/no")
        self.assertEqual(program["faults"][0]["key"], "url")
        self.assertIn("main file", program["faults"][0]["message"])
        self.assertEqual(self.put("channels/run", 422, type="exec", command=["/bin/true"])["faults"][0]["key"], "command")
        self.assertEqual(self.put("cameras/front", 422, url="rtsp://c/${file:/etc/shadow}")["faults"][0]["key"], "url")
        self.assertEqual(self.page.read_text(), before)
        self.assertEqual([c["id"] for c in self.daemon.status()["cameras"]], ["old"])
        # The main file has become faulty meanwhile: that is said, and what is there stays.
        self.daemon.write_config({"cameras": [{"id": "old"}]})
        self.assertIn("porchlight.yaml:", self.put("buttons/other", 422, kind="virtual")["faults"][0]["message"])
        self.assertEqual(self.page.read_text(), before)

    def test_what_was_changed_since_is_not_written_over(self):
        """Two administrators with the page open, and somebody with an editor."""
        self.start(cameras=[{"id": "old", "url": "rtsp://127.0.0.1:9/x", "user": "u", "password": SECRET, "enabled": False}])
        _, headers, shown = self.anna.ask("GET", "/api/v1/settings")
        first = shown["revision"]
        self.assertEqual(headers["ETag"], f'"{first}"')
        self.assertEqual(self.shown()["revision"], first)
        second = self.put("buttons/bell", kind="virtual", name="Bell")["revision"]  # names none: at any
        self.assertNotEqual(second, first)
        self.assertEqual(self.shown()["revision"], second)

        before = self.page.read_text()
        status, _, refused = self.put_at(first, "buttons/bell", kind="virtual", name="Mine")
        self.assertEqual((status, refused["detail"]), (412, "the settings were changed since you read them; read them again"))
        self.assertEqual(self.anna.ask("DELETE", "/api/v1/settings/buttons/bell", If_Match=f'"{first}"')[0], 412)
        self.assertEqual(self.put_at(first, "buttons/other", kind="nonsense")[0], 412, "before anything is judged")
        self.assertEqual(self.page.read_text(), before)

        status, headers, made = self.put_at(second, "cameras/old", url="rtsp://127.0.0.1:9/x", user="u", enabled=False, name="Yard")
        self.assertEqual((status, headers["ETag"]), (200, f'"{made["revision"]}"'))
        # Another password shows nowhere but in the revision.
        third = self.put("cameras/old", url="rtsp://127.0.0.1:9/x", user="u", enabled=False, name="Yard", password="another")["revision"]
        self.assertNotEqual(third, made["revision"])
        (self.daemon.state / "config.d/90-mine.yaml").write_text("buttons: [{id: garage, kind: virtual}]\n")
        self.assertEqual(self.put_at(third, "buttons/bell", kind="virtual", name="Mine")[0], 412)
        self.assertEqual(self.anna.ask("PUT", "/api/v1/settings/buttons/bell", {"kind": "virtual"}, If_Match="*")[0], 200)
        last = self.shown()["revision"]
        status, headers, gone = self.anna.ask("DELETE", "/api/v1/settings/buttons/bell", If_Match=f'"0", "{last}"')
        self.assertEqual((status, headers["ETag"]), (200, f'"{gone["revision"]}"'))
        self.assertEqual(self.shown()["revision"], gone["revision"])

    def test_of_many_at_one_revision_one_is_written(self):
        self.start()
        revision = self.shown()["revision"]
        statuses = []
        senders = [threading.Thread(target=lambda n=n: statuses.append(self.put_at(revision, f"buttons/bell{n}", kind="virtual")[0]))
                   for n in range(6)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(120)
        # 429, 503: it was not its turn in time, and nothing was written either.
        self.assertEqual(len(statuses), 6)
        self.assertEqual([status for status in statuses if status not in (412, 429, 503)], [200])
        self.assertEqual(len(self.shown()["sections"]["buttons"]), 1)

    def test_an_entry_made_by_hand_is_laid_over(self):
        self.start(cameras=[{"id": "old", "url": "exec:false", "enabled": False, "name": "Old"}],
                   buttons=[{"id": "bell", "kind": "virtual"}])
        keys = self.entry("cameras", "old")["value"]
        self.put("cameras/old", **{**keys, "name": "Yard"})
        entry = self.entry("cameras", "old")
        self.assertEqual((entry["value"]["name"], entry["origin"], entry["removable"]), ("Yard", "porchlight.yaml", False))
        self.assertNotIn("exec", self.page.read_text())
        self.assertEqual(self.check().returncode, 0)
        self.delete("cameras/old", 409)
        self.delete("cameras/none", 404)
        # Another file that is read later has the last word.
        (self.daemon.state / "config.d/90-mine.yaml").write_text("buttons: [{id: bell, name: Mine}]\n")
        conflict = self.put("buttons/bell", 409, kind="virtual", name="Theirs")
        self.assertIn("config.d/90-mine.yaml", conflict["faults"][0]["message"])

    def test_a_file_written_by_hand_is_left_alone(self):
        self.start()
        self.page.parent.mkdir()
        self.page.write_text("buttons: [{id: bell, kind: virtual}]\n")
        self.assertFalse(self.shown()["writable"])
        self.assertIn("by hand", self.put("buttons/bell", 409, kind="virtual")["detail"])
        self.assertEqual(self.page.read_text(), "buttons: [{id: bell, kind: virtual}]\n")

    def test_a_folder_where_a_file_should_be(self):
        self.start()
        (self.daemon.state / "config.d").write_text("not a folder")
        answer, _, body = self.anna.ask("PUT", "/api/v1/settings/buttons/bell", {"kind": "virtual"})
        self.assertIn(answer, (409, 503), body)
        self.assertEqual(self.daemon.status()["buttons"], [])

    def test_administrators_only_and_from_the_page_only(self):
        self.start()
        others = {"nobody": (Client(self.daemon), 401), **{role: (self.member(role), 403) for role in ("viewer", "user")}}
        for name, (client, refused) in others.items():
            for method, path in (("GET", "/api/v1/settings"), ("PUT", CAMERAS + "front"), ("DELETE", CAMERAS + "front"), ("POST", CAMERAS + "trial"),
                                 ("POST", "/api/v1/settings/channels/hook/test"), ("POST", "/api/v1/settings/rules/trial")):
                self.assertEqual(client.ask(method, path, {"url": "rtsp://c/x"})[0], refused, f"{name} {method} {path}")
        csrf, self.anna.csrf = self.anna.csrf, None
        self.put("buttons/bell", 403, kind="virtual")
        self.anna.csrf = csrf
        for body in ("[]", "{"):
            self.assertEqual(self.anna.exchange("PUT", CAMERAS + "front", body, Content_Type="application/json")[0], 400)
        self.assertEqual(self.anna.exchange("PUT", CAMERAS + "front", "a=1", Content_Type="text/plain")[0], 415)
        self.assertEqual(self.anna.exchange("POST", CAMERAS + "trial", "[]", Content_Type="application/json")[0], 400)
        self.assertEqual(self.anna.exchange("POST", CAMERAS + "trial", "a=1", Content_Type="text/plain")[0], 415)
        self.put("cameras/Front", 400, url="rtsp://c/x")
        self.delete("cameras/Front", 400)
        self.put("server/x", 404, url="rtsp://c/x")
        self.assertFalse(self.page.exists())

    def test_trials_that_are_none(self):
        self.start()
        for keys, reason in (({"url": "exec:touch /tmp/no"}, "unsupported"), ({"url": "file:/etc/passwd"}, "unsupported"),
                             ({"url": "rstp://c/x"}, "validation"), ({"url": "rtsp://c/${ENV:HOME}"}, "validation"),
                             ({}, "validation"), ({"url": "v4l2:/dev/video-none"}, "not_found")):
            status, _, body = self.anna.ask("POST", CAMERAS + "trial", keys)
            self.assertEqual((status, body["reason"]), (422, reason), body)

    def test_one_trial_at_a_time(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.start()
        answers = []
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x"
        waiting = threading.Thread(target=lambda: answers.append(self.anna.ask("POST", CAMERAS + "trial", {"url": url})[0]))
        waiting.start()
        held, _ = silent.accept()
        self.assertEqual(self.anna.ask("POST", CAMERAS + "trial", {"url": url})[0], 429)
        held.close()
        silent.close()
        waiting.join(60)
        self.assertEqual(answers, [422])

    def test_channels_and_rules(self):
        hook = harness.Hook()
        self.addCleanup(hook.close)
        self.start(buttons=[{"id": "bell", "kind": "virtual"}])
        self.put("channels/hook", type="webhook", url=hook.url, secret="hunter2-of-the-hook")
        self.assertNotIn("hunter2", json.dumps(self.shown()))
        status, _, body = self.anna.ask("POST", "/api/v1/settings/channels/hook/test")
        self.assertEqual((status, body["delivered"]), (200, True), body)
        hook.wait_for(lambda messages: messages, 30, "the trial message")
        self.assertEqual(self.recorded("/api/v1/settings/channels/hook/test"),
                         [("data_modification", "test", "begun"), ("data_modification", "test", "success")])
        self.assertEqual(self.anna.ask("POST", "/api/v1/settings/channels/none/test")[0], 404)

        self.assertTrue(self.shown()["rules_usual"])
        made = self.put("rules/bell", when="ring", to=["hook"])
        self.assertIn("until now", made["warnings"][0])
        self.assertFalse(self.shown()["rules_usual"])
        status, _, told = self.anna.ask("POST", "/api/v1/settings/rules/trial", {"event": ["ring", "bell"], "at": "2026-11-27T22:00:00Z"})
        self.assertEqual(status, 200)
        self.assertEqual(told["rules"], ["matched"])
        status, _, refused = self.anna.ask("POST", "/api/v1/settings/rules/trial", {"event": ["ring", "bel"]})
        self.assertEqual(status, 422)
        self.assertIn("did you mean 'bell'", refused["detail"])
        self.assertEqual(self.anna.ask("POST", "/api/v1/settings/rules/trial", {"evnt": 1})[0], 400)
        self.assertEqual(self.anna.exchange("POST", "/api/v1/settings/rules/trial", "a=1", Content_Type="text/plain")[0], 415)
        self.assertEqual(self.delete("channels/hook", 409)["faults"][0]["key"], "")
        self.assertIn("the last rule", self.delete("rules/bell")["warnings"][0])
        self.assertTrue(self.shown()["rules_usual"])
        self.delete("channels/hook")

    def test_a_channel_that_cannot_be_reached_says_why(self):
        mark = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porchlight-mark-"))) / "ran"
        self.start(mqtt={"host": "127.0.0.1", "port": closed_port(self)},
                   notifications={"channels": [{"id": "run", "type": "exec", "command": ["/usr/bin/touch", str(mark)]}]})
        self.assertEqual(self.anna.ask("POST", "/api/v1/settings/channels/mqtt/test")[0], 409)
        status, _, program = self.anna.ask("POST", "/api/v1/settings/channels/run/test")
        self.assertEqual((status, program["detail"]), (409, "a program is tried on the machine itself: porchlight notify test run"))
        self.assertFalse(mark.exists())
        self.assertEqual(self.recorded("/api/v1/settings/channels/run/test"), [])
        self.put("channels/hook", type="webhook", url=f"http://127.0.0.1:{closed_port(self)}/x")
        status, _, body = self.anna.ask("POST", "/api/v1/settings/channels/hook/test")
        self.assertEqual((status, body["delivered"]), (200, False), body)
        self.assertTrue(body["reason"])
        self.assertEqual([r[2] for r in self.recorded("/api/v1/settings/channels/hook/test")], ["begun", "failure"])

    def test_killed_at_any_moment_the_configuration_is_whole(self):
        self.start()
        for number in range(4):
            sender = in_background(lambda: self.put(f"buttons/bell{number}", kind="virtual", name="x" * 500))
            harness.wait_until(lambda: self.page.exists() and f"bell{number}" in self.page.read_text() or not sender.is_alive(), 30,
                               "the new file")
            self.daemon.process.send_signal(signal.SIGKILL)
            self.daemon.process.wait()
            sender.join(60)
            self.assertEqual(self.check().returncode, 0, self.check())
            self.daemon.start()
            self.anna = Client(self.daemon)
            status = harness.wait_until(lambda: (s := self.anna.login("anna", PASSWORD)) != 503 and s, 60, "the accounts")
            self.assertEqual(status, 200)
            self.assertIn(f"bell{number}", [b["id"] for b in self.daemon.status()["buttons"]])


def in_background(call):
    """A request whose answer may never come, because the daemon is killed under it."""
    def run():
        with contextlib.suppress(OSError, http.client.HTTPException):
            call()
    thread = threading.Thread(target=run)
    thread.start()
    return thread


if __name__ == "__main__":
    unittest.main()
