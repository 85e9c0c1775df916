/* SPDX-License-Identifier: MIT */
/* pack.c: writes and reads a pack, what came of a batch of commands (slice.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* the state, to have one on the stack */
#include <xxhash.h>

#include "base/slice.h"
#include "base/slice_rules.h"
#include "base/wire.h"

#define PACK_MAGIC "TOTEPACK"

static const char *const cause_names[TOTE_CAUSE_N] = {
    [TOTE_CAUSE_NONE] = "none",       [TOTE_CAUSE_EXIT] = "exit",
    [TOTE_CAUSE_SIGNAL] = "signal",   [TOTE_CAUSE_TIMEOUT] = "timeout",
    [TOTE_CAUSE_START] = "start",     [TOTE_CAUSE_INPUT] = "input",
    [TOTE_CAUSE_OUTPUT] = "output",   [TOTE_CAUSE_FOLDER] = "folder",
    [TOTE_CAUSE_PUBLISH] = "publish", [TOTE_CAUSE_LOST] = "lost",
};

const char *tote_cause_name(enum tote_cause cause)
{
    return (unsigned)cause < TOTE_CAUSE_N ? cause_names[cause] : "unknown";
}

/* --- what both sides hold it to --- */

/* Causes above FOLDER are tote's own to say. */
static const char *judge_result(const struct tote_result *result)
{
    size_t left_n = result->left_name ? strlen(result->left_name) : 0;
    if ((unsigned)result->cause > TOTE_CAUSE_FOLDER)
        return "it gives a cause that no worker can know";
    for (int i = 0; i < TOTE_STREAMS; i++)
        if (result->streams[i].size > TOTE_STREAM_MAX ||
            result->streams[i].size > result->stream_bytes[i])
            return "it holds more of a stream than there was";
    if (strlen(result->why) >= TOTE_ERROR_MAX)
        return "a sentence in it is too long";
    if (left_n > TOTE_LEFT_NAME_MAX || (left_n > 0) != (result->left > 0))
        return "what a task in it left has no good name";
    if (result->n_outs > TOTE_FILES_MAX)
        return "a task in it made too many files";
    if (result->cause == TOTE_CAUSE_NONE && (result->status || result->signal))
        return "a task in it is good and has failed";
    return result->cause != TOTE_CAUSE_NONE && result->n_outs
               ? "a task in it has failed and made files"
               : NULL;
}

static const char *judge_modes(const struct tote_result *result)
{
    for (size_t i = 0; i < result->n_outs; i++)
        if (result->outs[i].mode & ~TOTE_FILE_MODES)
            return "a file in it has a mode that is more than permissions";
    return NULL;
}

/* --- writing --- */

struct tote_pack_writer {
    struct tote_wire_out out;
    uint64_t first;
    uint32_t count, added;
    const char *wrong; /* null, or why this is no pack */
};

struct tote_pack_writer *tote_pack_begin(uint64_t first, uint32_t count,
                                         uint32_t attempt)
{
    struct tote_pack_writer *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->first = first;
    w->count = count;
    w->wrong = tote_slice_judge_range(first, count, attempt);
    tote_wire_begin(&w->out, PACK_MAGIC, TOTE_SLICE_VERSION, TOTE_PACK_MAX);
    tote_wire_put(&w->out, first, 8);
    tote_wire_put(&w->out, count, 4);
    tote_wire_put(&w->out, attempt, 4);
    return w;
}

static void put_result(struct tote_wire_out *out, const struct tote_result *result)
{
    tote_wire_put(out, (uint64_t)result->cause, 1);
    tote_wire_put(out, result->status, 1);
    tote_wire_put(out, result->signal, 1);
    tote_wire_put_text(out, result->why);
    for (int i = 0; i < TOTE_STREAMS; i++) {
        tote_wire_put(out, result->stream_bytes[i], 8);
        tote_wire_put(out, result->streams[i].size, 4);
        tote_wire_put_bytes(out, result->streams[i].data, result->streams[i].size);
    }
    tote_wire_put(out, result->max_rss, 8);
    tote_wire_put(out, result->left, 4);
    tote_wire_put_text(out, result->left_name ? result->left_name : "");
    tote_wire_put(out, result->n_outs, 4);
    for (size_t i = 0; i < result->n_outs; i++) {
        tote_wire_put(out, result->outs[i].size, 8);
        tote_wire_put(out, result->outs[i].digest.high, 8);
        tote_wire_put(out, result->outs[i].digest.low, 8);
        tote_wire_put(out, result->outs[i].mode, 2);
    }
}

void tote_pack_add(struct tote_pack_writer *w, const struct tote_result *result)
{
    if (!w->wrong && result->task != w->first + w->added)
        w->wrong = "its tasks are not in order";
    if (!w->wrong)
        w->wrong = judge_result(result);
    if (!w->wrong)
        w->wrong = judge_modes(result);
    w->added++;
    if (!w->wrong)
        put_result(&w->out, result);
}

int tote_pack_end(struct tote_pack_writer *w, void **ret_bytes, size_t *ret_n,
                  struct tote_error *err)
{
    if (!w->wrong && w->added != w->count)
        w->wrong = "it has not as many tasks as it should have";
    int failed = tote_slice_end_bytes(
        &w->out, "pack", w->wrong, "what a batch printed needs", ret_bytes, ret_n, err);
    free(w);
    return failed;
}

