# SPDX-License-Identifier: MIT
"""tote-task and libtote-task.so from outside: inputs against NumPy, outputs against Python's
zlib, the zfp command and zfpy, records, files, --serve, --limit and bad arguments.

Environment: TOTE_BUILD is the folder that holds tote-task and libtote-task.so; for an
installed tool TOTE_TASK and TOTE_TASK_LIBRARY may name the two instead.
"""

import ctypes
import os
import re
import shutil
import signal
import stat
import subprocess
import time
import zlib

import numpy as np
import pytest

BUILD = os.environ.get("TOTE_BUILD", "build")
TASK = os.path.abspath(os.environ.get("TOTE_TASK", os.path.join(BUILD, "tote-task")))
LIBRARY = os.path.abspath(
    os.environ.get("TOTE_TASK_LIBRARY", os.path.join(BUILD, "libtote-task.so")))

EMPTY_DIGEST = "99aa06d3014798d86001c324468d497f"
FIELDS = ("task", "attempt", "start", "end", "cpu", "bytes_in", "bytes_out", "digest", "outcome")


def run(*args, **more):
    return subprocess.run([TASK, *map(str, args)], capture_output=True, timeout=60, **more)


def ok(*args, **more):
    done = run(*args, **more)
    assert done.returncode == 0 and done.stderr == b"", done
    return done.stdout.decode()


def records(text):
    rows = []
    for line in text.splitlines():
        values = line.split(" ")
        assert len(values) == len(FIELDS), line
        rows.append({name: value if name in ("digest", "outcome") else int(value)
                     for name, value in zip(FIELDS, values)})
    return rows


def refused(*args, **more):
    """The one sentence of a usage error."""
    done = run(*args, **more)
    assert done.returncode == 2, done
    assert done.stdout == b""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("tote-task: "), lines
    return lines[0].removeprefix("tote-task: ")


def numpy_input(seed, task, size):
    generator = np.random.Generator(np.random.Philox(key=[seed, task]))
    return generator.random(size, dtype=np.float32)


def one_task(folder, kernel, size, seed=1, task=0):
    """Record, input bytes and output bytes of one task."""
    into, out = folder / "input", folder / "output"
    text = ok("--kernel", kernel, "--size", size, "--seed", seed, "--first", task,
              "--input-to", into, "--output-to", out, "--verify")
    (record,) = records(text)
    assert record["outcome"] == "ok"
    assert record["bytes_in"] == into.stat().st_size
    assert record["bytes_out"] == out.stat().st_size
    return record, into.read_bytes(), out.read_bytes()


# --- inputs ---

@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 1001, 65537, 200000])
@pytest.mark.parametrize("seed,task", [(1, 0), (0, 0), (2**63 - 1, 12345), (7, 2**40 - 1)])
def test_input_is_numpys(tmp_path, seed, task, size):
    _, into, _ = one_task(tmp_path, "zlib:level=0", size, seed, task)
    assert into == numpy_input(seed, task, size).tobytes()


def test_inputs_of_many_tasks_are_numpys(tmp_path):
    random = np.random.default_rng(3)
    for seed, task in random.integers(0, 2**40, size=(20, 2)):
        _, into, _ = one_task(tmp_path, "zlib:level=0", 11, int(seed), int(task))
        assert into == numpy_input(int(seed), int(task), 11).tobytes()


# --- outputs ---

@pytest.mark.parametrize("size", [0, 1, 3, 1000, 200000])
@pytest.mark.parametrize("level", [1, 6, 9])
def test_zlib_is_pythons(tmp_path, level, size):
    _, into, out = one_task(tmp_path, f"zlib:level={level}", size)
    assert out == zlib.compress(into, level)


def test_zlib_level_is_6_by_default(tmp_path):
    _, into, out = one_task(tmp_path, "zlib", 5000)
    assert out == zlib.compress(into, 6)


