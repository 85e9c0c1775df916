# SPDX-License-Identifier: MIT
"""Items that are not made for shells, and long ones, arrive in argv as they are, on every engine
and from every kind of list."""

import os
import re
import subprocess

import pytest
import tote_tool
from tote_tool import wait_until

PROGRAM = os.environ.get("TOTE_ARGV_TASK", os.path.join(tote_tool.BUILD, "tests", "argv-task"))
SHOWN_MAX = 64  # bytes; as in argv_task.c
LONG = 100 * 1024

PLAIN = [b"a b", b" a  b ", b"it's", b'say "x"', b"'", b'"', b"-n", b"--", b"-", b"--help",
         "grün ☃ 日本".encode(), b"\xff\xfe\x80", b"\xc3", b"$(touch x)", b"`touch x`", b"$HOME",
         b"*", b"?", b"[a-z]", b"~", b"!1", b"#x", b"a;b", b"a&b", b"a|b", b"<x", b">x", b"a\\b",
         b"\\", b"\\n", b"\t", b"\x01", b"\x7f", b"\x1b[31m", b"{item}", b"{}", b"{{", b"}",
         b"%s%n", b"%", b"=", b"a=b", b",", b":::", b"/", b"..", b"null", b"[1,2]", b'{"a":1}']
WITH_NUL = PLAIN + [b"", b"a\nb", b"\n", b"a\n", b"\r\n", b"x\ry"]


def said(text):
    if len(text) <= SHOWN_MAX:
        return text.hex()
    total = 0xcbf29ce484222325
    for byte in text:
        total = ((total ^ byte) * 0x100000001b3) % 2**64
    return f"{len(text)}:{total:016x}"


def expected(tasks):
    """What is printed of [(argv, item), ...]."""
    return "".join("".join(said(word) + "\n" for word in argv) + f"item {said(item)}\n"
                   for argv, item in tasks)


def write(tote, name, data):
    (tote.folder / name).write_bytes(data)
    return name


def ordered(tote, *args, **more):
    return tote.ok("run", "--output", "ordered", *args, **more).out


# --- on every engine ---

