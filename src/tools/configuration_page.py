# SPDX-License-Identifier: Apache-2.0
"""configuration_page.py CONFIGURATION.md FRAME.in OUT: porchlight.yaml(5).

The keys come from the table of docs/configuration.md (| keys | default | meaning | on reload |), so that
page and manual cannot say different things.
"""
import re
import sys
from pathlib import Path

ROW = re.compile(r"^\| (`[a-z_]+[\w.\[\]]*`(?:, `\.?\w+`)*) \| (.+?) \|(.*?)\| ([^|]+) \|$")


def roff(text):
    """One line of Markdown as roff: no links, no code marks, nothing that roff would take as its own."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "")
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = text.replace("…", "\\[u2026]").replace("×", "\\(mu").replace("–", "\\(en")
    return re.sub(r"^([.'])", r"\\&\1", text)


def entry(keys, default, meaning, on_reload):
    first = roff(default).capitalize() if default.startswith("required") else f"Default: {roff(default)}"
    lines = [f".It {roff(keys)}", f"{first}."]
    if meaning.strip():
        lines += [".br", roff(meaning.strip()[0].upper() + meaning.strip()[1:]) + "."]
    return lines + [".br", f"On reload: {roff(on_reload)}."]


def keys_of(page):
    rows = [match.groups() for match in map(ROW.match, page.splitlines()) if match]
    listed = sum(line.startswith("| `") for line in page.split("## Keys of this version")[1].split("\n## ")[0].splitlines())
    if not rows or len(rows) < listed:
        sys.exit(f"configuration_page.py: read {len(rows)} of {listed} rows of the table of keys")
    return [line for row in rows for line in entry(*row)]


def main(page, frame, out):
    text = Path(frame).read_text(encoding="utf-8")
    keys = keys_of(Path(page).read_text(encoding="utf-8"))
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    Path(out).write_text(text.replace("@KEYS@", "\n".join(keys)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
