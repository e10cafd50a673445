#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/reviews.md and docs/troubleshooting.md: their expressions, commands and blocks are what the programs understand."""

import json
import re
import shutil
import subprocess
import tempfile
import unittest

import shipped

DOCS = shipped.SOURCE / "docs"
# Of Prometheus, Alertmanager and node_exporter.
FOREIGN = re.compile(r"(node|prometheus|alertmanager|scrape)_\w+$|up$|ALERTS(_FOR_STATE)?$")
EXPRESSION = re.compile(r"[a-z]+(_[a-z0-9]+)+(\{|\[|$| )|ALERTS|slo:|instance:|\b(rate|increase|topk|count)\(")
ELSEWHERE = re.compile(r"^(sudo|porchlight|amtool|apt|openssl|promtool|/|docs/|--)|\.(key|days|events_days)$")


def page(name):
    return (DOCS / name).read_text()


def blocks(text):
    return [re.sub(r"^   ", "", body, flags=re.M) for body in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.M | re.S)]


def reviewed(text):
    """The expressions of the calendar: what stands between backticks in a row's second column and is no command or key."""
    rows = [line.split(" | ") for line in text.split("\n") if line.startswith("| ") and not line.startswith("| question")]
    cells = [quoted for row in rows if len(row) == 3 for quoted in re.findall(r"`([^`]+)`", row[1])]
    return [cell for cell in cells if EXPRESSION.search(cell) and not ELSEWHERE.search(cell)]


def asked(text):
    return [query for block in blocks(text) for query in re.findall(r"--data-urlencode 'query=([^']*)'", block)]


def names_in(expression):
    """Names of series; those of labels, functions and words of the language are left out."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", "", expression)
    bare = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", " ", bare)
    return {name for name in re.findall(r"(?<![\w.:])([a-zA-Z_][\w:]*)(?!\s*\(|[\w:])", bare)} - {"and", "or", "unless", "by", "offset"}


def known_names():
    rows = (shipped.SOURCE / "tests" / "telemetry" / "contract.tsv").read_text().split("\n")[1:]
    recorded = [name for path in shipped.RULES.rglob("*.yml") for name in re.findall(r"record:\s*(\S+)", path.read_text())]
    return {row.split("\t")[0] for row in rows if row} | set(recorded)


def strangers(expressions, known):
    found = {name for expression in expressions for name in names_in(expression)}
    return sorted(name for name in found if not FOREIGN.match(name) and not {name, re.sub(r"_(bucket|count|sum)$", "", name)} & known)


def promtool(expressions):
    rules = [{"record": f"page:q{number}", "expr": expression} for number, expression in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(json.dumps({"groups": [{"name": "pages", "rules": rules}]}))  # JSON is YAML
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


class ReviewPagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = {name: page(name) for name in ("reviews.md", "troubleshooting.md")}
        cls.expressions = reviewed(cls.texts["reviews.md"]) + asked(cls.texts["troubleshooting.md"])

    def test_the_expressions_were_found(self):
        self.assertGreater(len(reviewed(self.texts["reviews.md"])), 30)
        self.assertGreater(len(asked(self.texts["troubleshooting.md"])), 5)

    def test_each_names_series_that_exist(self):
        known = known_names()
        self.assertEqual(strangers(['rate(camera_fbs[5m]) > 0 and on (job) slo:http_errors:ratio_rate1h'], known), ["camera_fbs"])
        self.assertEqual(strangers(self.expressions, known), [])

    def test_each_is_an_expression(self):
        if shutil.which("promtool") is None:
            self.skipTest("no promtool here (Debian's package prometheus)")
        self.assertEqual(promtool(self.expressions), (0, ""))
        self.assertNotEqual(promtool([*self.expressions, "rate(camera_fps[5m]"])[0], 0)

    def test_each_block_is_shell(self):
        found = blocks(self.texts["troubleshooting.md"])
        self.assertGreater(len(found), 10)
        for block in found:
            with self.subTest(block=block):
                done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_each_command_stands_in_the_man_page(self):
        manual = (DOCS / "man" / "porchlight.1").read_text()
        known = set(re.findall(r"^\.It Cm ((?:[a-z-]+ ?)+)", manual, re.M))
        known = {" ".join(entry.split()) for entry in known}
        self.assertIn("users token", known, "the man page was not read")
        calls = [call for text in self.texts.values() for call in re.findall(r"sudo porchlight ([a-z]+(?: [a-z-]+)?)", text)]
        self.assertGreater(len(calls), 8)
        for call in calls:
            with self.subTest(call):
                self.assertTrue({call, call.split()[0]} & known)

    def test_every_interval_of_the_calendar_has_its_part(self):
        heads = re.findall(r"^## (\w+)", self.texts["reviews.md"], re.M)
        self.assertEqual(heads[:5], ["Daily", "Weekly", "Monthly", "Quarterly", "Yearly"])

    def test_each_trouble_of_the_documents_has_its_part(self):
        parts = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", self.texts["troubleshooting.md"], re.M))
        self.assertEqual(list(parts), ["Numbers do not move", "Prometheus does not scrape", "Grafana without data", "An alert does not come",
                                       "Too many series", "Too much log"])
        for part, words in {"Prometheus does not scrape": ("api/v1/targets",), "An alert does not come": ("api/v1/rules", "amtool"),
                            "Grafana without data": ("data source", "$PROMETHEUS/api/v1/query", "The range"),
                            "Too many series": ("metrics_label_overflow_total",), "Too much log": ("log.",)}.items():
            for word in words:
                self.assertIn(word, parts[part], part)


if __name__ == "__main__":
    unittest.main()
