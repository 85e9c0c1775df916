# SPDX-License-Identifier: MIT
"""tote-task with slices of commands: what an attempt is given, how it ends, what is kept of it,
and that nothing of it is left. Slices are written and packs read by slice_files.py.

Environment: as test_task.py. Nothing here waits for a time to pass but for limits that are the
subject; what must be dead is asked for by its name in the environment, not after a sleep."""

import os
import resource
import signal
import stat
import subprocess
import threading
import time
import types

import pytest

from slice_files import (EXIT, FOLDER, INPUT, NONE, OUTPUT, SECOND, SIGNAL, START, TIMEOUT, Slice,
                         frame, hash128, read_pack, result_digest)

BUILD = os.environ.get("TOTE_BUILD", "build")
TASK = os.path.abspath(os.environ.get("TOTE_TASK", os.path.join(BUILD, "tote-task")))
MARK = "TOTE_TEST_MARK"
FIELDS = ("task", "attempt", "start", "end", "cpu", "bytes_in", "bytes_out", "digest", "outcome")


def parse_records(text):
    rows = []
    for line in text.splitlines():
        values = line.split(" ")
        rows.append(types.SimpleNamespace(**{
            name: value if name in ("digest", "outcome") else int(value)
            for name, value in zip(FIELDS, values)}))
    return rows


def processes_with(mark):
    """Processes that live and have the mark in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ:
                marked = f"{MARK}={mark}".encode() in environ.read().split(b"\0")
            with open(f"/proc/{pid}/stat", "rb") as file:
                state = file.read().rpartition(b")")[2].split()[0]
        except OSError:
            continue
        if marked and state != b"Z":
            found.append(int(pid))
    return found


def wait_until(condition, seconds=20):
    """Looks again and again, since the other side has no way to call: true in the end."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


class Bench:
    """A work folder with attempts and slices, and a mark that all processes inherit."""

    def __init__(self, folder):
        self.folder, self.mark = folder, str(folder)
        self.attempts, self.slices = folder / "attempts", folder / "slices"
        self.attempts.mkdir()
        self.slices.mkdir()
        self.env = {**os.environ, MARK: self.mark}

    def slice(self, **more):
        return Slice(attempts=str(self.attempts), start=str(self.folder), **more)

    def arguments(self, a_slice):
        pack = self.slices / a_slice.name("pack")
        file = self.slices / a_slice.name("slice")
        file.write_bytes(a_slice.bytes())
        return pack, [TASK, "--kernel", "command", "--slice", str(file), "--pack", str(pack),
                      "--first", str(a_slice.first), "--count", str(a_slice.count),
                      "--attempt", str(a_slice.attempt)]

    def run(self, a_slice, cwd=None, env=None, **more):
        """Records and results, side by side; nothing may be left alive."""
        pack, arguments = self.arguments(a_slice)
        done = subprocess.run(arguments, capture_output=True, timeout=120,
                              cwd=cwd or self.folder, env=env or self.env, **more)
        rows = parse_records(done.stdout.decode())
        assert len(rows) == a_slice.count, done
        assert done.returncode == (0 if all(row.outcome == "ok" for row in rows) else 3), done
        assert stat.S_IMODE(pack.stat().st_mode) == 0o600
        got = read_pack(pack)
        assert (got.first, got.attempt) == (a_slice.first, a_slice.attempt)
        for i, (row, result) in enumerate(zip(rows, got.results)):
            self.check(row, result, a_slice, i)
        assert processes_with(self.mark) == []
        return rows, got.results

    @staticmethod
    def check(row, result, a_slice, i):
        assert (row.task, row.attempt) == (a_slice.first + i, a_slice.attempt)
        assert row.start <= row.end
        assert (row.outcome == "ok") == (result.cause == NONE), result
        assert bool(result.why) == (result.cause in (START, INPUT, OUTPUT, FOLDER)), result
        if result.cause == NONE:
            assert row.digest == result_digest(result.stdout, result.stdout_bytes, result.outs)
            assert row.bytes_out == result.stdout_bytes + sum(out[0] for out in result.outs)
        else:
            assert row.digest == "0" * 32 and result.outs == []

    def one(self, a_slice, **more):
        rows, results = self.run(a_slice, **more)
        assert len(rows) == 1
        results[0].row = rows[0]
        return results[0]

    def left(self):
        return sorted(str(path.relative_to(self.attempts)) for path in self.attempts.rglob("*"))


