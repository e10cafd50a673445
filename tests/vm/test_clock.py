# SPDX-License-Identifier: Apache-2.0
"""The deep check of the clock, under the installed unit: it may not ask the kernel, and goes by what systemd-timesyncd leaves."""

import json
import re

import rig

DEEP = ("python3 -c \"import urllib.request as r, urllib.error as e\n"
        "try: print(r.urlopen('http://127.0.0.1:8000/health/deep', timeout=100).read().decode())\n"
        "except e.HTTPError as answer: print(answer.read().decode())\"")
METRICS = "python3 -c \"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/metrics').read().decode())\""


class ClockTest(rig.MachineTest):
    """What it says is the machine's newest report: for ten seconds everybody is told the same."""

    def checks(self):
        return json.loads(self.machine.out(DEEP))["checks"]

    def gauges(self):
        text = self.machine.out(METRICS)
        return {check: int(value) for check, value in re.findall(r'^health_check_status\{check="(\w+)"\} (\d)$', text, re.M)}

    def until(self, passes, fault=""):
        """The gauges once the check says so."""
        def said():
            time = self.checks()["time"]
            return time["status"] == ("pass" if passes else "fail") and fault in time["detail"].get("fault", "") and self.gauges()
        return self.wait_for(said, 120, f"the clock's check to {'pass' if passes else 'fail'} ({fault})")

    def set_by_service(self, ago="0 sec"):
        self.machine.run(f"mkdir -p /run/systemd/timesync && touch -d '-{ago}' /run/systemd/timesync/synchronized")

    def test_only_the_clock_turns(self):
        self.set_by_service()
        well = self.until(True)
        self.assertEqual(well["time"], 1)
        for cause, fault, mend in (
                ("rm /run/systemd/timesync/synchronized", "has not set the clock", None),
                ("date -s '+1 day'", "or it was put on since", "date -s '-1 day'"),
                ("date -s '-2 hours'", "was put back by", "date -s '+2 hours'")):
            with self.subTest(cause):
                self.machine.run(cause)
                ill = self.until(False, fault)
                self.assertEqual({check for check in well if well[check] != ill[check]}, {"time"})
                if mend:
                    self.machine.run(mend)
                self.set_by_service()
                self.until(True)


if __name__ == "__main__":
    rig.main()
