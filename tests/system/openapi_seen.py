#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""After the system tests: which operation and status of the document no test has seen.

openapi_unseen.txt lists them and may only shrink: what is seen by now must leave it, and nothing may come to it.
A line that begins with `sometimes` depends on the moment: it may be seen or not.
"""

import json
import pathlib
import sys
import unittest

import openapi_record

HERE = pathlib.Path(__file__).resolve().parent
LIST = HERE / "openapi_unseen.txt"
MOST = 35  # lines of the list; lower it with the list. Raised twice: for the 503 of the routes of answers and alerts, and for the full queues of settings and MJPEG


def judge(declared, seen, listed, sometimes):
    """The faults of the list, in words."""
    unseen = declared - seen
    return ([f"seen by no test: {name} {status}; write one" for name, status in sorted(unseen - listed - sometimes)]
            + [f"seen by now, take it off the list: {name} {status}" for name, status in sorted(listed & seen)]
            + [f"not in the document, take it off the list: {name} {status}"
               for name, status in sorted((listed | sometimes) - declared)])


def read_list(text):
    """(what no test sees, what a test may see or not), each a set of (operation, status)."""
    never, sometimes = set(), set()
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        kind = sometimes if words[0] == "sometimes" else never
        *_, verb, path, status = words
        kind.add((f"{verb} {path}", int(status)))
    return never, sometimes


class OpenApiSeen(unittest.TestCase):
    def test_judgement_finds_each_fault(self):
        declared = {("GET /a", 200), ("GET /a", 404), ("GET /b", 200)}
        self.assertEqual(judge(declared, declared, set(), set()), [])
        self.assertEqual(judge(declared, declared - {("GET /a", 404)}, {("GET /a", 404)}, set()), [])
        self.assertEqual(len(judge(declared, declared - {("GET /a", 404)}, set(), set())), 1)
        self.assertEqual(len(judge(declared, declared, {("GET /a", 404)}, set())), 1)
        self.assertEqual(judge(declared, declared, set(), {("GET /a", 404)}), [])
        self.assertEqual(len(judge(declared, declared, set(), {("GET /c", 200)})), 1)
        self.assertEqual(read_list("# x\nGET /a 404\nsometimes GET /b 200\n"), ({("GET /a", 404)}, {("GET /b", 200)}))

    def test_list_of_what_no_test_sees_is_true(self):
        if openapi_record.document() is None:
            self.skipTest(openapi_record.MISSING)
        tests = (openapi_record.BUILD / "tests" / "system" / "tests.txt").read_text().split()
        built = (openapi_record.BUILD / "porchlight").stat().st_mtime
        kept = {name: openapi_record.FOLDER / f"{name}.json" for name in tests}
        missing = [name for name, file in kept.items() if not file.exists() or file.stat().st_mtime < built]
        if missing:
            self.skipTest(f"{len(missing)} of {len(tests)} system tests did not run on this build, {missing[0]} for one")
        seen = {tuple(pair) for file in kept.values() for pair in json.loads(file.read_text())}
        listed, sometimes = read_list(LIST.read_text())
        declared = openapi_record.document().declared()
        for name, status in sorted(declared - seen):
            print(f"never seen: {name} {status}")
        self.assertEqual(judge(declared, seen, listed, sometimes), [])
        self.assertLessEqual(len(listed) + len(sometimes), MOST, "the list may only shrink")


if __name__ == "__main__":
    unittest.main()
