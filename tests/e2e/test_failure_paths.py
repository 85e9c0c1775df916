# SPDX-License-Identifier: MIT
"""What goes wrong around a bag of commands: the disk, descriptors, tasks that misbehave, limits,
signals. The bag says so, the other tasks end well, what is acknowledged stays, nothing of ours is
left. Kills of tote itself: test_crash_matrix.py."""

import os
import re
import signal

import pytest
from tote_tool import on_small_disk, stat, wait_until

MANY = 20000 if os.environ.get("TOTE_SOAK") else 5000


def summary(done):
    """(done, failed, quarantined, total) as said."""
    found = re.findall(r"^tote: (\d+) done(?:, (\d+) failed)?(?:, (\d+) of these quarantined)?"
                       r" of (\d+)", done.err, re.M)
    assert len(found) == 1, done
    return tuple(int(number or 0) for number in found[0])


def shell(text, *items):
    return ["--shell", "--", text, ":::", *items]


def causes(tote, store=None):
    return {row["task"]: row["cause"] for row in
            tote.rows("SELECT task, cause FROM result_text WHERE cause <> 'none'", store)}


@pytest.fixture
def clean(tote):
    """Afterwards no process and no file of ours is left, but for the results."""
    yield tote
    tote.assert_nothing_left()
    left = [path for path in tote.folder.rglob("*") if path.name.startswith(".tote-")
            or path.name.endswith((".work", "-lock"))]
    assert left == []


# --- the disk ---

def test_a_full_disk_under_the_store(clean):
    """What was printed is recorded; the rest runs when there is room."""
    done = on_small_disk(clean, '''
        $TOTE run --store disk/s.tote --batch 1 --output none --shell -- \
            'head -c 300000 /dev/zero; : {item}' ::: 1 2 3 4 5 6 7 8; echo "status $?"
        $TOTE fsck disk/s.tote; echo "status $?"
        $TOTE status disk/s.tote
        mount -o remount,size=40m disk
        $TOTE resume disk/s.tote --output none; echo "status $?"
        $TOTE fsck disk/s.tote; echo "status $?"
        cp disk/s.tote s.tote''')
    first, *rest = re.findall(r"^status (\d+)$", done.out, re.M)
    assert first != "0" and rest == ["0"] * 3, done  # what a full disk leaves is no damage
    assert re.search("no space|No space|no room", done.err), done
    assert "quarantined" not in done.err and "8 done of 8" in done.err, done
    ((n,),) = clean.rows("SELECT count(DISTINCT task) FROM record WHERE outcome = 0")
    assert n == 8


def test_a_full_disk_before_the_first_record(clean):
    """The list is durable by then, and cannot be had again from a pipe that is read: it stays."""
    done = on_small_disk(clean, '''
        seq 4 | $TOTE run --store disk/s.tote --batch 1 --output none --stream-max 4M --shell -- \
            'head -c 3000000 /dev/zero; : {item}'; echo "status $?"
        $TOTE status disk/s.tote
        mount -o remount,size=40m disk
        $TOTE resume disk/s.tote --output none; echo "status $?"
        $TOTE fsck disk/s.tote; echo "status $?"
        cp disk/s.tote s.tote''')
    assert re.findall(r"^status (\d+)$", done.out, re.M) == ["1", "0", "0"], done
    assert "tasks:   0 done, 0 failed of 4" in done.out, done
    assert re.search("go on with: tote resume disk/s.tote", done.err), done
    assert "4 done of 4" in done.err, done
    clean.assert_recorded_once(4, run=2)


def test_a_full_disk_under_the_results(clean):
    """A command that meets it fails by itself and runs again when told."""
    done = on_small_disk(clean, '''
        $TOTE run --store s.tote --results disk/r --shell -- \
            'head -c 700000 /dev/zero > {out:{item}}' ::: 1 2 3 4 5; echo "status $?"
        for file in disk/r/*; do echo "size $(stat -c %s "$file")"; done
        ls -A disk/r | grep ^.tote && echo left
        mount -o remount,size=40m disk
        $TOTE resume s.tote --retry-failed; echo "status $?"
        cp -r disk/r results''')
    first, second = re.findall(r"^status (\d+)$", done.out, re.M)
    assert first != "0" and second == "0", done
    assert set(re.findall(r"^size (\d+)$", done.out, re.M)) == {"700000"}, done
    assert "left" not in done.out.split() and "No space left" in done.err, done
    assert {path.name: path.stat().st_size for path in (clean.folder / "results").iterdir()} == {
        str(i): 700000 for i in range(1, 6)}