@pytest.fixture(name="bench")
def make_bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    for pid in processes_with(bench.mark):
        os.kill(pid, signal.SIGKILL)


# --- ends ---

def test_a_good_command(bench):
    result = bench.one(bench.slice(first=7, attempt=3).sh("echo out; echo err >&2"))
    assert (result.cause, result.status, result.signal) == (NONE, 0, 0)
    assert (result.stdout, result.stderr) == (b"out\n", b"err\n")
    assert (result.stdout_bytes, result.stderr_bytes) == (4, 4)
    assert result.max_rss > 0 and result.row.cpu > 0
    assert bench.left() == []


@pytest.mark.parametrize("status", [1, 2, 127, 255])
def test_exit_statuses(bench, status):
    result = bench.one(bench.slice().sh(f"echo before; exit {status}"))
    assert (result.cause, result.status, result.signal) == (EXIT, status, 0)
    assert result.stdout == b"before\n" and bench.left() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE, signal.SIGTERM])
def test_signals(bench, number):
    result = bench.one(bench.slice().sh(f"touch here; kill -{int(number)} $$"))
    assert (result.cause, result.status, result.signal) == (SIGNAL, 0, number)
    assert bench.left() == []


def test_many_of_all_kinds_in_order(bench):
    a_slice = bench.slice(first=1000)
    for i in range(100):
        a_slice.sh("echo $TOTE_TASK; exit $1", str(i % 3), item=str(i))
    rows, results = bench.run(a_slice)
    for i, (row, result) in enumerate(zip(rows, results)):
        assert result.stdout == b"%d\n" % (1000 + i) and result.status == i % 3
    assert all(a.end <= b.start for a, b in zip(rows, rows[1:]))


def test_no_tasks(bench):
    assert bench.run(bench.slice()) == ([], [])


def test_a_digest_is_that_of_stdout_alone(bench):
    rows, _ = bench.run(bench.slice().sh("echo a").sh("echo a; echo b >&2").sh("echo b"))
    assert rows[0].digest == rows[1].digest != rows[2].digest


# --- what it is given ---

def test_environment(bench):
    result = bench.one(
        bench.slice(first=5, attempt=2, run="cafe",
                    env=["PATH=/usr/bin:/bin", "A=b", "TOTE_TASK=77", "TMPDIR=/nowhere", "E="])
        .add(["env", "-0"], item="an item\nwith 'two' lines\xff"))
    words = set(result.stdout.split(b"\0")) - {b""}
    here = str(bench.attempts / "5.2").encode()
    assert words == {b"PATH=/usr/bin:/bin", b"A=b", b"E=", b"TOTE_TASK=5", b"TOTE_ATTEMPT=2",
                     b"TOTE_RUN=cafe", b"TMPDIR=" + here,
                     b"TOTE_ITEM=" + "an item\nwith 'two' lines\xff".encode()}


def test_environment_of_the_worker(bench):
    result = bench.one(bench.slice().add(["env"]), env={**bench.env, "OTHER": "one"})
    assert b"OTHER=one" in result.stdout.splitlines()


def test_a_huge_item_is_left_out_and_the_argument_arrives(bench):
    word = b"x" * 100_000
    a_slice = bench.slice().add(["sh", "-c", 'printf %s "$1"; test -n "$TOTE_ITEM"', "sh", word],
                                item=word)
    a_slice.sh('test -z "${TOTE_ITEM+x}"', item=b"y" * 131_060)
    _, results = bench.run(a_slice)
    assert results[0].cause == NONE and results[0].stdout == word
    assert results[1].cause == NONE


def test_a_word_that_linux_cannot_take(bench):
    result = bench.one(bench.slice().add(["true", b"x" * 200_000]))
    assert result.cause == START and "128 KiB" in result.why


def test_hostile_words_arrive_unchanged(bench):
    words = [b"", b" ", b"two words", b"it's \"quoted\"", b"new\nline", b"-n", b"--", b"$(x) `y` \\",
             b"\xff\xfe\x80", "\u00fc\u4e2d\U0001f600".encode(), bytes(range(1, 256))]
    result = bench.one(bench.slice().sh('for w; do printf "%s\\0" "$w"; done', *words))
    assert result.stdout == b"".join(word + b"\0" for word in words)


