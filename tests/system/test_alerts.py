#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Alerts: the real Alertmanager tells the daemon over TLS; the short list of channels; the commands about them."""

import copy
import datetime
import json
import pathlib
import subprocess
import tempfile
import threading
import time
import unittest

import alertmanager
import harness
from accounts_client import Client, first_run_code

PASSWORD = "a long phrase of theirs"
WEBHOOK = "/api/v1/alerts/webhook"
NOTIFICATION = {
    "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "house", "groupLabels": {},
    "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://localhost:9093",
    "alerts": [{"status": "firing", "labels": {"alertname": "DiskFull", "severity": "critical"},
                "annotations": {"summary": "2 % left"}, "startsAt": "2026-01-29T04:20:12.95Z",
                "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "c6f2a6bd7b1a9e10"}],
}


def now(**shift):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**shift)).isoformat()


def alert_of(name, summary="97 %", **more):
    """As Prometheus posts one that fires."""
    times = {key: more.pop(key) for key in ("startsAt", "endsAt") if key in more}
    return {"labels": {"alertname": name, "severity": "page", **more}, "annotations": {"summary": summary},
            "startsAt": now(seconds=-5), "endsAt": now(minutes=10), **times}


class Alerts(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.settings = harness.config(self.hook, notifications={
            "channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
            "rules": [{"when": "alert", "to": ["hook"]}]})
        self.daemon = harness.Daemon(self.settings)
        self.addCleanup(self.daemon.close)
        code = harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        self.anna = Client(self.daemon)
        self.assertEqual(self.anna.register(code, "anna", PASSWORD)[0], 201)
        self.assertEqual(self.anna.login("anna", PASSWORD), 200)
        self.token = self.daemon.cli("users", "token", "anna", "--kind", "alerts").stdout.strip()

    def alerts(self):
        return [m.event for m in self.hook.messages if m.event["type"] == "alert"]

    def teller(self):
        client = Client(self.daemon)
        client.bearer = self.token
        return client

    def manager(self):
        """An Alertmanager that tells us over TLS with the token, soon and again and again."""
        if alertmanager.PROGRAM is None:
            self.skipTest(alertmanager.MISSING)
        folder = tempfile.TemporaryDirectory(prefix="porchlight-token-")
        self.addCleanup(folder.cleanup)
        token = pathlib.Path(folder.name) / "token"
        token.write_text(self.token + "\n")
        manager = alertmanager.Alertmanager({
            "route": {"receiver": "house", "group_by": ["alertname"], "group_wait": "100ms", "group_interval": "500ms",
                      "repeat_interval": "1s"},
            "receivers": [{"name": "house", "webhook_configs": [{
                "url": f"https://localhost:{self.daemon.port}{WEBHOOK}", "max_alerts": 100,
                "http_config": {"authorization": {"credentials_file": str(token)},
                                "tls_config": {"ca_file": str(self.daemon.state / "tls/ca.pem")}}}]}],
        })
        self.addCleanup(manager.close)
        return manager

    def wait_for_repetitions(self):
        """Until every alert that is to be told has been told again: groups have one pace."""
        def posts():
            return self.daemon.metric("http_requests_total", method="POST", endpoint=WEBHOOK, status="200") or 0

        told = posts()
        harness.wait_until(lambda: posts() >= told + 6, 60, "repeated notifications")

    def test_each_alert_is_told_once(self):
        teller = self.teller()
        self.assertEqual(teller.ask("POST", WEBHOOK, NOTIFICATION)[2], {"received": 1, "new": 1, "refused": 0})
        for _ in range(3):
            self.assertEqual(teller.ask("POST", WEBHOOK, NOTIFICATION)[2], {"received": 1, "new": 0, "refused": 0})
        self.daemon.kill()
        self.daemon.start()
        teller = self.teller()
        # Until the accounts are read again nobody can be told good or bad.
        again = harness.wait_until(lambda: (a := teller.ask("POST", WEBHOOK, NOTIFICATION))[0] == 200 and a[2], 20, "the accounts")
        self.assertEqual(again, {"received": 1, "new": 0, "refused": 0})
        resolved = copy.deepcopy(NOTIFICATION)
        resolved["alerts"][0]["status"] = "resolved"
        self.assertEqual(teller.ask("POST", WEBHOOK, resolved)[2], {"received": 1, "new": 1, "refused": 0})
        again = copy.deepcopy(NOTIFICATION)
        again["alerts"][0]["startsAt"] = "2026-01-30T04:20:12Z"
        self.assertEqual(teller.ask("POST", WEBHOOK, again)[2], {"received": 1, "new": 1, "refused": 0})
        harness.wait_until(lambda: len({e["id"] for e in self.alerts()}) == 3, 20, "three messages")
        time.sleep(1)
        # A crash may repeat a delivery, under its own id.
        self.assertEqual(len({e["id"] for e in self.alerts()}), 3)
        self.assertEqual({(e["status"], e["severity"], e["alert"], e["summary"]) for e in self.alerts()},
                         {("firing", "critical", "DiskFull", "2 % left"), ("resolved", "critical", "DiskFull", "2 % left")})
        anna = Client(self.daemon)
        self.assertEqual(anna.login("anna", PASSWORD), 200)
        page = anna.ask("GET", "/api/v1/events?type=alert")[2]["events"]
        self.assertEqual([e["status"] for e in page], ["firing", "resolved", "firing"])
        self.assertEqual(self.daemon.metric("alerts_received_total", status="resolved", severity="critical"), 1)
        self.assertEqual(self.daemon.metric("alerts_received_total", status="firing", severity="low"), 0)

    def test_the_same_at_once_is_told_once(self):
        answers = []

        def tell():
            answers.append(self.teller().ask("POST", WEBHOOK, NOTIFICATION))

        together = [threading.Thread(target=tell) for _ in range(8)]
        for one in together:
            one.start()
        for one in together:
            one.join(60)
        self.assertEqual([answer[0] for answer in answers], [200] * 8, answers)
        self.assertEqual(sum(answer[2]["new"] for answer in answers), 1, answers)
        harness.wait_until(self.alerts, 20, "the alert")
        self.assertEqual(self.daemon.metric("alerts_received_total", status="firing", severity="critical"), 1)
        self.assertEqual(len(self.anna.ask("GET", "/api/v1/events?type=alert")[2]["events"]), 1)

    def test_one_bad_alert_does_not_keep_the_others(self):
        mixed = copy.deepcopy(NOTIFICATION)
        mixed["ofALaterAlertmanager"] = {}
        mixed["alerts"].insert(0, {**mixed["alerts"][0], "startsAt": "soon"})
        self.assertEqual(self.teller().ask("POST", WEBHOOK, mixed)[2], {"received": 1, "new": 1, "refused": 1})
        harness.wait_until(self.alerts, 20, "the good one")
        harness.wait_until(lambda: "alerts[0].startsAt" in self.daemon.log.read_text(), 20, "the reason in the log")

    def test_an_alert_that_is_resolved_is_escalated_no_more(self):
        self.daemon.write_config(harness.config(self.hook, notifications={
            "channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}, {"id": "boss", "type": "log"}],
            "rules": [{"when": "alert", "to": ["hook"], "escalate": {"after": "1h", "to": ["boss"]}}]}))
        self.daemon.cli("reload")

        def states():
            rows = json.loads(self.daemon.cli("outbox", "list", "--state", "all", "--channel", "boss", "--json").stdout)
            return [row["state"] for row in rows]

        teller = self.teller()
        self.assertEqual(teller.ask("POST", WEBHOOK, NOTIFICATION)[2]["new"], 1)
        harness.wait_until(lambda: states() == ["pending"], 20, "the escalation")
        resolved = copy.deepcopy(NOTIFICATION)
        resolved["alerts"][0]["status"] = "resolved"
        self.assertEqual(teller.ask("POST", WEBHOOK, resolved)[2]["new"], 1)
        harness.wait_until(lambda: states() == ["cancelled"], 20, "its withdrawal, and none for the end")

    def test_the_door_has_a_key_of_its_own(self):
        stranger = Client(self.daemon)
        self.assertEqual(stranger.ask("POST", WEBHOOK, NOTIFICATION)[0], 401)
        scraper = Client(self.daemon)
        scraper.bearer = self.daemon.cli("users", "token", "anna", "--kind", "scrape", "--for", "prometheus").stdout.strip()
        self.assertEqual(scraper.ask("POST", WEBHOOK, NOTIFICATION)[0], 403)
        teller = self.teller()
        self.assertEqual(teller.ask("GET", "/api/v1/status")[0], 403)
        self.assertEqual(teller.ask("POST", WEBHOOK, {**NOTIFICATION, "version": "5"})[0], 422)
        self.assertEqual(teller.exchange("POST", WEBHOOK, "{", Content_Type="application/json")[0], 400)
        self.assertEqual(teller.exchange("POST", WEBHOOK, "x", Content_Type="text/plain")[0], 415)
        listed = self.anna.ask("GET", "/api/v1/tokens")[2]["tokens"]
        self.assertEqual(sorted((t["name"], t["kind"]) for t in listed), [("alerts", "alerts"), ("prometheus", "scrape")])
        self.assertNotEqual(self.daemon.cli("users", "token", "nobody", "--kind", "alerts", check=False).returncode, 0)
        self.assertEqual(self.alerts(), [])

    def test_alertmanager_tells_once_and_again_when_it_is_over(self):
        manager = self.manager()
        alert = alert_of("HighCPU", node="door")
        watchdog = {"labels": {"alertname": "Watchdog", "severity": "none"}, "startsAt": now(seconds=-5), "endsAt": now(minutes=10)}
        manager.post([alert, watchdog])
        fired = self.hook.wait_for(lambda m: m.event["type"] == "alert", 60, "the alert").event
        self.assertEqual((fired["alert"], fired["severity"], fired["status"], fired["summary"]),
                         ("HighCPU", "warning", "firing", "97 %"))
        harness.wait_until(lambda: self.daemon.metric("alerts_watchdog_timestamp_seconds"), 60, "the watchdog")
        self.wait_for_repetitions()
        self.assertEqual(len(self.alerts()), 1)
        manager.post([{**alert, "endsAt": now(seconds=-1)}])
        self.hook.wait_for(lambda m: m.event.get("status") == "resolved", 60, "its end")
        self.assertEqual([(e["alert"], e["status"]) for e in self.alerts()], [("HighCPU", "firing"), ("HighCPU", "resolved")])

    def test_a_silence_keeps_it_back_and_its_end_tells_it(self):
        if alertmanager.AMTOOL is None:
            self.skipTest("amtool (prometheus-alertmanager) is not installed: no alert was silenced")
        manager = self.manager()
        silence = manager.tool("silence", "add", "alertname=HighCPU", "--comment=maintenance", "--author=anna", "--duration=1h")
        # One that nobody silenced shows that notifications go on meanwhile.
        manager.post([alert_of("HighCPU"), alert_of("DiskFull")])
        self.hook.wait_for(lambda m: m.event.get("alert") == "DiskFull", 60, "the alert that is not silenced")
        self.wait_for_repetitions()
        self.assertEqual([e["alert"] for e in self.alerts()], ["DiskFull"])
        manager.tool("silence", "expire", silence)
        self.hook.wait_for(lambda m: m.event.get("alert") == "HighCPU", 60, "the alert after its silence")
        self.wait_for_repetitions()
        # While it is silenced again it ends and begins anew: only the new beginning is heard, and after the silence.
        silence = manager.tool("silence", "add", "alertname=HighCPU", "--comment=again", "--author=anna", "--duration=1h")
        manager.post([alert_of("HighCPU", endsAt=now(seconds=-1))])
        self.wait_for_repetitions()
        manager.post([alert_of("HighCPU", "98 %", startsAt=now())])
        self.wait_for_repetitions()
        self.assertEqual([e["alert"] for e in self.alerts()], ["DiskFull", "HighCPU"])
        manager.tool("silence", "expire", silence)
        self.hook.wait_for(lambda m: m.event.get("summary") == "98 %", 60, "the second beginning after its silence")
        self.wait_for_repetitions()
        self.assertEqual([(e["alert"], e["status"], e["summary"]) for e in self.alerts()],
                         [("DiskFull", "firing", "97 %"), ("HighCPU", "firing", "97 %"), ("HighCPU", "firing", "98 %")])

    def test_what_alertmanager_could_not_tell_is_told_once_after_a_pause_of_ours(self):
        manager = self.manager()
        port = self.daemon.port
        self.daemon.stop()
        manager.post([alert_of("HighCPU")])
        harness.wait_until(lambda: manager.failed_requests() >= 3, 120, "attempts while nobody listened")
        self.assertEqual(self.alerts(), [])
        self.daemon.write_config({**self.settings, "server": {"listen": f"127.0.0.1:{port}"}})
        self.daemon.start()
        self.hook.wait_for(lambda m: m.event.get("alert") == "HighCPU", 120, "the alert")
        self.wait_for_repetitions()
        self.assertEqual([(e["alert"], e["status"]) for e in self.alerts()], [("HighCPU", "firing")])
        self.assertEqual(self.daemon.metric("alerts_received_total", status="firing", severity="warning"), 1)


class ShortList(unittest.TestCase):
    """NOTIFICATION_CHANNELS and alerting.notification_channels."""

    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def daemon(self, environment=None, **settings):
        daemon = harness.Daemon({"faces": {"enabled": False}, **settings}, environment=environment, wait=None)
        self.addCleanup(daemon.close)
        return daemon

    def run_command(self, daemon, *arguments, channels=None):
        environment = {"PATH": "/usr/bin:/bin", **({"NOTIFICATION_CHANNELS": channels} if channels else {})}
        return subprocess.run([harness.PROGRAM, *arguments, "--config", daemon.config], capture_output=True, text=True,
                              timeout=60, env=environment)

    def test_the_environment_makes_a_channel_of_a_running_daemon(self):
        elsewhere = harness.Hook()
        self.addCleanup(elsewhere.close)
        daemon = self.daemon({"NOTIFICATION_CHANNELS": f" webhook : {self.hook.url}?a=1%2C2 "},
                             cameras=[{"id": "gone", "url": "rtsp://127.0.0.1:9/none"}],
                             alerting={"notification_channels": [{"type": "webhook", "config": elsewhere.url}]})
        daemon.start()
        code = harness.wait_until(lambda: first_run_code(daemon), 20, "the first-run code")
        anna = Client(daemon)
        self.assertEqual(anna.register(code, "anna", PASSWORD)[0], 201)
        teller = Client(daemon)
        teller.bearer = daemon.cli("users", "token", "anna", "--kind", "alerts").stdout.strip()
        self.assertEqual(teller.ask("POST", WEBHOOK, NOTIFICATION)[0], 200)
        self.hook.wait_for(lambda m: m.event["type"] == "alert", 20, "the alert")
        self.assertEqual(elsewhere.messages, [], "the environment takes the list's place")
        self.assertIn("notify-alerting_webhook", daemon.get("/metrics")[2])

    def test_a_bad_list_stops_the_start_and_never_shows_a_value(self):
        secret = "s3cret-value-77aa"
        daemon = self.daemon()
        for channels, word in ((f"slak:{secret}", "slak"), ("email:", "email"), (f"webhook:https://a/{secret},webhook:https://b", "webhook"),
                               (secret, "entry 1"), (f"push:{secret}", "push"), (f"webhook:ftp://{secret}", "webhook")):
            for command, wanted in (("run", 2), ("check", 1)):
                done = self.run_command(daemon, command, channels=channels)
                said = done.stdout + done.stderr
                self.assertEqual(done.returncode, wanted, f"{command} {channels}: {said}")
                self.assertIn(word, said)
                self.assertNotIn(secret, said)

    def test_a_channel_can_be_tried(self):
        daemon = self.daemon(alerting={"notification_channels": [{"type": "webhook", "config": self.hook.url}]})
        done = self.run_command(daemon, "alert", "test", "--channel", "webhook")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([m.event["alert"] for m in self.hook.messages], ["PorchlightTest"])
        self.assertEqual(self.run_command(daemon, "alert", "test", "--channel", "slack").returncode, 2)
        self.hook.status = 404
        refused = self.run_command(daemon, "alert", "test", "--channel", "webhook")
        self.assertEqual(refused.returncode, 1)
        self.assertNotIn("/hook", refused.stderr)

    def test_alertmanager_takes_the_file_that_is_made_for_it(self):
        channels = {"webhook": "https://sms.example/send?key=1", "slack": "https://hooks.slack.example/T/s3cret",
                    "pagerduty": "5ec2e7" * 5 + "aa", "telegram": "123:token@-5", "email": "ops@example.org"}
        daemon = self.daemon(server={"listen": "127.0.0.1:0", "public_url": "https://door.example.org/"},
                             alerting={"notification_channels": [{"type": t, "config": v} for t, v in channels.items()],
                                       "smtp": {"server": "smtp://mail.example.org", "user": "door@example.org",
                                                "password": "s3cret-of-the-post", "from": "door@example.org"}})
        made = self.run_command(daemon, "config", "alertmanager", "--token-file", "/run/token", "--secrets-dir", "/run/secrets")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn('url: "https://door.example.org/api/v1/alerts/webhook"', made.stdout)
        self.assertIn('credentials_file: "/run/token"', made.stdout)
        for secret in ("s3cret", "5ec2e7"):
            self.assertNotIn(secret, made.stdout)
        for file in ("porchlight-smtp.password", "porchlight-slack.url", "porchlight-pagerduty.key"):
            self.assertIn(f'_file: "/run/secrets/{file}"', made.stdout)
            self.assertIn(f"#   /run/secrets/{file}: ", made.stdout)
        self.assertIn("It holds the value of 'webhook' and 'telegram'", made.stdout)
        if alertmanager.AMTOOL is None:
            self.skipTest("amtool (prometheus-alertmanager) is not installed: alertmanager.yml is not checked")
        with tempfile.TemporaryDirectory(prefix="porchlight-alertmanager-") as folder:
            file = pathlib.Path(folder) / "alertmanager.yml"
            file.write_text(made.stdout)
            checked = subprocess.run([alertmanager.AMTOOL, "check-config", file], capture_output=True, text=True, timeout=60)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
            routes = {"critical": "critical", "high": "high", "warning": "warning", "medium": "medium", "low": "house",
                      "info": "house", "none": "default"}
            for severity, receiver in routes.items():
                tried = subprocess.run([alertmanager.AMTOOL, "config", "routes", "test", f"--config.file={file}",
                                        f"severity={severity}"], capture_output=True, text=True, timeout=60)
                self.assertEqual(tried.stdout.strip(), receiver, severity)
            tried = subprocess.run([alertmanager.AMTOOL, "config", "routes", "test", f"--config.file={file}",
                                    "alertname=Watchdog", "severity=none"], capture_output=True, text=True, timeout=60)
            self.assertEqual(tried.stdout.strip(), "watchdog")


if __name__ == "__main__":
    unittest.main()
