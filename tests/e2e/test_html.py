# SPDX-License-Identifier: MIT
"""tote report --format html: the page in a browser, network off: what is drawn, read, reached, and
what stays text."""

import pytest
from pages import Browser, need_charts, report_cli


@pytest.fixture(scope="module")
def browser():
    need_charts()
    with Browser() as one:
        yield one


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Path of the page of a scenario of report-cli."""
    folder = tmp_path_factory.mktemp("pages")

    def make(scenario):
        page, store = folder / f"{scenario}.html", folder / f"{scenario}.tote"
        if not page.exists():
            report_cli("make", scenario, store)
            page.write_text(report_cli("html", store), encoding="utf-8")
        return page

    return make


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_is_drawn(browser, made, width, scheme):
    with browser.open(made("compare"), width, scheme) as page:
        page.assert_quiet()
        charts = page.charts()
        assert charts
        for name, (marks, drawn) in charts.items():
            assert marks > 0 and drawn > width / 2, (name, marks, drawn)
        assert page.overflow() == 0
