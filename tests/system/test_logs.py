# SPDX-License-Identifier: Apache-2.0
"""What the log says of a whole story, and how it is asked for."""
import json
import socket
import subprocess
import unittest

import harness


class Logs(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.daemon = harness.Daemon(harness.config(self.hook, log={"level": "debug"}))
        self.addCleanup(self.daemon.close)

    def records(self):
        return [json.loads(line) for line in harness.whole_lines(self.daemon.log) if line.startswith("{")]

    def ask(self, method, target, **headers):
        """One request over the control socket: its status, its headers in lower case, its body."""
        lines = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", "Content-Length: 0"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(20)
            sock.connect(str(self.daemon.state / "control.sock"))
            sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            answer = b""
            while block := sock.recv(65536):
                answer += block
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        return int(status.split()[1]), {k.lower(): v for k, _, v in (f.partition(": ") for f in fields)}, body.decode()

    def test_one_ring_is_one_request_and_one_trace_in_all_its_lines(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        status, headers, body = self.ask("POST", "/api/v1/buttons/front/ring", X_Request_ID="ring-7", X_Correlation_ID="story-1",
                                         traceparent=f"00-{trace}-00f067aa0ba902b7-01")
        self.assertEqual((status, headers["x-request-id"], headers["x-correlation-id"]), (200, "ring-7", "story-1"))
        ring = json.loads(body)["id"]
        told = self.hook.wait_for(lambda m: m.event["id"] == ring, 20, "the message")
        self.assertEqual((told.headers["X-Request-ID"], told.headers["X-Correlation-ID"]), ("ring-7", "story-1"))

        def said():
            mine = [r for r in self.records() if ring in (r.get("event_id"), r.get("context", {}).get("event_id"))
                    or r.get("request_id") == "ring-7"]
            return {"ring", "request"} <= {r["message"] for r in mine} and mine
        mine = harness.wait_until(said, 20, "the ring's records")
        self.assertEqual({r["request_id"] for r in mine if "request_id" in r}, {"ring-7"})
        self.assertEqual({r["trace_id"] for r in mine if "trace_id" in r}, {trace})
        self.assertEqual({(r["request_id"], r["correlation_id"]) for r in mine if r["message"] in ("ring", "request")}, {("ring-7", "story-1")})

    def test_they_are_asked_for_by_command(self):
        ring = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == ring, 20, "the message")
        rung = harness.wait_until(lambda: next((r for r in self.records() if r["message"] == "ring"), None), 20, "its record")
        asked = ["logs", "--json", "--level", "INFO", "--logger", rung["logger"], "--request", rung["request_id"], "--since", "1h"]
        told = [json.loads(line) for line in self.daemon.cli(*asked).stdout.splitlines()]
        self.assertIn(rung, told)
        self.assertEqual({record["request_id"] for record in told}, {rung["request_id"]})
        plain = self.daemon.cli("logs", "--component", rung["component"], "-n", "200").stdout
        self.assertRegex(plain, rf"{rung['timestamp']} INFO +{rung['logger']}: ring .*button=front")
        self.assertEqual(self.daemon.cli("logs", "--level", "loud", check=False).returncode, 2)
        self.assertEqual(self.daemon.cli("logs", "--since", "soon", check=False).returncode, 2)
        self.daemon.stop()
        self.assertEqual(self.daemon.cli("logs", check=False).returncode, 3)

    def test_a_stranger_does_not_steer_the_terminal(self):
        """Some terminals obey U+009B as they do ESC [, and what a client calls itself is in the log."""
        name = "me\u009b31mred\u00e9"
        self.assertEqual(self.ask("POST", "/api/v1/buttons/front/ring", User_Agent=name)[0], 200)
        harness.wait_until(lambda: any(r.get("extra", {}).get("user_agent") == name for r in self.records()), 20, "its record")
        plain = self.daemon.cli("logs", "-n", "200").stdout
        lines = self.daemon.cli("logs", "--json", "-n", "200").stdout
        self.assertIn(name, [json.loads(line).get("extra", {}).get("user_agent") for line in lines.splitlines()])
        for text in (plain, lines):
            self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def test_whoever_follows_hears_of_what_comes(self):
        with subprocess.Popen([harness.PROGRAM, "logs", "--config", self.daemon.config, "-f", "--json", "--logger",
                               "doorbell.pipeline"], stdout=subprocess.PIPE, text=True) as follower:
            self.addCleanup(follower.kill)
            for _ in range(2):
                ring = self.daemon.ring("front")
                for line in follower.stdout:
                    record = json.loads(line)
                    if (record["message"], record.get("event_id")) == ("ring", ring):
                        break
                else:
                    self.fail("it ended")
            follower.kill()

    def test_a_level_is_changed_while_it_runs(self):
        path = "/api/v1/logs/levels"
        before = self.daemon.control("GET", path)
        self.assertEqual((before["level"], before["overrides"]), ("debug", {}))
        # The database that the change is recorded in is opened a moment after the start.
        changed = harness.wait_until(lambda: self.daemon.control("PUT", path, quiet=True, body={"overrides": {"doorbell.pipeline": "error"}}),
                                     20, "the change")
        self.assertEqual(changed["loggers"]["doorbell.pipeline"], "error")
        ring = self.daemon.ring("front")
        # Its record is made after its message has left, and before the next one's is.
        behind = self.daemon.ring("front")
        self.hook.wait_for(lambda m: m.event["id"] == behind, 20, "the next message")
        self.assertEqual(self.daemon.control("PUT", path, body={"overrides": {}})["loggers"]["doorbell.pipeline"], "debug")
        second = self.daemon.ring("front")

        def rings():
            return {r.get("event_id") for r in self.records() if r["message"] == "ring"}
        harness.wait_until(lambda: second in rings(), 20, "the second ring's record")
        self.assertNotIn(ring, rings())

    def test_they_are_followed(self):
        """Whoever follows hears of everything, however little he began with, and not of himself."""
        watcher = subprocess.Popen([harness.PROGRAM, "logs", "-f", "-n", "1", "--config", self.daemon.config], stdout=subprocess.PIPE, text=True,
                                   preexec_fn=harness.end_with_us)
        self.addCleanup(lambda: (watcher.kill(), watcher.wait(), watcher.stdout.close()))
        heard = [watcher.stdout.readline()]  # it listens

        def hear(rings):
            while sum(": ring " in line for line in heard) < rings:
                heard.append(watcher.stdout.readline())
                self.assertTrue(heard[-1], "it ended")
        for _ in range(5):
            self.daemon.ring("front")
        hear(5)
        self.daemon.ring("front")  # and once more after another look, of which there would be a record by now
        hear(6)
        self.assertEqual([line for line in heard if "/api/v1/logs" in line], [])


if __name__ == "__main__":
    unittest.main()