@pytest.mark.parametrize("data", ["shared", "staged"])
def test_items_arrive_unchanged(tote, engine, data):
    if data == "staged" and engine != "workqueue":
        pytest.skip("only Work Queue moves files")
    items = [*WITH_NUL, b"q" * LONG, b"' \n\"" * (LONG // 4)]
    write(tote, "list", b"".join(item + b"\0" for item in items))
    out = ordered(tote, "--engine", engine, "--data", data, "-0", "-a", "list", "--", PROGRAM,
                  "{item}", "-x{item}", "lit$x")
    assert out == expected([([item, b"-x" + item, b"lit$x"], item) for item in items])
    assert not (tote.folder / "x").exists()
    tote.assert_nothing_left()


def test_the_last_argument_is_the_item(tote, engine):
    write(tote, "list", b"".join(item + b"\n" for item in PLAIN))
    assert ordered(tote, "--engine", engine, "-a", "list", "--", PROGRAM) == expected(
        [([item], item) for item in PLAIN])


def test_a_shell_gets_items_quoted(tote, engine):
    write(tote, "list", b"".join(item + b"\0" for item in WITH_NUL))
    out = ordered(tote, "--engine", engine, "-0", "-a", "list", "--shell", "--",
                  f"{PROGRAM} {{item}} pre{{item}}post; true $(:)")
    assert out == expected([([item, b"pre" + item + b"post"], item) for item in WITH_NUL])


def test_files_with_odd_names(tote, engine):
    names = ["a b", "it's", "$(touch x)", "*", "é", "a;b", '"', "\\", "{item}"]
    (tote.folder / "in").mkdir()
    for name in names:
        (tote.folder / "in" / name).write_text(name)
    tote.ok("run", "--engine", engine, "--", "cp", "--", "{in:in/{item}}", "{out:o/{item}.x}",
            ":::", *names)
    assert {path.name: path.read_text() for path in (tote.folder / "results" / "o").iterdir()} == {
        f"{name}.x": name for name in names}


@pytest.mark.parametrize("data", ["shared", "staged"])
def test_no_output_is_taken_for_an_option(tote, engine, data):
    if data == "staged" and engine != "workqueue":
        pytest.skip("only Work Queue moves files")
    names = ["-n", "--help", "-", "./here", "././-dash.txt", "--d/-e"]
    for name in names:
        (tote.folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tote.folder / "in" / name).write_text(name)
    tote.ok("run", "--engine", engine, "--data", data, "--", "cp", "{in:in/{item}}",
            "{out:{item}}", ":::", *names)
    results = tote.folder / "results"
    assert {str(path.relative_to(results)): path.read_text() for path in results.rglob("*")
            if path.is_file()} == {os.path.normpath(name): name for name in names}
    shown = tote.ok("run", "--dry-run", "--", "touch", "{out:{item}}", ":::", "-n", "./here").out
    assert shown == "touch ./-n\ntouch here\n"


# --- kinds of lists ---

def test_values_of_the_command_line(tote):
    items = [item for item in WITH_NUL if item != b":::"]
    out = ordered(tote, "--", PROGRAM, "{item}", ":::", *map(os.fsdecode, items))
    assert out == expected([([item], item) for item in items])


def test_products_and_links_of_odd_values(tote):
    out = ordered(tote, "--", PROGRAM, "{2}", "{1}", "{3}", ":::", "a b", "", ":::", "*", "'",
                  ":::+", "$x", '"')
    tasks = [([second, first, third], b" ".join([first, second, third]))
             for first in (b"a b", b"") for second, third in ((b"*", b"$x"), (b"'", b'"'))]
    assert out == expected(tasks)


def test_a_linked_list_ends_with_the_shorter(tote):
    out = ordered(tote, "--", PROGRAM, "{1}", "{2}", ":::", "a", "b", "c", ":::+", "1", "2")
    assert out == expected([([b"a", b"1"], b"a 1"), ([b"b", b"2"], b"b 2")])


def test_csv_with_quotes_and_newlines(tote):
    rows = [("x, y", 'say "hi"'), ("l1\nl2", ""), (" a ", "it's"), ("", "$(touch x)"),
            ("l1\r\nl2", "\r")]
    quoted = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n"
                     for row in rows)
    write(tote, "p.csv", ('alpha,"file name"\r\n' + quoted).encode())
    out = ordered(tote, "--csv", "p.csv", "--", PROGRAM, "{file name}", "{alpha}")
    assert out == expected([([b.encode(), a.encode()], f"{a} {b}".encode()) for a, b in rows])


@pytest.mark.parametrize("text,words", [
    (b'a,b\n1\n', "line 2"), (b'a,b\n1,2\n1,2,3\n', "line 3"), (b'a,b\n"1,2\n', "not closed"),
    (b'a,a\n1,2\n', "twice"), (b'a,b\n"1"x,2\n', "line 2"), (b'', "empty"),
])
def test_a_bad_csv_is_named_by_its_line(tote, text, words):
    write(tote, "p.csv", text)
    done = tote.run("run", "--csv", "p.csv", "--", PROGRAM, "{1}")
    assert done.status == 2 and "p.csv" in done.sentence and words in done.sentence, done
    assert done.out == expected([([b"1"], b"1 2")] if "3" in words else [])


@pytest.mark.parametrize("text,items", [
    (b"", []), (b"\n", []), (b"a", [b"a"]), (b"a\n", [b"a"]), (b"a\n\nb\n", [b"a", b"b"]),
    (b"a\r\nb\r\n", [b"a\r", b"b\r"]),
])
def test_lines(tote, text, items):
    write(tote, "list", text)
    out = ordered(tote, "-a", "list", "--", PROGRAM)
    assert out == expected([([item], item) for item in items])


def test_a_line_with_a_nul_is_refused(tote):
    write(tote, "list", b"a\nb\0c\n")
    done = tote.run("run", "-a", "list", "--", PROGRAM)
    assert done.status == 2 and "NUL" in done.sentence, done


def test_too_long_an_item_is_refused_in_a_sentence(tote):
    write(tote, "list", b"a\n" + b"q" * (8 << 20) + b"\n")
    done = tote.run("run", "-a", "list", "--", PROGRAM)
    assert done.status == 2 and "line 2 is longer than" in done.sentence, done
    assert done.out == expected([([b"a"], b"a")]) and len(done.err) < 10000


def test_a_list_that_is_a_folder(tote):
    assert "home" in tote.refused("run", "-a", "home", "--", PROGRAM)


def test_an_empty_list_is_a_bag_of_nothing(tote, engine):
    assert ordered(tote, "--engine", engine, "-a", "/dev/null", "--", PROGRAM) == ""
    assert tote.value("SELECT count(*) FROM record") == 0


# --- what cannot be resumed by accident, and what is shown ---

def test_the_log_can_be_pasted(tote):
    write(tote, "list", b"".join(item + b"\0" for item in WITH_NUL))
    ordered(tote, "--store", "s.tote", "-0", "-a", "list", "--", PROGRAM)
    for task in range(0, len(WITH_NUL), 7):
        document = subprocess.run([tote_tool.TOTE, "log", "s.tote", str(task)], env=tote.env,
                                  cwd=tote.folder, capture_output=True, check=True).stdout
        assert b"\x1b" not in document and b"\x01" not in document


def test_dry_run_of_odd_items_can_be_pasted(tote):
    write(tote, "list", b"".join(item + b"\0" for item in WITH_NUL))
    dry = subprocess.run([tote_tool.TOTE, "run", "-n", "-0", "-a", "list", "--", PROGRAM],
                         env=tote.env, cwd=tote.folder, capture_output=True, check=True).stdout
    out = subprocess.run(["bash"], input=dry, cwd=tote.folder, capture_output=True,
                         check=True).stdout.decode()
    assert re.sub("^item.*\n", "", out, flags=re.M) == "".join(
        said(item) + "\n" for item in WITH_NUL)
    assert not (tote.folder / "x").exists()


# --- a list that comes slowly ---

def test_the_first_task_runs_before_the_pipe_ends(tote, engine):
    with tote.start("run", "--engine", engine, "--store", "s.tote", "--", "touch",
                    f"{tote.folder}/ran-{{item}}", stdin=subprocess.PIPE) as process:
        for item in ("1", "2"):
            process.stdin.write(item + "\n")
            process.stdin.flush()
            wait_until((tote.folder / f"ran-{item}").exists, f"task {item} waits for the pipe")
        process.stdin.write("3")  # no newline at the end
        out, err = process.communicate(timeout=tote_tool.PATIENCE_S)
    assert process.returncode == 0, err
    assert (tote.folder / "ran-3").exists()
    tote.assert_recorded_once(3)


def test_a_line_in_two_halves_is_one_item(tote):
    with tote.start("run", "--store", "s.tote", "--output", "ordered", "--", "echo",
                    stdin=subprocess.PIPE) as process:
        process.stdin.write("first\nhal")
        process.stdin.flush()
        wait_until(lambda: tote.recorded(tote.folder / "s.tote") == 1)
        process.stdin.write("f\n")
        out, err = process.communicate(timeout=tote_tool.PATIENCE_S)
    assert out == "first\nhalf\n", err
