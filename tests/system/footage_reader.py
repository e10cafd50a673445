# SPDX-License-Identifier: Apache-2.0
"""Reads footage by itself: the boxes of the segments and the rows of footage.db, as docs/storage.md has
them. Shares no code with the program, so that what both say of a folder can be compared.

    footage_reader.py FOLDER FOOTAGE.DB [--deep]     prints the faults; exit 1 when there are any
"""
import datetime
import json
import re
import sqlite3
import struct
import sys
import zlib
from pathlib import Path

HEAD = bytes.fromhex("5a1c6e0b7d3f4b529e6421d80fb7c301")
TAIL = HEAD[:-1] + b"\x02"
OPEN, CLOSED, TORN, DELETING = range(4)
NAME = re.compile(
    r"[^/]+/(\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d\.\d{3}Z|unsettled/[0-9a-f]{8}-\d+)\.(mp4|mov)"
)
LEAST_TOLERANCE = 100  # ms
DRIFT = 1000  # ms


class NotASegment(Exception):
    pass


class Broken(Exception):
    """A box that is none, or whose numbers do not fit each other."""


def boxes(data):
    """[(type, body)] that fill the bytes exactly."""
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            raise Broken("half a box")
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise Broken(f"{kind} does not fit")
        yield kind, data[at + 8 : at + size]
        at += size


def box(data, *path):
    for name in path:
        for kind, body in boxes(data):
            if kind == name:
                data = body
                break
        else:
            raise Broken(f"no {name}")
    return data


class Track:
    def __init__(self, trak):
        tkhd = box(trak, b"tkhd")
        self.id = struct.unpack_from(">I", tkhd, 20 if tkhd[0] == 1 else 12)[0]
        mdhd = box(trak, b"mdia", b"mdhd")
        self.timescale = struct.unpack_from(">I", mdhd, 20 if mdhd[0] == 1 else 12)[0]
        self.kind = box(trak, b"mdia", b"hdlr")[8:12]
        if self.timescale == 0:
            raise Broken("a track without a timescale")


class Run:
    """One trun: its samples' bytes, and when they are shown."""

    def __init__(self, body, default_duration, default_size, begin):
        flags, count = struct.unpack_from(">II", body)
        version, flags = flags >> 24, flags & 0xFFFFFF
        if not flags & 1 or count == 0:
            raise Broken("a run without samples or offset")
        self.offset = struct.unpack_from(">i", body, 8)[0]
        at = 12 + (4 if flags & 4 else 0)
        self.samples, self.bytes, self.shown, self.until, time = count, 0, [], 0, begin
        for _ in range(count):
            fields = []
            for bit in (0x100, 0x200, 0x400, 0x800):
                fields.append(struct.unpack_from(">I", body, at)[0] if flags & bit else None)
                at += 4 if flags & bit else 0
            duration = default_duration if fields[0] is None else fields[0]
            self.bytes += default_size if fields[1] is None else fields[1]
            shift = fields[3] or 0
            if version and shift >= 1 << 31:
                shift -= 1 << 32
            self.shown.append(time + shift)
            self.until = max(self.until, time + shift + duration)
            time += duration
        if at != len(body):
            raise Broken("a run with more than its samples")
        self.next = time


