#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Grafana's dashboards as they ship: made by their generator, of the form that Grafana's own types have, with each panel that the
documents name. Whether their queries have an answer, tests/system/test_prometheus.py asks the real Prometheus."""

import collections
import copy
import csv
import itertools
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import shipped

import dashboards  # noqa: E402  of tests/system
import harness
import prometheus
import queries

GRAFANA = shipped.FOLDER / "grafana"
HERE = pathlib.Path(__file__).resolve().parent

# Grafana's names of units that are used here; what is not known to it is shown as a suffix.
UNITS = {"none", "short", "percent", "percentunit", "s", "ms", "dtdurations", "bytes", "decmbytes", "Bps", "bps", "Mbits", "reqps", "ops", "eps",
         "cps", "opm", "suffix:fps"}
COLOURS = {"green", "yellow", "orange", "red", "blue"}
# The lines that the documents draw: {(title of the dashboard, panel): values}
LINES = {
    ("VMS / System Overview", "Storage Capacity"): [70, 85, 95],
    ("VMS / Recording Performance", "Frame Drops Rate"): [0.01],
    ("VMS / Recording Performance", "FFmpeg Process Memory"): [1000],
    ("VMS / Recording Performance", "Storage Write Latency P99"): [50],
}
# What needs no legend: bars and tables have the labels in columns.
NAMED_OTHERWISE = {"Result Types", "Popular Times", "Active alerts"}
PREFIX = {"000": "Doorbell", "001": "VMS", "002": "Service", "003": "Application", "004": "Platform"}


def node(*arguments, text=None):
    return subprocess.run([shutil.which("node"), HERE / "check_dashboards.mjs", *map(str, arguments)], input=text, capture_output=True, text=True,
                          timeout=300, check=False)


def without_node():
    if shutil.which("node") is None:
        return "node is not installed: nothing was judged by Grafana's types and grammar"
    absent = [name for name in ("@grafana/schema", "@grafana/lezer-logql", "typescript") if not (shipped.SOURCE / "node_modules" / name).exists()]
    return f"{', '.join(absent)} is not in node_modules (npm ci): nothing was judged by it" if absent else ""


def table():
    """The rows of panels.tsv."""
    with open(HERE / "panels.tsv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def all_of_them():
    return {path: dashboards.load(path) for path in dashboards.files()}


class DashboardsTest(unittest.TestCase):
    """What is asked of each file and panel, without any tool."""

    def setUp(self):
        self.all = all_of_them()
        self.assertGreaterEqual(len(self.all), 23)

    def panels(self):
        for dashboard in self.all.values():
            for panel in dashboard["panels"]:
                yield dashboard["title"], panel

    def test_files_are_what_the_generator_makes(self):
        done = subprocess.run([sys.executable, "-B", GRAFANA / "make_dashboards.py", "--check"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_each_panel_of_the_documents_is_there(self):
        there = collections.defaultdict(list)
        for title, panel in self.panels():
            for target in panel["targets"]:
                there[title.casefold(), panel["title"].casefold()].append((panel["type"], target.get("legendFormat", ""), dashboards.plain(target["expr"])))
        rows = table()
        self.assertEqual(len(rows), 107)
        for row in rows:
            found = there[f"{PREFIX[row['document']]} / {row['dashboard']}".casefold(), row["panel"].casefold()]
            mine = [one for one in found if one[2] == row["expression"] and row["query"] in ("", one[1])]
            self.assertEqual(len(mine), 1, f"{row}: {found}")
            self.assertIn(row["type"], ("-", mine[0][0]), row)

    def test_ring_path_and_slo_are_there(self):
        by_title = {dashboard["title"]: json.dumps(dashboard) for dashboard in self.all.values()}
        for family in ("doorbell_ring_to_notification_seconds_bucket", "pipeline_processing_duration_seconds_bucket", "notifications_sent_total",
                       "button_lost_edges_total", "outbox_depth", "outbox_oldest_age_seconds", "doorbell_chime_latency_seconds_bucket"):
            self.assertIn(family, by_title["Doorbell / Ring Path"])
        for family in ("instance:http_availability:avg30d", "slo:http_latency_under_500ms:ratio_rate1h", "recording_gap_seconds_total",
                       "slo:ring_notified_within_2s:avg30d", "slo:ring_notified_within_5s:avg30d", "slo:recording_completeness:avg30d", *(f"slo:http_errors:ratio_rate{w}" for w in ("5m", "30m", "1h", "6h", "3d"))):
            self.assertIn(family, by_title["Service / SLO"])

    def test_a_dashboard_is_found_again(self):
        uids = [dashboard["uid"] for dashboard in self.all.values()]
        self.assertEqual(len(set(uids)), len(uids))
        for path, dashboard in self.all.items():
            self.assertRegex(dashboard["uid"], "^[a-z0-9-]{1,40}$")
            self.assertEqual(dashboard["uid"], f"{path.parent.name}-{path.stem}")
            self.assertEqual(dashboard["title"].split(" / ")[0].lower(), path.parent.name)
            self.assertNotIn("id", dashboard)
            self.assertGreaterEqual(dashboard["schemaVersion"], 36)

    def test_panels_have_their_own_number_and_place(self):
        for path, dashboard in self.all.items():
            numbers = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(set(numbers)), len(numbers), path)
            taken = {}
            for panel in dashboard["panels"]:
                grid = panel["gridPos"]
                self.assertLessEqual(grid["x"] + grid["w"], 24, path)
                for cell in itertools.product(range(grid["x"], grid["x"] + grid["w"]), range(grid["y"], grid["y"] + grid["h"])):
                    self.assertIsNone(taken.get(cell), f"{path}: {panel['title']} lies on {taken.get(cell)}")
                    taken[cell] = panel["title"]

    def test_each_panel_says_its_unit(self):
        for title, panel in self.panels():
            unit = panel["fieldConfig"]["defaults"].get("unit")
            self.assertIn(unit, UNITS, f"{title}: {panel['title']}")
            if panel["type"] == "heatmap":
                self.assertEqual(panel["options"]["yAxis"]["unit"], unit)

    def test_stats_show_their_trend_and_lines_their_thresholds(self):
        for title, panel in self.panels():
            where = f"{title}: {panel['title']}"
            defaults = panel["fieldConfig"]["defaults"]
            steps = defaults["thresholds"]["steps"]
            self.assertIsNone(steps[0]["value"], where)
            values = [step["value"] for step in steps[1:]]
            self.assertEqual(values, sorted(set(values)), where)
            self.assertLessEqual({step["color"] for step in steps}, COLOURS, where)
            if panel["type"] == "stat":
                self.assertEqual(panel["options"]["graphMode"], "area", where)
            if panel["type"] == "timeseries":
                self.assertEqual(defaults["custom"]["thresholdsStyle"]["mode"], "line", where)
                self.assertEqual(defaults["color"]["mode"], "palette-classic-by-name", where)

    def test_what_looks_back_for_days_is_asked_seldom(self):
        long = 0
        for title, panel in self.panels():
            if re.search(r"\[\d+d[\]:]", " ".join(target["expr"] for target in panel["targets"])):
                long += 1
                self.assertTrue(panel.get("interval") == "1h" or all(target["instant"] for target in panel["targets"]), f"{title}: {panel['title']}")
        self.assertGreaterEqual(long, 4)

    def test_two_machines_are_told_apart(self):
        """A legend has each label by which the series differ; a sum has those it is by, what is not added up differs by its machine."""
        own = 0
        for query in dashboards.promql():
            by = re.search(r"\b(?:sum|avg|min|max|count)\b[^{]*?\bby \(([^)]*)\)|\) by \(([^)]*)\)$", query.expression)
            is_sum = re.search(r"\b(sum|avg|min|max|count)\b\s*(by\b|\()", query.expression)
            wanted = {label.strip() for label in (by[1] or by[2]).split(",")} - {"le"} if by else set() if is_sum else {"node"}
            shown = set(re.findall(r"{{(\w+)}}", query.name)) - {"le"}
            own += wanted == {"node"}
            table = query.name == "__auto"  # of labels in columns, or of one series
            self.assertTrue(wanted <= shown or ("instance" in shown and wanted == {"node"}) or (table and query.panel in NAMED_OTHERWISE), query)
        self.assertGreater(own, 40)

    def test_types_that_refuse_many_points_ask_for_few(self):
        """Grafana's status history shows nothing when it has more points than half its pixels."""
        histories = [panel for _, panel in self.panels() if panel["type"] == "status-history"]
        self.assertGreaterEqual(len(histories), 2)
        for panel in histories:
            self.assertLessEqual(panel.get("maxDataPoints", 1000), 150, panel["title"])

    def test_no_line_is_half_empty(self):
        for path, dashboard in self.all.items():
            cells = {(x, y) for panel in dashboard["panels"] for grid in [panel["gridPos"]]
                     for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
            self.assertEqual(len(cells), 24 * (1 + max(y for _, y in cells)), path)

    def test_nothing_answers_for_the_daemon(self):
        """A query that has a sample without the daemon's, or an excuse, shows nothing of it: only what is known."""
        constant = {query.panel for query in dashboards.promql() if re.search(r"\bvector\b|\babsent", query.expression)}
        self.assertEqual(constant, {"Active Workers", "System Health Score"})
        self.assertLessEqual(set(dashboards.EXCEPTIONS), {"avg(stream_latency_ms{protocol='webrtc'})", "label_values(up, cluster)"})
        self.assertLessEqual(set(queries.EXCEPTIONS), {"avg(stream_latency_ms{protocol='webrtc'})"})

    def test_lines_are_drawn_where_the_documents_draw_them(self):
        there = {(title, panel["title"]): [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1:]]
                 for title, panel in self.panels()}
        self.assertEqual({key: there.get(key) for key in LINES}, LINES)

    def test_what_is_chosen_above_is_what_is_shown(self):
        """Each selector has the matchers of the variables, a camera's where the family has that label."""
        with open(shipped.SOURCE / "tests" / "telemetry" / "contract.tsv", encoding="utf-8", newline="") as file:
            of_camera = {row["name"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                         if "camera_id" in row["labels (closed sets)"]}
        self.assertGreater(len(of_camera), 15)
        for query in dashboards.promql():
            selectors = re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", query.expression)
            self.assertGreater(len(selectors), 0, query)
            for family, matchers in selectors:
                self.assertIn('cluster=~"$cluster", node=~"$node"', matchers, query)
                names = {family, re.sub(r"_(bucket|sum|count)$", "", family)}
                self.assertEqual('camera_id=~"$camera"' in matchers, bool(names & of_camera), query)
            # No family stands without braces: outside of them only functions, operators and labels are left.
            rest = re.sub(r"[a-zA-Z_:][\w:]*\{[^}]*\}|\"[^\"]*\"|\[[^\]]*\]|\b(by|on|without) \([^)]*\)", "", query.expression)
            self.assertEqual(re.findall(r"\b[a-z]\w+\b(?!\s*\()", re.sub(r"\b(or|and|unless)\b", "", rest)), [], query)

    def test_what_is_asked_of_a_rule_is_recorded_by_one(self):
        recorded = set(re.findall(r"- record: (\S+)", "".join(path.read_text(encoding="utf-8") for path in sorted(shipped.RULES.glob("*.yml")))))
        self.assertGreater(len(dashboards.recorded()), 10)
        self.assertEqual(dashboards.recorded() - recorded, set())

    def test_variables_are_those_of_the_contract(self):
        for path, dashboard in self.all.items():
            found = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
            self.assertLessEqual({"datasource", "cluster", "node", "camera", "public_url"}, set(found), path)
            for name in dashboards.VARIABLES:
                self.assertEqual((found[name]["allValue"], found[name]["includeAll"]), (".*", True), path)
            used = set(re.findall(r"\$\{?([a-z]\w*)\b", json.dumps(dashboard)))
            self.assertLessEqual(used, set(found), path)
        self.assertEqual(set(dashboards.label_values()), set(dashboards.VARIABLES))

    def test_panels_lead_to_runbooks_of_alerts_that_exist(self):
        alerts = set(re.findall(r"- alert: (\w+)", "".join(path.read_text(encoding="utf-8") for path in sorted(shipped.RULES.rglob("*.yml")))))
        linked = set()
        for title, panel in self.panels():
            for link in panel.get("links", []):
                self.assertEqual(link["url"].rsplit("/", 1)[0], "${public_url}/runbooks", f"{title}: {panel['title']}")
                linked.add(link["url"].rsplit("/", 1)[1])
        self.assertGreater(len(linked), 25)
        self.assertEqual(linked - alerts, set())
        active = next(panel for title, panel in self.panels() if (title, panel["title"]) == ("Service / Alerts", "Active alerts"))
        self.assertIn("${public_url}/runbooks/${__data.fields.alertname}", json.dumps(active["fieldConfig"]["overrides"]))

    def test_the_address_of_runbooks_is_that_of_the_rules(self):
        given = re.search(r"public_url: (\S+)", (shipped.FOLDER / "prometheus.yml").read_text(encoding="utf-8"))[1]
        for path, dashboard in self.all.items():
            address = next(variable for variable in dashboard["templating"]["list"] if variable["name"] == "public_url")
            self.assertEqual((address["query"], address["current"]["value"]), (given, given), path)


class DashboardTypesTest(unittest.TestCase):
    """Grafana's own types and grammar, out of its packages."""

    def setUp(self):
        if missing := without_node():
            self.skipTest(missing)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-dashboards-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_dashboards_are_what_grafana_reads(self):
        done = node("types", *dashboards.files())
        self.assertEqual((done.returncode, done.stdout.strip()), (0, ""), done.stderr[-1000:])

    def of_type(self, kind):
        """A dashboard with one panel of that type, of ours."""
        for dashboard in map(dashboards.load, dashboards.files()):
            for panel in dashboard["panels"]:
                if panel["type"] == kind:
                    return dashboard | {"panels": [panel]}
        raise AssertionError(f"no panel is a {kind}")

    @staticmethod
    def renamed(place, key):
        place[f"{key}x"] = place.pop(key)

    def broken(self):
        """{what is wrong: a dashboard with that fault}"""
        made = {}

        def fault(name, kind, change):
            dashboard = copy.deepcopy(self.of_type(kind))
            change(dashboard, dashboard["panels"][0])
            made[name] = dashboard

        fault("a misspelt key of the dashboard", "stat", lambda d, p: self.renamed(d, "refresh"))
        fault("no schemaVersion", "stat", lambda d, p: d.pop("schemaVersion"))
        fault("no templating", "stat", lambda d, p: d.pop("templating"))
        fault("a misspelt key of a variable", "stat", lambda d, p: self.renamed(d["templating"]["list"][1], "includeAll"))
        fault("a panel without type", "stat", lambda d, p: p.pop("type"))
        fault("a type of panel that is not there", "timeseries", lambda d, p: p.update(type="graph"))
        fault("a misspelt key of a panel", "timeseries", lambda d, p: self.renamed(p, "links") if "links" in p else p.update(link=[]))
        fault("a place in words", "stat", lambda d, p: p["gridPos"].update(w="6"))
        fault("a misspelt key of fields", "gauge", lambda d, p: self.renamed(p["fieldConfig"]["defaults"], "unit"))
        fault("a step without colour", "gauge", lambda d, p: p["fieldConfig"]["defaults"]["thresholds"]["steps"][0].pop("color"))
        fault("a mapping of no kind", "gauge", lambda d, p: p["fieldConfig"]["defaults"]["mappings"][0].update(type="words"))
        fault("a misspelt key of a query", "stat", lambda d, p: self.renamed(p["targets"][0], "expr"))
        fault("a misspelt key of a query of Loki", "logs", lambda d, p: self.renamed(p["targets"][0], "queryType"))
        fault("a value that is none of an enumeration", "stat", lambda d, p: p["options"].update(graphMode="aria"))
        fault("a style that is none", "timeseries", lambda d, p: p["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"].update(mode="lines"))
        fault("a key of another type's fields", "gauge", lambda d, p: p["fieldConfig"]["defaults"].update(custom={"lineWidth": 1}))
        for kind in ("timeseries", "stat", "gauge", "bargauge", "heatmap", "piechart", "barchart", "status-history", "table", "logs"):
            fault(f"a misspelt option of {kind}", kind, lambda d, p: self.renamed(p["options"], next(iter(p["options"]))))
        return made

    def test_what_grafana_would_not_read_is_refused(self):
        files = {}
        for number, (name, dashboard) in enumerate(self.broken().items()):
            file = self.folder / f"{number}.json"
            file.write_text(json.dumps(dashboard, indent=1), encoding="utf-8")
            files[str(file)] = name
        done = node("types", *files)
        self.assertEqual(done.returncode, 1, done.stderr[-1000:])
        refused = {line.split(":")[0] for line in done.stdout.splitlines()}
        self.assertEqual({name for file, name in files.items() if file not in refused}, set())

    def test_logql_is_logql(self):
        lines = [target["expr"] for dashboard in map(dashboards.load, dashboards.files()) for panel in dashboard["panels"]
                 if dashboards.is_logql(panel) for target in panel["targets"]]
        self.assertEqual(len(lines), 3)
        done = node("logql", text="\n".join(lines))
        self.assertEqual((done.returncode, done.stdout.strip()), (0, ""), done.stderr[-1000:])

    def test_broken_logql_is_refused(self):
        broken = ['{job="doorbell"', '{job=} |= "x"', 'sum(rate({job="doorbell"} | json [5m])', '{job="doorbell"} | json | level=']
        done = node("logql", text="\n".join(broken))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines(), [f"not LogQL: {line}" for line in broken])


