#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""config/monitoring/logs: the daemon's records through Debian's rsyslog into an index, where the documents' queries find what
was provoked; and what only others' programs could run, held against our schema and against each other."""

import collections
import datetime
import json
import pathlib
import re
import subprocess
import tempfile
import unittest
import urllib.request

import yaml

import alloy
import lucene
import rsyslog_sender
import shipped
from bulk_stub import Bulk
from log_house import BROKEN, SLOW, LogHouse
from test_proxy import NGINX

import harness
from alertmanager import free_port

LOGS = shipped.FOLDER / "logs"
SCHEMA = json.loads((shipped.SOURCE / "docs" / "log-record.schema.json").read_text())
LEVELS = SCHEMA["properties"]["level"]["enum"]
COMPONENTS = SCHEMA["properties"]["component"]["enum"]
LABELS = ["job", "level", "component"]
TEMPLATE = json.loads((LOGS / "elasticsearch-template.json").read_text())
FIELDS = TEMPLATE["template"]["mappings"]["properties"]
RECORD = {"timestamp": "2026-01-29T04:20:12.950Z", "level": "WARNING", "logger": "doorbell.auth", "component": "auth",
          "message": "a login failed", "event": "failed_login", "request_id": "ring-7"}

# What each saved search has to find, said without its language; and what the house has provoked for it.
SEARCHES = {
    "porchlight-recording-errors": (lambda r: (r["component"], r["level"]) == ("recording", "ERROR"),
                                    lambda r: r["message"].startswith("nothing can be recorded")),
    "porchlight-connection-failures": (lambda r: r["component"] == "recording" and r["message"].startswith("connection failed: "),
                                       lambda r: r["context"]["camera_id"] == "yard"),
    "porchlight-api-errors": (lambda r: r["component"] == "api" and r.get("status", 0) >= 500, lambda r: (r["path"], r["status"]) == (BROKEN, 503)),
    "porchlight-slow-requests": (lambda r: r["component"] == "api" and r.get("response_time", 0) > 1000, lambda r: r["path"] == SLOW),
    "porchlight-security-events": (lambda r: r["component"] == "auth" and r.get("event") in ("failed_login", "unauthorized_access"),
                                   lambda r: r["event"] == "unauthorized_access" and r["path"] == "/api/v1/users"),
}


def kinds(properties=FIELDS, before=""):
    """{field: type} of the mappings, with the fields of objects by their paths."""
    found = {}
    for name, field in properties.items():
        if "properties" in field:
            found.update(kinds(field["properties"], f"{before}{name}."))
        else:
            found[before + name] = field["type"]
    return found


def saved_objects():
    return [json.loads(line) for line in (LOGS / "kibana-searches.ndjson").read_text().splitlines()]


