# SPDX-License-Identifier: MIT
"""Bags of commands on the real engines, driven by the protocol with slices written by hand: what a
command gets, what comes back, and what is left when workers die. Not of tote's own side.

Environment: TOTE_BUILD is the folder that holds tote and its engines. An engine that is not usable
on this machine is skipped."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections import namedtuple

import pytest
from slice_files import Slice, read_pack
from tote_tool import command_line, marked, named, descendants, read, wait_until

BUILD = pathlib.Path(os.environ.get("TOTE_BUILD", "build")).resolve()
ENGINES = ["local", "local:mode=spawn", "workqueue", "ray"]
PATIENCE_S = 60
SLOTS = 2

# What a shell, a line protocol or a careless split would change.
ITEMS = [b"a b", b"'", b'"', b"it's \"so\"", b"two\nlines\n", b"\n", b"-n", b"--", b"--kernel=noop", b"-", b"",
         b" ", b"\t", b"\\", b"\\n", b"%s%n", b"$HOME", b"$(touch x)", b"`touch x`", b"; touch x", b"*", b"~",
         b"a&b|c>d", b"#", b"\x01\x7f", "\u00e9\u4e2d\U0001f600".encode(), b"\xff\xfe\x80", b"x" * 100_000,
         b"\xff' \n" * 25_000]  # fmt: skip


CAUSES = "none exit signal timeout start input output folder".split()
STAGED = {"staged": True}
THREADS = 0x180000000  # signals 32 and 33, which the C library keeps for itself


# ins, outs: pairs (path, as).
Command = namedtuple("Command", "args item ins outs", defaults=(b"item", (), ()))


class Engine:
    """An engine program, without the box that tote puts around it."""

    def __init__(self, spec, folder, data="shared"):
        name, _, options = spec.partition(":")
        self.mark = uuid.uuid4().hex
        self.folder = folder
        self.slices, self.attempts = folder / "slices", folder / "attempts"
        for one in (self.slices, self.attempts):
            one.mkdir(mode=0o700)
        self.scratch = tempfile.mkdtemp(prefix="t-", dir="/tmp")  # short: sockets lie in it
        self.env = [b"PATH=/usr/local/bin:/usr/bin:/bin", b"LANG=C", b"TOTE_TEST_MARK=" + self.mark.encode()]
        self.rules = {"start": folder, "attempts": self.attempts, "env": self.env}
        self.process = subprocess.Popen(
            [BUILD / f"tote-engine-{name}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, text=True,
            bufsize=1, env={**os.environ, "TOTE_TEST_MARK": self.mark})  # fmt: skip
        self.batches, self.said = {}, []
        self.say(cmd="hello", protocol=[1, 1], tote="0", slots=SLOTS, scratch=self.scratch,
                 slices=str(self.slices), data=data,
                 bag={"kernel": "command", "size": 0, "seed": 0, "tasks": 0}, task_program=str(BUILD / "tote-task"),
                 task_library=str(BUILD / "libtote-task.so"),
                 options=dict(one.split("=") for one in options.split(",") if one))  # fmt: skip
        self.ready = self.hear("ready")

    def say(self, **command):
        print(json.dumps(command), file=self.process.stdin, flush=True)

    def hear(self, *wanted):
        """The next event of these kinds; others are kept in said."""
        for line in self.process.stdout:
            event = json.loads(line)
            self.said.append(event)
            if event["event"] in wanted:
                return event
        pytest.fail(f"the engine ended before {wanted}: {self.said}")

    def path(self, batch, kind):
        first, count, attempt = self.batches[batch]
        return self.slices / f"{first}-{count}-{attempt}.{kind}"

    def run(self, commands, first=0, rules=None, attempt=None, inputs=(), outputs=()):
        """The batch's id. inputs: (path, name); outputs: (name, path)."""
        batch = len(self.batches) + 1
        attempt = attempt or batch
        self.batches[batch] = first, len(commands), attempt
        content = Slice(first=first, attempt=attempt, **(rules or self.rules))
        for one in commands:
            content.add(one.args, one.ins, one.outs, one.item)
        self.path(batch, "slice").write_bytes(content.bytes())
        self.say(cmd="run", batch=batch, first=first, count=len(commands), attempt=attempt,
                 inputs=[[str(self.path(batch, "slice")), "slice"], *inputs],
                 outputs=[["pack", str(self.path(batch, "pack"))], *outputs])  # fmt: skip
        return batch

    def results(self, batch):
        """Of a batch that must be done: what came of its tasks. Its records agree."""
        event = self.hear("done", "lost")
        assert (event["event"], event["batch"]) == ("done", batch), self.said
        first, count, attempt = self.batches[batch]
        pack = read_pack(self.path(batch, "pack"))
        assert (pack.first, pack.count, pack.attempt) == (first, count, attempt)
        for one in pack.results:
            one.cause = CAUSES[one.cause]
        lines = [line.split(" ") for line in event["records"].splitlines()]
        assert [line[:2] for line in lines] == [[str(first + i), str(attempt)] for i in range(count)]
        assert [line[-1] == "ok" for line in lines] == [one.cause == "none" for one in pack.results]
        assert self.path(batch, "pack").stat().st_mode & 0o777 == 0o600
        assert {path.suffix for path in self.slices.iterdir() if path.is_file()} == {".slice", ".pack"}
        return pack.results

    def do(self, commands, **more):
        return self.results(self.run(commands, **more))

    def lost(self, batch):
        event = self.hear("done", "lost")
        assert (event["event"], event["batch"]) == ("lost", batch), self.said
        return event["why"]

    def stop(self):
        self.say(cmd="stop")
        self.hear("bye")
        assert self.process.wait(PATIENCE_S) == 0

    def is_alive(self, word):
        """Some process that a command started, with the word in its command line."""
        return any(word in command_line(pid) for pid in marked(self.mark))

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE_S)
        self.process.kill()
        for pid in marked(self.mark):  # of a test that failed
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def skip_unless_usable(spec):
    name = spec.partition(":")[0]
    if name not in os.environ.get("TOTE_TEST_ENGINES", name).split(","):
        pytest.skip(f"engine {name} is left out by TOTE_TEST_ENGINES")
    said = subprocess.run([BUILD / f"tote-engine-{name}", "--describe"], capture_output=True, timeout=PATIENCE_S)
    about = json.loads(said.stdout)
    if not about["usable"]:
        pytest.skip(f"{name}: {about['why']}")


