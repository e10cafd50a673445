# SPDX-License-Identifier: Apache-2.0
"""As much of PromQL as its words: which series an expression selects, how it aggregates, where it compares."""

import collections
import re

Selector = collections.namedtuple("Selector", "name matchers")  # matchers: [(label, operator, value)]

TOKEN = re.compile(r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>[a-zA-Z_:][\w:]*)|(?P<number>\d[\w.]*)|(?P<sign>=~|!~|==|!=|<=|>=|.)""", re.X)
AGGREGATIONS = {"sum", "avg", "min", "max", "count", "stddev", "stdvar", "group", "topk", "bottomk", "quantile", "count_values"}
GROUPINGS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
OTHER_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan", "atan2"}
COMPARISONS = {"==", "!=", "<", ">", "<=", ">="}


def tokens(expression):
    return [(match.lastgroup, match.group()) for match in TOKEN.finditer(expression) if not match.group().isspace()]


def text_of(string):
    return re.sub(r"\\(.)", r"\1", string[1:-1])


def past(found, place, closing):
    """The place after the next such sign."""
    while found[place][1] != closing:
        place += 1
    return place + 1


def matchers_at(found, place):
    """([(label, operator, value)], the place after them); nothing where no brace opens."""
    if place >= len(found) or found[place][1] != "{":
        return [], place
    end = past(found, place, "}")
    words = [text for _, text in found[place + 1:end - 1] if text != ","]
    return [(label, sign, text_of(value)) for label, sign, value in zip(words[::3], words[1::3], words[2::3])], end


def selectors(expression):
    found, place, selected = tokens(expression), 0, []
    while place < len(found):
        kind, text = found[place]
        following = found[place + 1][1] if place + 1 < len(found) else ""
        place += 1
        if text == "[":
            place = past(found, place, "]")
        elif kind == "word" and text in GROUPINGS:
            place = past(found, place, ")") if following == "(" else place
        elif kind == "word" and following != "(" and text not in OTHER_WORDS | AGGREGATIONS:
            matchers, place = matchers_at(found, place)
            selected.append(Selector(text, matchers))
    return selected


def aggregations(expression):
    """[(operator, the labels it keeps)] in their order."""
    found, kept = tokens(expression), []
    for place, (kind, text) in enumerate(found):
        if kind != "word" or text not in AGGREGATIONS:
            continue
        labels = []
        if found[place + 1][1] == "by":
            labels = [word for kind, word in found[place + 2:past(found, place, ")")] if kind == "word"]
        kept.append((text, labels))
    return kept


def never_false(expression):
    """The expression with `bool` at each comparison: it has an answer wherever there is something to compare."""
    made, depth = [], 0
    for kind, text in tokens(expression):
        depth += (text == "{") - (text == "}")
        made.append(text + " bool" if kind == "sign" and depth == 0 and text in COMPARISONS else text)
    return " ".join(made)
