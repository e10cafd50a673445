#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Edge at the fake chip's input → write at its output, by the chip's own clock: at rest, and while a 720p
camera, 30 frames/s, keeps decoder and vision busy and clients ask for pictures.

The fake (tests/gpio/gpiofake.c) stamps both in the kernel's place, so queue, wake-ups, threads and library
calls are inside the figure, the interrupt is not.
"""

import pathlib
import random
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE.parent / "demo")]

import clip  # noqa: E402
import daemon_bench  # noqa: E402
import gpio_chips  # noqa: E402
import harness  # noqa: E402
from accounts_client import Client, first_run_code  # noqa: E402

PRESSES = 500
BOUND = 5  # ms, of the 99th percentile
PASSWORD = "a long phrase of theirs"


def start(hook, video, backend):
    chips = gpio_chips.Chips()
    settings = daemon_bench.settings(hook, video, bool(video))
    settings["buttons"][0].update(debounce="0ms", backend=backend)
    settings["outputs"] = [{"id": "chime", "line": "GPIO27", "on": "ring", "pulse": "10ms", "backend": backend}]
    daemon = harness.Daemon(settings, preload=str(gpio_chips.FAKE), environment=gpio_chips.fake_environment(chips))
    chips.do("await GPIO17")
    chips.do("await GPIO27")
    chips.trace("GPIO27")
    return daemon, chips


def onlookers(daemon, ended):
    """Clients that ask for pictures, one request after the other."""
    code = harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
    client = Client(daemon)
    client.register(code, "anna", PASSWORD)
    client.login("anna", PASSWORD)

    def look():
        while not ended.is_set():
            client.ask("GET", "/api/v1/cameras/front/snapshot")
    threads = [threading.Thread(target=look, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    return threads


def press_often(chips):
    """Milliseconds from each edge to its write, and of each pulse."""
    randomness = random.Random(7)
    took, lasted = [], []
    for _ in range(PRESSES):
        time.sleep(randomness.uniform(0.02, 0.05))
        chips.trace("GPIO17")
        chips.do("GPIO17=0")
        (on, begun), (off, over) = chips.wait_for("GPIO27", 2)
        (_, edge), *_ = chips.wait_for("GPIO17", 1)
        assert (on, off) == (1, 0)
        took.append((begun - edge) / 1e6)
        lasted.append((over - begun) / 1e6)
        chips.do("GPIO17=1")
    return took, lasted


def measure(what, video, backend):
    hook = harness.Hook()
    daemon, chips = start(hook, video, backend)
    ended, threads = threading.Event(), []
    if video:
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="front") == 1
                           and daemon.get("/health/ready")[0] == 200, 60, "camera and models")
        threads = onlookers(daemon, ended)
    cpu, begun = daemon_bench.cpu_seconds(daemon.process.pid), time.monotonic()
    took, lasted = press_often(chips)
    load = (daemon_bench.cpu_seconds(daemon.process.pid) - cpu) / (time.monotonic() - begun)
    print(f"-- {what}, {backend}, {PRESSES} presses; the daemon takes {100 * load:.0f} % of a core")
    daemon_bench.report("edge → write of the chime", took, BOUND)
    daemon_bench.report("length of a pulse of 10 ms", lasted)
    ended.set()
    for thread in threads:
        thread.join()
    daemon.stop()
    chips.close()
    hook.close()


def main():
    if gpio_chips.FAKE is None:
        sys.exit("outputs_bench: the fake GPIO chips were not built")
    clip.RATE = 30
    clip.PORCH = clip.PORCH.replace(":r=15", ":r=30")
    with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
        video = pathlib.Path(folder) / "door.mp4"
        clip.make(video, [(harness.PICTURES / "known_door.jpg", 2, 12)], 14)
        for backend in ("auto", "uapi"):
            measure("at rest", None, backend)
            measure("one 720p camera, 30 frames/s, faces on, pictures asked for", video, backend)
    for line in daemon_bench.missed:
        print("missed: " + line)
    return 1 if daemon_bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
