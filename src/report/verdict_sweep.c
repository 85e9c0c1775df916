/* SPDX-License-Identifier: MIT */
/* verdict_sweep.c: what the verdicts of all points come to: who leads where, and where
 * the lead changes hands (verdict.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/verdict.h"

/* Whether nobody shares the first rank. */
static bool leads_alone(const struct tote_point_summary *point, bool is_steady)
{
    size_t n_first = 0;
    for (size_t i = 0; i < point->n_cells; i++) {
        const struct tote_cell_summary *cell = &point->cells[i];
        n_first += (is_steady ? cell->steady.rank : cell->whole.rank) == 1;
    }
    return !point->unranked && n_first == 1;
}

static const char *leader_of(const struct tote_point_summary *point, bool is_steady)
{
    const struct tote_ranking *ranking = is_steady ? &point->steady : &point->whole;
    return point->cells[ranking->judgement.leader].cell->label;
}

/* --- who leads --- */

static bool is_first(const struct tote_point_summary *point, const char *label,
                     bool is_steady)
{
    for (size_t i = 0; i < point->n_cells && !point->unranked; i++) {
        const struct tote_cell_summary *cell = &point->cells[i];
        size_t rank = is_steady ? cell->steady.rank : cell->whole.rank;
        if (rank == 1 && strcmp(cell->cell->label, label) == 0)
            return true;
    }
    return false;
}

struct lead {
    size_t alone, shared; /* points */
};

static struct lead count_lead(const struct tote_summary *summary, const char *label,
                              bool is_steady)
{
    struct lead lead = {0};
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        if (!is_first(point, label, is_steady))
            continue;
        if (leads_alone(point, is_steady))
            lead.alone++;
        else
            lead.shared++;
    }
    return lead;
}

static bool was_named(const struct tote_summary *summary, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(summary->cells[k].cell->label, summary->cells[i].cell->label) == 0)
            return true;
    }
    return false;
}

static void write_leads(FILE *out, const struct tote_summary *summary, bool is_steady)
{
    const char *before = "";
    for (size_t i = 0; i < summary->n_cells; i++) {
        const char *label = summary->cells[i].cell->label;
        if (was_named(summary, i))
            continue;
        struct lead lead = count_lead(summary, label, is_steady);
        if (lead.alone + lead.shared == 0)
            continue;
        fprintf(out, "%s%s leads ", before, label);
        if (lead.alone > 0)
            fprintf(out, "alone at %zu", lead.alone);
        if (lead.shared > 0)
            fprintf(out, "%stogether with others at %zu", lead.alone > 0 ? " and " : "",
                    lead.shared);
        before = ", ";
    }
}

/* --- where it turns over --- */

enum factor { KERNEL, SIZE, TASKS, WORKERS, BATCH, FACTORS };

static int compare_factor(const struct tote_plan *a, const struct tote_plan *b,
                          enum factor factor)
{
    uint64_t x = factor == SIZE ? a->size : factor == TASKS ? a->tasks : a->workers;
    uint64_t y = factor == SIZE ? b->size : factor == TASKS ? b->tasks : b->workers;
    if (factor == KERNEL)
        return strcmp(a->kernel, b->kernel);
    if (factor == BATCH)
        return strcmp(a->batch, b->batch);
    return x < y ? -1 : x > y;
}

static bool is_alike_but(const struct tote_plan *a, const struct tote_plan *b,
                         enum factor factor)
{
    for (int other = 0; other < FACTORS; other++) {
        if (other != (int)factor && compare_factor(a, b, (enum factor)other) != 0)
            return false;
    }
    return true;
}

/* The next level of a factor, all others equal, at which somebody leads alone: the next
 * higher number; of what has no order, the next point. Null: there is none. */
static const struct tote_point_summary *find_next(const struct tote_summary *summary,
                                                  const struct tote_point_summary *from,
                                                  enum factor factor, bool is_steady)
{
    const struct tote_point_summary *best = NULL;
    bool is_text = factor == KERNEL || factor == BATCH;
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        int order = compare_factor(&point->plan, &from->plan, factor);
        bool is_after = is_text ? order != 0 && point > from : order > 0;
        if (!is_after || !is_alike_but(&point->plan, &from->plan, factor) ||
            !leads_alone(point, is_steady))
            continue;
        if (!best ||
            (!is_text && compare_factor(&point->plan, &best->plan, factor) < 0))
            best = point;
    }
    return best;
}

