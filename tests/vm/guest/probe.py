# SPDX-License-Identifier: Apache-2.0
"""One function of the unit, tried by a process that the unit's own properties confine: probe.py NAME [ARGUMENT…]"""

import fcntl
import os
import socket
import subprocess
import sys
import time

PCM_PROTOCOL_VERSION = 0x80044100  # SNDRV_PCM_IOCTL_PVERSION
MEDIA_DEVICE_INFO = 0xC1007C00  # MEDIA_IOC_DEVICE_INFO, 256 bytes


def opens_to_our_groups(path):
    """Not access(2): that asks the unit's device rules too, and open() shall. A node gets its group a moment after it
    is made, and the group's rights a moment after that."""
    try:
        info = os.stat(path)
    except FileNotFoundError:
        return False
    return info.st_gid in os.getgroups() and info.st_mode & 0o060 == 0o060


def appeared(path, seconds=60):
    """The device comes after the probe has started: what a rule allows is settled by then."""
    print("waiting", path, flush=True)
    deadline = time.monotonic() + seconds
    while not opens_to_our_groups(path):
        if time.monotonic() > deadline:
            sys.exit(f"{path} did not appear, or belongs to others")
        time.sleep(0.05)
    return path


def video(path="/dev/video0"):
    subprocess.run(["v4l2-ctl", "-d", appeared(path), "--stream-mmap", "--stream-count=1", "--stream-to=/dev/null"], check=True)


def media(path="/dev/media0"):
    device = os.open(appeared(path), os.O_RDWR)
    fcntl.ioctl(device, MEDIA_DEVICE_INFO, bytearray(256))


def sound(path="/dev/snd/pcmC0D0p"):
    device = os.open(appeared(path), os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, PCM_PROTOCOL_VERSION, bytearray(4))


def gpio(path):
    os.close(os.open(path, os.O_RDWR))


def host():
    for name in ("meminfo", "stat", "diskstats", "loadavg", "uptime", "net/dev"):
        with open(f"/proc/{name}") as file:
            assert file.read(), name


def priority():
    os.setpriority(os.PRIO_PROCESS, 0, -10)
    assert os.getpriority(os.PRIO_PROCESS, 0) == -10


def resolver():
    """What the C library's resolver does: the machine's addresses, from the kernel."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.bind((0, 0))
    assert socket.getaddrinfo("homeassistant.local", 8123, type=socket.SOCK_STREAM)


def internet(address="203.0.113.7"):
    socket.create_connection((address, 8123), timeout=5).close()


def state():
    with open("/var/lib/porchlight/probe", "w") as file:
        file.write("x")
    os.unlink("/var/lib/porchlight/probe")


def elsewhere(path):
    """Not a function of the unit: the writing that it must refuse."""
    os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT))


globals()[sys.argv[1]](*sys.argv[2:])
