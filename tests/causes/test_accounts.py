#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what accounts, tokens and the audit log count."""

import base64
import hashlib
import hmac
import json
import time
import unittest

from causes import PASSWORD, House

from accounts_client import Client

STATUS = "/api/v1/status"


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class AccountCauses(House):
    SETTINGS = {**House.SETTINGS, "cameras": [{"id": "front", "url": "file:/nothing.mp4", "enabled": False},
                                              {"id": "yard", "url": "file:/nothing.mp4", "enabled": False}]}

    def audited(self, event_type):
        return self.counted("audit_log_entries_total", event_type=event_type)

    def security(self, event_type, source, action):
        return self.counted("security_events_total", event_type=event_type, source=source, action_taken=action)

    def test_a_login(self):
        with self.counted("successful_logins_total"), self.audited("authentication"), self.counted("failed_logins_total", by=0):
            self.assertEqual(Client(self.daemon).login("anna", PASSWORD), 200)

    def test_a_wrong_password(self):
        with self.counted("failed_logins_total"), self.security("failed_login", "auth", "logged"), self.audited("authentication"):
            self.assertEqual(Client(self.daemon).login("anna", "not hers"), 401)
        with self.audited("authentication"):
            self.assertEqual(Client(self.daemon).login("anna", PASSWORD), 200)  # and her count begins anew

    def test_the_fifth_wrong_password_locks(self):
        for guess in range(4):
            with self.counted("account_lockouts_total", by=0):
                self.assertEqual(Client(self.daemon).login("nobody", f"guess {guess}"), 401)
        with self.counted("account_lockouts_total"), self.counted(
                "security_events_total", event_type="account_lockout", source="auth", action_taken="locked",
                besides=[{"event_type": "failed_login"}]):
            self.assertEqual(Client(self.daemon).login("nobody", "guess 4"), 401)

    def test_an_invitation_that_is_taken_up(self):
        code = self.invite("bert", "user")
        with self.counted("successful_registrations_total"):
            self.assertEqual(Client(self.daemon).register(code, "bert", PASSWORD)[0], 201)

    def test_an_invitation_for_a_name_that_is_there(self):
        with self.counted("registration_conflicts_total"):
            self.assertEqual(self.anna.ask("POST", "/api/v1/users", {"name": "anna", "role": "user", "cameras": []})[0], 409)

    def test_a_viewer_at_another_camera(self):
        viewer = self.member("clara", "viewer", ["front"])
        with self.security("unauthorized_access", "api", "blocked"), self.audited("authorization"):
            self.assertEqual(viewer.ask("GET", "/api/v1/cameras/yard/snapshot")[0], 403)

    def test_a_viewer_at_the_accounts(self):
        viewer = self.member("dora", "viewer", ["front"])
        with self.security("privilege_escalation", "api", "blocked"), self.audited("authorization"):
            self.assertEqual(viewer.ask("GET", "/api/v1/users")[0], 403)

    def test_a_ring_that_is_told_and_looked_at(self):
        with self.audited("notification"):
            self.daemon.ring("front")
        with self.audited("data_access"):  # an empty list would be no look
            self.assertEqual(self.anna.ask("GET", "/api/v1/events")[0], 200)

    def test_a_change_is_recorded_before_and_after(self):
        with self.counted("audit_log_entries_total", by=2, event_type="data_modification"):
            self.invite("emil", "user")

    def test_a_reload_is_recorded_before_and_after(self):
        self.daemon.write_config({**self.SETTINGS, "buttons": [*self.SETTINGS["buttons"], {"id": "gate", "kind": "virtual"}]})
        with self.counted("audit_log_entries_total", by=2, event_type="system_change"):
            self.daemon.cli("reload")

    def test_an_attack_that_is_recorded(self):
        with self.audited("security_event"):
            # Of each address and kind one a minute is recorded: nobody else of this class does that.
            self.assertEqual(self.raw("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"), 400)


class TokenCauses(House):
    """Tokens by hand, signed with the house's own key: whoever can read that file can make them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        status, _, made = cls.anna.ask("POST", "/api/v1/tokens", {"name": "script", "scopes": ["view"]})
        cls.expect(status, 201)
        cls.token = made["token"]
        key = bytes.fromhex((cls.daemon.state / "accounts.key").read_text().strip())
        cls.key = hmac.new(key, b"jwt", hashlib.sha256).digest()

    def claims(self, **changed):
        payload = self.token.split(".")[1]
        return {**json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))), **changed}

    def signed(self, **changed):
        text = base64url(b'{"alg":"HS256","typ":"JWT"}') + "." + base64url(json.dumps(self.claims(**changed)).encode())
        return text + "." + base64url(hmac.new(self.key, text.encode(), hashlib.sha256).digest())

    def show(self, token, result, status=401):
        client = Client(self.daemon)
        client.bearer = token
        with self.counted("jwt_token_validations_total", result=result):
            self.assertEqual(client.ask("GET", STATUS)[0], status)

    def test_as_it_is(self):
        self.show(self.token, "valid", 200)
        self.show(self.signed(), "valid", 200)  # or the others would prove nothing

    def test_cut(self):
        with self.counted("security_events_total", event_type="token_violation", source="auth", action_taken="blocked"):
            self.show(self.token.rpartition(".")[0], "malformed")

    def test_with_another_signature(self):
        head, _, signature = self.token.rpartition(".")
        self.show(f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}", "bad_signature")

    def test_after_its_end(self):
        self.show(self.signed(exp=int(time.time()) - 10), "expired")

    def test_before_its_beginning(self):
        self.show(self.signed(nbf=int(time.time()) + 3600, exp=int(time.time()) + 7200), "not_yet_valid")

    def test_for_somebody_else(self):
        self.show(self.signed(aud="another-house"), "wrong_audience")

    def test_taken_back(self):
        made = self.anna.ask("POST", "/api/v1/tokens", {"name": "other", "scopes": ["view"]})[2]
        payload = made["token"].split(".")[1]
        number = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"]
        self.assertEqual(self.anna.ask("DELETE", f"/api/v1/tokens/{number}")[0], 204)
        self.show(made["token"], "revoked")


if __name__ == "__main__":
    unittest.main()
