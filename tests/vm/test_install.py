# SPDX-License-Identifier: Apache-2.0
"""From a virgin Debian to the first delivered ring by README's own lines, and what is running then."""

import json
import re
import shutil

import rig


def section(heading):
    text = (rig.SOURCE / "README.md").read_text()
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", text, re.M | re.S)
    if not found:
        raise AssertionError(f"README.md has no section '{heading}'")
    return found.group(1)


def block(text, language):
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.M | re.S)
    if not found:
        raise AssertionError(f"README.md: no {language} block")
    return found.group(1)


class InstallTest(rig.MachineTest):
    """The whole way first; the tests after it look at the machine it leaves. A package whose own scripts forget a user, a
    rule or the start of the service fails here, because nobody else does it."""

    virgin = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copy(rig.package(), cls.machine.share)
        by_hand = section("By the file instead")
        cls.commands = block(section("On a Raspberry Pi"), "sh").splitlines() + block(by_hand, "sh").splitlines()
        cls.yaml = block(by_hand, "yaml")
        cls.machine.run("apt-get -q update")  # what `apt` knows on a board that is in use
        with rig.timed("README's commands, to the end of the last"):
            cls.outcomes = [cls.do(line) for line in cls.commands]

    @classmethod
    def do(cls, line):
        """As somebody at the keyboard: answers apt's question, and the editor saves README's text."""
        cls.machine.write("/usr/local/bin/pen", '#!/bin/sh\nexec cp /run/edited "$1"\n', mode=755)
        cls.machine.write("/run/edited", cls.yaml)
        return cls.machine.run(f"cd /rig && export SUDO_EDITOR=/usr/local/bin/pen && {line}", check=False, seconds=2400, stdin="y\n")

    def test_1_readme_leads_to_a_delivered_ring(self):
        for outcome in self.outcomes:
            self.assertEqual(outcome.returncode, 0, outcome)
        self.assertEqual(self.machine.out(f"cat {rig.CONFIGURATION}"), self.yaml.strip())
        self.wait_for(lambda: any(b["id"] == "front" for b in self.status()["buttons"]), 30, "the saved file to be in force")
        self.wait_for_state("idle")
        self.button("press")
        [message] = self.wait_for(self.rings, 30, "the first ring")
        self.assertEqual(message["path"], "/api/webhook/doorbell")
        self.assertEqual(message["event"]["button"], "front")

    def test_unit_is_active_enabled_and_supervised(self):
        self.assertEqual(self.machine.out("systemctl is-active porchlight"), "active")
        self.assertEqual(self.machine.out("systemctl is-enabled porchlight"), "enabled")
        shown = {name: self.property(name) for name in ("Type", "WatchdogUSec", "StartLimitIntervalUSec", "Restart", "NRestarts", "User")}
        self.assertEqual(shown, {"Type": "notify", "WatchdogUSec": "20s", "StartLimitIntervalUSec": "0", "Restart": "always",
                                 "NRestarts": "0", "User": "porchlight"})

    def test_user_groups_and_modes(self):
        self.assertLessEqual({"gpio", "video", "audio"}, set(self.machine.out("id -nG porchlight").split()))
        modes = self.machine.out("stat -c '%n %a %U:%G' /var/lib/porchlight /var/lib/porchlight/porchlight.db "
                                 "/var/lib/porchlight/control.sock /etc/porchlight /etc/porchlight/porchlight.yaml "
                                 f"/dev/{self.chip()}")
        self.assertEqual(modes.splitlines(), [
            "/var/lib/porchlight 750 porchlight:porchlight", "/var/lib/porchlight/porchlight.db 640 porchlight:porchlight",
            "/var/lib/porchlight/control.sock 660 porchlight:porchlight", "/etc/porchlight 750 root:porchlight",
            "/etc/porchlight/porchlight.yaml 640 root:porchlight", f"/dev/{self.chip()} 660 root:gpio"])
        status = dict(line.split(":\t", 1) for line in self.machine.out(f"cat /proc/{self.main_pid()}/status").splitlines())
        uid = self.machine.out("id -u porchlight")
        self.assertEqual(status["Uid"].split(), [uid] * 4)
        self.assertEqual(status["CapEff"].strip("0"), "")
        self.assertEqual(status["NoNewPrivs"], "1")

    def test_exposure_is_two_at_most(self):
        line = self.machine.out("systemd-analyze security porchlight --no-pager | grep 'Overall exposure'")
        score = float(re.search(r"(\d+\.\d+)", line).group(1))
        print(f"systemd-analyze security: {score}")
        self.assertLessEqual(score, 2.0)
        bare = self.machine.out("systemd-analyze security rig-receiver --no-pager | grep 'Overall exposure'")
        self.assertGreater(float(re.search(r"(\d+\.\d+)", bare).group(1)), 9)  # the measure tells

    def test_open_sockets_are_the_documented_ones(self):
        documented = set(re.findall(r"^\| (?:TCP|Unix) `([^`]+)`", (rig.SOURCE / "docs/security.md").read_text(), re.M))
        pid = f"pid={self.main_pid()},"
        inet = [line.split() for line in self.machine.out("ss -Hlntup").splitlines() if pid in line]
        unix = [line.split() for line in self.machine.out("ss -Hlxp").splitlines() if pid in line]
        self.assertEqual({f[4] for f in inet} | {f[4] for f in unix}, documented)
        self.assertEqual({f[0] for f in inet}, {"tcp"})

    def test_start_and_stop_are_quick(self):
        stopped = self.machine.out("s=$(date +%s%N); systemctl stop porchlight; e=$(date +%s%N); echo $(( (e - s) / 1000000 ))")
        started = self.machine.out("s=$(date +%s%N); systemctl start porchlight; e=$(date +%s%N); echo $(( (e - s) / 1000000 ))")
        rig.note_time("systemctl stop", int(stopped) / 1000)
        rig.note_time("systemctl start, to READY", int(started) / 1000)
        self.assertLess(int(stopped), 10_000)  # beyond, systemd kills
        self.assertEqual(self.property("Result"), "success")

    def test_log_goes_to_the_journal_as_records(self):
        lines = self.machine.out("journalctl -b -u porchlight -o cat --no-pager _COMM=porchlight | head -n 20").splitlines()
        self.assertTrue(any(line.startswith("{") and '"level"' in line for line in lines), lines)
        # By its own protocol: the level is the entry's, and ids can be asked for.
        entries = [json.loads(line) for line in self.machine.out(
            "journalctl -b -u porchlight -o json --all --no-pager _TRANSPORT=journal SYSLOG_IDENTIFIER=porchlight | head -n 50").splitlines()]
        priorities = {"DEBUG": "7", "INFO": "6", "WARNING": "4", "ERROR": "3", "CRITICAL": "2"}
        records = [(json.loads(entry["MESSAGE"]), entry) for entry in entries if entry["MESSAGE"].startswith("{")]
        self.assertIn("started", {record["message"] for record, _ in records})
        for record, entry in records:
            self.assertEqual(entry["PRIORITY"], priorities[record["level"]], record)
            self.assertEqual(entry.get("REQUEST_ID"), record.get("request_id"), record)
            self.assertEqual(entry["CODE_LINE"], str(record["line"]), record)

    def test_metrics_of_the_machine_reach_through_the_units_walls(self):
        def scrape():
            ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
            return self.machine.out(f'python3 -c "{ask}"')

        def value(name):
            found = re.search(rf"^{re.escape(name)} (\S+)$", scrape(), re.M)
            return float(found.group(1)) if found else None
        self.wait_for(lambda: value("system_cpu_usage_percent") is not None, 30, "the second sample")
        meminfo = self.machine.out("awk '/^MemTotal/ {print $2 * 1024}' /proc/meminfo")
        self.assertEqual(value("system_memory_total_bytes"), float(meminfo))
        root = self.machine.out("stat -fc '%b %S' /").split()
        self.assertEqual(value('disk_space_total_bytes{mount_point="/"}'), int(root[0]) * int(root[1]))
        # The unit sees its folder as a mount of its own; it is not another file system for that.
        points = set(re.findall(r'^disk_space_total_bytes\{mount_point="(.*)"\}', scrape(), re.M))
        self.assertEqual(points, set(self.machine.out("findmnt -no TARGET -T /var/lib/porchlight").split()) | {"/"})
        device = self.machine.out("basename $(findmnt -no SOURCE -T /var/lib/porchlight)")
        self.assertGreater(value(f'disk_io_write_bytes_total{{device="{device}"}}'), 0)
        self.assertGreater(value(f'disk_io_latency_ms_count{{device="{device}",operation="sync"}}'), 0)
        # The machine's own cards; this one has none, and what is made of software is not counted.
        cards = self.machine.out("ls -d /sys/class/net/*/device 2>/dev/null | cut -d / -f 5; true").split()
        self.assertEqual(set(re.findall(r'^network_bytes_received_total\{interface="(.*)"\}', scrape(), re.M)), set(cards))
        group = "/sys/fs/cgroup/system.slice/porchlight.service"
        self.assertEqual(value("container_spec_memory_limit_bytes"), float(self.machine.out(f"cat {group}/memory.max")))
        self.assertAlmostEqual(value("container_memory_usage_bytes"), float(self.machine.out(f"cat {group}/memory.current")), delta=50e6)
        self.assertGreater(value("container_cpu_usage_seconds_total"), 0)
        self.assertEqual(value('pipeline_worker_health{worker_id="sampler",worker_type="sampler"}'), 1)

    def test_doctor_finds_nothing(self):
        done = self.machine.run("porchlight doctor --json", check=False)
        self.assertEqual(done.returncode, 0, done)
        verdicts = {check["check"]: check["verdict"] for check in json.loads(done.stdout)["checks"]}
        # Nothing keeps the clock of this machine; all else is as it should be.
        self.assertEqual({name for name, verdict in verdicts.items() if verdict != "good"}, {"clock"}, done)
        self.assertLessEqual({"configuration", "daemon", "unit", "disk", "models", "priority", "button front", "channel home"}, set(verdicts))

    def test_doctor_names_a_stopped_and_a_masked_service(self):
        self.addCleanup(self.machine.run, "systemctl unmask --runtime porchlight && systemctl start porchlight")
        self.machine.run("systemctl stop porchlight")
        done = self.machine.run("porchlight doctor", check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stdout, r"bad +unit +porchlight.service does not run[^\n]*\n +mend: systemctl start porchlight")
        self.machine.run("systemctl mask --runtime porchlight")
        done = self.machine.run("porchlight doctor", check=False)
        self.assertRegex(done.stdout, r"bad +unit +porchlight.service is masked")


if __name__ == "__main__":
    rig.main()
