# SPDX-License-Identifier: MIT
"""tote report: the three forms, held against the store itself and against docs/schemas."""

import csv
import io
import json
import sqlite3

import pytest
from schema_tool import validate

COLUMNS = ("label,engine,engine_version,block,state,kernel,size,seed,workers,batch,tasks_total,"
           "tasks_done,tasks_failed,tasks_duplicate,digest,start_s,first_result_s,steady_s,drain_s,"
           "stop_s,wall_s,tasks_per_s,steady_tasks_per_s,cpu_total_s,cpu_tasks_s,store,"
           "point,role,rank_steady,ratio_steady,ratio_steady_low,ratio_steady_high,p_steady,"
           "a12_steady,rank_whole,ratio_whole,ratio_whole_low,ratio_whole_high,p_whole,"
           "a12_whole").split(",")


@pytest.fixture
def run_store(tote):
    tote.ok("run", "--tasks", 15, "--size", 500, "--workers", 2, "--store", "run.tote")
    return tote.folder / "run.tote"


@pytest.fixture
def compare_store(tote):
    tote.ok("compare", "--engines", "local,local:mode=spawn,batch=2", "--tasks", 15, "--size", 500,
            "--workers", 2, "--runs", 2, "--store", "compare.tote")
    return tote.folder / "compare.tote"


def test_json_of_a_run_is_as_its_schema_says(tote, engine):
    validate(tote.json("run", "--engine", engine, "--tasks", 5, "--size", 10), "run")


def test_json_of_a_run_with_failures_is_as_its_schema_says(tote):
    validate(tote.json("run", "--kernel", "fault:fail=1", status=3), "run")


def test_json_of_a_comparison_is_as_its_schema_says(tote, usable_engines):
    validate(tote.json("compare", "--engines", ",".join(usable_engines), "--tasks", 5, "--size", 10,
                       "--runs", 1), "compare")


def test_json_of_an_error_is_as_its_schema_says(tote):
    validate(tote.json("run", "--kernel", "zpf", status=2), "error")


def test_both_ways_to_ask_for_json(tote, run_store):
    text = tote.ok("report", run_store, "--json").out
    assert text == tote.ok("report", run_store, "--format", "json").out
    assert json.loads(text)["run"]["tasks"]["done"] == 15


def test_json_of_report_is_that_of_the_command(tote):
    document = tote.json("run", "--kernel", "noop")
    assert tote.json("report", tote.store) == document


def test_csv_has_a_line_a_run(tote, run_store, compare_store):
    for store, n in ((run_store, 1), (compare_store, 4)):
        text = tote.ok("report", store, "--format", "csv").out
        rows = list(csv.DictReader(io.StringIO(text)))
        assert text.splitlines()[0].split(",") == COLUMNS
        runs = [row for row in rows if row["role"] in ("engine", "")]
        assert len(runs) == n
        for row in runs:
            assert None not in row and row["tasks_done"] == "15" and row["state"] == "complete"
            assert float(row["wall_s"]) > 0
            assert row["store"] == str(store)


def test_figures_can_be_computed_again_from_the_store(tote, run_store):
    run = tote.json("report", run_store)["run"]
    (row,) = tote.rows("SELECT * FROM run", run_store)
    wall = (row["last_ns"] - row["launch_ns"]) / 1e9
    assert run["wall_s"] == pytest.approx(wall, rel=1e-9)
    assert run["phases_s"]["start"] == pytest.approx((row["ready_ns"] - row["launch_ns"]) / 1e9)
    assert run["cpu_s"]["total"] == pytest.approx((row["cpu_user_ns"] + row["cpu_sys_ns"]) / 1e9)
    times = sorted((r["end_ns"] - r["start_ns"]) / 1e9
                   for r in tote.rows("SELECT start_ns, end_ns FROM record", run_store))
    assert run["task_s"]["max"] == pytest.approx(times[-1])
    assert times[0] <= run["task_s"]["p50"] <= times[-1]
    assert run["digest"] == row["digest"].hex()


