#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Edge to receiver, channel by channel: `notify_bench.py [PART…]`, else every part.

Real edges on a faked chip (tests/gpio/gpiofake.c), stamped before they are sent; real servers; a Python
receiver, whose own time is inside the figures. A part is a function that returns nothing and reports by
`report` and `hold`; PARTS names them.
"""

import json
import pathlib
import random
import socket
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE.parent / "demo")]

import daemon_bench  # noqa: E402
import gpio_chips  # noqa: E402
import harness  # noqa: E402
import mqtt_client  # noqa: E402
import sink  # noqa: E402

PRESSES = 500
PICTURE = (1280, 720)
MOST_DELAY = 5  # ms, of a channel by others that are broken

missed = []


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


def hold(name, value, bound):
    if value > bound:
        missed.append(f"{name}: {value:.2f} > {bound}")


def report(name, values, p50=None, p99=None):
    """Milliseconds, with the bounds that are promised."""
    print(f"{name:44} p50 {quantile(values, .5):7.2f}   p99 {quantile(values, .99):7.2f}   max {max(values):7.2f} ms"
          + (f"   (bounds: {f'p50 {p50} ms, ' if p50 else ''}p99 {p99} ms)" if p99 else ""), flush=True)
    for name_of, bound, q in (("p50", p50, .5), ("p99", p99, .99)):
        if bound:
            hold(f"{name}, {name_of}", quantile(values, q), bound)


def start(settings, **of_button):
    """A daemon with one gpio button `front` on a faked chip, and that chip."""
    chips = gpio_chips.Chips()
    button = {"id": "front", "kind": "gpio", "line": "GPIO17", "debounce": "20ms", **of_button}
    daemon = harness.Daemon({"buttons": [button], "faces": {"enabled": False}, **settings}, preload=str(gpio_chips.FAKE),
                            environment=gpio_chips.fake_environment(chips))
    chips.do("await GPIO17")
    return daemon, chips


def presses(chips, count, arrived):
    """Presses `count` times; milliseconds from each edge to what `arrived(since)` gives as its instant."""
    randomness = random.Random(7)
    times = []
    for _ in range(count):
        time.sleep(randomness.uniform(0.05, 0.08))
        edge = time.monotonic_ns()
        chips.do(f"GPIO17=0 @{edge}")
        times.append((arrived() - edge / 1e9) * 1e3)
        time.sleep(0.03)
        chips.do("GPIO17=1")
    return times


def mqtt():
    broker = mqtt_client.Broker("allow_anonymous true", "set_tcp_nodelay true", logged="error")
    watcher = mqtt_client.MqttClient(broker.port).subscribe("porchlight/front/ring")
    daemon, chips = start({"mqtt": {"host": "127.0.0.1", "port": broker.port}})
    harness.wait_until(lambda: mqtt_client.retained(broker.port, "porchlight/available"), 20, "the house online")
    seen = set()

    def arrived():
        message = watcher.wait_for(lambda m: m.user["id"] not in seen, 10, "the ring")
        seen.add(message.user["id"])
        assert json.loads(message.payload)["trigger_source"] == "button_press"
        watcher.forget()
        return message.at

    report(f"edge → MQTT subscriber, {PRESSES} presses", presses(chips, PRESSES, arrived), 1, 10)
    daemon.stop()
    daemon.close()
    chips.close()
    watcher.close()
    broker.close()


def https():
    """A picture inside each message that is measured, and all of them over one connection."""
    with tempfile.TemporaryDirectory(prefix="porchlight-bench-") as folder:
        folder = pathlib.Path(folder)
        made = mqtt_client.make_certificates(folder)
        daemon_bench.door_clip(folder / "door.mp4", [], 6)
        hook = harness.Hook(certificate=(made / "server.pem", made / "server.key"))
        daemon, chips = start({
            "cameras": [{"id": "front", "url": f"file:{folder}/door.mp4"}],
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": hook.url, "ca_file": f"{made}/authority.pem"}],
                              "rules": [{"when": "ring", "to": ["hook"], "attach": "snapshot"}]}}, camera="front")
        harness.wait_until(lambda: daemon.metric("camera_connection_status", camera_id="front") == 1
                           and daemon.get("/health/ready")[0] == 200, 20, "the camera")
        seen, pictures, sizes = set(), [], []

        def arrived():
            message = hook.wait_for(lambda m: m.picture and m.event["id"] not in seen, 10, "the picture")
            assert harness.size_of_jpeg(message.picture) == PICTURE, "no whole JPEG of the camera's size"
            seen.add(message.event["id"])
            pictures.append(hash(message.picture))
            sizes.append(len(message.picture) / 1000)
            hook.messages.clear()  # a picture is the last of its ring
            return message.at

        times = presses(chips, PRESSES, arrived)
        # No two frames of the clip are the same, and from press to press three go by.
        assert sum(a != b for a, b in zip(pictures, pictures[1:])) > PRESSES * .9, "the same picture again and again"
        print(f"pictures of {min(sizes):.0f} to {max(sizes):.0f} kB, {hook.connections} connection(s)")
        hold("connections of a channel that is kept alive", hook.connections, 1)
        report(f"edge → HTTPS, 720p JPEG inside, {PRESSES} presses", times, p99=30)
        daemon.stop()
        daemon.close()
        chips.close()
        hook.close()


def ring_times(**broken):
    """Milliseconds from edge to a whole receiver, each; `broken` are the other channels of the rule: {id: url}."""
    hook = harness.Hook()
    channels = {**broken, "hook": hook.url}
    daemon, chips = start({"notifications": {
        "channels": [{"id": name, "type": "webhook", "url": url} for name, url in channels.items()],
        "rules": [{"when": "ring", "to": list(channels)}]}})

    def arrived():
        message = hook.wait_for(lambda m: m.event["sequence"] == 0, 10, "the ring")
        hook.messages.clear()
        return message.at

    times = presses(chips, PRESSES, arrived)
    daemon.stop()
    daemon.close()
    chips.close()
    hook.close()
    return times


def beside():
    """What one that nobody listens for, one that hangs and one that refuses cost the channel beside them."""
    hanging, refusing = sink.Sink("hang"), sink.Sink("refuse")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    alone = ring_times()
    disturbed = ring_times(nobody=nobody, hanging=hanging.url, refusing=refusing.url)
    assert hanging.arrivals and len(refusing.arrivals) >= 5, "the broken channels were not tried"
    report(f"edge → HTTP, alone, {PRESSES} presses", alone)
    report("edge → HTTP, beside three broken channels", disturbed)
    for name, q in (("p50", .5), ("p99", .99)):
        delay = quantile(disturbed, q) - quantile(alone, q)
        print(f"delayed by the broken ones, {name}: {delay:.2f} ms   (bound: {MOST_DELAY} ms)")
        hold(f"delayed by broken channels, {name}", delay, MOST_DELAY)
    for one in (hanging, refusing):
        one.close()


PARTS = {"mqtt": mqtt, "https": https, "beside": beside}


def main():
    if gpio_chips.FAKE is None:
        sys.exit("notify_bench: the fake GPIO chips were not built")
    wanted = sys.argv[1:] or list(PARTS)
    for name in wanted:
        if name not in PARTS:
            sys.exit(f"notify_bench: no part '{name}' ({', '.join(PARTS)})")
        PARTS[name]()
    for line in missed:
        print("missed: " + line)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
