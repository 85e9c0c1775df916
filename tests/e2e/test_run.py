# SPDX-License-Identifier: MIT
"""tote run with real engines: what comes out is right, complete and recorded once. Engines that
misbehave or die: test_kill.py, test_odd_engine.py."""

import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

import pytest
from tote_tool import (EMPTY_DIGEST, TOTE, Tote, limit_digest, litter, namespace,
                       descendants, wait_until)

SMALL = ("--size", 2000, "--workers", 2)


def test_all_engines_make_the_bytes_of_the_bare_loop(tote, engine):
    run = tote.json("run", "--engine", engine, "--tasks", 30, "--seed", 7, "--workers", 2)["run"]
    assert run["digest"] == limit_digest(30, seed=7)
    assert run["tasks"] == {"total": 30, "done": 30, "failed": 0, "duplicate": 0}
    assert run["state"] == "complete" and run["workers"] == 2 and run["batch"] == "auto"
    assert run["store"] == str(tote.store)
    tote.assert_recorded_once(30)
    tote.assert_nothing_left()


@pytest.mark.parametrize("kernel", ["zlib:level=1", "zfp:rate=8", "noop", "spin:us=10"])
def test_kernels_with_options(tote, engine, kernel):
    run = tote.json("run", "--engine", engine, "--kernel", kernel, "--tasks", 9, *SMALL)["run"]
    assert run["kernel"] == kernel
    assert run["digest"] == limit_digest(9, kernel, 2000)


def test_the_defaults_are_those_of_the_help(tote):
    run = tote.json("run")["run"]
    assert run["engine"] == "local" and run["kernel"] == "zfp:accuracy=1e-3"
    assert (run["tasks"]["total"], run["size"], run["seed"]) == (12, 200000, 1)
    assert run["workers"] == len(os.sched_getaffinity(0)) and run["batch"] == "auto"


@pytest.mark.parametrize("batch", [1, 7, 4096, "auto"])
def test_batches_are_of_the_size_that_was_asked_for(tote, engine, batch):
    tote.ok("run", "--engine", engine, "--kernel", "noop", "--tasks", 40, "--batch", batch,
            "--workers", 2)
    rows = tote.rows("SELECT first, count, attempt FROM batch ORDER BY first")
    assert [row["first"] for row in rows] == [
        sum(row["count"] for row in rows[:i]) for i in range(len(rows))]
    assert sum(row["count"] for row in rows) == 40
    if batch != "auto":
        assert {row["count"] for row in rows[:-1]} <= {batch}
    tote.assert_recorded_once(40)


def test_a_cells_own_batch_wins(tote):
    run = tote.json("run", "--engine", "local:batch=5", "--batch", 2, "--kernel", "noop",
                    "--tasks", 20)["run"]
    assert run["batch"] == "5" and run["label"] == "local:batch=5"
    assert {row["count"] for row in tote.rows("SELECT count FROM batch")} == {5}


def test_an_empty_bag(tote, engine):
    run = tote.json("run", "--engine", engine, "--tasks", 0)["run"]
    assert run["tasks"] == {"total": 0, "done": 0, "failed": 0, "duplicate": 0}
    assert run["state"] == "complete" and run["digest"] == EMPTY_DIGEST
    assert tote.value("SELECT count(*) FROM record") == 0


def test_one_task_of_no_bytes(tote, engine):
    run = tote.json("run", "--engine", engine, "--tasks", 1, "--size", 0)["run"]
    assert run["tasks"]["done"] == 1
    tote.assert_recorded_once(1)


def test_more_workers_than_tasks(tote, engine):
    run = tote.json("run", "--engine", engine, "--tasks", 2, "--workers", 4, "--kernel", "noop")
    assert run["run"]["workers"] == 4 and run["run"]["tasks"]["done"] == 2


def test_many_small_tasks(tote):
    run = tote.json("run", "--kernel", "noop", "--tasks", 20000)["run"]
    assert run["tasks"]["done"] == 20000
    tote.assert_recorded_once(20000)


def test_a_failing_task_is_data_and_an_exit_code(tote, engine):
    run = tote.json("run", "--engine", engine, "--kernel", "fault:fail=3", "--tasks", 8,
                    status=3)["run"]
    assert run["tasks"] == {"total": 8, "done": 7, "failed": 1, "duplicate": 0}
    assert run["state"] == "complete" and run["digest"] is None
    assert [failure["task"] for failure in run["failures"]] == [3]
    assert tote.value("SELECT count(*) FROM record WHERE task <> 3 AND outcome = 0") == 7


