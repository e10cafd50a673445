# SPDX-License-Identifier: Apache-2.0
"""The outbox under kill -9 in each of its states, and broken channels beside whole ones."""

import contextlib
import json
import pathlib
import random
import socket
import sqlite3
import statistics
import subprocess
import threading
import time
import unittest

import harness
import sink
from harness import wait_until


def config(**channels):
    """One virtual button that rings at each of these receivers."""
    return {
        "buttons": [{"id": "front", "kind": "virtual"}],
        "faces": {"enabled": False},
        "notifications": {
            "channels": [{"id": name, "type": "webhook", "url": url, "timeout": "60s"} for name, url in channels.items()],
            "rules": [{"when": "ring", "to": list(channels)}],
        },
    }


def row_of(daemon, ring, channel="hook"):
    """(state, attempts) of the ring's message in the database; None when it has none."""
    with contextlib.closing(sqlite3.connect(daemon.state / "porchlight.db", timeout=10)) as db:
        return db.execute("SELECT state, attempts FROM outbox WHERE event_id = ? AND channel = ? AND sequence = 0",
                          (ring, channel)).fetchone()


class ArrivalsTest(unittest.TestCase):
    """What judges the arrivals, on lists written by hand."""

    def arrival(self, key="a:0", life=1, status=200, more=""):
        made = sink.Arrival(key, json.dumps({"id": key.split(":")[0], "sequence": int(key.split(":")[1]), "x": more}), life)
        made.status = status
        return made

    def test_a_repetition_after_a_kill_is_no_fault_but_counted(self):
        came = [self.arrival(), self.arrival("b:0", status=503), self.arrival("b:0"), self.arrival(life=2)]
        self.assertEqual(sink.faults_of(came), [])
        self.assertEqual(sink.duplicates_of(came), 1)

    def test_a_repetition_without_a_kill_is_found(self):
        self.assertEqual(len(sink.faults_of([self.arrival(), self.arrival()])), 1)

    def test_a_key_for_two_messages_is_found(self):
        self.assertEqual(len(sink.faults_of([self.arrival(), self.arrival(life=2, more="other")])), 1)
        stranger = self.arrival()
        stranger.key = "c:0"
        self.assertEqual(len(sink.faults_of([stranger])), 1)


class FaultTest(unittest.TestCase):
    def sink(self, mode="take"):
        made = sink.Sink(mode)
        self.addCleanup(made.close)
        return made

    def daemon(self, settings):
        daemon = harness.Daemon(settings)
        self.addCleanup(daemon.close)
        return daemon


