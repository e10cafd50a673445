#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what the database, the caches, the audit log and the process count, and of the levels of the log."""

import errno
import json
import os
import pathlib
import sqlite3
import threading
import unittest

from causes import PASSWORD, House, counted

import harness
from accounts_client import Client
from alert_notification import alert, tell, teller
from test_notify import HANG, Fickle


class AuditFaultCauses(unittest.TestCase):
    def test_a_record_that_cannot_be_written(self):
        if not harness.IO_SHIM.exists():
            self.skipTest("the shim that makes writes fail was not built")
        # The log alone is on a full disk: its first record is that of the start.
        daemon = harness.Daemon(House.SETTINGS, wait=None, preload=str(harness.IO_SHIM), environment={
            "IO_SHIM_FAIL": "2", "IO_SHIM_STICKY": "1", "IO_SHIM_ERRNO": str(errno.ENOSPC)})
        self.addCleanup(daemon.close)
        daemon.environment["IO_SHIM_DIR"] = str(daemon.state / "audit" / "audit.jsonl")
        daemon.start()
        client = Client(daemon)
        harness.wait_until(lambda: client.ask("GET", "/api/v1/auth/register")[0] != 503, 60, "the accounts")
        harness.wait_until(lambda: daemon.metric("audit_log_write_failures_total"), 60, "the record of the start, refused")
        with counted(daemon, "audit_log_write_failures_total"), counted(daemon, "failed_logins_total"):
            self.assertEqual(client.login("somebody", "a guess"), 401)


class AuditDamageCauses(unittest.TestCase):
    def test_a_damaged_audit_log_is_one_critical_record(self):
        daemon = harness.Daemon(House.SETTINGS)
        self.addCleanup(daemon.close)
        harness.wait_until(lambda: daemon.metric("audit_log_integrity_status") == 1, 60, "the first verification")
        self.assertEqual(daemon.metric("log_messages_total", level="critical"), 0)
        daemon.stop()
        log = daemon.state / "audit" / "audit.jsonl"
        log.write_text(log.read_text().replace("porchlight started", "porchlight stopped", 1))
        daemon.start()
        harness.wait_until(lambda: daemon.metric("audit_log_integrity_status") == 0, 60, "the failed verification")
        harness.wait_until(lambda: daemon.metric("security_events_total", event_type="audit_integrity_failure", source="audit",
                                                 action_taken="alert_sent") == 1, 60, "the security event")
        self.assertEqual(daemon.metric("log_messages_total", level="critical"), 1)


class LockHouse(House):
    SETTINGS = {**House.SETTINGS, "database": {"slow_query_ms": 1500}}

    def hold(self):
        """Somebody else's lock on the database, as a backup has it."""
        other = sqlite3.connect(self.daemon.state / "porchlight.db", isolation_level=None, check_same_thread=False)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        return other

    def slow(self, query_type, statement):
        """The statement waits for 3 s for the lock, less than the daemon's patience."""
        other = self.hold()
        release = threading.Timer(3, other.rollback)
        self.addCleanup(release.join)
        with self.counted("database_slow_queries_total", query_type=query_type):
            release.start()
            statement()


class DatabaseCauses(LockHouse):
    def test_a_lock_that_is_waited_for(self):
        other = self.hold()
        release = threading.Timer(3, other.rollback)
        self.addCleanup(release.join)
        # The statement that writes is the one that waits: for less than the daemon's patience of 5 s.
        with self.counted("database_lock_waits_total", result="acquired"), \
                self.counted("database_slow_queries_total", query_type="insert"):
            release.start()
            self.invite("gerda", "viewer")

    def test_a_lock_that_does_not_come(self):
        other = self.hold()
        with self.counted("database_lock_waits_total", result="timeout"), \
                self.counted("database_slow_queries_total", query_type="insert"):
            status = self.anna.ask("POST", "/api/v1/users", {"name": "hans", "role": "viewer", "cameras": []})[0]
            other.rollback()
        self.assertGreaterEqual(status, 500)


class LockedCauses(LockHouse):
    def test_a_ring_that_waits(self):
        self.slow("transaction", lambda: self.assertEqual(self.anna.ask("POST", "/api/v1/buttons/front/ring")[0], 200))

    def test_a_logout_that_waits(self):
        again = Client(self.daemon)
        self.assertEqual(again.login("anna", PASSWORD), 200)
        harness.wait_until(lambda: self.daemon.metric("audit_log_entries_total", event_type="authentication") >= 2, 60, "the login's record")
        self.slow("delete", lambda: self.assertEqual(again.ask("POST", "/api/v1/auth/logout", {})[0], 204))

    def test_an_event_that_cannot_be_written_at_once(self):
        stored = len(self.daemon.stored_events())
        other = self.hold()
        ringing = threading.Thread(target=lambda: self.anna.ask("POST", "/api/v1/buttons/front/ring"))
        self.addCleanup(ringing.join)
        # Waiting for its lock took longer than the daemon's patience: it is held in memory.
        with self.counted("pipeline_events_total", event_type="doorbell_press", status="failure"), \
                self.counted("errors_total", component="database", error_type="io", severity="error"):
            ringing.start()
        other.rollback()
        ringing.join()
        harness.wait_until(lambda: len(self.daemon.stored_events()) > stored, 60, "the event that was held")


