# SPDX-License-Identifier: Apache-2.0
"""A package's life: upgrade, the way back, refused downgrade, removal, two kinds of purge. One life, so the tests follow each other."""

import pathlib
import re
import subprocess
import tempfile

import rig

DATA = "/var/lib/porchlight"
APT = "DEBIAN_FRONTEND=noninteractive apt-get -q -y"


def repacked(to, version):
    """The package under test with another version and nothing else changed."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-R", rig.package(), folder], check=True)
        control = pathlib.Path(folder) / "DEBIAN/control"
        control.write_text(re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.M))
        subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", folder, to], check=True, stdout=subprocess.DEVNULL)


def version_of(package):
    return subprocess.run(["dpkg-deb", "-f", package, "Version"], check=True, capture_output=True, text=True).stdout.strip()


class PackageLifeTest(rig.MachineTest):
    configuration = rig.configuration(name="Edited by hand")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old = version_of(rig.package())
        cls.new, cls.newest = cls.old + "+later", cls.old + "+latest"
        for name, version in (("old", cls.old), ("new", cls.new), ("newest", cls.newest)):
            repacked(cls.machine.share / f"{name}.deb", version)
        picture = rig.SOURCE / "build/pictures/astronaut.png"
        cls.machine.share.joinpath("face.png").write_bytes(picture.read_bytes())
        cls.machine.run("install -o porchlight /rig/face.png /var/lib/porchlight/face.png && "
                        "sudo -u porchlight porchlight faces enrol Eileen /var/lib/porchlight/face.png", seconds=300)

    def installed(self):
        return self.machine.run("dpkg-query -W -f '${db:Status-Abbrev}${Version}' porchlight", check=False).stdout.strip()

    def works(self):
        self.machine.wait_until("porchlight status --json", 60, "the daemon")
        ring = self.ring()
        self.wait_for(lambda: self.messages(id=ring), 60, "a ring's message")
        return ring

    def faces(self):
        return self.machine.out("sudo -u porchlight porchlight faces list --json")

    def test_1_upgrade_keeps_data_configuration_and_gallery(self):
        ring, faces = self.works(), self.faces()
        self.assertIn("Eileen", faces)
        before = self.machine.out(f"sha256sum {rig.CONFIGURATION}")
        pid = self.main_pid()
        with rig.timed("upgrade"):
            self.machine.run(f"{APT} install /rig/new.deb", seconds=600)
        self.assertEqual(self.installed(), f"ii {self.new}")
        self.assertNotEqual(self.main_pid(), pid, "the old program still runs")
        later = self.works()
        self.assertLessEqual({ring, later}, {e["id"] for e in self.stored(type="ring")})
        self.assertEqual(self.faces(), faces)
        self.assertEqual(self.machine.out(f"sha256sum {rig.CONFIGURATION}"), before)
        self.assertEqual(self.machine.out("systemctl is-enabled porchlight"), "enabled")

    def test_2_upgrade_migrates_a_database_of_the_first_version(self):
        rings, faces = {e["id"] for e in self.stored(type="ring")}, self.faces()
        self.machine.run("systemctl stop porchlight && python3 -B /tools/older.py")
        self.assertEqual(self.database("porchlight.db"), "1")
        self.machine.run(f"{APT} install /rig/newest.deb", seconds=600)
        ring = self.works()
        self.assertGreater(int(self.database("porchlight.db")), 1)
        self.assertEqual(self.database("porchlight.db.v1"), "1", "the copy of before")
        self.assertLessEqual(rings | {ring}, {e["id"] for e in self.stored(type="ring")})
        self.assertEqual(self.faces(), faces)

    def database(self, name):
        """Its schema's version."""
        return self.machine.out(f"python3 -c \"import sqlite3; print(sqlite3.connect('{DATA}/{name}').execute('PRAGMA user_version').fetchone()[0])\"")

    def test_3_way_back_to_the_version_before(self):
        """As in docs/operate.md; then forward again, which migrates again."""
        self.machine.run(f"{APT} remove porchlight", seconds=600)
        self.machine.run(f"mv {DATA}/porchlight.db {DATA}/porchlight.db.new && rm -f {DATA}/porchlight.db-wal {DATA}/porchlight.db-shm && "
                         f"cp -p {DATA}/porchlight.db.v1 {DATA}/porchlight.db")
        self.machine.run(f"{APT} install /rig/old.deb", seconds=600)
        self.assertEqual(self.installed(), f"ii {self.old}")
        self.assertIn("Eileen", self.faces())
        self.works()
        self.machine.run(f"{APT} install /rig/newest.deb", seconds=600)
        self.works()

    def test_4_downgrade_is_refused_in_words_and_the_newer_one_runs_on(self):
        pid = self.main_pid()
        done = self.machine.run(f"{APT} install --allow-downgrades /rig/old.deb", check=False, seconds=600)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("may be too new for", done.stdout + done.stderr)
        self.assertEqual(self.installed(), f"ii {self.newest}")
        self.assertEqual(self.main_pid(), pid, "it was restarted for nothing")
        self.works()

    def test_5_remove_keeps_data_and_configuration(self):
        before = self.kept()
        self.machine.run(f"{APT} remove porchlight", seconds=600)
        self.assertEqual(self.kept(), before)
        self.assertEqual(self.machine.run("pgrep -x porchlight", check=False).returncode, 1)
        self.machine.run(f"{APT} install /rig/newest.deb", seconds=600)
        self.assertIn("Eileen", self.faces())
        self.works()

    def kept(self):
        return self.machine.out(f"sha256sum {rig.CONFIGURATION}; cd {DATA} && ls | grep -v -e control.sock -e -wal -e -shm")

    def test_6_purge_without_anybody_to_ask_keeps_the_recordings_and_says_so(self):
        done = self.machine.run(f"{APT} purge porchlight", seconds=600)
        self.assertIn(f"kept {DATA}", done.stdout + done.stderr)
        self.machine.run(f"test -s {DATA}/porchlight.db")
        self.assertEqual(self.machine.run(f"test -e {rig.CONFIGURATION}", check=False).returncode, 1)

    def test_7_purge_with_the_answer_yes_deletes(self):
        self.machine.run(f"{APT} install /rig/newest.deb", seconds=600)
        self.machine.run("echo 'porchlight porchlight/purge_data boolean true' | debconf-set-selections")
        self.machine.run(f"{APT} purge porchlight", seconds=600)
        self.assertEqual(self.machine.run(f"test -e {DATA}", check=False).returncode, 1, "the recordings are still there")


if __name__ == "__main__":
    rig.main()
