# SPDX-License-Identifier: Apache-2.0
"""What config/monitoring/logs holds for an index, and what a record is."""

import datetime
import json

import shipped

LOGS = shipped.FOLDER / "logs"
SCHEMA = json.loads((shipped.SOURCE / "docs" / "log-record.schema.json").read_text())
LEVELS = SCHEMA["properties"]["level"]["enum"]
COMPONENTS = SCHEMA["properties"]["component"]["enum"]
TEMPLATE = json.loads((LOGS / "elasticsearch-template.json").read_text())
FIELDS = TEMPLATE["template"]["mappings"]["properties"]
RECORD = {"timestamp": "2026-01-29T04:20:12.950Z", "level": "WARNING", "logger": "doorbell.auth", "component": "auth",
          "message": "a login failed", "event": "failed_login", "request_id": "ring-7"}


def kinds(properties=FIELDS, before=""):
    """{field: type} of the mappings, with the fields of objects by their paths."""
    found = {}
    for name, field in properties.items():
        if "properties" in field:
            found.update(kinds(field["properties"], f"{before}{name}."))
        else:
            found[before + name] = field["type"]
    return found


def saved_objects():
    return [json.loads(line) for line in (LOGS / "kibana-searches.ndjson").read_text().splitlines()]


def query_of(search):
    return json.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
