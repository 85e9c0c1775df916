# SPDX-License-Identifier: MIT
"""What docs/protocol.md shows is what happens on the wire: the description of the local engine,
and the conversation, replayed once against the engine and once against tote.

Environment: TOTE_BUILD is the folder that holds tote and its engines."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

BUILD = pathlib.Path(os.environ.get("TOTE_BUILD", "build")).resolve()
ENGINE = BUILD / "tote-engine-local"
TEXT = pathlib.Path(__file__).parents[2].joinpath("docs", "protocol.md").read_text()
EMPTY_DIGEST = "99aa06d3014798d86001c324468d497f"  # XXH3-128 of no bytes


def spoken(mark):
    """The lines of one side of the conversation, or with mark "" of both, as (mark, object)."""
    block = TEXT.partition("## A conversation\n")[2].partition("```\n")[2].partition("```")[0]
    lines = [(line[0], json.loads(line[2:])) for line in block.splitlines()]
    return [line for line in lines if mark in ("", line[0])]


def mask_record(line):
    """A record line with its times masked, if they are possible ones."""
    task, attempt, start, end, cpu, *rest = line.split(" ")
    assert 0 < int(start) <= int(end) and 0 <= int(cpu)
    return " ".join([task, attempt, "START", "END", "CPU", *rest])


def mask(event):
    """An event without what may differ: versions, pids, times."""
    event = json.loads(json.dumps(event))
    if event["event"] == "ready":
        assert event.pop("version")
        for worker in event["workers"]:
            assert worker.pop("pid") > 0
    if event["event"] == "done":
        assert event["records"].endswith("\n")
        event["records"] = [mask_record(line) for line in event["records"].splitlines()]
    return event


def mask_command(command):
    """A command without what may differ: the version of tote, the places of files."""
    free = {"tote", "task_program", "task_library", "scratch"} if command["cmd"] == "hello" else set()
    assert all(command[name] for name in free)
    return {name: value for name, value in command.items() if name not in free}


def test_the_document_shows_both_sides():
    assert [event["event"] for _, event in spoken("<")] == ["ready", "done", "done", "bye"]
    assert [command["cmd"] for _, command in spoken(">")] == ["hello", "run", "run", "stop"]
    digests = re.findall(r"\b[0-9a-f]{32}\b", TEXT)
    assert set(digests) == {EMPTY_DIGEST} and len(digests) == 3


def test_the_engine_answers_as_in_the_document(tmp_path):
    places = {"task_program": str(BUILD / "tote-task"), "task_library": str(BUILD / "libtote-task.so"),
              "scratch": str(tmp_path)}  # fmt: skip
    with subprocess.Popen([ENGINE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as engine:
        try:
            for mark, line in spoken(""):
                if mark == ">":
                    here = places if line["cmd"] == "hello" else {}
                    print(json.dumps({**line, **here}), file=engine.stdin, flush=True)
                else:
                    assert mask(json.loads(engine.stdout.readline())) == mask(line)
            assert engine.stdout.read() == "" and engine.wait(20) == 0
        finally:
            engine.kill()


def test_tote_speaks_as_in_the_document(tmp_path):
    heard, listener = tmp_path / "heard", tmp_path / "listener"
    listen = f"sed -u -e 'w {heard}' -e '/\"stop\"/q'"
    listener.write_text(f"#!/bin/sh\n[ $# = 0 ] || exec '{ENGINE}' \"$@\"\n{listen} | '{ENGINE}'\n")
    listener.chmod(0o755)
    subprocess.run(
        [BUILD / "tote", "run", f"--engine={listener}:mode=serve", "--kernel=noop", "--size=0", "--seed=7", "--tasks=3",
         "--workers=1", "--batch=2", f"--store={tmp_path}/x.tote"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)  # fmt: skip
    commands = [json.loads(line) for line in heard.read_text().splitlines()]
    assert [mask_command(one) for one in commands] == [mask_command(one) for _, one in spoken(">")]


def description_in_text():
    return json.loads(re.search(r'`(\{"name":"local".*\})`', TEXT).group(1))


def test_the_description_is_that_of_the_document():
    said = json.loads(subprocess.run([ENGINE, "--describe"], capture_output=True, timeout=60).stdout)
    assert {**said, "version": ""} == {**description_in_text(), "version": ""}


@pytest.fixture
def helper():
    sys.path.insert(0, str(BUILD))
    import tote_engine

    return tote_engine


def test_an_engine_in_python_describes_itself_with_the_same_fields(helper):
    about = helper.About("fake", "a fake", [helper.Option("port", "0", "N", "a port")], lambda: ("1", "", ""),
                         network_options=["port"])  # fmt: skip
    said = helper.describe(about)
    assert said.keys() == description_in_text().keys()
    assert said["network_options"] == ["port"]


def test_an_engine_in_python_cuts_what_it_sends(helper):
    """Since tote refuses what is longer."""
    engine, said = helper.Engine.__new__(helper.Engine), []
    engine._about, engine._say = helper.About("fake", "", [], None), lambda event, **fields: said.append(fields)
    worker = helper.Worker(1, "h" * 2000, 7, 1)
    engine.ready("v" * 2000, "b" * 2000, [worker])
    engine.joined(worker)
    engine.lost(1, 1, "w" * 2000)
    ready, joined, lost = said
    texts = [ready["version"], ready["binding"], ready["workers"][0]["host"], joined["host"], lost["why"]]
    assert [len(text) for text in texts] == [1024] * 5
