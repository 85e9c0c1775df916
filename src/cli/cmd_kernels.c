/* SPDX-License-Identifier: MIT */
/* cmd_kernels.c: `tote kernels`: what a task can do, as tote-task itself tells it. */
#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "core/capture.h"
#include "core/program.h"

#define LIST_FIELDS 6 /* most that a line of tote-task --list has */

struct kernels_settings {
    bool json;
};

static const struct tote_option options[] = {
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct kernels_settings, json),
     .fallback = "no",
     .help = "print one JSON document"},
};

static const struct tote_option_list lists[] = {{options, 1, NULL}};

/* --- one line of --list --- */

/* Cuts a line at its tabs, in place. Returns the count. */
static size_t cut(char *line, char *fields[static LIST_FIELDS])
{
    size_t n = 0;
    for (char *at = line; at && n < LIST_FIELDS; n++) {
        fields[n] = at;
        at = strchr(at, '\t');
        if (at)
            *at++ = '\0';
    }
    return n;
}

static void print_line(char **fields, size_t n)
{
    if (n == 3 && strcmp(fields[0], "kernel") == 0) {
        printf("%-8s %s\n", fields[1], fields[2]);
    } else if (n == 6) {
        char head[64];
        snprintf(head, sizeof head, "%s=%s", fields[2], fields[4]);
        printf("         %-24s %s%s%s%s\n", head, fields[5], fields[3][0] ? " [" : "",
               fields[3], fields[3][0] ? "]" : "");
    }
}

static int add_line(json_t *kernels, char **fields, size_t n)
{
    if (n == 3)
        return json_array_append_new(kernels,
                                     json_pack("{s:s, s:s, s:[]}", "name", fields[1],
                                               "summary", fields[2], "options"));
    size_t last = json_array_size(kernels);
    if (n != 6 || last == 0)
        return -1;
    json_t *of = json_object_get(json_array_get(kernels, last - 1), "options");
    return json_array_append_new(
        of, json_pack("{s:s, s:s, s:s, s:s}", "name", fields[2], "default", fields[3],
                      "metavar", fields[4], "help", fields[5]));
}

static int show(char *text, bool is_json)
{
    json_t *kernels = json_array();
    int rc = kernels ? 0 : -1;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); rc == 0 && line;
         line = strtok_r(NULL, "\n", &save)) {
        char *fields[LIST_FIELDS];
        size_t n = cut(line, fields);
        if (is_json)
            rc = add_line(kernels, fields, n);
        else
            print_line(fields, n);
    }
    if (is_json && rc == 0) {
        json_t *root = json_pack("{s:i, s:O}", "schema_version", 1, "kernels", kernels);
        rc = json_dumpf(root, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(root);
    }
    json_decref(kernels);
    return rc;
}

static int capture_list(struct tote_capture *said, struct tote_error *err)
{
    char program[PATH_MAX];
    int rc = tote_program_find("tote-task", program, err);
    if (rc < 0)
        return rc;
    char *const argv[] = {program, (char *)"--list", NULL};
    struct tote_capture_config config = {
        .argv = argv, .limit_ns = TOTE_DESCRIBE_S * TOTE_NS_PER_S, .signal_fd = -1};
    return tote_capture_run(&config, said, err);
}

static int kernels_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct kernels_settings settings = {false};
    struct tote_capture *said = malloc(sizeof *said);
    int rc = said ? tote_args_apply(args, lists, 1, &settings, &err)
                  : tote_error_set(&err, -ENOMEM, "out of memory for the kernels");
    if (rc == 0)
        rc = capture_list(said, &err);
    if (rc == 0 && show(said->out, settings.json) < 0)
        rc = tote_error_set(&err, -EIO, "tote-task --list cannot be shown");
    free(said);
    return rc < 0 ? tote_command_fail(args->wants_json, tote_exit_of(rc), &err)
                  : TOTE_EXIT_OK;
}

const struct tote_subcommand tote_command_kernels = {
    .name = "kernels",
    .summary = "List the kernels (what a task can do) and their options",
    .synopsis = "[OPTIONS]",
    .examples = "  tote kernels\n"
                "  tote run --kernel spin:us=500 --tasks 1000\n",
    .options = lists,
    .n_options = 1,
    .run = kernels_main,
};
