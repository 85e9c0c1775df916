#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the reports against their schemas and against the store, which is read here with
Python's own sqlite3 and counted again: test_report_documents.py REPORT-CLI SCHEMA-FOLDER.
Exit 77: no jsonschema."""
import copy
import csv
import html.parser
import io
import json
import math
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import unicodedata

try:
    import jsonschema
except ImportError as missing:
    print(f"skipped: {missing} (apt-get install python3-jsonschema)")
    sys.exit(77)

PROGRAM, SCHEMAS = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])


def call(*args):
    return subprocess.run([PROGRAM, *args], capture_output=True, check=True).stdout


# --- schemas ---

def closed(node):
    """The schema without room for fields that it does not name: a document may not have any
    that are not documented."""
    node = copy.deepcopy(node)
    stack = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, list):
            stack += at
        elif isinstance(at, dict):
            if "properties" in at:
                at.setdefault("additionalProperties", False)
            stack += at.values()
    return node


def validators():
    schemas = {}
    for kind in ("run", "compare", "sweep"):
        schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        schemas[f"{kind}.schema.json"] = schema
    both = {}
    for wrap in (lambda schema: schema, closed):
        store = {name: wrap(schema) for name, schema in schemas.items()}
        for name, schema in store.items():
            resolver = jsonschema.RefResolver(name, schema, store=store)
            both.setdefault(name.split(".")[0], []).append(
                jsonschema.Draft202012Validator(schema, resolver=resolver))
    return both


# --- the same numbers from the store ---

def seconds(start, end):
    return (end - start) / 1e9 if start and end and end >= start else None


def ratio(a, b):
    return a / b if a and b else None


def near(got, want, what):
    if want is None:
        assert got is None, (what, got)
    else:
        assert got is not None and math.isclose(got, want, rel_tol=1e-8, abs_tol=1e-12), (
            what, got, want)


def percentile(values, p):
    """By linear interpolation of sorted values."""
    if not values:
        return None
    place = p / 100 * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])


def check_run(run, row, records):
    results = row["done"] + row["failed"]
    first, fed, last = row["first_ns"], row["fed_ns"], row["last_ns"]
    phases = run["phases_s"]
    near(phases["start"], seconds(row["launch_ns"], row["ready_ns"]), "start")
    near(phases["first_result"], seconds(row["ready_ns"], first), "first_result")
    near(phases["steady"], seconds(first, max(fed, first)) if fed else None, "steady")
    near(phases["drain"], seconds(max(fed, first), last) if first else None, "drain")
    near(phases["stop"], seconds(last, row["end_ns"]), "stop")
    near(run["wall_s"], seconds(row["launch_ns"], last), "wall")
    if row["state"] != "complete":
        results = len({r["task"] for r in records})
    near(run["tasks_per_s"], ratio(results, run["wall_s"]), "rate")
    near(run["steady_tasks_per_s"], ratio(results, seconds(row["ready_ns"], last)), "steady")
    times = sorted((r["end_ns"] - r["start_ns"]) / 1e9 for r in records if r["outcome"] == 0)
    assert run["task_s"]["n"] == len(times)
    near(run["task_s"]["p50"], statistics.median(times) if times else None, "p50")
    near(run["task_s"]["p90"], percentile(times, 90), "p90")
    near(run["task_s"]["p99"], percentile(times, 99), "p99")
    near(run["task_s"]["max"], times[-1] if times else None, "max")
    total = (row["cpu_user_ns"] + row["cpu_sys_ns"]) / 1e9 or None
    tasks = sum(r["cpu_ns"] for r in records) / 1e9 if records or not row["tasks"] else None
    near(run["cpu_s"]["total"], total, "cpu")
    near(run["cpu_s"]["tasks"], tasks, "cpu of tasks")
    near(run["cpu_s"]["engine"],
         None if total is None or tasks is None else max(0, total - tasks), "cpu of engine")
    assert run["state"] == row["state"]
    if run["command"] is None or row["state"] == "complete":
        assert run["tasks"]["total"] == row["tasks"]
    digest = row["digest"]
    assert run["digest"] == (digest.hex() if digest is not None else None)
    bad = [r["task"] for r in records if r["outcome"] != 0]
    assert [f["task"] for f in run["failures"]] == bad[:3]
    assert run["boxed"] == (bool(row["is_boxed"]) if row["box"] else None)
    if row["state"] != "complete":  # what is durable counts
        assert run["tasks"]["done"] == len(times) and run["tasks"]["failed"] == len(bad)
    if row["state"] == "running":
        assert run["tasks"]["duplicate"] is None and run["lost_batches"] is None
    elif row["state"] == "complete":
        assert run["tasks"]["done"] == row["done"]


def check_usage(run, row, usage, tasks):
    """From the rows of usage: what is read, and the rest of the box's own total."""
    assert (run["usage"] is None) == (usage is None)
    if usage is None:
        return
    used, cpu = run["usage"], run["usage"]["cpu_s"]
    s = {name: usage[name] / 1e9 if usage[name] is not None else None for name in (
        "control_ns", "worker_ns", "teardown_ns", "tote_ns", "sampler_ns")}
    box = (row["cpu_user_ns"] + row["cpu_sys_ns"]) / 1e9 or None
    near(cpu["total"], box and box + s["tote_ns"], "usage: total")
    near(cpu["sampler"], s["sampler_ns"], "usage: sampler")
    near(cpu["kernel"], tasks, "usage: kernel")
    if tasks is None or s["worker_ns"] < 0.97 * tasks:
        assert cpu["control"] is cpu["workers"] is cpu["unattributed"] is None
    else:
        control = s["control_ns"] + (s["teardown_ns"] or 0) + s["tote_ns"]
        near(cpu["control"], control, "usage: control")
        near(cpu["workers"], max(0, s["worker_ns"] - tasks), "usage: workers")
        rest = box and max(0, box - s["control_ns"] - s["worker_ns"] - (s["teardown_ns"] or 0))
        near(cpu["unattributed"], rest, "usage: rest")
    assert used["memory"]["peak_bytes"] == usage["memory_bytes"]
    assert used["memory"]["how"] == (usage["memory_how"] or None)
    near(used["memory"]["at_s"], seconds(row["launch_ns"], usage["memory_ns"]), "usage: at")
    for name in ("samples", "loopback_bytes", "processes", "threads", "descriptors"):
        assert used[name] == usage[name], name
    assert used["ports"] == (None if usage["ports"] is None else usage["ports"].split())


