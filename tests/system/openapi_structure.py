# SPDX-License-Identifier: Apache-2.0
"""Whether a document is sound OpenAPI 3.1, as far as this project uses it: each check returns its faults.

Debian has no validator for OpenAPI, so SHAPE is the specification's objects in the part that we use, and closed:
a key that is misspelt, or that nobody thought about, is a fault.
"""

import json
import re

import jsonschema

TEXT = {"type": "string", "minLength": 1}


def closed(needed, /, **properties):
    return {"type": "object", "required": needed, "properties": properties, "additionalProperties": False}


def named(of, pattern=".+"):
    return {"type": "object", "patternProperties": {f"^{pattern}$": of}, "additionalProperties": False}


REFERENCE = closed(["$ref"], **{"$ref": {"type": "string", "pattern": "^#/components/[a-z]+/[A-Za-z]+$"}})


def or_reference(of):
    return {"if": {"type": "object", "required": ["$ref"]}, "then": REFERENCE, "else": of}


SCHEMA = {"type": "object"}  # judged by JSON Schema's own meta schema
HEADER = closed(["schema"], description=TEXT, required={"type": "boolean"}, schema=SCHEMA)
CONTENT = named(closed([], schema=SCHEMA, example={}), r"[a-z]+/[a-z0-9.+*-]+")
RESPONSE = closed(["description"], description=TEXT, headers=named(or_reference(HEADER)), content=CONTENT)
PARAMETER = closed(["name", "in", "schema"], name=TEXT, description=TEXT, required={"type": "boolean"}, schema=SCHEMA,
                   **{"in": {"enum": ["path", "query", "header", "cookie"]}, "explode": {"type": "boolean"}, "style": TEXT,
                      "allowEmptyValue": {"type": "boolean"}, "example": {}})
OPERATION = closed(
    ["operationId", "tags", "summary", "x-porchlight-role", "security", "responses"],
    operationId={"type": "string", "pattern": "^[a-z][A-Za-z]+$"}, tags={"type": "array", "minItems": 1, "items": TEXT},
    summary=TEXT, description=TEXT, parameters={"type": "array", "items": or_reference(PARAMETER)},
    requestBody=closed(["content"], description=TEXT, required={"type": "boolean"}, content=CONTENT),
    responses={**named(or_reference(RESPONSE), "(default|[1-5][0-9][0-9])"), "required": ["default"], "minProperties": 2},
    security={"type": "array", "items": named({"type": "array", "maxItems": 0})},
    **{"x-porchlight-role": {"enum": ["open", "local", "monitor", "account", "viewer", "user", "admin"]},
       "x-porchlight-scope": {"enum": ["view", "ring", "manage", "metrics", "alerts"]},
       "x-porchlight-camera": {"enum": ["camera", "button"]}})
SECURITY = closed(["type"], type={"enum": ["apiKey", "http"]}, name=TEXT, scheme={"enum": ["bearer", "basic"]},
                  bearerFormat=TEXT, description=TEXT, **{"in": {"enum": ["cookie", "header"]}})
SHAPE = closed(
    ["openapi", "info", "paths", "components", "tags", "servers", "jsonSchemaDialect", "x-porchlight-listener-statuses"],
    openapi={"const": "3.1.0"}, jsonSchemaDialect={"const": "https://json-schema.org/draft/2020-12/schema"},
    info=closed(["title", "version"], title=TEXT, version=TEXT, summary=TEXT, description=TEXT,
                license=closed(["name"], name=TEXT, identifier=TEXT)),
    servers={"type": "array", "items": closed(["url"], url=TEXT, description=TEXT)},
    tags={"type": "array", "items": closed(["name", "description"], name=TEXT, description=TEXT)},
    paths=named(named(OPERATION, "(get|put|post|delete|patch)"), "/.*"),
    components=closed(["schemas", "responses", "securitySchemes"], schemas=named(SCHEMA, "[A-Z][A-Za-z]+"),
                      responses=named(RESPONSE, "[A-Z][A-Za-z]+"), headers=named(HEADER, "[A-Z][A-Za-z]+"),
                      parameters=named(PARAMETER, "[A-Z][A-Za-z]+"), securitySchemes=named(SECURITY, "[a-z]+")),
    **{"x-porchlight-listener-statuses": {"type": "array", "uniqueItems": True,
                                          "items": {"type": "integer", "minimum": 300, "maximum": 599}}})


