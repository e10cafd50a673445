# SPDX-License-Identifier: Apache-2.0
"""kill -9 under four cameras two hundred times, and each call on the footage that can fail: `./dev test soak`."""

import unittest

from footage_faults import FaultyCalls, SCENES
from footage_kills import Kills


class FootageSoakTest(Kills):
    def test_two_hundred_kills_at_random_moments(self):
        self.kill_often(200, seed=11)


class FootageFaultSoakTest(FaultyCalls):
    def test_each_call_that_can_fail(self):
        results = self.visit_every()
        visited = self.report(results)
        self.expect_well(results)
        for scene in SCENES:
            for kind in ("write", "sync", "open", "rename", "unlink"):
                self.assertIn((scene, kind), visited)
        self.assertGreater(sum(visited.values()), 350)


if __name__ == "__main__":
    unittest.main(verbosity=2)