def check_machine(machine, readings):
    assert (machine is None) == (readings == [])
    if machine is None:
        return
    before, after = readings
    room = (after["at_ns"] - before["at_ns"]) * after["cores"]
    others = min(1, max(0, after["busy_ns"] - before["busy_ns"] - after["ours_ns"]) / room)
    steal = (after["steal_ns"] - before["steal_ns"]) / room
    near(machine["others"], others, "others")
    near(machine["steal"], steal, "steal")
    assert machine["busy"] == (others + steal > 0.05 and (others + steal) * room > 0.05e9)
    waits = [r["cpu_wait_ns"] for r in readings]
    near(machine["cpu_wait"], None if None in waits else
         (waits[1] - waits[0]) / (after["at_ns"] - before["at_ns"]), "cpu_wait")
    for got, row in zip((machine["before"], machine["after"]), readings):
        near(got["load"], row["load_milli"] / 1000, "load")
        for name in ("busy", "idle", "steal", "cpu_wait", "memory_wait", "io_wait"):
            value = row[name + "_ns"]
            near(got[name + "_s"], None if value is None else value / 1e9, name)
        assert (got["cores"], got["clock_hz"]) == (row["cores"], row["clock_hz"])


def readings_of(db, kind, subject):
    return db.execute("SELECT * FROM reading WHERE kind=? AND subject=? ORDER BY moment='after'",
                      (kind, subject)).fetchall()


def check_interval(got, values, what):
    values = sorted(v for v in values if v is not None)
    assert got["n"] == len(values), (what, got)
    near(got["median"], statistics.median(values) if values else None, what)
    if len(values) in (6, 7, 8):
        near(got["low"], values[0], what)
        near(got["high"], values[-1], what)
    elif len(values) < 6:
        assert got["low"] is None and got["high"] is None


