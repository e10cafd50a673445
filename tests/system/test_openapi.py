#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The document of the interface: sound in itself, served as it is, and kept by every answer."""

import base64
import json
import sqlite3
import time
import unittest

import harness
import openapi_record
from accounts_client import Client, first_run_code
from authenticator import totp

PASSWORD = "a long phrase of theirs"


def needs_jsonschema(test):
    if openapi_record.document() is None:
        test.skipTest(openapi_record.MISSING)


class OpenApiDocument(unittest.TestCase):
    def setUp(self):
        needs_jsonschema(self)
        import openapi_structure
        self.structure = openapi_structure
        self.whole = openapi_record.document().whole

    def test_document_is_sound(self):
        self.assertGreater(len(list(self.structure.schemas(self.whole))), 100)
        self.assertEqual(self.structure.all_faults(self.whole), [])

    def test_each_check_finds_its_fault(self):
        def changed(check, change):
            copy = self.structure.copy_of(self.whole)
            change(copy)
            self.assertNotEqual(check(copy), [], change)

        s = self.structure
        ring = ("paths", "/api/v1/buttons/{id}/ring", "post")

        def at(whole, *path):
            for key in path:
                whole = whole[key]
            return whole

        changed(s.shape_faults, lambda d: d.update(openapi="3.0.3"))
        changed(s.shape_faults, lambda d: at(d, *ring).update(operationID="ring"))
        changed(s.shape_faults, lambda d: at(d, *ring, "responses").pop("default"))
        changed(s.shape_faults, lambda d: at(d, *ring).update({"x-porchlight-role": "everybody"}))
        changed(s.reference_faults, lambda d: d["components"]["schemas"].pop("Rung"))
        changed(s.reference_faults, lambda d: d["components"]["schemas"].update(Unused={"type": "string"}))
        changed(s.reference_faults, lambda d: at(d, *ring, "security").append({"password": []}))
        changed(s.schema_faults, lambda d: at(d, "components", "schemas", "Rung").pop("additionalProperties"))
        changed(s.schema_faults, lambda d: at(d, "components", "schemas", "Rung").update(type="objekt"))
        changed(s.schema_faults, lambda d: at(d, "components", "schemas", "Sessions", "properties", "sessions", "items")
                .pop("additionalProperties"))
        changed(s.example_faults, lambda d: at(d, "components", "schemas", "Rung", "examples")[0].pop("button"))
        changed(s.operation_faults, lambda d: at(d, *ring).update(operationId="status"))
        changed(s.operation_faults, lambda d: at(d, *ring, "parameters")[0].update(name="button"))
        changed(s.operation_faults, lambda d: at(d, *ring).update(tags=["bells"]))
        changed(s.operation_faults, lambda d: at(d, *ring).pop("x-porchlight-scope"))


