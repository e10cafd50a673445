# SPDX-License-Identifier: Apache-2.0
"""A real mail server (aiosmtpd, Debian's python3-aiosmtpd) that answers by a script and tells what it received.

mail_server.py [--starttls CERT KEY | --smtps CERT KEY] [--user NAME --password WORD [--only-plain]] [SESSION...]

Each SESSION is for one connection in turn, then everything is accepted for ever. It is a list, by ';', of
  greet=554 words       the greeting              auth=454 words      the answer to a login
  mail=421 words        the answer to MAIL        rcpt:anna=550 words the answer to RCPT TO:<anna@…>
  data=451 words        the answer to the mail    reset_data          the connection is reset in the middle of it
  hang_data, hang_quit, hang_greet                no answer, until the client goes away
  stall_data            the mail is read only after two seconds; then it is told whether it came whole or cut
Standard output: the port, then one JSON object for each mail accepted, each hanging and each reset.
"""
import argparse
import asyncio
import base64
import email
import email.policy
import itertools
import json
import logging
import queue
import socket
import ssl
import struct
import sys
import threading
import warnings

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    sys.exit("python3-aiosmtpd is not installed")

parser = argparse.ArgumentParser()
parser.add_argument("--starttls", nargs=2)
parser.add_argument("--smtps", nargs=2)
parser.add_argument("--user")
parser.add_argument("--password")
# Alertmanager takes LOGIN where it is offered, and wants other questions then than aiosmtpd asks.
parser.add_argument("--only-plain", action="store_true")
parser.add_argument("sessions", nargs="*")
options = parser.parse_args()

scripts = itertools.chain(options.sessions, itertools.repeat(""))
records = queue.Queue()  # the reader may be our client: it is never waited for


def write_records():
    while True:
        sys.stdout.write(json.dumps(records.get()) + "\n")
        sys.stdout.flush()


def shape(part):
    kind = part.get_content_type()
    if not part.is_multipart():
        return kind
    return f"{kind}({','.join(shape(one) for one in part.iter_parts())})"


def leaf(message, kind):
    return next((one for one in message.walk() if one.get_content_type() == kind), None)


def text_of(message, kind):
    """With '\n' for the line end that it must have."""
    part = leaf(message, kind)
    if part is None:
        return ""
    content = part.get_content()
    if set("\r\n") & set(content.replace("\r\n", "")):
        return "a bare line end: " + content
    return content.replace("\r\n", "\n")


def faults_of(message):
    found = [repr(defect) for part in message.walk() for defect in part.defects]
    return found + [f"{name}: {defect!r}" for name, value in message.items() for defect in value.defects]


def record_of(smtp, envelope):
    raw = envelope.original_content
    message = email.message_from_bytes(raw, policy=email.policy.default)
    picture = leaf(message, "image/jpeg")
    head = raw.split(b"\r\n\r\n")[0].decode("latin-1")
    return {
        "tls": smtp.transport.get_extra_info("ssl_object") is not None,
        "helo": smtp.session.host_name,
        "user": smtp.session.auth_data.decode() if smtp.session.authenticated else "",
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "head": {name.lower(): str(value) for name, value in message.items()},
        "names": [line.split(":")[0] for line in head.split("\r\n") if line[:1] not in " \t"],
        "date": message["date"].datetime.isoformat(),
        "longest": max(len(line) for line in head.split("\r\n")),
        "shape": shape(message),
        "text": text_of(message, "text/plain"),
        "html": text_of(message, "text/html"),
        "picture": base64.b64encode(picture.get_content()).decode() if picture else "",
        "picture_id": picture["content-id"] if picture else "",
        "disposition": str(picture["content-disposition"]) if picture else "",
        "files": [[part.get_filename(), part.get_content_type(), base64.b64encode(part.get_content()).decode()]
                  for part in message.walk() if part.get_content_disposition() == "attachment"],
        "faults": faults_of(message),
        "bare_line_ends": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r"),
        "raw": base64.b64encode(raw).decode(),
    }


async def hang(what):
    records.put({"hanging": what})
    await asyncio.Event().wait()


class Handler:
    """The decisions about what was asked."""

    async def handle_MAIL(self, smtp, session, envelope, address, mail_options):
        if "mail" in smtp.script:
            return smtp.script["mail"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, smtp, session, envelope, address, rcpt_options):
        refusal = smtp.script.get("rcpt:" + address.split("@")[0])
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, smtp, session, envelope):
        if "hang_data" in smtp.script:
            await hang("data")
        if "data" in smtp.script:
            return smtp.script["data"]
        records.put(record_of(smtp, envelope))
        return "250 OK"

    async def handle_QUIT(self, smtp, session, envelope):
        if "hang_quit" in smtp.script:
            await hang("quit")
        return "221 Bye"


class Server(SMTP):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.script = dict((step.partition("=")[::2]) for step in next(scripts).split(";") if step)
        self.greeted = False

    async def push(self, status):
        if not self.greeted:
            self.greeted = True
            if "hang_greet" in self.script:
                await hang("greet")
            status = self.script.get("greet", status)
        await super().push(status)

    async def stall(self):
        await self.push("354 go on")
        records.put({"hanging": "body"})
        await asyncio.sleep(2)
        try:
            while await self._reader.readuntil(b"\r\n") != b".\r\n":
                pass
            records.put({"came": "whole"})
        except asyncio.CancelledError:
            records.put({"came": "cut"})
            raise
        await asyncio.Event().wait()

    async def smtp_DATA(self, arg):
        if "stall_data" in self.script:
            await self.stall()
        if "reset_data" not in self.script:
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.readuntil(b"\r\n")
        records.put({"reset": "data"})
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
        await asyncio.Event().wait()


def authenticate(server, session, envelope, mechanism, login):
    if "auth" in server.script:
        return AuthResult(success=False, handled=False, message=server.script["auth"])
    right = (login.login.decode(), login.password.decode()) == (options.user, options.password)
    return AuthResult(success=right, handled=False, auth_data=login.login)


def context_of(pair):
    if pair is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


async def serve():
    loop = asyncio.get_running_loop()
    settings = {"hostname": "mail.example.org", "tls_context": context_of(options.starttls),
                "require_starttls": options.starttls is not None, "loop": loop}
    if options.user:
        # aiosmtpd knows of TLS only after STARTTLS; a session of --smtps is in it from its first byte.
        settings.update(authenticator=authenticate, auth_required=True, auth_require_tls=options.starttls is not None,
                        auth_exclude_mechanism=["LOGIN"] if options.only_plain else None)
    server = await loop.create_server(lambda: Server(Handler(), **settings), "127.0.0.1", 0,
                                      ssl=context_of(options.smtps))
    records.put(server.sockets[0].getsockname()[1])
    await server.serve_forever()


# It complains of our tests: of logins without STARTTLS, and of each certificate that was not trusted.
logging.disable()
warnings.simplefilter("ignore")
threading.Thread(target=write_records, daemon=True).start()
asyncio.run(serve())
