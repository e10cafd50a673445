#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rules in the running daemon, and `porchlight notify`."""

import json
import os
import subprocess
import unittest

import harness
from harness import Daemon, Hook, config


class TwoHooks(unittest.TestCase):
    def setUp(self):
        self.hook = Hook()
        self.addCleanup(self.hook.close)
        self.other = Hook()
        self.addCleanup(self.other.close)

    def settings(self, *rules, **of_channel):
        """Two receivers, `hook` and `other`, one button at one camera that is called Front door."""
        made = config(self.hook, cameras=[{"id": "front", "name": "Front door", "url": "file:/nonexistent.mp4", "enabled": False}])
        made["buttons"][0]["camera"] = "front"
        made["notifications"] = {
            "channels": [{"id": "hook", "type": "webhook", "url": self.hook.url, **of_channel},
                         {"id": "other", "type": "webhook", "url": self.other.url, "language": "de"}],
            "rules": list(rules)}
        return made

    def daemon(self, settings, **more):
        daemon = Daemon(settings, **more)
        self.addCleanup(daemon.close)
        return daemon


class RulesTest(TwoHooks):
    def test_cooldown_is_kept_over_a_reload_and_counted(self):
        rule = {"when": "ring", "to": ["hook"], "cooldown": "1h"}
        daemon = self.daemon(self.settings(rule))
        first = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == first, 30, "the first ring")
        self.assertEqual(daemon.metric("notifications_suppressed_total", reason="cooldown"), 0)
        daemon.ring("front")
        daemon.write_config(self.settings(rule, {"when": "ring", "to": ["other"]}))
        daemon.cli("reload")
        third = daemon.ring("front")
        self.other.wait_for(lambda m: m.event["id"] == third, 30, "the third ring by the new rule")
        self.assertEqual({m.event["id"] for m in self.hook.messages}, {first})
        self.assertEqual(daemon.metric("notifications_suppressed_total", reason="cooldown"), 2)
        daemon.write_config(self.settings({**rule, "cooldown": "2h"}))
        daemon.cli("reload")
        fourth = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == fourth, 30, "the ring under a rule that changed")

    def test_next_message_has_the_number_that_was_grouped(self):
        daemon = self.daemon(self.settings({"when": "ring", "to": ["hook"], "group": "3s", "text": "{count}"}))
        rings = []

        def silent():
            return daemon.metric("notifications_suppressed_total", reason="grouped")

        def ring_until_told():
            rings.append(daemon.ring("front"))
            harness.wait_until(lambda: silent() + len(self.hook.messages) == len(rings), 30, "the ring's fate")
            return self.hook.messages[-1].event["id"] == rings[-1]

        self.assertTrue(ring_until_told())
        harness.wait_until(ring_until_told, 30, "a ring after the group")
        harness.wait_until(lambda: not ring_until_told() or len(rings) > 10, 30, "a ring that is grouped")
        harness.wait_until(ring_until_told, 30, "a ring after the next group")
        self.assertGreater(silent(), 0)
        self.assertEqual(sum(1 + m.event.get("grouped", 0) for m in self.hook.messages), len(rings))
        self.assertEqual(sum(m.event.get("grouped", 0) for m in self.hook.messages), silent())
        for message in self.hook.messages:
            self.assertNotIn("words", message.event)

    def test_escalation_comes_later_and_says_so(self):
        daemon = self.daemon(self.settings(
            {"when": "ring", "to": ["hook"], "escalate": {"after": "2s", "to": ["other"]}, "title": "{camera}"}))
        ring = daemon.ring("front")
        first = self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "the ring")
        later = self.other.wait_for(lambda m: m.event["id"] == ring, 30, "the escalation")
        self.assertGreaterEqual(later.at - first.at, 1.5)
        self.assertEqual((later.event["type"], later.event["sequence"], later.event["escalation"]), ("ring", 100, True))
        self.assertEqual(later.headers["Idempotency-Key"], f"{ring}:100")
        self.assertNotIn("escalation", first.event)
        for message in (first, later):
            self.assertNotIn("words", message.event)
        # It waited for its time, not for its receiver.
        harness.wait_until(lambda: daemon.metric("doorbell_ring_to_notification_seconds_count", channel="webhook") == 1, 10,
                           "the ring's latency, counted once")

    def test_an_escalation_that_waits_outlives_a_kill_and_comes_once(self):
        daemon = self.daemon(self.settings({"when": "ring", "to": ["hook"], "escalate": {"after": "30s", "to": ["other"]}}))
        ring = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "the ring")
        self.assertEqual(self.other.messages, [], "killed too late: this machine is too slow")
        daemon.kill()
        daemon.start()

        def escalation():
            rows = json.loads(daemon.cli("outbox", "list", "--state", "all", "--channel", "other", "--json").stdout)
            return [row for row in rows if row["id"] == ring]

        self.assertEqual([row["state"] for row in escalation()], ["pending"])
        self.other.wait_for(lambda m: m.event["id"] == ring, 120, "the escalation")
        harness.wait_until(lambda: [row["state"] for row in escalation()] == ["delivered"], 20, "its row")
        daemon.kill()
        daemon.start()
        again = daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == again, 30, "a later ring")
        self.assertEqual([m.event["sequence"] for m in self.other.messages if m.event["id"] == ring], [100])

    def test_quiet_hours_of_a_channel_keep_back_the_ring_and_what_follows(self):
        daemon = self.daemon(self.settings({"when": "ring", "to": ["hook", "other"], "attach": "snapshot"},
                                           quiet="00:00-24:00"))
        ring = daemon.ring("front")
        self.other.wait_for(lambda m: m.event["id"] == ring, 30, "the ring")
        self.assertEqual(self.hook.messages, [])
        self.assertEqual(daemon.metric("notifications_suppressed_total", reason="quiet"), 1)


