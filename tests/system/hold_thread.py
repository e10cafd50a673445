# SPDX-License-Identifier: Apache-2.0
"""hold_thread.py TID: holds one thread of another process by ptrace until standard input closes.

SIGSTOP would stop the whole process; PTRACE_SEIZE with PTRACE_INTERRUPT stops this one thread.
"""

import ctypes
import os
import signal
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
thread = int(sys.argv[1])
if libc.ptrace(PTRACE_SEIZE, thread, None, None) or libc.ptrace(PTRACE_INTERRUPT, thread, None, None):
    print("refused:", os.strerror(ctypes.get_errno()), flush=True)
    sys.exit(1)
os.waitpid(thread, WALL)


def bury(*_):
    """A traced thread that ends stays until its tracer has waited for it, and so does its whole process."""
    ended, status = os.waitpid(thread, WALL | os.WNOHANG)
    if ended and not os.WIFSTOPPED(status):
        os._exit(0)


signal.signal(signal.SIGCHLD, bury)
print("held", flush=True)
sys.stdin.read()
libc.ptrace(PTRACE_DETACH, thread, None, None)
