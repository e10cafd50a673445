#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""12,000 random events under random rules, decided by the program and by an oracle that knows only the documentation.
PORCHLIGHT_SEED repeats a run."""

import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

import harness

sys.path.insert(0, str(harness.SOURCE / "tests" / "notify"))
import oracle  # noqa: E402

SEED = int(os.environ.get("PORCHLIGHT_SEED", "20261126"))
HOUSES, EVENTS = 48, 250
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"  # written out, so that no table of zones is needed
STARTS = ["2026-03-28T20:00:00+00:00", "2026-10-24T20:00:00+00:00", "2026-11-26T05:00:00+00:00", "2026-12-31T12:00:00+00:00"]
OCCASIONS = ["ring", "person.known", "person.unknown", "person.blacklisted", "camera.lost", "camera.back", "security", "alert", "motion", "gap", "disk"]
CAMERAS = [{"id": "front", "name": "Front door", "url": "rtsp://camera/1"}, {"id": "yard", "url": "rtsp://camera/2"}]
PERSONS = ["Zoë", "Lia", "Mallory"]
SEVERITIES = ["critical", "high", "info"]
SPANS = ["1s", "10s", "1m", "5m", "1h"]
TEMPLATES = ["{count} at {camera|the door}", "{person|somebody}, {time}", "{date}: {{x} {count}", "{link|none}", "{zone|nowhere}"]


def hours(dice):
    def one():
        days = dice.choice(["", "", "mon-fri ", "sat,sun ", "sun ", "sat-mon ", "thu ", "wed-thu,sat "])
        start, end = dice.sample(range(0, 24 * 60, 30), 2)
        if dice.random() < 0.15:
            start, end = 2 * 60 + 15, 2 * 60 + 45
        end = "24:00" if dice.random() < 0.1 else f"{end // 60:02}:{end % 60:02}"
        return f"{days}{start // 60:02}:{start % 60:02}-{end}"

    if dice.random() < 0.1:
        return "sat,sun"
    return one() if dice.random() < 0.5 else [one() for _ in range(dice.randint(1, 3))]


def channel(dice, name):
    made = {"id": name, "type": "log"}
    if dice.random() < 0.4:
        made["quiet"] = hours(dice)
    if dice.random() < 0.4:
        made["rate"] = {"burst": dice.randint(1, 4), "every": dice.choice(SPANS)}
    if dice.random() < 0.4:
        made["not_about"] = dice.sample(PERSONS, dice.randint(1, 2))
    if dice.random() < 0.5:
        made["language"] = dice.choice(["de", "en"])
    return made


def rule(dice, occasions, channels):
    def some():
        return dice.sample(channels, dice.randint(1, len(channels)))

    made = {"when": dice.choice(occasions), "to": some()}
    optional = {"attach": lambda: "snapshot", "cameras": lambda: dice.sample(["front", "yard"], dice.randint(1, 2)),
                "schedule": lambda: hours(dice), "quiet": lambda: hours(dice), "cooldown": lambda: dice.choice(SPANS),
                "group": lambda: dice.choice(SPANS), "critical": lambda: dice.random() < 0.5,
                "escalate": lambda: {"after": dice.choice(["2m", "30m", "1h"]), "to": some()},
                "title": lambda: dice.choice(TEMPLATES), "text": lambda: dice.choice(TEMPLATES)}
    likely = {"cooldown": 0.5, "group": 0.4, "critical": 0.2, "quiet": 0.2, "schedule": 0.2}
    if made["when"] == "person.blacklisted":
        likely["schedule"] = 0.6
    for key, make in optional.items():
        if dice.random() < likely.get(key, 0.3):
            made[key] = make()
    if made["when"] in ("person.known", "person.blacklisted") and dice.random() < 0.3:
        made["persons"] = dice.sample(PERSONS, dice.randint(1, 2))
    if made["when"] == "alert" and dice.random() < 0.5:
        made["severities"] = dice.sample(SEVERITIES, dice.randint(1, 2))
    return made


def house(dice):
    names = ["anna", "ben", "hook", "neighbour"][:dice.randint(2, 4)]
    occasions = dice.sample(OCCASIONS, dice.randint(2, 4))
    if dice.random() < 0.4:
        occasions += ["person.blacklisted", "security"]
    kind = dice.random()
    if kind < 0.2:
        occasions = ["ring"]
    elif kind < 0.4:
        occasions = ["person.blacklisted", "security"]
    elif kind < 0.6:
        occasions = ["camera.lost", "camera.back", "alert"]
    elif kind < 0.7:
        occasions = ["alert", "gap", "disk"]
    return {"cameras": CAMERAS, "buttons": [{"id": "front", "kind": "virtual", "camera": "front"}],
            "notifications": {"channels": [channel(dice, name) for name in names],
                              "rules": [rule(dice, occasions, names) for _ in range(dice.randint(2, 6))]}}


class Story:
    """Events of one house, at times that fall on the ends of what lasts."""

    def __init__(self, dice, config):
        self.dice = dice
        self.types = [r["when"] for r in config["notifications"]["rules"]]
        self.at = int(datetime.datetime.fromisoformat(dice.choice(STARTS)).timestamp() * 1000)
        self.rings = []

    def step(self):
        dice = self.dice
        kind = dice.random()
        if kind < 0.35:
            self.at += dice.choice([0, 1, 400, 999, 1000, 3000])
        elif kind < 0.65:
            self.at += oracle.duration(dice.choice(SPANS)) + dice.choice([-1, 0, 0, 1])
        elif kind < 0.9:  # to the edge of a half hour, and to the minute where a span ends
            self.at = (self.at // 1_800_000 + 1) * 1_800_000 + dice.choice([-1, 0, 30_000, 59_999, 60_000])
        else:
            self.at += dice.randint(1, 5 * 3_600_000)

    def event(self):
        dice = self.dice
        self.step()
        occasion = dice.choice(self.types) if dice.random() < 0.85 else dice.choice(OCCASIONS + ["nothing"])
        event = {"id": str(uuid.UUID(int=dice.getrandbits(128))), "time": as_time(self.at)}
        if self.rings and dice.random() < 0.25:
            event |= {"type": "sighting", "camera": "front", "ring_id": dice.choice(self.rings[-66:])}
            return event | self.face(dice.choice(["known_person", "unknown_person", "blacklist_match", "no_face", "error"]))
        if occasion == "ring":
            self.rings.append(event["id"])
            event |= {"type": "ring", "button": dice.choice(["front", "back"]), "trigger_source": "button_press"}
            return event if dice.random() < 0.2 else event | {"camera": dice.choice(["front", "yard"])}
        if occasion.startswith("person."):
            event |= {"type": "sighting", "camera": dice.choice(["front", "yard"])}
            return event | self.face({"person.known": "known_person", "person.unknown": "unknown_person",
                                      "person.blacklisted": "blacklist_match"}[occasion])
        if occasion.startswith("camera."):
            return event | {"type": occasion.replace(".", "_"), "camera": dice.choice(["front", "yard"])}
        if occasion == "security":
            event |= {"type": "security", "kind": dice.choice(["blacklist_match", "tamper"]), "source": "hardware", "action": "none"}
            if dice.random() < 0.7:
                event["camera"] = dice.choice(["front", "yard"])
            return event | ({"person": dice.choice(PERSONS)} if dice.random() < 0.7 else {})
        if occasion == "motion":
            event |= {"type": "motion", "camera": dice.choice(["front", "yard"]), "start": event["time"], "track": []}
            return event if dice.random() < 0.5 else event | {"zones": ["drive", "gate"], "zone_names": ["The drive", "Gate"]}
        if occasion == "gap":
            event |= {"type": "gap", "camera": dice.choice(["front", "yard"]), "cause": dice.choice(["eof", "disk_full"]), "seconds": 10}
            return event if dice.random() < 0.5 else event | {"end": as_time(self.at + 10_000)}
        if occasion == "disk":
            return event | {"type": "disk", "folder": dice.choice(["/srv/one", "/srv/two"]),
                            "fault": dice.choice(["full", "read_only", "almost_full", "damaged_index", "back"])}
        if occasion == "alert":
            event |= {"type": "alert", "alert": "Disk", "severity": dice.choice(SEVERITIES),
                      "status": dice.choice(["firing", "resolved"]), "fingerprint": dice.choice(["f1", "f2"])}
            return event if dice.random() < 0.5 else event | {"camera": "yard"}
        return event | dice.choice([{"type": "button_trouble", "button": "front", "fault": "stuck"},
                                    {"type": "sighting", "camera": "front", "result": "no_face"}])

    def face(self, result):
        face = {"result": result}
        if result in ("known_person", "blacklist_match") and self.dice.random() < 0.95:
            face["person"] = self.dice.choice(PERSONS)
        return face


def as_time(at):
    moment = datetime.datetime.fromtimestamp(at // 1000, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z"


class RulesOracle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"PORCHLIGHT_SEED={SEED}", flush=True)
        os.environ["TZ"] = BERLIN
        time.tzset()
        folder = tempfile.TemporaryDirectory(prefix="porchlight-rules-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        dice = random.Random(SEED)
        cls.houses = []
        for number in range(HOUSES):
            config = house(dice) | {"storage": {"path": str(cls.folder)}}
            file = cls.folder / f"{number}.yaml"
            file.write_text(json.dumps(config))  # JSON is YAML
            story = Story(dice, config)
            cls.houses.append((config, file, [(story.event(), story.at) for _ in range(EVENTS)]))

    def decided_by(self, command, file, events):
        lines = "".join(json.dumps(event) + "\n" for event, _ in events)
        done = subprocess.run([*command, file], input=lines, capture_output=True, text=True, timeout=120)
        self.assertIn(done.returncode, (0, 1), (file.read_text(), done.stderr))
        decided = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(decided), len(events), done.stderr)
        return decided

    def first_difference(self, command, houses=None):
        """(what, which words were seen) of the first event that the two decide differently; None when there is none."""
        seen = {}
        for config, file, events in houses or self.houses:
            expected = oracle.Oracle(config)
            for (event, at), got in zip(events, self.decided_by(command, file, events)):
                wanted = expected.decide(event, at)
                difference = self.difference(config, wanted, got)
                if difference:
                    return f"{file.read_text()}\n{json.dumps(event)}: {difference}", seen
                for word in wanted["rules"] + [skip["why"] + " (channel)" for skip in wanted["skipped"]]:
                    seen[word] = seen.get(word, 0) + 1
                seen["withdrawn"] = seen.get("withdrawn", 0) + len(wanted["withdrawn"])
                for told in wanted["told"]:
                    for word in filter(None, (told["after_ms"] and "escalated", told["more"] and "counted",
                                              told["critical"] and "critical")):
                        seen[word] = seen.get(word, 0) + 1
        return None, seen

    @staticmethod
    def difference(config, wanted, got):
        languages = {c["id"]: c.get("language", "en") for c in config["notifications"]["channels"]}
        for key in ("rules", "skipped", "withdrawn"):
            if wanted[key] != got[key]:
                return f"{key}: {wanted[key]} by the oracle, {got[key]} by the program"
        if len(wanted["told"]) != len(got["told"]):
            return f"told: {wanted['told']} by the oracle, {got['told']} by the program"
        for mine, its in zip(wanted["told"], got["told"]):
            words = mine["words"](languages[mine["channel"]])
            expected = {key: value for key, value in mine.items() if key != "words"} | words
            found = {key: its[key] for key in expected}
            if expected != found:
                return f"told: {expected} by the oracle, {found} by the program"
        return None

    def test_program_decides_as_the_documentation_says(self):
        difference, seen = self.first_difference([harness.PROGRAM, "notify", "dry-run", "-", "--json", "--config"])
        self.assertIsNone(difference, difference)
        # A comparison in which something never happened proves nothing of it.
        for word in ("matched", "when", "camera", "person", "severity", "withdrawn", "schedule", "quiet", "grouped", "cooldown", "told (channel)",
                     "excluded (channel)", "quiet (channel)", "rate (channel)", "escalated", "counted", "critical"):
            self.assertGreater(seen.get(word, 0), 50, (word, seen))

    def test_every_mutant_is_found(self):
        self.assertIsNone(self.first_difference([harness.BUILD / "rules_engine"], self.houses[:3])[0])
        mutants = sorted(harness.BUILD.glob("rules_mutant_*"))
        self.assertGreater(len(mutants), 10)
        for mutant in mutants:
            with self.subTest(mutant.name):
                self.assertIsNotNone(self.first_difference([mutant])[0], "the comparison does not see this fault")


if __name__ == "__main__":
    unittest.main()
