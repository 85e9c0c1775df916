/* SPDX-License-Identifier: MIT */
/* digest_file.h: XXH3-128 of what is in a file, however large: 64 KiB at a time. */
#ifndef TOTE_DIGEST_FILE_H
#define TOTE_DIGEST_FILE_H

#include <stdint.h>

#include "tote/record.h"

/* From where fd stands to its end. 0, -ENOMEM, or -errno of read. ret_size, bytes read,
 * may be null. */
int tote_digest_of_file(int fd, uint64_t *ret_size, struct tote_digest *ret_digest);

#endif
