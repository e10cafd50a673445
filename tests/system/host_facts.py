# SPDX-License-Identifier: Apache-2.0
"""What this machine says of itself, read by the tests' own way."""

import os
import pathlib
import re

SYS = pathlib.Path("/sys")


def _natural(name):
    stem, number = re.fullmatch(r"(.*?)(\d*)", name).groups()
    return stem, len(number), number


def mount_points(folder):
    """`/`, and the mount point of the folder where it lies on another file system."""
    place = pathlib.Path(folder).resolve()
    device = place.stat().st_dev
    if device == os.stat("/").st_dev:
        return ["/"]
    while place.parent.stat().st_dev == device:
        place = place.parent
    return ["/", str(place)]


def block_device(path):
    """The kernel's name of the block device under a path, None where there is none."""
    number = os.stat(path).st_dev
    link = SYS / "dev/block" / f"{os.major(number)}:{os.minor(number)}"
    return link.resolve().name if link.exists() else None


def block_devices(folder):
    return sorted({block_device("/"), block_device(folder)} - {None})


def interfaces():
    """With a device behind them, and in this process's own network; eight at most."""
    try:
        physical = [n for n in sorted(os.listdir(SYS / "class/net"), key=_natural) if (SYS / "class/net" / n / "device").exists()]
    except FileNotFoundError:
        return []
    seen = traffic()
    return [n for n in physical[:8] if n in seen]


def traffic():
    """{interface: (received bytes, sent bytes, errors, drops)}"""
    found = {}
    for line in pathlib.Path("/proc/self/net/dev").read_text().splitlines()[2:]:
        name, _, numbers = line.partition(":")
        n = [int(word) for word in numbers.split()]
        found[name.strip()] = (n[0], n[8], n[2] + n[10], n[3] + n[11])
    return found


def moved(device):
    """(bytes read, bytes written) by everybody."""
    fields = (SYS / "class/block" / device / "stat").read_text().split()
    return int(fields[2]) * 512, int(fields[6]) * 512


def processors():
    return re.findall(r"^cpu(\d+) ", pathlib.Path("/proc/stat").read_text(), re.M)


def memory():
    """{name: bytes}"""
    return {m[1]: int(m[2]) * 1024 for m in re.finditer(r"^(\w+): +(\d+) kB$", pathlib.Path("/proc/meminfo").read_text(), re.M)}


def thermal_zones():
    """[(name, °C)] of the first eight that give a temperature, or try to."""
    found, taken = [], set()
    zones = sorted((SYS / "class/thermal").glob("thermal_zone*"), key=lambda zone: _natural(zone.name))
    for zone in zones[:8]:
        name = re.sub(r"[^!-~]", "_", (zone / "type").read_text().strip())
        if name in taken:
            name += "-" + zone.name.removeprefix("thermal_zone")
        taken.add(name)
        try:
            degrees = int((zone / "temp").read_text()) / 1000
        except (OSError, ValueError):
            continue
        if -100 <= degrees <= 300:
            found.append((name, degrees))
    return found


def control_group(pid):
    """The folder of the process's own group; None where it is not of version 2 alone or is the root."""
    lines = pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    if len(lines) != 1 or not lines[0].startswith("0::/"):
        return None
    folder = pathlib.Path("/sys/fs/cgroup") / lines[0][4:]
    return folder if (folder / "cgroup.type").exists() else None


TCP_STATES = {"01": "established", "0A": "listen", "08": "close_wait"}


def sockets(pid):
    """{state: number} of the TCP sockets that the process has open."""
    own = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            own.add(os.readlink(link))
        except FileNotFoundError:
            continue
    found = dict.fromkeys(["established", "listen", "close_wait", "other"], 0)
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if f"socket:[{words[9]}]" in own:
                found[TCP_STATES.get(words[3], "other")] += 1
    return found


def thread_cpu(pid, names):
    """Seconds of processor that the threads of these names have used."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() in names:
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
    return total
