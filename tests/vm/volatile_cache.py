# SPDX-License-Identifier: Apache-2.0
"""A disk with a volatile cache, and what it holds after the plug was pulled.

qemu's blklogwrites driver logs every write and flush that the guest makes. Rebuilt from that log, the disk
has all that a completed flush covers, and of the later writes a random half: caches empty in any order.
"""

import random
import struct
import subprocess

MAGIC = 0x6A736677736872
FLUSH, FORCED, DISCARD, MARK = 1, 2, 4, 8


def drive(disk, log):
    """qemu's arguments for `disk` with every request logged to `log`. The guest's flushes are logged, and not passed on to the host's own disk."""
    log.write_bytes(b"")
    return ["-blockdev", f"driver=file,filename={disk},node-name=data_file,cache.no-flush=on",
            "-blockdev", "driver=raw,node-name=data,file=data_file",
            "-blockdev", f"driver=file,filename={log},node-name=log_file,cache.no-flush=on",
            "-blockdev", "driver=blklogwrites,node-name=logged,file=data,log=log_file,log-super-update-interval=1",
            "-device", "virtio-blk-pci,drive=logged,serial=data"]


def copy(disk, to):
    subprocess.run(["cp", "--sparse=always", disk, to], check=True)
    if to.stat().st_size != disk.stat().st_size:
        raise OSError(f"{to} is shorter than {disk}")


def entries(log):
    """(first sector, sectors, flags, offset of the data in the log) of each request, in their order."""
    with open(log, "rb") as file:
        magic, _, count, size = struct.unpack("<QQQI", file.read(28))
        if magic != MAGIC:
            raise ValueError(f"{log} is no log of blklogwrites")
        file.seek(size)
        for _ in range(count):
            header = file.read(size)
            if len(header) < 32:
                return  # the last one was being written
            sector, sectors, flags, length = struct.unpack("<QQQQ", header[:32])
            yield size, sector, sectors, flags, file.tell()
            file.seek(0 if flags & DISCARD else length if flags & MARK else sectors * size, 1)


def after_a_cut(before, log, disk, seed):
    """Makes `disk` from `before` (as it was when the log began). Returns how many requests there were, and how many were lost."""
    chance = random.Random(seed)
    requests = list(entries(log))
    last_flush = max((i for i, (*_, flags, _) in enumerate(requests) if flags & FLUSH), default=-1)
    lost = 0
    copy(before, disk)
    with open(log, "rb") as source, open(disk, "r+b") as target:
        for number, (size, sector, sectors, flags, offset) in enumerate(requests):
            if flags & (DISCARD | MARK) or sectors == 0:
                continue
            if number > last_flush and not flags & FORCED and chance.random() < 0.5:
                lost += 1
                continue
            source.seek(offset)
            target.seek(sector * size)
            target.write(source.read(sectors * size))
    return len(requests), lost
