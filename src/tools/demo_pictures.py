#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the pictures of the demo and of the system tests out of what the packages bring.

usage: demo_pictures.py NODE_MODULES OUT

Reads OUT/astronaut.png when it is there (the second person then exists). Needs ffmpeg.
"""
import os
import subprocess
import sys

# name: photograph of the face-api package, left, top, width, height. known_enrol and known_door are
# the same woman in two different photographs; nobody else of the six photographs occurs twice.
CROPS = {
    "known_enrol.jpg": ("sample1.jpg", 1180, 0, 680, 680),
    "known_door.jpg": ("sample3.jpg", 850, 60, 630, 630),
    "stranger.jpg": ("sample6.jpg", 1380, 60, 540, 540),
    "second_stranger.jpg": ("sample6.jpg", 90, 330, 540, 540),
    "two_faces.jpg": ("sample1.jpg", 330, 250, 800, 600),
}
# There is one portrait only, so the door's picture of it differs by crop, scale, light and blur.
PORTRAIT = {
    "second_enrol.jpg": "crop=400:400:60:0",
    "second_door.jpg": "crop=300:300:80:0,scale=360:360,eq=brightness=-0.08:contrast=0.85:gamma_b=1.15,gblur=0.8",
}


def ffmpeg(arguments, out):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y"] + arguments
                   + ["-frames:v", "1", "-q:v", "2", "-update", "1", out], check=True)


def main(arguments):
    if len(arguments) != 3:
        sys.exit(__doc__)
    modules, out = arguments[1:]
    samples = os.path.join(modules, "@vladmandic", "face-api", "demo")
    portrait = os.path.join(out, "astronaut.png")
    os.makedirs(out, exist_ok=True)
    for name, (photo, left, top, width, height) in CROPS.items():
        crop = "crop=%d:%d:%d:%d" % (width, height, left, top)
        ffmpeg(["-i", os.path.join(samples, photo), "-vf", crop], os.path.join(out, name))
    ffmpeg(["-f", "lavfi", "-i", "mandelbrot=size=640x480"], os.path.join(out, "no_face.jpg"))
    if not os.path.exists(portrait):
        print("demo_pictures: no %s: second_enrol.jpg and second_door.jpg are not made" % portrait)
        return
    for name, filters in PORTRAIT.items():
        ffmpeg(["-i", portrait, "-vf", filters], os.path.join(out, name))


if __name__ == "__main__":
    main(sys.argv)
