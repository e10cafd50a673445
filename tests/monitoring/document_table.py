# SPDX-License-Identifier: Apache-2.0
"""The table of docs/monitoring-rows.md: each row of the five monitoring documents, what stands for it here, and what tests it."""

import functools
import re
import subprocess

import shipped

PAGE = shipped.SOURCE / "docs" / "monitoring-rows.md"
LINE = re.compile(r"^\| (\d{3}) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", re.M)
FILE = re.compile(r"\.(alloy|conf|ini|json|md|ndjson|py|service|sh|tsv|ya?ml)$")
CODE = re.compile(r"`([^`]+)`")
PAGES = "monitoring.RowsTest"  # the test of pages alone
PENDING = {"tracing", "WebRTC", "backups", "updates", "synthetic transactions", "number plates"}


def entries(text):
    """{(document, place, row): (where, test)}; a row twice is a fault of its own."""
    found = {}
    for document, place, row, where, test in LINE.findall(text):
        if (document, place, row) in found:
            raise AssertionError(f"twice: {document} {place}: {row}")
        found[document, place, row] = (where, test)
    return found


def reasons(text):
    """The reasons why not, of the list at the head of the page."""
    return set(re.findall(r"^- \*\*(.+?)\*\*", text, re.M))


@functools.cache
def suites():
    """The names of all tests: classes of Python's, suites of GoogleTest's."""
    listed = subprocess.run(["git", "ls-files", "-z", "tests"], cwd=shipped.SOURCE, capture_output=True, check=False).stdout.decode()
    files = [shipped.SOURCE / name for name in listed.split("\0") if name] or list((shipped.SOURCE / "tests").rglob("*.*"))
    names = set()
    for file in files:
        if file.suffix == ".py" and file.exists():
            names |= set(re.findall(r"^class (\w+)\(", file.read_text(encoding="utf-8"), re.M))
        elif file.suffix == ".cpp" and file.exists():
            names |= set(re.findall(r"^(?:TYPED_)?TEST(?:_[FP])?\(\s*(\w+),", file.read_text(encoding="utf-8"), re.M))
    return names


@functools.cache
def text_of(path):
    """What stands in a file, or in all of a folder."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def is_file(name):
    return re.fullmatch(r"/?[\w./-]+", name) and ("/" in name or FILE.search(name))


def fault_of_where(where):
    """What is wrong with the files that a row names; empty when nothing is. A name without a folder stands beside the one before;
    what is no file (an option, a key, a metric) stands in the file before it."""
    folder = path = None
    for name in CODE.findall(where):
        if not is_file(name):
            if path is None or name not in text_of(path):
                return f"{name} does not stand there"
            continue
        if name.startswith("/") or "/" not in name:
            path = (folder / name.lstrip("/")) if folder else None
        else:
            path = shipped.SOURCE / name
        if path is None or not path.exists():
            return f"there is no {name}"
        if not name.startswith("/"):
            folder = path if path.is_dir() else path.parent
    return "" if CODE.search(where) else "it names no file"


def fault_of(where, test, known_reasons):
    """What is wrong with an entry; empty when nothing is."""
    if not test.strip():
        return "it has no test and no reason"
    if test.startswith("not: "):
        return "" if test[5:] in known_reasons else f"no such reason: {test[5:]}"
    if test.startswith("later: "):
        return "" if test[7:] in PENDING else f"nothing waits for: {test[7:]}"
    if test.strip() == f"`{PAGES}`" and all(is_file(name) for name in CODE.findall(where)):
        return "nothing but this table watches it: it has to say which words stand there"
    named = CODE.findall(test)
    absent = [name for name in named if name.split(".")[-1] not in suites()]
    if not named or absent:
        return f"no such test: {', '.join(absent) or test}"
    return fault_of_where(where)