def assert_equal_but_for_padding(ours, theirs):
    """Equal up to the zeros that fill the last 64-bit word of a stream."""
    n = min(len(ours), len(theirs))
    assert abs(len(ours) - len(theirs)) < 8
    assert ours[:n] == theirs[:n]
    assert not any(ours[n:]) and not any(theirs[n:])


ZFP_MODES = [
    ("zfp", ["-a", "1e-3"], {"tolerance": 1e-3}),
    ("zfp:accuracy=1e-6", ["-a", "1e-6"], {"tolerance": 1e-6}),
    ("zfp:accuracy=0.1", ["-a", "0.1"], {"tolerance": 0.1}),
    ("zfp:rate=8", ["-r", "8"], {"rate": 8}),
    ("zfp:precision=16", ["-p", "16"], {"precision": 16}),
    ("zfp:reversible=yes", ["-R"], {}),
]


@pytest.mark.skipif(not shutil.which("zfp"), reason="the zfp command (Debian: zfp)")
@pytest.mark.parametrize("size", [1, 3, 4, 1001, 200000])
@pytest.mark.parametrize("kernel,mode,_", ZFP_MODES)
def test_zfp_is_the_commands(tmp_path, kernel, mode, _, size):
    _, into, out = one_task(tmp_path, kernel, size)
    raw, packed = tmp_path / "raw", tmp_path / "packed"
    raw.write_bytes(into)
    subprocess.run(["zfp", "-q", "-f", "-1", str(size), *mode, "-h", "-i", raw, "-z", packed],
                   check=True, capture_output=True)
    assert_equal_but_for_padding(out, packed.read_bytes())


@pytest.mark.skipif(not shutil.which("zfp"), reason="the zfp command (Debian: zfp)")
def test_zfp_command_decodes_ours_within_the_tolerance(tmp_path):
    _, into, out = one_task(tmp_path, "zfp", 200000)
    packed, raw = tmp_path / "packed", tmp_path / "raw"
    packed.write_bytes(out)
    subprocess.run(["zfp", "-q", "-h", "-z", packed, "-o", raw], check=True)
    error = np.abs(np.frombuffer(into, np.float32) - np.fromfile(raw, np.float32))
    assert error.max() <= 1e-3


@pytest.mark.parametrize("size", [1, 3, 4, 1001, 200000])
@pytest.mark.parametrize("kernel,_,mode", ZFP_MODES)
def test_zfp_is_zfpys(tmp_path, kernel, _, mode, size):
    zfpy = pytest.importorskip("zfpy")
    _, into, out = one_task(tmp_path, kernel, size)
    theirs = zfpy.compress_numpy(np.frombuffer(into, np.float32), **mode)
    assert_equal_but_for_padding(out, theirs)


def test_zfp_without_header_is_the_rest_of_the_stream(tmp_path):
    _, _, bare = one_task(tmp_path, "zfp:header=none", 1000)
    _, _, full = one_task(tmp_path, "zfp", 1000)
    assert 0 < len(full) - len(bare) <= 19  # at most 148 bits


def test_zfp_of_nothing_is_nothing(tmp_path):
    record, into, out = one_task(tmp_path, "zfp", 0)
    assert into == b"" and out == b"" and record["digest"] == EMPTY_DIGEST


@pytest.mark.skipif(not shutil.which("xxhsum"), reason="xxhsum (Debian: xxhash)")
@pytest.mark.parametrize("size", [0, 1, 1000])
def test_digest_is_xxhsums(tmp_path, size):
    record, _, out = one_task(tmp_path, "zlib", size)
    theirs = subprocess.run(["xxhsum", "-H2"], input=out, capture_output=True, check=True)
    assert record["digest"] == theirs.stdout.split()[0].decode()


# --- records ---