class DashboardQueriesTest(unittest.TestCase):
    """Whether Prometheus can read what the panels ask."""

    def setUp(self):
        if prometheus.PROMTOOL is None:
            self.skipTest("promtool (Debian package prometheus) is not installed: no query was read")

    def read(self, expressions):
        """By promtool, as so many recording rules."""
        rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "panels", "rules": rules}]}, file)  # JSON is YAML
            file.flush()
            return prometheus.promtool("check", "rules", file.name)

    def test_queries_are_promql(self):
        chosen = {"cluster": ".*", "node": dashboards.chosen({"d1", "10.0.0.7"}), "camera": dashboards.chosen({"porch", "yard"})}
        found = [dashboards.filled(query.expression, chosen) for query in dashboards.promql()]
        self.assertGreater(len(found), 130)
        self.assertEqual([expression for expression in found if "$" in expression], [])
        done = self.read(found)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[-2000:])

    def test_what_is_not_promql_is_refused(self):
        self.assertNotEqual(self.read(["sum(rate(a[5m])"]).returncode, 0)

    def test_variables_are_filled_in_as_grafana_does_it(self):
        chosen = {"cluster": ".*", "node": "(d1)", "camera": dashboards.chosen({"b", "a.c"})}
        self.assertEqual(dashboards.filled('x{node=~"$node", camera_id=~"$camera"}[$__range]', chosen), 'x{node=~"(d1)", camera_id=~"(a\\\\.c|b)"}[1h]')
        self.assertEqual(dashboards.plain('sum(x{a="b", cluster=~"$cluster", node=~"$node"}) / y{cluster=~"$cluster", node=~"$node"}'), 'sum(x{a="b"}) / y')
        self.assertEqual(dashboards.plain('x{node="$node"}'), 'x{node="$node"}')


