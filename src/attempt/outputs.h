/* SPDX-License-Identifier: MIT */
/* outputs.h: the files that a command has made: that they are there and are nothing but
 * files, their sizes, digests and modes, and that they are on the disk. Private to
 * src/attempt.
 */
#ifndef TOTE_OUTPUTS_H
#define TOTE_OUTPUTS_H

#include "base/slice.h"
#include "tote/error.h"

/* folder: descriptor of the attempt's. Fills n_outs of ret_files. Nobody writes to them
 * any more. 0, or -errno and a sentence. */
int tote_outputs_check(int folder, const struct tote_command *command,
                       struct tote_result_file *ret_files, struct tote_error *why);

/* Staged: moves them to their names in the folder `here`; all or none. */
int tote_outputs_move(int folder, int here, const struct tote_command *command,
                      struct tote_error *why);

#endif
