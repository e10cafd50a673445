#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what a visit counts: somebody comes by once, in a film that is played once."""

import pathlib
import tempfile
import unittest

from causes import House

import harness
import motion_clip
import visitors

# The end of the film is a camera's fault, which is an event; a reload has records.
BESIDES = [{"event_type": "system"}, {"event_type": "system_change"}]


class VisitHouse(House):
    """A receiver that is told of everything, and one that wants to hear nothing of Anna."""

    RULE = ""
    FACES = False

    @classmethod
    def settings(cls):
        cls.hook = harness.Hook()
        cls.addClassCleanup(cls.hook.close)
        cls.configuration = {**cls.SETTINGS, "faces": {"enabled": cls.FACES}, "notifications": {
            "channels": [{"id": "hook", "type": "webhook", "url": cls.hook.url}, {"id": "friend", "type": "log", "not_about": ["Anna"]}],
            "rules": [{"when": cls.RULE, "to": ["hook", "friend"]}]}}
        return cls.configuration

    def play(self, film):
        """The camera is there from here on, and shows the film."""
        self.daemon.write_config({**self.configuration, "cameras": [{"id": "yard", "url": f"file:{film}", "loop": False}]})
        self.daemon.cli("reload")

    def told(self, kind, channel):
        return self.counted("notifications_sent_total", channel=channel, type=kind, status="success", seconds=120,
                            besides=[{"channel": "webhook"}, {"channel": "log"}])

    def event(self, event_type, *others):
        return self.counted("pipeline_events_total", event_type=event_type, status="success", seconds=120,
                            besides=[*BESIDES, *({"event_type": other} for other in others)])


class MotionCauses(VisitHouse):
    RULE = "motion"

    def test_somebody_walks_by(self):
        folder = tempfile.TemporaryDirectory(prefix="porchlight-causes-")
        self.addCleanup(folder.cleanup)
        film = pathlib.Path(folder.name) / "walk.mp4"
        motion_clip.make(film, 20, walks_at=5)
        with self.event("motion"), self.told("motion", "webhook"), \
                self.counted("motion_events_detected_total", camera_id="yard", born=True, seconds=120):
            self.play(film)


class VisitorHouse(VisitHouse):
    FACES = True

    @classmethod
    def setUpClass(cls):
        cls.clips = visitors.clips(["known_enrol.jpg", "known_door.jpg"], visitor="known_door.jpg")
        super().setUpClass()
        harness.wait_until(lambda: cls.daemon.get("/health/ready")[0] == 200, 120, "the models")


    def recognised(self, result):
        return self.counted("face_recognition_requests_total", result_type=result, seconds=120)


class KnownCauses(VisitorHouse):
    RULE = "person.known"

    def test_somebody_known_comes_by(self):
        self.daemon.cli("faces", "enrol", "Anna", harness.PICTURES / "known_enrol.jpg")
        with self.event("face", "motion"), self.told("face_recognized", "webhook"), self.recognised("known_person"), \
                self.counted("notifications_suppressed_total", reason="excluded", seconds=120), \
                self.counted("audit_log_entries_total", event_type="face_recognition", seconds=120,
                             besides=[*BESIDES, {"event_type": "notification"}]):
            self.play(f"{self.clips}/visitor.mp4")


class UnknownCauses(VisitorHouse):
    """The same visitor, whom nobody has enrolled."""

    RULE = "person.unknown"

    def test_somebody_unknown_comes_by(self):
        with self.event("face", "motion"), self.told("unknown_person", "webhook"), self.recognised("unknown_person"):
            self.play(f"{self.clips}/visitor.mp4")


class BlacklistCauses(VisitorHouse):
    RULE = "person.blacklisted"

    @classmethod
    def settings(cls):
        settings = super().settings()
        settings["notifications"]["rules"].append({"when": "security", "to": ["hook"]})  # which she is told as already
        return settings

    def test_somebody_unwanted_comes_by(self):
        self.daemon.cli("faces", "enrol", "Berta", harness.PICTURES / "known_enrol.jpg")
        self.daemon.cli("people", "list-as", "Berta", "blacklisted")
        with self.event("face", "motion"), self.told("blacklist_match", "webhook"), self.recognised("blacklist_match"), \
                self.counted("security_events_total", event_type="blacklist_match", source="face_recognition", action_taken="alert_sent",
                             seconds=120, besides=[{"event_type": "config_change"}]):
            self.play(f"{self.clips}/visitor.mp4")


class NobodyCauses(VisitorHouse):
    """A ring at an empty porch."""

    RULE = "ring"

    @classmethod
    def settings(cls):
        cls.empty = visitors.clips([], empty=None)
        return {**super().settings(), "cameras": [{"id": "yard", "url": f"file:{cls.empty}/empty.mp4", "motion": False}],
                "buttons": [{"id": "front", "kind": "virtual", "camera": "yard"}]}

    def test_nobody_is_there(self):
        harness.wait_until(lambda: self.daemon.metric("camera_connection_status", camera_id="yard") == 1, 60, "the camera")
        with self.recognised("no_face"):
            self.daemon.ring("front")


if __name__ == "__main__":
    unittest.main()
