#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The runbooks: one for each alert, with commands, expressions and keys that exist, and none a copy of another."""

import re
import shutil
import subprocess
import tempfile
import unittest

import runbook_text as text

MOST_ALIKE = 0.08  # of the shingles of the smaller page; a page for another alert by a template has nearly 1


class RunbooksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pages = text.pages()
        cls.alerts = text.alerts()

    def test_each_alert_has_a_page_and_each_page_an_alert(self):
        self.assertGreater(len(self.alerts), 40, "the rules were not read")
        names = {page.name for page in self.pages}
        self.assertEqual((sorted(set(self.alerts) - names), sorted(names - set(self.alerts))), ([], []),
                         "alerts without a page, and pages without an alert")

    def test_each_link_of_an_alert_leads_to_its_page(self):
        entries = text.entries()
        self.assertGreater(len(entries), 40)
        for alert, rest in entries:
            with self.subTest(alert):
                self.assertEqual(re.findall(r"/runbooks/(\w+)", rest), [alert])

    def test_the_title_is_the_alert_and_the_first_line_has_its_severities(self):
        for page in self.pages:
            with self.subTest(page.name):
                self.assertEqual(page.title, page.name)
                head = page.head.lower()
                self.assertEqual([word for word in self.alerts.get(page.name, ()) if word not in head], [],
                                 "severities of the rules that the page does not name")

    def test_the_sections_are_there_in_order_and_none_is_empty(self):
        for page in self.pages:
            with self.subTest(page.name):
                self.assertEqual(page.sections, text.SECTIONS)
                for section in text.SECTIONS:
                    self.assertGreater(len(text.plain(page.section(section))), 4, section)
                self.assertLessEqual(len(page.text.split("\n")), 90, "a runbook is read at night")

    def test_there_are_three_checks_each_said_in_words_and_with_its_command(self):
        for page in self.pages:
            with self.subTest(page.name):
                checks = page.section("First checks")
                blocks = list(text.FENCE.finditer(checks))
                self.assertGreaterEqual(len(blocks), 3)
                before = 0
                for block in blocks:
                    self.assertEqual(block.group(1), "sh", block.group(0))
                    self.assertTrue(block.group(2).strip(), "an empty block")
                    said = text.plain(checks[before:block.start()])
                    self.assertGreater(len(said), 2, f"nothing is said before {block.group(0)}")
                    before = block.end()

    def test_each_block_is_shell(self):
        for page in self.pages:
            for block in page.blocks:
                with self.subTest(page.name, block=block):
                    done = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, timeout=30)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_what_needs_the_installed_service_says_so(self):
        for page in self.pages:
            for block in page.blocks:
                if re.search(r"\b(systemctl|journalctl)\b[^|;\n]*\bporchlight\b(?!-)", block):
                    with self.subTest(page.name, block=block):
                        self.assertIn("# on the device", block)

    def test_each_command_and_option_stands_in_the_man_page(self):
        known = text.manual()
        self.assertIn("--camera", known["footage", "ledger"], "the man page was not read")
        self.assertEqual(text.fault_of_call(["footage", "gaps"], known), "no such command")
        self.assertEqual(text.fault_of_call(["logs", "--grep", "x"], known), "no such option: --grep")
        found = 0
        for page in self.pages:
            for words in page.commands():
                found += 1
                with self.subTest(page.name, call=" ".join(words)):
                    self.assertIsNone(text.fault_of_call(words, known))
        self.assertGreater(found, 20, "the pages' calls were not found")

    def test_each_expression_names_families_that_exist(self):
        known = text.families()
        self.assertEqual(text.names_in('sum by (le) (rate(a_bucket{b="c"}[5m])) > 0 and on (x) slo:y:z'), {"a_bucket", "slo:y:z"})
        self.assertEqual(text.unknown_in('camera_fps > 0 or camera_fbs', known), ["camera_fbs"])
        self.assertEqual(text.unknown_in('{__name__=~"camera_fbs|up_time"}', known), ["camera_fbs|up_time"])
        for page in self.pages:
            for query in page.queries():
                with self.subTest(page.name, query=query):
                    self.assertEqual(text.unknown_in(query, known), [])

    def test_each_matcher_has_a_label_and_a_value_that_can_be(self):
        labels = text.label_sets()
        self.assertEqual(text.strange_labels('recording_segments_deleted_total{reason="spcae"} or camera_fps{camera=~"a"}', labels),
                         ["recording_segments_deleted_total{reason=spcae}", "camera_fps{camera=~a}"])
        for page in self.pages:
            for query in page.queries():
                with self.subTest(page.name, query=query):
                    self.assertEqual(text.strange_labels(query, labels), [])

    def test_each_expression_is_one(self):
        if shutil.which("promtool") is None:
            self.skipTest("no promtool here (Debian's package prometheus)")
        queries = [query for page in self.pages for query in page.queries()]
        self.assertGreater(len(queries), 20)
        self.assertEqual(self.promtool(queries), (0, ""))
        code, said = self.promtool([*queries, "rate(camera_fps[5m]"])
        self.assertNotEqual(code, 0, "an expression that is none was taken")
        self.assertIn("unclosed", said)

    def promtool(self, queries):
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(text.rules_of(queries))
            file.flush()
            done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stderr

    def test_each_key_of_the_configuration_exists(self):
        keys = text.configuration_keys()
        for key in ("recording.keep.space", "cameras[].password", "notifications.channels[].chat", "alerting.smtp.user"):
            self.assertIn(key, keys, "the table was not read")
        parts = {key[:at.start()] for key in keys for at in re.finditer(r"(\[\])?\.", key)}
        found = 0
        for page in self.pages:
            for key in sorted(text.keys_named(page, keys)):
                found += 1
                with self.subTest(page.name, key=key):
                    self.assertIn(key, keys | parts)
        self.assertGreater(found, 20, "the pages' keys were not found")

    def test_no_page_is_a_copy_of_another(self):
        self.assertEqual(text.shared_sentences(self.pages), {})
        alike, one, other = text.likest(self.pages)
        print(f"most alike: {one} and {other}, {alike:.3f} of their shingles")
        self.assertLess(alike, MOST_ALIKE, (one, other))
        same = {}
        for page in self.pages:
            same.setdefault(tuple(page.blocks), []).append(page.name)
        self.assertEqual([names for names in same.values() if len(names) > 1], [], "pages with the same checks")

    def test_a_copy_would_be_seen(self):
        """Each page, copied for an alert that is not there, is found by both ways of looking."""
        for page in self.pages:
            with self.subTest(page.name):
                copy = text.copy_of(page, "SomethingElse")
                self.assertGreater(len(text.shared_sentences([page, copy])), 5)
                self.assertGreater(text.likeness(text.shingles(page), text.shingles(copy)), 0.9)
        half = text.Page("Half", self.pages[0].text[:len(self.pages[0].text) // 2])
        self.assertGreater(text.likest([*self.pages, half])[0], MOST_ALIKE, "half a copy")


if __name__ == "__main__":
    unittest.main()
