# SPDX-License-Identifier: MIT
"""The command line itself: help, lists, versions, exit codes, streams. Running bags:
test_run.py; bad input: test_badinput.py."""

import json
import re
import signal
import subprocess

import pytest
from tote_tool import TASK

COMMANDS = ("run", "compare", "report", "engines", "kernels", "help")


def test_version(tote):
    assert re.fullmatch(r"tote \d+\.\d+\.\d+\n", tote.ok("--version").out)


def test_tote_and_tote_task_have_one_version(tote):
    theirs = subprocess.run([TASK, "--version"], capture_output=True, text=True, check=True)
    assert theirs.stdout.split()[1] == tote.ok("--version").out.split()[1]


def test_without_arguments_it_says_how(tote):
    done = tote.run()
    assert done.status == 2 and done.out == ""
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", done.err, re.MULTILINE), done


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["help"]])
def test_help_lists_the_commands(tote, args):
    done = tote.ok(*args)
    assert done.err == ""
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", done.out, re.MULTILINE), done


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_is_the_same_both_ways(tote, name):
    done = tote.ok("help", name)
    assert done.out == tote.ok(name, "--help").out == tote.ok(name, "-h").out
    assert done.out.startswith(f"tote {name}") and "Examples:" in done.out and done.err == ""


@pytest.mark.parametrize("name", ["run", "compare"])
def test_help_says_every_option_and_its_default(tote, name):
    text = tote.ok("help", name).out
    config = tote.ok(name, "--print-config").out
    for key in re.findall(r"^([a-z-]+):", config, re.MULTILINE):
        assert f"--{key} " in text, key
    assert "[zfp:accuracy=1e-3]" in text and "[200000]" in text


def test_examples_in_the_help_are_accepted(tote):
    (tote.folder / "bag.yaml").write_text("tasks: 3\n")
    for name in ("run", "compare"):
        examples = re.findall(rf"^  tote ({name} .*)$", tote.ok("help", name).out, re.MULTILINE)
        assert examples
        for line in examples:
            tote.ok(*line.split(), "--print-config")


@pytest.mark.parametrize("word,near", [("rnu", "run"), ("comapre", "compare"), ("reprot", "report")])
def test_an_unknown_command_gets_a_suggestion(tote, word, near):
    assert tote.refused(word) == f"unknown command '{word}'; did you mean '{near}'?"


def test_an_unknown_command_far_from_all(tote):
    assert "'tote help' lists all" in tote.refused("frobnicate")


def test_help_of_nothing_that_is_there(tote):
    assert "frobnicate" in tote.refused("help", "frobnicate")


def test_kernels(tote):
    text = tote.ok("kernels").out
    for name in ("zfp", "zlib", "noop", "spin", "sleep"):
        assert re.search(rf"^{name} ", text, re.MULTILINE), text
    assert "accuracy=" in text and "level=" in text
    kernels = {kernel["name"]: kernel for kernel in tote.json("kernels")["kernels"]}
    assert {"zfp", "zlib", "noop", "spin", "sleep"} <= set(kernels)
    (level,) = [o for o in kernels["zlib"]["options"] if o["name"] == "level"]
    assert level["default"] == "6" and level["help"]


def test_engines(tote):
    engines = tote.engines()
    assert {"local", "workqueue", "ray"} <= set(engines)
    assert engines["local"]["usable"] is True and engines["local"]["why"] == ""
    for engine in engines.values():
        assert engine["summary"]
        assert engine["usable"] or (engine["why"] and engine["mend"])
    assert tote.ok("engines").out == tote.ok("engines", "list").out


def test_an_engine_that_is_not_set_up_names_the_command_that_mends_it(tote):
    done = tote.run("run", "--engine", "ray", env={"XDG_DATA_HOME": str(tote.home)})
    assert done.status == 5 and "tote engines setup ray" in done.sentence
    text = tote.ok("engines", env={"XDG_DATA_HOME": str(tote.home)}).out
    assert "run: tote engines setup ray" in text
    assert list(tote.state.glob("tote/*")) == []


@pytest.mark.parametrize("args,words", [
    (["setup"], "which engine?"),
    (["remove"], "which engine?"),
    (["setup", "local"], "needs no setup"),
    (["setup", "lcoal"], "unknown engine 'lcoal'"),
    (["frob"], "unknown verb 'frob'"),
    (["list", "local", "more"], "unexpected argument 'more'"),
])
def test_engines_refuses(tote, args, words):
    assert words in tote.refused("engines", *args)


def test_errors_are_json_where_json_was_asked_for(tote):
    done = tote.run("run", "--engine", "lcoal", "--json")
    assert done.status == 2
    document = json.loads(done.out)
    assert document["schema_version"] == 1
    assert document["error"]["exit_code"] == 2 and document["error"]["kind"] == "usage"
    assert document["error"]["message"] == done.sentence


@pytest.mark.parametrize("args", [["help"], ["help", "run"], ["kernels"], ["engines"],
                                  ["kernels", "--json"], ["--version"], ["run", "--print-config"]])
def test_output_that_cannot_be_written_is_an_error(tote, args):
    with open("/dev/full", "w") as full:
        done = tote.run(*args, stdout=full)
    assert done.status == 1 and "No space left" in done.err, done


def test_a_report_that_cannot_be_written_is_an_error(tote):
    with open("/dev/full", "w") as full:
        done = tote.run("run", "--kernel", "noop", stdout=full)
    assert done.status == 1 and "No space left" in done.err, done
    tote.assert_recorded_once(12)


def without_reader(tote, *args):
    """The status of a command whose standard output nobody reads."""
    process = tote.start(*args)
    process.stdout.close()
    with process:
        status = process.wait(60)
        assert status in (0, 1, -signal.SIGPIPE), process.stderr.read()
    return status


def test_a_reader_that_leaves_is_no_crash(tote):
    without_reader(tote, "help", "run")


def test_a_reader_that_leaves_does_not_end_the_run(tote):
    assert without_reader(tote, "run", "--kernel", "sleep:us=1000", "--tasks", 200) != 0
    tote.assert_recorded_once(200)
    assert tote.value("SELECT state FROM run_text") == "complete"
