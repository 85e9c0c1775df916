/* SPDX-License-Identifier: MIT */
/* test_slice.c: slices and packs come back as they were, whatever their texts; what is
 * cut, flipped or forged is refused, and a count that lies allocates nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <xxhash.h>

#include "base/slice.h"
#include "random.h"

#define N(array) (sizeof array / sizeof array[0])

static const char *const env[] = {"PATH=/bin", "EMPTY=", "=x", "ODD=a\nb=\xff"};
static const struct tote_rules plain_rules = {
    .run = "c0ffee",
    .start = "/a start/with\nnewline",
    .attempts = "/attempts",
    .env = env,
    .n_env = N(env),
    .timeout_ns = 5,
    .kill_after_ns = INT64_MAX,
    .memory = 1,
    .cpu_s = 2,
    .files = UINT64_MAX,
    .stream_max = TOTE_STREAM_MAX,
};
static const struct tote_rules staged_rules = {
    .run = "", .is_staged = true, .start = "", .attempts = ""};
static const struct tote_rules late_rules = {.run = "",
                                             .stays_in_start = true,
                                             .start = "/",
                                             .attempts = "/attempts",
                                             .has_late_timeout = true};

/* --- slices --- */

static void *write_slice(const struct tote_rules *rules, uint64_t first,
                         const struct tote_command *commands, uint32_t n, size_t *ret_n)
{
    void *bytes = NULL;
    struct tote_error err = {0};
    struct tote_slice_writer *w = tote_slice_begin(rules, first, n, 7);
    for (uint32_t i = 0; i < n; i++)
        tote_slice_add(w, &commands[i]);
    assert_int_equal(tote_slice_end(w, &bytes, ret_n, &err), 0);
    assert_string_equal(err.text, "");
    return bytes;
}

static void assert_files_equal(const struct tote_slice_file *a, size_t n_a,
                               const struct tote_slice_file *b, size_t n_b)
{
    assert_int_equal(n_a, n_b);
    for (size_t i = 0; i < n_a; i++) {
        assert_string_equal(a[i].path, b[i].path);
        assert_string_equal(a[i].as, b[i].as);
    }
}

static void assert_commands_equal(const struct tote_command *a,
                                  const struct tote_command *b)
{
    assert_int_equal(a->task, b->task);
    assert_string_equal(a->item, b->item);
    assert_int_equal(a->n_args, b->n_args);
    for (size_t i = 0; i < a->n_args; i++)
        assert_string_equal(a->args[i], b->args[i]);
    assert_files_equal(a->ins, a->n_ins, b->ins, b->n_ins);
    assert_files_equal(a->outs, a->n_outs, b->outs, b->n_outs);
}

static void assert_rules_equal(const struct tote_rules *a, const struct tote_rules *b)
{
    assert_string_equal(a->run, b->run);
    assert_true(a->is_staged == b->is_staged && a->stays_in_start == b->stays_in_start);
    assert_string_equal(a->start, b->start);
    assert_string_equal(a->attempts, b->attempts);
    assert_int_equal(a->n_env, b->n_env);
    assert_true(!a->env == !b->env);
    for (size_t i = 0; i < a->n_env; i++)
        assert_string_equal(a->env[i], b->env[i]);
    assert_true(a->has_late_timeout == b->has_late_timeout);
    assert_true(a->timeout_ns == b->timeout_ns && a->kill_after_ns == b->kill_after_ns);
    assert_true(a->memory == b->memory && a->cpu_s == b->cpu_s && a->files == b->files);
    assert_true(a->stream_max == b->stream_max);
}

static void assert_round_trip(const struct tote_rules *rules, uint64_t first,
                              const struct tote_command *commands, uint32_t n)
{
    size_t size;
    struct tote_slice slice;
    void *bytes = write_slice(rules, first, commands, n, &size);
    assert_int_equal(tote_slice_parse(bytes, size, &slice, NULL), 0);
    memset(bytes, 0x5a, size); /* all is copied */
    free(bytes);
    assert_int_equal(slice.first, first);
    assert_int_equal(slice.count, n);
    assert_int_equal(slice.attempt, 7);
    assert_rules_equal(&slice.rules, rules);
    for (uint32_t i = 0; i < n; i++)
        assert_commands_equal(&slice.commands[i], &commands[i]);
    tote_slice_finish(&slice);
    assert_null(slice.memory);
}

