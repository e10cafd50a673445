# SPDX-License-Identifier: Apache-2.0
"""Reads the syntax of Grafana Alloy's files: blocks, attributes, strings, arrays, objects and references."""

import re

TOKEN = re.compile(r'\s*(?:(?P<comment>//[^\n]*)|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_][\w.]*)|(?P<number>\d+)|(?P<sign>[{}\[\]=,]))')


class Malformed(Exception):
    """It is no such file."""


class Reference(str):
    """A value that names what another block exports."""


class Block:
    def __init__(self, name, label):
        self.name, self.label, self.values, self.blocks = name, label, {}, []

    def all(self, name):
        return [block for block in self.blocks if block.name == name]


class Reader:
    def __init__(self, text):
        self.left = []
        at = 0
        while text[at:].strip():
            token = TOKEN.match(text, at)
            if not token:
                raise Malformed(text[at:at + 60])
            if token.lastgroup != "comment":
                self.left.append((token.lastgroup, token[token.lastgroup]))
            at = token.end()

    def next(self):
        if not self.left:
            raise Malformed("it ends too early")
        return self.left.pop(0)

    def expect(self, sign):
        if (token := self.next()) != ("sign", sign):
            raise Malformed(f"{token} instead of {sign}")

    def is_next(self, sign):
        return self.left[:1] == [("sign", sign)]

    def body(self, block):
        """Attributes and blocks, up to the brace that ends them or the file's end."""
        while self.left and not self.is_next("}"):
            kind, name = self.next()
            if kind != "name":
                raise Malformed(f"{name} is no name")
            if self.is_next("="):
                self.next()
                if name in block.values:
                    raise Malformed(f"{name} twice")
                block.values[name] = self.value()
                continue
            label = self.next()[1][1:-1] if self.left[:1] and self.left[0][0] == "string" else None
            inner = Block(name, label)
            self.expect("{")
            self.body(inner)
            self.expect("}")
            block.blocks.append(inner)
        return block

    def value(self):
        kind, text = self.next()
        if kind == "string":
            return text[1:-1]
        if kind == "number":
            return int(text)
        if kind == "name":
            return {"true": True, "false": False}.get(text, Reference(text))
        if text == "[":
            return self.items("]", self.value)
        if text == "{":
            return dict(self.items("}", self.pair))
        raise Malformed(text)

    def pair(self):
        kind, name = self.next()
        self.expect("=")
        return (name[1:-1] if kind == "string" else name), self.value()

    def items(self, end, read):
        found = []
        while not self.is_next(end):
            found.append(read())
            if not self.is_next(end):
                self.expect(",")
        self.expect(end)
        return found


def read(text):
    """The file as one block. What it refers to must be there."""
    reader = Reader(text)
    whole = reader.body(Block("", None))
    if reader.left:
        raise Malformed(reader.left[0])
    exported = [f"{block.name}.{block.label}." for block in whole.blocks]
    for block in whole.blocks:
        for value in block.values.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Reference) and not any(one.startswith(name) for name in exported):
                    raise Malformed(f"{one} is nowhere")
    return whole
