/* SPDX-License-Identifier: MIT */
/* report_fixture.c: see report_fixture.h. */
#include "report_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/usage.h"
#include "store/writer.h"

#define LAUNCH INT64_C(5000000000000)

void report_must(int rc, const struct tote_error *err)
{
    if (rc < 0) {
        fprintf(stderr, "report_fixture: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static tote_ns_t ns(double seconds)
{
    return (tote_ns_t)llround(seconds * 1e9);
}

/* Texts are static, so that a change may put others in their place. */
struct tote_run_row report_fixture_row(uint64_t tasks)
{
    return (struct tote_run_row){
        .label = (char *)"local",
        .engine = (char *)"local",
        .engine_version = (char *)"0.1.0",
        .binding = (char *)"pipe",
        .options = (char *)"{\"mode\":\"serve\"}",
        .kernel = (char *)"zfp:accuracy=0.001",
        .size = 200000,
        .seed = 7,
        .tasks = tasks,
        .workers = 2,
        .batch = (char *)"auto",
        .box = (char *)"user, PID, mount and network namespace",
        .is_boxed = true,
        .launched_utc = INT64_C(1767225600123456789), /* 2026-01-01T00:00:00.123Z */
        .stats = (char *)"{}",
        .why = (char *)"",
    };
}

struct tote_store *report_fixture_create(const char *path, const char *kind)
{
    struct tote_error err = {0};
    struct tote_store *store;
    report_must(tote_store_create(path, &store, &err), &err);
    static const char *const settings[][2] = {
        {"kernel", "zfp:accuracy=0.001"},
        {"size", "200000"},
        {"seed", "7"},
        {"tasks", "1000"},
        {"workers", "2"},
        {"batch", "auto"},
        {"order_seed", "42"},
        {"environment.cores", "2"},
        {"environment.cpu", "x"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        report_must(tote_store_set(store, settings[i][0], settings[i][1], &err), &err);
    report_must(tote_store_set(store, "kind", kind, &err), &err);
    return store;
}

static struct tote_digest good_digest(void)
{
    return (struct tote_digest){0x0123456789abcdef, 0xfedcba9876543210};
}

/* --- what it cost --- */

/* Two seconds on two cores, of which others had a quarter around runs of odd numbers.
 */
static void add_readings(struct tote_store *store, enum tote_reading_kind kind,
                         int64_t subject, const struct tote_usage_row *usage)
{
    struct tote_error err = {0};
    struct tote_reading_row rows[2];
    for (int i = 0; i < 2; i++)
        rows[i] = (struct tote_reading_row){
            .kind = kind,
            .subject = subject,
            .moment = i ? TOTE_READING_AFTER : TOTE_READING_BEFORE,
            .at_ns = LAUNCH + ns(2) * i,
            .cores = 2,
            .load_milli = 1250,
            .busy_ns = ns(100) + i * (ns(2) + (subject % 2) * ns(1)),
            .idle_ns = ns(1000) + i * ns(1),
            .steal_ns = i * ns(0.02),
            .cpu_wait_ns = subject % 3 ? i * ns(0.5) : TOTE_UNKNOWN,
            .memory_wait_ns = 0,
            .io_wait_ns = 0,
            .clock_hz = TOTE_UNKNOWN,
            .ours_ns = i ? ns(2) : TOTE_UNKNOWN,
        };
    report_must(tote_store_add_cost(store, usage, rows, 2, &err), &err);
}

/* Of runs that came to an end; every fourth was not measured. */
static void add_cost(struct tote_store *store, const struct tote_run_row *row)
{
    struct tote_usage_row usage = {
        .run = row->id,
        .samples = 20,
        .control_ns = ns(0.3),
        .worker_ns = ns(1.5),
        .teardown_ns = row->id % 3 == 2 ? TOTE_UNKNOWN : ns(0.1),
        .tote_ns = ns(0.05),
        .sampler_ns = ns(0.01),
        .memory_bytes = 1000000 * (row->id + 1),
        .memory_ns = LAUNCH + ns(1),
        .memory_how = "pss",
        .loopback_bytes = row->id % 2 ? 123456 : TOTE_UNKNOWN,
        .processes = 4,
        .threads = 9,
        .descriptors = 33,
        .has_ports = row->id % 2 == 1,
    };
    if (usage.has_ports)
        snprintf(usage.ports, sizeof usage.ports, "127.0.0.1:80 [::]:81");
    if (row->state != TOTE_RUN_RUNNING && row->id % 4 != 0)
        add_readings(store, TOTE_READING_RUN, row->id, &usage);
}

/* --- a lone run --- */

struct tote_record report_fixture_record(uint64_t task, bool is_ok)
{
    struct tote_record record = {
        .task = task,
        .attempt = 1,
        .start_ns = LAUNCH + ns(0.5),
        .end_ns = LAUNCH + ns(0.5) + ns(1e-3) * (tote_ns_t)(task + 1),
        .cpu_ns = ns(1e-3),
        .bytes_in = 800000,
        .outcome = is_ok ? TOTE_OUTCOME_OK : TOTE_OUTCOME_FAILED,
    };
    if (is_ok)
        record.digest = good_digest();
    return record;
}

static void put_records(const char *path, int64_t run, uint64_t tasks, bool has_failed)
{
    struct tote_error err = {0};
    struct tote_writer *writer;
    report_must(tote_writer_start(path, TOTE_DURABILITY_GROUP, &writer, &err), &err);
    for (uint64_t task = 0; task < tasks; task++) {
        struct tote_record record =
            report_fixture_record(task, !has_failed || task % 5 != 4);
        report_must(tote_writer_put_records(writer, run, 1, &record, 1, &err), &err);
    }
    report_must(tote_writer_stop(writer, &err), &err);
}

void report_fixture_end(struct tote_run_row *row, uint64_t done, uint64_t failed)
{
    uint64_t tasks = row->tasks;
    row->state = TOTE_RUN_COMPLETE;
    row->launch_ns = LAUNCH;
    row->ready_ns = LAUNCH + ns(0.25);
    row->first_ns = tasks ? LAUNCH + ns(0.5) : 0;
    row->fed_ns = tasks ? LAUNCH + ns(1.25) : 0;
    row->last_ns = LAUNCH + ns(2.25);
    row->end_ns = LAUNCH + ns(2.5);
    row->done = done;
    row->failed = failed;
    row->cpu_user_ns = ns(1.5);
    row->cpu_sys_ns = ns(0.5);
    row->has_digest = failed == 0;
    row->digest = good_digest();
}

void report_fixture_run(const char *path, uint64_t tasks, bool has_failed,
                        void (*change)(struct tote_run_row *row))
{
    struct tote_error err = {0};
    struct tote_store *store = report_fixture_create(path, "run");
    struct tote_run_row row = report_fixture_row(tasks);
    report_must(tote_store_add_run(store, &row, &err), &err);
    put_records(path, row.id, tasks, has_failed);
    uint64_t failed = has_failed ? tasks / 5 : 0;
    report_fixture_end(&row, tasks - failed, failed);
    if (change)
        change(&row);
    report_must(tote_store_update_run(store, &row, &err), &err);
    add_cost(store, &row);
    tote_store_close(store);
}

/* --- a bag that went on --- */

static void put_range(const char *path, struct tote_run_row *row, uint64_t first,
                      uint64_t end, bool heals)
{
    struct tote_error err = {0};
    struct tote_writer *writer;
    report_must(tote_writer_start(path, TOTE_DURABILITY_GROUP, &writer, &err), &err);
    for (uint64_t task = first; task < end; task++) {
        bool was_bad = task % 5 == 4;
        if (heals && !was_bad)
            continue;
        struct tote_record record = report_fixture_record(task, heals || !was_bad);
        record.attempt = (uint32_t)row->id;
        report_must(tote_writer_put_records(writer, row->id, 1, &record, 1, &err),
                    &err);
        row->done += record.outcome == TOTE_OUTCOME_OK;
        row->failed += record.outcome != TOTE_OUTCOME_OK;
    }
    report_must(tote_writer_stop(writer, &err), &err);
}

void report_fixture_resumed(const char *path, uint64_t tasks, bool heals)
{
    struct tote_error err = {0};
    struct tote_store *store = report_fixture_create(path, "run");
    const uint64_t ends[] = {0, tasks / 2, tasks / 4 * 3, tasks};
    const enum tote_run_state states[] = {TOTE_RUN_INTERRUPTED, TOTE_RUN_BROKEN,
                                          TOTE_RUN_COMPLETE};
    for (size_t i = 0; i < 3; i++) {
        struct tote_run_row row = report_fixture_row(tasks);
        row.attempts_to = (uint32_t)i + 1;
        report_must(tote_store_add_run(store, &row, &err), &err);
        if (i == 2 && heals)
            put_range(path, &row, 0, ends[1], true);
        put_range(path, &row, ends[i], ends[i + 1], false);
        report_fixture_end(&row, row.done, row.failed);
        row.state = states[i];
        row.has_digest = false;
        row.why = (char *)(i == 0 ? "Hangup" : i == 1 ? "the engine died" : "");
        report_must(tote_store_update_run(store, &row, &err), &err);
    }
    tote_store_close(store);
}

void report_fixture_empty(const char *path, const char *kind)
{
    tote_store_close(report_fixture_create(path, kind));
}

/* --- a comparison --- */

/* From -1 to 1 in even steps over the blocks, so that the middle is 0. */
static double place_of(int64_t block, int64_t blocks)
{
    return blocks < 2 ? 0 : 2 * (double)(block - 1) / (double)(blocks - 1) - 1;
}

static void add_run(struct tote_store *store, const struct report_plan *plan, size_t i,
                    int64_t block)
{
    struct tote_error err = {0};
    const struct report_cell *cell = &plan->cells[i];
    double rate =
        cell->tasks_per_s * (1 + cell->spread * place_of(block, plan->blocks));
    struct tote_run_row row = report_fixture_row(plan->tasks);
    row.label = (char *)cell->label;
    row.batch = (char *)"1";
    row.cell = (int64_t)i + 1;
    row.block = block;
    report_must(tote_store_add_run(store, &row, &err), &err);
    row.state = TOTE_RUN_COMPLETE;
    row.launch_ns = LAUNCH;
    row.ready_ns = LAUNCH + ns(cell->start_s);
    row.first_ns = row.ready_ns + ns(0.01);
    row.last_ns = row.ready_ns + ns((double)plan->tasks / rate);
    row.fed_ns = row.last_ns - ns(0.01);
    row.end_ns = row.last_ns + ns(0.1);
    row.done = plan->tasks;
    row.cpu_user_ns = ns(1);
    row.has_digest = true;
    row.digest = good_digest();
    if (plan->change)
        plan->change(&row);
    report_must(tote_store_update_run(store, &row, &err), &err);
    add_cost(store, &row);
}

/* Those of the engines, then the limit's if there is one. */
static void add_cells(struct tote_store *store, const struct report_plan *plan)
{
    struct tote_error err = {0};
    struct tote_cell_row *rows = calloc(plan->n_cells + 1, sizeof *rows);
    size_t n = plan->n_cells + (plan->limit_tasks_per_s > 0);
    for (size_t i = 0; i < n; i++) {
        bool is_limit = i == plan->n_cells;
        struct tote_run_row row = report_fixture_row(plan->tasks);
        if (plan->change) /* for the workers */
            plan->change(&row);
        rows[i] = (struct tote_cell_row){
            .id = (int64_t)i + 1,
            .point = 1,
            .role = is_limit ? TOTE_CELL_LIMIT : TOTE_CELL_ENGINE,
            .label = (char *)(is_limit ? "limit" : plan->cells[i].label),
            .engine = (char *)(is_limit ? "" : plan->cells[i].label),
            .kernel = (char *)"zfp:accuracy=0.001",
            .size = 200000,
            .tasks = plan->tasks,
            .workers = row.workers,
            .batch = (char *)(is_limit ? "" : "1"),
            .skipped = (char *)"",
        };
    }
    report_must(tote_store_add_cells(store, rows, n, &err), &err);
    free(rows);
}

static void add_limit(struct tote_store *store, const struct report_plan *plan,
                      int64_t block)
{
    struct tote_error err = {0};
    double rate = plan->limit_tasks_per_s * (1 + 0.001 * place_of(block, plan->blocks));
    struct tote_limit_row row = {
        .cell = (int64_t)plan->n_cells + 1,
        .block = block,
        .threads = 2,
        .tasks = plan->tasks,
        .wall_ns = ns((double)plan->tasks / rate),
        .digest = good_digest(),
    };
    report_must(tote_store_add_limit(store, &row, &err), &err);
    add_readings(store, TOTE_READING_LIMIT, row.id, NULL);
}

void report_fixture_compare(const char *path, const struct report_plan *plan)
{
    struct tote_error err = {0};
    struct tote_store *store = report_fixture_create(path, "compare");
    report_must(tote_store_set(store, "runs", "6", &err), &err);
    if (plan->end)
        report_must(tote_store_set(store, "end", plan->end, &err), &err);
    add_cells(store, plan);
    for (int64_t block = 1; block <= plan->blocks; block++) {
        for (size_t i = plan->has_only_limit ? 0 : plan->n_cells;
             i-- > 0;) /* not in the order of cells */
            add_run(store, plan, i, block);
        if (plan->limit_tasks_per_s > 0)
            add_limit(store, plan, block);
    }
    tote_store_close(store);
}

/* --- scenarios --- */

static void make_run(const char *path)
{
    report_fixture_run(path, 100, false, NULL);
}

static void make_run_failed(const char *path)
{
    report_fixture_run(path, 20, true, NULL);
}

static void make_run_empty_bag(const char *path)
{
    report_fixture_run(path, 0, false, NULL);
}

static void leave_running(struct tote_run_row *row)
{
    struct tote_run_row fresh = report_fixture_row(row->tasks + 10);
    fresh.id = row->id;
    fresh.engine_version = fresh.binding = fresh.box = (char *)"";
    fresh.is_boxed = false;
    *row = fresh;
    row->state = TOTE_RUN_RUNNING;
}

static void make_run_killed(const char *path)
{
    report_fixture_run(path, 10, true, leave_running);
}

static void interrupt(struct tote_run_row *row)
{
    row->state = TOTE_RUN_INTERRUPTED;
    row->last_ns = 0;
    row->done = row->tasks / 10;
    row->has_digest = false;
    row->duplicate = 1;
    row->lost = 2;
    row->why = (char *)"Interrupt";
}

static void make_run_interrupted(const char *path)
{
    report_fixture_run(path, 100, false, interrupt);
}

static void break_down(struct tote_run_row *row)
{
    interrupt(row);
    row->state = TOTE_RUN_BROKEN;
    row->ready_ns = row->first_ns = row->fed_ns = 0;
    row->done = 0;
    row->options = (char *)"mode=serve";
    row->box = (char *)"no namespaces here: the engine can use the network";
    row->is_boxed = false;
    row->cpu_user_ns = row->cpu_sys_ns = 0;
    row->why = (char *)"engine local ended before it was ready with status 1";
}

static void make_run_broken(const char *path)
{
    report_fixture_run(path, 0, false, break_down);
}

/* The row is older than the records: the disk was full when it was to be written. */
static void make_run_broken_late(const char *path)
{
    report_fixture_run(path, 40, true, break_down);
}

static void poison(struct tote_run_row *row)
{
    row->label = (char *)"lo\"cal,\x1b[31m\nVerdict: all is well";
    row->engine = (char *)"l\xc3\xb6kal\xff\xe2\x80\xaegnp";
    row->why = (char *)"\xed\xa0\x80\r\b\x7f\xc2\x9b";
    row->options = (char *)"[1, 2";
    row->stats = (char *)"{\"\xff\": 1}";
    row->state = TOTE_RUN_BROKEN;
}

static void make_run_hostile(const char *path)
{
    report_fixture_run(path, 10, false, poison);
}

static void make_run_resumed(const char *path)
{
    report_fixture_resumed(path, 100, false);
}

static void make_run_healed(const char *path)
{
    report_fixture_resumed(path, 100, true);
}

static void make_commands(const char *path)
{
    report_fixture_commands(path, 20, NULL);
}

/* Its row is from before the list was read. */
static void leave_commands(struct tote_run_row *row)
{
    leave_running(row);
    row->tasks = row->size = row->seed = 0;
    row->kernel = (char *)"command";
}

static void make_commands_killed(const char *path)
{
    report_fixture_commands(path, 20, leave_commands);
}

static void make_commands_resumed(const char *path)
{
    report_fixture_commands_resumed(path, 20);
}

static const struct report_cell three[] = {
    {"local", 0.006, 356, 0.01},
    {"workqueue", 0.5, 338, 0.01},
    {"ray", 2.84, 187, 0.02},
};

static void make_compare(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 3, 6, 1000, 367, "done", NULL, false});
}

static void make_compare_short(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 3, 3, 1000, 367, "budget", NULL, false});
}

static void make_compare_one(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 1, 6, 1000, 367, "done", NULL, false});
}

