# SPDX-License-Identifier: MIT
"""Tests of engines/helper/tote_engine.py, through a small engine program, and of what
tote_ray_setup.py finds on disk. Not of Ray: the contract tests do that."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

ENGINES = pathlib.Path(__file__).resolve().parents[2] / "engines"
sys.dont_write_bytecode = True
sys.path[:0] = [str(ENGINES / "helper"), str(ENGINES / "ray")]
import tote_engine  # noqa: E402
import tote_ray_setup  # noqa: E402

PROGRAM = """
import os, sys, time
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))
import tote_engine
ABOUT = tote_engine.About("fake", "a fake",
    (tote_engine.Option("mode", "one", "one|two", "help"), tote_engine.Option("text", "", "TEXT", "help")),
    lambda: ("1.0", "", ""), lambda verbose: print("setup", verbose), lambda verbose: print("remove", verbose))
def main():
    engine = tote_engine.Engine(ABOUT)
    engine.stop_on_sigterm()
    print("noise")            # must not meet the protocol
    os.system("echo noise")
    n = 0
    try:
        engine.ready("1.0", engine.hello.options["mode"], [tote_engine.Worker(1, "localhost", 0, 1)])
        for run in engine.commands():
            n += 1
            if run.first == 7:
                engine.lost(run.batch, 0, "seven\\nis " + chr(233) + "x" * 2000)
            else:
                engine.done(run.batch, 1, b"line %d\\n" % run.first * run.count)
    finally:
        print("cleaned", file=sys.stderr)
    engine.bye({"batches": n})
