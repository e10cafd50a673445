# SPDX-License-Identifier: Apache-2.0
"""A daemon in whose log each of the documents' five log queries has something to find."""

import http.server
import pathlib
import threading
import time

import shipped  # noqa: F401 (the path of modules)
import harness
from accounts_client import Client, first_run_code
from harness import free_port

PASSWORD = "a long phrase of theirs"
SLOW = "/api/v1/settings/channels/{id}/test"
BROKEN = "/api/v1/cameras/{id}/snapshot"


class SlowHook:
    """A receiver that takes more than a second for each message."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(1.2)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class LogHouse:
    """`cleanup`: as TestCase.addCleanup. Log files come into folder/logs."""

    def __init__(self, cleanup, folder):
        folder = pathlib.Path(folder)
        (folder / "logs").mkdir()
        (folder / "state").mkdir()
        (folder / "file").write_text("")
        hook = SlowHook()
        cleanup(hook.close)
        self.daemon = harness.Daemon({
            "storage": {"path": str(folder / "state"), "recordings": str(folder / "file" / "recordings")},  # no folder can be there
            "log": {"dir": str(folder / "logs"), "environment": "test"}, "faces": {"enabled": False},
            "cameras": [{"id": "yard", "url": f"rtsp://127.0.0.1:{free_port()}/nobody"}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "yard"}],
            "notifications": {"channels": [{"id": "slow", "type": "webhook", "url": hook.url}], "rules": [{"when": "ring", "to": ["slow"]}]},
        }, folder=folder)
        cleanup(self.daemon.close)

    @staticmethod
    def expect(got, wanted, what):
        if got != wanted:
            raise AssertionError(f"{what}: {got} instead of {wanted}")

    def live_through_it(self):
        code = harness.wait_until(lambda: first_run_code(self.daemon), 60, "the first-run code")
        anna, bert = Client(self.daemon), Client(self.daemon)
        self.expect(anna.register(code, "anna", PASSWORD)[0], 201, "the first account")
        self.expect(anna.login("anna", "not the phrase of hers"), 401, "a wrong password")
        self.expect(anna.login("anna", PASSWORD), 200, "anna's login")
        invited = anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "viewer", "cameras": ["yard"]})[2]
        self.expect(bert.register(invited["invitation"], "bert", PASSWORD)[0], 201, "bert's account")
        self.expect(bert.login("bert", PASSWORD), 200, "bert's login")
        self.expect(bert.ask("GET", "/api/v1/users")[0], 403, "bert at the accounts")
        self.expect(anna.ask("GET", "/api/v1/cameras/yard/snapshot")[0], 503, "a picture of a camera that is not there")
        self.expect(anna.ask("GET", "/api/v1/no/such/place")[0], 404, "a place that is not there")
        self.expect(anna.ask("POST", "/api/v1/settings/channels/slow/test")[0], 200, "a message to a slow receiver")
        harness.wait_until(lambda: self.has("nothing can be recorded") and self.has("camera"), 60, "the recorder's and the camera's faults")

    def has(self, words):
        file = self.daemon.folder / "logs" / "recording.log"
        return file.exists() and words in file.read_text()

    def lines(self):
        """All lines of the log files, as they are."""
        return [line for file in sorted((self.daemon.folder / "logs").glob("*.log")) for line in file.read_text().splitlines()]
