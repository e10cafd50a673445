# SPDX-License-Identifier: Apache-2.0
"""As much of Lucene's query language as the documents' log queries need, over documents and the types of an index template.

    field:word  field:"a phrase"  field:>=n  field:[now-1h TO now]  AND  OR  ( )
"""

import datetime
import re

TOKEN = re.compile(r'\s*(?:(?P<sign>[()])|(?P<field>[@\w.]+):(?P<value>"[^"]*"|\[[^]]*\]|[<>]=?[-\d.]+|[^\s()]+)|(?P<word>AND|OR)\b)')
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Malformed(Exception):
    """It is no query of this language."""


def tokens_of(text):
    found, at = [], 0
    while text[at:].strip():
        token = TOKEN.match(text, at)
        if not token:
            raise Malformed(text[at:])
        found.append((token["field"], token["value"]) if token["field"] else token["sign"] or token["word"])
        at = token.end()
    return found


def words_of(text):
    """What the standard analyser makes of a text, for letters and digits."""
    return re.findall(r"\w+", text.lower())


def moment(text, now):
    """A date, or `now` with what is taken from it."""
    if relative := re.fullmatch(r"now(?:-(\d+)([smhd]))?", text):
        return now - datetime.timedelta(**{UNITS[relative[2]]: int(relative[1])}) if relative[1] else now
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Query:
    """`kinds`: {field: type}, as in the mappings of an index template. A field without a type is not searched."""

    def __init__(self, text, kinds):
        self.kinds = kinds
        self.left = tokens_of(text)
        self.test = self.alternatives()
        if self.left:
            raise Malformed(self.left)

    def matches(self, document, now):
        return self.test(document, now)

    def alternatives(self):
        parts = [self.conjunction()]
        while self.left[:1] == ["OR"]:
            self.left.pop(0)
            parts.append(self.conjunction())
        return lambda document, now: any(part(document, now) for part in parts)

    def conjunction(self):
        parts = [self.one()]
        while self.left[:1] == ["AND"]:
            self.left.pop(0)
            parts.append(self.one())
        return lambda document, now: all(part(document, now) for part in parts)

    def one(self):
        if not self.left:
            raise Malformed("it ends too early")
        token = self.left.pop(0)
        if token == "(":
            inner = self.alternatives()
            if self.left[:1] != [")"]:
                raise Malformed("a parenthesis stays open")
            self.left.pop(0)
            return inner
        if isinstance(token, str):
            raise Malformed(token)
        return self.term(*token)

    def term(self, field, value):
        kind = self.kinds.get(field)
        judge = {"keyword": same, "text": phrase, "long": number, "double": number, "date": span}.get(kind)
        if judge is None:
            return lambda document, now: False
        test = judge(value)
        return lambda document, now: field in document and test(document[field], now)


def same(value):
    wanted = value.strip('"')
    return lambda found, now: found == wanted


def phrase(value):
    wanted = words_of(value)

    def test(found, _):
        words = words_of(found)
        return any(words[at:at + len(wanted)] == wanted for at in range(len(words)))
    return test


def number(value):
    compared = re.fullmatch(r"(<=|>=|<|>)?(-?[\d.]+)", value)
    if not compared:
        raise Malformed(value)
    limit = float(compared[2])
    tests = {"<": lambda n: n < limit, "<=": lambda n: n <= limit, ">": lambda n: n > limit, ">=": lambda n: n >= limit, None: lambda n: n == limit}
    return lambda found, now: tests[compared[1]](found)


def span(value):
    ends = re.fullmatch(r"\[(\S+) TO (\S+)\]", value)
    if not ends:
        raise Malformed(value)
    return lambda found, now: moment(ends[1], now) <= moment(found, now) <= moment(ends[2], now)
