/* SPDX-License-Identifier: MIT */
/* advise_check.c: holds the model against sizes that it has not seen (advise.h). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "report/advise.h"

/* A line without one of its sizes; arrays are new, columns borrowed. */
static int leave_out(const struct tote_advise_line *line, size_t at,
                     struct tote_advise_line *ret)
{
    *ret = (struct tote_advise_line){.cell = line->cell, .is_line = true};
    ret->tasks = calloc(line->n_sizes, sizeof *ret->tasks);
    ret->columns = calloc(line->n_sizes, sizeof *ret->columns);
    if (!ret->tasks || !ret->columns)
        return -ENOMEM;
    for (size_t i = 0; i < line->n_sizes; i++) {
        if (i == at)
            continue;
        ret->tasks[ret->n_sizes] = line->tasks[i];
        ret->columns[ret->n_sizes++] = line->columns[i];
    }
    ret->n_columns = ret->n_sizes;
    return 0;
}

static bool is_outside(const struct tote_advise_line *line, double tasks)
{
    size_t n_below = 0;
    for (size_t i = 0; i < line->n_sizes; i++)
        n_below += line->tasks[i] < tasks;
    return n_below == 0 || n_below == line->n_sizes;
}

static int check_size(const struct tote_advice *advice,
                      const struct tote_advise_line *line, size_t at,
                      struct tote_advise_check *ret)
{
    const struct tote_advise_bag bag = {(uint64_t)line->tasks[at], NAN};
    struct tote_advise_line rest;
    ret->line = line;
    ret->tasks = line->tasks[at];
    int rc = leave_out(line, at, &rest);
    if (rc == 0)
        rc = tote_advise_predict(advice, &rest, &bag, &ret->predicted);
    ret->is_outside = is_outside(&rest, ret->tasks);
    ret->measured = tote_advise_median(line->columns[at], advice->n_blocks);
    ret->error = ret->predicted.value / ret->measured - 1;
    free(rest.tasks);
    free(rest.columns);
    return rc;
}

static int check_line(struct tote_advice *advice, const struct tote_advise_kind *kind,
                      const struct tote_advise_line *line)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && line->n_sizes >= 3 && i < line->n_sizes; i++) {
        struct tote_advise_check *checks =
            reallocarray(advice->checks, advice->n_checks + 1, sizeof *checks);
        if (!checks)
            return -ENOMEM;
        advice->checks = checks;
        struct tote_advise_check *check = &checks[advice->n_checks];
        *check = (struct tote_advise_check){.kind = kind};
        rc = check_size(advice, line, i, check);
        advice->n_checks += rc == 0;
    }
    return rc;
}

int tote_advise_check(struct tote_advice *advice, struct tote_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < advice->n_kinds; i++) {
        const struct tote_advise_kind *kind = &advice->kinds[i];
        for (size_t k = 0; rc == 0 && k < kind->n_lines; k++)
            rc = check_line(advice, kind, &kind->lines[k]);
    }
    return rc < 0 ? tote_error_set(err, rc, "%s",
                                   rc == -ENOMEM
                                       ? "out of memory for the advice"
                                       : "the check of the advice cannot be computed")
                  : 0;
}
