# SPDX-License-Identifier: Apache-2.0
"""The deep checks of a running daemon: each is broken once for real, and only it turns."""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

import harness
import openapi_record
import own_mounts

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

PATIENCE = 180  # seconds; a report is kept for ten, and the machine may be busy
STA_UNSYNC, TIME_ERROR = 0x40, 5


def kernel_is_synchronised():
    """As adjtimex(2) says, asked by ourselves."""
    state = (ctypes.c_long * 64)()  # struct timex: modes, 0 asks; status behind four more words
    answer = ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    status = ctypes.cast(ctypes.byref(state, 5 * ctypes.sizeof(ctypes.c_long)), ctypes.POINTER(ctypes.c_int))[0]
    if answer == -1:
        raise unittest.SkipTest("SKIPPED: the kernel may not be asked here")
    return answer != TIME_ERROR and not status & STA_UNSYNC


class DeepHealthTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        folder = tempfile.TemporaryDirectory(prefix="porchlight-deep-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def daemon(self, environment=None, **more):
        daemon = harness.Daemon(self.settings(**more), folder=self.folder, environment=environment)
        self.addCleanup(daemon.close)
        return daemon

    def film(self):
        """A camera of a program that reads a film; the film's path."""
        video = self.folder / "porch.mp4"
        clip.make(video, [], 2)
        # The daemon is killed in the end, and ffmpeg does not mind that nobody reads.
        program = f"setpriv --pdeathsig KILL ffmpeg -v error -re -stream_loop -1 -i {video} -c copy -bsf:v h264_mp4toannexb -f h264 -"
        return video, {"cameras": [{"id": "front", "url": f"exec:{program}", "stall": "60s", "motion": False}]}

    def settings(self, **more):
        return {"buttons": [{"id": "front", "kind": "virtual"}], "faces": {"enabled": False},
                "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}]}, **more}

    def ask(self, daemon):
        """(status, body) of /health/deep."""
        request = urllib.request.Request(f"http://127.0.0.1:{daemon.port}/health/deep")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                status, headers, body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, headers, body = error.code, error.headers, error.read()
        openapi_record.check("GET", "/health/deep", status, headers, body)
        return status, json.loads(body)

    def gauges(self, daemon):
        return {check: int(value) for check, value in
                re.findall(r'^health_check_status\{check="(\w+)"\} (\d)$', daemon.scrape(), re.M)}

    def until(self, daemon, check, value):
        """Asks until the check's gauge is that; the newest answer."""
        answers = []

        def asked():
            answers.append(self.ask(daemon))
            return self.gauges(daemon).get(check) == value
        harness.wait_until(asked, PATIENCE, f"{check} to be {value}")
        return answers[-1]

    def well(self, daemon):
        """The gauges once all is well but the clock, which this machine may leave to itself."""
        def all_pass():
            self.ask(daemon)
            now = self.gauges(daemon)
            return now and all(value for check, value in now.items() if check != "time") and now
        return harness.wait_until(all_pass, PATIENCE, lambda: f"all checks to pass, {self.ask(daemon)[1]}")

    def only(self, daemon, before, check, key=None):
        """The check has turned, and none else has. What it says is wrong."""
        status, body = self.until(daemon, check, 0)
        after = self.gauges(daemon)
        self.assertEqual({name for name in before if before[name] != after.get(name)}, {check}, body)
        report = body["checks"][key or check]
        self.assertEqual(report["status"], "fail")
        self.assertEqual(status, 503 if body["status"] == "unhealthy" else 200)
        return body["status"], report["detail"]["fault"]

    def test_all_is_well_and_told_once_in_ten_seconds(self):
        daemon = self.daemon()
        before = self.well(daemon)
        self.assertEqual(set(before), {"database", "cache", "storage", "model", "memory", "gpu", "cameras", "pipeline", "notifications", "audit",
                                       "time"})
        status, first = self.ask(daemon)
        self.assertEqual((status, first["status"]), (200, "healthy" if before["time"] else "degraded"))
        self.assertEqual(first["checks"]["gpu"]["detail"], {"state": "not_present"})
        self.assertEqual(first["checks"]["storage"]["detail"], {"recorded": False})
        self.assertEqual(first["checks"]["model_validation"]["detail"], {"enabled": False})
        self.assertEqual(first["checks"]["notifications"]["detail"], {"channels": 1, "reached": 1})
        self.assertEqual(first["checks"]["memory"]["detail"]["watched_minutes"], 0)
        self.assertGreater(first["checks"]["memory"]["detail"]["resident_bytes"], 1 << 20)
        # The very first run may have found the log still closed; what was skipped then has no duration.
        counts = [f"{of}_health_check_duration_seconds_count" for of in ("system", "database", "redis")]
        runs = [daemon.metric(count) for count in counts]
        harness.wait_until(lambda: self.ask(daemon)[1]["timestamp"] != first["timestamp"], PATIENCE, "another run")
        more = {daemon.metric(count) - before for count, before in zip(counts, runs)}
        self.assertEqual(len(more), 1, f"{runs}, each more by one of {more}")
        self.assertGreaterEqual(more.pop(), 1)
        path = first["checks"]["pipeline"]["detail"]
        self.assertGreater(path.pop("pictures"), 10)
        self.assertEqual(path, {"recorded": False, "suppressed": 0})
        self.assertEqual(self.hook.messages, [], "nothing may be delivered to anybody")
        self.assertEqual(daemon.stored_events(), set())
        self.assertEqual(daemon.metric("pipeline_events_total", event_type="motion", status="success"), 0)

    def test_time_is_what_the_kernel_says(self):
        daemon = self.daemon()
        self.well(daemon)
        if os.path.exists("/run/systemd/timesync"):
            self.skipTest("SKIPPED: a time service is at work here, and this is about the kernel's word")
        self.assertEqual(self.gauges(daemon)["time"], int(kernel_is_synchronised()))

    def test_a_locked_database(self):
        daemon = self.daemon()
        before = self.well(daemon)
        with contextlib.closing(sqlite3.connect(daemon.state / "porchlight.db", isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            status, fault = self.only(daemon, before, "database")
            self.assertEqual(status, "unhealthy")
            self.assertIn("locked", fault)
            body = self.ask(daemon)[1]
            for check in ("cache", "audit", "pipeline"):
                self.assertEqual(body["checks"][check]["status"], "skipped", check)
                self.assertEqual(body["checks"][check]["detail"], {"needs": "database"})
            db.execute("ROLLBACK")
        self.until(daemon, "database", 1)

    def test_a_held_accounts_thread(self):
        daemon = self.daemon()
        before = self.well(daemon)
        release = harness.hold(self, daemon, "accounts")
        self.assertEqual(self.only(daemon, before, "cache"), ("unhealthy", "the accounts' thread did not answer in time"))
        release()
        self.until(daemon, "cache", 1)

    def test_a_read_only_recordings_volume(self):
        own_mounts.enter(self)
        recordings = own_mounts.tmpfs(self, self.folder / "recordings", "64m")
        _, cameras = self.film()
        daemon = self.daemon(**cameras, storage={"path": str(self.folder / "state"), "recordings": str(recordings)})
        before = self.well(daemon)
        for check in ("storage", "pipeline"):
            self.assertTrue(self.ask(daemon)[1]["checks"][check]["detail"]["recorded"], check)
        self.assertEqual([f.name for f in recordings.iterdir() if "health" in f.name], [])
        own_mounts.make_read_only(recordings)
        status, fault = self.only(daemon, before, "storage")
        self.assertEqual(status, "unhealthy")
        self.assertIn(str(recordings), fault)
        self.assertEqual(self.ask(daemon)[1]["checks"]["pipeline"]["detail"], {"needs": "storage"})
        own_mounts.make_writable(recordings)
        self.until(daemon, "storage", 1)

    def test_a_recordings_disk_that_does_not_answer(self):
        """The check hangs with it, so somebody else has to say so."""
        disk, stuck = self.folder / "disk", self.folder / "stuck"
        _, cameras = self.film()
        daemon = harness.Daemon(self.settings(**cameras, storage={"path": str(self.folder / "state"), "recordings": str(disk)}),
                                folder=self.folder, preload=str(harness.IO_SHIM), wait=None)
        self.addCleanup(daemon.close)
        daemon.environment = {"IO_SHIM_LOG": str(self.folder / "calls"), "IO_SHIM_DIR": str(disk), "IO_SHIM_STUCK": str(stuck)}
        try:
            daemon.start()
        except AssertionError as error:
            if "does not come first in initial library list" in str(error):
                self.skipTest("a preloaded library may not come before the address sanitizer")
            raise
        before = self.well(daemon)
        stuck.touch()
        asking = threading.Thread(target=self.until, args=(daemon, "storage", 0))
        asking.start()
        harness.wait_until(lambda: self.gauges(daemon).get("storage") == 0, PATIENCE, "the disk's check to be shown as failed")
        after = self.gauges(daemon)
        self.assertEqual({name for name in before if before[name] != after.get(name)}, {"storage"})
        status, body = self.ask(daemon)
        self.assertEqual((status, body["status"]), (503, "unhealthy"))
        self.assertRegex(body["checks"]["storage"]["detail"]["fault"], "^it has not ended for [0-9]+ ms$")
        stuck.unlink()
        asking.join()
        self.until(daemon, "storage", 1)

    def test_a_held_event_lane(self):
        daemon = self.daemon()
        before = self.well(daemon)
        release = harness.hold(self, daemon, "event")
        status, fault = self.only(daemon, before, "pipeline")
        self.assertEqual((status, fault), ("unhealthy", "the event or the store worker did not answer in time"))
        release()
        self.until(daemon, "pipeline", 1)

    def test_messages_that_the_rules_would_send_are_kept_back(self):
        daemon = self.daemon(environment=None, notifications={
            "channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}], "rules": [{"when": "motion", "to": ["hook"]}]})
        self.well(daemon)
        self.assertEqual(self.ask(daemon)[1]["checks"]["pipeline"]["detail"]["suppressed"], 1)
        ring = daemon.ring("front")
        harness.wait_until(lambda: len(daemon.stored_events()) == 1, 60, "the ring's event")
        self.assertEqual(self.hook.messages, [], f"nobody is told of a motion, and no rule is of ring {ring}")

    def test_a_model_that_lost_a_block(self):
        models = self.folder / "models"
        if not (harness.BUILD / "models" / "resnet.onnx").exists():
            self.skipTest("no face models")
        models.mkdir()
        for file in (harness.BUILD / "models").glob("*.onnx"):
            shutil.copy(file, models)
        _, cameras = self.film()
        daemon = self.daemon(environment={"PORCHLIGHT_MODELS": str(models)}, **cameras, faces={"enabled": True})
        before = self.well(daemon)
        seen = self.ask(daemon)[1]["checks"]["model_validation"]["detail"]
        self.assertEqual((seen["enabled"], seen["loaded"]), (True, True))
        self.assertGreater(seen["embedder_ms"], 0)
        with open(models / "resnet.onnx", "r+b") as file:  # it loads all the same, and answers wrongly
            file.seek(file.seek(0, os.SEEK_END) // 2)
            file.write(b"\x7f" * 512)
        daemon.write_config(self.settings(**cameras, faces={"enabled": True, "min_size": 50}))
        daemon.cli("reload")
        status, fault = self.only(daemon, before, "model", "model_validation")
        self.assertEqual((status, fault), ("unhealthy", "the face models are not there, or cannot be used"))
        shutil.copy(harness.BUILD / "models" / "resnet.onnx", models / "new")
        (models / "new").rename(models / "resnet.onnx")
        self.until(daemon, "model", 1)

    def child_of(self, daemon):
        for path in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if path.name.isdigit() and int((path / "stat").read_text().rpartition(")")[2].split()[1]) == daemon.process.pid:
                    return int(path.name)
        return None

    def test_a_camera_that_is_gone(self):
        video, cameras = self.film()
        daemon = self.daemon(**cameras)
        before = self.well(daemon)
        video.rename(video.with_suffix(".gone"))
        os.kill(self.child_of(daemon), signal.SIGKILL)
        status, fault = self.only(daemon, before, "cameras")
        self.assertEqual(status, "degraded")
        self.assertIn("camera 'front' is ", fault)
        video.with_suffix(".gone").rename(video)
        self.until(daemon, "cameras", 1)

    def test_a_channel_whose_server_is_gone(self):
        daemon = self.daemon()
        before = self.well(daemon)
        self.hook.close()
        status, fault = self.only(daemon, before, "notifications")
        self.assertEqual(status, "degraded")
        self.assertIn("channel 'hook'", fault)

    def test_a_record_of_the_audit_log_that_was_changed(self):
        daemon = self.daemon()
        log = daemon.state / "audit" / "audit.jsonl"
        harness.wait_until(lambda: log.exists() and b"started" in log.read_bytes(), PATIENCE, "the record of the start")
        before = self.well(daemon)
        place = log.read_bytes().index(b"started")
        with open(log, "r+b") as file:
            file.seek(place)
            file.write(b"stopped")
        status, fault = self.only(daemon, before, "audit")
        self.assertEqual(status, "unhealthy")
        self.assertIn("bad_hash at record 0", fault)
        with open(log, "r+b") as file:
            file.seek(place)
            file.write(b"started")
        self.until(daemon, "audit", 1)


if __name__ == "__main__":
    unittest.main()
