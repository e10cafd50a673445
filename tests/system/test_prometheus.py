#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus scrapes the daemon while everything happens in the house, with the rules of config/monitoring; then
every expression of the documents and of Grafana's dashboards is asked."""

import re
import time
import unittest
import urllib.request

import backfill
import dashboards
import footage_truth
import harness
import host_facts
import machine_alerts
import prometheus
import queries
import visitors
from exerciser import House

# What promtool complains of, kept letter by letter from the documents: three gauges named _total, three units, one _count.
LINT = {"active_connections_total", "active_streams_total", "ai_jobs_queued_total", "disk_io_latency_ms", "stream_latency_ms",
        "ffmpeg_process_memory_mb", "stream_viewers_count"}

# The histograms whose buckets name a trace.
EXEMPLARS = ("http_request_duration_seconds", "doorbell_ring_to_notification_seconds", "pipeline_processing_duration_seconds",
             "ai_processing_duration_seconds")

# Alerts that the exerciser is there to raise.
PROVOKED = {"Watchdog", "SecurityEventDetected", "AccountLockout", "NotificationFailures"}
# Besides: a camera that is killed leaves a gap, and who watches it by HLS is told 503 meanwhile; how many logins failed is
# extrapolated.
POSSIBLE = {"RecordingGap", "ErrorBudgetBurnFast", "HighErrorRate", "SLOViolation", "HighFailedLoginRate"}


class ConfigurationTest(unittest.TestCase):
    """prometheus.yml by Prometheus' own tool; what its rules say is judged by tests/monitoring/test_rules.py."""

    def setUp(self):
        if prometheus.PROMTOOL is None:
            self.skipTest("promtool (Debian package prometheus) is not installed: the configuration was not checked")

    def test_configuration_is_well_formed(self):
        done = prometheus.promtool("check", "config", "prometheus.yml", folder=prometheus.RULES)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class QueriesTest(unittest.TestCase):
    """What judges the answers."""

    def test_a_threshold_is_known_by_its_outermost_operator(self):
        for expression in ("a > 1", 'up{job="x"} == 0 or absent(up)', "100 - (avg(b) * 100) >= 90", "a < 0.8 * b and on (c) d == 1"):
            self.assertTrue(queries.is_threshold(expression), expression)
        for expression in ('a{b!="c"}', "count(a == 0) or vector(0)", "sum(a) / (sum(b) > 0)", 'a{b=~"x>y"}', "a[1h:1m]"):
            self.assertFalse(queries.is_threshold(expression), expression)

    def test_rows_are_all_there(self):
        rows = queries.rows()
        self.assertEqual(len(rows), 213)
        self.assertEqual([row.place for row in rows if not row.corrected], [])
        for expression in queries.EXCEPTIONS:
            self.assertIn(expression, [row.corrected for row in rows])

    def test_an_alert_of_the_machine_needs_a_machine_that_was_seen_so(self):
        late = {"LowCameraFPS", "HighFrameDropRate", "QueueBacklog", "SlowRingNotification"}
        self.assertEqual(machine_alerts.excused(set()) & (late | {"HighNodeCPU", "HighMemoryUsage", "DiskSpaceLow"}), set())
        self.assertEqual(machine_alerts.excused({"memory", "disk"}) & late, set())
        self.assertLessEqual(late, machine_alerts.excused({"busy"}))
        self.assertNotIn("DiskSpaceLow", machine_alerts.excused({"busy", "memory"}))

    def test_the_past_grows_to_the_present(self):
        text = ("# TYPE failed_logins_total counter\nfailed_logins_total 6\n# TYPE http_requests_total counter\n"
                'http_requests_total{method="GET"} 74\n# TYPE user_sessions_active gauge\nuser_sessions_active 2\nother 1\n')
        lines = backfill.made_of(text, {"job": "doorbell"}, 10 ** 9).splitlines()
        self.assertEqual(lines[-1], "# EOF")
        mine = [line.split() for line in lines if line.startswith("http_requests_total")]
        self.assertEqual({line[0] for line in mine}, {'http_requests_total{method="GET",job="doorbell"}'})
        self.assertEqual([float(mine[0][1]), float(mine[-1][1]), float(mine[-1][2])], [0, 74, 10 ** 9])
        self.assertEqual(sorted(float(line[2]) for line in mine), [float(line[2]) for line in mine])
        self.assertEqual({line.split()[1] for line in lines if line.startswith("user_sessions")}, {"2.0"})
        self.assertNotIn("other", "".join(lines))


