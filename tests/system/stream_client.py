# SPDX-License-Identifier: Apache-2.0
"""Listens to a daemon's events as a page does: server-sent events and a WebSocket, over TLS."""

import base64
import io
import json
import os
import socket
import struct
import threading
import time
from email.parser import BytesParser

import openapi_record
from tls_duplex import TlsDuplex


class Listener:
    """Reads on a thread of its own until the server closes. `events` has (id, event) as they came."""

    def __init__(self, client, path, **headers):
        self.path = path
        plain = socket.create_connection(("127.0.0.1", client.port), timeout=60)
        self.socket = TlsDuplex(client.trusted.wrap_socket(plain, server_hostname="127.0.0.1"))
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{client.port}", *self.upgrade()]
        if client.cookie:
            lines.append("Cookie: " + client.cookie)
        if client.bearer:
            lines.append("Authorization: Bearer " + client.bearer)
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.bytes = io.BufferedReader(self.socket)
        self.status = int(self.bytes.readline().split()[1])
        answered = BytesParser().parsebytes(b"".join(iter(self.bytes.readline, b"\r\n")) + b"\r\n", headersonly=True)
        is_open = self.status in (101, 200)
        # A stream's body has no end: that there is one is all that can be held against the document.
        body = {200: b":", 101: b""}[self.status] if is_open else self.bytes.read(int(answered["Content-Length"]))
        openapi_record.check("GET", path, self.status, answered, body)
        self.events = []
        self.ended, self.fault = False, None
        self.news = threading.Condition()
        if is_open:
            threading.Thread(target=self.listen, daemon=True).start()

    def upgrade(self):
        return []

    def listen(self):
        try:
            for number, event in self.messages():
                with self.news:
                    self.events.append((number, event))
                    self.news.notify_all()
        except (OSError, ValueError) as fault:
            self.fault = fault
        with self.news:
            self.ended = True
            self.news.notify_all()

    def messages(self):
        number, data = None, None
        for line in self.bytes:
            line = line.decode().rstrip("\r\n")
            if line.startswith("id: "):
                number = line[4:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and data is not None:
                yield number, json.loads(data)
                data = None

    def wait_for(self, predicate, what, seconds=30):
        """The first (id, event) for which predicate(event) is true."""
        deadline = time.monotonic() + seconds
        with self.news:
            while True:
                for number, event in self.events:
                    if predicate(event):
                        return number, event
                left = deadline - time.monotonic()
                if left <= 0 or self.ended:
                    raise AssertionError(f"waited for {what}; ended: {self.ended}; heard {self.events}")
                self.news.wait(left)

    def wait_for_end(self, seconds=30):
        with self.news:
            return self.news.wait_for(lambda: self.ended, seconds)

    def heard(self):
        with self.news:
            return [event["id"] for _, event in self.events]

    def close(self):
        # The reading thread holds the file: only the connection's end wakes it.
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class WebSocket(Listener):
    def upgrade(self):
        key = base64.b64encode(os.urandom(16)).decode()
        return ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]

    def messages(self):
        self.code = None
        while True:
            head = self.bytes.read(2)
            if len(head) < 2:
                return
            size = head[1] & 127
            if size == 126:
                size, = struct.unpack(">H", self.bytes.read(2))
            elif size == 127:
                size, = struct.unpack(">Q", self.bytes.read(8))
            payload = self.bytes.read(size)
            kind = head[0] & 15
            if kind == 8:
                self.code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
            elif kind == 9:
                self.send(10, payload)
            elif kind == 1:
                message = json.loads(payload)
                assert message["type"] == "event", message
                yield message["id"], message["event"]

    def send(self, kind, payload):
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.socket.sendall(bytes([128 | kind, 128 | len(payload)]) + mask + masked)
