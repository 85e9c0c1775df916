/* SPDX-License-Identifier: MIT */
/* text_usage.c: see text_usage.h. */
#include "report/text_usage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/figure.h"
#include "report/table.h"

const char *tote_text_usage(const struct tote_used *used,
                            char text[static TOTE_TEXT_USAGE_MAX])
{
    char control[TOTE_FIGURE_MAX], workers[TOTE_FIGURE_MAX], kernel[TOTE_FIGURE_MAX],
        memory[TOTE_FIGURE_MAX];
    const char *how = used->usage.memory_how;
    if (!used->is_known) {
        snprintf(text, TOTE_TEXT_USAGE_MAX, "-");
        return text;
    }
    snprintf(text, TOTE_TEXT_USAGE_MAX,
             "control %s, workers %s, kernel %s of CPU; peak memory %s%s%s%s",
             tote_figure_duration(used->cpu_s.control, control),
             tote_figure_duration(used->cpu_s.workers, workers),
             tote_figure_duration(used->cpu_s.kernel, kernel),
             tote_figure_bytes(used->memory_bytes, memory), how[0] ? " (" : "", how,
             how[0] ? ")" : "");
    return text;
}

/* --- a comparison --- */

enum {
    LABEL,
    CONTROL,
    WORKERS,
    KERNEL,
    MEMORY,
    HOW,
    LOOPBACK,
    PROCESSES,
    PORTS,
    COLUMNS
};

static const struct tote_table_column columns[COLUMNS] = {
    [LABEL] = {"", "used by a run", false},  [CONTROL] = {"CPU s:", "control", true},
    [WORKERS] = {"", "workers", true},       [KERNEL] = {"", "kernel", true},
    [MEMORY] = {"peak", "memory", true},     [HOW] = {"", "", false},
    [LOOPBACK] = {"over", "loopback", true}, [PROCESSES] = {"", "processes", true},
    [PORTS] = {"", "ports", true},
};

struct line {
    char figures[COLUMNS][TOTE_FIGURE_MAX];
    const char *label;
};

static void fill_count(char text[static TOTE_FIGURE_MAX], int64_t value)
{
    if (value >= 0)
        snprintf(text, TOTE_FIGURE_MAX, "%" PRId64, value);
    else
        snprintf(text, TOTE_FIGURE_MAX, "-");
}

static int64_t count_words(const char *text)
{
    int64_t n = *text != '\0';
    for (; *text; text++)
        n += *text == ' ';
    return n;
}

/* What is counted and not timed is that of the first run that was measured. */
static const struct tote_used *first_used(const struct tote_cell_summary *cell)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted && cell->runs[i].used.is_known)
            return &cell->runs[i].used;
    }
    return NULL;
}

static void fill(struct line *line, const struct tote_cell_summary *cell)
{
    const struct tote_used *used = first_used(cell);
    line->label = cell->cell->label;
    tote_figure_seconds(cell->control_s.median, line->figures[CONTROL]);
    tote_figure_seconds(cell->workers_s.median, line->figures[WORKERS]);
    tote_figure_seconds(cell->kernel_s.median, line->figures[KERNEL]);
    tote_figure_bytes(cell->memory_bytes.median, line->figures[MEMORY]);
    snprintf(line->figures[HOW], TOTE_FIGURE_MAX, "%s",
             used ? used->usage.memory_how : "");
    int64_t bytes = used ? used->usage.loopback_bytes : TOTE_UNKNOWN;
    if (bytes >= 0)
        tote_figure_bytes((double)bytes, line->figures[LOOPBACK]);
    else
        fill_count(line->figures[LOOPBACK], bytes);
    fill_count(line->figures[PROCESSES], used ? used->usage.processes : TOTE_UNKNOWN);
    fill_count(line->figures[PORTS], used && used->usage.has_ports
                                         ? count_words(used->usage.ports)
                                         : TOTE_UNKNOWN);
}

static bool has_used(const struct tote_point_summary *point)
{
    for (size_t i = 0; i < point->n_cells; i++) {
        if (first_used(&point->cells[i]))
            return true;
    }
    return false;
}

int tote_text_usage_table(const struct tote_point_summary *point, FILE *out,
                          size_t most)
{
    if (!has_used(point))
        return 0;
    size_t n = point->n_cells;
    struct line *lines = calloc(n, sizeof *lines);
    const char **cells = calloc(n * COLUMNS, sizeof *cells);
    int rc = lines && cells ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        fill(&lines[i], &point->cells[i]);
        for (int column = 0; column < COLUMNS; column++)
            cells[i * COLUMNS + (size_t)column] = lines[i].figures[column];
        cells[i * COLUMNS + LABEL] = lines[i].label;
    }
    if (rc == 0) {
        fputc('\n', out);
        tote_table_write(out, columns, COLUMNS, cells, n, most);
    }
    free(cells);
    free(lines);
    return rc;
}
