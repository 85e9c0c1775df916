#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Fails when an #include line turns an arrow between rooms round, and when a text in a room
that must not know them names a kernel or an engine.

The table is that of docs/architecture.md, "Rooms". Headers of systems that are not ours are
written with <...> and judged only where a room must not know a system. Usage:

    layers.py ROOT           judges the tree
    layers.py ROOT --prove   judges copies with one wrong line each: all must be found
"""
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)

# room: the rooms whose headers it may include, beside its own
ROOMS = {
    "include": set(),
    "base": {"include"},
    "kernels": {"include", "base"},
    "attempt": {"include", "base"},
    "items": {"include", "base"},
    "task": {"attempt", "include", "base"},
    "engines/helper": {"include", "base"},
    "engines": {"engines/helper", "include"},
    "store": {"include", "base"},
    "stats": {"include"},
    "core": {"items", "store", "include", "base"},
    "experiment": {"core", "stats", "store", "include", "base"},
    "report": {"store", "stats", "include", "base"},
    "check": {"core", "include", "base"},
    "facts": {"check", "core", "stats", "include", "base"},
    "cli": {"report", "check", "facts", "experiment", "core", "items", "store", "include", "base"},
}

# The state machine: no header that could reach the world outside.
PURE = {
    "answer", "bag", "budget", "dispatcher", "dispatcher_back", "dispatcher_state", "halt",
    "planner", "recorder", "returned",
}  # fmt: skip
PURE_MAY = {f"core/{stem}.h" for stem in PURE}
WORLD = re.compile(r"^(unistd|fcntl|poll|signal|time|pthread|dirent|sqlite3|jansson|yaml|sys/.*)\.h$")

# Systems that one room alone may know; a room's folder, or a file.
SYSTEMS = {
    "sqlite3.h": ["src/store/", "tests/"],
    "yaml.h": ["src/cli/bagfile.c", "tests/"],
    "jansson.h": ["src/store/kept.c", "src/store/words.", "src/core/", "src/check/", "src/facts/", "src/report/", "src/cli/", "engines/helper/", "tests/"],
    "zfp.h": ["kernels/zfp.c", "tests/"],
    "zlib.h": ["kernels/zlib.c", "tests/"],
    "work_queue.h": ["engines/workqueue/"],
}

# Rooms whose texts may name a kernel, or an engine.
KERNELS_KNOWN_TO = {"kernels", "task", "check", "cli"}
ENGINES_KNOWN_TO = {"engines", "cli"}
# The role of a cell has the name of the kernel that it is run with.
ROLES = {("src/store/cells.c", "noop")}
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

# Nothing but these may be included by tests only.
SOURCES = ("include", "src", "kernels", "engines")


def room_of(path):
    """The room of a file, by its path from the root."""
    parts = pathlib.PurePosixPath(path).parts
    if parts[0] == "include":
        return "include"
    if parts[0] == "kernels":
        return "kernels"
    if parts[0] == "engines":
        return "engines/helper" if parts[1] == "helper" else "engines"
    return parts[1]  # src/ROOM


def target_of(root, path, name):
    """The file that an include line in quotes means, from the root, or None."""
    for folder in (pathlib.PurePosixPath(path).parent, "include", "src", "engines", "."):
        if (root / folder / name).is_file():
            return (pathlib.PurePosixPath(folder) / name).as_posix()
    return None


def judge_own(root, path, name):
    target = target_of(root, path, name)
    if target is None:
        return f'"{name}" is nowhere'
    mine, theirs = room_of(path), room_of(target)
    if mine == "engines" and theirs == "engines":
        if pathlib.PurePosixPath(path).parts[1] != pathlib.PurePosixPath(target).parts[1]:
            return f"one engine must not include another's {target}"
        return None
    if theirs != mine and theirs not in ROOMS[mine]:
        return f"{mine} must not include {theirs} ({target})"
    if mine == "core" and pathlib.PurePosixPath(path).stem in PURE:
        if theirs == "store" or (theirs == "core" and name not in PURE_MAY):
            return f"the state machine must not include {target}"
    return None


def judge_system(path, name):
    folders = SYSTEMS.get(name)
    if folders and not any(path.startswith(folder) for folder in folders):
        return f"<{name}> is not for this room"
    if room_of(path) == "core" and pathlib.PurePosixPath(path).stem in PURE and WORLD.match(name):
        return f"the state machine must not include <{name}>"
    return None


def names_of(root):
    """The names of all kernels and of all engines, as the folders show them."""
    kernels = {file.stem for file in (root / "kernels").glob("*.c")} - {"table"}
    engines = {file.parent.name for file in (root / "engines").glob("*/*")} - {"helper"}
    return kernels, engines


def judge_names(path, source, kernels, engines):
    """A text that is a name, alone or with options behind it, or the name of its program."""
    room = room_of(path)
    unknown = (set() if room in KERNELS_KNOWN_TO else kernels) | (
        set() if room in ENGINES_KNOWN_TO or room == "engines/helper" else engines)  # fmt: skip
    for token in TOKEN.findall(source):
        name = token.strip('"').removeprefix("tote-engine-").partition(":")[0]
        if token[0] == '"' and name in unknown and (path, name) not in ROLES:
            yield f"{room} must not know the name in {token}"


def judge(root):
    """All complaints about a tree, and the number of include lines read."""
    complaints, n = [], 0
    names = names_of(root)
    for top in SOURCES:
        for file in sorted((root / top).rglob("*.[ch]")):
            path = file.relative_to(root).as_posix()
            if top == "src" and room_of(path) not in ROOMS:
                complaints.append(f"{path}: src/{room_of(path)} is no room of the table")
                continue
            source = file.read_text()
            complaints += [f"{path}: {why}" for why in judge_names(path, source, *names)]
            for kind, name in INCLUDE.findall(source):
                n += 1
                why = judge_own(root, path, name) if kind == '"' else judge_system(path, name)
                if why:
                    complaints.append(f"{path}: {why}")
    return complaints, n


WRONG = [
    ("src/base/wrong.c", '#include "core/bag.h"'),
    ("src/store/wrong.c", '#include "core/run.h"'),
    ("src/store/wrong.h", '  #  include "report/mask.h"'),
    ("src/core/wrong.c", '#include "report/report.h"'),
    ("src/core/wrong.c", '#include "cli/args.h"'),
    ("src/core/planner.c", '#include "store/writer.h"'),
    ("src/core/dispatcher.c", '#include "core/link.h"'),
    ("src/core/recorder.c", "#include <unistd.h>"),
    ("src/core/wrong.c", '#include "check/conformance.h"'),
    ("src/core/wrong.c", 'const char *kernel = "zlib:level=1";'),
    ("src/core/wrong.c", 'bool f(void) { return strcmp(name, "local") == 0; }'),
    ("src/core/wrong.h", '#define PATH "tote-engine-ray"'),
    ("src/check/wrong.c", 'const char *engine = "workqueue:port=1";'),
    ("src/check/wrong.c", '#include "cli/check.h"'),
    ("src/check/wrong.c", '#include "store/store.h"'),
    ("src/report/wrong.c", 'bool f(void) { return strcmp(name, "noop") == 0; }'),
    ("src/report/wrong.c", '#include "core/bag.h"'),
    ("src/core/wrong.c", '#include "experiment/design.h"'),
    ("src/experiment/wrong.c", 'const char *kernel = "noop";'),
    ("src/facts/wrong.c", '#include "store/store.h"'),
    ("src/facts/wrong.c", 'bool f(void) { return strcmp(name, "ray") == 0; }'),
    ("src/facts/wrong.c", 'const char *kernel = "noop";'),
    ("src/core/wrong.c", '#include "facts/facts.h"'),
    ("src/stats/wrong.c", '#include "base/digest.h"'),
    ("src/task/wrong.c", '#include "store/store.h"'),
    ("src/cli/wrong.c", "#include <sqlite3.h>"),
    ("src/newroom/wrong.c", "int x;"),
    ("kernels/wrong.c", '#include "task/input.h"'),
    ("include/tote/wrong.h", '#include "base/digest.h"'),
    ("engines/local/wrong.c", '#include "core/protocol.h"'),
    ("engines/helper/wrong.c", '#include "core/protocol.h"'),
    ("engines/local/wrong.c", '#include "no/such.h"'),
]


def prove(root):
    """Each wrong line, in a copy of the tree's own files, must be complained about."""
    for path, line in WRONG:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder)
            for top in SOURCES:
                for file in (file for file in (root / top).rglob("*") if file.is_file()):
                    to = copy / file.relative_to(root)
                    to.parent.mkdir(parents=True, exist_ok=True)
                    to.write_bytes(file.read_bytes())
            to = copy / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text((to.read_text() if to.exists() else "") + line + "\n")
            complaints, _ = judge(copy)
            if not any(complaint.startswith(path) for complaint in complaints):
                print(f"not found: {path}: {line}")
                return 1
    print(f"{len(WRONG)} wrong lines found")
    return 0


def main():
    root = pathlib.Path(sys.argv[1])
    if "--prove" in sys.argv:
        return prove(root)
    complaints, n = judge(root)
    for complaint in complaints:
        print(complaint)
    print(f"{n} include lines read")
    return 1 if complaints or n == 0 else 0


sys.exit(main())
