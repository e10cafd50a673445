# SPDX-License-Identifier: Apache-2.0
"""Who hears of alerts from Alertmanager: Slack, PagerDuty, three webhooks on one HTTP server, and a mail server."""

import http.server
import json
import pathlib
import subprocess
import threading

import harness

MAIL_SERVER = pathlib.Path(harness.SOURCE) / "tests/notify/mail_server.py"
SEVERITIES = {"critical", "error", "warning", "info"}  # PagerDuty's


def has_mail():
    return subprocess.run(["/usr/bin/python3", "-c", "import aiosmtpd"], stderr=subprocess.DEVNULL).returncode == 0


def slack(message):
    """As an incoming webhook judges it: (status, answer)."""
    attachments = message.get("attachments", [])
    return (200, b"ok") if attachments and attachments[0].get("title") else (400, b"invalid_payload")


def pagerduty(event):
    """As Events API v2 judges it."""
    payload = event.get("payload", {})
    is_good = (len(event.get("routing_key", "")) == 32 and event.get("dedup_key")
               and event.get("event_action") in ("trigger", "resolve")
               and 0 < len(payload.get("summary", "")) <= 1024 and payload.get("source") and payload.get("severity") in SEVERITIES)
    return (202, b'{"status":"success"}') if is_good else (400, b'{"status":"invalid event"}')


def webhook(message):
    return (200, b"") if message.get("version") == "4" and message.get("alerts") else (422, b"")


JUDGES = {"/slack": slack, "/v2/enqueue": pagerduty, "/alerts": webhook, "/sms": webhook, "/watchdog": webhook}


class Told:
    """What was said, in order: (place, statement). Appended to by the threads of the servers, read by the test's."""

    def __init__(self):
        self.all = []
        self.refused = []

    def add(self, place, statement, refused=False):
        (self.refused if refused else self.all).append((place, statement))


class HttpSinks:
    """Each path of JUDGES on one port of loopback; close() and open() are a service that is away for a while."""

    def __init__(self, told, port=0):
        self.told = told
        self.port = port
        self.open()

    def open(self):
        told = self.told

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                judge = JUDGES.get(self.path)
                status, answer = judge(body) if judge else (404, b"")
                # Before the answer: who hears of a success finds it counted.
                told.add(self.path, body, refused=status >= 300)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class MailSink:
    """aiosmtpd, over STARTTLS with a login; its mails are told as "mail"."""

    def __init__(self, told, certificate, key, user, password):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-u", MAIL_SERVER, "--starttls", certificate, key, "--user", user, "--password", password,
             "--only-plain"],
            stdout=subprocess.PIPE, text=True, preexec_fn=harness.end_with_us)
        self.port = int(self.process.stdout.readline())
        self._told = told
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._told.add("mail", json.loads(line))

    def close(self):
        self.process.kill()
        self.process.communicate()


def is_about(place, statement, name):
    """Whether what was said is about the alert of this name."""
    if place == "mail":
        return name in statement["head"]["subject"].replace("(", " ").split()
    if place == "/slack":
        return statement["attachments"][0]["title"].split()[0] == name
    if place == "/v2/enqueue":
        return statement["payload"]["summary"].split(";")[0] == name
    return statement["groupLabels"]["alertname"] == name


def brief(place, statement):
    """What is compared: of a mail its readers and subject, else firing or resolved."""
    if place == "mail":
        return ", ".join(statement["to"]) + ": " + statement["head"]["subject"]
    if place == "/slack":
        return "resolved" if statement["attachments"][0]["title"].endswith(" (resolved)") else "firing"
    if place == "/v2/enqueue":
        return {"trigger": "firing", "resolve": "resolved"}[statement["event_action"]]
    return statement["status"]
