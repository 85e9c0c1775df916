# SPDX-License-Identifier: MIT
"""Fixtures of the end-to-end tests. TOTE_TEST_ENGINES: the engines to use, by commas, where not
all can be (Ray's Python cannot load a library built with a sanitizer)."""

import os

import pytest
from tote_tool import Tote

ENGINES = ("local", "workqueue", "ray")


@pytest.fixture
def tote(tmp_path):
    tool = Tote(tmp_path)
    yield tool
    tool.close()


@pytest.fixture(scope="session")
def found_engines(tmp_path_factory):
    tool = Tote(tmp_path_factory.mktemp("engines"))
    yield tool.engines()
    tool.close()


def need(name, found):
    wanted = os.environ.get("TOTE_TEST_ENGINES", ",".join(ENGINES)).split(",")
    if name not in wanted:
        pytest.skip(f"engine {name} is left out by TOTE_TEST_ENGINES")
    if name not in found:
        pytest.fail(f"engine {name} is not there")
    if not found[name]["usable"]:
        pytest.skip(f"engine {name}: {found[name]['why']}; run: {found[name]['mend']}")


@pytest.fixture(params=ENGINES)
def engine(request, found_engines):
    need(request.param, found_engines)
    return request.param


@pytest.fixture
def all_engines(found_engines):
    for name in ENGINES:
        need(name, found_engines)
    return ENGINES


@pytest.fixture
def usable_engines(found_engines):
    """At least local; the others where they are."""
    wanted = os.environ.get("TOTE_TEST_ENGINES", ",".join(ENGINES)).split(",")
    return [name for name in ENGINES
            if name in wanted and name in found_engines and found_engines[name]["usable"]]
