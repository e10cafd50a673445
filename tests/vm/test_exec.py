# SPDX-License-Identifier: Apache-2.0
"""A program of the house's, started by the channel `exec` under the installed unit: who it is there, what it gets, what it may not."""

import json
import subprocess

import rig

FOLDER = "/var/lib/porchlight/siren"
SIREN = f"""#!/bin/sh -e
# Leaves what it was given and who it is under the message's id and number.
mkdir -p {FOLDER}
out={FOLDER}/$PORCHLIGHT_EVENT_ID.$PORCHLIGHT_SEQUENCE
cat >"$out.json"
[ -z "$PORCHLIGHT_PICTURE" ] || cat "$PORCHLIGHT_PICTURE" >"$out.jpg"
{{
  echo "user=$(id -un)"
  echo "arguments=$*"
  echo "type=$PORCHLIGHT_TYPE"
  echo "title=$PORCHLIGHT_TITLE"
  echo "privileges=$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status)"
  echo "capabilities=$(sed -n 's/^CapEff:[[:space:]]*0*//p' /proc/self/status)"
  echo "group=$(cat /proc/self/cgroup)"
  echo "notify=$NOTIFY_SOCKET"
}} >"$out.part"
mv "$out.part" "$out"
"""


def configuration():
    settings = json.loads(rig.configuration())
    settings["cameras"] = [{"id": "porch", "url": "file:/rig/porch.mp4"}]
    settings["buttons"][1]["camera"] = "porch"
    notifications = settings["notifications"]
    notifications["channels"] += [
        {"id": "siren", "type": "exec", "command": ["/usr/local/bin/siren", "--seconds", "5 or so"], "timeout": "60s"},
        {"id": "outside", "type": "exec", "command": ["/usr/bin/touch", "/srv/open/mark"], "timeout": "60s"}]
    notifications["rules"] = [{"when": "ring", "to": ["home", "siren", "outside"], "attach": "snapshot"}]
    return json.dumps(settings, indent=1)


class ExecTest(rig.MachineTest):

    configuration = configuration()

    @classmethod
    def configure(cls, text):
        # Small, because an emulator decodes it.
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc=s=320x180:r=5:d=4", "-c:v", "libx264",
                        "-pix_fmt", "yuv420p", "-g", "5", cls.machine.share / "porch.mp4"], check=True)
        cls.machine.write("/usr/local/bin/siren", SIREN, mode=755)
        cls.machine.run("install -d -m 777 /srv/open")
        super().configure(text)
        cls.machine.wait_until("""porchlight status --json | grep -qE '"state": ?"connected"'""", 120, "the camera")

    def left(self, ring, sequence):
        """{name: value} that the program wrote about this message."""
        text = self.machine.wait_until(f"cat {FOLDER}/{ring}.{sequence}", 120, "what the program leaves")
        return dict(line.split("=", 1) for line in text.splitlines())

    def row(self, ring, channel, sequence=0):
        """The message in the outbox, once it is settled."""
        def settled():
            rows = json.loads(self.machine.out(f"porchlight outbox list --state all --channel {channel} --json"))
            return next((r for r in rows if (r["id"], r["sequence"]) == (ring, sequence) and r["state"] != "pending"), None)
        return self.wait_for(settled, 120, "the message to be settled")

    def test_program_runs_as_the_service_and_gets_the_ring(self):
        ring = self.ring()
        left = self.left(ring, 0)
        self.assertEqual(self.row(ring, "siren")["state"], "delivered")
        self.assertEqual((left["user"], left["arguments"], left["type"]), ("porchlight", "--seconds 5 or so", "ring"))
        self.assertEqual((left["privileges"], left["capabilities"], left["notify"]), ("1", "", ""))
        self.assertIn("porchlight.service", left["group"])
        self.assertTrue(left["title"])
        event = json.loads(self.machine.out(f"cat {FOLDER}/{ring}.0.json"))
        self.assertEqual((event["id"], event["type"], event["sequence"], event["button"]), (ring, "ring", 0, "test"))
        # Outside the unit the same program has another answer to each of these.
        environment = "PORCHLIGHT_EVENT_ID=control PORCHLIGHT_SEQUENCE=0 NOTIFY_SOCKET=x"
        self.machine.run(f"{environment} /usr/local/bin/siren </dev/null")
        control = self.left("control", 0)
        self.assertEqual((control["user"], control["privileges"], control["notify"]), ("root", "0", "x"))
        self.assertNotEqual(control["capabilities"], "")
        self.assertNotIn("porchlight.service", control["group"])

    def test_picture_can_be_read_while_the_program_runs(self):
        ring = self.ring()
        self.assertEqual(self.left(ring, 1)["type"], "ring_update")
        self.assertEqual(self.row(ring, "siren", 1)["state"], "delivered")
        picture = f"{FOLDER}/{ring}.1.jpg"
        self.assertEqual(self.machine.out(f"head -c 2 {picture} | od -An -tx1; tail -c 2 {picture} | od -An -tx1").split(),
                         ["ff", "d8", "ff", "d9"])

    def test_program_may_not_write_elsewhere_and_its_words_are_in_the_outbox(self):
        ring = self.ring()
        row = self.row(ring, "outside")
        self.assertEqual(row["state"], "failed")
        self.assertIn("Read-only file system", row["error"])
        self.assertEqual(self.machine.out("ls /srv/open"), "")
        # The same program, as the same user, beside the unit.
        self.machine.run("setpriv --reuid porchlight --regid porchlight --init-groups /usr/bin/touch /srv/open/mark")
        self.assertEqual(self.machine.out("ls /srv/open; rm /srv/open/mark"), "mark")
        # It cost the others nothing.
        self.wait_for(lambda: self.messages(id=ring), 60, "the message of the webhook")


if __name__ == "__main__":
    rig.main()
