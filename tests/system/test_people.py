# SPDX-License-Identifier: Apache-2.0
"""People, faces and the audit log over the interface: TLS, real pictures, the real recogniser."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import sqlite3
import ssl
import struct
import tempfile
import time
import unittest
import zlib

import harness
import visitors
from accounts_client import Client, first_run_code

PASSWORD = "a long phrase of theirs"
NEEDED = ["known_enrol.jpg", "known_door.jpg", "stranger.jpg", "two_faces.jpg", "no_face.jpg"]
MIB = 1 << 20


def setUpModule():
    global clips
    clips = visitors.clips(NEEDED, visitor="known_door.jpg")


def picture(name):
    return (harness.PICTURES / name).read_bytes()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, rows=None):
    """A grey PNG; its rows compress to next to nothing. Without `rows` it has as many as it says."""
    packer = zlib.compressobj(9)
    row = b"\0" + bytes(width)
    packed = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def with_size(jpeg, width, height):
    """The JPEG with another size in its header."""
    at = re.search(rb"\xff[\xc0-\xc2]\x00.\x08", jpeg, re.S).start()
    return jpeg[:at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9:]


def turned(jpeg, orientation):
    """The JPEG with an Exif orientation."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


class House(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def start(self, camera=True, **more):
        """A daemon before a visitor, and its administrator, logged in."""
        settings = {
            "buttons": [{"id": "front", "kind": "virtual", **({"camera": "front"} if camera else {})}],
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": "ring", "to": ["hook"], "attach": "snapshot"},
                                        {"when": "security", "to": ["hook"]}]},
            **more,
        }
        if camera:
            settings["cameras"] = [{"id": "front", "url": f"file:{clips}/visitor.mp4"}]
        self.daemon = harness.Daemon(settings)
        self.addCleanup(self.daemon.close)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.admin = Client(self.daemon)
        self.assertEqual(self.admin.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.admin.login("anna", PASSWORD), 200)
        if camera:
            harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1
                               and self.daemon.get("/health/ready")[0] == 200, 30, "camera and models")

    def send(self, path, photos, client=None, **fields):
        """Photographs as a form; waits its turn as a polite client does. (status, headers, body)"""
        client = client or self.admin
        parts = [(name, value.encode() if isinstance(value, str) else value) for name, value in fields.items()]
        parts += [("photo", photo) for photo in photos]
        body = b"".join(b'--edge-of-a-part\r\nContent-Disposition: form-data; name="%s"; filename="p.jpg"\r\n\r\n%s\r\n'
                        % (name.encode(), value) for name, value in parts) + b"--edge-of-a-part--\r\n"
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = client.exchange("POST", path, body, Content_Type="multipart/form-data; boundary=edge-of-a-part")
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                # Refused before all of it was sent; what was said may be lost with the connection.
                if time.monotonic() > deadline:
                    raise
            else:
                if answer[0] != 503 or "Retry-After" not in answer[1] or time.monotonic() > deadline:
                    return answer
            time.sleep(0.2)

    def enrol(self, name, *photos):
        return self.send("/api/v1/people", photos, name=name)

    def answer(self):
        ring = self.daemon.ring("front")
        return self.hook.wait_for(lambda m: m.event["id"] == ring and "result" in m.event, 30, "who it is").event

    def records(self, kind):
        lines = harness.whole_lines(self.daemon.state / "audit" / "audit.jsonl")
        return [r for r in map(json.loads, lines) if r["audit_type"] == kind]

    def value_of(self, reference):
        with contextlib.closing(sqlite3.connect(self.daemon.state / "porchlight.db")) as db:
            row = db.execute("SELECT value FROM audit_values WHERE commitment = ?",
                             (reference.removeprefix("commitment:"),)).fetchone()
        return row and row[0]

    def memory(self, key="VmHWM"):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+) kB", status)[1]) * 1024


