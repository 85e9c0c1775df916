# SPDX-License-Identifier: MIT
"""Bags of commands between their states: while a list is read, while a run drains, after a disk
that failed in the middle of a batch, after published files were lost or changed. Kills at random
points: the crash tests."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import tempfile
import time

import pytest
from tote_tool import PATIENCE_S, wait_until

SHELL = "sh -c".split()


def is_idle(pid):
    """It sleeps whenever one looks: what polls without waiting does not."""
    for _ in range(50):
        with open(f"/proc/{pid}/stat") as file:
            if file.read().rpartition(")")[2].split()[0] != "S":
                return False
        time.sleep(0.01)
    return True


def tasks(tote):
    try:
        return tote.value("SELECT count(*) FROM task", tote.folder / "s.tote")
    except sqlite3.OperationalError:
        return 0


def attempts(results):
    return [name for path in results.glob(".tote-*/attempts") for name in os.listdir(path)]


def test_folders_of_attempts_go_while_the_bag_runs(tote):
    results = tote.folder / "results"
    task = 'echo "$1" >"$2"; [ "$1" != 40 ] || while [ ! -e "$3" ]; do sleep 0.01; done'
    with tote.start("run", "--store", "s.tote", "--workers", 1, "--batch", 1, "--", *SHELL, task,
                    "x", "{item}", "{out:{item}}", tote.folder / "now", ":::",
                    *range(41)) as process:  # fmt: skip
        try:
            wait_until(lambda: (results / "39").exists())
            wait_until(lambda: len(attempts(results)) <= 2, lambda: str(attempts(results)))
        finally:
            (tote.folder / "now").touch()
        assert process.wait(PATIENCE_S) == 0
    assert sorted(map(int, os.listdir(results))) == list(range(41))


def test_a_run_that_drains_is_idle_however_long_its_list(tote):
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as items:
        with tote.start("run", "--store", "s.tote", "--workers", 1, "--grace", 3600, "--", *SHELL,
                        "while :; do sleep 0.1; done; : {item}", stdin=items.stdout) as process:
            try:
                wait_until(lambda: tasks(tote) > 1000)
                process.send_signal(signal.SIGINT)
                wait_until(lambda: is_idle(process.pid), "it is busy although it only waits")
            finally:
                process.send_signal(signal.SIGINT)
                items.kill()
            assert process.wait(PATIENCE_S) == -signal.SIGINT


def test_progress_is_no_end_of_a_list_that_is_read(tote):
    command = ["run", "--store", "s.tote", "--", *SHELL, "echo {item} >{out:{item}}"]
    with tote.start(*command, stdin=subprocess.PIPE) as process:
        process.stdin.write("a\n")
        process.stdin.flush()
        wait_until((tote.folder / "s.tote").exists)
        process.send_signal(signal.SIGUSR1)
        wait_until(lambda: is_idle(process.pid))
        process.communicate("b\n", timeout=PATIENCE_S)
    assert process.returncode == 0
    assert sorted(os.listdir(tote.folder / "results")) == ["a", "b"]


def test_ctrl_c_is_heard_while_inputs_are_hashed(tote):
    with open(tote.folder / "large", "wb") as file:
        file.truncate(1 << 30)
    for number in range(1000):  # the check comes between two files
        (tote.folder / str(number)).symlink_to("large")
    with tote.start("run", "--store", "s.tote", "--", "cat", "{in:{item}}", ":::",
                    *range(1000)) as process:  # fmt: skip
        wait_until((tote.folder / "s.tote").exists)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT and "interrupted while the list was read" in err


def lock(folder):
    """Nothing can be made in it then, by root neither."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
    elif subprocess.run(["chattr", "+i", folder], stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("root can write everywhere here")


def unlock(folder):
    if os.geteuid() == 0:
        subprocess.run(["chattr", "-i", folder], check=True)
    folder.chmod(0o755)


def test_what_a_broken_batch_has_published_is_taken_back(tote):
    """The disk fails between two tasks of a batch: the first one's file has no record."""
    locked = tote.folder / "results" / "locked"
    locked.mkdir(parents=True)
    lock(locked)
    try:
        make = ["--workers", 1, "--batch", 2, "--", *SHELL, "echo {item} >{out:{item}}", ":::",
                "a", "locked/b"]  # fmt: skip
        done = tote.run("run", "--store", "s.tote", *make)
        assert done.status == 1 and "cannot publish 'locked/b'" in done.sentence
        assert os.listdir(tote.folder / "results") == ["locked"]
    finally:
        unlock(locked)
    assert "2 done of 2" in tote.ok("resume", "s.tote").err  # the list was durable: it stays
    assert {path.name for path in (tote.folder / "results").rglob("*")} == {"a", "b", "locked"}


# --- how it stands ---

def standing(tote):
    said = tote.json("status", "s.tote")
    return said["done"], said["failed"], said["listed"]


def test_status_needs_no_record_to_tell_how_a_bag_stands(tote):
    """What fails, what is tried again, what another list leaves out is counted as it is recorded."""
    make = [*SHELL, 'test "$1" -lt 4 || test -e "$2"', "x", "{item}", tote.folder / "luck", ":::"]
    tote.run("run", "--store", "s.tote", "--retries", 1, "--", *make, *range(6))
    assert standing(tote) == (4, 2, 6)
    tote.run("resume", "s.tote", "--retry-failed")
    assert standing(tote) == (4, 2, 6)
    tote.run("run", "--store", "s.tote", "--resume", "--", *make, 2, 3, 4, 7)
    assert standing(tote) == (2, 2, 4)
    (tote.folder / "luck").touch()
    tote.run("resume", "s.tote", "--retry-failed")
    assert standing(tote) == (4, 0, 4)
    tote.run("run", "--store", "s.tote", "--resume", "--", *make, *range(8))
    assert standing(tote) == (7, 1, 8)  # what was left out in between has failed, and no more
    tote.run("resume", "s.tote", "--retry-failed")
    assert standing(tote) == (8, 0, 8)
    assert "0 damaged" in tote.ok("fsck", "s.tote").out
    with contextlib.closing(sqlite3.connect(tote.folder / "s.tote")) as db, db:
        db.execute("UPDATE record SET cpu_ns = cpu_ns + 1")  # who reads one finds it damaged
    assert standing(tote) == (8, 0, 8)
    assert tote.run("fsck", "s.tote").status == 1
    with contextlib.closing(sqlite3.connect(tote.folder / "s.tote")) as db, db:
        db.execute("UPDATE standing SET ok = 7 WHERE run = 0")
    assert "standing 0 is not as it was written" in tote.run("status", "s.tote").err


def test_status_of_a_kernels_bag_that_failed_goes_by_its_counts(tote):
    tote.run("run", "--store", "s.tote", "--kernel", "fault:fail=2,wrong=3", "--tasks", 20)
    done, failed, _ = standing(tote)
    assert (done, failed) == tuple(tote.rows(
        "SELECT sum(outcome = 0), sum(outcome <> 0) FROM record", tote.folder / "s.tote")[0])
    assert done + failed == 20
    assert "0 damaged" in tote.ok("fsck", "s.tote").out


# --- a limit that is not known yet ---

TIMEOUT = 3  # TOTE_CAUSE_TIMEOUT


@pytest.mark.parametrize("data", ["shared", "staged"])
def test_a_share_of_the_median_ends_what_was_handed_out_before_it_was_known(tote, engine, data):
    if data == "staged" and engine != "workqueue":
        pytest.skip("only Work Queue moves files")
    go = tote.folder / "go"
    task = 'case $1 in 0) while [ ! -e "$2" ]; do sleep 0.1; done;; esac'
    command = ["run", "--engine", engine, "--data", data, "--store", "s.tote", "--workers", 2,
               "--batch", 1, "--timeout", "500%", "--kill-after", 1, "--", *SHELL, task,
               "x", "{item}", go, ":::", *range(12)]  # fmt: skip
    with tote.start(*command) as process:
        try:
            if data == "staged":  # it cannot be told, and goes on until it is done
                wait_until(lambda: tote.recorded(tote.folder / "s.tote") == 11)
                go.touch()
            _, err = process.communicate(timeout=PATIENCE_S)
        finally:
            go.touch()
    causes = dict(map(tuple, tote.rows("SELECT task, cause FROM result")))
    assert (causes.pop(0) == TIMEOUT) == (data == "shared"), err
    assert len(causes) == 11 and 0 in causes.values(), causes
    tote.assert_nothing_left()


# --- published files ---

def copy(tote, content):
    (tote.folder / "in").write_text(content)
    return ["--", "cp", "{in:{item}}", "{out:copy}", ":::", "in"]


def test_a_changed_input_replaces_what_was_published(tote):
    tote.ok("run", "--store", "s.tote", *copy(tote, "one"))
    copy(tote, "two")
    tote.ok("resume", "s.tote")
    assert (tote.folder / "results" / "copy").read_text() == "two"


def test_a_file_that_became_the_user_s_is_not_replaced(tote):
    tote.ok("run", "--store", "s.tote", *copy(tote, "one"))
    (tote.folder / "results" / "copy").write_text("mine")
    copy(tote, "two")
    assert "was changed since this bag made it" in tote.refused("resume", "s.tote")
    assert (tote.folder / "results" / "copy").read_text() == "mine"
    tote.ok("resume", "s.tote", "--force")
    assert (tote.folder / "results" / "copy").read_text() == "two"


def contents(tote):
    return {path.name: path.read_text() for path in (tote.folder / "results").iterdir()}


def assert_all_is_done(tote, attempts):
    """Another resume runs nothing and changes nothing."""
    files, runs = contents(tote), tote.folder / "runs"
    assert runs.read_text().count("\n") == attempts
    tote.ok("resume", "s.tote")
    assert contents(tote) == files and runs.read_text().count("\n") == attempts
    tote.ok("fsck", "s.tote")


def two_files(tote):
    task = 'echo >>"$4"; echo a "$1" >"$2"; echo b "$1" >"$3"'
    tote.ok("run", "--store", "s.tote", "--", *SHELL, task, "x", "{item}", "{out:a{item}}",
            "{out:b{item}}", tote.folder / "runs", ":::", "1", "2", "3")  # fmt: skip
    return {name + number: f"{name} {number}\n" for name in "ab" for number in "123"}


@pytest.mark.parametrize("lost", [["a1"], ["b1"], ["a1", "b1", "a3"]])
def test_a_bag_heals_where_some_files_of_a_task_are_lost(tote, lost):
    made = two_files(tote)
    for name in lost:
        (tote.folder / "results" / name).unlink()
    tote.ok("resume", "s.tote")
    assert contents(tote) == made
    assert_all_is_done(tote, 3 + len({name[1] for name in lost}))


def test_the_user_s_file_beside_a_lost_one_is_not_replaced(tote):
    made = two_files(tote)
    (tote.folder / "results" / "a1").unlink()
    (tote.folder / "results" / "b1").write_text("mine")
    assert "'b1' in" in tote.refused("resume", "s.tote")
    assert (tote.folder / "results" / "b1").read_text() == "mine"
    tote.ok("resume", "s.tote", "--force")
    assert contents(tote) == made


def test_a_task_that_was_killed_while_it_heals_runs_again(tote):
    """Its record was taken back, its next one never came."""
    (tote.folder / "go").touch()
    task = 'echo >>"$3"; [ -e "$4" ] || sleep 3600; echo a >"$1"; echo b >"$2"'
    runs = tote.folder / "runs"
    tote.ok("run", "--store", "s.tote", "--", *SHELL, task, "x", "{out:a{item}}",
            "{out:b{item}}", runs, tote.folder / "go", ":::", "1")  # fmt: skip
    (tote.folder / "results" / "a1").unlink()
    (tote.folder / "go").unlink()
    with tote.start("resume", "s.tote") as process:
        wait_until(lambda: runs.read_text().count("\n") == 2)
        process.kill()
        process.communicate()
    (tote.folder / "go").touch()
    tote.ok("resume", "s.tote")
    assert contents(tote) == {"a1": "a\n", "b1": "b\n"}
    assert_all_is_done(tote, 3)


def test_an_input_that_changes_back(tote):
    def write(content):
        (tote.folder / "in2").write_text(content)

    runs, task = tote.folder / "runs", 'echo >>"$4"; cat "$1" >"$2"; wc -c <"$1" >"$3"'
    for number in (1, 2, 3):
        (tote.folder / f"in{number}").write_text("one")
    tote.ok("run", "--store", "s.tote", "--", *SHELL, task, "x", "{in:{item}}", "{out:o-{item}}",
            "{out:n-{item}}", runs, ":::", "in1", "in2", "in3")  # fmt: skip
    for attempts, content in enumerate(["second", "one", "second", "one"], 4):
        write(content)
        tote.ok("resume", "s.tote")
        made = contents(tote)
        assert made["o-in2"] == content and made["n-in2"] == f"{len(content)}\n"
        assert made["o-in1"] == made["o-in3"] == "one" and len(made) == 6
        assert_all_is_done(tote, attempts)


def test_a_file_that_became_the_user_s_is_not_replaced_by_what_it_was(tote):
    tote.ok("run", "--store", "s.tote", *copy(tote, "one"))
    copy(tote, "two")
    tote.ok("resume", "s.tote")
    copy(tote, "one")
    (tote.folder / "results" / "copy").write_text("mine")
    assert "was changed since this bag made it" in tote.refused("resume", "s.tote")
    assert contents(tote) == {"copy": "mine"}
    (tote.folder / "results" / "copy").unlink()
    tote.ok("resume", "s.tote")
    assert contents(tote) == {"copy": "one"}


def test_what_is_done_needs_its_inputs_no_more(tote):
    for name in "abc":
        (tote.folder / name).write_text(name)
    tote.ok("run", "--store", "s.tote", "--", "cp", "{in:{item}}", "{out:{item}.o}", ":::",
            "a", "b", "c")  # fmt: skip
    os.unlink(tote.folder / "a")
    (tote.folder / "b").write_text("changed")
    tote.ok("resume", "s.tote")
    made = {path.name: path.read_text() for path in (tote.folder / "results").iterdir()}
    assert made["a.o"] == "a" and made["b.o"] == "changed"


# --- what stays of a run that came to nothing ---

def settings(tote, store):
    return {row["name"]: row["value"] for row in tote.rows("SELECT * FROM setting", store)}


def moved(tote):
    """A bag whose folder is elsewhere now: the folder, the store and the list in it."""
    there, here = tote.folder / "there", tote.folder / "here"
    there.mkdir()
    (there / "a").write_text("1")
    copy = ["--resume", "--", "cp", "{in:{item}}", "{out:{item}}", ":::", "a"]
    tote.ok("run", "--store", "s.tote", *copy, cwd=there)
    there.rename(here)
    return here, here / "s.tote", copy


def test_a_list_that_is_refused_leaves_no_trace(tote):
    here, store, copy = moved(tote)
    wrong = tote.folder / "wrong"
    wrong.mkdir()
    before = settings(tote, store)
    sentence = tote.refused("run", "--store", store, *copy, cwd=wrong)
    assert "item 'a' reads 'a'" in sentence and "tote resume" not in sentence
    assert os.listdir(wrong) == [] and settings(tote, store) == before
    tote.ok("run", "--store", "s.tote", *copy, cwd=here)
    assert tote.value("SELECT count(*) FROM record", store) == 1
    assert settings(tote, store)["results_folder"] == f"{here}/results"
    tote.ok("resume", store)


def test_a_folder_that_holds_something_is_not_removed(tote):
    _, store, copy = moved(tote)
    wrong = tote.folder / "wrong"
    (wrong / "results").mkdir(parents=True)
    assert "item 'a' reads" in tote.refused("run", "--store", store, *copy, cwd=wrong)
    assert os.listdir(wrong) == ["results"] and os.listdir(wrong / "results") == []


def test_the_command_of_a_refused_list_is_not_that_of_the_next(tote):
    """Going on with a changed input makes a list of the same number as the refused one."""
    tote.ok("run", "--store", "s.tote", *copy(tote, "one"))
    tote.refused("run", "--store", "s.tote", "--resume", "--", "false", "{in:{item}}", "{out:x}",
                 ":::", "none")  # fmt: skip
    for content in ("two", "three"):
        copy(tote, content)
        tote.ok("resume", "s.tote")
        assert contents(tote) == {"copy": content}


def half_done(tote):
    """One of its tasks has ended; more wait while there is a file "block"."""
    task = 'echo >>"$1"; while [ -e "$2" ]; do sleep 0.05; done; sleep 0.1'
    tote.run("run", "--store", "s.tote", "--workers", 1, "--batch", 1, "--halt", "soon,done=1",
             "--", *SHELL, task, "{item}", tote.folder / "ran", tote.folder / "block", ":::",
             *range(20))  # fmt: skip
    assert tote.json("status", "s.tote")["done"] < 20
    return settings(tote, tote.folder / "s.tote")


@pytest.mark.parametrize("engine", ["local:none=1", "workqueue:port=1"])
def test_what_a_run_was_told_that_did_not_come_up_is_not_kept(tote, engine):
    before = half_done(tote)
    done = tote.run("resume", "s.tote", "--engine", engine, "--retries", 7)
    assert done.status in (2, 5), done
    assert settings(tote, tote.folder / "s.tote") == before
    tote.ok("resume", "s.tote", "--retries", 7)
    after = settings(tote, tote.folder / "s.tote")
    assert after == {**before, "retries": "7", "halt": "never"}  # a halt is of one run
    assert tote.json("status", "s.tote")["done"] == 20


def test_what_a_run_was_told_is_kept_once_its_engine_is_ready(tote):
    """All of it, before a task runs: a kill right then changes nothing of that."""
    before, ran = half_done(tote), tote.folder / "ran"
    n = ran.stat().st_size
    (tote.folder / "block").touch()
    with tote.start("resume", "s.tote", "--retries", 7, "--workers", 2) as process:
        wait_until(lambda: ran.stat().st_size > n)
        process.kill()
        process.communicate()
    (tote.folder / "block").unlink()
    after = settings(tote, tote.folder / "s.tote")
    assert after == {**before, "retries": "7", "workers": "2", "halt": "never"}


# --- the box ---

def test_commands_see_the_shared_memory_of_the_host(tote):
    """Where people on a cluster keep their scratch data."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="unit-") as folder:
        script = f"echo {{item}} >{folder}/{{item}}"
        tote.ok("run", "--", *SHELL, script, ":::", "a", "b")
        assert sorted(os.listdir(folder)) == ["a", "b"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read what others keep closed")
def test_root_reads_its_users_files(tote):
    closed = tote.folder / "closed"
    closed.write_text("of nobody")
    os.chown(closed, 65534, 65534)
    closed.chmod(0o600)
    assert tote.ok("run", "--", "cat", "{in:{item}}", ":::", "closed").out == "of nobody"