class DryRunTest(TwoHooks):
    def run_it(self, settings, *arguments, text="", check=None):
        daemon = self.daemon(settings, wait=None)
        done = subprocess.run([harness.PROGRAM, "notify", *arguments, "--config", daemon.config], input=text,
                              capture_output=True, text=True, timeout=60, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"})
        if check is not None:
            self.assertEqual(done.returncode, check, done)
        return done

    def test_says_why_and_what(self):
        settings = self.settings({"when": "ring", "to": ["hook", "other"], "title": "{camera} at {time}"},
                                 {"when": "person.unknown", "to": ["hook"], "quiet": "22:00-07:00"})
        out = self.run_it(settings, "dry-run", "ring", "front", "--at", "2026-03-29T18:04:00Z", check=0).stdout
        self.assertIn("rule 1 (ring): matched\n", out)
        self.assertIn("rule 2 (person.unknown): when\n", out)
        self.assertIn("to hook:\n      Front door at 18:04\n", out)
        out = self.run_it(settings, "dry-run", "person", "unknown", "front", "--at", "2026-03-29 23:00", check=1).stdout
        self.assertIn("rule 2 (person.unknown): quiet\n", out)
        self.assertIn("nobody is told", out)
        out = self.run_it(settings, "dry-run", "person", "unknown", "front", "--at", "2026-03-29 07:00", "--json", check=0).stdout
        self.assertEqual(json.loads(out)["rules"], ["when", "matched"])
        self.assertEqual(json.loads(out)["time"], "2026-03-29T07:00:00.000Z")

    def test_says_that_a_broker_hears_of_everything(self):
        settings = self.settings({"when": "ring", "to": ["hook"]})
        settings["mqtt"] = {"host": "broker.invalid"}
        out = self.run_it(settings, "dry-run", "camera", "lost", "front", check=1).stdout
        self.assertIn("nobody is told by a rule\n  to mqtt, as everything is", out)
        out = self.run_it(settings, "dry-run", "camera", "lost", "front", "--json", check=1).stdout
        self.assertEqual(json.loads(out)["everything"], ["mqtt"])

    def test_a_program_is_named_where_root_alone_writes(self):
        settings = self.settings({"when": "ring", "to": ["hook"]})
        daemon = self.daemon(settings, wait=None)
        over = daemon.state / "config.d" / "siren.yaml"
        over.parent.mkdir()
        over.write_text("notifications:\n  channels:\n    - {id: siren, type: exec, command: [/bin/false]}\n")
        over.chmod(0o666)

        def tried():
            return subprocess.run([harness.PROGRAM, "notify", "test", "siren", "--config", daemon.config], capture_output=True,
                                  text=True, timeout=60)

        refused = tried()
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertRegex(refused.stderr, r"siren.yaml:3:\d+: notifications.channels\[2\].command: stands in a file that others")
        over.chmod(0o644)
        if os.geteuid() == 0:
            self.assertEqual(tried().returncode, 1, "it runs, and /bin/false refuses")
            os.chown(over, 65534, -1)
        self.assertEqual(tried().returncode, 2)

    def test_what_an_event_leaves_behind_the_next_one_meets(self):
        settings = self.settings({"when": "ring", "to": ["hook"], "cooldown": "5m"})
        lines = "".join(json.dumps({"type": "ring", "button": "front", "time": f"2026-03-29T18:{minute}Z"}) + "\n"
                        for minute in ("00:00", "04:59.999", "05:00"))
        done = self.run_it(settings, "dry-run", "-", "--json", text=lines, check=0)
        self.assertEqual([json.loads(line)["rules"] for line in done.stdout.splitlines()],
                         [["matched"], ["cooldown"], ["matched"]])
        backwards = "\n".join(reversed(lines.splitlines()))
        self.assertIn("line 2: ", self.run_it(settings, "dry-run", "-", text=backwards, check=2).stderr)
        self.assertIn("line 1: ", self.run_it(settings, "dry-run", "-", text="{}", check=2).stderr)

    def test_wrong_use_is_named(self):
        settings = self.settings({"when": "ring", "to": ["hook"]})
        self.assertIn("did you mean 'front'?", self.run_it(settings, "dry-run", "ring", "fornt", check=2).stderr)
        self.assertIn("did you mean 'front'?", self.run_it(settings, "dry-run", "camera", "lost", "frnt", check=2).stderr)
        self.assertIn("person known NAME CAMERA", self.run_it(settings, "dry-run", "visitor", check=2).stderr)
        self.assertIn("is no time", self.run_it(settings, "dry-run", "ring", "front", "--at", "noon", check=2).stderr)
        settings["notifications"]["rules"][0]["title"] = "{camra}"
        done = self.run_it(settings, "dry-run", "ring", "front", check=2)
        self.assertRegex(done.stderr, r"porchlight.yaml:\d+:\d+: notifications.rules\[0\].title: line 1, column 1: .*'\{camera\}'")
        missing = subprocess.run([harness.PROGRAM, "notify", "dry-run", "ring", "front", "--config", "/nonexistent"],
                                 capture_output=True, timeout=60)
        self.assertEqual(missing.returncode, 3)

    def test_test_message_goes_through_the_channel(self):
        settings = self.settings({"when": "ring", "to": ["hook"]})
        self.assertEqual(self.run_it(settings, "test", "hook", check=0).stdout, "delivered by 'hook'\n")
        self.assertEqual(self.hook.messages[0].event["trigger_source"], "test")
        self.assertEqual(self.other.messages, [])
        self.hook.status = 400
        done = self.run_it(settings, "test", "hook", "--json", check=1)
        self.assertEqual(json.loads(done.stdout)["delivered"], False)
        self.assertIn("400", done.stderr)
        self.hook.status = 503
        self.run_it(settings, "test", "hook", check=3)
        self.hook.close()
        self.assertIn("127.0.0.1", self.run_it(settings, "test", "hook", check=3).stderr)
        self.assertIn("did you mean 'other'?", self.run_it(settings, "test", "othr", check=2).stderr)
        settings["notifications"]["channels"][0]["headers"] = ["X-Key: ${credential:key}"]
        self.assertIn("credential 'key'", self.run_it(settings, "test", "hook", check=3).stderr)
        self.run_it(settings, "test", "other", check=0)


if __name__ == "__main__":
    unittest.main()
