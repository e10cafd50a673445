# SPDX-License-Identifier: Apache-2.0
"""A Slack incoming webhook as https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
https://docs.slack.dev/reference/block-kit/blocks describe it (noted 2026-11-26)."""
import re
import sys

import sink
from sink import Refused, anything, is_a, is_list_of, is_object, is_one_of, is_text

PATH = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
# https://docs.slack.dev/messaging/formatting-message-text: & < > stand for themselves only as entities.
LINK = re.compile(r"<https?://[^<>|\s]+(\|[^<>|]+)?>")
ENTITY = re.compile(r"&(amp|lt|gt);")


def is_mrkdwn(value, where):
    is_text(1, 3000, units=True)(value, where)
    rest = ENTITY.sub("", LINK.sub("", value))
    if re.search("[&<>]", rest):
        raise Refused(f"{where}: an unescaped control character in {value!r}")


MRKDWN = is_object({"type": is_one_of("mrkdwn"), "text": is_mrkdwn}, {"verbatim": is_a(bool)})
PLAIN = is_object({"type": is_one_of("plain_text"), "text": is_text(1, 3000)}, {"emoji": is_a(bool)})


def is_text_object(value, where):
    (MRKDWN if isinstance(value, dict) and value.get("type") == "mrkdwn" else PLAIN)(value, where)


SECTION = is_object({"type": is_one_of("section"), "text": is_text_object},
                    {"block_id": is_text(1, 255), "fields": is_list_of(is_text_object, 10), "expand": is_a(bool)})
MESSAGE = is_object({"text": is_mrkdwn}, {
    "blocks": is_list_of(SECTION, 50), "attachments": anything, "thread_ts": is_text(), "mrkdwn": is_a(bool),
    "unfurl_links": is_a(bool), "unfurl_media": is_a(bool), "response_type": is_text()})


def refusal(_reason):
    return 400, "invalid_payload"


def answer(request, record):
    if request["path"] != PATH:
        return 404, "no_service"
    if request["method"] != "POST":
        return 405, "method_not_allowed"
    record["message"] = sink.json_of(request)
    MESSAGE(record["message"], "message")
    return 200, "ok"


sink.run(answer, refusal, sys.argv[1:])
