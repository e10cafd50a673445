#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of config/monitoring/rules by Prometheus' own tool and against the contract of metrics, and their cases in
rules_tests by a judge that nothing is left out."""

import copy
import csv
import json
import pathlib
import re
import shutil
import tempfile
import unittest

import yaml

import promql
import rule_cases
import shipped
import prometheus

HERE = pathlib.Path(__file__).resolve().parent
SEVERITIES = {"critical", "high", "warning", "medium", "low", "info"}
TARGET = {"job", "instance", "node"}
# All of production is one measure for what is on trial.
AGGREGATES_ALL = {"CanaryErrorRate", "CanaryLatency"}
# What others than the daemon expose: Prometheus, node_exporter, postgres_exporter, redis_exporter.
FOREIGN = {"up", "node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes", "pg_up", "pg_stat_activity_count",
           "pg_stat_activity_max_tx_duration", "redis_up", "redis_memory_used_bytes", "redis_memory_max_bytes"}
# The closed sets of the labels that prometheus.yml gives.
SCRAPED = {"job": {"doorbell", "node-exporter", "postgresql", "redis"}, "track": {"production", "canary"}}


def table():
    with open(HERE / "alerts.tsv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE))


def contract():
    """{family: (type, {label: values, None where they are configured}, its buckets)}"""
    found = {}
    with open(shipped.SOURCE / "tests" / "telemetry" / "contract.tsv", encoding="utf-8", newline="") as file:
        for cells in list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]:
            labels = {label: set(values) if isinstance(values, list) else None for label, values in json.loads(cells[3]).items()}
            found[cells[0]] = (cells[1], labels, set(cells[4].split(",")) | {"+Inf"})
    return found


def family_of(name, families):
    """The family a series belongs to, as a histogram's three, too."""
    if name in families:
        return name
    bare = re.sub(r"_(bucket|sum|count)$", "", name)
    return bare if bare in families and families[bare][0] == "histogram" else None


class NeedsPromtool(unittest.TestCase):
    def setUp(self):
        if prometheus.PROMTOOL is None:
            self.skipTest("promtool (Debian package prometheus) is not installed: the rules were not checked")

    def accepts(self, *arguments):
        done = prometheus.promtool(*arguments)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[-4000:])

    def all_accepted(self, tests_of):
        """Other tests in the place of those of a file of cases."""
        with tempfile.TemporaryDirectory(prefix="porchlight-rules-") as folder:
            for file, tests in tests_of.items():
                made = yaml.safe_load(file.read_text()) | {"tests": tests}
                made["rule_files"] = [str((file.parent / path).resolve()) for path in made["rule_files"]]
                written = pathlib.Path(folder) / file.name
                written.write_text(yaml.safe_dump(made, width=1 << 20))
                with self.subTest(file.name):
                    self.accepts("test", "rules", written)


