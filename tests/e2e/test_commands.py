# SPDX-License-Identifier: MIT
"""Bags of commands as a user sees them: the command line, what is printed, the job log, resume,
log, status and fsck. What holds under kill -9 and on every engine: the crash tests."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess

import pytest
from tote_tool import TOTE, wait_until

SHELL = "sh -c".split()


def lines(text):
    return sorted(text.splitlines())


def script(tote, text, name="task.sh"):
    path = tote.folder / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def first_then_wait(tote):
    """Prints what it is given: 1 at once, others once the folder has a file go."""
    return script(tote, f'until [ "$1" = 1 ] || [ -e {tote.folder}/go ]; do sleep 0.05; done; '
                        'echo "$1"\n', "wait.sh")


# --- the command line ---

def test_values(tote):
    done = tote.ok("run", "--", "echo", "{item}", "b c", ":::", "1", "x y", "$HOME", "-e")
    assert lines(done.out) == sorted(["1 b c", "x y b c", "$HOME b c", "b c"])  # echo's own -e


def test_products_and_links(tote):
    done = tote.ok("run", "--output", "ordered", "--", "echo", "{1}{2}{3}", ":::", "a", "b",
                   ":::", "1", "2", ":::+", "x", "y")
    assert done.out.split() == ["a1x", "a2y", "b1x", "b2y"]


@pytest.mark.parametrize("args", [[], ["-a", "-"]])
def test_standard_input(tote, args):
    done = tote.ok("run", *args, "--", "echo", input="a b\n\nc\n")
    assert lines(done.out) == ["a b", "c"]


def test_items_that_end_with_nul(tote):
    done = tote.ok("run", "-0", "--output", "ordered", "--", "printf", "[%s]", input="a\nb\0\0-c\0")
    assert done.out == "[a\nb][][-c]"


def test_a_file_of_items(tote):
    (tote.folder / "list").write_text("a\nb")
    assert lines(tote.ok("run", "-alist", "--", "echo", "{index}", "{item}").out) == ["0 a", "1 b"]


def test_csv(tote):
    (tote.folder / "p.csv").write_text('alpha,file\n1,"x, y"\n2,z\n')
    done = tote.ok("run", "--csv", "p.csv", "--output", "ordered", "--", "echo", "{alpha}={file}")
    assert done.out == "1=x, y\n2=z\n"


def test_a_bag_file(tote):
    (tote.folder / "bag.yaml").write_text(
        'command: [echo, "{item}!"]\nitems: [a, "b c"]\noutput: ordered\n')
    assert tote.ok("run", "bag.yaml").out == "a!\nb c!\n"
    printed = tote.ok("run", "bag.yaml", "--print-config").out
    (tote.folder / "again.yaml").write_text(printed)
    assert tote.ok("run", "again.yaml").out == "a!\nb c!\n"


def test_a_shell_is_asked_for_by_name(tote):
    assert tote.ok("run", "--shell", "--", "echo a | tr a-z A-Z; echo {item}",
                   ":::", "x y'z").out == "A\nx y'z\n"


def test_dry_run_can_be_pasted_and_does_nothing(tote):
    items = ["x y", "it's", "$HOME", "-n", "a\nb", "é"]
    done = tote.ok("run", "--dry-run", "--", "printf", "%s\\n", "{item}", ":::", *items)
    pasted = subprocess.run(["sh"], input=done.out, capture_output=True, text=True, check=True)
    assert pasted.stdout == "".join(item + "\n" for item in items)
    assert list(tote.state.glob("tote/*")) == []


def test_more_words_than_options_are_allowed(tote):
    items = [str(i) for i in range(300)]
    assert lines(tote.ok("run", "--", "echo", *items[:100], "{item}", ":::", *items).out) == sorted(
        " ".join([*items[:100], item]) for item in items)


def test_a_list_without_items(tote):
    done = tote.ok("run", "--", "echo", ":::")
    assert done.out == "" and "tote: 0 done of 0, in" in done.err and "tote log" not in done.err


@pytest.mark.parametrize("key", ["command: []\nitems: [a]", "command: [echo]\nitems: []"])
def test_an_empty_list_in_a_bag_file_is_no_default(tote, key):
    (tote.folder / "bag.yaml").write_text(key + "\n")
    assert "this list is empty" in tote.refused("run", "bag.yaml")


@pytest.mark.parametrize("args,words", [
    (["--", "echo", "{nope}", ":::", "1"], "nope"),
    (["--"], "no command after --"),
    (["--", ":::", "a"], "no command after --"),
    (["-a", "nothing", "--", "echo"], "nothing"),
    (["-a", "x", "--csv", "y", "--", "echo"], "one place"),
    (["-a", "x", "-a", "y", "--", "echo"], "option --items is given twice"),
    (["--store", "x", "--store=y", "--", "echo"], "option --store is given twice"),
    (["--", "echo", "::::", "x"], "-a FILE"), (["--", "echo", ":::", "a", "::::+", "x"], "-a FILE"),
    (["-j4", "--", "echo"], "--workers"), (["--jobs=4", "--", "echo"], "--workers"),
    (["-k", "--", "echo"], "--output ordered"), (["--bar", "--", "echo"], "--progress"),
    (["--tag", "--", "echo"], "there is none"), (["--colsep", ",", "--", "echo"], "--csv"),
    (["-q", "--", "echo"], "no shell"), (["--resume-failed"], "--resume --retry-failed"),
    (["--stream-max", "2G", "--", "echo"], "20M, from 0 to 67108864"),
    (["echo", "a"], "comes after --"),
    (["--tasks", 3, "--", "echo", ":::", "a"], "bags of a kernel"),
    (["--output", "none"], "bags of commands"),
    (["--halt", "later", "--", "echo", ":::", "a"], "takes never"),
    (["--timeout", "fast", "--", "echo", ":::", "a"], "30s"),
    (["--memory", "much", "--", "echo", ":::", "a"], "512K"),
    (["--resume", "--", "echo", ":::", "a"], "--store"),
    (["--joblog", "no/such/folder", "--", "echo", ":::", "a"], "job log"),
    (["--", "echo", "{out:../x}", ":::", "a"], "../x"),
])
def test_what_is_wrong_is_said_in_one_sentence(tote, args, words):
    assert words in tote.refused("run", *args)
    assert list(tote.state.glob("tote/*")) == []


def test_compare_takes_no_commands(tote):
    (tote.folder / "bag.yaml").write_text("command: [echo]\nitems: [a]\n")
    assert "tote run bag.yaml" in tote.refused("compare", "bag.yaml")


# --- what is printed ---

def test_ordered_output_is_in_the_order_of_the_list(tote):
    slow_first = script(tote, 'sleep 0.$((9 - $1)); echo "$1"; echo "e$1" >&2\n')
    done = tote.ok("run", "--output", "ordered", "--workers", 4, "--batch", 1, "--", slow_first,
                   ":::", *range(1, 9))
    assert done.out.split() == [str(i) for i in range(1, 9)]
    assert re.findall(r"^e\d", done.err, re.M) == [f"e{i}" for i in range(1, 9)]


def test_output_none(tote):
    assert tote.ok("run", "--output", "none", "--", "echo", ":::", "a").out == ""


def test_a_cut_is_said(tote):
    done = tote.ok("run", "--stream-max", "4K", "--", "head", "-c", "10240", "/dev/zero",
                   "{item}", ":::", "/dev/null")
    assert len(done.out) <= 8192
    assert re.search(r"task 0: stdout cut at 4 KiB of 1\d(\.\d)? KiB: raise --stream-max", done.err)


def test_what_is_kept_of_a_stream_does_not_depend_on_its_batch(tote):
    """A pack has room for three tasks with streams of 64 MiB, and for 14 with 16 MiB."""
    for most, batch in (("64M", 3), ("16M", 14), ("1M", 40)):
        tote.ok("run", "--store", f"{most}.tote", "--workers", 1, "--batch", 40, "--stream-max",
                most, "--", "true", ":::", *range(40))
        assert tote.value("SELECT max(count) FROM batch", tote.folder / f"{most}.tote") == batch


def test_the_summary_names_the_first_failures(tote):
    fail = script(tote, 'echo "about $1" >&2; exit $1\n')
    done = tote.run("run", "--output", "none", "--store", "s.tote", "--", fail, ":::", 0, 1, 2, 3, 4)
    assert done.status == 3 and done.out == ""
    assert len(re.findall(r"^tote: task \d failed, exit status \d: ", done.err, re.M)) == 3
    assert re.search(r"^    about \d$", done.err, re.M)
    assert re.search(r"^tote: 1 done, 4 failed of 5, in .*tote log s.tote$", done.err, re.M)


LEFT = (r"^tote: task {}{} left files that no \{{out:\}} names, the first {}: they are gone with "
        r"its folder; name them by \{{out:...\}}, or --cwd start$")


def test_what_is_left_is_said_once(tote):
    left = script(tote, 'echo > "b$1"; echo > "a\x1b[1m$1"; test "$1" != 4\n')
    done = tote.run("run", "--batch", 1, "--", left, ":::", 1, 2, 3, 4)
    assert done.status == 3 and done.err.count(" left files ") == 1  # 4 failed: that is no news
    assert re.search(LEFT.format(0, r" \(and 2 others\)", r"a\?\[1m1"), done.err, re.M), done
    done = tote.ok("run", "--", "sh", "-c", "echo $1 > x; echo $1 > $2; test $1 = 1 || rm x", "sh",
                   "{item}", "{out:{item}.txt}", ":::", 0, 1, 2)
    assert re.search(LEFT.format(1, "", "x"), done.err, re.M), done
    assert len(list(tote.folder.rglob("[012].txt"))) == 3


@pytest.mark.parametrize("args", [
    ["--", "true", "{item}"],
    ["--", "sh", "-c", "mkdir d; echo > d/x; rm -r d", "{item}"],
    ["--", "sh", "-c", 'echo > "$1"; mkdir -p d/e; echo > d/e/rest', "sh", "{out:d/e/{item}}"],
    ["--cwd", "start", "--", "sh", "-c", "echo > $TMPDIR/x", "sh", "{item}"],
])
def test_nothing_left_nothing_said(tote, args):
    assert " left files " not in tote.ok("run", *args, ":::", "a", "b").err


def test_a_failure_s_words_do_not_contradict_themselves(tote):
    done = tote.run("run", "--output", "none", "--", "sh", "-c", 'mkdir "$1"', "sh",
                    "{out:{item}.d}", ":::", "a")
    assert "failed, the file a.d that it made: it is a folder: sh" in done.err, done
    done = tote.run("run", "--output", "none", "--", "true", "{out:{item}.d}", ":::", "b")
    assert "failed, it made no file b.d: true" in done.err, done
    (tote.folder / "in").write_text("x")
    remove = script(tote, 'rm -f "$2"; mkdir -p "$2"\n')
    done = tote.run("run", "--workers", 1, "--batch", 1, "--output", "none", "--", remove,
                    "{in:{item}}", tote.folder / "in", ":::", "in", "./in")
    assert f"failed, cannot read its input {tote.folder}/" in done.err, done
    assert "not there" not in done.err


def test_a_time_limit_by_the_median_has_a_floor(tote):
    """A hundredth of the median of tasks of milliseconds would end every one."""
    tote.ok("run", "--workers", 1, "--batch", 1, "--timeout", "1%", "--retries", 3, "--", "true",
            ":::", *range(20))


def test_what_a_task_said_is_said_once(tote):
    done = tote.run("run", "--", script(tote, 'echo "about $1" >&2; exit $1\n'), ":::", 3)
    assert done.status == 3 and done.err.count("about 3") == 1


def test_json_is_one_document_on_stdout(tote):
    document = json.loads(tote.ok("run", "--json", "--", "echo", ":::", "a", "b").out)
    assert document["kind"] == "run" and document["run"]["tasks"]["done"] == 2


def test_a_reader_that_leaves_does_not_end_the_run(tote):
    process = tote.start("run", "--store", "s.tote", "--", "echo", ":::", *range(50))
    process.stdout.close()
    with process:
        assert process.wait(60) == 0, process.stderr.read()
    tote.assert_recorded_once(50)


def test_output_that_cannot_be_written_is_said_and_kept(tote):
    with open("/dev/full", "w") as full:
        done = tote.run("run", "--store", "s.tote", "--", "echo", ":::", "a", stdout=full)
    assert done.status == 1 and "No space left" in done.err
    assert tote.ok("log", "s.tote", 0, "--stdout").out == "a\n"


def test_progress_as_json(tote):
    done = tote.ok("run", "--progress", "jsonl", "--", "true", ":::", 1, 2, 3)
    objects = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    assert objects[-1]["last"] is True
    assert (objects[-1]["done"], objects[-1]["total"], objects[-1]["failed"]) == (3, 3, 0)


# What an earlier attempt said may be durable when what the last one said is not yet.
def test_ordered_prints_the_last_attempt(tote):
    task = script(tote, f"""cd {tote.folder}
