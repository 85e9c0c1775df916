# SPDX-License-Identifier: MIT
"""Processes that are killed or stopped from outside, by exact pids: workers, tote itself, and a
user's Ctrl-C. Nothing is lost, nothing is recorded twice, nothing stays alive."""

import os
import re
import signal
import socket
import time

import pytest
from tote_tool import (ODD_ENGINE, command_line, descendants, is_alive, limit_digest,
                       listening_ports, litter, marked, named, shown, wait_until)

# Which process of an engine to kill so that a worker is lost: a word in its name.
WORKER = {"local": "tote-task", "workqueue": "work_queue_worker", "ray": "ray::"}
# Long enough that it still runs when we have looked around; a killed run never comes to its end.
SLOW = ("--kernel", "sleep:us=20000", "--tasks", 400, "--batch", 2, "--workers", 2,
        "--store", "s.tote")


def records(tote):
    return tote.recorded(tote.folder / "s.tote")


def start_until(tote, engine, n, *more):
    """A run that has at least n durable records, and all that it has started."""
    process = tote.start("run", "--engine", engine, *SLOW, *more)
    try:
        wait_until(lambda: records(tote) >= n or process.poll() is not None)
        assert process.poll() is None, process.communicate()
    except BaseException:
        process.kill()
        raise
    return process, descendants(process.pid)


def finish(process):
    with process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def workers_of(engine, family):
    word = WORKER[engine]
    if engine == "ray":  # which writes it over the worker's command line
        return [pid for pid in family if command_line(pid).startswith(word)
                and "Agent" not in command_line(pid)]
    return named(family, word)


def assert_all_gone(family):
    wait_until(lambda: not any(is_alive(pid, start) for pid, start in family.items()),
               lambda: f"still alive: {shown(p for p, s in family.items() if is_alive(p, s))}")


def comm(pid):
    """The name of a process; empty if it has ended meanwhile."""
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_a_killed_worker_loses_its_batch_and_nothing_else(tote, engine):
    process, family = start_until(tote, engine, 20, "--json")
    victims = workers_of(engine, family)
    assert victims, shown(family)
    os.kill(victims[0], signal.SIGKILL)
    status, out, err = finish(process)
    assert status == 0, err
    assert '"done": 400' in out
    assert tote.value("SELECT lost FROM run") >= 1, shown(victims)
    assert tote.value("SELECT count(*) FROM batch WHERE lost = 1 AND why <> ''") >= 1
    assert limit_digest(400, "sleep:us=1") in out
    tote.assert_recorded_once(400)
    assert_all_gone(family)
    tote.assert_nothing_left()


def test_all_workers_killed_at_once(tote, engine):
    process, family = start_until(tote, engine, 20, "--json")
    for victim in workers_of(engine, family):
        os.kill(victim, signal.SIGKILL)
    status, out, err = finish(process)
    assert status == 0, err
    assert '"done": 400' in out
    tote.assert_recorded_once(400)
    tote.assert_nothing_left()


@pytest.mark.parametrize("when", [0, 1, 50])
def test_kill_9_of_tote_ends_all(tote, engine, when):
    before = litter()
    process, family = start_until(tote, engine, when)
    if when == 0:  # while the engine starts
        wait_until(lambda: descendants(process.pid))
        family = descendants(process.pid)
    acknowledged = records(tote)
    process.kill()
    finish(process)
    assert_all_gone(family)
    tote.assert_nothing_left()
    assert litter() <= before
    if (tote.folder / "s.tote").exists() and when > 0:
        assert records(tote) >= acknowledged
        assert tote.value("SELECT state FROM run_text") == "running"
        assert tote.value("SELECT count(*) = count(DISTINCT task) FROM record") == 1
        done = tote.run("report", "s.tote")
        assert done.status == 0 and f"{records(tote)} of 400" in done.out, done


def test_kill_9_of_tote_frees_the_port_on_the_hosts_network(tote, usable_engines):
    if "workqueue" not in usable_engines:
        pytest.skip("engine workqueue is not usable")
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    process, family = start_until(tote, f"workqueue:port={port}", 1)
    assert port in listening_ports()
    process.kill()
    finish(process)
    assert_all_gone(family)
    assert port not in listening_ports()
    tote.assert_nothing_left()


def test_kill_9_of_the_engine_program(tote, engine):
    process, family = start_until(tote, engine, 10)
    program = f"tote-engine-{engine}"
    (victim, *_) = sorted(named(family, program))
    os.kill(victim, signal.SIGKILL)
    status, out, err = finish(process)
    assert status == 5 and out == "", err
    assert re.search(rf"engine {engine}.* died with status 137", err), err
    assert tote.value("SELECT state FROM run_text") == "broken"
    assert_all_gone(family)
    tote.assert_nothing_left()


