#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Fails on functions that have no place here, on notes to oneself, and on functions of more
than 50 lines. Comments and texts are no code; the rows of a table are no lines of a function.
Usage:

    banned.py ROOT           judges all .c and .h files of the tree
    banned.py ROOT --prove   judges wrong lines: all must be found, and right ones not
"""
import pathlib
import re
import sys

LINES_MAX = 50
TOPS = ("include", "src", "kernels", "engines", "tests", "bench")

# What to use instead.
BANNED = {
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "strcpy": "memcpy or snprintf with a size",
    "stpcpy": "memcpy or snprintf with a size",
    "strcat": "snprintf with a size",
    "strncpy": "memcpy or snprintf with a size",
    "atoi": "tote_options_set or strtol",
    "atol": "tote_options_set or strtol",
    "atof": "tote_options_set or strtod",
    "strtok": "strcspn",
    "system": "an argv array",
    "popen": "an argv array",
    "usleep": "a poll with a deadline",
    "sleep": "a poll with a deadline",
    "gets": "fgets",
    "alloca": "an array with a limit",
    "tmpnam": "mkstemp",
    "mktemp": "mkstemp",
}

# Allowed in these files alone.
ONLY_IN = {
    "clock_gettime": {"src/base/clock.c"},
    "gettimeofday": set(),
    "nanosleep": {"kernels/sleep.c", "kernels/fault.c"},
    "clock_nanosleep": {"kernels/sleep.c", "kernels/fault.c"},
}

CALL = re.compile(r"(?<![\w.])(?<!->)(\w+)\s*\(")
ROW = re.compile(r"\s+\{.*\},\s*$")
NOTE = re.compile(r"\b(TODO|FIXME|XXX)\b")
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_of(text):
    """The text with comments and quoted texts blanked, line for line."""
    return TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def judge_calls(path, code):
    for match in CALL.finditer(code):
        name, line = match.group(1), line_of(code, match.start())
        if name in BANNED:
            yield f"{path}:{line}: {name}() is banned: use {BANNED[name]}"
        elif name in ONLY_IN and path not in ONLY_IN[name]:
            where = ", ".join(sorted(ONLY_IN[name])) or "no file"
            yield f"{path}:{line}: {name}() is for {where}"


def judge_notes(path, text):
    for match in NOTE.finditer(text):
        yield f"{path}:{line_of(text, match.start())}: {match.group()}: an issue, or nothing"


def judge_lengths(path, code):
    """A function begins at a line that is only '{', as clang-format writes it, and ends at
    the next that is only '}'."""
    start = rows = None
    for number, line in enumerate(code.split("\n"), 1):
        if line.rstrip() == "{":
            start, rows = number, 0
        elif line.rstrip() == "}" and start:
            n = number - start + 1 - rows
            if n > LINES_MAX:
                yield f"{path}:{start}: a function of {n} lines"
            start = None
        elif start:
            rows += bool(ROW.match(line))


def judge(path, text):
    code = code_of(text)
    return [*judge_calls(path, code), *judge_notes(path, text), *judge_lengths(path, code)]


WRONG = [
    "sprintf(a, b);", "  vsprintf (a, b, c);", "x = strcpy(a, b);", "strcat(a, b);",
    "strncpy(a, b, 3);", "atoi(a);", "atol(a);", "strtok(a, b);", "system(a);", "popen(a, b);",
    "usleep(3);", "sleep(3);", "gets(a);", "alloca(3);", "clock_gettime(0, &t);",
    "nanosleep(&t, 0);", "/* TODO: later */", "// FIXME", "int XXX;",
    "int f(void)\n{\n" + "x;\n" * 49 + "}\n",
    "int f(void)\n{\n" + "    {1},\n" * 49 + "x;\n" * 49 + "}\n",
]
RIGHT = [
    "snprintf(a, 3, b);", "/* no sprintf(): it has no bound */", 'puts("system(x)");',
    "my_sleep(3);", "engine->system(x);", "table.sleep(x);", "sleep_run(x);", "XXXH3(x);",
    "'\"'; atoi_like(x); '\"';", "int f(void)\n{\n" + "x;\n" * 48 + "}\n",
    "int f(void)\n{\n" + '    {"a", 1},\n' * 60 + "}\n",
]


def prove():
    missed = [text for text in WRONG if not judge("x.c", text)]
    blamed = [text for text in RIGHT if judge("x.c", text)]
    for text in missed:
        print(f"not found: {text[:60]}")
    for text in blamed:
        print(f"wrongly found: {text[:60]}")
    print(f"{len(WRONG)} wrong and {len(RIGHT)} right texts judged")
    return 1 if missed or blamed else 0


def main():
    root = pathlib.Path(sys.argv[1])
    if "--prove" in sys.argv:
        return prove()
    complaints, n = [], 0
    for top in TOPS:
        for file in sorted((root / top).rglob("*.[ch]")):
            n += 1
            complaints += judge(file.relative_to(root).as_posix(), file.read_text())
    for complaint in complaints:
        print(complaint)
    print(f"{n} files read")
    return 1 if complaints or n == 0 else 0


sys.exit(main())
