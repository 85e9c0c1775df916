/* SPDX-License-Identifier: MIT */
/* copy.h: a file of its own for an attempt: the bytes, mode and time of another one,
 * and no name but the one given. As cheap as the filesystem allows. Private to
 * src/attempt. Not for what a command makes: that is moved. */
#ifndef TOTE_COPY_H
#define TOTE_COPY_H

/* Copies the regular file `from` in the folder from_at, or the one that a link there
 * leads to, to `to` in the folder to_at, where nothing may have that name. 0 or errno;
 * EINVAL: it is no regular file. What is there of a copy that failed stays. */
int tote_copy_file(int from_at, const char *from, int to_at, const char *to);

#endif
