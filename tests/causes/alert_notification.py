# SPDX-License-Identifier: Apache-2.0
"""What Alertmanager posts, by hand."""

from accounts_client import Client


def teller(daemon):
    """Who may tell the daemon of alerts: a token of the account anna."""
    client = Client(daemon)
    client.bearer = daemon.cli("users", "token", "anna", "--kind", "alerts").stdout.strip()
    return client


def alert(severity, status="firing", starts="2026-01-29T04:20:12.95Z"):
    """Severities have a fingerprint each."""
    return {"status": status, "labels": {"alertname": "DiskFull", "severity": severity}, "annotations": {"summary": "2 % left"},
            "startsAt": starts, "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": severity.encode().hex()[:16].ljust(16, "0")}


def tell(client, *alerts):
    """The answer to one notification."""
    status, _, answer = client.ask("POST", "/api/v1/alerts/webhook", {
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "house", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://localhost:9093", "alerts": list(alerts)})
    if status != 200:
        raise AssertionError(f"{status}: {answer}")
    return answer