STAGED = "--engine workqueue --data staged --store s.tote --results disk/r --shell --"


@pytest.mark.parametrize("command,size,n", [("wc -c < {in:big} > {out:{item}}", "8m", 2),
                                            ("head -c 9000000 /dev/zero > {out:{item}}", "15m", 1)],
                         ids=["an input", "an output"])
def test_no_room_for_a_staged_file(clean, command, size, n, usable_engines):
    """No task is to blame. Work Queue says nothing but that the batch came back."""
    if "workqueue" not in usable_engines:
        pytest.skip("engine workqueue is not usable")
    (clean.folder / "big").write_bytes(bytes(10_000_000))
    done = on_small_disk(clean, f"""
        $TOTE run {STAGED} '{command}' ::: $(seq {n}); echo "status $?"
        mount -o remount,size=90m disk
        $TOTE resume s.tote; echo "status $?" """, size=size)
    first, second = re.findall(r"^status (\d+)$", done.out, re.M)
    assert first != "0" and second == "0", done
    assert re.search(r"perhaps the disk is full: files of \d+\.\d MB were to go there, and "
                     r"\d+\.\d MB are free in /", done.err), done
    assert "quarantined" not in done.err and f"{n} done of {n}" in done.err, done


def test_a_disk_that_keeps_workers_from_being_given_work(clean, usable_engines):
    """Work Queue would wait for ever and say nothing."""
    if "workqueue" not in usable_engines:
        pytest.skip("engine workqueue is not usable")
    done = on_small_disk(clean, f"""
        head -c 1200000 /dev/zero > disk/fill
        $TOTE run {STAGED} 'echo > {{out:{{item}}}}' ::: 1 2; echo "status $?"
        rm disk/fill; $TOTE resume s.tote; echo "status $?" """)
    first, second = re.findall(r"^status (\d+)$", done.out, re.M)
    assert first != "0" and second == "0", done
    assert re.search("the disk with /.* is full: workers with less than 1 MB are given no batch",
                     done.err), done
    assert "quarantined" not in done.err and "2 done of 2" in done.err, done


def test_no_room_for_a_store(clean):
    done = on_small_disk(clean, 'head -c 3m /dev/zero > disk/fill\n'
                         '$TOTE run --store disk/s.tote -- true ::: 1; echo "status $?"')
    assert re.search(r"^status [12]$", done.out, re.M), done
    assert re.search("no space|No space", done.err) and len(done.err.splitlines()) == 2, done


@pytest.mark.parametrize("where,args", [
    ("results", ["--results", "disk/r"]), ("store", ["--store", "disk/s.tote"]),
    ("job log", ["--joblog", "disk/j"])])
def test_a_read_only_disk(clean, where, args):
    done = on_small_disk(clean, f"$TOTE run {' '.join(args)} --shell -- "
                         "'echo x | tee -a ran > {out:{item}}' ::: 1 2; echo \"status $?\"",
                         options=",ro")
    assert re.search(r"^status [12]$", done.out, re.M), done
    assert "Read-only" in done.err or "read-only" in done.err, done
    assert "disk" in done.err and "0 done" not in done.err


# --- many tasks, few descriptors ---

def test_many_tasks_with_64_descriptors(clean):
    (clean.folder / "list").write_text("".join(f"{i}\n" for i in range(MANY)))
    done = clean.ok("run", "--store", "s.tote", "-a", "list", "--output", "none", "--", "true",
                    before=["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh"], timeout=600)
    assert summary(done) == (MANY, 0, 0, MANY)
    clean.assert_recorded_once(MANY)


# --- tasks that misbehave ---

