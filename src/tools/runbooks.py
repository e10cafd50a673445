# SPDX-License-Identifier: Apache-2.0
"""runbooks.py CMARK_GFM IN_DIR OUT_DIR: each runbook as the piece of HTML that the daemon serves, `<Alert>.html`.

A link to another runbook leads to its address on the daemon. Other pages of the documentation are not served: their
links become the words and the file's name. A link to a file that is not there ends the build. Who came by an alert's
link has not read README.md, which says what the commands need: before the first of them stands the way to it.
"""
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.S)
HEADING = re.compile(r"<h([1-6])>([^<]*)</h\1>")
CHECKS = '<h2 id="first-checks">First checks</h2>\n'
NEEDED = '<p><a href="/runbooks/README">What the commands take for granted</a></p>\n'


def mended(link, folder):
    target, words = link[1], link[2]
    if re.match(r"[a-z]+:", target) or target.startswith("#"):
        return link[0]
    file, _, place = target.partition("#")
    if not (folder / file).is_file():
        sys.exit(f"runbooks.py: a link leads to {target}, which is not there")
    if "/" not in file:
        return f'<a href="/runbooks/{file.removesuffix(".md")}{"#" + place if place else ""}">{words}</a>'
    page = (folder / file).resolve().name
    return words if page in words else f"{words} ({page})"


def with_place(heading):
    """As GitHub names it in links to it."""
    level, words = heading[1], heading[2]
    place = re.sub(r"[^\w -]", "", words.lower()).replace(" ", "-")
    return f'<h{level} id="{place}">{words}</h{level}>'


def made_of(cmark, source):
    html = subprocess.run([cmark, "--extension", "table", "--extension", "strikethrough", str(source)], check=True, capture_output=True,
                          text=True, encoding="utf-8").stdout
    html = LINK.sub(lambda link: mended(link, source.parent), html)
    return HEADING.sub(with_place, html).replace(CHECKS, CHECKS + NEEDED)


def main(cmark, folder, out):
    folder, out = pathlib.Path(folder), pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    made = set()
    for source in sorted(folder.glob("*.md")):
        file = out / f"{source.stem}.html"
        file.write_text(made_of(cmark, source), encoding="utf-8")
        made.add(file.name)
    for file in out.glob("*.html"):
        if file.name not in made:
            file.unlink()  # of a runbook that is gone


if __name__ == "__main__":
    main(*sys.argv[1:])
