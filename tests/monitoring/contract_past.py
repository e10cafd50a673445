# SPDX-License-Identifier: Apache-2.0
"""A past for Prometheus that has every family of the contract, with every value of its closed sets: no daemon is needed for it."""

import csv
import itertools
import json

import shipped

CONTRACT = shipped.SOURCE / "tests" / "telemetry" / "contract.tsv"
TARGET = {"job": "doorbell", "instance": "house:8000", "node": "house", "track": "production"}
OPEN = {"sensor": "cpu-thermal", "mount_point": "/", "device": "mmcblk0"}
DAY = 24 * 3600


def rows():
    """(name, type, {label: [value]}, [bound]) of each family that this version exposes."""
    with open(CONTRACT, encoding="utf-8", newline="") as file:
        for row in itertools.islice(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1, None):
            if row and not (len(row) > 7 and row[7].strip()):
                yield row[0], row[1], labels_of(row[3]), [bound for bound in row[4].split(",") if bound]


def labels_of(text):
    """What the configuration or the machine closes has one value."""
    return {label: values if isinstance(values, list) else [OPEN.get(label, "front")] for label, values in json.loads(text).items()}


def moments(end):
    """Each half minute of the last ten, each full hour of two days, and twelve o'clock twice a day of two weeks, because subqueries
    look at full hours; and an hour and a day ago, for `offset`."""
    hour = int(end - 600) // 3600 * 3600
    noon = int(end - 3 * DAY) // (DAY // 2) * (DAY // 2)
    coarse = [noon - step * DAY // 2 for step in range(24, -1, -1)]
    hourly = [hour - step * 3600 for step in range(48, -1, -1)]
    fine = [end - step * 30 for step in range(20)]
    return sorted({*coarse, *hourly, *fine, end - 3600, end - DAY})


def lines_of(name, kind, labels, bounds, when):
    """A family's samples: what counts grows from 0 by one a moment, the rest is 1."""
    grows = kind in ("counter", "histogram")
    suffixes = [""] if kind != "histogram" else ["_bucket"] * (len(bounds) + 1) + ["_sum", "_count"]
    edges = [None] if kind != "histogram" else [*bounds, "+Inf", None, None]
    for values in itertools.product(*labels.values()):
        own = {**TARGET, **dict(zip(labels, values))}
        for suffix, edge in zip(suffixes, edges):
            full = own if edge is None else {**own, "le": edge}
            inside = ",".join(f'{label}="{value}"' for label, value in full.items())
            yield from (f"{name}{suffix}{{{inside}}} {number if grows else 1} {at:.3f}" for number, at in enumerate(when))


def openmetrics(end):
    """All of it as OpenMetrics text; untyped, because some names of the contract are none there."""
    when = moments(end)
    lines = [line for row in rows() for line in lines_of(*row, when)]
    own = ",".join(f'{label}="{value}"' for label, value in TARGET.items())
    lines += [f"up{{{own}}} 1 {at:.3f}" for at in when]
    return "\n".join(lines) + "\n# EOF\n"
