# SPDX-License-Identifier: MIT
"""tote report --format trace: real runs, held against the store and against the rules by which
Perfetto and chrome://tracing read the trace event format (neither is asked here: Perfetto's own
reader is a program that is fetched when it is first used):

- one JSON object, whose first member is traceEvents; no displayTimeUnit
- ph is X (slice: ts, dur), i (instant: ts, s), C (counter: ts, numbers as args) or M (metadata:
  process_name, thread_name, process_sort_index, thread_sort_index)
- ts and dur are microseconds, 0 and above
- a slice has a thread, slices of one thread do not overlap
- every process and thread that is used has one name; an id belongs to one of them only"""

import decimal
import json

import pytest
from tote_tool import wait_until

MEMBERS = {"X": {"ts", "dur", "tid", "cat"}, "i": {"ts", "s", "cat"}, "C": {"ts"}, "M": set()}
NAMES = {"process_name", "thread_name"}


def check_event(event):
    assert {"ph", "pid", "name", "args"} | MEMBERS[event["ph"]] <= set(event), event
    for number in ("ts", "dur"):
        if number in event:
            assert event[number] >= 0 and event[number] * 1000 % 1 == 0, event
    if event["ph"] == "C":
        assert all(type(value) is int and value >= 0 for value in event["args"].values()), event
    if event["ph"] == "M":
        assert event["name"] in NAMES | {"process_sort_index", "thread_sort_index"}, event


def check_names(events):
    named = [(e["pid"], e.get("tid")) for e in events if e["ph"] == "M" and e["name"] in NAMES]
    assert len(named) == len(set(named)), "named twice"
    used = {(e["pid"], e["tid"]) for e in events if "tid" in e}
    used |= {(e["pid"], None) for e in events}
    assert used == set(named)
    ids = [tid or pid for pid, tid in named]
    assert len(ids) == len(set(ids)), "one id for two"


def check_tracks(events):
    tracks = {}
    for event in events:
        if event["ph"] == "X":
            tracks.setdefault(event["tid"], []).append(event)
    for slices in tracks.values():
        slices.sort(key=lambda e: (e["ts"], e["dur"]))
        for before, after in zip(slices, slices[1:]):
            assert before["ts"] + before["dur"] <= after["ts"], (before, after)


def trace(tote, store, *args):
    text = tote.ok("report", store, "--format", "trace", *args).out
    document = json.loads(text, parse_float=decimal.Decimal)
    assert text.startswith('{"traceEvents":[') and "displayTimeUnit" not in document
    for event in document["traceEvents"]:
        check_event(event)
    check_names(document["traceEvents"])
    check_tracks(document["traceEvents"])
    return document


def of(document, *categories):
    return [e for e in document["traceEvents"] if e.get("cat") in categories]


def check_against_store(tote, document, store):
    """Every attempt of that run, and nothing else, where and as long as it was stamped."""
    run = document["otherData"]["run"]
    (row,) = tote.rows(f"SELECT * FROM run WHERE id={run}", store)
    records = {(r["task"], r["attempt"]): r
               for r in tote.rows(f"SELECT * FROM record_text WHERE run={run}", store)}
    stamps = {(r["task"], r["attempt"]): (r["start_ns"], r["end_ns"])
              for r in tote.rows(f"SELECT * FROM record WHERE run={run}", store)}
    batches = {b["batch"]: b for b in tote.rows(f"SELECT * FROM batch WHERE run={run}", store)}
    shown = of(document, "task", "task,bad", "task,lost")
    assert len(shown) == len(records) == document["otherData"]["attempts"]
    for event in shown:
        args = event["args"]
        key = (args["task"], args["attempt"])
        record = records.pop(key)
        assert args["outcome"] == record["outcome"]
        start, end = (stamp - row["launch_ns"] for stamp in stamps[key])
        assert event["ts"] * 1000 == start and event.get("dur", 0) * 1000 == end - start
        batch = batches[args["batch"]]
        assert batch["first"] <= args["task"] < batch["first"] + batch["count"]
        assert batch["attempt"] == args["attempt"]
    assert len(of(document, "batch,lost")) == row["lost"] == document["otherData"]["lost_batches"]
    phases = {e["name"]: e["dur"] for e in of(document, "phase")}
    assert phases["start"] * 1000 == row["ready_ns"] - row["launch_ns"]
    counts = [e["args"]["n"] for e in document["traceEvents"] if e["ph"] == "C"]
    assert counts and counts[-1] == 0