static void hostile_texts_come_back(void **state)
{
    (void)state;
    char *long_word = malloc(100001), *item = malloc(300001);
    memset(long_word, 'w', 100000);
    memset(item, '\xfe', 300000);
    long_word[100000] = item[300000] = '\0';
    const char *words[] = {"",     " ",        "it's \"so\"", "two\nlines",
                           "-n",   "\xff\x80", long_word,     "$(x)",
                           "a\\b", "\x01\x7f"};
    const struct tote_slice_file files[] = {{"/abs/in put", ""},
                                            {"/\xff\n", "as/there"}};
    const struct tote_slice_file outs[] = {{"a", ""}, {"b c/d\ne/.f", ""}, {"...", ""}};
    const struct tote_command commands[] = {
        {41, item, words, N(words), files, outs, N(files), N(outs)},
        {42, "", words, 1, NULL, NULL, 0, 0},
        {43, "x", words + 6, 1, NULL, outs, 0, 1},
    };
    assert_round_trip(&plain_rules, 41, commands, 3);
    free(long_word);
    free(item);
}

static void few_and_many_come_back(void **state)
{
    (void)state;
    static struct tote_command commands[TOTE_BATCH_MAX];
    static const char *words[TOTE_ARGS_N_MAX];
    const struct tote_slice_file in = {"in-0", "a/b"}, out = {"c/d", "out-0"};
    struct tote_rules rules = plain_rules;
    rules.env = NULL;
    rules.n_env = 0;
    for (size_t i = 0; i < TOTE_ARGS_N_MAX; i++)
        words[i] = "w";
    for (uint32_t i = 0; i < TOTE_BATCH_MAX; i++)
        commands[i] = (struct tote_command){
            TOTE_BAG_MAX - TOTE_BATCH_MAX + i, "i", words, 1, &in, &out, 1, 1};
    assert_round_trip(&staged_rules, TOTE_BAG_MAX - TOTE_BATCH_MAX, commands,
                      TOTE_BATCH_MAX);
    assert_round_trip(&rules, 0, NULL, 0);
    rules.env = env; /* an empty one is not the worker's own */
    assert_round_trip(&rules, 5, NULL, 0);
    const struct tote_command wide = {
        .task = 0, .item = "", .args = words, .n_args = TOTE_ARGS_N_MAX};
    assert_round_trip(&rules, 0, &wide, 1);
    assert_round_trip(&late_rules, 0, &wide, 1);
}

static int end_code(const struct tote_rules *rules, const struct tote_command *command)
{
    void *bytes = NULL;
    size_t n;
    struct tote_error err = {0};
    struct tote_slice_writer *w = tote_slice_begin(rules, 3, 1, 1);
    tote_slice_add(w, command);
    int rc = tote_slice_end(w, &bytes, &n, &err);
    assert_true((rc == 0) == !err.text[0]);
    if (rc == 0)
        free(bytes);
    return rc;
}

static void the_writer_refuses(void **state)
{
    (void)state;
    static const char *words[TOTE_ARGS_N_MAX + 1];
    static const char *const bad_paths[] = {"",    "/a",  "a/",   "a//b",   ".",   "..",
                                            "./a", "a/.", "a/..", "a/../b", "../a"};
    for (size_t i = 0; i < N(words); i++)
        words[i] = "";
    const struct tote_command good = {
        .task = 3, .item = "", .args = words, .n_args = 1};
    struct tote_command bad = good;
    assert_int_equal(end_code(&plain_rules, &good), 0);
    bad.task = 4;
    assert_int_equal(end_code(&plain_rules, &bad), -EINVAL);
    bad = good;
    bad.n_args = 0;
    assert_int_equal(end_code(&plain_rules, &bad), -EINVAL);
    bad.n_args = N(words);
    assert_int_equal(end_code(&plain_rules, &bad), -EINVAL);
    for (size_t i = 0; i < N(bad_paths); i++) {
        const struct tote_slice_file file = {bad_paths[i], ""},
                                     as = {"/x", bad_paths[i]},
                                     staged = {"ok", bad_paths[i]};
        bad = good;
        bad.outs = &file;
        bad.n_outs = 1;
        assert_int_equal(end_code(&plain_rules, &bad), -EINVAL);
        bad.outs = &staged;
        assert_int_equal(end_code(&staged_rules, &bad), -EINVAL);
        bad.n_outs = 0;
        bad.ins = &as;
        bad.n_ins = 1;
        assert_int_equal(end_code(&plain_rules, &bad), bad_paths[i][0] ? -EINVAL : 0);
        assert_int_equal(end_code(&staged_rules, &bad), -EINVAL);
    }
}

