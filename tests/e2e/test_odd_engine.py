# SPDX-License-Identifier: MIT
"""Engine programs that misbehave (odd_engine.py): tote says which and how, exits 5, leaves
nothing alive, and what it had recorded stays. Processes that are killed: test_kill.py."""

import json
import os

import pytest
from tote_tool import ODD_ENGINE, limit_digest

BAG = ("--kernel", "noop", "--tasks", 12, "--batch", 2, "--workers", 2, "--store", "s.tote")


def odd(do, at=1):
    return f"{ODD_ENGINE}:do={do},at={at}"


def test_it_works_if_it_does_nothing_odd(tote):
    run = tote.json("run", "--engine", odd("nothing"), *BAG)["run"]
    assert run["engine"] == "odd" and run["digest"] == limit_digest(12, "noop")


@pytest.mark.parametrize("do,words", [
    ("die-at-once", "ended before it was ready with status 1; it said: odd: I do not want to live"),
    ("garbage-before-ready", "This is Odd Engine"),
    ("old-protocol", "protocol"),
])
def test_an_engine_that_does_not_come_up(tote, do, words):
    sentence = tote.refused("run", "--engine", odd(do), *BAG, status=5)
    assert words in sentence and "engine" in sentence
    assert not (tote.folder / "s.tote").exists()
    tote.assert_nothing_left()


def test_an_engine_that_refuses_an_option(tote):
    sentence = tote.refused("run", "--engine", odd("refuse-option"), *BAG)
    assert "I do not like this option" in sentence
    tote.assert_nothing_left()


def test_an_engine_that_says_nothing(tote):
    sentence = tote.refused("run", "--engine", odd("sleep-before-ready"), *BAG, "--start-timeout",
                            "1s", status=5)
    assert "not ready after 1 s" in sentence and "--start-timeout" in sentence
    tote.assert_nothing_left()


def test_an_engine_that_falls_silent(tote):
    sentence = tote.refused("run", "--engine", odd("silent"), *BAG, "--stall-timeout", "1s", status=5)
    assert "said nothing for 1 s" in sentence and "--stall-timeout" in sentence
    tote.assert_nothing_left()


def test_a_comparison_launches_again_what_came_up_before(tote):
    document = tote.json("compare", "--engines", odd("flaky"), "--kernel", "noop", "--tasks", 8, "--runs", 3,
                         "--controls", "limit")
    (cell,) = document["cells"]
    assert [(run["block"], run["state"]) for run in cell["runs"]] == [
        (1, "complete"), (2, "broken"), (2, "complete"), (3, "complete")]
    assert document["end"] == "done" and any("not today" in warning for warning in document["warnings"])
    tote.assert_nothing_left()


def test_a_comparison_shows_what_ran_before_an_engine_failed(tote):
    """Which cell is first is drawn by the seed: some seed has the good one first."""
    for seed in range(20):
        done = tote.run("compare", "--engines", f"local,{odd('die')}", "--kernel", "noop", "--tasks", 8,
                        "--order-seed", seed, "--controls", "limit", "--json")
        assert done.status == 5
        document = json.loads(done.out)
        if "cells" in document:
            break
        tote.store.unlink(missing_ok=True)
    assert "died with status 7" in done.sentence
    assert [run["state"] for cell in document["cells"] for run in cell["runs"]] == ["complete", "broken"]
    assert document["end"] == "engine" and "No verdict" in document["verdict"]
    tote.assert_nothing_left()


@pytest.mark.parametrize("do,words", [
    ("bye-early", "before stop"), ("garbage", "JSON"), ("not-utf8", ""), ("deep", ""), ("long-line", "1048576"),
    ("unknown-batch", "1000000000"), ("few-records", "record"), ("other-task", "7777777"),
    ("end-output", ""),
])
@pytest.mark.parametrize("at", [1, 4])
def test_an_engine_that_breaks_its_word(tote, do, words, at):
    done = tote.run("run", "--engine", odd(do, at), *BAG)
    assert done.status == 5 and done.out == "", done
    assert "odd" in done.sentence and words in done.sentence, done
    assert len(done.err.splitlines()) == 1
    tote.assert_nothing_left()
    if (tote.folder / "s.tote").exists():
        assert tote.value("SELECT state FROM run_text") == "broken"
        assert tote.value("SELECT why FROM run") != ""
        assert tote.value("SELECT digest FROM run") is None
        assert tote.value("SELECT count(*) = count(DISTINCT task) FROM record") == 1
        assert tote.value("SELECT count(*) FROM record") <= 12


