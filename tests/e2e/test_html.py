# SPDX-License-Identifier: MIT
"""tote report --format html: the page in a browser, network off: what is drawn, read, reached and
saved, what stays text, how large it gets."""

import base64
import csv
import html
import io
import json
import os
import pathlib
import re
import stat
import subprocess
import sys

import pytest
from pages import Browser, need_browser, need_charts, report_cli, specifications
from tote_tool import ROOT, Tote

MOST_BYTES = 5 << 20
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028]]>'\"&amp;<!--"


@pytest.fixture(scope="module")
def browser():
    need_browser()
    with Browser() as one:
        yield one


@pytest.fixture(scope="module")
def tool(tmp_path_factory):
    one = Tote(tmp_path_factory.mktemp("pages"))
    yield one
    one.close()


def page_of(tool, store):
    page = store.with_suffix(".html")
    tool.ok("report", store, "--format", "html", "-o", page)
    return page


@pytest.fixture(scope="module")
def scenario(tool):
    """The page of a store that report-cli makes."""
    def make(name):
        store = tool.folder / f"{name}.tote"
        if not store.exists():
            report_cli("make", name, store)
        return page_of(tool, store)
    return make


@pytest.fixture(scope="module")
def compared(tool):
    """Of a comparison with records, also of more tasks than are drawn."""
    store = tool.folder / "compared.tote"
    tool.ok("compare", "--engines", "local:batch=auto,local:batch=20", "--kernel", "noop", "--tasks",
            3000, "--workers", 2, "--runs", 6, "--store", store)
    return page_of(tool, store)


@pytest.fixture(scope="module")
def swept(tool):
    """Of a sweep of tasks, workers and batch, with all controls."""
    store = tool.folder / "swept.tote"
    tool.ok("sweep", "--engines", "local,local:batch=7", "--size", 2000, "--vary", "tasks=20,40,80,160",
            "--vary", "workers=1,2", "--runs", 6, "--store", store, timeout=600)
    return page_of(tool, store)


@pytest.fixture(scope="module")
def metg(tool):
    """Of METG of two batches; tasks sleep, so that it is short."""
    store = tool.folder / "metg.tote"
    tool.ok("metg", "--engines", "local", "--batch", "1,10", "--kernel", "sleep", "--from", "2ms",
            "--to", "250us", "--workers", 2, "--runs", 6, "--store", store, timeout=600)
    return page_of(tool, store)


@pytest.fixture(scope="module")
def hostile(tool):
    """Of commands that fail, with a stderr and an argument that would be markup."""
    store = tool.folder / "hostile.tote"
    done = tool.run("run", "--store", store, "--workers", 2, "--", "sh", "-c",
                    'printf "%s\\n\\033[31mred\\000\\377" "$1" >&2; exit 3', "sh", "{item}", ":::",
                    HOSTILE, "b", errors="replace")
    assert done.status == 3, done
    return page_of(tool, store)


def data_of(page):
    """The data sets of a page."""
    text = page.read_text(encoding="utf-8")
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert not set("<>&\u2028\u2029") & set(found)
    return json.loads(found)


# --- drawn ---

