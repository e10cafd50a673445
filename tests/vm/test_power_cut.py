# SPDX-License-Identifier: Apache-2.0
"""The plug is pulled at random moments, on a disk whose cache is volatile."""

import time

import cut_rig
import rig

CUTS = 5


class PowerCutTest(cut_rig.PlugTest):
    """A daemon that acknowledges before its sync loses rings here, as `appender.py unsynced` loses lines under the same cuts."""

    configuration = rig.configuration(debounce="10ms")

    def answer(self, status):
        (self.machine.share / "answer").write_text(str(status))

    def load(self, cut):
        for kind in ("synced", "unsynced"):
            self.append(kind, cut)
        self.machine.run("systemd-run -q --unit=train python3 -B /tools/button.py train 1000 200 60")
        self.machine.run("systemd-run -q --unit=ringer python3 -B /tools/ringer.py")

    def test_acknowledged_rings_survive_five_cuts_and_are_delivered(self):
        chance = cut_rig.randomness()
        unsynced_lost = 0
        self.start()
        for cut in range(CUTS):
            # Every other time nothing is delivered before the cut: all of it must come out of the database.
            self.answer(503 if cut % 2 else 200)
            known = len(self.lines("acknowledged"))
            self.load(cut)
            self.wait_for(lambda: len(self.lines("acknowledged")) > known + 5, 60, "acknowledged rings")
            time.sleep(chance.uniform(0.5, 8))
            requests, lost, _ = self.pull_the_plug(chance.random())
            self.answer(200)
            self.start()
            missing = {kind: self.appended_and_lost(kind, cut) for kind in ("synced", "unsynced")}
            unsynced_lost += missing["unsynced"]
            acknowledged = set(self.lines("acknowledged"))
            self.wait_until_all_are_stored_and_delivered(acknowledged)
            print(f"cut {cut + 1}: {requests} requests to the disk, {lost} lost in its cache; {len(acknowledged) - known} rings acknowledged, "
                  f"all there; of the control's lines lost: {missing['synced']} synced, {missing['unsynced']} unsynced")
            self.assertEqual(missing["synced"], 0)
        self.assertGreater(unsynced_lost, 0, "the cuts lose nothing at all: this test could not fail")

    def wait_until_all_are_stored_and_delivered(self, acknowledged):
        self.assertEqual(acknowledged - {e["id"] for e in self.stored(type="ring")}, set(), "acknowledged and not in the database")
        self.wait_for(lambda: acknowledged <= {m["event"]["id"] for m in self.messages(type="ring")}, 180, "every acknowledged ring's message")


if __name__ == "__main__":
    rig.main()
