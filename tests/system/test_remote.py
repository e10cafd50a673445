#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/remote.md as it stands there: its proxies before the real daemon, over TLS, and its hook for a renewed certificate."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import unittest

import yaml

import harness
import test_proxy
from accounts_client import first_run_code
from stream_client import Listener, WebSocket

PAGE = harness.SOURCE / "docs" / "remote.md"
NAME = "door.example.org"
ANNA = "a long phrase of anna"
OWN_CADDY = harness.SOURCE / "build/caddy/tree/usr/bin/caddy"
CADDY = str(OWN_CADDY) if OWN_CADDY.exists() else shutil.which("caddy")
MIB = 1 << 20


def setUpModule():
    global film
    folder = tempfile.TemporaryDirectory(prefix="porchlight-film-")
    unittest.addModuleCleanup(folder.cleanup)
    film = pathlib.Path(folder.name) / "noise.mp4"
    # Noise is large: some megabytes for each segment.
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "color=c=gray:s=640x360:r=10,noise=alls=90:allf=t",
                    "-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10", "-b:v", "8M", film],
                   check=True)


def block_of(kind, after):
    """The first block of this kind behind a heading of the page."""
    section = PAGE.read_text().partition(f"\n{after}\n")[2]
    found = re.search(rf"^```{kind}\n(.*?)^```", section, re.M | re.S)
    if not found:
        raise AssertionError(f"{PAGE.name} has no {kind} block behind '{after}'")
    return found.group(1)


def put(text, *changes):
    """The text with each place replaced; every one of them must be there."""
    for place, instead in changes:
        if place not in text:
            raise AssertionError(f"{PAGE.name}: '{place}' is not in\n{text}")
        text = text.replace(place, str(instead))
    return text


def make_certificate(folder, name):
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                           "-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1", "-keyout", folder / f"{name}.key",
                           "-out", folder / f"{name}.pem"], capture_output=True)
    if done.returncode:
        raise AssertionError(done.stderr)


class Visitor(test_proxy.Visitor):
    """By way of the proxy, from an address of its own; also with bodies and answers as they are."""

    bearer = None

    def raw(self, method, path, body=None, **headers):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.trusted,
                                                 source_address=(self.address, 0))
        sent = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf} if self.cookie else {}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def form(photo, **fields):
    """(content type, body) of a form with one file, which the fields come after."""
    edge = "edge-of-the-form"
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="photo"; filename="big.jpg"\r\n'
             "Content-Type: image/jpeg\r\n\r\n".encode() + photo + b"\r\n"]
    parts += [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
              for name, value in fields.items()]
    return f"multipart/form-data; boundary={edge}", b"".join(parts) + f"--{edge}--\r\n".encode()


class RemoteTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-remote-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        make_certificate(self.folder, "proxy")
        self.trusted = ssl.create_default_context(cafile=self.folder / "proxy.pem")

    def start_daemon(self):
        server = yaml.safe_load(block_of("yaml", "## A reverse proxy"))["server"]
        self.assertEqual((server["listen"], server["trusted_proxies"]), ("127.0.0.1:8000", ["127.0.0.1"]))
        # YAML 1.1 has `off` for false; the daemon wants the word.
        server.update({"listen": "127.0.0.1:0", "tls": {False: "off"}[server["tls"]]})
        self.daemon = harness.Daemon({
            "server": server, "faces": {"enabled": False},
            "cameras": [{"id": "front", "url": f"file:{film}"}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}],
            "recording": {"segment": "5s", "reserve": "1MiB", "keep": {"space": "100%"}},
            "notifications": {"channels": [{"id": "journal", "type": "log"}]}})
        self.addCleanup(self.daemon.close)
        self.code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")

    def run_proxy(self, command, **environment):
        """Until both of its ports take connections."""
        log = self.folder / "proxy.log"
        with open(log, "wb") as out:
            proxy = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                     env={**os.environ, **environment}, preexec_fn=harness.end_with_us)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.kill)  # Caddy, asked kindly, waits for connections that nobody uses any more

        def takes_connections(port):
            self.assertIsNone(proxy.poll(), log.read_text()[-3000:])
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        for port in (self.port, self.plain):
            harness.wait_until(lambda p=port: takes_connections(p), 30, f"port {port} of the proxy")

    def start_nginx(self):
        if test_proxy.NGINX is None:
            self.skipTest("no nginx: run ./dev setup; the page's configuration is not tried")
        self.start_daemon()
        self.port, self.plain = harness.free_port(), harness.free_port()
        text = put(block_of("nginx", "### nginx"), ("  listen [::]:80;\n", ""), ("  listen [::]:443 ssl;\n", ""),
                   ("listen 80;", f"listen 127.0.0.1:{self.plain};"), ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
                   ("127.0.0.1:8000", f"127.0.0.1:{self.daemon.port}"),
                   (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", self.folder / "proxy.pem"),
                   (f"/etc/letsencrypt/live/{NAME}/privkey.pem", self.folder / "proxy.key"))
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(
            f"daemon off; master_process off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;\n"
            f"events {{ }}\nhttp {{\n{temporary}\n{text}\n}}\n")
        self.run_proxy([test_proxy.NGINX, "-c", self.folder / "nginx.conf", "-p", self.folder])

    def start_caddy(self):
        if CADDY is None:
            self.skipTest("no caddy here: the page's configuration is not tried")
        self.start_daemon()
        self.port, self.plain = harness.free_port(), harness.free_port()
        # The certificate is ours: there is no public name here to get one for.
        text = put(block_of("caddy", "### Caddy"), ("127.0.0.1:8000", f"127.0.0.1:{self.daemon.port}"),
                   (f"{NAME} {{\n", f"https://127.0.0.1:{self.port}, https://{NAME}:{self.port} {{\n\tbind 127.0.0.1\n"
                                    f"\ttls {self.folder}/proxy.pem {self.folder}/proxy.key\n"))
        (self.folder / "Caddyfile").write_text(
            f"{{\n\tadmin off\n\thttp_port {self.plain}\n\thttps_port {self.port}\n\tdefault_bind 127.0.0.1\n}}\n{text}")
        self.run_proxy([CADDY, "run", "--config", self.folder / "Caddyfile", "--adapter", "caddyfile"],
                       HOME=str(self.folder), XDG_DATA_HOME=str(self.folder), XDG_CONFIG_HOME=str(self.folder))

    def visitor(self, address):
        return Visitor(self.port, address, self.trusted)

    def anna_logs_in(self):
        anna = self.visitor("127.0.0.5")
        made = anna.ask("POST", "/api/v1/auth/register", {"code": self.code, "name": "anna", "password": ANNA})
        self.assertEqual(made[0], 201, made)
        # The client's own claim is the proxy's to drop.
        status, headers = anna.login("anna", ANNA, X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="http",
                                     Forwarded="for=203.0.113.9;proto=http")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Set-Cookie"].startswith("__Host-porchlight="), headers["Set-Cookie"])
        self.assertEqual(headers.get_all("Strict-Transport-Security"), ["max-age=31536000"])
        return anna

    def addresses_of_logins(self, anna):
        """The log has commitments; what they stand for is in the database."""
        records = anna.ask("GET", "/api/v1/audit?limit=100")[2]["records"]
        with contextlib.closing(sqlite3.connect(f"file:{self.daemon.state}/porchlight.db?mode=ro", uri=True)) as database:
            values = dict(database.execute("SELECT commitment, value FROM audit_values").fetchall())
        return {values.get(r["ip_address"].removeprefix("commitment:")) for r in records if r["audit_type"] == "authentication"}

    def expect_logins_from(self, anna, *addresses):
        """These and no others, once the last of them is written."""
        harness.wait_until(lambda: self.addresses_of_logins(anna) == set(addresses), 30, f"logins from {addresses} on record, only")

    def expect_addresses(self, anna):
        """What the audit log has of a good login, of a lie, and of somebody who comes past the proxy."""
        self.expect_logins_from(anna, "127.0.0.5")
        self.assertEqual(self.visitor("127.0.0.6").login("anna", "a wrong guess", X_Forwarded_For="203.0.113.9, 127.0.0.1")[0], 401)
        self.expect_logins_from(anna, "127.0.0.5", "127.0.0.6")
        straight = test_proxy.Visitor(self.daemon.port, "127.0.0.9")
        claim = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https"}
        self.assertEqual(straight.login("anna", ANNA, **claim)[0], 403)
        self.assertEqual(straight.ask("GET", "/api/v1/audit", X_Request_ID="past-the-proxy", **claim)[0], 401)
        self.assertEqual(self.address_logged("past-the-proxy"), "127.0.0.9")
        self.assertNotIn("203.0.113.9", self.daemon.log.read_text())

    def address_logged(self, request_id):
        def found():
            lines = [json.loads(line) for line in harness.whole_lines(self.daemon.log) if request_id in line]
            return [r["extra"]["ip_address"] for r in lines if r.get("request_id") == request_id and "method" in r]
        return harness.wait_until(found, 20, f"the record of {request_id}")[0]

    def expect_events(self, anna):
        socket_, stream = WebSocket(anna, "/ws?type=ring"), Listener(anna, "/api/v1/events/stream?type=ring")
        self.addCleanup(socket_.close)
        self.addCleanup(stream.close)
        self.assertEqual((socket_.status, stream.status), (101, 200))
        origin = {"Origin": f"https://127.0.0.1:{self.port}"}
        self.assertEqual(anna.ask("POST", "/api/v1/buttons/front/ring", Origin="https://evil.example")[0], 403)
        status, _, rung = anna.ask("POST", "/api/v1/buttons/front/ring", **origin)
        self.assertEqual(status, 200, rung)
        for listener in (socket_, stream):
            listener.wait_for(lambda e: e["id"] == rung["id"], "the ring", 60)
        own = WebSocket(anna, "/ws", **origin)
        self.addCleanup(own.close)
        self.assertEqual(own.status, 101)
        foreign = WebSocket(anna, "/ws", Origin="https://evil.example")
        self.addCleanup(foreign.close)
        self.assertEqual(foreign.status, 403)

    def expect_upload(self, anna):
        """Nearly as large as the daemon takes one."""
        kind, body = form(bytes(9 * MIB), name=" no name ")
        status, _, text = anna.raw("POST", "/api/v1/people", body, Content_Type=kind)
        # It has read the form to its end: the name is what it complains of.
        self.assertEqual((status, json.loads(text)["detail"][:6]), (422, "a name"), text)

    def expect_length_of_what_has_none(self, anna):
        """An upload in chunks, which the daemon takes from nobody: the proxy gathers it."""
        kind, body = form(bytes(MIB), name=" no name ")
        status, _, text = anna.raw("POST", "/api/v1/people", iter([body[:MIB // 2], body[MIB // 2:]]), Content_Type=kind)
        self.assertEqual((status, json.loads(text)["detail"][:6]), (422, "a name"), text)

    def expect_limit(self, anna):
        """What is larger than the daemon's largest body is the proxy's to refuse, by its head."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.trusted)
        self.addCleanup(connection.close)
        connection.putrequest("POST", "/api/v1/people")
        for name, value in (("Cookie", anna.cookie), ("X-CSRF-Token", anna.csrf), ("Content-Type", "multipart/form-data; boundary=x"),
                            ("Content-Length", str(10 * MIB + 1))):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (413, "text/html"))

    def expect_footage(self, anna):
        def closed():
            listed = anna.ask("GET", "/api/v1/recordings?camera=front")[2]["recordings"]
            return [segment for segment in listed if segment["state"] == "closed" and segment["bytes"] > MIB]
        segment = harness.wait_until(closed, 120, "a closed segment of some size")[0]
        status, headers, whole = anna.raw("GET", segment["video"])
        self.assertEqual((status, len(whole), headers["Accept-Ranges"]), (200, segment["bytes"], "bytes"))
        first, last = MIB // 2, len(whole) - 1000
        status, headers, part = anna.raw("GET", segment["video"], Range=f"bytes={first}-{last}", If_Range=headers["ETag"])
        self.assertEqual((status, headers["Content-Range"]), (206, f"bytes {first}-{last}/{len(whole)}"))
        self.assertTrue(part == whole[first:last + 1], "the range's bytes are the file's")

    def expect_all(self):
        anna = self.anna_logs_in()
        self.expect_addresses(anna)
        self.expect_events(anna)
        self.expect_upload(anna)
        self.expect_footage(anna)
        connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/l/x?y=1", headers={"Host": NAME})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 308)
        self.assertEqual(answer.headers["Location"].partition("/l/")[2], "x?y=1")
        return anna, answer.headers["Location"]

    def test_nginx_as_the_page_has_it(self):
        self.start_nginx()
        anna, sent_to = self.expect_all()
        self.assertEqual(sent_to, f"https://{NAME}/l/x?y=1")
        self.expect_limit(anna)
        self.expect_length_of_what_has_none(anna)

    def test_caddy_as_the_page_has_it(self):
        self.start_caddy()
        self.assertIn(NAME, self.expect_all()[1])

    def test_without_trust_the_daemon_takes_no_login(self):
        self.start_nginx()
        settings = json.loads(self.daemon.config.read_text())
        del settings["server"]["trusted_proxies"]
        port = self.daemon.port
        settings["server"]["listen"] = f"127.0.0.1:{port}"
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.write_config(settings)
        self.daemon.start()
        anna = self.visitor("127.0.0.5")
        self.assertEqual(anna.login("anna", ANNA)[0], 403)
        self.assertEqual(anna.ask("GET", "/metrics")[0], 401)
        settings["server"]["listen"] = "0.0.0.0:0"
        self.daemon.write_config(settings)
        done = self.daemon.cli("check", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("off only on a loopback address or with server.trusted_proxies", done.stdout + done.stderr)

    def test_the_hook_hands_a_renewed_certificate_to_the_daemon(self):
        files, lineage = self.folder / "tls", self.folder / "live"
        lineage.mkdir()
        settings = put(block_of("yaml", "## A public certificate (ACME)"), ("/etc/porchlight/tls", files))
        hook = put(block_of("sh", "## A public certificate (ACME)"), ("/etc/porchlight/tls", files), (" -o root -g porchlight", ""),
                   ("systemctl reload porchlight", f'"{harness.PROGRAM}" reload --config "{self.folder}/porchlight.yaml"'))

        def renew(name, domains=NAME):
            make_certificate(self.folder, name)
            shutil.copy(self.folder / f"{name}.pem", lineage / "fullchain.pem")
            shutil.copy(self.folder / f"{name}.key", lineage / "privkey.pem")
            return subprocess.run(["sh", "-c", hook], capture_output=True, text=True, timeout=60,
                                  env={**os.environ, "RENEWED_DOMAINS": domains, "RENEWED_LINEAGE": str(lineage)})

        self.assertNotEqual(renew("first").returncode, 0, "nobody is there yet to reload")
        self.assertEqual({p.name: oct(p.stat().st_mode & 0o777) for p in (files, *files.iterdir())},
                         {"tls": "0o750", "cert.pem": "0o640", "key.pem": "0o640"})
        server = yaml.safe_load(settings)["server"]
        daemon = harness.Daemon({"server": {**server, "listen": "127.0.0.1:0"}, "faces": {"enabled": False}}, folder=self.folder)
        self.addCleanup(daemon.close)

        def shown():
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=30) as plain, context.wrap_socket(plain) as tls:
                return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))

        def made(name):
            return (self.folder / f"{name}.pem").read_text()

        self.assertEqual(shown(), made("first"))
        done = renew("second", f"www.example.org {NAME}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(shown(), made("second"))
        self.assertEqual(renew("third", "other.example.org").returncode, 0)
        self.assertEqual(shown(), made("second"), "another name's renewal is not ours")
        # What everybody can read is not taken, and costs nothing.
        shutil.copy(self.folder / "third.pem", files / "cert.pem")
        shutil.copy(self.folder / "third.key", files / "key.pem")
        (files / "key.pem").chmod(0o644)
        daemon.cli("reload", check=False)
        self.assertEqual(shown(), made("second"))
        self.assertIn("everybody can read it", daemon.log.read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
