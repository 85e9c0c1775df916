/* SPDX-License-Identifier: MIT */
/* conformance_points.c: what an engine program must do, one function a point; the table
 * is at the end (conformance.h). How one speaks to it is in probe.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/exam.h"
#include "core/capture.h"
#include "tote/clock.h"

#define DESCRIBE_NS    TOTE_NS_PER_S /* of the protocol */
#define DESCRIBE_TRIES 3

/* The largest bag and seed, options in the kernel's text, outputs that all differ. */
static const struct tote_bag work_bag = {
    .kernel = "zlib:level=1", .size = 64, .seed = TOTE_SEED_MAX, .tasks = TOTE_BAG_MAX};
static const struct tote_bag empty_bag = {.kernel = "noop", .seed = 1};

/* Tasks of these bags that do what the kernel fault is for. */
enum { FAILING = 3, KILLING = 20, HANGING = 5, FAULT_TASKS = 64 };
static const struct tote_bag fault_bag = {
    .kernel = "fault:fail=3,kill=20", .seed = 1, .tasks = FAULT_TASKS};
static const struct tote_bag hang_bag = {
    .kernel = "fault:hang=5", .seed = 1, .tasks = FAULT_TASKS};

/* --- launches --- */

/* A launch to which nothing has been said yet. */
static int open_launch(struct tote_exam *exam, const struct tote_bag *bag,
                       struct tote_error *err)
{
    tote_probe_close(&exam->probe);
    return tote_probe_open(&exam->probe, &exam->spec, exam->config, bag, NULL, err);
}

/* A new launch that is ready. */
static int start_launch(struct tote_exam *exam, const struct tote_bag *bag,
                        const struct tote_probe_change *change, struct tote_error *err)
{
    int rc = open_launch(exam, bag, err);
    if (rc == 0)
        rc = tote_probe_hello(&exam->probe, change, err);
    if (rc == 0)
        rc = tote_probe_await_ready(&exam->probe, err);
    exam->has_been_ready |= rc == 0;
    return rc;
}

/* The launch of the point before, if it is of this bag and still on, else a new one. */
static int share_launch(struct tote_exam *exam, const struct tote_bag *bag,
                        struct tote_error *err)
{
    const struct tote_probe *probe = &exam->probe;
    if (probe->is_open && probe->is_ready && !strcmp(probe->bag.kernel, bag->kernel))
        return 0;
    return start_launch(exam, bag, NULL, err);
}

/* --- batches --- */

/* One batch, of which no task kills its worker. */
static int run_one(struct tote_exam *exam, const struct tote_batch *batch,
                   const struct tote_probe_change *change, struct tote_error *err)
{
    struct tote_probe *probe = &exam->probe;
    int rc = tote_probe_run(probe, batch, change, err);
    if (rc == 0)
        rc = tote_probe_await_answers(probe, err);
    if (rc < 0)
        return rc;
    const struct tote_probe_batch *sent = &probe->batches[probe->n_batches - 1];
    if (sent->answer == TOTE_PROBE_LOST)
        return tote_error_set(err, -EPROTO, "it lost batch %" PRIu64 " for no reason",
                              sent->batch.id);
    return 0;
}

static int run_range(struct tote_exam *exam, uint64_t first, uint32_t count,
                     struct tote_error *err)
{
    struct tote_batch batch = {.first = first, .count = count, .attempt = 1};
    return run_one(exam, &batch, NULL, err);
}

/* --- endings --- */

static int await_end(struct tote_exam *exam, const char *after,
                     struct tote_probe_end *ret_end, struct tote_error *err)
{
    int rc = tote_probe_await_end(&exam->probe, ret_end, err);
    if (rc < 0) {
        tote_error_prefix(err, "after %s", after);
        return rc;
    }
    exam->endings++;
    if (ret_end->survivors && !exam->survivors) {
        exam->survivors = ret_end->survivors;
        exam->survivors_at = exam->point;
    }
    return 0;
}

static int say_ending(const struct tote_probe_end *end, const char *after,
                      const char *wanted, struct tote_error *err)
{
    return tote_error_set(
        err, -EPROTO, "after %s it ended with status %d instead of %s%s%s", after,
        end->status, wanted, end->words[0] ? "; it said: " : "", end->words);
}

/* It was asked to stop. */
static int expect_bye(struct tote_exam *exam, const char *after, struct tote_error *err)
{
    struct tote_probe_end end;
    int rc = await_end(exam, after, &end, err);
    if (rc < 0)
        return rc;
    if (end.status != 0)
        return say_ending(&end, after, "0", err);
    if (!exam->probe.has_said_bye)
        return tote_error_set(err, -EPROTO, "after %s it ended without a bye", after);
    return 0;
}

