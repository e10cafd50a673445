#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every counter has a row in causes.tsv, and every value of its closed labels; every row has its counter and its test."""

import ast
import csv
import json
import re
import unittest

import causes

import harness

TABLE = causes.HERE / "causes.tsv"
CONTRACT = causes.SOURCE / "tests" / "telemetry" / "contract.tsv"

# What a row may be. outside: a test does it once. amount: a test measures the same amount outside. kernel: a test reads the
# kernel's own number. inside: a unit test does it, there is no cause outside. reserved: nothing feeds it, with the reason.
# pending: waits for what is not built.
BY_TEST = {"outside", "amount", "kernel"}
KINDS = BY_TEST | {"inside", "reserved", "pending"}


def table(text):
    """[(family, {label: {values} or None for all}, kind, test or reason)]"""
    rows = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        family, labels, kind, proof = line.split("\t")
        pairs = dict(pair.split("=") for pair in labels.split(",") if pair)
        rows.append((family, {name: None if values == "*" else set(values.split("|")) for name, values in pairs.items()}, kind, proof))
    return rows


def contract(text):
    """{counter: ({label: [closed values] or None}, what it waits for)}"""
    lines = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    next(lines)
    counters = {}
    for cells in lines:
        if cells[1] == "counter":
            labels = {name: values if isinstance(values, list) else None for name, values in json.loads(cells[3]).items()}
            counters[cells[0]] = (labels, cells[7] if len(cells) > 7 else "")
    return counters


def faults_of_counters(counters, rows):
    faults = []
    for family, (labels, pending) in counters.items():
        mine = [row for row in rows if row[0] == family]
        if pending:
            faults += [f"{family} waits for '{pending}': its rows are of kind pending" for row in mine if row[2] != "pending"]
            continue
        if not mine:
            faults.append(f"{family} has no row")
        for label, values in labels.items():
            named = [row[1][label] for row in mine if label in row[1]]
            if mine and values is not None and None not in named:
                faults += [f"{family} has no row for {label}={value}" for value in values
                           if not any(value in some for some in named)]
    return faults


def faults_of_rows(counters, rows, tests, unit_tests):
    faults = []
    for family, labels, kind, proof in rows:
        known, pending = counters.get(family, (None, ""))
        if known is None:
            faults.append(f"{family} is no counter of the contract")
            continue
        for label, values in labels.items():
            closed = known.get(label, ())
            if label not in known:
                faults.append(f"{family} has no label {label}")
            elif values and closed is not None:
                faults += [f"{family} has no {label}={value}" for value in sorted(values - set(closed))]
        if kind not in KINDS:
            faults.append(f"{family}: there is no kind '{kind}'")
        elif kind in BY_TEST:
            faults += [f"{family}: there is no test {name}" for name in proof.split() if name not in tests]
        elif kind == "inside" and proof not in unit_tests:
            faults.append(f"{family}: there is no unit test {proof}")
        elif kind == "pending" and not pending:
            faults.append(f"{family} waits for nothing any more")
        if not proof:
            faults.append(f"{family}: no test and no reason")
    named = {name for row in rows if row[2] in BY_TEST for name in row[3].split()}
    return faults + [f"no row names {name}" for name in sorted(tests) if name.startswith("causes/") and name not in named]


def faults_of_scrape(text, rows):
    """Counters that a daemon shows and nobody has a cause for."""
    shown = set(re.findall(r"^# TYPE (\S+) counter$", text, re.M))
    return [f"{family} is shown and has no row" for family in sorted(shown - {row[0] for row in rows})]


def tests_of(folder, prefix):
    """prefix/file.Class.method of every test, read without running it."""
    found = set()
    for path in sorted(folder.glob("test_*.py")):
        if path.stem == "test_cover":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found |= {f"{prefix}/{path.stem}.{node.name}.{item.name}" for item in node.body
                          if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")}
    return found


def unit_tests():
    """Suite.Name of every test in C++."""
    found = set()
    for path in sorted((causes.SOURCE / "tests").rglob("*_test.cpp")):
        found |= {f"{suite}.{name}" for suite, name in
                  re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(encoding="utf-8"), re.M)}
    return found


