/* SPDX-License-Identifier: MIT */
/* advise_json.c: the document of docs/schemas/advise.schema.json (advise.h). null: not
 * available. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "report/advise.h"
#include "report/report.h"

#define DIGITS 9

/* New references, as in json.c. */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *append(json_t *array, json_t *value)
{
    if (array && value && json_array_append_new(array, value) == 0)
        return array;
    if (!array)
        json_decref(value);
    json_decref(array);
    return NULL;
}

static json_t *estimate(const struct tote_estimate *estimate)
{
    return json_pack("{s:o, s:o, s:o, s:I}", "value", number(estimate->value), "low",
                     number(estimate->low), "high", number(estimate->high), "n",
                     (json_int_t)estimate->n);
}

static json_t *line(const struct tote_advise_line *line)
{
    json_t *sizes = json_array();
    for (size_t i = 0; sizes && i < line->n_sizes; i++)
        sizes = append(sizes, json_integer((json_int_t)line->tasks[i]));
    return json_pack("{s:s, s:s, s:o, s:b, s:o, s:o}", "label", line->cell->label,
                     "batch", line->cell->batch, "tasks", sizes, "approximate",
                     !line->is_line, "start_s", estimate(&line->fixed), "per_task_s",
                     estimate(&line->per_task));
}

static json_t *kind(const struct tote_advise_kind *kind)
{
    json_t *lines = json_array();
    for (size_t i = 0; lines && i < kind->n_lines; i++)
        lines = append(lines, line(&kind->lines[i]));
    return json_pack("{s:s, s:I, s:o, s:o, s:o}", "kernel", kind->kernel, "size",
                     (json_int_t)kind->size, "grain_s", number(kind->grain_s),
                     "noise_floor", number(kind->floor), "lines", lines);
}

static json_t *crossing(const struct tote_advise_guess *guess)
{
    static const char *const kinds[] = {[TOTE_BREAKEVEN_UNRESOLVED] = "unresolved",
                                        [TOTE_BREAKEVEN_NEVER] = "never",
                                        [TOTE_BREAKEVEN_AT] = "at"};
    const struct tote_breakeven *crossing = &guess->crossing;
    bool is_at = crossing->kind == TOTE_BREAKEVEN_AT;
    if (!guess->has_crossing)
        return json_null();
    return json_pack("{s:s, s:b, s:o}", "kind", kinds[crossing->kind],
                     "first_is_ahead_below", crossing->fixed.value > 0, "tasks",
                     is_at ? estimate(&crossing->tasks) : json_null());
}

static json_t *guess(const struct tote_advise_guess *guess)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:b, s:o}", "label",
                     guess->line->cell->label, "batch", guess->line->cell->batch,
                     "wall_s", estimate(&guess->seconds), "times",
                     estimate(&guess->times), "tied_with_first", guess->is_tied,
                     "crossing", crossing(guess));
}

static json_t *doubts(const struct tote_advise_answer *answer)
{
    json_t *array = json_array();
    char text[TOTE_ADVISE_TEXT_MAX];
    for (unsigned i = 1; array && i <= TOTE_ADVISE_FEW_RUNS; i <<= 1) {
        if (answer->doubts & i)
            array = append(array, json_string(tote_advise_doubt_text(
                                      answer, (enum tote_advise_doubt)i, text)));
    }
    return array;
}

static json_t *answer(const struct tote_advise_answer *answer)
{
    static const char *const names[] = {
        [TOTE_ADVISE_MINE] = "mine",
        [TOTE_ADVISE_SHORT] = "short bag",
        [TOTE_ADVISE_SHORT_TASKS] = "long bag of short tasks",
        [TOTE_ADVISE_LONG_TASKS] = "long tasks",
    };
    const struct tote_advise_kind *kind = answer->kind;
    json_t *guesses = json_array();
    for (size_t i = 0; guesses && i < answer->n; i++)
        guesses = append(guesses, guess(&answer->guesses[i]));
    return json_pack("{s:s, s:s?, s:o, s:I, s:o, s:o, s:o, s:s?, s:s?}", "scenario",
                     names[answer->scenario], "kernel", kind ? kind->kernel : NULL,
                     "size", kind ? json_integer((json_int_t)kind->size) : json_null(),
                     "tasks", (json_int_t)answer->bag.tasks, "task_s",
                     number(answer->bag.task_s), "predictions", guesses, "doubts",
                     doubts(answer), "no_answer", answer->why, "to_measure",
                     answer->command);
}

static json_t *checks(const struct tote_advice *advice)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < advice->n_checks; i++) {
        const struct tote_advise_check *check = &advice->checks[i];
        array = append(
            array, json_pack("{s:s, s:I, s:s, s:s, s:I, s:b, s:o, s:o, s:o}", "kernel",
                             check->kind->kernel, "size", (json_int_t)check->kind->size,
                             "label", check->line->cell->label, "batch",
                             check->line->cell->batch, "tasks",
                             (json_int_t)check->tasks, "outside", check->is_outside,
                             "predicted_s", estimate(&check->predicted), "measured_s",
                             number(check->measured), "error", number(check->error)));
    }
    return array;
}

int tote_advise_write_json(const struct tote_advice *advice, FILE *out)
{
    json_t *kinds = json_array(), *answers = json_array();
    for (size_t i = 0; kinds && i < advice->n_kinds; i++)
        kinds = append(kinds, kind(&advice->kinds[i]));
    for (size_t i = 0; answers && i < advice->n_answers; i++)
        answers = append(answers, answer(&advice->answers[i]));
    json_t *document =
        json_pack("{s:i, s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:s}", "schema_version",
                  TOTE_REPORT_SCHEMA, "kind", "advise", "store", advice->summary->store,
                  "workers", (json_int_t)advice->workers, "model", tote_advise_model,
                  "kinds", kinds, "answers", answers, "checks", checks(advice),
                  "volatile_workers", "not measured");
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
