# SPDX-License-Identifier: Apache-2.0
"""The n-th call of one kind on the footage fails under a running daemon, and what is there afterwards.

The footage's files are those whose path begins with `<state>/footage`: the index, and the recordings, which lie in
`footage-files` here. A run is short: the daemon starts, either over nothing or over what a kill left (a file that was
cut short, and more than may be kept, so that it heals and deletes), records past the end of a segment, and is stopped.
"""

import concurrent.futures
import contextlib
import dataclasses
import errno
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import footage_reader
import harness

KINDS = ("write", "sync", "cut", "open", "mkdir", "rename", "unlink")
SCENES = ("fresh", "killed")
SEGMENT = 5  # seconds, the shortest there are
PATIENCE = 120  # seconds: the machine may have other things to do
AT_ONCE = 8  # runs side by side; each sleeps most of its time
CLOSED, TORN = 1, 2
# A file that was not closed, a row that was not written, a deletion that was begun.
UNFINISHED = {"torn_tail", "unindexed_file", "wrong_row", "unfinished_delete"}


@dataclasses.dataclass(frozen=True)
class Point:
    scene: str
    kind: str  # one of KINDS, or all
    n: int  # 0: no call fails, they are counted

    def __str__(self):
        return f"{self.scene}: {self.kind} {self.n} ({errno.errorcode[self.errno]})"

    @property
    def errno(self):
        return errno.ENOSPC if self.n % 2 else errno.EIO


def make_clip(path):
    """Two minutes of small pictures, more than any run plays; a keyframe each second."""
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x96:rate=10", "-t", "120", "-c:v", "libx264",
                    "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "10", path], check=True, stdin=subprocess.DEVNULL)


