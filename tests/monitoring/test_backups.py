#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The scripts that back up and restore: a real Prometheus' data, and the dashboards of a stand-in for Grafana."""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import servers
import shipped

import harness
import prometheus

TOKEN = "glsa_AbC123.token-of_a-service-account"


def run(script, *arguments):
    """A script of config/monitoring: (exit code, standard output, standard error)."""
    done = subprocess.run([shipped.FOLDER / script, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


class Folder:
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-backups-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def refuses(self, words, script, *arguments, code=1):
        """It says so, and does nothing."""
        ended, _, said = run(script, *arguments)
        self.assertEqual(ended, code, said)
        self.assertIn(words, said)


class PrometheusBackups(Folder):
    """Each Prometheus here scrapes itself."""

    def started(self, *flags, data=None, scrapes=True):
        server = servers.Configured({"global": {"scrape_interval": "1s"}}, *flags, data=data)
        self.addCleanup(server.close)
        if scrapes:
            config = server.folder / "prometheus.yml"
            config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [
                {"job_name": "itself", "static_configs": [{"targets": [server.address]}]}]}))
            server.stop()
            server.start()
            harness.wait_until(lambda: (server.number("count_over_time(up[1h])") or 0) >= 3, 60, "three scrapes")
        return server

    def samples(self, server, at):
        """All that it has of three families, up to an instant."""
        found = server.ask("query", query='{__name__=~"up|scrape_samples_scraped|go_goroutines"}[1h]', time=at)["result"]
        return sorted((json.dumps(series["metric"], sort_keys=True), series["values"]) for series in found)

    def test_what_is_backed_up_comes_back(self):
        server = self.started("--web.enable-admin-api")
        at = server.number("timestamp(up)")  # what was scraped up to then is there
        had = self.samples(server, at)
        self.assertEqual(len(had), 3)
        archive = self.folder / "backup.tar.gz"
        ended, said, wrong = run("backup-prometheus.sh", "--url", f"http://{server.address}/", "--data", server.data, archive)
        self.assertEqual((ended, wrong), (0, ""))
        self.assertIn(str(archive), said)
        self.assertEqual(list((server.data / "snapshots").iterdir()), [])
        self.assertEqual([file.name for file in self.folder.iterdir()], [archive.name])
        self.assertEqual(archive.stat().st_mode & 0o077, 0)
        server.stop()

        data = self.folder / "restored"
        ended, said, wrong = run("restore-prometheus.sh", archive, data)
        self.assertEqual((ended, wrong), (0, ""))
        self.assertEqual(sorted(file.name for file in self.folder.iterdir()), [archive.name, "restored"])
        another = self.started(data=data, scrapes=False)
        self.assertEqual(self.samples(another, at), had)

        another.stop()
        self.refuses("is not empty", "restore-prometheus.sh", archive, data)
        self.refuses("is there already", "backup-prometheus.sh", "--data", data, archive)

    def test_it_says_what_is_wrong_with_prometheus(self):
        server = self.started(scrapes=False)
        archive = self.folder / "backup.tar.gz"
        there = ("backup-prometheus.sh", "--url", f"http://{server.address}", "--data")
        self.refuses("without --web.enable-admin-api", *there, server.data, archive)
        self.refuses("no directory", *there, self.folder / "nowhere", archive)
        self.refuses("no answer from", "backup-prometheus.sh", "--url", "http://127.0.0.1:9", "--data", server.data, archive)
        self.refuses("no archive is named", "backup-prometheus.sh", code=2)
        self.refuses("no option --all", "backup-prometheus.sh", "--all", archive, code=2)
        open_one = self.started("--web.enable-admin-api", scrapes=False)
        self.refuses("is not in", "backup-prometheus.sh", "--url", f"http://{open_one.address}", "--data", server.data, archive)
        self.assertFalse(archive.exists())

    def test_a_password_comes_from_a_file(self):
        """Before a stand-in that wants one; nobody reads it on a command line."""
        (self.folder / "data" / "snapshots" / "20260129T042012Z-1a" / "01BLOCK").mkdir(parents=True)
        (self.folder / "data" / "snapshots" / "20260129T042012Z-1a" / "01BLOCK" / "meta.json").write_text("{}")
        guard = Guarded("snapshot", {"status": "success", "data": {"name": "20260129T042012Z-1a"}})
        self.addCleanup(guard.close)
        archive, secrets = self.folder / "backup.tar.gz", self.folder / "curl"
        there = ("backup-prometheus.sh", "--url", guard.url, "--data", self.folder / "data")
        self.refuses("made no snapshot", *there, archive)
        secrets.write_text(f'user = "monitor:{TOKEN}"\n')
        ended, _, wrong = run(*there, "--curl-config", secrets, archive)
        self.assertEqual((ended, wrong, guard.overheard), (0, "", []))
        self.assertTrue(archive.exists())

    def test_what_is_no_backup_is_not_restored(self):
        self.refuses("cannot read", "restore-prometheus.sh", self.folder / "nowhere", self.folder / "data")
        (self.folder / "live" / "wal").mkdir(parents=True)
        archive = self.folder / "live.tar.gz"
        subprocess.run(["tar", "-C", self.folder, "-czf", archive, "live"], check=True)
        self.refuses("has no blocks", "restore-prometheus.sh", archive, self.folder / "data")
        archive.write_bytes(archive.read_bytes()[:-20])
        self.refuses("cannot be unpacked", "restore-prometheus.sh", archive, self.folder / "data")
        self.assertEqual(list(self.folder.glob("data*")), [])  # a folder of root's in its place would keep Prometheus from starting


