# SPDX-License-Identifier: Apache-2.0
"""What the daemon says of its footage, from its index: footage.py rows | watch FILE

`rows` prints it as JSON. `watch` tells the host, on the share, until the machine dies: every 50 ms this machine's CLOCK_MONOTONIC, each second
what the rows of open segments say is on the medium, every 3 s how long the longest sync of the run took at most.
"""

import contextlib
import json
import os
import pathlib
import re
import sqlite3
import sys
import time
import urllib.request

INDEX = "file:/var/lib/porchlight/footage.db?mode=ro"
BOOT = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
SYNCS = re.compile(r'disk_io_latency_ms_bucket\{.*operation="sync".*le="([^"]+)"\} (\d+)')


def table(db, name, columns):
    return [dict(zip(columns.split(", "), row)) for row in db.execute(f"SELECT {columns} FROM {name} ORDER BY boot")]


def rows():
    with contextlib.closing(sqlite3.connect(INDEX, uri=True)) as db:
        return {"boot_id": BOOT, "now": now(), "boots": table(db, "boots", "boot, boot_id, zero_ms"),
                "segments": table(db, "segments", "camera, file, state, boot, begin_ms, end_ms, bytes, frames"),
                "gaps": table(db, "gaps", "camera, cause, boot, begin_ms, end_boot, end_ms")}


def now():
    return time.monotonic_ns() // 1_000_000


def longest_sync():
    """The bound in ms of the histogram's slowest class that anything is in."""
    text = urllib.request.urlopen("http://127.0.0.1:8000/metrics", timeout=30).read().decode()
    bounds = [(float(bound), int(count)) for bound, count in SYNCS.findall(text)]
    return min((bound for bound, count in bounds if count == max(c for _, c in bounds)), default=0)


def watch(path):
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def tell(**what):
        os.write(file, json.dumps({"now": now(), **what}).encode() + b"\n")

    tell(boot=BOOT)
    for turn in range(1 << 30):
        tell()
        if turn % 20 == 0:
            for row in rows()["segments"]:
                if row["state"] == 0:
                    tell(file=row["file"], frames=row["frames"], bytes=row["bytes"])
        if turn % 60 == 0:
            tell(sync_ms=longest_sync())
        time.sleep(0.05)


if sys.argv[1] == "rows":
    print(json.dumps(rows()))
else:
    watch(sys.argv[2])
