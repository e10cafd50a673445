#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the end of kustomization.yaml, the lists of what lies in folders: kustomize knows no `*`. --check: fails when it is old."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parents[1]
MARK = "# The rest is written by kubernetes/lists.py, for kustomize knows no `*`.\n"
FOLDERS = {"rules": "rules/*.yml", "loki": "logs/loki*.yml",
           "grafana-providers": "grafana/provisioning/dashboards/*.yml"}


def lists():
    """The generators of all that is there."""
    wanted = dict(FOLDERS)
    for folder in sorted((HERE / "grafana/dashboards").glob("*/")):
        wanted[f"dashboards-{folder.name}"] = f"grafana/dashboards/{folder.name}/*.json"
    text = ""
    for name, pattern in wanted.items():
        files = sorted(str(path.relative_to(HERE)) for path in HERE.glob(pattern))
        if files:
            text += f"- name: {name}\n  files:\n" + "".join(f"  - {file}\n" for file in files)
    return text


def main():
    target = HERE / "kustomization.yaml"
    old = target.read_text()
    new = old.partition(MARK)[0] + MARK + lists()
    if "--check" in sys.argv:
        sys.exit("kustomization.yaml is old: run kubernetes/lists.py" if new != old else 0)
    target.write_text(new)


if __name__ == "__main__":
    main()
