# SPDX-License-Identifier: Apache-2.0
"""Reads ctest's JUnit files: names what failed and what was skipped and why, then the count.

usage: summary.py RESULTS… [--again RESULTS]
       summary.py --failed RESULTS…    a regex of what is worth a second try, or nothing

The last line stands alone: `N passed, N failed, N skipped`. Exit 1 when something failed or nothing
ran. A test that ctest could not start is a failure, not a skip; so is a missing results file.

A test that failed and then passed alone, in the results of --again, is unsteady: it is named with what it said when it
failed, and counted (docs/building.md). More than a few failures, or a crash, are no accident and get no second try.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

# gtest prints `file:line: Skipped` and the reason on the next line; unittest prints it in one.
GTEST_REASON = re.compile(r":\d+: Skipped\n(.*(?:\n(?!\n|\[).*)*)")
PYTHON_REASON = re.compile(r"skipped [\"'](.*)[\"']")

SHOWN_LINES = 40  # of what a failed test printed last
MOST_UNSTEADY = 3  # of one run
CRASH = re.compile("SEGFAULT|SegFault|[Aa]borted|Exception|core dumped")  # happens to no sound program, however busy the machine is


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


def print_failures(cases, word="FAILED"):
    for case in cases:
        print(f"{word}: {case.get('name')}")
        lines = (case.findtext("system-out") or "").rstrip().splitlines()
        print("".join(f"    {line}\n" for line in lines[-SHOWN_LINES:]), end="")


def found_in(paths):
    """{verdict: cases}"""
    found = {"passed": [], "failed": [], "skipped": []}
    for case in (case for path in paths for case in cases_of(path)):
        found[verdict_of(case)].append(case)
    return found


def crashed_or_never_ran(case):
    failure = case.find("failure")
    if case.get("status") != "fail" or failure is None:
        return True
    return bool(CRASH.search(failure.get("message", "")) or re.search("Sanitizer", case.findtext("system-out") or ""))


def worth_a_second_try(found):
    """The regex for ctest -R of the tests that ran and failed; nothing when there are none, or too many, or one crashed."""
    failed = found["failed"]
    if not 0 < len(failed) <= MOST_UNSTEADY or any(crashed_or_never_ran(case) for case in failed):
        return ""
    escaped = (re.sub(r"([^A-Za-z0-9_])", r"\\\1", case.get("name")) for case in failed)
    return f"^({'|'.join(escaped)})$"


def unsteady_of(found, again):
    """Takes out of the failed ones those that passed when they ran alone."""
    then = found_in([again])
    passed = {case.get("name") for case in then["passed"]} - {case.get("name") for case in then["failed"] + then["skipped"]}
    unsteady = [case for case in found["failed"] if case.get("name") in passed]
    found["failed"] = [case for case in found["failed"] if case.get("name") not in passed]
    return unsteady


def main(arguments):
    if arguments[:1] == ["--failed"]:
        print(worth_a_second_try(found_in(arguments[1:])), end="")
        return 0
    paths, again = arguments, None
    if "--again" in arguments:
        paths, again = arguments[:-2], arguments[-1]
    found = found_in(paths)
    unsteady = unsteady_of(found, again) if again else []
    print_failures(unsteady, "UNSTEADY (failed, then passed alone)")
    print_failures(found["failed"])
    print_skips(found["skipped"])
    found["passed"] += unsteady
    if unsteady:
        print(f"{len(unsteady)} of those that passed did so at the second try only")
    print(", ".join(f"{len(cases)} {verdict}" for verdict, cases in found.items()))
    return 0 if found["passed"] and not found["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