class SettleCauses(LockHouse):
    """A receiver that has taken a message, and a lock on the database when that is to be written down."""

    @classmethod
    def settings(cls):
        cls.hook = Fickle()
        cls.addClassCleanup(cls.hook.close)
        return {**cls.SETTINGS, "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": cls.hook.url}],
                                                  "rules": [{"when": "ring", "to": ["hook"]}]}}

    def test_an_outcome_that_waits(self):
        def recorded():
            return self.daemon.metric("audit_log_entries_total", event_type="notification")
        self.daemon.ring("front")
        harness.wait_until(lambda: recorded() == 1, 60, "the first message's record: who was told is known from here on")
        self.hook.answers.append(HANG)
        self.daemon.ring("front")
        harness.wait_until(lambda: not self.hook.answers, 60, "the message")
        self.slow("update", self.hook.gate.set)


class OpeningCauses(unittest.TestCase):
    """A database that somebody has for himself while the daemon starts."""

    def test_a_database_that_is_opened_late(self):
        daemon = harness.Daemon({**House.SETTINGS, "database": {"slow_query_ms": 1500}})
        self.addCleanup(daemon.close)
        self.assertEqual(daemon.metric("database_slow_queries_total", query_type="schema"), 0)
        self.assertEqual(daemon.stop(), 0)
        other = sqlite3.connect(daemon.state / "porchlight.db", isolation_level=None, check_same_thread=False)
        self.addCleanup(other.close)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        daemon.start()
        release = threading.Timer(3, other.close)  # less than the daemon's patience
        self.addCleanup(release.join)
        release.start()
        # Each of its connections waits.
        harness.wait_until(lambda: daemon.metric("database_slow_queries_total", query_type="schema"), 60, "a slow statement")


class CacheCauses(House):
    # The store worker looks once a second whether the known faces are still the same.
    BESIDE = ({"cache": "face_embeddings"},)

    def asked(self, cache, result, by=1, besides=()):
        return self.counted("cache_requests_total", by, cache=cache, result=result, besides=[*self.BESIDE, *besides])

    def test_a_session_that_is_known(self):
        with self.asked("session", "hit"):
            self.assertEqual(self.anna.ask("GET", "/api/v1/auth/session")[0], 200)

    def test_a_session_that_is_not(self):
        stranger = Client(self.daemon)
        stranger.cookie = self.anna.cookie.split("=")[0] + "=" + "A" * 43
        with self.asked("session", "miss"):
            self.assertEqual(stranger.ask("GET", "/api/v1/auth/session")[0], 401)

    def test_a_session_that_ends(self):
        member = self.member("ida", "viewer")
        with self.counted("cache_evictions_total", cache="session"):
            self.assertEqual(member.ask("POST", "/api/v1/auth/logout", {})[0], 204)

    def test_a_guess_and_another(self):
        # The name is looked up, and the address, which is known since anna registered.
        with self.asked("rate_limit", "miss", besides=[{"cache": "rate_limit", "result": "hit"}]):
            self.assertEqual(Client(self.daemon).login("jakob", "a guess"), 401)
        with self.asked("rate_limit", "hit", by=2):
            self.assertEqual(Client(self.daemon).login("jakob", "another"), 401)


class ProcessCauses(House):
    def ticks(self):
        """Seconds of CPU that the kernel says."""
        words = pathlib.Path(f"/proc/{self.daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def test_the_processor_time_is_the_kernels(self):
        before = self.ticks()
        shown = self.daemon.metric("process_cpu_seconds_total")
        self.assertGreaterEqual(shown, before)
        self.assertLessEqual(shown, self.ticks())


class LogCauses(House):
    # Each request has a record of its own.
    QUIET = ({"level": "info"}, {"level": "debug"})

    def test_a_warning(self):
        with self.counted("log_messages_total", level="warning", besides=self.QUIET):
            self.assertEqual(Client(self.daemon).login("anna", "not hers"), 401)

    def test_a_system_event(self):
        told = teller(self.daemon)
        with self.counted("pipeline_events_total", event_type="system", status="success"):
            tell(told, alert("low"))

    def written(self, level):
        """Records of this level in the log."""
        whole, _, _ = self.daemon.log.read_text().rpartition("\n")  # the last line may be in the middle of being written
        return sum(1 for line in whole.splitlines() if line.startswith("{") and json.loads(line)["level"] == level.upper())

    def expect_written(self, level):
        """As many as are counted. A scrape has a record of its own behind it, and the lane writes beside: until nothing is
        under way."""
        def as_many():
            before = self.written(level)
            return self.daemon.metric("log_messages_total", level=level) == before > 0
        harness.wait_until(as_many, 60, f"as many records of {level} as are counted")

    def test_each_record_is_one_of_its_level(self):
        self.assertEqual(self.daemon.metric("log_messages_total", level="debug"), 0)
        self.expect_written("info")
        status, _, answer = self.anna.ask("PUT", "/api/v1/logs/levels", {"overrides": {"doorbell": "debug"}})
        self.assertEqual(status, 200, answer)
        self.expect_written("debug")
        self.expect_written("info")


class SampleCauses(House):
    """A log of which no request is written that went well."""

    SETTINGS = {**House.SETTINGS, "log": {"sample": 0}}

    def test_a_request_that_is_left_out(self):
        with self.counted("log_messages_dropped_total", reason="sampled"):
            self.assertEqual(self.anna.ask("GET", "/api/v1/auth/session")[0], 200)


if __name__ == "__main__":
    unittest.main()
