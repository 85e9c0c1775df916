# SPDX-License-Identifier: MIT
"""The lines of the engine protocol (docs/protocol.md), for engine programs in Python.

    def main():
        engine = tote_engine.Engine(ABOUT)   # reads hello
        ...start workers...
        engine.ready("1.0", "pipe", [tote_engine.Worker(1, "localhost", pid, 1)])
        for run in engine.commands():        # ends at stop, end of file or SIGTERM
            engine.done(run.batch, 1, lines)
        ...end workers...
        engine.bye({"batches": 2})

    tote_engine.start(ABOUT, main)           # answers --describe, --setup, --remove; or main()

It starts no process and no thread, knows no engine and does not judge records. Events may be
sent from any thread, the rest belongs to the main thread. Whatever breaks the protocol is
raised as Failure, so that the engine's own `finally` ends its workers before the program."""

import json
import os
import re
import select
import signal
import sys
import threading
from collections import namedtuple

PROTOCOL = 1
TRAVEL_MAX, PATH_MAX, NAME_MAX = 1024, 4096, 255
LINE_MAX, WHY_MAX, DEPTH_MAX = 1 << 20, 1024, 8  # the limits are those of docs/protocol.md
BAG_MAX, TASKS_MAX, SEED_MAX = 1 << 53, 1 << 40, (1 << 63) - 1
PLAIN = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
LIMITS = {"slots": (1, 4096), "size": (0, BAG_MAX), "seed": (0, SEED_MAX), "tasks": (0, BAG_MAX),
          "batch": (1, BAG_MAX), "first": (0, BAG_MAX), "count": (1, 4096),
          "attempt": (1, (1 << 32) - 1)}  # fmt: skip
RECORD_BYTES = bytes(range(32, 127)) + b"\n"

# metavar "a|b" names the only values there are; any other is words for people.
Option = namedtuple("Option", "name default metavar help")
# find() returns (version, why, mend); an empty why: the engine is usable. setup(verbose) and
# remove(verbose), if not None, install and remove what it needs. network_options: names of options
# that are of no use in a private network; tote opens the host's when one is given.
# data: how the files of a bag of commands can come to its workers, "shared" or "staged"; none: it
# knows no such bags.
About = namedtuple("About", "name summary options find setup remove network_options data",
                   defaults=(None, None, (), ()))  # fmt: skip
Worker = namedtuple("Worker", "id host pid slots")
# slices: of a bag of commands, the folder of its slices and packs; else None.
Hello = namedtuple(
    "Hello", "slots kernel size seed tasks task_program task_library scratch options slices")  # fmt: skip
# inputs and outputs: of a bag of commands, the files that travel, slice and pack first; else empty.
Run = namedtuple("Run", "batch first count attempt inputs outputs", defaults=((), ()))
# here: the absolute path on tote's side, in bytes; there: the plain name on the worker's.
File = namedtuple("File", "here there")


class Failure(Exception):
    """One sentence for people, and the exit status: 2 for a bad option, else 1."""

    def __init__(self, why, status=1):
        super().__init__(why)
        self.status = status


def _integers(obj, *names):
    for name in names:
        value, (least, most) = obj.get(name), LIMITS[name]
        if type(value) is not int or not least <= value <= most:  # a bool is an int too
            raise Failure(f"'{name}' from tote is not an integer from {least} to {most}")
        yield value


def _text(obj, name, most=LINE_MAX, start=""):
    value = obj.get(name)
    if not isinstance(value, str) or "\0" in value or len(value.encode()) > most:
        raise Failure(f"'{name}' from tote is not a text of at most {most} bytes")
    if not value.startswith(start):
        raise Failure(f"'{name}' from tote is not an absolute path: '{value}'")
    return value


def _object(obj, name):
    if not isinstance(obj.get(name), dict):
        raise Failure(f"'{name}' from tote is not an object")
    return obj[name]


def _nests(value, levels):
    inside = value.values() if isinstance(value, dict) else value
    return isinstance(value, (dict, list)) and (
        levels == 0 or any(_nests(one, levels - 1) for one in inside))  # fmt: skip


