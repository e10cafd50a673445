# SPDX-License-Identifier: Apache-2.0
"""Numbered cameras, and whether what a daemon keeps of them is the truth.

A numbered camera (tests/rtsp_server) burns a number into each picture and writes down when it drew it. Footage is true
when every number that was drawn between the first and the last one kept is found by decoding a file, once, or lies in a
row of the ledger, and no row covers a number that is found. Times are milliseconds of CLOCK_MONOTONIC, which camera,
daemon and test share: nothing depends on what the wall clock says.
"""

import contextlib
import dataclasses
import pathlib
import sqlite3
import statistics
import subprocess
import unittest

import harness

SERVER = harness.BUILD / "rtsp_test_server"
READER = harness.BUILD / "picture_numbers"
RATE = 15  # pictures a second
FRAME = 1000 / RATE  # ms
ON_THE_WAY = 1000  # ms: what is in queues, encoders and sockets when the daemon is told to stop
JITTER = 60  # ms that a busy machine may hold a picture up, or hand it over late


def missing():
    """Why there are no numbered cameras here; empty when there are."""
    if not SERVER.exists():
        return "no RTSP test server was built (gstreamer-rtsp-server missing)"
    return "" if READER.exists() else f"{READER} is not built"


class NumberedCamera:
    """A server of its own. A new one after kill() has the same address and numbers that go on, a million further."""

    def __init__(self, folder, name, *arguments):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.drawn"
        self.arguments = arguments
        self.port, self.lives = "0", 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [SERVER, "--port", self.port, "--fps", str(RATE), "--gop", str(RATE), "--show", "always", "--log", self.log,
             "--first", str(self.lives * 1_000_000), *self.arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=harness.end_with_us)
        self.lives += 1
        self.url = self.process.stdout.readline().strip()
        if self.url.startswith("missing: "):
            self.close()
            raise unittest.SkipTest(f"GStreamer lacks {self.url.removeprefix('missing: ')}")
        if not self.url.startswith("rtsp://"):
            raise AssertionError(f"camera '{self.name}' does not start: {self.url or 'no answer'}")
        self.port = self.url.rpartition(":")[2].partition("/")[0]

    def order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != f"{line} done":
            raise AssertionError(f"camera '{self.name}' answers '{answer}' to '{line}'")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    close = kill

    def drawn(self):
        """{number: ms} of every picture so far."""
        lines = self.log.read_text().splitlines(keepends=True) if self.log.exists() else []
        return {int(number): int(at) for number, at in (line.split() for line in lines if line.endswith("\n"))}


@dataclasses.dataclass
class Picture:
    number: int
    at: float  # ms: when it arrived, as the footage has it
    state: str = "ok"
    width: int = 640
    file: str = ""


@dataclasses.dataclass
class Gap:
    cause: str
    begin: float  # ms
    end: float    # ms; infinite: it goes on
    detail: str = ""


