#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the build makes of the runbooks for `/runbooks/<name>`, and the lines that their commands want typed before them."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import runbook_text as text
import shipped

CMARK = shutil.which("cmark-gfm")
TOOL = shipped.SOURCE / "src" / "tools" / "runbooks.py"
LIMIT = 64 << 10  # file_limit of src/api/runbook_route.cpp: what is larger is not served


def made(source, out):
    done = subprocess.run([sys.executable, "-B", str(TOOL), CMARK, str(source), str(out)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


@unittest.skipIf(CMARK is None, "no cmark-gfm here (Debian package of that name): the served runbooks were not made")
class ServedRunbooksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-served-")
        cls.addClassCleanup(folder.cleanup)
        cls.out = pathlib.Path(folder.name)
        code, said = made(shipped.RUNBOOKS, cls.out)
        if code != 0:
            raise AssertionError(said)
        cls.served = {file.stem: file.read_text() for file in cls.out.glob("*.html")}

    def test_each_page_is_there_and_small_enough(self):
        self.assertEqual(set(self.served), {page.name for page in text.pages()} | {"README"})
        self.assertEqual([name for name, html in self.served.items() if len(html.encode()) > LIMIT], [])

    def test_each_link_leads_to_a_place_that_is_served(self):
        found = 0
        for name, html in self.served.items():
            for target in re.findall(r'<a href="([^"]*)"', html):
                if re.match(r"[a-z]+:", target):
                    continue
                page, _, place = target.partition("#")
                page = page.removeprefix("/runbooks/") or name
                with self.subTest(name, link=target):
                    self.assertIn(page, self.served)
                    if place:
                        found += 1
                        self.assertIn(f'id="{place}"', self.served[page])
        self.assertGreater(found, 2, "links to a part of a page were not found")

    def test_before_the_first_check_stands_the_way_to_what_it_needs(self):
        for name in set(self.served) - {"README"}:
            with self.subTest(name):
                before = self.served[name].split("<pre", 1)[0]
                self.assertEqual(before.count('<a href="/runbooks/README">'), 1)

    def test_a_link_to_nothing_ends_the_build(self):
        with tempfile.TemporaryDirectory(prefix="porchlight-served-") as folder:
            (pathlib.Path(folder) / "A.md").write_text("# A\n\n[b](B.md)\n")
            code, said = made(folder, pathlib.Path(folder) / "out")
            self.assertEqual(code, 1)
            self.assertIn("B.md", said)


class PromptTest(unittest.TestCase):
    """The lines that README.md and troubleshooting.md want pasted before the commands, with stand-ins for curl and sudo."""

    FILES = (shipped.RUNBOOKS / "README.md", shipped.SOURCE / "docs" / "troubleshooting.md")

    def typed(self, file, command):
        """What curl was given, its arguments and its standard input."""
        lines = next(body for _, body in text.FENCE.findall(file.read_text()) if "curl()" in body)
        with tempfile.TemporaryDirectory(prefix="porchlight-prompt-") as folder:
            place = pathlib.Path(folder)
            for name, does in (("curl", 'echo "curl $*"; [ "$1" != -K ] || cat'), ("sudo", 'echo "sudo $*"')):
                (place / name).write_text(f"#!/bin/sh\n{does}\n")
                (place / name).chmod(0o755)
            done = subprocess.run(["bash", "-eu", "-c", lines + command], capture_output=True, text=True, timeout=30, check=True,
                                  env={"PATH": f"{folder}:/usr/bin:/bin"}, stdin=subprocess.DEVNULL)
        return done.stdout.splitlines()

    def test_prometheus_gets_the_login_by_a_pipe(self):
        laid = "/etc/prometheus/porchlight-curl"
        self.assertIn(f"lay {laid} 0640", (shipped.FOLDER / "setup-files.sh").read_text())
        for file in self.FILES:
            with self.subTest(file.name):
                self.assertEqual(self.typed(file, 'curl -s "$PROMETHEUS/api/v1/query" -d "a b"'),
                                 ["curl -K - -s https://localhost:9090/api/v1/query -d a b", f"sudo cat {laid}"])
        self.assertEqual(self.typed(self.FILES[1], 'curl -s "$ALERTMANAGER/metrics"')[0], "curl -K - -s https://localhost:9093/metrics")

    def test_nobody_else_gets_it(self):
        for file in self.FILES:
            for asked in ("http://127.0.0.1:8000/health/deep", "https://localhost:8000/metrics", "http://127.0.0.1:9100/metrics"):
                with self.subTest(file.name, asked=asked):
                    self.assertEqual(self.typed(file, f"curl -sk {asked}"), [f"curl -sk {asked}"])

    def test_no_page_puts_a_secret_on_a_command_line(self):
        """`ps` shows what stands there to everybody."""
        secret = re.compile(r"://\w+:[^@\s\"/]+@|\s(-u|--user)[ =]\"?\w+:|--password[ =]|Bearer \S+\"?\s+https?:|\$\(\s*(sudo )?cat [^)]*(password|token|key)")
        self.assertRegex('X="https://monitor:$(sudo cat /etc/x.password)@localhost"', secret)
        self.assertRegex("curl -u monitor:word https://localhost", secret)
        for file in [*sorted(shipped.RUNBOOKS.glob("*.md")), self.FILES[1]]:
            for _, block in text.FENCE.findall(file.read_text()):
                with self.subTest(file.name, block=block):
                    self.assertNotRegex(block, secret)


if __name__ == "__main__":
    unittest.main()
