/* SPDX-License-Identifier: MIT */
/* facts_text.c: facts for people: a table of numbers, then what each rests on, then the
 * score, in this order: the facts stand without it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/facts_rows.h"
#include "report/figure.h"
#include "report/mask.h"
#include "report/table.h"

#define WIDTH    200 /* of the table, in characters: three engines need 80 */
#define CELL_MAX 64

/* Prints text that may hold anything. */
static void say(FILE *out, const char *text)
{
    char safe[TOTE_OPTION_SPEC_MAX];
    snprintf(safe, sizeof safe, "%s", text);
    tote_mask_text(safe, TOTE_MASK_CONTROLS);
    fputs(safe, out);
}

static const char *number(double value, char text[static TOTE_FIGURE_MAX])
{
    if (value == floor(value) && value < 1e6)
        snprintf(text, TOTE_FIGURE_MAX, "%.0f", value);
    else
        tote_figure_rate(value, text);
    return text;
}

static void show_number(const struct tote_fact *fact, char into[static CELL_MAX])
{
    char figure[TOTE_FIGURE_MAX], bounds[TOTE_FIGURE_MAX] = "";
    if (fact->interval.n > 0)
        tote_figure_bounds(&fact->interval, bounds);
    snprintf(into, CELL_MAX, "%.28s%s%.28s",
             tote_fact_is_known(fact) ? number(fact->number, figure) : "-",
             bounds[0] ? " " : "", bounds);
}

/* --- the table --- */

static void head(const char *text, char into[static CELL_MAX])
{
    snprintf(into, CELL_MAX, "%.40s", text);
    tote_mask_text(into, TOTE_MASK_CONTROLS);
}

static int write_table(const struct tote_facts_rows *rows, FILE *out)
{
    struct tote_table_column columns[TOTE_TABLE_COLUMNS_MAX] = {{"", "", false}};
    size_t width = rows->n + 1, n = width * TOTE_FACT_NUMBERS;
    char(*texts)[CELL_MAX] = calloc(n, sizeof *texts);
    const char **cells = calloc(n, sizeof *cells);
    int rc = texts && cells ? 0 : -ENOMEM;
    char names[TOTE_TABLE_COLUMNS_MAX][CELL_MAX],
        more[TOTE_TABLE_COLUMNS_MAX][CELL_MAX];
    for (size_t i = 0; rc == 0 && i < rows->n; i++) {
        head(rows->at[i].label, names[i]);
        head(rows->at[i].is_usable ? rows->at[i].spec.about.version : "", more[i]);
        columns[i + 1] = (struct tote_table_column){names[i], more[i], true};
    }
    for (size_t id = 0; rc == 0 && id < TOTE_FACT_NUMBERS; id++) {
        snprintf(texts[id * width], CELL_MAX, "%s", tote_fact_kinds[id].title);
        for (size_t i = 0; i < rows->n; i++)
            show_number(&rows->at[i].facts.at[id], texts[id * width + i + 1]);
    }
    for (size_t i = 0; rc == 0 && i < n; i++)
        cells[i] = texts[i];
    if (rc == 0)
        tote_table_write(out, columns, width, cells, TOTE_FACT_NUMBERS, WIDTH);
    free(texts);
    free(cells);
    return rc;
}

/* --- what each rests on --- */

static void say_item(const json_t *item, FILE *out)
{
    const char *name = json_string_value(json_object_get(item, "name")),
               *address = json_string_value(json_object_get(item, "address"));
    json_int_t count = json_integer_value(json_object_get(item, "count"));
    if (json_is_string(item))
        say(out, json_string_value(item));
    else if (address)
        fprintf(out, "%s%s%s:%d %s", strchr(address, ':') ? "[" : "", address,
                strchr(address, ':') ? "]" : "",
                (int)json_integer_value(json_object_get(item, "port")),
                json_string_value(json_object_get(item, "process")));
    else if (name && count > 1)
        fprintf(out, "%s x%d", name, (int)count);
    else if (name)
        fputs(name, out);
}

/* Of a number that is not known the reason follows, of one that is its source. */
static void write_how(const struct tote_fact *fact, FILE *out)
{
    if (tote_fact_is_known(fact)) {
        fprintf(out, "\n  %-24s(%s: ", "", tote_fact_source_name(fact->source));
        say(out, fact->how);
        fputc(')', out);
    } else if (fact->how[0]) {
        fputs(": ", out);
        say(out, fact->how);
    }
    fputc('\n', out);
}

static void write_fact(enum tote_fact_id id, const struct tote_fact *fact, FILE *out)
{
    char text[CELL_MAX];
    size_t i;
    const json_t *item;
    fprintf(out, "  %-24s", tote_fact_kinds[id].title);
    if (!tote_fact_is_known(fact)) {
        fputs(tote_fact_source_name(fact->source), out);
    } else if (id >= TOTE_FACT_NUMBERS) {
        say(out, fact->text);
    } else {
        show_number(fact, text);
        fputs(text, out);
    }
    json_array_foreach(fact->items, i, item)
    {
        fputs(i == 0 ? ": " : ", ", out);
        say_item(item, out);
    }
    write_how(fact, out);
}

static void write_engine(const struct tote_facts_row *row, FILE *out)
{
    fputc('\n', out);
    say(out, row->label);
    if (row->is_usable)
        fputc(' ', out);
    say(out, row->is_usable ? row->spec.about.version : "");
    if (row->why[0]) {
        fputs(": not measured: ", out);
        say(out, row->why);
    }
    fputc('\n', out);
    for (int i = 0; i < TOTE_FACT_COUNT; i++)
        write_fact((enum tote_fact_id)i, &row->facts.at[i], out);
}

/* --- the score --- */

static void write_scores(const struct tote_facts_rows *rows, FILE *out)
{
    char text[TOTE_FIGURE_MAX];
    fputs("\nScore: the sum of weight x log2(1 + number); less is less to look after. "
          "Weights (--weights):\n ",
          out);
    for (int i = 0; i < TOTE_FACT_NUMBERS; i++)
        fprintf(out, "%s%s=%g", i ? "," : "", tote_fact_kinds[i].name,
                rows->weights.at[i]);
    fputc('\n', out);
    for (size_t i = 0; i < rows->n; i++) {
        const struct tote_score *score = &rows->at[i].score;
        fputs("  ", out);
        say(out, rows->at[i].label);
        fprintf(out, ": %s%s", score->n_missing ? "at least " : "",
                tote_figure_rate(score->least, text));
        if (score->n_missing)
            fprintf(out, "; numbers missing: %zu", score->n_missing);
        fputc('\n', out);
    }
}

int tote_facts_write_text(const struct tote_facts_rows *rows, FILE *out)
{
    int rc = write_table(rows, out);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < rows->n; i++)
        write_engine(&rows->at[i], out);
    write_scores(rows, out);
    return fflush(out) != 0 || ferror(out) ? -EIO : 0;
}
