# SPDX-License-Identifier: Apache-2.0
"""A network of the test's own, so that the machine has an address that is not loopback and nobody else reaches it."""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import subprocess

FAR = "192.0.2.1"  # for documentation (RFC 5737): an address that nobody else has

NEAR = "192.0.2.2"

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
SIOCSIFADDR = 0x8916
SIOCSIFNETMASK = 0x891C
UP_AND_RUNNING = 0x41
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


def unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _leave_the_network(more=0):
    """As root, or as a user who may be root of a namespace."""
    user, group = os.getuid(), os.getgid()
    try:
        unshare(CLONE_NEWNET | more)
    except OSError:
        unshare(CLONE_NEWUSER | CLONE_NEWNET | more)
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _address(address):
    return struct.pack("H2s4s8s", socket.AF_INET, b"", socket.inet_aton(address), b"")


def give_address(interface, address, mask):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16s", interface) + _address(address))
        fcntl.ioctl(any_socket, SIOCSIFNETMASK, struct.pack("16s", interface) + _address(mask))


def _raise(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", interface, UP_AND_RUNNING))


def enter(test):
    """From here on this thread and its children see a network with loopback and FAR only; else the test is skipped."""
    try:
        _leave_the_network()
        _raise(b"lo")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16s", b"lo:1") + _address(FAR))
    except OSError as error:
        test.skipTest(f"no network namespace here ({error}): the listener is not tried from beyond loopback")


def enter_with_a_cable(test):
    """From here on this thread and its children are NEAR, joined by a cable with a receiver that is FAR, which is
    returned as a process (far_side.py); else the test is skipped."""
    try:
        _leave_the_network()
        _raise(b"lo")
        far = subprocess.Popen(["/usr/bin/python3", "-B", pathlib.Path(__file__).with_name("far_side.py")],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        test.addCleanup(far.communicate)
        test.addCleanup(far.kill)
        if far.stdout.readline().strip() != "apart":
            raise OSError("the far side cannot leave")
        subprocess.run(["ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(far.pid)], check=True)
        give_address(b"near", NEAR, "255.255.255.0")
        _raise(b"near")
    except (OSError, subprocess.CalledProcessError) as error:
        test.skipTest(f"no two networks with a cable here ({error}): nothing is tried over one that breaks")
    return far


def enter_with_own_resolver(test, resolv_conf):
    """From here on this thread and its children have loopback only, and this /etc/resolv.conf; else the test is skipped."""
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source, target, flags):
        if libc.mount(source, target, None, flags, None) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    try:
        _leave_the_network(CLONE_NEWNS)
        mount(b"none", b"/", MS_REC | MS_PRIVATE)
        mount(str(resolv_conf).encode(), b"/etc/resolv.conf", MS_BIND)
        _raise(b"lo")
    except OSError as error:
        test.skipTest(f"no resolver of one's own here ({error}): its faults are not tried")
