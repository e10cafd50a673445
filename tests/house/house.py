# SPDX-License-Identifier: Apache-2.0
"""What the house's walls are, read from its own sources.

Each check takes the root of a tree and returns its faults as lines of text; an empty list is a good
house. The floors are the table of docs/architecture.md: | floor | `room` | … |
"""
import re
import subprocess
from pathlib import Path

TOP_LEVEL = {
    ".ci", ".clang-format", ".clang-tidy", ".gitignore", ".npmrc", "CMakeLists.txt", "CMakePresets.json",
    "LICENSE", "README.md", "config", "debian", "dev", "docs", "include", "package-lock.json",
    "package.json", "src", "systemd", "tests",
}  # fmt: skip
NOT_KEPT = {".git", "build", "node_modules", "compile_commands.json"}

# Folders of src/ that are no rooms: programs that run while building, and what runs in a browser.
NOT_ROOMS = {"page", "tools"}

# Lanes that must never wait for a lock, and what they stand on.
LOCK_FREE = ("base", "gpio", "camera", "pipeline")
LOCKS = re.compile(
    r"std::(?:\w+_)?mutex\b|\bcondition_variable\w*|\b(?:lock_guard|unique_lock|scoped_lock|shared_lock)\b"
    r"|<(?:mutex|shared_mutex|condition_variable)>|<boost/thread|<absl/synchronization|\bboost::(?:\w+_)?mutex\b"
    r"|\babsl::Mutex\b|\bpthread_(?:mutex|cond|rwlock|spin)_|<pthread_mutex"
)

THREADS = re.compile(r"\bstd::(?:j?thread\b(?!::)|async\b)|\bpthread_create\b|\bdetach\(\)|\bthrd_create\b")
STARTS_THREADS = ("base/worker", "pipeline/")

FOREIGN = re.compile(
    r"<opencv|\bcv::|namespace cv\b|<dlib|\bdlib::|namespace dlib\b|<gst/|\b_?Gst[A-Z]|<sqlite3|\bsqlite3\w*"
    r"|<gpiod|\bgpiod_\w+|<boost/|\bboost::|<curl/|\bCURL\b|<pugixml|\bpugi::"
)

BAD_NAME = re.compile(r"(?:manager|helper|utils?|common|impl)$|^base$", re.IGNORECASE)
BAD_TYPE = re.compile(r"\b(?:class|struct)\s+(\w*(?:Manager|Helper|Utils?|Common|Impl))\b")

LONGEST_FILE = 600


def without_comments(text):
    """Comments become nothing; strings stay, and what looks like a comment inside them."""
    pattern = r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/'
    return re.sub(pattern, lambda m: m.group(1) or re.sub(r"[^\n]", "", m.group(0)), text, flags=re.S)


def without_strings(text):
    return "\n".join(
        line if line.lstrip().startswith("#") else re.sub(r'"(?:\\.|[^"\\\n])*"', '""', line)
        for line in text.split("\n")
    )


