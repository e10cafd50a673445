# SPDX-License-Identifier: Apache-2.0
"""Debian's rsyslog, unpacked and not installed, over files of a test's own with the shipped configuration."""

import os
import pathlib
import subprocess

import harness

TREE = harness.SOURCE / "build" / "rsyslog" / "tree"
PROGRAM = TREE / "usr" / "sbin" / "rsyslogd"
CONFIGURATION = harness.SOURCE / "config" / "monitoring" / "logs" / "rsyslog.conf"
MISSING = f"{PROGRAM} is not there (./dev setup fetches it): no line was read by mmjsonparse"


class Rsyslog:
    """Reads `file`; what it makes of each line comes into `records`."""

    def __init__(self, folder, file):
        self.folder = pathlib.Path(folder)
        self.out = self.folder / "records.tsv"
        shipped = CONFIGURATION.read_text()
        for path, ours in (("/var/log/porchlight-records.tsv", self.out), ("/var/log/porchlight/*.log", file)):
            if path not in shipped:
                raise AssertionError(f"{CONFIGURATION} no longer names {path}")
            shipped = shipped.replace(path, str(ours))
        config = self.folder / "rsyslog.conf"
        config.write_text(f'global(workDirectory="{self.folder}")\n' + shipped)
        libraries, = (TREE / "usr" / "lib").glob("*/rsyslog")
        self.log = self.folder / "rsyslog.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-n", "-f", config, "-i", self.folder / "rsyslog.pid", "-M", libraries], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, "LD_LIBRARY_PATH": str(libraries.parent)}, preexec_fn=harness.end_with_us)

    def records(self):
        """[(OK or FAIL, time, level, logger, message)] so far."""
        text = self.out.read_text(errors="replace") if self.out.exists() else ""
        return [tuple(line.split("\t", 4)) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def wait_for(self, count, seconds=120):
        def there():
            if self.process.poll() is not None:
                raise AssertionError(f"rsyslogd ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
            return len(self.records()) >= count and self.records()
        return harness.wait_until(there, seconds, lambda: f"{count} records of rsyslog, of which there are {len(self.records())}")

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
