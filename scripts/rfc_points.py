# SPDX-License-Identifier: MIT
"""The points of the RFC for rfc-answer: a function a row of its table gives what the RFC says or leaves
out, why that does not settle the question, and what holds here. Not for the rest of the answer."""

import rfc_figures as f

ENGINES = {"local": "local", "workqueue": "Work Queue", "ray": "Ray"}


def of_point(point, engine, field, unit="", batch="1"):
    cell = f.find_cell(point, engine, batch) if point else None
    return f.figure(cell, lambda one: one[field], unit)


def its_ranking(it):
    said, own = it.said, it.own["ray"]
    return [f"Ray {said['times']} times faster: {said['ray']['seconds']} s against "
            f"{said['workqueue']['seconds']} s",
            f"{said['ray']['kernel']} on one side, {said['workqueue']['kernel']} on the other",
            f"{said['ray']['kernel']} on both, whole run: Work Queue "
            f"{of_point(own, 'workqueue', 'wall_s', ' s')}, Ray {of_point(own, 'ray', 'wall_s', ' s')}; "
            "tote's verdict stands above"]


def its_pairing(it):
    said, other, own = it.said, it.own["workqueue"], it.own["ray"]
    return [f"Work Queue with {said['workqueue']['kernel']}, Ray with {said['ray']['kernel']}",
            "two factors change at once; here is its pairing again, of which tote makes no verdict",
            f"whole run: Work Queue {of_point(other, 'workqueue', 'wall_s', ' s')}, Ray "
            f"{of_point(own, 'ray', 'wall_s', ' s')}; after start-up: Work Queue "
            f"{of_point(other, 'workqueue', 'steady_tasks_per_s', ' tasks/s')}, Ray "
            f"{of_point(own, 'ray', 'steady_tasks_per_s', ' tasks/s')}"]


def loop_of(point):
    return point["serial"] or point["limit"]


def its_kernels(it):
    row = ["zlib against zfp", "a kernel's time counts against whichever engine runs it"]
    points = [f.point_of_kernel(it.sweep, it.said[name]["kernel"]) for name in ("ray", "workqueue")]
    if None in points:
        return [*row, "not compared"]
    spans = [loop_of(point)["interval"] for point in points]
    holds = "one thread without an engine: " + ", ".join(
        f"{f.kernel_name(point)} {f.span(one)} tasks/s" for point, one in zip(points, spans))
    if f.are_apart(*spans):
        holds += "; these intervals do not overlap: the kernel is a factor by itself"
    return [*row, holds]


def its_way_of_calling(it):
    def both(engine):
        return ", ".join(f"{of_point(it.longest, engine, 'limit_interval', '', batch)} with batch {batch}"
                         for batch in ("1", "auto"))
    return ["a process per task against a function call",
            "how many tasks travel at once is a setting that both have",
            f"{it.longest['bag']['tasks']:,} tasks, rate after start-up over the bare loop's: Work Queue "
            f"{both('workqueue')}; Ray {both('ray')}"]


def its_start(it):
    words = [f"{ENGINES[name]} {of_point(it.base, name, 'start_interval_s', ' s')}"
             for name in ("workqueue", "ray", "local")]
    return ["start-up and throughput in one number", "start-up is paid once a launch, not once a task",
            "launch to ready: " + ", ".join(words)]


def its_one_bag(it):
    points = it.sweep["points"]
    idle = sum(not f.has_run(point) for point in points)
    return ["one bag, no sweep", "what holds of one bag need not hold of another",
            f"{len(points)} points, each with its verdict below" +
            (f"; {idle} of them cannot run here" if idle else "") + ". " + f.plain(it.sweep.get("verdict") or "")]


def its_cpu(it):
    words = []
    for name in ("workqueue", "ray"):
        cell = f.find_cell(it.base, name, "1")
        words.append(f"{ENGINES[name]} {f.figure(cell, lambda one: f.usage_of(one, 'control_s'), ' s')}, "
                     f"{f.figure(cell, lambda one: f.usage_of(one, 'memory_bytes'), ' MB', 1e-6)}")
    return ["no CPU, no memory", "what an engine takes, tasks do not get",
            f"{it.base['bag']['tasks']:,} tasks, batch 1, CPU of the control plane and peak memory: " +
            "; ".join(words)]


def its_cost(it):
    words = [f"{ENGINES[name]} " + f.figure(f.find_cell(it.longest, name, "auto"),
                                            lambda one: f.cost_of(one, "core_hours_paid"))
             for name in ("workqueue", "ray")]
    return ["no cost", "slots are paid while they idle, and while an engine starts",
            f"core-hours paid per million tasks, in bags of {it.longest['bag']['tasks']:,}, batch auto: " +
            ", ".join(words)]


def counted(it):
    """The numbers of complete launches of cells that ran."""
    return [cell["wall_s"]["n"] for document in it.documents for point in document["points"]
            for cell in point["cells"] if cell["runs"]]


def range_of(values):
    return f.in_words(f.number(values[0]), f.number(values[-1]))


def its_one_run(it):
    ns, whole, steady = counted(it), *(f.noise_floors(it.sweep, view) for view in ("whole", "steady"))
    holds = f"fresh launches of each cell: {f.in_words(min(ns), max(ns))}" if ns else "nothing ran"
    if whole and steady:
        holds += (f"; one engine entered twice differs from itself by {range_of(whole)} % with start-up and by "
                  f"{range_of(steady)} % after it, at {len(whole)} points: the noise floor")
    return ["one run of each", "one launch is one sample; without a second nobody knows the noise", holds]


def its_operation(it):
    def fact(engine, name):
        return f.number(engine["facts"][name]["value"])
    words = [f"{ENGINES.get(one['engine'], f.plain(one['engine']))}: packages {fact(one, 'packages')}, "
             f"processes {fact(one, 'processes')}, listening ports {fact(one, 'ports')}"
             for one in it.facts["engines"]]
    return ["operational complexity not measured", "a ranking by speed leaves it out", "; ".join(words)]


def its_host(it):
    return ["one host", "nothing crosses a network",
            f"the same here, with {it.sweep['environment']['cores_usable']} cores: not answered"]


def its_faults(_):
    return ["no faults", "a day without trouble says nothing of one with it", "the same here: not answered"]


POINTS = (its_ranking, its_pairing, its_kernels, its_way_of_calling, its_start, its_one_bag, its_cpu,
        its_cost, its_one_run, its_operation, its_host, its_faults)