# Those of a sweep alone; the others are in every page of an experiment.
OF_SWEEPS = {"growth", "scaling"}
OF_METG = {"metg"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_chart_is_drawn(browser, compared, swept, metg, width, scheme):
    need_charts()
    for one, wanted in ((compared, set(specifications()) - OF_SWEEPS - OF_METG),
                        (swept, set(specifications()) - OF_METG), (metg, OF_METG)):
        with browser.open(one, width, scheme) as page:
            page.assert_quiet()
            charts = page.charts()
            assert set(charts) == wanted
            for name, (marks, drawn) in charts.items():
                assert marks > 0 and width / 2 < drawn <= width, (name, marks, drawn)
            assert page.overflow() == 0


def test_charts_follow_the_colour_scheme(browser, compared):
    need_charts()
    inks = []
    for scheme in ("light", "dark"):
        with browser.open(compared, scheme=scheme) as page:
            inks.append(page.tab.evaluate(
                "getComputedStyle(document.querySelector('figure svg .role-axis-label text')).fill"))
    light, dark = (sum(map(int, re.findall(r"\d+", ink)[:3])) for ink in inks)
    assert light < 200 and dark > 500, inks


def test_every_kind_of_store_has_a_page(browser, scenario):
    for name in report_cli("list").split():
        with browser.open(scenario(name), 390) as page:
            assert (name, page.said, page.overflow()) == (name, [], 0)
            for chart, (marks, _) in page.charts().items():
                assert marks > 0, (name, chart)


def test_it_prints(browser, compared, tmp_path):
    with browser.open(compared) as page:
        page.tab.emulate_media(media="print", color_scheme="dark")
        assert page.tab.evaluate("getComputedStyle(document.documentElement).backgroundColor") \
            == "rgb(255, 255, 255)"
        widest = page.tab.evaluate("""() => Math.max(...[...document.querySelectorAll('svg, table')]
            .map((one) => one.getBoundingClientRect().right - innerWidth))""")
        assert widest <= 0
        page.tab.pdf(path=tmp_path / "page.pdf", format="A4")
        page.assert_quiet()


# --- read ---

def ids_of(page):
    return page.tab.evaluate("[...document.querySelectorAll('main section')].map((s) => s.id)")


def test_order_of_the_sections(browser, compared, swept):
    with browser.open(compared) as page:
        ids = ids_of(page)
    with browser.open(swept) as page:
        assert ids_of(page) == ids[:6] + ["growth", "scaling"] + ids[6:]
    assert ids == ["verdict", "manifest", "rules", "makespan", "limit", "phases", "tasks", "gantt",
                   "cost", "noise", "raw"]


def test_the_page_of_metg(browser, metg, tool):
    store = metg.with_suffix(".tote")
    document = tool.json("report", store)
    runs = sum(tool.value(f"SELECT count(*) FROM {one}", store) for one in ("run", "machine_limit"))
    with browser.open(metg) as page:
        page.assert_quiet()
        assert ids_of(page) == ["verdict", "curve", "manifest", "rules", "raw"]
        rows = page.tab.locator("#verdict tbody tr").all_inner_texts()
        assert [row.split("\t")[1] for row in rows] == [row["batch"] for row in document["rows"]]
        assert page.tab.locator("#raw tbody tr").count() == runs
        assert page.tab.locator("#manifest .wide").first.locator("tbody tr").count() == 2
    points = data_of(metg)["metg"]
    drawn = {(round(p["kept"], 6), p["block"]) for p in points if p["line"] == "local, batch 10"}
    (row,) = [row for row in document["rows"] if row["batch"] == "10"]
    assert drawn == {(round(run["efficiency"], 6), run["block"]) for point in row["points"]
                     for run in point["runs"] if not run["left_out"]}


def test_verdict_and_tables_need_no_script(browser, compared, tool):
    store = compared.with_suffix(".tote")
    document = tool.json("report", store)
    rows = sum(tool.value(f"SELECT count(*) FROM {one}", store) for one in ("run", "machine_limit"))
    with browser.open(compared, script=False) as page:
        page.assert_quiet()
        assert page.tab.inner_text(".verdict") == document["verdict"]
        assert page.tab.locator("figure:visible").count() == 0
        assert page.tab.locator("#rules tbody tr").count() == 12
        assert page.tab.locator("#raw tbody tr").count() == rows
        assert page.tab.locator("#verdict li").count() >= 3
        if page.tab.locator("noscript").count():
            assert "Every figure is in a table" in page.tab.inner_text("noscript")


def test_the_table_of_the_makespan(browser, compared, tool):
    cells = tool.json("report", compared.with_suffix(".tote"))["cells"]
    with browser.open(compared) as page:
        rows = page.tab.evaluate("""[...document.querySelectorAll('#makespan tbody tr')].map(
            (row) => [...row.children].map((cell) => cell.textContent))""")
    assert [row[0] for row in rows] == [cell["label"] for cell in cells]
    for row, cell in zip(rows, cells):
        wall = cell["wall_s"]
        for text, want in zip(row[1:4], (wall["median"], wall["low"], wall["high"])):
            assert float(text) == pytest.approx(want, rel=0.02, abs=6e-5)
        assert int(row[4]) == 6


def rows_of(page, caption):
    """Texts of the cells of all tables whose caption begins so."""
    return page.tab.evaluate("""(caption) => [...document.querySelectorAll('table')].filter(
        (table) => table.caption.textContent.startsWith(caption)).flatMap((table) =>
        [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent)))""",
                             caption)


def number(text):
    """Of a figure with a unit of time, in seconds; of one without, as it is."""
    value, _, unit = text.partition(" ")
    return float(value) * {"": 1, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]


def test_the_lines_are_those_of_the_medians(browser, swept, tool):
    """T0 and c as SciPy's Theil-Sen has them, from the document's medians."""
    stats = pytest.importorskip("scipy.stats")
    walls = {}
    for point in tool.json("report", swept.with_suffix(".tote"))["points"]:
        for cell in point["cells"]:
            if cell["role"] == "engine" and cell["wall_s"]["n"]:
                walls.setdefault((point["workers"], cell["label"]), []).append(
                    (cell["tasks"], cell["wall_s"]["median"]))
    wanted = []
    for _, points in sorted(walls.items()):
        tasks, seconds = zip(*sorted(points))
        slope, intercept, *_ = stats.theilslopes(seconds, tasks, method="joint")
        wanted.append((intercept, slope))
    with browser.open(swept, script=False) as page:
        lines = rows_of(page, "T(N) = T0 + c N")
        residuals = rows_of(page, "Residuals")
        crossings = rows_of(page, "Break-even")
    assert len(lines) == len(wanted) == 4 and len(residuals) == 16 and len(crossings) == 2
    for row, (fixed, slope) in zip(lines, wanted):
        assert number(row[1]) == pytest.approx(fixed, rel=0.01, abs=1e-6)
        assert number(row[3]) == pytest.approx(slope, rel=0.01, abs=1e-9)
        assert row[5:7] == ["4", "6"] and row[7] == "below 10 runs: approximate interval"
    for row in residuals:
        assert float(row[5]) == pytest.approx(float(row[2]) - float(row[4]), abs=2e-3)


def test_scaling_has_its_base_and_its_bounds(browser, swept):
    with browser.open(swept, script=False) as page:
        rows = rows_of(page, "Makespan and its bounds")
    assert len(rows) == 16
    for row in rows:
        wall, serial, least = float(row[2]), float(row[4]), float(row[5])
        assert least >= serial / int(row[1]) - 1e-4
        if row[10]:
            assert row[8] == "-" and row[10] == "oversubscribed: no claim"
        else:
            assert float(row[8]) == pytest.approx(serial / wall, rel=0.1)


def test_what_runs_used_adds_up(browser, compared, tool):
    with browser.open(compared, script=False) as page:
        rows = rows_of(page, "CPU seconds of the run")
        how = {row[2] for row in rows_of(page, "Memory and the rest")}
    assert len(rows) == 2 and how <= {"pss", "rss", "pss and rss", "not measured"}
    for row in rows:
        parts = [float(text) for text in row[1:5] if text != "-"]
        assert sum(parts) == pytest.approx(float(row[5]), rel=0.03, abs=0.002)


def test_noise_and_controls(browser, compared, tool):
    document = tool.json("report", compared.with_suffix(".tote"))
    with browser.open(compared, script=False) as page:
        (pair,) = rows_of(page, "A/A")
        loops = rows_of(page, "Loops without an engine")
        noops = rows_of(page, "Engines on tasks of nothing")
    assert pair[1] == document["cells"][0]["label"] and pair[8] == "6"
    assert [row[1:3] for row in loops] == [["limit", "2"], ["serial", "1"]]
    for row in noops:
        assert row[5].endswith("k") or float(row[5]) > 0


def test_the_index_of_a_sweep_leads_to_its_points(browser, swept, tool):
    document = tool.json("report", swept.with_suffix(".tote"))
    with browser.open(swept) as page:
        rows = rows_of(page, "Who is ahead, start-up included")
        assert len(rows) == len(document["points"]) == 8
        assert rows[0][0] == "20 tasks, 1 worker"
        assert {row[5] for row in rows} <= {"ahead", "not distinguishable", "outputs differ"}
        assert page.tab.locator("#verdict details[open]").count() == 0
        page.tab.click("a[href='#point-3'] >> nth=0")
        page.tab.wait_for_selector("#point-3 .verdict", state="visible")
        assert page.tab.locator("#verdict details[open]").count() == 1
    with browser.open(swept, script=False) as page:
        page.tab.click("a[href='#point-3'] >> nth=0")
        page.tab.wait_for_selector("#point-3 .verdict", state="visible")


def test_a_sweep_stays_short(browser, swept):
    """Charts of many rows are not taller than a window, and tables are closed at first."""
    need_charts()
    with browser.open(swept) as page:
        tallest = page.tab.evaluate("""() => Math.max(...[...document.querySelectorAll('figure svg')]
            .map((one) => one.getBoundingClientRect().height))""")
        assert tallest < 900
        assert page.tab.locator("#makespan details:not([open]) table").count() == 1


def test_paper_has_what_is_folded(browser, swept):
    with browser.open(swept, script=False) as page:
        page.tab.emulate_media(media="print")
        assert page.tab.evaluate("""() => document.querySelector('#makespan table')
            .getBoundingClientRect().height""") > 100


def test_the_raw_table_can_be_saved(browser, compared, tool):
    store = compared.with_suffix(".tote")
    with browser.open(compared, script=False) as page:
        links = dict(page.tab.evaluate(
            "[...document.querySelectorAll('a[download]')].map((a) => [a.download, a.href])"))
        saved = {}
        for name in links:
            with page.tab.expect_download() as download:
                page.tab.click(f"a[download='{name}']")
            saved[name] = pathlib.Path(download.value.path()).read_text(encoding="utf-8")
    assert json.loads(saved["report.json"]) == tool.json("report", store)
    assert saved["runs.csv"] == tool.ok("report", store, "--format", "csv").out
    assert len(list(csv.reader(io.StringIO(saved["runs.csv"])))) > 12
    for name, href in links.items():
        assert base64.b64decode(href.partition(",")[2]).decode() == saved[name]


# --- reached ---

def test_all_of_it_is_reached_by_keyboard(browser, compared):
    """By Tab alone: each link, each table that may scroll and each chart."""
    with browser.open(compared) as page:
        wanted = page.tab.evaluate("""() => [...document.querySelectorAll(
            'a, .wide, figure .view')].map((one, i) => one.dataset.wanted = i).length""")
        reached = set()
        for _ in range(wanted + 5):
            page.tab.keyboard.press("Tab")
            reached.add(page.tab.evaluate("document.activeElement.dataset.wanted"))
        assert reached >= {str(i) for i in range(wanted)}
        for chart in page.tab.locator("figure .view").all():
            assert len(chart.get_attribute("aria-label")) > 80
            assert chart.get_attribute("role") == "img"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(browser, compared, swept, metg, hostile, width, scheme):
    for one in (compared, swept, metg, hostile):
        with browser.open(one, width, scheme) as page:
            page.tab.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            assert page.overflow() == 0
            assert page.axe() == []


# --- facts ---

def test_facts_stand_on_the_page(browser, compared, tool):
    store, file = compared.with_suffix(".tote"), tool.folder / "facts.json"
    document = tool.json("engines", "facts", "local", "--runs", 1)
    document["engines"][0]["facts"]["licence"]["value"] = HOSTILE
    file.write_text(json.dumps(document), encoding="utf-8")
    page = tool.folder / "facts.html"
    tool.ok("report", store, "--format", "html", "--facts", file, "-o", page)
    facts = document["engines"][0]["facts"]
    with browser.open(page, 390) as one:
        one.assert_quiet()
        assert ids_of(one)[-2:] == ["facts", "raw"]
        assert one.overflow() == 0 and one.axe() == []
        rows = [row.split("\t") for row in
                one.tab.locator("#facts table").first.locator("tbody tr").all_inner_texts()]
        assert len(rows) == len(facts) + 1
        told = {row[0]: row[1] for row in rows}
        assert told["steps to the first task"] == str(facts["first_task_steps"]["value"])
        assert told["licence"].startswith("</script><img")


def test_facts_that_are_none_are_refused(compared, tool):
    store, file = compared.with_suffix(".tote"), tool.folder / "none.json"
    for text, words in (("{", "is not JSON in line 1"), ('{"kind": "compare"}', "holds no facts"),
                        ('{"kind": "facts", "engines": [{"engine": 1}]}', "holds no facts")):
        file.write_text(text, encoding="utf-8")
        error = tool.refused("report", store, "--format", "html", "--facts", file)
        assert words in error and "tote engines facts --json" in error
    assert "cannot read the facts in" in tool.refused(
        "report", store, "--format", "html", "--facts", tool.folder / "absent.json")
    assert "is of --format html" in tool.refused("report", store, "--facts", file)


# --- stays text ---

def assert_only_our_markup(page):
    """No element that we do not write, no handler."""
    names = page.tab.evaluate("""[...new Set([...document.querySelectorAll('body *')].filter(
        (one) => !one.closest('svg')).map((one) => one.localName))]""")
    assert not set(names) & {"img", "iframe", "object", "input", "svg"}, names
    assert page.tab.evaluate("""[...document.querySelectorAll('*')].flatMap((one) =>
        [...one.attributes].map((a) => a.name)).filter((name) => name.startsWith('on'))""") == []
    page.assert_quiet()


def test_what_a_task_says_stays_text(browser, hostile):
    with browser.open(hostile) as page:
        assert_only_our_markup(page)
        said = page.tab.locator("#failures pre").all_inner_texts()
        assert any(text.startswith(HOSTILE.replace("\u2028", "?") + "\n?[31mred??") for text in said)


def test_what_a_store_says_stays_text(browser, scenario):
    label = "</script><img src=x onerror=alert(1)>?]]>'\"&amp;"
    with browser.open(scenario("compare_page")) as page:
        assert_only_our_markup(page)
        heads = page.tab.locator("#makespan tbody th").all_inner_texts()
        assert heads == ["local", label, "ray"]
        assert page.tab.locator("#raw td", has_text='" onmouseover="alert(3)').count() == 6
        assert page.tab.locator("#manifest td", has_text="<!--<script>").count() == 1


def test_the_name_of_a_store_stays_text(browser, tool):
    store = tool.folder / "named.tote"
    report_cli("make", "compare", store)
    link = tool.folder / "a<img src=x onerror='alert(4)'>&.tote"
    store.rename(link)
    with browser.open(page_of(tool, link)) as page:
        assert_only_our_markup(page)
        assert str(link) in page.tab.inner_text("footer")


def test_the_policy_allows_nothing_by_name(compared):
    text = compared.read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert "unsafe" not in policy and "http" not in policy
    assert policy.startswith("default-src 'none'")


def test_the_policy_holds(browser, compared, tmp_path):
    """A script that is not ours does not run, in a page that is ours but for it."""
    page = tmp_path / "page.html"
    text = compared.read_text(encoding="utf-8")
    page.write_text(text.replace("<main>", "<main><script>document.title = 'in'</script>"),
                    encoding="utf-8")
    with browser.open(page) as opened:
        assert opened.tab.title() != "in"
        assert any("Content Security Policy" in line for line in opened.said)


# --- size ---

def test_what_is_left_out_is_said(browser, tool):
    """Of 20,000 tasks: few are drawn, the slowest among them."""
    store = tool.folder / "many.tote"
    tool.ok("run", "--kernel", "noop", "--tasks", 20000, "--workers", 2, "--store", store)
    page = page_of(tool, store)
    slowest = tool.value("SELECT max(end_ns - start_ns) FROM record", store) / 1e9
    with browser.open(page) as opened:
        opened.assert_quiet()
        row = opened.tab.inner_text("#gantt tbody tr")
        assert "20000" in row and "thinned" in row and "slowest" in row
    need_charts()
    bars = data_of(page)["gantt"]
    assert len(bars) == 1177 + 1200  # one in 17, and the slowest
    # Nine digits of seconds after launch, twice.
    assert max(bar["to_s"] - bar["from_s"] for bar in bars) == pytest.approx(slowest, abs=1e-8)
    steps = data_of(page)["tasks"]
    assert steps[-1]["part"] == 1 and steps[-1]["s"] == pytest.approx(slowest, rel=1e-8)
    assert page.stat().st_size < MOST_BYTES


def test_a_hundred_runs(browser, tool):
    store = tool.folder / "hundred.tote"
    engines = ",".join(f"local:batch={n}" for n in (20, 30, 40, 50, 60))
    tool.ok("compare", "--engines", engines, "--kernel", "noop", "--tasks", 2500, "--workers", 2,
            "--runs", 20, "--budget", "600", "--store", store, timeout=600)
    assert tool.value("SELECT count(*) FROM run", store) >= 100
    page = page_of(tool, store)
    assert page.stat().st_size < MOST_BYTES
    with browser.open(page, 390) as opened:
        opened.assert_quiet()
        assert opened.overflow() == 0


# --- written ---

def test_a_file_appears_whole_or_not_at_all(tool, tmp_path):
    store = tool.folder / "compare_file.tote"
    report_cli("make", "compare", store)
    page = tmp_path / "page.html"
    old = os.umask(0o027)
    try:
        tool.ok("report", store, "--format", "html", "--output", page)
    finally:
        os.umask(old)
    assert stat.S_IMODE(page.stat().st_mode) == 0o640
    assert page.read_text() == tool.ok("report", store, "--format", "html").out
    for format in ("text", "json", "csv"):
        done = tool.ok("report", store, "--format", format, "-o", page)
        assert done.out == "" and page.read_text() == tool.ok("report", store, "--format", format).out
    before = page.read_text()
    assert tool.run("report", tmp_path / "none.tote", "-o", page).status == 2
    missing = tool.run("report", store, "-o", tmp_path / "no" / "page.html")
    assert missing.status == 1 and "cannot write" in missing.err
    assert tool.run("report", store, "-o", tmp_path).status == 1  # a folder
    assert page.read_text() == before
    assert os.listdir(tmp_path) == ["page.html"]


# --- built ---

def join(folder, env):
    done = subprocess.run([sys.executable, os.path.join(ROOT, "charts", "join.py"),
                           os.path.join(ROOT, "charts"), folder / "parts"],
                          env={**os.environ, **env}, capture_output=True, text=True)
    assert done.returncode == 0, done
    return done.stderr, {path.name: path.read_text() for path in (folder / "parts").iterdir()}


def test_without_node_there_are_no_charts_and_it_says_so(tmp_path):
    said, parts = join(tmp_path, {"PATH": str(tmp_path)})
    assert "make charts" in said and "make charts" in parts["without.txt"]
    assert parts["script.js"] == "" and "script-src 'none'" in parts["policy.txt"]
    assert parts["style.css"]
    said, _ = join(tmp_path, {"PATH": str(tmp_path)})
    assert said == ""  # once is enough


def test_without_a_network_there_are_no_charts_and_it_says_so(tmp_path):
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    for name in ("npm", "node"):
        (npm.parent / name).write_text("#!/bin/sh\necho x >>calls\necho no network >&2\nexit 1\n")
        (npm.parent / name).chmod(0o755)
    path = {"PATH": f"{npm.parent}:/usr/bin:/bin"}
    for _ in range(2):  # the second does not ask again so soon
        _, parts = join(tmp_path, path)
        assert "could not fetch" in parts["without.txt"] and parts["script.js"] == ""
    assert (tmp_path / "parts.npm" / "calls").read_text() == "x\n"
    assert "no network" in (tmp_path / "parts.npm" / "npm.log").read_text()


def test_the_page_carries_the_licences_of_what_it_carries(compared):
    need_charts()
    text = compared.read_text(encoding="utf-8")
    for holder in ("Mike Bostock", "University of Washington Interactive Data Lab"):
        assert holder in html.unescape(text)


def test_the_lock_pins_all_by_hash():
    lock = json.loads(pathlib.Path(ROOT, "charts", "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads(pathlib.Path(ROOT, "charts", "package.json").read_text(encoding="utf-8"))
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for name, package in lock["packages"].items():
        assert not name or package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package or package["resolved"].startswith("https://registry.npmjs.org/")
