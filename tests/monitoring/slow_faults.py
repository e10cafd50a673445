#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Six things really break, one for each severity, with Debian's Prometheus and Alertmanager beside the daemon and all that
config/monitoring ships: each is seen firing, told, and over when it is mended, in time. Only the timings of Alertmanager's
routes are the test's own: group_wait 1 s, group_interval 2 s, repeat_interval 2 s."""

import pathlib
import tempfile
import time
import unittest

import shipped  # first: it finds the helpers of tests/system
import fault_houses
import fault_memory
import fault_programs
import fault_times
import footage_truth
import harness
import runbook_checks

REPORT = shipped.SOURCE / "build" / "monitoring"
EVALUATION = 0.050  # s of one cycle for each device: the figure; a busy machine is given five times that
PATIENCE = 5


class Stack:
    """Prometheus, Alertmanager and who is told, for some houses. The first hears of every alert."""

    def __init__(self, cleanup):
        place = tempfile.TemporaryDirectory(prefix="porchlight-faults-")
        cleanup(place.cleanup)
        self.cleanup, self.folder = cleanup, pathlib.Path(place.name)
        self.listeners = fault_programs.Listeners(cleanup)
        self.front = fault_houses.FrontHouse(cleanup, self.folder, self.listeners)

    def begin(self, *others):
        """Once the houses live: until Prometheus has seen each of them twice, and evaluated its rules."""
        self.houses = [self.front, *others]
        self.manager = fault_programs.Manager(self.folder, self.front.daemon, self.front.token, self.listeners)
        self.cleanup(self.manager.close)
        self.prometheus = fault_programs.Shipped({"doorbell": [house.metrics for house in self.houses],
                                                  "node-exporter": [self.front.address]}, self.manager.address)
        self.cleanup(self.prometheus.close)
        self.bench = runbook_checks.Bench(self.folder, harness.PROGRAM, PROMETHEUS=f"http://{self.prometheus.address}",
                                          ALERTMANAGER=f"http://{self.manager.address}")
        fault_times.wait(self.prometheus.remembers, 240, "the first evaluations")
        for house in self.houses:
            self.wait_for(f'min(sum_over_time(up{{node="{house.node}"}}[2m])) >= 2', "two scrapes of a house")
        self.cycles = fault_times.Cycles(self.prometheus, len(self.houses))
        self.cleanup(self.cycles.close)

    def wait_for(self, expression, what, seconds=120):
        fault_times.wait(lambda: self.prometheus.query(expression), seconds, what)


class Faults(unittest.TestCase):
    """What the classes below share. The name does not end in Test: it is none."""

    def setUp(self):
        if why := fault_programs.missing() or footage_truth.missing():
            self.skipTest(why)
        self.stack = Stack(self.addCleanup)
        self.faults = []

    def fault(self, house, name, component, runbook):
        self.faults.append(fault_times.Fault(self.stack, house, name, component, runbook))
        return self.faults[-1]

    def is_told(self, fault):
        """It fires, is delivered by every way that its severity has, and its runbook's first checks show it."""
        with self.subTest(fault.name):
            fault.wait_until_told()
            text = (shipped.RUNBOOKS / f"{fault.name}.md").read_text()
            self.assertEqual(self.stack.bench.judge(text, fault.house.daemon.config, fault.runbook), [], f"runbook of {fault.name}")

    def report(self, name):
        """The measured times, printed and kept for the documentation; then they are judged."""
        text = f"{fault_times.table(self.faults)}\n\n{self.stack.cycles.told()}"
        print(f"\n{text}", flush=True)
        REPORT.mkdir(parents=True, exist_ok=True)
        (REPORT / f"{name}.md").write_text(text + "\n")
        self.assertEqual([late for fault in self.faults if fault.delivered for late in fault.late()], [])


