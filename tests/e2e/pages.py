# SPDX-License-Identifier: MIT
"""HTML reports in Debian's Chromium, by Playwright: pages opened from a file, with the network off,
and what went wrong in them. Not tests.

    with Browser() as browser, browser.open(path, width=390, scheme="dark") as page:
        page.assert_quiet()

Without Playwright (tests/requirements.txt) or Chromium a test that needs them is skipped."""

import contextlib
import json
import os
import pathlib
import subprocess

import pytest
from tote_tool import BUILD, ROOT

CHROMIUM = "/usr/bin/chromium"
AXE = os.path.join(BUILD, "page.parts.npm", "node_modules", "axe-core", "axe.min.js")
DRAW_MS = 60000  # for what must happen, on however slow a machine


def need_browser():
    pytest.importorskip("playwright", reason="no Playwright: scripts/check installs it")
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"no {CHROMIUM}: scripts/setup check")


def has_charts():
    """Whether the tote under test was built with them."""
    script = pathlib.Path(BUILD, "page.parts", "script.js")
    return script.is_file() and script.stat().st_size > 0


def need_charts():
    need_browser()
    if not has_charts():
        pytest.skip("tote was built without charts: scripts/setup charts, and build again")


def specifications():
    folder = pathlib.Path(ROOT, "charts")
    return {path.name.removesuffix(".vl.json"): json.loads(path.read_text(encoding="utf-8"))
            for path in folder.glob("*.vl.json")}


class Browser:
    """One Chromium for many pages."""

    def __enter__(self):
        from playwright.sync_api import sync_playwright
        self.stack = contextlib.ExitStack()
        self.play = self.stack.enter_context(sync_playwright())
        self.chromium = self.play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        self.stack.callback(self.chromium.close)
        return self

    def __exit__(self, *what):
        return self.stack.__exit__(*what)

    @contextlib.contextmanager
    def open(self, path, width=1280, scheme="light", script=True):
        context = self.chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True,
            java_script_enabled=script)
        with contextlib.closing(context):
            page = Page(context.new_page(), path)
            if script and has_charts():
                page.tab.wait_for_selector("html[data-charts=done]", timeout=DRAW_MS,
                                           state="attached")
            yield page


class Page:
    """tab: Playwright's. said: all that the console, errors and requests tell."""

    def __init__(self, tab, path):
        self.tab, self.said, self.asked = tab, [], []
        tab.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        tab.on("request", lambda request: self.asked.append(request.url))
        self.url = pathlib.Path(path).resolve().as_uri()
        tab.goto(self.url)

    def assert_quiet(self):
        """No word on the console, which is also where the policy complains; no request."""
        assert self.said == []
        assert [url for url in self.asked if url.partition("#")[0] != self.url] == []

    def charts(self):
        """{name: (marks drawn, width)} of the figures."""
        return self.tab.evaluate("""() => Object.fromEntries(
            [...document.querySelectorAll('figure[data-chart]')].map((figure) => {
                const svg = figure.querySelector('svg');
                const marks = svg ? svg.querySelectorAll('.mark-group path, .mark-symbol path, '
                    + '.mark-rect path, .mark-rule line, .mark-line path').length : 0;
                return [figure.dataset.chart, [marks, svg ? svg.getBoundingClientRect().width : 0]];
            }))""")

    def overflow(self):
        """Pixels by which the page is wider than the window."""
        return self.tab.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def axe(self):
        """What axe-core finds that is serious or critical, as lines. Its script runs beside the
        page's policy, not under it: Playwright puts it there."""
        if not os.path.exists(AXE):
            pytest.skip("no axe-core: npm could not fetch it")
        self.tab.evaluate(pathlib.Path(AXE).read_text(encoding="utf-8") + "; 0")
        found = self.tab.evaluate("axe.run().then((found) => found.violations)")
        return [f"{one['impact']}: {one['id']}: {node['target']}: {node['failureSummary']}"
                for one in found if one["impact"] in ("serious", "critical")
                for node in one["nodes"]]


def report_cli(*args):
    return subprocess.run([os.path.join(BUILD, "tests", "report-cli"), *map(str, args)], check=True,
                          capture_output=True, text=True).stdout
