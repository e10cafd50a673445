# SPDX-License-Identifier: Apache-2.0
"""Alerts that a machine raises by itself, and what must have been seen of the machine before that is believed."""

import os
import shutil
import threading
import time

import host_facts

# These say how busy it is.
PROCESSOR = {"CriticalCPUUsage", "HighCPUUsage", "HighNodeCPU"}
# What becomes late or is left out where others need the processors and disks.
LATE = {"HighDiskLatency", "LowCameraFPS", "HighFrameDropRate", "QueueBacklog", "SlowRingNotification", "AnalyticsJobFailures",
        "HighResponseTime", "SlowAPIResponses", "LatencySLOViolation", "DatabaseSlowQueries"}
MEMORY = {"HighMemoryUsage", "HighNodeMemory"}
DISK = {"DiskSpaceCritical", "DiskSpaceWarning", "DiskSpaceLow", "RecordingsVolumeLow"}
# What its sensors read, and nothing else.
SENSORS = {"HighTemperature", "HardwareThrottled"}
HARDLY_FREE = 0.2  # of the whole; the alerts want less
LONG = 2  # s for which nobody was let run: what takes a moment took so long

_held = []  # when such a time ended
_watching = []


def watch():
    """From now on seen() knows, too, when a process that wants to run ten times a second was not let run. Such a machine need not
    be one of a high load: its own host or its disk may have held it."""
    def beat():
        last = time.monotonic()
        while True:
            time.sleep(0.1)
            now = time.monotonic()
            if now - last > LONG:
                _held.append(now)
            last = now
    if not _watching:
        _watching.append(threading.Thread(target=beat, daemon=True))
        _watching[0].start()


def seen(prometheus, seconds, fired, daemon):
    """(what of {"busy", "held", "memory", "disk"} it was, or was short of, and the highest load of a minute), as others than the
    daemon saw it over so many seconds: node_exporter, the kernel and watch(); and the alerts on the processors."""
    found = set()
    load = prometheus.number(f"max(max_over_time(node_load1[{seconds:.0f}s]))") or 0
    if fired & PROCESSOR or load > os.cpu_count():
        found.add("busy")
    if any(at > time.monotonic() - seconds for at in _held):
        found.add("held")
    free = prometheus.number(f"min(min_over_time(node_memory_MemAvailable_bytes[{seconds:.0f}s]) / node_memory_MemTotal_bytes)")
    if (free is not None and free < HARDLY_FREE) or group_is_full(daemon):
        found.add("memory")
    disks = [shutil.disk_usage(place) for place in ("/", daemon.state)]
    if any(disk.free < HARDLY_FREE * disk.total for disk in disks):
        found.add("disk")
    return found, load


def group_is_full(daemon):
    group = host_facts.control_group(daemon.process.pid)
    try:
        used, limit = ((group / name).read_text().strip() for name in ("memory.current", "memory.max"))
    except (OSError, TypeError):
        return False  # it has no group, or the group no account
    return limit != "max" and int(used) > (1 - HARDLY_FREE) * int(limit)


def excused(found):
    """The alerts that such a machine may have raised."""
    names = set(SENSORS)
    if "busy" in found:
        names |= PROCESSOR | LATE
    if "held" in found:
        names |= LATE
    if "memory" in found:
        names |= MEMORY
    if "disk" in found:
        names |= DISK
    return names
