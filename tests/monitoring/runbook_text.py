# SPDX-License-Identifier: Apache-2.0
"""Reads runbooks and what they are held against: the man page, the table of keys, the contract of metrics."""

import json
import re
import shlex

import shipped

SECTIONS = ["Meaning", "Impact", "First checks", "Mend", "Escalation"]
FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```[ ]*$", re.MULTILINE | re.DOTALL)
QUERY = re.compile(r"--data-urlencode\s+'query=([^']*)'")


class Page:
    """A runbook, taken apart."""

    def __init__(self, name, text):
        self.name = name
        self.text = text
        self.title = text.split("\n", 1)[0].removeprefix("# ").strip()
        parts = re.split(r"^## (.+)$", re.sub(FENCE, self._mask, text), flags=re.MULTILINE)
        self.head = parts[0].split("\n", 1)[1].strip()
        self.sections = [title.strip() for title in parts[1::2]]
        self.blocks = [body for language, body in FENCE.findall(text) if language == "sh"]

    @staticmethod
    def _mask(match):
        """A comment of the shell begins as a heading does."""
        return match.group(0).replace("#", "\0")

    def section(self, title):
        """The text of a section, without its heading."""
        after = self.text.split(f"\n## {title}\n", 1)[1]
        kept, fenced = [], False
        for line in after.split("\n"):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            if line.startswith("## ") and not fenced:
                break
            kept.append(line)
        return "\n".join(kept) + "\n"

    def prose(self):
        """Everything but the blocks and the title."""
        return FENCE.sub("", self.text.split("\n", 1)[1])

    def queries(self):
        return [query for block in self.blocks for query in QUERY.findall(block)]

    def commands(self):
        """The words of each call of the program, in blocks and within the text."""
        inline = re.findall(r"`(?:sudo )?(porchlight [^`]+)`", self.prose())
        return [words for text in [*self.blocks, *inline] for words in calls(text)]


def pages(folder=shipped.RUNBOOKS):
    return [Page(path.stem, path.read_text()) for path in sorted(folder.glob("*.md")) if path.stem != "README"]


def entries(folder=shipped.RULES):
    """Each alert's name with its lines; also of what is switched off, because its link leads here, too."""
    found = []
    for path in sorted(folder.rglob("*.yml")):
        for entry in re.split(r"^\s*- (?=alert:|record:|name:)", path.read_text(), flags=re.MULTILINE)[1:]:
            name = re.match(r"alert:\s*['\"]?(\w+)", entry)
            if name:
                found.append((name.group(1), entry))
    return found


def alerts(folder=shipped.RULES):
    """The severities of each alert's name."""
    found = {}
    for name, entry in entries(folder):
        found.setdefault(name, set()).update(re.findall(r"^\s*severity:\s*['\"]?(\w+)", entry, re.MULTILINE))
    return found


def without_quotes(text):
    """Of a block what the shell itself reads: `$(porchlight …)` counts, a query does not."""
    joined = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return re.sub(r"'[^'\n]*'", "''", joined)


def calls(text):
    """`sudo porchlight a b --c | jq` holds one call: [a, b, --c]."""
    found = []
    for piece in re.split(r"&&|\|\||[|;\n)(]", without_quotes(text)):
        words = shlex.split(piece.replace('"', " "), posix=True)
        while words and (words[0] in ("sudo", "time", "$") or "=" in words[0]):
            words.pop(0)
        if words[:2] == ["-u", "porchlight"]:
            words = words[2:]
        if words and words[0] == "porchlight":
            found.append(words[1:])
    return found


def manual():
    """Of each command of the man page the options that its entry names."""
    text = (shipped.SOURCE / "docs" / "man" / "porchlight.1").read_text().split(".Sh ENVIRONMENT")[0]
    known, common = {}, {"--config", "-c", "--json", "--help", "-h"}
    for entry in re.split(r"^\.It (?=Cm )", text, flags=re.MULTILINE)[1:]:
        lines = entry.split("\n")
        words = re.match(r"Cm ((?:[a-z-]+ ?)+)", lines[0]).group(1).split()
        options = re.findall(r"\bFl (-?[a-z-]+)", entry)
        known[tuple(words)] = {f"-{option}" for option in options} | common
    return known


def fault_of_call(words, known):
    """What is wrong with a call; None: nothing."""
    command = next((tuple(words[:length]) for length in (2, 1) if tuple(words[:length]) in known), None)
    if command is None:
        return "no such command"
    strange = [word for word in words[len(command):] if re.match(r"--?[a-z]", word) and word.split("=")[0] not in known[command]]
    return f"no such option: {' '.join(strange)}" if strange else None


def configuration_keys():
    """Keys of the table in docs/configuration.md, written out: `cameras[].user`, `.password` are two."""
    keys = set()
    for line in (shipped.SOURCE / "docs" / "configuration.md").read_text().split("\n"):
        if not line.startswith("| `"):
            continue
        first = None
        for key in re.findall(r"`([a-zA-Z_.\[\]]+)`", line.split("|")[1]):
            first = first or key
            keys.add(first.rsplit(".", 1)[0] + key if key.startswith(".") else key)
    return keys


def keys_named(page, keys):
    """What a page names in backticks that begins as a key does and is no name of a file."""
    sections = {re.match(r"\w+", key).group(0) for key in keys}
    named = set()
    for text in re.findall(r"`([^`\n]+)`", page.prose()):
        match = re.match(r"(\w+)(\[\])?(\.[a-z_]+(\[\])?)+", text)
        if match and match.group(1) in sections and not re.search(r"\.(key|db|pem|py|md|ya?ml|cpp|sh|head)$", match.group(0)):
            named.add(match.group(0))
    return named


def families():
    """Names that a query may speak of, besides those of FOREIGN: the contract's, and what the rules record."""
    rows = (shipped.SOURCE / "tests" / "telemetry" / "contract.tsv").read_text().split("\n")[1:]
    return {row.split("\t")[0] for row in rows if row.strip()} | recorded_names()


# Of the Prometheus stack and its exporters.
FOREIGN = re.compile(r"(node|pg|redis|probe|prometheus|alertmanager|scrape|pushgateway|push|loki|vm)_\w+$|up$|ALERTS(_FOR_STATE)?$")
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "offset", "bool", "inf", "nan"}


def names_in(query):
    """Names of series in an expression: identifiers that are no function, no label and no word of the language."""
    bare = re.sub(r"\"[^\"]*\"", "", query)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    bare = re.sub(r"\boffset\s+\w+", "", bare)
    return {name for name in re.findall(r"(?<![\w.:])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])", bare) if name not in WORDS}


def label_sets():
    """Of each family of the contract its labels: a list of values, or None where the configuration or the machine closes them."""
    rows = [row.split("\t") for row in (shipped.SOURCE / "tests" / "telemetry" / "contract.tsv").read_text().split("\n")[1:] if row.strip()]
    return {row[0]: {label: values if isinstance(values, list) else None for label, values in json.loads(row[3]).items()} for row in rows}


def strange_labels(query, labels):
    """Matchers of a family of ours that select by a label it has not, or for a value that the label never has."""
    strange = []
    for name, matchers in re.findall(r"(?<![\w.:])([a-z]\w*)\{([^}]*)\}", query):
        own = labels.get(name) or labels.get(re.sub(r"_(bucket|count|sum)$", "", name))
        if own is None:
            continue
        for label, sign, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', matchers):
            if label in ("job", "instance", "node", "track", "le"):  # of the target, and of buckets
                continue
            values = own.get(label)
            met = values is None or any(re.fullmatch(value, one) if "~" in sign else value == one for one in values)
            if label not in own or not met:
                strange.append(f"{name}{{{label}{sign}{value}}}")
    return strange


def unknown_in(query, known):
    """Names of series that are none; also a choice of names, `{__name__=~"…"}`, that no name meets."""
    choices = re.findall(r'__name__=~"([^"]*)"', query)
    unmet = [choice for choice in choices if not any(re.fullmatch(choice, name) for name in known)]
    strange = [name for name in sorted(names_in(query)) if not is_known(name, known)]
    return unmet + strange


def is_known(name, known):
    base = re.sub(r"_(bucket|count|sum)$", "", name)
    return name in known or base in known or bool(FOREIGN.match(name))


def recorded_names(folder=shipped.RULES):
    return {name for path in folder.rglob("*.yml") for name in re.findall(r"record:\s*(\S+)", path.read_text())}


def rules_of(queries):
    """A file of recording rules with these expressions, for promtool; JSON is YAML."""
    rules = [{"record": f"runbook:q{number}", "expr": query} for number, query in enumerate(queries)]
    return json.dumps({"groups": [{"name": "runbooks", "rules": rules}]})


# Copies of a template: sentences that two pages share, and pages that are nearly one.

def plain(text):
    """Words alone; numbers and the page's own name are what a template fills in."""
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.findall(r"[a-z_]+", text.lower())


def sentences(page, least):
    """Sentences of at least so many words, without the page's name."""
    own = page.name.lower()
    found = set()
    for text in re.split(r"(?<=[.:;?!])\s+|\n\s*\n|\n(?=\d+\. |\| )", page.prose()):
        words = [word for word in plain(text) if word != own]
        if len(words) >= least:
            found.add(" ".join(words))
    return found


def shingles(page, length=4):
    words = [word for word in plain(page.prose()) if word != page.name.lower()]
    return {tuple(words[at:at + length]) for at in range(len(words) - length + 1)}


def shared_sentences(all_pages, least=8):
    """Each sentence that stands in more than one page, with the pages."""
    where = {}
    for page in all_pages:
        for sentence in sentences(page, least):
            where.setdefault(sentence, []).append(page.name)
    return {sentence: names for sentence, names in where.items() if len(names) > 1}


def likeness(first, second):
    """The part of the smaller set of shingles that the other has, too."""
    return len(first & second) / max(1, min(len(first), len(second)))


def likest(all_pages):
    """The two pages that are most alike, as (likeness, name, name)."""
    cut = [(shingles(page), page.name) for page in all_pages]
    return max(((likeness(first, second), one, other)
                for number, (first, one) in enumerate(cut) for second, other in cut[number + 1:]), default=(0.0, "", ""))


def copy_of(page, name):
    """What a template would make for another alert: the page with another name and other numbers."""
    return Page(name, re.sub(r"\d+", "7", page.text.replace(page.name, name)))