def test_output_beyond_the_cap(clean, engine):
    done = clean.ok("run", "--engine", engine, "--store", "s.tote", "--output", "none",
                    "--stream-max", "4K", *shell("seq {item}; seq 2000 >&2", 10, 20000, 3000))
    assert summary(done) == (3, 0, 0, 3)
    for task, last in enumerate((10, 20000, 3000)):
        full = "".join(f"{i}\n" for i in range(1, last + 1)).encode()
        (row,) = clean.rows(f"SELECT stdout_bytes, stdout FROM result WHERE task = {task}")
        assert (row["stdout_bytes"], row["stdout"]) == (len(full), full[:4096])
    assert re.search(r"^stdout: .*4 KiB of 106", clean.ok("log", "s.tote", 1).out, re.M)
    digests = {row[0] for row in clean.rows("SELECT digest FROM record")}
    assert len(digests) == 3


def test_bad_tasks_among_good_ones(clean, engine):
    """One that forks, one that ignores TERM, one that closes its streams, one that kills its
    worker: the others end well, and each is said for what it is."""
    bad = {"fork": "setsid sh -c 'echo $$ > {0}/pid; sleep 1000' >&- 2>&- & "
                   "until [ -s {0}/pid ]; do sleep 0.01; done",
           "stay": "trap '' TERM; echo stay; while :; do sleep 1000 & wait; done",
           "close": "exec >&- 2>&-; exit 0",
           "kill": "kill -9 $PPID; sleep 1000",
           "self": "kill -9 $$"}
    text = "case {item} in " + " ".join(
        f"{name}) {body.replace('{0}', str(clean.folder))};;" for name, body in bad.items()
    ) + " esac; echo {item}"
    items = [*map(str, range(10)), *bad, *map(str, range(10, 20))]
    done = clean.run("run", "--engine", engine, "--store", "s.tote", "--workers", 2, "--timeout",
                     "8s", "--kill-after", "100ms", *shell(text, *items))
    assert done.status == 3
    assert summary(done) == (22, 3, 1, 25)
    assert causes(clean) == {11: "timeout", 13: "lost", 14: "signal"}
    assert "quarantined" in clean.ok("log", "s.tote", 13).out
    assert {str(i) for i in range(20)} | {"fork"} == set(done.out.split()) - {"stay"}
    pid = int((clean.folder / "pid").read_text())
    assert stat(pid) is None or "sleep" not in open(f"/proc/{pid}/cmdline").read()
    status = clean.json("status", "s.tote")
    assert (status["done"], status["failed"], status["quarantined"]) == (22, 3, 1)


def test_what_is_quarantined_runs_again_when_told(clean, engine):
    text = f"[ -e {clean.folder}/now ] || kill -9 $PPID; echo well"
    assert clean.run("run", "--engine", engine, "--store", "s.tote", *shell(text, 1)).status == 3
    lost = clean.value("SELECT count(*) FROM batch WHERE lost = 1")
    assert lost == 3
    (clean.folder / "now").touch()
    assert clean.ok("resume", "s.tote", "--retry-failed").out == "well 1\n"


# --- budgets and limits ---

def count_up(tote):
    """A command that says its item a line longer each time it runs."""
    log = f"{tote.folder}/n-{{item}}"
    return f"echo x >> {log}; [ $(wc -l < {log}) -ge {{item}} ]"


def test_retries(clean, engine):
    done = clean.run("run", "--engine", engine, "--store", "s.tote", "--retries", 2,
                     *shell(count_up(clean), 1, 2, 3, 4))
    assert done.status == 3 and summary(done) == (3, 1, 0, 4)
    assert {i: len((clean.folder / f"n-{i}").read_text().split()) for i in range(1, 5)} == {
        1: 1, 2: 2, 3: 3, 4: 3}
    attempts = [tuple(row) for row in clean.rows("SELECT task, attempt FROM record")]
    assert len(attempts) == len(set(attempts)) == 1 + 2 + 3 + 3


def test_a_time_limit_as_a_share_of_the_median(clean):
    quick = [str(i) for i in range(30)]
    done = clean.run("run", "--store", "s.tote", "--workers", 2, "--batch", 1, "--timeout",
                     "1000%", "--output", "none",
                     *shell("[ {item} = slow ] && exec sleep 1000; sleep 0.3", *quick, "slow"))
    assert done.status == 3 and causes(clean).get(30) == "timeout", done


@pytest.mark.parametrize("option,text,cause", [
    (["--memory", "200M"], "/usr/bin/python3 -c 'bytearray(10**9)'", "exit"),
    (["--cpu-time", "1s"], "while :; do :; done", "signal"),
    (["--files", "16"], "/usr/bin/python3 -c 'import os; [os.dup(1) for i in range(20)]'",
     "exit")])
