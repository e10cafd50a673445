# SPDX-License-Identifier: Apache-2.0
"""tls_front.py PORT FOLDER: TLS in front of a plain server on 127.0.0.1:PORT, until standard input closes.

Makes FOLDER/front.pem (a certificate for 127.0.0.1 and front.test that signs itself) by openssl, and prints its own port.
"""
import asyncio
import contextlib
import pathlib
import socket
import ssl
import subprocess
import sys
import threading


def certificate(folder):
    key, pem = folder / "front.key", folder / "front.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=front", "-addext", "subjectAltName=IP:127.0.0.1,DNS:front.test", "-keyout", key, "-out", pem],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context


async def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


# Not on threads: Python's TLS sockets do not bear one that reads beside another that writes.
async def serve(context, listener, port):
    async def front(reader, writer):
        plain_reader, plain_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, plain_writer), pump(plain_reader, writer))

    async with await asyncio.start_server(front, sock=listener, ssl=context) as server:
        await server.serve_forever()


def main(port, folder):
    context = certificate(pathlib.Path(folder))
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: asyncio.run(serve(context, listener, int(port))), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


main(*sys.argv[1:])
