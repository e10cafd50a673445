# SPDX-License-Identifier: Apache-2.0
"""An ntfy server as https://docs.ntfy.sh/publish/ describes it (noted 2026-11-26): "Publish as JSON" at the root,
"Attach local file" by PUT to the topic, with the parameters of "List of all parameters" and no other."""
import base64
import email.header
import json
import re
import sys

import sink
from sink import Refused, anything, is_a, is_list_of, is_object, is_one_of, is_text, is_url

TOPIC = "front-door_7Gk2"
TOKEN = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"
BASIC = "Basic cGhpbDpteTpwYXNz"  # phil, my:pass
SEQUENCE = re.compile(r"[-_A-Za-z0-9]{1,64}")

VIEW = is_object({"action": is_one_of("view"), "label": is_text(), "url": is_url}, {"clear": is_a(bool)})
HTTP = is_object({"action": is_one_of("http"), "label": is_text(), "url": is_url}, {
    "method": is_one_of("GET", "POST", "PUT"), "headers": anything, "body": is_text(), "clear": is_a(bool)})


def is_action(value, where):
    (HTTP if isinstance(value, dict) and value.get("action") == "http" else VIEW)(value, where)


MESSAGE = is_object({"topic": is_one_of(TOPIC)}, {
    "message": is_text(1, 4095), "title": is_text(1, 1024), "tags": is_list_of(is_text()),
    "priority": is_one_of(1, 2, 3, 4, 5), "actions": is_list_of(is_action, most=3), "click": is_url, "attach": is_url,
    "markdown": is_a(bool), "icon": is_url, "filename": is_text(), "delay": is_text(), "timezone": is_text(),
    "email": is_text(), "call": is_text(), "sequence_id": is_text(1, 64)})
PARAMETERS = {"x-message", "x-title", "x-sequence-id", "x-priority", "x-tags", "x-actions", "x-click", "x-attach",
              "x-filename", "x-markdown", "x-icon", "x-delay", "x-cache", "x-firebase"}
OF_HTTP = {"host", "user-agent", "accept", "content-type", "content-length", "authorization"}
OF_THE_CALLER = {"x-request-id", "x-correlation-id"}  # it takes no notice of what it does not know
NAMES = {"x-sequence-id": "sequence_id"}


def decoded(value):
    for word in value.split(" "):
        if word.startswith("=?") and len(word) > 75:
            raise Refused(f"an encoded word of {len(word)} characters")
    return str(email.header.make_header(email.header.decode_header(value)))


def from_headers(headers):
    unknown = set(headers) - PARAMETERS - OF_HTTP - OF_THE_CALLER
    if unknown:
        raise Refused(f"unknown headers {sorted(unknown)}")
    message = {"topic": TOPIC}
    for name in PARAMETERS & set(headers):
        if not headers[name].isascii():
            raise Refused(f"{name}: not ASCII")
        message[NAMES.get(name, name[2:])] = decoded(headers[name])
    if "priority" in message:
        message["priority"] = int(message["priority"])
    if "tags" in message:
        message["tags"] = message["tags"].split(",")
    if "actions" in message:
        message["actions"] = json.loads(message["actions"])
    return message


def refusal(reason):
    return 400, {"code": 40024, "http": 400, "error": "invalid request: " + reason, "link": "https://ntfy.sh/docs/publish/"}


def answer(request, record):
    if request["headers"].get("authorization", BASIC) not in (BASIC, "Bearer " + TOKEN):
        return 401, {"code": 40101, "http": 401, "error": "unauthorized", "link": "https://ntfy.sh/docs/publish/#authentication"}
    attachment = {}
    if request["method"] == "POST" and request["path"] == "/":
        message = sink.json_of(request)
    elif request["method"] == "PUT" and request["path"] == "/" + TOPIC:
        message = from_headers(request["headers"])
        kind = request["headers"].get("content-type", "")
        if kind.startswith("video/"):
            record["clip"] = base64.b64encode(request["body"]).decode()
        else:
            record["picture"] = sink.picture_of(request["body"])
        attachment = {"attachment": {"name": message.get("filename", "attachment.jpg"), "type": kind,
                                     "size": len(request["body"]), "expires": 1764126000,
                                     "url": "https://ntfy.example.org/file/xflakjwqi.jpg"}}
    else:
        return 404, {"code": 40401, "http": 404, "error": "page not found"}
    record["message"] = message
    MESSAGE(message, "message")
    if "sequence_id" in message and not SEQUENCE.fullmatch(message["sequence_id"]):
        raise Refused("sequence ID invalid")
    return 200, {"id": "hwQ2YpKdmg", "time": 1764115200, "expires": 1764158400, "event": "message", **message, **attachment}


sink.run(answer, refusal, sys.argv[1:])