@contextlib.contextmanager
def opened(spec, folder, **more):
    skip_unless_usable(spec)
    engine = Engine(spec, folder, **more)
    try:
        yield engine
        if engine.process.poll() is None:
            engine.stop()
        wait_until(lambda: not marked(engine.mark), lambda: f"left: {list(map(command_line, marked(engine.mark)))}")
    finally:
        engine.close()


@pytest.fixture(params=ENGINES)
def engine(request, tmp_path):
    with opened(request.param, tmp_path) as engine:
        yield engine


@pytest.fixture
def workqueue(tmp_path):
    with opened("workqueue", tmp_path, data="staged") as engine:
        yield engine


def shell(script, *words, **more):
    return Command([b"sh", b"-c", script.encode(), b"sh", *words], **more)


# --- what a command gets ---

SAY_ARGS = [b"/usr/bin/python3", b"-c", b"import os, sys\nsys.stdout.buffer.write(b'\\0'.join("
            b"map(os.fsencode, sys.argv[1:])) + b'|' + os.environb.get(b'TOTE_ITEM', b''))"]  # fmt: skip


def test_words_arrive_unchanged(engine):
    commands = [Command([*SAY_ARGS, item, b"x" + item], item=item) for item in ITEMS]
    results = engine.do(commands, first=1 << 39)
    for item, result in zip(ITEMS, results):
        assert (result.cause, result.stderr) == ("none", b""), result
        assert result.stdout == item + b"\0x" + item + b"|" + item
    alone = engine.do([commands[5]], first=77)[0]
    assert (alone.cause, alone.stdout) == ("none", results[5].stdout)
    assert "x" not in os.listdir(engine.folder)


def test_a_command_has_the_environment_of_its_slice(engine):
    env = Command([b"/usr/bin/env", b"-0"])
    # Not a shell, which would change some of it: programs that read of themselves.
    state = Command([b"/usr/bin/cat", b"/proc/self/status"])
    nice = Command([b"/usr/bin/cut", b"-d ", b"-f19", b"/proc/self/stat"])
    limits = Command([b"/usr/bin/cat", b"/proc/self/oom_score_adj"])
    fds = Command([b"/usr/bin/ls", b"/proc/self/fd"])
    stdin = Command([b"/usr/bin/readlink", b"/proc/self/fd/0"])
    got = [one.stdout for one in engine.do([env, state, nice, limits, fds, stdin])]
    names = {word.partition(b"=")[0]: word for word in got[0].split(b"\0") if word}
    ours = {b"TOTE_TASK", b"TOTE_ATTEMPT", b"TOTE_ITEM", b"TOTE_RUN", b"TMPDIR"}
    assert names.keys() - ours == {word.partition(b"=")[0] for word in engine.env}
    assert all(word in names.values() for word in engine.env)
    state = dict(line.split(b":\t", 1) for line in got[1].splitlines() if b":\t" in line)
    signals = [int(state[name], 16) for name in (b"SigBlk", b"SigIgn", b"SigCgt")]
    assert [one & ~THREADS for one in signals] == [0, 0, 0] and state[b"NoNewPrivs"] == b"0"
    own = read(f"/proc/{os.getpid()}/stat").split()[18]
    assert got[2].strip() == own and got[3] == read(f"/proc/{os.getpid()}/oom_score_adj")
    assert got[4].split() == [b"0", b"1", b"2", b"3"]  # 3 is ls's own
    assert got[5] == b"/dev/null\n"


