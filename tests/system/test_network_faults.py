# SPDX-License-Identifier: Apache-2.0
"""Networks that break and heal, and names that are not found in time."""

import json
import pathlib
import queue
import statistics
import tempfile
import threading
import time
import unittest

import harness
import netspace
import resolver
import sink


def config(*urls, timeout="2s"):
    names = [f"hook{number}" for number in range(len(urls))]
    return {
        "buttons": [{"id": "front", "kind": "virtual"}],
        "faces": {"enabled": False},
        "notifications": {
            "channels": [{"id": name, "type": "webhook", "url": url, "timeout": timeout} for name, url in zip(names, urls)],
            "rules": [{"when": "ring", "to": names}],
        },
    }


class Far:
    """The receiver at the other end of the cable."""

    def __init__(self, test):
        self.process = netspace.enter_with_a_cable(test)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://{netspace.FAR}:{self.port}/hook"
        self.arrivals = []
        self._told = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._told.put(json.loads(line))

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def wait_for(self, rings, seconds):
        """Until each has arrived, under its key."""
        deadline = time.monotonic() + seconds
        missing = set(rings) - {a["id"] for a in self.arrivals}
        while missing:
            left = deadline - time.monotonic()
            try:
                arrival = self._told.get(timeout=max(left, 0.001))
            except queue.Empty:
                raise AssertionError(f"waited {seconds} s for {len(missing)} rings") from None
            self.arrivals.append(arrival)
            missing.discard(arrival["id"])


class PartitionTest(unittest.TestCase):
    def over_a_partition(self, seconds, every, patience):
        """Rings before, while and after the cable is out for so long; (rings, what arrived)."""
        far = Far(self)
        daemon = harness.Daemon(config(far.url))
        self.addCleanup(daemon.close)
        before = [daemon.ring("front") for _ in range(3)]
        far.wait_for(before, 60)
        far.say("down")
        until = time.monotonic() + seconds
        during = []
        while time.monotonic() < until:
            begun = time.monotonic()
            during.append(daemon.ring("front"))
            # The ring is acknowledged whatever the network does.
            self.assertLess(time.monotonic() - begun, 5)
            time.sleep(every)
        self.assertEqual({a["id"] for a in far.arrivals}, set(before))
        healed = time.monotonic()
        far.say("up")
        after = [daemon.ring("front")]
        far.wait_for(after + during, patience)
        print(f"partition of {seconds} s: {len(during)} rings in it, all there {time.monotonic() - healed:.1f} s after it", flush=True)
        for arrival in far.arrivals:
            self.assertEqual(arrival["key"], f"{arrival['id']}:0")
        keys = [a["key"] for a in far.arrivals]
        print(f"{len(keys) - len(set(keys))} raw duplicates", flush=True)
        return daemon

    def test_what_rang_while_the_cable_was_out_arrives_when_it_is_back(self):
        self.over_a_partition(seconds=6, every=0.3, patience=120)


class NameTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-")
        self.addCleanup(folder.cleanup)
        settings = pathlib.Path(folder.name) / "resolv.conf"
        settings.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        netspace.enter_with_own_resolver(self, settings)
        self.names = resolver.Resolver()
        self.hook = sink.Sink()
        self.addCleanup(self.hook.close)
        self.by_name = f"http://receiver.example.org:{self.hook.port}/hook"

    def daemon(self, *urls, **more):
        daemon = harness.Daemon(config(*urls, **more))
        self.addCleanup(daemon.close)
        return daemon

    def while_names_are(self, mode):
        """A ring that waits for its receiver's name arrives once when the name can be found."""
        self.names.mode = mode
        daemon = self.daemon(self.by_name)
        ring = daemon.ring("front")
        harness.wait_until(lambda: self.names.questions > 0, 30, "a look-up")
        harness.wait_until(lambda: daemon.metric("notification_retries_total", channel="webhook"), 60, "a repetition")
        self.assertEqual(self.hook.arrivals, [])
        self.names.mode = "answer"
        self.hook.wait_for_taken([f"{ring}:0"], 120)
        self.assertEqual(sink.faults_of(self.hook.arrivals), [])
        self.assertEqual(sink.duplicates_of(self.hook.arrivals), 0)

    def test_a_name_that_does_not_exist_is_looked_up_again(self):
        self.while_names_are("missing")

    def test_a_name_that_the_server_fails_at_is_looked_up_again(self):
        self.while_names_are("fail")

    def test_a_name_that_nobody_answers_for_is_looked_up_again(self):
        self.while_names_are("silent")

    def test_slow_names_delay_no_channel_that_needs_none(self):
        other = sink.Sink()
        self.addCleanup(other.close)
        self.names.mode = 0.7  # within the resolver's own second
        daemon = self.daemon(other.url, self.by_name, timeout="10s")
        delays, keys = [], []
        for _ in range(20):
            begun = time.monotonic()
            keys.append(daemon.ring("front") + ":0")
            other.wait_for_taken(keys[-1:], 60)
            delays.append(next(a.at for a in other.arrivals if a.key == keys[-1]) - begun)
        print(f"ring to message beside a slow resolver, median: {1000 * statistics.median(delays):.2f} ms", flush=True)
        self.assertLess(statistics.median(delays), 0.5)
        self.hook.wait_for_taken(keys, 120)

    def test_the_end_waits_for_no_name(self):
        self.names.mode = "silent"
        daemon = self.daemon(self.by_name, timeout="60s")
        asked = self.names.questions
        daemon.ring("front")
        harness.wait_until(lambda: self.names.questions > asked, 30, "a look-up")
        code, took = daemon.signal_and_time()
        self.assertEqual(code, 0)
        self.assertLessEqual(took, 2.0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
