/* SPDX-License-Identifier: MIT */
/* cmd_report.c: `tote report`: what a store holds, in one of four forms. */
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
#include "report/report.h"
#include "store/store.h"

struct report_settings {
    int format; /* enum tote_report_format */
    bool json;
    char output[TOTE_OPTION_TEXT_MAX];
};

static const char *const formats[] = {"text", "json", "csv", "html", NULL};

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

static int write_file(struct tote_store *store, enum tote_report_format format,
                      const char *path, struct tote_error *err)
{
    char beside[PATH_MAX];
    FILE *out = open_beside(path, beside);
    int code = out ? 0 : errno;
    int rc = out ? tote_report_write(store, format, out, NULL, err) : 0;
    if (out && fclose(out) != 0)
        code = errno;
    if (rc == 0 && code == 0 && rename(beside, path) != 0)
        code = errno;
    if (beside[0] && (rc < 0 || code))
        unlink(beside);
    return rc < 0 ? rc : code ? tote_file_fail("write", path, code, err) : 0;
}

static int report_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct report_settings settings;
    int rc = tote_options_defaults(options, N_OPTIONS, &settings, &err);
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
    rc = strcmp(settings.output, "-") == 0
             ? tote_report_write(store, format, stdout, NULL, &err)
             : write_file(store, format, settings.output, &err);
    tote_store_close(store);
    return rc < 0 ? tote_command_fail(is_json, TOTE_EXIT_INTERNAL, &err) : TOTE_EXIT_OK;
}

const struct tote_subcommand tote_command_report = {
    .name = "report",
    .summary = "Show what a store holds",
    .synopsis = "STORE [OPTIONS]",
    .examples = "  tote report bag.tote\n"
                "  tote report bag.tote --format csv\n"
                "  tote report bag.tote --format html -o bag.html\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1,
    .run = report_main,
};
