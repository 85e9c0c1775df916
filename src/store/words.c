/* SPDX-License-Identifier: MIT */
/* words.c: see words.h. */
#include "store/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tote_words_add(struct tote_words *words, const char *text, size_t n_text)
{
    if ((words->n & (words->n + 1)) == 0) { /* 0, 1, 3, 7 ...: and one for the null */
        char **at = reallocarray(words->at, 2 * words->n + 2, sizeof *at);
        if (!at)
            return -ENOMEM;
        words->at = at;
    }
    char *copy = strndup(text, n_text);
    if (!copy)
        return -ENOMEM;
    words->at[words->n++] = copy;
    words->at[words->n] = NULL;
    return 0;
}

void tote_words_finish(struct tote_words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->at[i]);
    free(words->at);
    *words = (struct tote_words){0};
}

/* --- JSON --- */

static const char digits[] = "0123456789abcdef";

static json_t *to_hex(const char *text)
{
    size_t n = strlen(text);
    char *hex = malloc(2 * n + 1);
    if (!hex)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[(unsigned char)text[i] >> 4];
        hex[2 * i + 1] = digits[(unsigned char)text[i] & 15];
    }
    hex[2 * n] = '\0';
    json_t *object = json_pack("{s:s}", "hex", hex);
    free(hex);
    return object;
}

json_t *tote_words_to_json(const struct tote_words *words)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < words->n; i++) {
        json_t *word = json_string(words->at[i]);
        if (!word)
            word = to_hex(words->at[i]);
        if (json_array_append_new(array, word) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int add_hex(const char *hex, struct tote_words *words)
{
    size_t n = strlen(hex) / 2;
    char *text = calloc(n + 1, 1);
    int rc = text ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < 2 * n; i++) {
        const char *digit = strchr(digits, hex[i]);
        if (!digit)
            rc = -EBADMSG;
        else
            text[i / 2] = (char)((unsigned char)text[i / 2] << 4 | (digit - digits));
    }
    if (rc == 0)
        rc = tote_words_add(words, text, strlen(text));
    free(text);
    return rc;
}

int tote_words_from_json(const json_t *array, struct tote_words *words)
{
    if (!json_is_array(array))
        return -EBADMSG;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *word = json_array_get(array, i);
        const char *text = json_string_value(word);
        const char *hex = json_string_value(json_object_get(word, "hex"));
        int rc = text  ? tote_words_add(words, text, strlen(text))
                 : hex ? add_hex(hex, words)
                       : -EBADMSG;
        if (rc < 0)
            return rc;
    }
    return 0;
}