def overheard():
    """The command lines of this moment with the token in them."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            command = process.read_bytes()
            if TOKEN.encode() in command:
                found.append(command)
    return found


class Guarded:
    """A server that answers one document to a POST with the right password, and to no other."""

    def __init__(self, ending, document):
        self.overheard = []
        guard = self
        wanted = "Basic " + base64.b64encode(f"monitor:{TOKEN}".encode()).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                guard.overheard += overheard()
                is_welcome = self.headers["Authorization"] == wanted and self.path.endswith(ending)
                body = json.dumps(document).encode() if is_welcome else b"Unauthorized"
                self.send_response(200 if is_welcome else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Grafana:
    """Two routes of it, with paging. `dashboards`: {uid: dashboard, or None for one that cannot be read}."""

    def __init__(self, dashboards, repeated=0):
        self.listed = [*list(dashboards)[:1] * repeated, *dashboards]
        self.pages = []
        self.overheard = []  # command lines with the token in them
        grafana = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                grafana.overheard += overheard()
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    return self.answer(401, {"message": "Unauthorized"})
                url = urllib.parse.urlsplit(self.path)
                if url.path == "/api/search":
                    return self.answer(200, grafana.page(dict(urllib.parse.parse_qsl(url.query))))
                found = dashboards.get(url.path.removeprefix("/api/dashboards/uid/"))
                return self.answer(200, {"meta": {"folderUid": "porch", "version": 3}, "dashboard": found}) if found else self.answer(404, {})

            def answer(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self, asked):
        size, number = int(asked["limit"]), int(asked["page"])
        self.pages.append(number)
        if asked["type"] != "dash-db":
            return []
        return [{"uid": uid, "title": uid, "type": "dash-db"} for uid in self.listed[size * (number - 1):size * number]]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class GrafanaBackups(Folder):
    def setUp(self):
        super().setUp()
        self.token = self.folder / "token"
        self.saved = self.folder / "saved"

    def stand_in(self, dashboards, **more):
        self.token.write_text(TOKEN + "\n")
        grafana = Grafana(dashboards, **more)
        self.addCleanup(grafana.close)
        return grafana

    @staticmethod
    def dashboard(uid):
        return {"id": 17, "uid": uid, "title": f"Titel \"é\" {uid}", "panels": [{"id": 1}]}

    def files(self):
        return sorted(str(file.relative_to(self.folder)) for file in self.folder.rglob("*") if file.is_file())

    def test_each_dashboard_is_a_file_that_can_be_sent_back(self):
        grafana = self.stand_in({uid: self.dashboard(uid) for uid in ("door", "Second_one-2", "third")}, repeated=1500)
        ended, said, wrong = run("backup-grafana.sh", "--url", grafana.url + "/", self.token, self.saved)
        self.assertEqual((ended, wrong, grafana.pages), (0, "", [1, 2]))
        self.assertIn("3 dashboards", said)
        self.assertEqual(self.files(), ["saved/Second_one-2.json", "saved/door.json", "saved/third.json", "token"])
        for uid in ("door", "Second_one-2", "third"):
            self.assertEqual(json.loads((self.saved / f"{uid}.json").read_text()),
                             {"dashboard": {**self.dashboard(uid), "id": None}, "folderUid": "porch", "overwrite": True})
        self.assertEqual(grafana.overheard, [])

    def test_what_is_not_saved_is_named(self):
        grafana = self.stand_in({"door": self.dashboard("door"), "../../evil": self.dashboard("evil"), "gone": None, "last": self.dashboard("last")})
        ended, _, wrong = run("backup-grafana.sh", "--url", grafana.url, self.token, self.saved)
        self.assertEqual(ended, 1)
        for words in ("not saved: '../../evil' is no uid", "not saved: gone", "2 dashboards are not saved"):
            self.assertIn(words, wrong)
        self.assertEqual(self.files(), ["saved/door.json", "saved/last.json", "token"])

    def test_what_was_saved_before_stays_when_it_cannot_be_read_now(self):
        self.saved.mkdir()
        (self.saved / "gone.json").write_text("{}")
        grafana = self.stand_in({"gone": None})
        self.refuses("not saved: gone", "backup-grafana.sh", "--url", grafana.url, self.token, self.saved)
        self.assertEqual((self.saved / "gone.json").read_text(), "{}")

    def test_it_says_what_is_wrong_with_grafana(self):
        grafana = self.stand_in({"door": self.dashboard("door")})
        self.token.write_text("another")
        self.refuses("gives no list of its dashboards", "backup-grafana.sh", "--url", grafana.url, self.token, self.saved)
        self.token.write_text("two words")
        self.refuses("has no token", "backup-grafana.sh", "--url", grafana.url, self.token, self.saved)
        self.refuses("cannot read", "backup-grafana.sh", "--url", grafana.url, self.folder / "nowhere", self.saved)
        self.refuses("please", "backup-grafana.sh", self.token, code=2)
        self.assertEqual(self.files(), ["token"])


class Scripts:
    NAMES = ("backup-grafana.sh", "backup-prometheus.sh", "restore-prometheus.sh")

    def test_they_are_programs_that_explain_themselves(self):
        for name in self.NAMES:
            self.assertTrue(os.access(shipped.FOLDER / name, os.X_OK), name)
            ended, said, wrong = run(name, "--help")
            self.assertEqual((ended, wrong), (0, ""), name)
            self.assertTrue(said.startswith(name), name)

    def test_shellcheck_has_nothing_to_say(self):
        if shutil.which("shellcheck") is None:
            self.skipTest("shellcheck is not installed: the scripts were not looked at")
        done = subprocess.run(["shellcheck", *(shipped.FOLDER / name for name in self.NAMES)], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


class BackupTest(PrometheusBackups, GrafanaBackups, Scripts, unittest.TestCase):
    """All of it."""

    @classmethod
    def setUpClass(cls):
        if missing := prometheus.missing():
            raise unittest.SkipTest(missing)
        for tool in ("curl", "jq"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed: nothing was backed up")


if __name__ == "__main__":
    unittest.main()