def test_working_directory_and_stdin(bench):
    result = bench.one(bench.slice(first=3).sh("pwd; ls -a | wc -l; wc -c; stat -c %a ."))
    assert result.stdout.decode().split() == [str(bench.attempts / "3.1"), "2", "0", "700"]
    result = bench.one(bench.slice(first=4, stays=True).sh('pwd; test "$TMPDIR" = "$1"',
                                                           str(bench.attempts / "4.1")))
    assert result.cause == NONE and result.stdout.decode().split() == [str(bench.folder)]


def test_descriptors_signals_and_group(bench):
    script = ("import os, signal\n"
              "print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])\n"
              "status = dict(l.split(':\\t', 1) for l in open('/proc/self/status') if ':\\t' in l)\n"
              "print(status['SigBlk'].strip(), os.getpgrp() == os.getpid())\n")
    with open(os.devnull, "rb") as one, open(os.devnull, "rb") as two:
        result = bench.one(bench.slice().add(["/usr/bin/python3", "-c", script]),
                           pass_fds=(one.fileno(), two.fileno()))
    assert result.stdout == b"[0, 1, 2]\n0000000000000000 True\n", result
    result = bench.one(bench.slice(first=1).add(["grep", "SigIgn", "/proc/self/status"]),
                       preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    # 32 and 33 are glibc's own: what its posix_spawn starts ignores them, and no call of it helps.
    assert int(result.stdout.split()[1], 16) & ~(0b11 << 31) == 0, result


def test_limits(bench):
    script = ("import resource as r\n"
              "print(*[r.getrlimit(i)[0] for i in "
              "(r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_NOFILE, r.RLIMIT_CORE)])")
    result = bench.one(bench.slice(memory=1 << 30, cpu=50, files=30).add(
        ["/usr/bin/python3", "-c", script]))
    assert result.stdout == b"%d 50 30 0\n" % (1 << 30)
    result = bench.one(bench.slice(first=1, cpu=1).sh("while :; do :; done"))
    assert (result.cause, result.signal) == (SIGNAL, signal.SIGXCPU)


def test_64_descriptors_are_enough(bench):
    a_slice = bench.slice()
    for _ in range(200):
        a_slice.add(["true"], outs=[])
    bench.run(a_slice, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))


# --- programs ---

