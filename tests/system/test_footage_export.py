# SPDX-License-Identifier: Apache-2.0
"""porchlight footage export, verify and check, from outside: the films by ffprobe, the signature by openssl, the
faults by a reader that shares no code with the program."""
import contextlib
import hashlib
import json
import os
import pty
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import footage_reader
from harness import BUILD, IO_SHIM, PROGRAM, wait_until

MAKER = BUILD / "record_footage_maker"
# Recorded all the time, so that every instant of theirs is to be explained; nobody connects to them here.
CAMERAS = [{"id": camera, "name": camera, "url": "rtsp://127.0.0.1:1/x"} for camera in ("front", "back")]


class House:
    """A storage folder with footage, and the commands of the program over it."""

    def __init__(self, test, *pieces):
        self.folder = Path(tempfile.mkdtemp(prefix="porchlight-footage-"))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.storage = self.folder / "storage"
        self.recordings = self.storage / "recordings"
        self.database = self.storage / "footage.db"
        self.configuration = self.folder / "porchlight.yaml"
        self.configuration.write_text(json.dumps({"storage": {"path": str(self.storage)}, "cameras": CAMERAS}))
        made = subprocess.run([MAKER, self.storage, *pieces], capture_output=True, text=True, check=True)
        self.files = made.stdout.split()

    def run(self, *words, **more):
        return subprocess.run([PROGRAM, "-c", self.configuration, "footage", *words],
                              capture_output=True, text=True, timeout=120, **more)

    def export(self, start, end, out):
        return self.run("export", "--camera", "front", "--from", start, "--to", end, "--out", out)

    def rows(self, statement, *values):
        with sqlite3.connect(self.database) as base:
            base.execute(statement, values)
        base.close()

    def bad_sector(self, name, at):
        """The environment of a program for which a page of this file, from `at` on, cannot be read."""
        return os.environ | {"LD_PRELOAD": str(IO_SHIM), "IO_SHIM_BAD_FILE": str((self.recordings / name).resolve()),
                             "IO_SHIM_BAD_AT": str(at), "IO_SHIM_LOG": str(self.folder / "shim.log")}

    def reader_faults(self, deep, environment):
        """What the independent reader says in a process of its own."""
        words = [self.recordings, self.database] + (["--deep"] if deep else [])
        done = subprocess.run([sys.executable, "-B", footage_reader.__file__, *words], capture_output=True, text=True,
                              timeout=120, env=environment)
        assert done.stderr == "", done.stderr
        return [tuple(line.split(": ", 1)) for line in done.stdout.splitlines()]

    def faults(self, *words, environment=None):
        """What both say, after they were found to agree: [(name, file)]."""
        done = self.run("check", "--json", *words, env=environment)
        answer = json.loads(done.stdout)
        ours = sorted((fault["name"], fault["file"]) for fault in answer["faults"])
        deep = "--deep" in words
        theirs = (self.reader_faults(deep, environment) if environment else
                  footage_reader.faults(self.recordings, self.database, deep))
        assert ours == theirs, f"the program says {ours}, the reader {theirs}"
        assert done.returncode == (1 if ours else 0), done
        assert answer["ok"] == (not ours)
        return ours


