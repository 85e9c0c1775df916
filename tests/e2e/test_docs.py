# SPDX-License-Identifier: MIT
"""Documents say what is so: the SQL of docs/store.md runs, the commands they show are accepted,
their links lead somewhere. The conversation of docs/protocol.md: contract tests."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import sqlite3

import pytest
from tote_tool import ROOT, Tote

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
    known = re.findall(r"`((?:src|include|tests|docs|scripts|engines|kernels)/[\w./-]+)`",
                       path.read_text(encoding="utf-8"))
    for name in known:
        if "NAME" not in name:
            assert pathlib.Path(ROOT, name).exists(), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=names(DOCUMENTS))
def test_commands_that_are_shown_are_accepted(tote, path):
    """Those of run and compare, up to where they would start."""
    (tote.folder / "bag.yaml").write_text("tasks: 1\n")
    for line in re.findall(r"^ *(?:\$ )?(?:build/)?tote ((?:run|compare) [^|>#\[;&\n]*)$",
                           path.read_text(encoding="utf-8"), re.MULTILINE):
        words = shlex.split(line)
        if any("..." in word or "…" in word for word in words):
            continue
        tote.ok(*words, "--print-config")


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
