# SPDX-License-Identifier: MIT
"""tote metg against an engine whose overhead is known, and what its store tells.

Tasks sleep where a figure is looked at: how fast or busy the machine is then matters little."""

import csv
import io
import json
import os
import re
import signal
import time

import pytest
from schema_tool import validate
from tote_tool import BUILD, ODD_ENGINE

KNOWN = os.environ.get("TOTE_KNOWN_ENGINE", os.path.join(BUILD, "tests", "known-engine"))
SMALL = ("--from", "63ms", "--to", "16ms", "--workers", 2, "--kernel", "sleep")
TINY = ("--engines", "local", "--batch", 1, "--from", "2ms", "--to", "1ms", "--workers", 1,
        "--kernel", "sleep")


def row_of(document, batch):
    (row,) = [row for row in document["rows"] if row["batch"] == batch]
    return row


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """One measurement for all tests that only look at it."""
    from tote_tool import Tote
    tool = Tote(tmp_path_factory.mktemp("metg"))
    tool.document = tool.json("metg", "--engines", f"{KNOWN}:us=50000", "--batch", "1,2", *SMALL,
                              "--runs", "6..30", "--precision", "100%", timeout=900)
    yield tool
    tool.close()


def test_a_known_answer_is_found(measured):
    """A slot waits 50 ms before each batch: METG(50 %) is that over the tasks of a batch."""
    assert measured.document["end"] == "precision"
    for batch, truth in (("1", 50e-3), ("2", 25e-3)):
        row = row_of(measured.document, batch)
        found = row["metg_50"]
        assert found["value"]["is"] == "at"
        assert found["value"]["grain_s"] == pytest.approx(truth, rel=0.10)
        assert found["n"] == row["n"] >= 6 and found["approximate"] == (found["n"] < 10)
        assert found["low"]["grain_s"] <= found["value"]["grain_s"] <= found["high"]["grain_s"]
        # The floor: the finest task, and its part of the batch's overhead.
        assert row["floor_s"]["median"] == pytest.approx(truth + 16e-3, rel=0.10)
        assert row["metg_95"]["value"]["is"] == "above"  # 19 times as long: beyond what was tried


def test_efficiencies_are_those_of_the_runs(measured):
    """Each figure can be had again from the rows of the store."""
    store = measured.store
    serial = {(r["kernel"], r["block"]): r["wall_ns"] / 1e9 / r["tasks"] for r in measured.rows(
        "SELECT c.kernel, l.block, l.wall_ns, l.tasks FROM machine_limit l JOIN cell c "
        "ON c.id = l.cell WHERE c.role = 'serial'", store)}
    runs = {}
    for r in measured.rows("SELECT * FROM run WHERE block > 0", store):
        held = 2 * (r["last_ns"] - r["ready_ns"]) / 1e9 / r["tasks"]
        runs[r["batch"], r["kernel"], r["block"]] = (held, serial[r["kernel"], r["block"]] / held)
    seen = 0
    for row in measured.document["rows"]:
        for point in row["points"]:
            for run in point["runs"]:
                held, efficiency = runs[row["batch"], point["kernel"], run["block"]]
                assert run["held_s"] == pytest.approx(held)
                assert run["efficiency"] == pytest.approx(efficiency)
                seen += 1
    assert seen == len(runs)


def test_the_store_tells_it_again(measured):
    again = json.loads(measured.ok("report", measured.store, "--json").out)
    assert again == measured.document
    validate(again, "metg")
    text = measured.ok("report", measured.store).out
    assert "0-dependency METG" in text and "METG(50 %)" in text
    assert "with batch 2 half of the machine is kept by tasks" in text
    rows = list(csv.DictReader(io.StringIO(
        measured.ok("report", measured.store, "--format", "csv").out)))
    assert len(rows) == measured.value("SELECT count(*) FROM run", measured.store) + \
        measured.value("SELECT count(*) FROM machine_limit", measured.store)
    measured.ok("fsck", measured.store)


def test_a_store_of_metg_is_not_gone_on_with(measured):
    sentence = measured.refused("resume", measured.store)
    assert "holds nothing that could go on" in sentence


def test_what_is_not_made_of_a_store_of_metg(measured):
    assert "is of METG" in measured.refused("diff", measured.store, measured.store)
    assert "holds METG" in measured.refused("advise", measured.store)


