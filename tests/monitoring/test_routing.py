#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who hears of which alert: the files by amtool, and the real Alertmanager with the command's own file."""

import datetime
import itertools
import pathlib
import re
import tempfile
import time
import unittest

import shipped
import alert_sinks
import alertmanager
import harness
import mqtt_client
import routing
import yaml
from accounts_client import Client, first_run_code

PASSWORD = "a long phrase of theirs"
OPS, MANAGERS = "ops-team@example.com", "managers@example.com"
SMTP = {"server": "smtp://smtp.example.com", "from": "doorbell@example.com"}
CHANNELS = {"email": OPS, "slack": "https://hooks.slack.com/services/T0/B0/x", "pagerduty": "5ec2e7" * 5 + "aa",
            "webhook": "http://127.0.0.1:5000/alerts", "telegram": "123:token@-5"}
URLS = {"sms_webhook": "http://127.0.0.1:5000/send-sms", "dead_mans_switch": "http://127.0.0.1:5000/watchdog"}
# What the tree looks like from outside: receiver by labels; `critical` has the escalation before it where there are managers.
ROUTES = [({"severity": "critical"}, "critical"), ({"severity": "high"}, "high"), ({"severity": "warning"}, "warning"),
          ({"severity": "medium"}, "medium"), ({"severity": "low"}, "house"), ({"severity": "info"}, "house"),
          ({"severity": "none"}, "default"), ({"severity": "page"}, "default"), ({}, "default"),
          ({"alertname": "Watchdog", "severity": "info"}, "watchdog"), ({"alertname": "Watchdog", "severity": "none"}, "watchdog"),
          ({"alertname": "Watchdog"}, "watchdog"), ({"alertname": "WatchdogX", "severity": "info"}, "house")]


def alerting_of(types_, managers=(), urls=()):
    alerting = {"notification_channels": [{"type": one, "config": CHANNELS[one]} for one in types_]}
    if "email" in types_ or managers:
        alerting["smtp"] = SMTP
    if managers:
        alerting["managers"] = list(managers)
    return {"alerting": {**alerting, **{name: URLS[name] for name in urls}}}


def kinds_of(receiver):
    """What a receiver sends to: mail by address, webhooks by what stands behind them."""
    found = [f"mail {entry['to']}" for entry in receiver.get("email_configs", [])]
    for entry in receiver.get("webhook_configs", []):
        names = {url: name for name, url in {**CHANNELS, **URLS}.items()}
        is_house = entry["url"].endswith("/api/v1/alerts/webhook") and "credentials_file" in entry["http_config"]["authorization"]
        found.append("house" if is_house else names[entry["url"]])
    found += [kind.removesuffix("_configs") for kind in receiver if kind in ("slack_configs", "pagerduty_configs", "telegram_configs")]
    return sorted(found)


def expected_kinds(types_, managers, urls):
    """The table of docs/notifications.md, for what is configured."""
    def tier(*wanted):
        return sorted(w for w in wanted if w) or ["house"]

    def has(*names):
        return [n for n in names if n in types_ or n in urls]
    ops = f"mail {OPS}" if "email" in types_ else ""
    everybody = ", ".join([OPS] * ("email" in types_) + list(managers))
    table = {"house": ["house"], "watchdog": sorted(["house", *has("dead_mans_switch")]), "default": tier(ops),
             "critical": tier(f"mail {everybody}" if everybody else "", *has("pagerduty", "slack", "webhook", "sms_webhook", "telegram")),
             "high": tier(*(has("slack", "telegram") or [ops])), "warning": tier(ops, *has("slack", "telegram")), "medium": tier(ops)}
    if managers:
        table["escalation"] = tier("mail " + ", ".join(managers))
    return table


