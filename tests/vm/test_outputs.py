# SPDX-License-Identifier: Apache-2.0
"""A chime at a kernel's GPIO chip under the installed service, and what the line does when the daemon dies in the middle of it.

The simulated chip lets a line that is given back fall to its pull, which is down here, as Debian's driver of the Raspberry Pi does; that a
line which the driver keeps up is switched off too is tests/system/test_outputs.py's.
"""

import json

import rig

LINE = 27


def configuration():
    settings = json.loads(rig.configuration())
    settings["outputs"] = [{"id": "chime", "line": LINE, "on": "ring", "pulse": "30s"}]
    return json.dumps(settings, indent=1)


class OutputTest(rig.MachineTest):

    configuration = configuration()

    def level_file(self):
        return self.machine.out(f"ls /sys/devices/platform/*/{self.chip()}/sim_gpio{LINE}/value")

    def level(self):
        return int(self.machine.out(f"cat {self.level_file()}"))

    def chime(self):
        """Rings, and waits for the line."""
        self.wait_for(lambda: self.output()["state"] == "off", 60, "the chime's line")
        self.assertEqual(self.level(), 0)
        self.ring()
        self.wait_for(lambda: self.level() == 1, 20, "the line to be driven")

    def output(self):
        return next(o for o in self.status()["outputs"] if o["id"] == "chime")

    def test_press_drives_the_line(self):
        self.wait_for_state("idle")
        self.wait_for(lambda: self.output()["state"] == "off", 60, "the chime's line")
        self.button("press")
        self.wait_for(lambda: self.level() == 1, 20, "the line to be driven")
        self.machine.run("systemctl restart porchlight")
        self.assertEqual(self.level(), 0, "an orderly stop switches everything off")

    def test_killed_daemon_leaves_nothing_on(self):
        self.chime()
        seen = self.machine.out(f"""
            file={self.level_file()}
            before=$(systemctl show porchlight -P NRestarts)
            systemctl kill -s KILL --kill-who=main porchlight
            while [ "$(systemctl show porchlight -P NRestarts)" = "$before" ]; do
              last="$(cat $file) $(systemctl show porchlight -P ExecStopPost)"
            done
            echo "$last"
        """)
        self.assertEqual(seen[0], "0", "30 s were not over, and no daemon had started again")
        self.assertRegex(seen, r"outputs rest.*code=exited ; status=0", "under the unit's own restrictions")
        self.machine.wait_until("porchlight status --json", 120, "the next daemon")
        self.wait_for(lambda: self.output()["state"] == "off", 60, "the next daemon to have the line")
        self.assertEqual(self.level(), 0, "a pulse that was cut off does not come back")

    def test_rest_keeps_off_a_button(self):
        settings = json.loads(configuration())
        settings["outputs"].append({"id": "lamp", "chip": self.chip(), "line": 17, "on": "idle"})
        self.addCleanup(self.configure, configuration())
        self.configure(json.dumps(settings))
        self.wait_for_state("idle")
        before = len(self.rings())
        self.button("press")
        self.wait_for(lambda: len(self.rings()) > before, 20, "the ring of a button whose line an output wants")
        self.assertIn("used by another program", self.machine.out("porchlight outputs list"))
        self.machine.run("systemctl stop porchlight")
        rested = self.machine.run("porchlight outputs rest", check=False)
        self.assertNotEqual(rested.returncode, 0)
        self.assertIn("the line of the button 'front'", rested.stderr + rested.stdout)


if __name__ == "__main__":
    rig.main()
