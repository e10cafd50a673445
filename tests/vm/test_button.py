# SPDX-License-Identifier: Apache-2.0
"""Edges of a kernel's GPIO chip through the installed service to a delivered message."""

import calendar
import time

import rig


def instant(event):
    """The event's wall time: that of its edge, to the millisecond."""
    return calendar.timegm(time.strptime(event["time"][:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + event["time"][19:23])


class ButtonTest(rig.MachineTest):
    """libgpiod. Each test counts rings from where it begins, so that one too many fails it as well as one too few."""

    # On one, the simulated line interrupts the finger and is served before it goes on. On two, a processor that the host holds up reads
    # the level when it has changed again: the kernel reports 998 of 1,000 presses then, numbered without a gap.
    cpus = 1
    backend = "auto"
    stamp_lag = 0.0  # from the contact to the edge that counts (docs/buttons.md)
    quick_debounce = "10ms"  # for a train of presses; each lasts 20 ms and more

    @classmethod
    def settings(cls, **more):
        return rig.configuration(backend=cls.backend, **more)

    @classmethod
    def setUpClass(cls):
        cls.configuration = cls.settings()
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.wait_for_state("idle")
        self.before = len(self.rings())

    def new_rings(self):
        return self.rings()[self.before:]

    def settle(self):
        """A ring by command is behind every edge there was: after its message all of theirs are there."""
        ring = self.ring()
        self.wait_for(lambda: self.messages(id=ring), 60, "the message of a ring by command")

    def test_press_is_a_message_stamped_by_the_kernel(self):
        pressed = self.button("press")
        [message] = self.wait_for(self.new_rings, 20, "the ring")
        self.assertGreaterEqual(instant(message["event"]), pressed["before"]["wall"] + self.stamp_lag - 0.002)
        self.assertLessEqual(instant(message["event"]), pressed["after"]["wall"] - 0.15 + self.stamp_lag + 0.3)
        took = message["arrived"] - pressed["before"]["monotonic"]
        rig.note_time(f"contact to delivered message, {self.backend}", took)
        self.assertLess(took, 10)
        self.settle()
        self.assertEqual(len(self.new_rings()), 1)

    def test_stamp_is_the_edges_while_the_process_is_held(self):
        """Somebody who stamps at reading time is two seconds late here."""
        pid = self.main_pid()
        self.machine.run(f"kill -STOP {pid}")
        pressed = self.button("press")
        time.sleep(2)
        self.machine.run(f"kill -CONT {pid}")
        [message] = self.wait_for(self.new_rings, 20, "the ring")
        self.assertLess(instant(message["event"]), pressed["after"]["wall"] + 1)

    def test_fourteen_bouncing_edges_are_one_ring(self):
        # The emulated finger may be held up for tens of milliseconds between two edges: that is bounce too here.
        self.configure(self.settings(debounce="500ms"))
        self.addCleanup(self.configure, self.settings())
        self.wait_for_state("idle")
        self.before = len(self.rings())
        self.button("bounce")
        self.wait_for(self.new_rings, 20, "the ring")
        self.settle()
        self.assertEqual(len(self.new_rings()), 1)
        self.button("press", 800)  # the second press is not taken for more bounce
        self.wait_for(lambda: len(self.new_rings()) == 2, 20, "the second ring")

    def test_held_is_a_state_and_one_ring(self):
        self.button("hold")
        self.wait_for_state("held", 20)
        self.button("release")
        self.wait_for_state("idle", 20)
        self.settle()
        self.assertEqual(len(self.new_rings()), 1)

    def test_stuck_and_released_are_told_once(self):
        self.configure(self.settings(hold_after="500ms", stuck_after="3s"))
        self.addCleanup(self.configure, self.settings())
        self.wait_for_state("idle")
        self.button("hold")
        self.wait_for_state("stuck", 30)
        time.sleep(2)
        self.button("release")
        self.wait_for_state("idle", 20)
        self.settle()
        faults = [e["fault"] for e in self.stored(type="button_trouble") if e["fault"] in ("stuck", "released")]
        self.assertEqual(faults, ["stuck", "released"])
        self.assertEqual(len(self.new_rings()), 1)

    def test_thousand_presses_a_minute_are_a_thousand_rings(self):
        self.configure(self.settings(debounce=self.quick_debounce))
        self.addCleanup(self.configure, self.settings())
        self.wait_for_state("idle")
        self.before = len(self.rings())
        done = self.button("train", 1000, 60, 30, seconds=240)
        took = done["after"]["monotonic"] - done["before"]["monotonic"]
        rig.note_time(f"1,000 presses, {self.backend}", took)
        self.assertLess(took, 90, "the rig itself was too slow to press")
        self.wait_for(lambda: len(self.new_rings()) >= 1000, 600, "1,000 messages")
        self.settle()
        ids = [m["event"]["id"] for m in self.new_rings()]
        self.assertEqual((len(ids), len(set(ids))), (1000, 1000))

    def test_chip_that_goes_is_degraded_and_comes_back(self):
        self.button("gone")
        self.wait_for_state("degraded", 30)
        pid = self.main_pid()
        ring = self.ring("front")
        self.wait_for(lambda: self.messages(id=ring), 20, "a ring by command meanwhile")
        self.button("back")
        self.wait_for_state("idle", 30)
        self.button("press")
        self.wait_for(self.new_rings, 20, "a press after the return")
        self.assertEqual(self.main_pid(), pid, "the daemon was started again")
        self.assertEqual([e["fault"] for e in self.stored(type="button_trouble") if e["fault"].startswith("chip")][-2:], ["chip_lost", "chip_back"])

    def test_line_of_another_program_at_the_start_is_taken_when_it_is_free(self):
        self.machine.run("systemctl stop porchlight")
        chip = self.chip()
        self.addCleanup(self.machine.run, "systemctl stop other", check=False)  # before the next test
        # gpiomon of libgpiod 2 wants the chip as an option.
        self.machine.run(f"gpiomon --help | grep -q -- --chip && option=-c; systemd-run -q --unit=other gpiomon $option {chip} 17")
        self.machine.wait_until(f"gpioinfo {chip} | grep -E 'line +17:.*used'", 20, "gpiomon to have the line")
        self.machine.run("systemctl start porchlight")
        self.wait_for_state("degraded", 20)
        self.assertIn("used by another program", self.machine.out("porchlight status --json"))
        self.assertIn("in use by 'gpiomon'", self.machine.run("porchlight doctor", check=False).stdout)
        self.machine.run("systemctl stop other")
        self.wait_for_state("idle", 30)
        self.button("press")
        self.wait_for(self.new_rings, 20, "a press once the line is free")


class KernelInterfaceTest(ButtonTest):
    """The same by `backend: uapi`, where the kernel debounces."""

    backend = "uapi"
    stamp_lag = 0.03
    # The kernel debounces by a work queue; where the host is busy that is served later than a short press lasts, and the press is bounce.
    quick_debounce = "0ms"

if __name__ == "__main__":
    rig.main()
