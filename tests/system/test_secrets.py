#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Secrets stay where they belong: planted by name, the whole house exercised, then looked for everywhere else."""

import base64
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import harness
import mqtt_client
import secret_house
import secret_prometheus
import secret_search
from accounts_client import first_run_code
from harness import free_port
from authenticator import totp
from journal_stand_in import Journal, fields
from secret_house import NOBODY, Canaries, KeepingClient
from stream_client import Listener, WebSocket

# Each with signs that a URL, a form and base64 spell differently.
PASSWORD = "anna's pass/phrase + 7f3a"


class Secrets(unittest.TestCase):
    def setUp(self):
        self.canaries = Canaries()
        self.answers, self.outputs = [], []
        self.hook, self.refusing, self.camera = harness.Hook(), harness.Hook(status=404), secret_house.ShutCamera()
        for part in (self.hook, self.refusing, self.camera):
            self.addCleanup(part.close)
        self.broker = mqtt_client.Broker() if mqtt_client.MOSQUITTO else None  # without one the password stays at home
        if self.broker:
            self.addCleanup(self.broker.close)
        self.dead = harness.socket.socket()
        self.addCleanup(self.dead.close)
        self.dead.bind(("127.0.0.1", 0))  # never listens

    # -- planting --------------------------------------------------------------------------------------

    def configuration(self):
        plant = self.canaries.plant
        dead = self.dead.getsockname()[1]
        url_password = plant("camera password in its URL", "cam-Pass+word=91c2")
        key_password = plant("camera password by key", "key-Pass/word=17d0")
        environment = plant("channel secret from the environment", "env-Secret/+52ab")
        file = plant("channel secret from a file", "file-Secret/+8cc1")
        port = self.refusing.url.rpartition(":")[2].partition("/")[0]
        settings = harness.config(self.hook, log={"level": "debug"}, metrics={"listen": self.numbers}, cameras=[
            {"id": "porch", "url": f"rtsp://viewer:{secret_search.forms(url_password.encode())['percent-encoded'].decode()}"
                                   f"@127.0.0.1:{self.camera.port}/live"},
            {"id": "yard", "url": f"rtsp://127.0.0.1:{self.camera.port}/live", "user": "viewer", "password": key_password},
            {"id": "lawn", "url": f"rtsp://127.0.0.1:{dead}/live?token={plant('camera token in its query', 'cam-query-token-3e77')}"},
        ])
        settings["notifications"]["channels"] = [
            {"id": "hook", "type": "webhook", "url": self.hook.url,
             "headers": ["X-Key: " + plant("channel key in a header", "header-Key/+=64ce"), "Authorization: Bearer ${ENV:CHANNEL}"]},
            {"id": "down", "type": "webhook", "timeout": "1s",
             "url": f"http://me:{plant('channel password in its URL', 'hook-Pass-word-08aa')}@127.0.0.1:{dead}/in/"
                    f"{plant('channel secret in its path', 'path-Secret-99de')}?key={plant('channel secret in its query', 'query-Secret-41fb')}"},
            {"id": "refusing", "type": "webhook", "url": f"http://127.0.0.1:{port}/${{file:{self.secret_file}}}"},
        ]
        settings["notifications"]["rules"] = [{"when": "ring", "to": ["hook", "down", "refusing"]},
                                              {"when": "camera.lost", "to": ["refusing"]}]
        if self.broker:
            settings["mqtt"] = {"host": "127.0.0.1", "port": self.broker.port, "user": "house",
                                "password": plant("broker password", "mqtt-Pass/word+=5b3e")}
        short = plant("channel secret in the short list", "short-Secret-2bd8")
        self.environment = {"CHANNEL": environment, "NOTIFICATION_CHANNELS": f"webhook:http://127.0.0.1:{port}/{short}"}
        self.secret_file.write_text(file)
        return settings

    def start(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-secrets-")
        self.addCleanup(folder.cleanup)
        self.secret_file = pathlib.Path(folder.name) / "channel"
        self.numbers = f"127.0.0.1:{free_port()}"
        settings = self.configuration()
        self.daemon = harness.Daemon(settings, environment=dict(self.environment), wait=None)
        self.addCleanup(self.daemon.close)
        self.not_looked_at, self.journal, self.prometheus = [], None, None
        try:
            self.journal = Journal(self, self.daemon)
        except unittest.SkipTest as why:  # then the log goes to standard output
            self.not_looked_at.append(str(why))
        self.daemon.start()
        if secret_prometheus.MISSING:
            self.not_looked_at.append(secret_prometheus.MISSING)
        else:
            self.prometheus = secret_prometheus.Keeper(self.numbers)
            self.addCleanup(self.prometheus.close)
        os.environ.update(self.environment)  # commands read the same file
        self.addCleanup(lambda: [os.environ.pop(name) for name in self.environment])

    def client(self):
        return KeepingClient(self.daemon, self.answers)

    def run_command(self, *arguments, **popen):
        done = subprocess.run([harness.PROGRAM, *arguments, "--config", self.daemon.config], capture_output=True, text=True,
                              timeout=120, **popen)
        self.outputs.append(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}".encode())
        return done

    def keys_of_the_house(self):
        state = self.daemon.state
        self.canaries.plant("accounts key", (state / "accounts.key").read_text().strip(), homes=["accounts.key"])
        self.canaries.plant("accounts key in bytes", bytes.fromhex((state / "accounts.key").read_text().strip()),
                            homes=["accounts.key"])
        self.canaries.plant("audit key", (state / "audit.key").read_bytes(), homes=["audit.key"])
        for path in sorted((state / "tls").iterdir()):
            lines = path.read_text().splitlines() if path.suffix in (".pem", ".key") else []
            if any("PRIVATE KEY" in line for line in lines):
                begin = next(i for i, line in enumerate(lines) if "BEGIN" in line and "PRIVATE" in line)
                self.canaries.plant(f"TLS private key {path.name}", lines[begin + 1][8:], homes=[f"tls/{path.name}"])

    # -- exercising ------------------------------------------------------------------------------------

    def first_account(self):
        plant = self.canaries.plant
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        plant("first-run code", code, homes=["journal", "journal's entries"])  # that record is how it is handed out
        anna = self.client()
        self.assertEqual(anna.register(code, "anna", plant("account password", PASSWORD))[0], 201)
        self.assertEqual(anna.register(code, "anna", PASSWORD)[0], 403)
        self.assertEqual(anna.login("anna", plant("wrong password", "not/that+one=5512")), 401)
        self.assertEqual(anna.login("anna", PASSWORD), 200)
        plant("session cookie", anna.cookie.partition("=")[2], handed_out=["POST /api/v1/auth/login"])
        plant("CSRF token", anna.csrf, handed_out=["POST /api/v1/auth/login", "GET /api/v1/auth/session"])
        return anna

    def codes_and_tokens(self, anna):
        plant = self.canaries.plant
        made = anna.ask("POST", "/api/v1/tokens", {"name": "script", "scopes": ["view", "ring"]})[2]
        self.token = plant("API token", made["token"], handed_out=["POST /api/v1/tokens"])
        plant("API token's signature", made["token"].rpartition(".")[2], handed_out=["POST /api/v1/tokens"])
        made = anna.ask("POST", "/api/v1/tokens", {"name": "prometheus", "kind": "scrape"})[2]
        self.scrape = plant("scrape token", made["token"], handed_out=["POST /api/v1/tokens"])
        invited = anna.ask("POST", "/api/v1/users", {"name": "vera", "role": "viewer", "all_cameras": True})[2]
        code = plant("invitation", invited["invitation"], handed_out=["POST /api/v1/users"])
        vera = self.client()
        self.assertEqual(vera.register(code, "vera", plant("second password", "vera's pass/phrase + 11b0"))[0], 201)
        self.assertEqual(vera.login("vera", "vera's pass/phrase + 11b0"), 200)
        seed = anna.ask("POST", "/api/v1/auth/totp")[2]["secret"]
        plant("TOTP seed", seed, handed_out=["POST /api/v1/auth/totp"])
        plant("TOTP seed in bytes", base64.b32decode(seed))
        confirmed = anna.ask("POST", "/api/v1/auth/totp/confirm", {"totp": totp(seed, time.time())})[2]
        self.recovery = confirmed["recovery_codes"]
        plant("recovery code", self.recovery[0], handed_out=["POST /api/v1/auth/totp/confirm"])
        plant("spent recovery code", self.recovery[1], handed_out=["POST /api/v1/auth/totp/confirm"])
        again = self.client()
        self.assertEqual(again.login("anna", PASSWORD, recovery_code=self.recovery[1]), 200)
        return vera

    def mistakes(self, vera):
        """What people and scripts do with secrets that they should not."""
        ask = self.client().ask
        for path in (f"/api/v1/users/{self.scrape}", f"/api/v1/users/{self.token}", f"/api/v1/buttons/{self.token}/ring"):
            vera.ask("POST" if path.endswith("ring") else "GET", path)  # 403: recorded with its path
        ask("GET", f"/api/v1/status?token={self.token}")
        ask("GET", "/api/v1/status", Authorization="Bearer " + self.scrape)
        ask("GET", "/api/v1/status", Authorization="Bearer " + self.token[:-4] + "AAAA")
        ask("GET", "/metrics", Authorization="Basic " + base64.b64encode(f"x:{self.scrape}".encode()).decode())
        ask("POST", "/api/v1/auth/login", {"name": "anna", "password": PASSWORD, "pin": PASSWORD})
        ask("POST", "/api/v1/auth/login", {"name": "anna", "password": [PASSWORD]})
        ask("POST", "/api/v1/auth/login", {"name": "anna", "password": PASSWORD}, Content_Type="text/" + "plain")
        ask("POST", "/api/v1/auth/register", {"code": self.recovery[0], "name": "zora", "password": PASSWORD})
        new = self.canaries.plant("new password", "vera's next/phrase + 2c9e")
        vera.ask("POST", "/api/v1/auth/password", {"current": PASSWORD, "new": new})
        vera.ask("POST", "/api/v1/auth/password", {"current": "vera's pass/phrase + 11b0", "new": new})

    def everyday(self, anna):
        anna.ask("GET", "/api/v1/auth/session")
        streams = [kind(anna, path) for kind, path in ((Listener, "/api/v1/events/stream"), (WebSocket, "/ws"))]
        self.daemon.ring("front")
        ring = anna.ask("POST", "/api/v1/buttons/front/ring")[2]["id"]
        for path in ("status", "users", "users/1", "tokens", "auth/sessions", "openapi.json", "events", f"events/{ring}",
                     "cameras", "cameras/porch", "people", "faces", "audit?limit=200", "audit/verify", "logs?limit=200"):
            self.assertEqual(anna.ask("GET", f"/api/v1/{path}")[0], 200, path)
        deep = anna.ask("GET", "/health/deep")[2]
        self.assertIn("channel 'down'", deep["checks"]["notifications"]["detail"]["fault"])
        for path in ("none", "cameras/porch/snapshot", f"events/{ring}/snapshot", "people/none", "cameras/none"):
            self.assertNotEqual(anna.ask("GET", f"/api/v1/{path}")[0], 200, path)
        status, headers, authority = self.daemon.get("/ca.crt")
        self.assertEqual((status, "BEGIN CERTIFICATE" in authority), (200, True))
        self.answers.append(("GET /ca.crt", f"{headers}\n{authority}".encode()))
        for stream in streams:
            self.addCleanup(stream.close)
            self.assertIn(stream.status, (101, 200))
            stream.wait_for(lambda event: event["id"] == ring, "the ring")
            self.answers.append((f"GET {stream.path}", json.dumps(stream.events, ensure_ascii=False).encode()))
        harness.wait_until(lambda: {d["state"] for r in self.daemon.status()["rings"] for d in r["deliveries"]
                                    if d["channel"] != "down"} == {"delivered", "failed"}, 60, "a delivery and a refusal")
        harness.wait_until(lambda: all(d["attempts"] for r in self.daemon.status()["rings"] for d in r["deliveries"]
                                       if d["channel"] == "down"), 60, "an attempt at what is down")
        harness.wait_until(lambda: b"Authorization: Basic" in self.camera.heard, 60, "the password on its way to the camera")
        for command in (("status",), ("status", "--json"), ("check",), ("users", "list", "--json"), ("audit", "verify"),
                        ("ring", "--button", "none"), ("reload",)):
            self.run_command(*command)
        self.run_command("doctor")
        secret = self.canaries.plant("password by command", "typed pass/phrase + 77e1")
        done = self.run_command("users", "passwd", "vera", input=secret + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)

    def faulty_files(self):
        """Faults beside and inside secrets: what names the fault must not name the secret."""
        settings = self.configuration_now
        secret = self.canaries.plant("secret beside a fault", "fault-Secret/+=b2d4")
        faults = [
            {"cameras": [{"id": "a", "url": f"rstp://u:{secret}@cam/x"}]},
            {"cameras": [{"id": "a", "url": secret}]},
            {"cameras": [{"id": "a", "url": "rtsp://cam/x", "password": secret}]},
            {"cameras": [{"id": "a", "url": "rtsp://cam/x", "user": "u", "password": [secret]}]},
            {"cameras": [{"id": "a", "url": "rtsp://cam/x", "user": "u", "pasword": secret}]},
            {"notifications": {"channels": [{"id": "h", "type": "webhook", "url": f"htps://u:{secret}@h/{secret}"}]}},
            {"notifications": {"channels": [{"id": "h", "type": "webhook", "url": f"https:///{secret}"}]}},
            {"notifications": {"channels": [{"id": "h", "type": "webhook", "url": "https://h", "headers": [f"X-Key {secret}"]}]}},
            {"notifications": {"channels": [{"id": "h", "type": "webhook", "url": "https://h", "headers": {"X-Key": secret}}]}},
            {"mqtt": {"host": "b", "password": secret}},
            {"mqtt": {"host": f"mqtt://u:{secret}@b", "user": "u", "password": secret}},
            {"mqtt": {"host": "b", "user": "u", "password": [secret]}},
            {"notifications": {"channels": [{"id": "h", "type": "telegram", "token": secret}]}},
            {"notifications": {"channels": [{"id": "h", "type": "webhook", "url": f"https://h/{secret}/${{ENV:NOT_THERE}}"}]}},
        ]
        for fault in faults:
            self.daemon.write_config({**settings, **fault})
            self.assertEqual(self.run_command("check").returncode, 1, fault)
            self.assertEqual(self.run_command("reload").returncode, 1, fault)
            self.run_command("doctor")
        self.daemon.config.write_text(f'cameras:\n  - {{id: a, url: "rtsp://u:{secret}@cam/x, user: u}}\n')
        self.assertNotEqual(self.run_command("check").returncode, 0)
        self.assertNotEqual(self.run_command("reload").returncode, 0)
        self.daemon.write_config(settings)
        self.assertEqual(self.run_command("reload").returncode, 0)

    # -- looking ---------------------------------------------------------------------------------------

    def test_no_secret_is_anywhere_else(self):
        if os.geteuid() != 0:
            self.skipTest("only root can look as another user")
        self.start()
        self.configuration_now = json.loads(self.daemon.config.read_text())
        anna = self.first_account()
        vera = self.codes_and_tokens(anna)
        self.everyday(anna)
        self.mistakes(vera)
        self.faulty_files()
        self.keys_of_the_house()
        self.assertGreaterEqual(len(self.canaries), 25)
        places = secret_house.sinks(self.daemon, self.answers, self.outputs)
        places.update(self.others())
        self.prove_search(places)
        self.prove_places(places)
        leaks = [f"{name} in {place} ({', '.join(spellings)})" for name, canary in self.canaries.items()
                 for place, content in places.items() if not secret_house.is_home(place, canary)
                 if (spellings := secret_search.found(content, canary.value))]
        self.assertEqual(leaks, [])
        self.assertEqual(self.daemon.log.read_bytes().count(self.canaries["first-run code"].value), 1)
        self.assertEqual(self.daemon.stop(), 0)
        rest = {f"file {name}": content for name, content in secret_house.files_below(self.daemon.state)}
        if self.journal:
            rest["journal's entries"] = self.journal.settle()
        rest["journal"] = self.daemon.log.read_bytes()
        self.assertEqual([f"{name} in {place} after the stop" for name, canary in self.canaries.items()
                          for place, content in rest.items() if not secret_house.is_home(place, canary)
                          if secret_search.found(content, canary.value)], [])
        if self.not_looked_at:
            self.skipTest(f"nothing was found, but: {'; '.join(self.not_looked_at)}")

    def others(self):
        """{place: bytes} of what other programs were given of it."""
        found = {}
        if self.prometheus:
            self.prometheus.scrape_once_more()
            found.update(self.prometheus.places())
        if self.journal:
            found["journal's entries"] = self.journal.settle()
        return found

    def prove_places(self, places):
        """They hold what they are searched for secrets in: what is none is there in clear."""
        deep = [content for place, content in places.items() if place.endswith(": GET /health/deep")]
        self.assertTrue(deep and b"channel 'down'" in deep[0] and b"camera 'lawn'" in deep[0], deep)
        exemplars = set(re.findall(rb'# \{trace_id="([0-9a-f]{32})"\}', places["metrics as OpenMetrics"]))
        self.assertTrue(exemplars and places["metrics as OpenMetrics"].endswith(b"# EOF\n"), "no exemplar")
        if self.prometheus:
            for place in ("labels", "block", "log", "targets"):
                self.assertIn(b"doorbell", places[f"Prometheus' {place}"], place)
            for place in ("labels", "block", "log"):
                self.assertIn(b"camera_connection_status", places[f"Prometheus' {place}"], place)
                self.assertIn(b"lawn", places[f"Prometheus' {place}"], place)
            self.assertIn(b"camera_connection_status", places["Prometheus' metadata"])
            told = set(re.findall(rb'"trace_id": "([0-9a-f]{32})"', places["Prometheus' exemplars"]))
            self.assertTrue(any(trace in places["Prometheus' log"] for trace in told), f"none of {len(told)} exemplars")
        if self.journal:
            entries = [fields(entry) for entry in self.journal.entries]
            self.assertLessEqual({"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "CODE_FILE", "CODE_LINE"}, set(entries[0]))
            self.assertTrue(any("REQUEST_ID" in entry and "TRACE_ID" in entry for entry in entries))
            self.assertLessEqual({b"7", b"6", b"4"}, {entry["PRIORITY"] for entry in entries}, "a level is missing")

    def prove_search(self, places):
        """The search finds each secret, in each spelling, in a copy of each place where it was put in clear."""
        self.assertLessEqual({"journal", "metrics", "command line", "what commands print", "file porchlight.db",
                              "file porchlight.db-wal", "file audit/audit.jsonl", "status of the control socket",
                              "environment as others read it"}, set(places))
        self.assertEqual(places["environment as others read it"], b"")
        self.assertIn(b"CHANNEL=", pathlib.Path(f"/proc/{self.daemon.process.pid}/environ").read_bytes())
        for name, canary in self.canaries.items():
            spelt = secret_search.forms(canary.value)
            for place, content in places.items():
                copy = secret_house.planted(content, b" ".join(spelt.values()))
                self.assertEqual(secret_search.found(copy, canary.value), list(spelt), f"{name} planted in {place}")
            stored = secret_house.database_with(self.daemon, canary.value)
            self.assertIn("as it is", secret_search.found(stored, canary.value), f"{name} in the database")


class Memory(unittest.TestCase):
    """No core file, and no look into the process for others of the same user."""

    def daemon(self, **popen):
        """A daemon that may write cores as far as limits go; (process, folder)."""
        hook = harness.Hook()
        self.addCleanup(hook.close)
        daemon = harness.Daemon(harness.config(hook), wait=None)
        self.addCleanup(daemon.close)
        daemon.folder.chmod(0o755)
        for path in (daemon.state, daemon.config):
            os.chown(path, popen.get("user", os.geteuid()), -1)
        program = shutil.copy(harness.PROGRAM, daemon.folder)  # the tree may lie where others cannot go
        daemon.process = subprocess.Popen([program, "run", "--config", daemon.config], cwd=daemon.folder, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **popen)
        daemon.wait_ready()
        return daemon

    def unlimited(self):
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def end_by_fault(self, process):
        """Whether the kernel says that it wrote a core of this process."""
        os.kill(process.pid, signal.SIGSEGV)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGSEGV
        self.assertEqual(os.WTERMSIG(status), signal.SIGSEGV)
        return os.WCOREDUMP(status)

    def expect_no_core_is_allowed(self, pid):
        """What the kernel says of the process from outside, whatever becomes of cores on this machine."""
        control = subprocess.Popen(["sleep", "60"], preexec_fn=self.unlimited)
        self.addCleanup(control.wait)
        self.addCleanup(control.kill)
        core = {number: re.search(r"^Max core file size +(\S+) +(\S+)", pathlib.Path(f"/proc/{number}/limits").read_text(), re.M).groups()
                for number in (pid, control.pid)}
        self.assertEqual(core, {pid: ("0", "0"), control.pid: ("unlimited", "unlimited")})
        if os.geteuid() == 0:
            return self.expect_root_owns_what_lies_in_proc()
        # A process that cannot be dumped has its files in /proc owned by root.
        self.assertEqual(os.stat(f"/proc/{control.pid}/environ").st_uid, os.geteuid())
        self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)

    def expect_root_owns_what_lies_in_proc(self):
        """The same for a daemon of another user, because for root's own the owner tells nothing."""
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        control = subprocess.Popen(["sleep", "60"], **other)
        self.addCleanup(control.wait)
        self.addCleanup(control.kill)
        self.assertEqual(os.stat(f"/proc/{control.pid}/environ").st_uid, NOBODY)
        self.assertEqual(os.stat(f"/proc/{self.daemon(**other).process.pid}/environ").st_uid, 0)

    def test_a_crash_leaves_no_core(self):
        with tempfile.TemporaryDirectory(prefix="porchlight-core-") as folder:
            try:
                control = subprocess.Popen(["sleep", "60"], cwd=folder, preexec_fn=self.unlimited)
            except (subprocess.SubprocessError, PermissionError):
                self.skipTest("the limit of core files cannot be raised here")
            cores_are_written = self.end_by_fault(control)
        daemon = self.daemon(preexec_fn=self.unlimited)
        self.expect_no_core_is_allowed(daemon.process.pid)
        if not cores_are_written:
            self.skipTest("nothing leaves a core here, so its absence proves nothing")
        before = {path.name for path in daemon.folder.iterdir()}
        self.assertFalse(self.end_by_fault(daemon.process))
        self.assertEqual({path.name for path in daemon.folder.iterdir()}, before)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_the_same_user_reads_no_memory_and_no_environment(self):
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        daemon = self.daemon(**other)
        control = subprocess.Popen(["sleep", "60"], **other)
        self.addCleanup(control.wait)
        self.addCleanup(control.kill)
        for file in ("environ", "maps"):
            self.assertNotEqual(secret_house.read_as_nobody(f"/proc/{control.pid}/{file}"), b"", file)
            self.assertEqual(secret_house.read_as_nobody(f"/proc/{daemon.process.pid}/{file}"), b"", file)
        # What the daemon measures of itself it still can.
        self.assertGreater(daemon.metric("process_open_fds"), 5)
        self.assertGreater(daemon.metric("process_resident_memory_bytes"), 1e6)


if __name__ == "__main__":
    unittest.main()
