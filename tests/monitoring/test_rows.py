#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of the five monitoring documents has an entry: a file and a test that exist, a reason, or what it waits for."""

import csv
import os
import pathlib
import unittest

import document_rows
import document_table
import shipped

ROWS = pathlib.Path(__file__).with_name("rows.tsv")
SEEDS = pathlib.Path(os.environ.get("PORCHLIGHT_SEEDS", shipped.SOURCE.parent / "shared" / "seeds"))


def rows():
    with open(ROWS, encoding="utf-8", newline="") as file:
        return [tuple(line) for line in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


class RowsTest(unittest.TestCase):
    def setUp(self):
        self.text = document_table.PAGE.read_text(encoding="utf-8")

    def test_every_row_has_an_entry(self):
        entries = document_table.entries(self.text)
        self.assertGreater(len(entries), 300)
        self.assertEqual([row for row in rows() if row not in entries], [])
        self.assertEqual([row for row in entries if row not in set(rows())], [])

    def test_every_entry_holds(self):
        known = document_table.reasons(self.text)
        faults = [(*row, fault) for row, (where, test) in document_table.entries(self.text).items()
                  if (fault := document_table.fault_of(where, test, known))]
        self.assertEqual(faults, [])

    def test_each_reason_is_used(self):
        used = {test[5:] for _, test in document_table.entries(self.text).values() if test.startswith("not: ")}
        self.assertEqual(used, document_table.reasons(self.text))

    def test_an_entry_that_does_not_hold_is_found(self):
        for where, test, told in (("`docs/metrics.md`", "`system.NobodyTest`", "no such test"), ("`docs/nothing.md`", "`monitoring.RulesTest`", "there is no"),
                                  ("", "not: no time", "no such reason"), ("", "later: the weather", "nothing waits"),
                                  ("`docs/metrics.md`", " ", "no test"), ("some file", "`monitoring.RowsTest`", "has to say which words"),
                                  ("some file", "`monitoring.RulesTest`", "names no file"),
                                  ("`docs/metrics.md`", "`monitoring.RowsTest`", "has to say which words"),
                                  ("`docs/metrics.md` (`metrics_of_nothing`)", "`monitoring.RowsTest`", "does not stand there")):
            self.assertIn(told, document_table.fault_of(where, test, {"a reference"}), (where, test))
        self.assertEqual(document_table.fault_of("`docs/metrics.md`, `logging.md` (`log.level`)", "`monitoring.RowsTest`", set()), "")

    def test_a_row_without_entry_is_found(self):
        line = document_table.LINE.search(self.text)[0]
        self.assertEqual(len(document_table.entries(self.text.replace(line, ""))), len(rows()) - 1)
        with self.assertRaises(AssertionError):
            document_table.entries(self.text + "\n" + line)


class DocumentsTest(unittest.TestCase):
    def test_the_rows_are_those_of_the_documents(self):
        files = sorted(SEEDS.glob("*.txt"))
        if len(files) != 5:
            self.skipTest("the five documents are not here (PORCHLIGHT_SEEDS names no folder with them): rows.tsv was not held against them")
        found = [(file.name[:3], place, row) for file in files
                 for place, row in document_rows.rows(file.read_text(encoding="utf-8", errors="replace"))]
        self.assertEqual(found, rows())

    def test_points_and_blocks_are_rows(self):
        text = "# Title\n## One\n- **First**: a [link](http://a)\n- **First**: a [link](http://a)\n### Two\n```yaml\n# why\nkey: 1\n```\n## Three\n1. third\n"
        self.assertEqual(document_rows.rows(text), [("One", "First: a link"), ("One / Two", "code: key: 1"), ("Three", "third")])


if __name__ == "__main__":
    unittest.main()
