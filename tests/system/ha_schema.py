# SPDX-License-Identifier: Apache-2.0
"""What Home Assistant takes as a discovery message, closed: a field it does not document is a fault, and so is a
missing one. Written from its pages as of 2026-11-26:

    https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery      topic, device, origin
    https://www.home-assistant.io/integrations/event.mqtt/               and likewise binary_sensor, button, image, sensor
    https://developers.home-assistant.io/docs/core/entity/event          a doorbell fires `ring`
    https://developers.home-assistant.io/docs/core/entity/sensor         state classes, timestamps
"""

import datetime
import json
import re

TOPIC = r"[^+#\x00]+"
TEMPLATE = r".*\{\{.*\}\}.*"
ANY = r".+"

# Of every entity that is discovered one by one.
SHARED = {
    "name": ANY, "unique_id": ANY, "availability_topic": TOPIC, "payload_available": ANY, "payload_not_available": ANY,
    "entity_category": "diagnostic|config", "icon": r"mdi:[a-z0-9-]+", "enabled_by_default": bool, "encoding": str,
    "json_attributes_topic": TOPIC, "json_attributes_template": TEMPLATE, "device": dict, "origin": dict,
}
QOS = {"qos": int}
COMPONENTS = {
    "event": ({**QOS, "state_topic": TOPIC, "event_types": list, "device_class": "button|doorbell|motion", "value_template": TEMPLATE},
              {"state_topic", "event_types"}),
    "binary_sensor": ({**QOS, "state_topic": TOPIC, "device_class": "connectivity|running|motion|occupancy|problem",
                       "payload_on": ANY, "payload_off": ANY, "value_template": TEMPLATE, "expire_after": int,
                       "off_delay": int, "force_update": bool}, {"state_topic"}),
    "button": ({**QOS, "command_topic": TOPIC, "payload_press": ANY, "device_class": "identify|restart|update",
                "retain": bool, "command_template": TEMPLATE}, {"command_topic"}),
    "image": ({"image_topic": TOPIC, "content_type": "image/[a-z]+", "image_encoding": "b64", "url_topic": TOPIC,
               "url_template": TEMPLATE}, set()),
    "sensor": ({**QOS, "state_topic": TOPIC, "device_class": "timestamp|date|duration|enum", "value_template": TEMPLATE,
                "state_class": "measurement|total|total_increasing", "unit_of_measurement": ANY, "expire_after": int,
                "force_update": bool, "options": list, "suggested_display_precision": int}, {"state_topic"}),
}
DEVICE = {"identifiers": list, "connections": list, "name": ANY, "manufacturer": ANY, "model": ANY, "model_id": ANY,
          "hw_version": ANY, "sw_version": ANY, "serial_number": ANY, "suggested_area": ANY, "via_device": ANY,
          "configuration_url": r"(https?|homeassistant)://.+"}
ORIGIN = {"name": ANY, "sw_version": ANY, "support_url": r"https?://.+"}


def faults_of(where, given, fields, required):
    faults = [f"{where}: unknown field '{key}'" for key in given if key not in fields]
    faults += [f"{where}: '{key}' is missing" for key in sorted(required - set(given))]
    for key in set(given) & set(fields):
        kind, value = fields[key], given[key]
        if isinstance(kind, type):
            good = type(value) is kind
        else:
            good = isinstance(value, str) and re.fullmatch(kind, value, re.S) is not None
        if not good:
            faults.append(f"{where}: '{key}' must not be {value!r}")
    return faults


def entity_faults(prefix, topic, payload):
    """What Home Assistant would dislike in one discovery message."""
    parts = re.fullmatch(re.escape(prefix) + r"/([a-z_]+)(?:/([a-zA-Z0-9_-]+))?/([a-zA-Z0-9_-]+)/config", topic)
    if not parts:
        return [f"{topic}: no discovery topic"]
    component = parts.group(1)
    if component not in COMPONENTS:
        return [f"{topic}: unknown component"]
    config = json.loads(payload)
    fields, required = COMPONENTS[component]
    # A device needs a unique id, an origin its name (both documented as such), and we promise availability for all but itself.
    faults = faults_of(topic, config, {**SHARED, **fields}, required | {"name", "unique_id", "device", "origin"})
    if faults:
        return faults
    faults += faults_of(f"{topic}: device", config["device"], DEVICE, {"identifiers", "name"})
    faults += faults_of(f"{topic}: origin", config["origin"], ORIGIN, {"name"})
    if not config["device"].get("identifiers"):
        faults.append(f"{topic}: a device without an identifier")
    if config.get("qos", 0) not in (0, 1, 2):
        faults.append(f"{topic}: qos {config['qos']}")
    if component == "image" and ("image_topic" in config) == ("url_topic" in config):
        faults.append(f"{topic}: one of image_topic and url_topic")
    if config.get("device_class") == "doorbell" and "ring" not in config["event_types"]:
        faults.append(f"{topic}: a doorbell's event_types have 'ring'")
    if config.get("state_class") and config.get("device_class") == "timestamp":
        faults.append(f"{topic}: a timestamp has no state class")
    return faults


def house_faults(prefix, configs):
    """Of all messages of one house: each by itself, and what they say together."""
    faults, ids, devices, mentioned = [], set(), set(), set()
    for topic, payload in configs.items():
        found = entity_faults(prefix, topic, payload)
        faults += found
        if found:
            continue
        config = json.loads(payload)
        key = (topic.split("/")[len(prefix.split("/"))], config["unique_id"])
        if key in ids:
            faults.append(f"{topic}: unique_id {key[1]} is there twice")
        ids.add(key)
        devices |= set(config["device"]["identifiers"])
        mentioned |= {config["device"]["via_device"]} if "via_device" in config["device"] else set()
    return faults + [f"via_device {name} is no device" for name in sorted(mentioned - devices)]


def event_faults(config, payload):
    """Of what an event entity is sent."""
    event = json.loads(payload)
    if not isinstance(event, dict) or event.get("event_type") not in config["event_types"]:
        return [f"event_type {event.get('event_type')!r} is none of {config['event_types']}"]
    return []


def timestamp_faults(payload):
    """A timestamp sensor takes ISO 8601 with a zone."""
    try:
        return [] if datetime.datetime.fromisoformat(payload.replace("Z", "+00:00")).tzinfo else ["no time zone"]
    except ValueError as error:
        return [str(error)]
