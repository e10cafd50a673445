# SPDX-License-Identifier: Apache-2.0
"""Holds every answer that a system test gets over HTTP against the document of the interface, and remembers
which operation and status was seen. Without python3-jsonschema it says so once and holds nothing."""

import atexit
import json
import os
import pathlib
import sys

BUILD = pathlib.Path(os.environ.get("PORCHLIGHT_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build" / "release"))
FOLDER = BUILD / "tests" / "system" / "openapi_seen"
MISSING = "python3-jsonschema is not installed: answers are not held against the OpenAPI document"

SCRIPT = pathlib.Path(sys.argv[0]).stem
IS_TEST = SCRIPT.startswith(("test_", "openapi_"))  # demo and benches use the same harness

try:
    openapi_document = None
    if IS_TEST:
        import openapi_document
except ImportError:
    print(MISSING, file=sys.stderr)

_document = None
_seen = set()


def document():
    """The document as the build made it; None when there is nothing to hold against it with."""
    global _document
    if _document is None and openapi_document is not None:
        _document = openapi_document.Document((BUILD / "openapi.json").read_text(encoding="utf-8"))
    return _document


def check(method, path, status, headers, body):
    """Fails when the document does not promise this answer."""
    if document() is None:
        return
    faults = document().answer_faults(method, path, status, headers, body)
    if faults:
        raise AssertionError(f"{method} {path}: {status} is not as the OpenAPI document says: {'; '.join(faults)}\n{body[:400]!r}")
    note(method, path, status)


def check_control(method, path, status, headers, body):
    """The same for the control socket, whose own routes are not in the document."""
    if document() is not None and document().operation(method, path)[1]:
        check(method, path, status, headers, body)


def note(method, path, status):
    name, operation = document().operation(method, path)
    if operation and str(status) in operation["responses"]:
        _seen.add((name, status))


def test_name():
    """As ctest calls it: file, class and method."""
    return ".".join([SCRIPT, *(a for a in sys.argv[1:] if not a.startswith("-"))])


def keep():
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = FOLDER / f"{test_name()}.{os.getpid()}.part"
    part.write_text(json.dumps(sorted(_seen)))
    part.rename(FOLDER / f"{test_name()}.json")


if openapi_document is not None and SCRIPT.startswith("test_"):
    atexit.register(keep)
