/* SPDX-License-Identifier: MIT */
/* json_metg.c: METG as a document, docs/schemas/metg.schema.json (formats.h). null: not
 * available. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/formats.h"
#include "report/notes.h"
#include "report/report.h"

#define DIGITS 9 /* of a real number */

/* All return new references; json_pack takes those that it is given, and gives null if
 * one of them is, so that memory that runs out shows once, at the end. */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *interval(const struct tote_interval *interval)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "median", number(interval->median), "low",
                     number(interval->low), "high", number(interval->high), "n",
                     count(interval->n));
}

static json_t *sameness(enum tote_sameness sameness)
{
    return sameness == TOTE_SAME_UNKNOWN ? json_null()
                                         : json_boolean(sameness == TOTE_SAME_YES);
}

/* Takes item; false: out of memory. */
static bool append(json_t *array, json_t *item)
{
    return json_array_append_new(array, item) == 0;
}

/* --- METG --- */

static json_t *grain(const struct tote_metg *metg)
{
    static const char *const words[] = {[TOTE_METG_AT] = "at",
                                        [TOTE_METG_BELOW] = "at-most",
                                        [TOTE_METG_ABOVE] = "above"};
    if (metg->kind == TOTE_METG_NONE)
        return json_null();
    return json_pack("{s:s, s:o}", "is", words[metg->kind], "grain_s",
                     number(metg->grain));
}

static json_t *estimate(const struct tote_metg_estimate *estimate)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:b}", "value", grain(&estimate->value),
                     "low", grain(&estimate->low), "high", grain(&estimate->high), "n",
                     count(estimate->n), "approximate",
                     estimate->has_bounds && estimate->is_approximate);
}

/* Of one grain, each run that belongs to a block. */
static json_t *runs(const struct tote_metg_summary *metg,
                    const struct tote_metg_row_summary *row, size_t g)
{
    json_t *array = json_array();
    for (size_t b = 0; array && b < metg->n_blocks; b++) {
        double held = row->held[g][b];
        if (isnan(held))
            continue;
        json_t *run = json_pack(
            "{s:o, s:o, s:o, s:b}", "block", count(b + 1), "held_s", number(held),
            "efficiency", number(tote_metg_efficiency(metg->serial[g][b], 1, held)),
            "left_out", metg->is_off[b]);
        if (!append(array, run)) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *points(const struct tote_metg_summary *metg,
                      const struct tote_metg_row_summary *row)
{
    json_t *array = json_array();
    for (size_t g = 0; array && g < metg->n_grains; g++) {
        const struct tote_metg_point *point = &row->points[g];
        if (row->tasks[g] == 0)
            continue;
        json_t *object =
            json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "kernel", metg->kernels[g],
                      "grain_s", number(point->grain), "tasks", count(row->tasks[g]),
                      "efficiency", interval(&point->efficiency), "held_s",
                      interval(&point->held), "runs", runs(metg, row, g));
        if (!append(array, object)) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *rows(const struct tote_metg_summary *metg)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < metg->n_rows; i++) {
        const struct tote_metg_row_summary *row = &metg->rows[i];
        json_t *object = json_pack(
            "{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "engine", row->cell->engine,
            "batch", row->cell->batch, "skipped", text_or_null(row->cell->skipped),
            "metg_50", estimate(&row->estimates[0]), "metg_95",
            estimate(&row->estimates[1]), "floor_s", interval(&row->floor_s), "n",
            count(row->n), "points", points(metg, row));
        if (!append(array, object)) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* --- the reference --- */

static json_t *passes(const struct tote_metg_summary *metg, size_t g)
{
    json_t *array = json_array();
    for (size_t b = 0; array && b < metg->n_blocks; b++) {
        double serial = metg->serial[g][b], limit = metg->limit[g][b];
        if (isnan(serial) && isnan(limit))
            continue;
        json_t *pass = json_pack("{s:o, s:o, s:o, s:b}", "block", count(b + 1),
                                 "serial_s", number(serial), "limit_s", number(limit),
                                 "left_out", metg->is_off[b]);
        if (!append(array, pass)) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *reference(const struct tote_metg_summary *metg)
{
    json_t *array = json_array();
    for (size_t g = 0; array && g < metg->n_grains; g++) {
        json_t *object =
            json_pack("{s:s, s:o, s:b, s:o}", "kernel", metg->kernels[g],
                      "limit_efficiency", interval(&metg->limit_points[g].efficiency),
                      "control", g == metg->control, "passes", passes(metg, g));
        if (!append(array, object)) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* --- the document --- */

static json_t *warnings(const struct tote_summary *summary)
{
    struct tote_notes notes;
    if (tote_notes_make(summary, &notes) < 0)
        return NULL;
    json_t *array = json_array();
    for (size_t i = 0; array && i < notes.n; i++) {
        if (!append(array, json_string(notes.texts[i]))) {
            json_decref(array);
            array = NULL;
        }
    }
    tote_notes_finish(&notes);
    return array;
}

/* Settings "environment.NAME". */
static json_t *environment(const struct tote_summary *summary)
{
    static const char prefix[] = "environment.";
    json_t *object = json_object();
    for (size_t i = 0; object && i < summary->n_settings; i++) {
        const struct tote_setting *setting = &summary->settings[i];
        if (strncmp(setting->name, prefix, sizeof prefix - 1) == 0 &&
            json_object_set_new(object, setting->name + sizeof prefix - 1,
                                json_string(setting->value)) < 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *setting_count(const struct tote_summary *summary, const char *name)
{
    uint64_t value;
    return tote_gather_count(summary, name, &value) ? count(value) : json_null();
}

static json_t *blocks(const struct tote_summary *summary)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "least", count(summary->least), "planned",
                     count(summary->most), "run", count(summary->metg->n_blocks),
                     "left_out", count(summary->metg->n_off));
}

static json_t *document(const struct tote_summary *summary)
{
    return json_pack(
        "{s:i, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}",
        "schema_version", TOTE_REPORT_SCHEMA, "kind", "metg", "dependencies", 0,
        "workers", setting_count(summary, "workers"), "seed",
        setting_count(summary, "seed"), "order_seed",
        setting_count(summary, "order_seed"), "blocks", blocks(summary), "end",
        text_or_null(tote_gather_setting(summary, "end")), "precision",
        text_or_null(tote_gather_setting(summary, "precision")), "digests_equal",
        sameness(summary->outputs), "rows", rows(summary->metg), "reference",
        reference(summary->metg), "warnings", warnings(summary), "environment",
        environment(summary), "store", summary->store);
}

int tote_metg_json_write(const struct tote_summary *summary, FILE *out)
{
    json_t *value = document(summary);
    char *text =
        value ? json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) : NULL;
    json_decref(value);
    if (!text)
        return -ENOMEM;
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}