def test_the_store_view_agrees(tote, run_store):
    run = tote.json("report", run_store)["run"]
    (row,) = tote.rows("SELECT * FROM run_text", run_store)
    assert row["wall_s"] == pytest.approx(run["wall_s"])
    assert row["tasks_per_s"] == pytest.approx(run["tasks_per_s"])


def test_reading_changes_nothing(tote, run_store):
    before = (run_store.read_bytes(), run_store.stat().st_mtime_ns)
    for form in ("text", "json", "csv", "markdown"):
        tote.ok("report", run_store, "--format", form)
    assert (run_store.read_bytes(), run_store.stat().st_mtime_ns) == before
    assert [path.name for path in tote.folder.glob("run.tote*")] == ["run.tote"]


def test_a_store_that_may_only_be_read(tote, run_store):
    run_store.chmod(0o400)
    assert "15 of 15" in tote.ok("report", run_store).out


def test_a_changed_record_is_not_reported(tote):
    tote.ok("run", "--kernel", "noop", "--size", "0", "--tasks", "20", "--store", "s.tote")
    with sqlite3.connect(tote.folder / "s.tote") as db:
        db.execute("UPDATE record SET end_ns = end_ns + 5000000000 WHERE task = 7")
    done = tote.run("report", "s.tote")
    assert done.status != 0 and "tote fsck" in done.sentence, done


# --- cost ---

def test_money_needs_a_price(tote, run_store):
    document = tote.json("report", run_store)
    validate(document, "run")
    cost = document["run"]["cost"]["run"]
    assert document["price"] is None and cost["money"] is None and cost["core_hours_paid"] > 0
    assert "cost" not in tote.ok("report", run_store).out


def test_costs_of_a_run_follow_from_its_stamps(tote, run_store):
    document = tote.json("report", run_store, "--price", "cpu-hour=0.04,currency=EUR")
    validate(document, "run")
    assert document["price"] == {"cpu_hour": 0.04, "gb_hour": None, "currency": "EUR"}
    (row,) = tote.rows("SELECT * FROM run", run_store)
    cost = document["run"]["cost"]
    paid = row["workers"] * (row["end_ns"] - row["launch_ns"]) / 1e9 / 3600
    assert cost["run"]["core_hours_paid"] == pytest.approx(paid, rel=1e-6)
    assert cost["run"]["core_hours_used"] == pytest.approx(
        (row["cpu_user_ns"] + row["cpu_sys_ns"]) / 1e9 / 3600, rel=1e-6)
    assert cost["run"]["money"] == pytest.approx(0.04 * paid, rel=1e-6)
    for name in ("core_hours_paid", "core_hours_used", "money"):
        assert cost["per_million"][name] == pytest.approx(cost["run"][name] * 1e6 / 15, rel=1e-6)
    text = tote.ok("report", run_store, "--price", "cpu-hour=0.04,currency=EUR").out
    assert " EUR\n" in text and "core-hours paid" in text


def test_costs_of_a_comparison_are_medians_of_its_runs(tote, compare_store):
    prices = tote.folder / "prices.yaml"
    prices.write_text("cpu-hour: 4\ncurrency: CHF\n", "utf-8")
    document = tote.json("report", compare_store, "--prices", prices)
    validate(document, "compare")
    for cell in document["cells"]:
        money = [run["cost"]["per_million"]["money"] for run in cell["runs"]]
        assert cell["cost"]["per_million"]["money"]["median"] == pytest.approx(sum(money) / 2)
        assert cell["cost"]["per_million"]["money"]["low"] is None  # n = 2
    text = tote.ok("report", compare_store, "--prices", prices).out
    assert "Cost of a million tasks" in text and "CHF" in text
    assert tote.json("report", compare_store, "--prices", prices, "--price", "cpu-hour=1")["price"][
        "cpu_hour"] == 1


@pytest.mark.parametrize("words,sentence", [
    (["--price", "cpu-hour=-1"], "option --price: "),
    (["--price", "cpu=1"], "option --price: unknown option 'cpu'"),
    (["--price", "currency=EUR"], "names no price"),
    (["--prices", "no-such.yaml"], "no-such.yaml"),
])
def test_a_wrong_price_is_refused(tote, run_store, words, sentence):
    assert sentence in tote.refused("report", run_store, *words)
