/* SPDX-License-Identifier: MIT */
/* cmd_engines.c: `tote engines`: which there are, whether they work, how to mend them;
 * and the conformance suite. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/command.h"
#include "core/program.h"

struct engines_settings {
    bool json;
    double timeout_s;
    char point[TOTE_OPTION_TEXT_MAX];
};

static const struct tote_option options[] = {
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct engines_settings, json),
     .fallback = "no",
     .help = "print one JSON document"},
    {.name = "timeout",
     .type = TOTE_OPTION_SECONDS,
     .offset = offsetof(struct engines_settings, timeout_s),
     .fallback = "0s",
     .max = 3600,
     .help = "check: how long the engine may take for ready and for an answer; 0: 60 s "
             "and 20 s"},
    {.name = "point",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct engines_settings, point),
     .help = "check: only the point of this name"},
};

#define N_OPTIONS (sizeof options / sizeof options[0])

static const struct tote_option_list lists[] = {{options, N_OPTIONS, NULL}};

/* --- list --- */

static void free_names(char **names)
{
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}

/* What the engine says of itself, or why it says nothing. */
static int describe_engine(const char *name, struct tote_describe *about,
                           struct tote_error *err)
{
    char path[PATH_MAX];
    int rc = tote_program_find_engine(name, path, err);
    return rc < 0 ? rc : tote_program_describe(path, about, err);
}

static void print_engine(const char *name, const struct tote_describe *about,
                         const struct tote_error *err)
{
    bool is_usable = about->root && about->is_usable;
    printf("%-12s %-10s %-7s %s\n", name,
           about->root && about->version[0] ? about->version : "-",
           is_usable ? "yes" : "no", about->root ? about->summary : err->text);
    if (about->root && !is_usable)
        printf("%-12s %-10s %-7s %s; run: %s\n", "", "", "", about->why, about->mend);
    size_t i;
    json_t *option;
    json_array_foreach(about->options, i, option)
    {
        char head[64];
        snprintf(head, sizeof head, "%s=%s",
                 json_string_value(json_object_get(option, "name")),
                 json_string_value(json_object_get(option, "metavar")));
        const char *fallback = json_string_value(json_object_get(option, "default"));
        printf("%-12s   %-28s %s%s%s%s\n", "", head,
               json_string_value(json_object_get(option, "help")),
               fallback[0] ? " [" : "", fallback, fallback[0] ? "]" : "");
    }
}

static json_t *engine_json(const char *name, const struct tote_describe *about,
                           const struct tote_error *err)
{
    if (!about->root)
        return json_pack("{s:s, s:b, s:s}", "name", name, "usable", 0, "why",
                         err->text);
    return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:O}", "name", name, "summary",
                     about->summary, "version", about->version, "usable",
                     (int)about->is_usable, "why", about->why, "mend", about->mend,
                     "options", about->options);
}

