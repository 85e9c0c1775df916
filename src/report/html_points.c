/* SPDX-License-Identifier: MIT */
/* html_points.c: the index of a sweep: each point with who is ahead there, by how much,
 * and the way to its table (html.h). Not the verdict in words, which stands there, nor
 * who beats whom, which the summary has from stats/judge.h. */
#include <inttypes.h>
#include <math.h>

#include "report/figure.h"
#include "report/html.h"

static const char *why_unranked(enum tote_unranked unranked)
{
    static const char *const names[] = {
        [TOTE_RANKED] = "",
        [TOTE_UNRANKED_NO_CELL] = "nothing can run here",
        [TOTE_UNRANKED_NO_RUN] = "ended before the first run",
        [TOTE_UNRANKED_DIFFER] = "outputs differ",
        [TOTE_UNRANKED_INCOMPLETE] = "an engine has no complete run",
        [TOTE_UNRANKED_FAILED] = "tasks failed",
        [TOTE_UNRANKED_EMPTY] = "the bag is empty",
        [TOTE_UNRANKED_ONE] = "one engine alone",
        [TOTE_UNRANKED_FEW] = "too few runs",
    };
    return names[unranked];
}

static const struct tote_judged *judged_of(const struct tote_cell_summary *cell,
                                           bool is_steady)
{
    return is_steady ? &cell->steady : &cell->whole;
}

/* The cell next to the leader by its median; null: there is none. */
static const struct tote_cell_summary *find_next(const struct tote_point_summary *point,
                                                 size_t leader, bool is_steady)
{
    const struct tote_cell_summary *next = NULL;
    for (size_t i = 0; i < point->n_cells; i++) {
        const struct tote_judged *one = judged_of(&point->cells[i], is_steady);
        if (i != leader && one->n > 0 &&
            (!next || one->median > judged_of(next, is_steady)->median))
            next = &point->cells[i];
    }
    return next;
}

static void put_none(struct tote_page *page, const char *why)
{
    tote_html_cell(page, "-");
    tote_html_cell(page, "-");
    tote_html_number(page, "-");
    tote_html_number(page, "");
    tote_html_cell(page, why);
}

/* Leader, next, ratio, verdict. */
static void put_lead(struct tote_page *page, const struct tote_point_summary *point,
                     bool is_steady)
{
    const struct tote_judgement *judgement =
        is_steady ? &point->steady.judgement : &point->whole.judgement;
    const struct tote_cell_summary *next = NULL;
    char text[TOTE_FIGURE_MAX];
    if (point->unranked == TOTE_RANKED && judgement->has_leader)
        next = find_next(point, judgement->leader, is_steady);
    if (!next) {
        put_none(page, why_unranked(point->unranked));
        return;
    }
    const struct tote_judged *behind = judged_of(next, is_steady);
    tote_html_cell(page, point->cells[judgement->leader].cell->label);
    tote_html_cell(page, next->cell->label);
    tote_html_number(page, tote_figure_times(behind->behind.ratio.value, text));
    tote_html_number(page, tote_figure_times_bounds(&behind->behind.ratio, text));
    tote_html_cell(page, behind->behind.failed ? "not distinguishable" : "ahead");
}

static void put_point(struct tote_page *page, const struct tote_point_summary *point,
                      bool is_steady)
{
    char name[TOTE_FACTORS_NAME_MAX];
    tote_factors_name(tote_factors_varied(page->summary), &point->plan, name);
    fprintf(page->out, "<tr><th scope=\"row\"><a href=\"#point-%" PRId64 "\">",
            point->id);
    tote_html_text(page, name);
    fputs("</a></th>", page->out);
    put_lead(page, point, is_steady);
    tote_html_count(page, point->n_blocks);
    tote_html_end_row(page);
}

static void put_table(struct tote_page *page, const char *caption, bool is_steady)
{
    static const char *const heads[] = {"point",   "fastest", "next",   ">ratio",
                                        ">[95 %]", "verdict", ">blocks"};
    tote_html_table(page, caption, heads, 7);
    for (size_t i = 0; i < page->summary->n_points; i++)
        put_point(page, &page->summary->points[i], is_steady);
    tote_html_end_table(page);
}

void tote_html_points(struct tote_page *page)
{
    fputs("<div class=\"beside\">\n", page->out);
    put_table(page, "Who is ahead, start-up included", false);
    put_table(page, "Who is ahead after start-up", true);
    fputs("</div>\n", page->out);
}
