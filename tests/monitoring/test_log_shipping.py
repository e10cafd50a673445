#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""config/monitoring/logs, run: the daemon's records through Debian's rsyslog into an index, where the documents' queries find what
was provoked; and a proxy's requests as records."""

import collections
import datetime
import json
import pathlib
import re
import subprocess
import tempfile
import unittest
import urllib.request

import shipped  # noqa: F401 (the path of modules)
import lucene
import rsyslog_sender
from bulk_stub import Bulk
from log_files import FIELDS, LOGS, RECORD, kinds, moment, query_of, saved_objects
from log_house import BROKEN, SLOW, LogHouse

import harness
from harness import free_port
from test_proxy import NGINX

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

    def receive(self, *plan, port=0, documents=None):
        stub = Bulk(port, plan, documents)
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
        again = self.receive(port=port, documents=stub.documents)
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

    def test_what_a_stopped_one_held_is_sent_again_as_the_file_says(self):
        port = free_port()
        self.write(40)
        sender = self.send(port)
        harness.wait_until(lambda: "suspend" in sender.log.read_text(), 60, "rsyslog to see that nobody is there")
        sender.stop()
        sender.forget()
        stub = self.receive(port=port)
        sender.start()
        self.judge(stub, sender)

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
