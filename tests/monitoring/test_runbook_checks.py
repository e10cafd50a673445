#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How the checks of a runbook are found and judged, on a small one."""

import tempfile
import unittest

import runbook_checks

RUNBOOK = """# Example

```sh
echo not a check
```

## First checks

1. Say what it is:

   ```sh
   porchlight status
   ```

2. What the service said:

   ```sh
   # on the device
   journalctl -u porchlight
   ```

3. Ask the server:

```sh
echo "$PROMETHEUS/api"
```

## Mend

```sh
echo not a check either
```
"""


class RunbookCheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-runbook-")
        self.addCleanup(folder.cleanup)
        self.bench = runbook_checks.Bench(folder.name, "/bin/echo", PROMETHEUS="http://127.0.0.1:1")

    def test_only_what_can_be_run_of_the_section_is_found(self):
        self.assertEqual([block.strip() for block in runbook_checks.checks(RUNBOOK)], ["porchlight status", 'echo "$PROMETHEUS/api"'])
        self.assertEqual(runbook_checks.checks("# Nothing\n"), [])

    def test_what_is_run_is_this_build_and_these_servers(self):
        self.assertEqual(self.bench.judge(RUNBOOK, "/some/house.yaml", "status --config /some/house.yaml\nhttp://127.0.0.1:1/api"), [])

    def test_what_fails_or_shows_nothing_is_told(self):
        self.assertIn("no check shows", self.bench.judge(RUNBOOK, "/c", "camera lost")[0])
        self.assertIn("exit 1 of", self.bench.judge(RUNBOOK.replace("porchlight status", "false"), "/c", "api")[0])
        # The first of two commands, too, and a variable that nobody set.
        self.assertIn("exit 1 of", self.bench.judge(RUNBOOK.replace("porchlight status", "false | cat"), "/c", "api")[0])
        self.assertIn("unbound", self.bench.judge(RUNBOOK.replace("$PROMETHEUS", "$NOBODY"), "/c", "status")[0])
        self.assertEqual(len(self.bench.judge("# Nothing\n", "/c", "x")), 1)


if __name__ == "__main__":
    unittest.main()
