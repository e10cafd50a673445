# SPDX-License-Identifier: Apache-2.0
"""Clips of people at a door, cut from the sample photographs."""

import pathlib
import sys
import tempfile
import unittest

import harness

sys.path.insert(0, str(harness.SOURCE / "tests" / "demo"))
import clip  # noqa: E402

SECONDS = 6


def clips(needed, **scenes):
    """For setUpModule: a folder with NAME.mp4 for each NAME=photograph (None: nobody is there), gone after the module.
    Without the photographs `needed` the module is skipped."""
    missing = [name for name in needed if not (harness.PICTURES / name).exists()]
    if missing:
        raise unittest.SkipTest(f"no pictures {missing} in {harness.PICTURES}: run ./dev setup")
    folder = tempfile.TemporaryDirectory(prefix="porchlight-clips-")
    unittest.addModuleCleanup(folder.cleanup)
    for name, photograph in scenes.items():
        shown = [(harness.PICTURES / photograph, 0, SECONDS)] if photograph else []
        clip.make(pathlib.Path(folder.name) / f"{name}.mp4", shown, SECONDS)
    return folder.name
