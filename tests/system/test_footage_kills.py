# SPDX-License-Identifier: Apache-2.0
"""kill -9 under four cameras: twenty times here, two hundred in `./dev test soak`."""

import unittest

from footage_kills import Kills


class FootageKillTest(Kills):
    def test_twenty_kills_at_random_moments(self):
        self.kill_often(20, seed=7)


if __name__ == "__main__":
    unittest.main(verbosity=2)
