#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Six things really break, one for each severity, with Debian's Prometheus and Alertmanager beside the daemon and all that
config/monitoring ships: each is seen firing, told, and over when it is mended, in time. Only the timings of Alertmanager's
routes are the test's own: group_wait 1 s, group_interval 2 s, repeat_interval 2 s."""

import pathlib
import statistics
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
        self.cycles = []

    def begin(self, *others):
        """Once the houses live: until Prometheus has seen each of them twice."""
        self.houses = [self.front, *others]
        self.manager = fault_programs.Manager(self.folder, self.front.daemon, self.front.token, self.listeners)
        self.cleanup(self.manager.close)
        self.prometheus = fault_programs.Shipped({"doorbell": [house.metrics for house in self.houses],
                                                  "node-exporter": [self.front.address]}, self.manager.address)
        self.cleanup(self.prometheus.close)
        self.bench = runbook_checks.Bench(self.folder, harness.PROGRAM, PROMETHEUS=f"http://{self.prometheus.address}",
                                          ALERTMANAGER=f"http://{self.manager.address}")
        for house in self.houses:
            self.wait_for(f'min(sum_over_time(up{{node="{house.node}"}}[2m])) >= 2', "two scrapes of a house")

    def wait_for(self, expression, what, seconds=120):
        fault_times.wait(lambda: self.prometheus.query(expression), seconds, what)

    def note_the_cycle(self):
        self.cycles.append(self.prometheus.cycle() / len(self.houses))


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
            self.stack.note_the_cycle()
            text = (shipped.RUNBOOKS / f"{fault.name}.md").read_text()
            self.assertEqual(self.stack.bench.judge(text, fault.house.daemon.config, fault.runbook), [], f"runbook of {fault.name}")

    def report(self, name):
        """The measured times, printed and kept for the documentation; then they are judged."""
        text = fault_times.table(self.faults)
        if self.stack.cycles:
            text += (f"\n\nOne evaluation of all rules takes {statistics.median(self.stack.cycles) * 1000:.1f} ms for each device "
                     f"(median of {len(self.stack.cycles)}; the most {max(self.stack.cycles) * 1000:.1f} ms).")
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
        self.addCleanup(self.report_what_there_is)
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
        self.done = True

    done = False

    def report_what_there_is(self):
        if not self.done:
            print("\nIt did not come to its end. " + "\n".join(f"{f.name}: {vars(f)}"[:600] for f in self.faults), flush=True)

    def break_everything(self, back):
        self.camera = self.fault(self.front, "CameraOffline", "recording", r"yard")
        self.channel = self.fault(self.front, "NotificationFailures", "notification", r"wall|webhook")
        self.logins = self.fault(self.front, "FailedLoginSpike", "auth", r"guest|failed_login|\b1[2-9]\b")
        self.labels = self.fault(back, "LabelOverflow", "metrics", r"camera_id|overflow")
        self.restart = self.fault(back, "VersionChanged", "deployment", r"process_start_time_seconds|started|version|[vV]?\d+\.\d+")
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
        listeners, manager = self.stack.listeners, self.stack.manager
        self.front.exporter.stop()
        self.front.yard.kill()
        begun = time.time()
        self.assertTrue(self.of("NodeDown", 240, "active"))
        found = self.of("CameraOffline", 240, "suppressed")
        nodes = {alert["labels"]["node"] for alert in manager.alerts() if alert["fingerprint"] in found["status"]["inhibitedBy"]}
        self.assertEqual(nodes, {self.front.node})
        self.assertEqual({way: listeners.arrivals(way, "CameraOffline", "firing")[-1:] for way in self.camera.ways
                          if any(at > begun for at in listeners.arrivals(way, "CameraOffline", "firing"))}, {}, "what is silenced was told")
        # It was not lost: with the node it is told.
        self.front.exporter.start()
        for way in self.camera.ways:
            fault_times.wait(lambda way=way: any(at > begun for at in listeners.arrivals(way, "CameraOffline", "firing")), 180,
                             f"the camera, by {way}, when the node is back")

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
        self.stack.note_the_cycle()
        self.assertLess(statistics.median(self.stack.cycles), PATIENCE * EVALUATION)


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
        full = self.fault(small, "HighMemoryUsage", "container", r"container_memory|memory")
        full.break_it(group.fill, lambda: small.metric("container_memory_usage_bytes") > 0.9 * fault_memory.LIMIT)
        self.is_told(full)
        full.mend_it(group.relieve, lambda: small.metric("container_memory_usage_bytes") < 0.9 * fault_memory.LIMIT)
        with self.subTest("there is room again"):
            full.wait_until_over()
        self.report("memory-fault")


if __name__ == "__main__":
    unittest.main()