def test_a_ray_without_its_raylet_is_given_up(tote, usable_engines):
    if "ray" not in usable_engines:
        pytest.skip("engine ray is not usable")
    process, family = start_until(tote, "ray", 10)
    (raylet,) = named(family, "raylet")
    os.kill(raylet, signal.SIGKILL)
    status, out, err = finish(process)
    assert status == 5 and out == "" and "engine ray" in err, err
    assert tote.value("SELECT state FROM run_text") == "broken"
    assert tote.value("SELECT count(*) = count(DISTINCT task) FROM record") == 1
    tote.assert_nothing_left()


def test_kill_9_of_the_box(tote, engine):
    process, family = start_until(tote, engine, 10)
    (box,) = [pid for pid in family if comm(pid) == "tote-box"]
    os.kill(box, signal.SIGKILL)
    status, out, err = finish(process)
    assert status == 5 and out == "", err
    assert_all_gone(family)
    tote.assert_nothing_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_what_there_is(tote, engine, number):
    process, family = start_until(tote, engine, 20)
    process.send_signal(number)
    status, out, err = finish(process)
    assert status == -number, err  # a shell shows 128 + number
    assert re.search(r"interrupted, \d+ of 400 tasks done", out), out
    assert sorted(path.name for path in tote.folder.glob("s.tote*")) == ["s.tote"]
    assert tote.value("SELECT state FROM run_text") == "interrupted"
    n = tote.value("SELECT done FROM run")
    assert 20 <= n < 400 and n == records(tote)
    assert_all_gone(family)
    tote.assert_nothing_left()


def test_a_shell_sees_130(tote):
    process = tote.start("run", *SLOW, before=["sh", "-c", '"$@"; echo status $?', "sh"],
                         start_new_session=True)
    wait_until(lambda: records(tote) >= 10)
    (pid,) = [pid for pid in descendants(process.pid) if command_line(pid).split()[1:2] == ["run"]
              and comm(pid) == "tote"]
    os.kill(pid, signal.SIGINT)
    status, out, err = finish(process)
    assert "status 130" in out, (out, err)


def test_ctrl_c_at_a_terminal_reaches_only_tote(tote, engine):
    """The terminal sends the signal to the whole foreground group."""
    process = tote.start("run", "--engine", engine, *SLOW, start_new_session=True)
    wait_until(lambda: records(tote) >= 20)
    family = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    status, out, err = finish(process)
    assert status == -signal.SIGINT, err
    assert "interrupted" in out and err == ""
    assert_all_gone(family)


def test_a_signal_while_the_engine_starts(tote, engine):
    process = tote.start("run", "--engine", engine, *SLOW)
    wait_until(lambda: len(descendants(process.pid)) >= 2)
    process.send_signal(signal.SIGINT)
    status, out, err = finish(process)
    assert status == -signal.SIGINT, (out, err)
    tote.assert_nothing_left()


def test_a_second_signal_does_not_wait_for_the_engine(tote):
    process = tote.start("run", "--engine", f"{ODD_ENGINE}:do=deaf-to-stop", "--kernel",
                         "sleep:us=20000", "--tasks", 400, "--batch", 2, "--store", "s.tote")
    wait_until(lambda: records(tote) >= 4)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # another one: two alike may arrive as one
    start = time.monotonic()
    status, out, err = finish(process)
    assert status == -signal.SIGTERM, (status, err)
    assert time.monotonic() - start < 15  # the engine was given 20 s to end by itself
    assert tote.value("SELECT state FROM run") == "interrupted"
    tote.assert_nothing_left()


def test_kill_9_of_a_comparison_during_the_limit(tote):
    """Which of the two cells comes first is drawn by the seed: with this one, the limit."""
    process = tote.start("compare", "--engines", "local", "--kernel", "sleep:us=500000", "--tasks", 60,
                         "--order-seed", 5, "--controls", "limit", "--store", "s.tote")
    wait_until(lambda: any("--limit" in command_line(pid) for pid in descendants(process.pid)))
    family = descendants(process.pid)
    process.kill()
    finish(process)
    assert_all_gone(family)
    tote.assert_nothing_left()


def test_a_comparison_that_is_interrupted_reports_what_there_is(tote):
    process = tote.start("compare", "--engines", "local,local:mode=spawn", "--kernel",
                         "sleep:us=5000", "--tasks", 40, "--workers", 2, "--runs", 1000,
                         "--budget", "1h", "--store", "s.tote")
    wait_until(lambda: records(tote) >= 40 * 5)
    process.send_signal(signal.SIGINT)
    status, out, err = finish(process)
    assert status == -signal.SIGINT, err
    assert "local:mode=spawn" in out and "limit" in out, out
    tote.assert_nothing_left()


def test_a_run_whose_environment_says_so_is_found(tote):
    """The instrument itself: the mark reaches the workers of a running engine."""
    process, family = start_until(tote, "local", 1)
    found, workers = set(marked(tote.mark)), workers_of("local", family)
    process.kill()
    finish(process)
    assert workers and set(workers) <= found
