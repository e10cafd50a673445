# SPDX-License-Identifier: Apache-2.0
"""Manual, completions, unit and maintainer scripts, each held against what it speaks of."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PORCHLIGHT_BUILD", SOURCE / "build" / "release"))
PROGRAM = BUILD / "porchlight"


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def text_of(path):
    return (SOURCE / path).read_text(encoding="utf-8")


def subcommands(*path):
    """The subcommands that the program's own help lists below this one."""
    _, found, listed = run(PROGRAM, *path, "--help").stdout.partition("Subcommands:\n")
    return re.findall(r"^  ([a-z][a-z-]*)", listed, flags=re.M) if found else []


def all_commands():
    for name in subcommands():
        below = subcommands(name)
        yield from ([(name, sub) for sub in below] or [(name,)])


class ManualTest(unittest.TestCase):
    def test_manual_names_every_command(self):
        page = text_of("docs/man/porchlight.1")
        described = {tuple(words.split()) for words in re.findall(r"^\.It Cm ([a-z -]+?)(?: (?:Ar|Fl|Op|Oo|Cm) .*)?$", page, flags=re.M)}
        self.assertGreater(len(described), 10)
        self.assertEqual(described, set(all_commands()))

    def test_configuration_manual_has_every_key(self):
        page = (BUILD / "man/porchlight.yaml.5").read_text(encoding="utf-8").replace("\\-", "-")
        table = text_of("docs/configuration.md").split("## Keys of this version")[1].split("\n## ")[0]
        keys = [row.split(" | ")[0] for row in table.splitlines() if row.startswith("| `")]
        self.assertGreater(len(keys), 30)
        for key in keys:
            self.assertIn(f".It {key.removeprefix('| ').replace('`', '')}\n", page)

    def test_manuals_are_well_formed(self):
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        for page in (SOURCE / "docs/man/porchlight.1", BUILD / "man/porchlight.yaml.5"):
            done = run("groff", "-mandoc", "-Tutf8", "-ww", "-z", page)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)


class CompletionTest(unittest.TestCase):
    def complete(self, *words):
        """What bash offers for the last of these words."""
        script = f"""
            source {SOURCE}/src/tools/completions/porchlight.bash
            COMP_WORDS=({' '.join(f"'{w}'" for w in (PROGRAM, *words))}); COMP_CWORD={len(words)}
            _porchlight; printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        done = run("bash", "-c", script)
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split("\n")) - {""}

    def test_offers_every_command_and_no_other(self):
        options = {"--help", "--config", "--json"}
        self.assertEqual(self.complete("") - options, set(subcommands()))
        self.assertEqual(self.complete("faces", "") - options, set(subcommands("faces")))
        self.assertEqual(self.complete("ri"), {"ring"})

    def test_offers_options_and_fixed_words(self):
        self.assertIn("--button", self.complete("ring", "--"))
        self.assertLessEqual({"known", "blacklisted"}, self.complete("people", "list-as", "Anna", ""))

    def test_offers_files_where_files_belong(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "anna.jpg"
            path.touch()
            self.assertEqual(self.complete("faces", "enrol", "Anna", f"{folder}/an"), {str(path)})
            self.assertEqual(self.complete("check", "--config", f"{folder}/an"), {str(path)})


class ZshCompletionTest(unittest.TestCase):
    def complete(self, *words):
        """What the function hands to zsh's compadd, one a line."""
        script = f"""
            compadd() {{ [[ $1 == -a ]] && print -rl -- ${{(P)2}} || print -rl -- "$@" }}
            _files() {{ print FILES }}
            words=({' '.join(f"'{w}'" for w in (PROGRAM, *words))}); CURRENT={len(words) + 1}
            source {SOURCE}/src/tools/completions/_porchlight
        """
        done = run("zsh", "-f", "-c", script)
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split("\n")) - {""}

    def setUp(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")

    def test_offers_every_command_and_no_other(self):
        options = {"--help", "--config", "--json"}
        self.assertEqual(self.complete("") - options, set(subcommands()))
        self.assertEqual(self.complete("faces", "") - options, set(subcommands("faces")))

    def test_offers_options_words_and_files(self):
        self.assertIn("--button", self.complete("ring", "--"))
        self.assertLessEqual({"known", "blacklisted"}, self.complete("people", "list-as", "Anna", ""))
        self.assertIn("FILES", self.complete("faces", "enrol", "Anna", ""))
        self.assertEqual({"FILES"}, self.complete("check", "--config", ""))


class UnitTest(unittest.TestCase):
    def test_exposure_is_at_most_two(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        def exposure(text):
            with tempfile.TemporaryDirectory() as folder:
                unit = pathlib.Path(folder) / "porchlight.service"
                unit.write_text(text, encoding="utf-8")
                done = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
            return float(re.search(r"exposure level for \S+: ([\d.]+)", done.stdout).group(1))

        unit = text_of("systemd/porchlight.service")
        self.assertLessEqual(exposure(unit), 2.0)
        # What the figure is worth: without one line of it the service is visibly more exposed.
        self.assertGreater(exposure(unit.replace("CapabilityBoundingSet=\n", "")), 2.0)

    def test_security_page_explains_every_hole(self):
        """Each device and each property that is left open has its row in docs/security.md."""
        unit, page = text_of("systemd/porchlight.service"), text_of("docs/security.md")
        for device in re.findall(r"^DeviceAllow=(\S+)", unit, flags=re.M):
            self.assertIn(f"`{device}`", page)
        for family in re.search(r"^RestrictAddressFamilies=(.*)$", unit, flags=re.M).group(1).split():
            self.assertIn(f"`{family}`", page)
        for group in re.search(r"^SupplementaryGroups=(.*)$", unit, flags=re.M).group(1).split():
            self.assertIn(f"`{group}`", page)


class VersionTest(unittest.TestCase):
    def test_package_and_program_have_one_version(self):
        package = re.match(r"porchlight \(([^)]+)\)", text_of("debian/changelog")).group(1)
        self.assertEqual(run(PROGRAM, "version").stdout.split()[1], package)


class MaintainerScriptTest(unittest.TestCase):
    """The scripts as dpkg would run them; the rig installs the package for real (tests/vm)."""

    def script(self, name, *arguments):
        body = text_of(f"debian/porchlight.{name}").replace("#DEBHELPER#", "")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.write_text(body, encoding="utf-8")
            return run("sh", path, *arguments)

    def test_downgrade_is_refused_in_words(self):
        done = self.script("preinst", "upgrade", "0.2.0", "0.1.0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("0.2.0 is installed", done.stderr)
        self.assertIn("porchlight.db.v", done.stderr)

    def test_upgrade_and_installation_are_not(self):
        for arguments in (("upgrade", "0.1.0", "0.2.0"), ("upgrade", "0.1.0", "0.1.0"), ("install",), ("install", "0.2.0", "0.1.0")):
            done = self.script("preinst", *arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)


if __name__ == "__main__":
    unittest.main()