class Segment:
    """What a file says of itself. `faults` are names as docs/storage.md has them."""

    def __init__(self, path, deep=False):
        self.data = path.read_bytes()
        self.faults, self.tail, self.whole = [], None, 0
        self.fragments, self.frames, self.first, self.end, self.sequence = 0, 0, 0, 0, 0
        at = self.read_beginning()
        at = self.read_fragments(at)
        self.whole = at
        self.duration = max(0, self.end - self.first) * 1000 // self.video.timescale
        if self.tail:
            self.judge(at, deep)

    def top(self, at):
        """(type, body, end), or nothing where the file ends within it (or was never written)."""
        if at + 8 > len(self.data):
            return None
        size, kind = struct.unpack_from(">I4s", self.data, at)
        if size == 0 and kind == b"\0\0\0\0":
            return None
        if size < 8:
            raise Broken("a box of no size")
        if at + size > len(self.data):
            return None
        return kind, self.data[at + 8 : at + size], at + size

    def read_beginning(self):
        at = 0
        for wanted in (b"ftyp", b"moov", b"uuid"):
            try:
                found = self.top(at)
            except Broken as why:
                raise NotASegment(str(why)) from why
            if found is None or found[0] != wanted:
                raise NotASegment(f"no {wanted} at byte {at}")
            kind, body, at = found
            try:
                if kind == b"moov":
                    self.read_movie(body)
                if kind == b"uuid":
                    self.read_head(body)
            except (Broken, struct.error, ValueError, KeyError) as why:
                raise NotASegment(f"{wanted}: {why}") from why
        return at

    def read_movie(self, moov):
        tracks = [Track(body) for kind, body in boxes(moov) if kind == b"trak"]
        self.video = next((track for track in tracks if track.kind == b"vide"), None)
        self.tracks = {track.id: track for track in tracks}
        if self.video is None:
            raise Broken("no video")

    def read_head(self, body):
        if body[:16] != HEAD:
            raise Broken("no head of ours")
        head = json.loads(body[16:])
        self.camera, self.boot, self.begin_ms = head["camera"], head["boot"], head["begin_ms"]
        self.start = head["start"]

    def read_fragments(self, at):
        self.fragments_end = at
        while at < len(self.data):
            try:
                found = self.top(at)
                if found is None:
                    return at
                kind, body, end = found
                if kind == b"uuid":
                    self.read_tail(body)
                    return end
                if kind != b"moof":
                    raise Broken(f"{kind} among the fragments")
                media = self.top(end)
                if media is None:
                    return at
                self.read_fragment(body, media, end - at)
                at = self.fragments_end = media[2]
            except (Broken, struct.error):
                self.faults.append("bad_box")
                return at
        return at

    def read_fragment(self, moof, media, size):
        kind, data, _ = media
        if kind != b"mdat":
            raise Broken("no mdat behind a moof")
        sequence = struct.unpack_from(">I", box(moof, b"mfhd"), 4)[0]
        named, runs = 0, []
        for name, traf in boxes(moof):
            if name == b"traf":
                for track, run in self.runs(traf):
                    begin = run.offset - size - 8
                    if begin < 0 or begin + run.bytes > len(data):
                        raise Broken("a run outside its mdat")
                    named += run.bytes
                    if track == self.video.id:
                        runs.append(run)
        if named != len(data):
            raise Broken("bytes that no run names")
        if sequence != self.sequence + 1:
            self.faults.append("missing_fragment")
        self.sequence = sequence
        self.fragments += 1
        for run in runs:
            if self.frames == 0:
                self.first = run.shown[0]
            self.frames += run.samples
            self.end = max(self.end, run.until)

    def runs(self, traf):
        tfhd = box(traf, b"tfhd")
        flags, track = struct.unpack_from(">II", tfhd)
        if track not in self.tracks or flags & 1 or not flags & 0x20000:
            raise Broken("tfhd")
        at, values = 8, {}
        for bit in (0x02, 0x08, 0x10, 0x20):
            if flags & bit:
                values[bit] = struct.unpack_from(">I", tfhd, at)[0]
                at += 4
        tfdt = box(traf, b"tfdt")
        begin = struct.unpack_from(">Q" if tfdt[0] == 1 else ">I", tfdt, 4)[0]
        for kind, body in boxes(traf):
            if kind == b"trun":
                run = Run(body, values.get(0x08, 0), values.get(0x10, 0), begin)
                begin = run.next
                yield track, run

    def read_tail(self, body):
        try:
            note = json.loads(body[16:])
            kinds = {"duration_ms": int, "frames": int, "bytes": int, "crc32": int, "torn": bool}
            # The same text that is written, not merely one that means the same.
            exact = json.dumps(note, separators=(",", ":")).encode() == body[16:]
            if body[:16] != TAIL or not exact or [(k, type(v)) for k, v in note.items()] != list(kinds.items()):
                raise ValueError
        except ValueError as why:
            raise Broken("a tail that is none") from why
        self.tail = note

    def judge(self, at, deep):
        if at < len(self.data):
            self.faults.append("trailing_bytes")
        told = (self.tail["bytes"], self.tail["frames"], self.tail["duration_ms"])
        if told != (self.fragments_end, self.frames, self.duration):
            self.faults.append("wrong_tail")
        if deep and self.tail["bytes"] == self.fragments_end:
            if zlib.crc32(self.data[: self.fragments_end]) != self.tail["crc32"]:
                self.faults.append("bad_crc")


