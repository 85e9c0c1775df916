/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `tote report`: what a store holds, in one of several forms. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/price.h"
#include "report/report.h"
#include "report/trace.h"
#include "store/store.h"

struct report_settings {
    int format; /* enum tote_report_format, or TRACE */
    bool json;
    uint64_t run;
    char price[TOTE_OPTION_TEXT_MAX], prices[TOTE_OPTION_TEXT_MAX];
    struct tote_price rates; /* if has_price */
    bool has_price;
};

enum { TRACE = TOTE_REPORT_CSV + 1 };

static const char *const formats[] = {"text", "json", "csv", "trace", NULL};

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
    {.name = "run",
     .metavar = "ID",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct report_settings, run),
     .fallback = "0",
     .max = 0x1p53,
     .help = "the run of a trace; 0: the last one"},
    {.name = "price",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct report_settings, price),
     .metavar = "cpu-hour=X,gb-hour=X,currency=NAME",
     .help = "what an hour of a core and of a GB costs: shows core-hours, GB-hours and "
             "money, of the run and of a million tasks"},
    {.name = "prices",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct report_settings, prices),
     .is_path = true,
     .help = "the same from a YAML file; --price wins"},
};

#define N_OPTIONS (sizeof options / sizeof *options)

static const struct tote_option_list lists[] = {{options, N_OPTIONS, NULL}};

static int read_settings(const struct tote_args *args, struct report_settings *settings,
                         struct tote_error *err)
{
    int rc = tote_options_defaults(options, N_OPTIONS, settings, err);
    if (rc == 0)
        rc = tote_args_apply(args, lists, 1, settings, err);
    if (rc == 0 && args->n_arguments != 1)
        rc = tote_error_set(err, -EINVAL, "which store? tote report STORE");
    if (rc == 0 && settings->json)
        settings->format = TOTE_REPORT_JSON;
    if (rc == 0 && tote_args_find(args, "run") && settings->format != TRACE)
        rc = tote_error_set(err, -EINVAL,
                            "option 'run' is of --format trace: other formats show all "
                            "runs that count");
    if (rc == 0)
        rc = tote_price_read(settings->price, settings->prices, &settings->rates,
                             &settings->has_price, err);
    return rc;
}

static int write_report(struct tote_store *store,
                        const struct report_settings *settings, struct tote_error *err)
{
    const struct tote_price *price = settings->has_price ? &settings->rates : NULL;
    if (settings->format == TRACE)
        return tote_trace_write(store, (int64_t)settings->run, stdout, err);
    return tote_report_write_priced(store, (enum tote_report_format)settings->format,
                                    price, stdout, NULL, err);
}

static int report_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct report_settings settings;
    int rc = read_settings(args, &settings, &err);
    if (rc < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);

    bool is_json = settings.format == TOTE_REPORT_JSON;
    struct tote_store *store;
    if (tote_store_open(args->arguments[0], &store, &err) < 0)
        return tote_command_fail(is_json, TOTE_EXIT_USAGE, &err);
    rc = write_report(store, &settings, &err);
    tote_store_close(store);
    if (rc == -ENOENT) /* no such run */
        return tote_command_fail(is_json, TOTE_EXIT_USAGE, &err);
    return rc < 0 ? tote_command_fail(is_json, TOTE_EXIT_INTERNAL, &err) : TOTE_EXIT_OK;
}

const struct tote_subcommand tote_command_report = {
    .name = "report",
    .summary = "Show what a store holds",
    .synopsis = "STORE [OPTIONS]",
    .examples = "  tote report bag.tote\n"
                "  tote report bag.tote --format csv\n"
                "  tote report bag.tote --format trace > bag.json   # for Perfetto\n"
                "  tote report bag.tote --price cpu-hour=0.04,currency=EUR\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1,
    .run = report_main,
};