def sources(root, *folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp", ".c", ".h") and path.is_file():
                yield path


def lines_of(path):
    code = without_strings(without_comments(path.read_text(encoding="utf-8")))
    return enumerate(code.split("\n"), 1)


def floors(root):
    """{room: floor} from the table of docs/architecture.md."""
    text = (root / "docs/architecture.md").read_text(encoding="utf-8")
    return {room: int(floor) for floor, room in re.findall(r"^\| (\d) \| `(\w+)` \|", text, flags=re.M)}


def room_of(root, path):
    parts = path.relative_to(root).parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ("include", "porchlight") and len(parts) > 3:
        return parts[2]
    return None


def includes_of(path):
    for number, line in enumerate(without_comments(path.read_text(encoding="utf-8")).split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1), found.group(2)


def check_rooms(root):
    """Every folder is a room of the table and every room of the table has a folder."""
    known = floors(root)
    found = {p.name for top in ("src", "include/porchlight") for p in (root / top).glob("*") if p.is_dir()}
    faults = [f"src/{room}: not in the table of docs/architecture.md" for room in found - set(known) - NOT_ROOMS]
    faults += [f"docs/architecture.md: room '{room}' has no folder" for room in set(known) - found]
    return sorted(faults) if known else ["docs/architecture.md: no table of floors"]


def arrow_fault(known, where, here, there):
    if there == here or there not in known or here not in known:
        return None
    if known[there] == known[here]:
        return f"{where}: '{here}' looks sideways at '{there}' (floor {known[here]})"
    if known[there] > known[here]:
        return f"{where}: '{here}' (floor {known[here]}) looks up at '{there}' (floor {known[there]})"
    return None


def include_fault(root, known, path, number, kind, target):
    here = room_of(root, path)
    where = f"{path.relative_to(root)}:{number}"
    if ".." in Path(target).parts:
        return f"{where}: includes '{target}' by a way up the folders"
    parts = target.split("/")
    if parts[0] == "porchlight" and len(parts) > 2:
        return arrow_fault(known, where, here, parts[1])
    if kind == '"' and len(parts) > 1 and parts[0] in known and parts[0] != here:
        return f"{where}: '{here}' includes '{target}', which is private to '{parts[0]}'"
    return None


def check_includes(root):
    """No include runs up or sideways, and none reaches into another room's own folder."""
    known = floors(root)
    faults = []
    for path in sources(root, "src", "include"):
        if room_of(root, path) is None or room_of(root, path) in NOT_ROOMS:
            continue
        for number, kind, target in includes_of(path):
            fault = include_fault(root, known, path, number, kind, target)
            if fault:
                faults.append(fault)
    return faults


def check_links(root):
    """No room links a room above or beside it."""
    known = floors(root)
    faults = []
    for path in sorted((root / "src").glob("*/CMakeLists.txt")):
        here = path.parent.name
        text = re.sub(r"#[^\n]*", "", path.read_text(encoding="utf-8"))
        rooms = [w for block in re.findall(r"\bROOMS\b([^)]*)", text) for w in re.split(r"\b(?:LIBS|SOURCES)\b", block)[0].split()]
        rooms += re.findall(r"porchlight(?:::|_)(\w+)", text)
        for there in sorted(set(rooms)):
            fault = arrow_fault(known, path.relative_to(root), here, there)
            if fault:
                faults.append(fault)
    return faults


def check_contracts(root):
    """include/ holds only what another room includes, or what such a header needs."""
    wanted = set()
    for path in sources(root, "src", "include"):
        for _, _, target in includes_of(path):
            parts = target.split("/")
            if parts[0] == "porchlight" and (parts[1] != room_of(root, path) or path.parts[len(root.parts)] == "include"):
                wanted.add(target)
    headers = sorted((root / "include").rglob("*.hpp"))
    return [
        f"{path.relative_to(root)}: no other room includes it; it belongs into src/{room_of(root, path)}"
        for path in headers if path.relative_to(root / "include").as_posix() not in wanted
    ]  # fmt: skip


def matches(root, pattern, paths):
    for path in paths:
        for number, line in lines_of(path):
            found = pattern.search(line)
            if found:
                yield f"{path.relative_to(root)}:{number}: '{found.group(0)}'"


def check_foreign_types(root):
    """No library's type in a contract: a user of a room does not see what it is built on."""
    return list(matches(root, FOREIGN, sources(root, "include")))


def check_locks(root):
    """No lock where a button, a camera or an event would have to wait for it."""
    folders = [top + room for room in LOCK_FREE for top in ("src/", "include/porchlight/")]
    return list(matches(root, LOCKS, sources(root, *folders)))


def check_threads(root):
    """Only `pipeline` starts threads, by base's Worker."""
    paths = [
        p for p in sources(root, "src", "include")
        if not any(s in p.as_posix().replace("/include/porchlight/", "/src/") for s in ("src/" + w for w in STARTS_THREADS))
    ]  # fmt: skip
    return list(matches(root, THREADS, paths))


def top_level(root):
    if (root / ".git").exists():
        listed = subprocess.run(["git", "-C", str(root), "ls-files"], capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            return {line.split("/")[0] for line in listed.stdout.splitlines()}
    return {p.name for p in root.iterdir()} - NOT_KEPT


def check_top_level(root):
    """Nothing new at the top without a decision."""
    return [f"{name}: does not belong at the top" for name in sorted(top_level(root) - TOP_LEVEL)]


def check_files(root):
    """First line, length and names."""
    faults = []
    for path in sources(root, "src", "include", "tests"):
        where = path.relative_to(root)
        text = path.read_text(encoding="utf-8")
        if not re.match(r"(//|/\*) SPDX-License-Identifier: Apache-2\.0\n", text):
            faults.append(f"{where}: the first line is not the licence")
        if text.count("\n") > LONGEST_FILE:
            faults.append(f"{where}: {text.count(chr(10))} lines")
        if BAD_NAME.search(path.stem):
            faults.append(f"{where}: a name that says nothing")
        faults += [f"{where}: '{name}' says nothing" for name in BAD_TYPE.findall(without_comments(text))]
    return faults


def check_pages(root):
    """No page and no comment points to a page that is not there."""
    faults = []
    for page in sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")]):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                faults.append(f"{page.relative_to(root)}: '{target}' is not there")
    for path in sources(root, "src", "include"):
        for target in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text(encoding="utf-8")):
            if not (root / target).exists():
                faults.append(f"{path.relative_to(root)}: '{target}' is not there")
    return faults


NAMED_TEST = re.compile(r"`((?:[A-Z][A-Za-z0-9]+\.(?:[A-Za-z]\w*|\*)|test_\w+|[A-Z][A-Za-z0-9]+\.[A-Za-z]\w*)[*…]?)`")


def check_named_tests(root):
    """Each test that a page names as proof is there; `*` and `…` stand for the rest of a name."""
    known = tests_of(root)
    faults = []
    for page in sorted((root / "docs").glob("*.md")):
        for name in NAMED_TEST.findall(page.read_text(encoding="utf-8")):
            begin = name.rstrip("*…")
            fits = str.startswith if begin != name else str.__eq__
            if not any(fits(test, begin) for test in known):
                faults.append(f"{page.relative_to(root)}: there is no test '{name}'")
    return faults


# How many provisions each section of EN 303 645 V2.1.1 has.
PROVISIONS = {"5.1": 5, "5.2": 3, "5.3": 16, "5.4": 4, "5.5": 8, "5.6": 9, "5.7": 2, "5.8": 3, "5.9": 3, "5.10": 1,
              "5.11": 4, "5.12": 3, "5.13": 1, "6": 5}  # fmt: skip


def check_provisions(root):
    """Each provision has one row, which names a test or says why there is none."""
    page = root / "docs/en-303-645.md"
    if not page.exists():
        return []
    rows = re.findall(r"^\| (\d[\d.]*-\d+) \| (.*) \|$", page.read_text(encoding="utf-8"), re.M)
    named = [number for number, _ in rows]
    wanted = [f"{section}-{number + 1}" for section, count in PROVISIONS.items() for number in range(count)]
    faults = [f"{page.name}: {number} has {named.count(number)} rows" for number in wanted if named.count(number) != 1]
    faults += [f"{page.name}: there is no provision {number}" for number in named if number not in wanted]
    return faults + [f"{page.name}: {number} names no test and gives no reason" for number, text in rows
                     if not NAMED_TEST.search(text) and not re.search(r"Not promised.*(?:, because|: see)|Does not apply: ", text)]


def tests_of(root):
    """Suite.Name of every test; those of Python by their method alone, too."""
    known = set()
    for path in sorted((root / "tests").rglob("*_test.cpp")):
        found = re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(encoding="utf-8"), re.M)
        known |= {f"{suite}.{name}" for suite, name in found}
    for path in sorted((root / "tests").rglob("*.py")):
        suite = ""
        for kind, name in re.findall(r"^(class|    def) (\w+)", path.read_text(encoding="utf-8"), re.M):
            if kind == "class":
                suite = name
            elif name.startswith("test_"):
                known |= {name, f"{suite}.{name}"}
    return known


