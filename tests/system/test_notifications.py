#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/notifications.md as it stands there: `porchlight check` takes each of its snippets, and its Python verifies
what the daemon signs."""

import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

import harness

PAGE = harness.SOURCE / "docs" / "notifications.md"
FACTORY = harness.SOURCE / "src" / "notify" / "factory.cpp"
# Of credentials that have a form; any other holds SECRET.
CREDENTIALS = {
    "telegram": "123456789:AAEtest_token-of-35-characters-xxxx",
    "slack": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "pagerduty": "0123456789abcdef0123456789ABCDEF",
}
SECRET = "secret-of-a-test"


def blocks(language):
    """[(line of the page, text)] of the page's fenced blocks in that language."""
    text = PAGE.read_text()
    return [(text.count("\n", 0, m.start()) + 2, m.group(1))
            for m in re.finditer(rf"^```{language}\n(.*?)^```", text, re.M | re.S)]


class Snippets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-snippets-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.credentials = self.folder / "credentials"
        self.credentials.mkdir()
        self.snippets = blocks("yaml")
        for name in re.findall(r"\$\{credential:([^}]+)\}", PAGE.read_text()):
            (self.credentials / name).write_text(CREDENTIALS.get(name, SECRET) + "\n")

    def check(self, text, beside_the_service=False):
        path = self.folder / "porchlight.yaml"
        path.write_text(text)
        environment = dict(os.environ)
        environment.pop("CREDENTIALS_DIRECTORY", None)
        for name in re.findall(r"\$\{ENV:([^}]+)\}", text):
            environment[name] = SECRET
        if not beside_the_service:
            environment["CREDENTIALS_DIRECTORY"] = str(self.credentials)
        return subprocess.run([harness.PROGRAM, "check", "--config", path], capture_output=True, text=True, timeout=60,
                              env=environment)

    def test_each_is_a_configuration_that_check_accepts(self):
        self.assertTrue(self.snippets)
        for line, text in self.snippets:
            with self.subTest(line=line):
                # A reader copies it: it begins with a key of the file's first level.
                self.assertRegex(text, r"\A[a-z]+:", "a snippet begins with `notifications:` or another root key")
                done = self.check(text)
                self.assertEqual(done.returncode, 0, f"{PAGE.name}:{line}: {done.stdout}{done.stderr}")
                self.assertNotIn("not checked", done.stdout)
                # On the command line, where the service's credentials cannot be seen.
                done = self.check(text, beside_the_service=True)
                self.assertEqual(done.returncode, 0, f"{PAGE.name}:{line}: {done.stdout}{done.stderr}")

    def test_each_channel_has_one(self):
        types = re.findall(r'ChannelKind\{"(\w+)"', FACTORY.read_text())
        self.assertGreater(len(types), 2)
        text = "".join(text for _, text in self.snippets)
        for kind in types:
            with self.subTest(kind):
                self.assertRegex(text, rf"type: {kind}\b")

    def test_check_looks_at_what_it_accepts(self):
        """Each snippet with a slip in one of its keys or values is refused."""
        slips = ((r"\btype: (\w+)", r"type: \1x"), (r"(when: [\w.]+, to: \[\w+)", r"\1x"), (r"\bwhen: (\w+)", r"when: \1x"),
                 (r"\bid: ", "idd: "))
        for line, text in self.snippets:
            for slip, instead in slips:
                if not re.search(slip, text):
                    continue
                with self.subTest(line=line, slip=slip):
                    done = self.check(re.sub(slip, instead, text, count=1))
                    self.assertEqual(done.returncode, 1, f"{PAGE.name}:{line}: {done.stdout}")
                    self.assertRegex(done.stdout, r"porchlight\.yaml:\d+:\d+: (notifications|cameras|mqtt|alerting)\b")


class Signature(unittest.TestCase):
    def test_the_pages_python_verifies_what_the_daemon_signs(self):
        found = [text for _, text in blocks("python") if "def is_from_porchlight" in text]
        self.assertEqual(len(found), 1)
        page = {}
        exec(found[0], page)  # pylint: disable=exec-used
        verify = page["is_from_porchlight"]

        hook = harness.Hook()
        self.addCleanup(hook.close)
        config = harness.config(hook)
        config["notifications"]["channels"][0]["secret"] = SECRET
        daemon = harness.Daemon(config)
        self.addCleanup(daemon.close)
        daemon.ring("front")
        message = hook.wait_for(lambda m: m.event["sequence"] == 0, 30, "the ring")
        signature = message.headers["X-Porchlight-Signature"]
        secret, body = SECRET.encode(), message.body

        self.assertTrue(verify(secret, signature, body))
        self.assertFalse(verify(secret, signature, body.replace(b'"ring"', b'"rinG"')))
        self.assertFalse(verify(b"another secret", signature, body))
        self.assertFalse(verify(secret, "", body))
        self.assertFalse(verify(secret, signature.replace("v1=", "v0="), body))
        # A recorded request: its time is signed, so another cannot be claimed, and it is too old as it stands.
        self.assertFalse(verify(secret, re.sub(r"t=\d+", f"t={int(time.time()) + 1}", signature), body))
        self.assertFalse(verify(secret, signature, body, tolerance=-1))


if __name__ == "__main__":
    unittest.main()
