# SPDX-License-Identifier: MIT
"""The command line itself: help, lists, versions, exit codes, streams. Running bags:
test_run.py; bad input: test_badinput.py."""

import json
import os
import re
import signal
import subprocess

import pytest
from tote_tool import TASK, command_line, descendants, wait_until

COMMANDS = ("run", "resume", "compare", "sweep", "diff", "advise", "status", "log", "report", "fsck", "engines", "kernels",
            "help")


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
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize("name", ["run", "compare", "sweep"])
def test_help_says_every_option_and_its_default(tote, name):
    text = tote.ok("help", name).out
    config = tote.ok(name, "--print-config").out
    for key in re.findall(r"^(?:  )?([a-z_-]+):", config, re.MULTILINE):
        is_option = key not in ("experiment", "vary") and (name, key) != ("compare", "one_at_a_time")
        assert not is_option or f"--{key.replace('_', '-')} " in text, key
    assert "[zfp:accuracy=1e-3]" in text and "[200000]" in text


def test_examples_in_the_help_are_accepted(tote):
    (tote.folder / "bag.yaml").write_text("tasks: 3\n")
    for name in ("run", "compare", "sweep"):
        examples = re.findall(rf"^  tote ({name} .*)$", tote.ok("help", name).out, re.MULTILINE)
        assert examples
        for line in examples:
            command, *rest = line.split()
            tote.ok(command, "--print-config", *rest)


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
    (["list", "local", "more"], "unexpected argument 'local': tote engines list takes none"),
    (["check", "local", "ray"], "unexpected argument 'ray': tote engines check takes one engine"),
    (["list", "local"], "unexpected argument 'local': tote engines list takes none"),
    (["--point", "describe"], "option --point is for tote engines check, not for list"),
    (["setup", "local", "--timeout", "3s"],
     "option --timeout is for tote engines check and facts, not for setup"),
    (["check", "local", "--weights", "ports=1"],
     "option --weights is for tote engines facts, not for check"),
    (["setup", "./nothing"], "cannot run engine ./nothing"),
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


@pytest.mark.parametrize("args,words", [
    (["run", "--taks", 3, "--json"], "did you mean --tasks?"),
    (["run", "--json", "--tasks"], "wants a value"),
    (["compare", "a", "b", "--json"], "unexpected argument 'b'"),
    (["frob", "--json"], "unknown command 'frob'"),
    (["kernels", "--json", "more"], "unexpected argument"),
    (["engines", "frob", "--json"], "unknown verb 'frob'"),
    (["engines", "setup", "local", "--json"], "needs no setup"),
    (["report", "nothing.tote", "--format", "json"], "nothing.tote"),
    (["report", "--json"], "which store?"),
    (["help", "run", "--json"], "unknown option --json"),
])
def test_whatever_is_wrong_is_json_where_json_was_asked_for(tote, args, words):
    done = tote.run(*args)
    assert done.status == 2 and words in done.sentence, done
    error = json.loads(done.out)["error"]
    assert error == {"kind": "usage", "exit_code": 2, "message": done.sentence}


