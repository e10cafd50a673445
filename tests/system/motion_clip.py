# SPDX-License-Identifier: Apache-2.0
"""Clips of a camera's sub-stream: 640 × 360, 10 frames/s, a keyframe every 2 s, little noise."""

import subprocess

SCENE = ("testsrc2=s=640x360:r=10,trim=end_frame=1,loop=loop=-1:size=1,setpts=N/(10*TB),gblur=sigma=1.5,"
         "eq=contrast=0.6,noise=alls=4:allf=t")
SOMEBODY = ("color=c=0x283038:s=60x150:r=10,drawbox=x=18:y=4:w=24:h=30:c=0xb89878:t=fill,"
            "drawbox=x=10:y=44:w=40:h=50:c=0x7a2430:t=fill")


def make(out, seconds, walks_at=None):
    """Writes `out`; somebody walks through from the left to the right, 7 s long, from `walks_at` seconds on."""
    graph = f"{SCENE}[out]"
    if walks_at is not None:
        graph = f"{SCENE}[scene];{SOMEBODY}[who];[scene][who]overlay=y=170:x=-60+100*(t-{walks_at})[out]"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-filter_complex", graph, "-map", "[out]", "-t", str(seconds),
                    "-r", "10", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "20",
                    "-sc_threshold", "0", "-bf", "0", "-b:v", "500k", str(out)], check=True)
