# SPDX-License-Identifier: MIT
"""The conformance suite against engines that keep the protocol and one that does not: each
way of breaking it fails in the points of the table, and in no other.

Environment: TOTE_BUILD is the folder that holds tote; TOTE_BIN, for an installed one, its path. An
engine that is not usable on this machine is skipped.
"""

import json
import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("TOTE_BUILD", "build")).resolve()
TOTE = pathlib.Path(os.environ.get("TOTE_BIN", BUILD / "tote"))
BAD_ENGINE = pathlib.Path(__file__).with_name("bad_engine.py").resolve()

WITHOUT_READY = ["describe", "version", "option"]
WITH_READY = ["handshake", "one", "many", "batches", "attempt", "eof", "future", "failing", "lost",
              "commands", "daemons", "empty", "stop", "busy", "garbage", "long", "clean"]  # fmt: skip
POINTS = WITHOUT_READY + WITH_READY
AT_STOP = ["future", "lost", "commands", "daemons", "stop", "busy"]

# What the engine does wrong: the points that fail, and words of the first one's sentence.
MISDEEDS = {
    "indescribable": (POINTS, "not that of an engine"),
    "two-lines": (["describe"], "exactly one line"),
    "describes-in-vain": (["describe"], "status 3"),
    "slow": (["describe"], "1 s is the most"),
    "any-version": (["version"], "had not ended"),
    "any-option": (["option"], "had not ended"),
    "vague": (["option"], "status 1 instead of 2"),
    "silent": (WITH_READY, "not ready within"),
    "early": (WITH_READY, "first event is not ready"),
    "few-slots": (WITH_READY, "1 slots; 2 were asked for"),
    "worker-twice": (WITH_READY, "worker id 1 is used twice"),
    "no-record": (["one"], "1 tasks has 0 records"),
    "short-batch": (["many"], "4096 tasks has 4095 records"),
    "record-twice": (["batches"], "two records of task"),
    "foreign-task": (["batches"], "not of that batch"),
    "extra-record": (["batches"], "not of that batch"),
    "wrong-digest": (["batches"], "has not the bytes and the digest"),
    "half-record": (["batches"], "holds no record"),
    "chatty": (["batches"], "not a JSON object"),
    "endless-line": (["batches"], "line of more than"),
    "no-answer": (["batches"], "did not answer batch 9"),
    "answers-twice": (["batches"], "answered batch 9 twice"),
    "unknown-batch": (["batches"], "batch 77, which it was never given"),
    "unknown-worker": (["batches"], "worker 99, which never joined"),
    "lost-for-nothing": (["batches"], "lost batch 9 for no reason"),
    "first-attempt": (["attempt"], "says attempt 1"),
    "deaf": (["eof"], "had not ended"),
    "strict": (["future"], "before it was ready; it said: bad engine: an unknown field"),
    "boastful": (["future"], "'protocol' must be"),
    "failed-is-lost": (["failing"], "for no reason"),
    "hidden-failure": (["failing"], "7 records"),
    "killed-is-done": (["lost"], "records"),
    "dies-with-worker": (["lost"], "ended with status 1"),
    "stuck-after-loss": (["lost"], "did not answer batch 3"),
    "quits-when-empty": (["empty", "stop"], "nothing to do"),
    "no-idle-bye": (["stop"], "without a bye"),
    "unstoppable": (AT_STOP, "had not ended"),
    "no-bye": (["eof", *AT_STOP], "without a bye"),
    "talkative": (["eof", *AT_STOP], "more after its bye"),
    "fails-at-last": (["eof", *AT_STOP], "status 1 instead of 0"),
    "no-pack": (["commands"], "there is no pack"),
    "old-pack": (["commands"], "is of another batch"),
    "daemon": (["daemons"], "1 processes of commands alive"),
    "waits-for-tasks": (["daemons", "busy"], "had not ended"),
    "abandons-loudly": (["busy"], "cannot have ended"),
    "takes-garbage": (["garbage"], "had not ended"),
    "garbage-is-success": (["garbage"], "status 0 instead of 1"),
    "any-length": (["long"], "before it was asked to stop"),
    "short-lines": (["long"], "over-long"),
    "mumbling": (["version", "garbage", "long"], "it said: ??? no text"),
    "mute": (["version", "option", "garbage", "long"], "without a sentence"),
    "child": (["clean"], "1 processes alive"),
    "child-in-trouble": (["clean"], "1 processes alive"),
}


