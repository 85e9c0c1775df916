/* SPDX-License-Identifier: MIT */
/* facts.c: the table of facts, and how one is set (facts.h). */
#include "facts/facts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

const struct tote_fact_kind tote_fact_kinds[TOTE_FACT_COUNT] = {
    [TOTE_FACT_PACKAGES] = {"packages", "packages installed", false},
    [TOTE_FACT_MEGABYTES] = {"megabytes", "megabytes installed", false},
    [TOTE_FACT_INSTALL] = {"install_s", "seconds to install", false},
    [TOTE_FACT_FIRST_RESULT] = {"first_result_s", "seconds to first result", false},
    [TOTE_FACT_PROCESSES] = {"processes", "processes", false},
    [TOTE_FACT_PORTS] = {"ports", "listening ports", false},
    [TOTE_FACT_DESCRIPTORS] = {"descriptors", "open descriptors", false},
    [TOTE_FACT_CONFIG] = {"config_lines", "lines of configuration", true},
    [TOTE_FACT_FIRST_TASK] = {"first_task_steps", "steps to the first task", true},
    [TOTE_FACT_CRASH] = {"crash_steps", "steps after a crash", true},
    [TOTE_FACT_ENGINE_LINES] = {"engine_lines", "lines of engine program", false},
    [TOTE_FACT_AUTHENTICATION] = {"authentication", "authentication", false},
    [TOTE_FACT_ENCRYPTION] = {"encryption", "encryption", false},
    [TOTE_FACT_LICENCE] = {"licence", "licence", false},
};

void tote_facts_init(struct tote_facts *facts)
{
    *facts = (struct tote_facts){0};
    for (int i = 0; i < TOTE_FACT_COUNT; i++)
        facts->at[i].number = NAN;
}

void tote_facts_finish(struct tote_facts *facts)
{
    for (int i = 0; i < TOTE_FACT_COUNT; i++)
        json_decref(facts->at[i].items);
    tote_facts_init(facts);
}

bool tote_fact_is_known(const struct tote_fact *fact)
{
    return fact->source == TOTE_FACT_DOCUMENTED || fact->source == TOTE_FACT_MEASURED;
}

void tote_fact_measured(struct tote_fact *fact, double number, json_t *items,
                        const char *how_format, ...)
{
    va_list args;
    json_decref(fact->items);
    *fact = (struct tote_fact){
        .source = TOTE_FACT_MEASURED, .number = number, .items = items};
    va_start(args, how_format);
    vsnprintf(fact->how, sizeof fact->how, how_format, args);
    va_end(args);
}

void tote_fact_not_measured(struct tote_fact *fact, const char *why_format, ...)
{
    va_list args;
    if (tote_fact_is_known(fact))
        return;
    fact->source = TOTE_FACT_NOT_MEASURED;
    va_start(args, why_format);
    vsnprintf(fact->how, sizeof fact->how, why_format, args);
    va_end(args);
}

const char *tote_fact_source_name(enum tote_fact_source source)
{
    static const char *const names[] = {
        [TOTE_FACT_NOT_STATED] = "not stated",
        [TOTE_FACT_NOT_MEASURED] = "not measured",
        [TOTE_FACT_DOCUMENTED] = "documented",
        [TOTE_FACT_MEASURED] = "measured",
    };
    return names[source];
}
