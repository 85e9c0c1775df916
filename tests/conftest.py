# SPDX-License-Identifier: MIT
"""What all pytest tests share: the places of the programs under test, and TAP for Meson. Not for
what only the end-to-end tests use: e2e/tote_tool.py.

Environment: TOTE_BUILD, the build folder. TOTE_BIN, the tote under test if it is another one (an
installed one). TOTE_TEST_PYTHON, a folder with more Python packages, from requirements.txt.
TOTE_TEST_TAP=1: print TAP instead of pytest's own report, so that each case counts."""

import os
import site
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "e2e"))
if os.environ.get("TOTE_TEST_PYTHON"):
    site.addsitedir(os.environ["TOTE_TEST_PYTHON"])


class Tap:
    """One line a case: a case has failed if any of its phases has."""

    def __init__(self):
        self.n = 0
        self.worst = {}
        sys.stdout.write("TAP version 13\n")

    def pytest_collection_finish(self, session):
        self.say(f"1..{len(session.items)}")

    def pytest_runtest_logreport(self, report):
        known = self.worst.setdefault(report.nodeid, report)
        if report.failed or (report.skipped and not known.failed):
            self.worst[report.nodeid] = report
        if report.failed:
            self.comment(report.longreprtext)
            for title, text in report.sections:
                self.comment(f"--- {title}\n{text}")
        if report.when == "teardown":
            self.result(self.worst.pop(report.nodeid))

    def pytest_collectreport(self, report):
        if report.failed:
            self.comment(report.longreprtext)
            self.say(f"Bail out! {report.nodeid} cannot be collected")

    def result(self, report):
        self.n += 1
        name = report.nodeid.replace("#", "").replace("\n", " ")
        if report.skipped:
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            why = why.removeprefix("Skipped: ").splitlines()[0].replace("#", "")
            # Twice, since Meson's JUnit file keeps only the name.
            self.say(f"ok {self.n} - {name} (skipped: {why}) # SKIP {why}")
        else:
            self.say(f"{'not ok' if report.failed else 'ok'} {self.n} - {name}")

    def comment(self, text):
        for line in text.splitlines():
            self.say(f"# {line}")

    def say(self, line):
        sys.__stdout__.write(line + "\n")
        sys.__stdout__.flush()


def pytest_make_parametrize_id(config, val, argname):
    """A name that a line of TAP can hold."""
    if isinstance(val, str) and len(val) > 60:
        return f"{argname}-of-{len(val)}-bytes"
    return None


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    if os.environ.get("TOTE_TEST_TAP") == "1":
        config.pluginmanager.unregister(name="terminalreporter")
        config.pluginmanager.register(Tap(), "tote-tap")


@pytest.fixture(autouse=True)
def no_tote_settings(monkeypatch):
    """Nothing of the caller's own tote is read or written but the engines that are set up."""
    for name in list(os.environ):
        if name.startswith("WORK_QUEUE_") or name in ("CATALOG_HOST", "CATALOG_PORT"):
            monkeypatch.delenv(name)
