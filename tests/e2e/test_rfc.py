# SPDX-License-Identifier: MIT
"""The answer to the RFC (scripts/rfc-answer): every figure in it is found again, from the stores by SQL
and arithmetic of this file alone, from the facts, or from what the RFC said; engines that are not
there are rows with the reason. And scripts/rfc, the whole way, small."""

import contextlib
import json
import math
import os
import pathlib
import re
import sqlite3
import statistics
import subprocess

import pytest
from tote_tool import ROOT, TOTE, Tote

SCRIPT = os.path.join(ROOT, "scripts", "rfc-answer")
SAID = json.loads(open(os.path.join(ROOT, "experiments", "rfc-said.json"), encoding="utf-8").read())
NO_RAY = {"XDG_DATA_HOME": "/nonexistent"}
BAG = ("--kernel", "zfp:accuracy=1e-3", "--size", 2000, "--workers", 2, "--vary",
       "kernel=zfp:accuracy=1e-3,zlib", "--precision", "none")


def answer(*args):
    return subprocess.run(["/usr/bin/python3", SCRIPT, "--tote", TOTE, *map(str, args)], text=True,
                          capture_output=True, check=False)


class Made:
    """Two small stores, with runs enough for intervals, facts, and the answer from them. Ray is not
    there; Work Queue is, if this machine has it."""

    def __init__(self, tote, engines):
        self.folder = tote.folder
        self.bag, self.sweep = tote.folder / "bag.tote", tote.folder / "sweep.tote"
        self.facts = tote.folder / "facts.json"
        others = ",".join(engine for engine in engines if engine != "ray")
        one_each = ",".join(f"{engine}:batch=1" for engine in engines if engine != "ray")
        tote.ok("sweep", *BAG, "--tasks", 3, "--engines", f"{others},ray", "--runs", 2, "--store", self.bag,
                env=NO_RAY)
        tote.ok("sweep", *BAG, "--tasks", 9, "--engines", f"{one_each},local:batch=auto,ray:batch=1",
                "--vary", "tasks=3,9", "--vary", "workers=2,4000", "--one-at-a-time", "--runs", 6,
                "--store", self.sweep, env=NO_RAY)
        self.facts.write_text(tote.ok("engines", "facts", "local", "ray", "--runs", 1, "--json",
                                      env=NO_RAY).out)
        self.documents = [json.loads(tote.ok("report", path, "--format", "json").out)
                          for path in (self.bag, self.sweep)]
        self.path = tote.folder / "answer.md"
        done = answer(self.bag, self.sweep, self.facts, "--output", self.path)
        assert done.returncode == 0, done
        self.text = self.path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory, found_engines):
    tote = Tote(tmp_path_factory.mktemp("rfc"))
    yield Made(tote, [name for name in ("local", "workqueue", "ray") if found_engines[name]["usable"] or
                      name == "ray"])
    tote.close()


# --- Markdown ---

