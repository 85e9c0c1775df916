# SPDX-License-Identifier: MIT
"""tote sweep, and resume of experiments: points, cells that cannot run, what a kill leaves."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess

import pytest
from test_report import validate
from tote_tool import ODD_ENGINE, TASK, TOTE, limit_digest, wait_until

QUICK = ("--tasks", 20, "--size", 100, "--workers", 2)
SWEEP = ("sweep", "--engines", "local", *QUICK)


def cells(tote):
    return [(row["point"], row["role"], row["label"], row["tasks"], row["workers"], row["batch"])
            for row in tote.rows("SELECT * FROM cell ORDER BY id")]


def complete_pairs(tote):
    """How often each pair of a cell that can run and a block has come to its end."""
    return {(row["cell"], row["block"]): row["n"] for row in tote.rows(
        "SELECT cell, block, count(*) AS n FROM (SELECT cell, block FROM run WHERE state='complete'"
        " UNION ALL SELECT cell, block FROM machine_limit) GROUP BY cell, block")}


def finish(process):
    with process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


# --- points ---

def test_a_grid_of_two_factors(tote):
    document = tote.json(*SWEEP, "--vary", "tasks=5..20*2", "--vary", "batch=1,auto", "--runs", 2)
    validate(document, "sweep")
    assert document["kind"] == "sweep" and document["digests_equal"] is True
    assert document["end"] == "done"
    assert document["blocks"] == {"least": 2, "planned": 2, "whole": 2}
    found = [(point["bag"]["tasks"], point["batch"]) for point in document["points"]]
    assert found == [(n, batch) for n in (5, 10, 20) for batch in ("1", "auto")]
    for point in document["points"]:
        n = point["bag"]["tasks"]
        assert point["limit"]["digest"] == point["serial"]["digest"] == limit_digest(n, size=100)
        (cell,) = point["cells"]
        assert [run["tasks"]["done"] for run in cell["runs"]] == [n, n]
        assert {run["batch"] for run in cell["runs"]} == {point["batch"]}
        roles = [control["role"] for control in point["controls"]]
        assert roles == (["again", "noop"] if n == 5 else ["again"])  # once a batch
    assert set(complete_pairs(tote).values()) == {1}
    assert json.loads(tote.ok("report", tote.store, "--format", "json").out) == document
    text = tote.ok("report", tote.store).out
    assert text.count("\nVerdict: ") == 6 and text.count("\nVerdict over all points: ") == 1 and "Point 6: " in text
    tote.assert_nothing_left()


def test_one_at_a_time(tote):
    tote.ok(*SWEEP, "--vary", "tasks=5,20", "--vary", "workers=1,2", "--one-at-a-time", "--runs", 1,
            "--controls", "limit")
    assert [(point, tasks, workers) for point, role, _, tasks, workers, _ in cells(tote)
            if role == "engine"] == [(1, 20, 2), (2, 5, 2), (3, 20, 1)]


def test_the_order_goes_over_the_whole_grid(tote):
    args = (*SWEEP, "--vary", "tasks=1..4+1", "--runs", 3, "--controls", "limit", "--order-seed", 3)
    tote.ok(*args)
    order = [(row["block"], row["cell"]) for row in tote.rows("SELECT * FROM run ORDER BY id")]
    assert [block for block, _ in order] == sorted(block for block, _ in order)
    by_block = [[cell for b, cell in order if b == block] for block in (1, 2, 3)]
    assert all(sorted(cells) == [1, 3, 5, 7] for cells in by_block)
    assert len({tuple(cells) for cells in by_block}) > 1
    tote.store.unlink()
    tote.ok(*args)
    assert [(row["block"], row["cell"])
            for row in tote.rows("SELECT * FROM run ORDER BY id")] == order


def test_too_few_cores_are_rows_with_the_reason(tote):
    cores = len(os.sched_getaffinity(0))
    document = tote.json(*SWEEP, "--vary", f"workers=1,{cores + 1}", "--runs", 1)
    validate(document, "sweep")
    ran, skipped = document["points"]
    why = f"{cores + 1} workers, but {cores} usable core"
    assert ran["cells"][0]["skipped"] is None and ran["blocks"]["whole"] == 1
    assert skipped["cells"][0]["skipped"].startswith(why) and not skipped["cells"][0]["runs"]
    assert "nothing can run" in skipped["verdict"] and document["digests_equal"] is True
    assert any(f"local: skipped at 1 of 2 points: {why}" in one for one in document["warnings"])
    assert tote.value("SELECT count(*) FROM run JOIN cell ON cell.id = run.cell WHERE skipped <> ''") == 0


def test_an_absent_engine_is_a_row_with_the_reason(tote):
    """Ray without its own folder, which is what `engines setup` makes."""
    gone = {"XDG_DATA_HOME": str(tote.folder / "nothing")}
    done = tote.run("compare", "--engines", "local,ray", *QUICK, "--runs", 1, env=gone)
    if done.status == 0:
        pytest.skip("Ray is found elsewhere too")
    assert done.status == 5, done
    document = json.loads(tote.run("sweep", "--engines", "local,ray", *QUICK, "--vary", "tasks=5,9",
                                   "--runs", 1, "--json", env=gone).out)
    for point in document["points"]:
        assert [cell["label"] for cell in point["cells"]] == ["local", "ray"]
        assert point["cells"][1]["skipped"] and not point["cells"][1]["runs"]
    assert any("ray: skipped at 2 of 2 points" in one for one in document["warnings"])


def test_what_varies_may_stand_in_a_file(tote):
    (tote.folder / "bag.yaml").write_text(
        "engines: [local]\nsize: 100\nworkers: 2\nexperiment:\n  vary:\n    tasks: [3, 4]\n"
        "  runs: 1\n  controls: limit\n")
    config = tote.ok("sweep", "bag.yaml", "--print-config").out
    (tote.folder / "again.yaml").write_text(config)
    assert tote.ok("sweep", "again.yaml", "--print-config").out == config
    document = tote.json("sweep", "again.yaml")
    assert [point["bag"]["tasks"] for point in document["points"]] == [3, 4]


@pytest.mark.parametrize("args,words", [
    (("--vary", "tasks=1..9"), "how it rises"),
    (("--vary", "kernel=nope,noop"), "nope"),
    (("--vary", "batch=1,2", "--engines", "local:batch=4"), "a batch of its own"),
    (("--vary", "workers=4000,4001"), "no cell can run here"),
    (("--vary", "tasks=1..64+1", "--vary", "size=1..64+1"), "more than 4096 cells"),
])
def test_what_is_no_sweep_is_said_before_anything_is_made(tote, args, words):
    engines = () if "--engines" in args else ("--engines", "local")
    assert words in tote.refused("sweep", *engines, *args)
    assert not list(tote.folder.rglob("*.tote"))


# --- the plan ---

def test_a_dry_run_prints_the_plan_and_launches_nothing(tote):
    args = (*SWEEP, "--vary", "tasks=5,20", "--vary", "workers=1,4000", "--runs", "6..8", "--dry-run")
    plan = tote.json(*args)
    validate(plan, "plan")
    assert plan["blocks"]["least"] == 6 and plan["blocks"]["planned"] == 8
    known = [cell for cell in plan["cells"] if cell["skipped"] is None]
    assert known and all(cell["seconds"] > 0 for cell in known)
    assert all(cell["seconds"] is None for cell in plan["cells"] if cell["skipped"])
    assert {cell["point"] for cell in plan["cells"]} == {1, 2, 3, 4}
    assert plan["block_s"] == pytest.approx(sum(cell["seconds"] for cell in known))
    assert plan["most_s"] == pytest.approx(plan["block_s"] * plan["blocks"]["within_budget"])
    text = tote.ok(*args).out
    assert f"{len(known)} cells at 4 points, " in text and "6 to 8 runs of each" in text
    assert not list(tote.folder.rglob("*.tote"))
    tote.assert_nothing_left()


def test_a_budget_that_is_too_short_is_said_before(tote):
    done = tote.run(*SWEEP, "--vary", "tasks=5,6", "--budget", "0.001s", "--controls", "limit")
    assert done.status == 0, done
    assert "tote: plan: 4 cells at 2 points, 6 to 30 runs of each\n" in done.err
    assert "holds about 1 of 30 blocks: up to 29 runs of each cell are cut\n" in done.err
    assert "one block alone is longer than that" in done.err
    assert set(complete_pairs(tote).values()) == {1} and len(complete_pairs(tote)) == 4


def test_a_comparison_has_a_plan_if_one_asks(tote):
    args = ("compare", "--engines", "local", *QUICK, "--runs", 6)
    plan = tote.json(*args, "--dry-run")
    validate(plan, "plan")
    assert [cell["role"] for cell in plan["cells"]] == ["engine", "again", "limit", "serial", "noop"]
    assert not list(tote.folder.rglob("*.tote"))


def test_an_engine_that_does_not_come_up_leaves_a_plan_with_a_gap(tote):
    engine = f"{ODD_ENGINE}:do=die-at-once"
    plan = tote.json("sweep", "--engines", f"local,{engine}", *QUICK, "--vary", "tasks=5,6",
                     "--controls", "limit", "--dry-run")
    assert [cell["seconds"] is None for cell in plan["cells"]] == [False, True, False] * 2
    validate(plan, "plan")


# --- going on ---

def start_sweep(tote, engines, **more):
    return tote.start("sweep", "--engines", engines, "--kernel", "sleep:us=10000", "--size", 10,
                      "--vary", "tasks=8,16", "--workers", 2, "--runs", 3, "--budget", "1h",
                      "--store", "s.tote", **more)


def check_whole(tote, engines):
    document = tote.json("report", "s.tote")
    assert document["end"] == "done" and document["blocks"]["whole"] == 3
    pairs = complete_pairs(tote)
    n_cells = tote.value("SELECT count(*) FROM cell")
    assert len(pairs) == 3 * n_cells and set(pairs.values()) == {1}
    for point in document["points"]:
        assert [cell["tasks_per_s"]["n"] for cell in point["cells"]] == [3] * len(engines)
    assert "0 damaged" in tote.ok("fsck", "s.tote").out
    validate(document, "sweep")


def some_runs(tote, n):
    try:
        return tote.value("SELECT count(*) FROM run", tote.folder / "s.tote") >= n
    except sqlite3.Error:  # not there yet
        return False


@pytest.mark.parametrize("n", [1, 4, 9, 16])
def test_a_killed_sweep_goes_on_with_what_is_missing(tote, n):
    process = start_sweep(tote, "local,workqueue")
    wait_until(lambda: some_runs(tote, n))
    process.kill()
    finish(process)
    before = tote.value("SELECT count(*) FROM run WHERE state = 'complete'")
    done = tote.ok("resume", "s.tote", "--json")
    assert json.loads(done.out)["end"] == "done"
    states = [row["state"] for row in tote.rows("SELECT state FROM run ORDER BY id")]
    assert states.count("interrupted") <= 1  # the one that was running: it stays, and does not count
    assert before < states.count("complete") == len(states) - states.count("interrupted")
    check_whole(tote, ("local", "workqueue"))
    tote.assert_nothing_left()


def test_an_interrupted_sweep_says_how_it_goes_on(tote):
    process = start_sweep(tote, "local")
    wait_until(lambda: some_runs(tote, 5))
    process.send_signal(signal.SIGINT)
    status, out, _ = finish(process)
    assert status == -signal.SIGINT and "a signal ended it after" in out
    assert tote.value("SELECT value FROM setting WHERE name = 'end'") == "signal"
    tote.ok("resume", "s.tote")
    check_whole(tote, ("local",))


def test_a_resume_may_ask_for_more(tote):
    args = (*SWEEP, "--vary", "tasks=5,6", "--controls", "limit")
    tote.ok(*args, "--runs", 1, "--store", "s.tote")
    assert len(complete_pairs(tote)) == 4
    done = tote.json("resume", "s.tote")
    assert done["blocks"]["whole"] == 1 and len(complete_pairs(tote)) == 4  # nothing was missing
    assert tote.json("resume", "s.tote", "--runs", 3)["blocks"]["whole"] == 3
    assert set(complete_pairs(tote).values()) == {1}


def test_a_comparison_goes_on_too(tote):
    tote.json("compare", "--engines", "local", *QUICK, "--runs", 8, "--budget", "0.001s", "--store",
              "s.tote")
    document = tote.json("resume", "s.tote", "--budget", "1h")
    assert document["kind"] == "compare" and document["end"] == "done"
    assert document["blocks"]["whole"] == 8


def test_what_a_resume_of_an_experiment_does_not_take(tote):
    tote.ok(*SWEEP, "--vary", "tasks=5,6", "--runs", 1, "--controls", "limit", "--store", "s.tote")
    assert "--workers is for bags" in tote.refused("resume", "s.tote", "--workers", 1)
    assert "--engines, or none" in tote.refused("resume", "s.tote", "--engines", "local:mode=spawn")
    tote.ok("run", "--kernel", "noop", "--store", "run.tote")
    assert "--runs is for experiments" in tote.refused("resume", "run.tote", "--runs", 3)


def test_a_program_is_not_started_because_a_store_says_so(tote):
    engine = f"{ODD_ENGINE}:do=well"
    tote.ok("sweep", "--engines", engine, *QUICK, "--vary", "tasks=5,6", "--runs", 1, "--controls",
            "limit", "--store", "s.tote")
    assert f"--engines {engine}" in tote.refused("resume", "s.tote", "--runs", 2)
    tote.ok("resume", "s.tote", "--runs", 2, "--engines", engine)


def test_cells_that_are_gone_are_damage(tote):
    tote.ok(*SWEEP, "--vary", "tasks=5,6", "--runs", 1, "--controls", "limit", "--store", "s.tote")
    with sqlite3.connect(tote.folder / "s.tote") as db:
        db.execute("DELETE FROM cell WHERE id = 1")
    done = tote.run("fsck", "s.tote")
    assert done.status == 1 and "there are 1 cells too few" in done.out + done.err, done
    assert "is of cell 1, which is not there" in done.out + done.err
    assert tote.run("resume", "s.tote").status == 1
    assert "cells that are gone" in tote.ok("report", "s.tote").out
    assert tote.run("fsck", "s.tote", "--salvage", "whole.tote").status == 1
    assert "0 damaged" in tote.ok("fsck", "whole.tote").out
    document = json.loads(tote.ok("report", "whole.tote", "--format", "json").out)
    (lost,) = document["points"][-1]["cells"]
    assert lost["label"] == "local" and "made anew by salvage" in lost["skipped"]
    assert len(lost["runs"]) == 1
    assert tote.ok("resume", "whole.tote", "--runs", 2).status == 0


# --- with what it was measured ---

def test_programs_and_libraries_are_known_by_their_digests(tote):
    tote.ok("compare", "--engines", "local", "--tasks", 4, "--runs", 1, "--store", "s.tote")
    digests = {name.removeprefix("environment.digest."): value for name, value in tote.rows(
        "SELECT name, value FROM setting WHERE name LIKE 'environment.digest.%'")}
    here = os.path.dirname(TOTE)  # of a build; an installed engine lies in lib/tote
    engine = next(path for path in (os.path.join(here, "tote-engine-local"),
                                    os.path.join(here, "..", "lib", "tote", "tote-engine-local"))
                  if os.path.exists(path))
    for path in (TOTE, TASK, engine):
        said = subprocess.run(["xxhsum", "-H2", path], capture_output=True, text=True, check=True)
        assert digests[os.path.basename(path)] == said.stdout.split()[0]
    assert any(name.startswith("libzfp.so.") for name in digests), digests
    assert any(name.startswith("libsqlite3.so.") for name in digests), digests


def test_an_experiment_does_not_go_on_with_another_program(tote):
    engine = tote.folder / "odd"
    shutil.copy(ODD_ENGINE, engine)
    tote.ok("compare", "--engines", f"local,{engine}", "--tasks", 4, "--runs", 1, "--store", "s.tote")
    with open(engine, "a", encoding="utf-8") as file:
        file.write("# another one\n")
    before = tote.rows("SELECT * FROM run")
    sentence = tote.refused("resume", "s.tote", "--runs", 2, "--engines", f"local,{engine}")
    assert "odd is not the one that s.tote began with" in sentence
    assert tote.rows("SELECT * FROM run") == before


def test_two_programs_of_one_name_are_two(tote):
    for version in ("v1", "v2"):
        (tote.folder / version).mkdir()
        shutil.copy(ODD_ENGINE, tote.folder / version / "odd")
    with open(tote.folder / "v2" / "odd", "a", encoding="utf-8") as file:
        file.write("# another one\n")
    engines = ",".join(str(tote.folder / version / "odd") for version in ("v1", "v2"))
    tote.ok("compare", "--engines", engines, "--tasks", 4, "--runs", 1, "--store", "s.tote")
    digests = dict(tote.rows("SELECT name, value FROM setting"
                             " WHERE name LIKE 'environment.digest.odd%'"))
    assert len(set(digests.values())) == 2 and "environment.digest.odd#2" in digests, digests
    tote.ok("resume", "s.tote", "--runs", 2, "--engines", engines)
