# SPDX-License-Identifier: MIT
"""Bad input: one sentence that names the input, the place and the mend; the right exit code; and
nothing that passes for a result. Engines that misbehave: test_odd_engine.py."""

import contextlib
import os
import sqlite3
import subprocess

import pytest
from tote_tool import ODD_ENGINE, PATIENCE_S, TASK, TOTE

HUGE = "99999999999999999999999"


def assert_no_result(tote):
    assert list(tote.folder.glob("*.tote*")) == []
    assert not tote.state.exists() or list(tote.state.glob("tote/*")) == []


@pytest.mark.parametrize("args,words", [
    (["--engine", "lcoal"], "unknown engine 'lcoal'; did you mean 'local'?"),
    (["--engine", "wq"], "unknown engine 'wq'"),
    (["--engine", ""], "has no name"),
    (["--engine", "./not-there"], "./not-there"),
    (["--engine", "local:mod=serve"], "engine local has no option 'mod'; did you mean 'mode'?"),
    (["--engine", "local:mode"], "'mode' of engine local is not NAME=VALUE"),
    (["--engine", "local:mode=serve,mode=spawn"], "given twice"),
    (["--engine", "local:mode=fast"], "serve, spawn"),
    (["--engine", "local:batch=0"], "batch"),
    (["--kernel", "zpf"], "did you mean 'zfp'?"),
    (["--kernel", "zfp:acuracy=1e-3"], "did you mean 'accuracy'?"),
    (["--kernel", "zlib:level=12"], "level"),
    (["--kernel", "zfp:accuracy=-1"], "accuracy"),
    (["--kernel", "zfp:accuracy=0"], "accuracy"),
    (["--kernel", "zfp:accuracy=nan"], "accuracy"),
    (["--kernel", "zfp:accuracy=1e-3,rate=8"], "rate"),
    (["--kernel", ""], "kernel"),
    (["--kernel", "x" * 2000], "kernel"),
    (["--kernl", "zfp"], "did you mean --kernel?"),
    (["--tasks", "-1"], "tasks"),
    (["--tasks", HUGE], "tasks"),
    (["--tasks", str(2**40 + 1)], "tasks"),
    (["--tasks", "12x"], "12x"),
    (["--tasks", "1e3"], "1e3"),
    (["--tasks", ""], "tasks"),
    (["--tasks"], "wants a value"),
    (["--size", HUGE], "size"),
    (["--seed", "-1"], "seed"),
    (["--seed", str(2**63)], "seed"),
    (["--workers", "0"], "workers"),
    (["--workers", "4097"], "workers"),
    (["--batch", "0"], "batch must be auto or a number from 1 to 4096, not '0'"),
    (["--batch", "4097"], "4097"),
    (["--batch", "atuo"], "atuo"),
    (["--net", "hots"], "host"),
    (["--start-timeout", "-1s"], "start-timeout"),
    (["--start-timeout", "soon"], "start-timeout"),
    (["-j", "4"], "unknown option -j"),
    (["one.yaml", "two.yaml"], "unexpected argument 'two.yaml'"),
    (["--runs", "3"], "--runs"),
])
def test_run_refuses(tote, args, words):
    sentence = tote.refused("run", *args)
    assert words in sentence
    assert "\n" not in sentence and len(sentence) < 512
    assert_no_result(tote)


@pytest.mark.parametrize("args,words", [
    (["--engines", "local,lcoal"], "did you mean 'local'?"),
    (["--engines", ""], "empty"),
    (["--engines", "local,,ray"], "empty"),
    (["--engines", ",".join(["local"] * 33)], "32"),
    (["--runs", "0"], "runs"),
    (["--runs", "1001"], "runs"),
    (["--budget", "-1s"], "budget"),
    (["--budget", "1y"], "budget"),
    (["--order-seed", "x"], "order-seed"),
])
def test_compare_refuses(tote, args, words):
    assert words in tote.refused("compare", *args)
    assert_no_result(tote)


@pytest.mark.parametrize("args,words", [
    ([], "tote report STORE"),
    (["nothing.tote"], "nothing.tote"),
    (["/"], "/"),
    (["/dev/null"], "/dev/null"),
    (["one.tote", "two.tote"], "unexpected argument 'two.tote'"),
    (["--format", "xml", "nothing.tote"], "text"),
])
def test_report_refuses(tote, args, words):
    assert words in tote.refused("report", *args)


def test_report_of_what_is_no_store(tote):
    (tote.folder / "bag.txt").write_text("tasks: 12\n" * 1000)
    assert "bag.txt" in tote.refused("report", "bag.txt")
    with contextlib.closing(sqlite3.connect(tote.folder / "other.db")) as db:
        db.execute("CREATE TABLE t (x)")
    assert "other.db" in tote.refused("report", "other.db")


