#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a camera costs while nobody moves: the processor time of its decode thread, gate included, out of /proc.

The real daemon on `file:` clips that play in real time: a sub-stream of 640 × 360 at 10 frames/s with a keyframe every
2 s, still but for a camera's noise. Beside it the same with the gate off and a button (every picture decoded, none compared), with a
button (every picture decoded and compared), and the same walked through.
"""

import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

import harness  # noqa: E402
import motion_clip  # noqa: E402

SECONDS = int(os.environ.get("MOTION_SECONDS", "60"))
BOUND = 0.3  # percent of a core, a camera at rest
missed = []


def thread_seconds(pid, name):
    """Processor time of the thread of that name, in nanoseconds' grain (the scheduler's own account)."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name[:15]:
            return int((task / "schedstat").read_text().split()[0]) / 1e9
    raise AssertionError(f"no thread {name}")


def process_seconds(pid):
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def measure(what, cameras, buttons=()):
    """Percent of a core of the first camera's decode thread, over SECONDS."""
    with harness.Daemon({"cameras": cameras, "buttons": list(buttons), "faces": {"enabled": False}}) as daemon:
        name = cameras[0]["id"]
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id=name) == 1, 60, "the camera")
        time.sleep(8)  # the picture has settled, the second keyframe has passed
        pid = daemon.process.pid
        begun, decode, all_of_it = time.monotonic(), thread_seconds(pid, f"decoder-{name}"), process_seconds(pid)
        time.sleep(SECONDS)
        passed = time.monotonic() - begun
        decode = 100 * (thread_seconds(pid, f"decoder-{name}") - decode) / passed
        all_of_it = 100 * (process_seconds(pid) - all_of_it) / passed
        moved = daemon.metric("motion_events_detected_total", camera_id=name)
    print(f"{what:52} decode and gate {decode:5.2f} %   whole process {all_of_it:5.2f} %   motions {moved:.0f}", flush=True)
    return decode


def main():
    folder = tempfile.TemporaryDirectory(prefix="porchlight-bench-")
    clips = pathlib.Path(folder.name)
    motion_clip.make(clips / "still.mp4", 20)
    motion_clip.make(clips / "walk.mp4", 20, walks_at=2)

    def camera(clip, **more):
        return {"id": "front", "url": f"file:{clips}/{clip}.mp4", **more}

    rest = measure("at rest", [camera("still")])
    button = [{"id": "front", "kind": "virtual", "camera": "front"}]
    full = measure("gate off, with a button: every picture decoded", [camera("still", motion=False)], button)
    measure("with a button: every picture decoded and compared", [camera("still")], button)
    measure("gate off: one keyframe in four seconds", [camera("still", motion=False)])
    measure("somebody walks through every 20 s", [camera("walk")])
    four = [dict(camera("still"), id=f"camera{i}") for i in range(4)]
    measure("four cameras at rest (first one's thread)", four)
    print(f"at rest {rest:.2f} % of a core (bound {BOUND} %), {rest / full:.2f} of what every picture costs")
    if rest > BOUND:
        missed.append(f"decode and gate at rest: {rest:.2f} % > {BOUND} %")
    folder.cleanup()
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
