/* SPDX-License-Identifier: MIT */
/* inputs.h: the files that a command reads, as tote's own host sees them. */
#ifndef TOTE_INPUTS_H
#define TOTE_INPUTS_H

#include "base/slice.h"

/* A digest of what stat says of them (device, inode, size, times of content and of
 * inode); zero without inputs. As long as it is the same, their content is. Relative
 * paths are below start. -EINVAL: one is not there, no regular file, or not readable.
 */
int tote_inputs_stat(const char *start, const struct tote_command *command,
                     struct tote_digest *ret_digest, struct tote_error *err);

/* The digest of each one's content: digests has room for command->n_ins. -EINVAL as
 * above, or it cannot be read. */
int tote_inputs_digest(const char *start, const struct tote_command *command,
                       struct tote_digest *digests, struct tote_error *err);

#endif
