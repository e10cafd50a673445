#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The lines with curl of README and of the pages, as they stand there: from no account to a verified audit log."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness
from accounts_client import first_run_code

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

HEADING = "From outside, with curl"


def lines_of_readme():
    text = (harness.SOURCE / "README.md").read_text()
    section = re.search(rf"^## {re.escape(HEADING)}\n(.*?)(?=^## )", text, re.M | re.S)
    found = section and re.search(r"^```sh\n(.*?)^```", section.group(1), re.M | re.S)
    if not found:
        raise AssertionError(f"README.md has no lines under '{HEADING}'")
    return found.group(1).splitlines()


def lines_of_pages():
    """Of accounts, faces and the interface, in the order in which they go on from each other."""
    lines = []
    for page in ("accounts", "faces", "api"):
        blocks = re.findall(r"^```sh\n(.*?)^```", (harness.SOURCE / "docs" / f"{page}.md").read_text(), re.M | re.S)
        if not blocks:
            raise AssertionError(f"docs/{page}.md has no lines to run")
        lines += "".join(blocks).splitlines()
    return lines


def run_of(line):
    """As a shell of a test runs it: what listens without end does so beside the test, until something was told."""
    if not line.startswith("ask -N "):
        return line
    return (f"set -m\n{line.partition('   #')[0]} > heard 2>&1 &\nset +m\n"
            "for i in {1..300}; do ! grep -q '^data: ' heard || break; sleep 0.1; done\nkill -- -$!\ncat heard")


class Readme(unittest.TestCase):
    def setUp(self):
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        folder = tempfile.TemporaryDirectory(prefix="porchlight-readme-")
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        clip.make(self.home / "porch.mp4", [], 4)
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.daemon = harness.Daemon({
            "cameras": [{"id": "front", "url": f"file:{self.home}/porch.mp4"}],
            "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}],
            "notifications": {"channels": [{"id": "hook", "type": "webhook", "url": self.hook.url}],
                              "rules": [{"when": "ring", "to": ["hook"]}]},
        })
        self.addCleanup(self.daemon.close)
        harness.wait_until(lambda: first_run_code(self.daemon), 20, "the first-run code")
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="front") == 1, 30, "the camera")

    def stand_in(self, name, script):
        path = self.home / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def surroundings(self):
        """The daemon of this test where README's is: a journal, the folder below /var/lib, the port 8000."""
        self.stand_in("sudo", f'exec "${{@//\\/var\\/lib\\/porchlight/{self.daemon.state}}}"')
        self.stand_in("journalctl", f"""
            [ "$*" = "-u porchlight -g no account exists -n 1 -o cat" ] || {{ echo "journalctl $*: not played here" >&2; exit 1; }}
            grep 'no account exists' {self.daemon.log} | tail -n 1""")
        (self.home / ".curlrc").write_text(f"connect-to = localhost:8000:127.0.0.1:{self.daemon.port}\n")
        return {**os.environ, "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}", "HOME": str(self.home), "CURL_HOME": str(self.home)}

    def walk(self, lines):
        """What each line printed. One shell runs them all, and stops at the first that fails."""
        script = "set -euo pipefail\n" + "".join(f"printf '\\n@@@\\n'\n{run_of(line)}\n" for line in lines)
        done = subprocess.run(["bash", "-c", script], cwd=self.home, env=self.surroundings(), capture_output=True, timeout=120)
        printed = [part.strip() for part in done.stdout.decode(errors="replace").split("\n@@@\n")[1:]]
        self.assertEqual(done.returncode, 0, f"{lines[len(printed) - 1]}\n{printed[-1:]}\n{done.stderr.decode()}")
        return dict(zip(lines, printed))

    def answer_of(self, printed, end):
        [text] = [text for line, text in printed.items() if line.rstrip('"').endswith(end)]
        return json.loads(text)

    def test_walk_with_curl(self):
        served = json.loads((harness.BUILD / "openapi.json").read_text())["paths"]
        missing = {"/api/v1/events", "/api/v1/cameras/{id}/snapshot", "/api/v1/audit", "/api/v1/audit/verify"} - set(served)
        if missing:
            self.skipTest(f"this version does not serve {', '.join(sorted(missing))}")
        printed = self.walk(lines_of_readme())
        self.assertEqual(self.answer_of(printed, "/auth/register")["user"]["role"], "admin")
        authority = (self.home / "ca.pem").read_text()
        self.assertIn("BEGIN CERTIFICATE", authority)
        self.assertNotIn("PRIVATE", authority)
        self.assertTrue((self.home / "door.jpg").read_bytes().startswith(b"\xff\xd8"))
        ring = self.answer_of(printed, "/buttons/front/ring")
        self.hook.wait_for(lambda m: m.event["id"] == ring["id"], 20, "the message of the ring")
        self.assertEqual([event["id"] for event in self.answer_of(printed, "/events?type=ring")["events"]], [ring["id"]])
        kinds = {record["audit_type"] for record in self.answer_of(printed, "/audit?limit=5")["records"]}
        self.assertIn("authentication", kinds)
        verdict = self.answer_of(printed, "/audit/verify")
        self.assertTrue(verdict["ok"], verdict)
        self.assertGreater(verdict["checked"], 3)

    def test_walk_as_far_as_accounts_go(self):
        """The lines of the account and the ring, in this and every version; and that a line that fails is seen."""
        lines = [line for line in lines_of_readme() if not re.search(r"snapshot|/events|/audit", line)]
        printed = self.walk(lines)
        ring = self.answer_of(printed, "/buttons/front/ring")
        self.hook.wait_for(lambda m: m.event["id"] == ring["id"], 20, "the message of the ring")
        with self.assertRaises(AssertionError):
            self.walk([line.replace("buttons/front", "buttons/frant") for line in lines])

    def test_lines_of_the_pages(self):
        for name, picture in {"anna.jpg": "known_enrol.jpg", "visitor.jpg": "known_door.jpg"}.items():
            if not (harness.PICTURES / picture).exists():
                self.skipTest(f"no {picture} in {harness.PICTURES}: run ./dev setup")
            shutil.copy(harness.PICTURES / picture, self.home / name)
        harness.wait_until(lambda: self.daemon.get("/health/ready")[0] == 200, 60, "the models")
        printed = self.walk(lines_of_pages())
        self.assertEqual(self.answer_of(printed, "$api/auth/register")["user"]["name"], "anna")
        by_session, by_token = (json.loads(text) for line, text in printed.items() if line.endswith("/buttons/front/ring"))
        self.assertIn(by_session["id"], [ring["id"] for ring in self.answer_of(printed, "$api/status")["rings"]])
        newest = self.answer_of(printed, "&limit=1")["events"]
        self.assertEqual([event["id"] for event in newest], [by_token["id"]])
        self.assertEqual([photo["result"] for photo in self.answer_of(printed, "$api/people")["photos"]], ["enrolled"])
        self.assertEqual([face["person"] for face in self.answer_of(printed, "$api/faces/identify")["faces"]], ["Anna"])
        [heard] = [text for line, text in printed.items() if "/events/stream" in line]
        first = next(json.loads(line[6:]) for line in heard.splitlines() if line.startswith("data: "))
        self.assertIn(first["id"].replace("-", ""), self.daemon.stored_events())


if __name__ == "__main__":
    unittest.main()
