/* SPDX-License-Identifier: MIT */
/* facts_json.c: facts as one document of docs/schemas/facts.schema.json. json_pack
 * gives null if a part of it is, so that memory that runs out shows once, at the end.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "cli/facts_rows.h"
#include "report/mask.h"

#define DIGITS 9 /* of a real number */

static json_t *number(double value)
{
    if (!isfinite(value))
        return json_null();
    return value == floor(value) && value < 1e15 ? json_integer((json_int_t)value)
                                                 : json_real(value);
}

static json_t *text_or_null(const char *text)
{
    char safe[TOTE_OPTION_SPEC_MAX];
    snprintf(safe, sizeof safe, "%s", text);
    tote_mask_text(safe, TOTE_MASK_BYTES);
    return safe[0] ? json_string(safe) : json_null();
}

static json_t *interval(const struct tote_interval *interval)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "median", number(interval->median), "low",
                     number(interval->has_bounds ? interval->low : NAN), "high",
                     number(interval->has_bounds ? interval->high : NAN), "n",
                     number((double)interval->n));
}

static json_t *one_fact(enum tote_fact_id id, const struct tote_fact *fact)
{
    bool is_text = id >= TOTE_FACT_NUMBERS, is_known = tote_fact_is_known(fact);
    json_t *object = json_pack("{s:o, s:s, s:o}", "value",
                               is_text    ? text_or_null(fact->text)
                               : is_known ? number(fact->number)
                                          : json_null(),
                               "source", tote_fact_source_name(fact->source), "how",
                               text_or_null(fact->how));
    int rc = object ? 0 : -ENOMEM;
    if (rc == 0 && fact->items)
        rc = json_object_set(object, "items", fact->items);
    if (rc == 0 && fact->interval.n > 0)
        rc = json_object_set_new(object, "interval", interval(&fact->interval));
    if (rc == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *all_facts(const struct tote_facts *facts)
{
    json_t *object = json_object();
    for (int i = 0; object && i < TOTE_FACT_COUNT; i++) {
        json_t *fact = one_fact((enum tote_fact_id)i, &facts->at[i]);
        if (json_object_set_new(object, tote_fact_kinds[i].name, fact) < 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

/* Of the numbers, by name. */
static json_t *by_name(const double *values)
{
    json_t *object = json_object();
    for (int i = 0; object && i < TOTE_FACT_NUMBERS; i++) {
        if (json_object_set_new(object, tote_fact_kinds[i].name, number(values[i])) <
            0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *score(const struct tote_score *score)
{
    return json_pack("{s:o, s:o, s:i, s:o}", "points", number(score->points),
                     "at_least", number(score->least), "missing", (int)score->n_missing,
                     "parts", by_name(score->parts));
}

static json_t *engines(const struct tote_facts_rows *rows)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < rows->n; i++) {
        const struct tote_facts_row *row = &rows->at[i];
        json_t *engine = json_pack(
            "{s:o, s:o, s:b, s:b, s:o, s:o, s:o}", "engine", text_or_null(row->label),
            "version", text_or_null(row->is_usable ? row->spec.about.version : ""),
            "usable", (int)row->is_usable, "measured", (int)row->is_measured, "why",
            text_or_null(row->why), "facts", all_facts(&row->facts), "score",
            score(&row->score));
        if (json_array_append_new(array, engine) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

int tote_facts_write_json(const struct tote_facts_rows *rows, FILE *out)
{
    json_t *root = json_pack("{s:i, s:s, s:o, s:o, s:o, s:o}", "schema_version", 1,
                             "kind", "facts", "workers", number((double)rows->workers),
                             "launches", number((double)rows->launches), "weights",
                             by_name(rows->weights.at), "engines", engines(rows));
    if (!root)
        return -ENOMEM;
    int rc = json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS));
    json_decref(root);
    fputc('\n', out);
    return rc < 0 || fflush(out) != 0 ? -EIO : 0;
}
