# SPDX-License-Identifier: Apache-2.0
"""Viewers of a live WebSocket that read and forget, all of them on one thread: they shall cost little themselves."""

import base64
import contextlib
import os
import selectors
import socket
import ssl
import time

LIVE = "/api/v1/cameras/front/live"
SIGN = b'{"t":1,"rtt_ms":1}'
BETWEEN_SIGNS = 5  # s; the daemon ends who is silent for 15


def frame(kind, payload):
    """A client's: masked (by nothing that changes it)."""
    return bytes([128 | kind, 128 | len(payload), 0, 0, 0, 0]) + payload


class CrowdViewer:
    """One who has been let in; reads without waiting."""

    def __init__(self, client, address):
        plain = socket.create_connection(("127.0.0.1", client.port), timeout=60, source_address=(address, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = client.trusted.wrap_socket(plain, server_hostname="127.0.0.1")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {LIVE} HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                             f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nCookie: {client.cookie}\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            block = self.socket.recv(4096)
            if not block:
                break
            answer += block
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise AssertionError(f"a viewer was refused: {answer[:200]}")
        self.bytes = len(answer)
        self.last = b""
        self.ended = False

    def read(self):
        with contextlib.suppress(ssl.SSLWantReadError):
            while True:
                block = self.socket.recv(65536)
                if not block:
                    self.ended = True
                    return
                self.bytes += len(block)
                self.last = block

    def sign(self):
        self.socket.setblocking(True)
        self.socket.sendall(frame(1, SIGN))
        self.socket.setblocking(False)

    def leave(self):
        with contextlib.suppress(OSError):
            self.socket.setblocking(True)
            self.socket.sendall(frame(8, b"\x03\xe8"))
        self.socket.close()


class Crowd:
    """Of several clients, in turn: an account has sixteen viewings at most, and an address 32 connections."""

    def __init__(self, clients, count):
        self.viewers, self.closed = [], []
        self.selector = selectors.DefaultSelector()
        self.signed = time.monotonic()
        for i in range(count):
            viewer = CrowdViewer(clients[i % len(clients)], f"127.0.0.{2 + i % 4}")
            viewer.socket.setblocking(False)
            self.selector.register(viewer.socket, selectors.EVENT_READ, viewer)
            self.viewers.append(viewer)
            self.read_for(0)

    @property
    def bytes(self):
        return sum(viewer.bytes for viewer in self.viewers)

    def read_for(self, seconds):
        for key, _ in self.selector.select(seconds):
            viewer = key.data
            viewer.read()
            if viewer.ended:
                self.selector.unregister(viewer.socket)
                self.closed.append(viewer.last[-80:])
        if time.monotonic() - self.signed > BETWEEN_SIGNS:
            self.signed = time.monotonic()
            for viewer in self.viewers:
                if not viewer.ended:
                    viewer.sign()

    def watch(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read_for(left)

    def wait_for_pictures(self, seconds=60):
        """Until each has got something to look at."""
        end = time.monotonic() + seconds
        while any(viewer.bytes < 20_000 for viewer in self.viewers):
            if time.monotonic() > end or self.closed:
                raise AssertionError(f"not every viewer got pictures; closed with {self.closed}")
            self.read_for(1)
        self.watch(3)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for viewer in self.viewers:
            viewer.leave()
        self.selector.close()


def join_and_leave(client, times):
    """One after the other, each until its first picture; no more than forty a second."""
    for _ in range(times):
        time.sleep(0.025)
        with Crowd([client], 1) as crowd:
            end = time.monotonic() + 60
            while crowd.bytes < 5_000:
                if time.monotonic() > end or crowd.closed:
                    raise AssertionError(f"a viewer got no picture: {crowd.closed}")
                crowd.read_for(1)