def test_markdown_says_what_the_text_says(measured):
    text = measured.ok("report", measured.store).out
    markdown = measured.ok("report", measured.store, "--format", "markdown").out
    (gain,) = [line for line in text.splitlines() if "batch 2" in line]
    assert gain.replace("_", "\\_") in markdown
    table, curve, *_ = [lines for lines in markdown.split("\n\n") if lines.startswith("|")]
    assert [row.split("|")[2].strip() for row in table.splitlines()[2:]] == ["1", "2"]
    rows = [row for row in measured.document["rows"] for point in row["points"]
            if point["efficiency"]["n"]]
    assert len(curve.splitlines()[2:]) == len(rows)
    assert "### Limits of the claim" in markdown and "depend on nothing" in markdown


def test_the_page_without_a_browser(measured):
    page = measured.ok("report", measured.store, "--format", "html").out
    for section in ("verdict", "curve", "manifest", "rules", "raw"):
        assert f'<section id="{section}"' in page
    assert page.count("<tr>") > measured.value("SELECT count(*) FROM run", measured.store)
    told = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    assert "(null)" not in told and not re.search(r"\bnan\b", told)


def test_each_launch_is_in_the_store_and_the_order_is_random(measured):
    runs = [(r["block"], r["point"], r["batch"]) for r in measured.rows(
        "SELECT r.block, c.point, r.batch FROM run r JOIN cell c ON c.id = r.cell ORDER BY r.id",
        measured.store)]
    blocks = [run[0] for run in runs]
    assert blocks == sorted(blocks) and set(range(7)) <= set(blocks)
    assert len(set(runs)) == len(runs)  # of the search too: once a grain
    orders = {tuple(run[1:] for run in runs if run[0] == block) for block in range(1, 7)}
    assert len(orders) > 1
    assert measured.value("SELECT value FROM setting WHERE name = 'kind'", measured.store) == "metg"


def test_a_plan_starts_nothing(tote):
    out = tote.ok("metg", *TINY, "--dry-run").out
    assert "Grains (us): 1000 1600\n" in out and "local, batch 1\n" in out
    assert not list(tote.state.glob("tote/*.tote"))
    error = tote.json("metg", *TINY, "--dry-run", status=2)["error"]
    assert "no document" in error["message"]


def test_one_worker_and_one_run(tote):
    document = tote.json("metg", *TINY, "--runs", 1)
    (row,) = document["rows"]
    assert row["n"] == 1 and row["metg_50"]["low"] is None
    assert document["blocks"] == {"least": 1, "planned": 1, "run": 1, "left_out": 0}
    assert document["workers"] == 1 and document["end"] == "done"
    assert [point["control"] for point in document["reference"]].count(True) == 1
    kernels = {row["kernel"] for row in tote.rows("SELECT kernel FROM cell WHERE role = 'serial'")}
    assert {point["kernel"] for point in document["reference"]} == kernels
    validate(document, "metg")


def test_an_engine_that_breaks_loses_its_row_alone(tote):
    done = tote.run("metg", "--engines", f"{ODD_ENGINE}:do=die,local", *TINY[2:], "--runs", 1)
    assert done.status == 5, done
    assert "METG(50 %)" in done.out and "broken" in done.out
    document = json.loads(tote.ok("report", tote.store, "--json").out)
    validate(document, "metg")
    odd, local = document["rows"]
    assert odd["metg_50"]["value"] is None and odd["points"] == []
    assert local["metg_50"]["value"] is not None
    assert document["end"] == "engine"


def test_a_signal_leaves_a_report(tote):
    with tote.start("metg", *TINY, "--runs", 1000, "--precision", "none", "--store",
                    "a.tote") as process:
        deadline = time.monotonic() + 120
        store = tote.folder / "a.tote"
        while not store.exists() or not tote.value(
                "SELECT count(*) FROM run WHERE block > 0 AND state = 'complete'", store):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGTERM
    assert "stopped by a signal" in out and "tote resume" not in out
    tote.assert_nothing_left()


def test_what_is_refused(tote):
    for args, word in ((("--from", "1ms", "--to", "1s"), "no grain"),
                       (("--engines", "local,local"), "twice"),
                       (("--batch", "1,5000"), "batch"),
                       (("--batch", "1,1"), "batch"),
                       (("--kernel", "noop"), "kernel"),
                       (("--tasks", 5), "unknown option")):
        before = () if args[0] == "--engines" else ("--engines", "local")
        assert word in tote.refused("metg", *before, "--runs", 1, *args)
