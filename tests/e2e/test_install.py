# SPDX-License-Identifier: MIT
"""The installed tool: the tree that make install makes is complete and runs from wherever it is.
scripts/check runs the other end-to-end tests on such a tree too."""

import os
import shutil
import stat
import subprocess

import pytest
from schema_tool import names, read, validate
from tote_tool import BUILD, limit_digest

META = os.path.join(BUILD, "meson-info")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The folder that is the prefix."""
    if not os.path.isdir(META) or not shutil.which("meson"):
        pytest.skip("no build folder to install from")
    destination = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir",
                    str(destination)], check=True, capture_output=True)
    (tote,) = destination.glob("**/bin/tote")
    return tote.parent.parent


def relative(tree):
    return {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}


def test_what_is_there(tree):
    found = relative(tree)
    assert {"bin/tote", "bin/tote-task", "lib/tote/libtote-task.so", "lib/tote/tote-engine-local",
            "lib/tote/tote-engine-workqueue", "lib/tote/tote-engine-ray",
            "include/tote/kernel.h", "include/tote/engine.h"} <= found
    assert os.listdir(tree / "bin") and sorted(os.listdir(tree / "bin")) == ["tote", "tote-task"]
    assert not [name for name in found if name.endswith((".a", ".pyc", ".log"))]


def test_modes(tree):
    for path in tree.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert not mode & 0o022, path
        if path.name.startswith("tote-engine-") and "." not in path.name:
            assert mode & 0o111, path


def test_no_build_folder_in_the_programs(tree):
    for name in ("bin/tote", "bin/tote-task", "lib/tote/tote-engine-local"):
        dynamic = subprocess.run(["readelf", "-d", tree / name], capture_output=True, text=True)
        assert "RPATH" not in dynamic.stdout and "RUNPATH" not in dynamic.stdout


def test_it_runs_where_it_lies(tree, tote, engine):
    done = subprocess.run([tree / "bin" / "tote", "run", "--engine", engine, "--size", "1000",
                           "--json"], env=tote.env, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done
    assert limit_digest(12, size=1000) in done.stdout
    tote.assert_nothing_left()


def test_its_schemas_hold(tree, tote):
    """All that the sources have, each found beside the others."""
    folder = tree / "share" / "tote" / "schema"
    assert names(folder) == names()
    assert all(read(name, folder) == read(name) for name in names())
    document = tote.json("compare", "--engines", "local", "--kernel", "noop", "--size", 0,
                         "--tasks", 3, "--runs", 1)
    validate(document, "compare", folder)


def test_it_runs_when_it_is_only_readable(tree, tote):
    copy = tote.folder / "copy"
    shutil.copytree(tree, copy)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    before = relative(copy)
    done = subprocess.run([copy / "bin" / "tote", "engines"], env=tote.env, capture_output=True,
                          text=True)
    assert done.returncode == 0 and "local" in done.stdout
    assert relative(copy) == before
    for path in [copy, *copy.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)


def test_a_copy_of_the_program_alone_writes_the_same_page(tree, tote):
    """The page's parts are in the program, not in a file beside it."""
    tote.ok("run", "--kernel", "noop", "--tasks", 5, "--store", "bag.tote")
    page = tote.ok("report", "bag.tote", "--format", "html").out
    alone = tote.folder / "alone"
    alone.mkdir()
    shutil.copyfile(tree / "bin" / "tote", alone / "tote")
    (alone / "tote").chmod(0o755)
    done = subprocess.run([alone / "tote", "report", "bag.tote", "--format", "html"],
                          cwd=tote.folder, env=tote.env, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert done.stdout == page and "</html>" in page
