# SPDX-License-Identifier: MIT
"""The oracle of the crash matrix itself: it finds every error that is planted, and none where
there is none; and the killer kills nothing but the tote under test."""

import os
import signal
import sqlite3
import subprocess
import sys

import crashlab
import pytest
from crashlab import Evidence, Kill, Log, Run, content_of, item_of, judge, kill_tote, path_of

TASKS = 20


class World:
    """What a bag leaves that was killed once and went on: task 4 ran twice."""

    def __init__(self, folder):
        self.store, self.results, self.log = folder / "s.tote", folder / "results", folder / "log"
        self.lines = [f"{what} {task} 1" for task in range(5) for what in ("start", "end")]
        self.lines.pop()
        self.write_log()
        self.kills = [Kill(1, "early", self.log.stat().st_size, {t: 1 for t in range(4)}, True)]
        self.lines += [f"{what} {task} 2" for task in range(4, TASKS) for what in ("start", "end")]
        self.write_log()
        self.write_store()
        for task in range(TASKS):
            file = self.results / path_of(task)
            file.parent.mkdir(parents=True)
            file.write_bytes(content_of(task, Run(task, self.attempt(task))))

    def attempt(self, task):
        return 1 if task < 4 else 2

    def write_log(self):
        self.log.write_text("".join(line + "\n" for line in self.lines))

    def write_store(self):
        self.sql("CREATE TABLE record (run, task, attempt, outcome);"
                 "CREATE TABLE task (task, place);"
                 "CREATE TABLE output (path, task, attempt, size);")
        for task in range(TASKS):
            run = Run(task, self.attempt(task))
            self.sql(f"INSERT INTO record VALUES ({run.attempt}, {task}, {run.attempt}, 0);"
                     f"INSERT INTO task VALUES ({task}, {task});")
            with sqlite3.connect(self.store) as db:
                db.execute("INSERT INTO output VALUES (?, ?, ?, ?)",
                           (path_of(task), *run, len(content_of(task, run))))
            db.close()

    def sql(self, script):
        with sqlite3.connect(self.store) as db:
            db.executescript(script)
        db.close()

    def complaints(self, allowed=2):
        return judge(Evidence(self.store, self.results, self.log, TASKS, self.kills, allowed))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_nothing_wrong_is_found_where_nothing_is(world):
    assert world.complaints() == []


def record_lost(world):
    world.sql("DELETE FROM record WHERE task = 7")


def record_not_good(world):
    world.sql("UPDATE record SET outcome = 1 WHERE task = 7")


def record_twice(world):
    world.sql("INSERT INTO record VALUES (3, 7, 3, 0)")


def record_unexpected(world):
    world.sql(f"INSERT INTO record VALUES (2, {TASKS}, 2, 0)")


def record_forgotten_and_made_again(world):
    world.sql("UPDATE record SET attempt = 2 WHERE task = 2")


def record_without_start(world):
    world.lines = [line for line in world.lines if line != "start 19 2"]
    world.write_log()


def record_without_end(world):
    world.lines.remove("end 19 2")
    world.write_log()


def line_torn(world):
    with open(world.log, "a") as log:
        log.write("start 1")


def attempt_used_twice(world):
    world.lines += ["start 7 2", "end 7 2"]
    world.write_log()


def recorded_task_ran_again(world):
    world.lines += ["start 2 2", "end 2 2"]
    world.write_log()


def too_many_ran_again(world):
    world.lines += [f"{what} {task} 3" for task in (8, 9) for what in ("start", "end")]
    world.write_log()


def file_lost(world):
    (world.results / path_of(7)).unlink()


def file_cut(world):
    file = world.results / path_of(7)
    file.write_bytes(file.read_bytes()[:-1])


def file_flipped(world):
    file = world.results / path_of(7)
    file.write_bytes(file.read_bytes().replace(b"0.3", b"0.4"))


def file_of_another_attempt(world):
    (world.results / path_of(7)).write_bytes(content_of(7, Run(7, 1)))


def file_of_another_task(world):
    (world.results / path_of(7)).write_bytes((world.results / path_of(8)).read_bytes())


def file_not_recorded(world):
    world.sql("DELETE FROM output WHERE task = 7")


def file_temporary(world):
    (world.results / "d7" / ".tote-7.2-123").write_text("x")


