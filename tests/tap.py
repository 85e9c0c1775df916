#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a test program and mends its TAP: cmocka writes a skipped test as "not ok N # SKIP name",
which Meson takes for a failure. Passes all else through. Meson starts tests by it.

    tap.py PROGRAM [ARGUMENT...]"""

import re
import subprocess
import sys

SKIP = re.compile(rb"^not ok (\d+) # SKIP (.*)$")


def mended(line):
    return SKIP.sub(rb"ok \1 - \2 (skipped: \2 cannot be tried here) # SKIP", line.rstrip(b"\n")) + b"\n"


def main():
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            sys.stdout.buffer.write(mended(line))
            sys.stdout.buffer.flush()
    if process.returncode < 0:
        print(f"Bail out! {sys.argv[1]} was ended by signal {-process.returncode}")
    sys.exit(1 if process.returncode < 0 else process.returncode)


main()