class KillTest(FaultTest):
    """kill -9 in one state after the other; the receiver lives on and counts."""

    def setUp(self):
        self.hook = self.sink()
        self.doorbell = self.daemon(config(hook=self.hook.url))

    def kill(self):
        self.doorbell.kill()
        self.hook.next_life()

    def restart(self, mode="take"):
        self.hook.mode = mode
        self.doorbell.start()

    def ring(self):
        return self.doorbell.ring("front")

    def wait_for_state(self, ring, state):
        wait_until(lambda: row_of(self.doorbell, ring)[0] == state, 60, f"state {state}")

    def expect(self, rings, duplicates):
        """Each has arrived and is settled; so many came twice, under their own key, and nothing else is wrong."""
        self.hook.wait_for_taken([f"{ring}:0" for ring in rings], 120)
        for ring in rings:
            self.wait_for_state(ring, "delivered")
        self.assertEqual(sink.faults_of(self.hook.arrivals), [])
        self.assertEqual(sink.duplicates_of(self.hook.arrivals), duplicates)

    def test_in_flight(self):
        self.hook.mode = "hang"
        ring = self.ring()
        self.hook.wait_for_key(f"{ring}:0")
        self.kill()
        self.restart()
        self.expect([ring], duplicates=1)

    def test_queued_behind_a_message_that_hangs(self):
        self.hook.mode = "hang"
        rings = [self.ring() for _ in range(30)]
        self.hook.wait_for_key(f"{rings[0]}:0")
        self.kill()
        self.assertEqual(len(self.hook.arrivals), 1, "the others were not queued")
        self.restart()
        self.expect(rings, duplicates=1)

    def test_delivered_but_not_yet_settled(self):
        self.hook.mode = "hang"
        ring = self.ring()
        self.hook.wait_for_key(f"{ring}:0")
        harness.hold(self, self.doorbell, "store")
        self.hook.mode = "take"
        counted = {"channel": "webhook", "type": "doorbell_press", "status": "success"}
        wait_until(lambda: self.doorbell.metric("notifications_sent_total", **counted) == 1, 30, "the delivery")
        self.kill()
        self.assertEqual(row_of(self.doorbell, ring)[0], "pending", "the outcome was written: nothing was cut short")
        self.restart()
        self.expect([ring], duplicates=1)

    def test_delivered_and_settled(self):
        ring = self.ring()
        self.wait_for_state(ring, "delivered")
        self.kill()
        self.restart()
        later = self.ring()
        self.expect([ring, later], duplicates=0)

    def test_waiting_for_a_further_attempt(self):
        self.hook.mode = "refuse"
        ring = self.ring()
        wait_until(lambda: row_of(self.doorbell, ring)[1] >= 2, 60, "the second attempt")
        self.kill()
        attempts = row_of(self.doorbell, ring)[1]
        self.restart()
        self.expect([ring], duplicates=0)
        self.assertGreater(row_of(self.doorbell, ring)[1], attempts, "attempts of the earlier life are forgotten")

    def test_expired(self):
        self.hook.mode = "refuse"
        ring = self.ring()
        wait_until(lambda: row_of(self.doorbell, ring)[1] >= 1, 60, "an attempt")
        self.kill()
        with contextlib.closing(sqlite3.connect(self.doorbell.state / "porchlight.db")) as db, db:
            db.execute("UPDATE outbox SET expires_ms = 1 WHERE event_id = ?", (ring,))
        for _ in range(2):
            self.restart()
            self.wait_for_state(ring, "expired")
            self.kill()
        self.restart()
        later = self.ring()
        self.expect([later], duplicates=0)
        self.assertNotIn(f"{ring}:0", self.hook.taken())
        self.assertEqual(row_of(self.doorbell, ring)[0], "expired")

    def test_refused_for_good(self):
        self.hook.mode = "reject"
        ring = self.ring()
        self.wait_for_state(ring, "failed")
        self.kill()
        self.restart()
        later = self.ring()
        self.expect([later], duplicates=0)
        self.assertNotIn(f"{ring}:0", self.hook.taken())

    def test_a_kill_at_any_moment_loses_nothing(self):
        """Forty lives of a random length beside a receiver of changing mood; acknowledgements are counted here."""
        randomness = random.Random(7)
        acknowledged = []
        for _ in range(40):
            self.hook.mode = randomness.choice(["take", "take", 0.5, "refuse", "hang"])

            def ring_on():
                while answer := self.doorbell.control("POST", "/api/v1/buttons/front/ring", quiet=True):
                    acknowledged.append(answer["id"])

            ringer = threading.Thread(target=ring_on)
            ringer.start()
            time.sleep(randomness.uniform(0, 0.1))  # synchronises nothing, it only moves the moment
            self.kill()
            ringer.join()
            self.restart()
        self.assertGreater(len(acknowledged), 40)
        self.hook.wait_for_taken([f"{ring}:0" for ring in acknowledged], 200)
        self.assertEqual(sink.faults_of(self.hook.arrivals), [])
        print(f"40 kills: {len(acknowledged)} rings acknowledged, {len(self.hook.arrivals)} requests, "
              f"{sink.duplicates_of(self.hook.arrivals)} raw duplicates", flush=True)


