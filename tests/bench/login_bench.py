#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a login costs, whom it delays, and whether its time tells who exists.

The real daemon with the real parameters of Argon2id. One connection asks for /health/live again and again
while others log in without pause; who asks is a process of its own, so that only the daemon is shared.
"""

import http.client
import multiprocessing
import pathlib
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system")]

import harness  # noqa: E402
from accounts_client import Client, first_run_code  # noqa: E402

PASSWORD = "a long phrase of anna"
BOUND_MS = 5
SECONDS = 20
missed = []


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


def report(name, values):
    print(f"{name:44} p50 {quantile(values, .5):8.2f}   p99 {quantile(values, .99):8.2f}   max {max(values):8.2f} ms", flush=True)


def timed(call, *arguments):
    begun = time.monotonic()
    call(*arguments)
    return (time.monotonic() - begun) * 1e3


def live(connection):
    connection.request("GET", "/health/live")
    connection.getresponse().read()


def requests(port, seconds):
    ours, theirs = multiprocessing.Pipe(duplex=False)
    asker = multiprocessing.Process(target=ask, args=(port, seconds, theirs))
    asker.start()
    times = ours.recv()
    asker.join()
    return times


def ask(port, seconds, results):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    live(connection)
    times = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        times.append(timed(live, connection))
        time.sleep(0.001)
    results.send(times)


def delay(daemon):
    alone = requests(daemon.port, SECONDS)
    report("another request, nobody logs in", alone)
    stop = threading.Event()
    logins = []

    def keep_logging_in():
        while not stop.is_set():
            logins.append(timed(Client(daemon).login, "anna", PASSWORD))

    threads = [threading.Thread(target=keep_logging_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    beside = requests(daemon.port, SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    report("another request, four log in without pause", beside)
    report("those logins, four side by side", logins)
    for name, value in (("p99", lambda times: quantile(times, .99)), ("most", max)):
        more = value(beside) - value(alone)
        print(f"a login delays another request by {more:.2f} ms at {name} (bound: {BOUND_MS} ms)", flush=True)
        if more > BOUND_MS:
            missed.append(f"delay {more:.2f} > {BOUND_MS} ms at {name}")


def oracle(daemon):
    """Wrong password of an account against a name that is none, in turn, below the lock's limit."""
    known, unknown = [], []
    for round_ in range(20):
        if round_ % 2 == 0:  # a login forgets the account's failures, a command the address's
            daemon.control("POST", "/api/v1/accounts/reload")
        known.append(timed(Client(daemon).login, "anna", "not the right one"))
        unknown.append(timed(Client(daemon).login, f"nobody{round_}", "not the right one"))
    report("wrong password of an account", known)
    report("a name that is none", unknown)
    ratio = quantile(known, .5) / quantile(unknown, .5)
    print(f"ratio of the medians {ratio:.3f} (bound: 0.9 to 1.1)", flush=True)
    if not 0.9 <= ratio <= 1.1:
        missed.append(f"ratio {ratio:.3f}")


def main():
    daemon = harness.Daemon({"faces": {"enabled": False}})
    code = harness.wait_until(lambda: first_run_code(daemon), 10, "the first-run code")
    Client(daemon).register(code, "anna", PASSWORD)
    report("one login alone", [timed(Client(daemon).login, "anna", PASSWORD) for _ in range(10)])
    delay(daemon)
    oracle(daemon)
    daemon.stop()
    daemon.close()
    for line in missed:
        print("missed: " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
