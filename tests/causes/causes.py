# SPDX-License-Identifier: Apache-2.0
"""One thing is done once, from outside, and its counter has risen by one: nothing else of its family has."""

import contextlib
import pathlib
import re
import socket
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(1, str(SOURCE / "tests" / "system"))

import harness  # noqa: E402
from accounts_client import Client, first_run_code  # noqa: E402

PASSWORD = "a long phrase of theirs"
FENCE = "/health/startup"  # asked for by nobody else here
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def series(text, family):
    """{frozenset of (label, value): value} of one family in a scrape."""
    found = re.findall(rf"^{family}(?:\{{(.*)\}})? (\S+)$", text, re.M)
    return {frozenset(LABEL.findall(labels)): float(value) for labels, value in found}


def fits(labels, wanted):
    """Whether the labels of a series are those that are wanted, whatever others it has."""
    return set(wanted.items()) <= labels


def rises(before, after):
    """{labels: by how much} of what is not as it was."""
    return {labels: value - before.get(labels, 0) for labels, value in after.items() if value != before.get(labels, 0)}


def judge(before, after, by, labels, besides):
    """What is wrong with how a family rose, in words; empty when nothing is."""
    rose = rises(before, after)
    mine = sum(value for key, value in rose.items() if fits(key, labels))
    if mine != by:
        return f"rose by {mine} instead of {by}"
    others = [(sorted(key), value) for key, value in rose.items()
              if not fits(key, labels) and not any(fits(key, other) for other in besides)]
    return f"others rose, too: {others}" if others else ""


@contextlib.contextmanager
def counted(daemon, family, by=1, besides=(), seconds=60, born=False, **labels):
    """The body makes the family's series with these labels rise by `by`, and no other series of it but those that fit one of
    `besides`. It must be there before, unless it is `born` by its cause."""
    before = series(daemon.scrape(), family)
    if not born and not any(fits(key, labels) for key in before):
        raise AssertionError(f"{family}{labels} is not there before its cause")
    yield

    def risen():
        return sum(value for key, value in rises(before, series(daemon.scrape(), family)).items() if fits(key, labels))
    harness.wait_until(lambda: risen() >= by, seconds, f"{family}{labels} to rise by {by}")
    daemon.get(FENCE)  # what was under way beside it has gone by
    fault = judge(before, series(daemon.scrape(), family), by, labels, besides)
    if fault:
        raise AssertionError(f"{family}{labels}: {fault}")


class House(unittest.TestCase):
    """A daemon for all tests of a class, with its administrator."""

    SETTINGS = {"buttons": [{"id": "front", "kind": "virtual"}], "faces": {"enabled": False},
                "notifications": {"channels": [{"id": "journal", "type": "log"}]},
                "database": {"slow_query_ms": 60000}}  # or a busy disk's statement would be a warning of its own

    @classmethod
    def settings(cls):
        return cls.SETTINGS

    @classmethod
    def environment(cls):
        """What the daemon's has besides ours."""
        return {}

    @classmethod
    def setUpClass(cls):
        cls.daemon = harness.Daemon(cls.settings(), environment=cls.environment())
        cls.addClassCleanup(cls.daemon.close)
        code = harness.wait_until(lambda: first_run_code(cls.daemon), 60, "the first-run code")
        cls.anna = Client(cls.daemon)
        cls.expect(cls.anna.register(code, "anna", PASSWORD)[0], 201)
        cls.expect(cls.anna.login("anna", PASSWORD), 200)
        # Its record is written beside the answer, and would count in the first test.
        harness.wait_until(lambda: cls.daemon.metric("audit_log_entries_total", event_type="authentication") == 1, 60, "the login's record")

    @staticmethod
    def expect(got, wanted):
        if got != wanted:
            raise AssertionError(f"{got} instead of {wanted}")

    def counted(self, family, by=1, **more):
        return counted(self.daemon, family, by, **more)

    def connect(self, source="127.0.0.2"):
        """A connection that speaks no TLS, from an address of loopback that is not the scrapes': limits are kept by address."""
        made = socket.create_connection(("127.0.0.1", self.daemon.port), 60, source_address=(source, 0))
        self.addCleanup(made.close)
        return made

    def raw(self, request):
        """The status of the answer to these bytes."""
        with self.connect() as wire:
            wire.sendall(request.encode("latin-1"))
            answer = b""
            while b"\r\n" not in answer and (block := wire.recv(4096)):
                answer += block
        return int(answer.split()[1])

    def invite(self, name, role, cameras=()):
        """The invitation's code."""
        status, _, made = self.anna.ask("POST", "/api/v1/users", {"name": name, "role": role, "cameras": list(cameras)})
        self.assertEqual(status, 201, made)
        return made["invitation"]

    def member(self, name, role, cameras=()):
        """Somebody with an account, logged in."""
        client = Client(self.daemon)
        self.assertEqual(client.register(self.invite(name, role, cameras), name, PASSWORD)[0], 201)
        with self.counted("audit_log_entries_total", event_type="authentication", besides=[{"event_type": "data_modification"}]):
            self.assertEqual(client.login(name, PASSWORD), 200)
        return client