def check_cell(cell, limits):
    counted = [r for r in cell["runs"] if r["state"] == "complete"]
    for name in ("tasks_per_s", "steady_tasks_per_s", "wall_s"):
        check_interval(cell[name], [r[name] for r in counted], name)
    usages = [r["usage"] for r in counted if r["usage"]]
    for name in ("control", "workers", "kernel"):
        check_interval(cell["usage"][name + "_s"], [c["cpu_s"][name] for c in usages], name)
    check_interval(cell["usage"]["memory_bytes"], [c["memory"]["peak_bytes"] for c in usages], "memory")
    check_interval(cell["start_interval_s"], [r["phases_s"]["start"] for r in counted], "start")
    check_interval(cell["limit_interval"],
                   [ratio(r["steady_tasks_per_s"], limits.get(r["block"])) for r in counted],
                   "limit ratios")
    rates = [rate for rate in limits.values() if rate]
    near(cell["limit_fraction"],
         ratio(cell["steady_tasks_per_s"]["median"], statistics.median(rates) if rates else None),
         "limit_fraction")
    assert cell["start_s"] == cell["start_interval_s"]["median"]


def places(document):
    """A comparison is its only point."""
    return document["points"] if document["kind"] == "sweep" else [document]


def rates(cell, name):
    return [run[name] for run in cell["runs"] if run["state"] == "complete"]


def check_pair(pair, better, worse):
    """Values by run: what is behind a pair, counted again."""
    near(pair["ratio"]["median"], statistics.median(better) / statistics.median(worse), "ratio")
    wins = sum((a > b) + (a == b) / 2 for a in better for b in worse)
    near(pair["a12"], wins / len(better) / len(worse), "a12")
    low, p = pair["ratio"]["low"], pair["p_holm"]
    assert ("interval" in pair["failed"]) == (low is None or low <= 1), pair
    assert ("p" in pair["failed"]) == (p >= 0.05) and p >= pair["p"], pair


def check_floor(point, ranking, name):
    again = [cell for cell in point["controls"] if cell["role"] == "again"]
    first = point["cells"][0] if point["cells"] else None
    if not again or not rates(again[0], name):
        assert ranking["noise_floor"] is None
        return 0
    floor = abs(math.log(statistics.median(rates(first, name)) /
                         statistics.median(rates(again[0], name))))
    assert math.isclose(ranking["noise_floor"], floor, abs_tol=1e-8)  # of 9 digits
    return floor


def check_ranking(point, ranking, name):
    """Ranks as they are defined: each head is the best of those that no better head has."""
    floor = check_floor(point, ranking, name)
    cells = {cell["label"]: cell for cell in point["cells"] if not cell["skipped"]}
    ranks = {row["label"]: row for row in ranking["ranks"]}
    if point["ranking"]["unranked"]:
        assert not ranks and ranking["leader"] is None
        return
    assert list(ranks) == list(cells)
    values = {label: rates(cell, name) for label, cell in cells.items()}
    leader = ranking["leader"]
    assert statistics.median(values[leader]) == max(map(statistics.median, values.values()))
    assert ranking["tests"] == len(cells) * (len(cells) - 1) / 2
    for label, row in ranks.items():
        head, pair = ranks[row["head"]], row["behind_leader"]
        assert head["head"] == row["head"] and head["rank"] == row["rank"]
        assert row["rank"] == 1 + sum(other["rank"] < row["rank"] for other in ranks.values())
        assert (pair is None) == (label == leader)
        if pair:
            assert bool(pair["failed"]) == (row["rank"] == 1), (label, row)
            check_pair(pair, values[leader], values[label])
            assert ("noise_floor" in pair["failed"]) == (
                math.log(pair["ratio"]["median"]) <= floor), (pair, floor)


def check_rankings(document):
    for point in places(document):
        ranking = point["ranking"]
        assert ranking["resampling_seed"] == document["order_seed"] and ranking["resamples"] == 10000
        least = [len(rates(c, "wall_s")) for c in point["cells"] if not c["skipped"]]
        assert (ranking["unranked"] == "few") <= (min(least, default=0) < ranking["runs_needed"])
        assert ranking["runs_needed"] >= 6 or not least
        check_ranking(point, ranking["steady"], "steady_tasks_per_s")
        check_ranking(point, ranking["whole"], "tasks_per_s")


