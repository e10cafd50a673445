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
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE.parent / "demo")]

import harness  # noqa: E402
import mqtt_client  # noqa: E402
import test_gpio  # noqa: E402

PRESSES = 500

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
          + (f"   (bounds: p50 {p50} ms, p99 {p99} ms)" if p99 else ""), flush=True)
    for name_of, bound, q in (("p50", p50, .5), ("p99", p99, .99)):
        if bound:
            hold(f"{name}, {name_of}", quantile(values, q), bound)


def start(settings):
    """A daemon with one gpio button `front` on a faked chip, and that chip."""
    chips = test_gpio.Chips()
    button = {"id": "front", "kind": "gpio", "line": "GPIO17", "debounce": "20ms"}
    daemon = harness.Daemon({"buttons": [button], "faces": {"enabled": False}, **settings}, preload=str(test_gpio.FAKE),
                            environment={"GPIOFAKE": chips.path, "GPIOFAKE_PROGRAM": "porchlight"})
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


PARTS = {"mqtt": mqtt}


def main():
    if test_gpio.FAKE is None:
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