def numbers_of(files):
    """{file: ([(ms since its first picture, number, state, width)], sound's codec or '-', packets of sound)}."""
    answer, pictures = {}, []
    done = subprocess.run([READER, *files], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        what, *words = line.split()
        if what == "picture":
            at, number, _, width, state = words
            pictures.append((int(at), int(number), state, int(width)))
        else:
            *path, _, sound, packets = words
            answer[pathlib.Path(" ".join(path))] = (pictures, sound, int(packets))
            pictures = []
    if done.stderr:
        raise AssertionError(done.stderr)
    return answer


def segments_of(daemon, camera_id):
    """How many the index knows; none before it is there."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{daemon.state / 'footage.db'}?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM segments WHERE camera = ?", (camera_id,)).fetchone()[0]
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "unable to open" in str(error):
            return 0
        raise


class Footage:
    """What lies on the disk of one camera, and what the index says of it."""

    def __init__(self, daemon, camera_id, folder=None):
        self.folder = pathlib.Path(folder or daemon.state / "recordings")
        for left in range(4, -1, -1):
            try:
                return self.read(daemon, camera_id)
            except AssertionError as error:
                # A segment that was finished between the list and the look has another name.
                if left == 0 or "cannot be opened" not in str(error):
                    raise

    def read(self, daemon, camera_id):
        with contextlib.closing(sqlite3.connect(f"file:{daemon.state / 'footage.db'}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT file, state, begin_ms, frames FROM segments WHERE camera = ? ORDER BY boot, begin_ms", (camera_id,)).fetchall()
            self.gaps = [Gap(cause, begin, float("inf") if end is None else end, detail) for cause, begin, end, detail in db.execute(
                "SELECT cause, begin_ms, end_ms, detail FROM gaps WHERE camera = ? ORDER BY boot, begin_ms", (camera_id,))]
        self.segments = [(self.on_disk(file), state, begin, frames) for file, state, begin, frames in rows]
        read = numbers_of([file for file, *_ in self.segments])
        self.pictures, self.sounds, self.untrue = [], [], []
        for file, state, begin, frames in self.segments:
            pictures, sound, packets = read[file]
            self.sounds.append((sound, packets))
            self.pictures += [Picture(number, begin + at, state, width, file.name) for at, number, state, width in pictures]
            if state != 0 and frames != len(pictures):
                self.untrue.append(f"{file.name}: the index says {frames} pictures, {len(pictures)} come out of it")

    def on_disk(self, file):
        whole = self.folder / file
        return whole if whole.exists() else whole.with_name(whole.name + ".part")


def faults_of(drawn, pictures, gaps, until=None):
    """What is not true, in words. `drawn`: {number: ms}. `until`: when the daemon was told to stop, in ms: what came before
    has to be there, too; else only what lies between the first and the last picture that was kept."""
    faults = [f"{p.file}: a picture is {p.state}" for p in pictures if p.state != "ok"]
    found = {}
    for picture in (p for p in pictures if p.state == "ok"):
        if picture.number in found:
            faults.append(f"number {picture.number} is in {found[picture.number].file} and in {picture.file}")
        if picture.number not in drawn:
            faults.append(f"{picture.file}: number {picture.number} was never drawn")
        found[picture.number] = picture
    known = [n for n in found if n in drawn]
    if not known:
        return faults + ["nothing was kept"]
    in_time = sorted(pictures, key=lambda p: p.at)
    for before, after in zip(in_time, in_time[1:]):
        if before.state == after.state == "ok" and before.number > after.number:
            faults.append(f"number {after.number} ({after.file}) stands behind {before.number} ({before.file})")
    # From the drawing to the footage: encoder, network, and what the camera's clock was off at the connection.
    late = statistics.median(found[n].at - drawn[n] for n in known)
    if not -JITTER < late < 1500:
        faults.append(f"the footage says of its pictures that they came {late:.0f} ms after they were drawn")
    slack = FRAME + JITTER
    last = max([max(known)] + [n for n in drawn if until and drawn[n] + late <= until - ON_THE_WAY])
    for number in sorted(n for n in drawn if min(known) <= n <= last and n not in found):
        at = drawn[number] + late
        if not any(gap.begin - slack <= at <= gap.end + slack for gap in gaps):
            faults.append(f"number {number}, drawn at {drawn[number]}, is neither found nor explained")
    for number in sorted(known):
        at = found[number].at
        for gap in gaps:
            if gap.begin + slack < at < gap.end - slack:
                faults.append(f"number {number} at {at:.0f} ({found[number].file}) is found and explained: "
                              f"{gap.cause} {gap.begin:.0f} to {gap.end:.0f}")
    return faults


def shown(faults, gaps):
    """For the message of an assertion."""
    rows = "\n".join(f"  {g.cause:14} {g.begin:.0f} to {g.end:.0f} {g.detail}" for g in gaps)
    return "\n".join(faults[:20]) + (f"\nand {len(faults) - 20} more" if len(faults) > 20 else "") + f"\nthe ledger:\n{rows or '  empty'}"
