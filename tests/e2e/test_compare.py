# SPDX-License-Identifier: MIT
"""tote compare: cells, blocks, the limit beside them, and what is said of them."""

import json
import math

import pytest
from tote_tool import ODD_ENGINE, limit_digest

QUICK = ("--tasks", 20, "--size", 2000, "--workers", 2)
PAIR = ("compare", "--engines", "local,local:mode=spawn", *QUICK)


def test_three_engines_one_digest(tote, usable_engines):
    document = tote.json("compare", "--engines", ",".join(usable_engines), *QUICK, "--runs", 1)
    digest = limit_digest(20, size=2000)
    assert [cell["label"] for cell in document["cells"]] == usable_engines
    assert document["digests_equal"] is True
    assert document["limit"]["digest"] == digest
    for cell in document["cells"]:
        (run,) = cell["runs"]
        assert run["digest"] == cell["digest"] == digest
        assert run["tasks"]["done"] == 20 and run["batch"] == "1"
        assert cell["start_s"] == pytest.approx(run["phases_s"]["start"])
        assert 0 < cell["limit_fraction"]
    tote.assert_nothing_left()


def test_six_runs_make_intervals(tote):
    document = tote.json(*PAIR, "--runs", 6)
    for cell in document["cells"]:
        assert len(cell["runs"]) == 6
        figures = cell["tasks_per_s"]
        assert figures["n"] == 6 and figures["low"] <= figures["median"] <= figures["high"]
        assert sorted(run["block"] for run in cell["runs"]) == [1, 2, 3, 4, 5, 6]
    assert document["limit"]["interval"]["n"] == document["serial"]["interval"]["n"] == 6
    assert [cell["label"] for cell in document["controls"]] == [
        "local (again)", "local (noop)", "local:mode=spawn (noop)"]
    assert [cell["role"] for cell in document["controls"]] == ["again", "noop", "noop"]
    assert [cell["tasks_per_s"]["n"] for cell in document["controls"]] == [6, 6, 6]
    assert all(cell["digest_equal"] for cell in document["controls"])
    assert document["verdict"].startswith("After start-up, ")


def test_fewer_runs_make_none_and_say_so(tote):
    document = tote.json(*PAIR, "--runs", 5)
    for cell in document["cells"]:
        assert cell["tasks_per_s"]["n"] == 5
        assert cell["tasks_per_s"]["low"] is None and cell["tasks_per_s"]["high"] is None
    assert document["verdict"].startswith("No ranking: n=5")
    assert "6 runs" in tote.ok("report", tote.store).out


def test_every_run_is_a_launch_of_its_own(tote):
    tote.ok(*PAIR, "--runs", 3)
    # Two engines, one of them again, and both on tasks of nothing; limit and serial loop.
    assert tote.value("SELECT count(*) FROM run") == 15
    assert tote.value("SELECT count(DISTINCT launch_ns) FROM run") == 15
    assert tote.value("SELECT count(*) FROM machine_limit") == 6
    for run in range(1, 16):
        tote.assert_recorded_once(20, run=run)


def order(tote):
    """Cells in the order of their launches, the limit not among them."""
    return [tuple(row) for row in tote.rows("SELECT block, cell FROM run ORDER BY id")]


def test_the_order_is_random_within_blocks_and_can_be_had_again(tote):
    args = ("compare", "--engines", "local,local:batch=2,local:batch=3,local:batch=4",
            "--kernel", "noop", "--runs", 6, "--controls", "limit")
    tote.ok(*args, "--order-seed", 5)
    first = order(tote)
    tote.store.unlink()
    assert [block for block, _ in first] == sorted(block for block, _ in first)
    blocks = [[cell for b, cell in first if b == block] for block in range(1, 7)]
    assert all(sorted(cells) == [1, 2, 3, 4] for cells in blocks)
    assert len({tuple(cells) for cells in blocks}) > 1
    tote.ok(*args, "--order-seed", 5)
    assert order(tote) == first
    assert tote.value("SELECT value FROM setting WHERE name = 'order_seed'") == "5"


def test_controls_may_be_left_out_but_for_the_limit(tote):
    document = tote.json(*PAIR, "--runs", 1, "--controls", "limit")
    assert document["controls"] == [] and document["serial"] is None
    assert tote.value("SELECT count(*) FROM run") == 2
    assert [row["role"] for row in tote.rows("SELECT role FROM cell ORDER BY id")] == [
        "engine", "engine", "limit"]