def check_thread_table(root):
    """docs/threads.md names every worker that is started and every hand-over between threads."""
    table = (root / "docs/threads.md").read_text(encoding="utf-8").split("\n")
    faults = []
    for path in sources(root, "src"):
        for kind, deadline in workers_in(without_comments(path.read_text(encoding="utf-8"))):
            if not any(f"| `{kind}` |" in line and line.endswith(f"| {deadline} |") for line in table):
                faults.append(f"{path.relative_to(root)}: worker '{kind}' of {deadline} is not in docs/threads.md")
    for path in sources(root, "src", "include"):
        if room_of(root, path) == "base":
            continue
        for words in hand_overs_in(without_comments(path.read_text(encoding="utf-8"))):
            if not any(all(f"`{word}`" in line for word in words) for line in table):
                faults.append(f"{path.relative_to(root)}: hand-over '{' by '.join(words)}' is not in docs/threads.md")
    return sorted(set(faults))


def check_causes(root):
    """Tests of causes know the daemon from outside only: nothing is compiled or linked there."""
    faults = [f"{path.relative_to(root)}: a cause is no part of the program" for path in sources(root, "tests/causes")]
    lists = root / "tests/causes/CMakeLists.txt"
    text = lists.read_text(encoding="utf-8") if lists.exists() else ""
    return faults + [f"{lists.relative_to(root)}: {word}" for word in ("add_executable", "add_library", "target_link_libraries", "room_test")
                     if word in text]


def workers_in(code):
    """(type, deadline) of each worker started: start({id, "type", Stage::…, 10s, …}), or a Worker by hand."""
    found = re.findall(r'\bstart\(\s*(?:\w*WorkerSpec\s*)?\{[^{}"]*(?:"[^"]*")?[^{}"]*,\s*"(\w+)",\s*[\w:]*Stage::\w+,\s*(\d+)s\b', code)
    return [(kind, f"{seconds} s") for kind, seconds in found] + [
        (kind, "no deadline") for kind in re.findall(r'\bWorker\b[^;(){}]*[({]\s*"(\w+)"', code)
    ] + [("(unreadable)", "its deadline")] * (len(re.findall(r"\bstart\(\s*(?:\w*WorkerSpec\s*)?\{", code)) - len(found))


def hand_overs_in(code):
    """The words that one line of the table must have: a ring's payload and `queue_name`, a mailbox's type."""
    rings = re.findall(r"\b(?:Spsc|Mpsc)Ring<([^;{}]+?),\s*(?:QueueName::)?(\w+)\s*,\s*(?:Overflow::)?\w+\s*>", code)
    found = [(item.strip(), name) if name != "name" else (item.strip(),) for item, name in rings]
    return found + [(f"Mailbox<{item.strip()}>",) for item in re.findall(r"\bMailbox<([^<>]+)>", code)]


CHECKS = {name[len("check_"):]: check for name, check in list(globals().items()) if name.startswith("check_")}
