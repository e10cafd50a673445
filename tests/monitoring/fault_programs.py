# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus and Alertmanager with what config/monitoring ships, on addresses of loopback, and who is told:
a mail server, the webhook's receiver and Slack's."""

import email
import email.policy
import json
import re
import subprocess
import threading
import time
import urllib.request

import shipped  # first: it finds the helpers of tests/system
import alertmanager
import harness
import prometheus
import yaml

# What replaces the timings of every route, in seconds: the shipped ones are for a house, not for a test.
ROUTE = {"group_wait": 1, "group_interval": 2, "repeat_interval": 2}
# What a job says of where its targets are and who may ask them.
ELSEWHERE = {"static_configs", "file_sd_configs", "scheme", "basic_auth", "authorization", "tls_config"}
OPS, OWNER = "ops@example.org", "owner@example.org"  # Alertmanager's mail and the daemon's


def missing():
    """Why this cannot be run here; empty when it can."""
    if why := prometheus.missing():
        return why
    if alertmanager.PROGRAM is None or alertmanager.AMTOOL is None:
        return "prometheus-alertmanager or amtool (Debian) is not installed: no alert was delivered"
    try:
        import aiosmtpd  # noqa: F401
    except ImportError:
        return "python3-aiosmtpd is not installed: no mail was received"
    return ""


class MailServer:
    """A real SMTP server that keeps of what it takes: (when, to whom, subject)."""

    def __init__(self):
        from aiosmtpd.controller import Controller
        self.mails, server = [], self

        class Handler:
            async def handle_DATA(self, smtp, session, envelope):
                mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
                server.mails.append((time.time(), envelope.rcpt_tos, str(mail["subject"])))
                return "250 OK"

        self.controller = Controller(Handler(), hostname="127.0.0.1", port=harness.free_port())
        self.controller.start()
        self.address = f"127.0.0.1:{self.controller.port}"

    def close(self):
        self.controller.stop()


class Listeners:
    """Everybody whom an alert may reach."""

    def __init__(self, cleanup):
        self.mail = MailServer()
        cleanup(self.mail.close)
        self.webhook, self.slack, self.house = harness.Hook(), harness.Hook(), harness.Hook()
        for hook in (self.webhook, self.slack, self.house):
            cleanup(hook.close)

    def arrivals(self, way, name, status):
        """The times at which this alert came that way, as `firing` or `resolved`."""
        if way in ("mail", "the daemon's mail"):
            to = OPS if way == "mail" else OWNER
            return [at for at, addresses, subject in list(self.mail.mails) if to in addresses and self.tells(subject, name, status)]
        if way == "slack":
            return [m.wall for m in list(self.slack.messages) if self.tells(m.event["attachments"][0]["title"], name, status)]
        if way == "webhook":
            return [m.wall for m in list(self.webhook.messages) for alert in m.event.get("alerts", [])
                    if (alert["labels"]["alertname"], alert["status"]) == (name, status)]
        return [m.wall for m in list(self.house.messages)
                if m.event["type"] == "alert" and (m.event["alert"], m.event["status"]) == (name, status)]

    @staticmethod
    def tells(title, name, status):
        """Whether a title for people tells it. That it is over is said; that it fires may go without saying."""
        over = re.search("resolved", title, re.I) is not None
        return re.search(rf"\b{name}\b", title) is not None and over == (status == "resolved")


class Manager(alertmanager.Alertmanager):
    """The file that `porchlight config alertmanager` writes for these channels, with ROUTE for its timings."""

    def __init__(self, folder, daemon, token, listeners):
        self.made = self.write(folder, daemon, token, listeners)
        super().__init__(self.made)

    @classmethod
    def write(cls, folder, daemon, token, listeners):
        (folder / "token").write_text(token + "\n")
        (folder / "porchlight-slack.url").write_text(listeners.slack.url + "\n")
        settings = {
            "server": {"listen": f"127.0.0.1:{daemon.port}", "public_url": f"https://localhost:{daemon.port}"},
            "storage": {"path": str(daemon.state)},
            "alerting": {"notification_channels": [{"type": "email", "config": OPS}, {"type": "webhook", "config": listeners.webhook.url},
                                                   {"type": "slack", "config": listeners.slack.url}],
                         "smtp": {"server": f"smtp://{listeners.mail.address}", "from": "door@example.org", "starttls": "none"}}}
        config = folder / "alerting.yaml"
        config.write_text(json.dumps(settings))  # JSON is YAML
        done = subprocess.run([harness.PROGRAM, "config", "alertmanager", "--config", config, "--token-file", folder / "token", "--ca-file",
                               daemon.state / "tls/ca.pem", "--secrets-dir", folder], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise AssertionError(f"porchlight config alertmanager: {done.returncode}\n{done.stderr}")
        made = yaml.safe_load(done.stdout)
        cls.hasten(made["route"], top=True)
        # The installed place of what ships.
        if made.get("templates"):
            made["templates"] = [str(shipped.FOLDER / "alertmanager-templates" / "*.tmpl")]
        return made

    @classmethod
    def hasten(cls, route, top=False):
        """The timings of a route and of those below it."""
        for key, seconds in ROUTE.items():
            if top or key in route:
                route[key] = f"{seconds}s"
        for below in route.get("routes", []):
            cls.hasten(below)

    def alerts(self):
        with urllib.request.urlopen(f"http://{self.address}/api/v2/alerts", timeout=10) as answer:
            return json.load(answer)

    def ways(self, **labels):
        """{way: whether its end is told} of every receiver that an alert with these labels goes to, as amtool routes it."""
        told = subprocess.run([alertmanager.AMTOOL, "config", "routes", "test", f"--config.file={self.config}",
                               *(f"{name}={value}" for name, value in labels.items())], capture_output=True, text=True, timeout=60, check=True)
        names = set(told.stdout.strip().split(","))
        found = {}
        for receiver in self.made["receivers"]:
            if receiver["name"] in names:
                self.add_ways(receiver, found)
        return found

    @staticmethod
    def add_ways(receiver, found):
        if receiver.get("email_configs"):
            found["mail"] = any(one.get("send_resolved", False) for one in receiver["email_configs"])
        if receiver.get("slack_configs"):
            found["slack"] = any(one.get("send_resolved", False) for one in receiver["slack_configs"])
        for hook in receiver.get("webhook_configs", []):
            resolved = hook.get("send_resolved", True)
            if hook["url"].endswith("/api/v1/alerts/webhook"):
                found.update({"the daemon's webhook": resolved, "the daemon's mail": resolved})
            else:
                found["webhook"] = found.get("webhook", False) or resolved


class Shipped(prometheus.Prometheus):
    """config/monitoring/prometheus.yml with all of rules/*.yml and its own intervals; `targets`: {job: [host:port]}.
    Jobs that have no target here are left out, and every address is replaced with what belongs to it; nothing else is."""

    def __init__(self, targets, alertmanager_address):
        self.owned = prometheus.tempfile.TemporaryDirectory(prefix="porchlight-prometheus-")
        folder = prometheus.pathlib.Path(self.owned.name)
        self.data = folder / "data"
        config = folder / "prometheus.yml"
        config.write_text(json.dumps(self.settings(targets, alertmanager_address)))
        address = f"127.0.0.1:{harness.free_port()}"
        prometheus.Server.__init__(self, "prometheus", folder, [
            prometheus.PROGRAM, f"--config.file={config}", f"--storage.tsdb.path={self.data}", f"--web.listen-address={address}"],
            address, "/-/ready")
        self.rules = {}

    def settings(self, targets, alertmanager_address):
        made = yaml.safe_load((shipped.FOLDER / "prometheus.yml").read_text())
        made["rule_files"] = [str(shipped.RULES / "*.yml")]
        made["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager_address]}]}]}
        made["scrape_configs"] = [self.job(job, targets[job["job_name"]]) for job in made["scrape_configs"] if job["job_name"] in targets]
        if {job["job_name"] for job in made["scrape_configs"]} != set(targets):
            raise AssertionError(f"prometheus.yml has not all of the jobs {sorted(targets)}")
        self.scrape = seconds_of(made["global"]["scrape_interval"])
        return made

    @staticmethod
    def job(job, addresses):
        labels = (job.get("static_configs") or [{}])[0].get("labels", {})
        kept = {key: value for key, value in job.items() if key not in ELSEWHERE}
        return {**kept, "static_configs": [{"targets": addresses, "labels": labels}]}

    def rule(self, name, component):
        """(expression, for, interval of its group, severity) of an alert that is loaded; seconds."""
        if not self.rules:
            self.rules = {(rule["name"], rule["labels"].get("component")): (rule["query"], rule["duration"], group["interval"],
                                                                          rule["labels"]["severity"])
                          for group in self.ask("rules", type="alert")["groups"] for rule in group["rules"]}
        return self.rules[name, component]

    def samples(self, selector, since):
        """[(labels, [times of its samples after since])]"""
        span = int(time.time() - since) + 1
        return [(series["metric"], [at for at, _ in series["values"] if at >= since])
                for series in self.ask("query", query=f"{selector}[{span}s]")["result"]]

    def own(self, name):
        """{group: value} of a number that Prometheus has of itself."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        found = re.findall(rf'^{name}\{{.*rule_group="[^"]*;([^"]+)".*\}} (\S+)$', text, re.M)
        return {group: float(value) for group, value in found}

    def remembers(self):
        """Whether the groups that are evaluated often write ALERTS: a Prometheus that was just started tells alerts at once, but
        writes them only from the third evaluation on, when it has looked for those of its earlier life."""
        done, every = self.own("prometheus_rule_group_iterations_total"), self.own("prometheus_rule_group_interval_seconds")
        often = [done.get(group, 0) for group, seconds in every.items() if seconds <= 30]
        return bool(often) and min(often) >= 2


def seconds_of(text):
    """Of a duration as Prometheus writes it: 1h30m."""
    return sum(int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))
