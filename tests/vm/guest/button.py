# SPDX-License-Identifier: Apache-2.0
"""The finger and the screwdriver, in the machine: a chip that the kernel simulates, labelled as a Raspberry Pi 4's header.

button.py up | gone | back | hold | release | press [MS] | bounce | train COUNT PERIOD-MS DOWN-MS
What touches the line prints one JSON object with CLOCK_MONOTONIC and the wall clock before and after.
"""

import json
import pathlib
import subprocess
import sys
import time

CHIP = pathlib.Path("/sys/kernel/config/gpio-sim/header")
BANK = CHIP / "bank0"
LINE = 17
PRESSED, RELEASED = "pull-down", "pull-up"


def up():
    subprocess.run(["modprobe", "rig_gpio_sim"], check=True)
    if not CHIP.parent.exists():
        subprocess.run(["mount", "-t", "configfs", "none", "/sys/kernel/config"], check=True)
    (BANK / f"line{LINE}").mkdir(parents=True)
    (BANK / "num_lines").write_text("58")
    (BANK / "label").write_text("pinctrl-bcm2711")
    (BANK / f"line{LINE}" / "name").write_text(f"GPIO{LINE}")
    back()


def gone():
    (CHIP / "live").write_text("0")


def back():
    (CHIP / "live").write_text("1")
    pull(RELEASED)
    subprocess.run(["udevadm", "settle"], check=True)


def pull_file():
    device = (CHIP / "dev_name").read_text().strip()
    chip = (BANK / "chip_name").read_text().strip()
    return pathlib.Path(f"/sys/devices/platform/{device}/{chip}/sim_gpio{LINE}/pull")


def pull(direction):
    pull_file().write_text(direction)


def press(milliseconds=150):
    file = pull_file()
    file.write_text(PRESSED)
    time.sleep(milliseconds / 1000)
    file.write_text(RELEASED)


def bounce():
    """14 edges, a millisecond apart, that end pressed for longer than any debounce of the tests; then a release."""
    file = pull_file()
    for _ in range(7):
        file.write_text(PRESSED)
        time.sleep(0.001)
        file.write_text(RELEASED)
        time.sleep(0.001)
    file.write_text(PRESSED)
    time.sleep(0.8)
    file.write_text(RELEASED)


def train(count, period_ms, down_ms):
    """Presses by an absolute timetable. A late press still lasts, and is followed by, two thirds of what it should."""
    file = pull_file()
    period, down = period_ms / 1000, down_ms / 1000
    begun = time.monotonic()
    for number in range(count):
        file.write_text(PRESSED)
        sleep_until(max(begun + number * period + down, time.monotonic() + down * 2 / 3))
        file.write_text(RELEASED)
        sleep_until(max(begun + (number + 1) * period, time.monotonic() + (period - down) * 2 / 3))


def sleep_until(instant):
    time.sleep(max(0, instant - time.monotonic()))


def main():
    command, *arguments = sys.argv[1:]
    actions = {"up": up, "gone": gone, "back": back, "hold": lambda: pull(PRESSED), "release": lambda: pull(RELEASED),
               "press": press, "bounce": bounce, "train": train}
    before = {"monotonic": time.monotonic(), "wall": time.time()}
    actions[command](*map(int, arguments))
    print(json.dumps({"before": before, "after": {"monotonic": time.monotonic(), "wall": time.time()}}))


main()
