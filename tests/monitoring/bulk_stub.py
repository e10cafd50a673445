# SPDX-License-Identifier: Apache-2.0
"""As much of Elasticsearch as a shipper sees: `_bulk`, and the check of health before it. It goes wrong when told to."""

import contextlib
import http.server
import json
import socket
import threading

import harness


class Bulk:
    """`plan`: what the next requests meet, one word each; after them all goes well.

    busy       503 for the request, nothing taken
    throttled  429 for the request, nothing taken
    gateway    502 of a proxy, in HTML, nothing taken
    full       429 for every other record of it
    deaf       all is taken, and no answer given
    """

    def __init__(self, port=0, plan=(), documents=None):
        self.plan = list(plan)
        self.documents = {} if documents is None else documents  # (index, id): the document; those that it has already
        self.again = 0  # records that came again though they were here: answered 409
        self.requests = []  # what became of each: its word, or "taken"
        self.faults = []
        self.connections = []
        self.changed = threading.Condition()
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                stub.connections.append(self.connection)

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # a shipper that ends says no goodbye

            def answer(self, status, document):
                is_page = isinstance(document, str)
                body = (document if is_page else json.dumps(document)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if is_page else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(200, {"status": "green"})

            do_HEAD = do_GET

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with stub.changed:
                    answered = stub.take(self.path, self.headers, body)
                    stub.changed.notify_all()
                if answered is None:
                    self.close_connection = True
                else:
                    self.answer(*answered)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        """(status, answer) of one request; None when it gets none."""
        word = self.plan.pop(0) if self.plan else "taken"
        self.requests.append(word)
        if word in ("busy", "throttled"):
            status = 503 if word == "busy" else 429
            return status, {"error": {"type": "es_rejected_execution_exception", "reason": "rejected execution"}, "status": status}
        if word == "gateway":
            return 502, "<html>Bad Gateway</html>"
        pairs = self.pairs(path, headers, body)
        items = [self.item(action, document, word == "full" and number % 2 == 0) for number, (action, document) in enumerate(pairs)]
        if word == "deaf":
            return None
        return 200, {"took": 1, "errors": any(item["create"]["status"] >= 300 for item in items), "items": items}

    def pairs(self, path, headers, body):
        """[(action, document)] of newline-delimited JSON; what is wrong with its form is noted."""
        if path.partition("?")[0] != "/_bulk":
            self.faults.append(f"path {path}")
        if headers["Content-Type"].partition(";")[0] not in ("application/json", "application/x-ndjson"):
            self.faults.append(f"content type {headers['Content-Type']}")
        if not body.endswith(b"\n"):
            self.faults.append("the last line does not end")
        lines = [json.loads(line) for line in body.splitlines()]
        if len(lines) % 2:
            self.faults.append(f"{len(lines)} lines")
        return list(zip(lines[::2], lines[1::2], strict=False))

    def item(self, action, document, refused):
        if list(action) != ["create"] or not {"_index", "_id"} <= set(action["create"]):
            self.faults.append(f"action {action}")
            return {"create": {"status": 400, "error": {"type": "illegal_argument_exception", "reason": "action"}}}
        named = {"_index": action["create"]["_index"], "_id": action["create"]["_id"]}
        key = (named["_index"], named["_id"])
        if refused:
            return {"create": {**named, "status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}}}
        if key in self.documents:
            self.again += 1
            return {"create": {**named, "status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "it exists"}}}
        self.documents[key] = document
        return {"create": {**named, "status": 201, "result": "created"}}

    def wait_for(self, count, seconds=120, alive=lambda: None):
        """Until so many documents are here."""
        def there():
            alive()
            return len(self.documents) >= count
        harness.wait_until(there, seconds, lambda: f"{count} documents, of which {len(self.documents)} came; {self.requests}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:  # or who holds one would still be served
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