/* --- reading --- */

/* results and files are null while they are only counted. */
struct filling {
    struct tote_result *results;
    struct tote_result_file *files;
    size_t n_files;
};

static void take_files(struct tote_wire_in *in, struct filling *filling,
                       struct tote_result *result)
{
    struct tote_result_file *first =
        filling->files ? filling->files + filling->n_files : NULL;
    result->n_outs = (size_t)tote_wire_take_most(in, 4, TOTE_FILES_MAX);
    for (size_t i = 0; i < result->n_outs && !in->is_bad; i++) {
        struct tote_result_file file;
        file.size = tote_wire_take(in, 8);
        file.digest.high = tote_wire_take(in, 8);
        file.digest.low = tote_wire_take(in, 8);
        file.mode = (uint16_t)tote_wire_take_most(in, 2, TOTE_FILE_MODES);
        if (first)
            first[i] = file;
        filling->n_files++;
    }
    result->outs = first;
}

static const char *take_result(struct tote_wire_in *in, struct filling *filling,
                               struct tote_result *result)
{
    result->cause = (enum tote_cause)tote_wire_take(in, 1);
    result->status = (uint8_t)tote_wire_take(in, 1);
    result->signal = (uint8_t)tote_wire_take(in, 1);
    result->why = tote_wire_take_text(in, TOTE_ERROR_MAX - 1);
    for (int i = 0; i < TOTE_STREAMS; i++) {
        result->stream_bytes[i] = tote_wire_take(in, 8);
        size_t n = (size_t)tote_wire_take_most(in, 4, TOTE_STREAM_MAX);
        result->streams[i] = (struct tote_span){tote_wire_take_bytes(in, n), n};
    }
    result->max_rss = tote_wire_take(in, 8);
    result->left = (uint32_t)tote_wire_take(in, 4);
    result->left_name = tote_wire_take_text(in, TOTE_LEFT_NAME_MAX);
    take_files(in, filling, result);
    return in->is_bad ? TOTE_SLICE_WRONG_NUMBER : judge_result(result);
}

static const char *take_all(struct tote_wire_in *in, struct filling *filling,
                            struct tote_pack *pack)
{
    pack->first = tote_wire_take(in, 8);
    pack->count = (uint32_t)tote_wire_take(in, 4);
    pack->attempt = (uint32_t)tote_wire_take(in, 4);
    const char *wrong = tote_slice_judge_range(pack->first, pack->count, pack->attempt);
    for (uint32_t i = 0; !wrong && i < pack->count; i++) {
        struct tote_result result = {.task = pack->first + i};
        wrong = take_result(in, filling, &result);
        if (filling->results)
            filling->results[i] = result;
    }
    return wrong || tote_wire_is_done(in) ? wrong : TOTE_SLICE_WRONG_NUMBER;
}

static int fail_parse(const char *why, struct tote_error *err)
{
    return tote_error_set(err, -EBADMSG, "the pack of the batch is damaged: %s", why);
}

int tote_pack_parse(const void *bytes, size_t n, struct tote_pack *ret_pack,
                    struct tote_error *err)
{
    struct tote_wire_in in;
    struct filling filling = {0};
    struct tote_pack pack = {0};
    const char *wrong =
        n > TOTE_PACK_MAX
            ? "it is too large"
            : tote_wire_open(&in, PACK_MAGIC, TOTE_SLICE_VERSION, bytes, n);
    if (!wrong)
        wrong = take_all(&in, &filling, &pack);
    if (wrong)
        return fail_parse(wrong, err);
    size_t results = pack.count * sizeof *pack.results;
    unsigned char *memory =
        malloc(results + filling.n_files * sizeof *filling.files + 1);
    if (!memory)
        return tote_error_set(err, -ENOMEM, "no memory for the pack of a batch");
    pack.memory = memory;
    pack.results = (struct tote_result *)(void *)memory;
    filling =
        (struct filling){.results = pack.results, .files = (void *)(memory + results)};
    tote_wire_open(&in, PACK_MAGIC, TOTE_SLICE_VERSION, bytes, n);
    take_all(&in, &filling, &pack);
    *ret_pack = pack;
    return 0;
}

void tote_pack_finish(struct tote_pack *pack)
{
    free(pack->memory);
    *pack = (struct tote_pack){0};
}

/* Numbers go in as little-endian bytes: the same on any machine. */
static void digest_numbers(XXH3_state_t *state, const uint64_t *numbers, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (unsigned char)(numbers[i] >> 8 * k);
        XXH3_128bits_update(state, bytes, sizeof bytes);
    }
}

struct tote_digest tote_result_digest(const struct tote_result *result)
{
    XXH3_state_t state; /* on the stack: nothing here can fail */
    const struct tote_span *text = &result->streams[TOTE_STDOUT];
    XXH3_128bits_reset(&state);
    if (text->size > 0)
        XXH3_128bits_update(&state, text->data, text->size);
    digest_numbers(&state, &result->stream_bytes[TOTE_STDOUT], 1);
    for (size_t i = 0; i < result->n_outs; i++) {
        const struct tote_result_file *file = &result->outs[i];
        uint64_t numbers[] = {file->size, file->digest.high, file->digest.low};
        digest_numbers(&state, numbers, 3);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return (struct tote_digest){.high = hash.high64, .low = hash.low64};
}
