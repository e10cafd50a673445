# SPDX-License-Identifier: Apache-2.0
"""The first checks of a runbook, run as a person would copy them, against programs on other addresses."""

import os
import pathlib
import re
import shlex
import subprocess

SECTION = re.compile(r"^## First checks\s*\n(.*?)(?=^## |\Z)", re.M | re.S)
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.M | re.S)
# Only where the service is installed: the journal, systemd.
ON_THE_DEVICE = re.compile(r"^\s*# on the device", re.M)


def checks(text):
    """The blocks of commands of `## First checks`, in their order, without those for the device only."""
    section = SECTION.search(text)
    if section is None:
        return []
    return [block for block in BLOCK.findall(section[1]) if not ON_THE_DEVICE.search(block)]


class Bench:
    """Where the commands find `porchlight` of this build with that configuration, and the servers: each is a variable."""

    def __init__(self, folder, program, **servers):
        self.folder = pathlib.Path(folder)
        self.program, self.servers = program, servers

    def environment(self, config):
        place = self.folder / f"bin-{abs(hash(str(config)))}"
        place.mkdir(exist_ok=True)
        stand_in = place / "porchlight"
        stand_in.write_text(f'#!/bin/sh\nexec {shlex.quote(str(self.program))} "$@" --config {shlex.quote(str(config))}\n')
        stand_in.chmod(0o755)
        return {"PATH": f"{place}:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.folder), "LANG": "C.UTF-8",
                "NO_COLOR": "1", **self.servers}

    def run(self, block, config):
        """(exit code, all it said) of one check."""
        done = subprocess.run(["/bin/bash", "-eu", "-o", "pipefail", "-c", block], capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.folder, env=self.environment(config), stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    def judge(self, text, config, shows):
        """What is wrong with a runbook's checks during its fault, in words; `shows`: what one of them must say."""
        blocks = checks(text)
        if not blocks:
            return ["it has no checks that can be run here"]
        faults, said = [], ""
        for block in blocks:
            code, words = self.run(block, config)
            said += words
            if code != 0:
                faults.append(f"exit {code} of:\n{block}{words[-500:]}")
        if not re.search(shows, said):
            faults.append(f"no check shows '{shows}':\n{said[-1500:]}")
        return faults
