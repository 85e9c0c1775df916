/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `tote report`: what a store holds, in one of several forms. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/price.h"
#include "report/facts_document.h"
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
    char facts[TOTE_OPTION_TEXT_MAX];
    struct tote_facts_document document; /* if facts */
    char output[TOTE_OPTION_TEXT_MAX];
};

enum { TRACE = TOTE_REPORT_MARKDOWN + 1 };

static const char *const formats[] = {"text",     "json",  "csv", "html",
                                      "markdown", "trace", NULL};

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
    {.name = "facts",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct report_settings, facts),
     .is_path = true,
     .help = "what engines ask of whoever runs them, as `tote engines facts --json` "
             "printed it: a section of the HTML page"},
    {.name = "output",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct report_settings, output),
     .fallback = "-",
     .is_path = true,
     .letter = 'o',
     .help = "where to: a file, which appears whole or not at all; -: standard output"},
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
    if (rc == 0 && settings->facts[0] && settings->format != TOTE_REPORT_HTML)
        rc = tote_error_set(err, -EINVAL, "option 'facts' is of --format html");
    if (rc == 0)
        rc = tote_price_read(settings->price, settings->prices, &settings->rates,
                             &settings->has_price, err);
    if (rc == 0 && settings->facts[0])
        rc = tote_facts_document_read(settings->facts, &settings->document, err);
    return rc;
}

static int write_report(struct tote_store *store,
                        const struct report_settings *settings, FILE *out,
                        struct tote_error *err)
{
    const struct tote_report_extras extras = {
        .price = settings->has_price ? &settings->rates : NULL,
        .facts = settings->facts[0] ? &settings->document : NULL,
    };
    if (settings->format == TRACE)
        return tote_trace_write(store, (int64_t)settings->run, out, err);
    return tote_report_write_with(store, (enum tote_report_format)settings->format,
                                  &extras, out, NULL, err);
}

/* --- a file --- */

/* A new one beside it, with the mode that it would have. */
static FILE *open_beside(const char *path, char beside[static PATH_MAX])
{
    mode_t mask = umask(0);
    umask(mask);
    int n = snprintf(beside, PATH_MAX, "%s.XXXXXX", path);
    if (n < 0 || n >= PATH_MAX) {
        beside[0] = '\0';
        errno = ENAMETOOLONG;
        return NULL;
    }
    int fd = mkostemp(beside, O_CLOEXEC);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd < 0)
        beside[0] = '\0';
    else if (!out)
        close(fd);
    else
        fchmod(fd, 0666 & ~mask);
    return out;
}

static int write_file(struct tote_store *store, const struct report_settings *settings,
                      struct tote_error *err)
{
    const char *path = settings->output;
    char beside[PATH_MAX];
    FILE *out = open_beside(path, beside);
    int code = out ? 0 : errno;
    int rc = out ? write_report(store, settings, out, err) : 0;
    if (out && fclose(out) != 0)
        code = errno;
    if (rc == 0 && code == 0 && rename(beside, path) != 0)
        code = errno;
    if (beside[0] && (rc < 0 || code))
        unlink(beside);
    if (rc == 0 && code)
        tote_file_fail("write", path, code, err);
    return rc < 0 ? rc : code ? -EIO : 0;
}

static int report_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct report_settings settings = {0};
    int rc = read_settings(args, &settings, &err);
    if (rc < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);

    bool is_json = settings.format == TOTE_REPORT_JSON;
    struct tote_store *store;
    if (tote_store_open(args->arguments[0], &store, &err) < 0) {
        tote_facts_document_finish(&settings.document);
        return tote_command_fail(is_json, TOTE_EXIT_USAGE, &err);
    }
    rc = strcmp(settings.output, "-") == 0
             ? write_report(store, &settings, stdout, &err)
             : write_file(store, &settings, &err);
    tote_store_close(store);
    tote_facts_document_finish(&settings.document);
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
                "  tote report bag.tote --format html -o bag.html\n"
                "  tote report compare.tote --format markdown\n"
                "  tote report bag.tote --format trace > bag.json   # for Perfetto\n"
                "  tote report bag.tote --price cpu-hour=0.04,currency=EUR\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1,
    .run = report_main,
};
