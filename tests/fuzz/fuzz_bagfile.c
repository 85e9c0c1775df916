/* SPDX-License-Identifier: MIT */
/* fuzz_bagfile.c: bag files, and that one which was read can be printed and read again.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bagfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bag {
    uint64_t tasks, seed;
    double wait_s;
    int net;
    bool loud;
    char kernel[TOTE_OPTION_TEXT_MAX], engines[TOTE_OPTION_TEXT_MAX];
};

static const char *const nets[] = {"auto", "private", "host", NULL};

#define FIELD(name) .offset = offsetof(struct bag, name)

static const struct tote_option table[] = {
    {.name = "tasks", .type = TOTE_OPTION_UINT, FIELD(tasks), .max = 0x1p40},
    {.name = "seed",
     .type = TOTE_OPTION_UINT,
     FIELD(seed),
     .fallback = "none",
     .max = 0x1p63},
    {.name = "wait", .type = TOTE_OPTION_SECONDS, FIELD(wait_s)},
    {.name = "net", .type = TOTE_OPTION_CHOICE, FIELD(net), .choices = nets},
    {.name = "loud", .type = TOTE_OPTION_BOOL, FIELD(loud)},
    {.name = "kernel", .type = TOTE_OPTION_TEXT, FIELD(kernel)},
    {.name = "engines", .type = TOTE_OPTION_TEXT, FIELD(engines)},
};
enum { N_TABLE = sizeof table / sizeof table[0] };

static struct tote_words words;
static const struct tote_bagfile_list list = {"command", &words};
static const struct tote_bagfile_keys keys = {
    .table = table, .n = N_TABLE, .lists = &list, .n_lists = 1};

static int parse(const char *text, size_t size, struct bag *bag, struct tote_error *err)
{
    memset(bag, 0, sizeof *bag);
    tote_words_finish(&words);
    tote_options_defaults(table, N_TABLE, bag, NULL);
    return tote_bagfile_parse("bag", text, size, &keys, bag, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bag bag, back;
    struct tote_error err = {0};
    if (size >= TOTE_BAGFILE_MAX)
        return 0; /* never comes so far */
    if (parse((const char *)data, size, &bag, &err) < 0) {
        assert(strncmp(err.text, "bag:", 4) == 0);
        return 0;
    }
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    int rc = tote_bagfile_print(&keys, &bag, out, &err);
    fclose(out);
    assert(rc == 0);
    size_t n_words = words.n;
    rc = parse(text, n, &back, &err);
    assert(rc == 0 && words.n == n_words);
    assert(bag.tasks == back.tasks && bag.seed == back.seed && bag.net == back.net &&
           bag.loud == back.loud && strcmp(bag.kernel, back.kernel) == 0 &&
           strcmp(bag.engines, back.engines) == 0);
    free(text);
    return 0;
}