class RulesTest(NeedsPromtool):
    """What the files say."""

    def test_rules_are_well_formed(self):
        for file in rule_cases.rule_files():
            with self.subTest(file.name):
                self.accepts("check", "rules", "--lint=all", "--lint-fatal", file)

    def test_no_alert_vanishes_or_changes_unseen(self):
        here = sorted((one.rule["alert"], one.rule["labels"]["component"], one.rule["labels"]["severity"], one.rule.get("for", "-"), one.file.stem)
                      for one in rule_cases.alerts() if one.file.parent == shipped.RULES)
        self.assertEqual(here, sorted(tuple(row.values()) for row in table()))
        self.assertEqual(len(here), 68)

    def test_each_alert_says_what_happened_and_where(self):
        texts = []
        for one in rule_cases.alerts():
            name = one.rule["alert"]
            with self.subTest(rule_cases.name_of(one.rule)):
                self.assertEqual(set(one.rule["labels"]), {"severity", "component"})
                self.assertIn(one.rule["labels"]["severity"], SEVERITIES)
                notes = one.rule["annotations"]
                self.assertEqual(set(notes), {"summary", "description", "runbook_url"})
                self.assertEqual(notes["runbook_url"], f"{{{{ $externalLabels.public_url }}}}/runbooks/{name}")
                self.assertNotIn(name, notes["summary"])
                if name not in rule_cases.ALWAYS:
                    self.assertRegex(notes["summary"] + notes["description"], r"\$labels\.(node|instance)\b")
                texts += [notes["summary"], notes["description"]]
        self.assertEqual(sorted(texts), sorted(set(texts)))

    def test_each_group_has_a_file_and_an_interval(self):
        for one in rule_cases.alerts():
            self.assertIn("interval", one.group)
            if one.file.parent == shipped.RULES:
                self.assertEqual(one.group["name"], one.file.stem + "_alerts")
                self.assertEqual(one.group["interval"], "60s" if one.file.stem == "storage" else "30s")

    def test_aggregations_keep_the_target(self):
        for one in rule_cases.rules():
            name = one.rule.get("alert") or one.rule["record"]
            kept = promql.aggregations(one.rule["expr"])
            if name in AGGREGATES_ALL:
                kept = [(operator, labels) for operator, labels in kept if set(labels) - {"le"}]
                self.assertGreater(len(kept), 0)
            for operator, labels in kept:
                self.assertLessEqual(TARGET, set(labels), f"{name}: {operator}")

    def test_series_and_label_values_are_those_of_the_contract(self):
        families, seen = contract(), set()
        recorded = {one.rule["record"] for one in rule_cases.rules() if "record" in one.rule}
        for one in rule_cases.rules():
            for selector in promql.selectors(one.rule["expr"]):
                seen.add(selector.name)
                family = family_of(selector.name, families)
                self.assertTrue(family or selector.name in recorded | FOREIGN, f"{one.file.name}: nothing exposes {selector.name}")
                for label, operator, value in selector.matchers:
                    self.judge_matcher(families.get(family), selector.name, label, operator, value)
        self.assertLessEqual(FOREIGN, seen)

    def judge_matcher(self, family, name, label, operator, value):
        if label in SCRAPED:
            values = SCRAPED[label]
        elif family is None:
            return
        elif label == "le":
            self.assertEqual(family[0], "histogram", name)
            values = family[2]
        else:
            self.assertIn(label, family[1], name)
            values = family[1][label]
        if values is None:  # they are configured
            return
        for choice in value.split("|") if "~" in operator else [value]:
            matching = [one for one in values if (re.fullmatch(choice, one) if "~" in operator else one == choice)]
            self.assertTrue(matching, f'{name}{{{label}{operator}"{value}"}} matches none of {sorted(values)}')

    def test_bounds_are_found_in_either_format(self):
        """OpenMetrics writes 2.0 where classic text has 2: whoever asks for a whole bound must take both."""
        for one in rule_cases.rules():
            for selector in promql.selectors(one.rule["expr"]):
                for label, operator, value in selector.matchers:
                    if label == "le" and re.match(r"\d+\b(?!\.\d)", value):
                        self.assertTrue(operator == "=~" and re.fullmatch(value, value.split("(")[0] + ".0"), f"{one.rule}")

    def test_guesses_are_switched_off(self):
        loaded = {file for pattern in yaml.safe_load((shipped.FOLDER / "prometheus.yml").read_text())["rule_files"] for file in shipped.FOLDER.glob(pattern)}
        self.assertEqual(loaded, set(shipped.RULES.glob("*.yml")))
        self.assertGreater(len(list(rule_cases.OPTIONAL.glob("*.yml"))), 0)


