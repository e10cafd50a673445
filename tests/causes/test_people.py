#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what the gallery counts: somebody is enrolled, known, and forgotten."""

import contextlib
import sqlite3
import threading
import unittest

from causes import House

import harness

NEEDED = ("known_enrol.jpg",)
HIT, MISS = ({"cache": "face_embeddings", "result": result} for result in ("hit", "miss"))


class GalleryHouse(House):
    SETTINGS = {**House.SETTINGS, "faces": {"enabled": True}}

    @classmethod
    def setUpClass(cls):
        missing = [name for name in NEEDED if not (harness.PICTURES / name).exists()]
        if missing:
            raise unittest.SkipTest(f"no pictures {missing} in {harness.PICTURES}: run ./dev setup")
        super().setUpClass()

    def enrol(self, name):
        """By a command, so that the daemon finds it at its next look. The person's number."""
        self.daemon.cli("faces", "enrol", name, harness.PICTURES / NEEDED[0])
        status, _, page = self.anna.ask("GET", "/api/v1/people")
        self.assertEqual(status, 200, page)
        return next(person["id"] for person in page["people"] if person["name"] == name)

    def forget(self, person):
        """Its status; whoever could not end an erasure comes again."""
        return self.anna.ask("DELETE", f"/api/v1/people/{person}")[0]


class GalleryCauses(GalleryHouse):
    """The store worker looks once a second whether the known faces are still the same."""

    def looks(self, result):
        return self.daemon.metric("cache_requests_total", **result)

    def test_a_look_at_what_is_the_same(self):
        misses, hits = self.looks(MISS), self.looks(HIT)
        harness.wait_until(lambda: self.looks(HIT) >= hits + 2, 60, "two looks")
        self.assertEqual(self.looks(MISS), misses)

    def test_a_look_at_what_has_changed(self):
        # A command would tell the daemon, too: it might have looked just before, and would look again.
        with self.counted("cache_requests_total", besides=[HIT], **MISS), \
                contextlib.closing(sqlite3.connect(self.daemon.state / "porchlight.db", timeout=20)) as other, other:
            other.execute("UPDATE gallery_revision SET revision = revision + 1")

    def test_somebody_who_is_forgotten(self):
        person = self.enrol("Hans")
        harness.wait_until(lambda: self.daemon.metric("known_faces_database_size") == 1, 60, "Hans")
        with self.counted("security_events_total", event_type="erasure_request", source="api", action_taken="logged"), \
                self.counted("cache_evictions_total", cache="face_embeddings"):
            self.assertEqual(self.forget(person), 204)


class ReaderCauses(GalleryHouse):
    """Somebody reads the database, so that its log cannot be emptied of who is forgotten."""

    SETTINGS = {**GalleryHouse.SETTINGS, "database": {"slow_query_ms": 100}}

    def test_an_erasure_that_waits(self):
        def slow():
            return self.daemon.metric("database_slow_queries_total", query_type="maintenance")
        person, before = self.enrol("Ida"), slow()
        with contextlib.closing(sqlite3.connect(self.daemon.state / "porchlight.db", isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM persons").fetchone()
            answers = []
            asking = threading.Thread(target=lambda: answers.append(self.forget(person)))
            asking.start()
            self.addCleanup(asking.join)
            harness.wait_until(lambda: slow() > before, 60, "a slow statement of maintenance")
            other.execute("ROLLBACK")
        asking.join()
        self.assertIn(answers[0], (204, 503))


if __name__ == "__main__":
    unittest.main()
