# SPDX-License-Identifier: Apache-2.0
"""feed_video.py DEVICE FOURCC WIDTH HEIGHT FPS FOLDER: the far side of a v4l2loopback device.

Writes the files of the folder in order of name, each as one picture, again and again until it is killed."""
import fcntl
import pathlib
import struct
import sys
import time

VIDIOC_S_FMT = 0xC0D05605
OUTPUT = 2
PROGRESSIVE = 1
LARGEST = 1 << 20


def set_format(device, fourcc, width, height):
    code = struct.unpack("<I", fourcc.encode())[0]
    pix = struct.pack("<12I", width, height, code, PROGRESSIVE, 0, LARGEST, 0, 0, 0, 0, 0, 0)
    fcntl.ioctl(device, VIDIOC_S_FMT, struct.pack("<II", OUTPUT, 0) + pix.ljust(200, b"\0"))


def main(path, fourcc, width, height, fps, folder):
    pictures = [file.read_bytes() for file in sorted(pathlib.Path(folder).iterdir())]
    with open(path, "wb", buffering=0) as device:
        set_format(device, fourcc, int(width), int(height))
        print("feeding", flush=True)
        due = time.monotonic()
        while True:
            for picture in pictures:
                device.write(picture)
                due += 1 / float(fps)
                time.sleep(max(0, due - time.monotonic()))


main(*sys.argv[1:])
