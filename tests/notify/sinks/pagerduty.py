# SPDX-License-Identifier: Apache-2.0
"""PagerDuty's Events API v2 as https://developer.pagerduty.com/docs/send-alert-event and
https://developer.pagerduty.com/docs/events-api-v2-overview describe it (noted 2026-11-26)."""
import re
import sys

import sink
from sink import Refused, is_list_of, is_object, is_one_of, is_text, is_url

KEY = "0123456789abcdef0123456789ABCDEF"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


def is_time(value, where):
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise Refused(f"{where}: no ISO 8601 time")


def is_details(value, where):
    if not isinstance(value, dict):
        raise Refused(f"{where}: no object")


PAYLOAD = is_object(
    {"summary": is_text(1, 1024, units=True), "source": is_text(),
     "severity": is_one_of("critical", "error", "warning", "info")},
    {"timestamp": is_time, "component": is_text(), "group": is_text(), "class": is_text(), "custom_details": is_details})
IMAGE = is_object({"src": is_url}, {"href": is_url, "alt": is_text()})
LINK = is_object({"href": is_url}, {"text": is_text()})
TRIGGER = is_object(
    {"routing_key": is_text(32, 32), "event_action": is_one_of("trigger"), "payload": PAYLOAD},
    {"dedup_key": is_text(1, 255), "images": is_list_of(IMAGE), "links": is_list_of(LINK), "client": is_text(),
     "client_url": is_url})
FOLLOWING = is_object({"routing_key": is_text(32, 32), "event_action": is_one_of("acknowledge", "resolve"),
                       "dedup_key": is_text(1, 255)})


def refusal(reason):
    return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": [reason]}


def answer(request, record):
    if request["method"] != "POST" or request["path"] != "/v2/enqueue":
        return 404, {"status": "not found"}
    event = record["event"] = sink.json_of(request)
    if len(request["body"]) > 512 * 1024:
        return 413, {"status": "invalid event", "message": "too large"}
    (TRIGGER if event.get("event_action") == "trigger" else FOLLOWING)(event, "event")
    if event["routing_key"] != KEY:
        raise Refused("'routing_key' is invalid")
    return 202, {"status": "success", "message": "Event processed", "dedup_key": event.get("dedup_key", "made-up")}


sink.run(answer, refusal, sys.argv[1:])
