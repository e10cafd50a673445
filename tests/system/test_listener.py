#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The listener from beyond loopback: what answers whom, by which way, against the documented table."""

import base64
import contextlib
import json
import re
import socket
import ssl
import unittest

import harness
import netspace
from accounts_client import Client, first_run_code

ANNA = "a long phrase of anna"
NOTHING_THERE = b"there is nothing at"


def documented_table(text=None):
    """{'GET /metrics': ('local', '200: text …'), …}: what docs/api.md says of TCP and of the answers."""
    text = text or (harness.SOURCE / "docs" / "api.md").read_text()
    rows = {}
    for methods, paths, who, answers in re.findall(
            r"^\| ([A-Z, ]+) \| (`/[^|]*`) \| ([^|]*) \| [^|]* \| (.*) \|$", text, re.M):
        for method in methods.split(", "):
            for path in re.findall(r"`([^`]+)`", paths):
                if method != "HEAD":
                    rows[f"{method} {path}"] = (who.strip(), answers)
    return rows


def documented_routes():
    return {route: who for route, (who, _) in documented_table().items()}


def differing_statuses(rows, paths):
    """{route: (only in the page, only in the document)}. 401 and 403 follow from who may use a route, the page says."""
    found = {}
    for path, operations in paths.items():
        for verb, operation in operations.items():
            route = f"{verb.upper()} {path}"
            who, answers = rows.get(route, ("", ""))
            implied = set() if who.startswith("open") else {401, 403}
            page = {int(status) for status in re.findall(r"\b[1-5]\d\d\b", answers)} - implied
            document = {int(status) for status in operation["responses"] if status != "default"} - implied
            if page != document:
                found[route] = (page - document, document - page)
    return found


class DocumentedStatuses(unittest.TestCase):
    """The table of docs/api.md against openapi.json, which other tests hold against the program."""

    def setUp(self):
        self.paths = json.loads((harness.BUILD / "openapi.json").read_text())["paths"]
        self.text = (harness.SOURCE / "docs" / "api.md").read_text()

    def test_page_and_document_list_the_same(self):
        rows = documented_table()
        served = {f"{verb.upper()} {path}" for path, operations in self.paths.items() for verb in operations}
        self.assertEqual({route for route, (who, _) in rows.items() if who != "—"}, served)
        self.assertEqual(differing_statuses(rows, self.paths), {})

    def test_a_status_too_few_or_too_many_is_found(self):
        row = "| POST | `/api/v1/auth/login` | open | yes | 200, `Set-Cookie`; 400, 401, 403, 415, 429, 503 |"
        for changed, difference in ((row.replace("401, ", ""), (set(), {401})), (row.replace("429", "428, 429"), ({428}, set()))):
            self.assertEqual(self.text.count(row), 1)
            rows = documented_table(self.text.replace(row, changed))
            self.assertEqual(differing_statuses(rows, self.paths), {"POST /api/v1/auth/login": difference})


