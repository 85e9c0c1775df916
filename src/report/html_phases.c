/* SPDX-License-Identifier: MIT */
/* html_phases.c: where the time of a run goes: the phases of the run of each cell whose
 * makespan is the median (html.h). Not medians of phases: these would not add up. */
#include <math.h>

#include "report/html.h"

enum { N_PHASES = 5 };

static const char *const names[N_PHASES] = {"start-up", "first result", "steady",
                                            "drain", "stop"};

static bool is_there(const struct tote_page *page)
{
    for (size_t i = 0; i < page->n_cells; i++) {
        if (page->cells[i].shown)
            return true;
    }
    return false;
}

static void list(const struct tote_run_summary *run, double phases[static N_PHASES])
{
    phases[0] = run->phases_s.start;
    phases[1] = run->phases_s.first_result;
    phases[2] = run->phases_s.steady;
    phases[3] = run->phases_s.drain;
    phases[4] = run->phases_s.stop;
}

static void draw(struct tote_page *page, const struct tote_page_cell *cell)
{
    double phases[N_PHASES], at = 0;
    list(cell->shown, phases);
    for (int i = 0; i < N_PHASES; i++) {
        if (!isfinite(phases[i]))
            continue;
        tote_html_datum(page, "phases",
                        json_pack("{s:s, s:s, s:o, s:o, s:o}", "cell", cell->label,
                                  "phase", names[i], "from_s", tote_html_real(at),
                                  "to_s", tote_html_real(at + phases[i]), "seconds",
                                  tote_html_real(phases[i])));
        at += phases[i];
    }
}

static int write(struct tote_page *page)
{
    static const char *const heads[] = {
        "cell", ">start-up", ">first result", ">steady", ">drain", ">stop", ">block"};
    bool is_compare = page->summary->is_experiment;
    tote_html_chart(page, "phases");
    tote_html_table(page, "Phases, seconds, of the run of the median makespan", heads,
                    is_compare ? 7 : 6);
    for (size_t i = 0; i < page->n_cells; i++) {
        double phases[N_PHASES];
        if (!page->cells[i].shown)
            continue;
        draw(page, &page->cells[i]);
        list(page->cells[i].shown, phases);
        tote_html_row(page, page->cells[i].label);
        for (int k = 0; k < N_PHASES; k++)
            tote_html_seconds(page, phases[k]);
        if (is_compare)
            tote_html_count(page, (uint64_t)page->cells[i].shown->row.block);
        tote_html_end_row(page);
    }
    tote_html_end_table(page);
    return 0;
}

const struct tote_html_section tote_html_phases = {"phases", "Phases", is_there, write,
                                                   true};
