#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what messages count: a receiver answers once in each way."""

import threading
import unittest

from causes import House

import harness
from alert_notification import alert, tell, teller

HANG = "hang"  # no answer until the gate opens


class Fickle(harness.Hook):
    """Answers with what is in `answers`, one after the other, and then with 200."""

    def __init__(self):
        self.answers, self.gate = [], threading.Event()
        super().__init__()

    @property
    def status(self):
        answer = self.answers.pop(0) if self.answers else 200
        if answer != HANG:
            return answer
        self.gate.wait(300)
        return 200

    @status.setter
    def status(self, _):
        pass


class DeliveryCauses(House):
    @classmethod
    def settings(cls):
        cls.hook = Fickle()
        cls.addClassCleanup(cls.hook.close)
        return {**cls.SETTINGS, "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": cls.hook.url, "timeout": "2s"}],
                                                  "rules": [{"when": "ring", "to": ["hook"]}, {"when": "alert", "to": ["hook"]}]}}

    def attempts(self, result, **more):
        return self.counted("notification_attempts_total", channel="webhook", result=result, **more)

    def sent(self, status, kind="doorbell_press"):
        return self.counted("notifications_sent_total", channel="webhook", type=kind, status=status)

    def error(self, error_type):
        return self.counted("errors_total", component="notifier", error_type=error_type, severity="warning")

    def test_taken(self):
        # What must not rise is judged last, when the others have.
        with self.counted("notification_retries_total", by=0), self.attempts("delivered"), self.sent("success"):
            self.daemon.ring("front")

    def test_taken_as_a_test(self):
        with self.sent("success", "test"):
            self.daemon.control("POST", "/api/v1/buttons/front/ring?source=test")

    def test_refused_for_good(self):
        self.hook.answers.append(404)
        with self.attempts("rejected"), self.sent("failure"), self.error("validation"), self.counted(
                "log_messages_total", level="error", besides=[{"level": "info"}, {"level": "debug"}]):
            self.daemon.ring("front")

    def test_refused_for_who_we_are(self):
        self.hook.answers.append(401)
        with self.attempts("rejected"), self.error("auth"):
            self.daemon.ring("front")

    def test_taken_at_the_second_attempt(self):
        self.hook.answers.append(503)
        with self.attempts("retry", besides=[{"result": "delivered"}]), self.error("network"), self.sent("success"), \
                self.counted("notification_retries_total", channel="webhook"):
            self.daemon.ring("front")

    def test_too_many_for_the_receiver(self):
        self.hook.answers.append(429)
        with self.sent("success"), self.error("resource"):
            self.daemon.ring("front")

    def test_no_answer_in_time(self):
        self.addCleanup(self.hook.gate.set)
        self.hook.answers.append(HANG)
        with self.sent("success"), self.error("timeout"):
            self.daemon.ring("front")

    def test_an_alert_that_is_passed_on(self):
        with self.sent("success", "system_alert"):
            tell(teller(self.daemon), alert("high"))


if __name__ == "__main__":
    unittest.main()