def test_a_task_that_kills_its_worker_once_is_tried_again(tote, engine):
    run = tote.json("run", "--engine", engine, "--kernel", "fault:kill=3,attempts=1", "--tasks",
                    12, "--batch", 2, "--workers", 2)["run"]
    assert run["tasks"]["done"] == 12 and run["tasks"]["failed"] == 0
    assert run["lost_batches"] >= 1
    assert tote.value("SELECT max(attempt) FROM record WHERE task = 3") == 2
    assert tote.value("SELECT count(DISTINCT task) FROM record WHERE outcome = 0") == 12


def test_a_task_that_always_kills_its_worker_is_given_up(tote, engine):
    run = tote.json("run", "--engine", engine, "--kernel", "fault:kill=3", "--tasks", 6,
                    "--batch", 1, "--workers", 2, status=3)["run"]
    assert run["tasks"]["done"] == 5 and run["tasks"]["failed"] == 1
    assert run["failures"][0]["outcome"] == "lost"
    assert [tuple(row) for row in tote.rows(
        "SELECT task, outcome FROM record_text WHERE outcome <> 'ok'")] == [(3, "lost")]


def test_phases_add_up(tote, engine):
    run = tote.json("run", "--engine", engine, "--tasks", 20, *SMALL)["run"]
    phases = run["phases_s"]
    assert all(value >= 0 for value in phases.values())
    before_stop = sum(value for name, value in phases.items() if name != "stop")
    assert before_stop == pytest.approx(run["wall_s"], abs=1e-6)
    assert run["tasks_per_s"] == pytest.approx(20 / run["wall_s"], rel=1e-6)
    assert run["steady_tasks_per_s"] == pytest.approx(20 / (run["wall_s"] - phases["start"]),
                                                      rel=1e-6)


def test_cpu_time_of_the_box_covers_the_tasks(tote, engine):
    run = tote.json("run", "--engine", engine, "--kernel", "spin:us=20000", "--tasks", 10,
                    "--workers", 2)["run"]
    assert run["cpu_s"]["tasks"] >= 0.2
    assert run["cpu_s"]["total"] >= run["cpu_s"]["tasks"]


def test_records_are_within_the_run(tote, engine):
    tote.ok("run", "--engine", engine, "--tasks", 10, *SMALL)
    (run,) = tote.rows("SELECT * FROM run")
    for row in tote.rows("SELECT * FROM record"):
        assert run["launch_ns"] < row["start_ns"] <= row["end_ns"] <= run["last_ns"]
        assert row["bytes_in"] == 8000 and row["bytes_out"] > 0
    workers = {row["worker"] for row in tote.rows("SELECT worker FROM worker")}
    assert {row["worker"] for row in tote.rows("SELECT worker FROM record")} <= workers


def test_the_store_is_one_private_file(tote):
    store = tote.folder / "my.tote"
    done = tote.ok("run", "--kernel", "noop", "--store", store)
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert [path.name for path in tote.folder.glob("my.tote*")] == ["my.tote"]
    assert str(store) in done.out
    assert tote.value("PRAGMA integrity_check") == "ok"


def test_a_store_by_default_lies_in_the_state_folder(tote):
    tote.ok("run", "--kernel", "noop")
    assert tote.store.parent == tote.state / "tote" and tote.store.name.startswith("run-")
    assert stat.S_IMODE(tote.store.parent.stat().st_mode) == 0o700


def test_nothing_on_stderr_when_that_is_no_terminal(tote, engine):
    assert tote.ok("run", "--engine", engine, "--kernel", "noop").err == ""


def test_the_report_is_what_the_run_printed(tote):
    printed = tote.ok("run", "--kernel", "noop").out
    assert tote.ok("report", tote.store).out == printed


# --- settings ---

def test_print_config_reproduces_the_run(tote):
    args = ("run", "--engine", "local:mode=spawn", "--kernel", "zlib:level=3", "--tasks", 5,
            "--size", 100, "--seed", 9, "--workers", 2, "--batch", 3, "--net", "private")
    config = tote.ok(*args, "--print-config").out
    assert not tote.state.exists(), "--print-config runs nothing"
    (tote.folder / "bag.yaml").write_text(config)
    assert tote.ok("run", "bag.yaml", "--print-config").out == config
    assert tote.ok("run", "-", "--print-config", input=config).out == config
    first = tote.json(*args, "--store", "a.tote")["run"]
    again = tote.json("run", "bag.yaml", "--store", "b.tote")["run"]
    for key in ("label", "kernel", "size", "seed", "workers", "batch", "digest", "tasks"):
        assert first[key] == again[key]


