# SPDX-License-Identifier: Apache-2.0
"""The dashboards of config/monitoring/grafana: their panels and queries, with Grafana's variables filled in as it does it."""

import collections
import json
import re

import harness
import queries

FOLDER = harness.SOURCE / "config" / "monitoring" / "grafana" / "dashboards"

Query = collections.namedtuple("Query", "dashboard panel name expression")

VARIABLES = ("cluster", "node", "camera")

# What the daemon's own Prometheus can have no answer for, with the reason; this list may only shrink. Keys as plain() has them.
EXCEPTIONS = {
    "avg(stream_latency_ms{protocol='webrtc'})": "there is no WebRTC",
    "label_values(up, cluster)": "one Prometheus gives its own samples no cluster: that label comes with a fleet",
}


def files():
    return sorted(FOLDER.glob("*/*.json"))


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def is_logql(panel):
    return panel["datasource"]["type"] == "loki"


def promql():
    """Every query of Prometheus, of every panel."""
    return [Query(dashboard["title"], panel["title"], target.get("legendFormat", ""), target["expr"])
            for dashboard in map(load, files()) for panel in dashboard["panels"] if not is_logql(panel) for target in panel["targets"]]


def recorded():
    """The names of recording rules that the queries ask for."""
    return {name for query in promql() for name in re.findall(r"\b[a-z_]\w*:[\w:]+", query.expression)}


def plain(expression):
    """Without the matchers of the variables: as the documents have it."""
    bare = re.sub(r"(, )?\b(cluster|node|camera_id)=~\"\$(cluster|node|camera)\"", "", expression)
    return bare.replace("{}", "").replace("{, ", "{")


def chosen(values):
    """How Grafana writes several values into a matcher by a regular expression: what has a meaning there stands after two strokes,
    since the string takes one of them away."""
    return "(" + "|".join(re.sub(r"[$^*{}\[\]'+?.()|\\]", r"\\\\\g<0>", value) for value in sorted(values)) + ")"


def filled(expression, variables):
    """`variables`: {name: what stands for it}."""
    for name in VARIABLES:
        expression = re.sub(rf"\${name}\b", lambda _, name=name: variables[name], expression)
    return queries.filled(expression)


def label_values():
    """{variable: (selector, label)} of the variables that ask Prometheus."""
    found = {}
    for dashboard in map(load, files()):
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                found.setdefault(variable["name"], set()).add((selector, label))
    return {name: asked.pop() for name, asked in found.items() if len(asked) == 1}


def excuse(expression, missing_here):
    """Why it need not have an answer; empty when it must."""
    bare = plain(expression)
    return EXCEPTIONS.get(bare) or queries.excuse(queries.Row("", "", "", "", bare), missing_here)


def values_of_variables(prometheus):
    """({variable: what Grafana puts in when all its values are chosen one by one}, faults)"""
    filled_in, faults = {name: ".*" for name in VARIABLES}, []
    for name, (selector, label) in sorted(label_values().items()):
        found = prometheus.ask(f"label/{label}/values", **{"match[]": filled(selector, filled_in)})
        known = EXCEPTIONS.get(f"label_values({selector.split('{')[0]}, {label})")
        if found and not known:
            filled_in[name] = chosen(found)
        elif found or not known:
            faults.append(f"variable {name}: {found or 'no value'}{' in spite of EXCEPTIONS' if known else ''}")
    return filled_in, faults


def judge(prometheus, missing_here):
    """(faults, what was found in words): each query has a sample, now, or stands where it need not."""
    variables, faults = values_of_variables(prometheus)
    answered, excused = 0, []
    asked = promql()
    for query in asked:
        expression, why = filled(query.expression, variables), excuse(query.expression, missing_here)
        found = prometheus.query(expression)
        where = f"{query.dashboard}: {query.panel}"
        if found and plain(query.expression) in EXCEPTIONS:
            faults.append(f"{where}: it has an answer: take it from EXCEPTIONS")
        answered += bool(found)
        if not found and why:
            excused.append(f"{where}: {why}")
        elif not found:
            faults.append(f"{where}: nothing for {expression}")
    told = [f"{answered} of {len(asked)} queries of the dashboards have an answer; {len(excused)} are excused; {len(faults)} faults; "
            f"variables {variables}"]
    return faults, "\n".join(told + [f"  without an answer: {line}" for line in excused])
