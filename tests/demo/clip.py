# SPDX-License-Identifier: Apache-2.0
"""Makes the clip of a door camera: an empty porch, a visitor, the empty porch, another visitor."""

import subprocess

SIZE = "1280x720"
RATE = 15  # frames/s
# A porch at dusk: wall, door, lamp, floor, and a sensor's noise, so that no two frames are the same.
PORCH = (f"color=c=0x59636e:s={SIZE}:r={RATE},drawbox=x=0:y=560:w=1280:h=160:c=0x3c3a36:t=fill,"
         "drawbox=x=900:y=120:w=260:h=440:c=0x5a3420:t=fill,drawbox=x=1120:y=330:w=20:h=20:c=0xc9a227:t=fill,"
         "drawbox=x=820:y=140:w=30:h=60:c=0xf5e6b0:t=fill,noise=alls=6:allf=t")


def make(out, scenes, seconds, walks=True):
    """Writes `out` (H.264 in MP4). `scenes`: (picture, from second, until second); the picture, smaller and darker
    than it was taken, enters from the left, or is there at once when it does not walk, and stands before the door."""
    inputs, filters, last = [], [], "0:v"
    for number, (picture, begin, end) in enumerate(scenes, start=1):
        inputs += ["-loop", "1", "-r", str(RATE), "-i", str(picture)]
        filters.append(f"[{number}:v]scale=400:-2,eq=brightness=-0.04:contrast=0.94,gblur=sigma=0.5[visitor{number}]")
        x = f"min(420\\,-200+(t-{begin})*420)" if walks else "420"
        filters.append(f"[{last}][visitor{number}]overlay=x='{x}':y='160+4*sin(3*t)':"
                       f"enable='between(t,{begin},{end})':shortest=0[porch{number}]")
        last = f"porch{number}"
    if not scenes:
        filters, last = ["[0:v]null[porch]"], "porch"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", PORCH, *inputs,
                    "-filter_complex", ";".join(filters), "-map", f"[{last}]", "-t", str(seconds),
                    "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "baseline", "-pix_fmt", "yuv420p",
                    "-g", str(RATE), "-b:v", "2M", str(out)], check=True)
