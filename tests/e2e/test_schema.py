# SPDX-License-Identifier: MIT
"""Every command that prints JSON has a schema, and prints what it says."""

import json
import re

import jsonschema
import pytest
from schema_tool import FOLDER, names, read, validate

TASKS = ("--kernel", "noop", "--size", 0, "--tasks", 5, "--workers", 2)

# Command line, its schema, its exit status. {run}, {commands}, {resumable}: stores.
SHOWN = [
    (("run", *TASKS), "run", 0),
    (("run", "--kernel", "fault:fail=1", "--store", "f.tote"), "run", 3),
    (("resume", "{resumable}", "--retry-failed"), "run", 3),
    (("compare", "--engines", "local", *TASKS, "--runs", 1), "compare", 0),
    (("sweep", "--engines", "local", *TASKS, "--vary", "tasks=2,4", "--runs", 1), "sweep", 0),
    (("metg", "--engines", "local", "--batch", 1, "--from", "1ms", "--to", "1ms", "--runs", 1),
     "metg", 0),
    (("report", "{run}"), "run", 0),
    (("report", "{commands}"), "run", 0),
    (("report", "{compare}"), "compare", 0),
    (("diff", "{compare}", "{compare}"), "diff", 0),
    (("advise", "{compare}"), "advise", 0),
    (("status", "{run}"), "status", 0),
    (("status", "{commands}"), "status", 0),
    (("log", "{commands}", 0), "log", 0),
    (("log", "{commands}", 1), "log", 0),
    (("log", "{commands}"), "log", 0),
    (("fsck", "{run}"), "fsck", 0),
    (("engines",), "engines", 0),
    (("engines", "check", "local", "--point", "handshake"), "engines-check", 0),
    (("engines", "facts", "local"), "facts", 0),
    (("kernels",), "kernels", 0),
    (("diff", "{compare}", "{run}"), "error", 2),
    (("status", "absent.tote"), "error", 2),
    (("fsck", "absent.tote"), "error", 2),
    (("log", "{run}", 0), "error", 2),
    (("engines", "check", "no-such-engine"), "error", 2),
    (("sweep", "--engines", "local", *TASKS, "--vary", "tasks=3,4", "--dry-run"), "plan", 0),
    (("kernels", "--no-such-option"), "error", 2),
]

# Shown elsewhere: with networks and minutes, or another way to ask.
ELSEWHERE = {"engines-change", "trace"}


@pytest.fixture
def stores(tote):
    tote.ok("run", *TASKS, "--store", "run.tote")
    tote.ok("compare", "--engines", "local,local:mode=spawn", *TASKS, "--runs", 1, "--store",
            "compare.tote")
    for name in ("commands", "resumable"):
        tote.run("run", "--store", f"{name}.tote", "--", "sh", "-c", "echo $1; exit $1", "sh",
                 "{item}", ":::", 0, 1, 2)
    return {name: f"{name}.tote" for name in ("run", "compare", "commands", "resumable")}


@pytest.mark.parametrize("line, name, status", SHOWN, ids=lambda one: str(one)[:60])
def test_documents_are_as_their_schema_says(tote, stores, line, name, status):
    words = [word.format(**stores) if isinstance(word, str) else word for word in line]
    validate(tote.json(*words, status=status), name)


def test_a_damaged_store(tote, stores):
    path = tote.folder / stores["run"]
    path.write_bytes(path.read_bytes().replace(b"environment.cpu", b"environment.cpX"))
    validate(tote.json("fsck", path, status=1), "fsck")


def test_a_trace(tote, stores):
    for store in stores.values():
        validate(json.loads(tote.ok("report", store, "--format", "trace").out), "trace")


def test_what_was_done_to_an_engine():
    for verb in ("setup", "remove"):
        validate({"schema_version": 1, "engine": "ray", "done": verb}, "engines-change")


def commands_with_json(tote):
    _, table = tote.ok("help").out.split("\nCommands:\n")
    listed = re.findall(r"^  (\w+) ", table, re.MULTILINE)
    return {name for name in listed if "--json" in tote.ok(name, "--help").out}


def test_every_command_with_json_has_a_schema(tote):
    """Also one that is new: it must be shown above, and a schema must have its name."""
    titles = [read(name)["title"] for name in names()]
    commands = commands_with_json(tote)
    assert {"run", "log", "engines"} <= commands
    shown = {line[0] for line, name, _ in SHOWN if name != "error"}
    assert commands == shown
    without = {command for command in commands - {"resume"}  # it prints what run does
               if not any(f"tote {command} " in title + " " for title in titles)}
    assert without <= {"report"}  # it prints what run and compare do


def test_every_schema_is_used():
    assert set(names()) == {name for _, name, _ in SHOWN} | ELSEWHERE


def test_each_is_printed(tote):
    listed = dict(line.split(None, 1) for line in tote.ok("schema").out.splitlines())
    assert listed == {name: read(name)["title"] for name in names()}
    for name in names():
        assert tote.ok("schema", name).out == (FOLDER / f"{name}.schema.json").read_text("utf-8")
    assert "did you mean 'compare'" in tote.refused("schema", "comapre")
    assert "'tote schema' lists all" in tote.refused("schema", "x" * 200)


def test_a_wrong_document_is_refused(tote, stores):
    """The neighbour's definitions are looked at, too."""
    document = tote.json("report", stores["compare"])
    document["cells"][0]["runs"][0]["phases_s"]["start"] = "soon"
    with pytest.raises(jsonschema.ValidationError):
        validate(document, "compare")
    document = tote.json("status", stores["run"])
    with pytest.raises(jsonschema.ValidationError):
        validate({**document, "undocumented": 1}, "status")