def make_program(path, text, mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_programs_are_found_as_execvp_finds_them(bench):
    a, b = bench.folder / "a", bench.folder / "b"
    make_program(a / "tool", "no program", 0o644)
    make_program(b / "tool", "#!/bin/sh\necho b\n")
    make_program(bench.folder / "bin" / "near", "#!/bin/sh\necho near\n")
    make_program(a / "bare", "echo a shell would run this\n")
    (a / "denied").write_text("x")
    a_slice = bench.slice(env=[f"PATH={bench.folder}/none:{a}/bare:{a}:{b}:/bin"])
    for word in ("tool", "bin/near", "./bin/near", str(b / "tool"), "bare", "none", "bin/none",
                 "denied", "", str(a)):
        a_slice.add([word])
    _, results = bench.run(a_slice)
    assert [result.stdout for result in results[:4]] == [b"b\n", b"near\n", b"near\n", b"b\n"]
    assert [result.cause for result in results[4:]] == [START] * 6
    whys = [result.why for result in results[4:]]
    assert "#!" in whys[0] and "No such file" in whys[1] and "No such file" in whys[2]
    assert "Permission denied" in whys[3] and "No such file" in whys[4]
    assert "Permission denied" in whys[5] and bench.left() == []


def test_no_path_has_a_default(bench):
    assert bench.one(bench.slice(env=["X=1"]).add(["true"])).cause == NONE


# --- streams ---

def test_streams_above_the_limit_are_counted(bench):
    a_slice = bench.slice(stream_max=100_000)
    a_slice.sh("head -c 30000000 /dev/zero; head -c 100001 /dev/zero >&2")
    a_slice.sh("head -c 100000 /dev/zero")
    rows, results = bench.run(a_slice)
    assert (len(results[0].stdout), results[0].stdout_bytes) == (100_000, 30_000_000)
    assert (len(results[0].stderr), results[0].stderr_bytes) == (100_000, 100_001)
    assert (len(results[1].stdout), results[1].stdout_bytes) == (100_000, 100_000)
    assert rows[0].digest != rows[1].digest


def test_a_limit_of_nothing(bench):
    result = bench.one(bench.slice(stream_max=0).sh("echo x"))
    assert (result.stdout, result.stdout_bytes, result.cause) == (b"", 2, NONE)


def test_the_largest_streams_have_room(bench):
    """As much as a limit can be, of both."""
    result = bench.one(bench.slice(stream_max=64 << 20).sh(
        "head -c 70000000 /dev/zero; head -c 70000000 /dev/zero >&2"))
    assert result.cause == NONE and result.stdout_bytes == result.stderr_bytes == 70_000_000
    assert len(result.stdout) == len(result.stderr) == 64 << 20


def test_memory_is_bounded(bench):
    """400 MB printed and 1 MiB kept, by a worker that may have 100 MB."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (100 << 20, resource.RLIM_INFINITY))
    if subprocess.run([TASK, "--version"], preexec_fn=limit, capture_output=True).returncode:
        pytest.skip("this build needs more memory by itself (a sanitizer)")
    bench.one(bench.slice().sh("ulimit -v unlimited; head -c 400000000 /dev/zero"),
              preexec_fn=limit)


def test_an_empty_folder_is_as_good_as_new(bench):
    """What a command does with the name or the mode of its own folder reaches no other."""
    a_slice = bench.slice()
    for script in ("true", "chmod 755 .", "mv ../$TOTE_TASK.1 ../moved; mkdir ../$TOTE_TASK.1",
                   "touch a .b", "true", "rmdir ../$TOTE_TASK.1", "mkdir ../$((TOTE_TASK + 1)).1",
                   "true", "true"):
        a_slice.sh("stat -c %a . && ls -A && basename $PWD && " + script)
    _, results = bench.run(a_slice)
    assert [result.cause for result in results] == [NONE] * 7 + [FOLDER] + [NONE]
    for i, result in enumerate(results):
        assert i == 7 or result.stdout == b"700\n%d.1\n" % i
    assert bench.left() == ["7.1", "moved"]


def test_closed_streams(bench):
    result = bench.one(bench.slice().sh("echo a; exec >&- 2>&-; sleep 0.1; exit 4"))
    assert (result.cause, result.status, result.stdout) == (EXIT, 4, b"a\n")


def test_a_grandchild_that_holds_stdout(bench):
    before = time.monotonic()
    result = bench.one(bench.slice().sh("echo a; sleep 1000 & exit 0"))
    assert result.cause == NONE and result.stdout == b"a\n"
    assert time.monotonic() - before < 100


# --- nothing is left ---

DAEMON = ("setsid sh -c 'trap \"\" TERM HUP; (setsid sleep 1000 & setsid sleep 1000 & "
          "echo two > \"$1\"; wait) & sleep 1000' sh \"$1\" & "
          "until test -s \"$1\"; do sleep 0.01; done")


def test_daemons_die_with_the_attempt(bench):
    sign = bench.folder / "sign"
    result = bench.one(bench.slice().sh(DAEMON, str(sign)))
    assert result.cause == NONE and sign.exists()


def test_many_children_at_the_end(bench):
    result = bench.one(bench.slice().sh(
        "i=0; while [ $i -lt 200 ]; do setsid sleep 1000 & i=$((i+1)); done; exit 9"))
    assert (result.cause, result.status) == (EXIT, 9)


def test_timeout(bench):
    result = bench.one(bench.slice(timeout=SECOND // 5).sh("echo a; exec sleep 1000"))
    assert (result.cause, result.signal, result.stdout) == (TIMEOUT, signal.SIGTERM, b"a\n")


def test_timeout_of_one_that_cleans_up(bench):
    result = bench.one(bench.slice(timeout=SECOND // 5, kill_after=60 * SECOND).sh(
        "trap 'echo clean; exit 5' TERM; sleep 1000 & wait"))
    assert (result.cause, result.status, result.stdout) == (TIMEOUT, 5, b"clean\n")


def test_timeout_of_one_that_ignores_term(bench):
    result = bench.one(bench.slice(timeout=SECOND // 5, kill_after=SECOND // 10).sh(
        "trap '' TERM; echo a; " + DAEMON + "; while :; do sleep 1000; done",
        str(bench.folder / "sign")))
    assert (result.cause, result.signal) == (TIMEOUT, signal.SIGKILL)


def test_timeout_of_a_stopped_one_and_without_grace(bench):
    _, results = bench.run(bench.slice(timeout=SECOND // 10, kill_after=0).sh("kill -STOP $$"))
    assert (results[0].cause, results[0].signal) == (TIMEOUT, signal.SIGKILL)
    _, results = bench.run(bench.slice(first=1, timeout=SECOND // 10, kill_after=90 * SECOND)
                           .sh("kill -STOP $$; sleep 1000"))
    assert (results[0].cause, results[0].signal) == (TIMEOUT, signal.SIGTERM)


def tell_limit(bench, text):
    """As tote does: whole, by a rename."""
    (bench.folder / "part").write_text(text)
    (bench.folder / "part").rename(bench.folder / "timeout")


def test_a_limit_that_becomes_known(bench):
    """While the command sleeps; it holds for the next task of the batch too."""
    started = bench.folder / "started"
    a_slice = bench.slice(late=True).sh('echo a; : > "$1"; exec sleep 1000', started)
    a_slice.sh("exec sleep 1000").sh("echo c")
    teller = threading.Thread(target=lambda: wait_until(started.exists) and
                              tell_limit(bench, f"{3 * SECOND // 2}\n"))
    teller.start()
    rows, results = bench.run(a_slice)
    teller.join()
    assert [result.cause for result in results] == [TIMEOUT, TIMEOUT, NONE]
    assert (results[0].stdout, results[2].stdout) == (b"a\n", b"c\n")
    assert all(row.end - row.start >= 3 * SECOND // 2 for row in rows[:2])


@pytest.mark.parametrize("text", ["", "15", "x\n", "-1\n", "0\n", "1" * 40 + "\n"])
def test_a_limit_that_is_none_is_ignored(bench, text):
    tell_limit(bench, text)
    assert bench.one(bench.slice(late=True).sh("sleep 1.2; echo a")).stdout == b"a\n"


def test_a_slice_that_has_a_limit_waits_for_none(bench):
    for a_slice in (bench.slice(late=True, timeout=1).sh("true"),
                    Slice(staged=True, late=True).sh("true")):
        assert "damaged" in refused(bench, bench.arguments(a_slice)[1])


def test_the_next_task_after_a_timeout(bench):
    _, results = bench.run(bench.slice(timeout=SECOND // 2).sh("sleep 1000").sh("echo b"))
    assert [result.cause for result in results] == [TIMEOUT, NONE]
    assert results[1].stdout == b"b\n"


def test_a_task_that_kills_its_worker(bench):
    sign = bench.folder / "sign"
    a_slice = bench.slice().sh(DAEMON + "; kill -KILL $PPID; sleep 1000", str(sign))
    pack, arguments = bench.arguments(a_slice)
    done = subprocess.run(arguments, capture_output=True, timeout=60, env=bench.env)
    assert done.returncode == -signal.SIGKILL and done.stdout == b"" and not pack.exists()
    assert processes_with(bench.mark) == []


def heed_signals():
    """Whoever runs the tests may ignore them, as nohup does; the keeper would then too."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def begin(bench, script):
    """A worker in the middle of a task that has made daemons; its keeper."""
    sign = bench.folder / "sign"
    pack, arguments = bench.arguments(bench.slice().sh(DAEMON + "; " + script, str(sign)))
    keeper = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=bench.env,
                              preexec_fn=heed_signals)
    assert wait_until(sign.exists)
    return keeper, pack


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_keeper_ends_all(bench, number):
    keeper, pack = begin(bench, "trap '' TERM; while :; do sleep 1000; done")
    keeper.send_signal(number)
    assert keeper.wait(60) == -number and not pack.exists()
    assert processes_with(bench.mark) == []
    keeper.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_worker_ends_all(bench, number):
    keeper, pack = begin(bench, "trap '' TERM; while :; do sleep 1000; done")
    with open(f"/proc/{keeper.pid}/task/{keeper.pid}/children", encoding="ascii") as file:
        (worker,) = map(int, file.read().split())
    os.kill(worker, number)
    assert keeper.stdout.read() == b""  # its end is seen before the keeper's
    assert keeper.wait(60) == -number and not pack.exists()
    assert processes_with(bench.mark) == []
    keeper.stdout.close()


