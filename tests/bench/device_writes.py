# SPDX-License-Identifier: Apache-2.0
"""A file system on a device of its own, and the bytes that reach it."""

import contextlib
import os
import pathlib
import struct
import subprocess

SECTOR = 512  # of /sys/block/*/stat, whatever the device's own is


@contextlib.contextmanager
def loop_disk(folder, size=1 << 30):
    """(mount point of an ext4, reader of the bytes written to its device so far), or (None, why there is none)."""
    if os.geteuid() != 0:
        yield None, "writes to a device of our own need root"
        return
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with open(image, "wb") as file:
        file.truncate(size)
    made = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True)
    device = made.stdout.strip()
    try:
        if made.returncode == 0:
            subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", device], check=True)
            made = subprocess.run(["mount", device, place], capture_output=True, text=True)
        if made.returncode != 0:
            yield None, f"no loop device here: {made.stderr.strip()}"
            return
        try:
            statistics = pathlib.Path("/sys/block") / pathlib.Path(device).name / "stat"
            yield place, lambda: int(statistics.read_text().split()[6]) * SECTOR
        finally:
            subprocess.run(["umount", "-l", place], check=False)
    finally:
        if device:
            subprocess.run(["losetup", "-d", device], check=False)


def sync(place):
    """Of this file system alone."""
    subprocess.run(["sync", "-f", place], check=True)


def media_bytes(folder):
    """What the camera sent of what lies in the segments beneath: the payload of their `mdat` boxes, torn ones included."""
    total = 0
    for path in [p for p in pathlib.Path(folder).rglob("*") if p.name.endswith((".mp4", ".mp4.part"))]:
        with open(path, "rb") as file:
            end = os.fstat(file.fileno()).st_size
            while len(head := file.read(8)) == 8:
                size, kind = struct.unpack(">I4s", head)
                if size < 8:
                    break
                if kind == b"mdat":
                    total += min(size, end - file.tell() + 8) - 8
                file.seek(size - 8, os.SEEK_CUR)
    return total
