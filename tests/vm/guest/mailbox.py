#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mailbox.py PORT FILE: a mail server on loopback that appends each mail to FILE as it came."""

import pathlib
import sys
import time

from aiosmtpd.controller import Controller


class Box:
    async def handle_DATA(self, server, session, envelope):
        with pathlib.Path(sys.argv[2]).open("ab") as file:
            file.write(envelope.content + b"\n")
        return "250 OK"


Controller(Box(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
while True:
    time.sleep(3600)