tote_engine.start(ABOUT, main)
"""
HELLO = {"cmd": "hello", "protocol": [1, 1], "tote": "0.1.0", "slots": 1,
         "bag": {"kernel": "noop", "size": 0, "seed": (1 << 63) - 1, "tasks": 100},
         "task_program": "/bin/task", "task_library": "/lib/task.so", "scratch": "/tmp/x",
         "options": {}}  # fmt: skip
NO_OPTIONS = ()
RUN = {"cmd": "run", "batch": 1, "first": 0, "count": 1, "attempt": 1}


def start(*args):
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(ENGINES / "helper"), *args],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


def lines(*objects):
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def talk(data, *args):
    """(status, events, stderr) of a whole conversation that ends with the end of file."""
    program = start(*args)
    out, err = program.communicate(data, timeout=20)
    return program.returncode, [json.loads(line) for line in out.splitlines()], err.decode()


def test_conversation():
    status, events, err = talk(lines(HELLO, RUN, {**RUN, "batch": 2, "first": 98, "count": 2}, {"cmd": "stop"}))
    assert status == 0
    assert [one["event"] for one in events] == ["ready", "done", "done", "bye"]
    assert events[0] == {"event": "ready", "protocol": 1, "engine": "fake", "version": "1.0", "binding": "one",
                         "workers": [{"id": 1, "host": "localhost", "pid": 0, "slots": 1}]}  # fmt: skip
    assert events[2] == {"event": "done", "batch": 2, "worker": 1, "records": "line 98\nline 98\n"}
    assert events[3]["stats"] == {"batches": 2}
    assert err.count("noise") == 2


COMMANDS = {**HELLO, "slices": "/x"}
TRAVEL = {**RUN, "first": 200, "inputs": [["/x/s", "slice"]], "outputs": [["pack", "/x/p"]]}


def test_files_of_commands():
    hello = tote_engine.parse_hello(COMMANDS, NO_OPTIONS)
    assert hello.slices == "/x"
    inputs = [["/x/s", "slice"], ["/a \u00e9\n", "a-1.X_"]] + 1022 * [["/f", "x" * 255]]
    run = tote_engine.parse_run({**TRAVEL, "inputs": inputs}, hello)
    assert run[:4] == (1, 200, 1, 1)  # 200 is beyond the tasks that hello knew
    assert run.inputs[:2] == ((b"/x/s", "slice"), (b"/a \xc3\xa9\n", "a-1.X_"))
    assert run.outputs == ((b"/x/p", "pack"),)
    kernel = tote_engine.parse_hello(HELLO, NO_OPTIONS)
    assert kernel.slices is None
    assert tote_engine.parse_run({**RUN, "inputs": 7}, kernel).inputs == ()


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"inputs": None}, "'inputs'"),
        ({"inputs": []}, "'inputs'"),
        ({"outputs": {}}, "'outputs'"),
        ({"inputs": 1025 * [["/x/s", "slice"]]}, "1 to 1024"),
        ({"inputs": [["/x/s", "a"], ["/x/s", "slice"]]}, "not named 'slice'"),
        ({"outputs": [["slice", "/x/p"]]}, "not named 'pack'"),
        ({"outputs": [["/x/p", "pack"]]}, "absolute"),
        ({"inputs": [["x", "slice"]]}, "absolute"),
        ({"inputs": [["/" + 4095 * "x", "slice"]]}, "absolute"),
        ({"inputs": [["/x/s", "slice"], ["/x"]]}, "pair"),
        ({"inputs": [["/x/s", "slice"], "/x"]}, "pair"),
        ({"inputs": [["/x/s", "slice"], ["/x", 7]]}, "pair"),
        ({"first": 1 << 40}, "beyond the bag"),
        *(({"outputs": [["pack", "/x/p"], [name, "/y"]]}, "not plain")
          for name in ("", ".", "..", "a/b", "a b", "\u00e9", "a\n", "x" * 256)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_files_of_commands(fields, words):
    hello = tote_engine.parse_hello(COMMANDS, NO_OPTIONS)
    with pytest.raises(tote_engine.Failure, match=words):
        tote_engine.parse_run({**TRAVEL, **fields}, hello)


@pytest.mark.parametrize("slices", [None, 7, "", "x", "/" + 4095 * "x"])
def test_bad_slices(slices):
    with pytest.raises(tote_engine.Failure, match="'slices'"):
        tote_engine.parse_hello({**HELLO, "slices": slices}, NO_OPTIONS)


def test_end_of_file_is_stop_also_after_half_a_line():
    for tail in (b"", b'{"cmd":"ru'):
        status, events, _ = talk(lines(HELLO, RUN) + tail)
        assert status == 0 and events[-1]["event"] == "bye"


def test_sigterm_is_stop():
    program = start()
    program.stdin.write(lines(HELLO))
    program.stdin.flush()
    program.stdout.readline()
    program.send_signal(signal.SIGTERM)
    assert json.loads(program.stdout.readline())["event"] == "bye"
    assert program.wait(20) == 0
    program.communicate()


def test_tote_that_is_gone_is_stop():
    program = start()
    program.stdin.write(lines(HELLO))
    program.stdin.flush()
    program.stdout.readline()
    program.stdout.close()
    program.stdin.write(lines(RUN))
    program.stdin.flush()
    assert program.wait(20) == 0
    program.stdin.close()
    program.stderr.close()


def test_lost_is_one_printable_sentence():
    _, events, _ = talk(lines(HELLO, {**RUN, "first": 7}))
    assert events[1]["event"] == "lost" and events[1]["worker"] == 0
    assert events[1]["why"].startswith("seven is ?xxx") and len(events[1]["why"]) == 1024


@pytest.mark.parametrize(
    "line, words",
    [
        (b"hello?\n", "not valid JSON"),
        (b"\n", "not valid JSON"),
        (b'{"cmd":"run","batch":NaN}\n', "not valid JSON"),
        (b'{"cmd":"\xff"}\n', "not valid JSON"),
        (b'{"cmd":"stop","x":"\\ud800"}\n', "not valid JSON"),
        (b'{"cmd":"stop","x":' + b"9" * 100000 + b"}\n", "not"),
        (b"[" * 100000 + b"\n", "not valid JSON"),
        (b"[]\n", "not a JSON object"),
        (b'{"cmd":"stop","x":' + b"[" * 8 + b"]" * 8 + b"}\n", "levels"),
        (b'{"cmd":7}\n', "'cmd'"),
        (b'{"cmd":"fly"}\n', "unknown here: 'fly'"),
        (lines(HELLO), "unknown here: 'hello'"),
        (lines({**RUN, "batch": 0}), "'batch'"),
        (lines({**RUN, "batch": True}), "'batch'"),
        (lines({**RUN, "batch": 1.0}), "'batch'"),
        (lines({**RUN, "count": 0}), "'count'"),
        (lines({**RUN, "count": 4097}), "'count'"),
        (lines({**RUN, "attempt": 1 << 32}), "'attempt'"),
        (lines({"cmd": "run", "batch": 1}), "'first'"),
        (lines({**RUN, "first": 99, "count": 2}), "beyond the bag of 100"),
        (b"x" * (1 << 20), "longer than 1048576"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # some lines are too long for a name
)
def test_what_is_not_valid_ends_it_after_its_cleanup(line, words):
    status, events, err = talk(lines(HELLO) + line)
    assert status == 1 and [one["event"] for one in events] == ["ready"]
    assert words in err and "cleaned" in err and "Traceback" not in err
    # Not the last one: what the program itself prints may come when its buffer is emptied.
    assert any(one.startswith("tote-engine-fake: ") for one in err.splitlines())


def test_the_longest_line_and_unknown_fields_are_taken():
    stop = b'{"cmd":"stop","x":"' + b"x" * ((1 << 20) - 22) + b'"}\n'
    assert len(stop) == 1 << 20
    deep = b'{"cmd":"run","batch":1,"first":0,"count":1,"attempt":1,"x":' + b"[" * 7 + b"]" * 7 + b"}\n"
    status, events, _ = talk(lines({**HELLO, "new": {"a": 1}}) + deep + stop)
    assert status == 0 and [one["event"] for one in events] == ["ready", "done", "bye"]


@pytest.mark.parametrize(
    "change, status, words",
    [
        ({"cmd": "run"}, 1, "not hello"),
        ({"protocol": [2, 3]}, 1, "versions 2 to 3"),
        ({"protocol": 1}, 1, "pair"),
        ({"slots": 0}, 1, "'slots'"),
        ({"slots": 4097}, 1, "'slots'"),
        ({"bag": []}, 1, "'bag'"),
        ({"bag": {**HELLO["bag"], "seed": 1 << 63}}, 1, "'seed'"),
        ({"bag": {**HELLO["bag"], "kernel": "x" * 1024}}, 1, "'kernel'"),
        ({"scratch": "relative"}, 1, "absolute"),
        ({"task_program": "/a\0b"}, 1, "'task_program'"),
        ({"options": None}, 1, "'options'"),
        ({"options": {"mod": "one"}}, 2, "did you mean mode?"),
        ({"options": {"mode": "three"}}, 2, "one or two"),
        ({"options": {"text": 7}}, 1, "'text'"),
    ],
)
def test_bad_hello(change, status, words):
    ended, events, err = talk(lines({**HELLO, **change}))
    assert (ended, events) == (status, []) and words in err and "Traceback" not in err


def test_no_hello():
    status, events, err = talk(b"")
    assert (status, events) == (1, []) and "before hello" in err


def test_a_range_of_versions_and_options_are_taken():
    status, events, _ = talk(lines({**HELLO, "protocol": [0, 9], "options": {"mode": "two", "text": "a=b"}}))
    assert status == 0 and events[0]["protocol"] == 1 and events[0]["binding"] == "two"


def test_records_are_checked_for_their_bytes():
    said = []
    engine = tote_engine.Engine.__new__(tote_engine.Engine)
    engine._say = lambda event, **fields: said.append(event)
    for answer in (b"1 2 3\n", b"", b"a\0b\n", b"caf\xc3\xa9\n", b"a\tb\n"):
        engine.done(1, 1, answer)
    assert said == ["done", "lost", "lost", "lost", "lost"]


def test_arguments():
    status, events, err = talk(b"", "--describe")
    assert status == 0 and err == "" and len(events) == 1
    assert events[0]["usable"] is True and events[0]["setup"] is True
    assert events[0]["options"][0] == {"name": "mode", "default": "one", "metavar": "one|two", "help": "help"}
    for args in (["--setup"], ["--remove", "-v"]):
        assert start(*args).communicate(timeout=20)[0].decode().split()[0] == args[0][2:]
    status, _, err = talk(b"", "--wrong")
    assert status == 2 and "--wrong" in err


# --- tote_ray_setup.py ---


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Makes an environment on disk as setup leaves it, but for the packages."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(tote_ray_setup, "REQUIREMENTS", str(ENGINES / "ray" / "tote-engine-ray.requirements.txt"))
    home = tmp_path / "tote" / "engines" / "ray"

    def make(version):
        (home / "bin").mkdir(parents=True)
        (home / "bin" / "python").symlink_to(sys.executable)
        name = pathlib.Path(os.path.realpath(sys.executable)).name
        (home / "lib" / name / "site-packages" / f"ray-{version}.dist-info").mkdir(parents=True)
        text = pathlib.Path(tote_ray_setup.REQUIREMENTS).read_text()
        (home / "installed.txt").write_text(text)
        return home

    return make


def pinned():
    return tote_ray_setup._version_pinned()


def test_ray_absent(environment):
    version, why, mend = tote_ray_setup.find()
    assert (version, mend) == ("", "tote engines setup ray") and "not installed" in why


def test_ray_there(environment):
    environment(pinned())
    assert tote_ray_setup.find() == (pinned(), "", "")


def test_ray_of_another_version(environment):
    environment("2.9.0")
    version, why, mend = tote_ray_setup.find()
    assert version == "2.9.0" and "2.9.0" in why and pinned() in why and mend


def test_ray_half_made_or_of_a_python_that_went_away(environment):
    home = environment(pinned())
    (home / "installed.txt").rename(home / "kept")
    assert "incomplete" in tote_ray_setup.find()[1]
    (home / "kept").rename(home / "installed.txt")
    (home / "bin" / "python").unlink()
    (home / "bin" / "python").symlink_to("/nowhere/python9.9")
    assert "incomplete" in tote_ray_setup.find()[1]


def test_ray_with_other_packages_than_pinned(environment):
    home = environment(pinned())
    (home / "installed.txt").write_text("ray==1\n")
    assert "pinned" in tote_ray_setup.find()[1]


def test_requirements_are_pinned_with_hashes():
    text = (ENGINES / "ray" / "tote-engine-ray.requirements.txt").read_text()
    entries = re.split(r"\n(?=[a-z])", text.split("ray.in\n", 1)[1])
    assert len(entries) > 10
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[^ ]+ ", entry) and "--hash=sha256:" in entry
