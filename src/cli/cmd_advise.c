/* SPDX-License-Identifier: MIT */
/* cmd_advise.c: `tote advise`: how long my bag would take on each engine, and which
 * engine when. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/command.h"
#include "report/advise.h"
#include "store/store.h"

struct advise_settings {
    uint64_t tasks, workers;
    double task_time;
    bool check, json;
};

static const struct tote_option options[] = {
    {.name = "tasks",
     .metavar = "N",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct advise_settings, tasks),
     .fallback = "0",
     .max = 0x1p53,
     .help = "tasks in my bag; 0: only what the experiment itself suggests"},
    {.name = "task-time",
     .type = TOTE_OPTION_SECONDS,
     .offset = offsetof(struct advise_settings, task_time),
     .min = 1e-9,
     .max = 1e6,
     .help = "what one of my tasks takes on one core, without any engine (default: as "
             "the kernels of the experiment)"},
    {.name = "workers",
     .metavar = "P",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct advise_settings, workers),
     .fallback = "0",
     .max = 65536,
     .help = "tasks at once; 0: the most that the experiment has"},
    {.name = "check",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct advise_settings, check),
     .fallback = "no",
     .help = "predict each bag size from the others, and show how far off that is"},
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct advise_settings, json),
     .fallback = "no",
     .help = "print a JSON document"},
};

#define N_OPTIONS (sizeof options / sizeof *options)

static const struct tote_option_list lists[] = {{options, N_OPTIONS, NULL}};

static int read_settings(const struct tote_args *args, struct advise_settings *settings,
                         struct tote_error *err)
{
    int rc = tote_options_defaults(options, N_OPTIONS, settings, err);
    if (rc == 0)
        rc = tote_args_apply(args, lists, 1, settings, err);
    if (rc == 0 && args->n_arguments != 1)
        rc = tote_error_set(err, -EINVAL, "which store? tote advise STORE");
    if (rc == 0 && !isnan(settings->task_time) && settings->tasks == 0)
        rc = tote_error_set(err, -EINVAL,
                            "option 'task-time' is of --tasks: how many are there?");
    return rc;
}

/* Outputs that differ make every figure void; no answer to what was asked is none. */
static enum tote_exit code_of(const struct tote_advice *advice)
{
    size_t n = 0;
    bool was_asked =
        advice->n_answers > 0 && advice->answers[0].scenario == TOTE_ADVISE_MINE;
    for (size_t i = 0; i < advice->n_answers; i++) {
        const struct tote_advise_answer *answer = &advice->answers[i];
        if (!was_asked || answer->scenario == TOTE_ADVISE_MINE)
            n += answer->n;
    }
    return advice->summary->outputs == TOTE_SAME_NO ? TOTE_EXIT_OUTPUTS_DIFFER
           : n == 0                                 ? TOTE_EXIT_INCONCLUSIVE
                                                    : TOTE_EXIT_OK;
}

static int show(struct tote_summary *summary, const struct advise_settings *settings,
                enum tote_exit *ret_code, struct tote_error *err)
{
    struct tote_advice advice;
    const struct tote_advise_bag mine = {settings->tasks, settings->task_time};
    tote_gather_mask(summary, settings->json ? TOTE_MASK_BYTES : TOTE_MASK_CONTROLS);
    int rc =
        tote_advise_make(summary, &mine, (uint32_t)settings->workers, &advice, err);
    if (rc < 0) {
        *ret_code = tote_exit_of(rc);
        return rc;
    }
    if (settings->check)
        rc = tote_advise_check(&advice, err);
    if (rc == 0)
        rc = (settings->json ? tote_advise_write_json : tote_advise_write_text)(&advice,
                                                                                stdout);
    *ret_code = rc < 0 ? TOTE_EXIT_INTERNAL : code_of(&advice);
    tote_advise_finish(&advice);
    return rc < 0 ? tote_error_set(err, rc, "out of memory for the advice") : 0;
}

static int advise_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct advise_settings settings;
    struct tote_store *store = NULL;
    struct tote_summary summary = {0};
    enum tote_exit code = TOTE_EXIT_USAGE;
    int rc = read_settings(args, &settings, &err);
    if (rc == 0)
        rc = tote_store_open(args->arguments[0], &store, &err);
    if (rc == 0) {
        code = TOTE_EXIT_INTERNAL;
        rc = tote_gather(store, &summary, &err);
    }
    tote_store_close(store);
    if (rc == 0)
        rc = show(&summary, &settings, &code, &err);
    tote_gather_finish(&summary);
    return rc < 0 ? tote_command_fail(args->wants_json, code, &err) : (int)code;
}

const struct tote_subcommand tote_command_advise = {
    .name = "advise",
    .summary = "Say how long a bag would take on each engine, from an experiment",
    .synopsis = "STORE [OPTIONS]",
    .examples = "  tote sweep --vary tasks=100..10000*10 --store sweep.tote\n"
                "  tote advise sweep.tote --tasks 5000\n"
                "  tote advise sweep.tote --tasks 5000 --task-time 20ms\n",
    .notes =
        "A line is laid through the bag sizes of the sweep, engine by engine. What\n"
        "the data do not support is said, with the sweep that would measure it.\n"
        "Exit status: 4 if outputs differ, 7 if the data give no answer.\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1,
    .run = advise_main,
};
