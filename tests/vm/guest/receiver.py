# SPDX-License-Identifier: Apache-2.0
"""The house's webhook receiver in the machine, on an address that is neither private nor loopback.

Each message becomes a line of /rig/messages, which is on the host and survives a power cut, before it is
answered. /rig/answer holds the status to answer with; anything but 2xx is not recorded.
"""

import email.parser
import email.policy
import http.server
import json
import os
import pathlib
import time

ANSWER = pathlib.Path("/rig/answer")
MESSAGES = os.open("/rig/messages", os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def event_of(kind, body):
    if not kind.startswith("multipart/"):
        return json.loads(body)
    whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    for part in whole.iter_parts():
        if part.get_param("name", header="content-disposition") == "event":
            return json.loads(part.get_payload(decode=True))
    raise ValueError("no part named event")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        arrived = time.monotonic()
        status = int(ANSWER.read_text()) if ANSWER.exists() else 200
        if 200 <= status < 300:
            line = {"arrived": arrived, "key": self.headers["Idempotency-Key"], "path": self.path,
                    "authorization": self.headers["Authorization"], "event": event_of(self.headers["Content-Type"], body)}
            os.write(MESSAGES, json.dumps(line).encode() + b"\n")
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("203.0.113.7", 8123), Handler).serve_forever()