def slots_of(document):
    return {(e["pid"], e["tid"]) for e in of(document, "task", "task,bad")}


def test_a_run_of_each_engine(tote, engine):
    tote.ok("run", "--engine", engine, "--kernel", "spin:us=200", "--size", 0, "--tasks", 60,
            "--workers", 2, "--batch", 3)
    document = trace(tote, tote.store)
    check_against_store(tote, document, tote.store)
    assert document["otherData"]["engine"] == engine
    assert 1 <= len(slots_of(document)) <= 2  # as many as were asked for, at most
    assert all("as tote's" in w["clock"] for w in document["otherData"]["workers"])
    assert [e["name"] for e in of(document, "phase")][:2] == ["start", "first result"]


def test_losses_and_failures_are_seen(tote):
    tote.run("run", "--kernel", "fault:kill=7,fail=3", "--size", 0, "--tasks", 20, "--workers", 2,
             "--batch", 4)
    document = trace(tote, tote.store)
    check_against_store(tote, document, tote.store)
    assert len(of(document, "batch,lost")) > 0
    assert {e["args"]["task"] for e in of(document, "task,bad")} == {3}
    assert [e["args"]["task"] for e in of(document, "task,lost")] == [7]
    assert all(e["args"]["why"] for e in of(document, "batch,lost"))


def test_commands(tote):
    tote.run("run", "--workers", 2, "--", "sh", "-c", "exit $1", "sh", "{item}", ":::", 0, 1, 0, 2)
    document = trace(tote, tote.store)
    check_against_store(tote, document, tote.store)
    assert len(of(document, "task,bad")) >= 2


@pytest.fixture
def compare_store(tote):
    tote.ok("compare", "--engines", "local,local:mode=spawn,batch=2", "--tasks", 9, "--kernel",
            "noop", "--size", 0, "--workers", 2, "--runs", 2, "--store", "compare.tote")
    return tote.folder / "compare.tote"


def test_which_run(tote, compare_store):
    ids = [row["id"] for row in tote.rows("SELECT id FROM run ORDER BY id", compare_store)]
    for run in ids:
        document = trace(tote, compare_store, "--run", run)
        assert document["otherData"]["run"] == run
        check_against_store(tote, document, compare_store)
    assert trace(tote, compare_store)["otherData"]["run"] == ids[-1]
    why = tote.refused("report", compare_store, "--format", "trace", "--run", 99)
    assert "no run 99" in why and f"runs 1 to {ids[-1]}" in why
    assert "--format trace" in tote.refused("report", compare_store, "--run", 1)


def test_a_run_at_work(tote):
    """Also while a tote writes, and of what a killed one leaves: no phase that is not over."""
    process = tote.start("run", "--kernel", "sleep:us=20000", "--size", 0, "--tasks", 2000,
                         "--workers", 2, "--batch", 1, "--store", "s.tote")
    store = tote.folder / "s.tote"
    wait_until(lambda: tote.recorded(store) > 5, lambda: "no records")
    while_at_work = trace(tote, store)
    process.kill()
    process.wait()
    after = trace(tote, store)
    for document in (while_at_work, after):
        assert len(of(document, "task")) > 5
        assert "stop" not in [e["name"] for e in of(document, "phase")]
        assert document["otherData"]["state"] == "running"
    tote.assert_nothing_left()


def test_reading_changes_nothing(tote, compare_store):
    before = (compare_store.read_bytes(), compare_store.stat().st_mtime_ns)
    text = tote.ok("report", compare_store, "--format", "trace").out
    assert text == tote.ok("report", compare_store, "--format", "trace").out
    assert (compare_store.read_bytes(), compare_store.stat().st_mtime_ns) == before
    assert [path.name for path in tote.folder.glob("compare.tote*")] == ["compare.tote"]
