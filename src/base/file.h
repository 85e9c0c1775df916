/* SPDX-License-Identifier: MIT */
/* file.h: a file's bytes, all of them or an error: what a single read or write does not
 * promise. Not for a file that another process still writes.
 *
 *     int fd = open(path, O_RDONLY | O_CLOEXEC);
 *     int rc = fd < 0 ? -errno : tote_file_read(fd, TOTE_PACK_MAX, &bytes, &n);
 *     if (rc < 0)
 *         return tote_file_fail("read the pack", path, -rc, err);
 */
#ifndef TOTE_FILE_H
#define TOTE_FILE_H

#include <stddef.h>

#include "tote/error.h"

/* The whole of a regular file, of which nothing has been read, in a new array (free()
 * it, also if it is empty). -EBADMSG: it is none, or became shorter meanwhile;
 * -EMSGSIZE: more than `most` bytes; -ENOMEM; -errno of read. */
int tote_file_read(int fd, size_t most, void **ret_bytes, size_t *ret_n);

/* All n bytes from where fd stands. 0 or -errno. */
int tote_file_write(int fd, const void *bytes, size_t n);

/* A new file of mode 0600, open for writing, in place of whatever has its name: for
 * folders in which commands may write too, and may have put a link or a pipe. Returns
 * a descriptor or -errno. */
int tote_file_make(const char *path);

/* "cannot DOING PATH: REASON". Returns -code. */
int tote_file_fail(const char *doing, const char *path, int code,
                   struct tote_error *err);

#endif
