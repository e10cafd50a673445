# SPDX-License-Identifier: Apache-2.0
"""Footage from outside: lists, files, films of intervals and of events, the ledger, and who may see them."""

import contextlib
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timedelta, timezone

import harness
from accounts_client import Client, first_run_code

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

PASSWORD = "a long phrase of theirs"
STILL = "urn:porchlight:problem:still-recording"


def setUpModule():
    global clips
    clips = tempfile.TemporaryDirectory(prefix="porchlight-clips-")
    for name in ("front", "back"):
        clip.make(pathlib.Path(clips.name) / f"{name}.mp4", [], 3)


def tearDownModule():
    clips.cleanup()


def time_of(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


def text_of(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def film_of(data):
    """(seconds, codec, frames) of a film's bytes, as ffprobe decodes it; it must say nothing of errors."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(data)
        file.flush()
        done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_frames", "-show_entries",
                               "stream=codec_name,nb_read_frames:format=duration", "-of", "json", file.name],
                              capture_output=True, text=True, check=True)
    if done.stderr:
        raise AssertionError(done.stderr)
    said = json.loads(done.stdout)
    return (float(said["format"]["duration"]), said["streams"][0]["codec_name"], int(said["streams"][0]["nb_read_frames"]))


class Recordings(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon({
            "cameras": [{"id": name, "url": f"file:{clips.name}/{name}.mp4", "record": "continuous"} for name in ("front", "back")],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}, {"id": "gate", "kind": "virtual"}],
            # The machine's own disk may be fuller than a recorder's should be.
            "recording": {"segment": "10s", "pre_roll": "4s", "post_roll": "3s", "reserve": "1MiB", "keep": {"space": "100%"}},
            "faces": {"enabled": False},
        })
        self.addCleanup(self.daemon.close)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.anna = Client(self.daemon)
        self.assertEqual(self.anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.anna.login("anna", PASSWORD), 200)

    def invite(self, name, role, cameras):
        status, _, made = self.anna.ask("POST", "/api/v1/users", {"name": name, "role": role, "cameras": cameras})
        self.assertEqual(status, 201, made)
        client = Client(self.daemon)
        self.assertEqual(client.register(made["invitation"], name, PASSWORD)[0], 201)
        self.assertEqual(client.login(name, PASSWORD), 200)
        return client

    def fetch(self, client, path, **headers):
        """(status, headers, bytes), held against the document of the interface, too."""
        import http.client
        import openapi_record
        connection = http.client.HTTPSConnection("127.0.0.1", client.port, timeout=120, context=client.trusted)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Cookie": client.cookie or "", **{k.replace("_", "-"): v for k, v in headers.items()}})
            answer = connection.getresponse()
            body = answer.read()
        openapi_record.check("GET", path, answer.status, answer.headers, body)
        return answer.status, answer.headers, body

    def listed(self, client, query=""):
        status, _, page = client.ask("GET", "/api/v1/recordings" + query)
        self.assertEqual(status, 200, page)
        return page["recordings"]

    def closed(self, camera="front"):
        """The oldest whole segment of the camera, once there is one."""
        return harness.wait_until(
            lambda: next((r for r in reversed(self.listed(self.anna, f"?camera={camera}")) if r["state"] == "closed" and r["start"]), None),
            60, f"a whole segment of {camera}")

    def interval(self, start, end, camera="front"):
        return f"/api/v1/footage/video?camera={camera}&from={text_of(start)}&to={text_of(end)}"

    def rendered(self, mode):
        """(successes, how many have a duration)"""
        return (self.daemon.metric("video_generation_total", mode=mode, status="success"),
                self.daemon.metric("video_generation_duration_seconds_count", mode=mode))

    def looks(self, name):
        with contextlib.closing(sqlite3.connect(self.daemon.state / "porchlight.db")) as db:
            row = db.execute("SELECT commitment FROM audit_values WHERE value = ?", (f"account:{name}",)).fetchone()
        lines = map(json.loads, harness.whole_lines(self.daemon.state / "audit" / "audit.jsonl"))
        return {r["resource"] for r in lines if r["audit_type"] == "data_access" and row and r["user_id"] == f"commitment:{row[0]}"}

    def test_a_segment_is_listed_played_and_seen(self):
        segment = self.closed()
        self.assertEqual(self.anna.ask("GET", f"/api/v1/recordings/{segment['id']}")[2], segment)
        self.assertAlmostEqual(segment["duration_ms"], 10_000, delta=4_000)
        status, headers, film = self.fetch(self.anna, segment["video"])
        self.assertEqual((status, headers["Content-Type"], len(film)), (200, "video/mp4", int(headers["Content-Length"])))
        seconds, codec, frames = film_of(film)
        self.assertEqual((codec, frames), (segment["codec"], segment["frames"]))
        self.assertAlmostEqual(seconds, segment["duration_ms"] / 1000, delta=0.5)
        self.assertEqual(self.fetch(self.anna, segment["video"], If_None_Match=headers["ETag"])[0], 304)
        status, part, tail = self.fetch(self.anna, segment["video"], Range="bytes=-100")
        self.assertEqual((status, tail), (206, film[-100:]))
        self.assertEqual(self.fetch(self.anna, segment["video"], Range=f"bytes={len(film)}-")[0], 416)
        status, headers, picture = self.fetch(self.anna, segment["thumbnail"] + "?at=1000&width=160")
        self.assertEqual((status, headers["Content-Type"]), (200, "image/jpeg"), picture[:200])
        self.assertLessEqual(harness.size_of_jpeg(picture)[0], 160)
        self.assertEqual(self.rendered("thumbnail"), (1, 1))
        self.assertEqual(self.rendered("clip"), (0, 0))
        self.assertEqual(self.fetch(self.anna, segment["thumbnail"] + "?at=86000000")[0], 404)
        for query in ("?width=1", "?x=1"):
            self.assertEqual(self.fetch(self.anna, segment["thumbnail"] + query)[0], 400)
        for path in (f"/api/v1/recordings/{segment['id']}?x=1", segment["video"] + "?x=1", "/api/v1/recordings?limit=0"):
            self.assertEqual(self.anna.ask("GET", path)[0], 400, path)
        for tail in ("", "/video", "/thumbnail"):
            self.assertEqual(self.anna.ask("GET", "/api/v1/recordings/999999" + tail)[0], 404)
            self.assertEqual(Client(self.daemon).ask("GET", f"/api/v1/recordings/{segment['id']}" + tail)[0], 401)
        self.assertEqual(Client(self.daemon).ask("GET", "/api/v1/recordings")[0], 401)
        wanted = {"/api/v1/recordings", f"/api/v1/recordings/{segment['id']}", segment["video"], segment["thumbnail"]}
        harness.wait_until(lambda: wanted <= self.looks("anna"), 30, "the records of the looks")

    def test_what_is_being_written_plays_up_to_what_is_on_the_medium(self):
        # The index learns every 10 s what is there: segments as short as that are closed by then.
        settings = json.loads(self.daemon.config.read_text())
        settings["recording"]["segment"] = "60s"
        self.daemon.write_config(settings)
        self.daemon.cli("reload")
        segment = harness.wait_until(
            lambda: next((r for r in self.listed(self.anna, "?camera=front") if r["state"] == "open" and r["frames"]), None), 60, "an open one")
        status, headers, film = self.fetch(self.anna, segment["video"])
        self.assertEqual(status, 200)
        self.assertGreaterEqual(len(film), segment["bytes"])
        self.assertGreaterEqual(film_of(film)[2], segment["frames"])

    def test_pages_hold_every_segment_once(self):
        harness.wait_until(lambda: len(self.listed(self.anna)) >= 4, 90, "four segments")
        every, cursor = [], ""
        while cursor is not None:
            page = self.anna.ask("GET", f"/api/v1/recordings?limit=1{cursor and '&cursor=' + cursor}")[2]
            every += [r["id"] for r in page["recordings"]]
            cursor = page["next_cursor"]
        self.assertEqual(len(every), len(set(every)))
        self.assertLessEqual({r["id"] for r in self.listed(self.anna) if r["state"] != "open"} - set(every), set())

    def test_an_interval_is_one_film_and_an_event_another(self):
        ring = harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 30, "front") \
            and self.daemon.ring("front")
        gate = self.daemon.ring("gate")
        path = f"/api/v1/events/{ring}/clip"
        status, headers, body = self.anna.ask("GET", path)
        self.assertEqual((status, body["type"]), (409, STILL))
        self.assertGreaterEqual(int(headers["Retry-After"]), 1)
        film = harness.wait_until(lambda: (got := self.fetch(self.anna, path))[0] == 200 and got, 60, "the event's film")
        seconds, codec, _ = film_of(film[2])
        self.assertEqual(codec, "h264")
        self.assertGreater(seconds, 3)
        self.assertLess(seconds, 12)
        self.assertEqual(self.fetch(self.anna, path, Range="bytes=0-7")[2], film[2][:8])
        self.assertEqual(self.fetch(self.anna, path, Range="bytes=99999999-")[0], 416)
        self.assertEqual(self.fetch(self.anna, path, If_None_Match=film[1]["ETag"])[0], 304)
        self.assertEqual(self.anna.ask("GET", path + "?x=1")[0], 400)
        self.assertEqual(self.anna.ask("GET", f"/api/v1/events/{gate}/clip")[2]["detail"], "this event has no camera")
        segment = self.closed()
        start = time_of(segment["start"])
        path = self.interval(start + timedelta(seconds=2), start + timedelta(seconds=7))
        status, headers, film = self.fetch(self.anna, path)
        self.assertEqual((status, headers["Content-Type"]), (200, "video/mp4"), film[:300])
        self.assertTrue(4 <= film_of(film)[0] <= 10, film_of(film))
        # Each once, however often it is asked for.
        self.assertEqual((self.rendered("clip"), self.rendered("export")), ((1, 1), (1, 1)))
        self.assertEqual(self.fetch(self.anna, path, Range="bytes=4-7")[2], film[4:8])
        self.assertEqual(self.fetch(self.anna, path, Range="bytes=99999999-")[0], 416)
        self.assertEqual(self.fetch(self.anna, path, If_None_Match=headers["ETag"])[0], 304)
        now = datetime.now(timezone.utc)
        self.assertEqual(self.anna.ask("GET", self.interval(now - timedelta(seconds=5), now + timedelta(seconds=9)))[0], 409)
        status, _, body = self.anna.ask("GET", self.interval(start - timedelta(hours=2), start - timedelta(hours=1, minutes=55)))
        self.assertEqual(status, 404)
        self.assertIn("front", body["detail"])
        self.assertEqual(self.anna.ask("GET", self.interval(start, start + timedelta(hours=1)))[0], 400)
        self.assertEqual(Client(self.daemon).ask("GET", path)[0], 401)
        self.assertEqual(Client(self.daemon).ask("GET", f"/api/v1/events/{ring}/clip")[0], 401)
        self.assertEqual(self.anna.ask("GET", "/api/v1/events/00000000-0000-7000-8000-000000000000/clip")[0], 404)
        harness.wait_until(lambda: path in self.looks("anna"), 30, "which interval was looked at")
        self.assertTrue([file.name for file in (self.daemon.state / "clips").iterdir()])

    def two_closed(self, wanted):
        """Two whole segments of the front camera that follow each other, the older one first."""
        def look():
            found = [r for r in self.listed(self.anna, "?camera=front") if r["state"] == "closed" and r["start"] and wanted(r)]
            return sorted(found, key=lambda r: r["start"])[:2] if len(found) > 1 else None
        return harness.wait_until(look, 120, "two whole segments")

    def film_across_the_border(self, wanted):
        first, second = self.two_closed(wanted)
        border = time_of(second["start"])
        self.assertAlmostEqual((border - time_of(first["start"])).total_seconds(), first["duration_ms"] / 1000, delta=1.5)
        path = self.interval(border - timedelta(seconds=3), border + timedelta(seconds=3))
        status, headers, film = self.fetch(self.anna, path)
        self.assertEqual(status, 200, film[:300])
        seconds, codec, frames = film_of(film)
        self.assertEqual(codec, "h264")
        # From the keyframe before, which come each second: not one of 15 pictures a second is missing on either side.
        self.assertTrue(5.9 <= seconds <= 7.5, seconds)
        self.assertAlmostEqual(frames, seconds * clip.RATE, delta=3)
        return first, headers["Content-Type"], film

    def test_a_film_across_a_border_is_whole(self):
        _, kind, _ = self.film_across_the_border(lambda r: True)
        self.assertEqual(kind, "video/mp4")

    def test_the_sound_of_a_telephone_makes_quicktime(self):
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", f"{clips.name}/front.mp4", "-f", "lavfi", "-i", "sine=r=8000:d=3",
                        "-c:v", "copy", "-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1", f"{clips.name}/telephone.mkv"], check=True)
        settings = json.loads(self.daemon.config.read_text())
        settings["cameras"][0]["url"] = f"file:{clips.name}/telephone.mkv"
        self.daemon.write_config(settings)
        self.daemon.cli("reload")
        segment, kind, film = self.film_across_the_border(lambda r: r["audio_codec"] == "pcm_alaw")
        self.assertEqual(kind, "video/quicktime")
        status, headers, file = self.fetch(self.anna, segment["video"])
        self.assertEqual((status, headers["Content-Type"], file[4:12]), (200, "video/quicktime", b"ftypqt  "))
        self.assertEqual(film_of(file)[2], segment["frames"])
        with tempfile.NamedTemporaryFile(suffix=".mov") as copy:
            copy.write(film)
            copy.flush()
            sound = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=codec_name,duration", "-of",
                                    "csv=p=0", copy.name], capture_output=True, text=True, check=True).stdout.strip().split(",")
        self.assertEqual(sound[0], "pcm_alaw")
        self.assertAlmostEqual(float(sound[1]), film_of(film)[0], delta=0.3)

    def test_the_ledger_explains_every_second(self):
        segment = self.closed()
        start = time_of(segment["start"])
        query = f"?camera=front&from={text_of(start)}&to={text_of(start + timedelta(seconds=9))}"
        ledger = self.anna.ask("GET", "/api/v1/footage/ledger" + query)[2]
        self.assertAlmostEqual(ledger["recorded_seconds"] + ledger["missing_seconds"], 9, delta=0.5)
        settings = json.loads(self.daemon.config.read_text())
        settings["cameras"][0]["url"] = f"file:{clips.name}/nothing.mp4"
        self.daemon.write_config(settings)
        self.daemon.cli("reload")
        def gaps():
            now = datetime.now(timezone.utc)
            query = f"?camera=front&from={text_of(start)}&to={text_of(now)}"
            return self.anna.ask("GET", "/api/v1/footage/ledger" + query)[2]["gaps"]
        gap = harness.wait_until(lambda: next((g for g in gaps() if g["end"] is None and g["seconds"] > 3), None), 60, "a gap that goes on")
        self.assertIn(gap["cause"], ("configuration", "network", "eof", "timeout", "protocol"))
        # That of the reload is told, too, with its end, where the reload took longer than a hiccup.
        told = harness.wait_until(lambda: [e for e in self.anna.ask("GET", "/api/v1/events?type=gap")[2]["events"] if "end" not in e],
                                  60, "an event about it")
        self.assertEqual([event["camera"] for event in told], ["front"])
        settings["cameras"][0]["url"] = f"file:{clips.name}/front.mp4"
        self.daemon.write_config(settings)
        self.daemon.cli("reload")
        over = harness.wait_until(lambda: next((g for g in gaps() if g["start"] == gap["start"] and g["end"]), None), 60, "its end")
        # From the first picture on, over what was recorded, the reload and the gap: nothing twice, nothing left out.
        end = time_of(over["end"])
        query = f"?camera=front&from={text_of(start)}&to={text_of(end)}"
        ledger = self.anna.ask("GET", "/api/v1/footage/ledger" + query)[2]
        self.assertEqual(ledger["gaps"][-1:], [over], (over, query, ledger))
        self.assertAlmostEqual(ledger["recorded_seconds"] + ledger["missing_seconds"], (end - start).total_seconds(), delta=0.5, msg=ledger)
        self.assertEqual(self.anna.ask("GET", "/api/v1/footage/ledger?camera=front")[0], 400)
        self.assertEqual(Client(self.daemon).ask("GET", "/api/v1/footage/ledger" + query)[0], 401)

    def test_each_sees_the_footage_of_the_cameras_granted(self):
        front, back = self.closed("front"), self.closed("back")
        bert = self.invite("bert", "viewer", ["front"])
        monitor = self.invite("mona", "monitor", [])
        self.assertEqual({r["camera"] for r in self.listed(bert)}, {"front"})
        for tail in ("", "/video", "/thumbnail"):
            self.assertEqual(bert.exchange("GET", f"/api/v1/recordings/{front['id']}" + tail)[0], 200, tail)
            self.assertEqual(bert.exchange("GET", f"/api/v1/recordings/{back['id']}" + tail)[0], 404, tail)
            self.assertEqual(monitor.exchange("GET", f"/api/v1/recordings/{front['id']}" + tail)[0], 403, tail)
        start = time_of(back["start"])
        query = f"?camera=back&from={text_of(start)}&to={text_of(start + timedelta(seconds=5))}"
        for path in ("/api/v1/recordings?camera=back", "/api/v1/footage/ledger" + query, "/api/v1/footage/video" + query):
            self.assertEqual(bert.ask("GET", path)[0], 403, path)
        ring = self.daemon.ring("front")
        self.assertEqual(monitor.ask("GET", f"/api/v1/events/{ring}/clip")[0], 403)

    def test_protected_footage_is_an_administrators_doing(self):
        segment = self.closed()
        path = f"/api/v1/recordings/{segment['id']}/protection"
        bert = self.invite("bert", "user", ["front"])
        for verb, wanted in (("PUT", True), ("DELETE", False)):
            self.assertEqual(bert.ask(verb, path)[0], 403)
            self.assertEqual(Client(self.daemon).ask(verb, path)[0], 401)
            status, _, made = self.anna.ask(verb, path)
            self.assertEqual((status, made["protected"]), (200, wanted))
            listed = (self.daemon.state / "recordings" / "porchlight-protected.txt").read_text().splitlines()
            self.assertEqual([name.split("/")[0] for name in listed], ["front"] if wanted else [], "on the volume, too")
            self.assertEqual(self.anna.ask("GET", f"/api/v1/recordings/{segment['id']}")[2]["protected"], wanted)
            self.assertEqual(self.anna.ask(verb, path + "?x=1")[0], 400)
            self.assertEqual(self.anna.ask(verb, "/api/v1/recordings/999999/protection")[0], 404)
        def recorded():
            lines = (self.daemon.state / "audit" / "audit.jsonl").read_text().splitlines(keepends=True)
            records = [json.loads(line) for line in lines if line.endswith("\n")]
            return len([r for r in records if r.get("resource") == path and r["audit_type"] == "data_modification"])

        # The outcome is recorded beside the answer.
        harness.wait_until(lambda: recorded() >= 4, 20, "both changes and their outcomes on record")
        self.assertEqual(recorded(), 4)

    def test_an_index_that_cannot_be_read_is_said_by_every_route(self):
        segment = self.closed()
        ring = self.daemon.ring("front")
        start = time_of(segment["start"])
        query = f"?camera=front&from={text_of(start)}&to={text_of(start + timedelta(seconds=5))}"
        index = self.daemon.state / "footage.db"
        aside = self.daemon.state / "footage.db.aside"
        index.rename(aside)
        index.mkdir()  # what no reader can open; the keeper has the file that went aside
        try:
            for verb, path in (("GET", "/api/v1/recordings"), ("GET", f"/api/v1/recordings/{segment['id']}"),
                               ("GET", segment["video"]), ("GET", segment["thumbnail"]), ("GET", "/api/v1/footage/ledger" + query),
                               ("GET", "/api/v1/footage/video" + query), ("GET", f"/api/v1/events/{ring}/clip"),
                               ("PUT", f"/api/v1/recordings/{segment['id']}/protection"),
                               ("DELETE", f"/api/v1/recordings/{segment['id']}/protection")):
                status, headers, body = self.anna.ask(verb, path)
                self.assertEqual(status, 503, (verb, path, body))
                self.assertNotIn(str(self.daemon.state), body["detail"])
        finally:
            index.rmdir()
            aside.rename(index)
        harness.wait_until(lambda: self.anna.ask("GET", f"/api/v1/recordings/{segment['id']}")[0] == 200, 20, "the index again")


if __name__ == "__main__":
    unittest.main()