def test_the_keepers_death_ends_all(bench):
    keeper, pack = begin(bench, "sleep 1000")
    keeper.kill()
    keeper.wait(60)
    assert wait_until(lambda: processes_with(bench.mark) == [])
    assert not pack.exists()
    keeper.stdout.close()


# --- folders and files ---

def test_a_folder_that_is_there(bench):
    (bench.attempts / "0.1").mkdir()
    (bench.attempts / "0.1" / "old").write_text("x")
    result = bench.one(bench.slice().add(["true"]))
    assert result.cause == FOLDER and "File exists" in result.why
    assert bench.left() == ["0.1", "0.1/old"]


def test_deep_and_closed_folders_go(bench):
    script = ("import os\n"
              "for i in range(300):\n    os.mkdir('d' * 200); os.chdir('d' * 200)\n"
              "    open('f', 'w').close(); os.symlink('/', 'root')\n"
              "os.mkdir('shut'); open('shut/f', 'w').close(); os.chmod('shut', 0)\n")
    bench.one(bench.slice().add(["/usr/bin/python3", "-c", script]))
    assert bench.left() == []


def test_outputs(bench):
    result = bench.one(bench.slice().sh("printf abc > a; printf '' > sub/b; echo x > other; "
                                        "mkdir more; touch more/x", outs=["a", "sub/b"]))
    assert result.outs == [(3, *hash128(b"abc")), (0, *hash128(b""))]
    assert bench.left() == ["0.1", "0.1/a", "0.1/sub", "0.1/sub/b"]
    assert (bench.attempts / "0.1" / "a").read_bytes() == b"abc"


