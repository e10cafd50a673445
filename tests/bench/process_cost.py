# SPDX-License-Identifier: Apache-2.0
"""What processes cost, by the kernel's own account in /proc."""

import pathlib
import time


def tree(pid):
    """A process and what it started."""
    children = [int(c) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for c in (task / "children").read_text().split()]
    return [pid] + [p for child in children for p in tree(child)]


def cpu_by_kind(pids):
    """{kind of thread: processor seconds} of all threads that live; `decoder` stands for decoder-front, decoder-back, …"""
    kinds = {}
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            kind = (task / "comm").read_text().strip().partition("-")[0]
            kinds[kind] = kinds.get(kind, 0) + int((task / "schedstat").read_text().split()[0]) / 1e9
    return kinds


def pss_mb(pids):
    """Memory, what is shared divided by who shares it."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


class Cost:
    """Of processes, from the making of this on until it is asked."""

    def __init__(self, pids):
        self.pids, self.begun, self.before = pids, time.monotonic(), cpu_by_kind(pids)

    def end(self):
        after = cpu_by_kind(self.pids)
        self.kinds = {kind: after[kind] - self.before.get(kind, 0) for kind in after}
        self.cpu = sum(self.kinds.values())
        self.passed = time.monotonic() - self.begun
        self.pss = pss_mb(self.pids)
        return self

    def parts(self, least=0.03):
        """'ingest 41 %, …': who needed it, from `least` of all on."""
        shares = sorted(((cpu / self.cpu, kind) for kind, cpu in self.kinds.items()), reverse=True)
        return ", ".join(f"{kind} {100 * share:.0f} %" for share, kind in shares if share >= least)
