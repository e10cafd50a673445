# SPDX-License-Identifier: Apache-2.0
"""The plug is pulled at random moments, on a disk whose cache is volatile."""

import os
import pathlib
import random
import subprocess
import tempfile
import time

import rig
import volatile_cache

CUTS = 5
VOLUME = "/var/lib/porchlight"


class PowerCutTest(rig.MachineTest):
    """The daemon's folder is a disk of its own, rebuilt after each cut from the log of its writes: a daemon that acknowledges
    before its sync loses rings here, as `appender.py unsynced` loses lines under the same cuts."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-vm-")
        cls.addClassCleanup(folder.cleanup)
        cls.disk = pathlib.Path(folder.name) / "data.img"
        cls.before = cls.disk.with_suffix(".before")
        cls.log = cls.disk.with_suffix(".log")
        with open(cls.disk, "wb") as file:
            file.truncate(256 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-L", "data", cls.disk], check=True)
        cls.machine = rig.boot(rig.installed_disk(), volatile_cache.drive(cls.disk, cls.log), what=f"{cls.__name__}: start")
        cls.addClassCleanup(cls.machine.close)
        cls.machine.run(f"systemctl stop porchlight && echo 'LABEL=data {VOLUME} ext4 defaults 0 2' >>/etc/fstab && "
                        f"systemctl daemon-reload && mount {VOLUME}")
        cls.configure(rig.configuration(debounce="10ms"))
        cls.machine.stop()

    def lines(self, name):
        path = self.machine.share / name
        # A line that the cut left half written was not acknowledged.
        return [line for line in path.read_text().split("\n")[:-1]] if path.exists() else []

    def answer(self, status):
        (self.machine.share / "answer").write_text(str(status))

    def load(self, cut):
        self.machine.wait_until("porchlight status --json", 60, "the daemon")
        for kind in ("synced", "unsynced"):
            self.machine.run(f"systemd-run -q --unit={kind} python3 -B /tools/appender.py {kind} {VOLUME}/{kind}.{cut}")
        self.machine.run("systemd-run -q --unit=train python3 -B /tools/button.py train 1000 200 60")
        self.machine.run("systemd-run -q --unit=ringer python3 -B /tools/ringer.py")

    def pull_the_plug(self, seed):
        self.machine.cut()
        after = self.disk.with_suffix(".after")
        requests, lost = volatile_cache.after_a_cut(self.before, self.log, after, seed)
        after.rename(self.disk)
        return requests, lost

    def start(self):
        volatile_cache.copy(self.disk, self.before)
        self.log.write_bytes(b"")
        self.machine.start()
        rig.note_time("PowerCutTest: start after a cut", self.machine.boots[-1])

    def kept(self, cut):
        """How many of the appenders' acknowledged lines are not on the volume."""
        missing = {}
        for kind in ("synced", "unsynced"):
            there = set(self.machine.out(f"cat {VOLUME}/{kind}.{cut} 2>/dev/null || :").split())
            missing[kind] = len(set(self.lines(f"{kind}.{cut}")) - there)
        return missing

    def test_acknowledged_rings_survive_five_cuts_and_are_delivered(self):
        seed = int(os.environ.get("PORCHLIGHT_SEED", random.SystemRandom().randrange(1 << 32)))
        print(f"PORCHLIGHT_SEED={seed}")
        chance = random.Random(seed)
        unsynced_lost = 0
        self.start()
        for cut in range(CUTS):
            # Every other time nothing is delivered before the cut: all of it must come out of the database.
            self.answer(503 if cut % 2 else 200)
            known = len(self.lines("acknowledged"))
            self.load(cut)
            self.wait_for(lambda: len(self.lines("acknowledged")) > known + 5, 60, "acknowledged rings")
            time.sleep(chance.uniform(0.5, 8))
            requests, lost = self.pull_the_plug(chance.random())
            self.answer(200)
            self.start()
            missing = self.kept(cut)
            unsynced_lost += missing["unsynced"]
            acknowledged = set(self.lines("acknowledged"))
            self.wait_until_all_are_stored_and_delivered(acknowledged)
            print(f"cut {cut + 1}: {requests} requests to the disk, {lost} lost in its cache; {len(acknowledged) - known} rings acknowledged, "
                  f"all there; of the control's lines lost: {missing['synced']} synced, {missing['unsynced']} unsynced")
            self.assertEqual(missing["synced"], 0)
        self.assertGreater(unsynced_lost, 0, "the cuts lose nothing at all: this test could not fail")

    def wait_until_all_are_stored_and_delivered(self, acknowledged):
        self.machine.wait_until("porchlight status --json", 60, "the daemon after the cut")
        self.assertEqual(acknowledged - {e["id"] for e in self.stored(type="ring")}, set(), "acknowledged and not in the database")
        self.wait_for(lambda: acknowledged <= {m["event"]["id"] for m in self.messages(type="ring")}, 180, "every acknowledged ring's message")


if __name__ == "__main__":
    rig.main()
