# SPDX-License-Identifier: Apache-2.0
"""A control group of our own with a memory limit, and a daemon in it."""

import contextlib
import os
import pathlib
import subprocess
import time

import harness

ROOT = pathlib.Path("/sys/fs/cgroup")
LIMIT = 768 << 20
FULL = 0.96  # of the limit; the alert wants 0.9
HOG = "import sys, time; held = bytearray(b'x') * int(sys.argv[1]); print('held', flush=True); time.sleep(3600)"


def missing():
    """Why no memory can be limited here; empty when it can."""
    if os.geteuid() != 0:
        return "not root: no control group was made, and no memory limited"
    if not (ROOT / "cgroup.controllers").exists():
        return "control groups of version 2 alone are not mounted here: no memory was limited"
    if "memory" not in (ROOT / "cgroup.subtree_control").read_text().split():
        return "the memory controller is not handed on to control groups here: no memory was limited"
    try:
        Group().close()
    except OSError as fault:
        return f"no control group can be made here ({fault}): no memory was limited"
    return ""


class Group:
    """A control group with a memory limit and no swap."""

    def __init__(self):
        self.folder = ROOT / f"porchlight-fault-{os.getpid()}"
        self.folder.mkdir()
        try:
            self.set("memory.max", LIMIT)
            if (self.folder / "memory.swap.max").exists():
                self.set("memory.swap.max", 0)
        except OSError:
            self.folder.rmdir()
            raise
        self.hog = None

    def set(self, name, value):
        (self.folder / name).write_text(f"{value}\n")

    def used(self):
        return int((self.folder / "memory.current").read_text())

    @contextlib.contextmanager
    def entered(self):
        """What is started meanwhile begins its life in the group: memory is counted where it was first touched."""
        line = pathlib.Path("/proc/self/cgroup").read_text().strip()
        before = ROOT / line.removeprefix("0::/")
        self.set("cgroup.procs", os.getpid())
        try:
            yield
        finally:
            (before / "cgroup.procs").write_text(f"{os.getpid()}\n")

    def fill(self):
        """A neighbour in the group takes nearly all that the daemon has left of it."""
        self.relieve()
        with self.entered():
            self.hog = subprocess.Popen(["/usr/bin/python3", "-c", HOG, str(int(LIMIT * FULL) - self.used())], stdout=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, text=True, preexec_fn=harness.end_with_us)
        if self.hog.stdout.readline().strip() != "held":
            raise AssertionError(f"what should fill the memory ended with {self.hog.wait()}")

    def relieve(self):
        if self.hog:
            self.hog.kill()
            self.hog.wait()
            self.hog.stdout.close()
            self.hog = None

    def close(self):
        """After its daemon has ended."""
        self.relieve()
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.folder.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