def probe(film):
    """(pictures, [times]) by ffprobe, which decodes everything."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
         "stream=nb_read_frames:frame=pts_time", "-of", "json", film],
        capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == "", done.stderr
    answer = json.loads(done.stdout)
    return int(answer["streams"][0]["nb_read_frames"]), [float(f["pts_time"]) for f in answer["frames"]]


def opened_by(pid):
    names = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            names.append(str(link.readlink()))
        except FileNotFoundError:  # closed meanwhile
            pass
    return names


class FootageExportTest(unittest.TestCase):
    def test_a_film_is_what_was_recorded(self):
        house = House(self, "front@0,aac", "front@2000,aac", "gap:front@4000-9000", "front@9000,aac")
        film = house.folder / "film.mp4"
        done = house.export("2026-11-26T12:00:00Z", "2026-11-26T12:00:11Z", film)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("gap: 2026-11-26T12:00:04.000Z to 2026-11-26T12:00:09.000Z, network", done.stdout)
        self.assertEqual(done.stderr, "")  # no progress where there is no terminal
        pictures, times = probe(film)
        self.assertEqual(pictures, 180)
        self.assertEqual(times, sorted(set(times)))
        self.assertAlmostEqual(times[0], 0, delta=0.001)
        self.assertAlmostEqual(times[120] - times[119], 5 + 1 / 30, delta=0.005)
        self.assertAlmostEqual(times[-1], 11 - 1 / 30, delta=0.005)
        self.assertEqual({path.name for path in house.folder.iterdir()},
                         {"film.mp4", "film.mp4.manifest.json", "film.mp4.manifest.sig", "film.mp4.public.pem",
                          "storage", "porchlight.yaml"})
        self.assertEqual(film.stat().st_mode & 0o007, 0, "others may read it")

    def test_progress_is_shown_on_a_terminal(self):
        house = House(self, "front@0,aac", "front@2000,aac")
        film = house.folder / "film.mp4"
        for words in (("export", "--camera", "front", "--from", "2026-11-26T12:00:00Z", "--to", "2026-11-26T12:00:04Z", "--out", film),
                      ("verify", film), ("check", "--deep")):
            reader, terminal = pty.openpty()
            done = subprocess.run([PROGRAM, "-c", house.configuration, "footage", *words], stdout=subprocess.PIPE,
                                  stderr=terminal, text=True, timeout=120)
            os.close(terminal)
            shown = b""
            with contextlib.suppress(OSError):  # EIO: nobody writes to it any more
                while part := os.read(reader, 4096):
                    shown += part
            os.close(reader)
            self.assertEqual(done.returncode, 0, (done.stdout, shown))
            parts = [part for part in shown.decode().split("\r") if part.strip()]
            self.assertTrue(parts, f"{words[0]} shows nothing")
            percents = [int(re.fullmatch(rf"{words[0]}: (\d+) % of \d+ MB", part)[1]) for part in parts]
            self.assertEqual(percents, sorted(percents), parts)
            self.assertLessEqual(percents[-1], 100)
            self.assertRegex(shown.decode(), "\r +\r$", "the line is not wiped")
            self.assertNotIn("%", done.stdout)

    def test_time_of_which_nothing_is_known_is_told(self):
        house = House(self, "front@0", "front@9000")
        film = house.folder / "film.mp4"
        done = house.export("2026-11-26T12:00:00Z", "2026-11-26T12:00:11Z", film)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("gap: 2026-11-26T12:00:02.000Z to 2026-11-26T12:00:09.000Z, and nothing says why", done.stdout)
        gaps = json.loads(Path(f"{film}.manifest.json").read_text())["gaps"]
        self.assertEqual([gap["cause"] for gap in gaps], [None])

    def test_a_bad_sector_costs_its_segment_and_not_the_film(self):
        house = House(self, "front@0", "front@2000", "front@4000")
        film, log = house.folder / "film.mp4", house.folder / "shim.log"
        bad = (house.recordings / house.files[1]).resolve()
        shim = house.bad_sector(house.files[1], bad.read_bytes().index(b"mdat") + 2000)
        done = house.run("export", "--camera", "front", "--from", "2026-11-26T12:00:00Z", "--to",
                         "2026-11-26T12:00:06Z", "--out", film, env=shim)
        self.assertIn(f"bad {bad}", log.read_text())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"gap: 2026-11-26T12:00:02.000Z to 2026-11-26T12:00:04.000Z, damaged: {house.files[1]}: io",
                      done.stdout)
        self.assertEqual(probe(film)[0], 120)
        manifest = json.loads(Path(f"{film}.manifest.json").read_text())
        self.assertEqual([entry["file"] for entry in manifest["segments"]], [house.files[0], house.files[2]])
        self.assertEqual([gap["cause"] for gap in manifest["gaps"]], ["damaged"])
        self.assertNotIn(str(house.folder), json.dumps(manifest), "no place of this machine")
        self.assertEqual(house.run("verify", film).returncode, 0)

    def test_openssl_and_sha256sum_alone_verify_it(self):
        house = House(self, "front@0", "front@2000")
        film = house.folder / "film.mp4"
        self.assertEqual(house.export("2026-11-26T12:00:00Z", "2026-11-26T12:00:04Z", film).returncode, 0)

        def openssl():
            return subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", f"{film}.public.pem", "-rawin", "-in",
                 f"{film}.manifest.json", "-sigfile", f"{film}.manifest.sig"],
                capture_output=True, text=True).returncode == 0

        self.assertTrue(openssl())
        manifest = json.loads(Path(f"{film}.manifest.json").read_text())
        line = f"{manifest['file']['sha256']}  {film.name}\n"
        summed = subprocess.run(["sha256sum", "-c"], input=line, text=True, cwd=house.folder, capture_output=True)
        self.assertEqual(summed.returncode, 0, summed.stderr)
        self.assertEqual(len(Path(f"{film}.manifest.sig").read_bytes()), 64)
        for entry in manifest["segments"]:
            self.assertEqual(entry["sha256"],
                             hashlib.sha256((house.recordings / entry["file"]).read_bytes()).hexdigest())
        path = Path(f"{film}.manifest.json")
        good = path.read_bytes()
        source = random.Random(7)
        for at in source.sample(range(len(good)), 40):
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            self.assertFalse(openssl(), f"byte {at}")
        path.write_bytes(good)
        self.assertTrue(openssl())

    def test_verify_says_so_and_refuses(self):
        house = House(self, "front@0")
        film = house.folder / "film.mp4"
        house.export("2026-11-26T12:00:00Z", "2026-11-26T12:00:02Z", film)
        good = house.run("verify", film)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("good:", good.stdout)
        self.assertEqual(house.run("verify", film, "--key", f"{film}.public.pem").returncode, 0)
        data = film.read_bytes()
        film.write_bytes(data[:5000] + bytes([data[5000] ^ 1]) + data[5001:])
        bad = house.run("verify", film)
        self.assertEqual(bad.returncode, 1)
        self.assertIn("not the one of the manifest", bad.stderr)

    def test_footage_that_was_changed_is_told(self):
        house = House(self, "front@0", "front@2000")
        film = house.folder / "film.mp4"
        path = house.recordings / house.files[1]
        data = path.read_bytes()
        at = data.index(b"mdat") + 2000
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        done = house.export("2026-11-26T12:00:00Z", "2026-11-26T12:00:04Z", film)
        self.assertIn(f"changed: {house.files[1]} ", done.stdout)
        self.assertNotIn(f"changed: {house.files[0]}", done.stdout)
        verified = house.run("verify", film)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn(f"changed: {house.files[1]} ", verified.stdout)

    def test_the_first_signal_ends_a_verification(self):
        house = House(self, "front@0")
        film = house.folder / "film.mp4"
        self.assertEqual(house.export("2026-11-26T12:00:00Z", "2026-11-26T12:00:02Z", film).returncode, 0)
        # A film of which only the size is right takes seconds to read, and one signal is all it takes to end that.
        manifest = Path(f"{film}.manifest.json")
        key = Path(f"{film}.public.pem")
        signature = Path(f"{film}.manifest.sig")
        size = 16 << 30
        with open(film, "r+b") as opened:
            opened.truncate(size)
        told = json.loads(manifest.read_text())
        told["file"]["bytes"] = size
        told["public_key"] = key.read_text()
        manifest.write_text(json.dumps(told, sort_keys=True, separators=(",", ":")))
        subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", house.storage / "footage.key", "-rawin", "-in", manifest,
                        "-out", signature], check=True, capture_output=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            child = subprocess.Popen([PROGRAM, "-c", house.configuration, "footage", "verify", film],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            wait_until(lambda: str(film) in opened_by(child.pid), 60, "the film to be read")
            child.send_signal(number)
            try:
                child.communicate(timeout=5)  # all of it takes longer
            finally:
                child.kill()
                child.wait()
            self.assertEqual(child.returncode, -number)

    def test_wrong_orders_are_refused_by_name(self):
        house = House(self, "front@0")
        film = house.folder / "film.mp4"
        for start, end, code, what in (
            ("tomorrow", "-1h", 2, "--from 'tomorrow' is no time"),
            ("-1h", "-2h", 2, "is not before --to"),
            ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", 1, "nothing was recorded"),
        ):
            done = house.export(start, end, film)
            self.assertEqual(done.returncode, code, done)
            self.assertIn(what, done.stderr)
        film.write_text("mine")
        done = house.export("2026-11-26T12:00:00Z", "2026-11-26T12:00:02Z", film)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is there already", done.stderr)
        self.assertEqual(film.read_text(), "mine")
        film.rename(f"{film}.manifest.json")
        done = house.export("2026-11-26T12:00:00Z", "2026-11-26T12:00:02Z", film)
        self.assertEqual(done.returncode, 2)
        self.assertIn("film.mp4.manifest.json' is there already", done.stderr)
        self.assertEqual(Path(f"{film}.manifest.json").read_text(), "mine")

    def test_what_finds_no_room_leaves_nothing(self):
        house = House(self, *[f"front@{second}000" for second in range(0, 16, 2)])
        out = house.folder / "out"
        out.mkdir()
        room = 64 * 1024

        def cramped():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        words = ["export", "--camera", "front", "--from", "2026-11-26T12:00:00Z", "--to", "2026-11-26T12:00:16Z",
                 "--out", out / "film.mp4"]
        done = house.run(*words, preexec_fn=cramped, restore_signals=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("film.mp4.part", done.stderr)
        self.assertEqual(list(out.iterdir()), [])
        self.assertEqual(house.run(*words).returncode, 0)
        self.assertGreater((out / "film.mp4").stat().st_size, room)


class FootageCheckTest(unittest.TestCase):
    """Each named fault, planted; the program and the reader have to say the same of each."""

    def house(self):
        return House(self, "front@0", "front@2000,aac", "gap:front@4000-6000", "front@6000", "back@0,alaw",
                     "back@2000,h265,alaw")

    def planted(self, plant, *expected, words=()):
        house = self.house()
        self.assertEqual(house.faults(*words), [])
        plant(house)
        self.assertEqual(house.faults(*words), sorted(expected))
        return house

    def change(self, house, number, edit):
        path = house.recordings / house.files[number]
        path.write_bytes(edit(path.read_bytes()))

    def test_missing_file(self):
        house = self.house()
        name = house.files[1]
        self.planted(lambda house: (house.recordings / name).unlink(), ("missing_file", name))

    def test_unindexed_file(self):
        house = self.house()
        name = house.files[0]
        self.planted(lambda house: house.rows("DELETE FROM segments WHERE file = ?", name),
                     ("unindexed_file", name))

    def test_a_repaired_row_is_protected_when_the_volume_says_so(self):
        house = self.house()
        (house.recordings / "porchlight-protected.txt").write_text(house.files[0] + "\n")
        house.rows("DELETE FROM segments")
        self.assertEqual(house.run("check", "--repair").returncode, 0)
        with sqlite3.connect(house.database) as base:
            rows = dict(base.execute("SELECT file, is_protected FROM segments"))
        base.close()
        self.assertEqual(rows, {name: int(name == house.files[0]) for name in house.files})

    def test_torn_tail(self):
        house = House(self, "front@0", "front@2000,cut")
        self.assertEqual(house.faults(), [("torn_tail", house.files[1] + ".part")])
        self.planted(lambda house: self.change(house, 0, lambda data: data[:-7]),
                     ("torn_tail", self.house().files[0]))

    def test_bad_box(self):
        def edit(data):
            at = data.index(b"trun", data.index(b"moof") + 2000)
            return data[:at] + b"TRUN" + data[at + 4:]

        self.planted(lambda house: self.change(house, 0, edit), ("bad_box", self.house().files[0]))

    def test_missing_fragment(self):
        def edit(data):
            second = data.index(b"moof", data.index(b"mdat")) - 4
            tail = data.rindex(b"uuid") - 4
            return data[:second] + data[tail:]

        def again(data):
            first = data.index(b"moof") - 4
            second = data.index(b"moof", data.index(b"mdat")) - 4
            return data[:first] + data[second:]

        name = self.house().files[0]
        # Less than its tail says.
        self.planted(lambda house: self.change(house, 0, edit), ("wrong_tail", name))
        self.planted(lambda house: self.change(house, 0, again), ("missing_fragment", name), ("wrong_tail", name))

    def test_trailing_bytes(self):
        self.planted(lambda house: self.change(house, 2, lambda data: data + b"more"),
                     ("trailing_bytes", self.house().files[2]))

    def test_bad_crc(self):
        def edit(data):
            at = data.index(b"mdat") + 3000
            return data[:at] + bytes([data[at] ^ 8]) + data[at + 1:]

        self.planted(lambda house: self.change(house, 4, edit), ("bad_crc", self.house().files[4]),
                     words=["--deep"])

    def test_wrong_size_and_wrong_row(self):
        name = self.house().files[0]
        for change, fault in (("bytes = bytes - 1", "wrong_size"), ("crc = crc + 1", "wrong_row"),
                              ("frames = frames + 1", "wrong_row"), ("state = 0", "wrong_row")):
            self.planted(
                lambda house, change=change: house.rows(f"UPDATE segments SET {change} WHERE file = ?", name),
                (fault, name))

    def test_overlap(self):
        name = self.house().files[1]
        self.planted(lambda house: house.rows(
            "UPDATE segments SET begin_ms = begin_ms - 500, end_ms = end_ms - 500 WHERE file = ?", name),
            ("overlap", name), ("unexplained_time", ""))

    def test_unexplained_time_and_gap_over_footage(self):
        name = self.house().files[2]
        self.planted(lambda house: house.rows("DELETE FROM gaps"), ("unexplained_time", name))
        self.planted(lambda house: house.rows("UPDATE gaps SET end_ms = end_ms + 900"), ("gap_over_footage", name))

    def test_unfinished_delete(self):
        name = self.house().files[2]
        self.planted(lambda house: house.rows("UPDATE segments SET state = 3 WHERE file = ?", name),
                     ("unfinished_delete", name))

    def test_not_a_segment_and_bad_name(self):
        self.planted(lambda house: (house.recordings / "front" / "notes.txt").write_text("x"),
                     ("not_a_segment", "front/notes.txt"))
        name = self.house().files[0]

        def copy(house):
            (house.recordings / "garage" / "2026-11-26").mkdir(parents=True)
            shutil.copy(house.recordings / name, house.recordings / "garage" / "2026-11-26" / "12-00-00.000Z.mp4")

        other = "garage/2026-11-26/12-00-00.000Z.mp4"
        self.planted(copy, ("bad_name", other))

    def contents(self, house):
        return {path: path.read_bytes() for path in sorted(house.recordings.rglob("*")) if path.is_file()}

    def test_unreadable_file(self):
        """A file that the medium does not give is named and stays as it is, whatever else is mended."""
        house = self.house()
        name, other = house.files[0], house.files[2]
        whole = self.contents(house)
        self.change(house, 2, lambda data: data + b"more")
        bad = house.bad_sector(name, 0)
        self.assertEqual(house.faults(environment=bad), [("trailing_bytes", other), ("unreadable_file", name)])
        answer = json.loads(house.run("check", "--json", env=bad).stdout)
        fault = next(fault for fault in answer["faults"] if fault["name"] == "unreadable_file")
        self.assertEqual((fault["camera"], fault["mendable"], fault["mended"]), ("front", False, False))
        self.assertIn(name, fault["detail"])
        self.assertIn("Input/output error", fault["detail"])
        told = house.run("check", env=bad)
        self.assertEqual(told.returncode, 1)
        self.assertIn(f"unreadable_file: front, {name}: ", told.stdout)
        mended = house.run("check", "--repair", env=bad)
        self.assertEqual(mended.returncode, 1, mended.stdout + mended.stderr)
        self.assertEqual(mended.stdout.count("(mended)"), 1)
        self.assertRegex(mended.stdout, f"unreadable_file: front, {name}: .*Input/output error\n")
        # The other one is mended, and nothing else has changed: neither bytes nor rows nor places.
        self.assertEqual(self.contents(house), whole)
        self.assertEqual(house.faults(environment=bad), [("unreadable_file", name)])
        # It was the medium's fault alone.
        self.assertEqual(house.faults("--deep"), [])

    def test_a_bad_sector_among_the_pictures_is_found_when_every_byte_is_read(self):
        house = self.house()
        name = house.files[0]
        data = (house.recordings / name).read_bytes()
        bad = house.bad_sector(name, data.index(b"mdat") + 2000)
        self.assertEqual(house.faults("--deep", environment=bad), [("unreadable_file", name)])
        self.assertEqual(house.run("check", "--deep", "--repair", env=bad).returncode, 1)
        self.assertEqual((house.recordings / name).read_bytes(), data)
        self.assertEqual(house.faults("--deep"), [])

    def test_an_unreadable_file_keeps_no_other_from_its_row(self):
        """With the index lost the folder's own files say whose it is: one that cannot be read says nothing."""
        house = self.house()
        name = house.files[0]
        whole = self.contents(house)
        house.rows("DELETE FROM segments")
        house.rows("DELETE FROM gaps")
        bad = house.bad_sector(name, 0)
        others = [("unindexed_file", file) for file in house.files[1:]]
        self.assertEqual(house.faults(environment=bad), sorted([*others, ("unreadable_file", name)]))
        self.assertEqual(house.run("check", "--repair", env=bad).returncode, 1)
        self.assertEqual(self.contents(house), whole)
        self.assertIn(("unreadable_file", name), house.faults(environment=bad))
        self.assertIn(("unindexed_file", name), house.faults())

    def test_a_folder_whose_only_segment_cannot_be_read_is_told(self):
        house = House(self, "front@0", "back@0")
        name = house.files[0]
        whole = self.contents(house)
        house.rows("DELETE FROM segments WHERE file = ?", name)
        (house.recordings / "front" / "notes.txt").write_text("may be another's")
        bad = house.bad_sector(name, 0)
        self.assertEqual(house.faults(environment=bad), [("unreadable_file", name)])
        self.assertEqual(house.run("check", "--repair", env=bad).returncode, 1)
        (house.recordings / "front" / "notes.txt").unlink()
        self.assertEqual(self.contents(house), whole)

    def test_a_torn_file_that_cannot_be_read_is_not_cut(self):
        house = House(self, "front@0", "front@2000,cut")
        name = house.files[1] + ".part"
        part = house.recordings / name
        data = part.read_bytes()
        bad = house.bad_sector(name, data.index(b"mdat") + 2000)
        self.assertEqual(house.faults(environment=bad), [("torn_tail", name)])
        mended = house.run("check", "--repair", env=bad)
        self.assertEqual(mended.returncode, 1, mended.stdout + mended.stderr)
        self.assertIn("not mended", mended.stdout)
        self.assertEqual(part.read_bytes(), data)
        self.assertEqual(house.run("check", "--repair").returncode, 0)
        self.assertEqual(house.faults("--deep"), [])

    def test_what_others_keep_on_the_volume_is_left_alone(self):
        house = self.house()
        others = {"notes.txt": "mine", "photos/2025/x.jpg": "a picture", "photos/2025/x.mp4": "a film",
                  "photos/2025-01-01/12-00-00.000Z.mp4": "a film", "backup/a/b/c": "deep"}
        for name, text in others.items():
            (house.recordings / name).parent.mkdir(parents=True, exist_ok=True)
            (house.recordings / name).write_text(text)
        self.assertEqual(house.faults("--deep"), [])
        self.assertEqual(house.run("check", "--repair").returncode, 0)
        for name, text in others.items():
            self.assertEqual((house.recordings / name).read_text(), text)

    def test_wrong_volume(self):
        self.planted(lambda house: (house.recordings / "porchlight-volume.json").unlink(), ("wrong_volume", ""))
        self.planted(lambda house: house.rows("UPDATE volume SET id = 'another'"), ("wrong_volume", ""))

    def test_repair_leaves_a_folder_of_which_both_say_that_it_is_good(self):
        house = House(self, "front@0", "front@2000", "front@4000,cut", "front@6000,unindexed", "front@8000")
        (house.recordings / house.files[1]).unlink()
        self.change(house, 4, lambda data: data + b"more")
        (house.recordings / "front" / "notes.txt").write_text("x")
        self.assertEqual(len(house.faults()), 6)  # unexplained time with the lost rows
        mended = house.run("check", "--repair")
        self.assertEqual(mended.returncode, 0, mended.stdout + mended.stderr)
        self.assertEqual(mended.stdout.count("(mended)"), 5)
        self.assertEqual(house.faults("--deep"), [])

    def test_footage_and_gaps_are_all_the_time_there_is(self):
        house = self.house()
        for camera, (footage, gaps, whole) in footage_reader.coverage(house.recordings, house.database).items():
            with self.subTest(camera):
                pictures = 3 if camera == "front" else 2
                self.assertAlmostEqual(footage + gaps, whole, delta=34 * pictures)

    def test_a_running_daemon_is_left_in_peace(self):
        house = House(self, "front@0", "front@2000,open")
        self.assertEqual(house.faults(), [("torn_tail", house.files[1] + ".part")])
        # What answers at the control socket is a daemon, even one that hangs.
        with socket.socket(socket.AF_UNIX) as daemon:
            daemon.bind(str(house.storage / "control.sock"))
            daemon.listen()
            refused = house.run("check", "--repair")
            self.assertEqual(refused.returncode, 3)
            self.assertIn("stop porchlight first", refused.stderr)
            self.assertEqual(house.run("check").returncode, 0)
        # One that crashed left a socket that nobody answers.
        self.assertEqual(house.run("check", "--repair").returncode, 0)

    def test_a_storage_without_footage_is_good(self):
        house = House(self)
        shutil.rmtree(house.recordings)
        for path in house.storage.glob("footage.db*"):
            path.unlink()
        done = house.run("check")
        self.assertEqual((done.returncode, done.stdout), (0, "good: no fault\n"))


if __name__ == "__main__":
    unittest.main()