static void the_writer_refuses_rules_and_sizes(void **state)
{
    (void)state;
    const char *word = "w";
    struct tote_command command = {.task = 3, .item = "", .args = &word, .n_args = 1};
    struct tote_rules rules = plain_rules;
    rules.timeout_ns = -1;
    assert_int_equal(end_code(&rules, &command), -EINVAL);
    rules = plain_rules;
    rules.stream_max++;
    assert_int_equal(end_code(&rules, &command), -EINVAL);
    rules = plain_rules;
    rules.attempts = "relative";
    assert_int_equal(end_code(&rules, &command), -EINVAL);
    rules = staged_rules;
    rules.stays_in_start = true;
    assert_int_equal(end_code(&rules, &command), -EINVAL);
    rules = staged_rules;
    rules.has_late_timeout = true; /* nobody could tell it */
    assert_int_equal(end_code(&rules, &command), -EINVAL);
    rules = late_rules;
    assert_int_equal(end_code(&rules, &command), 0);
    rules.timeout_ns = 1;
    assert_int_equal(end_code(&rules, &command), -EINVAL);
    char *huge = malloc(TOTE_SLICE_MAX + 1);
    memset(huge, 'x', TOTE_SLICE_MAX);
    huge[TOTE_SLICE_MAX] = '\0';
    command.item = huge;
    assert_int_equal(end_code(&plain_rules, &command), -E2BIG);
    command.item = "";
    word = huge + TOTE_SLICE_MAX - TOTE_ARGS_BYTES_MAX; /* and its NUL */
    assert_int_equal(end_code(&plain_rules, &command), -EINVAL);
    word++;
    assert_int_equal(end_code(&plain_rules, &command), 0);
    word = "w";
    free(huge);
    struct tote_slice_writer *w = tote_slice_begin(&plain_rules, 0, 2, 1);
    void *bytes;
    size_t n;
    command.task = 0;
    tote_slice_add(w, &command);
    assert_int_equal(tote_slice_end(w, &bytes, &n, NULL), -EINVAL);
    w = tote_slice_begin(&plain_rules, TOTE_BAG_MAX, 1, 1);
    command.task = TOTE_BAG_MAX;
    tote_slice_add(w, &command);
    assert_int_equal(tote_slice_end(w, &bytes, &n, NULL), -EINVAL);
}

/* --- damage --- */

static void *small_slice(size_t *ret_n)
{
    static const char *const words[] = {"echo", "a"};
    static const struct tote_slice_file in = {"/in", ""}, out = {"o", ""};
    const struct tote_command commands[] = {{1, "a", words, 2, &in, &out, 1, 1},
                                            {2, "b", words, 2, NULL, NULL, 0, 0}};
    return write_slice(&plain_rules, 1, commands, 2, ret_n);
}

static void *small_pack(size_t *ret_n)
{
    const struct tote_result_file file = {9, {1, 2}, 0751};
    const struct tote_result results[] = {
        {.task = 1,
         .why = "",
         .streams = {{"out", 3}, {"", 0}},
         .stream_bytes = {900, 0},
         .max_rss = 77,
         .left = 3,
         .left_name = "\xff\n",
         .outs = &file,
         .n_outs = 1},
        {.task = 2,
         .cause = TOTE_CAUSE_START,
         .why = "no such \xff program",
         .streams = {{"", 0}, {"e\n", 2}},
         .stream_bytes = {0, 2}},
    };
    void *bytes = NULL;
    struct tote_pack_writer *w = tote_pack_begin(1, 2, 5);
    tote_pack_add(w, &results[0]);
    tote_pack_add(w, &results[1]);
    assert_int_equal(tote_pack_end(w, &bytes, ret_n, NULL), 0);
    return bytes;
}

