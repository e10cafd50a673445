# SPDX-License-Identifier: Apache-2.0
"""When a fault was there, seen, told and over, and whether that is soon enough.

Counted are seconds of one clock: the moment at which the daemon's own /metrics shows the fault, or that it is mended; the time
of Prometheus' evaluation, which it writes beside the sample of ALERTS; and the arrival of a message at who is told.
"""

import os
import re
import statistics
import threading
import time

import harness

from fault_programs import ROUTE, seconds_of

DELIVERY = 10     # beyond the route's group_wait
SHOWING = 30      # a fault that the daemon itself shows later than this is another test's


def wait(predicate, seconds, what, pause=0.5):
    """As harness.wait_until, for what is asked over the network for minutes."""
    def asked():
        value = predicate()
        if not value:
            time.sleep(pause)
        return value
    return harness.wait_until(asked, seconds, what)


class Fault:
    """One broken thing and its alert. `house`: in which; `runbook`: what one of its first checks must show."""

    def __init__(self, stack, house, name, component, runbook):
        self.stack, self.house, self.name, self.component, self.runbook = stack, house, name, component, runbook
        self.expression, self.hold, self.interval, self.severity = stack.prometheus.rule(name, component)
        self.window = max([seconds_of(span) for span in re.findall(r"\[(\w+)[\]:]", self.expression)], default=0)
        self.selector = f'ALERTS{{alertname="{name}",component="{component}",node="{house.node}",alertstate="firing"}}'
        self.ways = stack.manager.ways(alertname=name, severity=self.severity, component=component, node=house.node)
        self.broken = self.shown = self.firing = self.mended = self.well = self.gone = None
        self.delivered, self.resolved = {}, {}

    def break_it(self, action, shows):
        """Does what breaks it and waits until the daemon's own numbers show that."""
        if self.is_firing():
            raise AssertionError(f"{self.name} fires before anything is broken")
        self.broken = time.time()
        action()
        wait(shows, 60, f"the daemon to show what {self.name} is about", 0.1)
        self.shown = time.time()

    def mend_it(self, action, shows=lambda: True):
        self.mended = time.time()
        action()
        wait(shows, 90, f"the daemon to show that {self.name} is mended", 0.1)
        self.well = time.time()

    def is_firing(self):
        return bool(self.stack.prometheus.query(self.selector))

    def wait_until_told(self):
        """Until it fires and everybody has heard of it."""
        samples = wait(lambda: self.stack.prometheus.samples(self.selector, self.broken), self.hold + 4 * self.interval + 60,
                       f"{self.name} to fire")
        self.firing = min(at for _, times in samples for at in times)
        for way in self.ways:
            self.delivered[way] = self.first(way, "firing", self.firing)

    def wait_until_over(self):
        """Until it fires no more and everybody who is told of an end has heard of it."""
        harness.wait_until(lambda: not self.is_firing(), self.window + 4 * self.interval + 60, f"{self.name} to end")
        last = max(at for _, times in self.stack.prometheus.samples(self.selector, self.broken) for at in times)
        self.gone = last + self.interval
        for way, told in self.ways.items():
            if told:
                self.resolved[way] = self.first(way, "resolved", self.gone)

    def first(self, way, status, since):
        def arrived():
            return [at for at in self.stack.listeners.arrivals(way, self.name, status) if at >= since]
        try:
            return min(wait(arrived, 60, f"{self.name} {status} by {way}"))
        except AssertionError as fault:
            came = [round(at - since, 1) for at in self.stack.listeners.arrivals(way, self.name, status)]
            raise AssertionError(f"{fault} after its evaluation; it came {came} s after that") from None

    def limits(self):
        """[(what, seconds it took, seconds it may take)]"""
        found = [("shown", self.shown - self.broken, SHOWING),
                 ("firing", self.firing - self.shown, self.hold + 2 * self.interval)]
        found += [(f"told by {way}", at - self.firing, ROUTE["group_wait"] + DELIVERY) for way, at in self.delivered.items()]
        if self.gone:
            over = self.window + 2 * self.interval + ROUTE["group_interval"]
            found += [(f"its end told by {way}", at - self.well, over) for way, at in self.resolved.items()]
        return found

    def late(self):
        return [f"{self.name}: {what} after {took:.1f} s instead of {most:.0f} s" for what, took, most in self.limits() if took > most]

    def row(self):
        """Of the table: severity, alert, shown, firing, told, over."""
        told = "; ".join(f"{way} {at - self.firing:.1f}" for way, at in self.delivered.items())
        over = "; ".join(f"{way} {at - self.well:.1f}" for way, at in self.resolved.items())
        at_most = self.window + 2 * self.interval + ROUTE["group_interval"]
        return [self.severity, self.name, f"{self.shown - self.broken:.1f}",
                f"{self.firing - self.shown:.1f} (at most {self.hold + 2 * self.interval:.0f})",
                f"{told} (at most {ROUTE['group_wait'] + DELIVERY})", f"{over} (at most {at_most:.0f})" if over else "by promtool"]


class Cycles:
    """How long an evaluation of all rules takes, looked at while everything else happens."""

    def __init__(self, prometheus, devices):
        self.prometheus, self.devices, self.seen = prometheus, devices, {}
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not self.done.wait(15):
            try:
                durations = self.prometheus.own("prometheus_rule_group_last_duration_seconds")
            except OSError:
                continue  # it ends with the test
            for group, seconds in durations.items():
                self.seen.setdefault(group, []).append(seconds)

    def close(self):
        self.done.set()
        self.thread.join(60)

    def each(self, of=statistics.median):
        """{group: seconds for each device}"""
        return {group: of(all_of) / self.devices for group, all_of in self.seen.items()}

    def told(self):
        each = self.each()
        slow = ", ".join(f"{group} {each[group] * 1000:.1f}" for group in sorted(each, key=each.get, reverse=True)[:3])
        return (f"One evaluation of all {len(each)} groups of rules takes {sum(each.values()) * 1000:.1f} ms for each device: the sum of their "
                f"medians in {max(map(len, self.seen.values()), default=0)} looks, on {os.cpu_count()} processors with a load of "
                f"{os.getloadavg()[2]:.1f}; of their shortest, {sum(self.each(min).values()) * 1000:.1f} ms. The slowest: {slow} ms.")


HEAD = ["severity", "alert", "shown by the daemon, s", "firing after that, s", "told after that, s", "its end told after the repair, s"]


def table(faults):
    rows = [HEAD, ["---"] * len(HEAD), *(fault.row() for fault in faults if fault.delivered)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
