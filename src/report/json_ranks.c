/* SPDX-License-Identifier: MIT */
/* json_ranks.c: see json_ranks.h. json_pack takes what it is given, and gives null if
 * one of them is. */
#include "report/json_ranks.h"

#include <math.h>

static const char *const unranked_names[] = {
    [TOTE_UNRANKED_NO_CELL] = "no-cell", [TOTE_UNRANKED_NO_RUN] = "no-run",
    [TOTE_UNRANKED_DIFFER] = "differ",   [TOTE_UNRANKED_INCOMPLETE] = "incomplete",
    [TOTE_UNRANKED_FAILED] = "failed",   [TOTE_UNRANKED_EMPTY] = "empty",
    [TOTE_UNRANKED_ONE] = "one",         [TOTE_UNRANKED_FEW] = "few",
};

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *failed(unsigned failed)
{
    static const struct {
        unsigned bit;
        const char *name;
    } rows[] = {{TOTE_JUDGE_INTERVAL, "interval"},
                {TOTE_JUDGE_P, "p"},
                {TOTE_JUDGE_FLOOR, "noise_floor"}};
    json_t *array = json_array();
    for (size_t i = 0; array && i < sizeof rows / sizeof *rows; i++) {
        if (!(failed & rows[i].bit))
            continue;
        if (json_array_append_new(array, json_string(rows[i].name)) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

/* Null of the leader. */
static json_t *behind(const struct tote_judged *cell)
{
    const struct tote_pair *pair = &cell->behind;
    if (isnan(pair->ratio.value))
        return json_null();
    return json_pack("{s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o, s:o}", "ratio", "median",
                     number(pair->ratio.value), "low", number(pair->ratio.low), "high",
                     number(pair->ratio.high), "n", count(pair->ratio.n), "a12",
                     number(pair->a12), "p", number(pair->p), "p_holm",
                     number(pair->p_holm), "failed", failed(pair->failed));
}

static json_t *ranks(const struct tote_point_summary *point, bool is_steady)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < point->n_cells; i++) {
        const struct tote_cell_summary *cell = &point->cells[i];
        const struct tote_judged *judged = is_steady ? &cell->steady : &cell->whole;
        json_t *object = json_pack(
            "{s:s, s:o, s:s, s:o}", "label", cell->cell->label, "rank",
            judged->rank ? count(judged->rank) : json_null(), "head",
            point->cells[judged->head].cell->label, "behind_leader", behind(judged));
        if (json_array_append_new(array, object) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *one_ranking(const struct tote_point_summary *point, bool is_steady)
{
    const struct tote_ranking *ranking = is_steady ? &point->steady : &point->whole;
    const struct tote_judgement *all = &ranking->judgement;
    if (point->unranked)
        return json_pack("{s:o, s:n, s:n, s:n, s:n, s:[]}", "noise_floor",
                         number(ranking->noise_floor), "leader", "tests",
                         "kruskal_wallis_h", "kruskal_wallis_p", "ranks");
    const char *leader = point->cells[all->leader].cell->label;
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "noise_floor",
                     number(ranking->noise_floor), "leader", leader, "tests",
                     count(all->n_tests), "kruskal_wallis_h", number(all->h),
                     "kruskal_wallis_p", number(all->p_all), "ranks",
                     ranks(point, is_steady));
}

static json_t *why_not(const struct tote_point_summary *point)
{
    return point->unranked ? json_string(unranked_names[point->unranked]) : json_null();
}

json_t *tote_json_ranking(const struct tote_summary *summary,
                          const struct tote_point_summary *point)
{
    return json_pack("{s:{s:o, s:o, s:o, s:i, s:o, s:o}}", "ranking", "unranked",
                     why_not(point), "runs_needed", count(point->runs_needed),
                     "resampling_seed", count(summary->resampling_seed), "resamples",
                     TOTE_RESAMPLES_DEFAULT, "steady", one_ranking(point, true),
                     "whole", one_ranking(point, false));
}
