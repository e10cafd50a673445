#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what rings, rules and alerts count."""

import datetime
import time
import unittest

from causes import House

import harness
from alert_notification import alert, tell, teller


class RingCauses(House):
    def rung(self, source):
        return self.counted("doorbell_triggers_total", trigger_source=source)

    def test_by_command(self):
        with self.rung("cli"), self.counted("pipeline_events_total", event_type="doorbell_press", status="success",
                                            besides=[{"event_type": "system"}]):
            self.daemon.cli("ring", "--button", "front")

    def test_over_the_interface(self):
        with self.rung("api"):
            self.assertEqual(self.anna.ask("POST", "/api/v1/buttons/front/ring")[0], 200)

    def test_as_a_test(self):
        with self.rung("test"):
            self.daemon.control("POST", "/api/v1/buttons/front/ring?source=test")

    def test_nobody_rings_where_there_is_no_button(self):
        with self.counted("doorbell_triggers_total", by=0):
            self.assertEqual(self.anna.ask("POST", "/api/v1/buttons/fornt/ring")[0], 404)


class HourCauses(unittest.TestCase):
    def test_a_ring_counts_in_its_local_hour(self):
        for day, wanted in (("morning", 8), ("afternoon", 14), ("evening", 20), ("night", 2)):
            with self.subTest(day):
                # POSIX writes west of Greenwich as positive. The clock may come to the next hour meanwhile, not to the next
                # time of day.
                ahead = (wanted - datetime.datetime.now(datetime.timezone.utc).hour) % 24
                with harness.Daemon(House.SETTINGS, environment={"TZ": f"XXX-{ahead}"}) as daemon:
                    daemon.ring("front")
                    harness.wait_until(lambda: daemon.metric("doorbell_triggers_total", trigger_source="cli", time_of_day=day) == 1,
                                       60, f"a ring in the {day}")
                    hours = {hour: daemon.metric("doorbell_triggers_by_hour_total", hour=f"{hour:02}") for hour in range(24)}
                    self.assertEqual(sum(hours.values()), 1, hours)
                    self.assertEqual(hours[wanted] + hours[wanted + 1], 1, hours)


class SilenceCauses(House):
    """Rules and channels that keep silent about a ring, each by its reason."""

    def rule(self, of_channel=None, **more):
        """From here on, this is the only rule."""
        self.daemon.write_config({**self.SETTINGS, "notifications": {
            "channels": [{"id": "journal", "type": "log", **(of_channel or {})}], "rules": [{"when": "ring", "to": ["journal"], **more}]}})
        self.daemon.cli("reload")

    def silent(self, reason):
        return self.counted("notifications_suppressed_total", reason=reason)

    def test_outside_its_schedule(self):
        later = (time.localtime().tm_hour + 12) % 24
        self.rule(schedule=[f"{later:02}:00-{later + 1:02}:00"])
        with self.silent("schedule"):
            self.daemon.ring("front")

    def test_in_quiet_hours(self):
        self.rule(quiet="00:00-24:00")
        with self.silent("quiet"):
            self.daemon.ring("front")

    def after_a_ring(self, reason):
        # The ring is counted once the rules were asked.
        with self.counted("notifications_suppressed_total", by=0), self.counted("doorbell_triggers_total"):
            self.daemon.ring("front")
        with self.silent(reason):
            self.daemon.ring("front")

    def test_grouped_with_the_one_before(self):
        self.rule(group="1h")
        self.after_a_ring("grouped")

    def test_soon_after_the_one_before(self):
        self.rule(cooldown="1h")
        self.after_a_ring("cooldown")

    def test_beyond_the_rate_of_a_channel(self):
        self.rule(of_channel={"rate": {"burst": 1, "every": "1h"}})
        self.after_a_ring("rate")


class AlertCauses(House):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.teller = teller(cls.daemon)

    def test_each_severity_begins_and_ends(self):
        for severity in ("critical", "high", "warning", "medium", "low", "info"):
            for status in ("firing", "resolved"):
                with self.subTest(f"{severity} {status}"), self.counted("alerts_received_total", status=status, severity=severity):
                    self.assertEqual(tell(self.teller, alert(severity, status))["new"], 1)

    def test_an_alert_that_is_none(self):
        with self.counted("errors_total", component="api", error_type="validation", severity="warning"):
            answer = tell(self.teller, {**alert("warning"), "startsAt": "soon"}, alert("warning", starts="2026-02-01T04:20:12Z"))
            self.assertEqual((answer["received"], answer["refused"]), (1, 1))


if __name__ == "__main__":
    unittest.main()
