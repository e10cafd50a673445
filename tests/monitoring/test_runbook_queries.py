#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The expressions of the runbooks, asked of a real Prometheus that has every family of the contract."""

import re
import time
import unittest

import contract_past
import prometheus  # of tests/system, on the path by contract_past's shipped
import runbook_text as text

COMPARES = re.compile(r"[<>]|==|!=(?!~)")


class RunbookQueriesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if why := prometheus.missing():
            raise unittest.SkipTest(why)
        cls.prometheus = prometheus.Prometheus({})
        cls.addClassCleanup(cls.prometheus.close)
        cls.end = int(time.time())
        cls.exposed = {row[0] for row in contract_past.rows()}
        cls.prometheus.backfill(contract_past.openmetrics(cls.end))

    def ask(self, query):
        return self.prometheus.ask("query", query=query, time=self.end)["result"]

    def answered(self, query):
        """Whether it has to have an answer here: it compares nothing, and all it names are families of this version."""
        bare = re.sub(r"\{[^}]*\}|\"[^\"]*\"", "", query)
        if COMPARES.search(bare) or "canary" in query:
            return False
        exposed = self.exposed
        choices = re.findall(r'__name__=~"([^"]*)"', query)
        names = {re.sub(r"_(bucket|count|sum)$", "", name) if name not in exposed else name for name in text.names_in(query)}
        return (names or choices) and names <= exposed and all(
            any(re.fullmatch(choice, name) for name in exposed) for choice in choices)

    def test_the_past_is_one(self):
        """What is asked below would have no answer for a wrong reason if this had none."""
        self.assertEqual(len(self.ask('pipeline_queue_size{queue_name="recording"}')), 1)
        self.assertGreater(float(self.ask("increase(failed_logins_total[5m])")[0]["value"][1]), 5)
        self.assertEqual(self.ask("camera_fbs"), [])
        with self.assertRaises(prometheus.Refused):
            self.ask("stream_bitrate + on (job) camera_connection_state")

    def test_each_expression_is_answered(self):
        asked = 0
        for page in text.pages():
            for query in page.queries():
                with self.subTest(page.name, query=query):
                    found = self.ask(query)  # refused: an exception with its words
                    if self.answered(query):
                        asked += 1
                        self.assertTrue(found, "no answer")
        self.assertGreater(asked, 20, "too few expressions were held to an answer")

    def hidden(self, query):
        """Whether `a or b` leaves b out: it does where both have the same labels."""
        sides = [side for side in re.split(r"\bor\b(?![^{]*\})", query) if side.strip()]
        if len(sides) < 2 or any(side.count("(") != side.count(")") for side in sides):
            return False
        return len(self.ask(query)) < sum(len(self.ask(side)) for side in sides)

    def test_no_alternative_is_lost(self):
        self.assertTrue(self.hidden("ml_model_precision or ml_model_recall"))
        self.assertFalse(self.hidden('recording_active or system_load_average'))
        for page in text.pages():
            for query in page.queries():
                with self.subTest(page.name, query=query):
                    self.assertFalse(self.hidden(query))


if __name__ == "__main__":
    unittest.main()