class RuleCasesTest(NeedsPromtool):
    """The cases: that they pass, that none is missing, that each is what it is called."""

    def test_cases_pass(self):
        for file in rule_cases.case_files():
            with self.subTest(file.name):
                self.accepts("test", "rules", file)

    def test_every_definition_has_its_cases(self):
        self.assertEqual(rule_cases.faults(rule_cases.alerts(), rule_cases.blocks()), [])

    def test_everything_recorded_is_asked_for_its_value(self):
        asked = {selector.name for block in rule_cases.blocks() for case in block.test.get("promql_expr_test", []) if case["exp_samples"]
                 for selector in promql.selectors(case["expr"])}
        self.assertEqual({one.rule["record"] for one in rule_cases.rules() if "record" in one.rule and one.file.parent == shipped.RULES} - asked, set())

    def test_the_exempt_are_those_that_are_named(self):
        definitions = [one.rule for one in rule_cases.alerts()]
        self.assertEqual({rule["alert"] for rule in definitions if "for" not in rule}, rule_cases.WITHOUT_FOR)
        self.assertEqual({rule["alert"] for rule in definitions if "absent(" in rule["expr"]}, rule_cases.ABSENCE)
        self.assertEqual({rule["alert"] for rule in definitions if not promql.selectors(rule["expr"])}, rule_cases.ALWAYS)

    def test_texts_use_labels_that_the_alert_has(self):
        """A label that it has not is an empty place in the sentence."""
        named = {block.test["name"]: block for block in rule_cases.blocks()}
        for one in rule_cases.alerts():
            used = set(re.findall(r"\$labels\.(\w+)", " ".join(one.rule["annotations"].values())))
            for alert in rule_cases.fired(named[rule_cases.name_of(one.rule)], one) if used else []:
                self.assertLessEqual(used, set(alert["exp_labels"]), rule_cases.name_of(one.rule))

    def test_the_judge_sees_what_is_missing(self):
        definitions = rule_cases.alerts()
        for wrong, breaks in (("nothing fires", "fires"), ("nothing stays below", "below"), ("nothing ends before `for`", "brief")):
            tests = copy.deepcopy(rule_cases.blocks())
            block = next(one for one in tests if one.test["name"] == "CameraOffline recording")
            block.test["input_series"] = [line for line in block.test["input_series"] if f'node="{breaks}"' not in line["series"]]
            for case in block.test["alert_rule_test"]:
                case["exp_alerts"] = [one for one in case.get("exp_alerts", []) if one["exp_labels"]["node"] != breaks]
            self.assertEqual(rule_cases.faults(definitions, tests), [f"CameraOffline recording: {wrong}"])
        tests = [one for one in rule_cases.blocks() if one.test["name"] not in ("HighErrorRate http", "no data")]
        found = rule_cases.faults(definitions, tests)
        self.assertIn("HighErrorRate http: 0 blocks are called so", found)
        self.assertEqual(len(found), 1 + len(definitions))


class RuleProofsTest(NeedsPromtool):
    def test_cases_are_what_they_are_called(self):
        """The same series once more, asked for the condition itself and for the alerts that were pending."""
        named = {block.test["name"]: block for block in rule_cases.blocks()}
        proofs = {}
        for one in rule_cases.alerts():
            if one.rule["alert"] not in rule_cases.ALWAYS:
                block = named[rule_cases.name_of(one.rule)]
                proofs.setdefault(block.file, []).append(rule_cases.proof(one, block))
        self.all_accepted(proofs)


class RuleEndsTest(NeedsPromtool):
    """A fault that is mended ends its alert."""

    def test_each_alert_ends_within_its_window(self):
        named = {block.test["name"]: block for block in rule_cases.blocks()}
        ends = {}
        for one in rule_cases.alerts():
            if one.rule["alert"] not in rule_cases.ALWAYS:
                block = named[rule_cases.name_of(one.rule)]
                evaluation = rule_cases.seconds(yaml.safe_load(block.file.read_text())["evaluation_interval"])
                ends.setdefault(block.file, []).append(rule_cases.ending(one, block, evaluation))
        self.assertEqual(sum(map(len, ends.values())), len(rule_cases.alerts()) - len(rule_cases.ALWAYS))
        self.all_accepted(ends)

    def test_lines_are_written_out_as_promtool_does(self):
        self.assertEqual(rule_cases.written_out("1 2x2 _x2 0+3x2 -5-1x1"), [1, 2, 2, 2, None, None, 0, 3, 6, -5, -6])
        self.assertEqual([rule_cases.goes_on([0, 3], place) for place in (1, 2, 4)], [3, 6, 12])
        self.assertEqual(rule_cases.mended("a_total", [0, 9, 18, 27], [0, 1, 2, 3], 1, 4), [0, 9, 10, 11])
        self.assertEqual(rule_cases.mended("a", [0, 0, 0], [1, 1, 1], 1, 3), [0, 0, 1])


