# SPDX-License-Identifier: Apache-2.0
"""A numbered camera (tests/rtsp_server) on the host, seen by the machine, and whether what the machine kept of it is the truth."""

import shutil
import sys

import rig

sys.path.append(str(rig.SOURCE / "tests/system"))
import footage_reader  # noqa: E402
import footage_truth  # noqa: E402

DATA = "/var/lib/porchlight"
# The host's loopback is 10.0.2.2 there; without a route of its own the machine sees nothing else.
NETWORK = ["-netdev", "user,id=house", "-device", "virtio-net-pci,netdev=house"]
UNIT = """[Unit]
Description=The wire to the camera
Before=porchlight.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -ec 'udevadm settle; cd /sys/class/net; ip address add 10.0.2.15/24 dev e*; ip link set e* up'
[Install]
WantedBy=multi-user.target
"""


def missing():
    """Why there are no numbered cameras here; empty when there are."""
    return footage_truth.missing()


def join(machine):
    """Connects the machine, now and at each later start of its disk."""
    machine.write("/etc/systemd/system/rig-wire.service", UNIT)
    machine.run("systemctl daemon-reload && systemctl enable -q --now rig-wire")


def camera(test, folder, name="front"):
    made = footage_truth.NumberedCamera(folder, name, "--bitrate", "300")
    test.addClassCleanup(made.close)
    return made


def settings(camera):
    """The camera's entry, as the machine sees it."""
    return {"id": camera.name, "url": camera.url.replace("127.0.0.1", "10.0.2.2"), "motion": False}


class Kept:
    """The recordings of the machine whose daemon has stopped, copied to the host."""

    def __init__(self, machine):
        self.folder = machine.share / "kept"
        shutil.rmtree(self.folder, ignore_errors=True)
        machine.run(f"mkdir /rig/kept && cp -r {DATA}/recordings {DATA}/footage.db* /rig/kept/", seconds=300)
        self.recordings = self.folder / "recordings"
        self.database = self.folder / "footage.db"
        self.index = footage_reader.Index(self.database)

    def faults(self):
        """What the independent reader finds, every byte read."""
        return footage_reader.faults(self.recordings, self.database, deep=True)

    def head(self, row):
        """What the file of a row says of itself."""
        return footage_reader.Segment(self.recordings / row["file"])

    def numbers(self, camera):
        """[(row or None for a gap, [number])] in the order of time, and what cannot be shown."""
        files = [self.recordings / row["file"] for row in self.index.segments if row["camera"] == camera]
        read = footage_truth.numbers_of(files)
        rows = [row for row in self.index.segments + self.index.gaps if row["camera"] == camera]
        stretches, bad = [], []
        for row in sorted(rows, key=lambda row: (row["boot"], row["begin_ms"])):
            pictures = read[self.recordings / row["file"]][0] if "file" in row else []
            stretches.append((row, [number for _, number, state, _ in pictures if state == "ok"]))
            bad += [f"{row['file']}: a picture is {state}" for _, _, state, _ in pictures if state != "ok"]
        return stretches, bad


def untruths(drawn, stretches):
    """Each number that was drawn between the first and the last one kept is in one segment, or between two of them at a gap. That
    segments and gaps leave no time out and do not overlap is the reader's to say."""
    following = dict(zip(sorted(drawn), sorted(drawn)[1:]))
    faults, last, explained = [], None, False
    for row, numbers in stretches:
        if "cause" in row:
            explained = True
            continue
        for number in numbers:
            if number not in drawn:
                faults.append(f"{row['file']}: number {number} was never drawn")
            elif last is not None and number <= last:
                faults.append(f"{row['file']}: number {number} stands behind {last}")
            elif last is not None and following.get(last) != number and not explained:
                faults.append(f"{row['file']}: between {last} and {number} pictures are neither found nor explained")
            last, explained = number, False
    return faults if last is not None else ["nothing was kept"]


def shown(faults, stretches):
    """For the message of an assertion."""
    lines = [f"  {row.get('cause') or row['file']}: boot {row['boot']} from {row['begin_ms']} to {row['end_ms']}"
             + (f", numbers {numbers[0]} to {numbers[-1]}" if numbers else "") for row, numbers in stretches]
    return "\n".join([*map(str, faults[:20]), *lines])


def accounted(test, kept, camera):
    """Fails unless reader, ledger and burnt numbers agree about what the machine kept. The stretches of numbers()."""
    stretches, bad = kept.numbers(camera.name)
    faults = kept.faults() + bad + untruths(camera.drawn(), stretches)
    test.assertEqual(faults, [], shown(faults, stretches))
    return stretches
