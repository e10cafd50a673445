#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""setup.sh as root on the machine's own paths, in mounts of its own: what it asks of apt and systemd, and whom it lets read."""

import grp
import hashlib
import os
import pathlib
import pwd
import shutil
import subprocess
import unittest
import unittest.mock

import shipped
import harness
import prometheus
from device import Device, SETUP, lacking

# Where the real folders are hidden behind copies, then the command.
INSIDE = """
for place in /etc/prometheus /etc/default; do mount --bind "$1$place" "$place" || exit 99; done
PATH="$1/bin:$PATH"; shift; exec "$@"
"""
FAKE = """#!/bin/sh
case "${0##*/} $*" in "systemctl show -p MainPID --value porchlight") echo "${SERVICE:-0}"; exit ;; esac
echo "${0##*/} $*" >>"%s"
case "${0##*/} $*" in
  "systemctl is-active prometheus-node-exporter") echo inactive; exit 3 ;;
  "systemctl is-active "*) echo active ;;
esac
"""
UNITS = "prometheus prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter"


class SetupSystemTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if lacking() or prometheus.missing():
            raise unittest.SkipTest(lacking() or prometheus.missing())
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0:
            raise unittest.SkipTest("SKIPPED: not root, or no mounts of one's own: setup.sh was tried in a scratch root only")
        changed = [path for path in owned_by_packages() if not as_packaged(path)]
        if changed:
            raise unittest.SkipTest(f"this machine's {', '.join(changed)} is not as Debian brought it: setup.sh would rightly keep it")
        cls.device = Device()
        cls.addClassCleanup(cls.device.close)

    def setUp(self):
        self.device.forget()
        self.root = self.device.root
        self.asked = self.device.folder / "asked"
        self.asked.unlink(missing_ok=True)
        for place in ("etc/prometheus", "etc/default"):
            shutil.copytree("/" + place, self.root / place, symlinks=True, ignore=shutil.ignore_patterns("porchlight*"))
        (self.root / "bin").mkdir()
        for name in ("systemctl", "journalctl", "apt-get"):
            (self.root / "bin" / name).write_text(FAKE % self.asked)
            (self.root / "bin" / name).chmod(0o755)

    def run_inside(self, *arguments):
        """(returncode, what it said, what it asked of the machine)."""
        self.asked.write_text("")
        done = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", INSIDE, "sh", self.root, SETUP, *arguments],
                              capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
        self.assertNotEqual(done.returncode, 99, done.stderr)
        return done.returncode, done.stdout + done.stderr, self.asked.read_text().splitlines()

    def setup(self, *more):
        status, told, asked = self.run_inside("setup", "--config", self.device.daemon.config, "--state", self.device.daemon.state,
                                              "--porchlight", harness.PROGRAM, "--daemon", self.device.address, "--admin", "anna", *more)
        self.assertEqual(status, 0, told)
        return told, asked

    def test_packages_files_and_services(self):
        told, asked = self.setup()
        missing = [package for package in (*UNITS.split(), "openssl", "python3-bcrypt", "curl") if not installed(package)]
        self.assertEqual([line for line in asked if line.startswith("apt-get")],
                         [f"apt-get -q install -y --no-install-recommends {' '.join(missing)}"] if missing else [])
        self.assertEqual([line for line in asked if line.startswith("systemctl")], [
            "systemctl daemon-reload", f"systemctl enable -q {UNITS}", f"systemctl restart {UNITS}",
            "systemctl is-active -q porchlight", "systemctl restart porchlight"])
        self.assertNotIn("kept", told)
        # Debian's own prometheus.yml gave way, and is kept beside.
        self.assertIn("job_name: doorbell", (self.root / "etc/prometheus/prometheus.yml").read_text())
        self.assertEqual((self.root / "etc/prometheus/prometheus.yml.before-porchlight").read_bytes(),
                         pathlib.Path("/etc/prometheus/prometheus.yml").read_bytes())
        # Again: only what does not run is started.
        told, asked = self.setup()
        self.assertIn("nothing to change", told)
        self.assertEqual([line for line in asked if line.startswith("systemctl")], [f"systemctl enable -q {UNITS}", f"systemctl start {UNITS}"])

    def test_channels_of_the_services_environment(self):
        """Where `systemctl edit porchlight` has them, and no file."""
        service = subprocess.Popen(["sleep", "600"], env={"NOTIFICATION_CHANNELS": "webhook:https://bert.example.org/alerts", "PATH": "/usr/bin:/bin"},
                                   preexec_fn=harness.end_with_us)
        self.addCleanup(service.wait)
        self.addCleanup(service.kill)
        self.setup("--no-install")
        self.assertNotIn("bert.example.org", (self.root / "etc/prometheus/alertmanager.yml").read_text())
        with unittest.mock.patch.dict(os.environ, {"SERVICE": str(service.pid)}):
            self.setup("--no-install")
        self.assertIn('url: "https://bert.example.org/alerts"', (self.root / "etc/prometheus/alertmanager.yml").read_text())

    def test_who_may_read_secrets(self):
        self.setup("--no-install")
        service, nobody = pwd.getpwnam("prometheus"), pwd.getpwnam("nobody")
        for name in ("porchlight-web.password", "porchlight-web.key", "porchlight.token", "web.yml", "alertmanager.yml"):
            state = (self.root / "etc/prometheus" / name).stat()
            self.assertEqual((state.st_uid, grp.getgrgid(state.st_gid).gr_name, state.st_mode & 0o777), (0, "prometheus", 0o640), name)
            self.assertTrue(readable(self.root / "etc/prometheus" / name, service), name)
            self.assertFalse(readable(self.root / "etc/prometheus" / name, nobody), name)
        self.assertTrue(readable(self.root / "etc/prometheus/prometheus.yml", service))
        # Checksums of passwords that somebody thought up are for root alone.
        self.assertEqual((self.root / "etc/prometheus/porchlight.laid").stat().st_mode & 0o777, 0o600)

    def test_what_would_not_be_served_is_refused(self):
        """By promtool, before any service is told to read it."""
        (self.root / "etc/prometheus/jobs.d").mkdir()
        (self.root / "etc/prometheus/jobs.d/mine.yml").write_text("- job_nam: mine\n")
        status, told, asked = self.run_inside("setup", "--config", self.device.daemon.config, "--state", self.device.daemon.state, "--no-install",
                                              "--porchlight", harness.PROGRAM, "--daemon", self.device.address, "--admin", "anna")
        self.assertEqual(status, 1)
        self.assertIn("promtool refuses /etc/prometheus/prometheus.yml", told)
        self.assertIn("job_nam", told)
        self.assertEqual(asked, [])
        # Mended, the next one changes little: what the first one laid is served all the same.
        (self.root / "etc/prometheus/jobs.d/mine.yml").write_text("- job_name: mine\n")
        _, asked = self.setup("--no-install")
        self.assertIn(f"systemctl restart {UNITS}", asked)
        self.assertIn("systemctl restart porchlight", asked)
        _, asked = self.setup("--no-install")
        self.assertEqual(asked, [f"systemctl enable -q {UNITS}", f"systemctl start {UNITS}"])

    def test_actions(self):
        for action in ("start", "stop", "restart"):
            self.assertEqual(self.run_inside(action), (0, "", [f"systemctl {action} {UNITS}"]))
            self.assertEqual(self.run_inside(action, "alertmanager"), (0, "", [f"systemctl {action} prometheus-alertmanager"]))
        self.assertEqual(self.run_inside("logs", "prometheus")[2], ["journalctl --no-pager -n 200 --unit=prometheus"])
        status, told, _ = self.run_inside("status")
        self.assertEqual(status, 1)  # because of the one that does not run
        self.assertEqual([line.split() for line in told.splitlines()],
                         [[unit, "inactive" if unit == "prometheus-node-exporter" else "active"] for unit in UNITS.split()])
        self.assertEqual(self.run_inside("status", "alertmanager")[0], 0)
        status, told, asked = self.run_inside("restart", "grafana")
        self.assertEqual((status, asked), (1, []))
        self.assertIn("no service 'grafana'", told)


def conffiles():
    """{path: MD5} of Debian's Prometheus and what stands around it."""
    told = subprocess.run(["dpkg-query", "-W", "-f=${Conffiles}\n", "prometheus*"], capture_output=True, text=True, check=False).stdout
    return dict(line.split()[:2] for line in told.splitlines() if line.strip())


def owned_by_packages():
    return [path for path in conffiles() if path.startswith(("/etc/prometheus/", "/etc/default/"))]


def as_packaged(path):
    return os.path.exists(path) and hashlib.md5(pathlib.Path(path).read_bytes()).hexdigest() == conffiles()[path]


def installed(package):
    done = subprocess.run(["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True, check=False)
    return done.stdout == "install ok installed"


def readable(path, person):
    """Whether that person could read the file, by its mode; the folders above are the test's own."""
    state = path.stat()
    return bool(state.st_mode & 0o004 or (state.st_gid == person.pw_gid and state.st_mode & 0o040))


if __name__ == "__main__":
    unittest.main()
