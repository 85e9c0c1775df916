/* SPDX-License-Identifier: MIT */
/* diff_json.c: the document of docs/schemas/diff.schema.json (diff.h). null: not
 * available. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "report/diff.h"
#include "report/gate.h"
#include "report/report.h"
#include "stats/judge.h"

#define DIGITS 9

/* New references, as in json.c. */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *sameness(enum tote_sameness sameness)
{
    return sameness == TOTE_SAME_UNKNOWN ? json_null()
                                         : json_boolean(sameness == TOTE_SAME_YES);
}

/* Appends what it takes; takes array too if that fails. */
static json_t *append(json_t *array, json_t *value)
{
    if (!array || !value || json_array_append_new(array, value) < 0) {
        if (!array)
            json_decref(value);
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *items(const struct tote_diff *diff)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < diff->n_items; i++) {
        const struct tote_diff_item *item = &diff->items[i];
        array = append(array, json_pack("{s:s, s:s?, s:s?}", "what", item->what, "a",
                                        item->before, "b", item->after));
    }
    return array;
}

static json_t *lacks(unsigned failed)
{
    static const char *const words[] = {"interval", "p", "floor"};
    json_t *array = json_array();
    for (unsigned i = 0; array && i < 3; i++) {
        if (failed & 1U << i)
            array = append(array, json_string(words[i]));
    }
    return array;
}

static json_t *ratio(const struct tote_estimate *ratio)
{
    return json_pack("{s:o, s:o, s:o, s:b}", "value", number(ratio->value), "low",
                     number(ratio->low), "high", number(ratio->high), "approximate",
                     ratio->has_bounds && ratio->is_approximate);
}

static json_t *change(const struct tote_diff_change *change)
{
    const char *verdict = change->lacks             ? "not distinguishable"
                          : change->ratio.value > 1 ? "higher"
                                                    : "lower";
    return json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "a",
                     number(change->before), "b", number(change->after), "n_a",
                     (json_int_t)change->n_before, "n_b", (json_int_t)change->n_after,
                     "ratio", ratio(&change->ratio), "a12", number(change->a12), "p",
                     number(change->p), "p_holm", number(change->p_holm), "noise_floor",
                     number(change->floor), "verdict", verdict, "lacks",
                     lacks(change->lacks));
}

static json_t *changes(const struct tote_diff_pair *pair)
{
    if (pair->why[0])
        return json_null();
    json_t *object = json_object();
    for (int m = 0; object && m < TOTE_METRICS; m++) {
        if (json_object_set_new(object, tote_metric_names[m],
                                change(&pair->changes[m])) < 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *digest_of(const struct tote_cell_summary *cell)
{
    return text_or_null(cell ? cell->digest : NULL);
}

static json_t *one_pair(const struct tote_diff_pair *pair)
{
    const struct tote_cell_row *row =
        pair->before ? pair->before->cell : pair->after->cell;
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o}", "label",
                     row->label, "kernel", row->kernel, "size", (json_int_t)row->size,
                     "tasks", (json_int_t)row->tasks, "workers",
                     (json_int_t)row->workers, "batch", row->batch, "not_compared",
                     text_or_null(pair->why), "digest_a", digest_of(pair->before),
                     "digest_b", digest_of(pair->after), "digest_equal",
                     sameness(pair->outputs), "changes", changes(pair));
}

static json_t *pairs(const struct tote_diff *diff)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < diff->n_pairs; i++)
        array = append(array, one_pair(&diff->pairs[i]));
    return array;
}

static json_t *results(const struct tote_gate *gate, const struct tote_diff *diff)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < diff->n_pairs; i++) {
        const struct tote_diff_pair *pair = &diff->pairs[i];
        bool is_in_both = pair->before && pair->after;
        const char *result = tote_gate_results[tote_gate_judge_pair(gate, pair)];
        array = append(array, is_in_both ? json_string(result) : json_null());
    }
    return array;
}

static json_t *conditions(const struct tote_gate *gates, size_t n,
                          const struct tote_diff *diff)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < n; i++) {
        const char *result = tote_gate_results[tote_gate_judge_all(&gates[i], diff)];
        array = append(array, json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "condition",
                                        gates[i].text, "metric",
                                        tote_metric_names[gates[i].metric], "fails_if",
                                        gates[i].is_above ? "above" : "below",
                                        "threshold", number(gates[i].change), "result",
                                        result, "cells", results(&gates[i], diff)));
    }
    return array;
}

int tote_diff_write_json(const struct tote_diff *diff, const struct tote_gate *gates,
                         size_t n_gates, FILE *out)
{
    json_t *document =
        json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "schema_version",
                  TOTE_REPORT_SCHEMA, "kind", "diff", "a", diff->before->store, "b",
                  diff->after->store, "differences", items(diff), "cells", pairs(diff),
                  "digests_equal", sameness(diff->outputs), "fail_if",
                  conditions(gates, n_gates, diff));
    char *text =
        document ? json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS))
                 : NULL;
    json_decref(document);
    if (!text)
        return -ENOMEM;
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}