def test_the_command_line_wins_over_the_bag_file(tote):
    (tote.folder / "bag.yaml").write_text("tasks: 5\nkernel: noop\nseed: 3\n")
    run = tote.json("run", "bag.yaml", "--tasks", 6)["run"]
    assert (run["tasks"]["total"], run["kernel"], run["seed"]) == (6, "noop", 3)


def test_the_order_of_options_and_bag_file_does_not_matter(tote):
    (tote.folder / "bag.yaml").write_text("tasks: 5\nkernel: noop\n")
    assert tote.json("run", "--seed", 4, "bag.yaml")["run"]["tasks"]["total"] == 5
    assert tote.ok("run", "--print-config", "bag.yaml").out.count("tasks: 5") == 1


# --- surroundings ---

def test_two_runs_at_once_do_not_disturb_each_other(tote, engine):
    args = ("run", "--engine", engine, "--tasks", 40, "--size", 20000, "--workers", 2, "--json",
            "--batch", 2)
    both = [tote.start(*args, "--store", f"{i}.tote", "--seed", i) for i in (1, 2)]
    for i, process in enumerate(both, 1):
        with process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert limit_digest(40, size=20000, seed=i) in out
        tote.assert_recorded_once(40, store=tote.folder / f"{i}.tote")
    tote.assert_nothing_left()


def test_the_engine_is_alone_in_its_network(tote, engine):
    before, store = litter(), tote.folder / "s.tote"
    process = tote.start("run", "--engine", engine, "--kernel", "sleep:us=50000", "--tasks", 1000,
                         "--store", store)
    try:
        wait_until(lambda: tote.recorded(store) > 0)
        spaces = {namespace(pid, "net") for pid in descendants(process.pid)} - {None}
    finally:
        process.terminate()
        process.communicate(timeout=60)
    box = tote.value("SELECT box FROM run")
    if "no namespaces" in box:
        pytest.skip("no namespaces here")
    assert box == "user, PID, mount and network namespace"
    assert len(spaces) == 1 and namespace(os.getpid(), "net") not in spaces
    tote.assert_nothing_left()
    assert litter() <= before


def test_net_host_is_said(tote):
    run = tote.json("run", "--kernel", "noop", "--net", "host")["run"]
    assert "host's network" in run["box"] or "no namespaces" in run["box"]


def without_namespaces():
    """A command prefix for a place where no namespace can be made, or a skip."""
    prefix = ["unshare", "-Ur", "sh", "-c",
              'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("unshare -Ur does not work here")
    return prefix


def test_without_namespaces_it_works_and_says_what_is_missing(tote, engine):
    run = tote.json("run", "--engine", engine, "--tasks", 20, *SMALL,
                    before=without_namespaces())["run"]
    assert run["digest"] == limit_digest(20, size=2000)
    assert run["box"].startswith("no namespaces") and "network" in run["box"], run["box"]
    tote.assert_nothing_left()


@pytest.mark.parametrize("name", ["local", "workqueue"])
def test_as_an_ordinary_user(name, usable_engines):
    if os.getuid() != 0:
        pytest.skip("only root can become another user; the other tests ran as one")
    if name not in usable_engines:
        pytest.skip(f"engine {name} is not usable")
    as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    if subprocess.run([*as_nobody, TOTE, "kernels"], capture_output=True).returncode != 0:
        pytest.skip("user 65534 cannot reach the tool under test and its tote-task")
    folder = tempfile.mkdtemp(prefix="nobody-")
    try:
        os.chmod(folder, 0o755)
        tote = Tote(pathlib.Path(folder))
        for path in (folder, tote.home, tote.temp):
            os.chown(path, 65534, 65534)
        run = tote.json("run", "--engine", name, "--tasks", 10, *SMALL, before=as_nobody)["run"]
        assert run["digest"] == limit_digest(10, size=2000)
        tote.assert_nothing_left()
        tote.close()
    finally:
        shutil.rmtree(folder)


def test_from_another_folder_and_through_a_link(tote):
    (tote.folder / "bin").mkdir()
    os.symlink(TOTE, tote.folder / "bin" / "t")
    done = subprocess.run([tote.folder / "bin" / "t", "run", "--kernel", "noop"], cwd="/",
                          env=tote.env, capture_output=True, text=True)
    assert done.returncode == 0, done


def test_stdin_closed_stdout_a_file(tote):
    with open(tote.folder / "out", "w") as out:
        process = tote.start("run", "--kernel", "noop", "--json", stdout=out, stdin=None,
                             preexec_fn=lambda: os.close(0))
        with process:
            process.communicate(timeout=60)
    assert process.returncode == 0
    assert '"done": 12' in (tote.folder / "out").read_text()
