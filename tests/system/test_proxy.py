#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon behind a real nginx: who the client is, what a client may claim, and what loopback is worth then."""

import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

import harness
from accounts_client import first_run_code

ANNA = "a long phrase of anna"
OWN = harness.SOURCE / "build/nginx/tree/usr/sbin/nginx"
NGINX = str(OWN) if OWN.exists() else shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


def setUpModule():
    if NGINX is None:
        raise unittest.SkipTest("no nginx: run ./dev setup; the listener is not tried behind a real proxy")


class Visitor:
    """A client at an address of its own, by way of nginx (TLS) or straight to the daemon (in the clear)."""

    def __init__(self, port, address, trusted=None):
        self.port, self.address, self.trusted = port, address, trusted
        self.cookie = self.csrf = None

    def ask(self, method, path, body=None, **headers):
        if self.trusted:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.trusted,
                                                     source_address=(self.address, 0))
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(self.address, 0))
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if self.cookie:
            sent.update({"Cookie": self.cookie, "X-CSRF-Token": self.csrf})
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        is_json = answer.headers.get("Content-Type", "").endswith("json")
        return answer.status, answer.headers, json.loads(text) if text and is_json else text

    def login(self, name, password, **headers):
        status, answered, body = self.ask("POST", "/api/v1/auth/login", {"name": name, "password": password}, **headers)
        if status == 200:
            self.cookie, self.csrf = answered["Set-Cookie"].split(";")[0], body["csrf_token"]
        return status, answered


