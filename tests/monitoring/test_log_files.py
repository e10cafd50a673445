#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""config/monitoring/logs, as far as nobody runs it here: held against our schema, against closed sets and against each other."""

import datetime
import json
import pathlib
import re
import subprocess
import unittest

import yaml

import alloy
import lucene
import shipped
from log_files import COMPONENTS, FIELDS, LEVELS, LOGS, RECORD, SCHEMA, TEMPLATE, kinds, moment, query_of, saved_objects


def fluent_bit(file, section):
    """(names of all sections, those called so as {key in lower case: value})."""
    found = re.findall(r"^\[(\w+)\]\n((?:    .*\n?|\n)*)", (LOGS / file).read_text(), re.M)
    parsed = [(name, {key.lower(): value.strip() for key, _, value in (line.strip().partition(" ") for line in body.splitlines() if line.strip())})
              for name, body in found]
    return [name for name, _ in parsed], [keys for name, keys in parsed if name == section]


class ElasticsearchFiles:
    def test_the_template_has_each_field_of_a_record_with_a_type_that_fits(self):
        allowed = {"string": {"keyword", "text", "date"}, "integer": {"long"}, "number": {"double", "long"}, "boolean": {"boolean"}}
        self.assertEqual(set(FIELDS), set(SCHEMA["properties"]) | {"@timestamp", "job"})
        for name, field in SCHEMA["properties"].items():
            if field["type"] != "object":
                self.assertIn(FIELDS[name]["type"], allowed[field["type"]], name)
            elif "properties" in field:
                self.assertEqual(set(FIELDS[name]["properties"]), set(field["properties"]), name)
            else:
                self.assertEqual(FIELDS[name]["type"], "flattened", name)  # any key, and no new field of the index for it
        self.assertEqual(kinds()["@timestamp"], "date")
        self.assertIs(TEMPLATE["template"]["mappings"]["dynamic"], False)  # what shippers add is kept, and makes no field

    def test_what_is_old_is_deleted(self):
        policy = json.loads((LOGS / "elasticsearch-retention.json").read_text())["policy"]["phases"]
        self.assertEqual((policy["delete"]["min_age"], policy["delete"]["actions"]), ("31d", {"delete": {}}))
        self.assertEqual(TEMPLATE["template"]["settings"]["index.lifecycle.name"], "porchlight")

    def test_the_searches_ask_for_fields_that_are_searched(self):
        view, *searches = saved_objects()
        self.assertEqual((view["type"], view["attributes"]["title"], view["attributes"]["timeFieldName"]), ("index-pattern", "porchlight-*", "@timestamp"))
        self.assertEqual(TEMPLATE["index_patterns"], [view["attributes"]["title"]])
        for search in searches:
            asked = [token[0] for token in lucene.tokens_of(query_of(search)) if isinstance(token, tuple)]
            shown = search["attributes"]["columns"] + [column for column, _ in search["attributes"]["sort"]]
            self.assertLessEqual(set(asked), set(kinds()), search["id"])
            self.assertLessEqual(set(shown), set(kinds()) | {"context"}, search["id"])
            source = json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
            self.assertEqual(source["query"]["language"], "lucene")
            self.assertEqual([(one["name"], one["type"], one["id"]) for one in search["references"]], [(source["indexRefName"], "index-pattern", view["id"])])

    def test_all_shippers_write_into_the_same_indices(self):
        self.assertIn('index => "porchlight-%{+YYYY.MM.dd}"', (LOGS / "logstash.conf").read_text())
        self.assertIn('"porchlight-" & replace(substring($!timestamp, 0, 10), "-", ".")', (LOGS / "rsyslog-elasticsearch.conf").read_text())
        self.assertIn('index: "porchlight-%{+yyyy.MM.dd}"', (LOGS / "filebeat.yml").read_text())
        _, (output,) = fluent_bit("fluent-bit.conf", "OUTPUT")
        self.assertEqual((output["logstash_prefix"], output["logstash_dateformat"], output["logstash_format"]), ("porchlight", "%Y.%m.%d", "On"))

    def test_logstash_leaves_the_fields_as_they_are(self):
        text = re.sub(r"#[^\n]*", "", (LOGS / "logstash.conf").read_text())
        plugins = re.findall(r"^  (\w+) \{\n(.*?)^  \}", text, re.M | re.S)
        self.assertEqual([name for name, _ in plugins], ["beats", "date", "elasticsearch"])
        for name, body in plugins:
            self.assertIn("ecs_compatibility => disabled", body, name)
        self.assertEqual(text.count("{"), text.count("}"))


