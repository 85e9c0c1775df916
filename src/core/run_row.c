/* SPDX-License-Identifier: MIT */
/* run_row.c: fills the row of a run (run_row.h). */
#include "core/run_row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t tote_run_batch(const struct tote_run_config *config)
{
    return config->engine->has_batch ? config->engine->batch : config->batch;
}

int tote_run_row_set(char **field, const char *text, struct tote_error *err)
{
    char *copy = strdup(text);
    if (!copy)
        return tote_error_set(err, -ENOMEM, "out of memory for a run's row");
    free(*field);
    *field = copy;
    return 0;
}

static int set_texts(struct tote_run_row *row, const struct tote_run_config *config,
                     struct tote_error *err)
{
    char batch[16] = "auto";
    if (tote_run_batch(config))
        snprintf(batch, sizeof batch, "%u", tote_run_batch(config));
    const struct {
        char **field;
        const char *text;
    } texts[] = {
        {&row->label, config->label ? config->label : config->engine->label},
        {&row->engine, config->engine->about.name},
        {&row->engine_version, config->engine->about.version},
        {&row->binding, ""},
        {&row->kernel, config->bag->kernel},
        {&row->batch, batch},
        {&row->box, ""},
        {&row->stats, "{}"},
        {&row->why, ""},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof texts / sizeof texts[0]; i++)
        rc = tote_run_row_set(texts[i].field, texts[i].text, err);
    return rc;
}

int tote_run_row_begin(struct tote_run_row *row, const struct tote_run_config *config,
                       struct tote_error *err)
{
    row->size = config->bag->size;
    row->seed = config->bag->seed;
    row->tasks = config->bag->tasks;
    row->workers = config->workers;
    row->state = TOTE_RUN_RUNNING;
    row->launched_utc = tote_clock_utc();
    row->options = json_dumps(config->engine->options, JSON_COMPACT | JSON_SORT_KEYS);
    if (!row->options)
        return tote_error_set(err, -ENOMEM, "out of memory for a run's row");
    return set_texts(row, config, err);
}

void tote_run_row_end(struct tote_run_row *row, const struct tote_dispatcher *d,
                      enum tote_run_state state, const char *why)
{
    row->ready_ns = d->ready_ns;
    row->first_ns = d->first_ns;
    row->fed_ns = d->fed_ns;
    row->last_ns = d->last_ns;
    row->done = d->run_ok;
    row->failed = d->run_failed;
    row->duplicate = d->recorder.duplicate;
    row->lost = d->lost;
    row->state = state;
    tote_run_row_set(&row->why, why, NULL);
}
