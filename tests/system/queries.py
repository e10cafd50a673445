# SPDX-License-Identifier: Apache-2.0
"""The expressions of the documents behind the contract (queries.tsv), and what of them must have an answer."""

import collections
import csv
import pathlib
import re

import harness

HERE = pathlib.Path(__file__).resolve().parent

Row = collections.namedtuple("Row", "seed place written verdict corrected")

NOT_PROMQL = ("invalid PromQL", "not PromQL (Python)")

# What a daemon can do nothing for, with the reason; this list may only shrink.
EXCEPTIONS = {
    "avg(stream_latency_ms{protocol='webrtc'})": "there is no WebRTC",
}


def rows():
    with open(HERE / "queries.tsv", encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(lines)
        return [Row(*line) for line in lines]


def pending_families():
    """{family: what it waits for}, of the contract of metrics."""
    with open(harness.SOURCE / "tests" / "telemetry" / "contract.tsv", encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(lines)
        return {cells[0]: cells[7] for cells in lines if len(cells) > 7 and cells[7]}


def filled(expression):
    """As Grafana fills in its variables for the last hour."""
    return expression.replace("$__range", "1h").replace("$__rate_interval", "1m")


def names_in(expression):
    """Every word that may be a family's name, without the suffix of a histogram's series."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", expression)
    return {re.sub(r"_(bucket|sum|count)$", "", word) for word in re.findall(r"[a-z_][a-z0-9_]*", bare)} | set(
        re.findall(r"[a-z_][a-z0-9_]*", bare))


def is_threshold(expression):
    """Whether its outermost operator compares: then no answer is a good answer."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", expression)
    depth = 0
    for place, letter in enumerate(bare):
        depth += (letter in "([{") - (letter in ")]}")
        # A matcher's = and != stand within braces.
        if depth == 0 and (letter in "<>" or bare[place:place + 2] in ("==", "!=")):
            return True
    return False


def excuse(row, missing_here):
    """Why this row need not have an answer; empty when it must. `missing_here`: {beginning of a family's name: what this
    machine has not}."""
    names = names_in(row.corrected)
    if row.corrected in EXCEPTIONS:
        return EXCEPTIONS[row.corrected]
    for family, what in pending_families().items():
        if family in names:
            return f"{family} waits for: {what}"
    for beginning, what in missing_here.items():
        if any(name.startswith(beginning) for name in names):
            return what
    return ""
