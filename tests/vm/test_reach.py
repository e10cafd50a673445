# SPDX-License-Identifier: Apache-2.0
"""A sandbox may cost no function. What the daemon does not do yet is tried by a probe that runs under the properties of the
installed unit, read from its file. Each probe has its control: one property taken away, and it fails."""

import json
import re
import shlex

import rig

# Not the sandbox: how the service is run and what it leaves; a second unit must not own the same /run.
HOW_IT_RUNS = re.compile(r"Type|NotifyAccess|Exec\w+|Restart\w*|WatchdogSec|Timeout\w+|RuntimeDirectory\w*|OOMPolicy|Environment")


def service_properties(unit):
    """[(key, value)] of the section [Service], as the file has them."""
    section = unit.partition("[Service]\n")[2].partition("\n[")[0]
    pairs = [line.split("=", 1) for line in section.splitlines() if re.match(r"[A-Z]\w*=", line)]
    return [(key, value) for key, value in pairs if not HOW_IT_RUNS.fullmatch(key)]


class ReachTest(rig.MachineTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.properties = service_properties(cls.machine.out("cat $(systemctl show porchlight -P FragmentPath)"))

    def probe(self, *arguments, without=None, instead=(), appearing=""):
        """Runs a probe. `without`: the property, or key=value, that is left out; `appearing`: what happens once it waits."""
        kept = [(k, v) for k, v in self.properties if without not in (k, f"{k}={v}")]
        if without:
            self.assertLess(len(kept), len(self.properties), f"the unit has no {without}")
        options = " ".join(shlex.quote(f"--property={k}={v}") for k, v in [*kept, *instead])
        command = f"systemd-run --quiet --wait --pipe --collect --unit=probe {options} /usr/bin/python3 -B /tools/probe.py {shlex.join(arguments)}"
        if appearing:
            command = (f"{command} >/run/probe.out 2>&1 & for i in $(seq 300); do grep -q waiting /run/probe.out && break; sleep 0.1; done; "
                       f"{appearing}; wait $!; s=$?; cat /run/probe.out; exit $s")
        return self.machine.run(f"rm -f /run/probe.out; {command}", check=False, seconds=180)

    def assert_works(self, *arguments, **how):
        done = self.probe(*arguments, **how)
        self.assertEqual(done.returncode, 0, done)

    def assert_refused(self, *arguments, **how):
        done = self.probe(*arguments, **how)
        self.assertNotEqual(done.returncode, 0, f"the control of {arguments} passes: its property is not what the function needs")
        return done.stdout + done.stderr

    def test_the_parser_sees_the_whole_sandbox(self):
        keys = {key for key, _ in self.properties}
        self.assertLessEqual({"User", "SupplementaryGroups", "ProtectSystem", "DevicePolicy", "DeviceAllow", "SystemCallFilter",
                              "CapabilityBoundingSet", "RestrictAddressFamilies", "MemoryDenyWriteExecute"}, keys)
        self.assertGreater(len(self.properties), 35)

    def test_probe_is_confined_as_the_unit_is(self):
        self.assert_works("state")
        for path in ("/usr/bin/porchlight", rig.CONFIGURATION, "/etc/hosts", "/root/x", "/var/lib/dpkg/status"):
            self.assert_refused("elsewhere", path)

    def test_camera_plugged_in_later_gives_a_frame(self):
        plug, unplug = "modprobe vivid n_devs=1 node_types=0x1", "modprobe -r vivid; udevadm settle"
        self.addCleanup(self.machine.run, unplug, check=False)
        self.assert_works("video", appearing=plug)
        self.machine.run(unplug)
        self.assertIn("not permitted", self.assert_refused("video", without="DeviceAllow=char-81 rw", appearing=plug))

    def test_media_device_plugged_in_later_opens(self):
        plug, unplug = "modprobe vivid n_devs=1 node_types=0x1", "modprobe -r vivid; udevadm settle"
        self.addCleanup(self.machine.run, unplug, check=False)
        # As on a machine that never had one: the kind of device is not registered, and has no number yet.
        drop = "drop() { for holder in $(ls /sys/module/$1/holders 2>/dev/null); do drop $holder; done; modprobe -qr $1; }; drop mc"
        self.machine.run(f"systemctl stop porchlight; {unplug}")
        self.machine.wait_until(f"{drop}; ! grep -w media /proc/devices || {{ lsmod | grep -e video -e mc; false; }}", 30, "nobody to use the media devices' module")
        self.machine.run("systemctl start porchlight")
        self.assert_works("media", appearing=plug)
        self.machine.run(unplug)
        self.assertIn("not permitted", self.assert_refused("media", without="DeviceAllow=char-media rw", appearing=plug))

    def test_sound_card_plugged_in_later_opens(self):
        self.addCleanup(self.machine.run, "modprobe -r snd_dummy", check=False)
        self.assert_works("sound", appearing="modprobe snd-dummy")
        self.machine.run("modprobe -r snd_dummy")
        self.assertIn("not permitted", self.assert_refused("sound", without="DeviceAllow=char-116 rw", appearing="modprobe snd-dummy"))

    def test_button_chip_opens(self):
        chip = f"/dev/{self.chip()}"
        self.assert_works("gpio", chip)
        self.assertIn("not permitted", self.assert_refused("gpio", chip, without="DeviceAllow=char-gpiochip rw"))

    def test_host_files_are_readable(self):
        self.assert_works("host")
        self.assert_refused("host", instead=[("ProcSubset", "pid")])

    def test_priority_may_be_raised(self):
        self.assert_works("priority")
        self.assert_refused("priority", without="LimitNICE")

    def test_names_are_resolved(self):
        self.assert_works("resolver")
        self.assert_refused("resolver", instead=[("RestrictAddressFamilies", "~AF_NETLINK")])

    def test_internet_is_reached(self):
        ring = self.ring()  # by the daemon itself, on an address that is neither private nor loopback
        self.wait_for(lambda: self.messages(id=ring), 60, "the message")
        self.assert_works("internet")
        self.assert_refused("internet", instead=[("IPAddressDeny", "any"), ("IPAddressAllow", "localhost 10.0.0.0/8 192.168.0.0/16")])

    def test_credential_reaches_the_channel_and_no_other_eye(self):
        secret = "canary-8d41f0"
        drop_in = "/etc/systemd/system/porchlight.service.d/credential.conf"
        self.machine.run("install -d -m 700 /etc/porchlight/credentials /etc/systemd/system/porchlight.service.d")
        self.machine.write("/etc/porchlight/credentials/hook", secret, mode=600)
        self.machine.write(drop_in, "[Service]\nLoadCredential=hook:/etc/porchlight/credentials/hook\n")
        self.addCleanup(self.configure, rig.configuration())
        self.addCleanup(self.machine.run, f"rm -r {drop_in} /etc/porchlight/credentials; systemctl daemon-reload")
        settings = json.loads(rig.configuration())
        settings["notifications"]["channels"][0]["headers"] = ["Authorization: Bearer ${credential:hook}"]
        self.machine.run("systemctl daemon-reload")
        self.configure(json.dumps(settings))
        ring = self.ring()
        [message] = self.wait_for(lambda: self.messages(id=ring, sequence=0), 60, "the message")
        self.assertEqual(message["authorization"], f"Bearer {secret}")
        refused = self.machine.run("sudo -u porchlight cat /etc/porchlight/credentials/hook", check=False)
        self.assertNotEqual(refused.returncode, 0, "the file is the service's to read: the credential was not needed")
        pid = self.main_pid()
        seen = self.machine.run(f"cat /proc/{pid}/environ /proc/{pid}/cmdline {rig.CONFIGURATION}; journalctl -b -u porchlight --no-pager; "
                                "porchlight status --json", check=False)
        self.assertNotIn(secret, seen.stdout)

    def test_lanes_of_a_ring_run_at_the_documented_priority(self):
        lines = self.machine.out(f"cd /proc/{self.main_pid()}/task; for t in *; do echo $(cat $t/comm): $(cut -d')' -f2 $t/stat | cut -d' ' -f18); done")
        nice = {name: int(value) for name, value in re.findall(r"^(\S+): (-?\d+)$", lines, re.M)}
        self.assertEqual(nice.get("button"), -10, nice)
        self.assertEqual(nice.get("http"), 0, nice)


if __name__ == "__main__":
    rig.main()
