#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Live pictures: how old they are on the glass, how soon the first is there, what they cost.

The real daemon before a real camera over RTSP (tests/rtsp_server) whose pictures carry the time at which they were drawn.
Chromium shows them in the product's own page, and the time is read back out of what it shows (live_bench.mjs). Who only
costs is a client of a few lines that reads and forgets (live_crowd.py).

LIVE_PARTS: of glass, ring, cost, crowd, churn (all of them). LIVE_SECONDS: how long each is watched (20).
LIVE_JOINS: joins and leaves after the warm-up (2000). LIVE_JSON: a file for the figures.
"""

import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

import browser  # noqa: E402
import footage_truth  # noqa: E402
import gpio_chips  # noqa: E402
import harness  # noqa: E402
from accounts_client import Client, first_run_code  # noqa: E402
from live_crowd import Crowd, join_and_leave  # noqa: E402
from process_cost import Cost  # noqa: E402

PARTS = os.environ.get("LIVE_PARTS", "glass,ring,cost,crowd,churn").split(",")
SECONDS = int(os.environ.get("LIVE_SECONDS", "20"))
JOINS = int(os.environ.get("LIVE_JOINS", "2000"))
WARM_UP = 500  # joins
RINGS = 20
LOOKS = 6
PASSWORD = "a long phrase of theirs"
MODULES = pathlib.Path(os.environ.get("NODE_PATH", harness.SOURCE / "node_modules"))
# A doorbell's: 25 pictures a second, a keyframe every two seconds, 2 Mbit/s (snow needs all the bits there are).
CAMERA = ("--fps", "25", "--gop", "50", "--bitrate", "2000", "--pattern", "snow")
missed, figures = [], {}


def say(what, value, unit="", bound=None):
    figures[what] = round(value, 3)
    print(f"  {what:66} {value:9.2f} {unit}" + (f"   (bound {bound} {unit})" if bound is not None else ""), flush=True)
    if bound is not None and value > bound:
        missed.append(f"{what}: {value:.2f} {unit} > {bound} {unit}")


def skip(why):
    figures.setdefault("skipped", []).append(why)
    print(f"  SKIPPED: {why}", flush=True)


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Page:
    """The product's page in Chromium, by the orders of live_bench.mjs."""

    def __init__(self, daemon):
        settings = {"url": f"https://localhost:{daemon.port}/", "name": "anna", "password": PASSWORD, "chromium": browser.CHROMIUM,
                    "flags": browser.flags()}
        environment = {**os.environ, "PAGE_SETTINGS": json.dumps(settings), "PORCHLIGHT_NODE_MODULES": str(MODULES)}
        self.node = subprocess.Popen([shutil.which("node") or "nodejs", HERE / "live_bench.mjs"], env=environment, text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=harness.end_with_us)

    def order(self, line):
        self.node.stdin.write(line + "\n")
        self.node.stdin.flush()

    def heard(self):
        line = self.node.stdout.readline()
        if not line:
            sys.exit("live_bench: the browser's part ended; what it said stands above")
        return json.loads(line)

    def do(self, line):
        self.order(line)
        return self.heard()

    def close(self):
        self.node.stdin.close()
        self.node.wait(60)


class House:
    """A daemon before one camera, and an account."""

    def __init__(self, folder, **more):
        self.camera = footage_truth.NumberedCamera(folder, "front", *CAMERA)
        self.chips = gpio_chips.Chips()
        self.daemon = harness.Daemon({
            "cameras": [{"id": "front", "url": self.camera.url, "motion": False, "audio": False}],
            "buttons": [{"id": "front", "kind": "gpio", "line": "GPIO17", "debounce": "20ms", "camera": "front"}],
            "faces": {"enabled": False}, **more}, preload=str(gpio_chips.FAKE), environment=gpio_chips.fake_environment(self.chips))
        self.chips.do("await GPIO17")
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.anna = Client(self.daemon)
        if self.anna.register(code, "anna", PASSWORD)[0] != 201 or self.anna.login("anna", PASSWORD) != 200:
            sys.exit("live_bench: no account could be made")
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 60, "the camera")
        self.pid = self.daemon.process.pid
        self.accounts = [self.anna]

    def invite(self, name):
        made = self.anna.ask("POST", "/api/v1/users", {"name": name, "role": "viewer", "cameras": ["front"]})[2]
        client = Client(self.daemon)
        if client.register(made["invitation"], name, PASSWORD)[0] != 201 or client.login(name, PASSWORD) != 200:
            sys.exit(f"live_bench: no account for {name}")
        self.accounts.append(client)

    def dropped(self, queue):
        return self.daemon.metric("pipeline_queue_dropped_total", queue_name=queue) or 0

    def latency(self):
        """(sum, count) of what the daemon measured of its viewers."""
        return [self.daemon.metric(f"stream_latency_seconds_{part}", protocol="mse") or 0 for part in ("sum", "count")]

    def close(self):
        self.daemon.close()
        self.chips.close()
        self.camera.close()


