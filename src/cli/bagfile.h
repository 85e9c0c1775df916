/* SPDX-License-Identifier: MIT */
/* bagfile.h: BAG.yaml: one flat mapping of settings, by an option table.
 *
 *     # bag.yaml
 *     kernel: zfp:accuracy=1e-3
 *     tasks: 1000
 *     engines: [local, workqueue, ray]
 *
 * A value is a scalar, or a list of scalars that stands for them with commas between.
 */
#ifndef TOTE_BAGFILE_H
#define TOTE_BAGFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "tote/error.h"
#include "tote/option.h"

/* Bytes of a bag file. All settings at their longest take 8 KiB; libyaml takes time
 * with the square of the length for some that are deep. */
#define TOTE_BAGFILE_MAX (1u << 16)

/* Fills the struct of the table. -EINVAL: file, line and column of what is wrong, or
 * why it cannot be read; -ENOMEM. path "-" is standard input. */
int tote_bagfile_load(const char *path, const struct tote_option *table, size_t n,
                      void *into, struct tote_error *err);

/* The same from memory; name is for sentences. */
int tote_bagfile_parse(const char *name, const char *text, size_t size,
                       const struct tote_option *table, size_t n, void *into,
                       struct tote_error *err);

/* The text of an option's value in from, as a bag file has it. False if it is not set.
 */
bool tote_bagfile_text(const struct tote_option *option, const void *from, char *into,
                       size_t size);

/* Writes each option of the table that is set, with its value in from. */
int tote_bagfile_print(const struct tote_option *table, size_t n, const void *from,
                       FILE *out, struct tote_error *err);

#endif