static void write_level(FILE *out, const struct tote_plan *plan, enum factor factor)
{
    switch (factor) {
    case KERNEL:
        fprintf(out, "kernel=%s", plan->kernel);
        break;
    case SIZE:
        fprintf(out, "size=%" PRIu64, plan->size);
        break;
    case TASKS:
        fprintf(out, "tasks=%" PRIu64, plan->tasks);
        break;
    case WORKERS:
        fprintf(out, "workers=%" PRIu32, plan->workers);
        break;
    default:
        fprintf(out, "batch=%s", plan->batch);
    }
}

static bool is_varied(const struct tote_summary *summary, enum factor factor)
{
    for (size_t i = 1; i < summary->n_points; i++) {
        if (compare_factor(&summary->points[0].plan, &summary->points[i].plan,
                           factor) != 0)
            return true;
    }
    return false;
}

/* The other factors that are varied, where it holds. */
static void write_where(FILE *out, const struct tote_summary *summary,
                        const struct tote_plan *plan, enum factor factor)
{
    const char *before = " at ";
    for (int other = 0; other < FACTORS; other++) {
        if (other == (int)factor || !is_varied(summary, (enum factor)other))
            continue;
        fputs(before, out);
        write_level(out, plan, (enum factor)other);
        before = ", ";
    }
}

static void write_turn(FILE *out, const struct tote_summary *summary,
                       const struct tote_point_summary *from,
                       const struct tote_point_summary *to, enum factor factor,
                       bool is_steady)
{
    fprintf(out, "from %s to %s between ", leader_of(from, is_steady),
            leader_of(to, is_steady));
    write_level(out, &from->plan, factor);
    fputs(" and ", out);
    write_level(out, &to->plan, factor);
    write_where(out, summary, &from->plan, factor);
}

static void write_turns(FILE *out, const struct tote_summary *summary, bool is_steady)
{
    size_t n = 0;
    for (int factor = 0; factor < FACTORS; factor++) {
        for (size_t i = 0; i < summary->n_points; i++) {
            const struct tote_point_summary *from = &summary->points[i], *to;
            if (!leads_alone(from, is_steady))
                continue;
            to = find_next(summary, from, (enum factor)factor, is_steady);
            if (!to ||
                strcmp(leader_of(from, is_steady), leader_of(to, is_steady)) == 0)
                continue;
            if (++n > TOTE_VERDICT_TURNS_MAX)
                continue;
            fputs(n == 1 ? "; the lead goes " : ", ", out);
            write_turn(out, summary, from, to, (enum factor)factor, is_steady);
        }
    }
    if (n > TOTE_VERDICT_TURNS_MAX)
        fprintf(out, " and %zu times more", n - TOTE_VERDICT_TURNS_MAX);
    if (n == 0)
        fputs("; the lead changes hands nowhere", out);
}

static void write_all(FILE *out, const struct tote_summary *summary)
{
    size_t n_ranked = 0, n = summary->n_points;
    for (size_t i = 0; i < n; i++)
        n_ranked += !summary->points[i].unranked;
    if (n_ranked == 0) {
        fprintf(out, "No ranking at any of %zu points.", n);
        return;
    }
    fprintf(out, "%zu of %zu points have a ranking. After start-up, ", n_ranked, n);
    write_leads(out, summary, true);
    write_turns(out, summary, true);
    fputs(". With start-up included, ", out);
    write_leads(out, summary, false);
    write_turns(out, summary, false);
    fputs(".", out);
}

char *tote_verdict_of_sweep(const struct tote_summary *summary)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    write_all(out, summary);
    bool has_failed = ferror(out) != 0;
    if (fclose(out) != 0 || has_failed) {
        free(text);
        return NULL;
    }
    return text;
}