def test_outputs_alone_stay_where_they_are(bench):
    big = os.urandom(1_000_000)
    (bench.folder / "big").write_bytes(big)
    result = bench.one(bench.slice().sh("cat \"$1\" > a", str(bench.folder / "big"), outs=["a"]))
    assert result.outs == [(len(big), *hash128(big))] and bench.left() == ["0.1", "0.1/a"]


@pytest.mark.parametrize("script,words", [
    ("true", "it made no file out"),
    ("ln -s /etc/passwd out", "symbolic link"),
    ("echo > real; ln -s real out", "symbolic link"),
    ("mkdir out", "it is a folder"),
    ("mkfifo out", "no regular file"),
    ("echo > real; ln real out", "second name"),
])
def test_bad_outputs(bench, script, words):
    result = bench.one(bench.slice().sh(script, outs=["out"]))
    assert result.cause == OUTPUT and words in result.why
    assert bench.left() == []


def test_an_output_behind_a_link(bench):
    (bench.folder / "else").mkdir()
    (bench.folder / "else" / "out").write_text("not yours")
    result = bench.one(bench.slice().sh('rmdir sub; ln -s "$1" sub', str(bench.folder / "else"),
                                        outs=["sub/out"]))
    assert result.cause == OUTPUT and bench.left() == []
    assert (bench.folder / "else" / "out").read_text() == "not yours"


def test_no_outputs_of_a_failed_task(bench):
    result = bench.one(bench.slice().sh("echo > out; exit 1", outs=["out"]))
    assert result.cause == EXIT and bench.left() == []


def test_inputs(bench):
    file = bench.folder / "in put"
    file.write_text("hello")
    result = bench.one(bench.slice().sh('cat "$1" in/side', str(file),
                                        ins=[str(file), (str(file), "in/side")]))
    assert result.stdout == b"hellohello" and result.row.bytes_in == 10
    assert file.exists() and bench.left() == []
    result = bench.one(bench.slice(first=1).sh("echo ran", ins=[str(file) + ".none"]))
    assert result.cause == INPUT and result.stdout == b"" and "in put.none" in result.why
    assert "No such file" in result.why and bench.left() == []
    assert bench.one(bench.slice(first=2).sh("", ins=[str(bench.folder)])).cause == INPUT


