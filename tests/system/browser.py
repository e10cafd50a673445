# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, and the place its pages come from.

    site = Site({"/": PAGE}, daemon, client)             pages of the test's, everything else from the daemon
    with Browser(site.url): told = site.wait_told(120)     what the page posted to /told, as JSON

Whoever drives Chromium in another way takes `missing()`, `CHROMIUM` and `flags()`.
"""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import queue
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading

import harness

CHROMIUM = shutil.which("chromium")


def missing():
    """Why there is no browser here; empty when there is one."""
    return "" if CHROMIUM else "no chromium: run ./dev setup; nothing is tried in a browser"


def flags():
    """What Chromium needs on a machine without a screen, a sound card and the right to look outside."""
    common = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-sync",
              "--disable-background-networking", "--disable-component-update", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
    return common + (["--no-sandbox"] if os.geteuid() == 0 else [])  # its sandbox refuses root


class Browser:
    """Chromium at one address, with a profile of its own, until close()."""

    def __init__(self, url, *more):
        self.folder = tempfile.TemporaryDirectory(prefix="porchlight-browser-", ignore_cleanup_errors=True)
        self.log = pathlib.Path(self.folder.name) / "log"
        with open(self.log, "wb") as log:
            # A group of its own: its children are many.
            self.process = subprocess.Popen([CHROMIUM, *flags(), f"--user-data-dir={self.folder.name}/profile", *more, url], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=harness.end_with_us, start_new_session=True)

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Site:
    """A server on localhost: `pages` by path, and the daemon behind everything else, asked as `client` (accounts_client),
    so that a page needs neither our certificate nor a login of its own. `asked` has what the daemon was asked for:
    (path, Range or None, status)."""

    def __init__(self, pages, daemon=None, client=None):
        self.asked = []
        self._told = queue.Queue()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                with contextlib.suppress(ConnectionError):  # a browser that is ended says no goodbye
                    super().handle()

            def do_GET(self):
                page = pages.get(self.path.partition("?")[0])
                if page is not None:
                    return self.answer(200, {"Content-Type": "text/html; charset=utf-8"}, page.encode())
                if daemon is None or not self.path.startswith(("/api/", "/hls/")):
                    return self.answer(404, {}, b"")
                return self.forward()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                site._told.put(json.loads(body))
                self.answer(204, {}, b"")

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in {**headers, "Content-Length": len(body)}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def forward(self):
                sent = {name: self.headers[name] for name in ("Range", "If-Range", "If-None-Match") if self.headers[name]}
                trusted = ssl.create_default_context(cafile=daemon.state / "tls/ca.pem")
                connection = http.client.HTTPSConnection("127.0.0.1", daemon.port, timeout=60, context=trusted)
                with contextlib.closing(connection):
                    connection.request("GET", self.path, headers={**sent, "Cookie": client.cookie})
                    got = connection.getresponse()
                    body = got.read()
                site.asked.append((self.path, self.headers["Range"], got.status))
                kept = ("Content-Type", "Content-Range", "Accept-Ranges", "ETag")
                self.answer(got.status, {name: got.headers[name] for name in kept if got.headers[name]}, body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_told(self, seconds):
        """What the page posted next."""
        try:
            return self._told.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"the page said nothing for {seconds} s; it asked for {self.asked}") from None

    def close(self):
        self.server.shutdown()
        self.server.server_close()
