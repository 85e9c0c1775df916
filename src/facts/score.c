/* SPDX-License-Identifier: MIT */
/* score.c: see score.h. */
#include "facts/score.h"

#include <math.h>
#include <stddef.h>

#define WEIGHT(id, its_name, its_fallback, its_help)                                   \
    [id] = {.name = its_name,                                                          \
            .type = TOTE_OPTION_DOUBLE,                                                \
            .offset = offsetof(struct tote_weights, at) + (id) * sizeof(double),       \
            .fallback = its_fallback,                                                  \
            .max = 1e6,                                                                \
            .help = its_help}

/* 0: what another row tells too, what is mostly not measured, and what is tote's burden
 * and not the user's. */
const struct tote_option tote_weight_options[TOTE_FACT_NUMBERS] = {
    WEIGHT(TOTE_FACT_PACKAGES, "packages", "1", "what has to be kept up to date"),
    WEIGHT(TOTE_FACT_MEGABYTES, "megabytes", "1", "what has to be fetched and stored"),
    WEIGHT(TOTE_FACT_INSTALL, "install_s", "0", "mostly a matter of the network"),
    WEIGHT(TOTE_FACT_FIRST_RESULT, "first_result_s", "1", "what each run waits for"),
    WEIGHT(TOTE_FACT_PROCESSES, "processes", "1", "what may die"),
    WEIGHT(TOTE_FACT_PORTS, "ports", "1", "what has to be guarded"),
    WEIGHT(TOTE_FACT_DESCRIPTORS, "descriptors", "0", "follows processes"),
    WEIGHT(TOTE_FACT_CONFIG, "config_lines", "1", "what has to be written"),
    WEIGHT(TOTE_FACT_FIRST_TASK, "first_task_steps", "1", "what has to be done once"),
    WEIGHT(TOTE_FACT_CRASH, "crash_steps", "1", "what has to be done at night"),
    WEIGHT(TOTE_FACT_ENGINE_LINES, "engine_lines", "0",
           "tote's burden, not its user's"),
};

int tote_weights_parse(const char *text, struct tote_weights *ret,
                       struct tote_error *err)
{
    struct tote_error why = {0};
    int rc =
        tote_options_parse(tote_weight_options, TOTE_FACT_NUMBERS, text, ret, &why);
    return rc < 0 ? tote_error_set(err, rc, "option --weights: %s", why.text) : 0;
}

struct tote_score tote_score_of(const struct tote_facts *facts,
                                const struct tote_weights *weights)
{
    struct tote_score score = {.points = 0};
    for (int i = 0; i < TOTE_FACT_NUMBERS; i++) {
        const struct tote_fact *fact = &facts->at[i];
        if (weights->at[i] == 0)
            continue;
        bool is_known = tote_fact_is_known(fact) && fact->number >= 0;
        score.parts[i] = is_known ? weights->at[i] * log2(1 + fact->number) : NAN;
        score.n_missing += !is_known;
        score.least += is_known ? score.parts[i] : 0;
    }
    score.points = score.n_missing > 0 ? NAN : score.least;
    return score;
}