class OpenApiAnswers(unittest.TestCase):
    def setUp(self):
        needs_jsonschema(self)
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)

    def daemon(self, **more):
        """One daemon whose code for the first account is known; `cleaned up` with the test."""
        daemon = harness.Daemon(harness.config(self.hook, **more))
        self.addCleanup(daemon.close)
        self.code = harness.wait_until(lambda: first_run_code(daemon), 30, "the first-run code")
        self.strict = Client(daemon)
        return daemon

    def account(self, daemon, name, role="admin"):
        """An account of that role, logged in."""
        client = Client(daemon)
        code = json.loads(daemon.cli("users", "add", name, "--role", role, "--json").stdout)["invitation"]
        self.assertEqual(client.register(code, name, PASSWORD)[0], 201)
        self.assertEqual(client.login(name, PASSWORD), 200)
        return client

    def expect(self, client, method, path, wanted, body=None, **headers):
        status, _, answer = client.ask(method, path, body, **headers)
        self.assertEqual(status, wanted, f"{method} {path} {body} {answer}")
        return answer

    def refused_bodies(self, client, method, path, good, wrong_value=None):
        """400, 415 and, with a value that cannot be taken, 422."""
        self.expect(client, method, path, 400, {**good, "unknown": 1})
        self.expect(client, method, path, 415, good, Content_Type="text/plain")
        if wrong_value:
            self.expect(client, method, path, 422, {**good, **wrong_value})

    def test_served_document_is_the_one_held_against(self):
        daemon = self.daemon()
        client = self.account(daemon, "anna")
        status, headers, body = client.ask("GET", "/api/v1/openapi.json")
        self.assertEqual(status, 200)
        self.assertEqual(body, openapi_record.document().whole)
        self.expect(client, "GET", "/api/v1/openapi.json", 304, If_None_Match=headers["ETag"])
        self.expect(client, "HEAD", "/api/v1/openapi.json", 200)
        self.expect(Client(daemon), "GET", "/api/v1/openapi.json", 401)
        self.expect(Client(daemon), "GET", "/api/v1/none", 404)
        self.expect(client, "PUT", "/api/v1/status", 405)

    def test_every_way_to_ask_who_and_what(self):
        daemon = self.daemon()
        anna, viewer = self.account(daemon, "anna"), self.account(daemon, "vera", "viewer")
        monitor = self.account(daemon, "mona", "monitor")
        stranger, script, scraper = Client(daemon), Client(daemon), Client(daemon)
        script.bearer = self.expect(anna, "POST", "/api/v1/tokens", 201, {"name": "s", "scopes": ["view"]})["token"]
        scraper.bearer = self.expect(anna, "POST", "/api/v1/tokens", 201, {"name": "p", "kind": "scrape"})["token"]
        basic = base64.b64encode(f"any:{scraper.bearer}".encode()).decode()
        harness.wait_until(lambda: scraper.ask("GET", "/health/deep")[0] == 200, 120, "the recordings to be looked through")
        for path in ("/metrics", "/health", "/health/deep"):
            self.expect(scraper, "GET", path, 200)
            self.expect(Client(daemon), "GET", path, 200, Authorization="Basic " + basic)
            self.expect(stranger, "GET", path, 401, X_Forwarded_For="203.0.113.9")
            self.expect(viewer, "GET", path, 403)
        for path in ("/health/live", "/health/ready", "/health/startup"):
            self.expect(stranger, "GET", path, 200)
        for path in ("/api/v1/status", "/api/v1/auth/session", "/api/v1/openapi.json"):
            self.expect(script, "GET", path, 200)
            self.expect(stranger, "GET", path, 401)
            self.expect(scraper, "GET", path, 403)
        self.expect(monitor, "GET", "/api/v1/status", 403)
        self.assertNotIn("csrf_token", self.expect(script, "GET", "/api/v1/auth/session", 200))
        self.assertIn("csrf_token", self.expect(anna, "GET", "/api/v1/auth/session", 200))
        for path in ("/api/v1/auth/sessions", "/api/v1/tokens"):
            self.expect(anna, "GET", path, 200)
            self.expect(stranger, "GET", path, 401)
            self.expect(script, "GET", path, 403)
        for path in ("/api/v1/users", "/api/v1/users/1"):
            self.expect(anna, "GET", path, 200)
            self.expect(stranger, "GET", path, 401)
            self.expect(viewer, "GET", path, 403)
        self.expect(anna, "GET", "/api/v1/users/99", 404)
        self.assertIsNone(daemon.control("GET", "/api/v1/auth/session", quiet=True))  # 404: no account behind it

    def test_ring(self):
        daemon = self.daemon()
        anna, viewer = self.account(daemon, "anna"), self.account(daemon, "vera", "viewer")
        path = "/api/v1/buttons/front/ring"
        ring = self.expect(anna, "POST", path, 200)
        self.hook.wait_for(lambda m: m.event["id"] == ring["id"], 30, "the message")
        harness.wait_until(lambda: self.expect(anna, "GET", "/api/v1/status", 200)["rings"][0]["deliveries"], 30, "the delivery")
        self.expect(Client(daemon), "POST", path, 401)
        self.expect(viewer, "POST", path, 403)
        self.expect(anna, "POST", path, 403, Origin="https://evil.example")
        self.expect(anna, "POST", "/api/v1/buttons/frant/ring", 404)
        self.assertIsNone(daemon.control("POST", path + "?source=nobody", quiet=True))  # 400
        with sqlite3.connect(daemon.state / "porchlight.db", isolation_level=None) as db:
            db.execute("BEGIN IMMEDIATE")
            self.expect(anna, "POST", path, 503)
            for path in ("/health/ready", "/health"):
                harness.wait_until(lambda path=path: daemon.get(path)[0] == 503, 30, f"{path} to be not ready")
            db.execute("ROLLBACK")

    def test_a_silent_worker_shows_in_live(self):
        daemon = self.daemon()
        harness.hold(self, daemon, "event")
        harness.wait_until(lambda: daemon.get("/health/live")[0] == 503, 60, "the silent worker to be missed")

    def test_login_and_registration(self):
        daemon = self.daemon()
        login, register = "/api/v1/auth/login", "/api/v1/auth/register"
        stranger = Client(daemon)
        codes = [json.loads(daemon.cli("users", "add", "anna", "--role", "admin", "--json").stdout)["invitation"] for _ in "ab"]
        good = {"code": codes[0], "name": "anna", "password": PASSWORD}
        self.assertEqual(self.expect(stranger, "GET", register, 200), {"first_account": True})
        self.refused_bodies(stranger, "POST", register, good, {"password": "short"})
        self.expect(stranger, "POST", register, 403, {**good, "code": "ABCD-EFGH-IJKL-MNOP-QRST"})
        self.expect(stranger, "POST", register, 201, good)
        self.expect(stranger, "POST", register, 409, {**good, "code": codes[1]})
        self.assertEqual(self.expect(stranger, "GET", register, 200), {"first_account": False})
        good = {"name": "anna", "password": PASSWORD}
        self.refused_bodies(stranger, "POST", login, good)
        self.expect(stranger, "POST", login, 403, good, Origin="https://evil.example")
        self.expect(stranger, "POST", login, 200, good)
        wrong = {"name": "anna", "password": "not that one"}
        answers = [stranger.ask("POST", login, wrong)[0] for _ in range(6)]
        self.assertEqual(answers, [401] * 5 + [429])
        anna = self.account(daemon, "berta")
        self.expect(anna, "POST", "/api/v1/auth/logout", 403, X_CSRF_Token="foreign")
        self.expect(anna, "POST", "/api/v1/auth/logout", 204)
        self.expect(anna, "POST", "/api/v1/auth/logout", 401)
        # The address has a limit of its own, and no code is looked at beyond it.
        harness.wait_until(lambda: stranger.ask("POST", register, {**good, "code": "ABCD"})[0] == 429, 30, "the limit")

    def test_accounts_that_cannot_be_read_are_503(self):
        daemon = harness.Daemon(harness.config(self.hook), wait=None)
        self.addCleanup(daemon.close)
        (daemon.state / "accounts.key").write_text("no key\n")
        (daemon.state / "accounts.key").chmod(0o600)
        daemon.start()
        self.expect(Client(daemon), "POST", "/api/v1/auth/login", 503, {"name": "anna", "password": PASSWORD})
        self.expect(Client(daemon), "GET", "/api/v1/auth/register", 503)

    def test_own_sessions_and_password(self):
        daemon = self.daemon(accounts={"lockout": {"failures": 3}})
        anna, again, stranger = self.account(daemon, "anna"), Client(daemon), Client(daemon)
        self.assertEqual(again.login("anna", PASSWORD), 200)
        sessions = self.expect(anna, "GET", "/api/v1/auth/sessions", 200)["sessions"]
        path = f"/api/v1/auth/sessions/{next(s['id'] for s in sessions if not s['current'])}"
        self.expect(stranger, "DELETE", path, 401)
        self.expect(anna, "DELETE", path, 403, X_CSRF_Token="foreign")
        self.expect(anna, "DELETE", path, 204)
        self.expect(anna, "DELETE", path, 404)
        path, good = "/api/v1/auth/password", {"current": PASSWORD, "new": PASSWORD + "!"}
        self.expect(stranger, "POST", path, 401, good)
        self.refused_bodies(anna, "POST", path, good, {"new": "short"})
        self.expect(anna, "POST", path, 204, good)
        wrong = [anna.ask("POST", path, {"current": "not that one", "new": PASSWORD})[0] for _ in range(4)]
        self.assertEqual(wrong, [403] * 3 + [429])

    def test_second_factor(self):
        daemon = self.daemon(accounts={"lockout": {"failures": 3}})
        anna, bert, stranger = self.account(daemon, "anna"), self.account(daemon, "bert"), Client(daemon)
        totp_path, confirm, disable = ("/api/v1/auth/totp" + tail for tail in ("", "/confirm", "/disable"))
        self.expect(stranger, "POST", totp_path, 401)
        self.expect(anna, "POST", totp_path, 403, X_CSRF_Token="foreign")
        self.assertIsNone(daemon.control("POST", totp_path, quiet=True))  # 404: no account behind it
        secret = self.expect(anna, "POST", totp_path, 201)["secret"]
        for path in (confirm, disable):
            self.expect(stranger, "POST", path, 401, {"totp": "000000"})
            self.refused_bodies(anna, "POST", path, {"totp": "000000"})
        now = time.time()
        codes = self.expect(anna, "POST", confirm, 200, {"totp": totp(secret, now)})["recovery_codes"]
        self.expect(anna, "POST", confirm, 409, {"totp": totp(secret, now)})
        self.expect(anna, "POST", totp_path, 409)
        self.expect(anna, "POST", disable, 403, {"recovery_code": "ABCD-EFGH-IJKL-MNOP-QRST"})
        self.expect(anna, "POST", disable, 204, {"recovery_code": codes[0]})
        self.expect(bert, "POST", totp_path, 201)
        for path in (confirm, disable):
            wrong = [bert.ask("POST", path, {"recovery_code": "ABCD-EFGH"})[0] for _ in range(4)]
            self.assertEqual(wrong[-1], 429, wrong)
            self.assertEqual(set(wrong), {403, 429} if path == confirm else {429}, wrong)

    def test_users(self):
        daemon = self.daemon()
        anna, viewer, stranger = self.account(daemon, "anna"), self.account(daemon, "vera", "viewer"), Client(daemon)
        users, good = "/api/v1/users", {"name": "bert", "role": "user", "cameras": []}
        self.expect(stranger, "POST", users, 401, good)
        self.expect(viewer, "POST", users, 403, good)
        self.refused_bodies(anna, "POST", users, good, {"role": "root"})
        code = self.expect(anna, "POST", users, 201, good)["invitation"]
        self.assertEqual(stranger.register(code, "bert", PASSWORD)[0], 201)
        self.expect(anna, "POST", users, 409, good)
        ids = {user["name"]: user["id"] for user in self.expect(anna, "GET", users, 200)["users"]}
        bert, self_path = f"{users}/{ids['bert']}", f"{users}/{ids['anna']}"
        for verb, body in (("PATCH", {"disabled": True}), ("DELETE", None)):
            self.expect(stranger, verb, bert, 401, body)
            self.expect(viewer, verb, bert, 403, body)
            self.expect(anna, verb, users + "/99", 404, body)
            self.expect(anna, verb, self_path, 409, body)  # the last administrator
        self.refused_bodies(anna, "PATCH", bert, {"disabled": True}, {"role": "root"})
        self.assertTrue(self.expect(anna, "PATCH", bert, 200, {"disabled": True})["disabled"])
        self.expect(anna, "DELETE", bert, 204)

    def test_tokens(self):
        daemon = self.daemon()
        anna, viewer, stranger = self.account(daemon, "anna"), self.account(daemon, "vera", "viewer"), Client(daemon)
        tokens, good = "/api/v1/tokens", {"name": "s", "scopes": ["view", "ring"]}
        self.expect(stranger, "POST", tokens, 401, good)
        self.expect(viewer, "POST", tokens, 403, {"name": "p", "kind": "scrape"})
        self.refused_bodies(anna, "POST", tokens, good, {"scopes": ["all"]})
        self.assertIsNone(daemon.control("POST", tokens, quiet=True, body=good))  # 404: no account behind it
        path = f"{tokens}/{self.expect(anna, 'POST', tokens, 201, good)['id']}"
        self.expect(anna, "GET", tokens, 200)
        self.expect(stranger, "DELETE", path, 401)
        self.expect(anna, "DELETE", path, 403, X_CSRF_Token="foreign")
        self.expect(anna, "DELETE", path, 204)
        self.expect(anna, "DELETE", path, 404)
        for number in range(50):
            self.expect(viewer, "POST", tokens, 201, {"name": f"s{number}", "scopes": ["view"]})
        self.expect(viewer, "POST", tokens, 409, good)

    def test_what_cannot_be_recorded_is_503(self):
        daemon = self.daemon()
        anna, bert = self.account(daemon, "anna"), self.account(daemon, "bert")
        seed = self.expect(bert, "POST", "/api/v1/auth/totp", 201)["secret"]
        now = time.time()
        codes = self.expect(bert, "POST", "/api/v1/auth/totp/confirm", 200, {"totp": totp(seed, now)})["recovery_codes"]
        seed = self.expect(anna, "POST", "/api/v1/auth/totp", 201)["secret"]
        token = self.expect(anna, "POST", "/api/v1/tokens", 201, {"name": "s", "scopes": ["view"]})["id"]
        code = json.loads(daemon.cli("users", "add", "carla", "--role", "user", "--json").stdout)["invitation"]
        rung = self.expect(anna, "POST", "/api/v1/buttons/front/ring", 200)["id"]
        log = daemon.state / "audit" / "audit.jsonl"
        log.rename(daemon.folder / "kept")
        log.mkdir()
        refused = lambda client, *request: self.expect(client, request[0], request[1], 503, *request[2:])
        refused(anna, "POST", "/api/v1/auth/register", {"code": code, "name": "carla", "password": PASSWORD})
        refused(anna, "POST", "/api/v1/auth/password", {"current": PASSWORD, "new": PASSWORD + "!"})
        refused(anna, "POST", "/api/v1/auth/totp/confirm", {"totp": totp(seed, time.time())})
        refused(anna, "POST", "/api/v1/auth/totp")
        refused(bert, "POST", "/api/v1/auth/totp/disable", {"recovery_code": codes[0]})
        refused(anna, "POST", "/api/v1/users", {"name": "dora", "role": "user"})
        refused(anna, "PATCH", "/api/v1/users/2", {"disabled": True})
        refused(anna, "DELETE", "/api/v1/users/2")
        refused(anna, "POST", "/api/v1/tokens", {"name": "t", "scopes": ["view"]})
        refused(anna, "DELETE", f"/api/v1/tokens/{token}")
        refused(anna, "PUT", f"/api/v1/events/{rung}/identity", {"stranger": True})

    def test_a_changed_answer_is_refused(self):
        daemon = self.daemon()
        anna = self.account(daemon, "anna")
        self.expect(anna, "POST", "/api/v1/buttons/front/ring", 200)
        document = openapi_record.document()
        asked = [("GET", path, None) for path in ("/health", "/api/v1/status", "/api/v1/users", "/api/v1/auth/session",
                                                  "/api/v1/auth/sessions", "/api/v1/users/99")]
        asked += [("POST", "/api/v1/tokens", {"name": "s", "scopes": ["view"]}), ("POST", "/api/v1/buttons/frant/ring", None)]
        refused = 0
        for method, path, body in asked:
            status, headers, answer = anna.ask(method, path, body)

            def faults(value=answer, status=status, headers=headers, method=method, path=path):
                return document.answer_faults(method, path, status, headers, json.dumps(value).encode())

            self.assertEqual(faults(), [])
            self.assertNotEqual(faults(status=418), [], path)
            self.assertNotEqual(faults(headers={"Content-Type": "text/html"}), [], path)
            for changed in changes_of(answer):
                self.assertNotEqual(faults(value=changed), [], f"{method} {path}: {changed}")
                refused += 1
        self.assertGreater(refused, 150)
        self.assertNotEqual(document.answer_faults("GET", "/api/v1/users", 401, {"Content-Type": "application/problem+json"},
                                                   b"{}"), [])
        # The recorder fails the test that asked, it does not only note.
        with self.assertRaisesRegex(AssertionError, "not as the OpenAPI document says"):
            openapi_record.check("GET", "/health/live", 200, {"Content-Type": "application/json"}, b'{"status":"undead"}')


def changes_of(value):
    """Copies of a JSON value, each with one fault: a member more, a member less, a value of another type."""
    if isinstance(value, dict):
        yield {**value, "a_member_that_nobody_described": 1}
        for key, below in value.items():
            if key not in ("csrf_token", "expires") and key not in OPTIONAL:
                yield {k: v for k, v in value.items() if k != key}
            for changed in changes_of(below):
                yield {**value, key: changed}
    elif isinstance(value, list):
        yield {}
        for number, below in enumerate(value):
            for changed in changes_of(below):
                yield [*value[:number], changed, *value[number + 1:]]
    else:
        yield [value]


OPTIONAL = {"edge_to_commit_ms", "picture_age_ms", "edge_to_delivered_ms", "result", "person"}


if __name__ == "__main__":
    unittest.main()