class PeopleTest(House):
    def test_enrolled_by_upload_renamed_forgotten_and_every_act_on_record(self):
        self.start()
        self.assertEqual(self.answer()["result"], "unknown_person")
        status, headers, body = self.enrol("Anna", picture("known_enrol.jpg"), picture("no_face.jpg"))
        self.assertEqual(status, 201, body)
        self.assertEqual([p["result"] for p in body["photos"]], ["enrolled", "no_face"])
        self.assertEqual(body["photos"][0]["quality"], round(body["photos"][0]["quality"], 4))
        person = body["person"]
        self.assertEqual({**person, "id": 0}, {"id": 0, "name": "Anna", "listed_as": "known", "faces": 1})
        where = f"/api/v1/people/{person['id']}"
        self.assertEqual(headers["Location"], where)
        self.assertEqual(self.daemon.metric("known_faces_database_size"), 1)
        known = self.answer()
        self.assertEqual((known["result"], known["person"]), ("known_person", "Anna"))
        # The same photograph again is no second face; of the commands' hand, neither.
        self.assertEqual(self.enrol("Anna", picture("known_enrol.jpg"))[2]["photos"][0]["result"], "duplicate")
        self.daemon.cli("faces", "enrol", "Anna", harness.PICTURES / "known_enrol.jpg")
        faces = self.admin.ask("GET", "/api/v1/faces")[2]["faces"]
        self.assertEqual(len(faces), 1)
        self.assertEqual(faces[0]["person"], {"id": person["id"], "name": "Anna"})
        self.assertEqual(self.admin.ask("GET", f"/api/v1/faces/{faces[0]['id']}")[2], faces[0])
        status, _, body = self.admin.ask("PATCH", where, {"name": "Berta"})
        self.assertEqual((status, body["name"]), (200, "Berta"))
        self.assertEqual(self.answer()["person"], "Berta")
        # The past says that somebody known was there; the name of before the renaming has to be asked for.
        harness.wait_until(lambda: "Berta" in json.dumps(self.daemon.status()), 20, "her name in the status")
        harness.wait_until(lambda: "Berta" in json.dumps(self.admin.ask("GET", "/api/v1/events?limit=100")[2]), 20, "and in the events")
        self.assertEqual(self.admin.ask("DELETE", where)[0], 204)
        self.assertNotIn("Berta", json.dumps(self.daemon.status()))
        self.assertNotIn("Berta", json.dumps(self.admin.ask("GET", "/api/v1/events?limit=100")[2]))
        self.assertIn("known_person", json.dumps(self.admin.ask("GET", "/api/v1/events?limit=100")[2]))
        self.assertIn("Anna", json.dumps(self.admin.ask("GET", "/api/v1/events?limit=100")[2]))
        self.assertIn("nobody of that name", self.daemon.cli("faces", "forget", "Anna", check=False).stderr)
        self.assertNotIn("Anna", json.dumps(self.admin.ask("GET", "/api/v1/events?limit=100")[2]))
        gone = self.answer()
        self.assertEqual(gone["result"], "unknown_person")
        self.assertNotIn("person", gone)
        self.assertEqual(self.admin.ask("DELETE", where)[0], 404)
        self.assertEqual(self.admin.ask("GET", "/api/v1/people")[2], {"people": []})
        self.daemon.stop()
        acts = [r for r in self.records("data_modification") if not r["resource"].startswith("/api/v1/")]
        by_interface = [r for r in acts if r["ip_address"] != "local"]
        self.assertEqual([(r["action"], r["result"], r["details"]["changes"].split(":")[0]) for r in by_interface],
                         [(action, result, changes) for action, changes in
                          (("add", "1 photographs"), ("add", "1 photographs"), ("update", "commitment"),
                           ("delete", "person forgotten")) for result in ("begun", "success")])
        self.assertEqual({self.value_of(r["user_id"]) for r in by_interface}, {"account:anna"})
        self.assertEqual({self.value_of(r["ip_address"]) for r in by_interface}, {"127.0.0.1"})
        # One person is one commitment until the name ends, by the interface and by the command.
        self.assertEqual(len({r["resource"] for r in acts if r["action"] in ("add", "update")}), 1)
        self.assertEqual(by_interface[4]["details"]["changes"], by_interface[6]["resource"])
        looks = list(dict.fromkeys(r["resource"] for r in self.records("data_access")))
        self.assertEqual(looks, ["/api/v1/faces", f"/api/v1/faces/{faces[0]['id']}", "/api/v1/events", "/api/v1/people"])
        log = (self.daemon.state / "audit" / "audit.jsonl").read_text()
        for name in ("Anna", "Berta"):
            self.assertNotIn(name, log)
            with contextlib.closing(sqlite3.connect(self.daemon.state / "porchlight.db")) as db:
                self.assertEqual(db.execute("SELECT count(*) FROM audit_values WHERE value = ?", (name,)).fetchone(), (0,))
        self.assertEqual(self.daemon.cli("audit", "verify").returncode, 0)

    def test_enrolled_from_a_rings_picture_is_known_at_the_next(self):
        self.start()
        ring = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring and "result" in m.event, 30, "who it is")
        order = {"name": "Anna", "event": ring}
        status, _, body = harness.wait_until(
            lambda: (lambda a: a if a[0] != 404 else None)(self.admin.ask("POST", "/api/v1/people", order)),
            20, "the stored picture")
        self.assertEqual(status, 201, body)
        self.assertEqual([p["result"] for p in body["photos"]], ["enrolled"])
        event = self.answer()
        self.assertEqual((event["result"], event["person"]), ("known_person", "Anna"))
        act = self.records("data_modification")[-1]
        self.assertEqual((act["action"], act["result"], act["details"]["changes"]),
                         ("add", "success", f"1 photographs from event {ring}"))
        unknown = "01900000-0000-7000-8000-000000000000"
        self.assertEqual(self.admin.ask("POST", "/api/v1/people", {"name": "Zoe", "event": unknown})[0], 404)

    def test_blacklisted_person_raises_the_alarm(self):
        self.start()
        person = self.enrol("Anna", picture("known_enrol.jpg"))[2]["person"]["id"]
        self.assertEqual(self.answer()["result"], "known_person")
        labels = dict(event_type="blacklist_match", source="face_recognition", action_taken="alert_sent")
        self.assertEqual(self.daemon.metric("security_events_total", **labels), 0)
        status, _, body = self.admin.ask("PATCH", f"/api/v1/people/{person}", {"listed_as": "blacklisted"})
        self.assertEqual((status, body["listed_as"]), (200, "blacklisted"))
        self.assertEqual(self.answer()["result"], "blacklist_match")
        harness.wait_until(lambda: self.daemon.metric("security_events_total", **labels) == 1, 20, "the security event")
        incident = harness.wait_until(lambda: self.records("security_event"), 30, "its record")[0]
        self.assertEqual(self.value_of(incident["details"]["person_id"]), "Anna")

    def test_a_name_is_one_persons(self):
        self.start(camera=False)
        self.enrol("Anna", picture("known_enrol.jpg"))
        other = self.enrol("Berta", picture("stranger.jpg"))[2]["person"]["id"]
        self.assertEqual(self.admin.ask("PATCH", f"/api/v1/people/{other}", {"name": "Anna"})[0], 409)
        self.assertEqual([p["name"] for p in self.admin.ask("GET", "/api/v1/people")[2]["people"]], ["Anna", "Berta"])

    def test_a_single_face_is_forgotten(self):
        self.start(camera=False)
        person = self.enrol("Anna", picture("known_enrol.jpg"), picture("known_door.jpg"))[2]["person"]
        first, second = (f["id"] for f in self.admin.ask("GET", "/api/v1/faces")[2]["faces"])
        self.assertEqual(self.admin.ask("DELETE", f"/api/v1/faces/{first}")[0], 204)
        self.assertEqual(self.admin.ask("DELETE", f"/api/v1/faces/{first}")[0], 404)
        self.assertEqual([f["id"] for f in self.admin.ask("GET", "/api/v1/faces")[2]["faces"]], [second])
        self.assertEqual([p["id"] for p in self.admin.ask("GET", "/api/v1/people")[2]["people"]], [person["id"]])

    def test_nobody_is_looked_for_in_what_is_no_photograph(self):
        self.start(camera=False)
        status, _, problem = self.send("/api/v1/faces/identify", [picture("known_enrol.jpg")[:3000]])
        self.assertEqual((status, [p["result"] for p in problem["photos"]]), (422, ["unreadable"]))
        self.assertEqual(problem["photos"][0]["detail"], problem["detail"])
        self.assertEqual(self.send("/api/v1/faces/identify", [])[0], 400)
        self.assertEqual(self.admin.exchange("POST", "/api/v1/faces/identify", b"Dear Anna", Content_Type="text/plain")[0], 415)

    def test_says_who_is_in_a_photograph(self):
        self.start(camera=False)
        self.enrol("Anna", picture("known_enrol.jpg"))
        status, _, body = self.send("/api/v1/faces/identify", [picture("known_door.jpg")])
        self.assertEqual(status, 200, body)
        face, = body["faces"]
        self.assertEqual((face["result"], face["person"]), ("known_person", "Anna"))
        command = json.loads(self.daemon.cli("faces", "identify", "--json", harness.PICTURES / "known_door.jpg").stdout)[0]
        self.assertLess(abs(face["distance"] - command["distance"]), 0.05)
        self.assertTrue(all(0 <= part <= 1 for part in face["box"]), face["box"])
        stranger, = self.send("/api/v1/faces/identify", [picture("stranger.jpg")])[2]["faces"]
        self.assertEqual(stranger["result"], "unknown_person")
        self.assertNotIn("person", stranger)
        self.assertEqual(len(self.send("/api/v1/faces/identify", [picture("two_faces.jpg")])[2]["faces"]), 2)
        self.assertEqual(self.send("/api/v1/faces/identify", [picture("no_face.jpg")])[2], {"faces": []})
        # How the telephone was held counts: what says that it lies upside down is turned, and shows nobody then.
        for orientation, names in ((1, ["Anna"]), (3, [])):
            faces = self.send("/api/v1/faces/identify", [turned(picture("known_door.jpg"), orientation)])[2]["faces"]
            self.assertEqual([face["person"] for face in faces if "person" in face], names, orientation)
        asked = harness.wait_until(lambda: (lambda r: r if len(r) == 6 else None)(self.records("data_access")), 10,
                                   "six records")
        self.assertEqual({(r["action"], r["resource"]) for r in asked}, {("read", "/api/v1/faces/identify")})

    def test_who_may_and_who_may_not(self):
        self.start(camera=False)
        person = self.enrol("Anna", picture("known_enrol.jpg"))[2]["person"]["id"]
        for role in ("user", "viewer"):
            invited = self.admin.ask("POST", "/api/v1/users", {"name": role, "role": role, "all_cameras": True})[2]
            client = Client(self.daemon)
            self.assertEqual(client.register(invited["invitation"], role, PASSWORD)[0], 201)
            self.assertEqual(client.login(role, PASSWORD), 200)
            self.assertEqual(client.ask("GET", "/api/v1/people")[0], 200 if role == "user" else 403)
            self.assertEqual(client.ask("GET", "/api/v1/faces")[0], 200 if role == "user" else 403)
            self.assertEqual(client.ask("PATCH", f"/api/v1/people/{person}", {"name": "Zoe"})[0], 403)
            self.assertEqual(client.ask("DELETE", f"/api/v1/people/{person}")[0], 403)
            self.assertEqual(client.ask("GET", "/api/v1/audit")[0], 403)
            self.assertEqual(client.ask("GET", "/api/v1/audit/verify")[0], 403)
            for path in ("/api/v1/people", "/api/v1/faces/identify"):
                self.assertEqual(self.send(path, [b"small"], client)[0], 403)
        self.assertEqual(self.send("/api/v1/people", [b"small"], Client(self.daemon), name="Zoe")[0], 401)
        self.assertEqual([p["name"] for p in self.admin.ask("GET", "/api/v1/people")[2]["people"]], ["Anna"])

    def test_unfit_photographs_and_bombs_are_refused_in_bounded_memory(self):
        self.start(camera=False)
        self.assertEqual(self.enrol("Anna", picture("known_enrol.jpg"))[0], 201)  # the models are loaded now
        before = self.memory()
        good = picture("known_enrol.jpg")
        unfit = {
            "no face": (picture("no_face.jpg"), "no_face"),
            "two faces": (picture("two_faces.jpg"), "several_faces"),
            "cut off": (good[:3000], "unreadable"),
            "a letter": (b"Dear Anna,", "unreadable"),
            "a zip that says PNG": (b"\x89PNG\r\n\x1a\nPK\x03\x04" + bytes(1000), "unreadable"),
            "nothing": (b"", "unreadable"),
            "monstrous PNG": (png(50_000, 50_000, 10), "too_large"),
            "monstrous JPEG": (with_size(good, 65_000, 65_000), "too_large"),
            "JPEG that promises more": (with_size(good, 4_000, 4_000), "unreadable"),
            "PNG with too few rows": (png(4_000, 4_000, 10), "unreadable"),
            "largest PNG": (png(5_000, 5_000), "no_face"),
            "strip": (png(1_000_000, 25), "no_face"),
            "one pixel": (png(1, 1), "no_face"),
        }
        for name, (photo, result) in unfit.items():
            status, _, body = self.enrol("Berta", photo)
            self.assertEqual((status, [p["result"] for p in body["photos"]]), (422, [result]), f"{name}: {body}")
            self.assertEqual(body["photos"][0]["detail"], body["detail"])
        status, _, body = self.enrol("Berta", *(photo for photo, _ in unfit.values()))
        self.assertEqual((status, [p["result"] for p in body["photos"]]), (422, [result for _, result in unfit.values()]))
        # What stands behind the picture, and how it is turned, is no reason to refuse.
        self.assertEqual(self.enrol("Anna", good + bytes(100_000))[0], 201)
        self.assertEqual(self.enrol("Anna", turned(good, 1))[0], 201)
        for name in ("An\nna", "An\x1b[31mna", "An\x7fna", "An\u0085na", " Anna", "", "x" * 101):
            self.assertEqual(self.enrol(name, good)[0], 422, repr(name))
        self.assertEqual(self.send("/api/v1/people", [good], name=b"An\xffna")[0], 422)
        self.assertEqual(self.admin.ask("POST", "/api/v1/people", {"name": "Zoe", "event": "x" * 20_000})[0], 413)
        self.assertLess(self.memory() - before, 150 * MIB)
        people = self.admin.ask("GET", "/api/v1/people")[2]["people"]
        self.assertEqual([(p["name"], p["faces"]) for p in people], [("Anna", 3)])
        self.assertEqual(self.daemon.get("/health/live")[0], 200)
        self.assertIn(self.daemon.metric("pipeline_worker_restarts_total", worker_type="sync"), (0, None))

    def test_large_uploads_all_at_once_stay_bounded(self):
        self.start(camera=False)
        self.assertEqual(self.enrol("Anna", picture("known_enrol.jpg"))[0], 201)
        before = self.memory()
        large = picture("known_enrol.jpg") + bytes(9 * MIB)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda _: self.enrol("Anna", large)[0], range(8)))
        self.assertEqual(done, [201] * 8)
        self.assertLess(self.memory() - before, 150 * MIB)
        self.assertEqual(self.admin.ask("GET", "/api/v1/people")[2]["people"][0]["faces"], 2)

    def test_a_ring_goes_before_twenty_photographs(self):
        self.start()
        self.enrol("Anna", picture("known_enrol.jpg"))
        self.assertEqual(self.answer()["person"], "Anna")
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            uploads = [pool.submit(self.send, "/api/v1/faces/identify", [picture("two_faces.jpg")]) for _ in range(20)]
            first = self.answer().get("person")
            waiting = sum(not upload.done() for upload in uploads)
            names = [first] + [self.answer().get("person") for _ in range(2)]
            results = [upload.result() for upload in uploads]
        self.assertEqual(names, ["Anna"] * 3)
        self.assertGreater(waiting, 0, "the ring waited for the photographs")
        self.assertEqual([status for status, _, _ in results], [200] * 20)

    def test_without_models_photographs_are_refused_and_the_bell_rings(self):
        empty = tempfile.TemporaryDirectory()
        self.addCleanup(empty.cleanup)
        os.environ["PORCHLIGHT_MODELS"] = empty.name
        self.addCleanup(os.environ.pop, "PORCHLIGHT_MODELS")
        self.start(camera=False)
        begun = time.monotonic()
        status, headers, body = self.admin_sends_once(picture("known_enrol.jpg"))
        self.assertEqual((status, headers["Retry-After"]), (503, "2"))
        self.assertIn("models cannot be loaded", body["detail"])
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual(self.records("data_modification")[-1]["resource"], "/api/v1/auth/register")
        ring = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "a ring all the same")

    def admin_sends_once(self, photo):
        body = (b'--edge-of-a-part\r\nContent-Disposition: form-data; name="name"\r\n\r\nAnna\r\n'
                b'--edge-of-a-part\r\nContent-Disposition: form-data; name="photo"\r\n\r\n' + photo
                + b"\r\n--edge-of-a-part--\r\n")
        return self.admin.exchange("POST", "/api/v1/people", body, Content_Type="multipart/form-data; boundary=edge-of-a-part")

    def test_a_change_that_cannot_be_recorded_is_refused(self):
        self.start(camera=False)
        person = self.enrol("Anna", picture("known_enrol.jpg"))[2]["person"]["id"]
        log = self.daemon.state / "audit" / "audit.jsonl"
        log.rename(self.daemon.folder / "kept")
        log.mkdir()
        where = f"/api/v1/people/{person}"
        self.assertEqual(self.admin_sends_once(picture("stranger.jpg"))[0], 503)
        self.assertEqual(self.admin.ask("PATCH", where, {"listed_as": "blacklisted"})[0], 503)
        self.assertEqual(self.admin.ask("PATCH", where, {"name": "Zoe"})[0], 503)
        self.assertEqual(self.admin.ask("DELETE", where)[0], 503)
        levels = "/api/v1/logs/levels"
        self.assertEqual(self.admin.ask("PUT", levels, {"overrides": {"doorbell.app": "debug"}})[0], 503)
        self.assertEqual(self.admin.ask("GET", levels)[2]["overrides"], {})
        people = self.admin.ask("GET", "/api/v1/people")[2]["people"]
        self.assertEqual([(p["name"], p["listed_as"], p["faces"]) for p in people], [("Anna", "known", 1)])
        log.rmdir()
        (self.daemon.folder / "kept").rename(log)
        self.assertEqual(self.admin.ask("PATCH", where, {"listed_as": "blacklisted"})[0], 200)


