# SPDX-License-Identifier: Apache-2.0
"""Who is told of what, decided anew: written from the section "Rules" of docs/notifications.md and from nothing else.

Times are milliseconds since 1970; the local time is that of TZ, after time.tzset().
"""

import re
import time

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]
GERMAN_MONTHS = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
                 "November", "Dezember"]


def duration(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text).groups()
    return int(number) * UNITS[unit]


def listed(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def minute(text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def days_of(text):
    days = set()
    for item in text.split(","):
        first, _, last = item.partition("-")
        day, end = DAYS.index(first), DAYS.index(last or first)
        days.add(day)
        while day != end:
            day = (day + 1) % 7
            days.add(day)
    return days


def in_hours(hours, at):
    """Whether the local clock, read at that time, shows something inside one of the spans."""
    local = time.localtime(at // 1000)
    now = local.tm_hour * 60 + local.tm_min
    yesterday = (local.tm_wday - 1) % 7
    for text in listed(hours):
        first, _, rest = text.partition(" ")
        if first[0].isdigit():
            days, span = set(range(7)), first
        else:
            days, span = days_of(first), rest or "00:00-24:00"
        start, end = map(minute, span.split("-"))
        if start < end and local.tm_wday in days and start <= now < end:
            return True
        if start > end and (local.tm_wday in days and now >= start or yesterday in days and now < end):
            return True
    return False


def occasion_of(event):
    if event["type"] == "sighting":
        return {"known_person": "person.known", "unknown_person": "person.unknown",
                "blacklist_match": "person.blacklisted"}.get(event["result"])
    return {"ring": "ring", "camera_lost": "camera.lost", "camera_back": "camera.back", "security": "security",
            "alert": "alert", "motion": "motion", "gap": "gap", "disk": "disk"}.get(event["type"])


def critical_by_itself(event, occasion):
    if occasion == "alert":
        return event["severity"] == "critical" and event["status"] == "firing"
    if occasion == "disk":
        return event["fault"] not in ("almost_full", "damaged_index", "back")
    return occasion in ("person.blacklisted", "security")


def subject_of(event, occasion):
    """What makes two events the same, beside the camera."""
    if occasion == "ring":
        return event["button"]
    if occasion.startswith("person."):
        return event.get("person") or "unknown"
    if occasion == "security":
        return event["kind"], event.get("person")
    if occasion == "alert":
        return event["fingerprint"], event["status"]
    if occasion == "gap":
        return event["cause"]
    if occasion == "disk":
        return event["folder"], event["fault"]
    return None


class Bucket:
    """Full at first. While it is not full, one message comes back each `every`."""

    def __init__(self, rate):
        self.burst = rate.get("burst", 10)
        self.every = duration(rate.get("every", "1m"))
        self.held = self.burst
        self.next_back = None

    def take(self, now):
        while self.held < self.burst and now >= self.next_back:
            self.held += 1
            self.next_back += self.every
        if self.held == 0:
            return False
        if self.held == self.burst:
            self.next_back = now + self.every
        self.held -= 1
        return True


class Oracle:
    def __init__(self, config):
        notifications = config["notifications"]
        self.channels = {channel["id"]: channel for channel in notifications["channels"]}
        self.rules = notifications["rules"]
        self.names = {camera["id"]: camera.get("name", camera["id"]) for camera in config.get("cameras", [])}
        self.buckets = {name: Bucket(c["rate"]) for name, c in self.channels.items() if "rate" in c}
        self.last_message = {}  # (rule, subject, camera) → when
        self.counted = {}  # the same → how many since
        self.rings = {}  # id → who was told at once; the oldest first
        self.waiting = []  # escalations: (when, what ends them, {event, channel}), the first to be made first

    def decide(self, event, at):
        """{rules, skipped, told} as `notify dry-run --json` prints them; title and text only where a rule has them."""
        result = {"rules": [], "skipped": [], "told": [], "withdrawn": self._withdrawn(event, at)}
        if event["type"] == "sighting" and "ring_id" in event:
            self._answer(event, result)
            return result
        occasion = occasion_of(event)
        if occasion is None:
            return result
        for index, rule in enumerate(self.rules):
            word = self._rule_says(index, rule, event, occasion, at)
            result["rules"].append(word)
            if word == "matched":
                self._tell(index, rule, event, occasion, at, result)
        self.waiting += [(at + told["after_ms"], self._ended_by(event, "camera_lost", "firing"),
                          {"event": event["id"], "channel": told["channel"]}) for told in result["told"] if told["after_ms"]]
        if event["type"] == "ring":
            told_now = [dict(told, more=0) for told in result["told"] if not told["after_ms"]]
            self.rings[event["id"]] = event, at, told_now
            if len(self.rings) > 32:
                del self.rings[next(iter(self.rings))]
        return result

    @staticmethod
    def _ended_by(event, camera, status):
        """What an end has in common with its beginning; None when it is neither."""
        if event["type"] == camera:
            return "camera", event["camera"]
        if event["type"] == "alert" and event["status"] == status:
            return "alert", event["fingerprint"]
        if event["type"] == "disk" and (event["fault"] == "back") == (status == "resolved"):
            return "disk", event["folder"]
        return None

    def _withdrawn(self, event, at):
        self.waiting = [one for one in self.waiting if one[0] > at]
        end = self._ended_by(event, "camera_back", "resolved")
        over = [what for _, began, what in self.waiting if end and began == end]
        self.waiting = [one for one in self.waiting if not end or one[1] != end]
        return over

    def _answer(self, event, result):
        ring, rung_at, told_now = self.rings.get(event["ring_id"], (None, 0, []))
        for told in told_now:
            if self._excluded(told["channel"], event):
                result["skipped"].append({"channel": told["channel"], "rule": told["rule"], "why": "excluded"})
            else:
                told = dict(told)
                self._put_words(told, self.rules[told["rule"]], dict(ring, person=event.get("person", "")), rung_at)
                result["told"].append(told)

    @staticmethod
    def _place_and_person_fit(rule, event):
        if "cameras" in rule and event.get("camera") not in rule["cameras"]:
            return "camera"
        if "persons" in rule and event.get("person") not in rule["persons"]:
            return "person"
        return None

    @staticmethod
    def _out_of_schedule(rule, at):
        return bool(listed(rule.get("schedule"))) and not in_hours(rule["schedule"], at)

    def _rule_says(self, index, rule, event, occasion, at):
        if rule["when"] != occasion:
            return "when"
        misfit = self._place_and_person_fit(rule, event)
        if misfit:
            return misfit
        if "severities" in rule and event["severity"] not in rule["severities"]:
            return "severity"
        if self._out_of_schedule(rule, at):
            return "schedule"
        if rule.get("critical", critical_by_itself(event, occasion)):
            return "matched"
        if in_hours(rule.get("quiet"), at):
            return "quiet"
        same = index, subject_of(event, occasion), event.get("camera")
        if same in self.last_message:
            passed = at - self.last_message[same]
            if "group" in rule and passed < duration(rule["group"]):
                self.counted[same] += 1
                return "grouped"
            if "cooldown" in rule and passed < duration(rule["cooldown"]):
                return "cooldown"
        return "matched"

    def _excluded(self, channel, event):
        return event.get("person") in self.channels[channel].get("not_about", [])

    def _tell(self, index, rule, event, occasion, at, result):
        critical = rule.get("critical", critical_by_itself(event, occasion))
        same = index, subject_of(event, occasion), event.get("camera")
        message = {"rule": index, "attach": rule.get("attach") == "snapshot", "critical": critical,
                   "more": self.counted.get(same, 0), "after_ms": 0}
        self._put_words(message, rule, event, at)
        heard = False
        for channel in rule["to"]:
            there = self._already(result, channel, later=False)
            if there:
                there["attach"] |= message["attach"]
                there["critical"] |= critical
                heard = True
                continue
            why = self._channel_says(channel, event, occasion, critical, at)
            if why:
                result["skipped"].append({"channel": channel, "rule": index, "why": why})
            else:
                result["told"].append(dict(message, channel=channel))
                heard = True
        if not heard:
            return
        self._escalate(rule, event, critical, message, at, result)
        self.last_message[same] = at
        self.counted[same] = 0

    @staticmethod
    def _already(result, channel, later):
        for told in result["told"]:
            if told["channel"] == channel and bool(told["after_ms"]) == later:
                return told
        return None

    def _channel_says(self, channel, event, occasion, critical, at):
        if occasion == "security" and event["kind"] == "blacklist_match":
            for rule in self.rules:
                if rule["when"] == "person.blacklisted" and channel in rule["to"] \
                        and not self._place_and_person_fit(rule, event) and not self._out_of_schedule(rule, at):
                    return "told"
        if self._excluded(channel, event):
            return "excluded"
        if critical:
            return None
        if in_hours(self.channels[channel].get("quiet"), at):
            return "quiet"
        if channel in self.buckets and not self.buckets[channel].take(at):
            return "rate"
        return None

    def _escalate(self, rule, event, critical, message, at, result):
        over = event.get("status") == "resolved" or event.get("fault") == "back" or event["type"] == "gap" and "end" in event
        if "escalate" not in rule or over:
            return
        after = duration(rule["escalate"]["after"])
        for channel in rule["escalate"]["to"]:
            why = None
            if self._excluded(channel, event):
                why = "excluded"
            elif not critical and in_hours(self.channels[channel].get("quiet"), at + after):
                why = "quiet"
            if why:
                result["skipped"].append({"channel": channel, "rule": message["rule"], "why": why})
                continue
            there = self._already(result, channel, later=True)
            if there:
                there["after_ms"] = min(there["after_ms"], after)
                there["attach"] |= message["attach"]
                there["critical"] |= critical
            else:
                result["told"].append(dict(message, channel=channel, after_ms=after))

    def _put_words(self, message, rule, event, at):
        """The rule's own words, as a function of the channel's language."""
        message["words"] = lambda language: {
            key: self._filled(rule[key], event, at, message["more"], language) for key in ("title", "text") if key in rule}

    def _filled(self, template, event, at, more, language):
        local = time.localtime(at // 1000)
        date = f"{local.tm_mday}. {GERMAN_MONTHS[local.tm_mon - 1]} {local.tm_year}" if language == "de" \
            else f"{local.tm_mday} {MONTHS[local.tm_mon - 1]} {local.tm_year}"
        values = {"camera": self.names.get(event.get("camera"), event.get("camera", "")), "person": event.get("person", ""),
                  "time": f"{local.tm_hour:02}:{local.tm_min:02}", "date": date, "count": str(1 + more), "link": "",
                  "zone": ", ".join(event.get("zone_names", []))}

        def one(match):
            if match.group(0) == "{{":
                return "{"
            name, _, otherwise = match.group(1).partition("|")
            return values[name] or otherwise

        return re.sub(r"\{\{|\{([^{}\n]*)\}", one, template)