static void make_compare_empty_bag(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 2, 6, 0, 367, "done", NULL, false});
}

static void spoil(struct tote_run_row *row)
{
    if (strcmp(row->label, "ray") == 0 && row->block == 4)
        row->digest.low ^= 1;
}

static void make_compare_differ(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 3, 6, 1000, 367, "done", spoil, false});
}

/* For a page: what could end an element, an attribute or a text of a script. */
static void poison_page(struct tote_run_row *row)
{
    if (row->cell != 2)
        return;
    row->engine_version = (char *)"<!--<script>";
    row->options = (char *)"{\"a\":\"</script><svg onload=alert(2)>\"}";
    row->why = (char *)"\" onmouseover=\"alert(3)";
    row->state = row->block == 6 ? TOTE_RUN_BROKEN : row->state;
}

static void make_compare_page(const char *path)
{
    static const struct report_cell cells[] = {
        {"local", 0.006, 356, 0.01},
        {"</script><img src=x onerror=alert(1)>\xe2\x80\xa8]]>'\"&amp;", 0.5, 338,
         0.01},
        {"ray", 2.84, 187, 0.02},
    };
    report_fixture_compare(path, &(struct report_plan){cells, 3, 6, 1000, 367, "done",
                                                       poison_page, false});
}

static void fail(struct tote_run_row *row)
{
    if (strcmp(row->label, "ray") != 0)
        return;
    row->done -= 3;
    row->failed = 3;
    row->has_digest = false;
}

