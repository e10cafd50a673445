# SPDX-License-Identifier: Apache-2.0
"""A real mosquitto on a free port, a client of our own for it (MQTT 5 and 3.1.1 by the standard, nothing of
libmosquitto), and a wire between the two that can be cut, or made deaf to acknowledgements."""

import os
import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from tls_duplex import TlsDuplex

MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14


def need_broker():
    if MOSQUITTO is None:
        raise unittest.SkipTest("no mosquitto: run ./dev setup; MQTT is not tried against a real broker")


class Broker:
    """mosquitto with a configuration of its own. `lines` are added to it; `logged`: what its log is about."""

    def __init__(self, *lines, logged="all"):
        need_broker()
        self._folder = tempfile.TemporaryDirectory(prefix="porchlight-broker-")
        self.folder = pathlib.Path(self._folder.name)
        self.port, self.logged = harness.free_port(), logged
        self.process = None
        self.write(*(lines or ["allow_anonymous true"]))
        self.start()

    def write(self, *lines):
        base = [f"listener {self.port} 127.0.0.1", "persistence false", f"log_type {self.logged}", "user root"]
        (self.folder / "mosquitto.conf").write_text("\n".join([*base, *lines]) + "\n")

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", self.folder / "mosquitto.conf"], stdout=log, stderr=log)

        def listens():
            if self.process.poll() is not None:
                raise AssertionError("mosquitto ended: " + self.log())
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        harness.wait_until(listens, 20, "mosquitto")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._folder.cleanup()


def text(value):
    raw = value.encode()
    return struct.pack("!H", len(raw)) + raw


def number(value):
    """A variable byte integer."""
    out = b""
    while True:
        value, digit = divmod(value, 128)
        out += bytes([digit | (0x80 if value else 0)])
        if not value:
            return out


class Reader:
    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, count):
        self.at += count
        return self.raw[self.at - count:self.at]

    def u16(self):
        return struct.unpack("!H", self.take(2))[0]

    def text(self):
        return self.take(self.u16()).decode()

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return value

    def properties(self):
        """{identifier: value}, user properties as a list of pairs under 38."""
        end, found = self.number() + self.at, {38: []}
        while self.at < end:
            kind = self.number()
            if kind in (1, 23, 25, 36, 37, 40, 41, 42):
                found[kind] = self.take(1)[0]
            elif kind in (2, 17, 24, 39):
                found[kind] = struct.unpack("!I", self.take(4))[0]
            elif kind in (19, 33, 34, 35):
                found[kind] = self.u16()
            elif kind == 11:
                found[kind] = self.number()
            elif kind == 38:
                found[38].append((self.text(), self.text()))
            else:
                found[kind] = self.take(self.u16()) if kind in (9, 22) else self.text()
        return found

    def rest(self):
        return self.take(len(self.raw) - self.at)


class Received:
    """One message with the instant of its arrival (CLOCK_MONOTONIC)."""

    def __init__(self, topic, payload, retained, quality, properties, at):
        self.topic, self.payload, self.retained, self.quality, self.at = topic, payload, retained, quality, at
        self.user = dict(properties.get(38, []))
        self.content_type = properties.get(3)

    def __repr__(self):
        return f"{self.topic} {'(retained) ' if self.retained else ''}{self.payload[:80]!r}"


class Refused(Exception):
    pass


