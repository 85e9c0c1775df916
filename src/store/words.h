/* SPDX-License-Identifier: MIT */
/* words.h: a list of texts that grows: the words of a command, the values of a list. As
 * one line of JSON it is kept in a store. Not for options (args.h). */
#ifndef TOTE_WORDS_H
#define TOTE_WORDS_H

#include <jansson.h>
#include <stddef.h>

struct tote_words {
    char **at; /* n texts and a null, or null; owned */
    size_t n;
};

/* Copies n_text bytes, which hold no NUL. -ENOMEM. */
int tote_words_add(struct tote_words *words, const char *text, size_t n_text);
void tote_words_finish(struct tote_words *words); /* accepts a zeroed one */

/* A new array: of texts, and of {"hex": ...} for those that are not UTF-8, which JSON
 * cannot hold. Null: out of memory. */
json_t *tote_words_to_json(const struct tote_words *words);
/* Adds what such an array holds. -EBADMSG, -ENOMEM. */
int tote_words_from_json(const json_t *array, struct tote_words *words);

#endif