/* Either parser, and nothing kept. */
static int parse(bool is_pack, const void *bytes, size_t n)
{
    struct tote_slice slice = {0};
    struct tote_pack pack = {0};
    struct tote_error err = {0};
    int rc = is_pack ? tote_pack_parse(bytes, n, &pack, &err)
                     : tote_slice_parse(bytes, n, &slice, &err);
    assert_true((rc == 0) == !err.text[0]);
    tote_slice_finish(&slice);
    tote_pack_finish(&pack);
    return rc;
}

/* In a block of its own, so that a sanitizer sees a step over its end. */
static int parse_copy(bool is_pack, const void *bytes, size_t n)
{
    char *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    int rc = parse(is_pack, copy, n);
    free(copy);
    return rc;
}

static void every_cut_and_flip_is_refused(void **state)
{
    (void)state;
    for (int is_pack = 0; is_pack < 2; is_pack++) {
        size_t n;
        unsigned char *bytes = is_pack ? small_pack(&n) : small_slice(&n);
        assert_int_equal(parse_copy(is_pack, bytes, n), 0);
        assert_int_equal(parse_copy(!is_pack, bytes, n), -EBADMSG);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(parse_copy(is_pack, bytes, i), -EBADMSG);
            for (int bit = 0; bit < 8; bit++) {
                bytes[i] ^= (unsigned char)(1 << bit);
                assert_int_equal(parse(is_pack, bytes, n), -EBADMSG);
                bytes[i] ^= (unsigned char)(1 << bit);
            }
        }
        free(bytes);
    }
}

static void set_hash(unsigned char *bytes, size_t n)
{
    uint64_t hash = XXH3_64bits(bytes, n - 8);
    for (int k = 0; k < 8; k++)
        bytes[n - 8 + (size_t)k] = (unsigned char)(hash >> 8 * k);
}

/* With a right hash: every count and length is put to extremes. What is taken all the
 * same must be what the writer would have made. The sanitizer watches the memory. */
static void forged_numbers_are_refused_or_right(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 1, 0x7fffffff, 0xffffffff, 0xfffffff0, 65536};
    for (int is_pack = 0; is_pack < 2; is_pack++) {
        size_t n;
        unsigned char *bytes = is_pack ? small_pack(&n) : small_slice(&n);
        for (size_t i = 0; i + 12 <= n; i++) {
            unsigned char old[4];
            memcpy(old, bytes + i, 4);
            for (size_t k = 0; k < N(values); k++) {
                memcpy(bytes + i, &values[k], 4);
                set_hash(bytes, n);
                int rc = parse_copy(is_pack, bytes, n);
                assert_true(rc == 0 || rc == -EBADMSG);
            }
            memcpy(bytes + i, old, 4);
        }
        free(bytes);
    }
}

static void random_damage_is_refused_or_right(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int i = 0; i < 20000; i++) {
        size_t n;
        bool is_pack = i % 2;
        unsigned char *bytes = is_pack ? small_pack(&n) : small_slice(&n);
        for (uint64_t k = 1 + random_below(&seed, 3); k > 0; k--)
            bytes[20 + random_below(&seed, n - 28)] = (unsigned char)random_next(&seed);
        set_hash(bytes, n);
        int rc = parse(is_pack, bytes, n);
        assert_true(rc == 0 || rc == -EBADMSG);
        free(bytes);
    }
}

/* --- packs --- */

static void a_pack_comes_back(void **state)
{
    (void)state;
    size_t n;
    struct tote_pack pack;
    void *bytes = small_pack(&n);
    assert_int_equal(tote_pack_parse(bytes, n, &pack, NULL), 0);
    assert_true(pack.first == 1 && pack.count == 2 && pack.attempt == 5);
    const struct tote_result *a = &pack.results[0], *b = &pack.results[1];
    assert_true(a->task == 1 && a->cause == TOTE_CAUSE_NONE && a->max_rss == 77);
    assert_true(a->streams[0].size == 3 && a->stream_bytes[0] == 900);
    assert_memory_equal(a->streams[0].data, "out", 3);
    assert_true(a->n_outs == 1 && a->outs[0].size == 9 && a->outs[0].digest.low == 2);
    assert_int_equal(a->outs[0].mode, 0751);
    assert_true(b->task == 2 && b->cause == TOTE_CAUSE_START && b->n_outs == 0);
    assert_true(a->left == 3 && b->left == 0);
    assert_string_equal(a->left_name, "\xff\n");
    assert_string_equal(b->left_name, "");
    assert_string_equal(b->why, "no such \xff program");
    assert_memory_equal(b->streams[1].data, "e\n", 2);
    tote_pack_finish(&pack);
    free(bytes);
}