class BehindNginx(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-proxy-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        done = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=proxy",
                               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "proxy.key",
                               "-out", self.folder / "proxy.pem"], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.trusted = ssl.create_default_context(cafile=self.folder / "proxy.pem")

    def start(self, tls, upstream):
        self.daemon = harness.Daemon({
            "server": {"listen": "127.0.0.1:0", "tls": tls, "trusted_proxies": ["127.0.0.1"]},
            "faces": {"enabled": False}, "buttons": [{"id": "front", "kind": "virtual"}],
            "notifications": {"channels": [{"id": "journal", "type": "log"}]}})
        self.addCleanup(self.daemon.close)
        self.proxy(upstream)
        self.code = harness.wait_until(lambda: first_run_code(self.daemon), 30, "the first-run code")

    def proxy(self, upstream):
        self.port = harness.free_port()
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
daemon off; master_process off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ }}
http {{
  access_log off; {temporary}
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {self.folder}/proxy.pem; ssl_certificate_key {self.folder}/proxy.key;
    location / {{
      proxy_pass {upstream.format(port=self.daemon.port)};
      proxy_ssl_trusted_certificate {self.daemon.state}/tls/ca.pem; proxy_ssl_verify on; proxy_ssl_name localhost;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
""")
        (self.daemon.state / "tls").mkdir(exist_ok=True)
        if not (self.daemon.state / "tls/ca.pem").exists():
            shutil.copy(self.folder / "proxy.pem", self.daemon.state / "tls/ca.pem")  # nginx reads it, whether it needs it or not
        with open(self.folder / "stderr", "wb") as log:
            nginx = subprocess.Popen([NGINX, "-c", self.folder / "nginx.conf", "-p", self.folder], stderr=log, stdout=log)
        self.addCleanup(nginx.wait)
        self.addCleanup(nginx.terminate)

        def answers():
            self.assertIsNone(nginx.poll(), (self.folder / "stderr").read_text())
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        harness.wait_until(answers, 20, "nginx")

    def visitor(self, address):
        return Visitor(self.port, address, self.trusted)

    def anna(self, address="127.0.0.5"):
        visitor = self.visitor(address)
        body = {"code": self.code, "name": "anna", "password": ANNA}
        self.assertEqual(visitor.ask("POST", "/api/v1/auth/register", body)[0], 201)
        self.assertEqual(visitor.login("anna", ANNA)[0], 200)
        return visitor

    def record(self, request_id):
        def found():
            lines = [json.loads(line) for line in harness.whole_lines(self.daemon.log) if line.startswith("{")]
            return [r for r in lines if r["logger"] == "doorbell.api" and r.get("request_id") == request_id]

        record, = harness.wait_until(found, 30, f"the record of {request_id}")
        return record

    def look_around(self):
        """A login by way of the proxy, and everything that hangs on who the client is."""
        anna = self.anna()
        status, headers = self.visitor("127.0.0.5").login("anna", ANNA)
        self.assertEqual(status, 200)
        cookie = headers["Set-Cookie"]
        self.assertTrue(cookie.startswith("__Host-porchlight=") and "; Secure" in cookie and "; HttpOnly" in cookie, cookie)
        status, headers, who = anna.ask("GET", "/api/v1/auth/session", X_Request_ID="seen-by-both")
        self.assertEqual((status, headers["X-Request-ID"], who["user"]["name"]), (200, "seen-by-both", "anna"))
        self.assertEqual(self.record("seen-by-both")["extra"]["ip_address"], "127.0.0.5")
        self.assertEqual({s["ip_address"] for s in anna.ask("GET", "/api/v1/auth/sessions")[2]["sessions"]}, {"127.0.0.5"})
        self.assertEqual(anna.ask("POST", "/api/v1/buttons/front/ring", Origin=f"https://127.0.0.1:{self.port}")[0], 200)
        self.assertEqual(anna.ask("POST", "/api/v1/buttons/front/ring", Origin="https://evil.example")[0], 403)
        # What a client writes into the headers of a proxy is its own claim.
        for lie in ("127.0.0.1", "127.0.0.1, 127.0.0.1", "::1", "203.0.113.9, 127.0.0.1", "rubbish", ""):
            for path, proof in (("/metrics", 401), ("/health", 401), ("/health/live", 200)):
                status = self.visitor("127.0.0.6").ask("GET", path, X_Forwarded_For=lie, X_Request_ID="lie")[0]
                self.assertEqual(status, proof, (lie, path))
        status = self.visitor("127.0.0.6").ask("GET", "/api/v1/status", X_Forwarded_For="203.0.113.9", X_Request_ID="claim")[0]
        self.assertEqual((status, self.record("claim")["extra"]["ip_address"]), (401, "127.0.0.6"))
        self.assertEqual(self.visitor("127.0.0.6").ask("GET", "/metrics", Forwarded="for=127.0.0.1")[0], 401)
        # Locks are the client's own, whatever it claims; the others behind the same proxy come in.
        statuses = [self.visitor("127.0.0.6").login(f"name{i}", "a wrong guess", X_Forwarded_For=f"203.0.113.{i}")[0]
                    for i in range(21)]
        self.assertEqual(statuses, [401] * 20 + [429])
        self.assertEqual(self.visitor("127.0.0.7").login("anna", ANNA)[0], 200)
        # Scrapes come by with a token.
        token = anna.ask("POST", "/api/v1/tokens", {"name": "prometheus", "kind": "scrape"})[2]["token"]
        status, _, text = self.visitor("127.0.0.6").ask("GET", "/metrics", Authorization=f"Bearer {token}")
        self.assertEqual(status, 200)
        self.assertIn(b"http_requests_total", text)
        return token

    def test_a_proxy_that_does_the_tls(self):
        self.start("off", "http://127.0.0.1:{port}")
        token = self.look_around()
        # With a proxy in the configuration nobody knows who really stands behind a connection of loopback.
        for address in ("127.0.0.1", "127.0.0.9"):
            straight = Visitor(self.daemon.port, address)
            self.assertEqual(straight.ask("GET", "/metrics")[0], 401, address)
            self.assertEqual(straight.ask("GET", "/metrics", Authorization=f"Bearer {token}")[0], 200, address)
            self.assertEqual(straight.login("anna", ANNA)[0], 403, address)
        # Only the proxy's word counts.
        other = Visitor(self.daemon.port, "127.0.0.9")
        self.assertEqual(other.login("anna", ANNA, X_Forwarded_Proto="https")[0], 403)
        self.assertEqual(self.visitor("127.0.0.5").ask("GET", "/ca.crt")[0], 404)

    def test_a_proxy_that_speaks_tls_to_the_daemon_too(self):
        self.start("auto", "https://127.0.0.1:{port}")
        self.look_around()
        for address in ("127.0.0.1", "127.0.0.9"):
            straight = Visitor(self.daemon.port, address)
            for path in ("/metrics", "/health/live", "/api/v1/status"):
                self.assertEqual(straight.ask("GET", path)[0], 308, (address, path))
        status, headers, body = self.visitor("127.0.0.5").ask("GET", "/ca.crt")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/x-x509-ca-cert"))
        self.assertTrue(body.startswith(b"-----BEGIN CERTIFICATE-----"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