def test_records_of_a_range():
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    rows = records(ok("--kernel", "zfp", "--size", 1000, "--seed", 7, "--first", 40,
                      "--count", 20, "--attempt", 3))
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert [row["task"] for row in rows] == list(range(40, 60))
    assert len({row["digest"] for row in rows}) == 20
    last = before
    for row in rows:
        assert row["attempt"] == 3 and row["outcome"] == "ok" and row["bytes_in"] == 4000
        assert last <= row["start"] <= row["end"] <= after
        assert 0 < row["cpu"] <= row["end"] - row["start"] + 1_000_000
        last = row["end"]


def test_same_digests_whatever_the_range():
    args = ("--kernel", "zfp", "--size", 500, "--seed", 7)
    whole = [row["digest"] for row in records(ok(*args, "--count", 10))]
    parts = [records(ok(*args, "--first", i))[0]["digest"] for i in range(10)]
    assert whole == parts


def test_an_empty_range():
    assert ok("--count", 0) == ""


def test_many_records_come_whole():
    rows = records(ok("--kernel", "noop", "--count", 20000))
    assert [row["task"] for row in rows] == list(range(20000))
    assert {row["digest"] for row in rows} == {EMPTY_DIGEST}


def test_failed_and_wrong_tasks_are_records_and_a_status():
    done = run("--kernel", "fault:fail=1", "--count", 3)
    assert done.returncode == 3
    assert [row["outcome"] for row in records(done.stdout.decode())] == ["ok", "failed", "ok"]
    assert b"task 1" in done.stderr and done.stderr.count(b"\n") == 1
    done = run("--kernel", "fault:wrong=1", "--count", 3, "--verify")
    assert done.returncode == 4
    assert [row["outcome"] for row in records(done.stdout.decode())] == ["ok", "wrong", "ok"]
    assert records(done.stdout.decode())[1]["digest"] == "0" * 32
    assert run("--kernel", "fault:wrong=1", "--count", 3).returncode == 0


def test_fault_dies_as_told_and_only_then():
    assert run("--kernel", "fault:kill=1", "--count", 2).returncode == -signal.SIGKILL
    assert run("--kernel", "fault:exit=1", "--count", 2).returncode == 3
    assert run("--kernel", "fault:kill=1,exit=1,hang=1,attempts=2", "--count", 2,
               "--attempt", 3).returncode == 0
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([TASK, "--kernel", "fault:hang=0"], timeout=0.3, capture_output=True)


# --- files ---

def test_files_replace_old_ones_and_leave_nothing_beside(tmp_path):
    for name in ("input", "output"):
        (tmp_path / name).write_bytes(b"old" * 100000)
    _, into, out = one_task(tmp_path, "zlib", 100)
    assert len(into) == 400 and zlib.decompress(out) == into
    assert sorted(os.listdir(tmp_path)) == ["input", "output"]