class SlowFaultsTest(Faults):
    """Five of the six, side by side in two houses, and one alert that silences another."""

    def test_what_breaks_is_told_and_what_is_mended_is_over(self):
        back = fault_houses.BackHouse(self.addCleanup)
        self.stack.begin(back)
        self.front = self.stack.front
        self.break_everything(back)
        for fault in (self.logins, self.channel, self.restart, self.labels, self.camera):
            self.is_told(fault)
        self.channel.mend_it(self.front.mend_the_channel)
        self.labels.mend_it(lambda: back.reload())
        self.mend_the_camera()
        self.silence_a_camera()
        with self.subTest("the storm ends"):
            self.logins.wait_until_over()
        self.judge_the_ways()
        self.report("faults")
        self.judge_the_cycles()

    def break_everything(self, back):
        # An answer of Prometheus has its labels before its value: '…"node":"…"…},"value":[TIME,"VALUE"]'.
        self.camera = self.fault(self.front, "CameraOffline", "recording", r'"camera_id":"yard"[^}]*\},"value":\[[\d.]+,"0"')
        self.channel = self.fault(self.front, "NotificationFailures", "notification", r"wall +ring +failed .*answered 410")
        self.logins = self.fault(self.front, "FailedLoginSpike", "auth", r"a login failed")
        self.labels = self.fault(back, "LabelOverflow", "metrics", r'"metrics_label_overflow_total"[^}]*\},"value":\[[\d.]+,"[1-9]')
        self.restart = self.fault(back, "VersionChanged", "deployment", rf'"node":"{back.node}"[^}}]*\}},"value":\[[\d.]+,"1"')
        self.camera.break_it(self.front.yard.kill, self.front.camera_is_lost)
        self.restart.break_it(back.restart, back.is_another)
        self.channel.break_it(self.front.break_the_channel, self.front.messages_failed)
        self.logins.break_it(self.front.storm_the_login, self.front.logins_failed)
        self.logins.mended = self.logins.well = self.logins.shown  # a storm passes by itself
        # Its counter begins at nothing with the new process, which must have been seen first.
        self.stack.wait_for(f'timestamp(metrics_label_overflow_total{{node="{back.node}"}}) > {time.time():.0f}', "a scrape of the new process")
        self.labels.break_it(back.overflow_a_label, back.labels_overflow)

    def mend_the_camera(self):
        self.camera.mend_it(self.front.yard.start, self.front.camera_is_there)
        with self.subTest("the camera is back"):
            self.camera.wait_until_over()

    def silence_a_camera(self):
        """node_exporter ends: whatever else of that node there is to tell of cameras waits for it."""
        self.front.exporter.stop()
        self.front.yard.kill()
        begun = time.time()
        self.of("NodeDown", 240, "active")
        found = self.of("CameraOffline", 240, "suppressed")
        nodes = {alert["labels"]["node"] for alert in self.stack.manager.alerts() if alert["fingerprint"] in found["status"]["inhibitedBy"]}
        self.assertEqual(nodes, {self.front.node})
        # What silences it is told again and again meanwhile.
        self.wait_for_messages("NodeDown", time.time(), 3)
        told = {way: at for way in self.camera.ways for at in self.stack.listeners.arrivals(way, "CameraOffline", "firing") if at > begun}
        self.assertEqual(told, {}, "what is silenced was told")
        # It was not lost: with the node it is told.
        self.front.exporter.start()
        self.wait_for_messages("CameraOffline", begun, 1)

    def wait_for_messages(self, name, since, times):
        """By each way that the camera's severity has; NodeDown has the same one."""
        for way in self.camera.ways:
            fault_times.wait(lambda way=way: sum(at > since for at in self.stack.listeners.arrivals(way, name, "firing")) >= times, 180,
                             f"{name}, {times} times by {way}")

    def of(self, name, seconds, state):
        """An alert of the front house as Alertmanager has it, once it is in that state."""
        def there():
            for alert in self.stack.manager.alerts():
                labels = alert["labels"]
                if (labels["alertname"], labels.get("node"), alert["status"]["state"]) == (name, self.front.node, state):
                    return alert
            return None
        return fault_times.wait(there, seconds, f"{name} to be {state} in Alertmanager")

    def judge_the_ways(self):
        """Each kind of delivery carried something, and the daemon's own channels all that is theirs."""
        used = {way for fault in self.faults for way in fault.delivered}
        self.assertLessEqual({"mail", "webhook", "the daemon's webhook", "the daemon's mail"}, used)
        for fault in (self.camera, self.logins):
            self.assertTrue(fault.resolved, f"nobody was told of the end of {fault.name}")

    def judge_the_cycles(self):
        # Of the shortest: the others say how busy the machine was.
        self.assertLess(sum(self.stack.cycles.each(min).values()), PATIENCE * EVALUATION)


class SlowMemoryLimitTest(Faults):
    """The sixth: a daemon whose control group is nearly full."""

    def setUp(self):
        if why := fault_memory.missing():
            self.skipTest(why)
        super().setUp()

    def test_a_full_control_group_is_told(self):
        group = fault_memory.Group()
        self.addCleanup(group.close)
        with group.entered():
            small = fault_houses.House(self.addCleanup, "127.0.0.4")
        self.stack.begin(small)
        full = self.fault(small, "HighMemoryUsage", "container",
                          rf'"node":"{small.node}"[^}}]*\}},"value":\[[\d.]+,"0\.9')
        full.break_it(group.fill, lambda: small.metric("container_memory_usage_bytes") > 0.9 * fault_memory.LIMIT)
        self.is_told(full)
        full.mend_it(group.relieve, lambda: small.metric("container_memory_usage_bytes") < 0.9 * fault_memory.LIMIT)
        with self.subTest("there is room again"):
            full.wait_until_over()
        self.report("memory-fault")


if __name__ == "__main__":
    unittest.main()
