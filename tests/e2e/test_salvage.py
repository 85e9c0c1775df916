# SPDX-License-Identifier: MIT
"""What a salvage could not save is never taken for done: it runs once its list is given again, and
until then the bag is not complete."""

import contextlib
import sqlite3

import pytest

SHELL = "sh -c".split()
ITEMS = "abcd"


def log_of(tote):
    log = tote.folder / "log"
    return sorted(log.read_text().split()) if log.exists() else []


def hurt(tote, how):
    with contextlib.closing(sqlite3.connect(tote.folder / "s.tote")) as db, db:
        for sql in how:
            db.execute(sql)


def command(tote):
    return ["--", *SHELL, 'echo "[$1]" >>"$2"; sleep 0.2', "x", "{item}", tote.folder / "log"]


def assert_whole(tote, store):
    status = tote.json("status", store)
    assert (status["state"], status["done"], status["total"]) == ("complete", 4, 4), status
    assert "0 damaged" in tote.ok("fsck", store).out


MIDDLE = ["UPDATE task SET place = 7 WHERE task = 2"]
END = ["UPDATE task SET place = 7 WHERE task = 3"]
GONE = ["DELETE FROM task WHERE task = 3"]
UNDONE = [f"DELETE FROM {table} WHERE task = 3" for table in ("record", "result", "output")]


@pytest.mark.parametrize("how", [MIDDLE, END, GONE])
def test_a_list_that_is_kept_is_read_again(tote, how):
    tote.run("run", "--halt", "now,done=1", "--workers", 1, "--batch", 1, "--store", "s.tote",
             *command(tote), ":::", *ITEMS)  # fmt: skip
    assert len(log_of(tote)) < 3
    hurt(tote, how)
    said = tote.run("fsck", "s.tote", "--salvage", "w.tote")
    assert said.status == 1 and "tasks lost: 1; " in said.out, said
    status = tote.json("status", "w.tote")
    assert status["total"] is None and status["listed"] == 3 and status["can_resume"], status
    tote.ok("resume", "w.tote")
    assert sorted(set(log_of(tote))) == [f"[{item}]" for item in ITEMS]
    assert_whole(tote, "w.tote")


@pytest.mark.parametrize("how", [MIDDLE, END + UNDONE, GONE + UNDONE])
def test_a_list_of_a_pipe_is_asked_for(tote, how):
    items = "".join(f"{item}\n" for item in ITEMS)
    tote.ok("run", "--store", "s.tote", *command(tote), input=items)
    hurt(tote, how)
    (tote.folder / "log").unlink()
    assert "tasks lost: 1; " in tote.run("fsck", "s.tote", "--salvage", "w.tote").out
    shown = tote.ok("status", "w.tote").out
    assert "state:   interrupted: not all of its list is in the store\n" in shown
    assert "of ? (3 listed so far)" in shown
    assert "... | tote run --store w.tote --resume -- COMMAND" in shown
    sentence = tote.refused("resume", "w.tote")
    assert "not all of it is in the store: give it again, ... | tote run" in sentence
    assert log_of(tote) == []  # neither the lost one, nor one of no item
    assert tote.json("status", "w.tote")["state"] == "interrupted"
    tote.ok("run", "--store", "w.tote", "--resume", *command(tote), input=items)
    lost = "c" if how is MIDDLE else "d"
    assert log_of(tote) == [f"[{lost}]"]
    assert_whole(tote, "w.tote")


def test_a_lost_task_that_has_inputs_is_not_left_out(tote):
    for item in ITEMS:
        (tote.folder / item).write_text(item)
    task = ["--", *SHELL, 'cat "$1" >"$2"', "x", "{in:{item}}", "{out:{item}.up}"]
    items = "".join(f"{item}\n" for item in ITEMS)
    tote.ok("run", "--store", "s.tote", *task, input=items)
    hurt(tote, MIDDLE)
    tote.run("fsck", "s.tote", "--salvage", "w.tote")
    assert "give it again" in tote.refused("resume", "w.tote")
    tote.ok("run", "--store", "w.tote", "--resume", *task, input=items)
    assert sorted(path.name for path in (tote.folder / "results").iterdir()) == [
        f"{item}.up" for item in ITEMS]  # fmt: skip
    assert_whole(tote, "w.tote")


def test_what_was_printed_is_said_to_be_lost(tote):
    tote.ok("run", "--store", "s.tote", "--", "echo", "{item}", ":::", *ITEMS)
    hurt(tote, ["UPDATE result SET max_rss = max_rss + 1 WHERE task = 2"])
    said = tote.run("fsck", "s.tote", "--salvage", "w.tote")
    assert said.status == 1 and "result run 1, task 2" in said.out, said
    assert "what it printed was lost" in tote.ok("log", "w.tote", 2).out
    assert "lost" not in tote.ok("log", "w.tote", 1).out