class ListenerTest(unittest.TestCase):
    def setUp(self):
        netspace.enter(self)
        self.daemon = harness.Daemon({
            "server": {"listen": "0.0.0.0:0"}, "faces": {"enabled": False},
            "buttons": [{"id": "front", "kind": "virtual"}],
            "notifications": {"channels": [{"id": "journal", "type": "log"}]}})
        self.addCleanup(self.daemon.close)
        self.trusted = ssl.create_default_context(cafile=self.daemon.state / "tls/ca.pem")

    def routes(self):
        """The running server's own table: its counters exist for each route from the start."""
        pairs = set()
        for line in self.daemon.get("/metrics")[2].splitlines():
            if line.startswith("http_requests_total{") and "unmatched" not in line:
                labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
                pairs.add(f"{labels['method']} {labels['endpoint']}")
        self.assertGreater(len(pairs), 25)
        return pairs

    def ask(self, address, route, headers="", tls=True):
        """(status, head and body) of the route's answer to that address, without a session."""
        method, path = route.split()
        path = re.sub(r"\{\w+\}", "1", path)
        with contextlib.ExitStack() as held:
            sock = held.enter_context(socket.create_connection((address, self.daemon.port), 120, (address, 0)))
            if tls:
                sock = held.enter_context(self.trusted.wrap_socket(sock, server_hostname="localhost"))
            sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost:{self.daemon.port}\r\nConnection: close\r\n"
                         f"Content-Length: 0\r\n{headers}\r\n".encode())
            answer = b""
            while block := sock.recv(65536):
                answer += block
        return int(answer.split()[1]), answer

    def answering(self, address, headers="", tls=True):
        """The routes that do not send a stranger away."""
        there = set()
        for route in self.routes():
            status, answer = self.ask(address, route, headers, tls)
            if status not in (308, 401) and not (status == 404 and NOTHING_THERE in answer):
                there.add(route)
        return there

    def test_without_a_session_answers_what_is_documented_and_nothing_else(self):
        documented = documented_routes()
        self.assertEqual(self.routes(), set(documented))
        is_open = {route for route, who in documented.items() if who.startswith("open")}
        local = {route for route, who in documented.items() if who == "local"}
        self.assertEqual(local, {"GET /metrics", "GET /health", "GET /health/deep"})
        self.assertEqual(self.answering(netspace.FAR), is_open)
        self.assertEqual(self.answering("127.0.0.1"), is_open | local)
        for header in ("X-Forwarded-For: 127.0.0.1\r\n", "Forwarded: for=127.0.0.1\r\n", "X-Forwarded-Host: localhost\r\n"):
            for route in local:
                self.assertEqual(self.ask("127.0.0.1", route, header)[0], 401, (route, header))

    def test_in_the_clear_the_machine_itself_reads_metrics_and_health_and_nothing_else(self):
        monitoring = {route for route in documented_routes() if re.match(r"GET /(metrics|health)(/|$)", route)}
        self.assertEqual(len(monitoring), 6)
        self.assertEqual(self.answering("127.0.0.1", tls=False), monitoring)
        self.assertEqual(self.answering(netspace.FAR, tls=False), set())
        self.assertEqual(self.answering("127.0.0.1", "X-Forwarded-For: 127.0.0.1\r\n", tls=False), set())
        status, answer = self.ask(netspace.FAR, "GET /metrics", tls=False)
        self.assertEqual(status, 308)
        self.assertIn(f"Location: https://localhost:{self.daemon.port}/metrics\r\n".encode(), answer)

    def test_numbers_off_loopback_want_a_token_of_monitor_or_admin(self):
        code = harness.wait_until(lambda: first_run_code(self.daemon), 30, "the first-run code")
        anna = Client(self.daemon)
        self.assertEqual(anna.register(code, "anna", ANNA)[0], 201)
        self.assertEqual(anna.login("anna", ANNA), 200)
        scrape = anna.ask("POST", "/api/v1/tokens", {"name": "prometheus", "kind": "scrape"})[2]["token"]
        metrics = anna.ask("POST", "/api/v1/tokens", {"name": "m", "scopes": ["metrics"]})[2]["token"]
        view = anna.ask("POST", "/api/v1/tokens", {"name": "v", "scopes": ["view"]})[2]["token"]
        basic = base64.b64encode(f"any:{scrape}".encode()).decode()
        for route in ("GET /metrics", "GET /health"):
            self.assertEqual(self.ask(netspace.FAR, route)[0], 401)
            for proof, status in ((f"Bearer {scrape}", 200), (f"Basic {basic}", 200), (f"Bearer {metrics}", 200),
                                  (f"Bearer {view}", 403), ("Bearer pls_wrong", 401), (f"Basic {scrape}", 401)):
                answered = self.ask(netspace.FAR, route, f"Authorization: {proof}\r\n")[0]
                self.assertIn(answered, {status} | ({503} if route == "GET /health" and status == 200 else set()), proof)
        self.assertEqual(self.ask(netspace.FAR, "GET /api/v1/status", f"Authorization: Bearer {scrape}\r\n")[0], 403)

    def test_the_authority_is_handed_to_everybody_over_tls_only(self):
        status, answer = self.ask(netspace.FAR, "GET /ca.crt")
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertEqual(status, 200)
        self.assertIn(b"Content-Type: application/x-x509-ca-cert\r\n", head)
        self.assertNotIn(b"PRIVATE", body)
        self.assertEqual(body.decode(), (self.daemon.state / "tls/ca.pem").read_text())
        ssl.create_default_context(cadata=body.decode())
        self.assertEqual(self.ask("127.0.0.1", "GET /ca.crt", tls=False)[0], 308)

    def test_an_ordinary_start_says_nothing_of_logins(self):
        harness.wait_until(lambda: first_run_code(self.daemon), 30, "the first-run code")
        self.assertNotIn("nobody can log in", self.daemon.log.read_text())

    def test_a_good_session_is_never_told_that_it_is_void_at_the_start(self):
        code = harness.wait_until(lambda: first_run_code(self.daemon), 30, "the first-run code")
        anna = Client(self.daemon)
        self.assertEqual(anna.register(code, "anna", ANNA)[0], 201)
        self.assertEqual(anna.login("anna", ANNA), 200)
        for _ in range(3):
            self.daemon.kill()
            self.daemon.start()
            anna.port = self.daemon.port
            seen = []

            def answered():
                seen.append(anna.ask("GET", "/api/v1/auth/session")[0])
                return seen[-1] == 200

            harness.wait_until(answered, 20, "the session")
            self.assertLessEqual(set(seen), {200, 503}, seen)