def query_of(search):
    return json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class SenderTest(unittest.TestCase):
    """rsyslog-elasticsearch.conf before a server that is not well. Every record arrives once, whatever happens."""

    def setUp(self):
        if missing := rsyslog_sender.missing():
            self.skipTest(missing)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-sender-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "logs").mkdir()
        self.written = 0

    def write(self, count):
        """Records that differ in their text alone, some of them of one instant and equal."""
        with open(self.folder / "logs" / "api.log", "a", encoding="utf-8") as log:
            for number in range(self.written, self.written + count):
                log.write(json.dumps({**RECORD, "message": f"quoted \"text\", é and \u2028 {number // 2}", "line": number // 2, "response_time": 0.1}) + "\n")
        self.written += count

    def send(self, port):
        sender = rsyslog_sender.Sender(self.folder, port)
        self.addCleanup(sender.stop)
        return sender

    def receive(self, *plan, port=0):
        stub = Bulk(port, plan)
        self.addCleanup(stub.close)
        return stub

    def judge(self, stub, sender):
        """All is there, each once and as it was written."""
        stub.wait_for(self.written, alive=sender.check)
        self.assertEqual(stub.faults, [])
        wanted = collections.Counter((self.folder / "logs" / "api.log").read_text().splitlines())
        got = collections.Counter(json.dumps({k: v for k, v in document.items() if k != "@timestamp"}) for document in stub.documents.values())
        self.assertEqual(got, wanted)
        self.assertEqual({index for index, _ in stub.documents}, {"porchlight-2026.01.29"})
        self.assertEqual({document["@timestamp"] for document in stub.documents.values()}, {RECORD["timestamp"]})
        self.assertEqual((sender.text_of("refused.log"), sender.text_of("unread.log")), ("", ""))

    def test_a_server_that_is_away_for_a_while(self):
        port = free_port()
        self.write(40)
        sender = self.send(port)
        harness.wait_until(lambda: "suspend" in sender.log.read_text(), 60, "rsyslog to see that nobody is there")
        stub = self.receive(port=port)
        self.judge(stub, sender)
        stub.close()
        self.write(40)
        again = self.receive(port=port)
        again.documents = stub.documents
        self.judge(again, sender)

    def test_records_that_are_refused_as_too_many_and_an_answer_that_is_lost(self):
        stub = self.receive("full", "deaf", "gateway", "full")
        self.write(40)
        sender = self.send(stub.port)
        self.judge(stub, sender)
        self.write(40)
        self.judge(stub, sender)
        self.assertLessEqual({"full", "deaf", "gateway"}, set(stub.requests))
        self.assertGreater(stub.again, 0)  # it did send twice what was taken without an answer

    def test_a_batch_that_is_given_up_is_sent_again_as_the_file_says(self):
        for word in ("busy", "throttled"):
            with self.subTest(word):
                stub = self.receive(word)
                self.write(40)
                sender = self.send(stub.port)
                harness.wait_until(lambda sender=sender: sender.text_of("unsent.json"), 60, "the batch in the file of what was not sent")
                sender.stop()
                self.assertLess(len(stub.documents), self.written)
                sender.forget()
                sender.start()
                self.judge(stub, sender)
                sender.stop()
                sender.forget()

    def test_what_is_no_record_is_kept_apart(self):
        stub = self.receive()
        (self.folder / "logs" / "other.log").write_text("terminate called without an active exception\n")
        self.write(2)
        sender = self.send(stub.port)
        stub.wait_for(2, alive=sender.check)
        harness.wait_until(lambda: "terminate called" in sender.text_of("unread.log"), 60, "the line in the file of what was not read")
        self.assertEqual(len(stub.documents), 2)


class LogQueriesTest(unittest.TestCase):
    """The five searches of kibana-searches.ndjson over what a real daemon wrote and rsyslog sent."""

    def setUp(self):
        if missing := rsyslog_sender.missing():
            self.skipTest(missing)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-queries-")
        self.addCleanup(folder.cleanup)
        self.stub = Bulk()
        self.addCleanup(self.stub.close)
        self.house = LogHouse(self.addCleanup, folder.name)
        self.sender = rsyslog_sender.Sender(folder.name, self.stub.port)
        self.addCleanup(self.sender.stop)

    def test_each_finds_what_was_provoked_and_nothing_else(self):
        self.house.live_through_it()
        self.house.daemon.stop()
        lines = self.house.lines()
        self.stub.wait_for(len(lines), alive=self.sender.check)
        documents = list(self.stub.documents.values())
        sent = [{name: value for name, value in document.items() if name != "@timestamp"} for document in documents]
        self.assertEqual(collections.Counter(map(json.dumps, sent)), collections.Counter(map(json.dumps, map(json.loads, lines))))
        self.judge_the_types(documents)
        searches = [one for one in saved_objects() if one["type"] == "search"]
        self.assertEqual({search["id"] for search in searches}, set(SEARCHES))
        for search in searches:
            with self.subTest(search["id"]):
                self.judge(query_of(search), *SEARCHES[search["id"]], documents)
        self.judge_what_is_old(documents)

    def judge(self, query, wanted, provoked, documents):
        now = datetime.datetime.now(datetime.timezone.utc)
        search = lucene.Query(query, kinds())
        found = [document for document in documents if search.matches(document, now)]
        self.assertEqual(found, [document for document in documents if wanted(document)])
        self.assertTrue(any(provoked(document) for document in found), f"{query} does not find what was provoked: {found}")
        self.assertLess(len(found), len(documents) / 2)

    def judge_what_is_old(self, documents):
        """Those that ask for the last hour do not find it two hours later."""
        later = max(moment(document["@timestamp"]) for document in documents) + datetime.timedelta(hours=2)
        for search in saved_objects()[1:]:
            found = [one for one in documents if lucene.Query(query_of(search), kinds()).matches(one, later)]
            self.assertEqual(bool(found), "now-" not in query_of(search), search["id"])

    def judge_the_types(self, documents):
        """Each value is one that the index takes: a number for a number. One that is not would refuse the record."""
        fits = {"keyword": lambda v: isinstance(v, str), "text": lambda v: isinstance(v, str), "date": lambda v: bool(moment(v)),
                "long": lambda v: isinstance(v, int) and not isinstance(v, bool), "double": lambda v: isinstance(v, (int, float)),
                "boolean": lambda v: isinstance(v, bool), "flattened": lambda v: isinstance(v, dict)}
        for document in documents:
            for name, value in document.items():
                field = FIELDS[name]
                inner = {f"{name}.{key}": (field["properties"][key], one) for key, one in value.items()} if "properties" in field else {name: (field, value)}
                for path, (kind, one) in inner.items():
                    self.assertTrue(fits[kind["type"]](one), f"{path} is {one!r}, which is no {kind['type']}")


class LuceneTest(unittest.TestCase):
    """What judges the searches."""

    KINDS = {"a": "keyword", "n": "double", "m": "text", "@timestamp": "date"}
    NOW = moment("2026-01-29T12:00:00Z")

    def finds(self, query, **document):
        return lucene.Query(query, self.KINDS).matches(document, self.NOW)

    def test_words_numbers_phrases_and_times(self):
        self.assertTrue(self.finds("a:x AND n:>=500", a="x", n=500))
        self.assertFalse(self.finds("a:x AND n:>500", a="x", n=500))
        self.assertFalse(self.finds("a:x AND n:>500", a="x"))
        self.assertTrue(self.finds("a:z OR a:y AND n:<1 OR a:x", a="x", n=2))
        self.assertFalse(self.finds("(a:x OR a:y) AND n:<1", a="x", n=2))
        self.assertTrue(self.finds('m:"connection failed"', m="Connection failed, again"))
        self.assertFalse(self.finds('m:"connection failed"', m="connection has failed"))
        for at, inside in (("2026-01-29T11:00:00.000Z", True), ("2026-01-29T10:59:59.999Z", False), ("2026-01-29T12:00:00.001Z", False)):
            self.assertEqual(self.finds("@timestamp:[now-1h TO now]", **{"@timestamp": at}), inside, at)
        self.assertFalse(self.finds("b:x", b="x"), "a field that the index does not search")

    def test_what_is_no_query(self):
        for query in ("a:x AND", "a:x b:y", "(a:x", "AND a:x", "a:x)", "n:>many"):
            with self.assertRaises(lucene.Malformed, msg=query):
                lucene.Query(query, self.KINDS)


class ElasticsearchFilesTest(unittest.TestCase):
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


def fluent_bit(file, section):
    """(names of all sections, those called so as {key in lower case: value})."""
    found = re.findall(r"^\[(\w+)\]\n((?:    .*\n?|\n)*)", (LOGS / file).read_text(), re.M)
    parsed = [(name, {key.lower(): value.strip() for key, _, value in (line.strip().partition(" ") for line in body.splitlines() if line.strip())})
              for name, body in found]
    return [name for name, _ in parsed], [keys for name, keys in parsed if name == section]


class ShipperFilesTest(unittest.TestCase):
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


class LokiFilesTest(unittest.TestCase):
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
        self.assertEqual(config["ruler"]["alertmanager_url"], "http://127.0.0.1:9093")

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


class NginxLogTest(unittest.TestCase):
    """nginx-json.conf in Debian's nginx: what a request becomes."""

    def setUp(self):
        if NGINX is None:
            self.skipTest("no nginx (./dev setup fetches it): its log was not written")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-nginx-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.port = free_port()
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
daemon off; master_process off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ }}
http {{
  {temporary}
  include {LOGS}/nginx-json.conf;
  access_log {self.folder}/access.log porchlight_json;
  server {{ listen 127.0.0.1:{self.port}; location / {{ return 204; }} }}
}}
""")

    def test_a_request_is_one_line_without_keys(self):
        checked = subprocess.run([NGINX, "-t", "-p", self.folder, "-c", self.folder / "nginx.conf"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        server = subprocess.Popen([NGINX, "-p", self.folder, "-c", self.folder / "nginx.conf"], stderr=subprocess.DEVNULL, preexec_fn=harness.end_with_us)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        log = self.folder / "access.log"
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/l/a-key-of-somebody?token=another", headers={"User-Agent": 'a "quoted" name'})

        def answered():
            self.assertIsNone(server.poll(), "nginx ended")
            try:
                return urllib.request.urlopen(asked, timeout=10).status == 204
            except OSError:
                return False
        harness.wait_until(answered, 60, "nginx")
        harness.wait_until(lambda: log.read_text().endswith("\n"), 60, "its line")
        text = log.read_text()
        self.assertNotIn("a-key-of-somebody", text)
        self.assertNotIn("another", text)
        record = json.loads(text.splitlines()[-1])
        self.assertEqual((record["method"], record["path"], record["status"], record["extra"]), (
            "GET", "/l/{token}", 204, {"ip_address": "127.0.0.1", "user_agent": 'a "quoted" name'}))
        self.assertRegex(record["timestamp"], r"T\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$")
        self.assertLess(abs((moment(record["timestamp"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()), 3600)
        self.assertIsInstance(record["response_seconds"], (int, float))


if __name__ == "__main__":
    unittest.main()
