# SPDX-License-Identifier: Apache-2.0
"""The rules that ship, the cases of config/monitoring/rules_tests, and a judge of whether those are whole."""

import collections
import functools
import re

import yaml

import promql
import shipped

CASES = shipped.FOLDER / "rules_tests"
OPTIONAL = shipped.RULES / "optional"

# Where an alert may lack a case, by name.
# An alert without `for` cannot end before it.
WITHOUT_FOR = {"IngestWorkerRestartLoop", "RecordingGap", "AnalyticsJobFailures", "AnalyticsComputationErrors", "SecurityEventDetected",
               "FailedLoginSpike", "AccountLockout", "AuditIntegrityFailure", "NotificationFailures", "SlowRingNotification", "SLOViolation",
               "LabelOverflow", "LogMessagesLost", "VersionChanged", "Watchdog"}
# What always fires is never below anything.
ALWAYS = {"Watchdog"}
# Whose condition is that something is missing: these fire without data.
ABSENCE = {"APIDown"}

Definition = collections.namedtuple("Definition", "file group rule")
Block = collections.namedtuple("Block", "file test")


def name_of(rule):
    """How a definition is told from others of its name."""
    return f"{rule['alert']} {rule['labels']['component']}"


@functools.lru_cache(maxsize=None)
def parsed(file):
    """Read once, because there are many questions; whoever changes something copies it first."""
    return yaml.safe_load(file.read_text())


def rule_files():
    return sorted(shipped.RULES.glob("*.yml")) + sorted(OPTIONAL.glob("*.yml"))


def rules():
    return [Definition(file, group, rule) for file in rule_files() for group in parsed(file)["groups"]
            for rule in group["rules"]]


def alerts():
    return [one for one in rules() if "alert" in one.rule]


def case_files():
    return sorted(CASES.glob("*_test.yml"))


def blocks():
    return [Block(file, test) for file in case_files() for test in parsed(file)["tests"]]


def seconds(duration):
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdw])", str(duration)))


def series(block):
    """[(name, labels, values)] of what a block puts in."""
    found = []
    for line in block.test["input_series"]:
        selector = promql.selectors(line["series"])[0]
        found.append((selector.name, {label: value for label, _, value in selector.matchers}, line["values"]))
    return found


def moments(block, alert):
    """{seconds: the alerts expected then} of one alert."""
    return {seconds(case["eval_time"]): case.get("exp_alerts") or [] for case in block.test.get("alert_rule_test", []) if case["alertname"] == alert}


def faults(definitions, tests):
    """What the tests leave out, in words; empty when every definition has its cases."""
    found = []
    named = collections.defaultdict(list)
    for block in tests:
        named[block.test["name"]].append(block)
    for one in definitions:
        name = name_of(one.rule)
        if one.rule["alert"] not in ALWAYS:
            found += [f"{name}: {fault}" for fault in own_faults(one, named.get(name, []))]
        found += [f"{name}: {fault}" for fault in empty_faults(one, named["no data"])]
    return found


def own_faults(one, its_blocks):
    alert, waits = one.rule["alert"], "for" in one.rule
    if len(its_blocks) != 1:
        return [f"{len(its_blocks)} blocks are called so"]
    times, found = moments(its_blocks[0], alert), []
    given = {case: {name for name, labels, values in series(its_blocks[0]) if labels.get("node") == case and re.search(r"\d", values)}
             for case in ("fires", "below", "brief")}
    wanted = needed(one)
    nodes = {alert["exp_labels"].get("node") for alert in fired(its_blocks[0], one)}
    if "fires" not in nodes:
        found.append("nothing fires")
    if not given["below"] & wanted or "below" in nodes:
        found.append("nothing stays below")
    if waits and (not given["brief"] & wanted or "brief" in nodes or not any(not those for those in times.values())):
        found.append("nothing ends before `for`")
    if missing := wanted - {name for name, _, _ in series(its_blocks[0])}:
        found.append(f"no series of {', '.join(sorted(missing))}")
    return found


def recorded_beside(one):
    """{name: rule} of what rules of the same file record."""
    return {rule["record"]: rule for group in parsed(one.file)["groups"] for rule in group["rules"] if "record" in rule}


def windows(one):
    """Seconds that a rule looks back, with those of what it reads of its own file."""
    recorded = recorded_beside(one)
    made_of = [recorded.get(selector.name) for selector in promql.selectors(one.rule["expr"])]
    texts = [one.rule["expr"], *(rule["expr"] for rule in made_of if rule)]
    return [seconds(window) for text in texts for window in re.findall(r"\[(\w+)\](?! offset)", text)]


def needed(one):
    """The series that a rule is made of; what a rule of the same file records is made of others."""
    recorded = recorded_beside(one)
    names = set()
    for selector in promql.selectors(one.rule["expr"]):
        made_of = recorded.get(selector.name)
        names |= {inner.name for inner in promql.selectors(made_of["expr"])} if made_of else {selector.name}
    return names


def fired(block, one):
    """The alerts of a definition that its block expects."""
    return [alert for those in moments(block, one.rule["alert"]).values() for alert in those
            if alert["exp_labels"].get("component") == one.rule["labels"]["component"]]


