#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon holds in memory: four 720p cameras with faces on, and what the models are of that.

The real daemon on `file:` clips in which somebody is at each door, with a ring at one of them; then the same daemon
after its cameras fell silent, with the models kept and with the models dropped; then four cameras before which nobody
moves, until the models are dropped by themselves (a camera without a motion gate keeps them).
"""

import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE.parent / "demo")]

import clip  # noqa: E402
import harness  # noqa: E402

SECONDS = int(os.environ.get("MEMORY_SECONDS", "30"))
BOUND = 180  # MB, four 720p cameras with faces on
missed = []


def of_status(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1000  # MB of 10^6 bytes, as the bound
    return 0.0


def settings(cameras, hook, unload_after):
    return {
        "cameras": cameras,
        "buttons": [{"id": "front", "kind": "virtual", "camera": cameras[0]["id"]}],
        "faces": {"enabled": True, "unload_after": unload_after},
        "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": hook.url}],
                          "rules": [{"when": "ring", "to": ["hook"], "attach": "snapshot"}]},
    }


def four(url):
    return [{"id": f"camera{i}", "url": url} for i in range(4)]


def loaded(daemon):
    return daemon.metric("ml_model_info", model_version="resnet-1") == 1


def connected(daemon):
    for i in range(4):
        harness.wait_until(lambda i=i: daemon.metric("camera_connection_status", camera_id=f"camera{i}") == 1, 60, f"camera {i}")


def line(what, value, bound=None):
    if bound and value > bound:
        missed.append(f"{what}: {value:.0f} MB > {bound} MB")
    print(f"{what:64} {value:5.0f} MB" + (f"   (bound: {bound} MB)" if bound else ""), flush=True)


def visited(video, unload_after):
    """A busy house whose cameras then fall silent. Resident memory then, in MB."""
    hook = harness.Hook()
    with harness.Daemon(settings(four(f"file:{video}"), hook, unload_after)) as daemon:
        connected(daemon)
        pid, most, end = daemon.process.pid, 0.0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            daemon.ring("front")
            time.sleep(3)
            most = max(most, of_status(pid, "VmRSS"))
        kept = unload_after == "0s"
        if kept:
            line("four 720p cameras, somebody at each, rings: most of the time", most, BOUND)
            line("its peak since the start", of_status(pid, "VmHWM"))
        daemon.write_config(settings(four("rtsp://127.0.0.1:9/none"), hook, unload_after))
        daemon.cli("reload")
        if kept:
            time.sleep(15)
        else:
            try:
                harness.wait_until(lambda: not loaded(daemon), 60, "that the models are dropped")
            except AssertionError:
                sys.exit("missed: the models are still loaded a minute after the cameras fell silent")
        time.sleep(2)
        rest = of_status(pid, "VmRSS")
        line(f"the cameras silent, models {'kept' if kept else 'dropped'}", rest)
        if not kept:
            daemon.ring("front")
            harness.wait_until(lambda: loaded(daemon), 20, "that they are loaded again")
            line("loaded again for a ring", of_status(pid, "VmRSS"))
    hook.close()
    return rest


def still(video):
    hook = harness.Hook()
    with harness.Daemon(settings(four(f"file:{video}"), hook, "5s")) as daemon:
        connected(daemon)
        end = time.monotonic() + 60
        while loaded(daemon) and time.monotonic() < end:
            time.sleep(1)
        time.sleep(3)
        state = "still loaded" if loaded(daemon) else "dropped"
        line(f"four 720p cameras, nobody moves, models {state}", of_status(daemon.process.pid, "VmRSS"), BOUND)
        if state != "dropped":
            missed.append("the models are still loaded a minute after anybody needed them")
    hook.close()


def main():
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
        folder = pathlib.Path(folder)
        clip.make(folder / "visitor.mp4", [(harness.PICTURES / "known_door.jpg", 0, 8)], 8)
        clip.make(folder / "still.mp4", [], 10)
        kept = visited(folder / "visitor.mp4", "0s")
        dropped = visited(folder / "visitor.mp4", "5s")
        line("dropping the models gives back", kept - dropped)
        still(folder / "still.mp4")
    if kept - dropped < 20:
        missed.append("dropping the models gives back less than 20 MB")
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