def cells_of(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def tables(text):
    """Of each table: the heading above it, the names of its columns, its rows."""
    heading, lines = "", []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            lines.append(cells_of(line))
        elif lines:
            yield heading, lines[0], lines[2:]
            lines = []
        if line.startswith("#"):
            heading = line.lstrip("# ")


def unescaped(text):
    return re.sub(r"\\(.)", r"\1", text)


def section(text, title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL).group(1)


# --- the same figures, by another way ---

def interval(values):
    """Median and exact 95 % interval by order statistics; bounds None below n = 6."""
    values = sorted(values)
    n = len(values)
    tail, rank = 0.0, 0
    while rank < n // 2 and 1 - 2 * (tail + math.comb(n, rank) / 2**n) >= 0.95:
        tail += math.comb(n, rank) / 2**n
        rank += 1
    middle = statistics.median(values)
    return (middle, values[rank - 1], values[n - rank]) if rank else (middle, None, None)


def query(path, sql, *values):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(sql, values).fetchall()


RUNS = """SELECT r.*, (r.last_ns - r.launch_ns) / 1e9 AS wall, (r.last_ns - r.ready_ns) / 1e9 AS after_start,
    (SELECT sum(cpu_ns) FROM record WHERE run = r.id) AS kernel_ns, u.control_ns, u.teardown_ns, u.tote_ns,
    u.worker_ns, u.memory_bytes, (SELECT l.tasks / (l.wall_ns / 1e9) FROM machine_limit l JOIN cell c
        ON c.id = l.cell WHERE c.role = 'limit' AND l.block = r.block AND c.point = ?2) AS limit_rate
    FROM run r JOIN usage u ON u.run = r.id WHERE r.cell = ?1 AND r.state = 'complete'"""

OF_A_RUN = {
    "start-up, s": lambda r: (r["ready_ns"] - r["launch_ns"]) / 1e9,
    "whole run, tasks/s": lambda r: r["tasks"] / r["wall"],
    "after start-up, tasks/s": lambda r: r["tasks"] / r["after_start"],
    "of the limit": lambda r: r["tasks"] / r["after_start"] / r["limit_rate"] if r["limit_rate"] else None,
    "control plane, s": lambda r: (r["control_ns"] + r["teardown_ns"] + r["tote_ns"]) / 1e9,
    "workers beside the kernel, s": lambda r: max(0, r["worker_ns"] - r["kernel_ns"]) / 1e9,
    "kernel, s": lambda r: r["kernel_ns"] / 1e9,
    "peak memory, MB": lambda r: r["memory_bytes"] / 1e6,
    "core-hours paid": lambda r: r["workers"] * (r["end_ns"] - r["launch_ns"]) / 3600e9 / r["tasks"] * 1e6,
    "core-hours used": lambda r: (r["cpu_user_ns"] + r["cpu_sys_ns"]) / 3600e9 / r["tasks"] * 1e6,
    "wall": lambda r: r["wall"],
}


def figures(store, cell):
    """{name of a column: (median, low, high)} of a row of table cell."""
    runs = query(store, RUNS, cell["id"], cell["point"])
    return {name: interval([of(run) for run in runs]) for name, of in OF_A_RUN.items()
            if runs and all(of(run) is not None for run in runs)}, len(runs)


def loop_figures(store, cell):
    rates = [row["tasks"] / (row["wall_ns"] / 1e9)
             for row in query(store, "SELECT * FROM machine_limit WHERE cell = ?", cell["id"])]
    return {"whole run, tasks/s": interval(rates)} if rates else {}, len(rates)


def all_cells(store):
    for cell in query(store, "SELECT * FROM cell ORDER BY id"):
        is_loop = cell["role"] in ("limit", "serial")
        yield cell, *(loop_figures if is_loop else figures)(store, cell)


def is_shown(text, value):
    """Whether a figure of about three digits is this value, rounded."""
    bare = text.replace(",", "")
    half = 0.5 * 10 ** -len(bare.partition(".")[2])
    return abs(float(bare) - value) <= half * 1.001


def assert_shown(text, wanted):
    numbers = re.findall(r"[\d.,]*\d", text)
    known = [value for value in wanted if value is not None]
    assert len(numbers) == len(known), (text, wanted)
    for number, value in zip(numbers, known):
        assert is_shown(number, value), (text, wanted)
        assert value == 0 or len(number.replace(",", "").lstrip("0.").replace(".", "")) >= 3, text


def point_title(store, point):
    (row,) = query(store, "SELECT * FROM cell WHERE point = ? AND role = 'engine' LIMIT 1", point)
    return f"{row['kernel']}, size {row['size']:,}, {row['tasks']:,} tasks, {row['workers']} workers"


# --- tests ---

def test_tables_have_equal_columns(made):
    lines = made.text.splitlines()
    starts = [i for i, line in enumerate(lines) if re.fullmatch(r"(\| :?-+:? )+\|", line)]
    assert len(starts) > 10
    for i in starts:
        width = len(cells_of(lines[i]))
        assert not lines[i - 2].startswith("|") and lines[i - 2] == ""
        for line in lines[i - 1:]:
            if not line.startswith("|"):
                assert line == ""
                break
            assert len(cells_of(line)) == width, line


@pytest.mark.parametrize("name", ["bag", "sweep"])
def test_every_point_is_that_of_the_store(made, name):
    store = getattr(made, name)
    title = {"bag": "The RFC's bag: ", "sweep": "Sweep: "}[name]
    rows = {(unescaped(heading.removeprefix(title)), unescaped(row[0])): dict(zip(head, row))
            for heading, head, body in tables(section(made.text, "Every point")) if heading.startswith(title)
            for row in body}
    n_found = 0
    for cell, known, n in all_cells(store):
        if cell["role"] == "noop" or (cell["skipped"] and cell["role"] in ("limit", "serial")):
            continue
        label = cell["label"]
        if cell["role"] in ("limit", "serial"):
            label = f"{cell['role']} (bare loop, threads: {cell['workers']})"
        row = rows.pop((point_title(store, cell["point"]), label))
        n_found += 1
        assert row["n"] == str(n)
        assert unescaped(row["remarks"]) == cell["skipped"]
        for column in ("start-up, s", "whole run, tasks/s", "after start-up, tasks/s", "of the limit"):
            if column in known:
                assert_shown(row[column], known[column])
            else:
                assert row[column] == "-"
    assert not rows and n_found > 8


def test_cost_is_that_of_the_store(made):
    found = 0
    cells = {(point_title(made.sweep, cell["point"]), cell["label"]): (known, n)
             for cell, known, n in all_cells(made.sweep) if cell["role"] == "engine"}
    for heading, head, body in tables(section(made.text, "What it costs")):
        for row in body:
            known, n = cells[(unescaped(heading), unescaped(row[0]))]
            for column, text in zip(head[1:-1], row[1:-1]):
                assert_shown(text, known[column])
                found += 1
            assert row[-1] == str(n)
    assert found >= 12


def test_the_engine_alone_is_that_of_the_store(made):
    ((_, head, body),) = tables(section(made.text, "The engine alone"))
    wanted = [(cell, known, n) for cell, known, n in all_cells(made.sweep)
              if cell["role"] == "noop" and not cell["skipped"]]
    assert len(body) == len(wanted) > 0
    for row, (cell, known, n) in zip(body, wanted):
        assert unescaped(row[0]) == cell["label"] and row[1:3] == [str(cell["workers"]), str(cell["tasks"])]
        assert_shown(row[3], known[head[3]])
        assert row[4] == str(n)


def test_facts_are_those_of_the_document(made):
    facts = json.loads(made.facts.read_text())
    ((_, head, body),) = tables(section(made.text, "What each engine asks of whoever runs it"))
    assert head == ["fact", "local", "ray", "source"]
    assert len(body) == len(facts["engines"][0]["facts"]) + 1
    for column, engine in enumerate(facts["engines"], 1):
        shown = [row[column] for row in body]
        for fact in engine["facts"].values():
            text = ("-" if fact["value"] is None else unescaped(fact["value"])
                    if isinstance(fact["value"], str) else None)
            if text is not None:
                assert text in map(unescaped, shown)
            else:
                assert any(one != "-" and re.fullmatch(r"[\d.,]+", one) and is_shown(one, fact["value"])
                           for one in shown), fact
    assert "ray was not measured" in unescaped(made.text)


def test_verdicts_are_totes_own(made):
    """Each stands under its point, in order, and once more at the head; there is no other."""
    quoted = [unescaped(line[2:]) for line in made.text.splitlines() if line.startswith("> ")]
    own = [" ".join(point["verdict"].split()) for document in made.documents for point in document["points"]]
    assert quoted[-len(own):] == own
    assert quoted[0] == own[0] and set(quoted) == set(own)
    ranks = {one["label"]: str(one["rank"]) for one in made.documents[1]["points"][0]["ranking"]["whole"]["ranks"]}
    assert len(ranks) > 1
    body = next(body for heading, _, body in tables(section(made.text, "Every point"))
                if heading.startswith("Sweep: "))
    shown = {unescaped(row[0]): row[3] for row in body}
    assert {label: shown[label] for label in ranks} == ranks


def pool(made):
    """Every number that the text beside the tables may show, by way of SQL, facts and what was said."""
    numbers = [95]  # the intervals'
    for store in (made.bag, made.sweep):
        cells = list(all_cells(store))
        numbers += [value for _, known, _ in cells for values in known.values() for value in values
                    if value is not None]
        numbers += [n for _, _, n in cells]
        numbers += [cell[name] for cell, _, _ in cells for name in ("tasks", "size", "workers")]
        numbers += [len({cell["point"] for cell, _, _ in cells}), os.cpu_count()]
        numbers += [cell["point"] for cell, _, _ in cells]
        for point in {cell["point"] for cell, _, _ in cells}:
            both = [known for cell, known, _ in cells if cell["point"] == point and cell["role"] in ("engine", "again")]
            for column in ("whole run, tasks/s", "after start-up, tasks/s"):
                medians = [known[column][0] for known in (both[0], both[-1]) if column in known]
                if len(medians) == 2:
                    numbers.append(math.expm1(abs(math.log(medians[0] / medians[1]))) * 100)
    facts = json.loads(made.facts.read_text())
    numbers += [fact["value"] for engine in facts["engines"] for fact in engine["facts"].values()
                if isinstance(fact["value"], (int, float))]
    numbers += [SAID[name] for name in ("tasks", "size", "workers", "times")]
    return numbers + [SAID["workqueue"]["seconds"], SAID["ray"]["seconds"]]


def test_no_figure_in_the_words_comes_from_elsewhere(made):
    words = unescaped(made.text[:made.text.index("## Every point")])
    for document in made.documents:  # quoted whole; another test holds them
        for text in (document["verdict"], *(point["verdict"] for point in document["points"])):
            words = words.replace(" ".join(text.split()), "")
    for store in (made.bag, made.sweep):
        for row in query(store, "SELECT DISTINCT skipped FROM cell WHERE skipped <> ''"):
            words = words.replace(row["skipped"], "")
    words = re.sub(r"zfp:accuracy=1e-3|batch[= ]1|local:batch\S*", "", words)
    known = pool(made)
    shown = re.findall(r"\d[\d,]*(?:\.\d+)?", words.replace(", ", " , "))
    assert len(shown) > 40
    for number in shown:
        is_count = "." not in number and len(number) < 3
        assert any(int(number) == value if is_count else is_shown(number, value) for value in known), number


def row_of(made, start):
    ((_, _, body),) = tables(section(made.text, "Point by point"))
    (row,) = [row for row in body if row[0].startswith(start)]
    return row[2]


def test_points_of_the_rfc_that_have_figures_here(made):
    base = {cell["label"]: known for cell, known, _ in all_cells(made.sweep)
            if cell["point"] == 1 and cell["role"] == "engine"}
    start = row_of(made, "start-up and throughput")
    assert_shown(start.partition("local ")[2], base["local:batch=1"]["start-up, s"])
    serial = [known["whole run, tasks/s"] for cell, known, _ in all_cells(made.sweep) if cell["role"] == "serial"
              and cell["tasks"] == 9 and known]
    zfp, _, zlib = row_of(made, "zlib against zfp").partition("; ")[0].partition("zlib")
    assert_shown(zfp.partition(" zfp ")[2], serial[0])
    assert_shown(zlib, serial[1])
    assert row_of(made, "one run").startswith("fresh launches of each cell: 2 to 6;")
    assert "Ray cannot run here" in row_of(made, "Ray 3.8")


def test_what_is_not_there_has_its_reason(made):
    assert "Ray 2.60.0 is not installed" in unescaped(section(made.text, "Every point"))
    assert "4000 workers, but" in made.text
    (idle,) = re.findall(r"(\d+) of them cannot run here", made.text)
    assert int(idle) == 1


def test_limits_count_busy_launches(made):
    sql = "SELECT count(*) FROM run WHERE state = 'complete' UNION ALL SELECT count(*) FROM machine_limit"
    total = sum(row[0] for store in (made.bag, made.sweep) for row in query(store, sql))
    busy, read = map(int, re.search(r"others in (\d+) of (\d+) launches", made.text).groups())
    assert read == total and 0 <= busy <= read


def test_no_path_of_the_machine_and_no_dangling_mark(made):
    assert str(made.folder) not in made.text and "/nonexistent" not in made.text
    assert not re.search(r"None|nan|\binf\b|\{|\}", made.text)


def test_advice_is_that_of_the_document(tote, made):
    done = tote.run("advise", made.sweep, "--json")
    if done.status == 2:
        pytest.skip("this tote gives no advice")
    assert done.status == 0, done
    path, out = made.folder / "advice.json", made.folder / "advised.md"
    path.write_text(done.out)
    written = answer(made.bag, made.sweep, made.facts, "--advice", path, "--output", out)
    assert written.returncode == 0, written
    text, advice = out.read_text(encoding="utf-8"), json.loads(done.out)
    shown = [(head, row) for _, head, body in tables(section(text, "Other bags")) for row in body]
    lines = [row for head, row in shown if "T0, s" in head]
    wanted = [line for kind in advice["kinds"] for line in kind["lines"] if not line["approximate"]]
    assert len(lines) == len(wanted) > 0
    for row, line in zip(lines, wanted):
        assert unescaped(row[1]) == line["label"]
        assert_shown(row[2].replace("-", ""), [abs(line["start_s"][name]) for name in ("value", "low", "high")])
        assert_shown(row[3].replace("-", ""), [abs(line["per_task_s"][name]) * 1e3 for name in ("value", "low", "high")])
    predicted = [row for head, row in shown if "times the first" in head]
    wanted = [one for one_bag in advice["answers"] for one in one_bag["predictions"]]
    assert len(predicted) == len(wanted) > 0
    for row, one in zip(predicted, wanted):
        assert_shown(row[1], [one["wall_s"][name] for name in ("value", "low", "high")])
        assert bool(row[3]) == one["tied_with_first"]
    for answered in advice["answers"]:
        assert all(doubt in unescaped(text) for doubt in answered["doubts"])
    assert str(made.folder) not in text


def test_the_readme_gets_the_short_version_between_its_marks(made):
    readme = made.folder / "README.md"
    readme.write_text("before\n<!-- rfc-answer: begin -->\nold\n<!-- rfc-answer: end -->\nafter\n")
    for _ in range(2):
        done = answer(made.bag, made.sweep, made.facts, "--readme", readme)
        assert done.returncode == 0, done
    lines = readme.read_text().splitlines()
    assert lines[0] == "before" and lines[-1] == "after" and "old" not in lines
    assert lines.count("<!-- rfc-answer: end -->") == 1
    head = made.text[:made.text.index("## ")].splitlines()
    assert [line for line in head if line.startswith("|")] == [line for line in lines if line.startswith("|")]
    assert len(list(tables("\n".join(lines)))) == 1
    readme.write_text("no marks\n")
    done = answer(made.bag, made.sweep, made.facts, "--readme", readme)
    assert done.returncode == 1 and "lacks the lines" in done.stderr and readme.read_text() == "no marks\n"


def test_the_readme_of_the_project_says_what_the_answer_says():
    text, answered = (pathlib.Path(ROOT, name).read_text(encoding="utf-8")
                      for name in ("README.md", "docs/rfc-answer.md"))
    part = text[text.index("<!-- rfc-answer: begin"):text.index("<!-- rfc-answer: end")]
    figures = [line for line in part.splitlines() if line.startswith(("|", ">"))]
    assert len(figures) > 5 and all(line in answered.splitlines() for line in figures)
    assert text.count("<!-- rfc-answer: begin -->\n") == text.count("<!-- rfc-answer: end -->\n") == 1
    assert text.index("<!-- rfc-answer: begin") < text.index("<!-- rfc-answer: end") < text.index("## The first minute")


def test_hostile_names_stay_text(made, tmp_path):
    """A program that prints documents as tote would, with marks of Markdown in a label."""
    for path, document in zip((tmp_path / "a", tmp_path / "b"), made.documents):
        text = json.dumps(document).replace("local", "lo|<b>`*_cal")
        path.write_text(text)
    fake = tmp_path / "tote"
    fake.write_text('#!/bin/sh\ncat "$2"\n')
    fake.chmod(0o755)
    out = tmp_path / "answer.md"
    done = answer("--tote", fake, tmp_path / "a", tmp_path / "b", made.facts, "--output", out)
    assert done.returncode == 0, done
    text = out.read_text()
    assert r"lo\|\<b\>\`\*\_cal" in text
    assert not re.search(r"(?<!\\)<b>", text)
    for _, head, body in tables(text):
        assert all(len(row) == len(head) for row in body)


def test_the_experiments_are_accepted(tote):
    for name in ("rfc", "rfc-bag"):
        path = os.path.join(ROOT, "experiments", f"{name}.yaml")
        config = tote.ok("sweep", path, "--print-config").out
        assert "workqueue" in config and "ray" in config and "controls: all" in config


def test_the_whole_way(tote, all_engines):
    """scripts/rfc with little to do: stores, facts, pages and the answer."""
    path, readme = tote.folder / "answer.md", tote.folder / "README.md"
    readme.write_text("<!-- rfc-answer: begin -->\n<!-- rfc-answer: end -->\n")
    env = {**tote.env, "TOTE_BIN": TOTE, "RFC_FOLDER": str(tote.folder / "out"), "RFC_ANSWER": str(path),
           "RFC_README": str(readme)}
    done = subprocess.run(
        [os.path.join(ROOT, "scripts", "rfc"), "--engines", "local,workqueue", "--runs", "1", "--size", "100",
         "--tasks", "3", "--vary", "tasks=3", "--vary", "size=100", "--controls", "limit"],
        env=env, cwd="/", text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done
    assert len(list((tote.folder / "out").glob("rfc-*.tote"))) == 2
    assert len(list((tote.folder / "out").glob("rfc-*.html"))) == 2
    text = path.read_text()
    assert text.startswith("# The RFC, answered\n") and "`scripts/rfc --engines local,workqueue" in text
    assert "workqueue" in section(text, "What each engine asks of whoever runs it")
    assert "Made by `scripts/rfc --engines local,workqueue" in readme.read_text()
