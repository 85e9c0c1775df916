# SPDX-License-Identifier: MIT
"""What a run costs, with the engines as they are: the parts make up the total, memory and ports
are those that are there, nothing is left, and it can be left out. The rules are tested in
tests/unit/test_account.c, a sampler on a box of shells in test_sampler.c.

Figures are CPU times, which a busy machine does not change much; none is a wall-clock time."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from conftest import need
from tote_tool import ODD_ENGINE, TOTE

WAYS = ("local", "local:mode=spawn", "workqueue", "ray", "ray:mode=process")
SPIN = ("--kernel", "spin:us=5000", "--size", 0, "--workers", 2)


@pytest.fixture
def way(request, found_engines):
    need(request.param.partition(":")[0], found_engines)
    return request.param


def run(tote, way, *args):
    done = tote.ok("run", "--json", "--engine", way, *args, timeout=300)
    tote.assert_nothing_left()
    return json.loads(done.out)["run"]


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_parts_make_up_the_total(tote, way):
    tasks = 400 if way.startswith("ray") else 800
    done = run(tote, way, *SPIN, "--tasks", tasks, "--batch", 20)
    usage = done["usage"]
    cpu = usage["cpu_s"]
    assert cpu["kernel"] == done["cpu_s"]["tasks"] >= 0.98 * tasks * 0.005
    assert cpu["total"] > done["cpu_s"]["total"]  # tote itself
    parts = cpu["control"] + cpu["workers"] + cpu["kernel"]
    assert 0.97 * cpu["total"] <= parts <= 1.03 * cpu["total"], cpu
    assert cpu["unattributed"] <= 0.03 * cpu["total"], cpu
    # Read from processes: no part is only what the others left over.
    (row,) = tote.rows("SELECT * FROM usage")
    assert row["worker_ns"] / 1e9 >= 0.98 * cpu["kernel"] and row["teardown_ns"] is not None
    assert usage["processes"] >= 4 and usage["threads"] >= usage["processes"] > 0
    assert usage["descriptors"] > 6 and usage["samples"] >= 2
    if not way.startswith("ray"):  # whose workers are Python: they import, and spin on their own
        assert cpu["workers"] < 0.2 * cpu["kernel"], cpu  # with sanitizers too


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_ports_and_bytes(tote, way):
    done = run(tote, way, *SPIN, "--tasks", 40)
    usage = done["usage"]
    if not done["boxed"]:
        assert usage["ports"] is None and usage["loopback_bytes"] is None
    elif way.startswith("local"):
        assert usage["ports"] == [] and usage["loopback_bytes"] == 0
    else:
        assert usage["ports"] and usage["loopback_bytes"] > 1000
        assert all(0 < int(port.rpartition(":")[2]) < 65536 for port in usage["ports"])


def test_memory_of_a_known_allocation(tote):
    """64 MB in each of two processes, touched, and held for several readings."""
    script = tote.folder / "hold.py"
    script.write_text("import time\n"
                      "held = bytearray(64_000_000)\n"
                      "held[::4096] = b'x' * len(held[::4096])\n"
                      "time.sleep(3)\n")
    done = run(tote, "local", "--workers", 2, "--", sys.executable, script, "{item}",
               ":::", 1, 2)
    memory = done["usage"]["memory"]
    assert memory["how"] == "pss"
    assert 64e6 < memory["peak_bytes"] < 256e6, memory
    assert memory["at_s"] > 0


def test_commands_are_the_workers(tote):
    """What a task starts and waits for is the task's."""
    burn = "import hashlib\nfor _ in range(300): hashlib.sha256(bytes(5_000_000)).digest()"
    done = run(tote, "local", "--", "sh", "-c", f'{sys.executable} -c "{burn}"; true #',
               "{item}", ":::", 1, 2)
    cpu = done["usage"]["cpu_s"]
    assert cpu["kernel"] > 10 * cpu["control"], cpu
    assert cpu["control"] + cpu["workers"] + cpu["kernel"] >= 0.97 * cpu["total"], cpu


def test_host_network_has_no_figures_of_its_own(tote):
    done = run(tote, "local", *SPIN, "--tasks", 20, "--net", "host")
    assert done["usage"]["loopback_bytes"] is None and done["usage"]["ports"] is None
    assert done["usage"]["cpu_s"]["control"] > 0


def test_machine_is_read(tote):
    machine = run(tote, "local", *SPIN, "--tasks", 40)["machine"]
    before, after = machine["before"], machine["after"]
    assert before["cores"] >= 1 and after["busy_s"] >= before["busy_s"] > 0
    assert machine["busy"] in (True, False)
    assert 0 <= machine["others"] <= 1.1


def test_limit_is_read_too(tote):
    document = tote.json("compare", "--engines", "local", *SPIN, "--tasks", 40, "--runs", 1)
    assert [one["machine"]["before"]["cores"] > 0 for one in document["limit"]["runs"]] == [True]
    (cell,) = document["cells"]
    assert cell["usage"]["kernel_s"]["n"] == 1
    launches = tote.value("SELECT (SELECT count(*) FROM run) + count(*) FROM machine_limit")
    assert launches >= 2 and tote.value("SELECT count(*) FROM reading") == 2 * launches
    tote.ok("fsck", tote.store)


def test_off(tote):
    done = run(tote, "local", *SPIN, "--tasks", 20, "--accounting", "off")
    assert done["usage"] is None and done["machine"] is None
    assert tote.value("SELECT count(*) FROM usage") == 0
    assert tote.value("SELECT count(*) FROM reading") == 0


def test_an_engine_that_dies_leaves_figures(tote):
    """No stop was said: nothing is called teardown, and the rest stays unattributed."""
    done = tote.run("run", "--engine", f"{ODD_ENGINE}:do=die,at=3", *SPIN, "--tasks", 20,
                    "--batch", 2)
    assert done.status == 5, done
    (row,) = tote.rows("SELECT * FROM usage")
    assert row["teardown_ns"] is None and row["control_ns"] > 0


@pytest.mark.skipif(not shutil.which("setpriv"), reason="no setpriv")
def test_plain_user(tote):
    """Whoever may not look into the box's init still gets the figures of the rest."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    home = tote.temp / "home"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    tote.temp.chmod(0o777)
    store = tote.temp / "a.tote"
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = tote.run("run", *SPIN, "--tasks", 100, "--batch", 10, "--store", store, "--json",
                    before=user, cwd=tote.temp,
                    env={"HOME": str(home), "XDG_STATE_HOME": str(home), "TMPDIR": str(tote.temp)})
    if done.status != 0 and ("Permission" in done.err or "denied" in done.err):
        pytest.skip(f"nobody cannot run {TOTE}")
    assert done.status == 0, done
    (row,) = tote.rows("SELECT * FROM usage", store)
    assert row["worker_ns"] > 0 and row["memory_bytes"] > 0 and row["memory_how"]
    home.rmdir()
    for file in tote.temp.glob("a.tote*"):
        file.unlink()


def test_the_price_of_measuring_can_be_measured(tote):
    bench = os.path.join(os.path.dirname(__file__), "..", "..", "bench", "cost")
    done = subprocess.run([bench, "--engines", "local", "--runs", "1", "--tasks", "20", "--us", "1000"],
                          env={**os.environ, "TOTE_BIN": str(TOTE)}, cwd=tote.folder,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "| local " in done.stdout, done