def test_it_ends_once_enough_is_known(tote):
    """So wide an interval is enough on any machine: the tasks only sleep."""
    document = tote.json("compare", "--engines", "local,local:mode=spawn", "--kernel",
                         "sleep:us=20000", "--tasks", 8, "--runs", "6..300", "--budget", "1h",
                         "--precision", "100%", "--controls", "limit")
    assert document["end"] == "precision" and document["precision"] == "100%"
    whole = document["blocks"].pop("whole")
    assert document["blocks"] == {"least": 6, "planned": 300} and 6 <= whole < 300
    widths = [(cell[name]["high"] - cell[name]["low"]) / 2 / cell[name]["median"]
              for cell in document["cells"] for name in ("wall_s", "steady_tasks_per_s")]
    assert document["width"] == pytest.approx(max(widths))
    text = tote.ok("report", tote.store).out
    assert document["width"] <= 1
    assert (f"Stopped by the precision after {whole} of 6 to 300 blocks: the widest interval is "
            f"+-{100 * document['width']:.1f} %, asked for was +-100%.") in text


def test_cells_of_one_engine_are_told_apart(tote):
    document = tote.json("compare", "--engines", "local:mode=spawn,batch=4,local:batch=auto", *QUICK,
                         "--runs", 1)
    labels = [cell["label"] for cell in document["cells"]]
    assert labels == ["local:mode=spawn,batch=4", "local:batch=auto"]
    assert [cell["runs"][0]["batch"] for cell in document["cells"]] == ["4", "auto"]


def test_the_budget_ends_it_after_a_whole_block(tote):
    document = tote.json(*PAIR, "--runs", 50, "--budget", "0.001s")
    assert [len(cell["runs"]) for cell in document["cells"]] == [1, 1]
    assert document["verdict"].startswith("No ranking")
    assert tote.value("SELECT value FROM setting WHERE name = 'end'") == "budget"


def test_outputs_that_differ_are_an_exit_code_and_the_verdict(tote):
    done = tote.run("compare", "--engines", f"local,{ODD_ENGINE}:do=other-digest", *QUICK,
                    "--runs", 1, "--json")
    assert done.status == 4, done
    document = json.loads(done.out)
    assert document["digests_equal"] is False
    assert document["verdict"].startswith("No verdict: outputs differ")
    assert [cell["digest_equal"] for cell in document["cells"]] == [True, False]


def test_failing_tasks(tote):
    document = tote.json("compare", "--engines", "local", "--kernel", "fault:fail=2", "--runs", 1,
                         status=3)
    assert document["digests_equal"] is None
    assert "failed" in document["verdict"]


def test_an_empty_bag(tote):
    document = tote.json("compare", "--engines", "local", "--tasks", 0, "--runs", 1)
    assert document["cells"][0]["runs"][0]["tasks"]["total"] == 0
    assert "empty" in document["verdict"]


def test_a_cell_that_cannot_run_ends_the_comparison(tote):
    done = tote.run("compare", "--engines", f"{ODD_ENGINE}:do=die-at-once", *QUICK)
    assert done.status == 5, done
    assert "I do not want to live" in done.sentence


def test_the_text_has_a_line_a_cell_and_the_verdict(tote):
    text = tote.ok(*PAIR, "--runs", 1).out
    for word in ("local", "local:mode=spawn", "limit", "tasks/s", "No ranking"):
        assert word in text, text
    assert text == tote.ok("report", tote.store).out


def test_print_config_reproduces_the_comparison(tote):
    args = (*PAIR, "--runs", 2, "--budget", "30s", "--order-seed", 77)
    config = tote.ok(*args, "--print-config").out
    (tote.folder / "bag.yaml").write_text(config)
    assert tote.ok("compare", "bag.yaml", "--print-config").out == config
    document = tote.json("compare", "bag.yaml")
    assert len(document["cells"]) == 2 and len(document["cells"][0]["runs"]) == 2


def test_medians_are_medians(tote):
    document = tote.json(*PAIR, "--runs", 3)
    for cell in document["cells"]:
        rates = sorted(run["tasks_per_s"] for run in cell["runs"])
        assert math.isclose(cell["tasks_per_s"]["median"], rates[1])
    limits = sorted(one["tasks_per_s"] for one in document["limit"]["runs"])
    assert math.isclose(document["limit"]["tasks_per_s"], limits[1])
