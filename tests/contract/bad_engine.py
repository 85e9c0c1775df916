#!/usr/bin/python3 -S
# SPDX-License-Identifier: MIT
"""A small engine program that keeps the protocol, but for the one way of breaking it that
the variable BAD_ENGINE names. It proves that the conformance suite sees each of them; which
point must see which is in test_conformance.py. Not an example: it shares no code with the
engines' helper, so that a mistake there cannot hide here.

One thread a slot runs one tote-task a batch."""

import json
import os
import queue
import subprocess
import sys
import threading
import time

BAD = os.environ.get("BAD_ENGINE", "")
LINE_MAX = 1 << 20
FIELDS = {
    "hello": {"protocol", "tote", "slots", "bag", "task_program", "task_library", "scratch", "options"},
    "run": {"batch", "first", "count", "attempt"},
    "stop": set(),
}
OF_COMMANDS = {"slices", "data", "inputs", "outputs"}

lock = threading.RLock()  # of standard output and of all that follows
waiting = queue.Queue()
running = set()  # processes
state = {"stopping": False, "batches": 0, "lost": False}


def say(**event):
    put(json.dumps(event) + "\n")


def put(text):
    data = text.encode()
    while data:
        data = data[os.write(1, data):]


def leave_a_child():
    subprocess.Popen(["/bin/sleep", "1000"], stdin=subprocess.DEVNULL)


def die(status, why):
    words = {"mute": b"", "mumbling": b"\xe9\xff\xfe no text\n"}
    os.write(2, words.get(BAD, f"bad engine: {why}\n".encode()))
    if BAD == "mumbling" and status == 1:
        status = 0
    if BAD == "child-in-trouble":
        leave_a_child()
    end_workers()
    os._exit(status)


# --- batches ---


