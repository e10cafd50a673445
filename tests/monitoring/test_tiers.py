#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""config/monitoring/tiers: the long-term Prometheus federates from a first one that scrapes a real daemon; and that one writes to
Debian's VictoriaMetrics."""

import json
import pathlib
import re
import tempfile
import unittest

import yaml

import servers
import shipped

import harness
import prometheus

TIERS = shipped.FOLDER / "tiers"
SELECTED = re.compile("(tier5m|instance|slo):")
# What a Prometheus knows of each scrape itself.
OF_THE_SCRAPE = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added"}

RULES = {"groups": [{"name": "tiers", "interval": "1s", "rules": [
    {"record": "tier5m:http_requests:sum", "expr": "sum by (job, instance, node, status_code) (http_requests_total)"},
    {"record": "instance:memory:bytes", "expr": "process_resident_memory_bytes"},
    {"record": "slo:requests:ratio", "expr": "count by (job, instance, node) (http_requests_total)"},
    {"record": "tier1m:requests:sum", "expr": "sum(http_requests_total)"}]}]}


class TiersTest(unittest.TestCase):
    def setUp(self):
        if missing := prometheus.missing():
            self.skipTest(missing)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-tiers-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.daemon = harness.Daemon({
            "metrics": {"listen": "127.0.0.1:0"}, "buttons": [{"id": "front", "kind": "virtual"}], "faces": {"enabled": False},
            "notifications": {"channels": [{"id": "journal", "type": "log"}], "rules": [{"when": "ring", "to": ["journal"]}]}})
        self.addCleanup(self.daemon.close)
        self.numbers = harness.wait_until(self.daemon.numbers_at, 60, "the address of the metrics")

    def started(self, config, *flags):
        server = servers.Configured(config, *flags)
        self.addCleanup(server.close)
        return server

    def checked(self, config):
        """promtool's word on it."""
        file = self.folder / "checked.yml"
        file.write_text(json.dumps(config))
        done = prometheus.promtool("check", "config", file)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_long_term_one_takes_the_selected_series_with_their_labels(self):
        rules = self.folder / "rules.yml"
        rules.write_text(json.dumps(RULES))
        labels = {"public_url": "https://door.example.org"}  # what is external is in each federated series, if it is not taken out
        first = self.started({"global": {"scrape_interval": "1s", "evaluation_interval": "1s", "external_labels": labels}, "rule_files": [str(rules)], "scrape_configs": [
            {"job_name": "doorbell", "static_configs": [{"targets": [self.numbers], "labels": {"node": "d1"}}]}]})
        wanted = {rule["record"] for rule in RULES["groups"][0]["rules"]}
        harness.wait_until(lambda: wanted <= first.names(), 60, "the recorded series")

        text = (TIERS / "prometheus-longterm.yml").read_text()
        config = yaml.safe_load(text)
        self.assertEqual(config["global"]["scrape_interval"], "4m")  # less than the tier's 5 minutes
        config["global"] = {"scrape_interval": "1s"}  # the test does not wait for 5 minutes
        config["scrape_configs"][0]["static_configs"] = [{"targets": [first.address]}]
        self.checked(config)
        flags = [flag for flag in re.findall(r"--\S+=\S+", text.partition("\nglobal:")[0]) if "listen-address" not in flag]
        second = self.started(config, *flags)
        selected = {name for name in wanted if SELECTED.match(name)}
        harness.wait_until(lambda: selected <= second.names(), 60, "what is federated")
        self.assertEqual(second.names() - OF_THE_SCRAPE, selected)
        for name in sorted(selected):
            ours, theirs = ({json.dumps(labels, sort_keys=True) for labels, _ in server.query(name)} for server in (first, second))
            self.assertLessEqual(theirs, ours, name)
            self.assertGreater(len(theirs), 0, name)
            for labels in map(json.loads, theirs):
                self.assertEqual((labels["job"], labels["instance"], labels["node"]), ("doorbell", self.numbers, "d1"), name)
        told = second.ask("status/flags")
        self.assertEqual((told["storage.tsdb.retention.time"], told["query.lookback-delta"]), ("400d", "11m"))

    def test_what_is_selected_is_recorded_by_the_rules_that_ship(self):
        config = yaml.safe_load((TIERS / "prometheus-longterm.yml").read_text())
        recorded = [name for file in shipped.RULES.glob("*.yml") for name in re.findall(r"record: (\S+)", file.read_text())]
        selectors = config["scrape_configs"][0]["params"]["match[]"]
        self.assertEqual(len(selectors), 3)
        for selector in selectors:
            pattern = re.fullmatch(r'\{__name__=~"(.+)"\}', selector)[1]
            self.assertTrue(any(re.fullmatch(pattern, name) for name in recorded), f"no rule records {selector}")

    def test_what_is_scraped_arrives_in_victoria_metrics(self):
        if servers.VICTORIA is None:
            self.skipTest("build/victoria-metrics is not there (./dev setup fetches it): nothing was written to it")
        victoria = servers.Victoria(self.folder)
        self.addCleanup(victoria.close)
        config = yaml.safe_load((shipped.FOLDER / "prometheus.yml").read_text())
        config.pop("rule_files")
        config.pop("alerting", None)
        config["global"].update({"scrape_interval": "1s"})
        job, = [one for one in config["scrape_configs"] if one["job_name"] == "doorbell"]
        config["scrape_configs"] = [job]
        job["static_configs"][0]["targets"] = [self.numbers]
        job.pop("scrape_interval", None)
        config.update(yaml.safe_load((TIERS / "remote-write.yml").read_text()))
        write, = config["remote_write"]
        self.assertEqual(write["url"], "http://127.0.0.1:8428/api/v1/write")
        write["url"] = f"http://{victoria.address}/api/v1/write"
        self.checked(config)
        first = self.started(config)
        self.judge(first, victoria)

    def judge(self, first, victoria):
        self.daemon.ring("front")
        harness.wait_until(lambda: (first.number('sum(doorbell_triggers_total{job="doorbell"})') or 0) >= 1, 60, "the ring in Prometheus")
        kept = {name for name in first.names() if "_bucket" not in name}
        self.assertGreater(len(kept), 100)
        harness.wait_until(lambda: kept <= victoria.names(), 60, lambda: f"{len(kept)} names in VictoriaMetrics: {sorted(kept - victoria.names())[:5]}")
        self.assertEqual([name for name in victoria.names() if "_bucket" in name], [])
        for query in ('sum(doorbell_triggers_total{job="doorbell"})', "process_start_time_seconds", 'count(camera_connection_status) or vector(0)',
                      'max_over_time(up{job="doorbell"}[1m])'):
            harness.wait_until(lambda query=query: victoria.number(query) is not None and victoria.number(query) == first.number(query), 60,
                               f"{query} to say the same in both")
        (labels, _), = victoria.query("process_start_time_seconds")
        self.assertEqual((labels["job"], labels["instance"], labels["node"]), ("doorbell", self.numbers, "localhost"))
        self.assertEqual(victoria.flag("retentionPeriod"), "400d")


if __name__ == "__main__":
    unittest.main()
