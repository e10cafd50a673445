# SPDX-License-Identifier: Apache-2.0
"""A scrape of the running daemon against the contract of metrics, and the exact bodies of health."""

import json
import re
import subprocess
import tempfile
import time
import unittest
import urllib.request
import pathlib
import sys

import harness
import host_facts

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

ROUTES = ["GET,/,200+304+404", "GET,/assets/{file},200+304+404", "GET,/runbooks/{name},200+304+404", "GET,/api/v1/auth/register,200+503", "GET,/metrics,200+401+403+406+429", "GET,/ca.crt,200+404", "GET,/health,200+401+403+503", "GET,/health/deep,200+401+403+503", "GET,/health/live,200+503", "GET,/health/ready,200+503",
          "GET,/health/startup,200+503", "POST,/api/v1/buttons/{id}/ring,200+401+403+404+503",
          "GET,/api/v1/openapi.json,200+304+401+403", "GET,/api/v1/status,200+401+403", "POST,/api/v1/reload,200+422+503", "POST,/api/v1/faces/reload,200+503",
          "POST,/api/v1/outbox/resend,200+400+503",
          "POST,/api/v1/accounts/reload,200+503", "POST,/api/v1/auth/login,200+400+401+403+415+429+503",
          "POST,/api/v1/auth/register,201+400+403+409+415+422+429+503", "POST,/api/v1/auth/logout,204+401+403+503",
          "GET,/api/v1/auth/session,200+401+403+404", "POST,/api/v1/auth/password,204+400+401+403+415+422+429+503",
          "GET,/api/v1/auth/sessions,200+401+403", "DELETE,/api/v1/auth/sessions/{id},204+401+403+404+503",
          "POST,/api/v1/auth/totp,201+401+403+404+409+503",
          "POST,/api/v1/auth/totp/confirm,200+400+401+403+409+415+429+503",
          "POST,/api/v1/auth/totp/disable,204+400+401+403+415+429+503", "GET,/api/v1/users,200+401+403",
          "POST,/api/v1/users,201+400+401+403+409+415+422+503", "GET,/api/v1/users/{id},200+401+403+404",
          "PATCH,/api/v1/users/{id},200+400+401+403+404+409+415+422+503",
          "DELETE,/api/v1/users/{id},204+401+403+404+409+503", "GET,/api/v1/tokens,200+401+403",
          "POST,/api/v1/tokens,201+400+401+403+404+409+415+422+503", "DELETE,/api/v1/tokens/{id},204+401+403+404+503",
          "GET,/api/v1/events,200+400+401+403+503", "GET,/api/v1/events/{id},200+400+401+403+404+503",
          "GET,/api/v1/events/{id}/snapshot,200+206+304+400+401+403+404+416+503",
          "GET,/api/v1/events/stream,200+400+401+403+429+503", "GET,/ws,101+400+401+403+429+503",
          "GET,/api/v1/cameras,200+400+401+403", "GET,/api/v1/cameras/{id},200+400+401+403+404",
          "GET,/api/v1/cameras/{id}/snapshot,200+400+401+403+404+503", "GET,/api/v1/cameras/{id}/live,101+400+401+403+404",
          "GET,/api/v1/cameras/{id}/mjpeg,200+400+401+403+404+429+503", "GET,/hls/{camera}/{file},200+206+400+401+403+404+416+503",
          "GET,/api/v1/people,200+401+403+503", "POST,/api/v1/people,201+400+401+403+404+413+415+422+503",
          "PATCH,/api/v1/people/{id},200+400+401+403+404+409+415+422+503", "DELETE,/api/v1/people/{id},204+401+403+404+503",
          "GET,/api/v1/faces,200+401+403+503", "GET,/api/v1/faces/{id},200+401+403+404+503",
          "DELETE,/api/v1/faces/{id},204+401+403+404+503", "POST,/api/v1/faces/identify,200+400+401+403+413+415+422+503",
          "GET,/l/{token},200+404+410+429+503", "POST,/l/{token},200+400+403+404+409+410+415+429+503",
          "GET,/l/{token}/snapshot,200+206+304+404+410+416+429+503",
          "POST,/api/v1/events/{id}/acknowledge,200+400+401+403+404+409+415+422+503",
          "PUT,/api/v1/events/{id}/identity,200+400+401+403+404+409+415+422+503",
          "POST,/api/v1/alerts/webhook,200+400+401+403+415+422+503",
          "POST,/api/v1/outputs/{id}/open,200+401+403+404+429+503", "POST,/api/v1/outputs/{id}/test,200+404+409+503",
          "GET,/api/v1/events/{id}/clip,200+206+304+400+401+403+404+409+416+503",
          "GET,/api/v1/recordings,200+400+401+403+503", "GET,/api/v1/recordings/{id},200+400+401+403+404+503",
          "GET,/api/v1/recordings/{id}/video,200+206+304+400+401+403+404+416+503",
          "GET,/api/v1/recordings/{id}/thumbnail,200+400+401+403+404+503",
          "PUT,/api/v1/recordings/{id}/protection,200+400+401+403+404+503",
          "DELETE,/api/v1/recordings/{id}/protection,200+400+401+403+404+503",
          "GET,/api/v1/footage/ledger,200+400+401+403+503",
          "GET,/api/v1/footage/video,200+206+304+400+401+403+404+409+416+503",
          "GET,/api/v1/audit,200+400+401+403+503", "GET,/api/v1/audit/verify,200+400+401+403+503",
          "GET,/api/v1/logs,200+400+401+403", "GET,/api/v1/logs/levels,200+400+401+403",
          "PUT,/api/v1/logs/levels,200+400+401+403+415+503",
          "GET,/api/v1/settings,200+401+403+429+503", "PUT,/api/v1/settings/{section}/{id},200+400+401+403+404+409+412+415+422+429+503",
          "DELETE,/api/v1/settings/{section}/{id},200+400+401+403+404+409+412+429+503",
          "POST,/api/v1/settings/cameras/trial,200+400+401+403+415+422+429+503",
          "POST,/api/v1/settings/channels/{id}/test,200+401+403+404+409+429+503",
          "POST,/api/v1/settings/rules/trial,200+400+401+403+415+422+429+503"]
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class ContractTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-contract-")
        self.addCleanup(folder.cleanup)
        video = pathlib.Path(folder.name) / "porch.mp4"
        clip.make(video, [], 2)
        self.daemon = harness.Daemon({
            "cameras": [{"id": "front", "url": f"file:{video}", "expected_fps": 15}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}],
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url},
                                           {"id": "journal", "type": "log"}]},
        })
        self.addCleanup(self.daemon.close)

    def check(self, text):
        words = ["camera_id=front", "channel=webhook", "channel=log", "model_version=resnet-1", "model_version=rfb-320", "model_version=landmark-68",
                 "endpoint=unmatched"]
        words += [f"worker_id={w}" for w in ("button", "event", "store", "accounts", "footage", "library", "clips", "trials", "health", "live", "mjpeg", "sampler", "http", "log", "vision", "ingest-front",
                                             "decoder-front", "recorder-front", "notify-hook", "notify-journal")]
        words += [f"mount_point={p}" for p in host_facts.mount_points(self.daemon.state)]
        words += [f"device={d}" for d in host_facts.block_devices(self.daemon.state)]
        words += [f"interface={i}" for i in host_facts.interfaces()] + [f"cpu={n}" for n in host_facts.processors()]
        words += [f"sensor={name}" for name, _ in host_facts.thermal_zones()]
        words += [f"route={r}" for r in ROUTES] + [f"endpoint={r.split(',')[1]}" for r in ROUTES]
        return subprocess.run([harness.BUILD / "contract_of_scrape", *words], input=text, capture_output=True, text=True)

    def test_a_working_daemon_keeps_the_contract(self):
        first = self.check(self.daemon.get("/metrics")[2])
        self.assertEqual(first.returncode, 0, "at start:\n" + first.stdout)
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 60, "camera")
        ring = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring and "result" in m.event, 60, "the whole ring")
        self.daemon.get("/no/such/place")
        text = self.daemon.get("/metrics")[2]
        done = self.check(text)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.check(text.replace("camera_fps_expected", "camera_fps_wanted")).returncode, 1)

    def test_a_scraper_chooses_the_format(self):
        status, headers, text = self.daemon.get("/metrics", accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1")
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        self.assertTrue(text.endswith("\n# EOF\n"))
        self.assertIn("\n# TYPE camera_frames_received counter\ncamera_frames_received_total{", text)
        self.assertNotIn("active_connections_total", text)
        self.assertEqual(self.daemon.get("/metrics", accept="image/png")[0], 406)

    def test_a_ring_leaves_its_trace_beside_its_latency(self):
        ring = self.daemon.ring("front")
        message = self.hook.wait_for(lambda m: m.event["id"] == ring, 20, "the ring")
        trace = message.headers["traceparent"].split("-")[1]

        def families():
            text = self.daemon.get("/metrics", accept="application/openmetrics-text")[2]
            return {line.partition("_bucket{")[0] for line in text.splitlines() if f' # {{trace_id="{trace}"}} ' in line}
        harness.wait_until(lambda: {"doorbell_ring_to_notification_seconds", "pipeline_processing_duration_seconds"} <= families(),
                           20, "the ring's trace in the exemplars")

    def test_numbers_have_an_address_and_a_thread_of_their_own(self):
        settings = json.loads(self.daemon.config.read_text())
        settings["metrics"] = {"listen": "127.0.0.1:0"}
        self.daemon.write_config(settings)
        self.daemon.stop()
        self.daemon.start()
        place = harness.wait_until(self.daemon.numbers_at, 20, "the address in the log")

        def numbers():
            with urllib.request.urlopen(f"http://{place}/metrics", timeout=10) as answer:
                return answer.read().decode()
        alive = 'pipeline_worker_health{worker_id="metrics",worker_type="http"} 1\n'
        harness.wait_until(lambda: alive in numbers(), 20, "the worker's health")
        release = harness.hold(self, self.daemon, "http")
        self.assertIn(alive, numbers())
        with urllib.request.urlopen(f"http://{place}/health/live", timeout=10) as answer:
            self.assertEqual(answer.status, 200)
        release()
        self.assertEqual(self.daemon.get("/health/live")[0], 200)

    def test_camera_numbers_are_those_of_the_clip(self):
        harness.wait_until(lambda: (self.daemon.metric("camera_frames_received_total", camera_id="front") or 0) > 75, 60,
                           "75 frames")
        self.assertEqual(self.daemon.metric("camera_fps_expected", camera_id="front"), 15)
        # The first ten seconds are counted from before the clip was opened.
        readings = []

        def is_steady():
            readings.append(self.daemon.metric("camera_fps", camera_id="front") or 0)
            time.sleep(1)
            return len(readings) > 3 and all(abs(reading - 15) <= 2 for reading in readings[-4:])
        harness.wait_until(is_steady, 60, lambda: f"the clip's rate, read {readings}")
        self.assertLess(time.time() - self.daemon.metric("camera_last_frame_timestamp", camera_id="front"), 5)
        self.assertGreater(self.daemon.metric("camera_bitrate", camera_id="front"), 50_000)
        self.assertEqual(self.daemon.metric("camera_frames_dropped_total", camera_id="front"), 0)
        harness.wait_until(lambda: self.daemon.metric("camera_frames_dropped", camera_id="front") == 0, 20, "losses of this run")

    def test_reload_keeps_an_unchanged_camera_and_forgets_a_removed_one(self):
        settings = json.loads(self.daemon.config.read_text())
        settings["cameras"].append(dict(settings["cameras"][0], id="back"))
        self.daemon.write_config(settings)
        self.daemon.cli("reload")
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="back") == 1, 60, "a new one")
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 60, "the old")
        before = self.daemon.metric("camera_frames_received_total", camera_id="front")
        del settings["cameras"][1]
        self.daemon.write_config(settings)
        said = self.daemon.cli("reload").stdout
        self.assertIn("cameras.back", said)
        self.assertNotIn("cameras.front", said)
        self.assertNotIn('camera_id="back"', self.daemon.get("/metrics")[2])
        harness.wait_until(lambda: self.daemon.metric("camera_frames_received_total", camera_id="front") > before + 20, 60,
                           "the unchanged camera's frames")
        reconnects = re.findall(r'^camera_reconnects_total\{camera_id="front".*\} (\S+)$', self.daemon.get("/metrics")[2],
                                re.M)
        self.assertEqual(set(reconnects), {"0"})

    def test_health_bodies_are_exact(self):
        harness.wait_until(lambda: self.daemon.get("/health/ready")[0] == 200, 20, "ready")
        status, headers, body = self.daemon.get("/health/ready")
        self.assertEqual(body, '{"status":"ready","checks":{"model_loaded":true,"database_connected":true,'
                               '"storage_accessible":true}}')
        self.assertEqual((headers["Content-Type"], headers["Cache-Control"]), ("application/json", "no-store"))
        self.assertRegex(self.daemon.get("/health/live")[2], f'^{{"status":"alive","timestamp":"{MOMENT}"}}$')
        startup = self.daemon.get("/health/startup")[2]
        self.assertEqual(re.sub(r'"startup_time":[0-9.]+', '"startup_time":0', startup),
                         '{"status":"started","startup_time":0,"components":{"config":"started","database":"started",'
                         '"model":"started","cameras":"started","api":"started"}}')
        self.assertEqual(set(json.loads(self.daemon.get("/health")[2])), {"status", "checks", "components"})

    def test_missing_models_make_it_not_ready_and_the_bell_still_rings(self):
        empty = tempfile.TemporaryDirectory(prefix="porchlight-no-models-")
        self.addCleanup(empty.cleanup)
        settings = {"buttons": [{"id": "front", "kind": "virtual"}],
                    "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}]},
                    "cameras": [{"id": "front", "url": "file:/nonexistent.mp4"}]}
        daemon = harness.Daemon(settings, environment={"PORCHLIGHT_MODELS": empty.name})
        self.addCleanup(daemon.close)
        harness.wait_until(lambda: '"database_connected":true' in daemon.get("/health/ready")[2], 30, "the database")
        status, _, body = daemon.get("/health/ready")
        self.assertEqual(status, 503)
        self.assertEqual(body, '{"status":"not_ready","checks":{"model_loaded":false,"database_connected":true,'
                               '"storage_accessible":true}}')
        self.assertEqual(daemon.get("/health/live")[0], 200)
        ring = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "the ring")

    def test_unusable_database_is_said_and_the_bell_still_rings(self):
        daemon = harness.Daemon({"buttons": [{"id": "front", "kind": "virtual"}], "faces": {"enabled": False},
                                 "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}]}},
                                wait=None)
        self.addCleanup(daemon.close)
        (daemon.state / "porchlight.db").write_bytes(b"this is no database, it is a shopping list\n" * 100)
        daemon.start()
        self.assertIn('"database_connected":false', daemon.get("/health/ready")[2])
        self.assertIsNone(daemon.control("POST", "/api/v1/buttons/front/ring", quiet=True))  # not acknowledged
        self.hook.wait_for(lambda m: m.event["type"] == "ring", 30, "the ring all the same")


class CheckTest(unittest.TestCase):
    def check(self, path):
        return subprocess.run([harness.PROGRAM, "check", "--config", path], capture_output=True, text=True, timeout=20)

    def test_the_shipped_file_has_no_fault(self):
        done = self.check(harness.SOURCE / "config" / "porchlight.yaml")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_shipped_file_does_not_silence_the_channels_that_are_added_to_it(self):
        """`rules: []` is silence: who adds a channel on the page would hear of nothing."""
        text = (harness.SOURCE / "config" / "porchlight.yaml").read_text()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "porchlight.yaml"
            path.write_text(text.replace("  channels: []", "  channels: [{id: home, type: log}]")
                            .replace("buttons: []", "buttons: [{id: front, kind: virtual}]"))
            done = subprocess.run([harness.PROGRAM, "notify", "dry-run", "--config", path, "--json", "ring", "front"],
                                  capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('"channel":"home"', done.stdout.replace(" ", ""))

    def test_the_shipped_file_shows_every_key_with_its_default(self):
        """Uncommenting the examples gives a file without faults: they are keys that exist."""
        text = (harness.SOURCE / "config" / "porchlight.yaml").read_text()
        lines, inside = [], False
        for line in text.splitlines():
            if re.match(r"^# (- (id|when)|rules:)", line):
                inside = True
            elif not re.match(r"^#  ", line):
                inside = False
            line = re.sub(r"^(\s*\w+): \[\]$", r"\1:", line)
            lines.append("  " + line[2:] if inside else line)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "all.yaml"
            path.write_text("\n".join(lines))
            done = self.check(path)
            self.assertEqual(done.returncode, 0, done.stdout)
            path.write_text("\n".join(lines).replace("debounce:", "debonce:"))
            done = self.check(path)
            self.assertEqual(done.returncode, 1)
            self.assertIn("debounce", done.stdout)

    def test_all_faults_in_one_run_each_with_its_place(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "bad.yaml"
            path.write_text("cameras:\n  - {id: front, url: 'rstp://cam/main'}\nbuttons:\n"
                            "  - {id: front, camera: fornt, kind: virtual}\nlive: {webrtc: 8555}\nserverr: {}\n")
            done = self.check(path)
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        for place, words in (("bad.yaml:2:", "rtsp"), ("bad.yaml:4:", "front"), ("bad.yaml:5:", "not in this version"),
                             ("bad.yaml:6:1:", "server")):
            self.assertTrue(any(place in line and words in line for line in lines), (place, words, lines))

    def test_unreadable_file_is_another_exit_code(self):
        self.assertEqual(self.check("/nonexistent/porchlight.yaml").returncode, 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