@contextlib.contextmanager
def page_of(house):
    page = Page(house.daemon)
    try:
        yield page
    finally:
        page.close()


def lateness(told, what):
    """Of pictures read in a browser, in ms; each picture once."""
    late = list({number: glass for number, glass, _ in told["seen"]}.values())
    if len(late) < 10 * SECONDS or told["unread"] > len(told["seen"]) / 20:
        sys.exit(f"live_bench: {what}: {len(late)} pictures read and {told['unread']} not: nothing was measured")
    return late


def glass(house):
    print(f"-- a page that watches 640x360, 25 frames/s, 2 Mbit/s, a keyframe every 2 s, {SECONDS} s", flush=True)
    with page_of(house) as page:
        late, cameras, off = [], [], []
        for _ in range(LOOKS):  # how late it is is settled by where in the camera's group somebody comes
            page.do("join 1")
            page.do("watch 6")  # until the viewer has said how late it is
            total, count = house.latency()
            told = page.do(f"watch {SECONDS}")
            seen = lateness(told, "glass to glass")
            arrived = [since for _, _, since in told["seen"] if since is not None]
            if len(arrived) < len(told["seen"]) / 2:
                sys.exit("live_bench: when the pictures arrived is not known")
            total_after, count_after = house.latency()
            if count_after == count:
                sys.exit("live_bench: the daemon measured no latency")
            own = 1000 * (total_after - total) / (count_after - count)
            behind = statistics.fmean(arrived)
            print(f"    a join: glass to glass {statistics.fmean(seen):6.1f} ms, arrival to glass {behind:6.1f} ms; the daemon says {own:6.1f} ms", flush=True)
            late += seen
            cameras.append(statistics.fmean(seen) - behind)
            off.append(abs(own - behind))
        say(f"glass to glass, {LOOKS} joins, p50", quantile(late, .5), "ms", 250)
        say(f"glass to glass, {LOOKS} joins, p95", quantile(late, .95), "ms")
        say("of that the camera's own: drawn → arrived, mean", statistics.fmean(cameras), "ms")
        say("stream_latency off what passes from arrival to glass, at most", max(off), "ms", 50)
        firsts = page.do("join 30")["times"]
        say("first picture behind the page's asking, 30 joins, p50", quantile(firsts, .5), "ms")
        say("first picture behind the page's asking, 30 joins, p95", quantile(firsts, .95), "ms", 250)
        opened = page.do("open 10")["times"]
        say("page opened → first moving picture, 10 times, p50", quantile(opened, .5), "ms")
        say("page opened → first moving picture, 10 times, p95", quantile(opened, .95), "ms", 1000)
        hls(house, page)


def hls(house, page):
    if house.anna.exchange("GET", "/hls/front/index.m3u8")[0] == 404:
        return skip("LL-HLS: the daemon has no /hls/front/index.m3u8")
    told = page.do(f"hls {SECONDS}")
    if "absent" in told:
        return skip(f"LL-HLS: {told['absent']}")
    late = lateness(told, "LL-HLS")
    say("LL-HLS, glass to glass, p50", quantile(late, .5), "ms", 1200)
    return say("LL-HLS, glass to glass, p95", quantile(late, .95), "ms")


def ring(house):
    print(f"-- {RINGS} rings at an open page: from the edge to the dialog's frame", flush=True)
    times = []
    with page_of(house) as page:
        for _ in range(RINGS):
            page.order("ring")
            page.heard()  # it waits
            edge = time.time()
            house.chips.do(f"GPIO17=0 @{time.monotonic_ns()}")
            times.append(1000 * (page.heard()["at"] / 1000 - edge))
            house.chips.do("GPIO17=1")
            time.sleep(0.2)  # longer than the button bounces
    say("edge → ring shown, p50", quantile(times, .5), "ms")
    say("edge → ring shown, p95", quantile(times, .95), "ms", 200)


