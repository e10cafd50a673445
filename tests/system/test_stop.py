# SPDX-License-Identifier: Apache-2.0
"""The daemon's end: within two seconds, whatever hangs, and nothing that was acknowledged is lost."""

import signal
import socket
import unittest

import harness
from harness import config

LIMIT = 2.0
HELD_LIMIT = 2.5  # with a thread that the kernel does not let run


class Deaf:
    """A server that takes a connection and a first request and never says a word."""

    def __init__(self, test):
        self.listener = socket.create_server(("127.0.0.1", 0))
        test.addCleanup(self.listener.close)
        self.listener.settimeout(20)
        self.at = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.test = test

    def wait_for_a_request(self):
        connection, _ = self.listener.accept()
        self.test.addCleanup(connection.close)
        connection.settimeout(20)
        return connection.recv(4096)


class StopTest(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def daemon(self, settings=None):
        daemon = harness.Daemon(settings or config(self.hook))
        self.addCleanup(daemon.close)
        return daemon

    def with_silent_camera(self):
        camera = Deaf(self)
        settings = config(self.hook, cameras=[{"id": "front", "url": f"rtsp://{camera.at}/stream"}])
        settings["buttons"][0]["camera"] = "front"
        daemon = self.daemon(settings)
        self.assertIn(b"RTSP/1.0", camera.wait_for_a_request())
        return daemon

    def expect_end(self, daemon, limit, acknowledged):
        code, took = daemon.signal_and_time()
        print(f"ended {took:.3f} s after the signal", flush=True)
        self.assertEqual(code, 0)
        self.assertLessEqual(took, limit)
        stored = daemon.stored_events()
        self.assertEqual([ring for ring in acknowledged if ring.replace("-", "") not in stored], [])

    def test_idle(self):
        daemon = self.daemon()
        ids = [daemon.ring("front") for _ in range(5)]
        self.hook.wait_for(lambda m: m.event["id"] == ids[-1], 30, "the last ring")
        self.expect_end(daemon, LIMIT, ids)

    def test_by_interrupt(self):
        code, took = self.daemon().signal_and_time(signal.SIGINT)
        self.assertEqual(code, 0)
        self.assertLessEqual(took, LIMIT)

    def test_with_a_receiver_that_never_answers(self):
        receiver = Deaf(self)
        settings = config(self.hook)
        settings["notifications"]["channels"][0]["url"] = f"http://{receiver.at}/"
        daemon = self.daemon(settings)
        ids = [daemon.ring("front") for _ in range(20)]
        self.assertIn(b"POST / HTTP/1.1", receiver.wait_for_a_request())
        self.expect_end(daemon, LIMIT, ids)

    def test_with_a_camera_that_never_answers(self):
        daemon = self.with_silent_camera()
        self.expect_end(daemon, LIMIT, [daemon.ring("front") for _ in range(20)])

    def expect_end_while_held(self, worker):
        daemon = self.with_silent_camera()
        ids = [daemon.ring("front") for _ in range(20)]
        harness.hold(self, daemon, worker)
        self.expect_end(daemon, HELD_LIMIT, ids)

    # Any of them but `store`, whose work is what the stop waits for.
    def test_with_the_button_lane_held(self):
        self.expect_end_while_held("button")

    def test_with_the_ingest_held(self):
        self.expect_end_while_held("ingest-front")

    def test_with_the_decoder_held(self):
        self.expect_end_while_held("decoder-front")

    def test_with_the_recorder_held(self):
        self.expect_end_while_held("recorder-front")

    def test_with_the_event_lane_held(self):
        self.expect_end_while_held("event")

    def test_with_a_channel_held(self):
        self.expect_end_while_held("notify-hook")

    def test_with_the_listener_held(self):
        self.expect_end_while_held("http")

    def test_with_the_log_held(self):
        self.expect_end_while_held("log")


class SecondSignalTest(unittest.TestCase):
    def expect_sudden_end(self, number):
        hook = harness.Hook()
        self.addCleanup(hook.close)
        daemon = harness.Daemon(config(hook), wait=None)
        self.addCleanup(daemon.close)
        listener = harness.systemd_socket(self, daemon)
        daemon.start()
        ring = daemon.ring("front")
        # The stop waits for this one; two signals sent in one breath would be a single pending one.
        harness.hold(self, daemon, "event")
        daemon.process.send_signal(signal.SIGTERM)
        harness.hear(listener, "STOPPING=1")
        self.assertIsNone(daemon.process.poll(), "the first signal ended it: there is nothing to cut short")
        code, took = daemon.signal_and_time(number)
        print(f"ended {took:.3f} s after the second signal", flush=True)
        self.assertEqual(code, -number)
        self.assertLess(took, 0.5)
        self.assertIn(ring.replace("-", ""), daemon.stored_events())

    def test_second_terminate_ends_at_once(self):
        self.expect_sudden_end(signal.SIGTERM)

    def test_interrupt_after_terminate_ends_at_once(self):
        self.expect_sudden_end(signal.SIGINT)


if __name__ == "__main__":
    unittest.main(verbosity=2)
