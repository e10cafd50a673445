# SPDX-License-Identifier: Apache-2.0
"""Whether an answer is one that the document of the interface promises. Needs Debian's python3-jsonschema."""

import json
import re

import jsonschema

PROBLEM = "application/problem+json"


def in_words(error):
    return f"{'/'.join(map(str, error.absolute_path)) or 'the body'}: {error.message[:200]}"


class Document:
    def __init__(self, text):
        self.text = text
        self.whole = json.loads(text)
        self.listener_statuses = set(self.whole["x-porchlight-listener-statuses"])
        self._resolver = jsonschema.RefResolver("", self.whole)
        self._templates = [(re.compile(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path)) + "$"), path)
                           for path in sorted(self.whole["paths"], key=lambda path: path.count("{"))]

    def template(self, path):
        """The document's path that this one is an example of, or None."""
        path = path.partition("?")[0]
        return next((template for pattern, template in self._templates if pattern.match(path)), None)

    def operation(self, method, path):
        """(name, operation); HEAD is GET's. (None, None) for what is not in the document."""
        template = self.template(path)
        verb = {"HEAD": "get"}.get(method, method.lower())
        operation = self.whole["paths"].get(template, {}).get(verb)
        return (f"{verb.upper()} {template}", operation) if operation else (None, None)

    def resolved(self, part):
        while "$ref" in part:
            part = self._resolver.resolve(part["$ref"])[1]
        return part

    def schema_faults(self, schema, value):
        validator = jsonschema.Draft202012Validator(schema, resolver=self._resolver)
        return [in_words(error) for error in validator.iter_errors(value)]

    def declared(self):
        """Every (operation, status) that the document names."""
        return {(f"{verb.upper()} {path}", int(status)) for path, item in self.whole["paths"].items()
                for verb, operation in item.items() for status in operation["responses"] if status != "default"}

    def answer_faults(self, method, path, status, headers, body):
        """What is wrong with this answer; `headers` is a mapping that ignores case, `body` bytes."""
        _, operation = self.operation(method, path)
        described = (operation or {}).get("responses", {}).get(str(status))
        if described is None:
            if status not in self.listener_statuses:
                return [f"the status {status} is not in the document"]
            if status == 308:
                return [] if headers.get("Location", "").startswith("https://") and not body else ["308 without Location"]
            described = self.whole["components"]["responses"]["Refused"]
        described = self.resolved(described)
        faults = self._header_faults(described, headers)
        return faults + self._body_faults(method, described, status, headers, body)

    def _header_faults(self, described, headers):
        faults = []
        for name, header in described.get("headers", {}).items():
            header = self.resolved(header)
            value = headers.get(name)
            if value is None:
                faults += [f"no header {name}"] if header.get("required") else []
                continue
            if header["schema"].get("type") == "integer" and value.isdigit():
                value = int(value)
            faults += [f"header {name}: {fault}" for fault in self.schema_faults(header["schema"], value)]
        return faults

    def _body_faults(self, method, described, status, headers, body):
        kind = (headers.get("Content-Type") or "").partition(";")[0].strip()
        content = described.get("content")
        if content is None:
            return ["a body where none is promised"] if body or kind else []
        if kind not in content:
            return [f"the type '{kind}' where {list(content)} is promised"]
        if method == "HEAD":
            return ["HEAD has a body"] if body else []
        schema = content[kind].get("schema")
        if schema is None:
            return [] if body else ["no body"]
        try:
            value = json.loads(body) if kind.endswith("json") else body.decode()
        except ValueError as error:
            return [f"the body cannot be read: {error}"]
        faults = self.schema_faults(schema, value)
        if kind == PROBLEM and not faults and value["status"] != status:
            faults.append(f"the problem says {value['status']}, the answer {status}")
        return faults