def test_limits(clean, engine, option, text, cause):
    done = clean.run("run", "--engine", engine, "--store", "s.tote", *option,
                     *shell(f"[ {{item}} = good ] || {text}", "good", "bad"))
    assert done.status == 3 and summary(done) == (1, 1, 0, 2), done
    assert causes(clean) == {1: cause}


@pytest.mark.parametrize("halt,status,least,most", [
    ("never", 3, 30, 30), ("soon,fail=1", 3, 1, 29), ("now,fail=1", 3, 1, 29),
    ("soon,fail=10%", 3, 3, 29), ("soon,done=5", 3, 5, 29), ("now,success=2", 3, 2, 29),
    ("soon,fail=100%", 3, 30, 30)])
def test_halt(clean, halt, status, least, most):
    """Every second task fails."""
    done = clean.run("run", "--store", "s.tote", "--workers", 1, "--batch", 1, "--halt", halt,
                     *shell("sleep 0.05; i={item}; exit $((i % 2))", *range(1, 31)))
    assert done.status == status, done
    assert least <= clean.recorded(clean.folder / "s.tote") <= most
    assert ("halted" in done.err) == (most < 30), done
    if most < 30:
        clean.run("resume", "s.tote", "--halt", "never")
        assert clean.json("status", "s.tote")["done"] == 15


# --- refusals ---

def is_untouched(tote):
    return not (tote.folder / "ran").exists()


@pytest.mark.parametrize("out,words", [
    ("same", "both make 'same'"), ("../{item}", "'..'"), ("/tmp/{item}", "absolute"),
    ("a/../../{item}", "'..'"), ("{item}/", ""), (".", ""), ("x/{item}/../y", "'..'"),
    ("link/{item}", "")])
def test_outputs_that_are_refused(clean, out, words):
    (clean.folder / "results").mkdir()
    (clean.folder / "elsewhere").mkdir()
    (clean.folder / "results" / "link").symlink_to(clean.folder / "elsewhere")
    done = clean.run("run", *shell(f"touch {clean.folder}/ran; echo > {{out:{out}}}", "1", "2"))
    assert done.status == 2 and words in done.sentence, done
    assert is_untouched(clean) and os.listdir(clean.folder / "elsewhere") == []


@pytest.mark.parametrize("names,words", [
    (["p", "p/q"], "items 0 and 1: 'p' would be a file and a folder: name outputs apart"),
    (["p/q", "p-", "./p"], "items 2 and 0: 'p' would be a file and a folder"),
    (["a/b-", "a/b/c/d", "a/c", "a/b"], "items 3 and 1: 'a/b' would be a file and a folder")])
def test_a_file_that_would_be_a_folder_is_refused_before_anything_runs(clean, names, words):
    done = clean.run("run", *shell(f"touch {clean.folder}/ran; echo > {{out:{{item}}}}", *names))
    assert done.status == 2 and words in done.sentence, done
    assert is_untouched(clean)


def test_a_file_and_a_folder_in_one_task(clean):
    done = clean.run("run", *shell(f"touch {clean.folder}/ran {{out:x}} {{out:x/{{item}}}}", "y"))
    assert done.status == 2 and "'x/y' lies in what another {out:} makes" in done.sentence, done
    assert is_untouched(clean)


def test_a_list_that_goes_on_may_not_make_a_file_a_folder(clean):
    def run(*names):
        return clean.run("run", "--store", "s.tote", "--resume",
                         *shell("echo {item} > {out:{item}}", *names))
    assert run("p", "r").status == 0
    done = run("p", "r", "p/q")
    assert done.status == 2 and "'p" in done.sentence, done
    assert run("p", "r", "q/p").status == 0


def test_a_foreign_file_is_refused_before_anything_runs(clean):
    (clean.folder / "results").mkdir()
    (clean.folder / "results" / "5").write_text("mine")
    args = shell(f"touch {clean.folder}/ran; echo {{item}} > {{out:{{item}}}}", *range(8))
    done = clean.run("run", *args)
    assert done.status == 2 and "--force" in done.sentence and is_untouched(clean)
    assert (clean.folder / "results" / "5").read_text() == "mine"


