/* SPDX-License-Identifier: MIT */
/* slice_parse.c: reads a slice (slice.h). It goes through the bytes twice: once to see
 * that all is there and to count, once to fill arrays of just that size. So a count
 * that lies allocates nothing: each thing that is counted has been seen. */
#include "base/slice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice_rules.h"
#include "base/wire.h"

/* Arrays to fill; null while they are only counted. */
struct arrays {
    const char **words; /* of all argvs and of the environment */
    struct tote_slice_file *files;
    size_t n_words, n_files;
};

static const char *const *take_words(struct tote_wire_in *in, struct arrays *arrays,
                                     size_t n)
{
    const char **first = arrays->words ? arrays->words + arrays->n_words : NULL;
    for (size_t i = 0; i < n && !in->is_bad; i++) {
        const char *word = tote_wire_take_text(in, TOTE_SLICE_MAX);
        if (first)
            first[i] = word;
        arrays->n_words++;
    }
    return (const char *const *)first;
}

static const struct tote_slice_file *take_files(struct tote_wire_in *in,
                                                struct arrays *arrays, size_t *ret_n)
{
    struct tote_slice_file *first =
        arrays->files ? arrays->files + arrays->n_files : NULL;
    *ret_n = (size_t)tote_wire_take_most(in, 4, TOTE_FILES_MAX);
    for (size_t i = 0; i < *ret_n && !in->is_bad; i++) {
        struct tote_slice_file file;
        file.path = tote_wire_take_text(in, TOTE_FILE_NAME_MAX - 1);
        file.as = tote_wire_take_text(in, TOTE_FILE_NAME_MAX - 1);
        if (first)
            first[i] = file;
        arrays->n_files++;
    }
    return first;
}

static void take_env(struct tote_wire_in *in, struct arrays *arrays,
                     struct tote_rules *rules)
{
    size_t n = (size_t)tote_wire_take(in, 4);
    if (n == TOTE_SLICE_NO_ENV)
        return;
    rules->n_env = n;
    rules->env = take_words(in, arrays, n);
}

static void take_rules(struct tote_wire_in *in, struct arrays *arrays,
                       struct tote_rules *rules)
{
    *rules = (struct tote_rules){0};
    uint64_t flags = tote_wire_take_most(in, 1, TOTE_SLICE_FLAGS);
    rules->is_staged = flags & TOTE_SLICE_IS_STAGED;
    rules->stays_in_start = flags & TOTE_SLICE_STAYS_IN_START;
    rules->has_late_timeout = flags & TOTE_SLICE_HAS_LATE_TIMEOUT;
    rules->run = tote_wire_take_text(in, TOTE_SLICE_MAX);
    rules->start = tote_wire_take_text(in, TOTE_SLICE_MAX);
    rules->attempts = tote_wire_take_text(in, TOTE_SLICE_MAX);
    take_env(in, arrays, rules);
    rules->timeout_ns = (tote_ns_t)tote_wire_take(in, 8);
    rules->kill_after_ns = (tote_ns_t)tote_wire_take(in, 8);
    rules->memory = tote_wire_take(in, 8);
    rules->cpu_s = tote_wire_take(in, 8);
    rules->files = tote_wire_take(in, 8);
    rules->stream_max = tote_wire_take(in, 8);
}

static void take_command(struct tote_wire_in *in, struct arrays *arrays,
                         struct tote_command *command)
{
    command->item = tote_wire_take_text(in, TOTE_SLICE_MAX);
    command->n_args = (size_t)tote_wire_take_most(in, 4, TOTE_ARGS_N_MAX);
    command->args = take_words(in, arrays, command->n_args);
    command->ins = take_files(in, arrays, &command->n_ins);
    command->outs = take_files(in, arrays, &command->n_outs);
}

/* commands is null while it is only counted. */
static void take_all(struct tote_wire_in *in, struct arrays *arrays,
                     struct tote_slice *slice)
{
    slice->first = tote_wire_take_most(in, 8, TOTE_BAG_MAX);
    slice->count = (uint32_t)tote_wire_take_most(in, 4, TOTE_BATCH_MAX);
    slice->attempt = (uint32_t)tote_wire_take(in, 4);
    take_rules(in, arrays, &slice->rules);
    for (uint32_t i = 0; i < slice->count && !in->is_bad; i++) {
        struct tote_command command = {.task = slice->first + i};
        take_command(in, arrays, &command);
        if (slice->commands)
            slice->commands[i] = command;
    }
}

static int fail_parse(const char *why, struct tote_error *err)
{
    return tote_error_set(err, -EBADMSG, "the slice of the batch is damaged: %s", why);
}

static int judge(const struct tote_slice *slice, struct tote_error *err)
{
    const char *wrong =
        tote_slice_judge_range(slice->first, slice->count, slice->attempt);
    if (!wrong)
        wrong = tote_slice_judge_rules(&slice->rules);
    for (uint32_t i = 0; !wrong && i < slice->count; i++)
        wrong = tote_slice_judge_command(&slice->rules, &slice->commands[i]);
    return wrong ? fail_parse(wrong, err) : 0;
}

/* One block for all: commands, files, words, and a copy of the bytes, which the texts
 * point into. */
static int allocate(struct tote_slice *slice, struct arrays *arrays, const void *bytes,
                    size_t n, unsigned char **ret_bytes)
{
    size_t commands = slice->count * sizeof *slice->commands;
    size_t files = arrays->n_files * sizeof *arrays->files;
    size_t words = arrays->n_words * sizeof *arrays->words;
    unsigned char *memory = malloc(commands + files + words + n);
    if (!memory)
        return -ENOMEM;
    slice->memory = memory;
    slice->commands = (struct tote_command *)(void *)memory;
    *arrays =
        (struct arrays){.files = (struct tote_slice_file *)(void *)(memory + commands),
                        .words = (const char **)(void *)(memory + commands + files)};
    *ret_bytes = memory + commands + files + words;
    memcpy(*ret_bytes, bytes, n);
    return 0;
}

int tote_slice_parse(const void *bytes, size_t n, struct tote_slice *ret_slice,
                     struct tote_error *err)
{
    struct tote_wire_in in;
    struct arrays arrays = {0};
    struct tote_slice slice = {0};
    unsigned char *copy;
    const char *wrong =
        n > TOTE_SLICE_MAX
            ? "it is too large"
            : tote_wire_open(&in, TOTE_SLICE_MAGIC, TOTE_SLICE_VERSION, bytes, n);
    if (wrong)
        return fail_parse(wrong, err);
    take_all(&in, &arrays, &slice);
    if (!tote_wire_is_done(&in))
        return fail_parse(TOTE_SLICE_WRONG_NUMBER, err);
    if (allocate(&slice, &arrays, bytes, n, &copy) < 0)
        return tote_error_set(err, -ENOMEM, "no memory for the slice of a batch");
    tote_wire_open(&in, TOTE_SLICE_MAGIC, TOTE_SLICE_VERSION, copy, n);
    take_all(&in, &arrays, &slice);
    int failed = judge(&slice, err);
    if (failed)
        tote_slice_finish(&slice);
    else
        *ret_slice = slice;
    return failed;
}

void tote_slice_finish(struct tote_slice *slice)
{
    free(slice->memory);
    *slice = (struct tote_slice){0};
}
