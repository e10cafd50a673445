# SPDX-License-Identifier: Apache-2.0
"""appender.py synced|unsynced FILE: appends numbers on the daemon's volume, and acknowledges each on the host.

The control of the power-cut test: `unsynced` must lose what it acknowledged, `synced` must not.
"""

import os
import sys
import time

kind, path = sys.argv[1:]
flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
file = os.open(path, flags)
acknowledged = os.open(f"/rig/{os.path.basename(path)}", flags)
os.sync()  # the file itself is there; only what is appended from now on is at stake
number = 0
while True:
    number += 1
    os.write(file, b"%d\n" % number)
    if kind == "synced":
        os.fdatasync(file)
    os.write(acknowledged, b"%d\n" % number)
    time.sleep(0.02)