# What a careless hand might change: (file, what stands there, what it becomes). The cases of that file must notice.
CHANGES = [
    ("camera", "for: 2m", "for: 30s"),
    ("camera", "> 0.05", "> 0.06"),
    ("camera", "0.8 * camera_fps_expected", "0.81 * camera_fps_expected"),
    ("storage", ' unless on (instance, mount_point) storage_volume_info{role="recordings"}', ""),
    ("storage", "0.075", "0.05"),
    ("camera", "on (job, instance, camera_id)", "on (job, instance)"),
    ("storage", "unless on (instance, mount_point)", "unless on (instance)"),
    ("storage", "unless on (instance, mount_point)", "unless on (mount_point)"),
    ("storage", "and on (instance, mount_point)", "and on (instance)"),
    ("system", "> 80\n    for: 5m\n    labels:\n      severity: high", "> 79\n    for: 5m\n    labels:\n      severity: high"),
    ("system", "(container_spec_memory_limit_bytes > 0)", "container_spec_memory_limit_bytes"),
    ("api", "severity: critical", "severity: warning"),
    ("api", " or absent(up{job=\"doorbell\"})", ""),
    ("pipeline", "sum by (job, instance, node, job_type)", "sum by (job, job_type)"),
    ("security", "floor(increase(failed_logins_total[5m])) > 5", "floor(increase(failed_logins_total[5m])) > 2"),
    ("database", "> 80", "> 81"),
    ("doorbell", "humanizeDuration", "humanizePercentage"),
    ("doorbell", "floor(", "("),
    ("security", "expr: floor(", "expr: ("),
    ("storage", "count_over_time(recording_oldest_segment_timestamp_seconds[1h] offset 2d)", "recording_oldest_segment_timestamp_seconds"),
    ("slo", " and count_over_time(instance:http_availability:avg30d[1h] offset 11h)", ""),
    ("self", 'reason!="sampled"', 'reason!="queue_full"'),
    ("canary", "> 0.1", "> 0.09"),
    ("recording", 'le=~"2(\\\\.0)?"', 'le="2"'),
    ("recording", " or 0 * instance:http_requests:rate5m", ""),
    ("tiers", "max_over_time(system_temperature_celsius", "avg_over_time(system_temperature_celsius"),
]


# Where a group's cases are not in one file.
CASES_OF = {"storage": ["storage", "retention"]}


class NeedsCopies(NeedsPromtool):
    """Rules that are changed, beside their cases."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="porchlight-rules-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "rules").mkdir()
        shutil.copytree(rule_cases.CASES, self.folder / "rules_tests")

    def said_of(self, group, rules):
        """What the group's cases say of these rules."""
        (self.folder / "rules" / f"{group}.yml").write_text(rules)
        return [prometheus.promtool("test", "rules", self.folder / "rules_tests" / f"{name}_test.yml") for name in CASES_OF.get(group, [group])]


class RuleChangesTest(NeedsCopies):
    """Cases that would pass whatever the rules say are worth nothing."""

    def test_a_changed_rule_fails_its_cases(self):
        for group, before, after in CHANGES:
            with self.subTest(f"{group}: {before} -> {after}"):
                rules = (shipped.RULES / f"{group}.yml").read_text()
                self.assertIn(before, rules)
                done = self.said_of(group, rules.replace(before, after, 1))
                said = "".join(one.stdout + one.stderr for one in done)
                self.assertEqual(max(one.returncode for one in done), 1, said)
                self.assertRegex(said, "FAILED:\n +(name:|alertname:|expr:)")  # no fault of form


class RuleThresholdsTest(NeedsCopies):
    def test_a_threshold_that_is_moved_is_noticed(self):
        """All of a file at once, up and down: the cases of each alert that has one fail."""
        for file in sorted({one.file for one in rule_cases.alerts() if one.file.parent == shipped.RULES}):
            for factor in (0.9, 1.6):
                rules, moved = rule_cases.moved_thresholds(yaml.safe_load(file.read_text()), factor)
                done = self.said_of(file.stem, yaml.safe_dump(rules))
                noticed = {name for one in done for name in re.findall(r"^ +name: (.+),$", one.stdout + one.stderr, re.M)}
                with self.subTest(file.name, factor=factor):
                    self.assertEqual(moved - noticed, set())


if __name__ == "__main__":
    unittest.main()