def link_left(world):
    (world.results / "link").symlink_to("nowhere")


def folder_left(world):
    (world.results / ".tote-0123").mkdir()


def lock_left(world):
    world.store.with_name("s.tote-lock").write_text("1 2 3 4\n")


def store_lost(world):
    world.store.unlink()


@pytest.mark.parametrize("plant, words", [
    (record_lost, "lost: task 7 has no good record"),
    (record_not_good, "wrong: attempt 2 of task 7 has outcome 1"),
    (record_twice, "unexpected: task 7 is recorded 2 times"),
    (record_unexpected, f"unexpected: a record of task {TASKS}"),
    (record_forgotten_and_made_again, "lost: attempt 1 of task 2 was recorded at kill 1"),
    (record_without_start, "task 19 is recorded, but never began"),
    (record_without_end, "task 19 is recorded, but never ended"),
    (line_torn, "no line: b'start 1'"),
    (attempt_used_twice, "attempt 2 of task 7 began 2 times"),
    (recorded_task_ran_again, "task 2 ran again as attempt 2, after kill 1"),
    (too_many_ran_again, "3 runs again after 1 kills, allowed 2"),
    (file_lost, f"lost: {path_of(7)} is not published"),
    (file_cut, f"wrong: {path_of(7)} is not what"),
    (file_flipped, f"wrong: {path_of(7)} is not what"),
    (file_of_another_attempt, f"wrong: {path_of(7)} is not what"),
    (file_of_another_task, f"wrong: {path_of(7)} is not what"),
    (file_not_recorded, f"wrong: the store says None of {path_of(7)}"),
    (file_temporary, "left over: d7/.tote-7.2-123"),
    (link_left, "left over: link"),
    (folder_left, "left over: the folder .tote-0123"),
    (lock_left, "left over: s.tote-lock"),
    (store_lost, "lost: there is no store"),
])
def test_a_planted_error_is_found(world, plant, words):
    plant(world)
    found = world.complaints()
    assert any(words in complaint for complaint in found), found


def test_the_task_says_what_the_oracle_knows(tmp_path):
    """The program and this module must know the same texts."""
    log, out = tmp_path / "log", tmp_path / "out"
    env = {"TOTE_TASK": "13", "TOTE_ATTEMPT": "2", "TOTE_ITEM": item_of(13)}
    for number in (2, 3):
        env["TOTE_ATTEMPT"] = str(number)
        subprocess.run([crashlab.PROGRAM, log, item_of(13), out.with_suffix(f".{number}")],
                       env=env, check=True)
    assert out.with_suffix(".3").read_bytes() == content_of(13, Run(13, 3))
    said = Log(log)
    assert said.started == said.ended == [Run(13, 2), Run(13, 3)] and not said.torn
    assert log.read_bytes()[said.offsets[1]:].startswith(b"start 13 3")
    again = subprocess.run([crashlab.PROGRAM, log, item_of(13), out.with_suffix(".3")], env=env,
                           capture_output=True)
    assert again.returncode == 1  # the file is there
    other = subprocess.run([crashlab.PROGRAM, log, "other", out], env=env, capture_output=True)
    assert other.returncode == 2 and not out.exists()


def test_a_store_is_read_as_it_lies_there(tmp_path):
    """Rows that are in the log of SQLite alone count; the files stay as they are."""
    store = tmp_path / "s.tote"
    db = sqlite3.connect(store)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE record (task, attempt, outcome)")
    db.execute("INSERT INTO record VALUES (1, 5, 0), (2, 5, 1)")
    db.commit()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert crashlab.recorded(store) == {1: 5}
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    db.close()
    assert crashlab.recorded(tmp_path / "nothing") == {}
    assert crashlab.rows_of(store, "SELECT 1 FROM task") == []


def test_only_tote_is_killed():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        with pytest.raises(AssertionError):
            kill_tote(process)
        assert process.poll() is None
        process.communicate(b"\n")
    assert process.returncode == 0
    assert not kill_tote(process)  # it has ended: nothing to kill


def test_tote_is_killed(tote):
    process = tote.start("run", "--kernel", "sleep:us=20000", "--tasks", 400)
    assert kill_tote(process)
    assert process.returncode == -signal.SIGKILL
    process.communicate()
    assert not os.path.exists(f"/proc/{process.pid}/exe")