def check_bag(document, db, n_runs):
    """Each task's ok record, or its last one, of the newest list."""
    bag, is_commands = document["bag_so_far"], document["run"]["command"] is not None
    listed = {row["task"] for row in db.execute(
        "SELECT task FROM task WHERE listed=(SELECT max(listed) FROM task)")}
    last = {}
    for row in db.execute("SELECT task, attempt, outcome FROM record ORDER BY task, run, attempt"):
        if row["task"] not in last or last[row["task"]]["outcome"] != 0:
            last[row["task"]] = row
    if is_commands:
        last = {task: row for task, row in last.items()
                if task in listed and row["outcome"] != 2}
        assert bag["tasks"] == len(listed)
    else:
        assert bag["tasks"] == document["run"]["tasks"]["total"]
    bad = [(task, row["attempt"]) for task, row in last.items() if row["outcome"] != 0]
    assert bag["runs"] == n_runs
    if n_runs > 1 or document["run"]["state"] != "complete" or is_commands:
        assert (bag["done"], bag["failed"]) == (len(last) - len(bad), len(bad)), bag
    assert [(f["task"], f["attempt"]) for f in bag["failures"]] == bad[:3]
    assert all((f["why"] is not None) == is_commands for f in bag["failures"])


def runs_of(document):
    """Of engines and controls, in the order of cells."""
    return [run for point in places(document) for cell in point["cells"] + point["controls"]
            for run in cell["runs"]]


def passes_of(document):
    return [one for point in places(document) for loop in (point["limit"], point["serial"]) if loop
            for one in loop["runs"]]


def check_passes(document, db):
    rows = db.execute("SELECT * FROM machine_limit ORDER BY cell, block").fetchall()
    for one, row in zip(passes_of(document), rows, strict=True):
        near(one["tasks_per_s"], ratio(row["tasks"], row["wall_ns"] / 1e9), "limit")
        check_machine(one["machine"], readings_of(db, "limit", row["id"]))


def check_numbers(document, path):
    db = sqlite3.connect(path)
    db.text_factory = lambda b: b.decode(errors="replace")
    db.row_factory = sqlite3.Row
    runs = db.execute("SELECT * FROM run ORDER BY cell, block, id").fetchall()
    is_run = document["kind"] == "run"
    shown = [document["run"]] if is_run else runs_of(document)
    if is_run:
        check_bag(document, db, len(runs))
        runs = runs[-1:]
    assert len(shown) == len(runs)
    for run, row in zip(shown, runs, strict=True):
        check_run(run, row, db.execute("SELECT * FROM record WHERE run=? ORDER BY task, attempt",
                                       (row["id"],)).fetchall())
        check_usage(run, row, db.execute("SELECT * FROM usage WHERE run=?", (row["id"],)).fetchone(),
                   run["cpu_s"]["tasks"])
        check_machine(run["machine"], readings_of(db, "run", row["id"]))
    for point in [] if is_run else places(document):
        limits = {one["block"]: one["tasks_per_s"] for one in point["limit"]["runs"]}
        for cell in point["cells"]:
            check_cell(cell, limits)
    if not is_run:
        check_passes(document, db)
        check_rankings(document)
    db.close()


# --- the other forms ---

def check_csv_ranks(row, ranks, name):
    """Of a run's cell; what is no engine that is ranked has none."""
    rank = ranks.get(row["label"]) if row["role"] == "engine" else None
    pair = rank["behind_leader"] if rank else None
    want = {"rank": rank["rank"] if rank else None}
    want |= {"ratio": pair["ratio"]["median"], "ratio_low": pair["ratio"]["low"],
             "ratio_high": pair["ratio"]["high"], "p": pair["p_holm"],
             "a12": pair["a12"]} if pair else {}
    for column, where in (("rank", ""), ("ratio", ""), ("ratio", "_low"), ("ratio", "_high"),
                          ("p", ""), ("a12", "")):
        text = row.pop(f"{column}_{name}{where}")
        near(float(text) if text else None, want.get(column + where), (column, name, where))


