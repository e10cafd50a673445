# SPDX-License-Identifier: Apache-2.0
"""Debian's rsyslog with the shipped rsyslog-elasticsearch.conf, from a folder of log files to a port of a test's own."""

import os
import pathlib
import subprocess

import shipped
import harness
import rsyslog

CONFIGURATION = shipped.FOLDER / "logs" / "rsyslog-elasticsearch.conf"


def missing():
    """Why nothing can be sent here; empty when it can."""
    module = list((rsyslog.TREE / "usr" / "lib").glob("*/rsyslog/omelasticsearch.so"))
    return "" if rsyslog.PROGRAM.exists() and module else f"{rsyslog.TREE} has no omelasticsearch (./dev setup fetches it): nothing was sent"


class Sender:
    """`folder` has logs/; what the shipped file writes to /var/log comes into the folder itself."""

    def __init__(self, folder, port):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "rsyslog.conf"
        text = CONFIGURATION.read_text()
        # The pauses are shorter: the test waits for them.
        for place, instead in (("/var/log/porchlight/*.log", f"{self.folder}/logs/*.log"), ("/var/log/porchlight-", f"{self.folder}/porchlight-"),
                               ('serverport="9200"', f'serverport="{port}"'), ('action.resumeInterval="5"', 'action.resumeInterval="1"'),
                               ('action.resumeIntervalMax="60"', 'action.resumeIntervalMax="2"')):
            if place not in text:
                raise AssertionError(f"{CONFIGURATION.name} no longer has {place}")
            text = text.replace(place, instead)
        self.config.write_text(f'global(workDirectory="{self.folder}")\n' + text)
        self.log = self.folder / "rsyslog.log"
        self.process = None
        self.start()

    def start(self):
        libraries, = (rsyslog.TREE / "usr" / "lib").glob("*/rsyslog")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [rsyslog.PROGRAM, "-n", "-f", self.config, "-i", self.folder / "rsyslog.pid", "-M", libraries], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, env={**os.environ, "LD_LIBRARY_PATH": str(libraries.parent)}, preexec_fn=harness.end_with_us)

    def check(self):
        if self.process.poll() is not None:
            raise AssertionError(f"rsyslogd ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def forget(self):
        """As rsyslog-elasticsearch.conf says it: the files are read anew after this."""
        for file in [self.unsent(), *self.folder.glob("imfile-state*")]:
            file.unlink(missing_ok=True)

    def unsent(self):
        return self.folder / "porchlight-unsent.json"

    def text_of(self, kind):
        """What came into /var/log/porchlight-KIND."""
        file = self.folder / f"porchlight-{kind}"
        return file.read_text() if file.exists() else ""