def walk(part, path=()):
    yield path, part
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in items:
        yield from walk(value, (*path, str(key)))


def schemas(whole):
    """(path, schema) of every schema, nested ones too; not what stands in an example."""
    for path, part in walk(whole):
        is_top = path[-1:] == ("schema",) or path[:-1] == ("components", "schemas")
        if is_top and isinstance(part, dict):
            yield from nested_schemas(part, path)


def nested_schemas(schema, path):
    yield path, schema
    for key in ("items", "additionalProperties", "unevaluatedProperties", "not", "if", "then", "else"):
        if isinstance(schema.get(key), dict):
            yield from nested_schemas(schema[key], (*path, key))
    for key in ("properties", "patternProperties", "$defs"):
        for name, below in schema.get(key, {}).items():
            yield from nested_schemas(below, (*path, key, name))
    for key in ("anyOf", "oneOf", "allOf"):
        for number, below in enumerate(schema.get(key, [])):
            yield from nested_schemas(below, (*path, key, str(number)))


def operations(whole):
    for path, item in whole["paths"].items():
        for verb, operation in item.items():
            yield f"{verb.upper()} {path}", path, operation


def shape_faults(whole):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:160]}"
            for e in jsonschema.Draft202012Validator(SHAPE).iter_errors(whole)]


def reference_faults(whole):
    """Names that are not there, and components that nobody names."""
    defined = {f"#/components/{kind}/{name}" for kind, items in whole["components"].items() for name in items}
    used = {part["$ref"] for _, part in walk(whole) if isinstance(part, dict) and isinstance(part.get("$ref"), str)}
    used |= {f"#/components/securitySchemes/{name}" for _, _, operation in operations(whole)
             for way in operation["security"] for name in way}
    return ([f"{name} is named and not there" for name in sorted(used - defined)]
            + [f"{name} is there and not named" for name in sorted(defined - used)])


def schema_faults(whole):
    """Schemas that are none, and objects that would take a member nobody described."""
    faults = []
    for path, schema in schemas(whole):
        where = "/".join(path)
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            faults.append(f"{where}: {error.message}")
        # The parts of a composition are closed by what is around them.
        in_composition = any(word in ("allOf", "anyOf", "oneOf", "if", "then", "else") for word in path)
        is_object = schema.get("type") == "object" and path[-2:] != ("info",) and "OpenApi" not in path
        is_closed = any(schema.get(key) is not None and schema[key] is not True
                        for key in ("additionalProperties", "unevaluatedProperties"))
        if is_object and not is_closed and not in_composition:
            faults.append(f"{where}: the object is open")
    return faults


def example_faults(whole):
    resolver = jsonschema.RefResolver("", whole)
    faults = []
    for path, schema in schemas(whole):
        for example in schema.get("examples", []):
            for error in jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(example):
                faults.append(f"{'/'.join(path)}: the example does not fit: {error.message}")
    return faults


def operation_faults(whole):
    faults = []
    tags = {tag["name"] for tag in whole["tags"]}
    names = [operation["operationId"] for _, _, operation in operations(whole)]
    faults += [f"two operations are called {name}" for name in sorted({n for n in names if names.count(n) > 1})]
    used = set()
    for name, path, operation in operations(whole):
        used |= set(operation["tags"])
        faults += [f"{name}: the tag {tag} is not described" for tag in operation["tags"] if tag not in tags]
        described = [p for p in operation.get("parameters", []) if p.get("in") == "path"]
        if {p["name"] for p in described} != set(re.findall(r"{([a-z_]+)}", path)):
            faults.append(f"{name}: path and path parameters differ")
        faults += [f"{name}: the path parameter {p['name']} is not required" for p in described if not p.get("required")]
        if ("x-porchlight-scope" in operation) == (operation["x-porchlight-role"] == "open"):
            faults.append(f"{name}: a scope belongs to every operation that is not open")
    return faults + [f"the tag {tag} is described and not used" for tag in sorted(tags - used)]


CHECKS = [shape_faults, reference_faults, schema_faults, example_faults, operation_faults]


def all_faults(whole):
    return [fault for check in CHECKS for fault in check(whole)]


def copy_of(whole):
    return json.loads(json.dumps(whole))
