# SPDX-License-Identifier: Apache-2.0
"""Which share of the native quick tests passes in the emulated build.

usage: share.py excluded NATIVE LEFT_OUT          a regex for ctest -E
       share.py report NATIVE LEFT_OUT RESULTS…   names what did not pass, then the count; exit 1 when it is too little

NATIVE is what `ctest --show-only=json-v1` of the native build says, RESULTS are ctest's JUnit files of
the emulated one. LEFT_OUT has one line per family of tests that is not run: regex over the whole
name, reason, sentence, with tabs between; `#` begins a comment.
"""
import json
import re
import sys
from collections import Counter, namedtuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "house"))
import summary  # noqa: E402  how a JUnit file is read

REASONS = {
    "tsan": "needs ThreadSanitizer, which cannot run under emulation",
    "timing": "measures time, and the emulator is not the machine",
    "browser": "needs a browser",
    "preload": "loads a library before the program, and the emulator's own calls pass it by",
    "proc": "reads what the emulator puts in place of the kernel's /proc/self",
}
LEAST = 90  # percent

Entry = namedtuple("Entry", "pattern reason sentence")


def quick_names(path):
    tests = json.loads(Path(path).read_text(encoding="utf-8"))["tests"]
    labels = {t["name"]: [p["value"] for p in t.get("properties", []) if p["name"] == "LABELS"] for t in tests}
    return [name for name, value in labels.items() if value and "quick" in value[0]]


def entries_of(path):
    """The entries, and the faults of the file."""
    entries, faults = [], []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not all(fields):
            faults.append(f"{path}:{number}: not 'regex, reason, sentence' with tabs between")
        elif fields[1] not in REASONS:
            faults.append(f"{path}:{number}: unknown reason '{fields[1]}' (one of: {', '.join(REASONS)})")
        else:
            entries.append(Entry(re.compile(fields[0]), *fields[1:]))
    return entries, faults


def left_out_of(names, entries):
    """{name: entry}: a name belongs to the first entry that matches it."""
    found = {}
    for name in names:
        for entry in entries:
            if name not in found and entry.pattern.fullmatch(name):
                found[name] = entry
    return found


def stale(path, names, entries):
    return [f"{path}: '{e.pattern.pattern}' matches no test" for e in entries
            if not any(e.pattern.fullmatch(name) for name in names)]


def excluded(names, entries):
    escaped = (re.sub(r"([^A-Za-z0-9_])", r"\\\1", name) for name in left_out_of(names, entries))
    return f"^({'|'.join(escaped)})$"


def verdicts(names, left_out, paths):
    """{name: verdict} of the native names that were to run; what has no result did not run."""
    cases = {case.get("name"): case for path in paths for case in summary.cases_of(path)}
    found = {n: summary.verdict_of(cases[n]) if n in cases else "not run" for n in names if n not in left_out}
    return found, cases


def print_what_did_not_pass(found, cases, left_out):
    summary.print_failures([cases[n] for n, verdict in found.items() if verdict == "failed"])
    for name in (n for n, verdict in found.items() if verdict == "not run"):
        print(f"NOT RUN: {name}")
    summary.print_skips([cases[n] for n, verdict in found.items() if verdict == "skipped"])
    for entry, number in Counter(left_out.values()).items():
        print(f"left out ({entry.reason}): {number}: {entry.sentence}")


def report(native, left_out_file, results):
    names = quick_names(native)
    entries, faults = entries_of(left_out_file)
    faults += stale(left_out_file, names, entries)
    left_out = left_out_of(names, entries)
    found, cases = verdicts(names, left_out, results)
    print_what_did_not_pass(found, cases, left_out)
    for fault in faults:
        print(f"FAULT: {fault}")
    count = Counter(found.values())
    share = 100 * count["passed"] / len(names) if names else 0
    reasons = Counter(entry.reason for entry in left_out.values())
    print(", ".join(f"{count[verdict]} {verdict}" for verdict in ("passed", "failed", "skipped", "not run"))
          + f", {len(left_out)} left out" + "".join(f" · {reason} {n}" for reason, n in sorted(reasons.items())))
    print(f"{share:.1f} % of {len(names)} native quick tests passed (at least {LEAST} % must)")
    return 1 if faults or share < LEAST or count["failed"] or count["not run"] else 0


def main(arguments):
    if len(arguments) >= 4 and arguments[0] == "report":
        return report(arguments[1], arguments[2], arguments[3:])
    if len(arguments) == 3 and arguments[0] == "excluded":
        print(excluded(quick_names(arguments[1]), entries_of(arguments[2])[0]))
        return 0
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