class Index:
    def __init__(self, path):
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        base.row_factory = sqlite3.Row
        self.zero = {row["boot"]: row["zero_ms"] for row in base.execute("SELECT boot, zero_ms FROM boots")}
        self.segments = [dict(row) for row in base.execute("SELECT * FROM segments ORDER BY boot, begin_ms, id")]
        self.gaps = [dict(row) for row in base.execute("SELECT * FROM gaps ORDER BY boot, begin_ms, id")]
        self.volume = next((row["id"] for row in base.execute("SELECT id FROM volume")), None)
        base.close()

    def is_followed(self, segment):
        end = (segment["camera"], segment["boot"], segment["end_ms"])
        begins = ((row["camera"], row["boot"], row["begin_ms"]) for row in self.segments + self.gaps)
        return segment["end_ms"] > segment["begin_ms"] and end in begins

    def cameras(self):
        return sorted({row["camera"] for row in self.segments + self.gaps})

    def stretches(self, camera):
        """[(boot, begin, end boot, end, tolerance, file)] of segments and finished gaps, in order."""
        found = []
        for row in self.segments:
            if row["camera"] == camera and row["state"] != DELETING:
                picture = (row["end_ms"] - row["begin_ms"]) // row["frames"] if row["frames"] else 0
                tolerance = max(LEAST_TOLERANCE, picture)
                found.append((row["boot"], row["begin_ms"], row["boot"], row["end_ms"], tolerance, row["file"]))
        for row in self.gaps:
            if row["camera"] == camera and row["end_boot"] is not None:
                found.append(
                    (row["boot"], row["begin_ms"], row["end_boot"], row["end_ms"], LEAST_TOLERANCE, "")
                )
        return sorted(found, key=lambda stretch: stretch[:2])

    def between(self, last, following):
        """ms from the end of one to the begin of the other; None where no clock says it."""
        if last[2] == following[0]:
            return following[1] - last[3]
        if last[2] > following[0]:
            return None
        zeros = self.zero.get(last[2]), self.zero.get(following[0])
        return None if None in zeros else zeros[1] + following[1] - zeros[0] - last[3]


def time_faults(index):
    for camera in index.cameras():
        last = None
        for stretch in index.stretches(camera):
            if last:
                free = index.between(last, stretch)
                tolerance = max(last[4], stretch[4])
                if free < -tolerance if free is not None else last[2] > stretch[0]:
                    both = last[5] and stretch[5]
                    yield "overlap" if both else "gap_over_footage", stretch[5] or last[5]
                elif free is None or free > tolerance:
                    yield "unexplained_time", stretch[5]
            if last is None or last[2:4] < stretch[2:4]:
                last = stretch


def says_camera(path):
    try:
        return Segment(path).camera
    except (NotASegment, OSError):
        return None


def is_readable(path):
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def camera_folders(folder, index):
    """The folders at the top in which whatever is no segment has no place; everything else is others'."""
    found = {row["camera"] for row in index.segments}
    for path, name in files_of(folder):
        top = name.split("/")[0]
        if name.endswith(".part"):
            if NAME.fullmatch(name.removesuffix(".part")):
                found.add(top)
        elif NAME.fullmatch(name) and says_camera(path) == top:
            found.add(top)
    return {top for top in found if re.fullmatch("[a-z0-9_]+", top)}