@unittest.skipIf(alertmanager.AMTOOL is None, "amtool (prometheus-alertmanager) is not installed: no route was tried")
class RoutingFileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-routing-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "alertmanager.yml"

    def assert_routes(self, file, managers):
        good, said = routing.checked(file)
        self.assertTrue(good, said)
        for labels, receiver in ROUTES:
            wanted = ["escalation"] * (receiver == "critical" and bool(managers)) + [receiver]
            self.assertEqual(routing.route(file, **labels), wanted, labels)

    def test_the_shipped_file_is_what_the_documented_configuration_makes(self):
        made = routing.made(routing.documented())
        self.assertEqual(routing.FILE.read_text(), routing.HEAD + made, "config/monitoring/alertmanager.yml: write it anew")
        self.assert_routes(routing.FILE, [MANAGERS])
        for secret in routing.SECRETS.values():
            self.assertNotIn(secret, made)
        receivers = {r["name"]: kinds_of(r) for r in yaml.safe_load(made)["receivers"]}
        self.assertEqual(receivers, expected_kinds(["email", "slack", "pagerduty", "webhook"], [MANAGERS], list(URLS)))

    def test_the_shipped_tree_has_the_times_and_inhibitions_that_are_required(self):
        file = yaml.safe_load(routing.FILE.read_text())
        root = file["route"]
        self.assertEqual(root["group_by"], ["alertname", "severity", "cluster", "service"])
        self.assertEqual((root["group_wait"], root["group_interval"], root["repeat_interval"]), ("30s", "5m", "4h"))
        times = [(r["receiver"], r.get("group_wait", root["group_wait"]), r["repeat_interval"]) for r in root["routes"]]
        self.assertEqual(times, [("watchdog", "0s", "5m"), ("escalation", "15m", "4h"), ("critical", "10s", "1h"), ("high", "30s", "2h"),
                                 ("warning", "30s", "12h"), ("medium", "30s", "12h"), ("house", "5m", "24h")])
        self.assertEqual([r["receiver"] for r in root["routes"] if r.get("continue")], ["escalation"])
        self.assertEqual([rule["equal"] for rule in file["inhibit_rules"]], [["node"], ["alertname", "node"]])
        for receiver in file["receivers"]:
            for entry in itertools.chain(*(value for key, value in receiver.items() if key != "name")):
                is_quiet = entry.get("url") in URLS.values()
                self.assertEqual(entry.get("send_resolved", True), not is_quiet, f"{receiver['name']}: whether its end is told")

    def test_each_set_of_channels_reaches_what_there_is(self):
        trees = [((), (), ())] + [((one,), (), ()) for one in CHANNELS] + [
            ((), (MANAGERS,), ()), (("email",), (MANAGERS, OPS), ()), ((), (), ("sms_webhook",)), ((), (), ("dead_mans_switch",)),
            (("slack", "webhook"), (), ("sms_webhook",)), (tuple(CHANNELS), (MANAGERS,), tuple(URLS))]
        for types_, managers, urls in trees:
            with self.subTest(channels=types_, managers=managers, urls=urls):
                self.file.write_text(routing.made(alerting_of(types_, managers, urls)))
                heard = [m for m in managers if m != OPS or "email" not in types_]
                receivers = {r["name"]: kinds_of(r) for r in yaml.safe_load(self.file.read_text())["receivers"]}
                wanted = expected_kinds(types_, heard, urls)
                if managers:  # the escalation is for all of them
                    wanted["escalation"] = ["mail " + ", ".join(managers)]
                self.assertEqual(receivers, wanted)
                self.assert_routes(self.file, managers)
                self.assert_our_words()

    def assert_our_words(self):
        """Severity, summary and runbook, and no page or list of Alertmanager's own."""
        for receiver in yaml.safe_load(self.file.read_text())["receivers"]:
            for kind, key in (("email_configs", "text"), ("slack_configs", "text"), ("telegram_configs", "message")):
                for entry in receiver.get(kind, []):
                    self.assertIn("What to do: ", entry[key], receiver["name"])
                    self.assertEqual(entry.get("html"), "" if kind == "email_configs" else None)

    def test_the_environment_takes_the_lists_place(self):
        self.file.write_text(routing.made(alerting_of(["slack"]), channels=f"webhook:{CHANNELS['webhook']}"))
        receivers = {r["name"]: kinds_of(r) for r in yaml.safe_load(self.file.read_text())["receivers"]}
        self.assertEqual(receivers, expected_kinds(["webhook"], [], []))
        self.assert_routes(self.file, [])

    def test_no_text_of_a_user_breaks_the_file(self):
        for text in ('"quoted" \\ back', "a: b # c", "*words", "&words", "line\nend\ttab", "Zo\u00eb \U0001f514 \\ud83d\\udd14",
                     "\x7f\x85\u2028\ufeff", "{{ .X }}", "%", "- x"):
            with self.subTest(text=text):
                configuration = alerting_of(["slack", "email"])
                configuration["alerting"]["slack_channel"] = text
                authority = text if "\x7f" not in text else "/ca"  # control characters are refused there
                configuration["alerting"]["smtp"] = {**SMTP, "ca_file": authority}
                self.file.write_text(routing.made(configuration, ["--token-file", "/run/" + text]))
                receivers = {r["name"]: r for r in yaml.safe_load(self.file.read_text())["receivers"]}
                self.assertEqual(receivers["high"]["slack_configs"][0]["channel"], text.replace("{{", '{{"{{"}}'))
                self.assertEqual(receivers["medium"]["email_configs"][0]["tls_config"]["ca_file"], authority)
                token = receivers["house"]["webhook_configs"][0]["http_config"]["authorization"]["credentials_file"]
                self.assertEqual(token, "/run/" + text)
                good, said = routing.checked(self.file)
                self.assertTrue(good, said)

    def test_each_silence_of_the_pages_has_the_comment_that_amtool_wants(self):
        found = [(page.name, call) for page in (shipped.SOURCE / "docs").rglob("*.md")
                 for call in re.findall(r"amtool silence add ([^`\n]*)", page.read_text(encoding="utf-8"))]
        self.assertGreater(len(found), 3)
        self.assertEqual([one for one in found if not re.search(r"(^| )(-c|--comment)[ =]", one[1])], [])


