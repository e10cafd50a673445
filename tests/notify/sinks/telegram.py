# SPDX-License-Identifier: Apache-2.0
"""Telegram's Bot API as https://core.telegram.org/bots/api describes it (noted 2026-11-26): sendMessage,
sendPhoto, sendVideo, editMessageText, editMessageCaption and getChat, with the parameters of the reference and no other.
The messages of a refusal are the ones that the public server gives."""
import base64
import json
import sys

import sink
from sink import Refused, anything, is_a, is_list_of, is_object, is_one_of, is_text, is_url

TOKEN = "123456789:AAEtest_token-of-35-characters-xxxx"
CHAT = -1001234567890

ENTITY = is_object({"type": is_one_of("bold", "italic", "url"), "offset": is_a(int), "length": is_a(int)})
BUTTON = is_object({"text": is_text(), "url": is_url})
KEYBOARD = is_object({"inline_keyboard": is_list_of(is_list_of(BUTTON))})
REPLY = is_object({"message_id": is_a(int)}, {
    "chat_id": anything, "allow_sending_without_reply": is_a(bool), "quote": is_text(), "quote_position": is_a(int)})
PREVIEW = is_object({}, {"is_disabled": is_a(bool), "url": is_url})
SENDING = {
    "business_connection_id": is_text(), "message_thread_id": is_a(int), "parse_mode": is_text(),
    "disable_notification": is_a(bool), "protect_content": is_a(bool), "allow_paid_broadcast": is_a(bool),
    "message_effect_id": is_text(), "reply_parameters": REPLY, "reply_markup": KEYBOARD,
}
CAPTION = {"caption": is_text(0, 1024, units=True), "caption_entities": is_list_of(ENTITY),
           "show_caption_above_media": is_a(bool)}
TEXT = {"text": is_text(1, 4096, units=True)}
TEXT_EXTRA = {"entities": is_list_of(ENTITY), "link_preview_options": PREVIEW}
EDITING = {"business_connection_id": is_text(), "parse_mode": is_text(), "reply_markup": KEYBOARD}
METHODS = {
    "sendMessage": is_object({"chat_id": anything, **TEXT}, {**SENDING, **TEXT_EXTRA}),
    "sendPhoto": is_object({"chat_id": anything, "photo": anything}, {**SENDING, **CAPTION, "has_spoiler": is_a(bool)}),
    "sendVideo": is_object({"chat_id": anything, "video": anything}, {
        **SENDING, **CAPTION, "has_spoiler": is_a(bool), "duration": is_a(int), "width": is_a(int), "height": is_a(int),
        "supports_streaming": is_a(bool)}),
    "editMessageText": is_object({"chat_id": anything, "message_id": is_a(int), **TEXT}, {**EDITING, **TEXT_EXTRA}),
    "editMessageCaption": is_object({"chat_id": anything, "message_id": is_a(int)}, {**EDITING, **CAPTION}),
    "getChat": is_object({"chat_id": anything}),
}
messages = {}


def refusal(reason, status=400):
    return status, {"ok": False, "error_code": status, "description": reason}


def fields_of(request):
    kind = request["headers"].get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return sink.json_of(request), None
    fields, photo = {}, None
    for part in sink.multipart.parts_of(kind, request["body"]):
        if part["name"] in ("photo", "video"):
            if not part["filename"]:
                raise Refused(f"Bad Request: there is no {part['name']} in the request")
            photo = part["body"]
            fields[part["name"]] = "attached"
        elif part["name"] in ("caption", "parse_mode"):
            fields[part["name"]] = part["body"].decode()
        else:
            fields[part["name"]] = json.loads(part["body"])
    return fields, photo


def check_entities(fields):
    text = fields.get("text", fields.get("caption", ""))
    for entity in fields.get("entities", fields.get("caption_entities", [])):
        if entity["offset"] + entity["length"] > len(text.encode("utf-16-le")) // 2:
            raise Refused("Bad Request: ENTITY_BOUNDS_INVALID")


def edit(fields):
    number = fields["message_id"]
    if number not in messages:
        raise Refused("Bad Request: message to edit not found")
    content = {name: fields.get(name) for name in ("text", "caption", "reply_markup") if name in fields}
    if messages[number] == content:
        raise Refused("Bad Request: message is not modified: specified new message content and reply markup are "
                      "exactly the same as a current content and reply markup of the message")
    messages[number] = content
    return number


def send(fields):
    reply = fields.get("reply_parameters")
    if reply and reply["message_id"] not in messages and not reply.get("allow_sending_without_reply"):
        raise Refused("Bad Request: message to be replied not found")
    number = len(messages) + 41
    messages[number] = {name: fields.get(name) for name in ("text", "caption", "reply_markup") if name in fields}
    return number


def answer(request, record):
    _, bot, method = request["path"].split("/")
    record["call"] = method
    if bot != "bot" + TOKEN:
        return refusal("Unauthorized", 401)
    if request["method"] != "POST" or method not in METHODS:
        return refusal("Not Found", 404)
    fields, photo = fields_of(request)
    record["fields"] = fields
    METHODS[method](fields, method)
    check_entities(fields)
    if "video" in fields:
        record["video"] = base64.b64encode(photo).decode()
        if len(photo) > 50_000_000:
            return refusal("Request Entity Too Large", 413)
    elif photo is not None:
        record["photo"] = sink.picture_of(photo)
        if len(photo) > 10_000_000:
            return refusal("Request Entity Too Large", 413)
    if fields["chat_id"] != CHAT and fields["chat_id"] != str(CHAT):
        raise Refused("Bad Request: chat not found")
    if method == "getChat":
        return 200, {"ok": True, "result": {"id": CHAT, "type": "supergroup", "title": "Home"}}
    number = edit(fields) if method.startswith("edit") else send(fields)
    return 200, {"ok": True, "result": {"message_id": number, "date": 1764115200, "chat": {"id": CHAT}}}


sink.run(answer, refusal, sys.argv[1:])
