#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboards over a past of two machines: each query over its dashboard's own window, in the steps that Grafana takes, within
the limits that ship; and whether two series of a panel bear one name."""

import collections
import re
import time
import unittest

import contract_past
import dashboards  # of tests/system, on the path by contract_past's shipped
import prometheus
import shipped

HOURS = {"h": 1, "d": 24}
WIDE = 1000  # pixels of a panel: so many points are asked for, unless it says how many
Asked = collections.namedtuple("Asked", "title panel query begin step expression")


def limits():
    """The limits of queries, of the arguments that ship."""
    text = (shipped.FOLDER / "arguments" / "prometheus").read_text(encoding="utf-8")
    return re.findall(r"--query\.\S+=\S+", text)


def past(end):
    """Of two machines, the families that the dashboards ask for."""
    asked = {family(one) for query in dashboards.promql() for one in named(query.expression)}
    rows = [row for row in contract_past.rows() if row[0] in asked or row[0] == "up"]
    when = contract_past.moments(end)
    lines = [line for row in rows for line in contract_past.lines_of(*row, when)] + [
        'up{job="doorbell",instance="house:8000",node="house",track="production"} ' + f"1 {at:.3f}" for at in when]
    # As the daemon has it: no two workers have one id.
    lines = [re.sub(r'(worker_id=")front(",worker_type="(\w+)")', r"\1\3\2", line) for line in lines]
    house, node = contract_past.TARGET["instance"], contract_past.TARGET["node"]
    other = [line.replace(f'instance="{house}"', 'instance="shed:8000"').replace(f'node="{node}"', 'node="shed"') for line in lines]
    return {row[0] for row in rows}, "\n".join([*lines, *other, "# EOF", ""])


def named(expression):
    return re.findall(r"([a-zA-Z_:][\w:]*)\{", expression)


def family(series):
    return re.sub(r"_(bucket|sum|count)$", "", series)


def seconds(text):
    number, unit = re.fullmatch(r"(?:now-)?(\d+)([mhd])", text).groups()
    return int(number) * (60 if unit == "m" else 3600 * HOURS[unit])


def everything():
    """Each query of Prometheus as Grafana asks it, with all nodes and cameras."""
    for dashboard in map(dashboards.load, dashboards.files()):
        window = seconds(dashboard["time"]["from"])
        for panel in dashboard["panels"]:
            step = max(15, seconds(panel.get("interval", "0m")), window // panel.get("maxDataPoints", WIDE))
            for query in panel["targets"] if not dashboards.is_logql(panel) else []:
                filled = re.sub(r"\$(cluster|node|camera)\b", ".*", query["expr"])
                filled = filled.replace("$__rate_interval", f"{max(step + 15, 60)}s").replace("$__range", f"{window}s")
                yield Asked(dashboard["title"], panel, query, window, step, filled)


def name(query, labels):
    """What Grafana writes under the line."""
    return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), query["legendFormat"])


class DashboardPastTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if why := prometheus.missing():
            raise unittest.SkipTest(why)
        cls.prometheus = prometheus.Prometheus({}, *limits(), interval="15s")
        cls.addClassCleanup(cls.prometheus.close)
        cls.end = int(time.time())
        cls.there, text = past(cls.end)
        cls.prometheus.backfill(text)
        cls.answers = [(asked, cls.ask(asked)) for asked in everything()]

    @classmethod
    def ask(cls, asked):
        """The series: [labels], or why it was refused."""
        try:
            if asked.query["instant"]:
                found = cls.prometheus.ask("query", query=asked.expression, time=cls.end)
            else:
                found = cls.prometheus.ask("query_range", query=asked.expression, start=cls.end - asked.begin, end=cls.end, step=asked.step)
            return [series["metric"] for series in found["result"]]
        except prometheus.Refused as refused:
            return refused

    def has_answer(self, asked):
        """Whether all that it names was in the past."""
        return all({one, family(one)} & self.there for one in named(asked.expression))

    def test_each_query_is_answered_within_the_limits(self):
        held = 0
        for asked, found in self.answers:
            with self.subTest(asked.title, panel=asked.panel["title"], query=asked.expression):
                self.assertNotIsInstance(found, prometheus.Refused, found)
                if self.has_answer(asked):
                    held += 1
                    self.assertTrue(found, "no answer")
        self.assertGreater(held, 100, "too few queries were held to an answer")

    def test_no_two_series_of_a_panel_bear_one_name(self):
        """With both machines chosen; Grafana draws what has the same name in the same colour."""
        names, of_two_machines = collections.Counter(), 0
        for asked, found in self.answers:
            if asked.query["format"] == "table" or asked.panel["type"] == "heatmap" or isinstance(found, prometheus.Refused):
                continue
            of_two_machines += len({labels.get("node", labels.get("instance")) for labels in found}) == 2
            names.update((asked.title, asked.panel["title"], name(asked.query, labels)) for labels in found)
        self.assertGreater(of_two_machines, 30, "too few panels had both machines")
        self.assertEqual({one: times for one, times in names.items() if times > 1}, {})

    def test_the_limits_are_those_that_ship(self):
        self.assertEqual(len(limits()), 3, limits())
        with self.assertRaises(prometheus.Refused):
            self.prometheus.ask("query", query="count_over_time(vector(1)[3h:1ms])")


if __name__ == "__main__":
    unittest.main()
