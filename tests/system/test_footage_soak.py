# SPDX-License-Identifier: Apache-2.0
"""kill -9 under four cameras, two hundred times: `./dev test soak`."""

import unittest

from footage_kills import Kills


class FootageSoakTest(Kills):
    def test_two_hundred_kills_at_random_moments(self):
        self.kill_often(200, seed=11)


if __name__ == "__main__":
    unittest.main(verbosity=2)
