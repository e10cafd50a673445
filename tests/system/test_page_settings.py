# SPDX-License-Identifier: Apache-2.0
"""The settings of the page in a real browser, before the real daemon: the stories of settings_stories.mjs."""

import unittest

from accounts_client import Client
from test_page import DESKTOP, PASSWORD, PHONE, PageCase

BOTH = (PHONE, DESKTOP)


class Said(dict):
    """Turns with words behind them: `register bert CODE`."""

    def __missing__(self, line):
        word, *rest = line.split(" ")
        if word not in self:
            raise KeyError(line)
        return lambda: self[word](*rest)


class SettingsPageTest(PageCase):
    stories = "settings_stories.mjs"

    def test_users(self):
        daemon = self.house()
        self.account(daemon)

        def register(name, code):
            self.assertEqual(Client(daemon).register(code, name, PASSWORD)[0], 201)
        turns = Said(register=register, login=lambda name: Client(daemon).login(name, PASSWORD))
        for size, scheme in BOTH:
            self.tell(daemon, "users", size, scheme, turns)

    def test_tokens(self):
        daemon = self.house()
        self.account(daemon)

        def use(token):
            client = Client(daemon)
            client.bearer = token
            return client.ask("GET", "/api/v1/status")[0]
        for size, scheme in BOTH:
            self.tell(daemon, "tokens", size, scheme, Said(use=use))

    def test_no_settings_for_others(self):
        daemon = self.house()
        anna = self.account(daemon)
        invitation = anna.ask("POST", "/api/v1/users", {"name": "bert", "role": "user", "all_cameras": True})[2]["invitation"]
        self.assertEqual(Client(daemon).register(invitation, "bert", PASSWORD)[0], 201)
        self.tell(daemon, "others", *PHONE, name="bert")


if __name__ == "__main__":
    unittest.main()
