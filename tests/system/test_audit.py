# SPDX-License-Identifier: Apache-2.0
"""The audit log of a running daemon and of the commands beside it."""

import contextlib
import errno
import json
import os
import signal
import sqlite3
import subprocess
import unittest

import harness
from accounts_client import Client, first_run_code
from harness import config

PASSWORD = "a long phrase of theirs"
OTHER_VERIFIER = harness.SOURCE / "tests" / "store" / "audit_verify.py"


class AuditTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def daemon(self, settings=None, **options):
        daemon = harness.Daemon(settings or config(self.hook), **options)
        self.addCleanup(daemon.close)
        return daemon

    def with_person(self, **options):
        """A daemon that knows one person and has recorded its start."""
        daemon = self.daemon(**options)
        harness.wait_until(lambda: daemon.status()["checks"]["database_connected"], 30, "the database")
        harness.wait_until(lambda: self.records(daemon), 30, "the record of the start")
        with contextlib.closing(sqlite3.connect(daemon.state / "porchlight.db")) as db, db:
            db.execute("INSERT INTO persons (name, listed_as) VALUES ('Anna', 'known')")
        return daemon

    def people(self, daemon):
        with contextlib.closing(sqlite3.connect(daemon.state / "porchlight.db")) as db:
            return db.execute("SELECT name, listed_as FROM persons ORDER BY name").fetchall()

    def log(self, daemon):
        return daemon.state / "audit" / "audit.jsonl"

    def records(self, daemon, kind=None):
        lines = harness.whole_lines(self.log(daemon)) if self.log(daemon).exists() else []
        return [r for r in map(json.loads, lines) if kind in (None, r["audit_type"])]

    def acts(self, daemon, kind):
        return [(r["action"], r["result"]) for r in self.records(daemon, kind)]

    def verify(self, daemon, *arguments):
        done = daemon.cli("audit", "verify", "--json", *arguments, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def value_of(self, daemon, reference):
        with contextlib.closing(sqlite3.connect(daemon.state / "porchlight.db")) as db:
            row = db.execute("SELECT value FROM audit_values WHERE commitment = ?",
                             (reference.removeprefix("commitment:"),)).fetchone()
        return row and row[0]

    def test_start_ring_reload_and_stop_are_recorded_and_both_verifiers_agree(self):
        daemon = self.daemon()
        ring = daemon.ring("front")
        harness.wait_until(lambda: self.records(daemon, "notification"), 30, "the delivery's record")
        settings = config(self.hook)
        settings["notifications"]["channels"][0]["url"] += "?token=canary-of-a-secret"
        daemon.write_config(settings)
        daemon.cli("reload")
        self.assertEqual(daemon.stop(), 0)
        delivery = self.records(daemon, "notification")[0]
        self.assertEqual((delivery["action"], delivery["result"], delivery["event_type"], delivery["user_id"]),
                         ("deliver", "success", "security_audit", "system"))
        self.assertEqual(delivery["details"], {"channel": "webhook", "recipient": "hook", "success": True,
                                               "notification_type": "doorbell_press", "message_id": f"{ring}/0"})
        self.assertEqual(self.acts(daemon, "system_change"),
                         [("started", "success"), ("reload", "begun"), ("reload", "success"), ("stopped", "success")])
        self.assertEqual(self.records(daemon, "system_change")[1]["details"]["description"], "changed: notifications")
        self.assertNotIn("canary-of-a-secret", self.log(daemon).read_text())
        code, verdict = self.verify(daemon)
        self.assertEqual((code, verdict["ok"], verdict["checked"], verdict["keyed"]), (0, True, 5, True))
        self.assertEqual(verdict["anchor"]["index"], 4)
        other = subprocess.run(["/usr/bin/python3", "-B", OTHER_VERIFIER, daemon.state, daemon.state / "audit.key"],
                               capture_output=True, text=True, timeout=20)
        self.assertEqual(other.stdout, "ok\n", other.stderr)
        with contextlib.closing(sqlite3.connect(daemon.state / "porchlight.db")) as db:
            anchors = db.execute("SELECT record, hash, reason FROM audit_anchors ORDER BY record").fetchall()
        everything = self.records(daemon)
        self.assertEqual(anchors, [(0, everything[0]["hash"], "start"), (4, everything[4]["hash"], "stop")])
        # The journal has the anchors too.
        journal = [r for r in map(json.loads, harness.whole_lines(daemon.log)) if r["message"] == "audit anchor"]
        self.assertEqual([(r["context"]["index"], r["context"]["hash"]) for r in journal],
                         [(0, everything[0]["hash"]), (4, everything[4]["hash"])])

    def test_commands_about_people_are_recorded_before_and_after(self):
        daemon = self.with_person()
        daemon.cli("people", "list-as", "Anna", "blacklisted")
        listed = self.records(daemon, "data_modification")
        self.assertEqual([(r["action"], r["result"], r["details"]["changes"]) for r in listed],
                         [("update", "begun", "listed as blacklisted"), ("update", "success", "listed as blacklisted")])
        self.assertRegex(listed[0]["user_id"], r"^uid:\d+(,login:\d+)?$")
        self.assertEqual(listed[0]["ip_address"], "local")
        self.assertRegex(listed[0]["user_agent"], r"^porchlight/")
        self.assertEqual(self.value_of(daemon, listed[0]["resource"]), "Anna")
        daemon.cli("faces", "rename", "Anna", "Berta")
        renamed = self.records(daemon, "data_modification")[-1]
        self.assertEqual(renamed["resource"], listed[0]["resource"])
        self.assertEqual(self.value_of(daemon, renamed["details"]["changes"]), "Berta")
        daemon.cli("faces", "forget", "Berta")
        self.assertEqual(daemon.cli("faces", "forget", "Nobody", check=False).returncode, 1)
        self.assertEqual(self.acts(daemon, "data_modification")[-4:],
                         [("delete", "begun"), ("delete", "success"), ("delete", "begun"), ("delete", "failure")])
        # Neither name is left, in the log or beside it.
        daemon.stop()
        everything = b"".join(p.read_bytes() for p in daemon.state.rglob("*") if p.is_file())
        for name in (b"Anna", b"Berta", b"Nobody"):
            self.assertNotIn(name, everything)
        self.assertEqual(self.verify(daemon)[0], 0)

    def of_account(self, daemon, kind, name):
        return [r for r in self.records(daemon, kind) if self.value_of(daemon, r["user_id"]) == f"account:{name}"]

    def with_admin(self):
        """A daemon and its first administrator, logged in."""
        daemon = self.daemon(config(self.hook, cameras=[{"id": "front", "url": "file:/nothing.mp4", "enabled": False}]))
        code = harness.wait_until(lambda: first_run_code(daemon), 30, "the first-run code")
        anna = Client(daemon)
        self.assertEqual(anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(anna.login("anna", PASSWORD), 200)
        return daemon, anna

    def test_logins_refusals_and_locks_are_recorded(self):
        daemon, anna = self.with_admin()
        status, _, invited = anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "viewer", "cameras": ["front"]})
        self.assertEqual(status, 201)
        bert = Client(daemon)
        self.assertEqual(bert.register(invited["invitation"], "bert", PASSWORD)[0], 201)
        self.assertEqual(bert.login("bert", PASSWORD), 200)
        self.assertEqual(bert.ask("POST", "/api/v1/users", {"name": "carla", "role": "admin"})[0], 403)
        guesser = Client(daemon)
        self.assertEqual([guesser.login("bert", "not the right one") for _ in range(6)], [401] * 5 + [429])
        self.assertEqual(daemon.stop(), 0)

        def ends(name):
            return [(r["action"], r["result"], r["details"]["method"])
                    for r in self.of_account(daemon, "authentication", name)]
        self.assertEqual(ends("anna"), [("login", "success", "password")])
        self.assertEqual(ends("bert"), [("login", "success", "password")] + [("login", "failure", "password")] * 5)
        self.assertEqual([(r["result"], r["resource"], r["details"]["permission"])
                          for r in self.of_account(daemon, "authorization", "bert")],
                         [("denied", "/api/v1/users", "admin")])
        self.assertEqual([(r["action"], self.value_of(daemon, r["details"]["person_id"]))
                          for r in self.records(daemon, "security_event")], [("account_lockout", "account:bert")])
        added = self.of_account(daemon, "data_modification", "anna")
        self.assertEqual([(r["action"], r["result"], r["resource"]) for r in added],
                         [("add", end, f"/api/v1/{path}") for path in ("auth/register", "users")
                          for end in ("begun", "success")])
        self.assertIn('"bert"', self.value_of(daemon, added[-1]["details"]["changes"]))
        self.assertEqual(self.value_of(daemon, added[-1]["ip_address"]), "127.0.0.1")
        text = self.log(daemon).read_text()
        for word in ("anna", "bert", "carla", "127.0.0.1", PASSWORD, "not the right one"):
            self.assertNotIn(word, text)
        code, verdict = self.verify(daemon)
        self.assertEqual((code, verdict["ok"], verdict["checked"]), (0, True, len(self.records(daemon))))
        other = subprocess.run(["/usr/bin/python3", "-B", OTHER_VERIFIER, daemon.state, daemon.state / "audit.key"],
                               capture_output=True, text=True, timeout=20)
        self.assertEqual(other.stdout, "ok\n", other.stderr)

    def test_commands_about_accounts_are_recorded_before_and_after(self):
        daemon, _ = self.with_admin()
        before = len(self.records(daemon, "data_modification"))
        daemon.cli("users", "add", "bert", "--role", "user", "--camera", "front")
        self.assertEqual(daemon.cli("users", "disable", "anna", check=False).returncode, 1)  # the last administrator
        subprocess.run([harness.PROGRAM, "users", "passwd", "anna", "--config", daemon.config], input=PASSWORD + "s\n",
                       check=True, capture_output=True, text=True, timeout=60)
        records = self.records(daemon, "data_modification")[before:]
        self.assertEqual([(r["action"], r["result"], self.value_of(daemon, r["resource"]), r["details"]["changes"])
                          for r in records],
                         [(action, end, name, changes) for action, name, changes, last in
                          (("add", "account:bert", "invitation, role user, front", "success"),
                           ("update", "account:anna", "disabled", "failure"),
                           ("update", "account:anna", "a new password", "success"))
                          for end in ("begun", last)])
        for record in records:
            self.assertRegex(record["user_id"], rf"^uid:{os.getuid()}(,login:\d+)?$")
        daemon.cli("reload")
        self.assertEqual(self.records(daemon, "system_change")[-1]["user_id"], f"uid:{os.getuid()}")
        daemon.process.send_signal(signal.SIGHUP)
        harness.wait_until(lambda: self.records(daemon, "system_change")[-1]["user_id"] == "system", 30, "the reload")
        self.assertEqual(self.verify(daemon)[0], 0)

    def refused(self, daemon, *because):
        """Every command that acts is refused, for this reason, and nothing is changed."""
        photo = harness.PICTURES / "known_enrol.jpg"
        commands = [("people", "list-as", "Anna", "blacklisted"), ("faces", "rename", "Anna", "Berta"),
                    ("faces", "forget", "Anna"), ("users", "add", "bert", "--role", "viewer")]
        if photo.exists():
            commands.append(("faces", "enrol", "Carla", photo))
        for command in commands:
            done = daemon.cli(*command, check=False)
            self.assertNotEqual(done.returncode, 0, command)
            for words in ("not done, because it cannot be recorded", *because):
                self.assertIn(words, done.stderr, command)
        self.assertEqual(self.people(daemon), [("Anna", "known")])
        with contextlib.closing(sqlite3.connect(daemon.state / "porchlight.db")) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM invitations WHERE NOT first_run").fetchone(), (0,))

    def refused_reload(self, daemon, *because):
        settings = json.loads(daemon.config.read_text())
        settings["buttons"].append({"id": "back", "kind": "virtual"})
        daemon.write_config(settings)
        done = daemon.cli("reload", check=False)
        self.assertEqual(done.returncode, 1)
        for words in ("reload refused, because it cannot be recorded", *because):
            self.assertIn(words, done.stderr)
        self.assertEqual([b["id"] for b in daemon.status()["buttons"]], ["front"])
        # The bell does not depend on it.
        ring = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "a ring all the same")
        harness.wait_until(lambda: daemon.metric("audit_log_write_failures_total") > 0, 30, "the counted failures")
        said = [r["context"]["fault"] for r in map(json.loads, harness.whole_lines(daemon.log))
                if r["message"] == "the audit log cannot be written"]
        self.assertGreater(len(said), 0)
        self.assertEqual(len(said), len(set(said)), "a fault is said once")

    def test_unwritable_file_refuses_every_act(self):
        daemon = self.with_person()
        self.log(daemon).rename(daemon.folder / "kept")
        self.log(daemon).mkdir()
        self.refused(daemon, "audit.jsonl")
        self.refused_reload(daemon, "audit.jsonl")
        registration = (harness.wait_until(lambda: first_run_code(daemon), 30, "the first-run code"), "anna", PASSWORD)
        self.assertEqual(Client(daemon).register(*registration)[0], 503)
        self.assertEqual(self.verify(daemon)[0], 3)
        self.log(daemon).rmdir()
        (daemon.folder / "kept").rename(self.log(daemon))
        self.assertEqual(daemon.cli("reload").returncode, 0)
        self.assertEqual(Client(daemon).register(*registration)[0], 201)
        self.assertEqual(self.verify(daemon)[0], 0)

    def test_damaged_end_refuses_every_act_until_a_new_log_is_begun(self):
        daemon = self.with_person()
        text = self.log(daemon).read_bytes()
        self.log(daemon).write_bytes(text[:-40])
        self.refused(daemon, "is not as it was written", "audit begin")
        self.refused_reload(daemon, "is not as it was written")
        self.assertEqual(self.log(daemon).read_bytes(), text[:-40])
        code, verdict = self.verify(daemon)
        self.assertEqual((code, verdict["fault"], verdict["first_bad"]), (1, "truncated", 0))
        self.assertIn("the former one is in", daemon.cli("audit", "begin").stdout)
        daemon.cli("people", "list-as", "Anna", "blacklisted")
        daemon.cli("reload")
        self.assertEqual(self.people(daemon), [("Anna", "blacklisted")])
        self.assertEqual(self.records(daemon)[0]["action"], "log_begun")
        self.assertEqual(self.verify(daemon)[0], 0)

    def test_full_disk_refuses_a_reload(self):
        environment = {"IO_SHIM_FAIL": "2", "IO_SHIM_STICKY": "1", "IO_SHIM_ERRNO": str(errno.ENOSPC)}
        daemon = self.daemon(wait=None, preload=str(harness.IO_SHIM), environment=environment)
        # Only the log is on the full disk: the first write is the start's record, the next is its sync.
        daemon.environment["IO_SHIM_DIR"] = str(daemon.state / "audit" / "audit.jsonl")
        daemon.start()
        self.refused_reload(daemon, "No space left on device", "free space")

    def test_full_disk_refuses_a_command(self):
        daemon = self.with_person()
        environment = dict(daemon.environment, IO_SHIM_FAIL="1", IO_SHIM_STICKY="1", IO_SHIM_ERRNO=str(errno.ENOSPC),
                           IO_SHIM_DIR=str(daemon.state / "audit" / "audit.jsonl"), LD_PRELOAD=str(harness.IO_SHIM))
        before = self.log(daemon).read_bytes()
        done = subprocess.run([harness.PROGRAM, "people", "list-as", "Anna", "blacklisted", "--config", daemon.config],
                              capture_output=True, text=True, timeout=60, env={**os.environ, **environment})
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left on device", done.stderr)
        self.assertEqual(self.people(daemon), [("Anna", "known")])
        self.assertEqual(self.log(daemon).read_bytes(), before)

    def test_verification_at_start_finds_damage_and_says_so_everywhere(self):
        settings = config(self.hook)
        settings["notifications"]["rules"].append({"when": "security", "to": ["hook"]})
        daemon = self.daemon(settings)
        harness.wait_until(lambda: daemon.metric("audit_log_integrity_status") == 1, 30, "the first verification")
        self.assertGreater(daemon.metric("audit_log_last_verified_timestamp_seconds"), 1.7e9)
        self.assertEqual(daemon.metric("audit_log_entries_total", event_type="system_change"), 1)
        daemon.ring("front")
        daemon.stop()
        text = self.log(daemon).read_text()
        self.log(daemon).write_text(text.replace("porchlight started", "porchlight stopped", 1))
        daemon.start()
        harness.wait_until(lambda: daemon.metric("audit_log_integrity_status") == 0, 30, "the failed verification")
        harness.wait_until(lambda: daemon.metric("security_events_total", event_type="audit_integrity_failure",
                                                 source="audit", action_taken="alert_sent") == 1, 5, "the security event")
        said = [json.loads(line) for line in harness.whole_lines(daemon.log) if '"CRITICAL"' in line]
        self.assertEqual([(r["context"]["kind"], r["context"]["first_bad"]) for r in said], [("bad_hash", 0)])
        self.hook.wait_for(lambda m: m.event["type"] == "security" and m.event["kind"] == "audit_integrity_failure", 5,
                           "the alert")
        found = self.records(daemon, "security_event")
        self.assertEqual([(r["action"], r["details"]["severity"], r["details"]["description"]) for r in found],
                         [("audit_integrity_failure", "critical", "bad_hash at record 0")])
        ring = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "a ring all the same")

    def test_kills_of_the_daemon_leave_a_good_chain(self):
        daemon = self.with_person()
        for number in range(12):
            daemon.ring("front")
            if number % 3 == 0:
                daemon.cli("people", "list-as", "Anna", "known")
            daemon.kill()
            daemon.start()
        daemon.stop()
        code, verdict = self.verify(daemon)
        self.assertEqual(code, 0, verdict)
        self.assertEqual(self.acts(daemon, "system_change").count(("started", "success")), 13)
        self.assertEqual(self.acts(daemon, "data_modification").count(("update", "success")), 4)

    def test_verify_answers_by_exit_code_and_in_words(self):
        daemon = self.daemon()
        daemon.stop(signal.SIGTERM)
        words = daemon.cli("audit", "verify").stdout
        self.assertIn("good: 2 records", words)
        self.assertIn("audit.key (HMAC-SHA-256)", words)
        self.assertIn("newest anchor: record 1", words)
        self.assertNotIn((daemon.state / "audit.key").read_bytes().hex(), words)
        self.assertEqual(self.verify(daemon, "--from", "1", "--to", "2")[1]["checked"], 1)
        for wrong in (("--from", "3"), ("--from", "2", "--to", "1"), ("--from", "-1"), ("--anchor", "7")):
            self.assertEqual(self.verify(daemon, *wrong)[0], 2, wrong)
        good = f"1:{self.records(daemon)[1]['hash']}"
        self.assertEqual(self.verify(daemon, "--anchor", good)[0], 0)
        # What the journal knows better than the folder.
        code, verdict = self.verify(daemon, "--anchor", f"7:{'a' * 64}")
        self.assertEqual((code, verdict["fault"], verdict["first_bad"]), (1, "truncated", 2))
        (daemon.state / "audit.key").rename(daemon.folder / "key")
        code, verdict = self.verify(daemon)
        self.assertEqual((code, verdict["fault"], verdict["keyed"]), (1, "bad_hash", False))
        self.assertIn("key that is not here", verdict["detail"])
        self.assertIn("plain SHA-256", daemon.cli("audit", "verify", check=False).stdout)
        (daemon.folder / "key").rename(daemon.state / "audit.key")
        self.log(daemon).unlink()
        code, verdict = self.verify(daemon)
        self.assertEqual((code, verdict["fault"], verdict["first_bad"]), (1, "truncated", 0))
        self.log(daemon).mkdir()
        self.assertEqual(self.verify(daemon)[0], 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
