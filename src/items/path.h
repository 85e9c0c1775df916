/* SPDX-License-Identifier: MIT */
/* path.h: takes an item apart as a path, and says which paths a task may make or read.
 * Pure: looks at texts, not at files (core/publisher.h holds the same rules there). */
#ifndef TOTE_ITEMS_PATH_H
#define TOTE_ITEMS_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct tote_path_piece {
    size_t at, n; /* of the text */
};

/* dir is of no bytes if there is no slash: then it means ".". A dot that begins or ends
 * base begins no extension. */
struct tote_path_pieces {
    struct tote_path_piece base, stem, ext, dir;
};

struct tote_path_pieces tote_path_split(const char *path, size_t n);

/* Why a task may not make a file of that name, as the end of a sentence; or null. */
const char *tote_path_refuse_out(const char *path);
/* The same name without "./" in front, within the text. */
const char *tote_path_plain(const char *path);
/* Whether folder would have to be a folder for path to be a file. */
bool tote_path_is_below(const char *path, const char *folder);
/* Why it names no file that can be read, or null. */
const char *tote_path_refuse_in(const char *path);

#endif
