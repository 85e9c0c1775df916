/* SPDX-License-Identifier: MIT */
/* html_cost.c: what runs used: CPU time of control plane, workers and kernel, peak
 * memory, and what the measuring of it took (html.h). There where a run was measured.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "report/cost.h"
#include "report/figure.h"
#include "report/html.h"

enum { N_PARTS = 4 };

static const char *const names[N_PARTS] = {"control plane", "workers, not kernel",
                                           "kernel", "not attributed"};

static const struct tote_used *used_of(const struct tote_page_cell *cell)
{
    return cell->shown && cell->shown->used.is_known ? &cell->shown->used : NULL;
}

static bool is_there(const struct tote_page *page)
{
    for (size_t i = 0; i < page->n_cells; i++) {
        if (used_of(&page->cells[i]))
            return true;
    }
    return false;
}

/* Without a split all but the kernel is not attributed. */
static void list(const struct tote_used *used, double parts[static N_PARTS])
{
    parts[0] = used->cpu_s.control;
    parts[1] = used->cpu_s.workers;
    parts[2] = used->cpu_s.kernel;
    parts[3] = used->cpu_s.unattributed;
    if (isnan(parts[0]))
        parts[3] = fmax(0, used->cpu_s.total - used->cpu_s.kernel);
}

static void draw(struct tote_page *page, const struct tote_page_cell *cell)
{
    double parts[N_PARTS], at = 0;
    list(used_of(cell), parts);
    for (int i = 0; i < N_PARTS; i++) {
        if (!isfinite(parts[i]))
            continue;
        tote_html_datum(page, "cpu",
                        json_pack("{s:s, s:s, s:o, s:o, s:o}", "cell", cell->label,
                                  "part_of", names[i], "from_s", tote_html_real(at),
                                  "to_s", tote_html_real(at + parts[i]), "seconds",
                                  tote_html_real(parts[i])));
        at += parts[i];
    }
}

static void draw_memory(struct tote_page *page, const struct tote_page_cell *cell)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        if (run->is_counted && isfinite(run->used.memory_bytes))
            tote_html_datum(page, "memory",
                            json_pack("{s:s, s:s, s:I, s:o, s:s}", "cell", cell->label,
                                      "engine", cell->engine, "block",
                                      (json_int_t)run->row.block, "mb",
                                      tote_html_real(run->used.memory_bytes / 1e6),
                                      "how", run->used.usage.memory_how));
    }
}

/* --- the run that is drawn --- */

static void put_known(struct tote_page *page, int64_t value)
{
    if (value >= 0)
        tote_html_count(page, (uint64_t)value);
    else
        tote_html_number(page, "-");
}

static void put_bytes(struct tote_page *page, double value)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_number(page, tote_figure_bytes(value, text));
}

static void put_ports(struct tote_page *page, const struct tote_usage_row *usage)
{
    tote_html_cell(page, !usage->has_ports ? "-"
                         : usage->ports[0] ? usage->ports
                                           : "none");
}

static void put_cpu(struct tote_page *page, const struct tote_page_cell *cell)
{
    const struct tote_used *used = used_of(cell);
    double parts[N_PARTS], share = used->cpu_s.sampler / used->cpu_s.kernel * 100;
    char text[TOTE_FIGURE_MAX];
    list(used, parts);
    tote_html_row(page, cell->label);
    for (int i = 0; i < N_PARTS; i++)
        tote_html_seconds(page, parts[i]);
    tote_html_seconds(page, used->cpu_s.total);
    tote_html_duration(page, used->cpu_s.sampler);
    snprintf(text, sizeof text, isfinite(share) ? "%.2f %%" : "-", share);
    tote_html_number(page, text);
    put_known(page, used->usage.samples);
    tote_html_end_row(page);
}

static void put_rest(struct tote_page *page, const struct tote_page_cell *cell)
{
    const struct tote_used *used = used_of(cell);
    const struct tote_usage_row *usage = &used->usage;
    tote_html_row(page, cell->label);
    put_bytes(page, used->memory_bytes);
    tote_html_cell(page, usage->memory_how[0] ? usage->memory_how : "not measured");
    put_bytes(page, usage->loopback_bytes >= 0 ? (double)usage->loopback_bytes : NAN);
    put_known(page, usage->processes);
    put_known(page, usage->threads);
    put_known(page, usage->descriptors);
    put_ports(page, usage);
    tote_html_end_row(page);
}