def now(**shift):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**shift)).isoformat()


def alert_of(name, severity, node="door", **more):
    """As Prometheus posts one that fires, with the annotations of the house's rules; without a severity: None."""
    labels = {"alertname": name, "node": node, **({"severity": severity} if severity else {})}
    annotations = {"summary": f"{name} is broken", "description": "4 of 5 frames are lost.", "runbook_url": f"https://doorbell.local/runbooks/{name}"}
    return {"labels": labels, "annotations": annotations, "startsAt": now(seconds=-1), "endsAt": now(minutes=30), **more}


def subject(to, level, name, end=""):
    return ("mail", f"{to}: [{level}] Doorbell Alert: {name}{end}")


def critical(name, status="firing"):
    end = " (resolved)" if status == "resolved" else ""
    return [subject(f"{OPS}, {MANAGERS}", "CRITICAL", name, end), ("/slack", status), ("/v2/enqueue", status), ("/alerts", status),
            *([("/sms", status)] if status == "firing" else [])]


def table(status):
    """{alert: what must be said of it}, the table of docs/notifications.md."""
    end = " (resolved)" if status == "resolved" else ""
    plain = "FIRING:1" if status == "firing" else "RESOLVED"
    return {
        "Broken_critical": critical("Broken_critical", status),
        "Broken_high": [("/slack", status)],
        "Broken_warning": [subject(OPS, "WARNING", "Broken_warning", end), ("/slack", status)],
        "Broken_medium": [subject(OPS, "MEDIUM", "Broken_medium", end)],
        "Broken_low": [("daemon", status)], "Broken_info": [("daemon", status)],
        "Broken_none": [("mail", f"{OPS}: [{plain}] Broken_none none (door)")],
        "Broken_": [("mail", f"{OPS}: [{plain}] Broken_ (door)")],
    }


