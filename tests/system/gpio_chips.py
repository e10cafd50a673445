# SPDX-License-Identifier: Apache-2.0
"""GPIO chips that a preloaded library answers for (tests/gpio/gpiofake.c), and the hand that moves their lines."""

import os
import socket
import tempfile
import unittest

import harness

FAKE = next(iter(harness.BUILD.glob("tests/gpio/libgpiofake.so")), None)


class Chips:
    """Somebody's finger, and the screwdriver."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="porchlight-gpio-")
        self.path = f"{self.folder.name}/chips.sock"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"{self.folder.name}/finger.sock")
        self.socket.settimeout(60)

    def do(self, *commands):
        self.socket.sendto("\n".join(commands).encode(), self.path)
        answer = self.socket.recv(4096).decode()
        if not answer.startswith("ok"):
            raise AssertionError(f"{commands}: {answer}")
        return answer

    def ask(self, command):
        self.socket.sendto(command.encode(), self.path)
        return self.socket.recv(4096).decode().strip()

    def trace(self, line):
        """[(level, nanoseconds of CLOCK_MONOTONIC)] of each time the line was driven since the last time."""
        told = self.ask(f"trace {line}")
        return [] if told == "none" else [tuple(map(int, word.split("@"))) for word in told.split()]

    def is_high(self, line):
        return "level=1" in self.ask(f"info {line}")

    def wait_for(self, line, count, seconds=30):
        """The first `count` changes of the line."""
        seen = []

        def there():
            seen.extend(self.trace(line))
            return len(seen) >= count
        harness.wait_until(there, seconds, lambda: f"{count} changes of {line}, seen {seen}")
        return seen

    def close(self):
        self.socket.close()
        self.folder.cleanup()


def fake_environment(chips, **more):
    return {"GPIOFAKE": chips.path, "GPIOFAKE_PROGRAM": "porchlight", **more}


@unittest.skipIf(FAKE is None, "the fake GPIO chips were not built")
@unittest.skipIf("sanitize" in os.environ.get("PORCHLIGHT_FLAVOUR", ""), "a sanitizer does not bear the preload")
class ChipsCase(unittest.TestCase):
    """Chips, a hook for what the daemon says, and daemons that have both."""

    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.chips = Chips()
        self.addCleanup(self.chips.close)

    def on_chips(self, config, wait=True, **environment):
        daemon = harness.Daemon(config, preload=str(FAKE), environment=fake_environment(self.chips, **environment), wait=wait)
        self.addCleanup(daemon.close)
        return daemon
