# SPDX-License-Identifier: Apache-2.0
"""The real daemon as a child process, and the real servers it talks to. Python's standard library only."""

import contextlib
import ctypes
import email.parser
import email.policy
import http.server
import json
import os
import pathlib
import re
import select
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import urllib.request

import openapi_record

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PORCHLIGHT_BUILD", SOURCE / "build" / "release"))
PROGRAM = BUILD / "porchlight"
IO_SHIM = BUILD / "tests" / "store" / "store_io_shim.so"
PICTURES = pathlib.Path(os.environ.get("PORCHLIGHT_PICTURES", SOURCE / "build" / "pictures"))


def wait_until(predicate, seconds, what):
    """The predicate's first true value; fails with `what` when the time is over: words, or what makes them then."""
    deadline = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what() if callable(what) else what}")
        time.sleep(0.01)


def whole_lines(file):
    """Of a file that somebody writes at this moment: the last line may be there in part only."""
    whole = file.read_bytes().rpartition(b"\n")[0].decode()
    return whole.split("\n") if whole else []


_HELD = []  # ports that somebody was given


def free_port(host="127.0.0.1"):
    """For a server that is yet to start. It stays bound here, though nobody listens: the kernel gives it to nobody else who asks
    for any, and who asks for it by its number has it, if with SO_REUSEADDR, as servers do. Without that nobody can bind it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((host, 0))
    _HELD.append(holder)
    return holder.getsockname()[1]


def config(hook, **more):
    """One virtual button that rings at one receiver."""
    base = {
        "buttons": [{"id": "front", "kind": "virtual"}],
        "faces": {"enabled": False},
        "notifications": {
            "channels": [{"id": "hook", "type": "webhook", "url": hook.url}],
            "rules": [{"when": "ring", "to": ["hook"], "attach": "snapshot"}],
        },
    }
    base.update(more)
    return base


def size_of_jpeg(picture):
    """(width, height) as its frame header says; None when it has no beginning, no such header or no end."""
    if not (picture.startswith(b"\xff\xd8") and picture.endswith(b"\xff\xd9")):
        return None
    frame = re.search(rb"\xff[\xc0-\xc2]\0.\x08(....)", picture, re.S)
    return frame and struct.unpack(">HH", frame[1])[::-1]


def hold(test, daemon, worker):
    """Stops the one thread of this worker until the test ends, or what this returns is called; skips the test where
    ptrace is refused."""
    name = worker[:15]  # what the kernel keeps of it
    task = next((t for t in pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir()
                 if (t / "comm").read_text().strip() == name), None)
    test.assertIsNotNone(task, f"no thread {name}")
    holder = subprocess.Popen(["/usr/bin/python3", SOURCE / "tests/system/hold_thread.py", task.name],
                              stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    test.addCleanup(holder.communicate)
    test.addCleanup(holder.kill)
    if holder.stdout.readline().strip() != "held":
        test.skipTest("ptrace is not permitted here: no thread can be held")
    test.assertEqual((task / "stat").read_text().rpartition(")")[2].split()[0], "t", f"{name} is not held")

    def release():
        holder.kill()
        holder.wait()
    return release


def systemd_socket(test, daemon):
    """A notify socket of our own for a daemon that is not started yet."""
    path = str(daemon.folder / "notify")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    test.addCleanup(listener.close)
    listener.bind(path)
    listener.settimeout(20)
    daemon.environment["NOTIFY_SOCKET"] = path
    return listener


def hear(listener, what):
    """The lines of the next notification that has one beginning so."""
    while True:
        lines = listener.recv(4096).decode().splitlines()
        if any(line.startswith(what) for line in lines):
            return lines


class Hook:
    """A webhook receiver: keeps every request with the instant of its arrival (CLOCK_MONOTONIC). With a pair of
    PEM files, `certificate`, over TLS."""

    def __init__(self, status=200, certificate=None):
        self.messages = []
        self.status = status
        self.connections = 0
        self._arrived = threading.Condition()
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                hook.connections += 1

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # a daemon that was killed says no goodbye

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                at = time.monotonic()
                wall = time.time()
                status = hook.status
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if 200 <= status < 300:
                    hook._keep(Message(self.headers, body, at, wall))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _keep(self, message):
        with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    def wait_for(self, predicate, seconds, what):
        """The first message that satisfies the predicate."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while True:
                for message in self.messages:
                    if predicate(message):
                        return message
                left = deadline - time.monotonic()
                if left <= 0:
                    got = [m.event for m in self.messages]
                    raise AssertionError(f"waited {seconds} s for {what}; received {got}")
                self._arrived.wait(left)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Message:
    """One request: its event JSON and, when multipart, the picture's bytes."""

    def __init__(self, headers, body, at, wall):
        self.headers = headers
        self.body = body
        self.at = at
        self.wall = wall
        self.picture = None
        self.clip = None
        kind = headers["Content-Type"]
        if kind.startswith("multipart/"):
            parser = email.parser.BytesParser(policy=email.policy.HTTP)
            whole = parser.parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
            parts = {p.get_param("name", header="content-disposition"): p for p in whole.iter_parts()}
            self.event = json.loads(parts["event"].get_payload(decode=True))
            if "picture" in parts:
                self.picture = parts["picture"].get_payload(decode=True)
            if "clip" in parts:
                self.clip = parts["clip"].get_payload(decode=True)
        else:
            self.event = json.loads(body)


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def end_with_us():
    """Before exec in a child: a test that is killed leaves no daemon behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Daemon:
    """`porchlight run` on a configuration of its own in a folder of its own."""

    def __init__(self, config, folder=None, preload=None, environment=None, wait=True):
        self._owned = None
        if folder is None:
            self._owned = tempfile.TemporaryDirectory(prefix="porchlight-")
            folder = self._owned.name
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.state.mkdir(exist_ok=True)
        self.config = self.folder / "porchlight.yaml"
        self.log = self.folder / "daemon.log"
        self.preload = preload
        self.environment = environment or {}
        self.process = None
        self.told_to_stop = None  # time.monotonic()
        self.write_config(config)
        if wait is not None:
            self.start(wait)

    def write_config(self, config):
        base = {"server": {"listen": "127.0.0.1:0"}, "storage": {"path": str(self.state)}}
        base.update(config)
        if "recording" not in base:
            # The machine's own disk may be fuller than a recorder's should be: that would be told, and footage would go.
            base["recording"] = {"reserve": "1MiB", "keep": {"space": "100%"}}
        self.config.write_text(json.dumps(base, indent=1))  # JSON is YAML

    def start(self, wait=True):
        environment = dict(os.environ)
        environment.update(self.environment)
        if self.preload:
            environment["LD_PRELOAD"] = self.preload
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "run", "--config", self.config], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=environment, preexec_fn=end_with_us)
        if wait:
            try:
                self.wait_ready()
            except BaseException:
                self.kill()  # nobody has it yet who would
                raise
        return self

    def wait_ready(self, seconds=60):
        def answering():
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{self.log.read_text()[-3000:]}")
            return self.control("GET", "/api/v1/status", quiet=True)

        status = wait_until(answering, seconds, "the control socket")
        self.port = status["listen"]["port"]
        return status

    def control(self, method, target, quiet=False, body=None):
        """One request over the control socket; the JSON of a 200, else AssertionError (or None when quiet)."""
        sent = b"" if body is None else json.dumps(body).encode()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
                s.settimeout(60)
                s.connect(str(self.state / "control.sock"))
                s.sendall(f"{method} {target} HTTP/1.1\r\nHost: porchlight\r\nConnection: close\r\n"
                          f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent)
                answer = b""
                while block := s.recv(65536):
                    answer += block
        except OSError:
            if quiet:
                return None
            raise
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1]) if head else 0
        if head:
            headers = email.parser.BytesParser().parsebytes(head.partition(b"\r\n")[2])
            openapi_record.check_control(method, target, status, headers, body)
        if status != 200:
            if quiet:
                return None
            raise AssertionError(f"{method} {target}: {status} {body!r}")
        return json.loads(body)

    def status(self):
        return self.control("GET", "/api/v1/status")

    def ring(self, button):
        """Rings and returns the id once it is acknowledged."""
        return self.control("POST", f"/api/v1/buttons/{button}/ring")["id"]

    def get(self, path, **more):
        """(status, headers, text) of a GET on the TCP listener, sent on to https where it sends us; `more`: headers."""
        trusted = ssl.create_default_context(cafile=self.state / "tls/ca.pem")
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=more)
            with urllib.request.urlopen(request, timeout=60, context=trusted) as answer:
                status, headers, body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, headers, body = error.code, error.headers, error.read()
        turned_away = status == 503 and not body  # for the number of connections, before it was a request
        if not turned_away:
            openapi_record.check("GET", path, status, headers, body)
        return status, headers, body.decode()

    def numbers_at(self):
        """HOST:PORT of `metrics.listen`, as the newest start says in the log; None until it does."""
        records = [json.loads(line) for line in whole_lines(self.log) if line.startswith("{")]
        places = [record.get("context", {}).get("metrics_listen") for record in records if record.get("message") == "started"]
        return places[-1] if places and places[-1] != "off" else None

    def scrape(self):
        """The text of /metrics; asks again while too many connections are open."""
        def asked():
            status, _, text = self.get("/metrics")
            return status == 200 and text
        return wait_until(asked, 20, "/metrics")

    def metric(self, name, **labels):
        """The value of one series, None when it does not exist."""
        wanted = {f'{k}="{v}"' for k, v in labels.items()}
        for line in self.scrape().splitlines():
            if not line.startswith(name) or line[len(name)] not in "{ ":
                continue
            series, _, value = line.rpartition(" ")
            if wanted <= set(series[len(name):].strip("{}").split(",")):
                return float(value)
        return None

    def cli(self, *arguments, check=True):
        """Runs a subcommand on the same configuration."""
        done = subprocess.run([PROGRAM, *arguments, "--config", self.config], capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"porchlight {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def stop(self, number=signal.SIGTERM, seconds=30):
        if self.process and self.process.poll() is None:
            self.told_to_stop = time.monotonic()
            self.process.send_signal(number)
            self.process.wait(seconds)
        return self.process.returncode if self.process else None

    def signal_and_time(self, number=signal.SIGTERM, seconds=10):
        """(return code, seconds) from a signal to the end of the process, seen without polling."""
        ended = os.pidfd_open(self.process.pid)
        try:
            begun = time.monotonic()
            self.process.send_signal(number)
            if not select.select([ended], [], [], seconds)[0]:
                raise AssertionError(f"the daemon lives {seconds} s after signal {number}")
            took = time.monotonic() - begun
        finally:
            os.close(ended)
        return self.process.wait(), took

    def stored_events(self):
        """The ids of all events in the database, without dashes."""
        with contextlib.closing(sqlite3.connect(self.state / "porchlight.db")) as db:
            return {bytes(r[0]).hex() if isinstance(r[0], bytes) else r[0].replace("-", "")
                    for r in db.execute("SELECT id FROM events")}

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self):
        self.kill()
        if self._owned:
            self._owned.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
