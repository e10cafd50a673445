# SPDX-License-Identifier: Apache-2.0
"""What every test of the rig stands on: the cached image, the disks over it, a machine per test class.

Needs root, because mmdebstrap in its plain mode does, and qemu. Where they are missing the tests skip and say so.
"""

import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import machine

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
STATE = SOURCE / "build" / "vm"
TIMINGS = STATE / "timings"
CONFIGURATION = "/etc/porchlight/porchlight.yaml"
HOOK = "http://homeassistant.local:8123/hook"


def suite():
    """Of the machine that builds the package: the package is for this one."""
    asked = os.environ.get("PORCHLIGHT_RIG_SUITE")
    if asked:
        return asked
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return release.get("VERSION_CODENAME", "bookworm").strip('"')


def cause_to_skip():
    """Why the rig cannot run here, or nothing."""
    if os.geteuid() != 0:
        return "the rig needs root: mmdebstrap makes the guest's file system as root"
    missing = [p for p in ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "mkfs.ext4", "dpkg-scanpackages") if not shutil.which(p)]
    if missing:
        return f"not installed: {', '.join(missing)} (`./dev test vm` installs them)"
    if os.uname().machine != "x86_64":
        return f"the rig emulates amd64 and its package; this machine is {os.uname().machine}"
    return None


def package():
    """The .deb under test."""
    asked = os.environ.get("PORCHLIGHT_DEB")
    found = [pathlib.Path(asked)] if asked else sorted((SOURCE / "build/deb" / suite()).glob("porchlight_*_amd64.deb"))
    if len(found) != 1 or not found[0].exists():
        raise AssertionError(f"one package expected in build/deb/{suite()}, found {len(found)}: run ./dev deb")
    return found[0]


def digest(*parts):
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.read_bytes() if isinstance(part, pathlib.Path) else part.encode())
    return sha.hexdigest()[:16]


def cache():
    home = os.environ.get("PORCHLIGHT_CACHE") or f"{os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'}/porchlight"
    return pathlib.Path(home) / "vm"


def image():
    scripts = [HERE / "image.sh", HERE / "module.sh", HERE / "disk.sh", *sorted((HERE / "guest").glob("rig-*.service"))]
    return cache() / f"{suite()}-{digest(*scripts)}"


def pool():
    """Named by what the package asks for: another build of the same version shares it."""
    wants = subprocess.run(["dpkg-deb", "-f", package(), "Pre-Depends", "Depends", "Recommends"], check=True, capture_output=True, text=True)
    return image() / f"pool-{digest(HERE / 'pool.sh', wants.stdout)}"


def installed_disk():
    return STATE / f"installed-{digest(package(), HERE / 'prepare.py', str(image()), str(pool()))}.qcow2"


def note_time(what, seconds):
    STATE.mkdir(parents=True, exist_ok=True)
    line = f"{seconds:7.1f} s  {what}"
    with open(TIMINGS, "a") as file:
        file.write(line + "\n")
    print(line, file=sys.stderr, flush=True)


class timed:
    """with timed("what"): the time goes to build/vm/timings."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.begun = time.monotonic()

    def __exit__(self, *_):
        note_time(self.what, time.monotonic() - self.begun)


class locked:
    """One process at a time builds; the next finds it built."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "w")

    def __enter__(self):
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def over(base, path):
    """A disk of its own that begins as `base`."""
    kind = "qcow2" if base.suffix == ".qcow2" else "raw"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", kind, path], check=True)
    return path


def boot(base, drives=(), what="start", cpus=machine.CPUS, kernel=""):
    """A running machine on a throw-away disk over `base`."""
    disk = tempfile.NamedTemporaryFile(prefix="porchlight-vm-", suffix=".qcow2")
    guest = machine.Machine(image(), over(base, pathlib.Path(disk.name)), pool() / "debs", drives, cpus, kernel)
    guest.throw_away = disk  # deleted with the machine
    try:
        guest.start()
        guest.run("systemctl is-system-running --wait", check=False)  # `degraded` is a word for later
    except BaseException:
        guest.close()
        raise
    note_time(f"{what} ({guest.accelerator})", guest.boots[-1])
    return guest


