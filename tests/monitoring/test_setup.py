#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""setup.sh: what it lays in a scratch root, what it leaves alone, and that Debian's servers run with exactly that."""

import json
import os
import pathlib
import platform
import re
import shutil
import ssl
import subprocess
import unittest
import warnings

import shipped
import alertmanager
import harness
import prometheus
from device import BLACKBOX, Device, SETUP, Stack, lacking

SECRET = ("alertmanager.yml", "porchlight-curl", "porchlight.token", "porchlight-web.password", "porchlight-web.key", "web.yml")
OPEN = ("prometheus.yml", "blackbox.yml", "porchlight-ca.crt", "porchlight-web.crt", "porchlight-client.yml", "amtool.yml")


class DeviceCase(unittest.TestCase):
    """One scratch root for all tests of a class, empty at the beginning of each."""

    @classmethod
    def setUpClass(cls):
        if lacking():
            raise unittest.SkipTest(lacking())
        cls.device = Device()
        cls.addClassCleanup(cls.device.close)

    def setUp(self):
        self.device.forget()


class SetupFilesTest(DeviceCase):
    def test_what_is_laid(self):
        told = self.device.setup()
        for name in SECRET:
            self.assertEqual((self.device.etc / name).stat().st_mode & 0o777, 0o640, name)
        for name in OPEN:
            self.assertEqual((self.device.etc / name).stat().st_mode & 0o777, 0o644, name)
        for folder in ("", "rules", "targets/node", "jobs.d"):
            self.assertEqual((self.device.etc / folder).stat().st_mode & 0o777, 0o755, folder)
        rules = sorted(path.name for path in shipped.RULES.glob("*.yml"))
        self.assertGreater(len(rules), 10)
        self.assertEqual(sorted(path.name for path in (self.device.etc / "rules").iterdir()), rules)
        self.assertIn(f'public_url: "{self.device.address}"', (self.device.etc / "prometheus.yml").read_text())
        self.assertIn(f"{self.device.address}/health/live", (self.device.etc / "prometheus.yml").read_text())
        self.assertNotIn("@HASH@", (self.device.etc / "web.yml").read_text())
        self.assertIn("no service was started", told)
        # What opens something is said to nobody.
        for name in ("porchlight.token", "porchlight-web.password"):
            secret = (self.device.etc / name).read_text().strip()
            self.assertGreater(len(secret), 20)
            self.assertNotIn(secret, told)
        self.assertEqual((self.device.daemon.state / "config.d/40-monitoring.yaml").read_text().splitlines()[-1],
                         'metrics: {listen: "127.0.0.1:9464"}')
        self.assertEqual(self.device.daemon.cli("check").returncode, 0)

    def test_again_changes_nothing(self):
        self.device.setup()
        before, when = self.device.files(), self.times()
        told = self.device.setup()
        self.assertIn("nothing to change", told)
        self.assertEqual(self.device.files(), before)
        self.assertEqual(self.times(), when)
        # Nor without the name that only the first token needs.
        self.assertEqual(self.device.run().returncode, 0)
        self.assertEqual(self.device.files(), before)

    def times(self):
        return {path: path.stat().st_mtime_ns for path in self.device.root.rglob("*") if path.is_file()}

    def test_what_the_owner_changed_stays(self):
        self.device.setup()
        mine = self.device.etc / "prometheus.yml"
        ours = mine.read_text()
        mine.write_text(ours.replace("scrape_interval: 15s", "scrape_interval: 30s"))
        changed = mine.read_text()
        self.assertNotEqual(changed, ours)
        told = self.device.setup()
        self.assertIn("kept /etc/prometheus/prometheus.yml, which you changed", told)
        self.assertEqual(mine.read_text(), changed)
        self.assertEqual((self.device.etc / "prometheus.yml.porchlight-new").read_text(), ours)
        self.device.setup("--replace")
        self.assertEqual(mine.read_text(), ours)
        self.assertEqual((self.device.etc / "prometheus.yml.before-porchlight").read_text(), changed)

    def test_an_older_one_of_ours_is_renewed(self):
        self.device.setup()
        self.device.setup("--public-url", "https://door.example.org/")
        text = (self.device.etc / "prometheus.yml").read_text()
        self.assertIn('public_url: "https://door.example.org"', text)
        self.assertFalse((self.device.etc / "prometheus.yml.porchlight-new").exists())

    def test_rules_of_an_older_version_go(self):
        """As they were laid only; what the owner has there stays."""
        mine = self.device.folder / "monitoring"
        shutil.copytree(shipped.FOLDER, mine, ignore=shutil.ignore_patterns("__pycache__"))
        self.addCleanup(shutil.rmtree, mine)
        for name in ("old.yml", "changed.yml"):
            (mine / "rules" / name).write_text("groups: []\n")
        self.device.setup(program=mine / "setup.sh")
        rules = self.device.etc / "rules"
        (rules / "changed.yml").write_text("groups: []  # mine\n")
        (rules / "owners.yml").write_text("groups: []\n")
        self.assertIn("/etc/prometheus/rules/old.yml", self.device.setup())
        self.assertEqual({path.name for path in rules.iterdir()} - {path.name for path in shipped.RULES.glob("*.yml")}, {"changed.yml", "owners.yml"})
        self.assertNotIn("/rules/old.yml", (self.device.etc / "porchlight.laid").read_text())
        self.assertIn("nothing to change", self.device.setup())

    def test_where_the_daemon_is_need_not_be_said_again(self):
        self.device.setup()
        before = (self.device.etc / "prometheus.yml").read_text()
        done = subprocess.run([SETUP, "setup", "--root", self.device.root, "--config", self.device.daemon.config, "--state", self.device.daemon.state,
                               "--porchlight", harness.PROGRAM], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{self.device.address}/health/live", before)
        self.assertEqual((self.device.etc / "prometheus.yml").read_text(), before)

    def test_what_was_laid_is_remembered_file_by_file(self):
        """Of names that begin alike, too: a forgotten one would pass for the owner's."""
        self.device.setup()
        record = self.device.etc / "porchlight.laid"
        before = {line.split()[1] for line in record.read_text().splitlines()}
        self.assertGreater(len(before), 20)
        (self.device.root / "etc/default/prometheus").unlink()
        self.assertIn("laid: /etc/default/prometheus\n", self.device.setup())
        self.assertEqual({line.split()[1] for line in record.read_text().splitlines()}, before)

    def test_a_file_as_debian_brought_it_gives_way(self):
        told = subprocess.run(["dpkg-query", "-W", "-f=${Conffiles}", "prometheus"], capture_output=True, text=True, check=False).stdout
        packaged = "/etc/default/prometheus"
        if packaged not in told or not os.path.exists(packaged):
            self.skipTest("Debian's prometheus is not installed: its own files were not replaced")
        target = self.device.root / packaged[1:]
        target.parent.mkdir(parents=True)
        shutil.copy(packaged, target)
        (self.device.root / "etc/default/prometheus-alertmanager").write_text('ARGS="--log.level=debug"\n')
        told = self.device.setup()
        if "kept /etc/default/prometheus," in told:
            self.skipTest("/etc/default/prometheus of this machine is not as Debian brought it")
        self.assertIn("--storage.tsdb.retention.time=200h", target.read_text())
        self.assertIn("kept /etc/default/prometheus-alertmanager", told)
        self.assertIn("--log.level=debug", (self.device.root / "etc/default/prometheus-alertmanager").read_text())

    def test_the_daemons_own_choice_of_address_stays(self):
        folder = self.device.daemon.state / "config.d"
        folder.mkdir(exist_ok=True)
        (folder / "10-mine.yaml").write_text('metrics:\n  listen: "127.0.0.1:9999"  # mine\n')
        self.assertIn("metrics.listen is 127.0.0.1:9999", self.device.setup())
        self.assertFalse((folder / "40-monitoring.yaml").exists())

    def test_further_exporters(self):
        self.device.setup("--with", "postgres,pushgateway")
        text = (self.device.etc / "prometheus.yml").read_text()
        self.assertIn("job_name: postgresql", text)
        self.assertIn("job_name: pushgateway", text)
        self.assertNotIn("job_name: redis", text)
        self.assertTrue((self.device.root / "etc/default/prometheus-postgres-exporter").exists())
        self.assertFalse((self.device.root / "etc/default/prometheus-redis-exporter").exists())
        # What was chosen once stays chosen, and a job of the owner's goes in, too.
        (self.device.etc / "jobs.d/garden.yml").write_text((shipped.FOLDER / "jobs/device.yml.example").read_text())
        self.device.setup()
        self.assertTrue((self.device.etc / "prometheus.yml").read_text().startswith(text))
        done = prometheus.promtool("check", "config", "--syntax-only", self.device.etc / "prometheus.yml")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_password_of_ones_own(self):
        file = self.device.folder / "mine"
        file.write_text("too short\n")
        refused = self.device.run("--admin", "anna", "--password-file", file)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("at least 12", refused.stderr)
        mine = 'four "words" and a \\ stroke'
        file.write_text(mine + "\n")
        self.device.setup("--password-file", file)
        self.assertEqual((self.device.etc / "porchlight-web.password").read_text(), mine)
        self.assertIn('user = "monitor:four \\"words\\" and a \\\\ stroke"', (self.device.etc / "porchlight-curl").read_text())
        import_bcrypt = "import bcrypt, sys; sys.exit(not bcrypt.checkpw(sys.argv[1].encode(), sys.argv[2].encode()))"
        hashed = (self.device.etc / "web.yml").read_text().split('monitor: "')[1].split('"')[0]
        for password, fits in ((mine, True), (mine[:-1], False)):
            done = subprocess.run(["/usr/bin/python3", "-c", import_bcrypt, password, hashed], check=False)
            self.assertEqual(done.returncode == 0, fits)

    def test_secrets_that_only_the_owner_has_are_named(self):
        settings = json.loads(self.device.daemon.config.read_text())
        settings["alerting"] = {"notification_channels": [{"type": "email", "config": "anna@example.org"}, {"type": "slack", "config": "https://example.org/x"}],
                                "smtp": {"server": "smtps://mail.example.org", "user": "door", "password": "word", "from": "door@example.org"}}
        config = self.device.folder / "mail.yaml"
        config.write_text(json.dumps(settings))
        told = self.device.setup("--config", config)
        for name in ("porchlight-smtp.password", "porchlight-slack.url"):
            self.assertIn(f"missing /etc/prometheus/{name}", told)
        self.assertNotIn("missing /etc/prometheus/porchlight.token", told)
        (self.device.etc / "porchlight-smtp.password").write_text("word\n")
        self.assertNotIn("missing /etc/prometheus/porchlight-smtp.password", self.device.setup("--config", config))

    def test_a_name_that_leads_nowhere_is_told(self):
        """Alertmanager would call the daemon there for ever, and nothing would say so."""
        self.assertNotIn("does not answer", self.device.setup())
        settings = json.loads(self.device.daemon.config.read_text())
        nowhere = f"https://localhost:{harness.free_port()}"
        settings["server"]["public_url"] = nowhere
        config = self.device.folder / "elsewhere.yaml"
        config.write_text(json.dumps(settings))
        told = self.device.setup("--config", config)
        self.assertIn(f"the daemon does not answer at {nowhere}, where Alertmanager calls it (server.public_url): curl: (7)", told)
        # Nor one whose certificate is of another authority, as a proxy's may be.
        stranger = Device()
        self.addCleanup(stranger.close)
        settings["server"]["public_url"] = stranger.address
        config.write_text(json.dumps(settings))
        self.assertIn(f"the daemon does not answer at {stranger.address}, where Alertmanager calls it (server.public_url): curl: (60)",
                      self.device.setup("--config", config))

    def test_dashboards_go_where_grafana_is(self):
        if not (shipped.FOLDER / "grafana/dashboards").is_dir():
            self.skipTest("no dashboards in this tree")
        self.device.setup()
        self.assertFalse((self.device.root / "var/lib/grafana").exists())
        (self.device.root / "etc/grafana/provisioning").mkdir(parents=True)
        self.device.setup()
        folder = self.device.root / "var/lib/grafana/dashboards"
        self.assertEqual({path.relative_to(folder) for path in folder.rglob("*.json")},
                         {path.relative_to(shipped.FOLDER / "grafana/dashboards") for path in (shipped.FOLDER / "grafana/dashboards").rglob("*.json")})
        # Where Grafana is told to look, there it is; and the login is the one that holds.
        text = "".join(path.read_text() for path in (self.device.root / "etc/grafana/provisioning").rglob("*.yml"))
        self.assertIn("basicAuthUser: monitor", text)
        for place in re.findall(r"^ *path: (/\S+)", text, re.M) + re.findall(r"\$__file\{(/[^}]+)\}", text):
            self.assertTrue((self.device.root / place[1:]).exists(), place)


class SetupRefusalsTest(DeviceCase):
    """Each says what is missing, and lays no half of it that would be served."""

    def refused(self, words, *arguments, **more):
        done = self.device.run(*arguments, **more)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(words, done.stderr)
        self.assertFalse((self.device.etc / "prometheus.yml").exists())

    def test_refusals(self):
        self.refused("no program '/nowhere/porchlight'", "--porchlight", "/nowhere/porchlight")
        self.refused("cannot read the daemon's configuration /nowhere.yaml", "--config", "/nowhere.yaml")
        self.refused("start the daemon once", "--state", self.device.folder)
        self.refused("name an administrator with --admin")
        self.refused("there is no account 'otto'", "--admin", "otto")
        self.refused("not 'mysql'", "--with", "postgres,mysql")
        self.refused("unknown option --yes", "--yes")
        self.refused("--admin wants a value", "--admin")
        self.refused("is no http:// or https:// address", "--public-url", "https://door|e")
        for action in ("start", "stop", "restart", "status", "logs"):
            self.refused("there is no service in it", action=action)
        self.refused("unknown action 'install'", action="install")

    def test_a_faulty_configuration(self):
        faulty = self.device.folder / "faulty.yaml"
        faulty.write_text("server: {port: 1}\n")
        self.refused("has faults", "--config", faulty, "--admin", "anna")

    def test_a_house_without_an_authority_of_its_own(self):
        """Behind a proxy: whom everybody trusts is whom Alertmanager and probes trust."""
        system = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
        if not system.exists():
            self.skipTest("ca-certificates is not installed")
        settings = json.loads(self.device.daemon.config.read_text())
        settings["server"].update({"tls": "off", "public_url": f"https://localhost:{harness.free_port()}"})
        config = self.device.folder / "proxied.yaml"
        config.write_text(json.dumps(settings))
        hidden = (ours := self.device.daemon.state / "tls/ca.pem").with_suffix(".hidden")
        ours.rename(hidden)
        self.addCleanup(hidden.rename, ours)
        self.device.setup("--config", config)
        self.assertEqual((self.device.etc / "porchlight-ca.crt").read_bytes(), system.read_bytes())
        self.assertNotIn("ca_file", (self.device.etc / "alertmanager.yml").read_text())

    def test_a_daemon_at_rest_is_enough(self):
        self.device.daemon.stop()
        self.assertIn(f"the daemon does not answer at {self.device.address}, where probes ask it", self.device.setup())
        self.assertTrue((self.device.etc / "porchlight.token").read_text().strip())


class SetupTest(unittest.TestCase):
    """Prometheus, Alertmanager and the exporters, started with the files and arguments that setup.sh laid."""

    @classmethod
    def setUpClass(cls):
        reason = lacking() or prometheus.missing() or (alertmanager.MISSING if alertmanager.PROGRAM is None else "") or (
            "" if has_mail() else "python3-aiosmtpd is not installed: no mail was received") or (
            "" if BLACKBOX else "no blackbox exporter unpacked (./dev setup): the set-up was not started")
        if reason:
            raise unittest.SkipTest(reason)
        cls.mail = Mailbox()
        cls.addClassCleanup(cls.mail.close)
        cls.device = Device(alerting={"notification_channels": [{"type": "email", "config": "anna@example.org"}], "smtp": {
            "server": f"smtp://127.0.0.1:{cls.mail.port}", "starttls": "none", "from": "door@example.org"}})
        cls.addClassCleanup(cls.device.close)
        cls.device.setup()
        cls.add_a_further_device()
        cls.device.setup()
        cls.stack = Stack(cls.device)
        cls.addClassCleanup(cls.stack.close)
        cls.device.daemon.stop()
        cls.device.daemon.start()  # it reads metrics.listen at its start
        for unit, program, port in (("prometheus-node-exporter", prometheus.NODE_EXPORTER, 9100),
                                    ("prometheus-blackbox-exporter", BLACKBOX, 9115),
                                    ("prometheus-alertmanager", alertmanager.PROGRAM, 9093),
                                    ("prometheus", prometheus.PROGRAM, 9090)):
            cls.stack.start(unit, program, port)
        cls.added = cls.amtool("alert", "add", "alertname=Trial", "severity=warning", "node=here", "--annotation=summary=A trial")

    @classmethod
    def add_a_further_device(cls):
        """As jobs/device.yml.example says; one that wants a token of everybody, as behind a proxy. And the same with a wrong token."""
        cls.garden = Device(server={"trusted_proxies": ["192.0.2.1"]})
        cls.addClassCleanup(cls.garden.close)
        shutil.copy(cls.garden.daemon.state / "tls/ca.pem", cls.device.etc / "garden-ca.crt")
        (cls.device.etc / "garden.token").write_text(cls.garden.daemon.cli("users", "token", "anna", "--kind", "scrape").stdout)
        (cls.device.etc / "stranger.token").write_text("x" * 43)
        text = (shipped.FOLDER / "jobs/device.yml.example").read_text().replace(
            "garden.example.org:8000", cls.garden.address.removeprefix("https://"))
        (cls.device.etc / "jobs.d/garden.yml").write_text(text)
        (cls.device.etc / "jobs.d/stranger.yml").write_text(
            text.replace("doorbell-garden", "doorbell-stranger").replace("garden.token", "stranger.token").replace("production", "canary"))

    def pools(self):
        """{scrape job: [(its target's labels, health, last error)]}."""
        found = {}
        for target in (self.ask("/api/v1/targets?state=active") or {}).get("activeTargets", []):
            found.setdefault(target["scrapePool"], []).append((target["labels"], target["health"], target["lastError"]))
        return found

    def test_a_further_device(self):
        def scraped():
            found = self.pools()
            states = [found.get(name, [(None, "unknown")])[0][1] for name in ("doorbell-garden", "doorbell-stranger")]
            return found if "unknown" not in states else None
        pools = harness.wait_until(scraped, 90, "both scrapes")
        labels, health, _ = pools["doorbell-garden"][0]
        self.assertEqual((health, labels["job"], labels["node"]), ("up", "doorbell", "localhost"))
        _, health, error = pools["doorbell-stranger"][0]
        self.assertEqual(health, "down")
        self.assertIn("401", error)

    @classmethod
    def amtool(cls, *arguments):
        """As somebody types it; what setup.sh laid for it is read from where a home may have the same."""
        home = cls.device.folder / "home"
        place = home / ".config/prometheus/amtool.yml"
        place.parent.mkdir(parents=True, exist_ok=True)
        text = (cls.device.etc / "amtool.yml").read_text()
        place.write_text(text.replace("localhost:9093", f"localhost:{cls.stack.ports[9093]}"))
        return subprocess.run([alertmanager.AMTOOL, *arguments], capture_output=True, text=True, timeout=60, check=False,
                              env={"HOME": str(home), "PATH": "/usr/bin:/bin"})

    def test_a_mail_arrives(self):
        """By amtool, as the page's walk has it: through the route of its severity to the address of the configuration."""
        self.assertEqual(self.added.returncode, 0, self.added.stderr)
        self.assertIn("Trial", self.amtool("alert", "query").stdout)
        sent_to, _ = harness.wait_until(lambda: next((mail for mail in list(self.mail.received) if "Trial" in mail[1]), None), 120, "the mail")
        self.assertEqual(sent_to, ["anna@example.org"])

    def test_curl_logs_in(self):
        file = self.device.etc / "porchlight-curl"
        done = subprocess.run(["curl", "-sS", "--fail", "-K", file, self.stack.address(9090) + "/api/v1/query", "--data-urlencode", "query=vector(7)"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["data"]["result"][0]["value"][1], "7")

    def ask(self, path):
        status, text = self.stack.get(9090, path)
        return json.loads(text)["data"] if status == 200 else None

    def query(self, expression):
        found = self.ask("/api/v1/query?query=" + expression)
        return {tuple(sorted((k, v) for k, v in one["metric"].items() if k in ("job", "instance", "node", "track"))): float(one["value"][1])
                for one in found["result"]} if found else {}

    def test_the_files_pass_the_programs_own_checks(self):
        etc = self.device.etc
        for arguments in (("check", "config", etc / "prometheus.yml"), ("check", "web-config", etc / "web.yml")):
            done = prometheus.promtool(*arguments)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = subprocess.run([alertmanager.AMTOOL, "check-config", etc / "alertmanager.yml"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = subprocess.run([BLACKBOX, "--config.check", f"--config.file={etc}/blackbox.yml"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_target_is_up(self):
        def all_up():
            health = {(labels["job"], labels["instance"]): state for name, targets in self.pools().items()
                      if name not in ("doorbell-garden", "doorbell-stranger") for labels, state, _ in targets}
            return health if len(health) == 7 and set(health.values()) == {"up"} else None
        health = harness.wait_until(all_up, 90, "seven targets up")
        self.assertEqual({job for job, _ in health}, {"doorbell", "node-exporter", "blackbox", "alertmanager", "prometheus"})
        probes = harness.wait_until(lambda: (found := self.query("probe_success")) and set(found.values()) == {1} and found, 60,
                                    "three probes that succeed")
        self.assertEqual({dict(labels)["instance"] for labels in probes},
                         {f"{self.device.address}/health/{kind}" for kind in ("live", "ready", "startup")})
        # One name for all that runs here, and one that says something in a mail.
        here = platform.node()
        self.assertTrue(all(dict(labels)["node"] == here for labels in probes), probes)
        scraped = self.query(f'up{{node="{here}"}}')
        self.assertEqual({dict(labels)["job"] for labels in scraped}, {"doorbell", "node-exporter", "alertmanager", "prometheus", "blackbox"})
        self.assertEqual([dict(labels)["track"] for labels in scraped if dict(labels)["job"] == "doorbell"], ["production"])

    def test_an_alert_goes_all_the_way(self):
        """By the token, the authority and the address that were laid; Watchdog is one that always fires."""
        harness.wait_until(lambda: (self.device.daemon.metric("alerts_watchdog_timestamp_seconds") or 0) > 0, 120,
                           "Watchdog at the daemon")

    def test_the_runbooks_address_is_in_an_alert(self):
        def urls():
            found = self.ask("/api/v1/alerts")
            return {one["annotations"].get("runbook_url") for one in found["alerts"]} if found else None
        self.assertIn(f"{self.device.address}/runbooks/Watchdog", harness.wait_until(urls, 90, "an alert that fires"))

    def test_nobody_gets_in_without_the_password(self):
        for port in (9090, 9093):
            for login in (None, ("monitor", "wrong"), ("monitor", ""), ("admin", "admin"), ("", self.stack.password)):
                self.assertEqual(self.stack.get(port, "/-/healthy", login=login)[0], 401, (port, login))
            self.assertEqual(self.stack.get(port, "/-/healthy")[0], 200)

    def test_old_versions_of_tls_are_refused(self):
        for port in (9090, 9093):
            for version, answer in ((ssl.TLSVersion.TLSv1_1, None), (ssl.TLSVersion.TLSv1_2, 200)):
                context = ssl.create_default_context(cafile=self.device.etc / "porchlight-web.crt")
                context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is not this side that refuses
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)  # that is the point
                    context.minimum_version = context.maximum_version = version
                if answer:
                    self.assertEqual(self.stack.get(port, "/-/healthy", context=context)[0], answer)
                else:
                    with self.assertRaises(OSError) as refused:
                        self.stack.get(port, "/-/healthy", context=context)
                    self.assertIn("TLSV1_ALERT_PROTOCOL_VERSION", str(refused.exception))

    def test_the_limits_are_in_force(self):
        flags = harness.wait_until(lambda: self.ask("/api/v1/status/flags"), 60, "the flags")
        expected = {"storage.tsdb.retention.time": "200h", "query.max-concurrency": "4", "query.timeout": "30s",
                    "query.max-samples": "5000000", "enable-feature": "exemplar-storage", "web.enable-admin-api": "false",
                    "web.enable-lifecycle": "false"}
        self.assertEqual({name: normal(flags[name]) for name in expected}, expected)
        # 10.8 million samples: more than ours, less than Prometheus' own limit.
        # On a busy machine the limit on its time may be reached first.
        status, text = harness.wait_until(
            lambda: (answer := self.stack.get(9090, "/api/v1/query?query=count_over_time(vector(1)[3h:1ms])"))[0] != 503 and answer, 180, "an answer")
        self.assertEqual(status, 422, text[:200])
        self.assertIn("too many samples", text)
        self.assertEqual(self.stack.get(9090, "/api/v1/query?query=count_over_time(vector(1)[20m:1ms])")[0], 200)

    def test_every_rule_is_loaded(self):
        groups = harness.wait_until(lambda: self.ask("/api/v1/rules"), 60, "the rules")["groups"]
        self.assertEqual({group["file"].rpartition("/")[2] for group in groups}, {path.name for path in shipped.RULES.glob("*.yml")})


def has_mail():
    return subprocess.run(["/usr/bin/python3", "-c", "import aiosmtpd"], capture_output=True, check=False).returncode == 0


class Mailbox:
    """A mail server: [([recipient], text)] of what it took."""

    def __init__(self):
        from aiosmtpd.controller import Controller  # where it is not installed, this class is not made
        self.received = []
        self.port = harness.free_port()
        self.server = Controller(self, hostname="127.0.0.1", port=self.port)
        self.server.start()

    async def handle_DATA(self, _server, _session, envelope):
        self.received.append((envelope.rcpt_tos, envelope.content.decode(errors="replace")))
        return "250 taken"

    def close(self):
        self.server.stop()


def normal(duration):
    """Prometheus says 200 hours as 8d8h."""
    return "200h" if duration == "8d8h" else duration


class SetupPackageTest(unittest.TestCase):
    """As the package brings it, setup.sh finds all that it lays."""

    def test_from_the_package(self):
        if lacking() or shutil.which("dh_install") is None:
            self.skipTest(lacking() or "debhelper is not installed: the package's folder was not made")
        device = Device()
        self.addCleanup(device.close)
        tree = device.folder / "tree"
        shutil.copytree(shipped.SOURCE / "debian", tree / "debian", ignore=shutil.ignore_patterns("porchlight", "tmp"))
        (tree / "docs").symlink_to(shipped.SOURCE / "docs")
        shutil.copytree(shipped.SOURCE / "config", tree / "config", ignore=shutil.ignore_patterns("__pycache__"))
        left_out = re.search(r"^\tdh_install (.*)$", (shipped.SOURCE / "debian/rules").read_text(), re.M)[1].split()
        done = subprocess.run(["dh_install", "-pporchlight", *left_out], cwd=tree, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        installed = tree / "debian/porchlight/usr/share/porchlight/monitoring"
        for program in ("setup.sh", "secrets.sh"):
            self.assertTrue(os.access(installed / program, os.X_OK), program)
        self.assertEqual([path.name for path in installed.glob("rules_test*")], [])
        device.setup(program=installed / "setup.sh")
        self.assertEqual({path.name for path in (device.etc / "rules").iterdir()}, {path.name for path in shipped.RULES.glob("*.yml")})


class SetupScriptTest(unittest.TestCase):
    def test_shellcheck(self):
        program = shutil.which("shellcheck")
        if program is None:
            self.skipTest("shellcheck (Debian) is not installed: the scripts were not looked at")
        scripts = sorted(shipped.FOLDER.rglob("*.sh"))
        self.assertIn(SETUP, scripts)
        done = subprocess.run([program, "-x", "-P", shipped.SOURCE, *scripts], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