def empty_faults(one, its_blocks):
    """Of the block without data in the file of its group's tests."""
    alert = one.rule["alert"]
    own = [block for block in its_blocks if moments(block, alert)]
    if len(own) != 1:
        return [f"{len(own)} blocks try it without data"]
    found = []
    if {name for name, _, _ in series(own[0])} & needed(one):
        found.append("the block without data has some")
    for time, fired in moments(own[0], alert).items():
        if time <= seconds(one.rule.get("for", "0s")):
            found.append("without data, it is asked before `for` is over")
        if bool(fired) != (alert in ABSENCE | ALWAYS):
            found.append("it fires without data" if fired else "it does not fire without data")
    return found


def proof(one, block):
    """A test for promtool that the cases of a block are what they are called: the condition holds for `fires` in the end; for
    `below` there is something to compare, no alert ever fired, and in the second half, when the windows of the rates are full,
    none was pending; for `brief` it was pending and never fired."""
    last = max(moments(block, one.rule["alert"]))
    expression = " ".join(one.rule["expr"].split())
    of = f'ALERTS{{alertname="{one.rule["alert"]}",component="{one.rule["labels"]["component"]}"'
    asked = [(f'{there(expression, "fires")}', True), (there(promql.never_false(expression), "below"), True),
             (f'{of},node="below",alertstate="firing"}}[{last:.0f}s]', False), (f'{of},node="below"}}[{last / 2:.0f}s]', False)]
    if "for" in one.rule:
        asked += [(f'{of},node="brief",alertstate="pending"}}[{last:.0f}s]', True), (f'{of},node="brief",alertstate="firing"}}[{last:.0f}s]', False),
                  (there(expression, "brief"), False)]
    return {"name": block.test["name"], "interval": block.test["interval"], "input_series": block.test["input_series"],
            "promql_expr_test": [{"expr": f"count(count_over_time({text})) > bool 0" if text.endswith("]") else f"count({text}) > bool 0",
                                  "eval_time": f"{last:.0f}s", "exp_samples": [{"labels": "{}", "value": 1}] if true else []}
                                 for text, true in asked]}


def there(expression, node):
    """What an expression says of one node."""
    return f'({expression}) and on (node) {{__name__=~".+",node="{node}"}}'


def written_out(values):
    """The samples of a line, one each interval; None where there is none."""
    found = []
    for word in str(values).split():
        match = re.fullmatch(r"(-?[\d.e]+|_)(?:([+-][\d.e]+)?x(\d+))?", word)
        first, step, times = match.groups()
        if first == "_":
            found += [None] * int(times or 1)
        else:
            found += [float(first) + float(step or 0) * number for number in range(int(times or 0) + 1)]
    return found


def goes_on(samples, place):
    """A sample, also behind the last: what grew at last goes on growing."""
    if place < len(samples):
        return samples[place]
    last, before = samples[-1], samples[-2] if len(samples) > 1 else samples[-1]
    return last if None in (last, before) else last + (last - before) * (place - len(samples) + 1)


def mended(name, samples, sound, at, until):
    """The samples of what fires, and from `at` on those of what stays below: a counter counts on as that does."""
    if sound is None or None in (samples[at], goes_on(sound, at)):
        return samples[:at + 1]
    counts = re.search(r"_(total|bucket|count|sum)$", name) and not name.startswith("pg_")
    ahead = samples[at] - goes_on(sound, at) if counts else 0
    return samples[:at + 1] + [goes_on(sound, place) + ahead for place in range(at + 1, until)]


def ending(one, block, evaluation):
    """A test for promtool that a fault which is mended ends its alert: within the longest window and two evaluations."""
    step = seconds(block.test["interval"])
    at = int(max(moments(block, one.rule["alert"])) / step)
    over = at * step + max(windows(one), default=0) + 2 * evaluation + step
    until = int(over / step) + 2
    lines = [(name, labels, written_out(values)) for name, labels, values in series(block)]
    sound = {(name, *sorted((key, value) for key, value in labels.items() if key not in ("node", "instance"))): samples
             for name, labels, samples in lines if labels.get("node") == "below"}
    made = []
    for name, labels, samples in lines:
        own = {key: value for key, value in labels.items() if key not in ("node", "instance")}
        whole = [goes_on(samples, place) for place in range(until)]
        if labels.get("node") == "fires":
            whole = mended(name, whole, sound.get((name, *sorted(own.items()))), at, until)
        inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
        made.append({"series": f"{name}{{{inside}}}", "values": " ".join("_" if one is None else repr(one) for one in whole)})
    firing = f'count(ALERTS{{alertname="{one.rule["alert"]}",component="{one.rule["labels"]["component"]}",node="fires",alertstate="firing"}}) > bool 0'
    return {"name": block.test["name"], "interval": block.test["interval"], "input_series": made,
            "promql_expr_test": [{"expr": firing, "eval_time": f"{at * step:.0f}s", "exp_samples": [{"labels": "{}", "value": 1}]},
                                 {"expr": firing, "eval_time": f"{over:.0f}s", "exp_samples": []}]}


THRESHOLD = re.compile(r"(?<=[<>] )(\(?)(\d[\d.e]*)")


def moved_thresholds(rules, factor):
    """(The rules of a file with each number that is compared with changed, the names of the alerts this concerns)."""
    concerned = set()
    for rule in (rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule):
        if any(float(number) for _, number in THRESHOLD.findall(rule["expr"])):
            concerned.add(name_of(rule))
        rule["expr"] = THRESHOLD.sub(lambda match: match[1] + repr(float(match[2]) * factor), rule["expr"])
    return rules, concerned
