/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `tote report`: what a store holds, in one of three forms. */
#include <stddef.h>
#include <stdio.h>

#include "cli/command.h"
#include "report/report.h"
#include "store/store.h"

struct report_settings {
    int format; /* enum tote_report_format */
    bool json;
};

static const char *const formats[] = {"text", "json", "csv", NULL};

static const struct tote_option options[] = {
    {.name = "format",
     .type = TOTE_OPTION_CHOICE,
     .offset = offsetof(struct report_settings, format),
     .fallback = "text",
     .choices = formats,
     .help = "what to print"},
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct report_settings, json),
     .fallback = "no",
     .help = "the same as --format json"},
};

static const struct tote_option_list lists[] = {{options, 2, NULL}};

static int report_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct report_settings settings;
    int rc = tote_options_defaults(options, 2, &settings, &err);
    if (rc == 0)
        rc = tote_args_apply(args, lists, 1, &settings, &err);
    if (rc == 0 && args->n_arguments != 1)
        rc = tote_error_set(&err, -1, "which store? tote report STORE");
    if (rc < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);

    bool is_json = settings.json || settings.format == TOTE_REPORT_JSON;
    struct tote_store *store;
    if (tote_store_open(args->arguments[0], &store, &err) < 0)
        return tote_command_fail(is_json, TOTE_EXIT_USAGE, &err);
    enum tote_report_format format =
        is_json ? TOTE_REPORT_JSON : (enum tote_report_format)settings.format;
    rc = tote_report_write(store, format, stdout, NULL, &err);
    tote_store_close(store);
    return rc < 0 ? tote_command_fail(is_json, TOTE_EXIT_INTERNAL, &err) : TOTE_EXIT_OK;
}

const struct tote_subcommand tote_command_report = {
    .name = "report",
    .summary = "Show what a store holds",
    .synopsis = "STORE [OPTIONS]",
    .examples = "  tote report bag.tote\n"
                "  tote report bag.tote --format csv\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1,
    .run = report_main,
};
