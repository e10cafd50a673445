#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Causes of what the web server counts."""

import unittest

from causes import FENCE, House, counted

import harness
from accounts_client import Client
from stream_client import WebSocket

LOGIN = "/api/v1/auth/login"


class HttpCauses(House):
    # Scrapes and the fence are requests themselves.
    OURS = ({"endpoint": "/metrics"}, {"endpoint": FENCE})

    def requests(self, **labels):
        return self.counted("http_requests_total", besides=self.OURS, **labels)

    def rejected(self, reason):
        return self.counted("http_request_rejections_total", reason=reason)

    def blocked(self, event_type):
        return self.counted("security_events_total", event_type=event_type, source="api", action_taken="blocked")

    def test_a_request_is_counted_under_its_template(self):
        with self.requests(method="GET", endpoint="/health/live", status="200"):
            self.assertEqual(self.daemon.get("/health/live")[0], 200)
        with self.requests(method="GET", endpoint="/api/v1/users/{id}", status="404"):
            self.assertEqual(self.anna.ask("GET", "/api/v1/users/4711")[0], 404)
        with self.requests(method="POST", endpoint="/api/v1/buttons/{id}/ring", status="200"):
            self.assertEqual(self.anna.ask("POST", "/api/v1/buttons/front/ring")[0], 200)

    def test_what_leads_nowhere_has_one_endpoint(self):
        with self.requests(method="GET", endpoint="unmatched", status="404"):
            self.assertEqual(self.anna.ask("GET", "/no/such/place")[0], 404)

    def test_verbs_of_others_are_one_verb(self):
        with self.requests(method="other", status="405", born=True):
            self.assertEqual(self.raw("BREW /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 405)

    def test_two_hosts_are_malformed(self):
        with self.rejected("malformed"), self.blocked("malformed_request"):
            self.assertEqual(self.raw("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400)

    def test_a_head_beyond_the_limit_is_too_large(self):
        with self.rejected("too_large"), self.blocked("malformed_request"):
            self.assertEqual(self.raw("GET /health/live HTTP/1.1\r\nHost: a\r\nX: " + "x" * 9000 + "\r\n\r\n"), 431)

    def test_a_zero_in_a_path_is_suspected(self):
        with self.rejected("injection_suspected"), self.blocked("injection_attempt"):
            self.assertEqual(self.raw("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"), 400)

    def test_a_way_up_the_folders_is_a_traversal(self):
        with self.rejected("path_traversal"), self.blocked("injection_attempt"):
            self.assertEqual(self.raw("GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"), 400)

    def test_a_login_that_is_no_json_has_the_wrong_type(self):
        with self.rejected("bad_content_type"):
            self.assertEqual(Client(self.daemon).exchange("POST", LOGIN, "name=anna", Content_Type="text/plain")[0], 415)

    def test_the_33rd_connection_of_an_address_is_too_many(self):
        with self.rejected("rate_limited"), self.blocked("unauthorized_access"):
            seated = [self.connect("127.0.0.3") for _ in range(32)]
            with self.connect("127.0.0.3") as one_more:
                self.assertTrue(one_more.recv(4096).startswith(b"HTTP/1.1 503"))
            for wire in seated:
                wire.close()

    def test_half_a_head_runs_out_of_time(self):
        with self.rejected("timeout"):
            self.assertEqual(self.raw("GET /health/live HTTP/1.1\r\nHost: a"), 408)

    def test_a_websocket_that_is_opened(self):
        with self.counted("websocket_connections_total"):
            opened = WebSocket(self.anna, "/ws")
            self.assertEqual(opened.status, 101)
            opened.close()

    def test_each_scrape_is_one(self):
        # It shows those before it: its own comes after its text is made.
        first = self.daemon.metric("metrics_scrapes_total", code="200")
        self.assertEqual(self.daemon.metric("metrics_scrapes_total", code="200"), first + 1)
        self.assertEqual(self.daemon.metric("metrics_scrapes_total", code="200"), first + 2)

    def scraped(self, code):
        return self.counted("metrics_scrapes_total", code=code, besides=[{"code": "200"}])

    def scrape_as(self, bearer=None, **headers):
        """The status of the answer to somebody else's scrape."""
        scraper = Client(self.daemon)
        scraper.bearer = bearer
        return scraper.exchange("GET", "/metrics", **headers)[0]

    def test_a_scrape_with_a_token_that_is_none(self):
        with self.scraped("401"):
            self.assertEqual(self.scrape_as("pls_wrong"), 401)

    def test_a_scrape_by_somebody_who_may_not(self):
        viewer = self.member("vera", "viewer")
        with self.scraped("401"):
            self.assertEqual(viewer.ask("GET", "/metrics")[0], 403)

    def test_a_scrape_that_wants_a_picture(self):
        with self.scraped("406"):
            self.assertEqual(self.scrape_as(Accept="image/png"), 406)


class EarlyCauses(unittest.TestCase):
    """A daemon whose accounts cannot be read: of nobody can be said whether they may."""

    def test_a_scrape_that_comes_too_early(self):
        daemon = harness.Daemon(House.SETTINGS, wait=None)
        self.addCleanup(daemon.close)
        (daemon.state / "porchlight.db").write_bytes(b"x" * 4096)
        daemon.start()
        scraper = Client(daemon)
        scraper.bearer = "pls_any"
        with counted(daemon, "metrics_scrapes_total", code="503", besides=[{"code": "200"}]):
            self.assertEqual(scraper.ask("GET", "/metrics")[0], 503)


if __name__ == "__main__":
    unittest.main()
