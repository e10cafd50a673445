# SPDX-License-Identifier: Apache-2.0
"""Builds what the tests start from, if it is not there: image, pool of packages, and a disk on which the package is installed."""

import json
import os
import shutil
import subprocess
import sys

import machine
import rig

LOG = rig.SOURCE / "build/log/vm.log"


def built(target, *command):
    """Runs a script that makes the folder `target`; half of it never has the name."""
    with rig.locked(target.with_suffix(".lock")):
        if target.exists():
            return
        part = target.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with open(LOG, "w") as log:
            done = subprocess.run([*command, part], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if done.returncode != 0:
            sys.exit(f"{command[0].name} ended with {done.returncode}:\n{LOG.read_text()[-3000:]}")
        part.rename(target)


def choose_accelerator():
    """Tried once a run: a /dev/kvm may be there and not run an ordinary kernel."""
    rig.STATE.mkdir(parents=True, exist_ok=True)
    machine.CHOICE.write_text(os.environ.get("PORCHLIGHT_RIG_ACCEL") or ("kvm" if machine.kvm_boots(rig.image()) else "tcg"))


def install():
    """The machine that most tests start from. That a virgin machine can be brought here is a test of its own."""
    disk = rig.installed_disk()
    if disk.exists():
        return
    for old in rig.STATE.glob("installed-*"):
        old.unlink()
    part = rig.over(rig.pool() / "ready.img", disk.with_suffix(".part.qcow2"))
    guest = machine.Machine(rig.image(), part, rig.pool() / "debs")
    try:
        guest.start()
        shutil.copy(rig.package(), guest.share)
        guest.run("apt-get -q update && apt-get -q -y install /rig/porchlight_*.deb", seconds=900)
        guest.write(rig.CONFIGURATION, rig.configuration())
        guest.wait_until("porchlight status --json", 60, "the daemon")
        guest.stop()
    finally:
        guest.close()
    part.rename(disk)


def main():
    cause = rig.cause_to_skip()
    if cause:
        print(f"skipped {json.dumps(cause)}")
        return
    rig.STATE.mkdir(parents=True, exist_ok=True)
    rig.TIMINGS.unlink(missing_ok=True)
    for target, script in ((rig.image(), "image.sh"), (rig.pool(), "pool.sh")):
        arguments = [rig.suite()] if script == "image.sh" else [rig.image(), rig.package()]
        with rig.timed(f"{script} ({'cached' if target.exists() else 'built'})"):
            built(target, rig.HERE / script, *arguments)
    choose_accelerator()
    with rig.timed(f"installed disk ({'cached' if rig.installed_disk().exists() else 'made'})"):
        install()


main()
