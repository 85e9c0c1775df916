#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""An engine program that misbehaves as its option do=... says, to see what tote makes of it.
It runs tasks by tote-task, one batch at a time. Not an example: engines/local is.

Options: do, what to do; at, in which batch (from 1) to do it."""

import json
import os
import subprocess
import sys
import time

DOINGS = ("nothing", "die-at-once", "refuse-option", "sleep-before-ready", "garbage-before-ready",
          "garbage", "long-line", "die", "twice", "unknown-batch", "other-digest", "few-records",
          "other-task", "lose", "leave-child", "deaf-to-stop", "stderr-flood", "old-protocol",
          "not-utf8", "deep", "end-output", "silent", "bye-early", "flaky")


def describe():
    options = [{"name": name, "default": default, "metavar": "TEXT", "help": help}
               for name, default, help in (("do", "nothing", "|".join(DOINGS)),
                                           ("at", "1", "in which batch"))]
    say({"name": "odd", "summary": "misbehaves", "version": "1", "usable": True, "why": "",
         "mend": "", "options": options, "network_options": [], "setup": False})


def say(event):
    write((json.dumps(event) + "\n").encode())


def write(data):
    while data:
        data = data[os.write(1, data):]


def before_ready(do):
    if do == "die-at-once":
        sys.exit("odd: I do not want to live")
    if do == "refuse-option":
        sys.stderr.write("odd: I do not like this option\n")
        sys.exit(2)
    if do == "flaky":  # the second launch does not come up
        with open("launches", "a+", encoding="ascii") as launches:
            launches.write("x")
            if launches.tell() == 2:
                sys.exit("odd: not today")
    if do == "sleep-before-ready":
        time.sleep(3600)
    if do == "garbage-before-ready":
        write(b"This is Odd Engine 1.0\n")


def records(bag, hello, order):
    return subprocess.run(
        [hello["task_program"], "--kernel", bag["kernel"], "--size", str(bag["size"]),
         "--seed", str(bag["seed"]), "--first", str(order["first"]), "--count",
         str(order["count"]), "--attempt", str(order["attempt"])],
        stdout=subprocess.PIPE, check=False, text=True).stdout


def misbehave(do, batch, text):
    """Returns the records to answer with, or None for no answer."""
    lines = text.splitlines(keepends=True)
    if do == "garbage":
        write(b"[1, 2\n")
    elif do == "not-utf8":
        write(b'{"event":"lost","batch":1,"worker":1,"why":"\xff\xfe"}\n')
    elif do == "deep":
        write(b"[" * 100000 + b"\n")
    elif do == "long-line":
        write(b"x" * (3 << 20))
    elif do == "die":
        sys.stderr.write("odd: something \x1b[31mred\n")
        os._exit(7)
    elif do == "end-output":
        os.close(1)
        time.sleep(3600)
    elif do == "silent":
        time.sleep(3600)
    elif do == "bye-early":
        say({"event": "bye", "stats": {}})
        time.sleep(3600)
    elif do == "twice":
        say({"event": "done", "batch": batch, "worker": 1, "records": text})
    elif do == "unknown-batch":
        say({"event": "done", "batch": 10**9, "worker": 1, "records": text})
    elif do == "other-digest":
        fields = lines[0].split(" ")
        lines[0] = " ".join([*fields[:7], "f" * 32, *fields[8:]])
    elif do == "few-records":
        lines.pop()
    elif do == "other-task":
        lines[0] = "7777777 " + lines[0].partition(" ")[2]
    elif do == "lose":
        say({"event": "lost", "batch": batch, "worker": 1, "why": "mislaid"})
        return None
    elif do == "leave-child":
        subprocess.Popen(["sleep", "3600"], start_new_session=True)
    elif do == "stderr-flood":
        sys.stderr.write("flood " * 2_000_000)
    return "".join(lines)


def serve():
    hello = json.loads(sys.stdin.readline())
    do, at = hello["options"].get("do", "nothing"), int(hello["options"].get("at", "1"))
    before_ready(do)
    say({"event": "ready", "protocol": 99 if do == "old-protocol" else 1, "engine": "odd",
         "version": "1", "binding": "none",
         "workers": [{"id": 1, "host": "here", "pid": os.getpid(), "slots": hello["slots"]}]})
    n = 0
    for line in sys.stdin:
        order = json.loads(line)
        if order["cmd"] == "stop":
            break
        n += 1
        text = records(hello["bag"], hello, order)
        if n == at:
            text = misbehave(do, order["batch"], text)
        if text is not None:
            say({"event": "done", "batch": order["batch"], "worker": 1, "records": text})
    if do == "deaf-to-stop":
        time.sleep(3600)
    say({"event": "bye", "stats": {"batches": n}})


if sys.argv[1:] == ["--describe"]:
    describe()
else:
    serve()