def check_csv(text, document):
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    is_run = document["kind"] == "run"
    runs = [document["run"]] if is_run else runs_of(document)
    limits = [] if is_run else passes_of(document)
    if is_run:  # a line each of the bag's runs: the document shows the last
        assert len(rows) == document["bag_so_far"]["runs"]
        rows = rows[-1:]
    assert len(rows) == len(runs) + len(limits)
    points = {} if is_run else dict(enumerate(places(document), 1))
    for row in rows:
        ranking = points[int(row["point"])]["ranking"] if points else None
        for name in ("steady", "whole"):
            ranks = ranking[name]["ranks"] if ranking else []
            check_csv_ranks(row, {rank["label"]: rank for rank in ranks}, name)
    for row, run in zip(rows, runs):
        assert (row["point"] == "") == (row["role"] == "") == is_run
        del row["point"], row["role"]
        flat = {"tasks_" + name: value for name, value in run["tasks"].items()}
        flat |= {name + "_s": value for name, value in run["phases_s"].items()}
        flat |= {"cpu_total_s": run["cpu_s"]["total"], "cpu_tasks_s": run["cpu_s"]["tasks"]}
        for name, text in row.items():
            value = flat.get(name, run.get(name))
            if isinstance(value, (int, float)):
                near(float(text), value, name)
            elif isinstance(value, str):
                assert text.count("\ufffd") or text == value, (name, text, value)
            else:
                assert text == "", (name, text, value)
    for row, run in zip(rows[len(runs):], limits):
        assert row["label"] in ("limit", "serial") and row["digest"] == run["digest"]
        near(float(row["wall_s"]), run["wall_s"], "limit's wall")


def for_people(text):
    """As forms for people show it: nothing that moves a terminal or a line."""
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c
                   for c in text)


def check_chance(document):
    """A sweep says how many of its rankings could name a leader by chance; nothing else does."""
    said = [limit for limit in document["claim_limits"] if "by chance" in limit]
    n = 2 * sum(point["ranking"]["unranked"] is None for point in places(document)
                ) if document["kind"] == "sweep" else 0
    assert len(said) == (n > 0)
    assert not said or f"Each of {n} rankings" in said[0] and f" {0.05 * n:.2g} on" in said[0]


def check_text(text, document):
    for line in text.splitlines():
        is_claim = line.startswith("  ") and line.strip() in document["claim_limits"]
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in line), line
        is_table = not is_claim and not line.startswith(
            ("Note: ", "Verdict", "Store: ", "Point ", "workqueue:port"))
        assert document["kind"] == "run" or not is_table or len(line) <= 100, line
        assert line == line.rstrip(), repr(line)
    assert text.endswith("\n") and "\t" not in text
    if document["kind"] != "run":
        label = "Verdict over all points" if document["kind"] == "sweep" else "Verdict"
        assert f"\n{label}: {for_people(document['verdict'])}\nStore: " in text
        for point in places(document):
            assert f"\nVerdict: {for_people(point['verdict'])}\n" in text
        check_chance(document)
        claim = "".join(f"  {for_people(limit)}\n" for limit in document["claim_limits"])
        assert f"\nLimits of the claim:\n{claim}" in text
    for warning in document["warnings"]:
        if document.get("run", {}).get("state") != "broken":
            assert f"\nNote: {for_people(warning)}\n" in text


# --- markdown, as GitHub's own renderer shows it ---

CMARK = shutil.which("cmark-gfm")
EXTENSIONS = ("table", "autolink", "strikethrough", "tagfilter", "tasklist")


