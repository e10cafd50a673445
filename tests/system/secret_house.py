# SPDX-License-Identifier: Apache-2.0
"""A house full of secrets, and every place where somebody else might look for them."""

import json
import pathlib
import socket
import sqlite3
import subprocess
import tempfile
import threading

import harness
from accounts_client import Client

NOBODY = 65534


class Canary:
    """A secret, which answers may hand it out (`POST /path`), and which files are its home."""

    def __init__(self, value, handed_out=(), homes=()):
        self.value = value if isinstance(value, bytes) else value.encode()
        self.handed_out = set(handed_out)
        self.homes = set(homes)


class Canaries(dict):
    def plant(self, name, value, handed_out=(), homes=()):
        """Gives back the value, to be used."""
        assert len(value) >= 8, name
        self[name] = Canary(value, handed_out, homes)
        return value


class KeepingClient(Client):
    """Keeps every answer, head and body, under the operation that gave it."""

    def __init__(self, daemon, kept):
        super().__init__(daemon)
        self.kept = kept

    def ask(self, method, path, body=None, **headers):
        status, answer_headers, answer = super().ask(method, path, body, **headers)
        text = f"{status}\n{answer_headers}\n{json.dumps(answer, ensure_ascii=False)}"
        self.kept.append((f"{method} {path}", text.encode()))
        return status, answer_headers, answer


class ShutCamera:
    """Speaks as much RTSP as it takes to be sent the password: every request is answered with 401."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = b""
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    self.answer(connection)
                except OSError:
                    pass

    def answer(self, connection):
        while True:
            request = b""
            while b"\r\n\r\n" not in request:
                block = connection.recv(4096)
                if not block:
                    return
                request += block
            self.heard += request
            number = next((line.split(b":")[1].strip() for line in request.split(b"\r\n") if line.lower().startswith(b"cseq")), b"1")
            connection.sendall(b"RTSP/1.0 401 Unauthorized\r\nCSeq: " + number + b"\r\n"
                               b"WWW-Authenticate: Basic realm=\"porch\"\r\nContent-Length: 0\r\n\r\n")

    def close(self):
        self.listener.close()


def read_as_nobody(path):
    """What another user of the machine can read there; nothing when refused."""
    done = subprocess.run(["cat", path], capture_output=True, user=NOBODY, group=NOBODY, extra_groups=[], timeout=20)
    return done.stdout


def files_below(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path.relative_to(folder)), path.read_bytes()


def sinks(daemon, answers, outputs):
    """{place: bytes}: where others look. Files are named by their path in storage.path."""
    process = pathlib.Path(f"/proc/{daemon.process.pid}")
    places = {
        "journal": daemon.log.read_bytes(),
        "metrics": daemon.get("/metrics")[2].encode(),
        "metrics as OpenMetrics": daemon.get("/metrics", Accept="application/openmetrics-text")[2].encode(),
        "status of the control socket": json.dumps(daemon.status(), ensure_ascii=False).encode(),
        "command line": process.joinpath("cmdline").read_bytes(),
        "environment as others read it": read_as_nobody(process / "environ"),
        "what commands print": b"\n".join(outputs),
    }
    places.update({f"file {name}": content for name, content in files_below(daemon.state)})
    for number, (name, text) in enumerate(answers):
        places[f"answer {number}: {name}"] = text
    return places


def is_home(place, canary):
    kind, _, name = place.partition(" ")
    if kind == "answer":
        return name.partition(": ")[2] in canary.handed_out
    return (kind == "file" and name in canary.homes) or place in canary.homes


def database_with(daemon, value):
    """The bytes of a copy of the database in which the value was stored in clear, as a careless program would."""
    with tempfile.TemporaryDirectory(prefix="porchlight-planted-") as folder:
        copy = pathlib.Path(folder) / "porchlight.db"
        with sqlite3.connect(daemon.state / "porchlight.db") as source, sqlite3.connect(copy) as target:
            source.backup(target)
            target.execute("CREATE TABLE planted (value BLOB)")
            target.execute("INSERT INTO planted VALUES (?)", (value,))
        return b"".join(content for _, content in files_below(pathlib.Path(folder)))


def planted(content, value):
    """A copy of a place in which the value stands in the middle."""
    middle = len(content) // 2
    return content[:middle] + value + content[middle:]
