/* SPDX-License-Identifier: MIT */
/* cmd_fsck.c: `tote fsck`: is everything in a store as it was written? */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "store/fsck.h"

struct fsck_settings {
    char salvage[TOTE_OPTION_TEXT_MAX];
    bool json;
};

static const struct tote_option options[] = {
    {.name = "salvage",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct fsck_settings, salvage),
     .help = "copy what is whole into a new store, and what is damaged into its table "
             "quarantine",
     .is_path = true},
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct fsck_settings, json),
     .fallback = "no",
     .help = "print one JSON document"},
};

static const struct tote_option_list lists[] = {{options, 2, NULL}};

struct complaints {
    json_t *array; /* null: text */
};

static void complain(void *context, const char *sentence)
{
    struct complaints *complaints = context;
    if (!complaints->array)
        printf("%s\n", sentence);
    else if (json_array_append_new(complaints->array, json_string(sentence)) < 0)
        json_array_append_new(complaints->array, json_string("(not UTF-8)"));
}

static int show(const struct tote_fsck *fsck, struct complaints *complaints)
{
    if (!complaints->array) {
        printf("%" PRIu64 " rows checked, %" PRIu64 " damaged\n", fsck->checked,
               fsck->damaged);
        return 0;
    }
    json_t *root =
        json_pack("{s:i, s:I, s:I, s:I, s:O}", "schema_version", 1, "checked",
                  (json_int_t)fsck->checked, "damaged", (json_int_t)fsck->damaged,
                  "lost", (json_int_t)fsck->lost, "damages", complaints->array);
    int rc = root ? json_dumpf(root, stdout, JSON_INDENT(2)) : -1;
    printf("\n");
    json_decref(root);
    return rc;
}

static int check(const char *store, const struct fsck_settings *settings,
                 struct tote_fsck *fsck, struct tote_error *err)
{
    if (settings->salvage[0] && access(settings->salvage, F_OK) == 0)
        return tote_error_set(err, -EEXIST,
                              "'%.200s' is there already: --salvage makes a new store",
                              settings->salvage);
    struct complaints complaints = {settings->json ? json_array() : NULL};
    int rc = settings->salvage[0]
                 ? tote_store_salvage(store, settings->salvage, fsck, complain,
                                      &complaints, err)
                 : tote_store_fsck(store, fsck, complain, &complaints, err);
    if (rc == 0 && show(fsck, &complaints) < 0)
        rc = tote_error_set(err, -EIO, "cannot write the result");
    if (rc == 0 && fsck->lost > 0 && !settings->json)
        printf("tasks lost: %" PRIu64 "; the list counts as not read to its end: tote "
               "resume reads it again, or says how to give it\n",
               fsck->lost);
    if (rc == 0 && settings->salvage[0] && !settings->json)
        printf("what is whole is in %s\n", settings->salvage);
    json_decref(complaints.array);
    return rc;
}

/* What cannot be read at all is damage too; else it is no store, or the wrong one. */
static enum tote_exit exit_of(int rc)
{
    bool is_internal = rc == -EBADMSG || rc == -EIO || rc == -ENOMEM || rc == -ENOSPC;
    return is_internal ? TOTE_EXIT_INTERNAL : TOTE_EXIT_USAGE;
}

static int fsck_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct fsck_settings settings;
    struct tote_fsck fsck = {0};
    int rc = tote_options_defaults(options, 2, &settings, &err);
    if (rc == 0)
        rc = tote_args_apply(args, lists, 1, &settings, &err);
    if (rc == 0 && args->n_arguments != 1)
        rc = tote_error_set(&err, -EINVAL, "which store? tote fsck STORE");
    if (rc < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);
    rc = check(args->arguments[0], &settings, &fsck, &err);
    if (rc < 0)
        return tote_command_fail(settings.json, exit_of(rc), &err);
    return fsck.damaged > 0 ? TOTE_EXIT_INTERNAL : TOTE_EXIT_OK;
}

const struct tote_subcommand tote_command_fsck = {
    .name = "fsck",
    .summary = "Check every record of a store; exit 1 if something is damaged",
    .synopsis = "STORE [OPTIONS]",
    .examples = "  tote fsck bag.tote\n"
                "  tote fsck bag.tote --salvage whole.tote\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1,
    .run = fsck_main,
};
