#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the CSV of src/items against Python's csv: test_items_oracle.py ITEMS-CLI.

What Python writes is read back as it was. What is random is either refused, or read as Python
reads it; what Python refuses is refused, and what RFC 4180 allows is not."""
import csv
import io
import pathlib
import random
import re
import subprocess
import sys
import tempfile

TABLES, TEXTS = 120, 800

# A text by the grammar of RFC 4180, with LF as well as CRLF between rows and empty lines.
VALUE = rb'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
GRAMMAR = re.compile(rb"(?:%b(?:,%b)*(?:\r?\n|\r?\Z)|\r?\n)*" % (VALUE, VALUE))


def ask(program, file, data):
    """All rows that tote reads, and whether it came to the end."""
    file.write_bytes(data)
    answer = subprocess.run([program, file], capture_output=True, check=True)
    *lines, last = answer.stdout.decode("ascii").splitlines()
    assert last in ("end", "error"), last
    assert (last == "end") == (answer.stderr == b"\n"), answer.stderr
    return [[bytes.fromhex(value) for value in line.split(",")] for line in lines], last == "end"


def read_python(data):
    """All rows that Python reads but empty lines, and whether it came to the end. Latin-1 is a
    character a byte."""
    text = io.StringIO(data.removeprefix(b"\xef\xbb\xbf").decode("latin-1"), newline="")
    rows = []
    try:
        for row in csv.reader(text, strict=True):
            if row:
                rows.append([value.encode("latin-1") for value in row])
    except csv.Error:
        return rows, False
    return rows, True


def table(rng):
    n = rng.choice([1, 2, 3, 20])
    letters = rng.choice(['ab",\r\n ', "abc", "\x80\xff\"é'\\\t", '",'])
    rows = [[f"c{i}" for i in range(n)]]
    for _ in range(rng.choice([0, 1, 2, 50])):
        rows.append(["".join(rng.choices(letters, k=rng.randrange(9))) for _ in range(n)])
    return rows


def check_tables(program, file, rng):
    for number in range(TABLES):
        rows, text = table(rng), io.StringIO(newline="")
        # Python puts quotes around the bytes of its line's end only.
        quoting, end = rng.choice([(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n"),
                                   (csv.QUOTE_MINIMAL, "\r\n")])  # fmt: skip
        csv.writer(text, quoting=quoting, lineterminator=end).writerows(rows)
        data = text.getvalue().encode("latin-1")
        if number % 3 == 0:
            data = b"\xef\xbb\xbf" + data
        if number % 4 == 0:
            data = data.removesuffix(b"\n").removesuffix(b"\r")
        want = [[value.encode("latin-1") for value in row] for row in rows]
        assert ask(program, file, data) == (want, True), data


def is_table(rows):
    return all(len(row) == len(rows[0]) for row in rows)


def check_texts(program, file, rng):
    whole = 0
    for _ in range(TEXTS):
        head = rng.choice([b"a\n", b"a,b\r\n"])
        pieces = rng.choices([b"x", b'"', b",", b"\n", b"\r\n", b"\r", b'"x"', b'""', b'"\n"', b"x,y\n"],
                             weights=[4, 1, 2, 2, 2, 0.3, 2, 2, 1, 3], k=rng.randrange(12))  # fmt: skip
        data = head + b"".join(pieces)
        rows, is_whole = ask(program, file, data)
        python, python_whole = read_python(data)
        assert rows == python[: len(rows)], (data, rows, python)
        if is_whole:
            assert python_whole and len(rows) == len(python), (data, rows, python)
        allowed = bool(GRAMMAR.fullmatch(data)) and python_whole and is_table(python)
        assert is_whole == allowed, (data, rows, python)
        whole += is_whole
    assert TEXTS / 10 < whole < TEXTS * 9 / 10, whole  # both are tried
    return whole


def main():
    rng = random.Random(4180)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "list.csv"
        check_tables(sys.argv[1], file, rng)
        whole = check_texts(sys.argv[1], file, rng)
    print(f"{TABLES} tables and {TEXTS} texts agree; {whole} of the texts were right")


main()