def test_a_failure_is_a_record(engine):
    commands = [shell("echo out; echo err >&2; exit 7"), shell("kill -TERM $$"), shell("true"),
                Command([b"/no/such/program"])]  # fmt: skip
    results = engine.do(commands)
    assert [(one.cause, one.status, one.signal) for one in results] == [
        ("exit", 7, 0), ("signal", 0, signal.SIGTERM), ("none", 0, 0), ("start", 0, 0)]  # fmt: skip
    assert (results[0].stdout, results[0].stderr) == (b"out\n", b"err\n")
    assert "/no/such/program" in results[3].why


def test_many_batches_are_answered_each_with_its_own_pack(engine):
    ids = [engine.run([shell("echo $1", b"%d" % (3 * i + k)) for k in range(3)], first=3 * i) for i in range(12)]
    answers = {event["batch"]: event["event"] for event in (engine.hear("done", "lost") for _ in ids)}
    assert answers == dict.fromkeys(ids, "done")
    for i, batch in enumerate(ids):
        pack = read_pack(engine.path(batch, "pack"))
        assert [one.stdout for one in pack.results] == [b"%d\n" % (3 * i + k) for k in range(3)]


def test_much_output_comes_back(engine):
    rules = {**engine.rules, "stream_max": 32 << 20}
    results = engine.do([shell("head -c 33000000 /dev/zero"), shell("head -c 40000000 /dev/zero")], rules=rules)
    assert [one.stdout_bytes for one in results] == [33000000, 40000000]
    assert results[0].stdout == bytes(33000000) and len(results[1].stdout) == 32 << 20


# --- who dies ---


def test_a_task_that_kills_its_worker_is_lost_with_all_it_started(engine):
    bad = engine.run([shell("true"), shell("setsid sleep 1001 & sleep 1002 & kill -9 $PPID; sleep 1003")])
    assert engine.lost(bad)
    wait_until(lambda: not engine.is_alive("sleep 100"))
    assert [one.cause for one in engine.do([shell("true")], first=5)] == ["none"]


def test_a_worker_that_is_killed_takes_its_commands_along(engine):
    hanging = engine.run([shell("setsid sleep 1001 & sleep 1002")])
    wait_until(lambda: engine.is_alive("sleep 1001") and engine.is_alive("sleep 1002"))
    family = descendants(engine.process.pid)
    # The nearest process of tote's or the engine's own above the command that has an id.
    known = {one["pid"] for event in engine.said for one in event.get("workers", [event]) if one.get("pid")}
    victims = [pid for pid in family if pid in known and named(descendants(pid), "sleep")]
    if not victims:  # a process a batch: nobody is told its id
        victims = [pid for pid in named(family, "tote-task") if named(descendants(pid), "sleep")][:1]
    assert victims
    os.kill(victims[0], signal.SIGKILL)
    assert engine.lost(hanging)
    wait_until(lambda: not engine.is_alive("sleep 100"))
    assert [one.cause for one in engine.do([shell("true")], first=5)] == ["none"]


@pytest.mark.parametrize("way", ["stop", "end of file"])
def test_the_end_leaves_no_process(engine, way):
    script = "trap '' TERM; setsid sleep 1001 & (sleep 1002 &) ; sleep 1003"
    for i in range(SLOTS + 1):
        engine.run([shell(script)], first=i)
    wait_until(lambda: sum("sleep 1003" == command_line(pid) for pid in marked(engine.mark)) == SLOTS)
    if way == "stop":
        engine.say(cmd="stop")
    else:
        engine.process.stdin.close()
    engine.hear("bye")
    assert engine.process.wait(PATIENCE_S) == 0
    assert not [one for one in engine.said if one["event"] in ("done", "lost")]
    assert not engine.is_alive("sleep"), list(map(command_line, marked(engine.mark)))


