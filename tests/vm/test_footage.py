# SPDX-License-Identifier: Apache-2.0
"""Recording by the installed service, beneath its walls: as the package comes, through a stop, on another disk, and without a clock."""

import datetime
import json
import re
import time

import footage_rig
import numbered
import rig

ELSEWHERE = "/srv/footage"


class FootageTest(footage_rig.RecordingTest):
    """Nothing is set but the camera. The tests follow each other."""

    def test_1_records_beneath_the_units_walls(self):
        rows = self.wait_for_segments(1)
        self.assertEqual(self.property("ProtectSystem"), "strict")
        today = datetime.datetime.now(datetime.timezone.utc)
        days = {f"{today - datetime.timedelta(minutes=ago):%Y-%m-%d}" for ago in (0, 20)}
        self.assertIn(rows["segments"][0]["file"].split("/")[1], days)
        self.assertEqual(self.machine.out(f"cd {numbered.DATA} && stat -c '%U %a' recordings recordings/front footage.db").split("\n"),
                         ["porchlight 750", "porchlight 750", "porchlight 640"])
        self.assertTrue(json.loads(self.machine.out(f"cat {numbered.DATA}/recordings/porchlight-volume.json"))["id"])
        self.expect_good()
        self.assertEqual(self.rows()["gaps"], [])
        # The reserve that nobody has set leaves room here.
        self.assertEqual([line for line in self.machine.out(footage_rig.METRICS).splitlines()
                          if line.startswith("recording_segments_deleted_total") and float(line.split()[-1])], [])

    def test_2_stop_finishes_the_segment(self):
        self.wait_for_segments(1)
        time.sleep(3)
        moment = time.monotonic()
        self.machine.run("systemctl stop porchlight")
        took = time.monotonic() - moment
        self.assertEqual(self.property("Result"), "success")
        self.assertEqual(self.machine.out(f"find {numbered.DATA}/recordings -name '*.part'"), "")
        self.assertEqual({row["state"] for row in self.rows()["segments"]}, {1}, "closed")
        self.expect_good()
        before = self.account(set())
        lost = moment * 1000 - self.camera.drawn()[before[-1][1][-1]]
        print(f"stopped in {took:.1f} s; the last picture that is kept was drawn {lost:.0f} ms before the order", flush=True)
        self.assertLess(lost, 3000)
        self.machine.run("systemctl start porchlight")
        self.wait_for_segments(len(self.rows()["segments"]) + 1)
        self.expect_good()
        self.machine.run("systemctl stop porchlight")
        self.account({"stopped"})

    def test_3_another_disk_needs_its_door_and_its_identity(self):
        """As docs/operate.md has it."""
        self.machine.run(f"install -d -m 750 -o porchlight -g porchlight {ELSEWHERE}")
        self.configure(self.settings(storage={"recordings": ELSEWHERE}))
        self.wait_for(self.gap_that_goes_on, 60, "a gap")
        self.assertEqual(self.gap_that_goes_on(), "volume")
        ring = self.ring()
        self.wait_for(lambda: self.messages(id=ring), 60, "the message of a ring without a volume")
        self.assertEqual(self.machine.out(f"ls -A {ELSEWHERE}"), "")
        self.machine.run("mkdir -p /etc/systemd/system/porchlight.service.d && "
                         f"printf '[Service]\\nReadWritePaths=-{ELSEWHERE}\\n' >/etc/systemd/system/porchlight.service.d/disk.conf && "
                         "systemctl daemon-reload && systemctl restart porchlight")
        self.machine.run("porchlight footage init")
        self.machine.wait_until(f"find {ELSEWHERE}/front -name '*.mp4*' | grep .", 120, "a segment on the other disk")
        self.assertEqual(self.machine.out(f"stat -c %U {ELSEWHERE}/porchlight-volume.json"), "porchlight")

    def gap_that_goes_on(self):
        return next((gap["cause"] for gap in self.rows()["gaps"] if gap["end_ms"] is None), None)