static int pack_code(struct tote_result result)
{
    void *bytes = NULL;
    size_t n;
    struct tote_error err = {0};
    struct tote_pack_writer *w = tote_pack_begin(0, 1, 1);
    result.why = result.why ? result.why : "";
    tote_pack_add(w, &result);
    int rc = tote_pack_end(w, &bytes, &n, &err);
    assert_true((rc == 0) == !err.text[0]);
    if (rc == 0)
        free(bytes);
    return rc;
}

/* Nothing but permissions: no setuid comes from a worker. */
static void modes_are_permissions(void **state)
{
    (void)state;
    size_t n, at = 0;
    unsigned char *bytes = small_pack(&n);
    for (size_t i = 0; i + 1 < n; i++)
        if (bytes[i] == (0751 & 0xff) && bytes[i + 1] == 0751 >> 8)
            at = i; /* the last is in the hash or is the mode */
    assert_true(at > 0 && at + 8 < n);
    for (unsigned mode = 0; mode < 0x10000; mode++) {
        bytes[at] = (unsigned char)mode;
        bytes[at + 1] = (unsigned char)(mode >> 8);
        set_hash(bytes, n);
        assert_int_equal(parse(true, bytes, n), mode & ~0777u ? -EBADMSG : 0);
    }
    free(bytes);
    struct tote_result_file file = {.mode = 0777};
    assert_int_equal(pack_code((struct tote_result){.outs = &file, .n_outs = 1}), 0);
    file.mode = 04755;
    assert_int_equal(pack_code((struct tote_result){.outs = &file, .n_outs = 1}),
                     -EINVAL);
}

static void the_pack_writer_refuses(void **state)
{
    (void)state;
    static const struct tote_result_file file;
    static char why[TOTE_ERROR_MAX + 1];
    memset(why, 'w', TOTE_ERROR_MAX);
    assert_int_equal(pack_code((struct tote_result){0}), 0);
    assert_int_equal(pack_code((struct tote_result){.task = 1}), -EINVAL);
    assert_int_equal(pack_code((struct tote_result){.cause = TOTE_CAUSE_PUBLISH}),
                     -EINVAL);
    assert_int_equal(pack_code((struct tote_result){.status = 1}), -EINVAL);
    assert_int_equal(pack_code((struct tote_result){.why = why}), -EINVAL);
    assert_int_equal(pack_code((struct tote_result){.why = why + 1}), 0);
    assert_int_equal(pack_code((struct tote_result){.streams = {{"x", 1}}}), -EINVAL);
    why[TOTE_LEFT_NAME_MAX + 1] = '\0';
    assert_int_equal(pack_code((struct tote_result){.left = 1, .left_name = why}),
                     -EINVAL);
    assert_int_equal(pack_code((struct tote_result){.left = 1, .left_name = why + 1}),
                     0);
    assert_int_equal(pack_code((struct tote_result){.left_name = why + 1}), -EINVAL);
    assert_int_equal(pack_code((struct tote_result){.left = 1}), -EINVAL);
    assert_int_equal(pack_code((struct tote_result){.left = 1, .left_name = ""}),
                     -EINVAL);
    assert_int_equal(
        pack_code((struct tote_result){
            .cause = TOTE_CAUSE_EXIT, .status = 1, .outs = &file, .n_outs = 1}),
        -EINVAL);
    void *bytes;
    size_t n;
    assert_int_equal(tote_pack_end(tote_pack_begin(0, 1, 1), &bytes, &n, NULL),
                     -EINVAL);
    assert_int_equal(tote_pack_end(tote_pack_begin(0, 0, 0), &bytes, &n, NULL),
                     -EINVAL);
}

/* Of a pack whose tasks have all printed as much as is kept. */
static int full_pack_code(uint32_t count, size_t stream)
{
    char *text = calloc(1, stream + 1);
    void *bytes = NULL;
    size_t n;
    struct tote_pack_writer *w = tote_pack_begin(0, count, 1);
    assert_non_null(text);
    for (uint64_t i = 0; i < count; i++) {
        const struct tote_result result = {.task = i,
                                           .why = "",
                                           .streams = {{text, stream}, {text, stream}},
                                           .stream_bytes = {stream, stream}};
        tote_pack_add(w, &result);
    }
    int rc = tote_pack_end(w, &bytes, &n, NULL);
    if (rc == 0)
        free(bytes);
    free(text);
    return rc;
}