class ShipperFiles:
    def test_each_file_is_one_that_is_looked_at(self):
        self.assertEqual({file.name for file in LOGS.iterdir()}, {
            "elasticsearch-retention.json", "elasticsearch-template.json", "filebeat.yml", "fluent-bit-parsers.conf", "fluent-bit.conf",
            "kibana-searches.ndjson", "logstash.conf", "loki-rules.yml", "loki.yml", "nginx-json.conf", "porchlight.alloy", "promtail.yml",
            "rsyslog-elasticsearch.conf", "rsyslog.conf"})

    def test_filebeat_reads_each_line_as_a_record_and_lays_its_fields_at_the_top(self):
        config = yaml.safe_load((LOGS / "filebeat.yml").read_text())
        for source in config["filebeat.inputs"]:
            self.assertEqual(source["type"], "filestream")  # `log` is gone
            self.assertTrue(source["id"])  # or Filebeat loses where it was
            self.assertNotIn("multiline", json.dumps(source))  # the pattern of a date makes one of all our lines
            self.assertNotIn("json", source)  # of `log`
            self.assertIs(source["prospector.scanner.fingerprint.enabled"], False)  # a short file is read, too
            self.assertIn("file_identity.native", source)
            self.assertIs(source["fields_under_root"], True)
            self.assertFalse(set(source["fields"]) & set(SCHEMA["properties"]), "a record says that itself")
            ndjson, = [parser["ndjson"] for parser in source["parsers"]]
            self.assertEqual((ndjson["target"], ndjson["overwrite_keys"], ndjson["add_error_key"]), ("", True, True))
        self.assertEqual(len({source["id"] for source in config["filebeat.inputs"]}), len(config["filebeat.inputs"]))
        processors = {name: body for one in config["processors"] for name, body in one.items()}
        self.assertNotIn("add_cloud_metadata", processors)
        self.assertNotIn("add_docker_metadata", processors)
        layout, = processors["timestamp"]["layouts"]
        shape = re.sub(r"\d", r"\\d", layout.replace(".", r"\."))
        for time in processors["timestamp"]["test"] + [RECORD["timestamp"]]:
            self.assertRegex(time, f"^{shape}$")
        self.assertFalse(set(processors["drop_fields"]["fields"]) & set(SCHEMA["properties"]))
        self.assertIs(config["setup.template.enabled"], False)

    def test_fluent_bit_reads_the_time_of_a_record(self):
        names, (service,) = fluent_bit("fluent-bit.conf", "SERVICE")
        self.assertEqual(names, ["SERVICE", "INPUT", "OUTPUT"])
        _, (source,) = fluent_bit("fluent-bit.conf", "INPUT")
        _, (output,) = fluent_bit("fluent-bit.conf", "OUTPUT")
        _, (parser,) = fluent_bit(service["parsers_file"], "PARSER")
        self.assertEqual((source["parser"], parser["format"], parser["time_key"], parser["time_keep"]), (parser["name"], "json", "timestamp", "On"))
        self.assertEqual(output["match"], source["tag"])
        self.assertGreaterEqual(int(source["buffer_max_size"].removesuffix("k")), 32)
        parsed = datetime.datetime.strptime(RECORD["timestamp"], parser["time_format"].replace("%L", "%f"))
        self.assertEqual(parsed.replace(tzinfo=datetime.timezone.utc), moment(RECORD["timestamp"]))