class RecordsTest(unittest.TestCase):
    """The access log and the security events of a daemon on loopback."""

    def start(self, **more):
        self.daemon = harness.Daemon({"faces": {"enabled": False}, "buttons": [{"id": "front", "kind": "virtual"}],
                                      "notifications": {"channels": [{"id": "journal", "type": "log"}]}, **more})
        self.addCleanup(self.daemon.close)
        self.code = harness.wait_until(lambda: first_run_code(self.daemon), 30, "the first-run code")

    def raw(self, text, tls=False):
        """What comes back for these bytes."""
        answer = b""
        with contextlib.ExitStack() as held:
            sock = held.enter_context(socket.create_connection(("127.0.0.1", self.daemon.port), 10))
            if tls:
                trusted = ssl.create_default_context(cafile=self.daemon.state / "tls/ca.pem")
                sock = held.enter_context(trusted.wrap_socket(sock, server_hostname="localhost"))
            sock.sendall(text.encode("latin-1"))
            while block := sock.recv(65536):
                answer += block
        return answer

    def records(self):
        lines = [json.loads(line) for line in harness.whole_lines(self.daemon.log) if line.startswith("{")]
        return [r for r in lines if r["logger"] == "doorbell.api" and r["message"] == "request"]

    def with_id(self, name):
        return [r for r in self.records() if r.get("request_id") == name]

    def test_each_request_has_one_record(self):
        self.start()
        client = Client(self.daemon)
        expected = {}

        def ask(name, method, path, template, status, body=None, **headers):
            answered = client.ask(method, path, body, X_Request_ID=name, User_Agent="rig/1", **headers)[0]
            self.assertEqual(answered, status, name)
            expected[name] = (method, template, status)

        ask("r-register", "POST", "/api/v1/auth/register", "/api/v1/auth/register", 201,
            {"code": self.code, "name": "anna", "password": ANNA})
        self.assertEqual(client.login("anna", ANNA), 200)
        ask("r-session", "GET", "/api/v1/auth/session?secret=CANARY-Q", "/api/v1/auth/session", 200)
        ask("r-json", "POST", "/api/v1/users", "/api/v1/users", 400, ["no object"])
        ask("r-missing", "GET", "/api/v1/users/4711", "/api/v1/users/{id}", 404)
        ask("r-nothing", "GET", "/CANARY-P/x", "unmatched", 404)
        ask("r-large", "POST", "/api/v1/users", "/api/v1/users", 413, {"name": "x" * 9000})
        ask("r-forged", "POST", "/api/v1/auth/logout", "/api/v1/auth/logout", 403, X_CSRF_Token="guess")
        ask("r-ring", "POST", "/api/v1/buttons/front/ring", "/api/v1/buttons/{id}/ring", 200)
        known = [name for name in expected if name not in ("r-register", "r-nothing")]
        client.cookie = client.csrf = None
        ask("r-stranger", "GET", "/api/v1/status", "/api/v1/status", 401)
        head = "Host: localhost\r\nConnection: close\r\n"
        self.raw(f"GET /api/v1/status?CANARY-R HTTP/1.1\r\n{head}X-Request-ID: r-plain\r\n\r\n")
        expected["r-plain"] = ("GET", "/api/v1/status", 308)
        self.raw(f"POST /api/v1/auth/login HTTP/1.1\r\n{head}X-Request-ID: r-chunked\r\nTransfer-Encoding: chunked\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.daemon.port), 10) as raw:
            secure = ssl.create_default_context(cafile=self.daemon.state / "tls/ca.pem").wrap_socket(
                raw, server_hostname="localhost")
            secure.sendall(f"POST /api/v1/auth/login HTTP/1.1\r\n{head}Content-Type: application/json\r\n"
                           f"X-Request-ID: r-left\r\nContent-Length: 100\r\n\r\n{{\"name\":\"CANARY-B".encode())
            secure.close()
        expected["r-left"] = ("POST", "/api/v1/auth/login", 499)
        for name, (method, template, status) in expected.items():
            record = harness.wait_until(lambda: self.with_id(name), 30, f"the record of {name}")
            self.assertEqual(len(record), 1, name)
            record = record[0]
            self.assertEqual((record["method"], record["path"], record["status"]), (method, template, status), record)
            self.assertEqual((record["component"], record["status_code"], record["extra"]["ip_address"]),
                             ("api", status, "127.0.0.1"))
            self.assertEqual(record["response_time"], record["duration_ms"])
            self.assertGreaterEqual(record["duration_ms"], 0)
            self.assertRegex(record["trace_id"], "^[0-9a-f]{32}$")
            self.assertEqual(record["context"].get("aborted", False), status == 499)
            self.assertEqual("user_id" in record["context"], name in known, name)
        chunked = [r for r in self.records() if r["status"] == 411]
        self.assertEqual([(r["method"], r["path"]) for r in chunked], [("other", "unmatched")])
        self.assertNotIn("/metrics", {r["path"] for r in self.records()})  # a detail, and the harness reads it often
        self.assertNotIn("CANARY", self.daemon.log.read_text())

    def test_agents_of_any_kind_do_no_harm(self):
        self.start()
        agents = ["x" * 7000, "a\tb", "{\"forged\":1}\\n", "\x1b[31mred", "line\rbreak", "\xff\xfe\x80", "' OR 1=1; --", "\u00e9"]
        for number, agent in enumerate(agents):
            self.raw(f"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Request-ID: a-{number}\r\n"
                     f"User-Agent: {agent}\r\n\r\n", tls=True)
        harness.wait_until(lambda: self.with_id(f"a-{len(agents) - 1}"), 30, "the last record")
        for number in (0, 1, 2, 5, 6, 7):
            record, = self.with_id(f"a-{number}")
            self.assertLessEqual(len(record["extra"]["user_agent"]), 256)
        text = self.daemon.log.read_bytes()
        self.assertNotIn(b"\x1b", text)
        self.assertEqual(len([r for r in self.records() if r["status"] == 400]), 2)  # controls in a header

    def test_no_access_log_when_it_is_switched_off(self):
        self.start(log={"access": False})
        self.assertEqual(Client(self.daemon).ask("GET", "/api/v1/status")[0], 401)
        self.assertEqual(self.daemon.metric("http_requests_total", endpoint="/api/v1/status", method="GET", status="401"), 1)
        self.daemon.stop()
        self.assertEqual(self.records(), [])

    def blocked(self, kind):
        return self.daemon.metric("security_events_total", event_type=kind, source="api", action_taken="blocked")

    def incidents(self):
        lines = harness.whole_lines(self.daemon.state / "audit" / "audit.jsonl")
        return [r for r in map(json.loads, lines) if r["audit_type"] == "security_event"]

    def test_a_thousand_attacks_are_counted_and_few_are_recorded(self):
        self.start()
        smuggled = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(1000):
            self.assertTrue(self.raw(smuggled).startswith(b"HTTP/1.1 400 "))
        for path in ("/../etc/passwd", "/%2e%2e/etc/passwd", "/a%00b"):
            self.assertTrue(self.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 400 "), path)
        self.assertTrue(self.raw("GET / HTTP/1.1\r\nX: " + "x" * 9000 + "\r\n\r\n").startswith(b"HTTP/1.1 431 "))
        self.assertEqual(self.blocked("malformed_request"), 1001)
        self.assertEqual(self.blocked("injection_attempt"), 3)
        self.assertEqual(self.daemon.metric("http_request_rejections_total", reason="malformed"), 1000)
        idle = [socket.create_connection(("127.0.0.1", self.daemon.port), 10) for _ in range(40)]
        for sock in idle:
            self.addCleanup(sock.close)
        harness.wait_until(lambda: self.daemon.control("GET", "/api/v1/status"), 30, "the daemon, which serves on")
        for sock in idle:
            sock.close()
        harness.wait_until(lambda: (self.blocked("unauthorized_access") or 0) >= 8, 20, "the connections turned away")
        kinds = {"malformed", "path_traversal", "injection_suspected", "too_large", "rate_limited"}
        found = harness.wait_until(
            lambda: (i := self.incidents()) and {r["details"]["description"].split(":")[0] for r in i} >= kinds and i, 20,
            "the audit records")
        # One a minute of each kind; a slow machine may need minutes for a thousand.
        self.assertLess(len(found), 20, found)
        self.assertTrue(all(r["action"] in ("malformed_request", "injection_attempt", "unauthorized_access") for r in found))
        self.assertNotIn("127.0.0.1", json.dumps(found))  # an address is personal
        self.assertEqual(self.daemon.cli("audit", "verify").returncode, 0)


class CertificateTest(unittest.TestCase):
    """An own certificate that is no good must not keep the house from ringing."""

    def test_a_bad_certificate_is_stood_in_for_until_it_is_good(self):
        folder_of = harness.Daemon({}, wait=None)
        self.addCleanup(folder_of.close)
        certificate, key = folder_of.folder / "own.pem", folder_of.folder / "own.key"
        certificate.write_text("this is no certificate")
        hook = harness.Hook()
        self.addCleanup(hook.close)
        folder_of.write_config(harness.config(hook, server={"listen": "127.0.0.1:0",
                                                            "tls": {"cert": str(certificate), "key": str(key)}}))
        daemon = folder_of.start()
        ring = daemon.ring("front")
        hook.wait_for(lambda m: m.event["id"] == ring, 30, "the ring")
        self.assertEqual(Client(daemon).ask("GET", "/ca.crt")[0], 200)
        complaints = [r for r in map(json.loads, filter(lambda line: line.startswith("{"), harness.whole_lines(daemon.log)))
                      if r["level"] == "ERROR" and "stands in" in r["message"]]
        self.assertIn("own.key", complaints[0]["context"]["fault"])
        self.assertIn("own.key", daemon.status()["certificate_fault"])
        doctor = json.loads(daemon.cli("doctor", "--json", check=False).stdout)
        said = next(c for c in doctor["checks"] if c["check"] == "daemon")["findings"]
        self.assertTrue(any(f["verdict"] == "bad" and "own.key" in f["found"] and "server.tls" in f["mend"] for f in said), said)
        self.assertEqual(daemon.cli("check", check=False).returncode, 1)
        self.assertIn("warning:", daemon.cli("reload").stdout)
        self.make(certificate, key)
        self.assertNotIn("warning:", daemon.cli("reload").stdout)
        self.assertEqual(daemon.status()["certificate_fault"], "")
        trusted = Client(daemon)
        trusted.trusted = ssl.create_default_context(cafile=certificate)
        status, _, problem = trusted.ask("GET", "/ca.crt")
        self.assertEqual(status, 404)
        self.assertIn("not of Porchlight's own authority", problem["detail"])

    def make(self, certificate, key):
        done = harness.subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=own",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        key.chmod(0o640)


if __name__ == "__main__":
    unittest.main(verbosity=2)