def test_a_device_stays_a_device():
    ok("--kernel", "zlib", "--size", 10, "--output-to", "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_full_disk_leaves_no_file(tmp_path):
    done = run("--kernel", "zlib", "--output-to", "/dev/full")
    assert done.returncode == 1 and b"No space left" in done.stderr
    with open("/dev/full", "wb") as full:
        done = subprocess.run([TASK, "--kernel", "noop", "--count", "5"], stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1 and b"No space left" in done.stderr


def test_a_folder_that_is_not_there(tmp_path):
    done = run("--output-to", tmp_path / "none" / "file")
    assert done.returncode == 1 and b"No such file" in done.stderr


def test_no_output_file_of_a_failed_task(tmp_path):
    assert run("--kernel", "fault:fail=0", "--output-to", tmp_path / "out").returncode == 3
    assert os.listdir(tmp_path) == []


# --- serve ---

def serve(text, *args):
    return subprocess.run([TASK, "--serve", *args], input=text.encode(), capture_output=True,
                          timeout=60)


def test_serve_answers_each_request_at_once():
    process = subprocess.Popen([TASK, "--serve", "--kernel", "noop"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    for first, count, attempt in [(0, 1, 1), (5, 0, 2), (100, 4096, 3)]:
        process.stdin.write(f"{first} {count} {attempt}\n".encode())
        process.stdin.flush()
        rows = records(b"".join(iter(process.stdout.readline, b"\n")).decode())
        assert [(row["task"], row["attempt"]) for row in rows] == [
            (task, attempt) for task in range(first, first + count)]
    process.stdin.close()
    assert process.wait(10) == 0 and process.stdout.read() == b""
    process.stdout.close()


def test_serve_has_the_digests_of_plain_runs():
    args = ("--kernel", "zfp", "--size", "300", "--seed", "9")
    answer = serve("3 2 1\n0 1 1\n", *args).stdout.decode()
    digests = [row["digest"] for row in records(answer.replace("\n\n", "\n"))]
    plain = [row["digest"] for row in records(ok(*args, "--count", 5))]
    assert digests == [plain[3], plain[4], plain[0]]


def test_serve_takes_failed_tasks_for_data():
    done = serve("0 2 1\n", "--kernel", "fault:fail=1")
    assert done.returncode == 0 and done.stderr == b""
    assert done.stdout.endswith(b" failed\n\n")


@pytest.mark.parametrize("line", ["x\n", "\n", "1 1\n", "1 5000 1\n", "1 1 0\n", "1 1 1",
                                  "1" * 100000, "1" * 100000 + "\n", "\0\n", "1 1 1 \n"])
def test_serve_ends_at_a_bad_line(line):
    done = serve("7 1 1\n" + line, "--kernel", "noop")
    assert done.returncode == 1
    assert done.stdout.startswith(b"7 1 ") and done.stdout.endswith(b" ok\n\n")
    assert done.stderr.startswith(b"tote-task: ") and done.stderr.count(b"\n") == 1


def test_a_reader_that_leaves_ends_it_quietly():
    process = subprocess.Popen([TASK, "--kernel", "noop", "--count", "1000000000"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(10) == 1
    process.stderr.close()


# --- limit, list, check, help ---

def test_limit_has_the_digest_of_the_bag():
    digests = [row["digest"] for row in records(ok("--size", 1000, "--first", 5, "--count", 12))]
    seen = set()
    for threads in (1, 2, 5):
        text = ok("--limit", "--size", 1000, "--first", 5, "--count", 12, "--threads", threads)
        match = re.fullmatch(
            rf"limit tasks=12 threads={threads} wall_ns=([1-9]\d*) digest=([0-9a-f]{{32}})\n", text)
        assert match, text
        seen.add(match[2])
    assert len(seen) == 1
    if shutil.which("xxhsum"):
        theirs = subprocess.run(["xxhsum", "-H2"], input=bytes.fromhex("".join(digests)),
                                capture_output=True, check=True)
        assert seen == {theirs.stdout.split()[0].decode()}


def test_list_is_for_machines():
    rows = [line.split("\t") for line in ok("--list").splitlines()]
    kernels = {row[1] for row in rows if row[0] == "kernel"}
    assert {"zfp", "zlib", "noop", "spin", "sleep", "fault"} <= kernels
    for row in rows:
        assert len(row) == {"kernel": 3, "option": 6}[row[0]] and row[1] in kernels
    assert ["option", "zlib", "level", "6", "N"] in [row[:5] for row in rows]


def test_check_runs_nothing():
    assert ok("--check", "--kernel", "fault:kill=0") == ""
    assert "did you mean 'accuracy'?" in refused("--check", "--kernel", "zfp:acuracy=1e-3")


def test_help_and_version():
    assert "--kernel" in ok("--help")
    assert re.fullmatch(r"tote-task \d+\.\d+\.\d+\n", ok("--version"))


# --- bad input ---

@pytest.mark.parametrize("args,words", [
    (["--kernl", "zfp"], "unknown option 'kernl'; did you mean 'kernel'?"),
    (["zfp"], "unexpected argument 'zfp'"),
    (["--count"], "option '--count' has no value"),
    (["--count", "-1"], "option 'count' takes a whole number from 0 to"),
    (["--count=99999999999999999999999"], "option 'count' takes a whole number"),
    (["--size", "268435457"], "from 0 to 268435456"),
    (["--seed", "9223372036854775808"], "to 9223372036854775807"),
    (["--attempt", "0"], "from 1 to 4294967295"),
    (["--first", str(2**40), "--count", "1"], "pass the end of the largest bag"),
    (["--kernel", "zpf"], "did you mean 'zfp'?"),
    (["--kernel", "zfp:accuracy=0"], "zfp takes no accuracy of 0"),
    (["--kernel", "zfp:accuracy=nan"], "option 'accuracy' takes a number"),
    (["--kernel", "zlib:level=ten"], "from 0 to 9, not 'ten'"),
    (["--kernel", "x" * 2000], "option 'kernel' takes at most 1023 bytes"),
    (["--serve", "--limit"], "exclude each other"),
    (["--count", "2", "--output-to", "x"], "are for one task"),
    (["--verify=maybe"], "takes yes or no"),
    (["--limit", "--threads", "0"], "from 1 to 4096"),
    (["--limit", "--kernel", "zfp:rate=8,precision=8"], "exclude each other"),
    (["-" * 500], "unknown option"),
])
def test_bad_arguments_are_one_sentence(args, words):
    assert words in refused(*args)


def test_the_most_that_is_allowed():
    assert ok("--kernel", "noop", "--seed", 2**63 - 1, "--first", 2**40 - 1, "--attempt",
              2**32 - 1).startswith(f"{2**40 - 1} {2**32 - 1} ")


# --- the library ---

def open_library():
    with open(LIBRARY, "rb") as file:
        if b"__asan_init" in file.read():
            pytest.skip("a library with the address sanitizer cannot be loaded into Python")
    library = ctypes.CDLL(LIBRARY)
    library.tote_task_open.argtypes = [
        ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint,
        ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p]
    library.tote_task_run.restype = ctypes.c_ssize_t
    library.tote_task_run.argtypes = [
        ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_char_p,
        ctypes.c_size_t, ctypes.c_char_p]
    library.tote_task_close.argtypes = [ctypes.c_void_p]
    return library


def test_library_has_the_records_of_the_program():
    library, handle = open_library(), ctypes.c_void_p()
    err, lines = ctypes.create_string_buffer(512), ctypes.create_string_buffer(20 * 200)
    assert library.tote_task_open(b"zfp", 1000, 7, 0, ctypes.byref(handle), err) == 0
    n = library.tote_task_run(handle, 40, 20, 1, lines, len(lines), err)
    library.tote_task_close(handle)
    ours = records(lines.raw[:n].decode())
    theirs = records(ok("--size", 1000, "--seed", 7, "--first", 40, "--count", 20))
    same = ("task", "attempt", "bytes_in", "bytes_out", "digest", "outcome")
    assert [[row[name] for name in same] for row in ours] == [
        [row[name] for name in same] for row in theirs]


def test_library_says_why_it_cannot_open():
    library, handle = open_library(), ctypes.c_void_p()
    err = ctypes.create_string_buffer(512)
    assert library.tote_task_open(b"zpf", 1, 1, 0, ctypes.byref(handle), err) < 0
    assert err.value == b"unknown kernel 'zpf'; did you mean 'zfp'?"


@pytest.mark.skipif(not shutil.which("nm"), reason="nm (Debian: binutils)")
def test_library_exports_four_calls():
    text = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True,
                          check=True, text=True).stdout
    assert sorted(line.split()[-1] for line in text.splitlines()) == [
        "tote_task_close", "tote_task_open", "tote_task_run", "tote_task_run_one"]
