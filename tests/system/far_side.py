# SPDX-License-Identifier: Apache-2.0
"""far_side.py: a receiver in a network of its own, behind a cable that can be pulled.

Standard output: "apart" once it has left its network; then the receiver's port, and one JSON object a request.
Standard input: "up" and "down" plug the cable in and out, "take", "refuse" and "hang" are its mode. Ends with its input.
"""

import fcntl
import json
import socket
import struct
import sys
import threading
import time

import netspace
import sink

CABLE = b"far"


def is_there():
    return CABLE.decode() in (name for _, name in socket.if_nameindex())


def plug(flags):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, netspace.SIOCSIFFLAGS, struct.pack("16sh14x", CABLE, flags))


def tell(receiver):
    told = 0
    while True:
        receiver.wait(lambda arrivals: len(arrivals) > told, 1e9, "a request")
        arrival = receiver.arrivals[told]
        told += 1
        print(json.dumps({"key": arrival.key, "id": arrival.event["id"]}), flush=True)


netspace.unshare(netspace.CLONE_NEWNET)
print("apart", flush=True)
while not is_there():
    time.sleep(0.01)
netspace.give_address(CABLE, netspace.FAR, "255.255.255.0")
plug(netspace.UP_AND_RUNNING)
receiver = sink.Sink(address=netspace.FAR)
print(receiver.port, flush=True)
threading.Thread(target=tell, args=(receiver,), daemon=True).start()
for line in sys.stdin:
    word = line.strip()
    if word in ("up", "down"):
        plug(netspace.UP_AND_RUNNING if word == "up" else 0)
    else:
        receiver.mode = word
