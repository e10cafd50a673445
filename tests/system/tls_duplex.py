# SPDX-License-Identifier: Apache-2.0
"""A TLS connection that one thread reads while others write."""

import io
import select
import socket
import ssl
import threading


class TlsDuplex(io.RawIOBase):
    """Python calls OpenSSL without a lock, and its SSL object bears no two calls at once: a reader then ends with the
    writer's error, or hangs. Here nobody waits inside of OpenSSL, and one is in it at a time.

    `timeout`: seconds that the other end may be silent or deaf, None: as long as it likes; then TimeoutError."""

    def __init__(self, connection, timeout=60):
        super().__init__()
        connection.setblocking(False)
        self.connection, self.timeout = connection, timeout
        self.lock = threading.Lock()

    def attempt(self, call, data):
        while True:
            with self.lock:
                if self.closed:
                    raise OSError("it is closed")
                try:
                    return call(data)
                except ssl.SSLWantReadError:
                    wanted = select.POLLIN
                except ssl.SSLWantWriteError:
                    wanted = select.POLLOUT
            waiting = select.poll()
            waiting.register(self.connection, wanted)
            if not waiting.poll(None if self.timeout is None else self.timeout * 1000):
                raise TimeoutError(f"nothing moved for {self.timeout} s")

    def readable(self):
        return True

    def readinto(self, buffer):
        return self.attempt(self.connection.recv_into, buffer)

    def recv(self, size):
        return self.attempt(self.connection.recv, size)

    def sendall(self, data):
        left = memoryview(data)
        while left:
            left = left[self.attempt(self.connection.send, left):]

    def settimeout(self, timeout):
        self.timeout = timeout

    def setsockopt(self, *arguments):
        self.connection.setsockopt(*arguments)

    def shutdown(self, how):
        socket.socket.shutdown(self.connection, how)  # SSLSocket's own lets go of OpenSSL under the reader

    def close(self):
        with self.lock:  # else the writer's record goes to whoever has the descriptor next
            self.connection.close()
            super().close()
