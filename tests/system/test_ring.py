# SPDX-License-Identifier: Apache-2.0
"""A ring through the whole daemon: acknowledged, delivered, stored, counted, stopped, reloaded."""

import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import harness
from harness import config


class RingTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def daemon(self, settings=None, **options):
        daemon = harness.Daemon(settings or config(self.hook), **options)
        self.addCleanup(daemon.close)
        return daemon

    def test_ring_becomes_one_message_with_its_id(self):
        daemon = self.daemon()
        ring = daemon.ring("front")
        message = self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "the ring's message")
        self.assertEqual(message.event["type"], "ring")
        self.assertEqual(message.event["sequence"], 0)
        self.assertEqual(message.event["button"], "front")
        self.assertEqual(message.event["trigger_source"], "cli")
        self.assertLess(abs(message.wall - time.time()), 10)
        harness.wait_until(lambda: daemon.metric("notifications_sent_total", channel="webhook", type="doorbell_press",
                                                 status="success") == 1, 5, "the counted delivery")
        self.assertEqual(len([m for m in self.hook.messages if m.event["id"] == ring and m.event["sequence"] == 0]), 1)

    def test_lanes_of_a_ring_go_before_the_rest(self):
        """The kernel's nice level of each thread; raising it takes root or the unit's LimitNICE."""
        if os.geteuid() != 0 or os.getpriority(os.PRIO_PROCESS, 0) != 0:
            self.skipTest("only root may raise a priority, and levels are told from 0: this runs at another")
        daemon = self.daemon(config(self.hook, cameras=[{"id": "porch", "url": "rtsp://127.0.0.1:9/none"}]))
        daemon.ring("front")

        def levels():
            found = {}
            for task in pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                    # The 19th field; the name in the second may contain anything.
                    found[(task / "comm").read_text().strip()] = int((task / "stat").read_text().rpartition(")")[2].split()[16])
            return found

        # The kernel cuts a name after 15 bytes.
        wanted = {"button": -10, "event": -10, "store": -10, "notify-hook": -10, "http": 0,
                  "recorder-porch": 0, "decoder-porch": 2, "ingest-porch": 0}
        # Each thread gives itself its name and its level when it begins, which may be after the daemon answers.
        with contextlib.suppress(AssertionError):
            harness.wait_until(lambda: wanted.items() <= levels().items(), 20, "the levels")
        seen = levels()
        self.assertEqual({name: seen.get(name) for name in wanted}, wanted, seen)

    def test_check_takes_a_credential_of_the_service_as_unseen(self):
        """Beside the service nobody can see it: a note, and no fault that would end `check && reload`."""
        settings = config(self.hook)
        settings["notifications"]["channels"][0]["headers"] = ["Authorization: Bearer ${credential:hook}"]
        daemon = self.daemon(config(self.hook))
        daemon.write_config(settings)
        done = daemon.cli("check", check=False)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("credential 'hook'", done.stdout)
        self.assertIn("not checked", done.stdout)
        settings["notifications"]["channels"][0]["typo"] = 1
        daemon.write_config(settings)
        self.assertEqual(daemon.cli("check", check=False).returncode, 1)

    def test_status_names_an_address_to_go_to(self):
        for listen, tls, place in (("127.0.0.1:0", "auto", "https://127.0.0.1"), ("0.0.0.0:0", "auto", "https://localhost"),
                                   ("127.0.0.1:0", "off", "http://127.0.0.1")):
            daemon = self.daemon(config(self.hook, server={"listen": listen, "tls": tls}))
            self.assertEqual(daemon.cli("status").stdout.splitlines()[0].rsplit(" ", 1)[1], f"{place}:{daemon.port}")
            daemon.stop()

    def test_draft_named_by_config_never_reaches_another_daemon(self):
        daemon = self.daemon()
        draft = daemon.folder / "draft.yaml"
        draft.write_text("buttons: [\n")
        for command in (["ring"], ["ring", "--button", "front"], ["status"], ["faces", "list"], ["faces", "forget", "Anna"]):
            done = subprocess.run([harness.PROGRAM, *command, "--config", draft], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, (command, done))
            self.assertIn("draft.yaml:", done.stderr)
        self.assertEqual(daemon.status()["rings"], [])

    def test_acknowledged_ring_is_in_the_event_log(self):
        daemon = self.daemon()
        ids = [daemon.ring("front") for _ in range(5)]
        daemon.kill()
        with sqlite3.connect(daemon.state / "porchlight.db") as db:
            logged = "\n".join(str(row) for row in db.execute("SELECT * FROM events"))
        self.assertEqual(len(set(ids)), 5)
        for ring in ids:
            self.assertTrue(ring in logged or ring.replace("-", "") in logged, ring)

    def test_counters_rise_by_one(self):
        daemon = self.daemon()
        def rings():
            text = daemon.get("/metrics")[2]
            found = re.findall(r'^doorbell_triggers_total\{[^}]*trigger_source="cli"[^}]*\} (\S+)$', text, re.M)
            return sum(map(float, found)), len(found)
        before, series = rings()
        self.assertEqual((before, series), (0, 4))  # pre-created, one per time of day
        daemon.ring("front")
        harness.wait_until(lambda: rings()[0] == 1, 30, "the counted ring")
        hours = re.findall(r'^doorbell_triggers_by_hour_total\{hour="(\d\d)"\} (\S+)$', daemon.get("/metrics")[2], re.M)
        self.assertEqual(len(hours), 24)
        self.assertEqual(sum(float(v) for _, v in hours), 1)
        self.assertEqual(daemon.metric("pipeline_events_total", event_type="doorbell_press", status="success"), 1)

    def test_unknown_button_is_refused_with_a_suggestion(self):
        daemon = self.daemon()
        done = daemon.cli("ring", "--button", "fornt", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("front", done.stderr)
        self.assertEqual(daemon.cli("ring", "--button", "front").returncode, 0)
        self.assertEqual(daemon.cli("ring").returncode, 0)  # the only button need not be named

    def test_without_a_daemon_the_command_says_so(self):
        daemon = self.daemon(wait=None)
        done = daemon.cli("ring", "--button", "front", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("control.sock", done.stderr)

    def test_dead_receiver_does_not_hold_the_acknowledgement_and_gets_it_after_a_restart(self):
        self.hook.status = 503
        daemon = self.daemon()
        begun = time.monotonic()
        ring = daemon.ring("front")
        self.assertLess(time.monotonic() - begun, 5)
        daemon.kill()
        self.hook.status = 200
        daemon.start()
        message = self.hook.wait_for(lambda m: m.event["id"] == ring, 20, "the message after the restart")
        self.assertEqual(message.event["type"], "ring")

    def test_what_was_acknowledged_before_a_stop_is_delivered_after_it(self):
        self.hook.status = 503
        daemon = self.daemon()
        ids = [daemon.ring("front") for _ in range(20)]
        self.assertEqual(daemon.stop(), 0)
        self.hook.status = 200
        daemon.start()
        for ring in ids:
            self.hook.wait_for(lambda m, ring=ring: m.event["id"] == ring, 20, f"ring {ring}")

    def test_bad_reload_keeps_the_old_configuration_and_names_the_faults(self):
        daemon = self.daemon()
        daemon.config.write_text(f"storage: {{path: {daemon.state}}}\nnotificatoins: {{}}\n")
        done = daemon.cli("reload", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(":2:1: ", done.stdout + done.stderr)
        self.assertIn("notifications", done.stdout + done.stderr)
        ring = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "a ring under the old configuration")

    def test_good_reload_takes_a_new_button_and_a_new_receiver(self):
        daemon = self.daemon()
        other = harness.Hook()
        self.addCleanup(other.close)
        settings = config(other)
        settings["buttons"].append({"id": "back", "kind": "virtual"})
        daemon.write_config(settings)
        daemon.process.send_signal(signal.SIGHUP)
        harness.wait_until(lambda: "back" in [b["id"] for b in daemon.status()["buttons"]], 30, "the new button")
        ring = daemon.ring("back")
        other.wait_for(lambda m: m.event["id"] == ring, 30, "the ring at the new receiver")
        self.assertNotIn(ring, [m.event["id"] for m in self.hook.messages])

    def test_a_reload_that_changes_something_is_a_security_event(self):
        daemon = self.daemon()

        def changes():
            return daemon.metric("security_events_total", event_type="config_change", source="config", action_taken="logged")
        daemon.cli("reload")
        self.assertEqual(changes(), 0)  # the same file again
        settings = json.loads(daemon.config.read_text())
        settings["buttons"].append({"id": "back", "kind": "virtual"})
        daemon.write_config(settings)
        daemon.cli("reload")
        self.assertEqual(changes(), 1)

    def test_rotated_secret_is_taken_by_a_reload(self):
        other = harness.Hook()
        self.addCleanup(other.close)
        daemon = self.daemon(wait=None)
        secret = daemon.folder / "receiver"
        secret.write_text(self.hook.url)
        settings = config(self.hook)
        settings["notifications"]["channels"][0]["url"] = f"${{file:{secret}}}"
        daemon.write_config(settings)
        daemon.start()
        secret.write_text(other.url)
        self.assertIn("notifications", daemon.cli("reload").stdout)
        ring = daemon.ring("front")
        other.wait_for(lambda m: m.event["id"] == ring, 30, "the ring at the new receiver")

    def test_more_than_a_lane_holds_all_arrives_when_the_receiver_is_back(self):
        self.hook.status = 503
        daemon = self.daemon()
        ids = [daemon.ring("front") for _ in range(700)]
        daemon.kill()
        self.hook.status = 200
        daemon.start()
        for ring in ids:
            self.hook.wait_for(lambda m, ring=ring: m.event["id"] == ring, 60, f"ring {ring}")

    def test_event_held_back_by_a_locked_database_is_written_and_not_sent_twice(self):
        daemon = self.daemon()
        first = daemon.ring("front")
        with sqlite3.connect(daemon.state / "porchlight.db", isolation_level=None) as db:
            db.execute("BEGIN IMMEDIATE")
            self.assertIsNone(daemon.control("POST", "/api/v1/buttons/front/ring", quiet=True))  # no acknowledgement
            held = self.hook.wait_for(lambda m: m.event["id"] != first, 30, "the ring all the same").event["id"]
            harness.wait_until(lambda: '"database_connected":false' in daemon.get("/health/ready")[2], 20, "not ready")
            db.execute("ROLLBACK")
        harness.wait_until(lambda: '"database_connected":true' in daemon.get("/health/ready")[2], 20, "ready again")
        self.assertEqual(daemon.stop(), 0)
        daemon.start()
        later = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == later, 30, "a later ring, behind whatever the outbox still had")
        self.assertEqual([m.event["id"] for m in self.hook.messages].count(held), 1)

    def test_full_channel_queue_loses_nothing(self):
        daemon = self.daemon()
        ids = []
        threads = [threading.Thread(target=lambda: ids.extend(daemon.ring("front") for _ in range(50)))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(ids)), 400)
        for ring in ids:
            self.hook.wait_for(lambda m, ring=ring: m.event["id"] == ring, 60, f"ring {ring}")