def test_a_foreign_file_that_comes_meanwhile_is_left(clean, engine):
    text = ("[ {item} = 2 ] && echo mine > %s/results/2; echo {item} > {out:{item}}"
            % clean.folder)
    done = clean.run("run", "--engine", engine, "--store", "s.tote", *shell(text, 1, 2, 3))
    assert done.status == 3 and summary(done) == (2, 1, 0, 3), done
    assert causes(clean) == {1: "publish"}
    assert (clean.folder / "results" / "2").read_text() == "mine\n"


def test_a_link_that_comes_meanwhile_leads_nowhere(clean):
    (clean.folder / "elsewhere").mkdir()
    text = ("mkdir -p %s/results; ln -s %s/elsewhere %s/results/d; mkdir -p d; "
            "echo > {out:d/{item}}" % ((clean.folder,) * 3))
    done = clean.run("run", "--store", "s.tote", *shell(text, 1))
    assert done.status == 3 and causes(clean) == {0: "publish"}, done
    assert os.listdir(clean.folder / "elsewhere") == []


def test_a_store_in_use(clean):
    with waiting(clean) as process:
        for args in (["resume", "s.tote"], ["run", "--resume", "--store", "s.tote", "--", "true",
                                            ":::", 1]):
            assert f"process {process.pid}" in clean.refused(*args)
        (clean.folder / "go").touch()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and sorted(out.split()) == sorted(map(str, range(20))), err


# --- signals ---

def waiting(tote, *args, text=""):
    """A run of 20 tasks, of which the first have begun and wait for the file go."""
    process = tote.start("run", "--store", "s.tote", "--workers", 2, "--batch", 1, *args, *shell(
        f"{text} touch {tote.folder}/began; until [ -e {tote.folder}/go ]; do sleep 0.02; done; "
        "echo {item}", *range(20)))
    wait_until((tote.folder / "began").exists)
    return process


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_drains(clean, engine, signo):
    with waiting(clean, "--engine", engine, "--grace", "60s") as process:
        process.send_signal(signo)
        line = process.stderr.readline()
        assert re.search(r"letting \d+ tasks that were handed out end", line), line
        (clean.folder / "go").touch()
        out, err = process.communicate(timeout=60)
    assert process.returncode == -signo, err
    ran = out.split()
    assert 0 < len(ran) < 20
    assert re.search(rf"^tote: \w[\w ]*: {len(ran)} of 20 done; go on with: tote resume s.tote$",
                     err, re.M), err
    assert clean.json("status", "s.tote")["state"] == "interrupted"
    rest = clean.ok("resume", "s.tote").out.split()
    assert sorted(map(int, ran + rest)) == list(range(20))


def test_a_second_signal_kills(clean, engine):
    with waiting(clean, "--engine", engine, "--grace", "600s", text="trap '' TERM INT;") as process:
        process.send_signal(signal.SIGINT)
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT and out == "", err
    assert "interrupted: 0 of 20 done; go on with: tote resume s.tote" in err
    clean.assert_nothing_left()
    (clean.folder / "go").touch()
    assert len(clean.ok("resume", "s.tote").out.split()) == 20


def test_the_grace_ends(clean):
    with waiting(clean, "--grace", "300ms") as process:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM and ": 0 of 20 done; go on" in err, err


def test_sigusr1_and_status_from_outside(clean):
    with waiting(clean) as process:
        process.send_signal(signal.SIGUSR1)
        line = process.stderr.readline()
        assert re.search(r"tasks \d+/20", line), line
        status = clean.json("status", "s.tote")
        assert (status["alive"], status["pid"], status["total"], status["state"]) == (
            True, process.pid, 20, "running")
        (clean.folder / "go").touch()
        process.communicate(timeout=60)
    status = clean.json("status", "s.tote")
    assert (status["alive"], status["state"], status["done"]) == (False, "complete", 20)


# --- what is printed and written ---

def test_orders_of_output(clean, engine):
    """The first task ends last."""
    (text,) = [f"[ {{item}} = 0 ] && until [ -e {clean.folder}/last ]; do sleep 0.01; done; "
               f"[ {{item}} = 7 ] && touch {clean.folder}/last; echo {{item}}"]
    args = ["--engine", engine, "--workers", 2, "--batch", 1]
    for order in ("asdone", "ordered", "none"):
        (clean.folder / "last").unlink(missing_ok=True)
        out = clean.ok("run", "--output", order, *args, *shell(text, *range(8))).out.split()
        if order == "asdone":
            assert sorted(out) == [str(i) for i in range(8)] and out[0] != "0"
        else:
            assert out == ([str(i) for i in range(8)] if order == "ordered" else [])