int tote_exam_stop(struct tote_exam *exam, struct tote_error *err)
{
    int rc = tote_probe_stop(&exam->probe, NULL, err);
    return rc < 0 ? rc : expect_bye(exam, "stop", err);
}

/* It was told something that it must not take. status 0: any but success. */
static int expect_refusal(struct tote_exam *exam, const char *after, int status,
                          struct tote_error *err)
{
    struct tote_probe_end end;
    int rc = await_end(exam, after, &end, err);
    if (rc < 0)
        return rc;
    char wanted[32] = "1 to 127";
    if (status)
        snprintf(wanted, sizeof wanted, "%d", status);
    if (end.status == 0 || end.status >= 128 || (status && end.status != status))
        return say_ending(&end, after, wanted, err);
    if (!end.words[0])
        return tote_error_set(err, -EPROTO,
                              "after %s it ended without a sentence on standard error",
                              after);
    return 0;
}

/* --- points without a ready --- */

static int judge_description(const struct tote_capture *said, struct tote_error *err)
{
    struct tote_describe about;
    const char *newline = memchr(said->out, '\n', said->out_n);
    if (said->status != 0)
        return tote_error_set(err, -EPROTO, "--describe exits with status %d, not 0",
                              said->status);
    if (!newline || newline + 1 != said->out + said->out_n)
        return tote_error_set(err, -EPROTO,
                              "--describe does not print exactly one line");
    int rc = tote_describe_parse(said->out, said->out_n, &about, err);
    if (rc < 0)
        return rc;
    if (!about.name[0] || !about.summary[0] || !about.version[0])
        rc = tote_error_set(
            err, -EPROTO,
            "--describe leaves the name, the summary or the version empty");
    tote_describe_finish(&about);
    return rc;
}

/* Again if it was late: a busy machine is not the engine's fault. */
static int hear_description(struct tote_exam *exam, struct tote_capture *said,
                            tote_ns_t *ret_took, struct tote_error *err)
{
    char *const argv[] = {exam->spec.path, (char *)"--describe", NULL};
    struct tote_capture_config config = {.argv = argv,
                                         .limit_ns = TOTE_DESCRIBE_S * TOTE_NS_PER_S,
                                         .signal_fd = exam->config->signal_fd};
    *ret_took = INT64_MAX;
    int rc = 0;
    for (int i = 0; i < DESCRIBE_TRIES && rc == 0 && *ret_took > DESCRIBE_NS; i++) {
        tote_ns_t since = tote_clock_monotonic();
        rc = tote_capture_run(&config, said, err);
        *ret_took = tote_clock_monotonic() - since;
    }
    return rc;
}

static int check_describe(struct tote_exam *exam, struct tote_error *err)
{
    struct tote_capture *said = malloc(sizeof *said);
    if (!said)
        return tote_error_set(err, -ENOMEM, "out of memory for --describe");
    tote_ns_t took;
    int rc = hear_description(exam, said, &took, err);
    if (rc == 0)
        rc = judge_description(said, err);
    if (rc == 0 && took > DESCRIBE_NS)
        rc = tote_error_set(err, -EPROTO, "--describe takes %.1f s; 1 s is the most",
                            (double)took / (double)TOTE_NS_PER_S);
    free(said);
    return rc;
}

/* A hello that must be refused. */
static int check_bad_hello(struct tote_exam *exam, const char *fields, const char *what,
                           int status, struct tote_error *err)
{
    int rc = open_launch(exam, &work_bag, err);
    if (rc == 0)
        rc = tote_probe_hello(&exam->probe,
                              &(struct tote_probe_change){.fields = fields}, err);
    return rc < 0 ? rc : expect_refusal(exam, what, status, err);
}

static int check_version(struct tote_exam *exam, struct tote_error *err)
{
    return check_bad_hello(exam, "{\"protocol\": [1000, 1001]}",
                           "a hello of versions 1000 to 1001", 0, err);
}

static int check_option(struct tote_exam *exam, struct tote_error *err)
{
    return check_bad_hello(exam, "{\"options\": {\"no-such-option\": \"1\"}}",
                           "an option that it does not have", 2, err);
}

/* --- points of the bag that works --- */

static int check_handshake(struct tote_exam *exam, struct tote_error *err)
{
    return share_launch(exam, &work_bag, err);
}

static int check_one(struct tote_exam *exam, struct tote_error *err)
{
    int rc = share_launch(exam, &work_bag, err);
    if (rc == 0)
        rc = run_range(exam, 0, 1, err);
    return rc < 0 ? rc : run_range(exam, TOTE_BAG_MAX - 1, 1, err);
}

