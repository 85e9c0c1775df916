# SPDX-License-Identifier: MIT
"""The tool under test and how to look at what it did: commands, stores, processes. Not tests.

    def test_it(tote):
        document = tote.json("run", "--tasks", 12)
        rows = tote.rows("SELECT count(*) FROM record")
"""

import contextlib
import glob
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import uuid

import pytest

BUILD = os.path.abspath(os.environ.get("TOTE_BUILD", "build"))
TOTE = os.path.abspath(os.environ.get("TOTE_BIN", os.path.join(BUILD, "tote")))
TASK = os.path.join(os.path.dirname(TOTE), "tote-task")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ODD_ENGINE = os.path.join(ROOT, "tests", "e2e", "odd_engine.py")

EMPTY_DIGEST = "99aa06d3014798d86001c324468d497f"  # XXH3-128 of nothing
PATIENCE_S = 120  # for what must happen, on however slow a machine


class Done:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    @property
    def sentence(self):
        """Of a failure: the last line of stderr, without the program's name."""
        lines = self.err.splitlines()
        assert lines and lines[-1].startswith("tote: "), self
        return lines[-1].removeprefix("tote: ")


class Tote:
    """tote with a home of its own below folder; engines that are set up stay in reach."""

    def __init__(self, folder):
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.home, self.state = folder / "home", folder / "state"
        self.home.mkdir(mode=0o700)
        self.temp = pathlib.Path(tempfile.mkdtemp(prefix="t-"))  # short: sockets lie in it
        data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
        self.env = {**os.environ, "HOME": str(self.home), "TMPDIR": str(self.temp),
                    "XDG_STATE_HOME": str(self.state), "XDG_DATA_HOME": data,
                    "TOTE_TEST_MARK": self.mark}

    def close(self):
        shutil.rmtree(self.temp)

    # --- running ---

    def start(self, *args, before=(), **more):
        env = {**self.env, **more.pop("env", {})}
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE}
        return subprocess.Popen([*before, TOTE, *map(str, args)], env=env,
                                cwd=more.pop("cwd", self.folder), text=True,
                                **{**streams, **more})

    def run(self, *args, input=None, timeout=PATIENCE_S, **more):
        if input is not None:
            more["stdin"] = subprocess.PIPE
        with self.start(*args, **more) as process:
            try:
                out, err = process.communicate(input, timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()
                pytest.fail(f"tote {args} did not end in {timeout} s\n{out}\n{err}")
            return Done(process.returncode, out or "", err or "")

    def ok(self, *args, **more):
        done = self.run(*args, **more)
        assert done.status == 0, done
        return done

    def json(self, *args, status=0, **more):
        done = self.run(*args, "--json", **more)
        assert done.status == status, done
        return json.loads(done.out)

    def refused(self, *args, status=2, **more):
        """The one sentence of a command that fails and prints no result."""
        done = self.run(*args, **more)
        assert done.status == status, done
        assert done.out == "", done
        assert len(done.err.splitlines()) == 1, done
        return done.sentence

    # --- stores ---

    @property
    def store(self):
        """The one store that was made, named or not."""
        found = [*self.folder.glob("*.tote"), *self.state.glob("tote/*.tote")]
        assert len(found) == 1, found
        return found[0]

    def rows(self, sql, store=None):
        uri = f"file:{store or self.store}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql).fetchall()

    def value(self, sql, store=None):
        ((value,),) = self.rows(sql, store)
        return value

    def recorded(self, store):
        """How many records are durable by now; the store may not be there yet."""
        try:
            return self.value("SELECT count(*) FROM record", store)
        except sqlite3.OperationalError:
            return 0

    def assert_recorded_once(self, tasks, run=1, store=None):
        """Every task of the bag has one record and no more."""
        rows = self.rows(f"SELECT task, count(*) FROM record WHERE run = {run} "
                         "GROUP BY task ORDER BY task", store)
        assert [tuple(row) for row in rows] == [(task, 1) for task in range(tasks)]

    # --- engines ---

    def engines(self):
        return {engine["name"]: engine for engine in self.json("engines")["engines"]}

    # --- what is left ---

    def assert_nothing_left(self):
        """No process that inherited our mark, no file in the places for such."""
        wait_until(lambda: not marked(self.mark), 
                   lambda: f"processes are left: {shown(marked(self.mark))}")
        for folder in (self.home, self.temp):
            assert os.listdir(folder) == [], folder


def limit_digest(tasks, kernel="zfp:accuracy=1e-3", size=200000, seed=1):
    """The bag digest by the bare loop of tote-task."""
    text = subprocess.run([TASK, "--limit", "--threads", "2", "--kernel", kernel, "--size",
                           str(size), "--seed", str(seed), "--count", str(tasks)],
                          capture_output=True, text=True, check=True).stdout
    return dict(pair.split("=", 1) for pair in text.split()[1:])["digest"]


# --- processes ---

def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def stat(pid):
    """(state, parent, start) of a process, or None."""
    after = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (after[0].decode(), int(after[1]), int(after[19])) if after else None


def is_alive(pid, start):
    now = stat(pid)
    return now is not None and now[2] == start and now[0] not in "ZX"


def marked(mark):
    """Processes in whose environment the mark is."""
    wanted = f"TOTE_TEST_MARK={mark}".encode()
    return [pid for pid in pids() if wanted in read(f"/proc/{pid}/environ").split(b"\0")]


def command_line(pid):
    return read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def shown(some):
    return [f"{pid}: {command_line(pid)}" for pid in some]


def descendants(pid):
    """{pid: start} of all processes below, boxes included: their pids as we see them."""
    below, found = {}, {}
    for one in pids():
        now = stat(one)
        if now and now[0] not in "ZX":
            below.setdefault(now[1], []).append((one, now[2]))
    todo = [pid]
    while todo:
        for child, start in below.get(todo.pop(), []):
            found[child] = start
            todo.append(child)
    return found


def named(family, word):
    """Those of a family with word in the path of their program, or of its script."""
    return [pid for pid in family
            if any(word in part.decode(errors="replace").rpartition("/")[2]
                   for part in read(f"/proc/{pid}/cmdline").split(b"\0")[:3])]


def namespace(pid, kind):
    try:
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    except OSError:
        return None


def listening_ports():
    ports = set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in read(path).decode().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


def litter():
    """Names in shared folders that could be ours or an engine's."""
    names = [name for pattern in ("tote*", "ray*", "wq*", "work_queue*", "worker-*")
             for folder in ("/tmp", "/dev/shm", "/var/tmp")
             for name in glob.glob(f"{folder}/{pattern}")]
    return set(names)


def wait_until(condition, message="it did not happen"):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(message() if callable(message) else message)
        time.sleep(0.01)


# --- a disk of our own ---

def on_small_disk(tote, script, size="2m", options=""):
    """Runs a shell script that sees a small disk at ./disk, and tote as $TOTE; (status, stdout,
    stderr). The disk is gone with it. A skip where none can be made."""
    disk = tote.folder / "disk"
    disk.mkdir(exist_ok=True)
    prefix = ["unshare", "-Urm", "sh", "-c",
              f'mount -t tmpfs -o size={size}{options} tmpfs disk && exec sh -c "$1"', "sh"]
    if subprocess.run([*prefix, "true"], cwd=tote.folder, capture_output=True).returncode != 0:
        pytest.skip("no disk of our own can be mounted here")
    done = subprocess.run([*prefix, script], cwd=tote.folder, env={**tote.env, "TOTE": TOTE},
                          capture_output=True, text=True, errors="replace", timeout=PATIENCE_S)
    return Done(done.returncode, done.stdout, done.stderr)
