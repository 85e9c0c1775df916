# SPDX-License-Identifier: MIT
"""tote diff on real experiments: what is the same, what is not, and its exit status."""

import json
import os
import pathlib

import pytest
from schema_tool import validate
from tote_tool import BUILD, ODD_ENGINE

BAG = ("--kernel", "noop", "--size", 0, "--tasks", 20, "--workers", 2, "--runs", 6)


@pytest.fixture
def late(tote):
    """An engine program that starts later or sooner, as it is told."""
    program = tote.folder / "late"
    program.write_text("#!/bin/sh\n"
                       'case " $* " in *" --describe "*) ;; *) sleep "$(cat delay)" ;; esac\n'
                       f'exec {os.path.join(BUILD, "tote-engine-local")} "$@"\n')
    program.chmod(0o755)

    def compare(store, delay, *more):
        (tote.folder / "delay").write_text(f"{delay}\n")
        tote.ok("compare", "--engines", "./late", *BAG, "--store", store, *more)
    return compare


def change(document, metric, cell=0):
    return document["cells"][cell]["changes"][metric]


def test_a_late_start_is_found(tote, late):
    late("a.tote", 0)
    late("b.tote", 2)
    document = tote.json("diff", "a.tote", "b.tote", "--fail-if", "start_s > 50%", status=6)
    validate(document, "diff")
    start = change(document, "start_s")
    assert start["verdict"] == "higher" and start["n_a"] == start["n_b"] == 6
    assert start["ratio"]["value"] == pytest.approx(start["b"] / start["a"])
    assert 1 < start["ratio"]["low"] <= start["ratio"]["value"] <= start["ratio"]["high"]
    assert start["p"] == pytest.approx(2 / 924) == start["p_holm"]
    assert document["digests_equal"] is True
    assert document["fail_if"][0]["cells"] == ["fail"]
    done = tote.run("diff", "a.tote", "b.tote", "--fail-if", "start_s > 50%", "--fail-if", "start_s < -5%")
    assert done.status == 6 and "Fail if start_s > 50%: fail" in done.out
    assert "Fail if start_s < -5%: pass" in done.out
    # The other way round it is a gain; and without a condition nothing is asked.
    tote.ok("diff", "b.tote", "a.tote", "--fail-if", "start_s > 50%")
    tote.ok("diff", "a.tote", "b.tote")


def test_too_few_runs_decide_nothing(tote):
    for store in ("a.tote", "b.tote"):
        tote.ok("compare", "--engines", "local,workqueue", *BAG[:-1], 3, "--store", store)
    document = tote.json("diff", "a.tote", "b.tote", "--fail-if", "tasks_per_s < -90%", status=7)
    validate(document, "diff")
    assert [cell["label"] for cell in document["cells"]] == ["local", "workqueue"]
    assert change(document, "tasks_per_s")["ratio"]["low"] is None
    tote.ok("diff", "a.tote", "b.tote")


def test_cells_that_only_one_has(tote):
    tote.ok("sweep", "--engines", "local", *BAG[:4], "--workers", 2, "--vary", "tasks=10,20", "--runs", 1,
            "--store", "a.tote")
    tote.ok("compare", "--engines", "local", *BAG[:-1], 1, "--store", "b.tote", "--seed", 2)
    document = tote.json("diff", "a.tote", "b.tote")
    assert [(cell["tasks"], cell["not_compared"]) for cell in document["cells"]] == [
        (10, "B has no such cell"), (20, None)]
    assert document["digests_equal"] is None  # another seed: another bag
    differing = {item["what"]: (item["a"], item["b"]) for item in document["differences"]}
    assert differing["seed"] == ("1", "2") and differing["kind"] == ("sweep", "compare")
    out = tote.ok("diff", "a.tote", "b.tote").out
    assert out.index("What differs:") < out.index("cell") and "B has no such cell" in out


@pytest.mark.parametrize("condition, words", [
    ("tasks_per_s < 5%", "would fail without any change"),
    ("task_per_s < -5%", "did you mean 'tasks_per_s'?"),
    ("tasks_per_s < -5", "a number and a '%'"),
    ("tasks_per_s = -5%", "is not a condition"),
])
def test_bad_conditions(tote, condition, words):
    assert words in tote.refused("diff", "a.tote", "b.tote", "--fail-if", condition)


def test_bad_stores(tote):
    tote.ok("run", *BAG[:-2], "--store", "run.tote")
    tote.ok("compare", "--engines", "local", *BAG[:-1], 1, "--store", "a.tote")
    assert "which stores?" in tote.refused("diff", "a.tote")
    assert "absent.tote" in tote.refused("diff", "a.tote", "absent.tote")
    assert "holds a run, which is one sample" in tote.refused("diff", "a.tote", "run.tote")
    document = json.loads(tote.run("diff", "run.tote", "a.tote", "--json").out)
    assert document["error"]["exit_code"] == 2


def test_other_outputs(tote):
    """One program, whose digests are others on the second day."""
    program = tote.folder / "odd"
    text = pathlib.Path(ODD_ENGINE).read_text(encoding="utf-8")
    for day, do in (("a", "nothing"), ("b", "other-digest")):
        program.write_text(text.replace('("do", "nothing"', f'("do", "{do}"'), encoding="utf-8")
        program.chmod(0o755)
        tote.run("compare", "--engines", "./odd", *BAG[:-1], 1, "--store", f"{day}.tote")
    document = tote.json("diff", "a.tote", "b.tote", "--fail-if", "tasks_per_s < -5%", status=4)
    assert document["digests_equal"] is False and document["cells"][0]["digest_equal"] is False
    done = tote.run("diff", "a.tote", "b.tote")
    assert done.status == 4 and "Outputs of ./odd differ" in done.out