def rows_of(state, statement):
    """None before the index is there, or while it is made anew."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{state / 'footage.db'}?mode=ro", uri=True, timeout=20)) as db:
            return db.execute(statement).fetchall()
    except sqlite3.OperationalError:
        return None


def counted_as_stored(state):
    """{file: pictures} of the rows whose segments are finished."""
    rows = rows_of(state, f"SELECT file, frames FROM segments WHERE state IN ({CLOSED}, {TORN})")
    return dict(rows or [])


def paths_of(log, word):
    return [line.split(" ", 1)[1] for line in log.splitlines() if line.startswith(word + " ")]


class Run:
    """One daemon under the shim, and the judgement of what it left."""

    def __init__(self, house, point):
        self.house, self.point = house, point
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=house.folder))
        self.state = self.folder / "state"
        self.files = self.state / "footage-files"
        self.calls = self.folder / "calls.log"
        shutil.copytree(house.killed if point.scene == "killed" else house.bare, self.state)
        self.before = counted_as_stored(self.state)
        self.daemon = harness.Daemon(house.settings(self.state), folder=self.folder, wait=None, preload=str(harness.IO_SHIM), environment={
            "IO_SHIM_DIR": str(self.state / "footage"), "IO_SHIM_LOG": str(self.calls), "IO_SHIM_CALL": point.kind, "IO_SHIM_SIZES": "1",
            # A number that is never reached: so they are only counted.
            "IO_SHIM_FAIL": str(point.n or 10**9), "IO_SHIM_ERRNO": str(point.errno)})

    def log(self):
        return self.calls.read_text() if self.calls.exists() else ""

    def faulted(self):
        return next(iter(paths_of(self.log(), "fault")), None)

    def wait(self, predicate, what):
        def alive_and():
            if self.daemon.process.poll() is not None:
                raise AssertionError(f"the daemon ended with {self.daemon.process.returncode}")
            time.sleep(0.05)
            return predicate()
        return harness.wait_until(alive_and, PATIENCE, what)

    def closed_here(self):
        """Segments that this daemon began and finished."""
        return set(counted_as_stored(self.state)) - set(self.before) - self.house.cut_short

    def records(self):
        return any(part.stat().st_size for part in self.parts())

    def parts(self):
        for part in self.files.rglob("*.part"):
            with contextlib.suppress(FileNotFoundError):
                part.stat()
                yield part

    def expect(self, true, what):
        if not true:
            raise AssertionError(what)

    def play(self):
        """Records past the end of a segment, and once more past one when a call failed."""
        self.daemon.start()
        self.wait(self.closed_here, "a segment to be finished")
        if self.faulted():
            known = self.closed_here()
            self.wait(lambda: self.closed_here() - known, "a segment that was finished after the fault")
        self.wait(self.records, "the next segment")
        stored = counted_as_stored(self.state)
        self.expect(self.daemon.ring("front").replace("-", "") in self.daemon.stored_events(), "the ring was not stored")
        self.expect(self.daemon.stop(seconds=30) == 0, f"the daemon ended with {self.daemon.process.returncode}")
        return stored

    def faults(self):
        """What the check names, which is what the reader names: [(name, file)]."""
        done = self.daemon.cli("footage", "check", "--deep", "--json", check=False)
        answer = json.loads(done.stdout)
        ours = sorted((fault["name"], fault["file"]) for fault in answer["faults"])
        theirs = footage_reader.faults(self.files, self.state / "footage.db", deep=True)
        self.expect(ours == theirs, f"the check says {ours}, the reader {theirs}")
        self.expect(done.returncode == (1 if ours else 0), done.stdout)
        return ours

    def expect_nothing_missing(self, stored):
        """What was counted as stored is there, but for what went because it was the oldest."""
        after = counted_as_stored(self.state)
        gone = sorted(set(stored) - set(after))
        self.expect(gone == sorted(set(stored) | set(after))[:len(gone)], f"gone is {gone}, and that was not the oldest")
        self.expect(self.point.scene == "killed" or not gone, f"gone is {gone}")
        for file, frames in after.items():
            self.expect(frames >= stored.get(file, 0), f"{file} had {stored.get(file)} pictures, it has {frames}")
            self.expect((self.files / file).exists(), f"{file} has a row and is not there")

    def synced(self):
        """{segment: bytes} of which a sync had returned, that of the folder behind the first of the file, too."""
        pending, sure = {}, {}
        for line in self.log().splitlines():
            what, _, rest = line.partition(" ")
            if what == "kept" and rest.endswith(".part"):
                size, _, path = rest.partition(" ")
                (sure if path in sure else pending)[path] = int(size)
            elif what == "sync":
                sure.update({path: pending.pop(path) for path in list(pending) if str(pathlib.Path(path).parent) == rest})
            elif what == "fault":  # of the folder: its new file is given up
                pending = {path: size for path, size in pending.items() if str(pathlib.Path(path).parent) != rest}
        return {str(pathlib.Path(path.removesuffix(".part")).relative_to(self.files)): size
                for path, size in sure.items() if path.startswith(f"{self.files}/front/")}

    def expect_synced_is_kept(self):
        """However the file ended."""
        for name, size in self.synced().items():
            if name in self.before or name in self.house.cut_short:  # they may have been deleted since, being the oldest
                continue
            file = self.files / name
            self.expect(file.exists(), f"{name}: {size} bytes of it were synced, and it is gone")
            self.expect(file.stat().st_size >= size, f"{name}: {size} bytes were synced, {file.stat().st_size} are there")

    def expect_cause(self):
        """A write or a sync of a segment that failed is in the ledger as what it was."""
        path = self.faulted() or ""
        name = path.removesuffix(".part")
        if not path.endswith(".part") or "/front/" not in path or self.point.kind not in ("write", "sync"):
            return
        if any(name.endswith(file) for file in self.house.cut_short):
            return
        cause = "disk_full" if self.point.errno == errno.ENOSPC else "disk_error"
        rows = rows_of(self.state, "SELECT cause FROM gaps")
        self.expect((cause,) in rows, f"the ledger has {rows}, and nothing of '{cause}'")

    def heal(self):
        """The next start, with nothing failing."""
        self.daemon.preload, self.daemon.environment = None, {}
        self.daemon.start()
        known = self.closed_here()
        self.wait(lambda: self.records() and self.daemon.status() and (rows_of(self.state, "SELECT count(*) FROM segments WHERE state = 0") or [(0,)])[0][0],
                  "a segment after the start")
        self.expect(known <= self.closed_here(), "a start forgot segments")
        self.expect(self.daemon.stop(seconds=30) == 0, "the healed daemon does not end")

    def judge(self):
        """(the path that failed or None, {kind: calls})."""
        stored = self.play()
        left = self.faults()
        # What failed in the daemon's last moments is named as what it is, and the next start mends it.
        self.expect({name for name, _ in left} <= UNFINISHED, f"the check names {left}")
        # A stop waits two seconds for syncs: a disk that takes longer is as good as one that failed.
        given_up = "worker did not stop in time" in self.daemon.log.read_text()
        self.expect(not left or self.faulted() or given_up, f"nothing failed, and the check names {left}")
        if left:
            self.heal()
            self.expect(self.faults() == [], f"after the next start the check names {self.faults()}")
        self.expect_nothing_missing(stored)
        self.expect_synced_is_kept()
        self.expect_cause()
        return self.faulted(), {kind: len(paths_of(self.log(), f"call {kind}")) for kind in KINDS}

    def complaints(self):
        """What the daemon's log has of trouble, short."""
        lines = harness.whole_lines(self.daemon.log) if self.daemon.log.exists() else []
        parsed = [json.loads(line) if line.startswith("{") else {"level": "ERROR", "message": line} for line in lines]
        return "\n".join(f"  {entry.get('timestamp')} {entry['message']} {entry.get('context', '')}" for entry in parsed if entry.get("level") != "INFO")[-4000:]

    def close(self):
        self.daemon.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class House:
    """What all runs begin with."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.clip = self.folder / "clip.mp4"
        self.space = "100%"
        self.bare, self.killed = self.folder / "bare", self.folder / "killed"
        make_clip(self.clip)
        with harness.Daemon(self.settings(self.folder / "state"), folder=self.folder) as daemon:
            rows = "SELECT file FROM segments WHERE state"
            harness.wait_until(lambda: len(rows_of(daemon.state, f"{rows} = 1") or []) >= 2 and rows_of(daemon.state, f"{rows} = 0"), PATIENCE, "two segments and a half")
            time.sleep(2)  # some fragments of the third
            daemon.kill()
            shutil.copytree(daemon.state, self.killed, ignore=shutil.ignore_patterns("*.sock"))
            shutil.copytree(daemon.state, self.bare, ignore=shutil.ignore_patterns("*.sock", "footage*"))
        # One more than may be kept, so that the start deletes.
        self.space = f"{sum(f.stat().st_size for f in (self.killed / 'footage-files').rglob('*.mp4*')) // 1024}KiB"
        self.cut_short = {str(p.relative_to(self.killed / "footage-files")).removesuffix(".part") for p in (self.killed / "footage-files").rglob("*.mp4.part")}

    def settings(self, state):
        return {
            "cameras": [{"id": "front", "url": f"file:{self.clip}", "record": "continuous", "motion": False}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}], "faces": {"enabled": False},
            "storage": {"path": str(state), "recordings": str(state / "footage-files")},
            # The machine's own disk may be fuller than a recorder's should be.
            "recording": {"segment": f"{SEGMENT}s", "reserve": "1MiB", "keep": {"space": self.space}},
        }


def missing():
    """Why no run can be made here; empty when it can."""
    if not shutil.which("ffmpeg"):
        return "no ffmpeg here"
    return "" if harness.IO_SHIM.exists() else f"{harness.IO_SHIM} is not built"


class FaultyCalls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if why := missing():
            raise unittest.SkipTest(why)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-")
        cls.addClassCleanup(folder.cleanup)
        try:
            cls.house = House(folder.name)
            with contextlib.closing(Run(cls.house, Point("killed", "write", 0))) as first:
                first.daemon.start()
        except AssertionError as error:
            if "does not come first in initial library list" in str(error):
                raise unittest.SkipTest("a preloaded library may not come before the address sanitizer") from error
            raise

    def visit(self, point):
        """(point, path, calls, fault): the fault in words, or None."""
        run = Run(self.house, point)
        try:
            return (point, *run.judge(), None)
        except (AssertionError, OSError, ValueError) as error:
            fault = f"{point} at {run.faulted()}: {type(error).__name__}: {error}\n{run.complaints()}"
            print(fault, flush=True)  # now: there may be hundreds to come
            return point, run.faulted(), {}, fault
        finally:
            run.close()

    def visit_all(self, points):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.visit, points))

    def expect_well(self, results):
        faults = [fault for *_, fault in results if fault]
        self.assertEqual(len(faults), 0, f"{len(faults)} of {len(results)} points")

    def counted(self):
        """{(scene, kind): calls} of runs in which nothing fails."""
        results = self.visit_all([Point(scene, "all", 0) for scene in SCENES])
        self.expect_well(results)
        return {(point.scene, kind): some for point, _, calls, _ in results for kind, some in calls.items()}

    def report(self, results):
        """How many points were visited per call; each was reached."""
        visited = {}
        for point, path, *_ in results:
            if path:
                visited[point.scene, point.kind] = visited.get((point.scene, point.kind), 0) + 1
        for (scene, kind), points in sorted(visited.items()):
            print(f"{scene}: {points} points of {kind}", flush=True)
        print(f"{sum(visited.values())} points of failure visited", flush=True)
        return visited

    def visit_every(self):
        """Each n of each kind until a run completes in which nothing failed."""
        results = []
        for scene in SCENES:
            for kind in KINDS:
                n = 1
                while True:
                    some = self.visit_all([Point(scene, kind, n + i) for i in range(AT_ONCE)])
                    results += [result for result in some if result[1] or result[3]]
                    self.assertLess(n, 2000, f"no run completed: {scene}, {kind}")
                    if any(not path and not fault for _, path, _, fault in some):
                        break
                    n += AT_ONCE
        return results

    def visit_a_tenth(self):
        """Spread over each kind's calls, the last ones too, which a stop makes."""
        points = []
        for (scene, kind), calls in self.counted().items():
            some = max(1, round(calls / 10)) if calls else 0
            points += [Point(scene, kind, 1 + round(i * (calls - 1) / max(1, some - 1))) for i in range(some)]
        return self.visit_all(points)
