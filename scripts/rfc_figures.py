# SPDX-License-Identifier: MIT
"""Figures and Markdown for rfc-answer: numbers with three digits, intervals, tables, and what
stands where in the documents of `tote report --json`. Not for words about them."""

import math


# --- numbers ---

def number(value, scale=1.0):
    """About three digits, as tote's own tables: more would be noise."""
    if value is None:
        return "-"
    if isinstance(value, int) and scale == 1:
        return f"{value:,}"
    value = value * scale
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{2 - math.floor(math.log10(abs(value)))}f}"


def span(interval, scale=1.0):
    """Median and its 95 % interval; without one, the median alone: n stands beside it."""
    if interval is None or not interval["n"]:
        return "-"
    median = number(interval["median"], scale)
    if interval["low"] is None:
        return median
    return f"{median} [{number(interval['low'], scale)}, {number(interval['high'], scale)}]"


def are_apart(a, b):
    """Whether both have an interval and these do not overlap."""
    if None in (a["low"], b["low"]):
        return False
    return a["high"] < b["low"] or b["high"] < a["low"]


def in_words(least, most):
    """Of two counts or two texts."""
    return str(least) if least == most else f"{least} to {most}"


# --- Markdown ---

TEXTS = ("cell", "bag sizes", "remarks", "source")  # columns

def plain(text):
    """A text from elsewhere, so that Markdown shows it as it is, on one line."""
    text = " ".join(str(text).split())
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return text


def table(head, rows):
    """Lines of a table; its first column is text, and so are those that are named so."""
    sides = ["---" if i == 0 or name in TEXTS else "---:" for i, name in enumerate(head)]
    lines = [head, sides, *rows]
    assert all(len(line) == len(head) for line in lines), lines
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


# --- documents ---

def base_of(sweep):
    """The point of the plain options: the first, with --one-at-a-time."""
    return sweep["points"][0]


def longest_of(sweep):
    """The point with the most tasks that has a run, the first of equals."""
    known = [point for point in sweep["points"] if has_run(point)] or sweep["points"]
    return max(known, key=lambda point: point["bag"]["tasks"])


def has_run(point):
    return any(cell["runs"] for cell in point["cells"])


def name_of(point):
    bag = point["bag"]
    return (f"{plain(bag['kernel'])}, size {bag['size']:,}, {bag['tasks']:,} tasks, "
            f"{point['workers']} worker{'s' if point['workers'] != 1 else ''}")


def kernel_name(point):
    return point["bag"]["kernel"].partition(":")[0]


def point_of_kernel(sweep, kernel):
    """The first point whose tasks are of a kernel, whatever its options; or None."""
    return next((one for one in sweep["points"] if kernel_name(one) == kernel), None)


def engine_name(cell):
    return cell["engine"].partition(":")[0]


def find_cell(point, engine, batch):
    for cell in point["cells"]:
        if engine_name(cell) == engine and cell["batch"] == batch:
            return cell
    return None


def figure(cell, interval_of, unit="", scale=1.0):
    """A figure of a cell with its unit, or that there is none: the cell's row says why."""
    if cell is None:
        return "not compared"
    if cell["skipped"]:
        return "cannot run here"
    interval = interval_of(cell)
    if interval is None or not interval["n"]:
        return "not measured"
    return span(interval, scale) + unit


def usage_of(cell, field):
    return (cell.get("usage") or {}).get(field)


def cost_of(cell, field):
    return (cell.get("cost") or {}).get("per_million", {}).get(field)


def rank(point, label, view):
    """Of a cell, as tote judged it; view: whole or steady."""
    for one in (point.get("ranking") or {}).get(view, {}).get("ranks", ()):
        if one["label"] == label:
            return str(one["rank"])
    return "-"


def noise_floors(sweep, view):
    """In percent, of the points that have one, ascending."""
    known = [(point.get("ranking") or {}).get(view, {}).get("noise_floor") for point in sweep["points"]]
    return sorted(math.expm1(floor) * 100 for floor in known if floor is not None)


def launches(documents):
    """Every launch and every pass of a loop in the documents."""
    for document in documents:
        for point in document["points"]:
            for cell in point["cells"] + point["controls"]:
                yield from cell["runs"]
            for loop in (point["limit"], point["serial"]):
                yield from loop["runs"] if loop else ()