def test_what_was_recorded_before_the_engine_died_stays(tote):
    done = tote.run("run", "--engine", odd("die", 4), *BAG)
    assert done.status == 5, done
    assert "died with status 7; it said: " in done.sentence and "something" in done.sentence
    assert "\x1b" not in done.err
    assert tote.value("SELECT count(*) FROM record") == 6
    text = tote.ok("report", "s.tote").out
    assert "broken" in text and "6 of 12" in text
    run = tote.json("report", "s.tote")["run"]
    assert run["state"] == "broken" and run["digest"] is None and "died" in run["why"]
    tote.assert_nothing_left()


def test_a_lost_batch_is_run_again(tote):
    run = tote.json("run", "--engine", odd("lose", 3), *BAG)["run"]
    assert run["tasks"]["done"] == 12 and run["lost_batches"] == 1
    assert tote.value("SELECT why FROM batch WHERE lost") == "mislaid"
    assert tote.value("SELECT count(*) FROM record WHERE attempt = 2") == 2
    tote.assert_recorded_once(12)


def test_an_answer_that_comes_twice_counts_once(tote):
    run = tote.json("run", "--engine", odd("twice", 3), *BAG)["run"]
    assert run["tasks"] == {"total": 12, "done": 12, "failed": 0, "duplicate": 2}
    tote.assert_recorded_once(12)


def test_a_child_that_the_engine_leaves_is_ended(tote):
    run = tote.json("run", "--engine", odd("leave-child"), *BAG)["run"]
    assert run["tasks"]["done"] == 12
    tote.assert_nothing_left()


def test_an_engine_that_is_deaf_to_stop_is_ended(tote):
    run = tote.json("run", "--engine", odd("deaf-to-stop"), *BAG)["run"]
    assert run["tasks"]["done"] == 12 and run["state"] == "complete"
    tote.assert_nothing_left()


def test_a_flood_on_stderr_blocks_nothing(tote):
    log = tote.folder / "log"
    run = tote.json("run", "--engine", odd("stderr-flood"), *BAG, "--engine-log", log)["run"]
    assert run["tasks"]["done"] == 12
    assert log.stat().st_size >= 12_000_000


@pytest.mark.parametrize("text,words", [
    ("#!/bin/sh\necho hello\n", "not that of an engine"),
    ("#!/bin/sh\n", "printed no line"),
    ("#!/bin/sh\nexit 3\n", "printed no line"),
    ("#!/not/there\n", "odd"),
    ("#!/bin/sh\nhead -c 3000000 /dev/zero\n", "not that of an engine"),
    ("#!/bin/sh\necho '{\"name\":\"x\"}'\n", "not that of an engine"),
])
def test_a_program_that_is_no_engine(tote, text, words):
    program = tote.folder / "odd"
    program.write_text(text)
    program.chmod(0o755)
    sentence = tote.refused("run", "--engine", program, "--store", "s.tote", status=5)
    assert str(program) in sentence and words in sentence
    assert not (tote.folder / "s.tote").exists()


def test_a_program_that_does_not_describe_itself_in_time(tote):
    program = tote.folder / "odd"
    program.write_text("#!/bin/sh\nexec sleep 3600\n")
    program.chmod(0o755)
    assert str(program) in tote.refused("run", "--engine", program, status=5)
    tote.assert_nothing_left()


def test_a_program_that_may_not_be_run(tote):
    program = tote.folder / "odd"
    program.write_text("#!/bin/sh\n")
    assert str(program) in tote.refused("run", "--engine", program)
    assert os.listdir(tote.folder).count("s.tote") == 0
