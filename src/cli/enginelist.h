/* SPDX-License-Identifier: MIT */
/* enginelist.h: cuts "local,workqueue:port=9233,external-workers=yes,ray" into engines.
 */
#ifndef TOTE_ENGINELIST_H
#define TOTE_ENGINELIST_H

#include <stddef.h>

#include "experiment/design.h"
#include "tote/error.h"
#include "tote/option.h"

struct tote_engine_list {
    char texts[TOTE_ENGINES_MAX][TOTE_OPTION_TEXT_MAX];
    size_t n;
};

/* A piece between commas that is NAME=VALUE, without a colon before the equals sign,
 * goes on with the options of the engine before it. -EINVAL: none, too many, an empty
 * one. */
int tote_engine_list_split(const char *text, struct tote_engine_list *ret_list,
                           struct tote_error *err);

#endif
