# SPDX-License-Identifier: Apache-2.0
"""Takes what a daemon sends to journald by its native protocol, at the socket's own place in a mount namespace of the test's."""

import os
import pathlib
import select
import socket
import struct
import threading

import harness
import own_mounts

RUN = pathlib.Path("/run/systemd")


def fields(entry):
    """{name: value} of an entry: `NAME=value`, or the name alone, the value's size and the value."""
    found = {}
    while entry:
        line, _, rest = entry.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size, = struct.unpack("<Q", rest[:8])
            value, rest = rest[8:8 + size], rest[8 + size + 1:]
        found[name.decode()] = value
        entry = rest
    return found


class Journal:
    """`entries` has each as it came; the messages are appended to the daemon's log, as journalctl shows them. Skips the test
    where nothing can be mounted. Call it before the daemon starts."""

    def __init__(self, test, daemon):
        own_mounts.enter(test)
        own_mounts.tmpfs(test, RUN if RUN.exists() else RUN.parent, "16m")
        place = RUN / "journal"
        place.mkdir(parents=True)
        self.entries, self.log = [], daemon.log
        self.taking = threading.Lock()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        test.addCleanup(self.socket.close)
        self.socket.bind(str(place / "socket"))
        daemon.log.touch()
        output = daemon.log.stat()
        daemon.environment["JOURNAL_STREAM"] = f"{output.st_dev}:{output.st_ino}"
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        with open(self.log, "ab", buffering=0) as log:
            while True:
                try:
                    select.select([self.socket], [], [])
                    with self.taking:
                        entry = self.take()
                        self.entries.append(entry)
                        log.write(fields(entry)["MESSAGE"] + b"\n")
                except (OSError, ValueError):  # closed
                    return

    def take(self):
        """The next entry; one that is too large for a datagram comes as a file in memory."""
        entry, files, _, _ = socket.recv_fds(self.socket, 1 << 20, 1)
        for file in files:
            entry = os.pread(file, os.fstat(file).st_size, 0)
            os.close(file)
        return entry

    def settle(self):
        """Until all that was sent is here."""
        harness.wait_until(lambda: not select.select([self.socket], [], [], 0)[0], 20, "the journal to be read")
        with self.taking:
            return b"\n".join(self.entries)
