# SPDX-License-Identifier: MIT
"""tote engines facts: real engines looked at while they work, what a stranger's engine states, and
what is said of engines that are not there."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import jsonschema
import pytest
from tote_tool import BUILD, ODD_ENGINE, ROOT

FACTS = ("engines", "facts")
SHOWN = ("first_result_s", "processes", "ports", "descriptors")


def valid(document):
    schema = json.loads(pathlib.Path(ROOT, "docs/schemas/facts.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def one(document):
    (engine,) = valid(document)["engines"]
    return engine


def own_engine(folder, name="mine", facts=None):
    """The odd engine under a name of its own, with a facts file or without."""
    program = folder / name
    shutil.copy(ODD_ENGINE, program)
    if facts is not None:
        text = facts if isinstance(facts, str) else json.dumps({"facts_version": 1, **facts})
        pathlib.Path(f"{program}.facts").write_text(text, "utf-8")
    return program


# --- real engines ---

def test_local_listens_nowhere(tote):
    engine = one(tote.json(*FACTS, "local", "--runs", 6, "--workers", 3))
    facts = engine["facts"]
    assert engine["usable"] and engine["measured"] and engine["why"] is None
    assert facts["ports"]["value"] == 0 and facts["ports"]["items"] == []
    assert facts["processes"]["items"] == [{"name": "tote-engine-local", "count": 1},
                                           {"name": "tote-task", "count": 3}]
    assert facts["processes"]["value"] == 4
    assert facts["descriptors"]["value"] >= 12  # three streams of each
    assert facts["packages"]["value"] == 0
    first = facts["first_result_s"]
    assert 0 < first["interval"]["low"] <= first["value"] <= first["interval"]["high"]
    assert first["interval"]["n"] == 6 and "n=6" in first["how"]
    assert facts["engine_lines"]["value"] == len(
        pathlib.Path(ROOT, "engines/local/local.c").read_text("utf-8").splitlines())
    tote.assert_nothing_left()


def test_workqueue_listens_as_its_manager(tote, found_engines):
    from conftest import need
    need("workqueue", found_engines)
    facts = one(tote.json(*FACTS, "workqueue", "--runs", 1))["facts"]
    (port,) = facts["ports"]["items"]
    assert port["process"] == "tote-engine-workqueue" and port["address"] == "0.0.0.0"
    names = {item["name"]: item["count"] for item in facts["processes"]["items"]}
    assert names["tote-engine-workqueue"] == 1 and names["work_queue_worker"] >= 2
    assert facts["processes"]["value"] == sum(names.values())
    assert facts["licence"]["value"] == "GPL-2"
    tote.assert_nothing_left()


def test_ray_listens_on_loopback(tote, found_engines):
    from conftest import need
    need("ray", found_engines)
    facts = one(tote.json(*FACTS, "ray", "--runs", 1))["facts"]
    assert {port["address"] for port in facts["ports"]["items"]} == {"127.0.0.1"}
    assert {"gcs_server", "raylet"} <= {port["process"] for port in facts["ports"]["items"]}
    assert {"tote-engine-ray", "gcs_server", "raylet"} <= {
        item["name"] for item in facts["processes"]["items"]}
    assert facts["ports"]["value"] == len(facts["ports"]["items"])
    home = pathlib.Path(tote.env["XDG_DATA_HOME"], "tote/engines/ray")
    python = len(list(home.glob("lib/python3*/site-packages/*.dist-info")))
    debian, _ = debian_sum(["python3-venv"])
    assert facts["packages"]["value"] == debian + python > 0
    tote.assert_nothing_left()


def test_an_option_of_an_engine_counts(tote):
    engines = valid(tote.json(*FACTS, "local", "local:mode=spawn", "--runs", 1))["engines"]
    assert [engine["engine"] for engine in engines] == ["local", "local:mode=spawn"]
    assert all(engine["measured"] for engine in engines)


# --- packages ---

def debian_sum(names):
    """The same question put to dpkg-query: packages and KiB that names bring to a base system."""
    fields = "${db:Status-Status}\t${Package}\t${Priority}\t${Essential}\t${Installed-Size}\t" \
             "${Pre-Depends}, ${Depends}\t${Provides}\n"
    text = subprocess.run(["dpkg-query", "-W", "-f", fields], capture_output=True, text=True,
                          check=True).stdout
    packages, known = {}, {}
    for line in text.splitlines():
        status, name, priority, essential, size, needs, provides = line.split("\t")
        if status == "installed":
            packages[name] = (priority in ("required", "important") or essential == "yes",
                              int(size or 0), needs)
            known.setdefault(name, set()).add(name)
            for other in filter(None, map(str.strip, provides.split(","))):
                known.setdefault(other.split()[0], set()).add(name)

    def closure(start):
        seen, left = set(), list(start)
        while left:
            name = left.pop()
            if name in seen:
                continue
            seen.add(name)
            for clause in packages[name][2].split(","):
                for other in (re.split(r"[\s:(]", part.strip())[0] for part in clause.split("|")):
                    if other in known:
                        if not known[other] & seen:
                            left.append(other if other in packages else sorted(known[other])[0])
                        break
        return seen

    base = closure(name for name, package in packages.items() if package[0])
    more = closure(names) - base
    return len(more), sum(packages[name][1] for name in more)


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="no dpkg")
def test_packages_are_those_that_dpkg_knows(tote, found_engines):
    from conftest import need
    need("workqueue", found_engines)
    facts = one(tote.json(*FACTS, "workqueue", "--runs", 1))["facts"]
    packages, kib = debian_sum(["coop-computing-tools"])
    own = os.path.getsize(os.path.join(BUILD, "tote-engine-workqueue"))
    assert facts["packages"]["value"] == packages > 1
    assert facts["megabytes"]["value"] == pytest.approx((kib * 1024 + own) / 1e6)


# --- engines of strangers ---

def test_a_stranger_states_nothing_and_is_measured(tote):
    program = own_engine(tote.folder)
    engine = one(tote.json(*FACTS, program, "--runs", 2, "--workers", 1))
    assert engine["measured"] and engine["version"] == "1"
    for name, fact in engine["facts"].items():
        assert fact["source"] == ("measured" if name in SHOWN else "not stated"), name
        assert (fact["value"] is None) == (name not in SHOWN)
    assert {"name": "mine", "count": 1} in engine["facts"]["processes"]["items"]
    assert engine["score"]["points"] is None and engine["score"]["missing"] == 5
    text = tote.ok(*FACTS, program, "--runs", 1).out
    assert re.search(r"^  licence +not stated$", text, re.M)
    assert "mine: at least " in text
    tote.assert_nothing_left()


def test_a_stranger_brings_facts_of_its_own(tote):
    program = own_engine(tote.folder, facts={
        "packages": {"value": 4, "source": "by hand"},
        "crash_steps": {"items": ["weep", "start again"], "source": "experience"},
        "licence": {"text": "none \u202e of yours", "source": "LICENCE"}})
    facts = one(tote.json(*FACTS, program, "--runs", 1))["facts"]
    assert facts["packages"] == {"value": 4, "source": "documented", "how": "by hand"}
    assert facts["crash_steps"]["items"] == ["weep", "start again"]
    text = tote.ok(*FACTS, program, "--runs", 1).out
    assert "2: weep, start again" in text and "\u202e" not in text


def test_a_wrong_facts_file_is_the_engines_fault(tote):
    program = own_engine(tote.folder, facts='{"facts_version": 1,\n "licence": }')
    done = tote.run(*FACTS, program, "--json")
    engine = one(json.loads(done.out))
    assert done.status == 5 and not engine["measured"]
    assert "mine.facts:2:" in engine["why"]
    assert all(engine["facts"][name]["source"] == "not measured" for name in SHOWN)


SETUP = """#!/bin/sh
home="$XDG_DATA_HOME/tote/engines/kept"
case "$1" in
--setup) mkdir -p "$home/lib/site-packages/one-1.dist-info"; exit 0 ;;
--remove) rm -r "$home"; exit 0 ;;
--describe)
    usable=true; [ -d "$home" ] || usable=false
    echo '{"name":"kept","summary":"s","version":"1","usable":'$usable',"why":"not there","mend":"set it up",'\\
