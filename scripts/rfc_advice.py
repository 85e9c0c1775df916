# SPDX-License-Identifier: MIT
"""What `tote advise --json` says of the sweep, as Markdown for rfc-answer: the lines through the bag
sizes, and how long other bags would take. Doubts are tote's own words. Not for other parts."""

import rfc_figures as f

TIED = "not distinguishable from the first"


def span(estimate, scale=1.0):
    if estimate is None or estimate["value"] is None:
        return "-"
    return f.span({"median": estimate["value"], "n": 1, "low": estimate["low"], "high": estimate["high"]}, scale)


def sizes_in_words(line):
    return ", ".join(f"{tasks:,}" for tasks in sorted(line["tasks"]))


def line_rows(kinds):
    for kind in kinds:
        for line in kind["lines"]:
            if not line["approximate"]:
                yield [f.plain(f"{kind['kernel']}, size {kind['size']:,}"), f.plain(line["label"]),
                       span(line["start_s"]), span(line["per_task_s"], 1e3), sizes_in_words(line),
                       str(line["per_task_s"]["n"])]


def bag_in_words(answer):
    task = (f"each {f.number(answer['task_s'])} s of kernel" if answer["task_s"] is not None
            else f"{f.plain(answer['kernel'])}, size {answer['size']:,}")
    return f"{f.plain(answer['scenario'])}: {answer['tasks']:,} tasks, {task}"


def prediction_rows(answer):
    for one in answer["predictions"]:
        yield [f.plain(one["label"]), span(one["wall_s"]), span(one["times"]),
               TIED if one["tied_with_first"] else ""]


def answer_lines(answer):
    if answer["no_answer"]:
        return [f"- {bag_in_words(answer)}: {f.plain(answer['no_answer'])}", ""]
    head = ["cell", "whole run, s", "times the first", "remarks"]
    lines = [f"### Predicted, {bag_in_words(answer)}", "", *f.table(head, list(prediction_rows(answer)))]
    doubts = [f"- {f.plain(doubt)}" for doubt in answer["doubts"]]
    return [*lines, *doubts, ""] if doubts else lines


def section(advice):
    """Lines of Markdown; none without advice."""
    if not advice:
        return []
    lines = ["## Other bags", "", f"By `tote advise` on the sweep, {advice['workers']} workers: "
             f"{f.plain(advice['model'])}. T0 is what a launch costs, c what a task more costs.", ""]
    rows = list(line_rows(advice["kinds"]))
    if rows:
        lines += f.table(["bag", "cell", "T0, s", "c, ms", "bag sizes", "n"], rows)
    for answer in advice["answers"]:
        lines += answer_lines(answer)
    return lines
