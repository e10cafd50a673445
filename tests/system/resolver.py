# SPDX-License-Identifier: Apache-2.0
"""A DNS server (RFC 1035) that answers as it is told, on 127.0.0.1:53 of a network of the test's own."""

import socket
import struct
import threading
import time

NO_SUCH_NAME, FAILURE = 3, 2


class Resolver:
    """`mode`: answer (127.0.0.1 to every A question), missing (NXDOMAIN), fail (SERVFAIL), silent, or a number of
    seconds after which it answers."""

    def __init__(self, mode="answer"):
        self.mode = mode
        self.questions = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, peer = self.socket.recvfrom(512)
            self.questions += 1
            threading.Thread(target=self._answer, args=(question, peer, self.mode), daemon=True).start()

    def _answer(self, question, peer, mode):
        if mode == "silent":
            return
        if isinstance(mode, (int, float)):
            time.sleep(mode)
        self.socket.sendto(answer_to(question, {"missing": NO_SUCH_NAME, "fail": FAILURE}.get(mode, 0)), peer)


def answer_to(question, code):
    end = question.index(b"\0", 12) + 5  # the name, its type and class
    kind = struct.unpack("!H", question[end - 4:end - 2])[0]
    answers = b""
    if code == 0 and kind == 1:
        # The name by pointer, A, IN, not to be kept.
        answers = struct.pack("!HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton("127.0.0.1")
    head = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, 1 if answers else 0, 0, 0)
    return head + question[12:end] + answers
