# SPDX-License-Identifier: Apache-2.0
"""A network of the test's own, so that the machine has an address that is not loopback and nobody else reaches it."""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct

FAR = "192.0.2.1"  # for documentation (RFC 5737): an address that nobody else has

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
SIOCSIFADDR = 0x8916
UP_AND_RUNNING = 0x41


def _unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _leave_the_network():
    """As root, or as a user who may be root of a namespace."""
    user, group = os.getuid(), os.getgid()
    try:
        _unshare(CLONE_NEWNET)
    except OSError:
        _unshare(CLONE_NEWUSER | CLONE_NEWNET)
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def enter(test):
    """From here on this thread and its children see a network with loopback and FAR only; else the test is skipped."""
    try:
        _leave_the_network()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))
            fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16sH2s4s8s", b"lo:1", socket.AF_INET, b"",
                                                             socket.inet_aton(FAR), b""))
    except OSError as error:
        test.skipTest(f"no network namespace here ({error}): the listener is not tried from beyond loopback")