def watched(house, viewers, seconds=SECONDS):
    """What the process costs while so many watch: (share of a core of the live lane, of all)."""
    with Crowd(house.accounts, viewers) as crowd:
        crowd.wait_for_pictures()
        begun = crowd.bytes
        cost = Cost([house.pid])
        crowd.watch(seconds)
        cost.end()
        rate = (crowd.bytes - begun) * 8 / cost.passed / max(1, viewers) / 1e6
        if crowd.closed:
            sys.exit(f"live_bench: {len(crowd.closed)} of {viewers} viewers were closed: {crowd.closed[:3]}")
    # The lane looks once a second who has left; till then they have their seats.
    harness.wait_until(lambda: not house.daemon.metric("stream_viewers_count", camera_id="front"), 30, "that all have left")
    return 100 * cost.kinds.get("live", 0) / cost.passed, 100 * cost.cpu / cost.passed, rate


def cost(house):
    print(f"-- one viewer against none, {SECONDS} s each", flush=True)
    lane_idle, _, _ = watched(house, 0)
    lane, _, rate = watched(house, 1)
    say("the viewer's rate", rate, "Mbit/s")
    say("live lane, nobody watches", lane_idle, "% of a core")
    say("muxing: live lane, one viewer more than none", lane - lane_idle, "% of a core", 1.0)


def crowd(house):
    print(f"-- 1, 10, 25 and 50 viewers of 2 Mbit/s, {SECONDS} s each", flush=True)
    for name in ("bert", "carl", "dora"):
        house.invite(name)
    recorded, withheld = house.dropped("recording"), house.dropped("viewer")
    counts, lanes, alls = (1, 10, 25, 50), [], []
    for count in counts:
        lane, everything, rate = watched(house, count)
        lanes.append(lane)
        alls.append(everything)
        say(f"whole process, {count} viewers of {rate:.2f} Mbit/s", everything, "% of a core")
    say("a viewer more costs, live lane alone", statistics.linear_regression(counts, lanes).slope, "% of a core")
    say("a viewer more costs, TLS and sockets too", statistics.linear_regression(counts, alls).slope, "% of a core", 0.3)
    say("packets that the recorder lost", house.dropped("recording") - recorded, "", 0)
    say("pictures withheld from viewers", house.dropped("viewer") - withheld)


def resident_kb(pid):
    return next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))


def churn(house):
    print(f"-- {JOINS} joins and leaves after {WARM_UP}", flush=True)
    begun = time.monotonic()
    join_and_leave(house.anna, WARM_UP)
    done, points = 0, [(0, resident_kb(house.pid))]
    while done < JOINS:
        join_and_leave(house.anna, 100)
        done += 100
        points.append((done, resident_kb(house.pid)))
    slope = statistics.linear_regression(*zip(*points)).slope
    say("joins a minute", 60 * (JOINS + WARM_UP) / (time.monotonic() - begun))
    say("memory after the warm-up", points[0][1] / 1000, "MB")
    say("memory at the end", points[-1][1] / 1000, "MB")
    say("memory, slope per 1,000 joins and leaves", slope, "MB", 1.0)


def main():
    needed = footage_truth.missing() or browser.missing() or ("" if gpio_chips.FAKE else "the fake GPIO chips were not built") or (
        "" if (MODULES / "playwright-core").is_dir() else "no playwright-core in node_modules: ./dev setup fetches it")
    if needed:
        sys.exit(f"live_bench: {needed}")
    figures["load"] = os.getloadavg()[0]
    print(f"load of the machine {figures['load']:.1f} on {os.cpu_count()} processors", flush=True)
    for part in PARTS:
        with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder, contextlib.closing(House(folder)) as house:
            {"glass": glass, "ring": ring, "cost": cost, "crowd": crowd, "churn": churn}[part](house)
    print(json.dumps({"figures": figures, "missed": missed}), flush=True)
    if os.environ.get("LIVE_JSON"):
        pathlib.Path(os.environ["LIVE_JSON"]).write_text(json.dumps({"figures": figures, "missed": missed}, indent=1) + "\n")
    for line in missed:
        print("missed: " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
