# SPDX-License-Identifier: Apache-2.0
"""A device of the tests: the real daemon with an administrator, a scratch root, and setup.sh run on both."""

import base64
import pathlib
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

import shipped
import harness
import prometheus
from accounts_client import Client, first_run_code
from harness import free_port

SETUP = shipped.FOLDER / "setup.sh"
BLACKBOX = shipped.unpacked("blackbox-exporter", "usr/bin/prometheus-blackbox-exporter")
PASSWORD = "a long phrase of theirs"
PORTS = (9464, 9090, 9093, 9100, 9115)


def lacking():
    """Why setup.sh cannot run here; empty when it can."""
    done = subprocess.run(["/usr/bin/python3", "-c", "import bcrypt"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "python3-bcrypt (Debian) is not installed: setup.sh was not run"


class Device:
    def __init__(self, server=None, **settings):
        self.owned = tempfile.TemporaryDirectory(prefix="porchlight-device-")
        self.folder = pathlib.Path(self.owned.name)
        self.root = self.folder / "root"
        self.etc = self.root / "etc/prometheus"
        (self.folder / "house").mkdir()
        port = free_port()
        self.address = f"https://localhost:{port}"
        self.daemon = harness.Daemon({"server": {"listen": f"127.0.0.1:{port}", "public_url": self.address, **(server or {})}, **settings},
                                     folder=self.folder / "house")
        try:
            self.make_administrator()
        except BaseException:
            self.close()
            raise

    def make_administrator(self):
        code = harness.wait_until(lambda: first_run_code(self.daemon), 30, "the first-run code")
        status = Client(self.daemon).register(code, "anna", PASSWORD)[0]
        if status != 201:
            raise AssertionError(f"no administrator: {status}")

    def run(self, *arguments, action="setup", program=SETUP):
        """What setup.sh did: returncode, stdout, stderr."""
        return subprocess.run(
            [program, action, "--root", self.root, "--config", self.daemon.config, "--state", self.daemon.state,
             "--porchlight", harness.PROGRAM, "--daemon", self.address, *arguments],
            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False,
            umask=0o077)  # as a careful root has it: the services must be able to read all the same

    def setup(self, *arguments, **more):
        """The same, as a success."""
        done = self.run("--admin", "anna", *arguments, **more)
        if done.returncode != 0:
            raise AssertionError(f"setup.sh: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def forget(self):
        """As before the first set-up."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.daemon.state / "config.d", ignore_errors=True)

    def files(self):
        """{path seen from the root: (content, mode)} of all that was laid."""
        return {"/" + str(path.relative_to(self.root)): (path.read_bytes(), path.stat().st_mode & 0o7777)
                for path in sorted(self.root.rglob("*")) if path.is_file()}

    def close(self):
        self.daemon.close()
        self.owned.cleanup()


class Stack:
    """What setup.sh laid, served: paths lead into the scratch root and ports are free ones, nothing else is changed."""

    def __init__(self, device):
        self.device = device
        self.ports = {port: free_port() for port in PORTS}
        self.servers = []
        for path in [*device.root.rglob("*"), device.daemon.state / "config.d/40-monitoring.yaml"]:
            if path.is_file():
                path.write_text(self.moved(path.read_text()))
        for folder in ("metrics2", "alertmanager"):
            (device.root / "var/lib/prometheus" / folder).mkdir(parents=True, exist_ok=True)
        self.trusted = ssl.create_default_context(cafile=device.etc / "porchlight-web.crt")
        self.password = (device.etc / "porchlight-web.password").read_text()

    def moved(self, text):
        text = re.sub(r"(?<![\w/])/(etc|var/lib)/prometheus", rf"{self.device.root}/\1/prometheus", text)
        return re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{self.ports.get(int(m[1]), m[1])}", text)

    def arguments(self, unit):
        """As systemd hands them to the program: of the variable ARGS, cut at blanks."""
        file = self.device.root / "etc/default" / unit
        done = subprocess.run(["bash", "-c", '. "$1" && printf %s "$ARGS"', "bash", file], capture_output=True, text=True, check=True)
        return done.stdout.split()

    def start(self, unit, program, port):
        server = Quiet(unit, self.device.folder, [program, *self.arguments(unit)], f"127.0.0.1:{self.ports[port]}", "/")
        self.servers.append(server)

    def address(self, port):
        return f"https://localhost:{self.ports[port]}"

    def get(self, port, path, login=True, context=None):
        """(status, text); login: True, None (none) or (name, password)."""
        request = urllib.request.Request(self.address(port) + path)
        if login:
            name, password = ("monitor", self.password) if login is True else login
            request.add_header("Authorization", "Basic " + _base64(f"{name}:{password}"))
        try:
            with urllib.request.urlopen(request, timeout=120, context=context or self.trusted) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def close(self):
        for server in reversed(self.servers):
            server.close()


class Quiet(prometheus.Server):
    """One that may answer over TLS and to a login only: it serves once it takes connections."""

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")
        host, _, port = self.address.partition(":")
        try:
            with harness.socket.create_connection((host, int(port)), timeout=5):
                return True
        except OSError:
            return False


def _base64(text):
    return base64.b64encode(text.encode()).decode()
