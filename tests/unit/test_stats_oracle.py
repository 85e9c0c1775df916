#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds src/stats against SciPy and NumPy: test_stats_oracle.py STATS-CLI. Exit 77: no SciPy.

What SciPy has not, or has with chance in it, is written here once more, by the definitions of the
headers: Holm, METG, break-even, the bootstrap with its generator, the verdict."""
import itertools
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


def text_of(*parts):
    """Numbers and arrays, flat, so that they read back exactly."""
    return " ".join(" ".join(repr(float(x)) for x in numpy.ravel(part))
                    if isinstance(part, (list, numpy.ndarray)) else str(part) for part in parts)


def numbers(answer):
    return [float(word) for word in answer.split()]


def is_alike(got, want, tolerance=1e-9):
    """Equal but for rounding; NaN and infinity are equal to themselves."""
    return numpy.allclose(got, want, rtol=tolerance, atol=1e-13, equal_nan=True)


# --- tests by ranks ---

def check_two(program, rng):
    """mannwhitneyu: "exact" without ties up to 50 values each, else "asymptotic"."""
    cases = []
    for i in range(3000):
        n, m = (rng.integers(1, 13, 2) if i < 2000 else rng.integers(13, 31, 2) if i < 2100
                else rng.integers(1, 90, 2))
        has_ties = i % 2 == 1
        a, b = (rng.integers(0, 8, k).astype(float) if has_ties else rng.lognormal(0, 1, k)
                for k in (n, m))
        cases.append((a, b * (1 if has_ties else rng.uniform(0.3, 3))))
    cases += [(numpy.arange(30.0), numpy.arange(30.0) + shift) for shift in (0.5, 7.5, 29.5, 99.5)]
    n_exact = 0
    answers = ask(program, [text_of("two", len(a), len(b), a, b) for a, b in cases])
    for (a, b), answer in zip(cases, answers, strict=True):
        u, a12, p, is_exact = numbers(answer)
        has_ties = len(set(a) | set(b)) < len(a) + len(b)
        assert is_exact == (not has_ties and max(len(a), len(b)) <= 50), (a, b)
        n_exact += is_exact == 1
        want = stats.mannwhitneyu(a, b, method="exact" if is_exact else "asymptotic")
        if len(set(a) | set(b)) == 1:
            want = want._replace(pvalue=1)
        assert is_alike([u, a12, p], [want.statistic, want.statistic / len(a) / len(b),
                                      want.pvalue]), (a, b, answer, want)
        assert math.isclose(p, want.pvalue, rel_tol=1e-9, abs_tol=1e-300), (p, want)
    return f"Mann-Whitney {len(cases)} ({n_exact} exact)"


def check_many(program, rng):
    cases = []
    for i in range(1500):
        counts = rng.integers(1, 15, rng.integers(2, 9))
        cases.append([rng.integers(0, 6, n).astype(float) if i % 2 else rng.lognormal(0, 1, n)
                      for n in counts])
    lines = [text_of("many", len(case), *map(len, case), numpy.concatenate(case)) for case in cases]
    for case, answer in zip(cases, ask(program, lines), strict=True):
        want = (0, 1) if len(set(numpy.concatenate(case))) == 1 else stats.kruskal(*case)
        assert is_alike(numbers(answer), want), (case, answer, want)
    tails = [(10 ** rng.uniform(-3, 3), int(k)) for k in rng.integers(1, 300, 1500)]
    for (x, freedom), answer in zip(tails, ask(program, [f"chi {x!r} {k}" for x, k in tails]),
                                    strict=True):
        want = stats.chi2.sf(x, freedom)
        assert math.isclose(float(answer), want, rel_tol=1e-9, abs_tol=1e-300), (x, freedom, answer)
    return f"Kruskal-Wallis {len(cases)}, chi-square {len(tails)}"


def holm(p):
    order = numpy.argsort(p, kind="stable")
    factors = len(p) - numpy.arange(len(p))
    adjusted = numpy.empty(len(p))
    adjusted[order] = numpy.maximum.accumulate(numpy.minimum(1, numpy.asarray(p)[order] * factors))
    return adjusted


def check_holm(program, rng):
    cases = [10 ** rng.uniform(-5, 0, rng.integers(1, 30)) for _ in range(1000)]
    cases += [numpy.round(case, 2) for case in cases]
    lines = [text_of("holm", len(case), case) for case in cases]
    for case, answer in zip(cases, ask(program, lines), strict=True):
        assert is_alike(numbers(answer), holm(case)), (case, answer)
    return f"Holm {len(cases)}"


# --- lines, METG, outliers ---

def fit(tasks, seconds):
    slope, fixed, *_ = stats.theilslopes(seconds, tasks, method="joint")
    return fixed, slope


def check_line(program, rng):
    cases = []
    for i in range(1500):
        n = rng.integers(2, 20)
        tasks = rng.integers(1, 6, n) * 100.0 if i % 2 else rng.uniform(1, 1e5, n)
        tasks[0] = 7
        cases.append((tasks, rng.uniform(0, 5) + rng.lognormal(-5, 1) * tasks * rng.lognormal(0, 0.2, n)))
    lines = [text_of("line", len(tasks), tasks, seconds) for tasks, seconds in cases]
    for (tasks, seconds), answer in zip(cases, ask(program, lines), strict=True):
        fixed, slope = fit(tasks, seconds)
        got = numbers(answer)
        assert is_alike(got[:2], [fixed, slope]), (tasks, seconds, answer)
        assert numpy.allclose(got[2:], seconds - fixed - slope * tasks, rtol=1e-9,
                              atol=1e-9 * max(seconds)), answer
    return f"Theil-Sen {len(cases)}"


NONE, AT, BELOW, ABOVE = range(4)


def metg(grains, efficiencies, x):
    """(kind, grain), by the definition: the grains are walked from the coarsest down."""
    points = sorted(zip(grains, efficiencies))
    if points[-1][1] < x:
        return ABOVE, points[-1][0]
    for (g0, e0), (g1, e1) in reversed(list(zip(points, points[1:]))):
        if e0 < x:
            return AT, math.exp(numpy.interp(x, [e0, e1], numpy.log([g0, g1])))
    return BELOW, points[0][0]


def check_outliers(program, rng):
    cases = [rng.standard_t(2, rng.integers(1, 40)) for _ in range(1000)]
    cases += [numpy.round(case) for case in cases]
    lines = [text_of("outlier", len(case), case) for case in cases]
    for case, answer in zip(cases, ask(program, lines), strict=True):
        q1, q3 = numpy.percentile(case, [25, 75])
        off = abs(case - numpy.median(case))
        mad = numpy.median(off)
        tukey = (case < q1 - 1.5 * (q3 - q1)) | (case > q3 + 1.5 * (q3 - q1))
        far = 0.6745 * off > 3.5 * mad if mad > 0 else numpy.zeros(len(case), bool)
        want = [sum(tukey), sum(far), sum(tukey | far), *(tukey + 2 * far)]
        assert numbers(answer) == want, (case, answer, want)
    return f"outliers {len(cases)}"


# --- the bootstrap, with a generator of its own ---

def draws(seed, n_draws, below):
    """SplitMix64, upper halves times below (Lemire); the chance of a second try is nil here."""
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed) + numpy.uint64(0x9e3779b97f4a7c15) * numpy.arange(
            1, n_draws + 1, dtype=numpy.uint64)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94d049bb133111eb)
        z ^= z >> numpy.uint64(31)
    below = numpy.asarray(below).astype(numpy.uint64)
    wide = (z >> numpy.uint64(32)) * below
    low = wide & numpy.uint64(0xffffffff)
    assert not numpy.any(low < numpy.uint64(2**32) % below), "another seed"
    return (wide >> numpy.uint64(32)).astype(int)


def median_of(values, axis):
    """NaN-aware, quietly NaN where all are."""
    with numpy.testing.suppress_warnings() as quiet:
        quiet.filter(RuntimeWarning)
        return numpy.nanmedian(values, axis=axis)


def bootstrap(values, statistic, seed, n_resamples):
    """(value, low, high, n, undefined) of cells x blocks."""
    values = values[:, ~numpy.all(numpy.isnan(values), axis=0)]
    n = numpy.sum(~numpy.isnan(values), axis=1).min() if values.size else 0
    value = statistic(median_of(values, 1)) if n else math.nan
    if n < 6 or math.isnan(value):
        return [value, math.nan, math.nan, n, 0]
    blocks = values.shape[1]
    drawn = draws(seed, n_resamples * blocks, blocks).reshape(n_resamples, blocks)
    medians = median_of(values[:, drawn], 2).T
    results = numpy.array([math.nan if numpy.isnan(one).any() else statistic(one)
                           for one in medians])
    undefined = numpy.isnan(results)
    low = numpy.sort(numpy.where(undefined, -math.inf, results))
    high = numpy.sort(numpy.where(undefined, math.inf, results))
    rank = math.floor(0.025 * (n_resamples - 1))
    return [value, low[rank], high[-1 - rank], n, sum(undefined)]


def with_holes(rng, values, share):
    values[rng.random(values.shape) < share] = math.nan
    return values


def check_ratio(program, rng):
    cases = []
    for i in range(1000):
        values = rng.lognormal(0, 0.1, (2, rng.integers(1, 31))) * rng.lognormal(0, 0.3, (2, 1))
        cases.append((int(rng.integers(0, 2**63)), with_holes(rng, values, (i % 3) * 0.15)))
    lines = [text_of("ratio", seed, 200, *values.shape, values) for seed, values in cases]
    for (seed, values), answer in zip(cases, ask(program, lines), strict=True):
        want = bootstrap(values, lambda m: m[0] / m[1], seed, 200)
        assert is_alike(numbers(answer), want), (values.tolist(), answer, want)
    bounds = [(int(rng.integers(0, 2**63)), int(rng.integers(1, 1000))) for _ in range(100)]
    for (seed, below), answer in zip(bounds, ask(program, [f"random {s} 100 {b}" for s, b in bounds]),
                                     strict=True):
        assert numbers(answer) == list(draws(seed, 100, below)), (seed, below)
    return f"ratios {len(cases)}"


def check_unpaired(program, rng):
    cases = []
    for i in range(500):
        pair = [with_holes(rng, rng.lognormal(rng.normal(0, 0.2), 0.1, rng.integers(1, 25)),
                           (i % 3) * 0.15) for _ in range(2)]
        cases.append((int(rng.integers(0, 2**63)), *pair))
    lines = [text_of("unpaired", seed, 200, len(a), len(b), a, b) for seed, a, b in cases]
    n_bounds = 0
    for (seed, *pair), answer in zip(cases, ask(program, lines), strict=True):
        a, b = (one[~numpy.isnan(one)] for one in pair)
        n = min(len(a), len(b))
        want = [median_of(a, 0) / median_of(b, 0) if n else math.nan, math.nan, math.nan, n, 0]
        if n >= 6:
            bounds = numpy.tile([len(a)] * len(a) + [len(b)] * len(b), 200)
            drawn = draws(seed, len(bounds), bounds).reshape(200, -1)
            results = numpy.sort(numpy.median(a[drawn[:, :len(a)]], axis=1)
                                 / numpy.median(b[drawn[:, len(a):]], axis=1))
            want[1:3] = results[4], results[-5]
            n_bounds += 1
        assert is_alike(numbers(answer), want), (pair, answer, want)
    assert n_bounds > 200
    return f"unpaired ratios {len(cases)}"


def lead(tasks, n, medians):
    first, second = fit(tasks[:n], medians[:n]), fit(tasks[n:], medians[n:])
    return second[0] - first[0], first[1] - second[1]


def crossing(tasks, n, medians, sign):
    fixed, per_task = (sign * one for one in lead(tasks, n, medians))
    if per_task <= 0:
        return math.nan if fixed <= 0 else math.inf
    return max(0, fixed / per_task)


def breakeven(tasks, n, values, seed, resamples):
    fixed = bootstrap(values, lambda m: lead(tasks, n, m)[0], seed, resamples)
    per_task = bootstrap(values, lambda m: lead(tasks, n, m)[1], seed, resamples)
    none = [math.nan, math.nan, math.nan, 0, 0]
    if not all(one[1] > 0 or one[2] < 0 for one in (fixed, per_task)):
        return [0, *fixed, *per_task, *none]
    if fixed[0] * per_task[0] < 0:
        return [1, *fixed, *per_task, *none]
    sign = math.copysign(1, fixed[0])
    return [2, *fixed, *per_task,
            *bootstrap(values, lambda m: crossing(tasks, n, m, sign), seed, resamples)]


def check_breakeven(program, rng):
    cases, kinds = [], set()
    for _ in range(120):
        n, m, blocks = rng.integers(2, 6), rng.integers(2, 6), rng.integers(4, 15)
        tasks = numpy.concatenate([100.0 * 2 ** numpy.arange(k) for k in (n, m)])
        start, each = rng.choice([1, 3], 2), rng.choice([0.002, 0.005, 0.02], 2)
        which = numpy.repeat([0, 1], [n, m])
        values = (start[which] + each[which] * tasks)[:, None] * rng.lognormal(0, 0.05, (n + m, blocks))
        cases.append((int(rng.integers(0, 2**63)), int(n), tasks, values))
    lines = [text_of("breakeven", seed, 60, n, *values.shape, values, tasks)
             for seed, n, tasks, values in cases]
    for (seed, n, tasks, values), answer in zip(cases, ask(program, lines), strict=True):
        want = breakeven(tasks, n, values, seed, 60)
        kinds.add(want[0])
        for place in (0, 1):
            want += bootstrap(values[:n], lambda m: fit(tasks[:n], m)[place], seed, 60)
        got = numbers(answer)
        assert got[0] == want[0] and numpy.allclose(got, want, rtol=1e-7, atol=1e-9, equal_nan=True), (
            tasks, values.tolist(), got, want)
    assert kinds == {0, 1, 2}, kinds
    return f"break-even {len(cases)}"


def check_metg(program, rng):
    cases, kinds = [], set()
    for _ in range(1000):
        n, blocks = rng.integers(1, 9), rng.integers(1, 12)
        grains = 10 ** rng.uniform(-6, 0, n)
        values = (grains / (grains + 10 ** rng.uniform(-7, 1)))[:, None] * rng.lognormal(
            0, 0.1, (n, blocks))
        cases.append((int(rng.integers(0, 2**63)), float(rng.choice([0.5, 0.95])), grains, values))
    lines = [text_of("metg", seed, 60, x, *values.shape, values, grains)
             for seed, x, grains, values in cases]
    for (seed, x, grains, values), answer in zip(cases, ask(program, lines), strict=True):
        def statistic(medians, grains=grains, x=x):
            kind, grain = metg(grains, medians, x)
            return {AT: grain, BELOW: -math.inf, ABOVE: math.inf}[kind]
        want = []
        for one in bootstrap(values, statistic, seed, 60)[:3]:
            kind = NONE if math.isnan(one) else AT if math.isfinite(one) else BELOW if one < 0 else ABOVE
            want += [kind, {NONE: one, AT: one, BELOW: min(grains), ABOVE: max(grains)}[kind]]
            kinds.add(kind)
        want += metg(grains, values[:, 0], x) if values.shape[1] == 1 else (NONE, math.nan)
        assert is_alike(numbers(answer), want), (x, grains, values.tolist(), answer, want)
    assert kinds == {NONE, AT, BELOW, ABOVE}, kinds
    return f"METG {len(cases)}"


# --- the verdict ---

class Court:
    """The rules of judge.h, written anew."""

    def __init__(self, values, floor, more_is_better, seed, resamples):
        self.values, self.floor, self.sign = values, floor, -1 if more_is_better else 1
        self.seed, self.resamples = seed, resamples
        self.cells = [one[~numpy.isnan(one)] for one in values]
        tested = [(i, k) for i, k in itertools.combinations(range(len(values)), 2)
                  if min(len(self.cells[i]), len(self.cells[k])) >= 6]
        self.holm = dict(zip(tested, holm([self.p(i, k) for i, k in tested]) if tested else []))

    def p(self, i, k):
        if not len(self.cells[i]) or not len(self.cells[k]):
            return math.nan
        return stats.mannwhitneyu(self.cells[i], self.cells[k], method="exact").pvalue

    def pair(self, better, cell):
        """As it is printed: of the ratio, then A12, p, p by Holm, what failed."""
        top, bottom = (cell, better) if self.sign > 0 else (better, cell)
        ratio = bootstrap(self.values[[top, bottom]], lambda m: m[0] / m[1], self.seed, self.resamples)
        corrected = self.holm.get((min(better, cell), max(better, cell)), math.nan)
        a12 = numpy.mean(self.sign * self.cells[cell][None, :] > self.sign * self.cells[better][:, None])
        failed = (not ratio[1] > 1) + 2 * (not corrected < 0.05) + 4 * (not math.log(ratio[0]) > self.floor)
        return [*ratio, a12, self.p(better, cell), corrected, failed]

    def judge(self):
        nothing = [math.nan] * 3 + [0, 0] + [math.nan] * 3 + [0]
        medians = [numpy.median(one) if len(one) else math.nan for one in self.cells]
        waiting = sorted((i for i, one in enumerate(self.cells) if len(one)),
                         key=lambda i: (self.sign * medians[i], i))
        rows = [[0, i, len(one), medians[i], *nothing] for i, one in enumerate(self.cells)]
        leader, placed = waiting[0] if waiting else 0, 0
        while waiting:
            head, group = waiting[0], [waiting[0]]
            for i in waiting[1:]:
                pair = self.pair(head, i)
                if head == leader:
                    rows[i][4:] = pair
                if pair[-1]:
                    group.append(i)
            for i in group:
                rows[i][:2] = [placed + 1, head]
            placed += len(group)
            waiting = [i for i in waiting if i not in group]
        filled = [one for one in self.cells if len(one)]
        kruskal = stats.kruskal(*filled) if len(filled) > 1 else (0, 1)
        return [leader, len(self.holm), *kruskal, *itertools.chain(*rows)]


def check_judge(program, rng):
    cases, ranks, failures = [], set(), set()
    for i in range(400):
        k, blocks = rng.integers(1, 7), rng.integers(1, 21)
        values = rng.lognormal(0, 0.1, (k, blocks)) * rng.lognormal(0, 0.1, (k, 1)) * rng.lognormal(
            0, 0.05, blocks)
        values = with_holes(rng, values, (i % 3) * 0.1)
        cases.append((values, float(rng.choice([0, 0.05, 0.2])), i % 2, int(rng.integers(0, 2**63)), 100))
    lines = [text_of("judge", seed, n, floor, more, *values.shape, values)
             for values, floor, more, seed, n in cases]
    for case, answer in zip(cases, ask(program, lines), strict=True):
        want = Court(*case).judge()
        assert is_alike(numbers(answer), want), (case[0].tolist(), case[1:], answer, want)
        ranks |= set(want[4::13])
        failures |= {failed for failed, n in zip(want[16::13], want[6::13]) if n}
    assert {1, 2, 3, 4} <= ranks and {0, 1, 2, 3, 4, 7} <= failures, (ranks, failures)
    return f"verdicts {len(cases)}"


def main():
    program, rng = sys.argv[1], random.Random(20)
    print(f"ranks {check_ranks(program)}, intervals {check_intervals(program, rng)}, "
          f"percentiles {check_percentiles(program, rng)}")
    arrays = numpy.random.default_rng(21)
    for check in (check_two, check_many, check_holm, check_line, check_outliers, check_ratio,
                  check_unpaired, check_breakeven, check_metg, check_judge):
        print(check(program, arrays), flush=True)
    print("all as SciPy and NumPy say")


main()