static void a_batch_of_the_largest_count_has_room_in_its_pack(void **state)
{
    (void)state;
    static const uint64_t odd[] = {1, 1000, 55000, 1u << 20, 3 * (1u << 20) + 1};
    const uint64_t room = TOTE_PACK_MAX - TOTE_PACK_REST;
    assert_int_equal(tote_slice_count_max(0), TOTE_BATCH_MAX);
    assert_int_equal(tote_slice_count_max(1u << 20), 224);
    assert_int_equal(tote_slice_count_max(TOTE_STREAM_MAX), 3);
    assert_int_equal(tote_slice_count_max(room), 1);
    assert_int_equal(tote_slice_count_max(UINT64_MAX), 1);
    for (size_t i = 0; i < N(odd); i++) {
        uint64_t n = tote_slice_count_max(odd[i]);
        assert_true(n * TOTE_STREAMS * odd[i] <= room);
        assert_true(n == TOTE_BATCH_MAX || (n + 1) * TOTE_STREAMS * odd[i] > room);
    }
    assert_int_equal(full_pack_code(1, TOTE_STREAM_MAX), 0);
    assert_int_equal(full_pack_code(3, TOTE_STREAM_MAX), 0);
    assert_int_equal(full_pack_code(4, TOTE_STREAM_MAX), -E2BIG);
}

static bool is_equal(struct tote_digest a, struct tote_digest b)
{
    return a.high == b.high && a.low == b.low;
}

static void the_digest_is_of_what_was_made(void **state)
{
    (void)state;
    struct tote_result_file files[] = {{1, {2, 3}, 0}, {4, {5, 6}, 0}};
    struct tote_result a = {.task = 1,
                            .why = "",
                            .streams = {{"ab", 2}, {"e", 1}},
                            .stream_bytes = {2, 1},
                            .outs = files,
                            .n_outs = 2};
    struct tote_result b = a;
    b.task = 2;
    b.max_rss = 9;
    b.left = 1;
    b.left_name = "x";
    b.streams[1].size = 0;
    assert_true(is_equal(tote_result_digest(&a), tote_result_digest(&b)));
    b.stream_bytes[0] = 3;
    assert_false(is_equal(tote_result_digest(&a), tote_result_digest(&b)));
    b = a;
    b.n_outs = 1;
    assert_false(is_equal(tote_result_digest(&a), tote_result_digest(&b)));
    struct tote_result_file swapped[] = {files[1], files[0]};
    b = a;
    b.outs = swapped;
    assert_false(is_equal(tote_result_digest(&a), tote_result_digest(&b)));
}

static void names(void **state)
{
    (void)state;
    char name[TOTE_SLICE_NAME_MAX];
    tote_slice_name(40, 20, 1, false, name);
    assert_string_equal(name, "40-20-1.slice");
    tote_slice_name(UINT64_MAX, UINT32_MAX, UINT32_MAX, true, name);
    assert_string_equal(name, "18446744073709551615-4294967295-4294967295.pack");
    assert_string_equal(tote_cause_name(TOTE_CAUSE_NONE), "none");
    assert_string_equal(tote_cause_name(TOTE_CAUSE_LOST), "lost");
    assert_string_equal(tote_cause_name((enum tote_cause)TOTE_CAUSE_N), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_texts_come_back),
        cmocka_unit_test(few_and_many_come_back),
        cmocka_unit_test(the_writer_refuses),
        cmocka_unit_test(the_writer_refuses_rules_and_sizes),
        cmocka_unit_test(every_cut_and_flip_is_refused),
        cmocka_unit_test(forged_numbers_are_refused_or_right),
        cmocka_unit_test(random_damage_is_refused_or_right),
        cmocka_unit_test(a_pack_comes_back),
        cmocka_unit_test(modes_are_permissions),
        cmocka_unit_test(the_pack_writer_refuses),
        cmocka_unit_test(a_batch_of_the_largest_count_has_room_in_its_pack),
        cmocka_unit_test(the_digest_is_of_what_was_made),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
