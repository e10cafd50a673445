# SPDX-License-Identifier: Apache-2.0
"""What a Prometheus keeps of a house, in the bytes of its files and in all that its interface says of labels."""

import json
import shutil
import struct
import time
import urllib.request

import harness
import prometheus

# Snappy would hide in the log what is in it.
FLAGS = ("--web.enable-admin-api", "--no-storage.tsdb.wal-compression")
MISSING = "prometheus (Debian) is not installed: its files were not searched" if shutil.which("prometheus") is None else ""


PAGE, HEAD = 32768, struct.Struct(">BHI")  # a fragment's kind, size and checksum


def records(segment):
    """The records of a segment of its log, whole: there they are cut at each page's end."""
    found, at = [], 0
    while at < len(segment):
        left = PAGE - at % PAGE
        if left < HEAD.size or segment[at] == 0:  # the rest of the page is empty
            at += left
            continue
        kind, size, _ = HEAD.unpack_from(segment, at)
        if kind > 4:
            raise ValueError(f"a fragment of kind {kind}: it is compressed")
        found.append(segment[at + HEAD.size:at + HEAD.size + size])
        at += HEAD.size + size
    return b"".join(found)


class Keeper(prometheus.Prometheus):
    """Scrapes the numbers' own address (`metrics.listen`)."""

    def __init__(self, address):
        super().__init__({"doorbell": address}, *FLAGS)
        self.begun = time.time()

    def scrape_once_more(self):
        """Until it has a scrape that began from now on."""
        now = time.time()
        harness.wait_until(lambda: (self.number('max(timestamp(up{job="doorbell"}))') or 0) > now, 120, "another scrape")

    def places(self):
        """{place: bytes}; it ends for that."""
        found = {"Prometheus' labels": json.dumps({name: self.ask(f"label/{name}/values") for name in self.ask("labels")}).encode()}
        for what, path, parameters in (("metadata", "metadata", {}), ("targets", "targets", {}),
                                       ("exemplars", "query_exemplars", {"query": '{__name__=~".+_bucket"}', "start": self.begun, "end": time.time()})):
            found[f"Prometheus' {what}"] = json.dumps(self.ask(path, **parameters), ensure_ascii=False).encode()
        # All that it has goes into a block, whose index has the labels in clear.
        with urllib.request.urlopen(urllib.request.Request(f"http://{self.address}/api/v1/admin/tsdb/snapshot", method="POST"), timeout=120) as answer:
            block = json.load(answer)["data"]["name"]
        self.stop()
        found["Prometheus' block"] = b"\n".join(path.read_bytes() for path in sorted((self.data / "snapshots" / block).rglob("*")) if path.is_file())
        found["Prometheus' log"] = b"\n".join(records(path.read_bytes()) for path in sorted((self.data / "wal").iterdir()) if path.is_file())
        found["Prometheus' messages"] = self.log.read_bytes()
        return found
