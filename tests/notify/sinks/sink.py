# SPDX-License-Identifier: Apache-2.0
"""What the stand-ins for services on the internet have in common.

A sink listens on a free port of loopback, refuses what the service's published reference does not
have, and prints its port and then one JSON object a request. Each argument is the answer to one request
in turn, `[status, body, headers]` in JSON (a body that is no text is sent as JSON); `-` and every request
after the last are answered as the service would.
"""
import base64
import json
import pathlib
import queue
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import multipart  # noqa: E402,F401

LOCK = threading.Lock()


class Refused(Exception):
    """The service would not take it."""


def is_text(least=1, most=None, units=False):
    def check(value, where):
        if not isinstance(value, str):
            raise Refused(f"{where}: not a text")
        size = len(value.encode("utf-16-le")) // 2 if units else len(value.encode())
        if size < least or (most is not None and size > most):
            raise Refused(f"{where}: {size} long")
    return check


def is_one_of(*values):
    def check(value, where):
        if value not in values:
            raise Refused(f"{where}: {value!r} is none of {values}")
    return check


def is_a(kind):
    def check(value, where):
        if type(value) is not kind:
            raise Refused(f"{where}: {value!r} is no {kind.__name__}")
    return check


def is_url(value, where):
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise Refused(f"{where}: {value!r} is no URL")


def anything(_value, _where):
    pass


def is_list_of(check, most=None):
    def check_list(value, where):
        if not isinstance(value, list) or (most is not None and len(value) > most):
            raise Refused(f"{where}: no list, or too long a one")
        for index, item in enumerate(value):
            check(item, f"{where}[{index}]")
    return check_list


def is_object(required, optional=()):
    """Closed: a member that is missing or not known is refused."""
    optional = dict(optional)

    def check(value, where):
        if not isinstance(value, dict):
            raise Refused(f"{where}: no object")
        missing = set(required) - set(value)
        unknown = set(value) - set(required) - set(optional)
        if missing or unknown:
            raise Refused(f"{where}: missing {sorted(missing)}, unknown {sorted(unknown)}")
        for name, item in value.items():
            (required.get(name) or optional[name])(item, f"{where}.{name}")
    return check


RECORDS = queue.SimpleQueue()


def say(value):
    # A record may be larger than the pipe, and its reader our client, who waits for an answer first.
    RECORDS.put(json.dumps(value) + "\n")


def write_records():
    while True:
        sys.stdout.write(RECORDS.get())
        sys.stdout.flush()


threading.Thread(target=write_records, daemon=True).start()


def json_of(request):
    if request["headers"].get("content-type") != "application/json":
        raise Refused("Content-Type: not application/json")
    try:
        return json.loads(request["body"])
    except ValueError as fault:
        raise Refused(f"no JSON: {fault}") from fault


def run(answer, refusal, arguments):
    """`answer(request, record)` gives (status, body), or raises Refused, which `refusal(reason)` answers."""
    script = [None if argument == "-" else json.loads(argument) for argument in arguments]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = {"method": self.command, "path": self.path, "headers": headers, "body": body}
            record = {"method": self.command, "path": self.path, "headers": headers}
            extra = {}
            with LOCK:
                scripted = script.pop(0) if script else None
            try:
                status, reply = answer(request, record)
            except Refused as refused:
                record["refused"] = str(refused)
                status, reply = refusal(str(refused))
            if scripted is not None:
                status, reply, extra = (*scripted, {})[:3]
            data = reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            say(record)

        do_GET = do_POST = do_PUT = serve

        def log_message(self, *_):
            pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    say(server.server_address[1])
    server.serve_forever()


def picture_of(data):
    if not data.startswith(b"\xff\xd8"):
        raise Refused("the picture is no JPEG")
    return base64.b64encode(data).decode()
