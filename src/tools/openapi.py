# SPDX-License-Identifier: Apache-2.0
"""openapi.py OUT.json OUT.cpp BASE.json PART.json…: the document of the interface, whole and as a C++ text.

A part adds tags, paths and components to the base. What two of them define is a fault: one would hide the other.
"""
import json
import sys
from pathlib import Path

FRAME = """// SPDX-License-Identifier: Apache-2.0
// Made by src/tools/openapi.py of the files in src/api/openapi.
#include "api/openapi_document.hpp"

namespace porchlight::api {{

const std::string_view openapi_document =
{pieces};

}}  // namespace porchlight::api
"""
PIECE = 4000  # characters; compilers bound the length of one literal


def add(whole, part, where):
    for name, value in part.items():
        if isinstance(value, dict) and where in ("", "components"):
            add(whole.setdefault(name, {}), value, name)
        elif name == "tags":
            whole[name] = whole[name] + value
        elif name in whole:
            sys.exit(f"openapi.py: two parts define '{where}/{name}'")
        else:
            whole[name] = value


def joined(files):
    whole = json.loads(Path(files[0]).read_text(encoding="utf-8"))
    for file in files[1:]:
        add(whole, json.loads(Path(file).read_text(encoding="utf-8")), "")
    return whole


def main(out_json, out_cpp, *files):
    text = json.dumps(joined(files), separators=(",", ":"), ensure_ascii=False)
    pieces = [f'    R"openapi({text[at:at + PIECE]})openapi"' for at in range(0, len(text), PIECE)]
    Path(out_json).write_text(text, encoding="utf-8")
    Path(out_cpp).write_text(FRAME.format(pieces="\n".join(pieces)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