class PrometheusTest(unittest.TestCase):
    def setUp(self):
        if missing := prometheus.missing() or footage_truth.missing():
            self.skipTest(missing)
        clips = visitors.clips(["known_enrol.jpg", "known_door.jpg"], visitor="known_door.jpg")
        self.house = House(self.addCleanup, clips)
        self.daemon = self.house.daemon
        exporter = prometheus.node_exporter(self.house.folder)
        self.addCleanup(exporter.close)
        machine_alerts.watch()
        self.begun = time.time()
        self.prometheus = prometheus.Prometheus({"doorbell": self.house.metrics, "node-exporter": exporter.address})
        self.addCleanup(self.prometheus.close)

    def scraped(self, times):
        """Until Prometheus has that many samples of the newest half minute: rates have something to stand on."""
        for job in ("doorbell", "node-exporter"):
            query = f'sum_over_time(up{{job="{job}"}}[30s])'
            harness.wait_until(lambda query=query: (self.prometheus.number(query) or 0) >= times, 180, f"{times} scrapes of {job}")

    def not_here(self):
        """{beginning of a family's name: why this machine cannot have it}."""
        found = {}
        if self.house.chips is None:
            found["button_lost_edges_"] = "the fake GPIO chips were not built"
        if not host_facts.interfaces():
            found["network_"] = "this machine has no interface with a device behind it"
        if not host_facts.block_devices(self.daemon.state):
            found["disk_io_"] = "storage.path lies on no block device"
        group = host_facts.control_group(self.daemon.process.pid)
        if group is None or not (group / "memory.current").exists():
            found["container_"] = "the daemon has no control group of version 2 to itself, or its memory is not counted"
        return found

    def test_every_query_of_the_documents_has_its_answer(self):
        self.scraped(2)  # what is counted from here on has a sample before it
        self.house.live_through_it()
        harness.wait_until(lambda: PROVOKED <= self.prometheus.firing(), 240, f"{PROVOKED}, to fire")
        self.judge_the_exposition()
        self.judge_the_exemplars()
        self.give_it_a_past()
        self.scraped(10)
        self.judge_the_queries()
        self.judge_the_dashboards()
        self.judge_what_was_written()
        self.judge_the_alerts()

    def judge_the_exposition(self):
        done = prometheus.promtool("check", "metrics", text=self.daemon.scrape())
        named = {line.split()[0] for line in (done.stdout + done.stderr).splitlines() if line}
        absent = set(queries.pending_families()) | {name for name in LINT for beginning in self.not_here() if name.startswith(beginning)}
        self.assertEqual(named, LINT - absent, done.stdout + done.stderr)

        # What is born between the two scrapes is in both of the next.
        harness.wait_until(lambda: not self.differs(), 30, lambda: f"both formats to show the same: {sorted(self.differs())[:10]}")

    def scraped_as(self, kind):
        asked = urllib.request.Request(f"http://{self.house.metrics}/metrics", headers={"Accept": kind})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            self.assertEqual(answer.headers["Content-Type"].split(";")[0], kind)
            return answer.read().decode()

    def differs(self):
        """The series that one format has and the other has not; OpenMetrics leaves two out, whose twins it has."""
        classic, modern = (set(re.findall(r"^([a-z]\w*(?:\{.*?\})?) ", re.sub(r'\ble="([^"]+)"', lambda le: f'le="{float(le[1])}"', text), re.M))
                           for text in (self.scraped_as("text/plain"), self.scraped_as("application/openmetrics-text")))
        self.assertGreater(len(modern), 1000)
        return {series for series in classic ^ modern if not series.startswith(("active_connections_total", "camera_frames_dropped{"))}

    def judge_the_exemplars(self):
        """Who looks at a slow bucket is led to a trace that the log tells of."""
        log = self.daemon.log.read_text()
        for family in EXEMPLARS:
            kept = self.prometheus.exemplars(f"{family}_bucket", self.begun)
            self.assertGreater(len(kept), 0, family)
            for trace in kept:
                self.assertRegex(trace, "^[0-9a-f]{32}$", family)
            self.assertTrue(any(trace in log for trace in kept), f"no trace of {family} is in the log: {kept}")

    def give_it_a_past(self):
        end = self.begun - 60  # or the blocks would hide what was scraped before their end
        self.prometheus.backfill(backfill.made_of(self.daemon.scrape(), self.prometheus.target_labels("doorbell"), end))
        # Older than the run: it can come from the blocks only.
        for query, least in (('count_over_time(up{job="doorbell"}[31d] offset 1h)', 60), ("sum(increase(http_requests_total[30d] offset 1h))", 10),
                             ("sum(increase(doorbell_triggers_by_hour_total[30d] offset 1h))", 1)):
            self.assertGreaterEqual(self.prometheus.number(query) or 0, least, query)

    def answer(self, expression, patience):
        """One that must have an answer is asked for so many seconds: a scrape that took too long leaves its series out until the next."""
        until = time.monotonic() + patience
        while not (found := self.prometheus.query(expression)) and time.monotonic() < until:
            time.sleep(1)
        return found

    def judge_the_queries(self):
        not_here, faults, answered, silent, excused = self.not_here(), [], 0, 0, []
        rows = queries.rows()
        for row in rows:
            expression, why = queries.filled(row.corrected), queries.excuse(row, not_here)
            try:
                found = self.answer(expression, patience=0 if why or queries.is_threshold(expression) else 30)
            except prometheus.Refused as refused:
                faults.append(f"{row.seed} {row.place}: {expression}: {refused}")
                continue
            if found and row.corrected in queries.EXCEPTIONS:
                faults.append(f"{row.seed} {row.place}: it has an answer: take it from EXCEPTIONS")
            if found:
                answered += 1
            elif why:
                excused.append(f"{row.seed} {row.place}: {why}")
            elif queries.is_threshold(expression):
                silent += 1
            else:
                faults.append(f"{row.seed} {row.place}: nothing for {expression}")
        print(f"{answered} of {len(rows)} queries have an answer; {silent} thresholds hold for nothing now; {len(excused)} are excused; "
              f"{len(faults)} faults", flush=True)
        print("\n".join(f"  without an answer: {line}" for line in excused), flush=True)
        self.assertEqual(faults, [])

    def judge_the_dashboards(self):
        """With each node and camera chosen, so that a series without these labels is missed."""
        for name in sorted(dashboards.recorded()):  # some rules are evaluated once in two minutes
            harness.wait_until(lambda name=name: self.prometheus.query(name), 300, f"a sample of {name}")
        # A panel of alerts looks at full minutes.
        harness.wait_until(lambda: self.prometheus.query('count_over_time(ALERTS{alertstate="firing",node="d1"}[10m:1m])'), 90, "a full minute with an alert")
        for _ in range(3):  # as in answer()
            faults, told = dashboards.judge(self.prometheus, self.not_here())
            if not faults:
                break
            time.sleep(5)
        print(told, flush=True)
        self.assertEqual(faults, [])

    def judge_what_was_written(self):
        """The expressions as the documents have them parse, but for those that are known not to be PromQL."""
        for row in queries.rows():
            if row.written.startswith("(none given)"):
                continue
            try:
                self.prometheus.query(queries.filled(row.written))
                parses = True
            except prometheus.Refused as refused:
                parses = refused.kind != "bad_data"
            self.assertEqual(parses, row.verdict not in queries.NOT_PROMQL, row.written)

    def judge_the_alerts(self):
        fired = self.prometheus.firing()
        found, load = machine_alerts.seen(self.prometheus, time.time() - self.begun, fired, self.daemon)
        print(f"alerts of this run: {', '.join(sorted(fired))}; load up to {load:.1f}; of the machine: {sorted(found)}", flush=True)
        self.assertLessEqual(PROVOKED, fired)
        self.assertEqual(fired - PROVOKED - POSSIBLE - machine_alerts.excused(found), set())


if __name__ == "__main__":
    unittest.main()
