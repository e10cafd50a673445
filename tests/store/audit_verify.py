# SPDX-License-Identifier: Apache-2.0
"""A second verifier of the audit log (docs/audit.md): it shares nothing with the first.

audit_verify.py FOLDER KEYFILE [FROM [TO]]    prints `ok` or `<kind> <first bad index>`
audit_verify.py --serve KEYFILE               the same for each line `FOLDER [FROM [TO]]` of its input
"""

import argparse
import hashlib
import hmac
import json
import pathlib
import sys

TEXTS = ("action audit_type event_type hash ip_address prev_hash resource result timestamp user_agent user_id").split()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parsed(line):
    """The record of a line without its newline, None when it is none."""
    try:
        record = json.loads(line.decode())
        if canonical(record) != line or not all(isinstance(record[key], str) for key in TEXTS):
            return None
        return record if type(record["index"]) is int and record["index"] >= 0 else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def is_genuine(record, key):
    text = canonical({name: value for name, value in record.items() if name != "hash"})
    seal = hmac.new(key, text, "sha256").hexdigest() if key else hashlib.sha256(text).hexdigest()
    return hmac.compare_digest(seal, record["hash"])


def lines_of(folder):
    for path in [*sorted((folder / "audit").glob("audit-*.jsonl")), folder / "audit" / "audit.jsonl"]:
        *whole, rest = path.read_bytes().split(b"\n") if path.exists() else [b""]
        yield from (line + b"\n" for line in whole)
        if rest:
            yield rest


def verify(folder, key, start=0, stop=None):
    lines, expected, previous = list(lines_of(folder)), 0, "0" * 64
    try:
        head = json.loads((folder / "audit.head").read_text())
    except (OSError, ValueError):
        head = None
    if start:  # the record before the range gives the first link
        before = [i for i, line in enumerate(lines) if b'"index":%d,' % (start - 1) in line]
        if not before:
            return f"missing {start - 1}"
        previous, lines, expected = parsed(lines[before[0]][:-1])["hash"], lines[before[0] + 1:], start
    for at, line in enumerate(lines):
        if stop is not None and expected >= stop:
            return "ok"
        if not line.endswith(b"\n"):
            return f"truncated {expected}"
        record = parsed(line[:-1])
        if record is None:
            return f"malformed {expected}"
        if not is_genuine(record, key):
            return f"bad_hash {expected}"
        if record["index"] != expected:
            later = (parsed(rest[:-1]) for rest in lines[at + 1:])
            comes = record["index"] < expected or any(r and r["index"] == expected and is_genuine(r, key) for r in later)
            return f"{'reordered' if comes else 'missing'} {expected}"
        if record["prev_hash"] != previous or head and head["index"] == expected and head["hash"] != record["hash"]:
            return f"broken_link {expected}"
        expected, previous = expected + 1, record["hash"]
    return f"truncated {expected}" if head and head["index"] >= expected and (stop is None or stop > expected) else "ok"


def arguments():
    parser = argparse.ArgumentParser(description="Verifies an audit log: `ok`, or `<kind> <first bad index>`.")
    parser.add_argument("--serve", action="store_true", help="verify each line `FOLDER [FROM [TO]]` of the input")
    parser.add_argument("folder", type=pathlib.Path, nargs="?", help="the daemon's storage.path (not with --serve)")
    parser.add_argument("keyfile", type=pathlib.Path, help="its audit.key")
    parser.add_argument("start", metavar="from", type=int, nargs="?", default=0, help="first index to check (0)")
    parser.add_argument("stop", metavar="to", type=int, nargs="?", help="first index not to check (the end)")
    given = parser.parse_args()
    if given.serve == (given.folder is not None):
        parser.error("either FOLDER KEYFILE [FROM [TO]] or --serve KEYFILE")
    return given


if __name__ == "__main__":
    given = arguments()
    secret = given.keyfile.read_bytes()
    if given.serve:
        for words in map(str.split, sys.stdin):
            print(verify(pathlib.Path(words[0]), secret, *map(int, words[1:])), flush=True)
    else:
        print(verify(given.folder, secret, given.start, given.stop), flush=True)
