# SPDX-License-Identifier: Apache-2.0
"""A real edge through the whole daemon: libgpiod and the kernel's interface, over chips that a preloaded
library answers for (tests/gpio/gpiofake.c)."""

import time
import unittest

import gpio_chips
import harness


class GpioTest(gpio_chips.ChipsCase):
    backend = "auto"

    def setUp(self):
        super().setUp()
        self.daemon = self.on_chips({
            "buttons": [{"id": "front", "kind": "gpio", "line": "GPIO17", "backend": self.backend}],
            "faces": {"enabled": False},
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": "ring", "to": ["hook"]}]},
        })
        self.chips.do("await GPIO17")

    def rings(self):
        return [m.event for m in self.hook.messages if m.event["type"] == "ring" and m.event["sequence"] == 0]

    def presses(self):
        return sum(self.daemon.metric("doorbell_triggers_total", trigger_source="button_press", time_of_day=t)
                   for t in ("morning", "afternoon", "evening", "night"))

    def test_press_is_one_ring_stamped_by_the_kernel(self):
        edge = time.monotonic_ns() - 200_000_000  # the kernel saw it a while before anybody could ask
        wall = time.time() - 0.2
        self.chips.do(f"GPIO17=0 @{edge}")
        self.chips.do(f"GPIO17=1 @{edge + 150_000_000}")
        message = self.hook.wait_for(lambda m: m.event["type"] == "ring", 30, "the ring")
        self.assertEqual(message.event["trigger_source"], "button_press")
        stamped = time.strptime(message.event["time"][:19], "%Y-%m-%dT%H:%M:%S")
        seconds = __import__("calendar").timegm(stamped) + float("0" + message.event["time"][19:23])
        self.assertAlmostEqual(seconds, wall, delta=0.1)
        harness.wait_until(lambda: self.presses() == 1, 30, "one counted press")

    def test_fourteen_bouncing_edges_are_one_ring(self):
        start = time.monotonic_ns()
        levels = [f"GPIO17={i % 2} @{start + i * 1_000_000}" for i in range(13)] + [f"GPIO17=0 @{start + 14_000_000}"]
        self.chips.do(*levels)
        self.hook.wait_for(lambda m: m.event["type"] == "ring", 30, "the ring")
        self.chips.do(f"GPIO17=1 @{start + 500_000_000}")
        self.chips.do(f"GPIO17=0 @{start + 900_000_000}")  # a second press, behind whatever was left of the first
        harness.wait_until(lambda: len(self.rings()) >= 2, 30, "the second press")
        self.assertEqual((len(self.rings()), self.presses()), (2, 2))

    def test_chip_that_goes_is_reopened_and_rings_by_command_still_work(self):
        self.chips.do("gone gpiochip0")
        harness.wait_until(lambda: self.daemon.status()["buttons"][0]["state"] == "degraded", 30, "degraded")
        ring = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 30, "the ring by command")
        self.chips.do("back gpiochip0")
        self.chips.do("await GPIO17")
        harness.wait_until(lambda: self.daemon.status()["buttons"][0]["state"] == "idle", 30, "idle again")
        self.chips.do("GPIO17=0")
        self.hook.wait_for(lambda m: m.event.get("trigger_source") == "button_press", 30, "a press after the return")


class UapiTest(GpioTest):
    backend = "uapi"

    def test_lost_edges_are_counted(self):
        self.assertEqual(self.daemon.metric("button_lost_edges_total", button_id="front"), 0)
        self.chips.do("lose GPIO17 5")
        self.chips.do("GPIO17=0")
        harness.wait_until(lambda: self.daemon.metric("button_lost_edges_total", button_id="front") == 5, 5,
                           "five lost edges")


if __name__ == "__main__":
    unittest.main(verbosity=2)