def test_a_slice_that_is_damaged_is_lost(engine):
    batch = engine.run([shell("true")], attempt=7)
    engine.results(batch)
    whole = engine.path(batch, "slice").read_bytes()
    flipped = bytearray(whole)
    flipped[-20] ^= 1
    for content in (whole[:-1], bytes(flipped), b""):
        engine.batches[len(engine.batches) + 1] = 0, 1, 8
        again = len(engine.batches)
        engine.path(again, "slice").write_bytes(content)
        engine.say(cmd="run", batch=again, first=0, count=1, attempt=8,
                   inputs=[[str(engine.path(again, "slice")), "slice"]],
                   outputs=[["pack", str(engine.path(again, "pack"))]])  # fmt: skip
        assert engine.lost(again)
        assert not engine.path(again, "pack").exists()


# --- files that Work Queue moves ---


def test_files_travel_by_name(workqueue, tmp_path):
    odd = tmp_path / ("a b'\"\n$OS \u00e9" + "x" * 200)
    odd.write_bytes(b"content of the odd one\n")
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    made = tmp_path / "made"
    made.mkdir()
    copy = shell("cat in/odd in/empty > out/copy; : > nothing", ins=((b"i-0", b"in/odd"), (b"i-1", b"in/empty")),
                 outs=((b"out/copy", b"o-0"), (b"nothing", b"o-1")))  # fmt: skip
    fails = shell("exit 3", outs=((b"never", b"o-2"),))
    forgets = shell("true", outs=((b"never", b"o-3"),))
    lacks = shell("true", ins=((b"i-2", b"in/lacking"),))
    results = workqueue.do(
        [copy, fails, forgets, lacks], rules=STAGED,
        inputs=[[str(odd), "i-0"], [str(empty), "i-1"], [str(tmp_path / "lacking"), "i-2"]],
        outputs=[[f"o-{i}", str(made / f"file {i}")] for i in range(4)])  # fmt: skip
    assert [one.cause for one in results] == ["none", "exit", "output", "input"], results
    assert sorted(os.listdir(made)) == ["file 0", "file 1"]
    assert (made / "file 0").read_bytes() == b"content of the odd one\n"
    assert (made / "file 1").read_bytes() == b""
    assert [size for size, *_ in results[0].outs] == [23, 0]
    assert not [name for name in os.listdir(workqueue.scratch) if name.startswith("in-")]


def test_a_folder_never_travels(workqueue, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("x")
    results = workqueue.do([shell("true", ins=((b"i-0", b"in"),))], rules=STAGED,
                           inputs=[[str(folder), "i-0"]])  # fmt: skip
    assert results[0].cause == "input"


@pytest.mark.parametrize("spec", ["local", "ray"])
def test_other_engines_refuse_to_move_files(spec, tmp_path):
    with opened(spec, tmp_path) as engine:
        engine.run([shell("true")], inputs=[["/etc/passwd", "i-0"]])
        assert engine.process.wait(PATIENCE_S) == 1


# --- workers of Work Queue that others have started ---


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def external(folder, *switches):
    """(engine, worker): a worker with all the cores, started by hand."""
    skip_unless_usable("workqueue")
    secret, port, workdir = folder / "secret", free_port(), folder / "w"
    secret.write_text("not told")
    workdir.mkdir()
    worker = subprocess.Popen(
        ["work_queue_worker", f"--cores={SLOTS}", *switches, "-b", "1", "-s", workdir, "-P", secret, "127.0.0.1",
         str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        spec = f"workqueue:port={port},external-workers=yes,password-file={secret}"
        with opened(spec, folder) as engine:
            yield engine, worker
    finally:
        worker.kill()
        worker.wait()


def test_a_worker_of_others_ends_what_a_dead_manager_has_begun(tmp_path):
    """It kills the process group of its task, keeper and all: the daemon of a command too."""
    with external(tmp_path) as (engine, worker):
        script = "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 1001; :' & sleep 1002"
        for i in range(SLOTS):
            engine.run([shell(script)], first=i)
        wait_until(lambda: sum(command_line(pid).startswith("sleep") for pid in marked(engine.mark)) == 2 * SLOTS)
        engine.process.kill()
        wait_until(lambda: not engine.is_alive("sleep") and not named(descendants(worker.pid), "tote-task"),
                   lambda: f"left: {list(map(command_line, marked(engine.mark)))}")
        assert worker.poll() is None


def test_workers_that_are_given_nothing_are_said(tmp_path, capfd):
    """The manager knows why, and would wait in silence."""
    with external(tmp_path, "--memory=10") as (engine, _):
        engine.run([shell("true")])
        said = []
        wait_until(lambda: said.append(capfd.readouterr().err) or "takes a batch" in "".join(said))
        line = "".join(said).splitlines()[-1]
        assert line.startswith("no worker takes a batch, which asks for 1 core, 64 MB of memory and 1 MB of free disk; "
                               f"of 1 workers the roomiest has {SLOTS} cores, 10 MB of memory and "), line  # fmt: skip
        assert not [one for one in engine.said if one["event"] in ("done", "lost")]