def start(hello, run):
    """A process that runs the batch; None if the engine ends."""
    bag = hello["bag"]
    source = [f"--size={bag['size']}", f"--seed={bag['seed']}"]
    if "slices" in hello:
        source = [f"--slice={run['inputs'][0][0]}", f"--pack={run['outputs'][0][1]}"]
    with lock:
        if state["stopping"]:
            return None
        process = subprocess.Popen(
            [hello["task_program"], f"--kernel={bag['kernel']}", *source, f"--first={run['first']}",
             f"--count={run['count']}", f"--attempt={run['attempt']}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
        running.add(process)
        return process


def spoil(run, records):
    """The records of a batch, wrong in one of them or in their number."""
    lines = records.splitlines(keepends=True)
    fields = lines[0].split(" ")
    if BAD == "no-record" and run["count"] == 1:
        return ""
    if BAD == "short-batch" and run["count"] == 4096:
        return "".join(lines[:-1])
    if BAD == "first-attempt":
        return "".join(" ".join([line.split(" ")[0], "1", *line.split(" ")[2:]]) for line in lines)
    if BAD == "hidden-failure":
        return "".join(line for line in lines if not line.endswith(" failed\n"))
    if run["batch"] == 9:  # one of those of the point "batches"
        if BAD == "record-twice":
            lines[1] = lines[0]
        elif BAD == "foreign-task":
            lines[0] = " ".join(["5", *fields[1:]])
        elif BAD == "extra-record":
            lines.append(" ".join(["5", *fields[1:]]))
        elif BAD == "wrong-digest":
            lines[0] = " ".join([*fields[:7], "0" * 32, fields[8]])
        elif BAD == "half-record":
            lines[-1] = lines[-1][:-9]
    return "".join(lines)


def answer_commands(worker, run, records, status):
    if status not in (0, 3):
        say(event="lost", batch=run["batch"], worker=worker, why=f"tote-task ended with status {status}")
        return
    if BAD == "no-pack":
        os.unlink(run["outputs"][0][1])
    if BAD == "old-pack" and run["batch"] > 1:
        os.rename(state["pack"], run["outputs"][0][1])
    state["pack"] = run["outputs"][0][1]
    state["batches"] += 1
    say(event="done", batch=run["batch"], worker=worker, records=records)


def answer(worker, run, records, status):
    batch = run["batch"]
    if "inputs" in run:
        answer_commands(worker, run, records, status)
        return
    if status not in (0, 3) and BAD != "killed-is-done" or status == 3 and BAD == "failed-is-lost":
        if BAD == "dies-with-worker":
            die(1, "a worker died")
        state["lost"] = True
        say(event="lost", batch=batch, worker=worker, why=f"tote-task ended with status {status}")
        return
    if BAD == "stuck-after-loss" and state["lost"]:
        return
    if batch == 9 and BAD == "chatty":
        put("warning: something is odd\n")
    if batch == 9 and BAD == "endless-line":
        put("x" * (LINE_MAX + 1))
    if batch == 9 and BAD == "lost-for-nothing":
        say(event="lost", batch=batch, worker=worker, why="no reason")
        return
    if batch == 9 and BAD == "no-answer":
        return
    state["batches"] += 1
    for _ in range(2 if batch == 9 and BAD == "answers-twice" else 1):
        say(event="done", batch=77 if batch == 9 and BAD == "unknown-batch" else batch,
            worker=99 if batch == 9 and BAD == "unknown-worker" else worker,
            records=spoil(run, records) if records else "")  # fmt: skip


def serve(worker, hello):
    while True:
        run = waiting.get()
        process = start(hello, run)
        if process is None:
            return
        records = process.communicate()[0].decode()
        with lock:
            running.discard(process)
            if not state["stopping"]:
                answer(worker, run, records, process.returncode)


def end_workers():
    with lock:
        state["stopping"] = True
        for process in running:
            if BAD != "waits-for-tasks":
                process.terminate()  # so that the keeper of commands ends them
            process.wait()


# --- lines ---


def lines():
    limit = {"short-lines": 1 << 16, "any-length": 1 << 30}.get(BAD, LINE_MAX)
    buffered = b""
    while True:
        line, newline, rest = buffered.partition(b"\n")
        if len(line) >= limit:
            die(1, "an over-long line")
        if newline:
            buffered = rest
            yield line
            continue
        more = os.read(0, 1 << 20)
        if not more:
            return
        buffered += more


def commands():
    for line in lines():
        try:
            command = json.loads(line)
            if command["cmd"] not in FIELDS or not FIELDS[command["cmd"]] <= command.keys():
                raise ValueError("not a command")
        except (ValueError, TypeError, KeyError) as error:
            if BAD == "takes-garbage":
                continue
            die(0 if BAD == "garbage-is-success" else 1, error)
        if BAD == "strict" and command.keys() - FIELDS[command["cmd"]] - OF_COMMANDS - {"cmd"}:
            die(1, "an unknown field")
        yield command


# --- the life of an engine ---


def describe():
    if BAD == "slow":
        time.sleep(1.2)
    option = {"name": "pace", "default": "1", "metavar": "N", "help": "is ignored"}
    data = {} if BAD == "knows-no-commands" else {"data": ["shared"]}
    text = json.dumps({**data, "name": "bad", "summary": "breaks the protocol", "version": "1", "usable": True,
                       "why": "", "mend": "", "options": [option], "setup": False})  # fmt: skip
    put({"indescribable": "Hello!", "two-lines": text + "\nHello!"}.get(BAD, text) + "\n")
    sys.exit(3 if BAD == "describes-in-vain" else 0)


def shake_hands(hello):
    if hello["cmd"] != "hello" or type(hello["slots"]) is not int:
        die(1, "not a hello")
    least, most = hello["protocol"]
    if not least <= 1 <= most and BAD != "any-version":
        die(1, f"speaks version 1, not {least} to {most}")
    if hello["options"].keys() - {"pace"} and BAD != "any-option":
        die(1 if BAD == "vague" else 2, "unknown option")
    if BAD == "quits-when-empty" and hello["bag"]["tasks"] == 0 and "slices" not in hello:
        die(1, "there is nothing to do")
    slots = hello["slots"]
    workers = [{"id": i + 1, "host": "localhost", "pid": 0, "slots": 1} for i in range(slots)]
    if BAD == "worker-twice":
        workers[1]["id"] = 1
    if BAD == "early":
        say(event="worker", change="joined", **workers[0])
    if BAD != "silent":
        say(event="ready", protocol=most if BAD == "boastful" else 1, engine="bad", version="1", binding="pipe",
            workers=workers[1:] if BAD == "few-slots" else workers)  # fmt: skip
    return [threading.Thread(target=serve, args=(i + 1, hello), daemon=True) for i in range(slots)]


def take_commands(threads):
    """True if told to stop, False at the end of the input."""
    for thread in threads:
        thread.start()
    for command in given:
        if command["cmd"] == "stop" and BAD != "unstoppable":
            return True
        if command["cmd"] == "run":
            waiting.put(command)
    return False


def end(was_told, threads):
    if BAD == "deaf" and not was_told:
        time.sleep(1000)
    is_busy = len(running) > 0
    end_workers()
    if BAD == "abandons-loudly" and is_busy:
        say(event="lost", batch=1, worker=1, why="told to stop")
    if BAD == "child" or BAD == "daemon" and is_busy and "slices" in first:
        leave_a_child()
    is_silent = BAD == "no-bye" or BAD == "no-idle-bye" and was_told and not state["batches"] and not is_busy
    if not is_silent:
        say(event="bye", stats={"batches": state["batches"]})
    if BAD == "talkative":
        say(event="bye", stats={})
    os._exit(1 if BAD == "fails-at-last" else 0)


if sys.argv[1:] == ["--describe"]:
    describe()
given = commands()
first = next(given, None)
if first is None:
    die(1, "no hello")
workers = shake_hands(first)
end(take_commands(workers), workers)
