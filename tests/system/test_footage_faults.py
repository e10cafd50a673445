# SPDX-License-Identifier: Apache-2.0
"""Calls on the footage that fail under the daemon: a tenth of them here, each in `./dev test soak`."""

import unittest

from footage_faults import FaultyCalls, SCENES


class FootageFaultTest(FaultyCalls):
    def test_a_tenth_of_the_calls_that_can_fail(self):
        results = self.visit_a_tenth()
        visited = self.report(results)
        self.expect_well(results)
        for scene in SCENES:
            for kind in ("write", "sync", "open", "rename", "unlink"):
                self.assertIn((scene, kind), visited)
        # The last of a kind is not always reached: how many there are differs a little from run to run.
        self.assertGreater(sum(visited.values()), 35)


if __name__ == "__main__":
    unittest.main(verbosity=2)
