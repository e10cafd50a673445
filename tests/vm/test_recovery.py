# SPDX-License-Identifier: Apache-2.0
"""Kills and hangs under a real systemd: the service comes back and nothing acknowledged is missing."""

import rig


class RecoveryTest(rig.MachineTest):

    def setUp(self):
        super().setUp()
        self.answer(200)
        self.machine.wait_until("porchlight status --json", 60, "the daemon")

    def answer(self, status):
        (self.machine.share / "answer").write_text(str(status))

    def wait_for_another(self, pid, seconds):
        return self.wait_for(lambda: self.main_pid() not in (0, pid) and self.property("ActiveState") == "active", seconds, "systemd to start it again")

    def test_killed_service_is_started_again_and_sends_what_was_in_flight(self):
        self.answer(503)  # the messages stay pending, whatever was tried
        rings = [self.ring() for _ in range(10)]
        pid, restarts = self.main_pid(), int(self.property("NRestarts"))
        self.machine.run(f"kill -KILL {pid}")
        self.wait_for_another(pid, 60)
        self.assertEqual(int(self.property("NRestarts")), restarts + 1)
        self.machine.wait_until("porchlight status --json", 60, "the daemon")
        self.assertEqual([m for m in self.messages() if m["event"]["id"] in rings], [])
        self.answer(200)
        self.wait_for(lambda: set(rings) <= {m["event"]["id"] for m in self.messages(sequence=0)}, 120, "the messages under their ids")
        self.assertLessEqual(set(rings), {e["id"] for e in self.stored(type="ring")})
        for message in self.messages(sequence=0):
            self.assertEqual(message["key"], f"{message['event']['id']}:0")

    def test_hanging_service_is_ended_by_the_watchdog(self):
        pid = self.main_pid()
        ring = self.ring()
        with rig.timed("hang to running again (WatchdogSec=20s)"):
            self.machine.run(f"kill -STOP {pid}")
            self.wait_for_another(pid, 90)
        log = self.machine.out("journalctl -b -u porchlight -o cat --no-pager")
        self.assertIn("Watchdog timeout", log)  # that it was systemd's doing
        self.machine.wait_until("porchlight status --json", 60, "the daemon")
        self.assertIn(ring, {e["id"] for e in self.stored(type="ring")})
        after = self.ring()
        self.wait_for(lambda: self.messages(id=after), 60, "a ring after the hang")

    def test_no_number_of_kills_is_too_many(self):
        """The machine's own limit is drawn out to an hour, because five starts in ten seconds is more than an emulator manages: a
        unit that leaves it to the machine stays down after the same kills, and this one does not."""
        self.machine.run("mkdir -p /etc/systemd/system.conf.d && printf '[Manager]\nDefaultStartLimitIntervalSec=1h\n' "
                         ">/etc/systemd/system.conf.d/rig.conf && systemctl daemon-reexec")
        self.machine.run("systemd-run -q --unit=limited -p Restart=always -p RestartSec=0 sleep infinity")
        for _ in range(7):
            self.machine.run("systemctl kill --signal=KILL limited; sleep 0.5", check=False)
            pid = self.main_pid()
            self.machine.run(f"kill -KILL {pid}")
            self.wait_for_another(pid, 60)
        self.assertEqual(self.machine.run("systemctl is-active limited", check=False).stdout.strip(), "failed", "the control is not limited")
        after = self.ring_when_up()
        self.wait_for(lambda: self.messages(id=after), 60, "a ring after seven kills")

    def ring_when_up(self):
        self.machine.wait_until("porchlight status --json", 60, "the daemon")
        return self.ring()

    def test_configuration_file_is_never_written_and_a_saved_one_is_in_force(self):
        """The package's path unit reloads; the daemon itself has no way to write."""
        before = self.machine.out(f"stat -c '%i %Y %Z' {rig.CONFIGURATION}; sha256sum {rig.CONFIGURATION}")
        pid = self.main_pid()
        self.machine.run("systemctl reload porchlight")
        self.ring()
        self.assertEqual(self.machine.out(f"stat -c '%i %Y %Z' {rig.CONFIGURATION}; sha256sum {rig.CONFIGURATION}"), before)
        # An unchanged file could be luck; the process must be refused.
        refused = self.machine.run(f"nsenter -t {pid} -m -- setpriv --reuid porchlight --regid porchlight --init-groups "
                                   f"sh -c 'echo >>{rig.CONFIGURATION}'", check=False)
        self.assertNotEqual(refused.returncode, 0, "the daemon could write its configuration")
        edited = rig.configuration().replace('"test"', '"gate"')
        self.addCleanup(self.configure, rig.configuration())
        self.machine.write(rig.CONFIGURATION, edited)
        self.wait_for(lambda: "gate" in [b["id"] for b in self.status()["buttons"]], 60, "the saved file to be in force")
        self.assertEqual(self.main_pid(), pid)
        self.assertEqual(self.machine.out(f"cat {rig.CONFIGURATION}"), edited)

    def test_bad_edit_is_refused_and_the_old_configuration_stays(self):
        self.machine.write(rig.CONFIGURATION, "buttons: [\n")
        self.addCleanup(self.configure, rig.configuration())
        done = self.machine.run("systemctl reload porchlight", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.property("ActiveState"), "active")
        before = len(self.rings())
        self.button("press")
        self.wait_for(lambda: len(self.rings()) > before, 60, "a ring under the old configuration")
        by_command = self.ring()  # though the command cannot read the file that is there now
        self.wait_for(lambda: self.messages(id=by_command), 60, "a ring by command")
        self.machine.wait_until("systemctl is-failed porchlight-config", 60, "the unit that applies a saved file to fail")
        self.assertIn("porchlight.yaml:1:", self.machine.run("systemctl status porchlight-config --no-pager", check=False).stdout)


if __name__ == "__main__":
    rig.main()
