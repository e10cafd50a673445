# SPDX-License-Identifier: Apache-2.0
"""docs/monitoring.md, "From nothing to a mail", under a real systemd and by a real apt: what a mailbox has in the end."""

import json
import shutil

import rig

SETUP = "/usr/share/porchlight/monitoring/setup.sh"
UNITS = ("prometheus", "prometheus-alertmanager", "prometheus-node-exporter", "prometheus-blackbox-exporter")
ASK = "curl -sSf -K /etc/prometheus/porchlight-curl https://localhost:9090/api/v1/query --data-urlencode query=up"
MAILS = "/run/mails"
JOBS = {"doorbell", "node-exporter", "blackbox", "alertmanager", "prometheus"}


class MonitoringSetUpTest(rig.MachineTest):
    """The steps of the page in their order; the mail server is the machine's own."""

    configuration = json.dumps(json.loads(rig.configuration()) | {
        "server": {"public_url": "https://doorbell.example:8000"},
        "alerting": {"notification_channels": [{"type": "email", "config": "anna@example.org"}],
                     "smtp": {"server": "smtp://127.0.0.1:2525", "starttls": "none", "from": "door@example.org"}}}, indent=1)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copy(rig.SOURCE / "tests/vm/guest/mailbox.py", cls.machine.share)
        cls.machine.run("DEBIAN_FRONTEND=noninteractive apt-get -q update && apt-get -q -y install --no-install-recommends python3-aiosmtpd", seconds=600)
        cls.machine.run(f"systemd-run --unit=mailbox /usr/bin/python3 -B /rig/mailbox.py 2525 {MAILS}")
        cls.machine.run("printf 'a long phrase of theirs\\n' | porchlight users add anna --role admin --password")

    def test_1_one_command_sets_it_up(self):
        with rig.timed("monitoring: setup.sh setup"):
            told = self.machine.run(f"{SETUP} setup --admin anna", seconds=1200)
        for unit in UNITS:
            self.assertEqual(self.machine.out(f"systemctl is-active {unit}"), "active", told)
        self.assertEqual(self.machine.run(f"{SETUP} status", check=False).returncode, 0)
        again = self.machine.out(f"{SETUP} setup", seconds=600)
        self.assertNotIn("installing", again)

    def test_2_everything_is_scraped(self):
        def all_up():
            told = self.machine.run(ASK, check=False)  # it may be starting
            if told.returncode != 0:
                return None
            # For its first seconds Debian's Prometheus has a job of Debian's, `node`.
            found = [series for series in json.loads(told.stdout)["data"]["result"] if series["metric"]["job"] in JOBS]
            return len(found) >= 7 and all(series["value"][1] == "1" for series in found) and found
        found = self.wait_for(all_up, 240, "seven targets")
        self.assertEqual({series["metric"]["job"] for series in found}, JOBS)

    def test_3_a_mail_arrives(self):
        self.machine.run("amtool alert add alertname=Trial severity=warning node=here --annotation=summary='A trial'")
        self.machine.wait_until(f"grep -q 'warning on here: A trial' {MAILS}", 180, "the mail")
        self.assertIn("To: anna@example.org", self.machine.out(f"cat {MAILS}"))

    def test_4_services_start_anew(self):
        self.machine.run("systemctl restart " + " ".join(UNITS))
        self.test_2_everything_is_scraped()

    def test_5_dashboards_are_in_place(self):
        self.assertGreater(int(self.machine.out("ls /usr/share/porchlight/monitoring/grafana/dashboards/*/*.json | wc -l")), 20)


if __name__ == "__main__":
    rig.main()