def engine_with_setup(tote, status):
    """An engine program whose setup talks on both streams."""
    program = tote.folder / "changeable"
    about = {"name": "changeable", "summary": "s", "version": "1", "usable": True, "why": "",
             "mend": "", "options": [], "network_options": [], "setup": True}
    program.write_text("#!/bin/sh\n"
                       f"[ $1 = --describe ] && echo '{json.dumps(about)}' && exit\n"
                       f"echo doing $1; echo more >&2; exit {status}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("verb", ["setup", "remove"])
def test_setup_and_remove_have_a_document_too(tote, verb):
    program = engine_with_setup(tote, 0)
    done = tote.ok("engines", verb, program, "--json")
    assert json.loads(done.out) == {"schema_version": 1, "engine": str(program), "done": verb}
    assert done.err == f"doing --{verb}\nmore\n"
    assert tote.ok("engines", verb, program).out == ""
    done = tote.run("engines", verb, engine_with_setup(tote, 1), "--json")
    assert done.status == 5 and json.loads(done.out)["error"]["kind"] == "engine"


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


# --- signals ---

IGNORE = {"SIGHUP": signal.SIGHUP, "SIGINT": signal.SIGINT}


@pytest.mark.parametrize("name", IGNORE)
def test_a_signal_that_the_parent_had_ignored_stays_ignored(tote, name):
    """nohup does so with SIGHUP, a shell's background with SIGINT."""
    number = IGNORE[name]
    process = tote.start("run", "--kernel", "sleep:us=5000", "--tasks", 200, "--workers", 2,
                         "--store", "s.tote", preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
    with process:
        wait_until(lambda: tote.recorded(tote.folder / "s.tote") > 0)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and err == "", err
    tote.assert_recorded_once(200)


def test_a_signal_before_the_first_launch(tote):
    """With this order the limit comes first: there is no run yet."""
    process = tote.start("compare", "--engines", "local", "--order-seed", 5, "--controls",
                         "limit", "--kernel", "sleep:us=300000", "--tasks", 20, "--workers", 1, "--runs", 1,
                         "--json", "--store", "s.tote")
    with process:
        wait_until(lambda: any("--limit" in command_line(pid) for pid in descendants(process.pid)))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM and err == "", err
    document = json.loads(out)
    assert document["end"] == "signal" and document["blocks"]["whole"] == 0, document
    tote.assert_nothing_left()


# --- what is said, and what is kept ---

def without_namespaces():
    prefix = ["unshare", "-Ur", "sh", "-c",
              'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("unshare -Ur does not work here")
    return prefix


def test_a_box_that_lacks_something_is_said_at_launch_and_once(tote):
    bag = ("--kernel", "noop", "--json")
    for args in (("run", *bag), ("compare", "--engines", "local,local:batch=2", "--runs", 2, *bag)):
        done = tote.ok(*args, before=without_namespaces())
        (note,) = done.err.splitlines()
        assert note.startswith("tote: note: ") and "no namespaces" in note, done
        assert json.loads(done.out)
    assert tote.ok("run", *bag).err == ""


def settings(tote):
    found = {row["name"]: row["value"] for row in tote.rows("SELECT name, value FROM setting")}
    return {name: value for name, value in found.items() if not name.startswith("environment.")}


def test_the_store_alone_says_how_to_do_it_again(tote):
    tote.ok("run", "--kernel", "noop", "--engine", "local:mode=spawn", "--net", "host",
            "--workers", 3, "--start-timeout", "5s")
    assert settings(tote) == {
        "kind": "run", "kernel": "noop", "tasks": "12", "size": "200000", "seed": "1",
        "workers": "3", "batch": "auto", "net": "host", "start_timeout": "5",
        "stall_timeout": "0",
        "engine": "local:mode=spawn"}
    tote.store.unlink()
    tote.ok("compare", "--kernel", "noop", "--engines", "local", "--runs", 1, "--budget", "30s",
            "--order-seed", 3)
    kept = settings(tote)
    assert (kept["kind"], kept["engines"], kept["runs"], kept["budget"], kept["order_seed"],
            kept["batch"]) == ("compare", "local", "1", "30", "3", "1")


def test_usable_cores_are_kept(tote):
    core = min(os.sched_getaffinity(0))
    tote.ok("run", "--kernel", "noop", before=["taskset", "-c", str(core)])
    assert tote.value("SELECT value FROM setting WHERE name = 'environment.cores_usable'") == "1"
    assert tote.value("SELECT workers FROM run") == 1


def test_cells_of_one_label_are_numbered(tote):
    document = tote.json("compare", "--kernel", "noop", "--runs", 1, "--engines",
                         "local,local:batch=2,local,local:batch=2,local", "--controls", "limit")
    labels = ["local", "local:batch=2", "local#2", "local:batch=2#2", "local#3"]
    assert [cell["label"] for cell in document["cells"]] == labels
    assert [row["label"] for row in tote.rows("SELECT DISTINCT label FROM run ORDER BY cell")] == labels