def check(engine, *options, **environment):
    return subprocess.run([TOTE, "engines", "check", engine, "--json", *options], capture_output=True,
                          env={**os.environ, **environment}, text=True, timeout=280)  # fmt: skip


def examine(engine, *options, **environment):
    """Exit status, and for each point in its order None or the sentence of its failure."""
    done = check(engine, *options, **environment)
    print(done.stdout, done.stderr)  # pytest shows it if the test fails
    report = json.loads(done.stdout)
    results = {point["name"]: point["why"] or None for point in report["points"]}
    assert [point["passed"] for point in report["points"]] == [not why for why in results.values()]
    assert report["failed"] == sum(map(bool, results.values()))
    assert report["passed"] + report["failed"] == len(report["points"]) == len(results)
    return done.returncode, results


def test_good_engine_passes():
    assert examine(BAD_ENGINE, BAD_ENGINE="") == (0, dict.fromkeys(POINTS))


def test_an_engine_need_not_know_commands():
    assert examine(BAD_ENGINE, BAD_ENGINE="knows-no-commands") == (0, dict.fromkeys(POINTS))


@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_each_misdeed_fails_its_points_only(misdeed):
    points, words = MISDEEDS[misdeed]
    status, results = examine(BAD_ENGINE, "--timeout=3", BAD_ENGINE=misdeed)
    assert [point for point, why in results.items() if why] == points
    assert list(results) == POINTS and status == 5
    assert words in results[points[0]]


def test_every_point_has_a_misdeed():
    alone = {points[0] for points, _ in MISDEEDS.values() if len(points) == 1}
    first = {points[0] for points, _ in MISDEEDS.values()}
    assert first == set(POINTS)
    assert alone == set(POINTS) - {"handshake", "empty"}  # on which others rest


@pytest.mark.parametrize("point", POINTS)
def test_a_point_can_be_tried_alone(point):
    assert examine(BAD_ENGINE, f"--point={point}", BAD_ENGINE="") == (0, {point: None})


@pytest.mark.parametrize("arguments, words", [
    (["no-such-engine"], "unknown engine"),
    ([f"{BAD_ENGINE}:speed=1"], "no option 'speed'"),
    ([BAD_ENGINE, "--point=bussy"], "did you mean 'busy'?"),
])  # fmt: skip
def test_bad_arguments_are_no_verdict(arguments, words):
    done = check(*arguments)
    assert done.returncode == 2 and "points" not in json.loads(done.stdout) and words in done.stderr


@pytest.mark.parametrize("engine", [
    "local", "local:mode=spawn", "workqueue", "ray", "ray:mode=process",
])  # fmt: skip
def test_real_engine_passes(engine):
    name = engine.partition(":")[0]
    if name not in os.environ.get("TOTE_TEST_ENGINES", name).split(","):
        pytest.skip(f"engine {name} is left out by TOTE_TEST_ENGINES")
    listed = json.loads(subprocess.run([TOTE, "engines", "--json"], capture_output=True, timeout=60).stdout)
    why = {one["name"]: one["why"] for one in listed["engines"] if not one["usable"]}
    if name in why or name not in {one["name"] for one in listed["engines"]}:
        pytest.skip(f"{name}: {why.get(name, 'not built')}")
    assert examine(engine) == (0, dict.fromkeys(POINTS))