static int list_engines(bool is_json, struct tote_error *err)
{
    char **names = tote_program_engines();
    json_t *engines = json_array();
    if (!names || !engines) {
        free_names(names);
        json_decref(engines);
        return tote_error_set(err, -ENOMEM, "out of memory for the engines");
    }
    if (!is_json)
        printf("%-12s %-10s %-7s %s\n", "ENGINE", "VERSION", "USABLE", "");
    for (size_t i = 0; names[i]; i++) {
        struct tote_describe about = {0};
        struct tote_error why = {0};
        describe_engine(names[i], &about, &why);
        if (is_json)
            json_array_append_new(engines, engine_json(names[i], &about, &why));
        else
            print_engine(names[i], &about, &why);
        tote_describe_finish(&about);
    }
    free_names(names);
    if (is_json) {
        json_t *root = json_pack("{s:i, s:o}", "schema_version", 1, "engines", engines);
        json_dumpf(root, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(root);
    } else {
        json_decref(engines);
    }
    return 0;
}

/* --- setup, remove --- */

/* Runs the engine's own `--setup` or `--remove` before the user's eyes: all its words
 * on stderr, so that stdout is ours. */
static int run_program(const char *path, const char *flag, struct tote_error *err)
{
    char *const argv[] = {(char *)path, (char *)flag, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int rc = -posix_spawn_file_actions_init(&actions);
    if (rc == 0) {
        rc = -posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
        if (rc == 0)
            rc = -posix_spawn(&pid, path, &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    if (rc < 0)
        return tote_error_set(err, rc, "cannot run %s: %s", path, strerror(-rc));
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return tote_error_set(err, -ENOPKG, "%s %s failed; what it said is above", path,
                          flag);
}

static int check_setup(const char *name, const char *path, struct tote_error *err)
{
    struct tote_describe about = {0};
    int rc = tote_program_describe(path, &about, err);
    if (rc == 0 && !about.has_setup)
        rc = tote_error_set(err, -EINVAL, "engine %s needs no setup%s%s", name,
                            about.is_usable ? "" : " by tote; run: ",
                            about.is_usable ? "" : about.mend);
    tote_describe_finish(&about);
    return rc;
}

static int change_engine(const char *name, const char *verb, bool is_json,
                         struct tote_error *err)
{
    char path[PATH_MAX], flag[16];
    snprintf(flag, sizeof flag, "--%s", verb);
    int rc = tote_program_find_engine(name, path, err);
    if (rc == 0)
        rc = check_setup(name, path, err);
    if (rc == 0)
        rc = run_program(path, flag, err);
    if (rc == 0 && is_json) {
        json_t *root = json_pack("{s:i, s:s, s:s}", "schema_version", 1, "engine", name,
                                 "done", verb);
        json_dumpf(root, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(root);
    }
    return rc;
}

/* --- the command --- */

/* The suite's words are on stdout by then; the exit code says the rest. */
static int check_engine(const char *engine, const struct engines_settings *settings,
                        struct tote_error *err)
{
    struct tote_check_settings check = {.is_json = settings->json,
                                        .timeout_s = settings->timeout_s,
                                        .point = settings->point[0] ? settings->point
                                                                    : NULL};
    int failed = tote_check_engine(engine, &check, err);
    return failed > 0 ? TOTE_EXIT_ENGINE : failed;
}

static const struct verb {
    const char *name;
    bool wants_engine;
} verbs[] = {{"list", false}, {"check", true}, {"setup", true}, {"remove", true}};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* Is everything there that the verb wants, and nothing that it does not? */
static int check_args(const struct tote_args *args, const struct verb *verb,
                      struct tote_error *err)
{
    if (verb->wants_engine && args->n_arguments < 2)
        return tote_error_set(err, -EINVAL, "which engine? tote engines %s NAME",
                              verb->name);
    if (!verb->wants_engine && args->n_arguments > 1)
        return tote_error_set(err, -EINVAL,
                              "unexpected argument '%s': tote engines %s takes none",
                              args->arguments[1], verb->name);
    static const char *const of_check[] = {"timeout", "point"};
    for (size_t i = 0; i < sizeof of_check / sizeof of_check[0]; i++)
        if (strcmp(verb->name, "check") != 0 && tote_args_find(args, of_check[i]))
            return tote_error_set(err, -EINVAL,
                                  "option --%s is for tote engines check, not for %s",
                                  of_check[i], verb->name);
    return 0;
}

/* An exit code, or a negative errno and a sentence. */
static int engines_verb(const struct tote_args *args,
                        const struct engines_settings *settings, struct tote_error *err)
{
    const char *word = args->n_arguments > 0 ? args->arguments[0] : "list";
    const struct verb *verb = find_verb(word);
    if (!verb)
        return tote_error_set(
            err, -EINVAL,
            "unknown verb '%s'; engines takes list, check NAME, setup "
            "NAME or remove NAME",
            word);
    int rc = check_args(args, verb, err);
    if (rc < 0)
        return rc;
    if (strcmp(word, "list") == 0)
        return list_engines(settings->json, err);
    if (strcmp(word, "check") == 0)
        return check_engine(args->arguments[1], settings, err);
    return change_engine(args->arguments[1], word, settings->json, err);
}

static int engines_main(const struct tote_args *args)
{
    struct tote_error err = {0};
    struct engines_settings settings;
    int rc = tote_options_defaults(options, N_OPTIONS, &settings, &err);
    if (rc == 0)
        rc = tote_args_apply(args, lists, 1, &settings, &err);
    if (rc == 0)
        rc = engines_verb(args, &settings, &err);
    return rc < 0 ? tote_command_fail(args->wants_json, tote_exit_of(rc), &err) : rc;
}

const struct tote_subcommand tote_command_engines = {
    .name = "engines",
    .summary = "List engines, check one for conformance, set one up or remove it",
    .synopsis = "[list | check NAME|PROGRAM | setup NAME | remove NAME] [OPTIONS]",
    .examples = "  tote engines\n"
                "  tote engines setup ray\n"
                "  tote engines check ./my-engine\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 2,
    .run = engines_main,
};
