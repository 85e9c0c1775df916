/* SPDX-License-Identifier: MIT */
/* quoted.h: words as a person would type them into a shell: bare if nothing in them is
 * special, else in single quotes. For lines that are read, and pasted. */
#ifndef TOTE_QUOTED_H
#define TOTE_QUOTED_H

#include <stddef.h>

/* New text with a blank between words; above `most` bytes it is cut, not within a
 * character, and ends in "...". Null: out of memory. */
char *tote_quoted_words(char *const *words, size_t n, size_t most);

/* A path that no command takes for an option. New text; null: out of memory. */
char *tote_quoted_path(const char *path);

#endif