static int check_many(struct tote_exam *exam, struct tote_error *err)
{
    int rc = share_launch(exam, &work_bag, err);
    return rc < 0 ? rc : run_range(exam, 1000, TOTE_BATCH_MAX, err);
}

static int check_batches(struct tote_exam *exam, struct tote_error *err)
{
    enum { N = 16 };
    int rc = share_launch(exam, &work_bag, err);
    struct tote_batch batch = {.first = 100, .attempt = 1};
    for (uint32_t i = 0; rc == 0 && i < N; i++) {
        batch.count = 2 + i * 5 % 23;
        rc = tote_probe_run(&exam->probe, &batch, NULL, err);
        batch.first += batch.count;
    }
    if (rc == 0)
        rc = tote_probe_await_answers(&exam->probe, err);
    for (size_t i = 0; rc == 0 && i < exam->probe.n_batches; i++)
        if (exam->probe.batches[i].answer == TOTE_PROBE_LOST)
            rc = tote_error_set(err, -EPROTO, "it lost batch %zu for no reason", i + 1);
    /* A second answer to one of them would come before this one's. */
    return rc < 0 ? rc : run_range(exam, 0, 2, err);
}

static int check_attempt(struct tote_exam *exam, struct tote_error *err)
{
    int rc = share_launch(exam, &work_bag, err);
    struct tote_batch batch = {.first = 5, .count = 7, .attempt = 7};
    return rc < 0 ? rc : run_one(exam, &batch, NULL, err);
}

static int check_eof(struct tote_exam *exam, struct tote_error *err)
{
    int rc = share_launch(exam, &work_bag, err);
    if (rc < 0)
        return rc;
    tote_probe_hang_up(&exam->probe);
    return expect_bye(exam, "the end of its standard input", err);
}

/* --- points of other bags --- */

static int check_empty(struct tote_exam *exam, struct tote_error *err)
{
    return share_launch(exam, &empty_bag, err);
}

static int check_stop(struct tote_exam *exam, struct tote_error *err)
{
    int rc = share_launch(exam, &empty_bag, err);
    return rc < 0 ? rc : tote_exam_stop(exam, err);
}

static int check_failing(struct tote_exam *exam, struct tote_error *err)
{
    int rc = share_launch(exam, &fault_bag, err);
    return rc < 0 ? rc : run_range(exam, 0, FAILING + 5, err);
}

static int check_lost(struct tote_exam *exam, struct tote_error *err)
{
    int rc = share_launch(exam, &fault_bag, err);
    struct tote_batch batch = {.first = KILLING - 2, .count = 4, .attempt = 1};
    if (rc == 0)
        rc = tote_probe_run(&exam->probe, &batch, NULL, err);
    if (rc == 0)
        rc = tote_probe_await_answers(&exam->probe, err);
    if (rc == 0)
        rc = run_range(exam, KILLING + 2, 6, err);
    return rc < 0 ? rc : tote_exam_stop(exam, err);
}

/* Each slot gets a batch that never ends and a few more wait behind them. That the
 * first one runs by then is shown by the answer to the one after it. */
static int check_busy(struct tote_exam *exam, struct tote_error *err)
{
    struct tote_probe *probe = &exam->probe;
    const struct tote_batch hanging = {.first = HANGING, .count = 1, .attempt = 1};
    int rc = start_launch(exam, &hang_bag, NULL, err);
    if (rc == 0)
        rc = tote_probe_run(probe, &hanging, NULL, err);
    struct tote_batch good = {.first = HANGING + 1, .count = 2, .attempt = 1};
    if (rc == 0)
        rc = tote_probe_run(probe, &good, NULL, err);
    if (rc == 0)
        rc = tote_probe_await_answer(probe, 2, err);
    for (uint32_t i = 0; rc == 0 && i < exam->config->slots; i++)
        rc = tote_probe_run(
            probe, &(struct tote_batch){.first = HANGING, .count = 1, .attempt = i + 2},
            NULL, err);
    if (rc == 0)
        rc = tote_exam_stop(exam, err);
    for (size_t i = 0; rc == 0 && i < probe->n_batches; i++)
        if (i != 1 && probe->batches[i].answer != TOTE_PROBE_OUT)
            rc = tote_error_set(
                err, -EPROTO, "it answered batch %zu, which cannot have ended", i + 1);
    return rc;
}

/* --- points of what a line may be --- */