/* Calls put for each cell that was measured. */
static void each_cell(struct tote_page *page,
                      void put(struct tote_page *page,
                               const struct tote_page_cell *cell))
{
    for (size_t i = 0; i < page->n_cells; i++) {
        if (used_of(&page->cells[i]))
            put(page, &page->cells[i]);
    }
}

/* --- all runs of a cell --- */

static void put_interval(struct tote_page *page, const struct tote_interval *interval,
                         tote_html_figure *figure)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_number(page, interval->n > 0 ? figure(interval->median, text) : "-");
    tote_html_bounds(page, interval->has_bounds, interval->low, interval->high, figure);
}

static void put_medians(struct tote_page *page, const struct tote_page_cell *cell)
{
    const struct tote_cell_summary *figures = cell->figures;
    tote_html_row(page, cell->label);
    put_interval(page, &figures->control_s, tote_figure_seconds);
    put_interval(page, &figures->workers_s, tote_figure_seconds);
    put_interval(page, &figures->kernel_s, tote_figure_seconds);
    put_interval(page, &figures->memory_bytes, tote_figure_bytes);
    tote_html_count(page, figures->memory_bytes.n);
    tote_html_end_row(page);
}

/* --- money --- */

static int put_price(struct tote_page *page)
{
    static const char *const heads[] = {
        "cell",      ">core-hours paid", ">[95 %]", ">core-hours used", ">[95 %]",
        ">GB-hours", ">[95 %]",          ">money",  ">[95 %]"};
    const char *currency = page->summary->price->currency;
    char caption[100];
    snprintf(caption, sizeof caption, "Cost of a million tasks%s%s",
             currency[0] ? ", money in " : "", currency);
    tote_html_table(page, caption, heads, 9);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < page->n_cells; i++) {
        struct tote_cost_intervals costs;
        rc = tote_cost_of_cell(page->cells[i].figures, page->summary->price, &costs);
        if (rc < 0)
            break;
        tote_html_row(page, page->cells[i].label);
        put_interval(page, &costs.core_hours_paid, tote_figure_rate);
        put_interval(page, &costs.core_hours_used, tote_figure_rate);
        put_interval(page, &costs.gb_hours, tote_figure_rate);
        put_interval(page, &costs.money, tote_figure_rate);
        tote_html_end_row(page);
    }
    tote_html_end_table(page);
    return rc;
}

/* --- */

static void put_of_experiment(struct tote_page *page)
{
    static const char *const heads[] = {
        "cell",       ">control, s", ">[95 %]",      ">workers, s", ">[95 %]",
        ">kernel, s", ">[95 %]",     ">peak memory", ">[95 %]",     ">runs"};
    tote_html_table(page, "Medians over the runs of each cell", heads, 10);
    each_cell(page, put_medians);
    tote_html_end_table(page);
}

static int write(struct tote_page *page)
{
    static const char *const of_cpu[] = {
        "cell",   ">control plane", ">workers",        ">kernel", ">not attributed",
        ">total", ">measuring it",  ">part of kernel", ">samples"};
    static const char *const of_rest[] = {
        "cell",       ">peak memory", "measured as",  ">over loopback",
        ">processes", ">threads",     ">descriptors", "listens on"};
    tote_html_chart(page, "cpu");
    each_cell(page, draw);
    tote_html_table(page, "CPU seconds of the run of the median makespan", of_cpu, 9);
    each_cell(page, put_cpu);
    tote_html_end_table(page);
    tote_html_chart(page, "memory");
    each_cell(page, draw_memory);
    tote_html_table(page, "Memory and the rest, of the same run", of_rest, 8);
    each_cell(page, put_rest);
    tote_html_end_table(page);
    if (!page->summary->is_experiment)
        return 0;
    put_of_experiment(page);
    return page->summary->price ? put_price(page) : 0;
}

const struct tote_html_section tote_html_cost = {"cost", "CPU and memory", is_there,
                                                 write, true};
