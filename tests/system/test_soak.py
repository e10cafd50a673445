# SPDX-License-Identifier: Apache-2.0
"""What takes long: `./dev test soak`."""

import contextlib
import pathlib
import socket
import sqlite3
import threading
import time
import unittest

import harness
import sink
import test_network_faults

PRESSES = 100_000
RINGS = 10_000


def memory_of(daemon):
    """Resident, in MB."""
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))) / 1024


class Presser:
    """Presses over one connection to the control socket, each as soon as the one before is acknowledged."""

    REQUEST = b"POST /api/v1/buttons/front/ring HTTP/1.1\r\nHost: porchlight\r\nContent-Length: 0\r\n\r\n"

    def __init__(self, daemon):
        self.path = str(daemon.state / "control.sock")
        self.socket = None
        self.ids = []

    def press(self, times):
        for _ in range(times):
            self.ids.append(self._answer())

    def _answer(self):
        if self.socket is None:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(60)
            self.socket.connect(self.path)
        self.socket.sendall(self.REQUEST)
        head, body = b"", b""
        while b"\r\n\r\n" not in head:
            block = self.socket.recv(65536)
            if not block:
                raise AssertionError(f"the daemon hung up: {head!r}")
            head += block
        head, _, body = head.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            body += self.socket.recv(65536)
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise AssertionError(f"{head!r} {body!r}")
        if fields.get(b"connection") == b"close":
            self.socket.close()
            self.socket = None
        return body.split(b'"id":"')[1].split(b'"')[0].decode()


class PressSoak(unittest.TestCase):
    # One who waits for each has one order only: that of the commits, which the event stream follows, and that of the ids, in
    # which /api/v1/events lists them. The second holds while nobody sets the clock back.
    ORDERS = {
        "committed": "SELECT event_id FROM event_changes JOIN events ON id = event_id WHERE type = 'ring' ORDER BY change",
        "listed": "SELECT id FROM events WHERE type = 'ring' ORDER BY id",
    }

    def press_all(self, pressers, times):
        """Presses per second of all of them together."""
        begun = time.monotonic()
        threads = [threading.Thread(target=presser.press, args=(times,)) for presser in pressers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(pressers) * times / (time.monotonic() - begun)

    def test_a_hundred_thousand_presses_keep_their_order(self):
        daemon = harness.Daemon({
            "buttons": [{"id": "front", "kind": "virtual"}], "faces": {"enabled": False},
            "log": {"level": "warning", "access": False},
            "notifications": {"channels": [{"id": "journal", "type": "log"}]}})
        self.addCleanup(daemon.close)
        alone, together = [Presser(daemon)], [Presser(daemon) for _ in range(4)]
        # One who waits for each acknowledgement has a commit for each press.
        commits = self.press_all(alone, PRESSES // 5)
        early = memory_of(daemon)
        presses = self.press_all(together, PRESSES // 5)
        late = memory_of(daemon)
        print(f"{PRESSES} presses: {commits:.0f} commits/s by one who waits for each, {presses:.0f} presses/s by four; "
              f"{early:.0f} MB, at the end {late:.0f} MB", flush=True)
        acknowledged = [ring for presser in alone + together for ring in presser.ids]
        self.assertEqual((len(acknowledged), len(set(acknowledged))), (PRESSES, PRESSES))
        for of_what, orders in self.ORDERS.items():
            with contextlib.closing(sqlite3.connect(daemon.state / "porchlight.db", timeout=60)) as db:
                place = {ring: row for row, (ring,) in enumerate(db.execute(orders))}
            self.assertEqual(len(place), PRESSES)
            for presser in alone + together:
                places = [place[ring] for ring in presser.ids]
                # Counted, because a list of so many is no message.
                turned = sum(a > b for a, b in zip(places, places[1:]))
                self.assertEqual(turned, 0, f"{of_what}: pairs of presses that stand in another order")
        self.assertLess(late, early + 50)


class StormSoak(unittest.TestCase):
    def test_ten_thousand_rings_at_channels_that_fail_three_times_in_ten(self):
        # Half of what fails was taken: a repetition of it is a raw duplicate. By the seeds a channel is left alone for half
        # an hour in all; a ring is worth an hour.
        hooks = [sink.Sink(0.3, silent=0.5, seed=seed) for seed in (3, 4)]
        for hook in hooks:
            self.addCleanup(hook.close)
        daemon = harness.Daemon(test_network_faults.config(*(hook.url for hook in hooks), timeout="15s"))
        self.addCleanup(daemon.close)
        presser = Presser(daemon)
        begun = time.monotonic()
        presser.press(RINGS // 5)
        early = memory_of(daemon)
        presser.press(RINGS - RINGS // 5)
        for hook in hooks:
            hook.wait_for_taken([f"{ring}:0" for ring in presser.ids], 3000)
            self.assertEqual(sink.faults_of(hook.arrivals), [])
            self.assertEqual(len(hook.taken()), RINGS)
            self.assertGreater(sum(a.status == 503 for a in hook.arrivals), RINGS // 8)
            self.assertGreater(sink.duplicates_of(hook.arrivals), RINGS // 8)
        late = memory_of(daemon)
        print(f"storm of {RINGS} rings: all there after {time.monotonic() - begun:.0f} s, "
              f"{[len(hook.arrivals) for hook in hooks]} requests, {[sink.duplicates_of(h.arrivals) for h in hooks]} raw duplicates; "
              f"{early:.0f} MB, at the end {late:.0f} MB", flush=True)
        self.assertLess(late, early + 50)


class PartitionSoak(test_network_faults.PartitionTest):
    """Ten real minutes; the longest wait between two attempts is five."""

    test_what_rang_while_the_cable_was_out_arrives_when_it_is_back = None

    def test_ten_minutes_without_a_network(self):
        self.over_a_partition(seconds=600, every=5, patience=900)


if __name__ == "__main__":
    unittest.main(verbosity=2)
