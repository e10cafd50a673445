# SPDX-License-Identifier: Apache-2.0
"""A browser that follows a message's link, and the link itself, made as docs/notifications.md says."""

import base64
import hashlib
import hmac
import http.client
import ssl
import time
import urllib.parse
import uuid

import openapi_record


def link_key(daemon):
    return hmac.new(bytes.fromhex((daemon.state / "accounts.key").read_text().strip()), b"links", hashlib.sha256).digest()


def mint(daemon, event, channel, expires=None):
    expires = int(time.time() + 3600 if expires is None else expires)
    signed = b"\x01" + uuid.UUID(event).bytes + expires.to_bytes(4, "big") + channel.encode()
    mac = hmac.new(link_key(daemon), signed, hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(signed + mac).decode().rstrip("=")


class Browser:
    def __init__(self, daemon):
        self.port = daemon.port
        self.trusted = ssl.create_default_context(cafile=daemon.state / "tls/ca.pem")

    def ask(self, method, path, form=None, **headers):
        """(status, headers, body); `form` is a dictionary."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.trusted)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if method != "HEAD":
            openapi_record.check(method, path, answer.status, answer.headers, content)
        return answer.status, answer.headers, content
