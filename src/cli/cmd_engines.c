/* SPDX-License-Identifier: MIT */
/* cmd_engines.c: `tote engines`: which there are, whether they work, how to mend them;
 * the conformance suite; what they ask of whoever runs them. */
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

#include "check/probe.h"
#include "cli/check.h"
#include "cli/command.h"
#include "cli/facts.h"
#include "cli/place.h"
#include "core/program.h"
#include "facts/installed.h"
#include "facts/measure.h"
#include "tote/clock.h"

struct engines_settings {
    bool json;
    double timeout_s;
    char point[TOTE_OPTION_TEXT_MAX], weights[TOTE_OPTION_TEXT_MAX];
    uint64_t runs, workers;
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
     .help = "check, facts: how long the engine may take for ready and for an answer; "
             "0: 60 s and 20 s"},
    {.name = "point",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct engines_settings, point),
     .help = "check: only the point of this name"},
    {.name = "runs",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct engines_settings, runs),
     .fallback = "6",
     .min = 1,
     .max = TOTE_FACTS_LAUNCHES_MAX,
     .help = "facts: launches for the time to the first result; from 6 on it has an "
             "interval"},
    {.name = "workers",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct engines_settings, workers),
     .fallback = "2",
     .min = 1,
     .max = TOTE_PROBE_BATCHES_MAX,
     .help = "facts: slots of each launch"},
    {.name = "weights",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct engines_settings, weights),
     .metavar = "FACT=X,...",
     .help = "facts: weights of the score; what is not named keeps its own"},
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

/* *ret_is_there: it is usable already, so that its setup has nothing to do. */
static int check_setup(const char *name, const char *path, bool *ret_is_there,
                       struct tote_error *err)
{
    struct tote_describe about = {0};
    int rc = tote_program_describe(path, &about, err);
    if (rc == 0 && !about.has_setup)
        rc = tote_error_set(err, -EINVAL, "engine %s needs no setup%s%s", name,
                            about.is_usable ? "" : " by tote; run: ",
                            about.is_usable ? "" : about.mend);
    *ret_is_there = rc == 0 && about.is_usable;
    tote_describe_finish(&about);
    return rc;
}

/* Keeps how long it took, beside what it has made. That this fails is no failure of the
 * setup. */
static void keep_time(const char *path, tote_ns_t start)
{
    char data[PATH_MAX];
    struct tote_error why = {0};
    double seconds = (double)(tote_clock_monotonic() - start) / (double)TOTE_NS_PER_S;
    if (tote_place_data(data, sizeof data) &&
        tote_installed_record(path, data, seconds, &why) < 0)
        fprintf(stderr, "tote: %s\n", why.text);
}

static int change_engine(const char *name, const char *verb, bool is_json,
                         struct tote_error *err)
{
    char path[PATH_MAX], flag[16];
    snprintf(flag, sizeof flag, "--%s", verb);
    bool is_there = false;
    int rc = tote_program_find_engine(name, path, err);
    if (rc == 0)
        rc = check_setup(name, path, &is_there, err);
    tote_ns_t start = tote_clock_monotonic();
    if (rc == 0)
        rc = run_program(path, flag, err);
    if (rc == 0 && !is_there && strcmp(verb, "setup") == 0)
        keep_time(path, start);
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

static int show_facts(const struct tote_args *args,
                      const struct engines_settings *settings, struct tote_error *err)
{
    const struct tote_facts_settings facts = {.is_json = settings->json,
                                              .launches = settings->runs,
                                              .workers = settings->workers,
                                              .timeout_s = settings->timeout_s,
                                              .weights = settings->weights};
    size_t n = args->n_arguments > 1 ? args->n_arguments - 1 : 0;
    int measured = tote_facts_show(args->arguments + 1, n, &facts, err);
    return measured == 0 ? TOTE_EXIT_ENGINE : measured < 0 ? measured : TOTE_EXIT_OK;
}

static const struct verb {
    const char *name;
    size_t least, most; /* engines */
    const char *options[8];
} verbs[] = {
    {"list", 0, 0, {"json", NULL}},
    {"check", 1, 1, {"json", "timeout", "point", NULL}},
    {"facts",
     0,
     TOTE_FACTS_ENGINES_MAX,
     {"json", "timeout", "runs", "workers", "weights", NULL}},
    {"setup", 1, 1, {"json", NULL}},
    {"remove", 1, 1, {"json", NULL}},
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static bool takes_option(const struct verb *verb, const char *name)
{
    for (size_t i = 0; verb->options[i]; i++)
        if (strcmp(verb->options[i], name) == 0)
            return true;
    return false;
}

static int refuse_option(const struct verb *verb, const char *name,
                         struct tote_error *err)
{
    const char *takers[2] = {NULL, NULL};
    size_t n = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && n < 2; i++)
        if (takes_option(&verbs[i], name))
            takers[n++] = verbs[i].name;
    return tote_error_set(
        err, -EINVAL, "option --%s is for tote engines %s%s%s, not for %s", name,
        takers[0], n > 1 ? " and " : "", n > 1 ? takers[1] : "", verb->name);
}

/* Is everything there that the verb wants, and nothing that it does not? */
static int check_args(const struct tote_args *args, const struct verb *verb,
                      struct tote_error *err)
{
    size_t n = args->n_arguments > 0 ? args->n_arguments - 1 : 0;
    if (n < verb->least)
        return tote_error_set(err, -EINVAL, "which engine? tote engines %s NAME",
                              verb->name);
    if (n > verb->most)
        return tote_error_set(err, -EINVAL,
                              "unexpected argument '%s': tote engines %s takes %s",
                              args->arguments[verb->most + 1], verb->name,
                              verb->most == 0   ? "none"
                              : verb->most == 1 ? "one engine"
                                                : "no more");
    for (size_t i = 0; i < args->n_options; i++)
        if (!takes_option(verb, args->options[i].name))
            return refuse_option(verb, args->options[i].name, err);
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
            "unknown verb '%s'; engines takes list, check NAME, facts, setup NAME or "
            "remove NAME",
            word);
    int rc = check_args(args, verb, err);
    if (rc < 0)
        return rc;
    if (strcmp(word, "list") == 0)
        return list_engines(settings->json, err);
    if (strcmp(word, "check") == 0)
        return check_engine(args->arguments[1], settings, err);
    if (strcmp(word, "facts") == 0)
        return show_facts(args, settings, err);
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
    .summary =
        "List engines, check one, tell what they ask of you, set one up, remove it",
    .synopsis = "[list | check | facts | setup | remove] [NAME...] [OPTIONS]",
    .examples = "  tote engines\n"
                "  tote engines setup ray\n"
                "  tote engines facts local ray --weights ports=3\n"
                "  tote engines check ./my-engine\n",
    .notes =
        "check, setup and remove take one engine; facts takes any, and without a name\n"
        "all that there are: packages, time to the first result, processes, ports,\n"
        "steps, licence and more, each with its source. It launches them.\n",
    .options = lists,
    .n_options = 1,
    .most_arguments = 1 + TOTE_FACTS_ENGINES_MAX,
    .run = engines_main,
};
