#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The whole daemon: edge to webhook while a camera decodes, memory, idle CPU, time to ready.

Real edges on a faked chip (tests/gpio/gpiofake.c), stamped before they are sent; a real clip at 720p, 30
frames/s; a Python receiver, whose own time is inside the figures.
"""

import os
import pathlib
import random
import socket
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE.parent / "demo")]

import clip  # noqa: E402
import gpio_chips  # noqa: E402
import harness  # noqa: E402

PRESSES = 300
TICK = os.sysconf("SC_CLK_TCK")


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


missed = []


def hold(name, value, bound):
    if value > bound:
        missed.append(f"{name}: {value:.2f} > {bound}")


def report(name, values, bound=None):
    if bound:
        hold(name, quantile(values, .99), bound)
    line = f"{name:44} p50 {quantile(values, .5):7.2f}   p99 {quantile(values, .99):7.2f}   max {max(values):7.2f} ms"
    print(line + (f"   (bound on p99: {bound} ms)" if bound else ""), flush=True)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return 0


def door_clip(out, scenes, seconds):
    """As of the demonstration's camera, at 30 frames/s."""
    clip.RATE = 30
    clip.PORCH = clip.PORCH.replace(":r=15", ":r=30")
    clip.make(out, scenes, seconds)


def settings(hook, video, faces):
    return {
        "cameras": [{"id": "front", "url": f"file:{video}"}] if video else [],
        "buttons": [{"id": "front", "kind": "gpio", "line": "GPIO17", "debounce": "20ms",
                     **({"camera": "front"} if video else {})}],
        "faces": {"enabled": faces},
        "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": hook.url}],
                          "rules": [{"when": "ring", "to": ["hook"], "attach": "snapshot"}]},
    }


def start(hook, video, faces):
    chips = gpio_chips.Chips()
    daemon = harness.Daemon(settings(hook, video, faces), preload=str(gpio_chips.FAKE),
                            environment=gpio_chips.fake_environment(chips))
    chips.do("await GPIO17")
    return daemon, chips


def latency(video, faces, what):
    hook = harness.Hook()
    daemon, chips = start(hook, video, faces)
    harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="front") == 1
                       and daemon.get("/health/ready")[0] == 200, 20, "the camera")
    randomness = random.Random(7)
    text, picture, ages, commits = [], [], [], []
    for _ in range(PRESSES):
        time.sleep(randomness.uniform(0.05, 0.08))
        seen = len(hook.messages)
        edge = time.monotonic_ns()
        chips.do(f"GPIO17=0 @{edge}")
        first = hook.wait_for(lambda m: m in hook.messages[seen:] and m.event["sequence"] == 0, 5, "the text")
        second = hook.wait_for(lambda m: m.event["id"] == first.event["id"] and m.picture, 5, "the picture")
        text.append((first.at - edge / 1e9) * 1e3)
        picture.append((second.at - edge / 1e9) * 1e3)
        ages.append(first.event["picture_age_ms"])
        commits += [r["edge_to_commit_ms"] for r in daemon.status()["rings"]
                    if r["id"] == first.event["id"] and "edge_to_commit_ms" in r]
        time.sleep(0.03)
        chips.do("GPIO17=1")
    print(f"-- {what}, {PRESSES} presses")
    report("edge → webhook, text", text, 10)
    report("edge → webhook, 720p JPEG", picture, 30)
    report("edge → commit (beside, not before, delivery)", commits)
    report("age of the picture at the edge", ages, 200)
    memory = resident_mb(daemon.process.pid)
    print(f"resident memory {memory:.0f} MB" + ("   (bound: 110 MB)" if faces else ""))
    if faces:
        hold("resident memory, MB", memory, 110)
    daemon.stop()
    chips.close()
    hook.close()


def idle():
    hook = harness.Hook()
    daemon, chips = start(hook, None, False)
    time.sleep(5)
    begun, cpu = time.monotonic(), cpu_seconds(daemon.process.pid)
    time.sleep(60)
    used = (cpu_seconds(daemon.process.pid) - cpu) / (time.monotonic() - begun)
    hold("idle CPU, percent", 100 * used, 0.2)
    print(f"idle CPU without a camera {100 * used:.2f} % of a core   (bound: 0.2 %); resident "
          f"{resident_mb(daemon.process.pid):.0f} MB")
    daemon.stop()
    chips.close()


def ready(faces):
    times = []
    for _ in range(10):
        hook = harness.Hook()
        daemon = harness.Daemon({"buttons": [{"id": "front", "kind": "virtual"}], "faces": {"enabled": faces}}, wait=None)
        path = str(daemon.folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(path)
            listener.settimeout(20)
            daemon.environment = {"NOTIFY_SOCKET": path}
            begun = time.monotonic()
            daemon.start(wait=False)
            while b"READY=1" not in listener.recv(4096):
                pass
            times.append((time.monotonic() - begun) * 1e3)
        daemon.stop()
        daemon.close()
        hook.close()
    report(f"start → READY=1, faces {'on' if faces else 'off'}", times, 1000)


def main():
    if gpio_chips.FAKE is None:
        sys.exit("daemon_bench: the fake GPIO chips were not built")
    with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
        video = pathlib.Path(folder) / "door.mp4"
        door_clip(video, [(harness.PICTURES / "known_door.jpg", 2, 8)], 14)
        latency(video, False, "one 720p camera, 30 frames/s, decoding")
        latency(video, True, "the same with faces on")
    idle()
    ready(False)
    ready(True)
    for line in missed:
        print("missed: " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
