# SPDX-License-Identifier: Apache-2.0
"""A machine whose plug is pulled: the daemon's folder is a disk of its own with a volatile cache, rebuilt after each cut from the log of its
writes. The system's disk begins each time as it was set up."""

import os
import pathlib
import random
import subprocess
import tempfile
import time

import rig
import volatile_cache

VOLUME = "/var/lib/porchlight"


def randomness():
    """Of moments and losses; repeated with what it prints."""
    seed = int(os.environ.get("PORCHLIGHT_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"PORCHLIGHT_SEED={seed}", flush=True)
    return random.Random(seed)


class PlugTest(rig.MachineTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-vm-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.disk = cls.folder / "data.img"
        cls.before = cls.disk.with_suffix(".before")
        cls.log = cls.disk.with_suffix(".log")
        with open(cls.disk, "wb") as file:
            file.truncate(256 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-L", "data", cls.disk], check=True)
        drives = [*volatile_cache.drive(cls.disk, cls.log), *cls.drives]
        cls.machine = rig.boot(rig.installed_disk(), drives, what=f"{cls.__name__}: start")
        cls.addClassCleanup(cls.machine.close)
        cls.machine.run(f"systemctl stop porchlight && echo 'LABEL=data {VOLUME} ext4 defaults 0 2' >>/etc/fstab && "
                        f"systemctl daemon-reload && mount {VOLUME}")
        cls.set_up()
        cls.machine.stop()
        cls.system = cls.machine.disk

    @classmethod
    def set_up(cls):
        """The running machine, before its first cut."""
        cls.configure(cls.configuration)

    def lines(self, name):
        path = self.machine.share / name
        # A line that the cut left half written was not acknowledged.
        return [line for line in path.read_text().split("\n")[:-1]] if path.exists() else []

    def append(self, kind, cut):
        """The control, `synced` or `unsynced`: must not lose what it acknowledged, must lose some of it."""
        self.machine.run(f"systemd-run -q --unit={kind} python3 -B /tools/appender.py {kind} {VOLUME}/{kind}.{cut}")

    def appended_and_lost(self, kind, cut):
        """How many of the control's acknowledged lines are not on the volume."""
        there = set(self.machine.out(f"cat {VOLUME}/{kind}.{cut} 2>/dev/null || :").split())
        return len(set(self.lines(f"{kind}.{cut}")) - there)

    def pull_the_plug(self, seed):
        """(requests to the disk, how many of them were lost, the moment by time.monotonic())."""
        moment = time.monotonic()
        self.machine.cut()
        after = self.disk.with_suffix(".after")
        requests, lost = volatile_cache.after_a_cut(self.before, self.log, after, seed)
        after.rename(self.disk)
        return requests, lost, moment

    def start(self):
        volatile_cache.copy(self.disk, self.before)
        self.log.write_bytes(b"")
        system = self.folder / "system.qcow2"
        system.unlink(missing_ok=True)
        self.machine.disk = rig.over(self.system, system)
        self.machine.start()
        rig.note_time(f"{type(self).__name__}: start after a cut", self.machine.boots[-1])
        self.machine.wait_until("porchlight status --json", 120, "the daemon")
