# SPDX-License-Identifier: Apache-2.0
"""A webhook receiver that goes wrong when it is told to, and counts what it got by Idempotency-Key."""

import collections
import http.server
import json
import random
import select
import socket
import threading
import time

STATUS = {"take": 200, "refuse": 503, "reject": 410}


class Arrival:
    """One request that came whole. `status` is what it was answered; None: nothing, or nobody was left to hear it."""

    def __init__(self, key, body, life):
        self.key = key
        self.event = json.loads(body)
        self.body = body
        self.life = life
        self.at = time.monotonic()
        self.status = None


class Sink:
    """`mode`: take, refuse (503), reject (410), hang (no answer until the mode changes), or a number: the share
    that fails by chance, by a 503 or, `silent` of them, by hanging up without an answer to what was taken. `seed`: of the
    chance. `life` is counted up by the test with each daemon it starts."""

    def __init__(self, mode="take", address="127.0.0.1", silent=0.0, seed=5):
        self.life = 0
        self.arrivals = []
        self._mode = mode
        self._connections = 0
        self._changed = threading.Condition()
        self._silent = silent
        self._chance = random.Random(seed)
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # a daemon that was killed says no goodbye

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                arrival = sink._keep(self.headers["Idempotency-Key"], body)
                status = sink._decide(self.connection)
                if status is None:
                    self.close_connection = True
                    return
                # Before the answer: who hears of a success finds it counted.
                sink._note(arrival, status)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def get_request(self):
                accepted = super().get_request()
                with sink._changed:
                    sink._connections += 1
                return accepted

            def close_request(self, request):
                super().close_request(request)
                with sink._changed:
                    sink._connections -= 1

        self.server = Server((address, 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://{address}:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def mode(self):
        return self._mode

    @mode.setter
    def mode(self, mode):
        with self._changed:
            self._mode = mode
            self._changed.notify_all()

    def _keep(self, key, body):
        with self._changed:
            arrival = Arrival(key, body, self.life)
            self.arrivals.append(arrival)
            self._changed.notify_all()
        return arrival

    def _note(self, arrival, status):
        with self._changed:
            arrival.status = status
            self._changed.notify_all()

    def _decide(self, connection):
        """The status to answer; None: no answer, or the client went away while it was kept waiting."""
        with self._changed:
            while self._mode == "hang":
                self._changed.wait(0.05)
                if select.select([connection], [], [], 0)[0]:
                    return None
            if isinstance(self._mode, float):
                drawn = self._chance.random()
                if drawn < self._mode * self._silent:
                    return None
                return 503 if drawn < self._mode else 200
            return STATUS[self._mode]

    def wait(self, predicate, seconds, what):
        """Until the predicate of all arrivals is true; its value."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (value := predicate(self.arrivals)):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"waited {seconds} s for {what}; {len(self.arrivals)} requests came")
                self._changed.wait(min(left, 0.2))
            return value

    def next_life(self):
        """After a kill: what the dead one had still sent counts as its own."""
        quiet = 0
        deadline = time.monotonic() + 30
        while quiet < 3:
            if time.monotonic() > deadline:
                raise AssertionError("connections of a daemon that was killed stay open")
            waiting = select.select([self.server.socket], [], [], 0)[0]
            quiet = 0 if waiting or self._connections > 0 else quiet + 1
            time.sleep(0.01)
        self.life += 1

    def wait_for_key(self, key, seconds=60, times=1):
        """Until the message has come that often."""
        self.wait(lambda arrivals: sum(a.key == key for a in arrivals) >= times, seconds, f"message {key}, {times} times")

    def wait_for_taken(self, keys, seconds):
        wanted = set(keys)
        self.wait(lambda arrivals: wanted <= {a.key for a in arrivals if a.status == 200}, seconds,
                  f"{len(wanted)} messages")

    def taken(self):
        """{key: how often it was accepted}."""
        return collections.Counter(a.key for a in self.arrivals if a.status == 200)

    def close(self):
        self.mode = "refuse"
        self.server.shutdown()
        self.server.server_close()


def faults_of(arrivals):
    """What must hold of everything that ever came, as a list of what does not.

    A key names one message for ever; a message that was accepted comes again only after the daemon was killed.
    """
    faults, bodies, accepted = [], {}, {}
    for arrival in arrivals:
        if arrival.key != f"{arrival.event['id']}:{arrival.event['sequence']}":
            faults.append(f"{arrival.key} names another message: {arrival.event}")
        if bodies.setdefault(arrival.key, arrival.body) != arrival.body:
            faults.append(f"{arrival.key} came with two bodies")
        if accepted.get(arrival.key) == arrival.life:
            faults.append(f"{arrival.key} came again though it was accepted, in life {arrival.life}")
        if arrival.status == 200:
            accepted[arrival.key] = arrival.life
    return faults


def duplicates_of(arrivals):
    """Requests that a receiver without memory would have taken for a second message."""
    seen, again = set(), 0
    for arrival in arrivals:
        if arrival.status in (503, 410):
            continue  # it said that it had not taken it
        again += arrival.key in seen
        seen.add(arrival.key)
    return again
