#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds src/stats against SciPy and NumPy: test_stats_oracle.py STATS-CLI. Exit 77: no SciPy."""
import math
import random
import subprocess
import sys

try:
    import numpy
    from scipy import stats
except ImportError as missing:
    print(f"skipped: {missing} (apt-get install python3-scipy)")
    sys.exit(77)


def ask(program, lines):
    text = "\n".join(lines) + "\n"
    answer = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


def expected_rank(n):
    """The largest l with P(Bin(n, 1/2) < l) <= 2.5 %, from SciPy's distribution."""
    rank = int(stats.binom.ppf(0.025, n, 0.5)) + 1
    while rank > 0 and stats.binom.cdf(rank - 1, n, 0.5) > 0.025:
        rank -= 1
    return rank


def check_ranks(program):
    sizes = list(range(0, 400)) + [1000, 1073, 1074, 1075, 2000, 10_000, 100_001, 1_000_000]
    answers = ask(program, [f"rank {n}" for n in sizes])
    for n, answer in zip(sizes, answers, strict=True):
        assert int(answer) == expected_rank(n), (n, answer, expected_rank(n))
        assert n < 6 or 1 - 2 * stats.binom.cdf(int(answer) - 1, n, 0.5) >= 0.95, n
    return len(sizes)


def samples(rng):
    for n in [1, 2, 3, 5, 6, 7, 8, 20, 51, 200]:
        yield [rng.lognormvariate(0, 1) for _ in range(n)]
        yield [float(rng.randrange(3)) for _ in range(n)]
        yield [rng.uniform(-1, 1) * 10 ** rng.uniform(-300, 300) for _ in range(n)]
        yield [0.1] * n


def check_intervals(program, rng):
    cases = list(samples(rng))
    lines = [f"interval {len(v)} " + " ".join(map(repr, v)) for v in cases]
    for values, answer in zip(cases, ask(program, lines), strict=True):
        median, low, high = map(float, answer.split())
        assert median == float(numpy.median(values)), (values, median)
        if len(values) < 6:
            assert math.isnan(low) and math.isnan(high)
            continue
        rank, rising = expected_rank(len(values)), sorted(values)
        assert (low, high) == (rising[rank - 1], rising[-rank]), (values, low, high)
    return len(cases)


def check_percentiles(program, rng):
    cases = [(p, v) for v in samples(rng) for p in (0, 0.1, 25, 50, 90, 99.9, 100)]
    lines = [f"percentile {p} {len(v)} " + " ".join(map(repr, v)) for p, v in cases]
    for (p, values), answer in zip(cases, ask(program, lines), strict=True):
        want = float(numpy.percentile(values, p))
        width = max(map(abs, values))
        assert math.isclose(float(answer), want, rel_tol=1e-12, abs_tol=1e-14 * width), (
            p, values, answer, want)
    return len(cases)


def main():
    program, rng = sys.argv[1], random.Random(20)
    print(f"ranks {check_ranks(program)}, intervals {check_intervals(program, rng)}, "
          f"percentiles {check_percentiles(program, rng)}: all as SciPy and NumPy say")


main()
