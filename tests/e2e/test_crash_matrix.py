# SPDX-License-Identifier: MIT
"""kill -9 of tote at random points of a run of 2,000 commands and of its resumes, until all is
done: nothing lost, nothing unexpected, nothing wrong, nothing alive, nothing left. TOTE_SOAK=1:
1,000 kills instead of 60. TOTE_CRASH_SEED: another seed than 1."""

import os

import crashlab
import pytest
from conftest import need
from crashlab import Lab
from tote_tool import litter, wait_until

SOAK = os.environ.get("TOTE_SOAK", "0") not in ("", "0")
SEED = os.environ.get("TOTE_CRASH_SEED", "1")

# engine, kills of a round, rounds, rounds of a soak. Ray takes seconds to start.
MATRIX = [("local", 30, 1, 20), ("workqueue", 20, 1, 15), ("ray", 12, 1, 9)]
# More are killed with small batches, fewer tasks are out; with large ones the other way round.
BATCHES = (4, 1, 16)

ROUNDS = [pytest.param(engine, kills, round, id=f"{engine}-{round}")
          for engine, kills, few, many in MATRIX for round in range(many if SOAK else few)]


def check(lab):
    complaints = lab.complaints()
    assert not complaints, "\n".join([str(lab), *complaints[:20], f"{len(complaints)} complaints"])


@pytest.mark.parametrize("engine, kills, round", ROUNDS)
def test_crash_matrix(tote, found_engines, engine, kills, round):
    need(engine, found_engines)
    before, done = litter(), 0
    while done < kills:  # a bag that is done before its last kill: another one
        lab = Lab(tote, engine, seed=f"{SEED} {round} {done}", batch=BATCHES[round % len(BATCHES)])
        lab.crash(kills - done)
        check(lab)
        done += len(lab.kills)
        print(f"# {lab}")
    tote.assert_nothing_left()
    left = litter() - before
    assert not left


@pytest.mark.parametrize("number", range(6 if SOAK else 1))
def test_another_engine_goes_on(tote, usable_engines, number):
    """Killed under one engine, resumed under the next, and under the next."""
    lab = Lab(tote, usable_engines[number % len(usable_engines)], seed=f"{SEED} {number}",
              tasks=300)
    for step in range(3):
        if not lab.is_done:
            lab.engine = usable_engines[(number + step) % len(usable_engines)]
            lab.crash_once(3 - step)
    lab.crash(0)
    check(lab)
    tote.assert_nothing_left()


def test_a_store_in_use_is_refused_and_one_that_was_left_is_taken_over(tote):
    lab = Lab(tote, "local", seed=SEED, tasks=2000, batch=4)
    with lab.leg() as process:
        wait_until(lambda: crashlab.recorded(lab.store) or process.poll() is not None)
        assert process.poll() is None
        done = tote.run("resume", lab.store)
        assert done.status != 0 and str(process.pid) in done.sentence, done
        assert crashlab.kill_tote(process)
    lab.note_kill(process.pid, "in use")
    assert lab.kills[0].had_lock
    lab.crash(0)
    check(lab)
    tote.assert_nothing_left()
