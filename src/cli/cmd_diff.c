/* SPDX-License-Identifier: MIT */
/* cmd_diff.c: `tote diff`: two experiments, and whether B is as A was. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "report/diff.h"
#include "report/gate.h"
#include "store/store.h"

struct diff_settings {
    char fail_if[TOTE_OPTION_TEXT_MAX]; /* the last; all are read by read_gates */
    bool json;
    struct tote_gate gates[TOTE_GATES_MAX];
    size_t n_gates;
};

static const struct tote_option options[] = {
    {.name = "fail-if",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct diff_settings, fail_if),
     .metavar = "'METRIC < -N%'",
     .help =
         "exit 6 if the change from A to B is beyond it for sure, 7 if that cannot "
         "be told; METRIC < -N% or METRIC > N%, of tasks_per_s, steady_tasks_per_s, "
         "wall_s, start_s, cpu_s, peak_memory; may be given several times"},
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct diff_settings, json),
     .fallback = "no",
     .help = "print a JSON document"},
};

#define N_OPTIONS (sizeof options / sizeof *options)

static const struct tote_option_list lists[] = {{options, N_OPTIONS, NULL}};

static int read_gates(const struct tote_args *args, struct diff_settings *settings,
                      struct tote_error *err)
{
    for (size_t i = 0; i < args->n_options; i++) {
        if (strcmp(args->options[i].name, "fail-if") != 0)
            continue;
        if (settings->n_gates == TOTE_GATES_MAX)
            return tote_error_set(err, -EINVAL, "more than %d --fail-if",
                                  TOTE_GATES_MAX);
        struct tote_error why = {0};
        int rc = tote_gate_parse(args->options[i].value,
                                 &settings->gates[settings->n_gates++], &why);
        if (rc < 0)
            return tote_error_set(err, rc, "option --fail-if: %s", why.text);
    }
    return 0;
}

static int read_settings(const struct tote_args *args, struct diff_settings *settings,
                         struct tote_error *err)
{
    int rc = tote_options_defaults(options, N_OPTIONS, settings, err);
    if (rc == 0)
        rc = tote_args_apply(args, lists, 1, settings, err);
    if (rc == 0 && args->n_arguments != 2)
        rc = tote_error_set(err, -EINVAL, "which stores? tote diff A.tote B.tote");
    return rc == 0 ? read_gates(args, settings, err) : rc;
}

static int read_store(const char *path, enum tote_mask mask,
                      struct tote_summary *summary, enum tote_exit *ret_code,
                      struct tote_error *err)
{
    struct tote_store *store;
    *ret_code = TOTE_EXIT_USAGE;
    int rc = tote_store_open(path, &store, err);
    if (rc < 0)
        return rc;
    *ret_code = TOTE_EXIT_INTERNAL;
    rc = tote_gather(store, summary, err);
    tote_store_close(store);
    if (rc == 0)
        tote_gather_mask(summary, mask);
    return rc;
}

/* The gravest first: work that was not the same makes every other figure void. */
static enum tote_exit code_of(const struct tote_diff *diff,
                              const struct diff_settings *settings)
{
    enum tote_gate_result worst = TOTE_GATE_PASS;
    for (size_t i = 0; i < settings->n_gates; i++) {
        enum tote_gate_result one = tote_gate_judge_all(&settings->gates[i], diff);
        worst = one > worst ? one : worst;
    }
    return diff->outputs == TOTE_SAME_NO     ? TOTE_EXIT_OUTPUTS_DIFFER
           : worst == TOTE_GATE_FAIL         ? TOTE_EXIT_THRESHOLD
           : worst == TOTE_GATE_INCONCLUSIVE ? TOTE_EXIT_INCONCLUSIVE
                                             : TOTE_EXIT_OK;
}

static int show(const struct tote_summary *a, const struct tote_summary *b,
                const struct diff_settings *settings, enum tote_exit *ret_code,
                struct tote_error *err)
{
    struct tote_diff diff;
    int rc = tote_diff_make(a, b, &diff, err);
    if (rc < 0) {
        *ret_code = tote_exit_of(rc);
        return rc;
    }
    rc = (settings->json ? tote_diff_write_json : tote_diff_write_text)(
        &diff, settings->gates, settings->n_gates, stdout);
    *ret_code = rc < 0 ? TOTE_EXIT_INTERNAL : code_of(&diff, settings);
    tote_diff_finish(&diff);
    return rc < 0 ? tote_error_set(err, rc, "out of memory for the comparison") : 0;
}

static int diff_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct diff_settings settings = {.n_gates = 0};
    struct tote_summary a = {0}, b = {0};
    enum tote_exit code = TOTE_EXIT_USAGE;
    int rc = read_settings(args, &settings, &err);
    enum tote_mask mask = settings.json ? TOTE_MASK_BYTES : TOTE_MASK_CONTROLS;
    if (rc == 0)
        rc = read_store(args->arguments[0], mask, &a, &code, &err);
    if (rc == 0)
        rc = read_store(args->arguments[1], mask, &b, &code, &err);
    if (rc == 0)
        rc = show(&a, &b, &settings, &code, &err);
    tote_gather_finish(&a);
    tote_gather_finish(&b);
    return rc < 0 ? tote_command_fail(args->wants_json, code, &err) : (int)code;
}

const struct tote_subcommand tote_command_diff = {
    .name = "diff",
    .summary = "Compare two experiments: what changed from A to B",
    .synopsis = "A B [OPTIONS]",
    .examples = "  tote diff yesterday.tote today.tote\n"
                "  tote diff main.tote branch.tote --fail-if 'tasks_per_s < -5%'\n"
                "  tote diff here.tote there.tote --json\n",
    .notes =
        "Cells match by label, kernel, size, tasks, workers and batch. What differs\n"
        "around them is shown first. Exit status: 4 if outputs differ, else 6 if a\n"
        "condition is met for sure, 7 if one cannot be decided, else 0.\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 2,
    .run = diff_main,
};
