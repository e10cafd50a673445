# SPDX-License-Identifier: Apache-2.0
"""Where the shipped monitoring files stand, and the helpers of tests/system on the path of modules."""

import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDER = SOURCE / "config" / "monitoring"
RULES = FOLDER / "rules"
RUNBOOKS = SOURCE / "docs" / "runbooks"

sys.path.insert(0, str(SOURCE / "tests" / "system"))


def unpacked(name, program):
    """The program of a Debian package that ./dev unpacked in build/NAME/tree; None when it is not there."""
    path = SOURCE / "build" / name / "tree" / program
    return path if path.exists() else None
