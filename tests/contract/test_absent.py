# SPDX-License-Identifier: MIT
"""A tote that was built without Work Queue's library still has a row for it in the table of
engines, which says what is missing and how to mend it.

Environment: TOTE_BUILD is the folder that holds tote, and below tests/ the program that stands in
for the engine."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("TOTE_BUILD", "build")).resolve()


@pytest.fixture(scope="module")
def tote(tmp_path_factory):
    """A folder with a tote, and beside it no engine but the absent one."""
    folder = tmp_path_factory.mktemp("absent")
    for name in ("tote", "tote-task", "libtote-task.so"):
        shutil.copy(BUILD / name, folder)
    shutil.copy(BUILD / "tests" / "absent-workqueue", folder / "tote-engine-workqueue")
    return folder / "tote"


def run(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_the_table_has_its_row(tote):
    [engine] = json.loads(run(tote, "engines", "--json").stdout)["engines"]
    assert engine["name"] == "workqueue" and not engine["usable"]
    assert "built without" in engine["why"]
    assert "apt-get install" in engine["mend"] and "coop-computing-tools-dev" in engine["mend"]


def test_the_table_says_how_to_mend_it(tote):
    done = run(tote, "engines")
    assert done.returncode == 0 and "built without" in done.stdout and "make clean all" in done.stdout


def test_a_run_is_refused_with_the_same_sentence(tote, tmp_path):
    done = run(tote, "run", "--engine=workqueue", "--tasks=1", f"--store={tmp_path}/x.tote")
    assert done.returncode == 5
    assert "workqueue is not usable" in done.stderr and "make clean all" in done.stderr


def test_the_program_refuses_a_hello(tote):
    hello = {"cmd": "hello", "protocol": [1, 1], "tote": "0", "slots": 1, "task_program": "/a", "task_library": "/b",
             "bag": {"kernel": "noop", "size": 0, "seed": 0, "tasks": 0}, "scratch": "/c", "options": {}}  # fmt: skip
    done = subprocess.run([tote.with_name("tote-engine-workqueue")], input=json.dumps(hello) + "\n",
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 1 and done.stdout == "" and "built without" in done.stderr