def parse(line):
    """The command in one line of bytes; Failure if it is none."""
    try:
        obj = json.loads(line.decode())
        # Python reads more than JSON: NaN, and half a surrogate pair.
        json.dumps(obj, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise Failure(f"a line of tote is not valid JSON: {error}") from None
    if not isinstance(obj, dict) or _nests(obj, DEPTH_MAX):
        raise Failure(f"a line of tote is not a JSON object of at most {DEPTH_MAX} levels")
    _text(obj, "cmd", 64)
    return obj


def parse_options(table, given):
    """The value of every option in the table, by name; Failure for what is not in it."""
    values = {option.name: option.default for option in table}
    for name in given:
        if name not in values:
            import difflib  # slow to load, so only where it is needed

            near = difflib.get_close_matches(name, values, 1) or values
            raise Failure(f"unknown option '{name}': did you mean {' or '.join(near)}?", 2)
        values[name] = _text(given, name)
    for option in table:
        choices, value = option.metavar.split("|"), values[option.name]
        if len(choices) > 1 and value not in choices:
            raise Failure(f"option {option.name}={value} is not {' or '.join(choices)}", 2)
    return values


def parse_hello(obj, table):
    spoken = obj.get("protocol")
    if obj["cmd"] != "hello":
        raise Failure(f"the first command of tote is not hello: '{obj['cmd']}'")
    if not isinstance(spoken, list) or [type(one) for one in spoken] != [int, int]:
        raise Failure("'protocol' from tote is not a pair [least, most]")
    if not spoken[0] <= PROTOCOL <= spoken[1]:
        raise Failure(f"tote speaks versions {spoken[0]} to {spoken[1]} of the engine protocol, "
                      f"this engine {PROTOCOL}: install both from one release")  # fmt: skip
    bag = _object(obj, "bag")
    _text(obj, "tote")
    return Hello(*_integers(obj, "slots"), _text(bag, "kernel", 1023),
                 *_integers(bag, "size", "seed", "tasks"),
                 _text(obj, "task_program", 4095, "/"), _text(obj, "task_library", 4095, "/"),
                 _text(obj, "scratch", 4095, "/"),
                 parse_options(table, _object(obj, "options")),
                 _text(obj, "slices", 4095, "/") if "slices" in obj else None)  # fmt: skip


def _pair(pair, field, is_output):
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
        raise Failure(f"'{field}' from tote holds something that is not a pair of texts")
    there, here = pair if is_output else pair[::-1]
    if not here.startswith("/") or "\0" in here or len(here.encode()) >= PATH_MAX:
        raise Failure(f"'{field}' from tote holds what is not an absolute path: '{here}'")
    if not PLAIN.fullmatch(there) or there in (".", "..") or len(there) > NAME_MAX:
        raise Failure(f"a name in '{field}' from tote is not plain: '{there}'")
    return File(here.encode(), there)


def _files(obj, field, first):
    pairs = obj.get(field)
    if not isinstance(pairs, list) or not 1 <= len(pairs) <= TRAVEL_MAX:
        raise Failure(f"'{field}' from tote is not an array of 1 to {TRAVEL_MAX} files")
    files = tuple(_pair(pair, field, field == "outputs") for pair in pairs)
    if files[0].there != first:
        raise Failure(f"the first of '{field}' from tote is not named '{first}'")
    return files


def parse_run(obj, hello):
    numbers = _integers(obj, "batch", "first", "count", "attempt")
    if hello.slices is None:
        run, tasks = Run(*numbers), hello.tasks
    else:  # a bag of commands, which may grow while it runs
        run = Run(*numbers, _files(obj, "inputs", "slice"), _files(obj, "outputs", "pack"))
        tasks = TASKS_MAX
    if run.first + run.count > tasks:
        raise Failure(f"a batch reaches beyond the bag of {tasks} tasks")
    return run


class Engine:
    def __init__(self, about):
        """Reads hello. Takes standard input and output for itself: whatever else reads or
        prints, in this program or in one that it starts, meets /dev/null and stderr."""
        self._about, self._lock, self._gone = about, threading.Lock(), False
        self._in, self._out = os.dup(0), os.dup(1)  # not inherited
        os.close(0)
        os.open("/dev/null", os.O_RDONLY)  # becomes 0
        os.set_inheritable(0, True)
        os.dup2(2, 1)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        self._woken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._buffer, self._scanned = bytearray(), 0
        line = self._line()
        if line is None:
            raise Failure("standard input ended before hello: only tote starts this program")
        self.hello = parse_hello(parse(line), about.options)

    def stop_on_sigterm(self):
        """From here on SIGTERM is a stop. To be called after a library that takes the signal;
        before, it raises SystemExit."""
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def _line(self):
        """The next line; None at the end of file, after a signal, or when tote is gone."""
        while (end := self._buffer.find(b"\n", self._scanned)) < 0:
            self._scanned = len(self._buffer)
            if self._scanned >= LINE_MAX:
                raise Failure(f"a line of tote is longer than {LINE_MAX} bytes")
            ready = select.select([self._in, self._woken], [], [])[0]
            more = b"" if self._woken in ready else os.read(self._in, 65536)
            if not more:  # also after half a line: tote died while it wrote
                return None
            self._buffer += more
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        return line

    def commands(self):
        """Every run, until tote wants no more."""
        while (line := self._line()) is not None:
            obj = parse(line)
            if obj["cmd"] == "stop":
                return
            if obj["cmd"] != "run":
                raise Failure(f"tote sent a command that is unknown here: '{obj['cmd']}'")
            yield parse_run(obj, self.hello)

    def _say(self, event, **fields):
        line = json.dumps({"event": event, **fields}, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            try:
                while line and not self._gone:
                    line = line[os.write(self._out, line) :]
            except BrokenPipeError:  # tote is gone: the same as a stop
                self._gone = True
                os.write(self._wake, b"\0")

    def ready(self, version, binding, workers):
        self._say("ready", protocol=PROTOCOL, engine=self._about.name, version=_sentence(version),
                  binding=_sentence(binding), workers=[_fields(worker) for worker in workers])  # fmt: skip

    def done(self, batch, worker, lines):
        """lines: bytes, the records of the whole batch."""
        if not lines or lines.translate(None, RECORD_BYTES):
            self.lost(batch, worker, f"the answer of {len(lines)} bytes is not record lines")
        else:
            self._say("done", batch=batch, worker=worker, records=lines.decode())

    def lost(self, batch, worker, why):
        self._say("lost", batch=batch, worker=worker, why=_sentence(why))

    def joined(self, worker):
        self._say("worker", change="joined", **_fields(worker))

    def left(self, worker, why):
        self._say("worker", change="left", id=worker, why=_sentence(why))

    def bye(self, stats):
        self._say("bye", stats=stats)
        self._gone = True  # a thread that is late says nothing more


def _sentence(text):
    """On one line, printable ASCII, at most WHY_MAX bytes."""
    text = " ".join(str(text).split())[:WHY_MAX]
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def _fields(worker):
    return {**worker._asdict(), "host": _sentence(worker.host)}


def describe(about):
    version, why, mend = about.find()
    return {"name": about.name, "summary": about.summary, "version": version,
            "usable": not why, "why": why, "mend": mend,
            "options": [option._asdict() for option in about.options],
            "network_options": list(about.network_options), "data": list(about.data),
            "setup": about.setup is not None}  # fmt: skip


def _act(about, main, args):
    if not args:
        main()
    elif args == ["--describe"]:
        print(json.dumps(describe(about), separators=(",", ":")))
    elif about.setup and args[0] in ("--setup", "--remove") and args[1:] in ([], ["-v"]):
        (about.setup if args[0] == "--setup" else about.remove)(args[1:] == ["-v"])
    else:
        raise Failure(f"unknown argument '{' '.join(args)}': this program is started by tote", 2)


def start(about, main):
    """The whole of a program: does what its arguments ask for; main() if there are none. Ends
    the process at once: the exit hooks of a library whose workers are gone could wait for them."""
    status = 0
    try:
        _act(about, main, sys.argv[1:])
    except Failure as failure:
        print(f"tote-engine-{about.name}: {_sentence(failure)}", file=sys.stderr)
        status = failure.status
    except Exception:  # a fault of the engine program's: the last line names it
        import traceback

        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    os._exit(status)