class GrafanaSetUpTest(unittest.TestCase):
    """The files beside the dashboards: what is read from where, and who gets in."""

    def provisioned(self, kind):
        try:
            import yaml  # Debian's python3-yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed: the provisioning was not read")
        found = []
        for path in sorted((GRAFANA / "provisioning" / kind).glob("*.yml")):
            read = yaml.safe_load(path.read_text(encoding="utf-8"))
            self.assertEqual(read["apiVersion"], 1)
            found += read["providers" if kind == "dashboards" else "datasources"]
        return found

    def test_each_folder_has_its_provider(self):
        providers = self.provisioned("dashboards")
        self.assertEqual({provider["folder"].lower() for provider in providers}, {path.parent.name for path in dashboards.files()})
        for provider in providers:
            self.assertEqual(provider["options"]["path"], f"/var/lib/grafana/dashboards/{provider['folder'].lower()}")
            self.assertEqual((provider["type"], provider["disableDeletion"], provider["allowUiUpdates"]), ("file", True, False))

    def test_sources_lead_to_traces(self):
        sources = {source["uid"]: source for source in self.provisioned("datasources")}
        self.assertEqual({uid: source["type"] for uid, source in sources.items()}, {"prometheus": "prometheus", "loki": "loki", "jaeger": "jaeger"})
        exemplars = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
        self.assertEqual([(one["name"], one["datasourceUid"]) for one in exemplars], [("trace_id", "jaeger")])
        derived = sources["loki"]["jsonData"]["derivedFields"]
        self.assertEqual([one["datasourceUid"] for one in derived], ["jaeger"])
        line = '{"level":"ERROR","trace_id":"0af7651916cd43dd8448eb211c80319c","message":"x"}'
        self.assertEqual(re.search(derived[0]["matcherRegex"], line)[1], "0af7651916cd43dd8448eb211c80319c")
        self.assertEqual(derived[0]["url"], "$${__value.raw}")  # one $ would be filled in as the file is read
        self.assertEqual([uid for uid, source in sources.items() if source.get("isDefault")], ["prometheus"])
        # Passwords come from files; what is stated of the scrape is what prometheus.yml does.
        self.assertTrue(all(value.startswith("$__file{/") for value in sources["prometheus"]["secureJsonData"].values()))
        scraped = re.search(r"scrape_interval: (\S+)", (shipped.FOLDER / "prometheus.yml").read_text(encoding="utf-8"))[1]
        self.assertEqual(sources["prometheus"]["jsonData"]["timeInterval"], scraped)
        self.assertIn(sources["prometheus"]["jsonData"]["cacheLevel"], ("Medium", "High"))

    def test_sources_of_the_dashboards_are_provisioned(self):
        uids = {source["uid"] for source in self.provisioned("datasources")}
        for dashboard in map(dashboards.load, dashboards.files()):
            for variable in dashboard["templating"]["list"]:
                if variable["type"] == "datasource":
                    self.assertIn(variable["current"]["value"], uids)

    def test_nobody_gets_in_without_a_password_of_their_own(self):
        import configparser
        read = configparser.ConfigParser(interpolation=None)
        read.read(GRAFANA / "grafana.ini", encoding="utf-8")
        self.assertEqual(read["server"]["protocol"], "https")
        self.assertEqual((read["auth.anonymous"]["enabled"], read["users"]["allow_sign_up"]), ("false", "false"))
        self.assertEqual((read["security"]["admin_user"], read["users"]["allow_org_create"], read["users"]["auto_assign_org"]), ("admin", "false", "true"))
        self.assertEqual((read["users"]["auto_assign_org_role"], read["users"]["viewers_can_edit"]), ("Viewer", "false"))
        for section, key in (("security", "admin_password"), ("security", "secret_key")):
            self.assertRegex(read[section][key], r"^\$__file\{/[\w/.-]+\}$")
        self.assertEqual(read["security"]["cookie_secure"], "true")
        self.assertEqual(read["analytics"]["reporting_enabled"], "false")
        home = pathlib.Path(read["dashboards"]["default_home_dashboard_path"])
        self.assertIn(home.relative_to("/var/lib/grafana"), [path.relative_to(GRAFANA) for path in dashboards.files()])
        self.assertEqual(read["paths"]["provisioning"], "/etc/grafana/provisioning")  # where setup.sh lays it


if __name__ == "__main__":
    unittest.main()
