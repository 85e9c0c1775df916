/* SPDX-License-Identifier: MIT */
/* slice.c: writes a slice (slice.h). Reading: slice_parse.c; packs: pack.c. */
#include "base/slice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice_rules.h"
#include "base/wire.h"

struct tote_slice_writer {
    struct tote_wire_out out;
    struct tote_rules rules; /* only what the judgement of a command needs */
    uint64_t first;
    uint32_t count, added;
    const char *wrong; /* null, or why this is no slice */
};

static void put_env(struct tote_wire_out *out, const struct tote_rules *rules)
{
    if (!rules->env) {
        tote_wire_put(out, TOTE_SLICE_NO_ENV, 4);
        return;
    }
    tote_wire_put(out, rules->n_env, 4);
    for (size_t i = 0; i < rules->n_env; i++)
        tote_wire_put_text(out, rules->env[i]);
}

static void put_rules(struct tote_wire_out *out, const struct tote_rules *rules)
{
    int flags = (rules->is_staged ? TOTE_SLICE_IS_STAGED : 0) |
                (rules->stays_in_start ? TOTE_SLICE_STAYS_IN_START : 0) |
                (rules->has_late_timeout ? TOTE_SLICE_HAS_LATE_TIMEOUT : 0);
    tote_wire_put(out, (uint64_t)flags, 1);
    tote_wire_put_text(out, rules->run);
    tote_wire_put_text(out, rules->start);
    tote_wire_put_text(out, rules->attempts);
    put_env(out, rules);
    tote_wire_put(out, (uint64_t)rules->timeout_ns, 8);
    tote_wire_put(out, (uint64_t)rules->kill_after_ns, 8);
    tote_wire_put(out, rules->memory, 8);
    tote_wire_put(out, rules->cpu_s, 8);
    tote_wire_put(out, rules->files, 8);
    tote_wire_put(out, rules->stream_max, 8);
}

struct tote_slice_writer *tote_slice_begin(const struct tote_rules *rules,
                                           uint64_t first, uint32_t count,
                                           uint32_t attempt)
{
    struct tote_slice_writer *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->rules = *rules;
    w->first = first;
    w->count = count;
    w->wrong = tote_slice_judge_range(first, count, attempt);
    if (!w->wrong)
        w->wrong = tote_slice_judge_rules(rules);
    tote_wire_begin(&w->out, TOTE_SLICE_MAGIC, TOTE_SLICE_VERSION, TOTE_SLICE_MAX);
    tote_wire_put(&w->out, first, 8);
    tote_wire_put(&w->out, count, 4);
    tote_wire_put(&w->out, attempt, 4);
    put_rules(&w->out, rules);
    return w;
}

static void put_files(struct tote_wire_out *out, const struct tote_slice_file *files,
                      size_t n)
{
    tote_wire_put(out, n, 4);
    for (size_t i = 0; i < n; i++) {
        tote_wire_put_text(out, files[i].path);
        tote_wire_put_text(out, files[i].as);
    }
}

void tote_slice_add(struct tote_slice_writer *w, const struct tote_command *command)
{
    if (!w->wrong && command->task != w->first + w->added)
        w->wrong = "its tasks are not in order";
    if (!w->wrong)
        w->wrong = tote_slice_judge_command(&w->rules, command);
    w->added++;
    if (w->wrong)
        return;
    tote_wire_put_text(&w->out, command->item);
    tote_wire_put(&w->out, command->n_args, 4);
    for (size_t i = 0; i < command->n_args; i++)
        tote_wire_put_text(&w->out, command->args[i]);
    put_files(&w->out, command->ins, command->n_ins);
    put_files(&w->out, command->outs, command->n_outs);
}

int tote_slice_end(struct tote_slice_writer *w, void **ret_bytes, size_t *ret_n,
                   struct tote_error *err)
{
    if (!w->wrong && w->added != w->count)
        w->wrong = "it has not as many tasks as it should have";
    int failed =
        tote_slice_end_bytes(&w->out, "slice", w->wrong, "the commands of a batch need",
                             ret_bytes, ret_n, err);
    free(w);
    return failed;
}

uint32_t tote_slice_count_max(uint64_t stream_max)
{
    const uint64_t room = (TOTE_PACK_MAX - TOTE_PACK_REST) / TOTE_STREAMS;
    if (stream_max >= room)
        return 1;
    uint64_t n = stream_max ? room / stream_max : TOTE_BATCH_MAX;
    return n < TOTE_BATCH_MAX ? (uint32_t)n : TOTE_BATCH_MAX;
}

void tote_slice_name(uint64_t first, uint32_t count, uint32_t attempt, bool is_pack,
                     char into[static TOTE_SLICE_NAME_MAX])
{
    snprintf(into, TOTE_SLICE_NAME_MAX, "%" PRIu64 "-%" PRIu32 "-%" PRIu32 ".%s", first,
             count, attempt, is_pack ? "pack" : "slice");
}
