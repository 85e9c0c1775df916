/* SPDX-License-Identifier: MIT */
/* facts_rows.h: what `tote engines facts` has gathered, between its three files. */
#ifndef TOTE_FACTS_ROWS_H
#define TOTE_FACTS_ROWS_H

#include <limits.h>
#include <stdio.h>

#include "core/program.h"
#include "facts/facts.h"
#include "facts/score.h"

struct tote_facts_row {
    char label[TOTE_OPTION_SPEC_MAX], path[PATH_MAX];
    struct tote_engine_spec spec; /* if it is usable */
    bool is_usable, is_measured;
    char why[TOTE_ERROR_MAX]; /* it is not; "" otherwise */
    struct tote_facts facts;
    struct tote_score score;
};

struct tote_facts_rows {
    struct tote_facts_row *at;
    size_t n;
    uint64_t workers, launches;
    struct tote_weights weights;
};

/* Both return 0, -ENOMEM, or -EIO if the stream did not take all. */
int tote_facts_write_text(const struct tote_facts_rows *rows, FILE *out);
int tote_facts_write_json(const struct tote_facts_rows *rows, FILE *out);

#endif
