# SPDX-License-Identifier: Apache-2.0
"""odd_camera.py CLIP [mute] [plain]: an RTSP camera over TCP that does what the standard allows and few do, until standard input closes.

Shows CLIP (Annex B H.264) over and over. It puts the pictures on other channels than it was asked to, asks questions of its own
between them, takes back the nonce of the login before the session is over, and ends sessions whose keep-alive it did not accept.
`mute`: it describes a sound that it then refuses to set up. `plain`: but for that it does nothing odd. Prints its port, then a line for each thing that a client got right.
"""
import re
import socket
import struct
import sys
import threading
import time

TIMEOUT = 6  # seconds; what it says in the answer to SETUP
PLAIN = "plain" in sys.argv
PATIENCE = 0.9 * TIMEOUT  # its clock is fast: of two keep-alives in a row one at least must have been accepted


def units(clip):
    """The NAL units of the clip, each picture's together."""
    pictures = [[]]
    for unit in re.split(b"\0\0\0?\1", clip)[1:]:
        unit = unit.rstrip(b"\0")
        pictures[-1].append(unit)
        if unit[0] & 31 in (1, 5):
            pictures.append([])
    return [picture for picture in pictures if picture]


class Session(threading.Thread):
    def __init__(self, client, pictures):
        super().__init__(daemon=True)
        self.client, self.pictures = client, pictures
        self.lock = threading.Lock()
        self.nonces = ["first"]
        self.alive_until = None

    def send(self, data):
        with self.lock:
            self.client.sendall(data)

    def answer(self, head, sequence, *headers, body=""):
        lines = [f"RTSP/1.0 {head}", f"CSeq: {sequence}", *headers]
        if body:
            lines += [f"Content-Length: {len(body)}", "Content-Type: application/sdp"]
        self.send(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

    def run(self):
        stream = self.client.makefile("rb")
        try:
            while head := self.head(stream):
                self.take(head)
        except OSError:
            pass
        self.alive_until = 0

    @staticmethod
    def head(stream):
        lines = []
        while (line := stream.readline()) not in (b"\r\n", b""):
            lines.append(line.decode().strip())
        return lines

    def take(self, head):
        fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
        if head[0].startswith("RTSP/1.0"):
            if head[0].startswith("RTSP/1.0 501") and fields.get("cseq") == "77":
                print("answered", flush=True)
            return
        method, sequence = head[0].split()[0], fields["cseq"]
        if f'nonce="{self.nonces[-1]}"' not in fields.get("authorization", ""):
            stale = ", stale=true" if "authorization" in fields else ""
            return self.answer("401 Unauthorized", sequence,
                               f'WWW-Authenticate: Digest realm="odd", nonce="{self.nonces[-1]}"{stale}')
        if method == "SETUP" and head[0].split()[1].endswith("sound"):
            print("refused", flush=True)
            return self.answer("404 Not Found", sequence)
        getattr(self, method.lower())(sequence)

    def describe(self, sequence):
        sound = "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:sound\r\n" if "mute" in sys.argv else ""
        self.answer("200 OK", sequence, body="v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=odd\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
                    "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track\r\n" + sound)

    def setup(self, sequence):
        channels = "0-1" if PLAIN else "4-5"
        self.answer("200 OK", sequence, f"Session: odd;timeout={TIMEOUT}", f"Transport: RTP/AVP/TCP;unicast;interleaved={channels};ssrc=1")

    def play(self, sequence):
        self.answer("200 OK", sequence, "Session: odd")
        self.alive_until = time.monotonic() + PATIENCE
        threading.Thread(target=self.show, daemon=True).start()

    def options(self, sequence):
        if len(self.nonces) > 1:
            print("renewed", flush=True)
        self.alive_until = time.monotonic() + PATIENCE
        self.answer("200 OK", sequence, "Session: odd")

    def teardown(self, sequence):
        self.alive_until = 0

    def show(self):
        number = 0
        try:
            for count in range(10**9):
                if time.monotonic() > self.alive_until:
                    return self.client.shutdown(socket.SHUT_RDWR)
                if count == 20 and not PLAIN:
                    self.nonces.append("second")
                if count % 30 == 10 and not PLAIN:
                    self.send(b"OPTIONS rtsp://viewer/ RTSP/1.0\r\nCSeq: 77\r\nContent-Length: 4\r\n\r\nabcd")
                picture = self.pictures[count % len(self.pictures)]
                for unit in picture:
                    marker = 0x80 if unit is picture[-1] else 0
                    packet = struct.pack(">BBHII", 0x80, marker | 96, number & 0xffff, count * 4500 & 0xffffffff, 1) + unit
                    number += 1
                    self.send(struct.pack(">cBH", b"$", 0 if PLAIN else 4, len(packet)) + packet)
                    if not PLAIN:
                        self.send(struct.pack(">cBH", b"$", 0, 4) + b"junk")  # a channel that was not agreed on
                time.sleep(0.05)
        except OSError:
            pass


def serve(listener, pictures):
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Session(client, pictures).start()


with open(sys.argv[1], "rb") as file:
    shown = units(file.read())
door = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(door, shown), daemon=True).start()
print(door.getsockname()[1], flush=True)
sys.stdin.read()
