# SPDX-License-Identifier: Apache-2.0
"""The chroots come from the mirror that this machine's apt uses, however its sources are written."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "src/tools/chroot.sh"


class Archives(unittest.TestCase):
    def archives(self, files):
        with tempfile.TemporaryDirectory() as folder:
            etc = Path(folder) / "etc"
            (etc / "sources.list.d").mkdir(parents=True)
            for name, text in files.items():
                (etc / name).write_text(text, encoding="utf-8")
            conf = Path(folder) / "apt.conf"
            conf.write_text(f'Dir::Etc "{etc}";\nDir::State "{folder}";\n', encoding="utf-8")
            run = subprocess.run(["bash", SCRIPT, folder, "trixie", "amd64", "archives"], capture_output=True, text=True,
                                 env={**os.environ, "APT_CONFIG": str(conf)}, check=True)
        return run.stdout.split()

    def test_a_line_of_sources_list(self):
        line = "deb [arch=amd64 trusted=yes] http://mirror.example/debian/ bookworm main contrib\n"
        self.assertEqual(self.archives({"sources.list": line}), ["http://mirror.example/debian"])

    def test_a_deb822_file_each_archive_once(self):
        text = ("Types: deb\nURIs: http://a.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\n"
                "Types: deb\nURIs: http://b.example/debian\nSuites: bookworm\nComponents: main\n\n"
                "Types: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n")
        self.assertCountEqual(self.archives({"sources.list.d/debian.sources": text}), ["http://a.example/debian", "http://b.example/debian"])

    def test_no_sources_no_archives(self):
        self.assertEqual(self.archives({}), [])


if __name__ == "__main__":
    unittest.main()
