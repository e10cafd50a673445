# SPDX-License-Identifier: Apache-2.0
"""The rows of a monitoring document: each point of a list and each block of code, under its headings.

A row is (place, text): the headings joined by " / ", and the point's first words, or "code: " and the block's first line that
says something. What the five documents hold in their blocks piece by piece (metrics, queries, alerts, panels) has tables and
tests of its own, which docs/monitoring.md names.
"""

import re

POINT = re.compile(r"^\s*(?:[-*]|\d+\.)\s+(.*)")
LONGEST = 60


def plain(text):
    """Without marks, pictographs and links."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[*`#|\t]", "", text)
    text = re.sub(r"[^\x20-\x7e]", "", text)
    return re.sub(r"\s+", " ", text).strip()


def cut(text):
    text = plain(text)
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0]


def telling(block):
    """The first line of a block of code that is no comment, else the first of all."""
    lines = [line.strip() for line in block if line.strip()]
    speaking = [line for line in lines if not line.startswith(("#", "//", '"""', "import ", "from ", "{", "("))]
    return (speaking or lines or [""])[0]


def rows(text):
    """[(place, text)], in their order; what stands twice under the same headings is one row."""
    headings, block, found = [], None, []

    def add(words):
        place = " / ".join(name for _, name in headings if name)
        if words and (place, words) not in found:
            found.append((place, words))

    for line in text.splitlines():
        if line.strip().startswith("```"):
            if block is None:
                block = []
            else:
                add("code: " + cut(telling(block)))
                block = None
        elif block is not None:
            block.append(line)
        elif heading := re.match(r"^(#+)\s+(.*)", line):
            depth = len(heading[1])
            headings = [one for one in headings if one[0] < depth and one[0] > 1] + [(depth, cut(heading[2]))]
            headings = [(level, name if level > 1 else "") for level, name in headings]
        elif point := POINT.match(line):
            add(cut(point[1]))
    return found