def test_staged(bench):
    (bench.folder / "in-0").write_text("hello")
    a_slice = Slice(staged=True)
    a_slice.sh("tr a-z A-Z < src/a.txt > sub/o.txt; chmod 6750 sub/o.txt; echo > rest; pwd",
               ins=[("in-0", "src/a.txt")], outs=[("sub/o.txt", "out-0")])
    a_slice.sh("echo x > o; exit 1", outs=[("o", "out-1")])
    a_slice.sh("cat a", ins=[("in-9", "a")])
    _, results = bench.run(a_slice)
    assert [result.cause for result in results] == [NONE, EXIT, INPUT]
    assert results[0].stdout.decode().strip() == str(bench.attempts / "0.1")
    assert results[0].outs == [(5, *hash128(b"HELLO"))] and results[0].modes == [0o750]
    assert (bench.folder / "out-0").read_text() == "HELLO"
    assert not (bench.folder / "out-1").exists() and bench.left() == []
    assert (bench.folder / "in-0").read_text() == "hello"


@pytest.mark.skipif(os.geteuid() != 0, reason="root, to mount a small disk")
def test_a_full_and_a_read_only_disk(bench):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=2", "none",
                       bench.attempts], capture_output=True).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        (bench.attempts / "fill").mkdir()
        result = bench.one(bench.slice().add(["true"]))
        assert result.cause == FOLDER and "No space left" in result.why
        subprocess.run(["mount", "-o", "remount,ro", bench.attempts], check=True)
        result = bench.one(bench.slice(first=1).add(["true"]))
        assert result.cause == FOLDER and "Read-only" in result.why
    finally:
        subprocess.run(["umount", "-l", bench.attempts], check=True)


def test_what_is_left_is_counted(bench):
    (bench.folder / "in").write_text("hello")
    given = [(str(bench.folder / "in"), "given/in"), (str(bench.folder / "in"), "flat")]
    a_slice = bench.slice()
    a_slice.sh("true").sh("touch b a c").sh("mkdir -p d/e; ln -s / l; mkfifo f; touch .h")
    a_slice.sh("echo > o; echo > a; echo > sub/p; echo > sub/rest", outs=["o", "sub/p"])
    a_slice.sh("echo > o", outs=["o"]).sh("rm flat; echo > given/more", ins=given)
    a_slice.sh("echo > flat.gz; echo > fla", ins=given).sh("echo > z; exit 1")
    a_slice.sh("echo > instead", outs=["o"]).sh("touch b" + "x" * 254).sh("chmod 0 .; true")
    a_slice.sh('touch "$1" c', b"a\n\xff").sh("true").sh("touch $(seq 300)")
    a_slice.sh("rm -r given; ln -s / given", ins=given)
    _, results = bench.run(a_slice)
    assert [(result.left, result.left_name) for result in results] == [
        (0, ""), (3, "a"), (4, ".h"), (2, "a"), (0, ""), (1, "given/more"), (2, "fla"), (1, "z"),
        (1, "instead"), (1, "b" + "x" * 254), (0, ""), (2, "a\n\udcff"), (0, ""), (300, "1"),
        (0, "")]
    assert bench.left() == ["3.1", "3.1/o", "3.1/sub", "3.1/sub/p", "4.1", "4.1/o"]


def test_staged_inputs_are_files_of_their_own(bench):
    """For tools that refuse links and second names, and for those that write into what they read;
    also of what lies beside tote-task as a link, or has a second name there."""
    (bench.folder / "real").write_text("hello")
    (bench.folder / "in-0").hardlink_to(bench.folder / "real")
    (bench.folder / "in-1").symlink_to("real")
    look = "stat -c '%F %h' d/a b; cat d/a b; echo more >> d/a; rm b; echo > left; echo > o"
    a_slice = Slice(staged=True).sh(look, ins=[("in-0", "d/a"), ("in-1", "b")], outs=[("o", "out")])
    a_slice.sh("cat a", ins=[("in-0", "a")])
    _, results = bench.run(a_slice)
    assert results[0].stdout.decode().split("\n") == ["regular file 1"] * 2 + ["hellohello"]
    assert (results[0].left, results[0].left_name) == (1, "left")
    assert results[1].stdout == b"hello" and bench.left() == []
    assert (bench.folder / "real").read_text() == "hello"


# --- what is the worker's own fault ---

def refused(bench, arguments, status=1, **more):
    done = subprocess.run(arguments, capture_output=True, timeout=60, env=bench.env, **more)
    assert done.returncode == status and done.stdout == b"", done
    assert done.stderr.startswith(b"tote-task: ") and done.stderr.count(b"\n") == 1, done
    return done.stderr.decode()


