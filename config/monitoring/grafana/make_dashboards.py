#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make_dashboards.py: writes dashboards/<folder>/*.json from dashboard_table.py. Run it after a change there, and commit both.
make_dashboards.py --check: says which files are not what it would write; 1 if any."""

import json
import pathlib
import sys

import dashboard_table
import panels

HERE = pathlib.Path(__file__).resolve().parent / "dashboards"


def files():
    """{path: text}"""
    made = {}
    for folder, prefix, title, rows, options in dashboard_table.DASHBOARDS:
        text = json.dumps(panels.dashboard(folder, prefix, title, rows, **options), indent=1, ensure_ascii=False) + "\n"
        made[HERE / folder / f"{panels.uid(folder, title)[len(folder) + 1:]}.json"] = text
    return made


def main(arguments):
    made = files()
    there = {path for path in HERE.glob("*/*.json")}
    wrong = [path for path in sorted(there | set(made)) if path not in made or path not in there or path.read_text(encoding="utf-8") != made[path]]
    if arguments == ["--check"]:
        print("".join(f"{path.relative_to(HERE)} is not what make_dashboards.py writes\n" for path in wrong), end="")
        return 1 if wrong else 0
    for path in wrong:
        if path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
