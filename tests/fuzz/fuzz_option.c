/* SPDX-License-Identifier: MIT */
/* fuzz_option.c: option texts: specs "a=1,b=2", "NAME:a=1", lists of engines, and words
 * to suggest something for. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/enginelist.h"
#include "tote/limits.h"
#include "tote/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct options {
    uint64_t us, port;
    double rate, wait_s;
    bool yes;
    int mode;
    char text[TOTE_OPTION_TEXT_MAX];
};

static const char *const modes[] = {"serve", "spawn", NULL};

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct tote_option table[] = {
    {.name = "us",
     .type = TOTE_OPTION_UINT,
     FIELD(us),
     .fallback = "9",
     .min = 1,
     .max = 6e7},
    {.name = "port",
     .type = TOTE_OPTION_UINT,
     FIELD(port),
     .fallback = "none",
     .max = 65535},
    {.name = "rate", .type = TOTE_OPTION_DOUBLE, FIELD(rate), .min = -1, .max = 64},
    {.name = "wait", .type = TOTE_OPTION_SECONDS, FIELD(wait_s), .max = 3600},
    {.name = "yes", .type = TOTE_OPTION_BOOL, FIELD(yes)},
    {.name = "mode", .type = TOTE_OPTION_CHOICE, FIELD(mode), .choices = modes},
    {.name = "text", .type = TOTE_OPTION_TEXT, FIELD(text)},
};
enum { N_TABLE = sizeof table / sizeof table[0] };

static void check_values(const struct options *o)
{
    assert(o->us >= 1 && o->us <= 60000000);
    assert(o->port <= 65535 || o->port == TOTE_OPTION_NONE);
    assert(isnan(o->rate) || (o->rate >= -1 && o->rate <= 64));
    assert(isnan(o->wait_s) || (o->wait_s >= 0 && o->wait_s <= 3600));
    assert(o->mode == 0 || o->mode == 1);
    assert(strlen(o->text) < TOTE_OPTION_TEXT_MAX);
}

static void check_list(const char *text)
{
    static struct tote_engine_list list;
    struct tote_error err = {0};
    if (tote_engine_list_split(text, &list, &err) < 0) {
        assert(err.text[0]);
        return;
    }
    size_t n = 0;
    assert(list.n > 0 && list.n <= TOTE_CELLS_MAX);
    for (size_t i = 0; i < list.n; i++)
        n += strlen(list.texts[i]) + 1;
    assert(n == strlen(text) + 1); /* cut at commas, nothing lost */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"local", "workqueue", "ray", NULL};
    struct options options = {0};
    struct tote_error err = {0}, why = {0};
    char *text = malloc(size + 1), name[TOTE_NAME_MAX];
    memcpy(text, data, size);
    text[size] = '\0';
    if (tote_options_parse(table, N_TABLE, text, &options, &err) == 0)
        check_values(&options);
    else
        assert(err.text[0]);
    const char *rest;
    if (tote_options_split(text, name, sizeof name, &rest, &why) == 0)
        assert(rest >= text && rest <= text + strlen(text) && name[0]);
    tote_option_suggest(text, names);
    check_list(text);
    free(text);
    return 0;
}