def configuration(**button):
    """As in README's example, with what a test asks for beside it. JSON is YAML."""
    settings = {"id": "front", "kind": "gpio", "chip": "auto", "line": 17} | button
    return json.dumps({
        "buttons": [settings, {"id": "test", "kind": "virtual"}],
        "faces": {"enabled": False},
        "notifications": {"channels": [{"id": "home", "type": "webhook", "url": HOOK}],
                          "rules": [{"when": "ring", "to": ["home"]}]},
    }, indent=1)


@unittest.skipIf(cause_to_skip() is not None, cause_to_skip() or "")
class MachineTest(unittest.TestCase):
    """One machine for the tests of a class. `virgin`: the package is not installed yet."""

    virgin = False
    cpus = machine.CPUS
    drives = ()  # further arguments of qemu
    kernel = ""  # further words for the kernel
    configuration = configuration()

    @classmethod
    def setUpClass(cls):
        cls.machine = boot(image() / "root.img" if cls.virgin else installed_disk(), cls.drives, f"{cls.__name__}: start", cls.cpus, cls.kernel)
        cls.addClassCleanup(cls.machine.close)
        if not cls.virgin:
            cls.configure(cls.configuration)

    def setUp(self):
        self.begun = time.monotonic()
        self.addCleanup(lambda: note_time(self.id().partition(".")[2], time.monotonic() - self.begun))

    def tearDown(self):
        # Seen in ctest's output when the test failed.
        outcome = self._outcome.result
        if any(test is self for test, _ in outcome.failures + outcome.errors):
            print(self.machine.run("journalctl -b -o cat -n 40 -u porchlight -u rig-receiver --no-pager; "
                                   "journalctl -b -o cat -n 40 -u ringer -u train -u synced -u unsynced -u other --no-pager", check=False).stdout)

    @classmethod
    def configure(cls, text):
        """Starts anew with this configuration. Stopped first, or the path unit's reload of the saved file would meet the restart."""
        cls.machine.run("systemctl stop porchlight")
        cls.machine.write(CONFIGURATION, text)
        cls.machine.run("systemctl start porchlight")
        cls.machine.wait_until("porchlight status --json", 60, "the daemon")

    # ---- what the machine shows

    def messages(self, **wanted):
        """What the receiver got; `wanted` are fields of the event."""
        path = self.machine.share / "messages"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [m for m in lines if all(m["event"].get(k) == v for k, v in wanted.items())]

    def rings(self, source="button_press"):
        return self.messages(type="ring", sequence=0, trigger_source=source)

    def wait_for(self, predicate, seconds, what):
        deadline = time.monotonic() + seconds
        while not (value := predicate()):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s for {what}")
            time.sleep(0.1)
        return value

    def button(self, *command, seconds=120):
        return json.loads(self.machine.out(f"python3 -B /tools/button.py {' '.join(map(str, command))}", seconds=seconds))

    def chip(self):
        return self.machine.out("cat /sys/kernel/config/gpio-sim/header/bank0/chip_name")

    def status(self):
        return json.loads(self.machine.out("porchlight status --json"))

    def button_state(self, button="front"):
        return next(b["state"] for b in self.status()["buttons"] if b["id"] == button)

    def wait_for_state(self, state, seconds=60):
        self.wait_for(lambda: self.button_state() == state, seconds, f"the button to be {state}")

    def ring(self, button="test"):
        """Rings by command; the acknowledged id."""
        return json.loads(self.machine.out(f"porchlight ring --button {button} --json"))["id"]

    def stored(self, **wanted):
        """The events in the database, as JSON."""
        return [e for e in json.loads(self.machine.out("python3 -B /tools/stored.py")) if all(e.get(k) == v for k, v in wanted.items())]

    def property(self, name):
        return self.machine.out(f"systemctl show porchlight -P {name}")

    def main_pid(self):
        return int(self.property("MainPID"))


def main():
    unittest.main(verbosity=2)
