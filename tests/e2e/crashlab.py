# SPDX-License-Identifier: MIT
"""A laboratory for crashes: a bag of short real commands, a tote that is killed again and again
while it runs, resumes and recovers, and an oracle that says what went wrong. Not tests.

    lab = Lab(tote, "local", seed=7)
    lab.crash(kills=30)
    assert lab.complaints() == []

Each command writes a line to a common log when it begins and when it has ended (crash_task.c), so
that there is a witness who is not tote: what the store and the folder of results say is compared
with what has really run. The points of the kills come from the seed; what tote is doing at that
moment does not, so every run of the tests tries other ones.
"""

import collections
import contextlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import tempfile
import time

import pytest
import tote_tool
from tote_tool import PATIENCE_S, marked, shown, stat, wait_until

PROGRAM = os.environ.get("TOTE_CRASH_TASK", os.path.join(tote_tool.BUILD, "tests", "crash-task"))
PARTS, LINES = 4, 16  # of a made file; as in crash_task.c
WINDOW = 4            # batches that are handed out for each worker: TOTE_WINDOW
GROUP = 256           # tasks of one commit group, at most, of commands as these
OK = 0                # outcome of a record

Kill = collections.namedtuple("Kill", "pid when offset recorded had_lock")
Run = collections.namedtuple("Run", "task attempt")  # one attempt at one task


def item_of(number):
    """Some of them are not made for shells."""
    return f"{number:04d}" + {3: " it's", 5: " ä", 7: ' "$x"'}.get(number % 10, "")


def path_of(number):
    return f"d{number}/o-{item_of(number)}.txt"


def content_of(number, run):
    return "".join(f"{part}.{line} task {run.task} attempt {run.attempt} {item_of(number)}\n"
                   for part in range(PARTS) for line in range(LINES)).encode()


# --- what is known afterwards ---

class Log:
    """What the tasks themselves have said, in order."""

    def __init__(self, path):
        self.started, self.ended, self.torn = [], [], []
        self.offsets = []  # of each line of started
        data = path.read_bytes() if path.exists() else b""
        offset = 0
        for line in data.splitlines(keepends=True):
            self._read(line, offset)
            offset += len(line)

    def _read(self, line, offset):
        words = line.decode(errors="replace").split()
        is_whole = (line.endswith(b"\n") and len(words) == 3 and words[0] in ("start", "end")
                    and all(word.isdigit() for word in words[1:]))
        if not is_whole:
            self.torn.append(line)
        elif words[0] == "start":
            self.started.append(Run(int(words[1]), int(words[2])))
            self.offsets.append(offset)
        else:
            self.ended.append(Run(int(words[1]), int(words[2])))


