# SPDX-License-Identifier: Apache-2.0
"""Looking at the door from outside: events, their pictures, the cameras' pictures, events as they come."""

import contextlib
import http.client
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

import harness
from accounts_client import Client, first_run_code
from stream_client import Listener, WebSocket

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

PASSWORD = "a long phrase of theirs"
STREAM = "/api/v1/events/stream"


def setUpModule():
    global clips
    clips = tempfile.TemporaryDirectory(prefix="porchlight-clips-")
    folder = pathlib.Path(clips.name)
    clip.make(folder / "front.mp4", [], 3)
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "color=c=0x20a030:s=640x360:r=10",
                    "-t", "3", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "10",
                    str(folder / "back.mp4")], check=True)


def tearDownModule():
    clips.cleanup()


def colour(source):
    """The mean colour of a picture's bytes, or of a film's first frame."""
    given = ["-f", "mjpeg", "-i", "-"] if isinstance(source, bytes) else ["-i", str(source)]
    done = subprocess.run(["ffmpeg", "-v", "error", *given, "-frames:v", "1", "-vf", "scale=1:1:flags=area", "-f",
                           "rawvideo", "-pix_fmt", "rgb24", "-"], input=source if isinstance(source, bytes) else None,
                          stdin=None if isinstance(source, bytes) else subprocess.DEVNULL, capture_output=True,
                          check=True)
    return tuple(done.stdout)


