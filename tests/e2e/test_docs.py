# SPDX-License-Identifier: MIT
"""Documents say what is so: the SQL of docs/store.md runs, the commands they show are accepted,
their links lead somewhere, their consoles show what happens. The conversation of docs/protocol.md:
contract tests."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import sqlite3
import subprocess

import pytest
from conftest import need
from tote_tool import PATIENCE_S, ROOT, TOTE, Tote

DOCUMENTS = sorted(path for path in [*pathlib.Path(ROOT).glob("*.md"),
                                     *pathlib.Path(ROOT, "docs").rglob("*.md")])
STORE = pathlib.Path(ROOT, "docs", "store.md")


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """A comparison, a run in which a worker was lost, a bag of commands."""
    tote = Tote(tmp_path_factory.mktemp("docs"))
    paths = [tote.folder / "compare.tote", tote.folder / "run.tote", tote.folder / "bag.tote"]
    tote.ok("compare", "--engines", "local,local:batch=4", "--runs", 2, "--size", 10, "--workers", 2,
            "--store", paths[0])
    tote.ok("run", "--kernel", "fault:kill=3,attempts=1", "--workers", 2, "--store", paths[1])
    items = [tote.folder / name for name in ("a.txt", "b.txt")]
    for item in items:
        item.write_text("text\n")
    tote.ok("run", "--workers", 2, "--store", paths[2], "--results", tote.folder / "results",
            "--", "cp", "{item}", "{out:{stem}.copy}", ":::", *items)
    tote.close()
    return paths


def query(path, sql):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


@pytest.mark.parametrize("sql", blocks(STORE.read_text(encoding="utf-8"), "sql"),
                         ids=lambda sql: sql.split("\n")[0][:30])
def test_sql_examples_run_and_find_something(stores, sql):
    assert any([query(path, sql) for path in stores])


def test_every_table_and_column_is_in_the_document(stores):
    text = STORE.read_text(encoding="utf-8")
    for (table,) in query(stores[0], "SELECT name FROM sqlite_master WHERE type = 'table' "
                                     "AND name NOT LIKE 'sqlite_%'"):
        section = re.search(rf"^### {table}: .*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
        assert section, table
        for column in query(stores[0], f"PRAGMA table_info({table})"):
            assert f"`{column[1]}`" in section[0], (table, column[1])
    ((schema,),) = query(stores[0], "PRAGMA user_version")
    ((application,),) = query(stores[0], "PRAGMA application_id")
    assert f"**{schema}**" in text and f"0x{application:x}" in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_files_that_are_named_exist(path):
    known = re.findall(r"`((?:src|include|tests|docs|scripts|engines|experiments|kernels)/[\w./-]+)`",
                       path.read_text(encoding="utf-8"))
    for name in known:
        if "NAME" not in name:
            assert pathlib.Path(ROOT, name).exists(), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_commands_that_are_shown_are_accepted(tote, path):
    """Those of run, compare and sweep, up to where they would start."""
    (tote.folder / "bag.yaml").write_text("tasks: 1\n")
    text = re.sub(r"^```console.*?^```", "", path.read_text(encoding="utf-8"),
                  flags=re.MULTILINE | re.DOTALL)  # those are run whole, below
    for line in re.findall(r"^ *(?:\$ )?(?:build/)?tote ((?:run|compare|sweep) [^|>#\[;&\n]*)$", text,
                           re.MULTILINE):
        words = shlex.split(line)
        if any("..." in word or "…" in word for word in words):
            continue
        tote.ok(words[0], "--print-config", *words[1:])  # what follows "--" is a command's


@pytest.mark.parametrize("path", sorted(pathlib.Path(ROOT, "docs", "schemas").glob("*.json")),
                         ids=lambda path: path.name)
def test_schemas_describe_every_field(path):
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["title"] and schema["description"] and schema["$id"] == path.name


def test_the_makefile_says_what_it_offers():
    text = pathlib.Path(ROOT, "Makefile").read_text(encoding="utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    for target in set(targets.split()) - {"all", "setup", "build", "help"}:
        assert re.search(rf"echo '(make [^']*)?make {target}\b|make {target}\b", text), target
    assert os.access(os.path.join(ROOT, "scripts", "check"), os.X_OK)


# --- what documents show is what happens ---
#
# A block ```console holds commands, after "$ ", and all that they print. The blocks of a document
# run in one shell, from its top, in an empty folder. What differs from run to run is not compared:
# VOLATILE, and in a block ```console timing all numbers but exit statuses and lines that are one
# number. "$ sleep N" waits for results of the store that was named last, not for a time; after
# kill -9 the end of the run is awaited. With TOTE_DOCS_WRITE=1 in the environment the documents get
# what is printed now, with real sleeps, so that the numbers are those that a reader will see: read
# the difference before you commit it.

SHOWING = ["README.md", "docs/howto-parallel.md", "docs/howto-weekend.md"]
VOLATILE = [(r"\bin \d+\.\d s", "in # s"), (r"rate: .*", "rate: #"), (r"pid \d+", "pid #"),
            (r"(process|kill) \d+", r"\1 #"), (r" on \S+: wait until", " on #: wait until"),
            (r"when: .*", "when: #"), (r"\d{10}\.\d{3}\s+\d+\.\d{3}", "#"),
            (r"  running \d+ .*", "  running #"), (r"\S+/run-[\w-]+\.tote", "#.tote"),
            (r"\d+ workers", "# workers"), (r"\d+ rows checked", "# rows checked")]
PRELUDE = r"""
mark() { local status=$?; printf '\001%s\n' "$1"; return $status; }
if ! command -v sqlite3 >/dev/null; then
    sqlite3() {
        python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for row in db.execute(sys.argv[2]): print(*row, sep="|")' "$@"
    }
