# SPDX-License-Identifier: Apache-2.0
"""A web server for the tests: answers by a script and tells what it received.

hook_server.py [--tls CERT KEY] [--unix PATH] [--body TEXT] [--digest USER PASSWORD ALGORITHM] [ANSWER...]

With --digest a request without the right login of RFC 7616 is answered 401 with the challenge and 200,000 bytes, and
takes no ANSWER.

Each ANSWER is for one request in turn, then 200 for ever:
  200               this status            503:Name=value   with this header
  big               200 with 200,000 bytes
  slow              no answer until the client goes away
  drip              an answer that comes one byte a second
  reset_request     the connection is reset after half of the body was read
  reset_response    the connection is reset in the middle of the answer's body
Standard output: the port, then one JSON object a request.
"""
import argparse
import base64
import hashlib
import itertools
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time

import multipart

parser = argparse.ArgumentParser()
parser.add_argument("--tls", nargs=2)
parser.add_argument("--unix")
parser.add_argument("--body", default="{}")
parser.add_argument("--digest", nargs=3)
parser.add_argument("answers", nargs="*")
options = parser.parse_args()

answers = itertools.chain(options.answers, itertools.repeat("200"))
lock = threading.Lock()


def say(value):
    with lock:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


def encoded_parts(content_type, body):
    return [dict(part, body=base64.b64encode(part["body"]).decode())
            for part in multipart.parts_of(content_type, body)]


def read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    return head.decode("latin-1").split("\r\n")


def lets_in(method, target, headers):
    if not options.digest:
        return True
    user, password, algorithm = options.digest
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', headers.get("authorization", "")))
    hashed = lambda text: hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()  # noqa: E731
    first, second = hashed(f"{user}:door:{password}"), hashed(f"{method}:{target}")
    right = hashed(f"{first}:0123456789abcdef:{said.get('nc')}:{said.get('cnonce')}:auth:{second}")
    return headers.get("authorization", "").startswith("Digest ") and said.get("response") == right


def challenge(connection):
    body = b"?" * 200000
    connection.sendall(f'HTTP/1.1 401 Who\r\nContent-Length: {len(body)}\r\nWWW-Authenticate: Digest realm="door", qop="auth", '
                       f'nonce="0123456789abcdef", algorithm={options.digest[2]}\r\n\r\n'.encode() + body)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(connection, code):
    status, _, extra = code.partition(":")
    body = b"x" * 200000 if status == "big" else options.body.encode()
    status = "200" if status == "big" else status
    head = f"HTTP/1.1 {status} Some Reason\r\nContent-Length: {len(body)}\r\n"
    if extra:
        name, _, value = extra.partition("=")
        head += f"{name}: {value}\r\n"
    if status == "204":
        head, body = f"HTTP/1.1 204 Nothing\r\n", b""
    connection.sendall(head.encode() + b"\r\n" + body)


def serve(connection, number):
    stream = connection.makefile("rb")
    while True:
        head = read_head(stream)
        if head is None:
            return
        headers = {}
        for line in head[1:]:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.lower()] = value.strip()
        method, target, _ = head[0].split(" ")
        known = lets_in(method, target, headers)
        with lock:
            code = next(answers) if known else "challenge"
        size = int(headers.get("content-length", "0"))
        if code == "reset_request":
            stream.read(size // 2)
            say({"connection": number, "cut": True})
            reset(connection)
            return
        body = stream.read(size)
        parts = encoded_parts(headers.get("content-type", ""), body)
        record = {
            "connection": number, "method": method, "target": target, "headers": headers,
            "body": "" if parts else base64.b64encode(body).decode(), "parts": parts,
        }
        if code == "slow":
            say(record)
            stream.read(1)
            return
        if code == "drip":
            say(record)
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n":
                connection.sendall(bytes([byte]))
                time.sleep(1)
        if code == "reset_response":
            say(record)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            reset(connection)
            return
        # Answered before it is told: a record may be larger than the pipe, and its reader our client.
        if known:
            answer(connection, code)
        else:
            challenge(connection)
        say(record)


def handle(connection, number, context):
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            serve(connection, number)
    except (OSError, ssl.SSLError):
        pass
    finally:
        connection.close()


context = None
if options.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
if options.unix:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(options.unix)
else:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
listener.listen(64)
say(0 if options.unix else listener.getsockname()[1])
for number in itertools.count(1):
    accepted, _ = listener.accept()
    threading.Thread(target=handle, args=(accepted, number, context), daemon=True).start()
