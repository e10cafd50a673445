#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Accounts from outside: from the first start to the last attack."""

import base64
import http.client
import json
import pathlib
import pty
import os
import subprocess
import time
import unittest

import harness
import openapi_record
from accounts_client import Client, first_run_code
from authenticator import totp

ANNA = "a long phrase of anna"
BERT = "a long phrase of bert"


class Accounts(unittest.TestCase):
    def setUp(self):
        self.hook = harness.Hook()
        self.addCleanup(self.hook.close)
        self.daemon = harness.Daemon(harness.config(self.hook, cameras=[{"id": "front", "url": "file:/nothing.mp4", "enabled": False}]))
        self.addCleanup(self.daemon.close)
        self.code = harness.wait_until(lambda: first_run_code(self.daemon), 30, "the first-run code")

    def client(self):
        return Client(self.daemon)

    def anna(self):
        """The first administrator, logged in."""
        client = self.client()
        status, _, body = client.register(self.code, "anna", ANNA)
        self.assertEqual(status, 201, body)
        self.assertEqual(client.login("anna", ANNA), 200)
        return client

    def test_first_run_register_login_ring_logout(self):
        client = self.client()
        self.assertEqual(client.login("admin", "admin"), 401)
        self.assertEqual(client.ask("POST", "/api/v1/buttons/front/ring")[0], 401)
        client = self.anna()
        self.assertEqual(client.ask("GET", "/api/v1/auth/session")[2]["user"]["role"], "admin")
        status, _, ring = client.ask("POST", "/api/v1/buttons/front/ring")
        self.assertEqual(status, 200)
        message = self.hook.wait_for(lambda m: m.event["id"] == ring["id"], 30, "the message of the ring")
        self.assertEqual(message.event["type"], "ring")
        rings = client.ask("GET", "/api/v1/status")[2]["rings"]
        self.assertEqual([(r["id"], r["trigger_source"]) for r in rings], [(ring["id"], "api")])
        self.assertEqual(client.ask("POST", "/api/v1/auth/logout")[0], 204)
        self.assertEqual(client.ask("POST", "/api/v1/buttons/front/ring")[0], 401)
        for name in ("successful_logins_total", "successful_registrations_total", "failed_logins_total"):
            self.assertEqual(self.daemon.metric(name), 1, name)
        self.assertEqual(self.daemon.metric("user_accounts", state="active"), 1)
        self.assertEqual(self.daemon.metric("user_sessions_active"), 0)

    def test_first_run_code_is_new_at_each_start_and_good_once(self):
        self.daemon.stop()
        self.daemon.start()
        fresh = harness.wait_until(lambda: (c := first_run_code(self.daemon)) != self.code and c, 60, "a new code")
        self.assertEqual(self.client().register(self.code, "anna", ANNA)[0], 403)
        self.assertEqual(self.client().register(fresh, "anna", ANNA)[0], 201)
        self.assertEqual(self.client().register(fresh, "bert", BERT)[0], 403)
        self.daemon.stop()
        self.daemon.start()
        status = harness.wait_until(lambda: (s := self.client().login("anna", ANNA)) != 503 and s, 60, "the accounts")
        self.assertEqual(status, 200)
        self.assertEqual(first_run_code(self.daemon), fresh)  # no further one

    def test_sessions_and_tokens_survive_a_restart(self):
        client = self.anna()
        token = client.ask("POST", "/api/v1/tokens", {"name": "script", "scopes": ["view"]})[2]["token"]
        self.daemon.kill()
        self.daemon.start()
        harness.wait_until(lambda: Client(self.daemon).login("nobody", "x") == 401, 60, "accounts")
        client.port = self.daemon.port
        self.assertEqual(client.ask("GET", "/api/v1/auth/session")[0], 200)
        script = self.client()
        script.bearer = token
        self.assertEqual(script.ask("GET", "/api/v1/status")[0], 200)

    def test_brute_force_is_locked_for_known_and_unknown_names(self):
        self.anna()
        answers = {}
        for name in ("anna", "nobody"):
            answers[name] = [self.client().login(name, f"guess number {i}") for i in range(7)]
        self.assertEqual(answers["anna"], [401] * 5 + [429] * 2)
        self.assertEqual(answers["nobody"], answers["anna"])
        self.assertEqual(self.client().login("anna", ANNA), 429)
        self.assertEqual(self.daemon.metric("account_lockouts_total"), 2)
        self.assertEqual(self.daemon.metric("security_events_total", event_type="account_lockout", source="auth",
                                            action_taken="locked"), 2)
        self.assertEqual(self.daemon.metric("user_accounts", state="locked"), 1)
        # Who commands the machine opens it again.
        done = subprocess.run([harness.PROGRAM, "users", "passwd", "anna", "--config", self.daemon.config],
                              input=ANNA + "!\n", capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.client().login("anna", ANNA + "!"), 200)

    def test_second_factor_and_replay(self):
        client = self.anna()
        secret = client.ask("POST", "/api/v1/auth/totp")[2]["secret"]
        now = time.time()
        status, _, body = client.ask("POST", "/api/v1/auth/totp/confirm", {"totp": totp(secret, now)})
        self.assertEqual(status, 200, body)
        self.assertEqual(self.client().login("anna", ANNA), 401)
        self.assertEqual(self.client().login("anna", ANNA, totp=totp(secret, now)), 401)  # spent by the confirmation
        following = totp(secret, now + 30)  # the next step is taken early, once
        self.assertEqual(self.client().login("anna", ANNA, totp=following), 200)
        self.assertEqual(self.client().login("anna", ANNA, totp=following), 401)
        code = body["recovery_codes"][0]
        self.assertEqual(self.client().login("anna", ANNA, recovery_code=code), 200)
        self.assertEqual(self.client().login("anna", ANNA, recovery_code=code), 401)

    def test_forged_tokens(self):
        client = self.anna()
        token = client.ask("POST", "/api/v1/tokens", {"name": "script", "scopes": ["view"]})[2]["token"]
        header, payload, signature = token.split(".")

        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        forged = {
            "alg none": f"{part({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
            "alg RS256": f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{payload}.{signature}",
            "more scopes": f"{header}.{part({**claims, 'scope': 'view ring manage'})}.{signature}",
            "later end": f"{header}.{part({**claims, 'exp': claims['exp'] + 10 ** 6})}.{signature}",
            "no signature": f"{header}.{payload}.",
        }
        script = self.client()
        for what, text in forged.items():
            script.bearer = text
            self.assertEqual(script.ask("GET", "/api/v1/status")[0], 401, what)
        self.assertEqual(self.daemon.metric("jwt_token_validations_total", result="bad_signature"), len(forged))
        script.bearer = token
        self.assertEqual(script.ask("GET", "/api/v1/status")[0], 200)
        self.assertEqual(client.ask("DELETE", f"/api/v1/tokens/{claims['jti']}")[0], 204)
        self.assertEqual(script.ask("GET", "/api/v1/status")[0], 401)
        self.assertEqual(self.daemon.metric("jwt_token_validations_total", result="revoked"), 1)

    def test_fixation_and_forged_requests(self):
        planted = self.client()
        planted.cookie = "__Host-porchlight=planted"
        self.assertEqual(planted.register(self.code, "anna", ANNA)[0], 201)
        self.assertEqual(planted.login("anna", ANNA), 200)
        self.assertNotEqual(planted.cookie, "__Host-porchlight=planted")
        victim = planted
        for headers in ({"X_CSRF_Token": "guess"}, {"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
            status, _, problem = victim.ask("POST", "/api/v1/buttons/front/ring", **headers)
            self.assertEqual((status, problem["type"]), (403, "urn:porchlight:problem:csrf"), headers)
        self.assertEqual(victim.ask("POST", "/api/v1/buttons/front/ring")[0], 200)

    def test_users_command(self):
        cli = self.daemon.cli
        self.assertIn("there is no account", cli("users", "list").stdout)
        code = json.loads(cli("users", "add", "Anna", "--role", "admin", "--json").stdout)["invitation"]
        self.assertEqual(self.client().register(code, "anna", ANNA)[0], 201)
        code = cli("users", "add", "bert", "--role", "viewer", "--camera", "front").stdout.splitlines()[0]
        self.assertEqual(self.client().register(code, "carla", BERT)[0], 403)
        self.assertEqual(self.client().register(code, "bert", BERT)[0], 201)
        self.assertEqual(cli("users", "add", "bert", "--role", "user", check=False).returncode, 1)
        self.assertEqual(cli("users", "add", "x y", "--role", "user", check=False).returncode, 2)
        self.assertEqual(cli("users", "add", "dora", "--role", "root", check=False).returncode, 2)
        wrong = cli("users", "add", "dora", "--role", "viewer", "--camera", "frnt", check=False)
        self.assertEqual((wrong.returncode, "there is no camera 'frnt' (did you mean 'front'?)" in wrong.stderr), (2, True), wrong)
        listed = json.loads(cli("users", "list", "--json").stdout)
        self.assertEqual([(u["name"], u["role"], u["cameras"]) for u in listed],
                         [("anna", "admin", []), ("bert", "viewer", ["front"])])
        bert = self.client()
        self.assertEqual(bert.login("bert", BERT), 200)
        cli("users", "disable", "bert")
        self.assertEqual(bert.ask("GET", "/api/v1/auth/session")[0], 401)
        self.assertEqual(self.client().login("bert", BERT), 401)
        self.assertEqual(cli("users", "disable", "anna", check=False).returncode, 1)  # the last administrator
        self.assertEqual(cli("users", "disable", "zora", check=False).returncode, 1)
        cli("users", "enable", "bert")
        self.assertEqual(self.client().login("bert", BERT), 200)

    def test_password_is_read_without_echo(self):
        self.anna()
        main, side = pty.openpty()
        self.addCleanup(os.close, main)
        process = subprocess.Popen([harness.PROGRAM, "users", "passwd", "anna", "--config", self.daemon.config],
                                   stdin=side, stdout=side, stderr=side, close_fds=True, start_new_session=True)
        os.close(side)
        shown = b""

        def answer(prompt, text):
            nonlocal shown
            while prompt not in shown:
                shown += os.read(main, 1024)
            shown = shown[shown.index(prompt) + len(prompt):]
            os.write(main, text.encode() + b"\n")

        everything = b""
        answer(b"new password: ", BERT)
        everything += shown
        answer(b"once more: ", BERT)
        while b"has a new password" not in shown:
            shown += os.read(main, 1024)
        everything += shown
        self.assertEqual(process.wait(30), 0)
        self.assertNotIn(BERT.encode(), everything)
        self.assertEqual(self.client().login("anna", BERT), 200)

    def test_a_scraper_off_the_machine_may_not_come_too_often(self):
        anna = self.anna()
        token = anna.ask("POST", "/api/v1/tokens", {"name": "prometheus", "kind": "scrape"})[2]["token"]
        far = {"Authorization": "Bearer " + token, "X_Forwarded_For": "203.0.113.9", "Accept": "image/png"}
        scraper = self.client()
        self.assertEqual(scraper.exchange("GET", "/metrics", **far)[0], 406)
        connection = http.client.HTTPSConnection("127.0.0.1", self.daemon.port, timeout=60, context=scraper.trusted)
        self.addCleanup(connection.close)
        sent = {name.replace("_", "-"): value for name, value in far.items()}

        def sent_away():
            for _ in range(50):
                connection.request("GET", "/metrics", headers=sent)
                answer = connection.getresponse()
                text = answer.read()
                self.assertIn(answer.status, (406, 429))
                if answer.status == 429:
                    return answer, text
            return None
        answer, text = harness.wait_until(sent_away, 180, "429: 600 scrapes within one minute")
        openapi_record.check("GET", "/metrics", answer.status, answer.headers, text)
        self.assertEqual(answer.headers["Retry-After"], "60")
        self.assertGreaterEqual(self.daemon.metric("metrics_scrapes_total", code="429"), 1)

    def test_secrets_are_not_where_others_look(self):
        client = self.anna()
        answer = client.ask("POST", "/api/v1/tokens", {"name": "script", "scopes": ["view"]})[2]
        scrape = client.ask("POST", "/api/v1/tokens", {"name": "prometheus", "kind": "scrape"})[2]
        seed = client.ask("POST", "/api/v1/auth/totp")[2]["secret"]
        self.client().login("anna", "WRONG-PASSWORD-CANARY")
        secrets = {"password": ANNA, "wrong password": "WRONG-PASSWORD-CANARY", "cookie": client.cookie.split("=")[1],
                   "csrf": client.csrf, "token": answer["token"], "scrape token": scrape["token"],
                   "seed": seed, "seed in bytes": base64.b32decode(seed)}
        places = {"journal": self.daemon.log.read_bytes(), "metrics": self.daemon.get("/metrics")[2].encode(),
                  "command line": pathlib.Path(f"/proc/{self.daemon.process.pid}/cmdline").read_bytes()}
        for file in self.daemon.state.iterdir():
            if file.is_file():
                places[file.name] = file.read_bytes()
        self.assertIn(b"anna", places["porchlight.db"] + places["porchlight.db-wal"])  # the search finds what is there
        for what, secret in secrets.items():
            needle = secret if isinstance(secret, bytes) else secret.encode()
            for place, content in places.items():
                self.assertNotIn(needle, content, f"{what} in {place}")
        self.assertEqual((self.daemon.state / "accounts.key").stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
