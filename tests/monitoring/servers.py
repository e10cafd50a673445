# SPDX-License-Identifier: Apache-2.0
"""A Prometheus with a configuration of the caller's, and VictoriaMetrics: both answer PromQL on a free port of loopback."""

import json
import pathlib
import re
import shlex
import tempfile
import urllib.request

import shipped
import prometheus
from harness import free_port

VICTORIA = shipped.unpacked("victoria-metrics", "usr/bin/victoria-metrics")
DEFAULTS = shipped.FOLDER / "tiers" / "victoria-metrics.default"


class Configured(prometheus.Prometheus):
    """`config`: as prometheus.yml. `data`: where its storage is; else a folder of its own."""

    def __init__(self, config, *flags, data=None):  # pylint: disable=super-init-not-called
        self.owned = tempfile.TemporaryDirectory(prefix="porchlight-prometheus-")
        folder = pathlib.Path(self.owned.name)
        self.data = pathlib.Path(data) if data else folder / "data"
        file = folder / "prometheus.yml"
        file.write_text(json.dumps(config))  # JSON is YAML
        address = f"127.0.0.1:{free_port()}"
        prometheus.Server.__init__(self, "prometheus", folder, [
            prometheus.PROGRAM, f"--config.file={file}", f"--storage.tsdb.path={self.data}", f"--web.listen-address={address}", *flags], address, "/-/ready")

    def names(self):
        return set(self.ask("label/__name__/values"))


class Victoria(prometheus.Server):
    """With the shipped flags, but for the place and the port; what it has is seen after a second."""

    ask, query, number, names = Configured.ask, Configured.query, Configured.number, Configured.names

    def __init__(self, folder):
        address = f"127.0.0.1:{free_port()}"
        flags = shlex.split(re.search(r'^ARGS="(.*)"$', DEFAULTS.read_text(), re.M)[1])
        ours = {"-storageDataPath": str(pathlib.Path(folder) / "victoria"), "-httpListenAddr": address}
        given = dict(flag.split("=", 1) for flag in flags)
        if missing := set(ours) - set(given):
            raise AssertionError(f"{DEFAULTS.name} no longer names {missing}")
        super().__init__("victoria-metrics", folder, [VICTORIA, "-search.latencyOffset=1s", *(f"{k}={v}" for k, v in {**given, **ours}.items())], address, "/health")

    def flag(self, name):
        """What it says that a flag of it is."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=30) as answer:
            return re.search(rf'^flag{{name="{name}", ?value="([^"]*)"', answer.read().decode(), re.M)[1]
