# SPDX-License-Identifier: Apache-2.0
"""The plug is pulled ten times while a camera is recorded: what it costs, and that the ledger says it."""

import json
import time
import unittest

import cut_rig
import footage_rig
import numbered
import rig

CUTS = 10
SLACK = 500  # ms: a picture, and an emulator that has other things to do


class Watched:
    """What the machine told until it died (guest/footage.py watch)."""

    def __init__(self, path, moment):
        lines = [json.loads(line) for line in path.read_text().split("\n")[:-1]]
        self.boot = lines[0]["boot"]
        # Its last word left the machine when the host's file changed: that ties the two clocks.
        silent = moment - (path.stat().st_mtime - time.time() + time.monotonic())
        self.silent_ms = silent * 1000
        self.cut_ms = lines[-1]["now"] + self.silent_ms
        self.longest_sync_ms = max((line["sync_ms"] for line in lines if "sync_ms" in line), default=0)
        self.said = {line["file"]: line for line in lines if "file" in line}


class FootageCutsTest(footage_rig.Recorded, cut_rig.PlugTest):
    drives = numbered.NETWORK

    @classmethod
    def setUpClass(cls):
        if numbered.missing():
            raise unittest.SkipTest(numbered.missing())
        super().setUpClass()

    @classmethod
    def set_up(cls):
        cls.camera = numbered.camera(cls, cls.folder)
        numbered.join(cls.machine)
        whole = json.loads(rig.configuration())
        whole["cameras"] = [numbered.settings(cls.camera)]
        whole["recording"] = {"segment": "10s"}  # so that some are finished while the plug is pulled
        cls.configure(json.dumps(whole, indent=1))

    def wait_for_recording(self):
        """Until a segment of this boot is in the index."""
        def recorded():
            rows = self.rows()
            boot = next(b["boot"] for b in rows["boots"] if b["boot_id"] == rows["boot_id"])
            return rows if any(s["boot"] == boot for s in rows["segments"]) else None
        return self.wait_for(recorded, 180, "a segment")

    def record_and_cut(self, cut, chance):
        self.machine.run(f"systemd-run -q --unit=watch python3 -B /tools/footage.py watch /rig/watch.{cut}")
        self.append("unsynced", cut)  # alone: a sync beside the recorder's would be one for both
        self.wait_for(lambda: len(self.lines(f"watch.{cut}")) > 40, 60, "the watch")
        time.sleep(chance.uniform(0.5, 20))
        requests, lost, moment = self.pull_the_plug(chance.random())
        return requests, lost, Watched(self.machine.share / f"watch.{cut}", moment)

    def gap_of(self, rows, watched):
        """The one gap that the cut left."""
        boot = next(b["boot"] for b in rows["boots"] if b["boot_id"] == watched.boot)
        gaps = [g for g in rows["gaps"] if g["boot"] == boot]
        self.assertEqual([g["cause"] for g in gaps], ["power_cut"], gaps)
        self.assertGreater(gaps[0]["end_boot"], boot)
        return gaps[0]

    def expect_kept(self, rows, watched):
        """What rows said to be on the medium. How many of them there were."""
        now = {s["file"]: s for s in rows["segments"]}
        for file, said in watched.said.items():
            self.assertIn(file, now, "a segment of which the index had told is gone")
            self.assertGreaterEqual(now[file]["frames"], said["frames"], f"{file}: {now[file]}, and it had been said: {said}")
        return sum(said["frames"] for said in watched.said.values())

    def after(self, cut, watched):
        """The machine has started again: (what the cut cost in ms, the pictures whose keeping had been told)."""
        ring = self.ring()
        self.wait_for(lambda: self.messages(id=ring), 120, "the message of a ring after the cut")
        rows = self.wait_for_recording()
        self.expect_good()
        self.assertLess(watched.silent_ms, 3000, "the watch did not run until the cut")
        cost = watched.cut_ms - self.gap_of(rows, watched)["begin_ms"]
        allowed = max(2000, 1000 + watched.longest_sync_ms) + SLACK
        self.assertGreater(cost, -SLACK, "the footage is longer than the run")
        self.assertLess(cost, allowed, f"cut {cut + 1} cost {cost:.0f} ms")
        return cost, self.expect_kept(rows, watched)

    def test_ten_cuts_cost_a_fragment_and_a_running_sync_each(self):
        chance = cut_rig.randomness()
        costs, syncs, unsynced = [], [], 0
        self.start()
        self.wait_for_recording()
        for cut in range(CUTS):
            requests, lost, watched = self.record_and_cut(cut, chance)
            self.start()
            cost, told = self.after(cut, watched)
            costs.append(cost)
            syncs.append(watched.longest_sync_ms)
            control = self.appended_and_lost("unsynced", cut)
            unsynced += control
            print(f"cut {cut + 1}: {requests} requests to the disk, {lost} lost in its cache; cost {cost:.0f} ms of footage; {told} pictures that had been "
                  f"told of are there; no sync above {watched.longest_sync_ms:.0f} ms; {control} lines of the control lost", flush=True)
        self.assertGreater(unsynced, 0, "the cuts lose nothing at all: this test could not fail")
        self.expect_all_accounted()
        print(f"{CUTS} cuts: the worst cost {max(costs):.0f} ms of footage; no sync above {max(syncs):.0f} ms", flush=True)

    def expect_all_accounted(self):
        self.machine.run("systemctl stop porchlight")
        self.expect_good()
        log = self.machine.out("journalctl -b -u porchlight -o cat --no-pager | grep 'recorder ends'")
        print(f"longest sync of the last run: {json.loads(log.splitlines()[-1])['context']['longest_sync_ms']:.0f} ms", flush=True)
        stretches = self.account({"power_cut", "stopped"})
        self.assertEqual([row.get("cause") for row, _ in stretches].count("power_cut"), CUTS)
        pictures = sum(len(numbers) for _, numbers in stretches)
        print(f"{pictures} pictures in {sum('file' in row for row, _ in stretches)} segments, all others of {len(self.camera.drawn())} in gaps", flush=True)


if __name__ == "__main__":
    rig.main()