class CoverTest(unittest.TestCase):
    def setUp(self):
        self.counters = contract(CONTRACT.read_text(encoding="utf-8"))
        self.rows = table(TABLE.read_text(encoding="utf-8"))

    def test_every_counter_and_every_value_has_a_row(self):
        self.assertEqual(faults_of_counters(self.counters, self.rows), [])

    def test_every_row_has_its_counter_and_its_test(self):
        tests = tests_of(causes.HERE, "causes") | tests_of(causes.SOURCE / "tests" / "system", "system")
        self.assertEqual(faults_of_rows(self.counters, self.rows, tests, unit_tests()), [])

    def test_every_counter_that_a_daemon_shows_has_a_row(self):
        daemon = harness.Daemon({"buttons": [{"id": "front", "kind": "virtual"}],
                                 "notifications": {"channels": [{"id": "journal", "type": "log"}]}})
        self.addCleanup(daemon.close)
        text = daemon.scrape()
        self.assertEqual(faults_of_scrape(text, self.rows), [])
        self.assertEqual(faults_of_scrape(text + "# TYPE bells_stolen_total counter\n", self.rows),
                         ["bells_stolen_total is shown and has no row"])


class JudgementTest(unittest.TestCase):
    """What judges, on what is written by hand."""

    COUNTERS = contract('name\ttype\tunit\tlabels\tb\tp\td\tpending\na_total\tcounter\t1\t{"r":["x","y"]}\t\tall\tz\n'
                        "b_total\tcounter\t1\t{}\t\tall\tz\nc_total\tcounter\t1\t{}\t\tall\tz\ta dream\ng\tgauge\t1\t{}\t\t-\tz\n")
    ROWS = "a_total\tr=x\toutside\tcauses/t.T.test_a\na_total\tr=y\treserved\tnobody does it\nb_total\t\tinside\tSuite.Name\n"

    def faults(self, text):
        rows = table(text)
        return faults_of_counters(self.COUNTERS, rows) + faults_of_rows(self.COUNTERS, rows, {"causes/t.T.test_a"}, {"Suite.Name"})

    def test_a_good_table_has_no_fault(self):
        self.assertEqual(self.faults(self.ROWS), [])
        self.assertEqual(self.faults(self.ROWS + "c_total\t\tpending\ta dream\n"), [])

    def test_each_fault_is_found(self):
        for text in (self.ROWS.replace("b_total\t\tinside\tSuite.Name\n", ""),
                     self.ROWS.replace("r=y", "r=x"),
                     self.ROWS.replace("Suite.Name", "Suite.Other"),
                     self.ROWS + "b_total\t\toutside\tcauses/t.T.test_b\n",
                     self.ROWS + "d_total\t\treserved\twhy\n",
                     self.ROWS + "g\t\treserved\twhy\n",
                     self.ROWS + "a_total\tr=z\treserved\twhy\n",
                     self.ROWS + "b_total\tr=x\treserved\twhy\n",
                     self.ROWS + "b_total\t\tpending\twhat\n",
                     self.ROWS + "b_total\t\tmaybe\twhat\n",
                     self.ROWS + "b_total\t\treserved\t\n",
                     self.ROWS.replace("outside\tcauses/t.T.test_a", "reserved\twhy")):
            self.assertEqual(len(self.faults(text)), 1, text)

    def test_a_counter_that_rose_otherwise_is_found(self):
        before = causes.series('x_total{a="1"} 2\nx_total{a="2",b="q,{}"} 5\nx 1\n', "x_total")
        self.assertEqual(sorted(before.values()), [2, 5])

        def after(one, two):
            return causes.series(f'x_total{{a="1"}} {one}\nx_total{{a="2",b="q,{{}}"}} {two}\n', "x_total")
        self.assertEqual(causes.judge(before, after(3, 5), 1, {"a": "1"}, ()), "")
        self.assertEqual(causes.judge(before, after(3, 6), 1, {"a": "1"}, [{"a": "2"}]), "")
        for faulty in (after(2, 5), after(4, 5), after(3, 6)):
            self.assertNotEqual(causes.judge(before, faulty, 1, {"a": "1"}, ()), "")


if __name__ == "__main__":
    unittest.main()
