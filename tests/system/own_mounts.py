# SPDX-License-Identifier: Apache-2.0
"""File systems of a test's own: in a mount namespace, so that they go with its process and nobody else sees them."""

import ctypes
import os
import pathlib

import netspace

LIBC = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2


def _mount(what, where, kind, flags, options=None):
    if LIBC.mount(what, os.fsencode(where), kind, flags, options) != 0:
        raise OSError(ctypes.get_errno(), f"mount {where}: {os.strerror(ctypes.get_errno())}")


def enter(test):
    """From here on mounts are this process's and its children's only; else the test is skipped. Not undone: call it in a
    process that ends with the test. A user who is not root becomes root of a namespace, if the kernel lets them."""
    try:
        if os.geteuid() == 0:
            netspace.unshare(netspace.CLONE_NEWNS)
        else:
            user, group = os.getuid(), os.getgid()
            netspace.unshare(netspace.CLONE_NEWUSER | netspace.CLONE_NEWNS)
            pathlib.Path("/proc/self/setgroups").write_text("deny")
            pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        _mount(b"none", "/", None, MS_REC | MS_PRIVATE)
    except OSError as error:
        test.skipTest(f"SKIPPED: no mount namespace here: {error}")


def tmpfs(test, folder, size):
    """An empty file system of this size (`8m`) at `folder`, which is made."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    try:
        _mount(b"porchlight-test", folder, b"tmpfs", 0, f"size={size}".encode())
    except OSError as error:
        test.skipTest(f"SKIPPED: no tmpfs can be mounted here: {error}")
    test.addCleanup(LIBC.umount2, os.fsencode(folder), MNT_DETACH)
    return folder


def make_read_only(folder):
    """From here on. Not by a remount: while somebody writes a file the kernel refuses that, and a recorder always writes one. A
    read-only view of the folder covers it, so that what is open stays open and all else is refused with EROFS."""
    view = folder.with_name(folder.name + "-view")
    view.mkdir()
    _mount(os.fsencode(folder), view, None, MS_BIND)
    _mount(None, view, None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    _mount(os.fsencode(view), folder, None, MS_BIND)


def make_writable(folder):
    for covered in (folder, folder.with_name(folder.name + "-view")):
        if LIBC.umount2(os.fsencode(covered), MNT_DETACH) != 0:
            raise OSError(ctypes.get_errno(), f"umount {covered}: {os.strerror(ctypes.get_errno())}")


def fill(path):
    """Takes what is free of a file system, into a file; how many bytes."""
    taken = 0
    with open(path, "ab", buffering=0) as file:
        for block in (65536, 4096):
            try:
                while True:
                    taken += file.write(b"\0" * block)
            except OSError:
                pass
    return taken
