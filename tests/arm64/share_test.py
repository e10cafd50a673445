# SPDX-License-Identifier: Apache-2.0
"""The share that `./dev test arm64` prints is its verdict: nothing that did not pass may raise it."""
import contextlib
import io
import json
import re
import tempfile
import unittest
from pathlib import Path

import share

PASSED = '<testcase name="{}" status="run"/>'
FAILED = '<testcase name="{}" status="fail"><failure message=""/></testcase>'
SKIPPED = '<testcase name="{}" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>'


class Share(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def native(self, quick, *others):
        tests = [{"name": n, "properties": [{"name": "LABELS", "value": ["quick", "more"]}]} for n in quick]
        tests += [{"name": n, "properties": [{"name": "LABELS", "value": ["bench"]}]} for n in others]
        return self.write("native.json", json.dumps({"tests": tests}))

    def report(self, quick, left_out, *cases):
        results = self.write("r.xml", "<testsuite>" + "".join(kind.format(name) for kind, name in cases) + "</testsuite>")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = share.main(["report", self.native(quick), self.write("out.tsv", left_out), results])
        return code, out.getvalue()

    def test_counts_by_the_native_list(self):
        names = [f"t{i}" for i in range(10)]
        code, out = self.report(names, "t9\ttiming\ttoo slow\n", *((PASSED, n) for n in names[:9]), (PASSED, "foreign"))
        self.assertEqual(code, 0, out)
        self.assertIn("9 passed, 0 failed, 0 skipped, 0 not run, 1 left out · timing 1\n90.0 % of 10 native", out)
        self.assertIn("left out (timing): 1: too slow", out)

    def test_a_left_out_test_is_not_passed_even_with_a_result(self):
        names = [f"t{i}" for i in range(10)]
        code, out = self.report(names, "t[89]\ttiming\ttoo slow\n", *((PASSED, n) for n in names))
        self.assertIn("8 passed", out)
        self.assertIn("80.0 %", out)
        self.assertEqual(code, 1)

    def test_a_skip_is_not_passed(self):
        names = [f"t{i}" for i in range(10)]
        code, out = self.report(names, "", *((PASSED, n) for n in names[:8]), (SKIPPED, "t8"), (SKIPPED, "t9"))
        self.assertIn("8 passed, 0 failed, 2 skipped", out)
        self.assertEqual(code, 1)

    def test_a_failure_and_a_missing_result_fail_above_the_least_share(self):
        names = [f"t{i}" for i in range(20)]
        passed = [(PASSED, n) for n in names[:19]]
        self.assertEqual(self.report(names, "", *passed, (PASSED, "t19"))[0], 0)
        for last in ([(FAILED, "t19")], []):
            code, out = self.report(names, "", *passed, *last)
            self.assertIn("95.0 %", out)
            self.assertEqual(code, 1)

    def test_a_stale_entry_fails(self):
        for pattern in ("gone", "a", "xa|ax"):  # a part of a name is no match
            code, out = self.report(["ab"], f"{pattern}\ttiming\tslow\n", (PASSED, "ab"))
            self.assertIn(f"'{pattern}' matches no test", out)
            self.assertEqual(code, 1)

    def test_a_line_that_is_not_an_entry_fails(self):
        for line in ("ab timing slow", "ab\ttiming", "ab\ttiming\t", "ab\tlazy\tslow"):
            code, out = self.report(["ab"], f"# page\n\n{line}\n", (PASSED, "ab"))
            self.assertIn("out.tsv:3: ", out)
            self.assertEqual(code, 1)

    def test_nothing_to_run_is_no_success(self):
        self.assertEqual(self.report([], "")[0], 1)

    def test_only_the_named_tests_are_excluded(self):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            share.main(["excluded", self.native(["a.b/1", "axb/1", "a.bb/1"], "late"), self.write("out.tsv", "a\\.b/.|late\ttiming\ts\n")])
        pattern = out.getvalue().strip()
        self.assertEqual([n for n in ("a.b/1", "axb/1", "a.bb/1", "late", "") if re.search(pattern, n)], ["a.b/1"])
        with contextlib.redirect_stdout(io.StringIO()) as out:
            share.main(["excluded", self.native(["a"]), self.write("out.tsv", "")])
        self.assertIsNone(re.search(out.getvalue().strip(), "a"))


if __name__ == "__main__":
    unittest.main()
