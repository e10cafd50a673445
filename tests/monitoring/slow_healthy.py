#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A healthy house under Debian's Prometheus with all rules, as it is set up on the device: nothing but Watchdog fires. Ten
minutes, or PORCHLIGHT_HEALTHY_MINUTES (60 in `./dev test soak`). What such a Prometheus takes is measured and printed."""

import os
import pathlib
import re
import tempfile
import time
import unittest
import urllib.request

import shipped
import harness
import machine_alerts
import prometheus
import visitors
from healthy_house import HealthyHouse, Life

MINUTES = float(os.environ.get("PORCHLIGHT_HEALTHY_MINUTES", "10"))
DAY = 86400
COMPACTED = 18 * 3600  # s that a block covers in the end, at 200 h of retention: its index is written once for all of them


def setUpModule():
    global clips
    clips = visitors.clips(["known_enrol.jpg", "known_door.jpg"], visitor="known_door.jpg")


def own_numbers(server):
    """What Prometheus says of itself: {series: value}."""
    with urllib.request.urlopen(f"http://{server.address}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}


def total(numbers, family):
    return sum(value for series, value in numbers.items() if series.split("{")[0] == family)


def groups_that_ship():
    """{group: seconds between two evaluations}."""
    found = {}
    for file in sorted(shipped.RULES.glob("*.yml")):
        for name, rest in re.findall(r"^- name: (\S+)\n((?:  .*\n)*)", file.read_text(encoding="utf-8"), re.M):
            interval = re.search(r"^  interval: (\d+)([sm])$", rest, re.M)
            found[name] = int(interval[1]) * (60 if interval[2] == "m" else 1) if interval else 15
    return found


class HealthyTest(unittest.TestCase):
    def setUp(self):
        if missing := prometheus.missing():
            self.skipTest(missing)
        self.house = HealthyHouse(self.addCleanup, clips)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-node-")
        self.addCleanup(folder.cleanup)
        node = prometheus.node_exporter(folder.name)
        self.addCleanup(node.close)
        self.prometheus = prometheus.Prometheus({"doorbell": self.house.metrics, "node-exporter": node.address}, "--web.enable-admin-api",
                                                interval="15s")
        self.addCleanup(self.prometheus.close)
        harness.wait_until(lambda: (self.prometheus.number("sum(up)") or 0) == 2, 120, "both targets")

    def test_nothing_but_the_watchdog_fires(self):
        machine_alerts.watch()
        begun, life = time.time(), Life(self.house)
        self.addCleanup(life.close)
        while time.time() < begun + 60 * MINUTES and life.fault is None:
            time.sleep(1)
        life.close()
        self.assertIsNone(life.fault)
        seconds = time.time() - begun
        self.judge_the_life(life)
        self.judge_the_evaluations(seconds)
        self.judge_the_alerts(seconds)
        self.measure(seconds)

    def judge_the_life(self, life):
        print(f"{life.minutes} minutes with a ring, a login and a viewer each; {life.pictures} pictures seen; {self.house.deleted():.0f} segments "
              "made room for new ones", flush=True)
        self.assertGreaterEqual(life.minutes, MINUTES - 1)
        self.assertGreater(life.pictures, 100 * life.minutes)
        self.assertGreater(self.house.deleted(), 0, "the recordings never reached their limit")
        for camera in ("porch", "yard"):
            self.assertEqual(self.house.daemon.metric("recording_gap_seconds_total", camera_id=camera), 0, camera)

    def judge_the_evaluations(self, seconds):
        """A rule that is not evaluated does not fire either."""
        numbers = own_numbers(self.prometheus)
        self.assertEqual(total(numbers, "prometheus_rule_evaluation_failures_total"), 0)
        iterations = {re.search(r'rule_group="[^"]*;([^"]+)"', series)[1]: value for series, value in numbers.items()
                      if series.startswith("prometheus_rule_group_iterations_total{")}
        shipped_groups = groups_that_ship()
        self.assertGreater(len(shipped_groups), 10)
        self.assertEqual(set(iterations), set(shipped_groups))
        few = {name: (iterations[name], seconds / every) for name, every in shipped_groups.items() if iterations[name] < 0.8 * seconds / every - 2}
        self.assertEqual(few, {}, "groups that were evaluated too seldom")
        print(f"{total(numbers, 'prometheus_rule_evaluations_total'):.0f} evaluations of rules in {sum(iterations.values()):.0f} rounds, none failed, "
              f"{total(numbers, 'prometheus_rule_group_iterations_missed_total'):.0f} rounds were left out", flush=True)

    def judge_the_alerts(self, seconds):
        fired = self.prometheus.firing(f"{seconds:.0f}s")
        found, load = machine_alerts.seen(self.prometheus, seconds, fired, self.house.daemon)
        print(f"fired: {', '.join(sorted(fired))}; load up to {load:.1f}; of the machine: {sorted(found)}", flush=True)
        self.assertIn("Watchdog", fired)
        self.assertEqual(fired - {"Watchdog"} - machine_alerts.excused(found), set())

    def measure(self, seconds):
        """For docs/monitoring.md: no judgement here."""
        numbers = own_numbers(self.prometheus)
        scraped = {job: self.prometheus.number(f'sum(scrape_samples_post_metric_relabeling{{job="{job}"}})') for job in ("doorbell", "node-exporter")}
        print(f"series: {scraped['doorbell']:.0f} of the daemon, {scraped['node-exporter']:.0f} of node_exporter, "
              f"{numbers['prometheus_tsdb_head_series']:.0f} in all with those of rules", flush=True)
        print(f"memory of Prometheus: {numbers['process_resident_memory_bytes'] / 2**20:.0f} MiB resident, "
              f"{numbers['go_memstats_heap_inuse_bytes'] / 2**20:.0f} MiB of heap", flush=True)
        cycle = total(numbers, "prometheus_rule_group_last_duration_seconds")
        print(f"all groups once: {1000 * cycle:.1f} ms", flush=True)
        chunks, index = self.block_sizes()
        print(f"on the disk: {chunks / seconds * DAY / 2**20:.1f} MiB of samples and {index * DAY / COMPACTED / 2**20:.1f} MiB of indexes a day "
              f"(of a snapshot of {seconds:.0f} s)", flush=True)

    def block_sizes(self):
        """Bytes of (samples, index) of all that it has, as a block holds them."""
        request = urllib.request.Request(f"http://{self.prometheus.address}/api/v1/admin/tsdb/snapshot", method="POST")
        with urllib.request.urlopen(request, timeout=120):
            pass
        folder = pathlib.Path(self.prometheus.data) / "snapshots"
        chunks = sum(file.stat().st_size for file in folder.rglob("chunks/*"))
        index = sum(file.stat().st_size for file in folder.rglob("index"))
        self.assertGreater(chunks, 0)
        return chunks, index


if __name__ == "__main__":
    unittest.main()
