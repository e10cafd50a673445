# SPDX-License-Identifier: Apache-2.0
"""The count at the end of `./dev test` is what the run's verdict rests on: it must not flatter."""
import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import summary

CASES = {
    "passed": '<testcase name="a" status="run"/>',
    "failed": '<testcase name="b" status="fail"><failure message=""/><system-out>x.cpp:3: Failure\n</system-out></testcase>',
    "passed alone": '<testcase name="b" status="run"/>',
    "crashed": '<testcase name="b" status="fail"><failure message="SEGFAULT"/><system-out>x</system-out></testcase>',
    "found by a sanitizer": '<testcase name="b" status="fail"><failure message="Failed"/><system-out>WARNING: ThreadSanitizer: data race</system-out></testcase>',
    "skipped": '<testcase name="c" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
    "<system-out>x.cpp:12: Skipped\nno GPIO chip here\n\n[  SKIPPED ] c</system-out></testcase>",
    "skipped in Python": '<testcase name="f" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
    "<system-out>test_f (__main__.F.test_f)\nSays it. ... skipped \"ONVIF's schemas aren't here: see 'docs'\"\n\nOK (skipped=1)</system-out></testcase>",
    "not started": '<testcase name="d" status="notrun"><skipped message="Unable to find executable"/></testcase>',
    "disabled": '<testcase name="e" status="disabled"/>',
}


class Summary(unittest.TestCase):
    def run_on(self, *kinds):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
            path = Path(folder) / "a.xml"
            path.write_text("<testsuite>" + "".join(CASES[k] for k in kinds) + "</testsuite>", encoding="utf-8")
            code = summary.main([str(path)])
        return code, out.getvalue().splitlines()

    def test_counts_and_names_the_reason_of_a_skip(self):
        code, lines = self.run_on("passed", "passed", "skipped")
        self.assertEqual((code, lines), (0, ["skipped: c: no GPIO chip here", "2 passed, 0 failed, 1 skipped"]))

    def test_a_reason_may_have_apostrophes(self):
        self.assertEqual(self.run_on("passed", "skipped in Python")[1][0], "skipped: f: ONVIF's schemas aren't here: see 'docs'")

    def test_a_failure_is_one(self):
        code, lines = self.run_on("passed", "failed")
        self.assertEqual((code, lines), (1, ["FAILED: b", "    x.cpp:3: Failure", "1 passed, 1 failed, 0 skipped"]))

    def test_what_could_not_start_or_is_disabled_failed(self):
        self.assertEqual(self.run_on("passed", "not started")[1][-1], "1 passed, 1 failed, 0 skipped")
        self.assertEqual(self.run_on("passed", "disabled")[1][-1], "1 passed, 1 failed, 0 skipped")

    def test_a_run_without_results_failed(self):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(summary.main(["/nowhere/results.xml"]), 1)
        self.assertIn("0 passed, 1 failed, 0 skipped", out.getvalue())

    def run_again(self, first, second, name="b"):
        """The code and the lines of a run whose failed test `b` ran a second time, and the regex it ran by."""
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as out:
            paths = [Path(folder) / "a.xml", Path(folder) / "again.xml"]
            for path, kinds in zip(paths, (first, second)):
                path.write_text("<testsuite>" + "".join(CASES[k].replace('"b"', f'"{name}"') for k in kinds) + "</testsuite>", encoding="utf-8")
            summary.main(["--failed", str(paths[0])])
            regex = out.getvalue()
            out.truncate(0)
            out.seek(0)
            code = summary.main([str(paths[0]), "--again", str(paths[1])])
        return code, out.getvalue().splitlines(), regex

    def test_what_passes_alone_is_unsteady_and_is_said(self):
        code, lines, regex = self.run_again(("passed", "failed"), ("passed alone",))
        self.assertEqual((code, regex), (0, "^(b)$"))
        self.assertEqual(lines, ["UNSTEADY (failed, then passed alone): b", "    x.cpp:3: Failure",
                                 "1 of those that passed did so at the second try only", "2 passed, 0 failed, 0 skipped"])

    def test_what_fails_alone_too_is_skipped_then_or_did_not_run_again_failed(self):
        for second in (("failed",), ("skipped",), ("not started",), ("passed alone", "failed"), ()):
            code, lines, _ = self.run_again(("passed", "failed"), second)
            self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"), second)

    def test_many_failures_and_what_could_not_start_get_no_second_try(self):
        self.assertEqual(self.run_again(("passed",), ())[2], "")
        self.assertEqual(self.run_again(("failed",) * (summary.MOST_UNSTEADY + 1), ())[2], "")
        for bad in ("not started", "crashed", "found by a sanitizer"):
            self.assertEqual(self.run_again(("failed", bad), ())[2], "", bad)
        self.assertEqual(self.run_again(("failed",), (), name="X/y.z")[2], r"^(X\/y\.z)$")

    def test_nothing_run_is_no_success(self):
        self.assertEqual(self.run_on()[0], 1)
        self.assertEqual(self.run_on("skipped")[0], 1)


if __name__ == "__main__":
    unittest.main()
