# SPDX-License-Identifier: Apache-2.0
"""Messages that did not arrive: seen, sent again by the daemon or without one, and a channel that is left alone."""

import json
import threading
import time
import unittest

import harness
from harness import config


class GatedHook(harness.Hook):
    """Answers nobody while its gate is closed."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.asked = 0
        super().__init__()

    @property
    def status(self):
        self.asked += 1
        self.gate.wait()
        return self._status

    @status.setter
    def status(self, status):
        self._status = status


class OutboxTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def daemon(self, settings=None):
        daemon = harness.Daemon(settings or config(self.hook))
        self.addCleanup(daemon.close)
        return daemon

    def listed(self, daemon, *arguments):
        return json.loads(daemon.cli("outbox", "list", "--json", *arguments).stdout)

    def dead(self, daemon, count):
        """So many rings that the receiver refuses."""
        self.hook.status = 404
        rings = [daemon.ring("front") for _ in range(count)]
        harness.wait_until(lambda: len(self.listed(daemon)) == count, 20, "dead letters")
        return rings

    def arrives(self, ring, what):
        message = self.hook.wait_for(lambda m: m.event["id"] == ring, 20, what)
        self.assertEqual(message.headers["Idempotency-Key"].strip('"'), f"{ring}:0")

    def test_refused_messages_are_listed_and_sent_again_under_their_id(self):
        daemon = self.daemon()
        first, second = self.dead(daemon, 2)
        newest, oldest = self.listed(daemon)
        self.assertEqual((oldest["id"], newest["id"]), (first, second))
        self.assertEqual((oldest["sequence"], oldest["channel"], oldest["channel_exists"], oldest["type"], oldest["state"], oldest["attempts"]),
                         (0, "hook", True, "ring", "failed", 1))
        self.assertIn("404", oldest["error"])
        self.assertNotIn(self.hook.url.rsplit("/", 1)[1], oldest["error"])
        text = daemon.cli("outbox", "list").stdout
        self.assertEqual(len(text.splitlines()), 2)
        self.assertIn(f"{first}:0", text)
        self.assertEqual(self.listed(daemon, "--state", "pending"), [])
        self.assertEqual(self.listed(daemon, "--channel", "other"), [])
        harness.wait_until(lambda: daemon.metric("outbox_dead_letters", channel="webhook") == 2, 20, "the gauge")

        self.hook.status = 200
        self.assertEqual(daemon.cli("outbox", "resend", f"{first}:0").stdout, "sent again: 1\n")
        self.arrives(first, "the message that was sent again")
        harness.wait_until(lambda: [row["id"] for row in self.listed(daemon)] == [second], 20, "one dead letter less")
        self.assertEqual(json.loads(daemon.cli("outbox", "resend", "--channel", "hook", "--json").stdout), {"resent": 1, "without_channel": 0})
        self.arrives(second, "the other one")
        harness.wait_until(lambda: daemon.metric("outbox_dead_letters", channel="webhook") == 0, 20, "the gauge")
        self.assertEqual({row["state"] for row in self.listed(daemon, "--state", "all")}, {"delivered"})
        self.assertEqual({row["resent"] for row in self.listed(daemon, "--state", "all")}, {1})
        self.assertEqual(len(self.hook.messages), 2)
        daemon.cli("audit", "verify")
        records = [json.loads(line) for line in (daemon.state / "audit/audit.jsonl").read_text().splitlines()]
        changes = [r for r in records if "sent again" in json.dumps(r)]
        self.assertEqual(len(changes), 4, "begun and success of each")
        self.assertIn("uid:", json.dumps(changes))

    def test_without_a_daemon_they_wait_in_the_database(self):
        daemon = self.daemon()
        rings = self.dead(daemon, 3)
        daemon.stop()
        self.assertEqual(daemon.cli("outbox", "resend", "--all-dead").stdout, "sent again: 3\n")
        self.assertEqual({row["state"] for row in self.listed(daemon, "--state", "pending")}, {"pending"})
        self.assertEqual(self.listed(daemon), [])
        daemon.cli("audit", "verify")
        self.hook.status = 200
        daemon.start()
        for ring in rings:
            self.arrives(ring, f"ring {ring} after the start")

    def test_channel_that_is_gone_is_said_to_be(self):
        daemon = self.daemon()
        (ring,) = self.dead(daemon, 1)
        settings = config(self.hook)
        settings["notifications"]["channels"][0]["id"] = "other"
        settings["notifications"]["rules"][0]["to"] = ["other"]
        daemon.write_config(settings)
        daemon.cli("reload")
        self.assertFalse(self.listed(daemon)[0]["channel_exists"])
        self.assertIn("hook (no such channel)", daemon.cli("outbox", "list").stdout)
        for selection in ([ring], ["--channel", "hook"]):
            done = daemon.cli("outbox", "resend", *selection, check=False)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("not configured any more", done.stderr)
        self.assertEqual(daemon.cli("outbox", "resend", "--all-dead").returncode, 0)
        self.assertEqual([row["id"] for row in self.listed(daemon)], [ring])

    def test_wrong_use_is_refused_in_words(self):
        daemon = self.daemon()
        for arguments, code in ((["resend"], 2), (["resend", "--all-dead", "--channel", "hook"], 2), (["resend", "nonsense"], 2),
                                (["resend", "0199d7b0-7c1e-7a52-9d1e-3f2b8c6a5e01:x"], 2), (["list", "--state", "lost"], 2),
                                (["resend", "0199d7b0-7c1e-7a52-9d1e-3f2b8c6a5e01"], 1)):
            done = daemon.cli("outbox", *arguments, check=False)
            self.assertEqual(done.returncode, code, (arguments, done))
            self.assertTrue(done.stderr + done.stdout)
        self.assertEqual(daemon.cli("outbox", "list").stdout, "nothing\n")

    def test_channel_that_does_not_answer_is_left_alone_and_the_log_says_so_once(self):
        self.hook.status = 503
        daemon = self.daemon()
        rings = [daemon.ring("front") for _ in range(12)]
        harness.wait_until(lambda: daemon.metric("notification_channel_open", channel="webhook") == 1, 20, "the open channel")
        attempts = daemon.metric("notification_attempts_total", channel="webhook", result="retry")
        self.assertEqual(attempts, 5)
        time.sleep(3)  # that nothing happens cannot be waited for; repetitions were due after one second
        self.assertEqual(daemon.metric("notification_attempts_total", channel="webhook", result="retry"), 5)
        waiting = self.listed(daemon, "--state", "pending")
        self.assertEqual(len(waiting), 12)
        self.assertTrue(any("503" in (row["error"] or "") for row in waiting), waiting)
        self.assertEqual(daemon.log.read_text().count("the channel does not answer"), 1)
        daemon.kill()
        self.hook.status = 200
        daemon.start()
        for ring in rings:
            self.arrives(ring, f"ring {ring}")

    def test_killed_in_any_state_a_message_goes_on_where_it_was(self):
        self.hook = GatedHook()
        self.addCleanup(self.hook.close)
        self.addCleanup(self.hook.gate.set)
        daemon = self.daemon()

        def state(ring):
            return next(row for row in self.listed(daemon, "--state", "all") if row["id"] == ring)

        def killed():
            daemon.kill()
            self.hook.gate.set()
            daemon.start()

        with self.subTest("under way"):
            self.hook.gate.clear()
            asked = self.hook.asked
            ring = daemon.ring("front")
            harness.wait_until(lambda: self.hook.asked > asked, 20, "the attempt")
            self.assertEqual(state(ring)["state"], "pending")
            killed()
            self.arrives(ring, "what was under way")
        with self.subTest("delivered"):
            ring = daemon.ring("front")
            harness.wait_until(lambda: state(ring)["state"] == "delivered", 20, "the delivery")
            killed()
            later = daemon.ring("front")
            self.arrives(later, "the next ring")
            self.assertEqual(len([m for m in self.hook.messages if m.event["id"] == ring]), 1)
        with self.subTest("waits for the next attempt"):
            self.hook.status = 503
            ring = daemon.ring("front")
            harness.wait_until(lambda: state(ring)["attempts"] > 0, 20, "an attempt")
            daemon.kill()
            before = state(ring)["attempts"]
            self.hook.status = 200
            daemon.start()
            self.arrives(ring, "what waited")
            harness.wait_until(lambda: state(ring)["state"] == "delivered", 20, "the delivery")
            self.assertEqual(state(ring)["attempts"], before + 1)
        with self.subTest("refused"):
            self.hook.status = 404
            ring = daemon.ring("front")
            harness.wait_until(lambda: state(ring)["state"] == "failed", 20, "the refusal")
            self.hook.status = 200
            killed()
            self.assertEqual(state(ring)["state"], "failed")
            self.assertEqual([m for m in self.hook.messages if m.event["id"] == ring], [])
        with self.subTest("sent again, and under way"):
            self.hook.gate.clear()
            asked = self.hook.asked
            daemon.cli("outbox", "resend", ring)
            harness.wait_until(lambda: self.hook.asked > asked, 20, "the attempt")
            killed()
            self.arrives(ring, "what was sent again")
            harness.wait_until(lambda: state(ring)["state"] == "delivered", 20, "the delivery")


if __name__ == "__main__":
    unittest.main(verbosity=2)