def test_the_job_log(clean, engine):
    clean.run("run", "--engine", engine, "--joblog", "j", "--store", "s.tote", "--output", "none",
              *shell("echo hello; [ {item} = k ] && kill -9 $$; exit {item}", 0, 7, "k"))
    head, *lines = (clean.folder / "j").read_text().splitlines()
    assert head == "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand"
    rows = sorted(line.split("\t") for line in lines)
    assert [(row[0], *row[5:8]) for row in rows] == [
        ("1", "6", "0", "0"), ("2", "6", "7", "0"), ("3", "6", "0", "9")]
    assert all(float(row[2]) > 1e9 and float(row[3]) >= 0 for row in rows)


def test_no_resume_goes_on_with_a_damaged_wal(clean):
    """What is behind the damage is not read, so a resume would write over it without a word."""
    process = clean.start("run", "--store", "s.tote", "--workers", 2, "--batch", 1, "--durability",
                          "strict", "--output", "none", *shell(
                              f"if [ {{item}} -ge 50 ]; then until [ -e {clean.folder}/go ]; do "
                              "sleep 0.02; done; fi; echo {item} >{out:{item}}", *range(60)))
    wait_until(lambda: clean.recorded(clean.folder / "s.tote") >= 50)
    process.kill()
    process.communicate()
    (clean.folder / "go").touch()
    wal = clean.folder / "s.tote-wal"
    data = bytearray(wal.read_bytes())
    data[len(data) // 2] ^= 4
    wal.write_bytes(data)
    (clean.folder / "s.tote-shm").unlink()  # an index of what it was
    status = clean.json("status", "s.tote")
    assert "the WAL is not as it was written" in status["why"] and not status["can_resume"], status
    assert "go on:" not in clean.ok("status", "s.tote").out
    sentence = clean.refused("resume", "s.tote", status=1)
    assert "the WAL is not as it was written" in sentence, sentence
    assert "'tote fsck s.tote --salvage NEW'" in sentence, sentence
    assert wal.read_bytes() == data
    assert "1 damaged" in clean.run("fsck", "s.tote").out
    assert clean.run("fsck", "s.tote", "--salvage", "whole.tote").status == 1
    for name in ("s.tote", "s.tote-wal"):
        (clean.folder / name).unlink()
    done = clean.ok("resume", "whole.tote", "--force", "--output", "none")
    assert "60 done of 60" in done.err and "(0 of them" not in done.err, done
    assert sorted(path.name for path in (clean.folder / "results").iterdir()) == sorted(
        map(str, range(60)))


@pytest.mark.parametrize("how", ["rm {0}", "mv {0} {0}.moved", "cp {0} {0}.2 && mv {0}.2 {0}"])
def test_a_store_that_goes_while_the_bag_runs(clean, how):
    """Nothing is called done that nobody can read."""
    store = clean.folder / "s.tote"
    done = clean.run("run", "--store", "s.tote", "--workers", 2, "--batch", 1, "--output", "none",
                     *shell(f"if [ {{item}} = 5 ]; then {how.format(store)}; fi", *range(40)))
    assert done.status == 1, done
    assert done.sentence == "the store 's.tote' was removed or replaced while the bag ran", done
    assert store.exists() == how.startswith("cp"), "what lies there now is not ours to remove"


def test_fsck_finds_a_flipped_byte(clean):
    clean.ok("run", "--store", "s.tote", "--output", "none", "--", "echo", "needle-{item}", ":::",
             *range(50))
    assert clean.run("fsck", "s.tote").status == 0
    data = bytearray((clean.folder / "s.tote").read_bytes())
    at = data.index(b"needle-17")
    data[at] ^= 0x20
    (clean.folder / "t.tote").write_bytes(data)
    done = clean.run("fsck", "t.tote")
    assert done.status == 1 and re.search("[1-9][0-9]* damaged", done.out), done
    assert clean.run("fsck", "t.tote", "--salvage", "u.tote").status == 1
    assert clean.run("fsck", "u.tote").status == 0
    assert clean.run("fsck", "s.tote").status == 0
