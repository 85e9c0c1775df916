# SPDX-License-Identifier: MIT
"""tote advise on real sweeps: predictions with their figures, what is not supported, and its exit
status. That the model is right is held on made stores (tests/unit/test_advise.c)."""

import json
import pathlib
import shlex

import pytest
from schema_tool import validate
from tote_tool import ODD_ENGINE

BAG = ("--kernel", "spin:us=200", "--size", 0, "--workers", 2)


@pytest.fixture
def swept(tote):
    tote.ok("sweep", "--engines", "local,workqueue", *BAG, "--vary", "tasks=20,40,60,80", "--runs", 6,
            "--store", "s.tote")
    return "s.tote"


def test_a_bag_is_predicted(tote, swept):
    document = tote.json("advise", swept, "--tasks", 50)
    validate(document, "advise")
    (kind,) = document["kinds"]
    assert {line["label"]: line["tasks"] for line in kind["lines"]} == {
        "local": [20, 40, 60, 80], "workqueue": [20, 40, 60, 80]}
    mine = document["answers"][0]
    assert mine["scenario"] == "mine" and mine["doubts"] == [] and mine["to_measure"] is None
    assert len(mine["predictions"]) == 2
    for one in mine["predictions"]:
        wall = one["wall_s"]
        assert wall["low"] <= wall["value"] <= wall["high"] and wall["n"] == 6
    first, second = (one["wall_s"]["value"] for one in mine["predictions"])
    assert first <= second == pytest.approx(first * mine["predictions"][1]["times"]["value"])
    assert [answer["scenario"] for answer in document["answers"][1:]] == [
        "short bag", "long bag of short tasks", "long tasks"]
    document = tote.json("advise", swept, "--check")
    validate(document, "advise")
    assert [(one["label"], one["tasks"], one["outside"]) for one in document["checks"]] == [
        (label, tasks, tasks in (20, 80)) for label in ("local", "workqueue") for tasks in (20, 40, 60, 80)]
    for one in document["checks"]:
        assert one["error"] == pytest.approx(one["predicted_s"]["value"] / one["measured_s"] - 1)
    out = tote.ok("advise", swept, "--tasks", 50, "--task-time", "20ms").out
    assert "Your bag: 50 tasks, each 20.0 ms of kernel" in out and "Model: T(N) = T0 + c N" in out
    assert "A prediction, no verdict" in out
    assert "no tasks of that length were measured" in out and "Volatile workers: not measured" in out


def test_what_the_data_do_not_support(tote, swept):
    document = tote.json("advise", swept, "--tasks", 50, "--workers", 3, status=7)
    validate(document, "advise")
    answer = document["answers"][0]
    assert answer["predictions"] == [] and "so many workers" in answer["no_answer"]
    # The line that is proposed is one.
    plan = tote.ok(*answer["to_measure"].split()[1:], "--dry-run", "--json")
    assert json.loads(plan.out)
    out = tote.ok("advise", swept, "--tasks", 1000).out
    assert "nothing measured speaks for it" in out and "tasks=125,250,500,1000" in out


def test_engines_with_batches_of_their_own(tote):
    tote.ok("sweep", "--engines", "local:batch=1,local:batch=auto", *BAG, "--vary", "tasks=10,20", "--runs", 1,
            "--controls", "limit", "--store", "s.tote")
    answers = json.loads(tote.run("advise", "s.tote", "--tasks", 1000, "--json").out)["answers"]
    proposed = [answer["to_measure"] for answer in answers if answer["to_measure"]]
    assert proposed and all("--vary batch" not in line for line in proposed)
    for line in proposed:
        tote.ok(*shlex.split(line)[1:], "--dry-run")


def test_one_comparison_is_an_approximation(tote):
    tote.ok("compare", "--engines", "local", *BAG, "--tasks", 20, "--runs", 6, "--store", "s.tote")
    document = tote.json("advise", "s.tote", "--tasks", 20)
    validate(document, "advise")
    assert document["kinds"][0]["lines"][0]["approximate"] is True
    assert any("one bag size only" in doubt for doubt in document["answers"][0]["doubts"])


def test_outputs_that_differ(tote):
    program = tote.folder / "odd"
    text = pathlib.Path(ODD_ENGINE).read_text(encoding="utf-8")
    program.write_text(text.replace('("do", "nothing"', '("do", "other-digest"'), encoding="utf-8")
    program.chmod(0o755)
    tote.run("compare", "--engines", "./odd", *BAG, "--tasks", 20, "--runs", 1, "--store", "s.tote")
    done = tote.run("advise", "s.tote", "--tasks", 20)
    assert done.status == 4 and "Outputs differ" in done.out


def test_bad_input(tote):
    tote.ok("run", *BAG, "--tasks", 5, "--store", "run.tote")
    assert "which store?" in tote.refused("advise")
    assert "absent.tote" in tote.refused("advise", "absent.tote")
    assert "holds a run, which is one sample" in tote.refused("advise", "run.tote")
    assert "how many are there?" in tote.refused("advise", "run.tote", "--task-time", "20ms")
    for words in (("--tasks", "many"), ("--tasks", 5, "--task-time", "0"), ("--workers", "-1")):
        tote.refused("advise", "run.tote", *words)