@unittest.skipIf(alertmanager.PROGRAM is None, alertmanager.MISSING)
@unittest.skipIf(alertmanager.AMTOOL is None, "amtool (prometheus-alertmanager) is not installed: no alert was silenced")
class RoutingTest(unittest.TestCase):
    """The real Alertmanager with what the command writes; only its times are shorter (routing.soon) and PagerDuty is here."""

    @classmethod
    def setUpClass(cls):
        if not alert_sinks.has_mail():
            raise unittest.SkipTest("python3-aiosmtpd is not installed: no alert was mailed")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-routing-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "ca").mkdir()
        certificates = mqtt_client.make_certificates(cls.folder / "ca")
        cls.told = alert_sinks.Told()
        cls.http = alert_sinks.HttpSinks(cls.told)
        cls.addClassCleanup(cls.http.close)
        cls.mail = alert_sinks.MailSink(cls.told, certificates / "server.pem", certificates / "server.key", "door", "s3cret-of-the-post")
        cls.addClassCleanup(cls.mail.close)
        cls.start_daemon()
        cls.secrets()
        base = f"http://127.0.0.1:{cls.http.port}"
        cls.manager = cls.start({"server": {"listen": f"127.0.0.1:{cls.daemon.port}"}, "alerting": {
            "notification_channels": [{"type": "email", "config": OPS}, {"type": "slack", "config": f"{base}/slack"},
                                      {"type": "pagerduty", "config": CHANNELS["pagerduty"]}, {"type": "webhook", "config": f"{base}/alerts"}],
            "smtp": {"server": f"smtp://127.0.0.1:{cls.mail.port}", "user": "door", "password": "not this one", "from": "door@example.com",
                     "ca_file": str(certificates / "authority.pem")},
            "managers": [MANAGERS], "slack_channel": "#vms-alerts {{of}}", "sms_webhook": f"{base}/sms", "dead_mans_switch": f"{base}/watchdog"}})

    @classmethod
    def start_daemon(cls):
        cls.daemon = harness.Daemon({"faces": {"enabled": False}})
        cls.addClassCleanup(cls.daemon.close)
        code = harness.wait_until(lambda: first_run_code(cls.daemon), 60, "the first-run code")
        cls.anna = Client(cls.daemon)
        assert cls.anna.register(code, "anna", PASSWORD)[0] == 201
        assert cls.anna.login("anna", PASSWORD) == 200

    @classmethod
    def secrets(cls):
        """The files that the head of alertmanager.yml names."""
        for name, value in {"slack.url": f"http://127.0.0.1:{cls.http.port}/slack", "pagerduty.key": CHANNELS["pagerduty"],
                            "smtp.password": "s3cret-of-the-post"}.items():
            (cls.folder / f"porchlight-{name}").write_text(value)
        token = cls.daemon.cli("users", "token", "anna", "--kind", "alerts").stdout
        (cls.folder / "token").write_text(token)

    @classmethod
    def start(cls, configuration):
        text = routing.made(configuration, ["--token-file", str(cls.folder / "token"), "--ca-file", str(cls.daemon.state / "tls/ca.pem"),
                                            "--secrets-dir", str(cls.folder)])
        manager = alertmanager.Alertmanager(routing.soon(text, f"http://127.0.0.1:{cls.http.port}/v2/enqueue"))
        cls.addClassCleanup(manager.close)
        return manager

    def heard(self, name):
        """Everything that was said about an alert: sorted (place, what). What the daemon heard are its events."""
        said = [(place, alert_sinks.brief(place, statement)) for place, statement in list(self.told.all)
                if alert_sinks.is_about(place, statement, name)]
        events = self.anna.ask("GET", "/api/v1/events?type=alert&limit=200")[2]["events"]
        return sorted(said + [("daemon", event["status"]) for event in events if event["alert"] == name])

    def wait_for(self, name, wanted):
        deadline = time.monotonic() + 90
        while len(self.heard(name)) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual(self.heard(name), sorted(wanted), f"{name}; refused: {self.told.refused[-3:]}")

    def wait_for_marker(self, name):
        """One more alert of two severities, told everywhere: what has not come by then about an earlier one comes no more."""
        self.manager.post([alert_of(name + severity, severity, node="marker") for severity in ("critical", "low")])
        self.wait_for(name + "critical", critical(name + "critical"))
        self.wait_for(name + "low", [("daemon", "firing")])

    def said(self, place, name):
        return [statement for where, statement in self.told.all if where == place and alert_sinks.is_about(where, statement, name)]

    def test_each_severity_is_told_to_those_of_the_table_and_to_nobody_else(self):
        names = list(table("firing"))
        alerts = [alert_of(name, name.removeprefix("Broken_")) for name in names]
        self.manager.post(alerts)
        for name in names:
            self.wait_for(name, table("firing")[name])
        self.wait_for_marker("Firing_")
        self.manager.post([{**alert, "endsAt": now(seconds=-1)} for alert in alerts])
        for name in names:
            self.wait_for(name, table("firing")[name] + table("resolved")[name])
        self.wait_for_marker("Resolved_")
        for name in names:
            self.assertEqual(self.heard(name), sorted(table("firing")[name] + table("resolved")[name]))
        self.assert_words("Broken_critical")

    def assert_words(self, name):
        """Severity, summary, description and runbook; the login and the encryption of the mail."""
        mail, slack, incident = (self.said(place, name)[0] for place in ("mail", "/slack", "/v2/enqueue"))
        words = (f"critical on door: {name} is broken\n4 of 5 frames are lost.\nWhat to do: https://doorbell.local/runbooks/{name}")
        self.assertIn(words, mail["text"])
        self.assertEqual(mail["html"], "", "Alertmanager's own page hides the words")
        self.assertEqual((mail["tls"], mail["user"], mail["from"]), (True, "door", "door@example.com"))
        self.assertIn("Over: critical on door", self.said("mail", name)[1]["text"])
        self.assertIn(words, slack["attachments"][0]["text"])
        self.assertEqual((slack["channel"], slack["attachments"][0]["title_link"]),
                         ("#vms-alerts {{of}}", f"https://doorbell.local/runbooks/{name}"))
        self.assertEqual((incident["routing_key"], incident["payload"]["severity"], incident["payload"]["summary"]),
                         (CHANNELS["pagerduty"], "critical", f"{name}; {name} is broken"))
        self.assertEqual(incident["payload"]["custom_details"]["runbook"], f"https://doorbell.local/runbooks/{name}")

    def test_watchdog_comes_again_and_again_to_the_dead_mans_switch_and_to_the_daemon(self):
        watchdog = alert_of("Watchdog", "info")
        self.manager.post([watchdog])
        harness.wait_until(lambda: len(self.said("/watchdog", "Watchdog")) >= 4, 90, "four signs of life")
        first = harness.wait_until(lambda: self.daemon.metric("alerts_watchdog_timestamp_seconds"), 60, "the daemon's note of it")
        harness.wait_until(lambda: self.daemon.metric("alerts_watchdog_timestamp_seconds") > first, 60, "a later note")
        # Another house's goes on and on while the end of the first goes round.
        other = alert_of("Watchdog", "info")
        other["labels"]["cluster"] = "other"
        self.manager.post([{**watchdog, "endsAt": now(seconds=-1)}, other])

        def of_the_other():
            return [m for m in self.said("/watchdog", "Watchdog") if m["groupLabels"].get("cluster") == "other"]
        harness.wait_until(lambda: len(of_the_other()) >= 4, 90, "four of the other's")
        self.manager.post([{**other, "endsAt": now(seconds=-1)}])
        self.wait_for_marker("Watched_")
        # Its end is no sign of life, and nobody else hears of it.
        self.assertEqual(set(self.heard("Watchdog")), {("/watchdog", "firing")})

    def test_what_nobody_silenced_for_a_quarter_of_an_hour_goes_to_the_managers(self):
        long_ago = {"startsAt": now(minutes=-16)}
        self.manager.tool("silence", "add", "alertname=Silenced_old", "--comment=I am at it", "--author=anna", "--duration=1h")
        self.manager.post([alert_of("Silenced_old", "critical", **long_ago), alert_of("Critical_new", "critical"),
                           alert_of("High_old", "high", **long_ago), alert_of("Critical_old", "critical", **long_ago)])
        escalated = subject(MANAGERS, "ESCALATION", "Critical_old")
        self.wait_for("Critical_old", [*critical("Critical_old"), escalated])
        self.wait_for("Critical_new", critical("Critical_new"))
        # A second one shows that the escalation has gone round once more.
        self.manager.post([alert_of("Later_old", "critical", **long_ago)])
        self.wait_for("Later_old", [*critical("Later_old"), subject(MANAGERS, "ESCALATION", "Later_old")])
        self.assertEqual(self.heard("Critical_new"), sorted(critical("Critical_new")))
        self.assertEqual(self.heard("High_old"), [("/slack", "firing")])
        self.assertEqual(self.heard("Silenced_old"), [])

    def test_a_node_that_is_down_keeps_back_what_is_on_it_and_critical_the_lesser(self):
        sources = [alert_of("NodeDown", "critical", node="n1"), alert_of("HighErrorRate", "critical", node="n3")]
        self.manager.post(sources)
        self.wait_for("NodeDown", critical("NodeDown"))
        self.wait_for("HighErrorRate", critical("HighErrorRate"))
        self.manager.post([alert_of("CameraOffline", "critical", node="n1"), alert_of("HighDiskLatency", "warning", node="n1"),
                           alert_of("LowCameraFPS", "warning", node="n1"), alert_of("HighCPUUsage", "warning", node="n2"),
                           alert_of("HighErrorRate", "warning", node="n3"), alert_of("HighErrorRate", "medium", node="n4")])
        suppressed = {(a["labels"]["alertname"], a["labels"]["severity"], a["labels"]["node"])
                      for a in harness.wait_until(self.held_back, 60, "three alerts to be kept back")}
        self.assertEqual(suppressed, {("CameraOffline", "critical", "n1"), ("HighDiskLatency", "warning", "n1"), ("HighErrorRate", "warning", "n3")})
        for name in ("LowCameraFPS", "HighCPUUsage"):
            self.wait_for(name, [subject(OPS, "WARNING", name), ("/slack", "firing")])
        self.wait_for("HighErrorRate", [*critical("HighErrorRate"), subject(OPS, "MEDIUM", "HighErrorRate")])
        self.wait_for_marker("Inhibited_")
        self.assertEqual(self.heard("CameraOffline") + self.heard("HighDiskLatency"), [])
        # The node is back, and what is still broken on it is told.
        self.manager.post([{**sources[0], "endsAt": now(seconds=-1)}])
        self.wait_for("CameraOffline", critical("CameraOffline"))
        self.wait_for("HighDiskLatency", [subject(OPS, "WARNING", "HighDiskLatency"), ("/slack", "firing")])

    def test_a_node_without_a_name_keeps_nothing_back(self):
        """Two labels that are missing are equal to Alertmanager."""
        manager = self.start({"server": {"listen": "127.0.0.1:9"}})  # nobody listens there
        manager.post([alert_of("NodeDown", "critical", node=""), alert_of("HighNameless", "warning", node="")])
        manager.post([alert_of("NodeDown", "critical", node="n9"), alert_of("HighNamed", "warning", node="n9")])

        def states():
            found = {(one["labels"]["alertname"], one["labels"].get("node", "")): one["status"]["state"] for one in manager.alerts()}
            return found if found.get(("HighNamed", "n9")) == "suppressed" else None
        found = harness.wait_until(states, 60, "the one with a name to be kept back")
        self.assertEqual(found[("HighNameless", "")], "active")

    def held_back(self):
        found = [a for a in self.manager.alerts() if a["status"]["inhibitedBy"]]
        return found if len(found) >= 3 else None

    def test_a_silence_keeps_it_back_and_its_end_tells_it(self):
        silence = self.manager.tool("silence", "add", "alertname=Silenced", "--comment=maintenance", "--author=anna", "--duration=1h")
        self.manager.post([alert_of("Silenced", "critical"), alert_of("Not_silenced", "critical")])
        self.wait_for("Not_silenced", critical("Not_silenced"))
        self.wait_for_marker("Silence_")
        self.assertEqual(self.heard("Silenced"), [])
        self.manager.tool("silence", "expire", silence)
        self.wait_for("Silenced", critical("Silenced"))

    def test_who_was_away_for_a_while_hears_of_it_once(self):
        away = {kind: self.manager.failed_requests(kind) for kind in ("slack", "pagerduty", "webhook")}
        self.http.close()
        self.manager.post([alert_of("While_away", "critical"), alert_of("While_away_low", "low")])
        harness.wait_until(lambda: all(self.manager.failed_requests(kind) >= before + 3 for kind, before in away.items()), 90,
                           "three attempts in vain of each kind")
        # Others do not wait for them.
        self.wait_for("While_away", [subject(f"{OPS}, {MANAGERS}", "CRITICAL", "While_away")])
        self.wait_for("While_away_low", [("daemon", "firing")])
        self.http.open()
        self.wait_for("While_away", critical("While_away"))
        self.wait_for_marker("Back_")
        self.assertEqual(self.heard("While_away"), sorted(critical("While_away")))

    def test_with_nothing_configured_the_daemon_hears_of_everything(self):
        manager = self.start({"server": {"listen": f"127.0.0.1:{self.daemon.port}"}})
        severities = ("critical", "high", "warning", "medium", "low", "info", "none", "")
        manager.post([alert_of("Alone_" + severity, severity) for severity in severities])
        for severity in severities:
            self.wait_for("Alone_" + severity, [("daemon", "firing")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