class Events(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon({
            "cameras": [{"id": name, "name": name.title(), "url": f"file:{clips.name}/{name}.mp4"}
                        for name in ("front", "back")],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"},
                        {"id": "back", "kind": "virtual", "camera": "back"},
                        {"id": "gate", "kind": "virtual"}],
            "faces": {"enabled": False},
        })
        self.addCleanup(self.daemon.close)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.anna = Client(self.daemon)
        self.assertEqual(self.anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.anna.login("anna", PASSWORD), 200)

    def pictures(self):
        """Until both cameras show something."""
        harness.wait_until(lambda: all(self.daemon.metric("camera_connection_status", camera_id=name) == 1
                                       for name in ("front", "back")), 60, "both cameras")

    def invite(self, name, role, cameras):
        status, _, made = self.anna.ask("POST", "/api/v1/users", {"name": name, "role": role, "cameras": cameras})
        self.assertEqual(status, 201, made)
        client = Client(self.daemon)
        self.assertEqual(client.register(made["invitation"], name, PASSWORD)[0], 201)
        self.assertEqual(client.login(name, PASSWORD), 200)
        return client

    def change(self, name, **what):
        users = self.anna.ask("GET", "/api/v1/users")[2]
        users = users["users"] if isinstance(users, dict) else users
        number = next(u["id"] for u in users if u["name"] == name)
        self.assertEqual(self.anna.ask("PATCH", f"/api/v1/users/{number}", what)[0], 200)

    def listener(self, kind, client, path, **headers):
        made = kind(client, path, **headers)
        self.addCleanup(made.close)
        return made

    def both(self, client, query=""):
        return [self.listener(Listener, client, STREAM + query), self.listener(WebSocket, client, "/ws" + query)]

    def fetch(self, client, path, **headers):
        """(status, headers, bytes)"""
        connection = http.client.HTTPSConnection("127.0.0.1", client.port, timeout=30, context=client.trusted)
        connection.request("GET", path, headers={"Cookie": client.cookie,
                                                 **{k.replace("_", "-"): v for k, v in headers.items()}})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def rejections(self):
        return {reason: self.daemon.metric("http_request_rejections_total", reason=reason)
                for reason in ("path_traversal", "injection_suspected", "malformed")}

    def near(self, picture, scene):
        wanted = colour(pathlib.Path(clips.name) / f"{scene}.mp4")
        return all(abs(a - b) <= 12 for a, b in zip(colour(picture), wanted))

    def looks(self, name):
        """What the audit log says that this account looked at."""
        with contextlib.closing(sqlite3.connect(self.daemon.state / "porchlight.db")) as db:
            row = db.execute("SELECT commitment FROM audit_values WHERE value = ?", (f"account:{name}",)).fetchone()
        lines = map(json.loads, harness.whole_lines(self.daemon.state / "audit" / "audit.jsonl"))
        return [r["resource"] for r in lines if r["audit_type"] == "data_access" and r["action"] == "view"
                and row and r["user_id"] == f"commitment:{row[0]}"]

    def test_ring_is_listed_shown_and_told_to_those_who_listen(self):
        self.pictures()
        listeners = self.both(self.anna)
        self.assertEqual([each.status for each in listeners], [200, 101])
        self.assertEqual(self.daemon.metric("websocket_connections"), 1)
        ring = self.daemon.ring("front")
        for each in listeners:
            told = each.wait_for(lambda e: e["id"] == ring and e["snapshot"], "the ring and its picture")[1]
            self.assertEqual((told["type"], told["camera"], told["button"]), ("ring", "front", "front"))
        page = self.anna.ask("GET", "/api/v1/events?type=ring")[2]
        self.assertEqual(([e["id"] for e in page["events"]], page["next_cursor"]), ([ring], None))
        self.assertEqual(page["events"][0], told)
        self.assertEqual(self.anna.ask("GET", f"/api/v1/events/{ring}")[2], told)
        status, headers, picture = self.fetch(self.anna, told["snapshot"])
        self.assertEqual((status, headers["Content-Type"], headers["Cache-Control"]), (200, "image/jpeg", "no-store"))
        self.assertTrue(picture.startswith(b"\xff\xd8") and picture.endswith(b"\xff\xd9"))
        self.assertTrue(self.near(picture, "front") and not self.near(picture, "back"), colour(picture))
        self.assertEqual(self.fetch(self.anna, told["snapshot"], If_None_Match=headers["ETag"])[0], 304)
        self.assertEqual(self.fetch(self.anna, told["snapshot"], Range="bytes=0-1")[2], b"\xff\xd8")
        wanted = {"/api/v1/events", f"/api/v1/events/{ring}", told["snapshot"], STREAM, "/ws"}
        harness.wait_until(lambda: wanted <= set(self.looks("anna")), 30, "the records of the looks")
        self.assertEqual(len(self.looks("anna")), len(wanted))
        done = self.daemon.cli("audit", "verify")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_cameras_show_what_they_see_now(self):
        self.pictures()
        cameras = self.anna.ask("GET", "/api/v1/cameras")[2]["cameras"]
        self.assertEqual([(c["id"], c["name"], c["state"]) for c in sorted(cameras, key=lambda c: c["id"])],
                         [("back", "Back", "connected"), ("front", "Front", "connected")])
        self.assertNotIn(clips.name, json.dumps(cameras))
        for camera in cameras:
            status, headers, picture = self.fetch(self.anna, camera["snapshot"])
            self.assertEqual(status, 200, picture)
            self.assertTrue(self.near(picture, camera["id"]), (camera["id"], colour(picture)))
            self.assertLess(int(headers["X-Picture-Age-Ms"]), 5000)
            self.assertTrue(headers["Last-Modified"].endswith("GMT"))
        # Many at once are all answered: they share the making of one picture.
        answers = []
        askers = [threading.Thread(target=lambda: answers.append(self.fetch(self.anna, cameras[0]["snapshot"])[0]))
                  for _ in range(20)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        self.assertEqual(set(answers), {200})

    def test_camera_without_a_picture_says_so(self):
        settings = json.loads(self.daemon.config.read_text())
        settings["cameras"][0]["url"] = f"file:{clips.name}/nothing.mp4"
        self.daemon.config.write_text(json.dumps(settings))
        self.daemon.cli("reload")
        status, headers, body = harness.wait_until(
            lambda: (a := self.fetch(self.anna, "/api/v1/cameras/front/snapshot"))[0] == 503 and a, 20, "no picture")
        self.assertEqual(json.loads(body)["type"], "urn:porchlight:problem:no-picture")
        self.assertTrue(headers["Retry-After"])
        self.assertEqual(self.fetch(self.anna, "/api/v1/cameras/nobody/snapshot")[0], 404)

    def test_each_viewer_sees_the_cameras_granted(self):
        self.pictures()
        who = {"front": self.invite("bert", "viewer", ["front"]), "back": self.invite("carla", "user", ["back"])}
        listening = {camera: self.both(client) for camera, client in who.items()}
        rings = {button: self.daemon.ring(button) for button in ("gate", "front", "back")}
        for camera, client in who.items():
            other = "back" if camera == "front" else "front"
            for each in listening[camera]:
                each.wait_for(lambda e: e["id"] == rings[camera] and e["snapshot"], "the own ring")
            seen = [e["id"] for e in client.ask("GET", "/api/v1/events?type=ring")[2]["events"]]
            self.assertEqual(seen, [rings[camera]])
            self.assertEqual([c["id"] for c in client.ask("GET", "/api/v1/cameras")[2]["cameras"]], [camera])
            for path, status in {f"events/{rings[camera]}": 200, f"events/{rings[camera]}/snapshot": 200,
                                 f"events/{rings[other]}": 404, f"events/{rings[other]}/snapshot": 404,
                                 f"events/{rings['gate']}": 404, f"cameras/{camera}": 200,
                                 f"cameras/{camera}/snapshot": 200, f"cameras/{other}": 403,
                                 f"cameras/{other}/snapshot": 403, f"events?camera={other}": 403,
                                 f"events/stream?camera={other}": 403}.items():
                self.assertEqual(self.fetch(client, "/api/v1/" + path)[0], status, path)
        # By now each has heard the last of the three, and of the others nothing.
        last = {camera: self.daemon.ring(camera) for camera in who}
        for camera, listeners in listening.items():
            for each in listeners:
                each.wait_for(lambda e: e["id"] == last[camera], "the last ring")
                self.assertLessEqual(set(each.heard()) & (set(rings.values()) | set(last.values())),
                                     {rings[camera], last[camera]})
        denied = [r for r in map(json.loads, harness.whole_lines(self.daemon.state / "audit/audit.jsonl"))
                  if r["audit_type"] == "authorization"]
        self.assertTrue({f"/api/v1/events/{rings['back']}", "/api/v1/cameras/back"} <= {r["resource"] for r in denied})

    def test_pages_show_each_event_once_while_rings_arrive(self):
        rung = [self.daemon.ring("front") for _ in range(23)]
        stop = threading.Event()

        def go_on_ringing():
            while not stop.is_set():
                self.daemon.ring("back")

        ringing = threading.Thread(target=go_on_ringing)
        ringing.start()
        try:
            seen, path, pages = [], "/api/v1/events?limit=5&type=ring", 0
            while path:
                status, _, page = self.anna.ask("GET", path)
                self.assertEqual(status, 200, page)
                seen += [e["id"] for e in page["events"]]
                pages += 1
                path = page["next_cursor"] and f"/api/v1/events?limit=5&type=ring&cursor={page['next_cursor']}"
        finally:
            stop.set()
            ringing.join()
        self.assertEqual(len(seen), len(set(seen)))
        # Within a millisecond ids have no order of their own.
        self.assertEqual([i for i in seen if i in set(rung)], sorted(rung, reverse=True))
        self.assertGreaterEqual(pages, 5)

    def test_stream_resumes_over_a_restart(self):
        for kind, path in ((Listener, STREAM), (WebSocket, "/ws")):
            first = self.listener(kind, self.anna, path + "?type=ring")
            before = self.daemon.ring("gate")
            number, _ = first.wait_for(lambda e: e["id"] == before, "the ring before")
            self.daemon.stop()
            self.assertTrue(first.wait_for_end())
            self.daemon.start()
            self.anna.port = self.daemon.port
            # Rung while nobody listens.
            missed = [self.daemon.ring("gate") for _ in range(3)]
            harness.wait_until(lambda: self.anna.ask("GET", "/api/v1/events")[0] == 200, 20, "the accounts")
            again = (self.listener(kind, self.anna, path + "?type=ring", Last_Event_ID=number) if kind is Listener else
                     self.listener(kind, self.anna, f"{path}?type=ring&last_event_id={number}"))
            now = self.daemon.ring("gate")
            again.wait_for(lambda e: e["id"] == now, "the ring after")
            self.assertEqual(again.heard(), [*missed, now])
            again.close()

    def test_bad_input_is_refused_by_name(self):
        for query, name in {"limit=0": "limit", "limit=501": "limit", "limit=1e3": "limit", "cursor=zzz": "cursor",
                            "type=rings": "type", "after=yesterday": "after", "before=2025-02-30T00:00:00Z": "before",
                            "camera=": "camera", "order=asc": "order", "limit=1&limit=1": "limit"}.items():
            status, _, problem = self.anna.ask("GET", "/api/v1/events?" + query)
            self.assertEqual(status, 400, query)
            self.assertIn(f"'{name}'", problem["detail"])
        self.assertEqual(self.anna.ask("GET", STREAM, Last_Event_ID="x")[0], 400)
        for query in ("type=x", "last_event_id=-1", "limit=5"):
            self.assertEqual(self.listener(Listener, self.anna, f"{STREAM}?{query}").status, 400, query)
            self.assertEqual(self.listener(WebSocket, self.anna, f"/ws?{query}").status, 400, query)
        (self.daemon.state / "secret.jpg").write_bytes(b"secret")
        # What is a way up once it is decoded is refused and counted; the rest names nothing that there is.
        for hostile, status, counted in (
                ("..%2fsecret.jpg", 400, "path_traversal"), ("%2e%2e%2fsecret.jpg", 400, "path_traversal"),
                ("../secret.jpg", 400, "path_traversal"), ("%00", 400, "injection_suspected"),
                ("0193b0c4-0000-7000-8000-000000000000%2f..%2f..%2fsecret.jpg", 400, "path_traversal"),
                ("..%5csecret.jpg", 404, None), ("x" * 300, 404, None), ("..%252fsecret.jpg", 404, None)):
            for path in (f"/api/v1/events/{hostile}", f"/api/v1/events/{hostile}/snapshot",
                         f"/api/v1/cameras/{hostile}/snapshot"):
                before = self.rejections()
                answered, _, body = self.fetch(self.anna, path)
                self.assertEqual(answered, status, path)
                self.assertNotIn(b"secret", body)
                grown = {reason: count - before[reason] for reason, count in self.rejections().items() if count != before[reason]}
                self.assertEqual(grown, {counted: 1} if counted else {}, path)
        self.assertEqual(self.listener(WebSocket, self.anna, "/ws", Origin="https://elsewhere.example").status, 403)
        self.assertEqual(self.listener(WebSocket, Client(self.daemon), "/ws").status, 401)
        self.assertEqual(self.daemon.get("/health/live")[0], 200)

    def test_streams_end_with_their_right(self):
        def logout(client):
            self.assertEqual(client.ask("POST", "/api/v1/auth/logout")[0], 204)

        ends = {"logout": logout, "cameras": lambda _: self.change("bert", cameras=["back"]),
                "role": lambda _: self.change("bert", role="monitor"),
                "disabled": lambda _: self.change("bert", disabled=True)}
        bert = self.invite("bert", "viewer", ["front"])
        for name, end in ends.items():
            self.change("bert", cameras=["front"], role="viewer", disabled=False)
            self.assertEqual(bert.login("bert", PASSWORD), 200)
            listeners = self.both(bert)
            before = self.daemon.ring("front")
            for each in listeners:
                each.wait_for(lambda e: e["id"] == before, f"a ring before {name}")
            end(bert)
            after = self.daemon.ring("front")
            for each in listeners:
                self.assertTrue(each.wait_for_end(), name)
                self.assertNotIn(after, each.heard(), name)
            self.assertEqual(listeners[1].code, 1008, name)

    def test_stream_ends_with_its_token(self):
        status, _, made = self.anna.ask("POST", "/api/v1/tokens", {"name": "page", "scopes": ["view"]})
        self.assertEqual(status, 201)
        script = Client(self.daemon)
        script.bearer = made["token"]
        listeners = self.both(script)
        before = self.daemon.ring("front")
        for each in listeners:
            each.wait_for(lambda e: e["id"] == before, "a ring before")
        self.assertEqual(self.anna.ask("DELETE", f"/api/v1/tokens/{made['id']}")[0], 204)
        after = self.daemon.ring("front")
        for each in listeners:
            self.assertTrue(each.wait_for_end())
            self.assertNotIn(after, each.heard())


if __name__ == "__main__":
    unittest.main(verbosity=2)