class BoardWithoutAClockTest(footage_rig.RecordingTest):
    """As on a board without a clock chip that nothing has told the time yet: first a date of the system's build, then 1970."""

    drives = [*numbered.NETWORK, "-rtc", "base=1970-01-02T00:00:00"]
    kernel = "initcall_blacklist=cmos_init"
    recording = {"segment": "5s"}

    def files(self):
        return [row["file"] for row in sorted(self.rows()["segments"], key=lambda row: (row["boot"], row["begin_ms"]))]

    def wait_for_file(self, wanted, what):
        self.wait_for(lambda: re.fullmatch(wanted, self.files()[-1]), 120, what)

    def set_clock(self, moment):
        self.machine.run(f"date -u -s @{moment:.3f}")

    def synchronise(self):
        """What systemd-timesyncd leaves when it has set the clock."""
        self.machine.run("mkdir -p /run/systemd/timesync && touch /run/systemd/timesync/synchronized")

    def expect_ordered(self):
        """What the ledger says of times is in the order of what happened."""
        rows = self.rows()
        zero = {boot["boot"]: boot["zero_ms"] for boot in rows["boots"]}
        times = [(zero[s["boot"]] + s["begin_ms"], zero[s["boot"]] + s["end_ms"])
                 for s in sorted(rows["segments"], key=lambda s: (s["boot"], s["begin_ms"]))]
        for before, after in zip(times, times[1:]):
            self.assertLessEqual(before[1], after[0] + 100, "two segments overlap")
        self.expect_good()

    def zero(self):
        """The moment of this boot's zero, by the index; none while nobody believes the clock."""
        rows = self.rows()
        return next(boot["zero_ms"] for boot in rows["boots"] if boot["boot_id"] == rows["boot_id"])

    def expect_clock(self, moment):
        """The index has this time for now."""
        def settled():
            zero = self.zero()
            return zero is not None and abs(zero + self.rows()["now"] - moment() * 1000) < 5000
        self.wait_for(settled, 60, "the index to have the clock's time")

    def test_nothing_is_filed_before_the_clock_is_believed_and_no_step_reorders(self):
        self.assertEqual(self.machine.out("ls /sys/class/rtc"), "")
        self.wait_for_segments(2)
        self.set_clock(90_000)  # January 1970
        self.wait_for_segments(len(self.files()) + 2)
        self.machine.run("systemctl restart porchlight")
        self.wait_for_segments(len(self.files()) + 2)
        rows = self.rows()
        boot, unsettled = rows["boot_id"], rows["segments"]
        for row in unsettled:
            self.assertEqual(row["file"], f"front/unsettled/{boot[:8]}-{row['begin_ms']}.mp4")
        self.assertEqual(self.machine.out(f"ls {numbered.DATA}/recordings/front"), "unsettled")
        self.assertIsNone(self.zero())
        self.expect_good()

        self.set_clock(time.time())
        self.synchronise()
        self.wait_for_file(f"front/{datetime.datetime.now(datetime.timezone.utc):%Y-%m}-.*Z.mp4", "a segment that is filed under its day")
        self.expect_clock(time.time)
        self.expect_ordered()

        for step in (3600, -1800):  # an hour on, then back beyond what was right
            self.set_clock(time.time() + step)
            self.expect_clock(lambda by=step: time.time() + by)
            self.wait_for_segments(len(self.files()) + 2)
            self.expect_ordered()

        self.machine.stop()
        self.machine.start()  # in 1970 again, and what it is told then lies before what it knew
        self.machine.wait_until("porchlight status --json", 120, "the daemon")
        self.wait_for_file("front/unsettled/.*", "a segment of the next start")
        self.set_clock(time.time() - 2400)
        self.synchronise()
        self.wait_for_file("front/2.*Z.mp4", "a segment that is filed under its day")
        self.expect_clock(lambda: time.time() - 2400)
        self.wait_for_segments(len(self.files()) + 2)
        self.expect_ordered()
        self.machine.run("systemctl stop porchlight")
        self.account({"stopped"})
        self.expect_heads({row["file"] for row in unsettled}, boot)

    def expect_heads(self, files, boot):
        """Files from before the clock was believed say boot and monotonic time, and no other; nothing is of 1970."""
        kept = self.kept
        for row in kept.index.segments:
            head = kept.head(row)
            self.assertEqual(head.begin_ms, row["begin_ms"])
            if row["file"] in files:
                self.assertEqual((head.boot, head.start), (boot, None))
            if head.start is not None:
                self.assertRegex(head.start, "^20[2-9]")
        self.assertEqual(list(kept.recordings.glob("front/1*")), [])


if __name__ == "__main__":
    rig.main()
