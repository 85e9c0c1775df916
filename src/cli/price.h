/* SPDX-License-Identifier: MIT */
/* price.h: what the user pays for a machine: "cpu-hour=0.04,gb-hour=0.005,currency=EUR"
 * on the command line, or the same names in a YAML file.
 *
 *     # prices.yaml
 *     cpu-hour: 0.04
 *     gb-hour: 0.005
 *     currency: EUR
 */
#ifndef TOTE_CLI_PRICE_H
#define TOTE_CLI_PRICE_H

#include <stdbool.h>

#include "report/cost.h"
#include "tote/error.h"

/* Reads the file first, then the text, whose prices win; either may be null or empty.
 * *ret_has: any was given. -EINVAL and a sentence. */
int tote_price_read(const char *text, const char *file, struct tote_price *ret_price,
                    bool *ret_has, struct tote_error *err);

#endif
