/* SPDX-License-Identifier: MIT */
/* gather_usage.c: what runs used, and whether the machine was busy with something else
 * (gather.h; docs/method.md, "What a run costs", "The machine"). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/gather.h"

static double seconds(tote_ns_t ns)
{
    return ns >= 0 ? (double)ns / (double)TOTE_NS_PER_S : NAN;
}

/* --- a run --- */

/* Workers that have used less than their own tasks were not all seen: then the split
 * says nothing. */
static void split_cpu(struct tote_run_summary *run)
{
    struct tote_used *used = &run->used;
    const struct tote_usage_row *usage = &used->usage;
    double workers = seconds(usage->worker_ns), tote = seconds(usage->tote_ns);
    double teardown = usage->teardown_ns >= 0 ? seconds(usage->teardown_ns) : 0;
    used->cpu_s.total = run->cpu_total_s + tote;
    used->cpu_s.kernel = run->cpu_tasks_s;
    used->cpu_s.sampler = seconds(usage->sampler_ns);
    if (!(workers >= (1 - TOTE_USAGE_SLACK) * used->cpu_s.kernel))
        return;
    used->cpu_s.control = seconds(usage->control_ns) + teardown + tote;
    used->cpu_s.workers = fmax(0, workers - used->cpu_s.kernel);
    double rest = used->cpu_s.total - used->cpu_s.control - workers;
    used->cpu_s.unattributed = isnan(rest) ? NAN : fmax(0, rest);
}

static void set_used(struct tote_run_summary *run, const struct tote_usage_row *usage)
{
    struct tote_used *used = &run->used;
    used->is_known = true;
    used->usage = *usage;
    split_cpu(run);
    if (usage->memory_bytes >= 0)
        used->memory_bytes = (double)usage->memory_bytes;
    if (usage->memory_ns >= run->row.launch_ns)
        used->memory_at_s = seconds(usage->memory_ns - run->row.launch_ns);
}

static void set_none(struct tote_run_summary *run)
{
    struct tote_used *used = &run->used;
    used->cpu_s.total = used->cpu_s.control = used->cpu_s.workers = used->cpu_s.kernel =
        used->cpu_s.unattributed = used->cpu_s.sampler = NAN;
    used->memory_bytes = used->memory_at_s = NAN;
}

/* --- the machine --- */

/* What is known of both moments is subtracted. */
static double grown(tote_ns_t before, tote_ns_t after)
{
    return before >= 0 && after >= before ? seconds(after - before) : NAN;
}

static void judge_machine(struct tote_machine *machine)
{
    const struct tote_reading_row *before = &machine->before, *after = &machine->after;
    double time_s = grown(before->at_ns, after->at_ns);
    double room = time_s * (double)after->cores;
    double others = grown(before->busy_ns, after->busy_ns) - seconds(after->ours_ns);
    double steal = grown(before->steal_ns, after->steal_ns);
    if (!(room > 0))
        return;
    machine->others = fmin(1, fmax(0, others) / room); /* ticks are coarse */
    if (isnan(others))
        machine->others = NAN;
    machine->steal = steal / room;
    machine->cpu_wait = grown(before->cpu_wait_ns, after->cpu_wait_ns) / time_s;
    double lost = (isnan(machine->others) ? 0 : machine->others) +
                  (isnan(machine->steal) ? 0 : machine->steal);
    machine->is_judged = !isnan(machine->others) || !isnan(machine->steal);
    machine->is_busy = lost > TOTE_BUSY_SHARE && lost * room > TOTE_BUSY_LEAST_S;
}

static struct tote_machine *machine_of(struct tote_summary *summary,
                                       const struct tote_reading_row *reading)
{
    for (size_t i = 0; reading->kind == TOTE_READING_RUN && i < summary->n_runs; i++) {
        if (summary->runs[i].row.id == reading->subject)
            return &summary->runs[i].machine;
    }
    for (size_t i = 0; reading->kind == TOTE_READING_LIMIT && i < summary->n_limits;
         i++) {
        if (summary->limits[i].row.id == reading->subject)
            return &summary->limits[i].machine;
    }
    return NULL; /* of a pass that a salvage has lost */
}

static void set_reading(struct tote_summary *summary,
                        const struct tote_reading_row *reading)
{
    struct tote_machine *machine = machine_of(summary, reading);
    if (!machine)
        return;
    if (reading->moment == TOTE_READING_BEFORE) {
        machine->has_before = true;
        machine->before = *reading;
    } else {
        machine->has_after = true;
        machine->after = *reading;
    }
    if (machine->has_before && machine->has_after)
        judge_machine(machine);
}

static void set_unjudged(struct tote_machine *machine)
{
    machine->others = machine->steal = machine->cpu_wait = NAN;
}

/* --- all --- */

static int read_usages(struct tote_store *store, struct tote_summary *summary,
                       struct tote_error *err)
{
    struct tote_usage_row *usages = NULL;
    size_t n = 0;
    int rc = tote_store_usages(store, &usages, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        for (size_t k = 0; k < summary->n_runs; k++) {
            if (summary->runs[k].row.id == usages[i].run)
                set_used(&summary->runs[k], &usages[i]);
        }
    }
    free(usages);
    return rc;
}

int tote_gather_usage(struct tote_store *store, struct tote_summary *summary,
                      struct tote_error *err)
{
    for (size_t i = 0; i < summary->n_runs; i++) {
        set_none(&summary->runs[i]);
        set_unjudged(&summary->runs[i].machine);
    }
    for (size_t i = 0; i < summary->n_limits; i++)
        set_unjudged(&summary->limits[i].machine);
    struct tote_reading_row *readings = NULL;
    size_t n = 0;
    int rc = read_usages(store, summary, err);
    if (rc == 0)
        rc = tote_store_readings(store, &readings, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        set_reading(summary, &readings[i]);
    free(readings);
    return rc;
}