class SystemdTest(unittest.TestCase):
    """What systemd hears, on a socket of our own."""

    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def start(self, watchdog_usec=None):
        daemon = harness.Daemon(config(self.hook), wait=None)
        self.addCleanup(daemon.close)
        listener = harness.systemd_socket(self, daemon)
        if watchdog_usec:
            daemon.environment["WATCHDOG_USEC"] = str(watchdog_usec)
        daemon.start()
        return daemon, listener

    def test_ready_status_reload_and_stopping(self):
        daemon, listener = self.start()
        ready = harness.hear(listener, "READY=1")
        self.assertTrue(any(line.startswith("STATUS=") and len(line) > 10 for line in ready), ready)
        daemon.process.send_signal(signal.SIGHUP)
        harness.hear(listener, "RELOADING=1")
        harness.hear(listener, "READY=1")
        daemon.process.send_signal(signal.SIGTERM)
        harness.hear(listener, "STOPPING=1")
        self.assertEqual(daemon.process.wait(5), 0)

    def test_watchdog_pings_end_when_a_worker_is_held(self):
        daemon, listener = self.start(watchdog_usec=1_000_000)
        harness.hear(listener, "WATCHDOG=1")
        harness.hold(self, daemon, "event")
        harness.wait_until(lambda: daemon.metric("pipeline_worker_health", worker_id="event") == 0, 30,
                           "the held worker's health 0")
        listener.setblocking(False)
        while True:
            try:
                listener.recv(4096)
            except BlockingIOError:
                break
        listener.settimeout(3)
        with self.assertRaises(TimeoutError):
            harness.hear(listener, "WATCHDOG=1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