@contextlib.contextmanager
def copy_of(store):
    """The store as it lies there, read without touching it: opening a store that was left by a
    crash would recover it, which is what tote is to do."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, "copy")
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{store}{suffix}", f"{copy}{suffix}")
        with contextlib.closing(sqlite3.connect(copy)) as db:
            yield db


def rows_of(store, sql):
    """No store, or none with such tables yet: no rows."""
    if not os.path.exists(store):
        return []
    with copy_of(store) as db:
        try:
            return db.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []


def recorded(store):
    """{task: attempt} of what is durable."""
    return {Run(*row).task: Run(*row).attempt for row in rows_of(
        store, f"SELECT task, attempt FROM record WHERE outcome = {OK}")}


# --- the oracle ---

class Evidence:
    """All that the oracle looks at, and nothing that tote says of itself but the store."""

    def __init__(self, store, results, log, tasks, kills, allowed):
        self.tasks, self.kills, self.allowed = tasks, kills, allowed
        self.store, self.results = pathlib.Path(store), pathlib.Path(results)
        self.log = Log(pathlib.Path(log))
        self.records = [(Run(task, attempt), outcome) for task, attempt, outcome in rows_of(
            store, "SELECT task, attempt, outcome FROM record")]
        self.outputs = {path: (Run(task, attempt), size) for path, task, attempt, size in rows_of(
            store, "SELECT path, task, attempt, size FROM output")}
        self.places = dict(rows_of(store, "SELECT task, place FROM task"))


def judge_records(e):
    count = collections.Counter(run.task for run, outcome in e.records if outcome == OK)
    for task in range(e.tasks):
        if count[task] == 0:
            yield f"lost: task {task} has no good record"
        elif count[task] > 1:
            yield f"unexpected: task {task} is recorded {count[task]} times"
    for run, outcome in e.records:
        if not 0 <= run.task < e.tasks:
            yield f"unexpected: a record of task {run.task}, which the bag does not have"
        elif outcome != OK:
            yield f"wrong: attempt {run.attempt} of task {run.task} has outcome {outcome}"


def judge_effects(e):
    """The witness: what is recorded has really run, from its start to its end."""
    started, ended = collections.Counter(e.log.started), set(e.log.ended)
    for run, _ in e.records:
        if not started[run]:
            yield f"wrong: attempt {run.attempt} of task {run.task} is recorded, but never began"
        elif run not in ended:
            yield f"wrong: attempt {run.attempt} of task {run.task} is recorded, but never ended"
    for run, n in started.items():
        if n > 1:
            yield f"wrong: attempt {run.attempt} of task {run.task} began {n} times"
    for line in e.log.torn:
        yield f"wrong: a line of the log is no line: {line!r}"


def judge_results(e):
    good = {run.task: run for run, outcome in e.records if outcome == OK}
    wanted = {}
    for task in range(e.tasks):
        place = e.places.get(task, task)
        wanted[path_of(place)] = (place, good.get(task))
    there = {file.relative_to(e.results).as_posix()
             for file in e.results.rglob("*") if not file.is_dir() or file.is_symlink()}
    folders = {file.relative_to(e.results).as_posix()
               for file in e.results.rglob("*") if file.is_dir() and not file.is_symlink()}
    for path in sorted(there - set(wanted)):
        yield f"left over: {path} in the folder of results"
    for path in sorted(folders - {os.path.dirname(path) for path in wanted}):
        yield f"left over: the folder {path} in the folder of results"
    for path, (place, run) in wanted.items():
        yield from judge_file(e, path, place, run, path in there)


def judge_file(e, path, place, run, is_there):
    if not is_there:
        yield f"lost: {path} is not published"
        return
    if run is None:
        yield f"unexpected: {path} is published, but not recorded"
        return
    if (e.results / path).read_bytes() != content_of(place, run):
        yield f"wrong: {path} is not what attempt {run.attempt} of task {run.task} made"
    output = e.outputs.get(path)
    if output != (run, len(content_of(place, run))):
        yield f"wrong: the store says {output} of {path}"


def judge_runs_again(e):
    """No task begins after its record was durable; and few begin again at all."""
    begun, n_again, kill = set(), 0, 0
    for run, offset in zip(e.log.started, e.log.offsets):
        while kill < len(e.kills) and offset >= e.kills[kill].offset:
            kill += 1
        if kill > 0 and run.task in e.kills[kill - 1].recorded:
            yield (f"unexpected: task {run.task} ran again as attempt {run.attempt}, after kill "
                   f"{kill}, although it was recorded")
        n_again += run.task in begun
        begun.add(run.task)
        if n_again > kill * e.allowed:
            yield f"unexpected: {n_again} runs again after {kill} kills, allowed {e.allowed} each"
            return


def judge_kills(e):
    """What was durable at a kill is durable for ever."""
    good = {run.task: run.attempt for run, outcome in e.records if outcome == OK}
    for number, kill in enumerate(e.kills, 1):
        for task, attempt in kill.recorded.items():
            if good.get(task) != attempt:
                yield (f"lost: attempt {attempt} of task {task} was recorded at kill {number}, "
                       f"now it is {good.get(task)}")


def judge_rest(e):
    beside = sorted(file.name for file in e.store.parent.glob(e.store.name + "*"))
    for name in beside:
        if name != e.store.name:
            yield f"left over: {name} beside the store"
    if not beside:
        yield "lost: there is no store"


def judge(evidence):
    """All complaints; none: nothing lost, nothing unexpected, nothing wrong, nothing left."""
    return [complaint
            for part in (judge_records, judge_effects, judge_results, judge_runs_again,
                         judge_kills, judge_rest)
            for complaint in part(evidence)]


# --- the killer ---

def is_tote(pid):
    """Whether this process runs the tote under test, now."""
    try:
        return os.path.samefile(f"/proc/{pid}/exe", tote_tool.TOTE)
    except OSError:
        return False


def kill_tote(process):
    """kill -9 of exactly this child, which must be tote; False if it had ended before. Until it
    is waited for, its number is nobody else's."""
    if process.poll() is not None:
        return False
    if not is_tote(process.pid) and stat(process.pid)[0] not in "ZX":
        raise AssertionError(f"not tote: {shown([process.pid])}")
    os.kill(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


class Lab:
    """One bag that is crashed until it is done."""

    def __init__(self, tote, engine, seed, tasks=2000, workers=2, batch=4, options=()):
        self.tote, self.engine, self.tasks = tote, engine, tasks
        self.random = random.Random(f"{engine} {seed} {tasks} {batch}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lab-", dir=tote.folder))
        self.store, self.results = self.folder / "s.tote", self.folder / "results"
        self.log, self.items = self.folder / "log", self.folder / "items.txt"
        self.items.write_text("".join(item_of(number) + "\n" for number in range(tasks)))
        self.allowed = workers * WINDOW * batch + GROUP
        self.workers, self.options = workers, options
        self.bag = ["--store", self.store, "--results", self.results, "--batch", batch,
                    "-a", self.items, "--", PROGRAM, self.log, "{item}",
                    "{out:d{index}/o-{item}.txt}"]
        self.kills, self.is_done = [], False
        self.start_s = 1.0  # of a leg, until the first task begins: learned

    # --- one leg: a start of tote, and its end ---

    def how(self):
        return ["--engine", self.engine, "--workers", self.workers, *self.options]

    def next_command(self):
        """run, until there is a store that knows its tasks; then resume."""
        if rows_of(self.store, "SELECT 1 FROM task LIMIT 1"):
            return ["resume", *self.how(), self.store]
        return ["run", *self.how(), *(["--resume"] if self.store.exists() else []), *self.bag]

    @contextlib.contextmanager
    def leg(self):
        args = self.next_command()
        with tempfile.TemporaryFile("w+") as out:
            process = self.tote.start(*args, stdout=out, stderr=out)
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
            out.seek(0)
            text = out.read()
        if process.returncode not in (0, -signal.SIGKILL):
            pytest.fail(f"tote {' '.join(map(str, args))}\nended with {process.returncode} after "
                        f"{len(self.kills)} kills:\n{text}")
        self.is_done = process.returncode == 0

    def log_size(self):
        return self.log.stat().st_size if self.log.exists() else 0

    def ended_since(self, offset):
        if self.log_size() == offset:
            return 0
        with open(self.log, "rb") as file:
            file.seek(offset)
            return file.read().count(b"end ")

    def wait_for(self, process, ends, deadline):
        """Until so many tasks have ended in this leg, or the deadline, or the leg's end."""
        offset, start, has_begun = self.log_size(), time.monotonic(), False
        while process.poll() is None and time.monotonic() < deadline:
            if not has_begun and self.log_size() > offset:
                has_begun = True
                self.start_s = time.monotonic() - start
            if has_begun and self.ended_since(offset) >= ends:
                return
            time.sleep(0.001)

    def crash_once(self, kills_left):
        """One leg that is killed, or comes to its end first: early, most often before any task
        runs; at the first task, before a record of this leg is durable; or after some."""
        left = self.tasks - len(recorded(self.store))
        when = self.random.choices(("early", "at first", "later"), (35, 20, 45))[0]
        ends = self.random.randint(0, max(1, left // (kills_left + 1))) if when == "later" else 0
        wait_s = self.random.uniform(0, 1.2 * self.start_s) if when == "early" else PATIENCE_S
        after_s = self.random.uniform(0, 0.02) if when == "later" else 0
        with self.leg() as process:
            pid = process.pid
            self.wait_for(process, ends, time.monotonic() + wait_s)
            time.sleep(after_s)
            was_killed = kill_tote(process)
        if was_killed:
            self.note_kill(pid, when)

    def note_kill(self, pid, when):
        if self.random.random() < 0.5:  # else the next one meets what is just dying
            self.wait_until_dead()
        lock = tote_tool.read(f"{self.store}-lock").split()
        self.kills.append(Kill(pid, when, self.log_size(), recorded(self.store),
                               lock[:1] == [str(pid).encode()]))

    def wait_until_dead(self):
        wait_until(lambda: not marked(self.tote.mark),
                   lambda: f"processes are left: {shown(marked(self.tote.mark))}")

    def crash(self, kills):
        """Kills so many times, or until the bag is done; then lets it come to its end."""
        while len(self.kills) < kills and not self.is_done:
            self.crash_once(kills - len(self.kills))
        if not self.is_done:
            with self.leg() as process:
                process.wait(timeout=5 * PATIENCE_S)
        assert self.is_done
        self.wait_until_dead()

    # --- afterwards ---

    def evidence(self):
        return Evidence(self.store, self.results, self.log, self.tasks, self.kills, self.allowed)

    def complaints(self):
        return judge(self.evidence())

    def __str__(self):
        log = Log(self.log)
        again = len(log.started) - len({run.task for run in log.started})
        locks = sum(kill.had_lock for kill in self.kills)
        when = collections.Counter(kill.when for kill in self.kills)
        return (f"{self.engine}: {self.tasks} tasks, {len(self.kills)} kills ({dict(when)}, {locks} "
                f"with the lock held), {again} runs again")