class BesideBrokenChannelsTest(FaultTest):
    """A whole channel beside one that nothing listens for, one that hangs and one that refuses."""

    def delays(self, daemon, hook, rings):
        """Seconds from asking for a ring to its message, each."""
        taken = []
        for _ in range(rings):
            begun = time.monotonic()
            key = daemon.ring("front") + ":0"
            hook.wait_for_taken([key], 30)
            taken.append(next(a.at for a in hook.arrivals if a.key == key) - begun)
        return taken

    def test_a_broken_channel_delays_no_other(self):
        alone = self.sink()
        daemon = self.daemon(config(hook=alone.url))
        undisturbed = self.delays(daemon, alone, 60)
        daemon.stop()
        dead = socket.create_server(("127.0.0.1", 0))
        dead_url = f"http://127.0.0.1:{dead.getsockname()[1]}/"
        dead.close()
        hook, hanging, refusing = self.sink(), self.sink("hang"), self.sink("refuse")
        daemon = self.daemon(config(dead=dead_url, hanging=hanging.url, refusing=refusing.url, hook=hook.url))
        disturbed = self.delays(daemon, hook, 60)
        self.assertEqual(len(hanging.arrivals), 1, "the hanging channel did not hang")
        self.assertGreater(len(refusing.arrivals), 0)
        without, beside = statistics.median(undisturbed), statistics.median(disturbed)
        print(f"ring to message, median: {1000 * without:.2f} ms alone, {1000 * beside:.2f} ms beside three broken channels", flush=True)
        # A channel's deadline is 60 s: whoever waited for one would wait a minute.
        self.assertLess(beside, without + 0.5)

    def test_what_the_broken_ones_missed_arrives_when_they_are_mended(self):
        hook, hanging, refusing = self.sink(), self.sink("hang"), self.sink("refuse")
        daemon = self.daemon(config(hook=hook.url, hanging=hanging.url, refusing=refusing.url))
        keys = [daemon.ring("front") + ":0" for _ in range(20)]
        hook.wait_for_taken(keys, 60)
        # After five refusals it is left alone for a minute, whatever waits.
        refusing.wait(lambda arrivals: len(arrivals) >= 5, 60, "attempts until it is left alone")
        time.sleep(2)
        self.assertLess(len(refusing.arrivals), 10, "it is tried on and on")
        hanging.mode = refusing.mode = "take"
        for receiver in (hanging, refusing):
            receiver.wait_for_taken(keys, 150)
            self.assertEqual(sink.faults_of(receiver.arrivals), [])


class MailTest(FaultTest):
    """The daemon's mail, and its identity over a kill."""

    def server(self, *sessions):
        if subprocess.run(["/usr/bin/python3", "-c", "import aiosmtpd"], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("python3-aiosmtpd is not installed: no mail was sent")
        script = pathlib.Path(harness.SOURCE) / "tests/notify/mail_server.py"
        process = subprocess.Popen(["/usr/bin/python3", "-u", script, *sessions], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process, int(process.stdout.readline())

    def test_mail_that_a_kill_cut_short_comes_again_under_its_id(self):
        server, port = self.server("hang_data")
        settings = config()
        settings["notifications"] = {
            "channels": [{"id": "post", "type": "email", "server": f"smtp://127.0.0.1:{port}", "starttls": "none",
                          "from": "door@example.org", "to": ["anna@example.org"], "language": "de"}],
            "rules": [{"when": "ring", "to": ["post"]}]}
        daemon = self.daemon(settings)
        ring = daemon.ring("front")
        self.assertEqual(json.loads(server.stdout.readline()), {"hanging": "data"})
        daemon.kill()
        daemon.start()
        mail = json.loads(server.stdout.readline())
        self.assertEqual(mail["head"]["message-id"], f"<{ring}.0.post@example.org>")
        self.assertEqual(mail["head"]["subject"], "Es klingelt")
        self.assertEqual(mail["faults"], [])
        counted = {"channel": "email", "type": "doorbell_press", "status": "success"}
        wait_until(lambda: daemon.metric("notifications_sent_total", **counted) == 1, 30, "the count of the mail")


if __name__ == "__main__":
    unittest.main(verbosity=2)