class AuditOverHttpTest(House):

    def every_record(self):
        """(lines of all pages, oldest first)"""
        lines, cursor = [], ""
        while True:
            status, _, body = self.admin.ask("GET", f"/api/v1/audit?limit=5{cursor and '&cursor=' + cursor}")
            self.assertEqual(status, 200, body)
            lines = [json.dumps(r, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
                     for r in reversed(body["records"])] + lines
            if not body["next_cursor"]:
                return lines
            cursor = body["next_cursor"]

    def test_pages_are_the_file_and_verification_names_the_first_fault(self):
        self.start(camera=False, faces={"enabled": False})
        for _ in range(4):
            self.daemon.cli("reload")
        self.admin.ask("GET", "/api/v1/audit?limit=1")
        log = self.daemon.state / "audit" / "audit.jsonl"
        harness.wait_until(lambda: any(r["resource"] == "/api/v1/audit" for r in self.records("data_access")), 10,
                           "the record of reading it")
        self.assertEqual(self.every_record(), log.read_text().splitlines())
        only = self.admin.ask("GET", "/api/v1/audit?audit_type=authentication&user=anna")[2]["records"]
        self.assertEqual([(r["action"], r["result"]) for r in only], [("login", "success")])
        self.assertEqual(self.admin.ask("GET", "/api/v1/audit?user=nobody")[2]["records"], [])
        verdict = self.admin.ask("GET", "/api/v1/audit/verify")[2]
        self.assertEqual((verdict["ok"], verdict["fault"]), (True, None))
        command = json.loads(self.daemon.cli("audit", "verify", "--json").stdout)
        self.assertEqual(verdict["key_source"], command["key_source"])
        self.assertEqual(self.admin.ask("GET", "/api/v1/audit/verify?start_index=2&end_index=5")[2]["checked"], 3)
        # What is synced is known outside the log.
        head = self.daemon.state / "audit.head"
        harness.wait_until(lambda: any(r["resource"] == "/api/v1/audit/verify" for r in self.records("data_access"))
                           and json.loads(head.read_text())["index"] == len(log.read_text().splitlines()) - 1, 10,
                           "the log's end in audit.head")
        text = log.read_text()
        lines = text.splitlines(keepends=True)
        lines[3] = lines[3].replace("begun", "ended", 1) if "begun" in lines[3] else lines[3].replace("2", "3", 1)
        log.write_text("".join(lines))
        for client_says in (self.admin.ask("GET", "/api/v1/audit/verify")[2],
                            json.loads(self.daemon.cli("audit", "verify", "--json", check=False).stdout)):
            self.assertEqual((client_says["ok"], client_says["fault"], client_says["first_bad"]), (False, "bad_hash", 3))
        self.assertTrue(self.admin.ask("GET", "/api/v1/audit/verify?start_index=0&end_index=3")[2]["ok"])
        log.write_text(text[:text.rindex("\n", 0, -1) + 1])
        verdict = self.admin.ask("GET", "/api/v1/audit/verify")[2]
        self.assertEqual((verdict["fault"], verdict["first_bad"]), ("truncated", len(lines) - 1))
        # It can be read while it cannot be written.
        self.assertEqual(self.admin.ask("GET", "/api/v1/audit")[0], 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
