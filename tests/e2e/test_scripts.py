# SPDX-License-Identifier: MIT
"""scripts/run_workqueue.sh and run_ray.sh, as their users call them; and scripts/setup where
nothing is missing."""

import os
import re
import socket
import subprocess
import time

import pytest
from tote_tool import PATIENCE_S, ROOT, TOTE, limit_digest

KEYS = ["tasks", "done", "failed", "wall_s", "tasks_per_s"]


def script(tote, name, cwd=ROOT, **variables):
    env = {**tote.env, "TOTE_BIN": TOTE, "RESULTS": str(tote.folder / "results"),
           **{key: str(value) for key, value in variables.items()}}
    return subprocess.run([os.path.join(ROOT, "scripts", name)], cwd=cwd, env=env, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S)


def summary(done, prefix):
    """The last line of stdout, as a dictionary in its order."""
    assert done.returncode == 0, done
    words = done.stdout.splitlines()[-1].split(" ")
    assert words[0] == f"{prefix}_summary", done
    pairs = dict(word.split("=", 1) for word in words[1:])
    assert list(pairs)[:5] == KEYS
    assert float(pairs["wall_s"]) > 0 and float(pairs["tasks_per_s"]) > 0
    assert float(pairs["start_s"]) > 0 and float(pairs["steady_tasks_per_s"]) > 0
    return pairs


def free_port():
    with socket.socket() as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


@pytest.fixture
def workqueue(usable_engines):
    if "workqueue" not in usable_engines:
        pytest.skip("engine workqueue is not usable")


@pytest.fixture
def ray(usable_engines):
    if "ray" not in usable_engines:
        pytest.skip("engine ray is not usable")


def test_work_queue_with_the_rfcs_variables(tote, workqueue):
    done = script(tote, "run_workqueue.sh", PORT=free_port(), TASKS=12, N=200000, WORKERS=3)
    pairs = summary(done, "wq")
    assert (pairs["tasks"], pairs["done"], pairs["failed"]) == ("12", "12", "0")
    assert pairs["kernel"] == "zfp:accuracy=1e-3" and pairs["digest"] == limit_digest(12)
    for name in ("workqueue_manager.log", "workqueue_workers.log"):
        assert (tote.folder / "results" / name).stat().st_size > 0, name
    tote.assert_nothing_left()


def test_ray_with_the_rfcs_variables(tote, ray):
    done = script(tote, "run_ray.sh", TASKS=12, N=200000, CPUS=3)
    pairs = summary(done, "ray")
    assert (pairs["tasks"], pairs["done"], pairs["failed"]) == ("12", "12", "0")
    assert pairs["digest"] == limit_digest(12)
    assert (tote.folder / "results" / "ray.log").exists()
    tote.assert_nothing_left()


def test_defaults_from_another_folder_and_again(tote, workqueue):
    """Without PORT: the default one, which somebody else may hold."""
    for _ in range(2):
        done = script(tote, "run_workqueue.sh", cwd="/")
        if done.returncode != 0 and "9233" in done.stderr:
            pytest.skip("port 9233 is taken here")
        assert summary(done, "wq")["tasks"] == "12"
    (store,) = (tote.folder / "results").glob("*.tote")
    assert tote.value("SELECT workers FROM run", store) == 3


def test_kernel_zlib_switches_both(tote, workqueue, ray):
    wanted = limit_digest(3, "zlib", 1000)
    for name, prefix, more in (("run_workqueue.sh", "wq", {"PORT": free_port()}),
                               ("run_ray.sh", "ray", {})):
        pairs = summary(script(tote, name, KERNEL="zlib", TASKS=3, N=1000, **more), prefix)
        assert pairs["kernel"] == "zlib" and pairs["digest"] == wanted


def test_a_busy_port_is_a_clear_error(tote, workqueue):
    with socket.socket() as busy:
        busy.bind(("", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = script(tote, "run_workqueue.sh", PORT=port)
    assert done.returncode != 0 and "wq_summary" not in done.stdout
    assert str(port) in done.stderr and len(done.stderr.splitlines()) == 1, done


@pytest.mark.parametrize("variables", [{"TASKS": "x"}, {"N": "-1"}, {"WORKERS": "0"},
                                       {"KERNEL": "zpf"}, {"PORT": "99999"}, {"PORT": "x"}])
def test_bad_variables(tote, workqueue, variables):
    done = script(tote, "run_workqueue.sh", **{"PORT": free_port(), **variables})
    assert done.returncode == 2 and "wq_summary" not in done.stdout, done
    assert re.fullmatch(r"tote: .*\n", done.stderr), done


def test_failed_tasks_are_in_the_summary_and_the_status(tote, workqueue):
    done = script(tote, "run_workqueue.sh", PORT=free_port(), KERNEL="fault:fail=1", N=0)
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1].startswith("wq_summary tasks=12 done=11 failed=1 ")


def test_setup_is_quick_when_nothing_is_missing():
    if subprocess.run(["sh", "-c", "command -v dpkg-query apt-get"], capture_output=True).returncode:
        pytest.skip("no Debian")
    start = time.process_time_ns()
    done = subprocess.run([os.path.join(ROOT, "scripts", "setup"), "build"], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and done.stdout == done.stderr == "", done
    assert time.process_time_ns() - start < 10**9
    bad = subprocess.run([os.path.join(ROOT, "scripts", "setup")], capture_output=True, text=True)
    assert bad.returncode == 2 and "usage" in bad.stderr
