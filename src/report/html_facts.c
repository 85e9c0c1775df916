/* SPDX-License-Identifier: MIT */
/* html_facts.c: what each engine asks of whoever runs it, from facts that were measured
 * beside the store (html.h, facts_document.h). */
#include <stdlib.h>
#include <string.h>

#include "report/facts_document.h"
#include "report/figure.h"
#include "report/html.h"
#include "report/mask.h"

#define ENGINES_MAX 16 /* columns; of more the first ones */

static const struct {
    const char *name, *head;
} facts[] = {
    {"packages", "packages beyond Debian's base"},
    {"megabytes", "of these, MB"},
    {"install_s", "time to install, s"},
    {"first_result_s", "launch to first result, s"},
    {"processes", "processes"},
    {"ports", "listening ports"},
    {"descriptors", "open descriptors"},
    {"config_lines", "lines of configuration"},
    {"first_task_steps", "steps to the first task"},
    {"crash_steps", "steps after a crash"},
    {"engine_lines", "lines of tote's engine program"},
    {"authentication", "authentication"},
    {"encryption", "encryption"},
    {"licence", "licence"},
};
#define N_FACTS (sizeof facts / sizeof *facts)

static bool is_there(const struct tote_page *page)
{
    return page->summary->facts != NULL;
}

/* Text of the file: masked, then escaped. */
static void put_text(struct tote_page *page, const char *text)
{
    char *copy = strdup(text ? text : "-");
    if (!copy) {
        page->has_failed = true;
        return;
    }
    tote_mask_text(copy, TOTE_MASK_CONTROLS);
    tote_html_cell(page, copy);
    free(copy);
}

static void put_value(struct tote_page *page, json_t *value)
{
    char text[TOTE_FIGURE_MAX];
    if (json_is_integer(value))
        tote_html_count(page, (uint64_t)json_integer_value(value));
    else if (json_is_number(value))
        tote_html_number(page, tote_figure_rate(json_number_value(value), text));
    else if (json_is_string(value))
        put_text(page, json_string_value(value));
    else
        tote_html_number(page, "-");
}

static json_t *engine_at(const struct tote_page *page, size_t i)
{
    return json_array_get(tote_facts_document_engines(page->summary->facts), i);
}

static const char *name_of(json_t *engine)
{
    return json_string_value(json_object_get(engine, "engine"));
}

static size_t count_engines(const struct tote_page *page)
{
    size_t n = json_array_size(tote_facts_document_engines(page->summary->facts));
    return n < ENGINES_MAX ? n : ENGINES_MAX;
}

/* --- the tables --- */

static void put_score(struct tote_page *page, size_t n)
{
    tote_html_row(page, "score: less is simpler");
    for (size_t i = 0; i < n; i++)
        put_value(page, json_object_get(json_object_get(engine_at(page, i), "score"),
                                        "points"));
    tote_html_end_row(page);
}

static void put_numbers(struct tote_page *page, size_t n)
{
    char names[ENGINES_MAX][TOTE_FIGURE_MAX + 1];
    const char *heads[ENGINES_MAX + 1] = {"fact"};
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], ">%s", name_of(engine_at(page, i)));
        tote_mask_text(names[i], TOTE_MASK_CONTROLS);
        heads[i + 1] = names[i];
    }
    tote_html_table(page, "What each engine asks of whoever runs it", heads, n + 1);
    for (size_t k = 0; k < N_FACTS; k++) {
        tote_html_row(page, facts[k].head);
        for (size_t i = 0; i < n; i++)
            put_value(page, json_object_get(tote_facts_document_fact(engine_at(page, i),
                                                                     facts[k].name),
                                            "value"));
        tote_html_end_row(page);
    }
    put_score(page, n);
    tote_html_end_table(page);
}

static void put_source(struct tote_page *page, json_t *engine, size_t k)
{
    json_t *fact = tote_facts_document_fact(engine, facts[k].name);
    tote_html_row(page, facts[k].head);
    put_text(page, name_of(engine));
    put_text(page, json_string_value(json_object_get(fact, "source")));
    put_text(page, json_string_value(json_object_get(fact, "how")));
    tote_html_end_row(page);
}

static void put_sources(struct tote_page *page, size_t n)
{
    static const char *const heads[] = {"fact", "engine", "source", "how"};
    bool folds = page->folds;
    page->folds = true; /* long, and for those who doubt */
    tote_html_table(page, "How each fact was found", heads, 4);
    for (size_t k = 0; k < N_FACTS; k++)
        for (size_t i = 0; i < n; i++)
            put_source(page, engine_at(page, i), k);
    tote_html_end_table(page);
    page->folds = folds;
}

static void put_weights(struct tote_page *page)
{
    const char *name;
    json_t *weight;
    fputs("<p>The score is a sum of weight x log2(1 + number); its weights:",
          page->out);
    json_object_foreach(json_object_get(page->summary->facts->root, "weights"), name,
                        weight)
    {
        tote_html_say(page, " %.40s %g,", name, json_number_value(weight));
    }
    fputs(" and <code>tote engines facts --weights</code> takes others. Measured apart "
          "from the "
          "runs of this store, by <code>tote engines facts</code>.</p>\n",
          page->out);
}

static int write(struct tote_page *page)
{
    size_t n = count_engines(page);
    put_numbers(page, n);
    put_weights(page);
    put_sources(page, n);
    return 0;
}

const struct tote_html_section tote_html_facts = {"facts", "Operational facts",
                                                  is_there, write, false};