static int check_future(struct tote_exam *exam, struct tote_error *err)
{
    static const struct tote_probe_change hello = {
        .fields = "{\"protocol\": [1, 1000], \"bag\": {\"unknown\": [1, {}]}, "
                  "\"unknown\": {\"a\": null}}"};
    static const struct tote_probe_change run = {.fields =
                                                     "{\"unknown\": [\"a\", 1.5]}"};
    int rc = start_launch(exam, &work_bag, &hello, err);
    if (rc == 0)
        rc = run_one(exam, &(struct tote_batch){.count = 3, .attempt = 1}, &run, err);
    return rc < 0 ? rc : tote_exam_stop(exam, err);
}

/* In place of hello, where a launch costs little; then once to an engine with workers.
 */
static int check_garbage(struct tote_exam *exam, struct tote_error *err)
{
    static const struct {
        const char *what, *line;
    } lines[] = {
        {"a line that is not JSON", "hello, is anybody there?\n"},
        {"a JSON array", "[1, 2, 3]\n"},
        {"an unknown command", "{\"cmd\": \"dance\"}\n"},
        {"a run before hello", "{\"cmd\": \"run\", \"batch\": 1, \"first\": 0, "
                               "\"count\": 1, \"attempt\": 1}\n"},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof lines / sizeof lines[0]; i++) {
        rc = open_launch(exam, &work_bag, err);
        if (rc == 0)
            rc = tote_probe_say(&exam->probe, lines[i].line, err);
        if (rc == 0)
            rc = expect_refusal(exam, lines[i].what, 1, err);
    }
    if (rc == 0)
        rc =
            check_bad_hello(exam, "{\"slots\": null}", "a hello without slots", 1, err);
    if (rc == 0)
        rc = start_launch(exam, &work_bag, NULL, err);
    if (rc == 0)
        rc = tote_probe_say(&exam->probe, "\xff\x01{{{\n", err);
    return rc < 0 ? rc : expect_refusal(exam, "garbage to a ready engine", 1, err);
}

/* The longest legal line is taken; one byte more is not, even if it would be a stop. */
static int check_long(struct tote_exam *exam, struct tote_error *err)
{
    static const struct tote_probe_change longest = {.bytes = TOTE_LINE_MAX},
                                          longer = {.bytes = TOTE_LINE_MAX + 1};
    int rc = start_launch(exam, &work_bag, NULL, err);
    if (rc == 0)
        rc = run_one(exam, &(struct tote_batch){.count = 3, .attempt = 1}, &longest,
                     err);
    if (rc == 0)
        rc = tote_probe_stop(&exam->probe, &longer, err);
    return rc < 0 ? rc : expect_refusal(exam, "an over-long line", 1, err);
}

/* --- the last point --- */

static int check_clean(struct tote_exam *exam, struct tote_error *err)
{
    int rc = 0;
    if (exam->endings == 0) { /* it is tried alone */
        rc = check_long(exam, err);
        if (rc == 0)
            rc = check_busy(exam, err);
    }
    if (rc == 0 && exam->survivors)
        rc = tote_error_set(
            err, -EPROTO,
            "it left %u processes alive when it ended (in the point '%s')",
            exam->survivors, exam->survivors_at);
    return rc;
}

const struct tote_conformance_point tote_conformance_points[] = {
    {"describe", "describes itself in one line, in 1 s, with status 0", false,
     check_describe},
    {"version", "refuses a hello of versions that it does not speak", false,
     check_version},
    {"option", "refuses an unknown option with status 2", false, check_option},
    {"handshake", "answers hello with ready and all its slots", true, check_handshake},
    {"one", "runs one task", true, check_one},
    {"many", "runs the largest batch", true, check_many},
    {"batches", "answers each of many batches in flight once", true, check_batches},
    {"attempt", "gives records the attempt that was asked for", true, check_attempt},
    {"eof", "takes the end of its input for a stop", true, check_eof},
    {"future", "ignores unknown fields, takes version 1 of a range", true,
     check_future},
    {"failing", "reports a failed task in a done", true, check_failing},
    {"lost", "reports a batch that killed its worker as lost, and goes on", true,
     check_lost},
    {"commands", "runs commands that travel as files, if it says so", true,
     tote_exam_commands},
    {"daemons", "leaves no process that a command started", true, tote_exam_daemons},
    {"empty", "becomes ready for an empty bag", true, check_empty},
    {"stop", "ends at stop with bye and status 0", true, check_stop},
    {"busy", "ends at stop while tasks run", true, check_busy},
    {"garbage", "ends with status 1 and a sentence at garbage", true, check_garbage},
    {"long", "takes the longest line and refuses a longer one", true, check_long},
    {"clean", "leaves no process alive, however it ended", true, check_clean},
    {0},
};