static void make_compare_failed(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 3, 6, 1000, 0, "done", fail, false});
}

static void stop_last(struct tote_run_row *row)
{
    if (row->block == 6 && row->cell == 2)
        interrupt(row);
    row->workers = 8;
}

static void make_compare_signal(const char *path)
{
    report_fixture_compare(path, &(struct report_plan){three, 2, 6, 1000, 367, "signal",
                                                       stop_last, false});
}

static void make_compare_killed(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 2, 1, 1000, 0, NULL, break_down, false});
}

/* Over before its first launch, with and without a pass of the limit. */
static void make_compare_no_run(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 2, 0, 1000, 0, "signal", NULL, false});
}

static void make_compare_only_limit(const char *path)
{
    report_fixture_compare(
        path, &(struct report_plan){three, 2, 1, 1000, 367, "signal", NULL, true});
}

static void make_compare_wide(const char *path)
{
    static const struct report_cell many[] = {
        {"local:mode=spawn", 0.006, 14230, 0.01},
        {"workqueue:port=9233,external-workers=yes,some-other-option=quite-long-as-"
         "well-so-"
         "that-no-line-holds-it",
         0.5, 133800, 0.01},
        {"ray:mode=inproc", 112.84, 0.0187, 0.02},
        {"l\xc3\xb6kal", 2, 98760, 0.2},
        {"e", 2, 99000, 0.2},
        {"f", 2, 1234567, 0.2},
    };
    report_fixture_compare(
        path, &(struct report_plan){many, 6, 7, 1000, 142857, "done", NULL, false});
}

