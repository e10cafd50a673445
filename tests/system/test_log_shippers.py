#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What others make of the log: rsyslog's mmjsonparse reads every line of a run in which everything happens."""

import collections
import json
import pathlib
import tempfile
import unittest

import footage_truth
import harness
import rsyslog
import visitors
from exerciser import House

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = harness.SOURCE / "docs" / "log-record.schema.json"


class ShippersTest(unittest.TestCase):
    def setUp(self):
        if not rsyslog.PROGRAM.exists():
            self.skipTest(rsyslog.MISSING)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-rsyslog-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def read(self, lines):
        """What rsyslog makes of them."""
        file = self.folder / "porchlight.log"
        file.write_text("".join(line + "\n" for line in lines))
        reader = rsyslog.Rsyslog(self.folder, file)
        self.addCleanup(reader.close)
        return reader.wait_for(len(lines))

    def test_a_line_that_is_no_record_is_found_and_the_longest_is_read(self):
        long = json.dumps({"timestamp": "2026-01-29T04:20:12.950Z", "level": "INFO", "logger": "doorbell.test", "message": "x" * 16_000})
        found = self.read([long, '{"level": "INFO"', long])
        self.assertEqual([record[0] for record in found], ["OK", "FAIL", "OK"])
        self.assertEqual((found[0][2], found[0][3], len(found[0][4].rstrip("\n"))), ("INFO", "doorbell.test", 16_000))

    def test_every_line_of_a_full_run_is_read(self):
        if missing := footage_truth.missing():
            self.skipTest(missing)
        house = House(self.addCleanup, visitors.clips(["known_enrol.jpg", "known_door.jpg"], visitor="known_door.jpg"))
        house.live_through_it()
        house.daemon.stop()
        lines = house.daemon.log.read_text().splitlines()
        self.assertGreater(len(lines), 50)
        records = [json.loads(line) for line in lines]
        found = self.read(lines)
        self.assertEqual(collections.Counter(record[0] for record in found), {"OK": len(lines)})
        self.assertEqual([(record[1], record[2], record[3]) for record in found], [(r["timestamp"], r["level"], r["logger"]) for r in records])
        if jsonschema is None:
            self.skipTest("python3-jsonschema is not installed: the records were not held against their schema")
        validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
        faults = [(fault.message, record) for record in records for fault in validator.iter_errors(record)]
        self.assertEqual(faults[:3], [])


if __name__ == "__main__":
    unittest.main()