def test_report_of_a_store_that_was_cut_short(tote):
    tote.ok("run", "--kernel", "noop", "--tasks", 2000, "--store", "s.tote")
    whole = (tote.folder / "s.tote").read_bytes()
    for size in (0, 50, 100, 5000, len(whole) // 2, len(whole) - 3000):
        (tote.folder / "s.tote").write_bytes(whole[:size])
        done = tote.run("report", "s.tote")
        assert done.status in (1, 2) and done.out == "" and "s.tote" in done.sentence, (size, done)


def test_a_store_of_a_newer_schema(tote):
    tote.ok("run", "--kernel", "noop", "--store", "s.tote")
    with contextlib.closing(sqlite3.connect(tote.folder / "s.tote")) as db:
        db.execute("PRAGMA user_version = 99")
    sentence = tote.refused("report", "s.tote")
    assert "s.tote" in sentence and "99" in sentence


# --- the store ---

def test_an_existing_store_is_not_touched(tote):
    store = tote.folder / "s.tote"
    store.write_text("mine")
    assert "s.tote" in tote.refused("run", "--kernel", "noop", "--store", store)
    assert store.read_text() == "mine"
    store.unlink()
    tote.ok("run", "--kernel", "noop", "--store", store)
    before = store.read_bytes()
    assert "s.tote" in tote.refused("run", "--kernel", "noop", "--store", store)
    assert store.read_bytes() == before


@pytest.mark.parametrize("path", ["none/s.tote", "/proc/s.tote", "x" * 300 + ".tote", "/",
                                  "file/s.tote"])
def test_an_unwritable_store(tote, path):
    (tote.folder / "file").write_text("")
    sentence = tote.refused("run", "--kernel", "noop", "--store", path)
    assert path[:100] in sentence
    assert not (tote.folder / "none").exists()


def test_an_unwritable_state_folder(tote):
    tote.state.write_text("a file")
    assert "--store" in tote.refused("run", "--kernel", "noop")


@pytest.mark.parametrize("env", [{}, {"HOME": ""}, {"HOME": "here"}, {"XDG_STATE_HOME": "here"}])
def test_no_state_folder_at_all(tote, env):
    for name in ("HOME", "XDG_STATE_HOME"):
        del tote.env[name]
    sentence = tote.refused("run", "--kernel", "noop", env=env)
    assert "neither XDG_STATE_HOME nor HOME names a folder" in sentence and "--store" in sentence
    assert not (tote.folder / "here").exists()
    tote.ok("run", "--kernel", "noop", "--store", "s.tote", env=env)


def test_a_store_that_is_dropped_leaves_nothing_beside_it(tote):
    tote.refused("run", "--kernel", "noop", "--engine", f"{ODD_ENGINE}:do=die-at-once",
                 "--store", "s.tote", status=5)
    assert_no_result(tote)


def test_an_engine_log_overwrites_nothing(tote):
    (tote.folder / "mine").write_text("precious")
    assert "holds something" in tote.refused("run", "--kernel", "noop", "--engine-log", "mine")
    assert (tote.folder / "mine").read_text() == "precious"


def test_a_private_network_is_kept(tote):
    sentence = tote.refused("run", "--kernel", "noop", "--engine", "workqueue:port=9", "--net", "private")
    assert "--net host" in sentence


def test_an_unwritable_engine_log(tote):
    assert "none/log" in tote.refused("run", "--kernel", "noop", "--engine-log", "none/log")
    assert_no_result(tote)


def full_disk(tote, size):
    """A file system of size, for the store, as a prefix of a command."""
    (tote.folder / "disk").mkdir()
    prefix = ["unshare", "-m", "sh", "-c",
              f'mount -t tmpfs -o size={size} full "$0"/disk && "$@"; s=$?; '
              'cp "$0"/disk/*.tote* "$0" 2>/dev/null; exit $s', str(tote.folder)]
    if os.getuid() != 0:
        pytest.skip("only root can mount a small file system")
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("a file system cannot be mounted here")
    return prefix


def test_a_full_disk_ends_the_run_and_says_so(tote):
    done = tote.run("run", "--kernel", "noop", "--tasks", 200000, "--store", "disk/s.tote",
                    before=full_disk(tote, "1m"))
    assert done.status == 1 and done.out == "", done
    assert "no space left" in done.sentence and "disk/s.tote" in done.sentence, done
    assert len(done.err.splitlines()) == 1
    state, claimed, kept = tote.rows("SELECT state, done + failed, (SELECT count(*) FROM record)"
                                     " FROM run", tote.folder / "s.tote")[0]
    # The row claims no result that the store does not hold; where not one page was left it has
    # no last word at all, as after a kill.
    assert (state, claimed) in (("broken", kept), ("running", 0)) and kept > 0
    assert "200000 done, 0 failed of 200000" in tote.ok("resume", "s.tote").out  # with space
    tote.assert_nothing_left()


def test_a_disk_that_is_full_at_once(tote):
    done = tote.run("run", "--kernel", "noop", "--store", "disk/s.tote",
                    before=full_disk(tote, "4k"))
    assert done.status in (1, 2) and done.out == "" and "disk/s.tote" in done.sentence, done


# --- bag files ---

@pytest.mark.parametrize("text,place,words", [
    ("tasks: 12\nkernle: zfp\n", "2:1", "did you mean 'kernel'?"),
    ("tasks: twelve\n", "1:8", "twelve"),
    ("tasks: -1\n", "1:8", "tasks"),
    ("tasks: 1\ntasks: 2\n", "2:1", "this key was there before"),
    ("tasks: {a: 1}\n", "1:8", "a value must be"),
    ("- tasks\n", "1:1", "a bag file is a mapping"),
    ("just words\n", "1:1", "a bag file is a mapping"),
    ("tasks: [1\n", "2:1", ""),
    ("tasks: 1\n  size: 3\n", "2:", ""),
    ("\ttasks: 1\n", "1:1", ""),
    ("tasks: \x01\n", "1:", ""),
    ("net: hots\n", "1:6", "host"),
    ("size: " + HUGE + "\n", "1:7", "size"),
    ("? [a]\n: 1\n", "1:3", "a key must be"),
    ("kernel: " + "x" * 5000 + "\n", "1:9", "below 1024 bytes"),
])
def test_a_bag_file_with_a_mistake(tote, text, place, words):
    (tote.folder / "bag.yaml").write_text(text)
    for command in ("run", "compare"):
        sentence = tote.refused(command, "bag.yaml")
        assert sentence.startswith(f"bag.yaml:{place}") and words in sentence, sentence
        assert len(sentence) < 512
    assert tote.refused("run", "-", input=text).startswith(f"standard input:{place}")
    assert_no_result(tote)


def test_a_bag_file_that_is_not_there(tote):
    assert "bag.yaml" in tote.refused("run", "bag.yaml")
    assert "." in tote.refused("run", ".")


def test_a_bag_file_without_end(tote):
    assert "/dev/zero" in tote.refused("run", "/dev/zero")


def test_an_empty_bag_file_sets_nothing(tote):
    (tote.folder / "bag.yaml").write_text("# nothing\n")
    assert tote.ok("run", "bag.yaml", "--print-config").out == tote.ok("run", "--print-config").out


def test_a_bag_file_may_not_name_a_program(tote):
    (tote.folder / "bag.yaml").write_text(f"engine: {ODD_ENGINE}\n")
    assert "a bag file names engines, not programs" in tote.refused("run", "bag.yaml")
    (tote.folder / "bag.yaml").write_text(f"engines: [local, '{ODD_ENGINE}:do=nothing']\n")
    assert "a bag file names engines, not programs" in tote.refused("compare", "bag.yaml")


@pytest.mark.parametrize("option", ["workers-log", "manager-log", "password-file"])
def test_a_bag_file_may_not_name_files(tote, usable_engines, option):
    """Else one from a stranger could empty a file of ours."""
    if "workqueue" not in usable_engines:
        pytest.skip("engine workqueue is not usable")
    victim = tote.folder / "victim"
    victim.write_text("mine")
    engine = f"workqueue:{option}={victim}"
    (tote.folder / "bag.yaml").write_text(f"engine: '{engine}'\nengines: ['local', '{engine}']\n")
    for command in ("run", "compare"):
        sentence = tote.refused(command, "bag.yaml")
        assert sentence == ("bag.yaml: a bag file names no files: give option "
                            f"'{option}' of engine workqueue on the command line")
    assert victim.read_text() == "mine"
    assert_no_result(tote)


def test_a_file_of_the_command_line_is_taken_with_a_bag_file(tote, usable_engines):
    if "workqueue" not in usable_engines:
        pytest.skip("engine workqueue is not usable")
    (tote.folder / "bag.yaml").write_text("kernel: noop\nengine: 'workqueue:workers-log=no'\n")
    log = tote.folder / "workers.log"
    tote.ok("run", "bag.yaml", "--engine", f"workqueue:workers-log={log}")
    assert log.exists()


def test_bags_of_aliases_do_not_explode(tote):
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    (tote.folder / "bag.yaml").write_text("\n".join(lines) + "\n")
    assert tote.refused("run", "bag.yaml").startswith("bag.yaml:1:1")


# --- tote's own installation ---

def test_without_tote_task_it_says_so(tote):
    copy = tote.folder / "tote"
    copy.write_bytes(open(TOTE, "rb").read())
    copy.chmod(0o755)
    done = subprocess.run([copy, "run", "--kernel", "noop"], env=tote.env, capture_output=True,
                          text=True, timeout=PATIENCE_S)
    assert done.returncode in (1, 5) and "tote-task" in done.stderr, done
    assert os.path.exists(TASK)
