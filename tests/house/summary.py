# SPDX-License-Identifier: Apache-2.0
"""Reads ctest's JUnit files: names what failed and what was skipped and why, then the count.

The last line stands alone: `N passed, N failed, N skipped`. Exit 1 when something failed or nothing
ran. A test that ctest could not start is a failure, not a skip; so is a missing results file.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

# gtest prints `file:line: Skipped` and the reason on the next line; unittest prints it in one.
GTEST_REASON = re.compile(r":\d+: Skipped\n(.*(?:\n(?!\n|\[).*)*)")
PYTHON_REASON = re.compile(r"skipped [\"'](.*)[\"']")

SHOWN_LINES = 40  # of what a failed test printed last


def reason_of(output):
    found = GTEST_REASON.search(output) or PYTHON_REASON.search(output)
    return " ".join(found.group(1).split()) if found else "no reason given"


def verdict_of(case):
    """'passed', 'failed' or 'skipped' for one <testcase>."""
    skipped = case.find("skipped")
    if skipped is not None:
        return "skipped" if skipped.get("message", "").startswith("SKIP_") else "failed"
    if case.get("status") == "run" and case.find("failure") is None:
        return "passed"
    return "failed"


def cases_of(path):
    try:
        return list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return [ElementTree.Element("testcase", name=f"{path} (ctest wrote no results)", status="fail")]


def print_skips(cases):
    reasons = {}
    for case in cases:
        reasons.setdefault(reason_of(case.findtext("system-out") or ""), []).append(case.get("name"))
    for reason, names in sorted(reasons.items()):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        print(f"skipped: {names[0]}{more}: {reason}")


def print_failures(cases):
    for case in cases:
        print(f"FAILED: {case.get('name')}")
        lines = (case.findtext("system-out") or "").rstrip().splitlines()
        print("".join(f"    {line}\n" for line in lines[-SHOWN_LINES:]), end="")


def main(paths):
    found = {"passed": [], "failed": [], "skipped": []}
    for case in (case for path in paths for case in cases_of(path)):
        found[verdict_of(case)].append(case)
    print_failures(found["failed"])
    print_skips(found["skipped"])
    print(", ".join(f"{len(cases)} {verdict}" for verdict, cases in found.items()))
    return 0 if found["passed"] and not found["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
