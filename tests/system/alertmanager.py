# SPDX-License-Identifier: Apache-2.0
"""Debian's Alertmanager as a child process, on free ports of loopback."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

import harness
from harness import free_port

PROGRAM = shutil.which("prometheus-alertmanager")
AMTOOL = shutil.which("amtool")
MISSING = "prometheus-alertmanager (Debian) is not installed: its webhook is not tried"


class Alertmanager:
    """`configuration`: the text of its file, or what stands in it."""

    def __init__(self, configuration):
        self.folder = tempfile.TemporaryDirectory(prefix="porchlight-alertmanager-")
        folder = pathlib.Path(self.folder.name)
        self.config = folder / "alertmanager.yml"
        self.config.write_text(configuration if isinstance(configuration, str) else json.dumps(configuration))  # JSON is YAML
        self.log = folder / "log"
        self.address = f"127.0.0.1:{free_port()}"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, f"--config.file={self.config}", f"--storage.path={folder}/data", "--cluster.listen-address=",
                 f"--web.listen-address={self.address}", "--log.level=debug"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder, preexec_fn=harness.end_with_us)
        harness.wait_until(self.ready, 30, "Alertmanager")

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Alertmanager ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
        try:
            return urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def post(self, alerts):
        """As Prometheus does, by API v2."""
        request = urllib.request.Request(f"http://{self.address}/api/v2/alerts", json.dumps(alerts).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def tool(self, *arguments):
        """What amtool says."""
        done = subprocess.run([AMTOOL, f"--alertmanager.url=http://{self.address}", *arguments], capture_output=True, text=True, timeout=60,
                              env={"HOME": self.folder.name, "PATH": "/usr/bin:/bin"})
        if done.returncode != 0:
            raise AssertionError(f"amtool {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def alerts(self):
        """What it holds, each with its `status`: active or suppressed, and by what."""
        with urllib.request.urlopen(f"http://{self.address}/api/v2/alerts", timeout=10) as answer:
            return json.loads(answer.read())

    def failed_requests(self, integration="webhook"):
        """How often one was tried in vain."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith("alertmanager_notification_requests_failed_total{") and f'integration="{integration}"' in line)

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.folder.cleanup()