[ -e again ] || {{ echo old $1; exit 1; }}
if [ $1 = 0 ]; then until [ -e second ]; do sleep 0.02; done; sleep 0.2; else touch second; fi
echo new $1
""")
    how = ["--workers", 2, "--batch", 1, "--output", "ordered", "--durability", "relaxed"]
    tote.run("run", "--store", "s.tote", *how, "--", task, ":::", 0, 1)
    (tote.folder / "again").touch()
    assert tote.ok("resume", "s.tote", "--retry-failed").out == "new 0\nnew 1\n"


def test_ordered_does_not_wait_for_what_is_not_listed_any_more(tote):
    task = script(tote, f"""cd {tote.folder}
case $1 in
dropped) until [ -e never ]; do sleep 0.05; done;;
last) for i in $(seq 200); do [ -e seen ] && exit; sleep 0.05; done; touch late;;
*) echo $1;;
esac
""")
    how = ["--store", "s.tote", "--workers", 2, "--batch", 1, "--output", "ordered"]
    tote.run("run", *how, "--halt", "now,done=1", "--", task, ":::", "dropped", "quick")
    with tote.start("run", *how, "--resume", "--", task, ":::", "quick", "new", "last") as process:
        assert process.stdout.readline() == "new\n"
        (tote.folder / "seen").touch()
        process.communicate()
    assert process.returncode == 0 and not (tote.folder / "late").exists()


def test_a_document_now_is_no_silence_later(tote):
    halt = ["--store", "s.tote", "--workers", 1, "--batch", 1, "--halt", "now,done=1"]
    tote.run("run", "--json", *halt, "--", first_then_wait(tote), ":::", 1, 2)
    (tote.folder / "go").touch()
    assert tote.ok("resume", "s.tote").out == "2\n"


@pytest.mark.parametrize("how", ["asdone", "ordered"])
def test_a_document_and_what_commands_print_are_not_mixed(tote, how):
    tote.ok("run", "--store", "s.tote", "--json", "--output", "none", "--", "echo", ":::", "a")
    for args in (["run", "--json", "--output", how, "--", "echo", ":::", "a"],
                 ["resume", "s.tote", "--json", "--output", how]):
        done = tote.run(*args)
        assert done.status == 2 and json.loads(done.out)["error"]["kind"] == "usage"
        assert f"no --output {how}" in done.err
    assert tote.value("SELECT count(*) FROM run") == 1


def test_a_dry_run_has_no_document(tote):
    done = tote.run("run", "--dry-run", "--json", "--", "echo", ":::", "a")
    assert done.status == 2 and json.loads(done.out)["error"]["kind"] == "usage"


# --- the job log ---

def test_the_job_log_is_that_of_gnu_parallel(tote):
    end = script(tote, 'case $1 in k) kill -9 $$;; *) exit $1;; esac\n')
    tote.run("run", "--joblog", "j", "--output", "none", "--", end, ":::", 0, 3, "k")
    tote.run("run", "--joblog", "j", "--timeout", "200ms", "--", "sleep", ":::", 60)
    tote.run("run", "--joblog", "j", "--", "echo", ":::", "a\nb")
    rows = [line.split("\t") for line in (tote.folder / "j").read_text().splitlines()]
    assert rows[0] == ("Seq Host Starttime JobRuntime Send Receive Exitval Signal Command").split()
    assert {len(row) for row in rows} == {9}
    by_seq = {row[0]: row for row in rows[1:4]}
    assert [by_seq[seq][6:8] for seq in "123"] == [["0", "0"], ["3", "0"], ["0", "9"]]
    assert rows[4][6] == "-1" and rows[4][8] == "sleep 60"
    assert subprocess.check_output(["bash", "-c", rows[5][8]], text=True) == "a\nb\n"
    assert rows[5][5] == "4" and len(rows) == 6


# --- files ---

def test_outputs_are_published_if_the_task_succeeded(tote):
    make = script(tote, 'echo "$2" > "$1"; [ "$2" != bad ]\n')
    done = tote.run("run", "--results", "out", "--", make, "{out:{item}.txt}", "{item}", ":::",
                    "good", "bad")
    assert done.status == 3
    assert {path.name: path.read_text() for path in (tote.folder / "out").iterdir()} == {
        "good.txt": "good\n"}


def test_a_file_that_is_not_ours_is_left_alone(tote):
    (tote.folder / "results").mkdir()
    (tote.folder / "results" / "a").write_text("mine")
    command = ["--", *SHELL, 'echo new > "$1"', "x", "{out:{item}}", ":::", "a"]
    done = tote.run("run", *command)
    assert done.status == 2 and "--force" in done.sentence
    assert (tote.folder / "results" / "a").read_text() == "mine"
    tote.ok("run", "--force", *command)
    assert (tote.folder / "results" / "a").read_text() == "new\n"


def test_what_is_in_the_way_to_an_output_is_named(tote):
    """--force is no mend, and is not offered."""
    (tote.folder / "away").mkdir()
    (tote.folder / "results").mkdir()
    (tote.folder / "results" / "link").symlink_to("../away")
    (tote.folder / "results" / "file").touch()
    for way, words in (("link", "goes through a symbolic link"), ("file", "goes through a file")):
        for force in [], ["--force"]:
            sentence = tote.refused("run", *force, "--", "touch", f"{{out:{way}/{{item}}}}", ":::", 1)
            assert f"'{way}/1' {words} in {tote.folder}/results" in sentence
            assert "already" not in sentence and "--force" not in sentence
    assert os.listdir(tote.folder / "away") == []


# --- log, status, fsck ---

def test_log_shows_a_task(tote):
    say = script(tote, 'echo out; echo err >&2; exit 4\n')
    tote.run("run", "--store", "s.tote", "--", say, "{item}", ":::", "x y", "z")
    done = tote.ok("log", "s.tote", 0)
    assert f"{say} 'x y'" in done.out and "exit status 4" in done.out
    assert done.out.endswith("stderr:   4 bytes\n") and "\nout\n" in done.out
    assert done.err == "err\n"
    assert tote.ok("log", "s.tote", 1, "--stderr").out == "err\n"
    document = tote.json("log", "s.tote", 1)
    assert document["result"]["exit"] == 4 and document["result"]["stdout"]["text"] == "out\n"
    assert [line.split("\t")[:2] for line in tote.ok("log", "s.tote").out.splitlines()] == [
        ["0", "exit status 4"], ["1", "exit status 4"]]


def test_log_lists_failures_in_one_document(tote):
    end = script(tote, 'exit $1\n')
    tote.run("run", "--store", "s.tote", "--", end, ":::", 0, 1, 2)
    document = tote.json("log", "s.tote")
    failures = [(one["task"], one["result"]["exit"]) for one in document["failures"]]
    assert failures == [(1, 1), (2, 2)]
    assert document["more"] == 0 and document["schema_version"] == 1
    tote.ok("run", "--store", "t.tote", "--", "true", ":::", 1)
    assert tote.json("log", "t.tote")["failures"] == []


def test_nothing_of_an_item_steers_the_terminal(tote):
    done = tote.run("run", "--store", "s.tote", "--", "./no\033[2Jsuch", ":::", "\033[31m")
    assert "\033" not in done.err
    assert "\033" not in tote.run("log", "s.tote").out
    assert "\033" not in [line for line in tote.ok("log", "s.tote", 0).out.splitlines()
                          if line.startswith("outcome:")][0]


def test_a_path_that_is_not_utf_8_has_a_document(tote):
    path = os.fsencode(tote.folder) + b"/\xff.tote"
    tote.ok("run", "--store", "s.tote", "--", "true", ":::", 1)
    os.rename(tote.folder / "s.tote", path)
    done = subprocess.run([TOTE, "status", "--json", path], capture_output=True, check=True)
    assert json.loads(done.stdout)["store"].endswith("/?.tote")


def test_salvage_makes_a_new_store(tote):
    tote.ok("run", "--store", "s.tote", "--", "true", ":::", 1)
    sentence = tote.refused("fsck", "s.tote", "--salvage", "s.tote")
    assert "there already" in sentence and "--store" not in sentence


@pytest.mark.parametrize("args,words", [
    (["log"], "which store?"), (["log", "s.tote", "x"], "a task is a number"),
    (["log", "s.tote", "--stdout"], "which task?"),
    (["log", "s.tote", 0, "--stderr", "--stdout"], "at a time"),
    (["log", "s.tote", 7], "no task 7"), (["log", "nothing"], "nothing"),
    (["status"], "which store?"), (["status", "nothing"], "nothing"),
    (["fsck"], "which store?"), (["fsck", "nothing"], "nothing"),
    (["resume"], "which store?"), (["resume", "nothing"], "nothing"),
])
def test_refusals(tote, args, words):
    tote.ok("run", "--store", "s.tote", "--", "true", ":::", 1)
    assert words in tote.refused(*args)
    assert sorted(os.listdir(tote.folder)) == ["home", "s.tote"]


def test_fsck(tote):
    tote.ok("run", "--store", "s.tote", "--", "true", ":::", 1, 2)
    assert re.fullmatch(r"\d+ rows checked, 0 damaged\n", tote.ok("fsck", "s.tote").out)
    assert tote.json("fsck", "s.tote")["damaged"] == 0
    subprocess.run(["sqlite3", "s.tote", "UPDATE record SET end_ns = end_ns + 1 WHERE task = 1"],
                   cwd=tote.folder, check=True)
    done = tote.run("fsck", "s.tote")
    assert done.status == 1 and "1 damaged" in done.out and len(done.out.splitlines()) == 2
    assert tote.run("fsck", "s.tote", "--salvage", "whole.tote").status == 1
    assert tote.ok("fsck", "whole.tote").out.endswith(", 0 damaged\n")


# --- resume ---

def started(tote, *args):
    """A run of sleeping tasks that has some results."""
    process = tote.start("run", "--store", "s.tote", "--workers", 2, "--batch", 1, *args, "--",
                         *SHELL, 'sleep 0.05; echo "$1"', "x", ":::", *range(60))
    wait_until(lambda: tote.recorded(tote.folder / "s.tote") > 3)
    return process


def test_an_interrupted_bag_goes_on(tote):
    with started(tote) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert re.search(r"^tote: interrupted: letting \d+ tasks that were handed out end "
                     r"\(10 s at most\); "
                     "press again to stop now$", err, re.M), err
    assert re.search(r"^tote: interrupted: \d+ of 60 done; go on with: tote resume s.tote$", err,
                     re.M), err
    status = tote.json("status", "s.tote")
    assert status["state"] == "interrupted" and status["can_resume"] and status["total"] == 60
    assert "tote resume s.tote" in tote.ok("status", "s.tote").out
    rest = tote.ok("resume", "s.tote")
    assert sorted(map(int, (out + rest.out).split())) == list(range(60))
    assert tote.json("status", "s.tote")["done"] == 60
    assert tote.ok("resume", "s.tote").out == ""
    tote.assert_nothing_left()


def test_what_has_failed_is_not_called_done(tote):
    end = script(tote, "[ $1 -gt 1 ] && sleep 60; exit $1\n")
    with tote.start("run", "--store", "s.tote", "--workers", 2, "--batch", 1, "--grace", "0.1s", "--",
                    end, ":::", 0, 1, 2, 3) as process:
        wait_until(lambda: tote.recorded(tote.folder / "s.tote") == 2)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
    assert "\ntote: 1 done, 1 failed of 4, in " in err
    assert "\ntote: interrupted: 2 of 4 have a result; go on with: tote resume s.tote\n" in err


def test_a_killed_bag_goes_on_and_a_living_one_is_left_alone(tote):
    with started(tote) as process:
        status = tote.json("status", "s.tote")
        assert status["alive"] and status["pid"] == process.pid and status["state"] == "running"
        assert f"process {process.pid}" in tote.refused("resume", "s.tote")
        process.kill()
        process.communicate()
    assert tote.json("status", "s.tote")["state"] == "dead"
    tote.ok("resume", "s.tote")
    assert {"home", "s.tote"} == set(os.listdir(tote.folder)) - {"state"}
    assert tote.json("status", "s.tote")["done"] == 60
    assert tote.value("SELECT count(DISTINCT task) FROM record WHERE outcome = 0") == 60


def test_sigusr1_prints_the_line(tote):
    with started(tote) as process:
        process.send_signal(signal.SIGUSR1)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert re.search(r"^local  tasks \d+/60 .*tasks/s", err, re.M), err


def test_an_existing_store_names_resume(tote):
    tote.ok("run", "--store", "s.tote", "--", "true", ":::", 1)
    sentence = tote.refused("run", "--store", "s.tote", "--", "true", ":::", 1)
    assert "exists already" in sentence and "tote resume s.tote" in sentence
    assert "--resume" in sentence


def test_a_store_is_named_as_a_shell_reads_it(tote):
    folder = tote.folder / "a b"
    folder.mkdir()
    done = tote.run("run", "--store", "a b/s.tote", "--workers", 1, "--batch", 1, "--halt",
                    "now,done=1", "--", first_then_wait(tote), ":::", 1, 2)
    assert "tote resume 'a b/s.tote'\n" in done.err and "tote log 'a b/s.tote' TASK\n" in done.err
    assert "tote resume 'a b/s.tote'\n" in tote.ok("status", "a b/s.tote").out
    sentence = tote.refused("run", "--store", "a b/s.tote", "--", "echo", ":::", 1)
    assert "tote resume 'a b/s.tote'" in sentence


def test_a_list_that_makes_no_files_may_be_given_from_anywhere(tote):
    (tote.folder / "other").mkdir()
    tote.ok("run", "--store", "s.tote", "--", "echo", ":::", "a")
    done = tote.ok("run", "--store", "../s.tote", "--resume", "--", "echo", ":::", "a", "b",
                   cwd=tote.folder / "other")
    assert done.out == "b\n"
    make = ["--", *SHELL, 'echo > "$1"', "x", "{out:{item}}", ":::", "a"]
    assert "are in" in tote.refused("run", "--store", "../s.tote", "--resume", *make,
                                    cwd=tote.folder / "other")


def test_commands_whose_folder_was_moved_are_not_tried(tote):
    there = tote.folder / "there"
    there.mkdir()
    tote.run("run", "--store", "../s.tote", "--cwd", "start", "--workers", 1, "--batch", 1, "--halt",
             "now,done=1", "--", first_then_wait(tote), ":::", 1, 2, cwd=there)
    there.rename(tote.folder / "elsewhere")
    sentence = tote.refused("resume", "s.tote")
    assert "is not there any more" in sentence and "--resume -- COMMAND" in sentence
    assert "go on:   tote run --store s.tote --resume -- COMMAND\n" in tote.ok("status", "s.tote").out
    assert tote.value("SELECT count(*) FROM record") == 1


def test_a_bag_that_was_moved_finds_its_files(tote):
    """Its results lie where it was started: they are not made anew where that was."""
    there, here = tote.folder / "there", tote.folder / "here"
    there.mkdir()
    (there / "a").write_text("1")
    (there / "b").write_text("2")
    copy = ["--", "cp", "{in:{item}}", "{out:{item}}", ":::", "a", "b"]
    tote.ok("run", "--store", "s.tote", *copy, cwd=there)
    there.rename(here)
    sentence = tote.refused("resume", "s.tote", cwd=here)
    assert f"are in {there}/results, but {there}" in sentence and "--resume -- COMMAND" in sentence
    assert not there.exists()
    (here / "results" / "a").unlink()
    tote.ok("run", "--store", "s.tote", "--resume", *copy, cwd=here)
    assert (here / "results" / "a").read_text() == "1"
    runs = "SELECT run, count(*) FROM record GROUP BY run ORDER BY run"
    with contextlib.closing(sqlite3.connect(here / "s.tote")) as store:
        assert store.execute(runs).fetchall() == [(1, 2), (2, 1)]
    (here / "results" / "b").unlink()
    tote.ok("resume", "here/s.tote")
    assert (here / "results" / "b").read_text() == "2"
    assert sorted(os.listdir(tote.folder)) == ["here", "home"]
    other = tote.folder / "other"
    other.mkdir()
    assert "are in" in tote.refused("run", "--store", "../here/s.tote", "--resume", "--", "cp",
                                    "{in:../here/{item}}", "{out:{item}}", ":::", "a", cwd=other)


def test_results_that_were_removed_are_made_again(tote):
    tote.ok("run", "--store", "s.tote", "--results", "x/y", "--", "touch", "{out:{item}}", ":::", "a")
    shutil.rmtree(tote.folder / "x")
    tote.ok("resume", "s.tote")
    assert (tote.folder / "x/y/a").exists()


def test_a_damaged_store_is_no_fault_of_an_engine(tote):
    tote.ok("run", "--store", "s.tote", "--", "true", ":::", 1)
    with contextlib.closing(sqlite3.connect(tote.folder / "s.tote")) as store, store:
        store.execute("UPDATE record SET seal = seal + 1")
    assert "is damaged" in tote.refused("log", "s.tote", status=1)


def test_a_file_that_is_gone_is_no_failure(tote):
    block = f"while [ -e {tote.folder}/block ]; do sleep 0.05; done; "
    tote.ok("run", "--store", "s.tote", "--", *SHELL, block + 'echo > "$1"', "x", "{out:{item}}",
            ":::", "a", "b")
    (tote.folder / "results" / "a").unlink()
    (tote.folder / "block").touch()
    with tote.start("resume", "s.tote") as process:
        wait_until(lambda: tote.json("status", "s.tote")["done"] == 1)
        process.kill()
        process.communicate()
    status = tote.json("status", "s.tote")
    assert (status["done"], status["failed"], status["can_resume"]) == (1, 0, True)
    assert tote.ok("log", "s.tote").out == ""
    assert "outcome:  wrong, taken back" in tote.ok("log", "s.tote", 0).out
    (tote.folder / "block").unlink()
    tote.ok("resume", "s.tote")
    assert tote.json("status", "s.tote")["can_resume"] is False


def test_a_changed_list_runs_what_is_new(tote):
    tote.ok("run", "--store", "s.tote", "--", "echo", ":::", "a", "b")
    done = tote.ok("run", "--store", "s.tote", "--resume", "--", "echo", ":::", "new", "a", "b")
    assert done.out == "new\n"
    done = tote.ok("run", "--store", "s.tote", "--resume", "--", "echo", "-n", ":::", "a")
    assert done.out == "a"
    assert tote.ok("log", "s.tote", 2).out.splitlines()[1] == "command:  echo new"
    assert tote.json("status", "s.tote")["total"] == 1


def test_what_failed_runs_again_when_told(tote):
    flaky = script(tote, f'[ -e {tote.folder}/now ] && echo good || exit 1\n')
    assert tote.run("run", "--store", "s.tote", "--", flaky, ":::", 1, 2).status == 3
    (tote.folder / "now").touch()
    assert tote.run("resume", "s.tote").status == 3
    assert tote.ok("resume", "s.tote", "--retry-failed").out == "good\ngood\n"


def test_a_bag_of_a_kernel_goes_on(tote):
    process = tote.start("run", "--store", "s.tote", "--kernel", "sleep:us=20000", "--tasks", 200,
                         "--batch", 1)
    with process:
        wait_until(lambda: tote.recorded(tote.folder / "s.tote") > 3)
        process.kill()
        process.communicate()
    tote.ok("resume", "s.tote")
    assert tote.value("SELECT count(DISTINCT task) FROM record") == 200
    assert tote.json("status", "s.tote")["done"] == 200


def test_a_list_from_a_pipe_that_was_not_read_must_be_given_again(tote):
    process = tote.start("run", "--store", "s.tote", "--", "echo", stdin=subprocess.PIPE)
    with process:
        process.stdin.write("a\nb\n")
        process.stdin.flush()
        wait_until(lambda: tote.recorded(tote.folder / "s.tote") == 2)  # before the pipe ends
        process.kill()
        process.communicate()
    again = "... | tote run --store s.tote --resume -- COMMAND"
    assert tote.ok("status", "s.tote").out.endswith(f"\ngo on:   {again}\n")
    sentence = tote.refused("resume", "s.tote")
    assert "came through a pipe" in sentence
    assert sentence.count(again) == 1 and "tote resume" not in sentence
    done = tote.ok("run", "--store", "s.tote", "--resume", "--", "echo", input="a\nb\nc\n")
    assert done.out == "c\n"


def test_who_gives_a_list_again_is_told_the_engine(tote):
    with tote.start("run", "--store", "s.tote", "--engine", "local:mode=spawn", "--", "echo",
                    stdin=subprocess.PIPE) as process:
        process.stdin.write("a\n")
        process.stdin.flush()
        wait_until(lambda: tote.recorded(tote.folder / "s.tote") == 1)
        process.kill()
        process.communicate()
    again = "... | tote run --store s.tote --resume --engine local:mode=spawn -- COMMAND"
    assert tote.ok("status", "s.tote").out.endswith(f"\ngo on:   {again}\n")


def test_halt(tote):
    """Of a list that is whole before anything runs, since it names a file."""
    end = script(tote, 'exit $1\n')
    done = tote.run("run", "--store", "s.tote", "--workers", 1, "--batch", 1, "--halt",
                    "soon,fail=1", "--", f"{{in:{end}}}", "{item}", ":::", 0, 1, *[0] * 200)
    assert done.status == 3
    assert re.search(r"^tote: halted, as --halt asked for: \d+ of 202 have a result; go on with: "
                     r"tote resume s.tote$", done.err, re.M), done.err
    assert tote.recorded(tote.folder / "s.tote") < 202


@pytest.mark.parametrize("halt", ["soon,done=1", "now,success=1"])
def test_a_halt_that_was_reached_stops_no_resume(tote, halt):
    tote.run("run", "--store", "s.tote", "--workers", 1, "--batch", 1, "--halt", halt, "--", "sh",
             "-c", "sleep 0.1; echo {item}", ":::", *range(20))
    assert tote.json("status", "s.tote")["can_resume"] is True
    tote.ok("resume", "s.tote")
    assert tote.json("status", "s.tote")["done"] == 20


def test_a_halt_at_the_very_end_is_no_interruption(tote):
    tote.run("run", "--store", "s.tote", "--workers", 1, "--halt", "soon,fail=100%", "--", "false",
             ":::", 1, 2)
    status = tote.json("status", "s.tote")
    assert (status["state"], status["why"], status["can_resume"]) == ("complete", "", False)


def test_an_empty_list_is_noted(tote):
    done = tote.ok("run", "--", "echo", input="")
    assert done.out == "" and "tote: note: the list is empty: nothing to do\n" in done.err


def test_failures_that_are_not_shown_are_counted(tote):
    err = tote.run("run", "--", "false", ":::", *range(3)).err
    assert "more failed" not in err
    err = tote.run("run", "--", "false", ":::", *range(7)).err
    assert "\ntote: and 4 more failed\ntote: 0 done, 7 failed of 7" in err


def test_cuts_that_are_not_shown_are_counted(tote):
    err = tote.ok("run", "--stream-max", 2, "--", "echo", "{item}", ":::", *range(100, 107)).err
    assert len(re.findall(r"stdout cut at 2 bytes of 4 bytes: raise --stream-max", err)) == 3
    assert "tote: and 4 more streams cut: raise --stream-max\n" in err


def test_a_sentence_begins_a_line(tote):
    err = tote.ok("run", "--output", "asdone", "--", *SHELL, "printf {item} >&2", ":::", "a").err
    assert err.startswith("a\ntote: 1 done of 1"), err
    err = tote.ok("run", "--output", "asdone", "--stream-max", 3, "--", *SHELL,
                  "printf {item}{item} >&2", ":::", *range(10, 15)).err
    assert "\ntote: and 2 more streams cut" in err and not re.search(r"\dtote:", err), err


def test_resume_of_no_store_begins_it(tote):
    line = ["run", "--store", "s.tote", "--resume", "--", "echo", ":::"]
    assert tote.ok(*line, "a").out == "a\n"
    assert tote.ok(*line, "a", "b").out == "b\n"
    assert "--resume goes on" in tote.refused("run", "--store", "s.tote", "--resume")
    assert "nothing" in tote.refused("run", "--store", "nothing.tote", "--resume")


def test_a_store_s_own_engine_is_not_started_unasked(tote):
    here = os.path.dirname(TOTE)
    (engine,) = filter(os.path.exists, (os.path.join(here, "tote-engine-local"),
                                        os.path.join(here, "../lib/tote/tote-engine-local")))
    done = tote.run("run", "--store", "s.tote", "--engine", engine, "--workers", 1, "--batch", 1,
                    "--halt", "soon,done=1", "--", *SHELL, "sleep 0.1; echo {item}", ":::",
                    *range(20))
    line = f"tote resume s.tote --engine {engine}"
    assert f"go on with: {line}\n" in done.err
    assert f"go on:   {line}\n" in tote.ok("status", "s.tote").out
    assert f"--engine {engine}" in tote.refused("resume", "s.tote")
    tote.ok(*line.split()[1:])
    assert tote.json("status", "s.tote")["done"] == 20


def settings(tote):
    with contextlib.closing(sqlite3.connect(tote.folder / "s.tote")) as store:
        return dict(store.execute("SELECT name, value FROM setting"))


def test_what_the_newest_run_was_told_holds(tote):
    """Those of a resume, and those of a run that goes on, with the defaults of what it leaves
    out."""
    def newest(count):
        assert tote.value("SELECT count(*) FROM record WHERE run = "
                          "(SELECT max(id) FROM run)") == count
        kept = settings(tote)
        return [kept[name] for name in ("engine", "retries", "timeout", "output", "durability")]
    first = ["run", "--store", "s.tote", "--workers", 1]
    fail = ["--", "false", ":::", 1, 2]
    tote.run(*first, "--timeout", "50s", "--durability", "strict", *fail)
    assert newest(2) == ["local", "0", "50s", "asdone", "strict"]
    told = ["local:mode=spawn", "2", "40s", "none", "strict"]
    tote.run("resume", "s.tote", "--retry-failed", "--engine", told[0], "--retries", told[1],
             "--timeout", told[2], "--output", told[3])
    assert newest(2 * 3) == told
    tote.run("resume", "s.tote", "--retry-failed")  # what it runs by is what it was told before
    assert newest(2 * 3) == told
    assert tote.value("SELECT group_concat(label) FROM run") == ",".join(["local", *told[:1] * 2])
    tote.run(*first, "--resume", "--retry-failed", *fail, 3)
    assert newest(3) == ["local", "0", "", "asdone", "group"]
    tote.run("resume", "s.tote", "--retry-failed")
    assert newest(3) == ["local", "0", "", "asdone", "group"]


def test_what_a_refused_resume_was_told_does_not_hold(tote):
    tote.ok("run", "--store", "s.tote", "--", "true", ":::", 1)
    before = settings(tote)
    tote.refused("resume", "s.tote", "--engine", "nothing", "--retries", 3)
    tote.refused("resume", "s.tote", "--retries", 3, "--timeout", "never")
    tote.refused("run", "--store", "s.tote", "--resume", "--retries", 3, "--", "true", "{no}")
    assert settings(tote) == before


def test_what_is_no_store_is_a_mistake_of_use(tote):
    (tote.folder / "text").write_text("no store\n")
    for command in ("fsck", "status", "resume"):
        assert "not a tote store" in tote.refused(command, "text")


def test_the_host_s_network_is_kept(tote):
    own = os.readlink("/proc/self/ns/net")
    show = ["--", "readlink", "{item}", ":::", "/proc/self/ns/net"]
    assert tote.ok("run", *show).out == own + "\n"
    done = tote.ok("run", "--net", "private", *show)
    assert done.out != own + "\n" or "no namespaces" in done.err  # a plain box has the host's


def test_help_has_groups_and_letters(tote):
    text = tote.ok("help", "run").out
    for title in ("What runs:", "Where files go:", "Limits:", "When something fails:", "Output:"):
        assert f"\n{title}\n" in text
    assert "-a, --items FILE" in text and "-n, --dry-run" in text
    assert "--results DIR" in text and "--store FILE" in text and "--timeout TIME|N%" in text
    manual = tote.ok("help", "--man").out
    for word in ("{item}", "{in:PATH}", "{out:PATH}", "{stem}"):
        assert word in text and word in manual
    assert "\n  --durability group|strict|relaxed\n" in text  # its text begins below it


def test_help_of_resume_names_no_defaults(tote):
    """They are what the store says, as it says itself."""
    text = tote.ok("help", "resume").out
    assert "[local]" in tote.ok("help", "run").out
    assert not re.search(r"\[[a-z0-9]+\]$", text, re.M) and "as the last run" in text


def test_there_is_one_manual(tote):
    assert subprocess.run([TOTE, "help", "--man"], capture_output=True, text=True,
                          check=True).stdout.count("BAGS OF COMMANDS") == 1
