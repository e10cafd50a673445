# SPDX-License-Identifier: Apache-2.0
"""A client of the daemon's API as curl is one: verbs, headers, a cookie kept by hand."""

import http.client
import json
import ssl

import harness
import openapi_record


class Client:
    """Over TLS, trusting the house's own authority."""

    def __init__(self, daemon):
        self.port = daemon.port
        self.trusted = ssl.create_default_context(cafile=daemon.state / "tls/ca.pem")
        self.cookie = None
        self.csrf = None
        self.bearer = None

    def ask(self, method, path, body=None, **headers):
        """(status, headers, JSON body or None); headers are given as Content_Type=…"""
        if body is not None:
            headers = {"Content_Type": "application/json", **headers}
        return self.exchange(method, path, None if body is None else json.dumps(body), **headers)

    def exchange(self, method, path, body=None, **headers):
        """The same with a body as it is."""
        sent = {}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf:
            sent["X-CSRF-Token"] = self.csrf
        if self.bearer:
            sent["Authorization"] = "Bearer " + self.bearer
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.trusted)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        openapi_record.check(method, path, answer.status, answer.headers, text)
        kind = answer.headers.get("Content-Type", "")
        return answer.status, answer.headers, json.loads(text) if text and kind.endswith("json") else None

    def login(self, name, password, **more):
        status, headers, body = self.ask("POST", "/api/v1/auth/login", {"name": name, "password": password, **more})
        if status == 200:
            self.cookie = headers["Set-Cookie"].split(";")[0]
            self.csrf = body["csrf_token"]
        return status

    def register(self, code, name, password):
        return self.ask("POST", "/api/v1/auth/register", {"code": code, "name": name, "password": password})


def first_run_code(daemon):
    """What the journal says while there is no account; the newest start's."""
    codes = []
    for line in harness.whole_lines(daemon.log):
        if line.startswith("{"):
            code = json.loads(line).get("context", {}).get("first_run")
            if code:
                codes.append(code)
    return codes[-1] if codes else None