fi
count() { tote status --json "$1" 2>/dev/null | sed -n 's/^ *"done": \([0-9]*\).*/\1/p'; }
results() {
    local status=$? begin=$(count "$1")
    until [ $(($(count "$1") + 0)) -ge $((begin + 2)) ]; do
        kill -0 $! 2>/dev/null || break
        command sleep 0.02
    done
    return $status
}
"""


class Block:
    def __init__(self, info, lines):
        self.is_timing = info == "timing"
        self.commands = [line[2:] for line in lines if line.startswith("$ ")]
        self.shown = [line for line in lines if not line.startswith("$ ")]

    def needs_parallel(self):
        return any(command.startswith("parallel ") for command in self.commands)


def console_blocks(path):
    text = pathlib.Path(ROOT, path).read_text(encoding="utf-8")
    found = re.findall(r"^```console ?(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [Block(info, body.splitlines()) for info, body in found]


def runnable(command, store):
    if re.fullmatch(r"sleep \d+", command) and not os.environ.get("TOTE_DOCS_WRITE"):
        return f"results {store}"
    if re.fullmatch(r"kill -9 \$!", command):
        return command + "; { wait $!; } 2>/dev/null"
    return command


def script_of(blocks):
    lines, store, n = [PRELUDE], "", 0
    for block in blocks:
        for command in block.commands:
            named = re.search(r"(?:--store|resume) ([\w.-]+\.tote)", command)
            store = named[1] if named else store
            lines += [f"mark {n}", runnable(command, store)]
            n += 1
    return "\n".join(lines) + "\nmark end\n"


def shell(tote, script, timeout=PATIENCE_S):
    """The output of a script, in the folder of tote, which finds it as tote and as build/tote."""
    path = tote.folder / "script.sh"
    path.write_text(script, encoding="utf-8")
    work = tote.folder / "work"
    work.mkdir()
    (work / "build").symlink_to(os.path.dirname(TOTE))
    env = {**tote.env, "PATH": f"{os.path.dirname(TOTE)}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
           "HOME": str(tote.home)}
    done = subprocess.run(["bash", path], cwd=work, env=env, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    return done.stdout.replace(str(work), "/home/me/bag")


def outputs_of(tote, blocks):
    """What each command of each block printed, as lines."""
    said = [part.splitlines() for part in
            re.split(r"\x01\w+\n", shell(tote, script_of(blocks)))[1:]]
    assert len(said) == sum(len(block.commands) for block in blocks) + 1, said
    for block in blocks:
        yield said[:len(block.commands)]
        del said[:len(block.commands)]


def write(path, blocks, saids):
    """Puts what was printed into the document."""
    def written(match):
        block, said = next(pairs)
        lines = [line for command, lines in zip(block.commands, said)
                 for line in (f"$ {command}", *lines)]
        return match[1] + "".join(line + "\n" for line in lines) + "```"

    pairs = zip(blocks, saids)
    file = pathlib.Path(ROOT, path)
    file.write_text(re.sub(r"(^```console.*\n)(?:.*\n)*?```", written, file.read_text("utf-8"),
                           flags=re.MULTILINE), encoding="utf-8")


def normal(line, is_timing):
    for pattern, instead in VOLATILE:
        line = re.sub(pattern, instead, line)
    if is_timing and not re.match(r"exit status|\d+$", line):
        line = re.sub(r"\d+(\.\d+)?", "#", line)
    return re.sub(r" +", " ", line)


def assert_shown(block, said):
    wanted = [normal(line, block.is_timing) for line in block.shown]
    assert [normal(line, block.is_timing) for line in said] == wanted, block.commands


@pytest.mark.parametrize("path", SHOWING)
def test_consoles_show_what_happens(tote, found_engines, path):
    blocks = console_blocks(path)
    assert blocks
    if not shutil.which("parallel"):
        blocks = [block for block in blocks if not block.needs_parallel()]
    if any("--engine workqueue" in command for block in blocks for command in block.commands):
        need("workqueue", found_engines)
    saids = list(outputs_of(tote, blocks))
    if os.environ.get("TOTE_DOCS_WRITE"):
        assert shutil.which("parallel"), "its output is wanted, too"
        write(path, blocks, saids)
        blocks = console_blocks(path)
    for block, said in zip(blocks, saids):
        assert_shown(block, [line for lines in said for line in lines])


def cells(row):
    parts = re.split(r"(?<!\\)\|", row.strip().strip("|"))
    return [part.strip().replace("\\|", "|").strip("`") for part in parts]


def side_by_side(path="docs/howto-parallel.md"):
    """[(parallel's command, tote's)] of the table whose two sides print the same."""
    text = pathlib.Path(ROOT, path).read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| GNU parallel \| tote \| .*?\|\n\|[-|]*\n((?:\|.*\n)+)", text,
                          re.MULTILINE)
    return [tuple(cells(row)[:2]) for row in table.splitlines()]


def test_both_sides_print_the_same(tote):
    """Where there is no GNU parallel, tote's side only has to work."""
    rows = side_by_side()
    setup = console_blocks("docs/howto-parallel.md")[0].commands
    has_parallel = shutil.which("parallel") is not None
    lines = [PRELUDE, *setup]
    for n, (theirs, ours) in enumerate(rows):
        assert "parallel " in theirs and "tote run " in ours
        lines += [f"mark {n}", f"({theirs}) 2>/dev/null" if has_parallel else ":",
                  f"mark {n}tote", f"({ours}) 2>err || {{ cat err; echo status $?; }}"]
    said = re.split(r"\x01\w+\n", shell(tote, "\n".join(lines) + "\n"))[1:]
    for n, (theirs, ours) in enumerate(rows):
        left, right = said[2 * n:2 * n + 2]
        assert right and "status" not in right, (ours, right)
        if has_parallel and " -k " not in theirs:
            left, right = sorted(left.splitlines()), sorted(right.splitlines())
        assert not has_parallel or left == right, (theirs, left, ours, right)
