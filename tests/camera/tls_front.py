# SPDX-License-Identifier: Apache-2.0
"""tls_front.py PORT FOLDER: TLS in front of a plain server on 127.0.0.1:PORT, until standard input closes.

Makes FOLDER/front.pem (a certificate for 127.0.0.1 and front.test that signs itself) by openssl, and prints its own port.
"""
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


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Front:
    """One client. Python lets one thread read and another write an SSL socket."""

    def __init__(self, context, client, port):
        self.plain = socket.create_connection(("127.0.0.1", port))
        self.secret = context.wrap_socket(client, server_side=True)

    def run(self):
        back = threading.Thread(target=pump, args=(self.plain, self.secret), daemon=True)
        back.start()
        pump(self.secret, self.plain)


def serve(context, listener, port):
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def run(client=client):
            try:
                Front(context, client, port).run()
            except OSError:  # a handshake that was refused
                client.close()

        threading.Thread(target=run, daemon=True).start()


def main(port, folder):
    context = certificate(pathlib.Path(folder))
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(context, listener, int(port)), daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


main(*sys.argv[1:])