class MqttClient:
    def __init__(self, port, client_id="watcher", version=5, user=None, password=None, context=None, will=None):
        self.version = version
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            self.socket = TlsDuplex(context.wrap_socket(self.socket, server_hostname="127.0.0.1"), 10)
        self.messages, self.ended = [], None
        self._arrived = threading.Condition()
        self._sending = threading.Lock()
        self._ids = iter(range(1, 65536))
        self._acknowledged = {}
        flags = 2 | (0x80 if user else 0) | (0x40 if password else 0)
        body = text("MQTT") + bytes([version, flags]) + struct.pack("!H", 60) + (b"\0" if version == 5 else b"")
        body += text(client_id) + (text(user) if user else b"") + (text(password) if password else b"")
        self._send(CONNECT << 4, body)
        kind, answer = self._read()
        if kind >> 4 != CONNACK or answer[1] != 0:
            self.socket.close()
            raise Refused(answer[1] if len(answer) > 1 else answer)
        self.socket.settimeout(None)
        threading.Thread(target=self._run, daemon=True).start()

    def _send(self, head, body):
        with self._sending:
            self.socket.sendall(bytes([head]) + number(len(body)) + body)

    def _exactly(self, count):
        out = b""
        while len(out) < count:
            block = self.socket.recv(count - len(out))
            if not block:
                raise ConnectionError("the broker closed the connection")
            out += block
        return out

    def _read(self):
        head = self._exactly(1)[0]
        length = shift = 0
        while True:
            byte = self._exactly(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return head, self._exactly(length)

    def _run(self):
        try:
            while True:
                self._take(*self._read())
        except (OSError, ValueError) as error:
            with self._arrived:
                self.ended = self.ended or str(error)
                self._arrived.notify_all()

    def _take(self, head, body):
        at, kind, reader = time.monotonic(), head >> 4, Reader(body)
        if kind == PUBLISH:
            quality, topic = (head >> 1) & 3, reader.text()
            packet = reader.u16() if quality else None
            properties = reader.properties() if self.version == 5 else {}
            if quality == 1:
                self._send(PUBACK << 4, struct.pack("!H", packet))
            with self._arrived:
                self.messages.append(Received(topic, reader.rest(), bool(head & 1), quality, properties, at))
                self._arrived.notify_all()
        elif kind in (PUBACK, SUBACK):
            packet = reader.u16()
            with self._arrived:
                self._acknowledged[packet] = reader.rest()
                self._arrived.notify_all()
        elif kind == DISCONNECT:
            with self._arrived:
                self.ended = body[0] if body else 0
                self._arrived.notify_all()

    def _acknowledgement(self, packet):
        with self._arrived:
            if not self._arrived.wait_for(lambda: packet in self._acknowledged or self.ended is not None, 10):
                raise AssertionError("the broker does not acknowledge")
            return self._acknowledged.get(packet)

    def subscribe(self, *filters):
        packet = next(self._ids)
        body = struct.pack("!H", packet) + (b"\0" if self.version == 5 else b"")
        self._send(SUBSCRIBE << 4 | 2, body + b"".join(text(f) + b"\1" for f in filters))
        self._acknowledgement(packet)
        return self

    def publish(self, topic, payload, retain=False):
        packet = next(self._ids)
        raw = payload if isinstance(payload, bytes) else payload.encode()
        body = text(topic) + struct.pack("!H", packet) + (b"\0" if self.version == 5 else b"") + raw
        self._send(PUBLISH << 4 | 2 | retain, body)
        self._acknowledgement(packet)

    def wait_for(self, predicate, seconds, what):
        """The first message that satisfies the predicate."""
        with self._arrived:
            deadline = time.monotonic() + seconds
            while True:
                for message in self.messages:
                    if predicate(message):
                        return message
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"waited {seconds} s for {what}; received {self.messages}")
                self._arrived.wait(left)

    def on(self, topic):
        with self._arrived:
            return [m for m in self.messages if m.topic == topic]

    def forget(self):
        with self._arrived:
            self.messages.clear()

    def close(self):
        try:
            self._send(DISCONNECT << 4, b"")
        except OSError:
            pass
        self.socket.close()


def retained(port, topic_filter, **options):
    """{topic: payload} of what the broker retains there."""
    client = MqttClient(port, client_id="look", **options)
    try:
        client.subscribe(topic_filter)
        mark = f"mark/{time.monotonic_ns()}"
        client.subscribe(mark)
        client.publish(mark, "x")  # what was retained comes before it
        client.wait_for(lambda m: m.topic == mark, 30, "the mark")
        return {m.topic: m.payload for m in client.messages if m.retained}
    finally:
        client.close()


class Wire:
    """A relay in front of a broker. `deaf`: what the broker answers is swallowed. `only_old`: MQTT 5 is refused
    as a broker of 3.1.1 does it, or by hanging up (`"rudely"`)."""

    def __init__(self, port):
        self.target, self.deaf, self.only_old, self.connections = port, False, None, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open, self.clients = [], []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        try:
            first = client.recv(65536)
            if self.only_old and b"\0\4MQTT\5" in first[:16]:
                if self.only_old != "rudely":
                    client.sendall(b"\x20\2\0\1")
                client.close()
                return
            server = socket.create_connection(("127.0.0.1", self.target), 10)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.open += [client, server]
            self.clients.append(client)
            server.sendall(first)
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()
            self._pump(client, server, False)
        except OSError:
            client.close()

    def _pump(self, source, target, from_broker):
        try:
            while block := source.recv(65536):
                if not (from_broker and self.deaf):
                    target.sendall(block)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def say(self, packet):
        """To the newest client, as if the broker had said it."""
        self.clients[-1].sendall(packet)

    def cut(self):
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.open = []

    def close(self):
        self.listener.close()
        self.cut()


def make_certificates(folder):
    """An authority, a stranger to it, server certificates for 127.0.0.1 and for localhost and a client's, made by openssl."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for name in ("authority", "stranger"):
        openssl("req", "-x509", *new_key, "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    for name, extension in (("server", "subjectAltName=IP:127.0.0.1"), ("named", "subjectAltName=DNS:localhost"), ("elsewhere", "subjectAltName=DNS:elsewhere.example"),
                            ("client", "extendedKeyUsage=clientAuth")):
        (folder / "extension").write_text(extension)
        openssl("req", "-new", *new_key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
                "-days", "1", "-extfile", "extension", "-out", f"{name}.pem")
    for path in folder.iterdir():
        path.chmod(0o644)
    return folder


def trusting(folder):
    return ssl.create_default_context(cafile=folder / "authority.pem")
