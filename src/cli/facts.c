/* SPDX-License-Identifier: MIT */
/* facts.c: gathers the facts of several engines (facts.h); facts_text.c and
 * facts_json.c show them. */
#include "cli/facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/conformance.h"
#include "cli/facts_rows.h"
#include "cli/place.h"
#include "cli/signals.h"
#include "core/program.h"
#include "facts/measure.h"

/* Nothing, for the first result; and long enough to be looked at. */
#define QUICK "noop"
#define BUSY  "sleep:us=300000"

/* --- who --- */

/* Finds the program, and prepares it if it is usable; a reason why it is not is no
 * error. */
static int prepare(struct tote_facts_row *row, const char *text, struct tote_error *err)
{
    char name[PATH_MAX];
    const char *options;
    struct tote_error why = {0};
    snprintf(row->label, sizeof row->label, "%s", text);
    tote_facts_init(&row->facts);
    int rc = tote_options_split(text, name, sizeof name, &options, err);
    if (rc == 0)
        rc = tote_program_find_engine(name, row->path, err);
    if (rc < 0)
        return rc;
    rc = tote_engine_spec_init(&row->spec, text, &why);
    row->is_usable = rc == 0;
    snprintf(row->why, sizeof row->why, "%s", why.text);
    return rc == -ENOPKG || rc == -ENOEXEC ? 0
           : rc < 0                        ? tote_error_set(err, rc, "%s", why.text)
                                           : 0;
}

static int prepare_all(struct tote_facts_rows *rows, const char *const *names, size_t n,
                       struct tote_error *err)
{
    if (n > TOTE_FACTS_ENGINES_MAX)
        return tote_error_set(err, -EINVAL, "facts of at most %d engines at once",
                              TOTE_FACTS_ENGINES_MAX);
    rows->at = calloc(n + 1, sizeof *rows->at);
    if (!rows->at)
        return tote_error_set(err, -ENOMEM, "out of memory for the engines");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = prepare(&rows->at[rows->n++], names[i], err);
    return rc;
}

static int prepare_found(struct tote_facts_rows *rows, struct tote_error *err)
{
    char **names = tote_program_engines();
    size_t n = 0;
    while (names && names[n])
        n++;
    int rc = names ? prepare_all(rows, (const char *const *)names, n, err)
                   : tote_error_set(err, -ENOMEM, "out of memory for the engines");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return rc;
}

static void finish(struct tote_facts_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        tote_engine_spec_finish(&rows->at[i].spec);
        tote_facts_finish(&rows->at[i].facts);
    }
    free(rows->at);
}

/* --- what --- */

/* The reason, for what only a launch could have shown. */
static void leave_out(struct tote_facts_row *row)
{
    static const enum tote_fact_id shown_by_launch[] = {
        TOTE_FACT_FIRST_RESULT, TOTE_FACT_PROCESSES, TOTE_FACT_PORTS,
        TOTE_FACT_DESCRIPTORS};
    for (size_t i = 0; i < sizeof shown_by_launch / sizeof shown_by_launch[0]; i++)
        tote_fact_not_measured(&row->facts.at[shown_by_launch[i]], "%s", row->why);
}

/* What the engine does wrong is its row's reason; only a signal and our own trouble
 * end it all. */
static int measure(struct tote_facts_row *row, const struct tote_facts_config *config,
                   struct tote_error *err)
{
    struct tote_error why = {0};
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "tote: looking at %s\n", row->label);
    int rc = tote_facts_read(row->path, config->data, &row->facts, &why);
    if (rc == 0 && row->is_usable) {
        rc = tote_facts_measure(&row->spec, config, &row->facts, &why);
        row->is_measured = rc == 0;
    }
    if (rc == -EINTR || rc == -ENOMEM)
        return tote_error_set(err, rc, "%s", why.text);
    if (rc < 0)
        snprintf(row->why, sizeof row->why, "%s", why.text);
    if (!row->is_measured)
        leave_out(row);
    return 0;
}

static int measure_all(struct tote_facts_rows *rows,
                       const struct tote_facts_settings *settings, int signal_fd,
                       struct tote_error *err)
{
    char data[PATH_MAX];
    double limit = settings->timeout_s;
    const struct tote_facts_config config = {
        .data = tote_place_data(data, sizeof data) ? data : NULL,
        .slots = (uint32_t)settings->workers,
        .launches = (uint32_t)settings->launches,
        .quick = {.kernel = QUICK, .seed = 1, .tasks = 1},
        .busy = {.kernel = BUSY, .seed = 1, .tasks = settings->workers},
        .ready_s = limit > 0 ? limit : TOTE_CONFORMANCE_READY_S,
        .answer_s = limit > 0 ? limit : TOTE_CONFORMANCE_ANSWER_S,
        .signal_fd = signal_fd,
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rows->n; i++)
        rc = measure(&rows->at[i], &config, err);
    for (size_t i = 0; i < rows->n; i++)
        rows->at[i].score = tote_score_of(&rows->at[i].facts, &rows->weights);
    return rc;
}

static int show(const struct tote_facts_rows *rows, bool is_json,
                struct tote_error *err)
{
    int rc = is_json ? tote_facts_write_json(rows, stdout)
                     : tote_facts_write_text(rows, stdout);
    if (rc < 0)
        return tote_error_set(err, rc, "cannot write the facts: %s", strerror(-rc));
    for (size_t i = 0; i < rows->n; i++)
        rc += rows->at[i].is_measured;
    return rc;
}

int tote_facts_show(const char *const *names, size_t n,
                    const struct tote_facts_settings *settings, struct tote_error *err)
{
    struct tote_facts_rows rows = {.workers = settings->workers,
                                   .launches = settings->launches};
    int rc = tote_weights_parse(settings->weights, &rows.weights, err);
    if (rc == 0)
        rc = n > 0 ? prepare_all(&rows, names, n, err) : prepare_found(&rows, err);
    int signal_fd = rc == 0 ? tote_signals_open(false, err) : -1;
    if (rc == 0 && signal_fd < 0)
        rc = signal_fd;
    if (rc == 0)
        rc = measure_all(&rows, settings, signal_fd, err);
    if (rc == 0)
        rc = show(&rows, settings->is_json, err);
    finish(&rows);
    if (rc == -EINTR)
        tote_signals_die(tote_signals_take(signal_fd));
    tote_signals_close(signal_fd);
    return rc;
}