class LokiFiles:
    def setUp(self):
        self.promtail = yaml.safe_load((LOGS / "promtail.yml").read_text())
        self.alloy = alloy.read((LOGS / "porchlight.alloy").read_text())
        self.rules = yaml.safe_load((LOGS / "loki-rules.yml").read_text())

    def test_loki_keeps_31_days_and_deletes_what_is_older(self):
        config = yaml.safe_load((LOGS / "loki.yml").read_text())
        self.assertEqual(config["limits_config"]["retention_period"], "744h")
        self.assertIs(config["compactor"]["retention_enabled"], True)
        self.assertEqual(config["compactor"]["delete_request_store"], "filesystem")  # Loki 3 does not start without
        store, = config["schema_config"]["configs"]
        self.assertEqual((store["store"], store["object_store"], store["schema"], store["index"]["period"]), ("tsdb", "filesystem", "v13", "24h"))
        self.assertEqual(config["limits_config"]["discover_service_name"], [])
        self.assertEqual((config["server"]["http_listen_address"], config["server"]["http_listen_port"]), ("127.0.0.1", 3100))
        self.assertEqual(config["ruler"]["alertmanager_url"], "https://localhost:9093")

    def stages_of_promtail(self, job):
        return [next(iter(stage.items())) for stage in job["pipeline_stages"]]

    def labels_of(self, stages, labels, record):
        """What Promtail's stages make of the labels of a line."""
        extracted = {}
        for name, body in stages:
            if name == "json":
                extracted.update({to: record[of] for to, of in body["expressions"].items() if of in record})
            elif name == "template":
                self.assertEqual(body["template"], "{{ if .Value }}{{ ToLower .Value }}{{ end }}")
                extracted[body["source"]] = extracted.get(body["source"], "").lower()
            elif name == "labels":
                labels = {**labels, **{to: extracted[of or to] for to, of in body.items() if extracted.get(of or to)}}
            elif name == "labelallow":
                labels = {label: value for label, value in labels.items() if label in body}
            else:
                self.assertEqual((name, body), ("timestamp", {"source": "timestamp", "format": "RFC3339Nano"}))
                self.assertEqual("timestamp" in extracted, "timestamp" in record)
        return labels

    def test_a_record_has_three_labels_of_closed_sets(self):
        for job in self.promtail["scrape_configs"]:
            own = job["journal"]["labels"] if "journal" in job else job["static_configs"][0]["labels"]
            for level in LEVELS:
                for component in COMPONENTS:
                    labels = self.labels_of(self.stages_of_promtail(job), {**own, "filename": "x"}, {**RECORD, "level": level, "component": component})
                    self.assertEqual(labels, {"job": "doorbell", "level": level.lower(), "component": component})
            self.assertEqual(self.labels_of(self.stages_of_promtail(job), own, {}), {"job": "doorbell"})

    def test_alloy_does_the_same_as_promtail(self):
        process, = self.alloy.all("loki.process")
        names = {"labelallow": "label_keep"}
        for job in self.promtail["scrape_configs"]:
            wanted = []
            for name, body in self.stages_of_promtail(job):
                if name == "labels":
                    body = {"values": {to: of or to for to, of in body.items()}}
                elif name == "labelallow":
                    body = {"values": body}
                wanted.append(("stage." + names.get(name, name), body))
            self.assertEqual([(stage.name, stage.values) for stage in process.blocks], wanted)
        journal, = self.alloy.all("loki.source.journal")
        files, = self.alloy.all("local.file_match")
        ours = {"journal": journal.values["labels"], "files": files.values["path_targets"][0]}
        theirs = {"journal": self.promtail["scrape_configs"][0]["journal"], "files": self.promtail["scrape_configs"][1]["static_configs"][0]}
        self.assertEqual(ours, {name: one["labels"] for name, one in theirs.items()})
        self.assertEqual(journal.values["matches"], theirs["journal"]["matches"])
        push, = self.alloy.all("loki.write")
        self.assertEqual(push.blocks[0].values["url"], self.promtail["clients"][0]["url"])
        for source in [journal, *self.alloy.all("loki.source.file")]:
            self.assertEqual(source.values["forward_to"], [f"loki.process.{process.label}.receiver"])

    def test_what_is_no_file_of_alloys(self):
        for text in ('a "b" {', 'a "b" { x = y.z }', 'a "b" { x = [1 2] }', "a = ", 'a "b" { x = 1 x = 2 }'):
            with self.assertRaises(alloy.Malformed, msg=text):
                whole = alloy.read(text)
                for block in whole.blocks:
                    self.assertNotIn("x", block.values)

    def test_rules_ask_for_labels_that_there_are(self):
        """Their LogQL is parsed by the official grammar where the dashboards' is."""
        sets = {"job": {"doorbell"}, "level": {level.lower() for level in LEVELS}, "component": set(COMPONENTS)}
        known = {name for file in sorted(shipped.RULES.glob("*.yml")) for name in re.findall(r"alert: (\w+)", file.read_text())}
        rules = [rule for group in self.rules["groups"] for rule in group["rules"]]
        self.assertEqual([rule["alert"] for rule in rules], ["SecurityEventsInLog", "ErrorsInLog"])
        for rule in rules:
            self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook_url"})
            self.assertIn(rule["annotations"]["runbook_url"].rpartition("/runbooks/")[2], known)
            self.assertIn(rule["labels"]["severity"], {"critical", "high", "warning", "medium", "low", "info"})
            selector, = re.findall(r"\{(.*?)\}", rule["expr"])
            for label, sign, values in re.findall(r'(\w+)(=~?)"([^"]*)"', selector):
                self.assertLessEqual(set(values.split("|") if sign == "=~" else [values]), sets[label], rule["expr"])
        events, = re.findall(r'event=~"([^"]*)"', rules[0]["expr"])
        self.assertEqual(set(events.split("|")), {"failed_login", "unauthorized_access"})


class LogShippingTest(ElasticsearchFiles, ShipperFiles, LokiFiles, unittest.TestCase):
    """All of it."""


class LogqlTest(unittest.TestCase):
    """LogQL of the rules and of docs/logging.md by the official grammar."""

    CHECKER = pathlib.Path(__file__).with_name("check_dashboards.mjs")

    def setUp(self):
        if not self.CHECKER.exists() or not (shipped.SOURCE / "node_modules" / "@grafana" / "lezer-logql").exists():
            self.skipTest("@grafana/lezer-logql is not there (./dev setup fetches it): no LogQL was parsed")

    def faults_of(self, expressions):
        done = subprocess.run(["node", self.CHECKER, "logql"], input="\n".join(expressions), capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.stderr, "")
        return done.stdout.strip()

    def test_it_parses(self):
        rules = [rule["expr"] for group in yaml.safe_load((LOGS / "loki-rules.yml").read_text())["groups"] for rule in group["rules"]]
        page = (shipped.SOURCE / "docs" / "logging.md").read_text().replace("\\|", "|")
        told = [code for code in re.findall(r"`([^`\n]*)`", page) if '{job="' in code]
        self.assertGreater(len(told), 7)
        self.assertEqual(self.faults_of(rules + told), "")
        self.assertIn("not LogQL", self.faults_of(['{job="doorbell"} | | json']))


if __name__ == "__main__":
    unittest.main()