def test_a_folder_that_this_worker_does_not_see(bench):
    a_slice = Slice(attempts=str(bench.folder / "none"), start="/").add(["true"])
    why = refused(bench, bench.arguments(a_slice)[1])
    assert "--data staged" in why and "share" in why


def test_damaged_slices(bench):
    a_slice = bench.slice().add(["true"])
    good = a_slice.bytes()
    pack, arguments = bench.arguments(a_slice)
    file = bench.slices / a_slice.name("slice")
    for bad in (b"", good[:-1], good[:100], good + b"x", good[:60] + b"\x7f" + good[61:],
                frame(b"TOTESLCE", good[20:-8], 1), frame(b"TOTEPACK", good[20:-8])):
        file.write_bytes(bad)
        assert "damaged" in refused(bench, arguments) and not pack.exists()
    file.write_bytes(bench.slice(first=1).add(["true"]).bytes())
    assert "another batch" in refused(bench, arguments)
    file.unlink()
    assert "No such file" in refused(bench, arguments)


def test_a_pack_that_cannot_be_written(bench):
    _, arguments = bench.arguments(bench.slice().add(["true"]))
    arguments[arguments.index("--pack") + 1] = str(bench.folder / "none" / "pack")
    assert "cannot write the pack" in refused(bench, arguments)


def test_serve(bench):
    slices = [bench.slice().sh("echo a").sh("exit 1"), bench.slice(first=9, attempt=4).sh("echo b")]
    for a_slice in slices:
        bench.arguments(a_slice)
    done = subprocess.run([TASK, "--kernel", "command", "--slices", bench.slices, "--serve"],
                          input=b"0 2 1\n9 1 4\n", capture_output=True, timeout=60, env=bench.env)
    assert done.returncode == 0 and done.stderr == b""
    answers = done.stdout.decode().split("\n\n")
    assert [[row.outcome for row in parse_records(answer)] for answer in answers] == [
        ["ok", "failed"], ["ok"], []]
    assert read_pack(bench.slices / "9-1-4.pack").results[0].stdout == b"b\n"
    assert sorted(os.listdir(bench.slices)) == ["0-2-1.pack", "0-2-1.slice", "9-1-4.pack",
                                                "9-1-4.slice"]


def test_serve_ends_at_a_slice_that_is_not_there(bench):
    bench.arguments(bench.slice().sh("echo a"))
    done = subprocess.run([TASK, "--kernel", "command", "--slices", bench.slices, "--serve"],
                          input=b"0 1 1\n1 1 1\n0 1 1\n", capture_output=True, timeout=60)
    assert done.returncode == 1 and done.stdout.count(b"\n\n") == 1
    assert b"1-1-1.slice: No such file" in done.stderr and done.stderr.count(b"\n") == 1


def test_a_served_worker_ends_at_term_between_requests(bench):
    keeper = subprocess.Popen([TASK, "--kernel", "command", "--slices", bench.slices, "--serve"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bench.env)
    bench.arguments(bench.slice().sh("echo a"))
    keeper.stdin.write(b"0 1 1\n")
    keeper.stdin.flush()
    assert keeper.stdout.readline() and keeper.stdout.readline() == b"\n"
    keeper.terminate()
    assert keeper.wait(60) == -signal.SIGTERM and processes_with(bench.mark) == []
    keeper.stdin.close()
    keeper.stdout.close()


@pytest.mark.parametrize("args,words", [
    (["--kernel", "command"], "--slices DIR --serve"),
    (["--kernel", "command", "--limit"], "--slices DIR --serve"),
    (["--kernel", "command", "--serve"], "--slices DIR --serve"),
    (["--kernel", "command", "--slice", "x"], "--slices DIR --serve"),
    (["--kernel", "command", "--slice", "x", "--pack", "y", "--output-to", "z"], "nothing else"),
    (["--kernel", "noop", "--slices", "x"], "are for --kernel command"),
    (["--kernel", "command:a=1", "--check"], "has no options"),
])
def test_bad_arguments(bench, args, words):
    assert words in refused(bench, [TASK, *args], status=2)


def test_check_and_list(bench):
    assert subprocess.run([TASK, "--kernel", "command", "--check"], env=bench.env).returncode == 0
    done = subprocess.run([TASK, "--list"], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[0] for row in rows if row[1] == "command"] == ["kernel"]
