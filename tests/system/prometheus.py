# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus, node_exporter and promtool as child processes, on free ports of loopback."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import harness
from harness import free_port

PROGRAM = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
NODE_EXPORTER = shutil.which("prometheus-node-exporter")
RULES = harness.SOURCE / "config" / "monitoring"


def missing():
    """Why there is no Prometheus here; empty when there is all of it."""
    absent = [name for name, path in (("prometheus", PROGRAM), ("promtool", PROMTOOL),
                                      ("prometheus-node-exporter", NODE_EXPORTER)) if path is None]
    return f"{', '.join(absent)} (Debian) not installed: nothing was scraped and no query asked" if absent else ""


def promtool(*arguments, text=None, folder=None):
    """What it did: returncode, stdout, stderr."""
    return subprocess.run([PROMTOOL, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=300, cwd=folder,
                          check=False)


class Server:
    """A program that answers GET `ready` with 200 once it serves. It ends with the test's process."""

    def __init__(self, name, folder, command, address, ready):
        self.name, self.folder, self.command, self.address, self.ready_path = name, pathlib.Path(folder), command, address, ready
        self.log = self.folder / f"{name}.log"
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                                            preexec_fn=harness.end_with_us)
        harness.wait_until(self.ready, 120, self.name)

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
        try:
            return urllib.request.urlopen(f"http://{self.address}{self.ready_path}", timeout=5).status == 200
        except OSError:
            return False

    def stop(self):
        """A clean end: what it keeps is on the disk afterwards."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    close = stop


def node_exporter(folder):
    address = f"127.0.0.1:{free_port()}"
    return Server("node_exporter", folder, [NODE_EXPORTER, f"--web.listen-address={address}"], address, "/metrics")


class Refused(Exception):
    """A query that Prometheus does not take. `kind`: bad_data when it does not parse."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Prometheus(Server):
    """`targets`: {job: "host:port"}. Scrapes and evaluates every 2 s, or `interval`; keeps exemplars, and samples for 32 days."""

    def __init__(self, targets, *flags, interval="2s"):
        self.owned = tempfile.TemporaryDirectory(prefix="porchlight-prometheus-")
        folder = pathlib.Path(self.owned.name)
        self.data = folder / "data"
        self.targets = targets
        config = folder / "prometheus.yml"
        config.write_text(json.dumps({  # JSON is YAML
            "global": {"scrape_interval": interval, "evaluation_interval": interval, "external_labels": {"public_url": "https://door.example.org"}},
            "rule_files": [str(RULES / "rules" / "*.yml")],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [address], "labels": self.labels(job)}]}
                               for job, address in targets.items()]}))
        address = f"127.0.0.1:{free_port()}"
        super().__init__("prometheus", folder, [
            PROGRAM, f"--config.file={config}", f"--storage.tsdb.path={self.data}", "--storage.tsdb.retention.time=32d",
            "--enable-feature=exemplar-storage", f"--web.listen-address={address}", *flags], address, "/-/ready")

    @staticmethod
    def labels(job):
        return {"node": "d1", "track": "production"} if job == "doorbell" else {"node": "d1"}

    def target_labels(self, job):
        """What each sample of the job's target has beside its own labels."""
        return {"job": job, "instance": self.targets[job], **self.labels(job)}

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{query}", timeout=120) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            told = json.load(error)
            raise Refused(told["errorType"], told["error"]) from error

    def query(self, expression):
        """[(labels, value)] at this moment."""
        data = self.ask("query", query=expression)
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(series["metric"], float(series["value"][1])) for series in data["result"]]

    def exemplars(self, family, since):
        """The trace ids that it keeps with samples of that family, from a time in seconds of the epoch on."""
        found = self.ask("query_exemplars", query=family, start=since, end=time.time())
        return {one["labels"].get("trace_id", "") for series in found for one in series["exemplars"]}

    def number(self, expression):
        """The one value of an expression; None when it has none."""
        found = self.query(expression)
        if len(found) > 1:
            raise AssertionError(f"{expression} has {len(found)} series")
        return found[0][1] if found else None

    def firing(self, since="1h"):
        """The names of all alerts that fired at some time since then."""
        return {labels["alertname"] for labels, _ in self.query(f'count_over_time(ALERTS{{alertstate="firing"}}[{since}])')}

    def backfill(self, text):
        """Lays the samples of an OpenMetrics text beside what was scraped; it restarts for that."""
        self.stop()
        file = self.folder / "backfill.txt"
        file.write_text(text)
        done = promtool("tsdb", "create-blocks-from", "openmetrics", file, self.data)
        if done.returncode != 0:
            raise AssertionError(f"promtool tsdb create-blocks-from: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        self.start()

    def close(self):
        super().close()
        self.owned.cleanup()