class Page(html.parser.HTMLParser):
    """The tags that are there, the cells of tables by rows, the items of lists."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.tables, self.items, self.paragraphs = set(), [], [], []
        self.into = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th", "li", "p"):
            self.into = {"li": self.items, "p": self.paragraphs}.get(
                tag, self.tables[-1][-1] if self.tables and self.tables[-1] else [])
            self.into.append("")

    def handle_endtag(self, tag):
        if tag in ("td", "th", "li", "p"):
            self.into = None

    def handle_data(self, data):
        if self.into is not None:
            self.into[-1] += data


def plain(text):
    """As a page shows it: blanks in a row are one."""
    return " ".join(for_people(text).split())


OURS = {"table", "thead", "tbody", "tr", "th", "td", "p", "strong", "code", "ul", "li", "h3"}


def check_markdown(text, document):
    command = [CMARK, "--unsafe", *(word for name in EXTENSIONS for word in ("-e", name))]
    page = Page(subprocess.run(command, input=text, capture_output=True, check=True,
                               text=True).stdout)
    assert page.tags <= OURS, page.tags - OURS
    items = [plain(item) for item in document["claim_limits"] + document["warnings"]]
    assert [plain(item) for item in page.items if not item.startswith("task ")] == items
    assert all(len(row) == len(table[0]) for table in page.tables for row in table)
    verdicts = [plain(text) for text in page.paragraphs if text.startswith("Verdict.")]
    if document["kind"] == "run":
        assert not verdicts
        return
    told = [document] if document["kind"] == "compare" else [document, *places(document)]
    assert verdicts == [plain("Verdict. " + point["verdict"]) for point in told]
    tables = iter(page.tables)
    for point in places(document):
        check_tables(point, tables)


def rows_of(tables, column):
    (head, *rows) = next(tables)
    return [(row[0], dict(zip(head, row))[column]) for row in rows]


def check_tables(point, tables):
    """Its engines in the order of their ranks, its controls, who is behind whom."""
    if point["cells"]:
        engines = rows_of(tables, "rank")
        assert sorted(plain(label) for label, _ in engines) == sorted(
            plain(cell["label"]) for cell in point["cells"])
        check_ranks(point["ranking"]["steady"]["ranks"], engines)
    if point["controls"] or point["limit"]["runs"]:
        n_loops = sum(bool(loop and loop["runs"]) for loop in (point["limit"], point["serial"]))
        assert len(rows_of(tables, "what it says")) == n_loops + len(point["controls"])
    for name in () if point["ranking"]["unranked"] else ("steady", "whole"):
        ranking = point["ranking"][name]
        behind = [row for row in ranking["ranks"] if row["label"] != ranking["leader"]]
        check_ranks(behind, rows_of(tables, "rank"))


def check_ranks(ranks, shown):
    """shown: label and rank as they stand in a table."""
    of = {plain(row["label"]): row["rank"] for row in ranks}
    numbers = [int(rank) for _, rank in shown if rank not in ("-", "")]
    assert numbers == sorted(numbers) and len(numbers) == len(ranks)
    assert all(of.get(plain(label)) == (int(rank) if rank not in ("-", "") else None)
               for label, rank in shown)


def check_scenario(name, folder, schemas):
    path = folder / f"{name}.tote"
    call("make", name, path)
    raw = call("json", path).decode()
    assert raw.endswith("}\n")
    document = json.loads(raw)
    for validator in schemas[document["kind"]]:
        validator.validate(document)
    check_numbers(document, path)
    check_csv(call("csv", path).decode(errors="replace"), document)
    check_text(call("text", path).decode(), document)
    if CMARK:
        check_markdown(call("markdown", path).decode(), document)
    assert call("json", path).decode() == raw
    return document


# --- many records ---

SOME, MANY = 60_000, 600_000  # both more than SQLite keeps pages of
GROWTH_KIB = 2048  # 3.5 bytes a record: none is kept


def peak_kib(path):
    """Of a report, in a process of its own."""
    code = ("import resource, subprocess, sys\n"
            "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", code, PROGRAM, "json", path],
                          capture_output=True, check=True)
    return int(done.stdout)


def add_records(path, first, end):
    call("records", str(first), str(end), path)
    call("tasks", str(end), path)


def check_many(folder):
    """The memory does not grow with the bag, and the percentiles stay exact."""
    path = folder / "many.tote"
    call("make", "run", path)
    add_records(path, 100, SOME)
    some = peak_kib(path)
    add_records(path, SOME, MANY)
    many = peak_kib(path)
    assert many < some + GROWTH_KIB, (some, many)
    check_numbers(json.loads(call("json", path)), path)


def main():
    schemas = validators()
    names = call("list").decode().split()
    assert "run" in names and "compare" in names
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            try:
                check_scenario(name, pathlib.Path(folder), schemas)
            except Exception:
                print(f"scenario {name}:")
                raise
        check_many(pathlib.Path(folder))
    print(f"{len(names)} stores: JSON, CSV, text and markdown as the schemas, SQLite and "
          "GitHub's renderer say")
    if not CMARK:
        print("skipped: cmark-gfm (apt-get install cmark-gfm)")
        sys.exit(77)


main()
