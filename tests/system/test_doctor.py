# SPDX-License-Identifier: Apache-2.0
"""`porchlight doctor` from outside: each check once well and once with its mend."""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

import harness
from gpio_chips import FAKE, Chips, fake_environment

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

RTSP_SERVER = next(iter(harness.BUILD.glob("**/rtsp_test_server")), None)
NOBODY = 65534
SYSTEMD = pathlib.Path("/run/systemd/system").exists()


def dead_port(test):
    """Bound, so that nobody else takes it, and never listening."""
    taken = socket.socket()
    test.addCleanup(taken.close)
    taken.bind(("127.0.0.1", 0))
    return taken.getsockname()[1]


class DoctorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-doctor-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.state = self.folder / "state"
        self.state.mkdir()
        self.file = self.folder / "porchlight.yaml"
        self.environment = {}
        self.program = harness.PROGRAM

    def write(self, **more):
        base = {"server": {"listen": "127.0.0.1:0"}, "storage": {"path": str(self.state)}, "faces": {"enabled": False}}
        self.file.write_text(json.dumps({**base, **more}, indent=1))

    def run_doctor(self, *arguments, config=None, **popen):
        environment = {**os.environ, **self.environment}
        return subprocess.run([self.program, "doctor", "--config", config or self.file, *arguments], text=True,
                              capture_output=True, timeout=120, env=environment, **popen)

    def examine(self, status=None, **popen):
        """{check: [(verdict, found, mend), …]}; the exit status must be that, or what the verdicts say."""
        done = self.run_doctor("--json", **popen)
        whole = json.loads(done.stdout)
        checks = {c["check"]: [(f["verdict"], f["found"], f.get("mend", "")) for f in c["findings"]] for c in whole["checks"]}
        verdicts = {f[0] for findings in checks.values() for f in findings}
        self.assertEqual(whole["verdict"], next(v for v in ("bad", "warning", "skipped", "good") if v in verdicts))
        self.assertEqual(done.returncode, status if status is not None else int("bad" in verdicts), done.stdout + done.stderr)
        for name, findings in checks.items():
            for verdict, found, mend in findings:
                self.assertTrue(found, name)
                self.assertTrue(mend or verdict in ("good", "skipped"), f"{name}: {found} has no mend")
        return checks

    def expect(self, checks, name, verdict, found="", mend=""):
        """The only finding of that check."""
        self.assertEqual(len(checks[name]), 1, checks[name])
        self.assertEqual(checks[name][0][0], verdict, checks[name])
        self.assertIn(found, checks[name][0][1])
        self.assertIn(mend, checks[name][0][2])

    def daemon(self, **more):
        daemon = harness.Daemon({"faces": {"enabled": False}, **more}, folder=self.folder, environment=self.environment)
        self.addCleanup(daemon.close)
        return daemon

    # -- audit log -------------------------------------------------------------------------------------

    def test_damaged_audit_log_is_told_with_its_mend(self):
        daemon = self.daemon()
        harness.wait_until(lambda: daemon.status()["audit"] == {"intact": True}, 20, "the first verification")
        self.expect(self.examine_of(daemon), "audit log", "good", "asked the running daemon")
        daemon.stop()
        log = daemon.state / "audit" / "audit.jsonl"
        text = log.read_text()
        self.assertIn("daemon", text)
        log.write_text(text.replace("daemon", "doomed", 1))
        daemon.start()
        harness.wait_until(lambda: daemon.status()["audit"] == {"intact": False}, 20, "its verdict")
        checks = self.examine_of(daemon, status=1)
        self.expect(checks, "audit log", "bad", "not as it was written", "porchlight audit verify")
        self.assertIn("porchlight audit begin", checks["audit log"][0][2])

    def test_audit_log_is_not_looked_at_without_the_daemon(self):
        self.write()
        self.expect(self.examine(status=0), "audit log", "skipped", "only the running daemon", "porchlight audit verify")

    def examine_of(self, daemon, **more):
        self.file = daemon.config
        return self.examine(**more)

    # -- configuration ---------------------------------------------------------------------------------

    def test_every_fault_is_named_with_its_place_and_the_rest_is_examined(self):
        self.file.write_text(f"storage: {{path: {self.state}}}\nfaces: {{enabled: false}}\ncolour: red\n"
                             "cameras:\n  - {id: front, url: rstp://x/y}\nbuttons:\n  - {id: front, kind: virtual}\n")
        checks = self.examine(status=1)
        self.assertEqual([f[0] for f in checks["configuration"]], ["bad", "bad"])
        self.assertIn("porchlight.yaml:3:1: colour", checks["configuration"][0][1])
        self.assertIn("edit " + str(self.file) + " at line 3", checks["configuration"][0][2])
        self.assertIn(":5:", checks["configuration"][1][1])
        self.expect(checks, "camera front", "skipped", "its configuration has a fault", "configuration first")
        self.expect(checks, "button front", "good")

    def test_broken_yaml_hides_the_rest(self):
        self.file.write_text("cameras: [\n")
        checks = self.examine(status=1)
        self.expect(checks, "configuration", "bad", "porchlight.yaml:", "edit ")
        self.expect(checks, "disk", "skipped", "storage.path is not known")
        self.assertIn("clock", checks)

    def test_file_that_is_not_there_is_exit_3_and_the_clock_is_examined(self):
        checks = self.examine(status=3)
        self.expect(checks, "configuration", "bad", "No such file", "--config")
        self.assertIn("clock", checks)
        self.assertIn("unit", checks)

    def test_secret_that_everybody_reads_is_a_warning(self):
        self.write(cameras=[{"id": "front", "url": "rtsp://cam/x", "enabled": False, "user": "a", "password": "hunter2"}])
        self.expect(self.examine(status=0), "configuration", "warning", "holds a secret", "chmod 640")
        self.assertNotIn("hunter2", self.run_doctor().stdout)
        self.file.chmod(0o640)
        self.expect(self.examine(status=0), "configuration", "good", "no faults")

    def test_credential_of_the_service_is_skipped_and_not_bad(self):
        self.environment["CREDENTIALS_DIRECTORY"] = ""
        del self.environment["CREDENTIALS_DIRECTORY"]
        self.write(cameras=[{"id": "front", "url": "rtsp://cam/x", "user": "a", "password": "${credential:front}"}])
        checks = self.examine(status=0)
        self.expect(checks, "configuration", "skipped", "credential 'front'", "systemctl reload")
        self.expect(checks, "camera front", "skipped", "its configuration")

    # -- the command -----------------------------------------------------------------------------------

    def test_text_has_a_line_per_check_mends_below_and_counts(self):
        self.write(buttons=[{"id": "front", "kind": "virtual"}],
                   cameras=[{"id": "front", "url": f"rtsp://127.0.0.1:{dead_port(self)}/cam"}])
        done = self.run_doctor()
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        self.assertRegex(done.stdout, r"(?m)^good     button front   virtual: rings by command$")
        at = next(i for i, line in enumerate(lines) if line.startswith("bad      camera front   "))
        self.assertRegex(lines[at + 1], r"^ {24}mend: switch the camera on")
        counted = dict((word, int(number)) for number, word in re.findall(r"(\d+) (good|warning|bad|skipped)", lines[-1]))
        self.assertEqual(counted["bad"], 1)
        self.assertEqual(counted["good"], sum(line.startswith("good ") for line in lines))
        self.assertNotIn("\033", done.stdout)

    def test_wrong_use_is_exit_2(self):
        self.write()
        self.assertEqual(self.run_doctor("--colour").returncode, 2)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_ordinary_user_is_sent_to_sudo(self):
        ordinary = {"user": NOBODY, "group": NOBODY, "extra_groups": []}  # root's groups may open the socket
        self.write()
        self.folder.chmod(0o755)
        self.program = shutil.copy(harness.PROGRAM, self.folder)  # the tree may lie where others cannot go
        self.file.chmod(0o600)
        checks = self.examine(status=3, **ordinary)
        self.expect(checks, "configuration", "skipped", "Permission denied", "run it with sudo")
        self.file.chmod(0o644)
        self.expect(self.examine(**ordinary), "disk", "skipped", "may not be written by this user", "run it with sudo")
        self.daemon(buttons=[{"id": "front", "kind": "gpio", "line": 17}])
        self.state.chmod(0o755)
        checks = self.examine(**ordinary)
        self.expect(checks, "daemon", "skipped", "", "run it with sudo")
        self.expect(checks, "button front", "skipped", "a daemon may hold the line", "run it with sudo")

    # -- daemon, unit, priority ------------------------------------------------------------------------

    def test_daemon_that_runs_is_asked(self):
        daemon = self.daemon(buttons=[{"id": "front", "kind": "virtual"}])
        harness.wait_until(lambda: daemon.status()["ready"], 60, "the daemon to be ready")
        checks = self.examine()
        self.expect(checks, "daemon", "good", "runs, ready")
        self.expect(checks, "button front", "good", "asked the running daemon")
        self.assertEqual(daemon.status()["pid"], daemon.process.pid)
        daemon.stop()
        checks = self.examine(status=0)
        self.expect(checks, "daemon", "warning", "does not run", "systemctl start porchlight")
        self.expect(checks, "button front", "good", "virtual: rings by command")
        self.assertNotIn("priority", checks)

    def test_socket_that_a_crash_left_is_no_daemon(self):
        self.daemon().kill()
        self.assertTrue((self.state / "control.sock").exists())
        self.expect(self.examine(status=0), "daemon", "warning", "does not run", "systemctl start")

    def test_daemon_that_does_not_answer_is_bad(self):
        self.write(buttons=[{"id": "front", "kind": "gpio", "line": 17}])
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(str(self.state / "control.sock"))
            deaf.listen()
            checks = self.examine(status=1)
            self.expect(checks, "daemon", "bad", "", "systemctl restart porchlight")
            self.expect(checks, "button front", "skipped", "a daemon may hold the line", "what the check 'daemon' says")

    def answering(self, status):
        """A control socket that answers with that status: what no daemon of this version says."""
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(self.state / "control.sock"))
        listener.listen()
        body = json.dumps(status).encode()

        def serve():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer, contextlib.suppress(OSError):  # the first only knocks
                    if peer.recv(4096):
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))

        threading.Thread(target=serve, daemon=True).start()

    def test_daemon_of_another_version_wants_a_restart(self):
        self.write()
        self.answering({"version": "9.9.9", "ready": True, "cameras": [], "buttons": []})
        self.expect(self.examine(status=0), "daemon", "warning", "version 9.9.9 runs", "systemctl restart porchlight")

    def test_stuck_button_is_bad(self):
        self.write(buttons=[{"id": "front", "kind": "gpio", "line": 17}])
        self.answering({"version": "x", "ready": True, "buttons": [{"id": "front", "state": "stuck", "text": "front: stuck"}]})
        self.expect(self.examine(status=1), "button front", "bad", "front: stuck; asked", "set buttons[0].active_low: false")

    def test_what_the_daemon_was_not_told_wants_a_reload(self):
        daemon = self.daemon(buttons=[{"id": "front", "kind": "virtual"}])
        daemon.write_config({"faces": {"enabled": False}, "buttons": [{"id": "back", "kind": "virtual"}]})
        self.expect(self.examine(), "button back", "warning", "does not know it", "porchlight reload")
        daemon.cli("reload")
        self.expect(self.examine(), "button back", "good")

    def test_daemon_without_models_is_not_ready(self):
        self.environment["PORCHLIGHT_MODELS"] = str(self.folder / "none")
        self.daemon(faces={"enabled": True}, cameras=[{"id": "front", "url": f"rtsp://127.0.0.1:{dead_port(self)}/c"}])
        self.expect(self.examine(status=1), "daemon", "warning", "model_loaded", "journalctl")

    @unittest.skipIf(SYSTEMD, "this machine was booted with systemd")
    def test_unit_is_skipped_without_systemd(self):
        self.write()
        self.expect(self.examine(), "unit", "skipped", "not booted with systemd")

    def test_priority_follows_the_daemons_limits(self):
        daemon = self.daemon()
        limits = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text()
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        allowed = (int(re.search(r"CapEff:\s+(\w+)", status)[1], 16) >> 23 & 1
                   or int(re.search(r"Max nice priority\s+(\d+)", limits)[1]) >= 30)
        if allowed:
            self.expect(self.examine(), "priority", "good", "may raise its button lane")
        else:
            self.expect(self.examine(), "priority", "warning", "may not raise", "LimitNICE=-10")

    # -- disk, clock -----------------------------------------------------------------------------------

    def test_disk_is_synced_and_left_as_it_was(self):
        self.write()
        finding = self.examine()["disk"][-1]
        if finding[0] == "good":
            self.assertRegex(finding[1], r"free, synced in [\d.]+ ms, no database yet")
        elif slow := re.search(r"synced in ([\d.]+) ms", finding[1]):
            self.assertGreaterEqual(float(slow[1]), 500)  # the machine's own disk is slow or scarce, which is not ours to judge
        else:
            self.assertIn("free of", finding[1])
        self.assertEqual(list(self.state.iterdir()), [])

    def test_missing_folder_is_bad(self):
        self.state.rmdir()
        self.write()
        self.expect(self.examine(status=1), "disk", "bad", "No such file", "install -d -m 750 -o porchlight")

    def test_full_disk_is_bad(self):
        self.write()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", self.state], capture_output=True).returncode:
            self.skipTest("no file system may be mounted here")
        self.addCleanup(subprocess.run, ["umount", self.state])
        with contextlib.suppress(OSError):
            (self.state / "ballast").write_bytes(bytes(2 << 20))
        found = self.examine(status=1)["disk"]
        self.assertTrue(any(f[0] == "bad" and "0 MiB free" in f[1] and "du -xh" in f[2] for f in found), found)
        self.assertTrue(any("No space left" in f[1] and "free space" in f[2] for f in found), found)

    def test_database_of_a_newer_program_is_bad(self):
        self.daemon().stop()
        before = sorted(p.name for p in self.state.iterdir())
        ours = re.search(r"database of version (\d+)", str(self.examine(status=0)["disk"]))[1]
        self.assertEqual(sorted(p.name for p in self.state.iterdir()), before)
        with contextlib.closing(sqlite3.connect(self.state / "porchlight.db")) as database:
            database.execute("PRAGMA user_version = 99")
        found = [f for f in self.examine(status=1)["disk"] if f[0] == "bad"]
        self.assertIn(f"of version 99, this program knows up to {ours}", found[0][1])
        self.assertIn("install the porchlight that wrote it", found[0][2])

    def test_clock_says_what_the_kernel_says(self):
        self.write()
        kernel = ctypes.create_string_buffer(512)  # struct timex, which begins with modes = 0
        state = ctypes.CDLL(None).adjtimex(kernel)
        if state == 5:
            self.expect(self.examine(), "clock", "warning", "nothing keeps the clock right", "timedatectl set-ntp true")
        else:
            self.expect(self.examine(), "clock", "good", "synchronised")

    # -- models ----------------------------------------------------------------------------------------

    def test_models_are_run(self):
        self.write(faces={"enabled": True})
        if not (harness.BUILD / "models" / "resnet.onnx").exists():
            self.skipTest("the face models were not built")
        self.expect(self.examine(status=0), "models", "good", "a drawn face recognised")

    def test_missing_models_are_bad_unless_nobody_needs_them(self):
        self.environment["PORCHLIGHT_MODELS"] = str(self.folder)
        self.write(faces={"enabled": True})
        self.expect(self.examine(status=1), "models", "bad", "detect.onnx': no such file",
                    "apt install --reinstall ./porchlight_")
        self.write()
        self.expect(self.examine(status=0), "models", "skipped", "faces.enabled is false")

    def test_damaged_model_is_bad(self):
        for name in ("detect.onnx", "landmark.onnx", "resnet.onnx"):
            if not (harness.BUILD / "models" / name).exists():
                self.skipTest("the face models were not built")
            shutil.copy(harness.BUILD / "models" / name, self.folder)
        with open(self.folder / "resnet.onnx", "r+b") as model:
            model.seek(os.path.getsize(model.name) // 2)
            model.write(b"\x7f" * 512)
        self.environment["PORCHLIGHT_MODELS"] = str(self.folder)
        self.write(faces={"enabled": True})
        self.expect(self.examine(status=1), "models", "bad", "resnet.onnx': its embedding", "apt install --reinstall")

    # -- channels --------------------------------------------------------------------------------------

    def channels(self, *channels):
        self.write(notifications={"channels": list(channels)})

    def test_channel_is_reached_and_hears_nothing(self):
        hook = harness.Hook()
        self.addCleanup(hook.close)
        self.channels({"id": "hook", "type": "webhook", "url": hook.url}, {"id": "log", "type": "log"})
        checks = self.examine(status=0)
        self.expect(checks, "channel hook", "good", "webhook: reachable")
        self.expect(checks, "channel log", "good", "log")
        harness.wait_until(lambda: hook.connections, 30, "the knock")
        self.assertEqual(hook.connections, 1)
        self.assertEqual(hook.messages, [])

    def test_receiver_that_refuses_the_message_is_bad(self):
        """It is reached; what the daemon says became of the newest ring tells the rest."""
        hook = harness.Hook(status=404)
        self.addCleanup(hook.close)
        daemon = self.daemon(**{k: harness.config(hook)[k] for k in ("buttons", "notifications")})
        daemon.ring("front")
        harness.wait_until(lambda: any(d["state"] == "failed" for r in daemon.status()["rings"] for d in r["deliveries"]), 20, "the refusal")
        self.expect(self.examine(status=1), "channel hook", "bad", "the newest ring's message is failed", ".headers")
        hook.status = 200
        ring = daemon.ring("front")
        hook.wait_for(lambda m: m.event["id"] == ring, 30, "the message")
        harness.wait_until(lambda: any(d["state"] == "delivered" for d in daemon.status()["rings"][0]["deliveries"]), 30, "its row")
        self.expect(self.examine(status=0), "channel hook", "good", "the newest ring was delivered")

    def test_dead_and_unknown_receivers_are_bad(self):
        self.channels({"id": "log", "type": "log"},
                      {"id": "dead", "type": "webhook", "url": f"http://me:secret@127.0.0.1:{dead_port(self)}/x"},
                      {"id": "unknown", "type": "webhook", "url": "https://receiver.invalid/x"})
        checks = self.examine(status=1)
        self.expect(checks, "channel dead", "bad", "127.0.0.1", "notifications.channels[1].url")
        self.assertNotIn("secret", str(checks["channel dead"]))
        self.expect(checks, "channel unknown", "bad", "receiver.invalid", "name that exists")
        self.assertIn("notifications.channels[2].url", checks["channel unknown"][0][2])

    def test_channel_of_the_short_list_is_mended_where_it_stands(self):
        dead = f"http://127.0.0.1:{dead_port(self)}/x"
        smtp = {"server": f"smtp://127.0.0.1:{dead_port(self)}", "starttls": "none", "from": "door@example.org"}
        self.write(notifications={"channels": [{"id": "log", "type": "log"}]},
                   alerting={"smtp": smtp, "notification_channels": [{"type": "webhook", "config": dead},
                                                                     {"type": "email", "config": "ops@example.org"}]})
        checks = self.examine(status=1)
        self.expect(checks, "channel alerting_webhook", "bad", "127.0.0.1", "alerting.notification_channels[0].config")
        self.expect(checks, "channel alerting_email", "bad", "127.0.0.1", "alerting.smtp.server")
        self.environment = {"NOTIFICATION_CHANNELS": f"webhook:{dead}"}
        self.expect(self.examine(status=1), "channel alerting_webhook", "bad", "127.0.0.1",
                    "the value of 'webhook' in NOTIFICATION_CHANNELS")

    def certificate(self, name):
        done = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / f"{name}.key",
                               "-out", self.folder / f"{name}.pem"], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def test_certificate_of_the_wrong_authority_is_bad(self):
        certificate, key = self.certificate("receiver")
        stranger, _ = self.certificate("stranger")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        heard = []

        def serve():
            while True:
                try:
                    raw, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as secure:
                    heard.append(secure.recv(1000))

        threading.Thread(target=serve, daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/x"
        self.channels({"id": "right", "type": "webhook", "url": url, "ca_file": str(certificate)},
                      {"id": "wrong", "type": "webhook", "url": url, "ca_file": str(stranger)})
        checks = self.examine(status=1)
        self.expect(checks, "channel right", "good", "reachable")
        self.expect(checks, "channel wrong", "bad", "certificate", "notifications.channels[1].ca_file")
        self.assertNotIn(True, [bool(bytes_) for bytes_ in heard], "a request was sent")

    # -- cameras ---------------------------------------------------------------------------------------

    def camera_server(self, *arguments):
        if RTSP_SERVER is None:
            self.skipTest("the RTSP test server was not built")
        server = subprocess.Popen([RTSP_SERVER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        url = server.stdout.readline().strip()
        if url.startswith("missing"):
            self.skipTest(f"GStreamer lacks what the RTSP test server needs: {url}")
        server.url = url
        return server

    def test_camera_is_good_by_a_decoded_picture(self):
        server = self.camera_server("--user", "viewer", "--password", "right")
        login = {"url": server.url, "user": "viewer", "password": "right"}
        self.write(cameras=[{"id": "good", **login}, {"id": "refused", **login, "password": "wrong"},
                            {"id": "path", **login, "url": server.url + "nowhere"}, {"id": "off", **login, "enabled": False}])
        checks = self.examine(status=1)
        self.expect(checks, "camera good", "good", "h264 ")
        self.expect(checks, "camera refused", "bad", "401", "set cameras[1].user and .password")
        self.expect(checks, "camera path", "bad", "404", "set cameras[2].url to a path")
        self.expect(checks, "camera off", "skipped", "not enabled")
        self.assertNotIn("wrong", str(checks["camera refused"]))

    def test_camera_that_is_off_or_unknown_is_bad(self):
        self.write(cameras=[{"id": "dead", "url": f"rtsp://127.0.0.1:{dead_port(self)}/cam"},
                            {"id": "unknown", "url": "rtsp://camera.invalid/cam"},
                            {"id": "file", "url": f"file:{self.folder}/none.mp4"}])
        checks = self.examine(status=1)
        self.expect(checks, "camera dead", "bad", "refused", "cameras[0].url names its host and port")
        self.expect(checks, "camera unknown", "bad", "camera.invalid", "the host in cameras[1].url")
        self.expect(checks, "camera file", "bad", "none.mp4", "set cameras[2].url to a file that is there")

    def test_running_daemon_speaks_for_its_cameras(self):
        server = self.camera_server("--user", "viewer", "--password", "right")
        login = {"url": server.url, "user": "viewer", "password": "right", "stall": "5s"}
        daemon = self.daemon(cameras=[{"id": "dead", "url": f"rtsp://127.0.0.1:{dead_port(self)}/cam"}, {"id": "front", **login},
                                      {"id": "refused", **login, "password": "wrong"}])
        states = lambda: {c["id"]: c["state"] for c in daemon.status()["cameras"]}
        harness.wait_until(lambda: states() == {"dead": "unreachable", "front": "connected", "refused": "auth_failed"}, 60, "states")
        checks = self.examine(status=1)
        self.expect(checks, "camera front", "good", "pictures are decoded, asked the running daemon")
        self.expect(checks, "camera dead", "bad", "unreachable; asked the running daemon: open", "cameras[0].url")
        self.expect(checks, "camera refused", "bad", "auth_failed; asked the running daemon", "cameras[2].user and .password")
        server.stdin.write("freeze\n")
        server.stdin.flush()
        harness.wait_until(lambda: states()["front"] == "stalled", 60, "the stalled camera")
        self.expect(self.examine(status=1), "camera front", "bad", "asked the running daemon", "cameras[1].url")

    def test_camera_that_nobody_decodes_is_bad(self):
        server = self.camera_server()
        server.stdin.write("break\n")
        server.stdin.flush()
        self.assertEqual(server.stdout.readline().strip(), "break done")
        self.write(cameras=[{"id": "front", "url": server.url}])
        self.expect(self.examine(status=1), "camera front", "bad", "no picture out of them", "H.264")

    # -- buttons ---------------------------------------------------------------------------------------

    def fake_chips(self, begin=""):
        if FAKE is None:
            self.skipTest("the fake GPIO chips were not built")
        if "sanitize" in os.environ.get("PORCHLIGHT_FLAVOUR", ""):
            self.skipTest("a sanitizer does not bear the preload")
        chips = Chips()
        self.addCleanup(chips.close)
        self.environment = {"LD_PRELOAD": str(FAKE), **fake_environment(chips, GPIOFAKE_BEGIN=begin)}
        return chips

    def button(self, begin="", **more):
        """What the doctor says of one gpio button, when that has happened to the chips."""
        self.fake_chips(begin)
        self.write(buttons=[{"id": "front", "kind": "gpio", "line": "GPIO17", **more}])
        return self.examine()

    def test_button_at_rest_is_good(self):
        for backend in ("auto", "uapi"):
            self.expect(self.button(backend=backend), "button front", "good", "line 17 'GPIO17', not pressed")

    def test_pressed_at_rest_means_the_wrong_level(self):
        self.expect(self.button("GPIO17=0"), "button front", "warning", "reads as pressed", "set buttons[0].active_low: false")
        self.expect(self.button("GPIO17=1", active_low=False), "button front", "warning", "reads as pressed", "active_low: true")
        self.expect(self.button("GPIO17=0", active_low=False), "button front", "good", "not pressed")

    def test_missing_chip_and_line_are_bad(self):
        self.expect(self.button("gone gpiochip0"), "button front", "bad", "no GPIO chip", "gpioinfo")
        self.expect(self.button(line="GPIO99"), "button front", "bad", "GPIO99", "set buttons[0].chip and .line")
        self.expect(self.button(line=99), "button front", "bad", "has 58 lines", "set buttons[0].line")

    def test_line_in_use_is_bad(self):
        self.expect(self.button("busy GPIO17"), "button front", "bad", "in use by '", "set buttons[0].line to another")

    def test_chip_without_permission_is_bad_for_root(self):
        if os.geteuid() != 0:
            self.skipTest("an ordinary user is sent to sudo")
        self.expect(self.button("deny gpiochip0"), "button front", "bad", "Permission denied", "systemd/gpio.rules")

    def test_running_daemon_speaks_for_its_buttons(self):
        self.fake_chips()
        preload = self.environment.pop("LD_PRELOAD")
        daemon = harness.Daemon({"faces": {"enabled": False}, "buttons": [{"id": "front", "kind": "gpio", "line": "GPIO17"}]},
                                folder=self.folder, preload=preload, environment=self.environment)
        self.addCleanup(daemon.close)
        harness.wait_until(lambda: daemon.status()["buttons"][0]["state"] == "idle", 30, "the line")
        # The doctor has no chip of its own here: only the daemon can know.
        self.environment = {}
        self.expect(self.examine(), "button front", "good", "front: idle")
        self.assertIn("asked the running daemon", str(self.examine()["button front"]))

    def test_degraded_button_is_looked_into(self):
        self.fake_chips("busy GPIO17")
        preload = self.environment.pop("LD_PRELOAD")
        daemon = harness.Daemon({"faces": {"enabled": False}, "buttons": [{"id": "front", "kind": "gpio", "line": "GPIO17"}]},
                                folder=self.folder, preload=preload, environment=self.environment)
        self.addCleanup(daemon.close)
        harness.wait_until(lambda: daemon.status()["buttons"][0]["state"] == "degraded", 30, "the busy line")
        other = Chips()
        self.addCleanup(other.close)
        self.environment = {"LD_PRELOAD": preload, **fake_environment(other, GPIOFAKE_BEGIN="busy GPIO17")}
        self.expect(self.examine(status=1), "button front", "bad", "asked the running daemon: request line", "set buttons[0].line")
        self.environment["GPIOFAKE_BEGIN"] = ""
        self.expect(self.examine(status=1), "button front", "bad", "it can be read from here", "adduser porchlight gpio")


if __name__ == "__main__":
    unittest.main(verbosity=2)
