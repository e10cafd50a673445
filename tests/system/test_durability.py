# SPDX-License-Identifier: Apache-2.0
"""What the daemon acknowledged is on the medium: seen by its system calls and by killing it."""

import collections
import random
import statistics
import threading
import time
import unittest

import harness
from harness import config


def unsynced(lines):
    """The ids that an answer named before their row was in a synced write-ahead log.

    `row ID` is a write to the log that contains the id, `sync …-wal` a completed sync of the log, `told ID` an
    answer that is about to leave. The daemon writes its log from one thread, so the first sync after a row
    is the one that its commit waited for.
    """
    written, safe, told_early = set(), set(), []
    for line in lines:
        what, _, rest = line.partition(" ")
        if what == "row":
            written.add(rest)
        elif what == "sync" and rest.endswith("/porchlight.db-wal"):
            safe |= written
            written.clear()
        elif what == "told" and rest not in safe:
            told_early.append(rest)
    return told_early


class SyncWatchTest(unittest.TestCase):
    """The watch itself, on logs written by hand."""

    wal = "sync /x/porchlight.db-wal"

    def test_row_sync_answer_is_in_order(self):
        self.assertEqual(unsynced(["row a", self.wal, "told a", "row b", self.wal, "row a", "told b"]), [])

    def test_an_answer_before_the_sync_is_seen(self):
        self.assertEqual(unsynced(["row a", "told a", self.wal]), ["a"])

    def test_the_sync_of_an_earlier_ring_is_not_enough(self):
        self.assertEqual(unsynced(["row a", self.wal, "told a", "row b", "told b"]), ["b"])
        self.assertEqual(unsynced([self.wal, "told a"]), ["a"])

    def test_the_sync_of_another_file_is_not_enough(self):
        self.assertEqual(unsynced(["row a", "sync /x/porchlight.db", "told a"]), ["a"])


class SyncTest(unittest.TestCase):
    def ring_watched(self, rings, **more):
        """Rings a daemon under the shim; (the acknowledged ids, the shim's lines)."""
        if not harness.IO_SHIM.exists():
            self.fail(f"{harness.IO_SHIM} is not built")
        hook = harness.Hook()
        self.addCleanup(hook.close)
        daemon = harness.Daemon(config(hook), wait=None)
        self.addCleanup(daemon.close)
        calls = daemon.folder / "calls.log"
        daemon.preload = str(harness.IO_SHIM)
        daemon.environment = {"IO_SHIM_LOG": str(calls), "IO_SHIM_DIR": str(daemon.state), "IO_SHIM_IDS": "1", **more}
        try:
            daemon.start()
        except AssertionError as error:
            if "does not come first in initial library list" in str(error):
                self.skipTest("a preloaded library may not come before the address sanitizer")
            raise
        ids = [daemon.ring("front") for _ in range(rings)]
        daemon.kill()
        lines = calls.read_text().splitlines()
        told = [line.partition(" ")[2] for line in lines if line.startswith("told ")]
        self.assertEqual(told, ids, "the shim did not see each answer once")
        return ids, lines

    def test_the_log_is_synced_before_every_answer(self):
        ids, lines = self.ring_watched(50)
        self.assertEqual(len(set(ids)), 50)
        self.assertEqual(unsynced(lines), [])

    def test_a_daemon_that_does_not_sync_is_caught(self):
        ids, lines = self.ring_watched(50, IO_SHIM_SKIP_SYNC="1")
        self.assertTrue(set(ids) <= {line.partition(" ")[2] for line in lines if line.startswith("row ")})
        self.assertEqual(unsynced(lines), ids)


class DurabilityTest(unittest.TestCase):
    def ring_until_killed(self, daemon, seconds):
        """The ids acknowledged by a daemon that is killed while it is being rung."""
        acknowledged = []

        def ring_on():
            while answer := daemon.control("POST", "/api/v1/buttons/front/ring", quiet=True):
                acknowledged.append(answer["id"])

        ringer = threading.Thread(target=ring_on)
        ringer.start()
        time.sleep(seconds)  # synchronises nothing, it only moves the moment
        daemon.kill()
        ringer.join()
        return acknowledged

    def usual_ring(self, daemon, acknowledged):
        """Seconds that a ring takes on this disk."""
        took = []
        for _ in range(7):
            begun = time.monotonic()
            acknowledged.append(daemon.ring("front"))
            took.append(time.monotonic() - begun)
        return statistics.median(took)

    def test_a_hundred_kills_lose_no_acknowledged_ring(self):
        """Acknowledgements are counted here, outside the daemon that is killed at random moments."""
        randomness = random.Random(20)
        hook = harness.Hook()
        self.addCleanup(hook.close)
        daemon = harness.Daemon(config(hook), wait=None)
        self.addCleanup(daemon.close)
        acknowledged = []
        daemon.start()
        longest = max(0.05, 4 * self.usual_ring(daemon, acknowledged))
        daemon.kill()
        before = len(acknowledged)
        for _ in range(100):
            daemon.start()
            acknowledged += self.ring_until_killed(daemon, randomness.uniform(0, longest))
        self.assertGreater(len(acknowledged) - before, 100)
        self.assertEqual(len(set(acknowledged)), len(acknowledged))
        stored = daemon.stored_events()
        self.assertEqual([ring for ring in acknowledged if ring.replace("-", "") not in stored], [])
        # And every one of them reaches the receiver, under its id, once the daemon may live.
        daemon.start()
        for ring in acknowledged:
            hook.wait_for(lambda m, ring=ring: m.event["id"] == ring, 120, f"ring {ring}")
        received = collections.Counter((m.event["id"], m.event["sequence"]) for m in list(hook.messages))
        raw = sum(received.values()) - len(received)
        print(f"100 kills: {len(acknowledged)} rings acknowledged, {len(received)} messages received, "
              f"{raw} raw duplicates (at most {max(received.values())} times one message)", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