'"options":[],"network_options":[],"setup":true}' ;;
esac
"""


def test_the_time_of_a_setup_is_kept_beside_it(tote):
    program = tote.folder / "kept"
    program.write_text(SETUP, "utf-8")
    program.chmod(0o755)
    pathlib.Path(f"{program}.facts").write_text(
        '{"facts_version": 1, "installed": {"data": "engines/kept"}}', "utf-8")
    data = tote.folder / "data"
    more = {"env": {"XDG_DATA_HOME": str(data)}}

    def install():
        return one(tote.json(*FACTS, program, status=5, **more))["facts"]["install_s"]

    assert install()["source"] == "not measured"
    tote.ok("engines", "setup", program, **more)
    fact = install()
    assert fact["source"] == "measured" and fact["value"] >= 0 and "engines setup" in fact["how"]
    kept = (data / "tote/engines/kept/tote-setup.json").read_text("utf-8")
    tote.ok("engines", "setup", program, **more)  # there already: no time worth keeping
    assert (data / "tote/engines/kept/tote-setup.json").read_text("utf-8") == kept
    assert one(tote.json(*FACTS, program, status=5, **more))["facts"]["packages"]["value"] == 1
    tote.ok("engines", "remove", program, **more)
    assert install()["source"] == "not measured"


# --- engines that are not there, or break ---

def test_an_absent_engine_is_a_row_with_the_reason(tote):
    empty = {"env": {"XDG_DATA_HOME": str(tote.folder / "empty")}}
    document = valid(tote.json(*FACTS, "local", "ray", "--runs", 1, **empty))
    local, ray = document["engines"]
    assert local["measured"] and not ray["usable"] and "tote engines setup ray" in ray["why"]
    assert ray["facts"]["licence"]["source"] == "documented"
    assert ray["facts"]["ports"] == {"value": None, "source": "not measured", "how": ray["why"]}
    done = tote.run(*FACTS, "ray", **empty)
    assert done.status == 5 and "not measured: " in done.out and done.err == ""


@pytest.mark.parametrize("do,words", [("die-at-once", "I do not want to live"),
                                      ("lose", "lost its first task"),
                                      ("other-digest", "")])
def test_an_engine_that_breaks_is_a_row_with_the_reason(tote, do, words):
    engine = one(tote.json(*FACTS, f"{ODD_ENGINE}:do={do}", "--runs", 1, status=5))
    assert engine["usable"] and not engine["measured"] and words in engine["why"]
    assert engine["why"] and engine["facts"]["ports"]["value"] is None
    tote.assert_nothing_left()


def test_a_silent_engine_is_given_up(tote):
    engine = one(tote.json(*FACTS, f"{ODD_ENGINE}:do=sleep-before-ready", "--timeout", "1s",
                           status=5))
    assert "not ready within 1 s" in engine["why"]
    tote.assert_nothing_left()


@pytest.mark.parametrize("words,sentence", [
    (["locl"], "unknown engine 'locl'; did you mean 'local'?"),
    (["local", "ryy"], "unknown engine 'ryy'; did you mean 'ray'?"),
    (["local:colour=red"], "engine local has no option 'colour'"),
    (["local", "--weights", "port=1"], "option --weights: unknown option 'port'; did you mean 'ports'?"),
    (["local", "--runs", "0"], "option 'runs' takes a whole number from 1 to 100"),
    (["local", "--workers", "65"], "option 'workers' takes a whole number from 1 to 64"),
])
def test_what_cannot_be_meant_is_refused(tote, words, sentence):
    assert sentence in tote.refused(*FACTS, *words)


def test_a_signal_ends_it_and_all(tote):
    process = tote.start(*FACTS, f"{ODD_ENGINE}:do=sleep-before-ready")
    with process:
        while not any(b"odd_engine" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                      for pid in children(process.pid)):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    tote.assert_nothing_left()


def children(pid):
    """All below it that are alive."""
    found, left = [], [pid]
    while left:
        one_pid = left.pop()
        try:
            tasks = pathlib.Path(f"/proc/{one_pid}/task").iterdir()
            below = [int(text) for task in tasks for text in (task / "children").read_text().split()]
        except OSError:
            continue
        found += below
        left += below
    return found


# --- the score ---

def test_weights_change_the_score_and_nothing_else(tote):
    plain = valid(tote.json(*FACTS, "local", "--runs", 1))
    heavy = valid(tote.json(*FACTS, "local", "--runs", 1, "--weights", "processes=3,megabytes=0,first_result_s=0"))
    assert heavy["weights"] == {**plain["weights"], "processes": 3, "megabytes": 0, "first_result_s": 0}
    score = heavy["engines"][0]["score"]
    assert score["parts"]["processes"] == pytest.approx(3 * 2)  # log2(1 + 3)
    assert score["points"] == pytest.approx(sum(score["parts"].values()))
    text = tote.ok(*FACTS, "local", "--runs", 1).out
    assert text.index("listening ports") < text.index("Score: ")