/* Labels that would be markup in a document. */
static void make_compare_hostile(const char *path)
{
    static const struct report_cell odd[] = {
        {"a|b `x` ``y`` <script>alert(1)</script>", 0.01, 300, 0.01},
        {"\\| \\`**b** ~~s~~ [l](http://x.y) ![i](j)", 0.01, 290, 0.01},
        {"`", 0.01, 100, 0.01},
        {" `` ", 0.01, 99, 0.01},
        {"1. www.example.com me@example.com &lt; $x^2$ \\", 0.01, 50, 0.01},
        {"line\nbreak | --- | # head", 0.01, 25, 0.01},
    };
    report_fixture_compare(
        path, &(struct report_plan){odd, 6, 8, 1000, 367, NULL, NULL, false});
}

const struct report_scenario report_scenarios[] = {
    {"run", make_run},
    {"run_failed", make_run_failed},
    {"run_empty_bag", make_run_empty_bag},
    {"run_killed", make_run_killed},
    {"run_interrupted", make_run_interrupted},
    {"run_broken", make_run_broken},
    {"run_broken_late", make_run_broken_late},
    {"run_hostile", make_run_hostile},
    {"run_resumed", make_run_resumed},
    {"run_healed", make_run_healed},
    {"commands", make_commands},
    {"commands_killed", make_commands_killed},
    {"commands_resumed", make_commands_resumed},
    {"compare", make_compare},
    {"compare_short", make_compare_short},
    {"compare_one", make_compare_one},
    {"compare_empty_bag", make_compare_empty_bag},
    {"compare_differ", make_compare_differ},
    {"compare_page", make_compare_page},
    {"compare_failed", make_compare_failed},
    {"compare_signal", make_compare_signal},
    {"compare_killed", make_compare_killed},
    {"compare_no_run", make_compare_no_run},
    {"compare_only_limit", make_compare_only_limit},
    {"compare_wide", make_compare_wide},
    {"compare_hostile", make_compare_hostile},
    {"compare_controls", report_make_controls},
    {"sweep", report_make_sweep},
    {"sweep_short", report_make_sweep_short},
    {NULL, NULL},
};