def files_of(folder):
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name.split("/")[0] in ("quarantine", "lost+found", "porchlight-volume.json",
                                                          "porchlight-protected.txt"):
            continue
        yield path, name


def compare(segment, row, followed):
    """`followed`: something begins where the row ends."""
    if row["state"] == OPEN:
        return "wrong_row"
    if row["bytes"] != len(segment.data):
        return "wrong_size"
    lasts = row["end_ms"] - row["begin_ms"]
    same = row["crc"] == segment.tail["crc32"] and row["frames"] == segment.frames
    return None if same and (followed or abs(lasts - segment.duration) <= DRIFT) else "wrong_row"


def file_faults(path, name, row, followed, deep):
    part = name.endswith(".part")
    plain = name[:-5] if part else name
    if row and row["state"] == DELETING:
        yield "unfinished_delete"
        return
    try:
        segment = Segment(path, deep)
    except NotASegment:
        yield "torn_tail" if part and NAME.fullmatch(plain) else "not_a_segment"
        return
    except OSError:
        yield "torn_tail" if part and NAME.fullmatch(plain) else "unreadable_file"
        return
    if part:
        yield "torn_tail"
        return
    if not NAME.fullmatch(plain) or segment.camera != plain.split("/")[0]:
        yield "bad_name"
        if row is None:
            return
    if not segment.tail and not segment.faults:
        yield "torn_tail"
        return
    yield from segment.faults
    if segment.faults:
        return
    if row is None:
        yield "unindexed_file"
    elif fault := compare(segment, row, followed):
        yield fault


def volume_fault(folder, index):
    if index.volume is None:
        return False
    try:
        return json.loads((folder / "porchlight-volume.json").read_text())["id"] != index.volume
    except (OSError, ValueError, KeyError):
        return True


def faults(folder, database, deep=False):
    """[(name, file)] of a folder that no daemon records into, sorted."""
    index = Index(database)
    if volume_fault(folder, index):
        return [("wrong_volume", "")]
    rows = {row["file"]: row for row in index.segments}
    found, seen, ours = [], set(), camera_folders(folder, index)
    for path, name in files_of(folder):
        if name.removesuffix(".part") not in rows and ("/" not in name or name.split("/")[0] not in ours):
            if NAME.fullmatch(name) and not is_readable(path):
                found.append(("unreadable_file", name))
            elif NAME.fullmatch(name) and says_camera(path):
                found.append(("bad_name", name))
            continue
        plain = name.removesuffix(".part")
        row = rows.get(plain)
        seen.add(plain)
        found += [(fault, name) for fault in file_faults(path, name, row, row and index.is_followed(row), deep)]
    for name, row in rows.items():
        if name not in seen:
            found.append(("unfinished_delete" if row["state"] == DELETING else "missing_file", name))
    return sorted(found + list(time_faults(index)))


def coverage(folder, database):
    """{camera: (footage, gaps, whole)} in ms: what the files hold by their own boxes, what finished gaps
    explain, and from the begin of the first to the end of the last by the clocks of the boots."""
    index = Index(database)
    result = {}
    for camera in index.cameras():
        footage = 0
        for row in index.segments:
            if row["camera"] == camera and row["state"] in (CLOSED, TORN):
                footage += Segment(folder / row["file"]).duration
        stretches = index.stretches(camera)

        def wall(boot, ms):
            return index.zero[boot] + ms

        gaps = sum(wall(s[2], s[3]) - wall(s[0], s[1]) for s in stretches if not s[5])
        whole = max(wall(s[2], s[3]) for s in stretches) - wall(*stretches[0][:2])
        result[camera] = (footage, gaps, whole)
    return result


def wall_time(text):
    """Unix milliseconds of RFC 3339."""
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(at.timestamp() * 1000)


def main(arguments):
    deep = "--deep" in arguments
    folder, database = [Path(word) for word in arguments if word != "--deep"]
    found = faults(folder, database, deep)
    for name, file in found:
        print(f"{name}: {file}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
