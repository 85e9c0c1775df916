# SPDX-License-Identifier: MIT
"""What a Ray worker does with a batch: runs it by libtote-task.so or tote-task and returns
the record lines. Imported by the workers and, for the functions' names, by the engine program.
Not for anything that knows the protocol."""

import contextlib
import ctypes
import fcntl
import json
import os
import subprocess

BAG = "TOTE_RAY_BAG"  # the variable with the bag; Ray's workers inherit the engine's environment
RECORD_MAX = 200  # bytes, TOTE_RECORD_MAX
BATCH_MAX = 4096  # tasks, TOTE_BATCH_MAX
_task = None  # of this worker process, opened once


def bag():
    return json.loads(os.environ[BAG])


class Library:
    """The bag's kernel in this process, through libtote-task.so (include/tote/task.h)."""

    def __init__(self, kernel, size, seed, library, **_):
        self._lib = ctypes.CDLL(library)
        self._lib.tote_task_run.restype = ctypes.c_ssize_t
        self._lib.tote_task_run.argtypes = [
            ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32,
            ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]  # fmt: skip
        self._error = ctypes.create_string_buffer(512)  # struct tote_error
        self._lines = ctypes.create_string_buffer(BATCH_MAX * RECORD_MAX)
        self._handle = ctypes.c_void_p()
        if self._lib.tote_task_open(kernel.encode(), ctypes.c_uint64(size), ctypes.c_uint64(seed),
                                    0, ctypes.byref(self._handle), self._error) < 0:  # fmt: skip
            raise RuntimeError(self._error.value.decode(errors="replace"))

    def run(self, first, count, attempt):
        n = self._lib.tote_task_run(self._handle, first, count, attempt, self._lines,
                                    count * RECORD_MAX, self._error)  # fmt: skip
        if n < 0:
            raise RuntimeError(self._error.value.decode(errors="replace"))
        return ctypes.string_at(self._lines, n)

    def close(self):
        self._lib.tote_task_close(self._handle)


class Program:
    """The same bag through a tote-task process a batch."""

    def __init__(self, kernel, size, seed, program, **_):
        self._argv = [program, "--kernel", kernel, "--size", str(size), "--seed", str(seed)]

    def run(self, first, count, attempt, *files):
        batch = [*files, "--first", str(first), "--count", str(count), "--attempt", str(attempt)]
        done = subprocess.run(self._argv + batch, stdin=subprocess.DEVNULL, capture_output=True)
        if done.stdout.count(b"\n") != count:  # tasks that failed are records, not this
            words = done.stderr.decode(errors="replace").strip()[:500] or "it says nothing"
            raise RuntimeError(f"tote-task ended with status {done.returncode} before its last "
                               f"record: {words}")  # fmt: skip
        return done.stdout


class Commands(Program):
    """A bag of commands: a tote-task process a batch, whose slice and pack are files of this
    worker alone. This process starts it from its first thread, as Ray runs tasks there: the end
    of that thread, which is the end of the process, tells tote-task to end all it has started."""

    def __init__(self, kernel, program, scratch, **_):
        self._argv = [program, "--kernel", kernel]
        self._slice, self._pack = (os.path.join(scratch, f"{kind}-{os.getpid()}")
                                   for kind in ("slice", "pack"))  # fmt: skip

    def run(self, first, count, attempt, content):
        try:
            with open(self._slice, "wb", opener=_private) as file:
                file.write(content)
            lines = super().run(first, count, attempt, "--slice", self._slice, "--pack", self._pack)
            with open(self._pack, "rb") as file:
                return lines, file.read()
        finally:
            for path in (self._slice, self._pack):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)


def _private(path, flags):
    return os.open(path, flags, 0o600)


def _get_task():
    global _task
    if _task is None:
        this = bag()
        os.chdir(this["folder"])
        _task = {"inproc": Library, "process": Program, "commands": Commands}[this["mode"]](**this)
    return _task


def meet(arrived, gate):
    """Opens the kernel, says so, and keeps its slot until the engine opens the gate: so no
    worker can be warmed up twice in another's place."""
    _get_task()
    with open(arrived, "ab", buffering=0) as file:
        file.write(b"%d\n" % os.getpid())
    with open(gate, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)


def run(order):
    """order: b"FIRST COUNT ATTEMPT". The process id on a line of its own, then the records:
    bytes in, bytes out, which Ray passes on without pickling."""
    return b"%d\n" % os.getpid() + _get_task().run(*map(int, order.split()))


def run_commands(order, content):
    """The same for commands, whose slice is content: process id, records, pack."""
    return os.getpid(), *_get_task().run(*map(int, order.split()), content)
