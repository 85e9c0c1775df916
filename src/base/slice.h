/* SPDX-License-Identifier: MIT */
/* slice.h: what travels with a batch of commands, as bytes: the slice goes to the
 * worker, the pack comes back. Pure: no I/O.
 *
 *     struct tote_slice_writer *w = tote_slice_begin(&rules, 40, 20, 1);
 *     tote_slice_add(w, &command);                        // 20 times, in task order
 *     tote_slice_end(w, &bytes, &n, &err);
 *     ...
 *     tote_slice_parse(bytes, n, &slice, &err);           // on the worker
 *     slice.rules.timeout_ns, slice.commands[0].args[0] ...
 *     tote_slice_finish(&slice);
 *
 * A worker never has the whole bag, only the slice of its batch. Both files begin with
 * a magic, a version and their length and end with an XXH3-64 of all before it, so that
 * a cut or flipped one is found. Either side treats the other's bytes as hostile: every
 * count, length and offset is checked against what is there before anything is
 * allocated or followed. Numbers are little-endian. Texts hold any byte but NUL. */
#ifndef TOTE_SLICE_H
#define TOTE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/clock.h"
#include "tote/error.h"
#include "tote/kernel.h"
#include "tote/limits.h"
#include "tote/record.h"

#define TOTE_SLICE_VERSION  2
#define TOTE_SLICE_MAX      (64u << 20)  /* bytes of a slice */
#define TOTE_PACK_MAX       (512u << 20) /* bytes of a pack */
#define TOTE_PACK_REST      (64u << 20) /* of it, for files and sentences of 4,096 tasks */
#define TOTE_STREAM_MAX     (64u << 20) /* bytes kept of a stream, at the very most */
#define TOTE_ARGS_BYTES_MAX (1u << 20)  /* bytes of a task's argv */
#define TOTE_ARGS_N_MAX     65536u      /* words of a task's argv */
#define TOTE_FILES_MAX      256u        /* files that a task reads, or makes */
#define TOTE_FILE_NAME_MAX  4096u       /* bytes of a file's path, NUL included */
#define TOTE_FILE_MODES     0777u /* what travels of a file's mode: never setuid */
#define TOTE_LEFT_NAME_MAX  255u  /* bytes of a name that a command left */

/* The same for all tasks of a slice. Texts are borrowed. */
struct tote_rules {
    const char *run; /* TOTE_RUN: the store's id, hex digits */
    bool is_staged;  /* files lie beside tote-task; else on a filesystem that it sees */
    bool stays_in_start;  /* the command's working directory is `start`, not its own */
    const char *start;    /* where tote was started; absolute; "" if staged */
    const char *attempts; /* folder of the attempts' folders; absolute; "" if staged */
    const char *const *env; /* "NAME=value", n_env of them; null: the worker's own */
    size_t n_env;
    tote_ns_t timeout_ns;    /* of an attempt; 0: none */
    bool has_late_timeout;   /* not known yet: it will be in a file (below) */
    tote_ns_t kill_after_ns; /* from TERM to KILL */
    uint64_t memory, cpu_s,
        files;           /* RLIMIT_AS (bytes), _CPU (s), _NOFILE; 0: as they are */
    uint64_t stream_max; /* bytes kept of stdout, and of stderr */
};

/* A limit that is a share of a median is not known when the first batches go out. Once
 * it is, it is in this file beside the folder of the attempts: decimal nanoseconds, at
 * most TOTE_LATE_MAX, and a newline; written whole by a rename, and never again. Only
 * with timeout_ns 0, and not if staged. */
#define TOTE_LATE_NAME "timeout"
#define TOTE_LATE_MAX  (INT64_C(1) << 62)

/* One task. An input's path is where the worker finds it: absolute, or, staged, the
 * name that it has beside tote-task. `as` is where the command finds it, in its working
 * directory; "": at path. An output's path is relative to the attempt's folder; as, if
 * staged, the name that it must have beside tote-task in the end. */
struct tote_slice_file {
    const char *path, *as;
};

struct tote_command {
    uint64_t task;
    const char *item;        /* TOTE_ITEM */
    const char *const *args; /* n_args of them, at least 1 */
    size_t n_args;
    const struct tote_slice_file *ins, *outs;
    size_t n_ins, n_outs;
};

struct tote_slice {
    struct tote_rules rules;
    uint64_t first;
    uint32_t count, attempt;
    struct tote_command *commands; /* count of them: tasks first, first + 1, ... */
    void *memory;                  /* owns everything above */
};

struct tote_slice_writer; /* grows in memory */

/* Null: out of memory. rules are written at once and not kept. */
struct tote_slice_writer *tote_slice_begin(const struct tote_rules *rules,
                                           uint64_t first, uint32_t count,
                                           uint32_t attempt);
/* Out of memory or too large: remembered, and said by end. */
void tote_slice_add(struct tote_slice_writer *w, const struct tote_command *command);
/* Frees the writer. A new array of *ret_n bytes; free() it. -ENOMEM; -E2BIG above
 * TOTE_SLICE_MAX; -EINVAL if not count commands were added in task order, or a path, a
 * name or a limit is not as said above (slice_rules.c): parse refuses the same. */
int tote_slice_end(struct tote_slice_writer *w, void **ret_bytes, size_t *ret_n,
                   struct tote_error *err);

/* Copies what it needs. -EBADMSG and a sentence for anything that tote_slice_end would
 * not have made; -ENOMEM. */
int tote_slice_parse(const void *bytes, size_t n, struct tote_slice *ret_slice,
                     struct tote_error *err);
void tote_slice_finish(struct tote_slice *slice); /* accepts a zeroed one */

/* --- the pack --- */

/* Why an attempt is not ok. The numbers are in files: never renumber. */
enum tote_cause {
    TOTE_CAUSE_NONE = 0,    /* it is ok */
    TOTE_CAUSE_EXIT = 1,    /* exit status other than 0 */
    TOTE_CAUSE_SIGNAL = 2,  /* ended by a signal that was not ours */
    TOTE_CAUSE_TIMEOUT = 3, /* ended by us, at its time limit */
    TOTE_CAUSE_START = 4,   /* the program cannot be started */
    TOTE_CAUSE_INPUT = 5,   /* a file it reads is not there, or cannot be read */
    TOTE_CAUSE_OUTPUT =
        6, /* it ended well, but a file it should have made is missing, or is none */
    TOTE_CAUSE_FOLDER = 7, /* no folder for the attempt: full, read-only, not shared */
    TOTE_CAUSE_PUBLISH =
        8,               /* ran well, but its files could not be published (by tote) */
    TOTE_CAUSE_LOST = 9, /* lost with its worker too often (by tote) */
};
#define TOTE_CAUSE_N 10
const char *tote_cause_name(enum tote_cause cause); /* "exit", "timeout", ... */

enum { TOTE_STDOUT, TOTE_STDERR, TOTE_STREAMS };

/* How many tasks a batch may have so that all that is kept of their streams has room in
 * its pack: 1..TOTE_BATCH_MAX. */
uint32_t tote_slice_count_max(uint64_t stream_max);

struct tote_result_file {
    uint64_t size;
    struct tote_digest digest;
    uint16_t mode; /* as the command gave it: of the permissions, TOTE_FILE_MODES */
};

/* What came of one attempt, beside its record. Spans and texts are borrowed. */
struct tote_result {
    uint64_t task;
    enum tote_cause cause;
    uint8_t status;  /* exit status; 0 if it did not exit */
    uint8_t signal;  /* that ended it; 0: none */
    const char *why; /* a sentence for START, INPUT, OUTPUT, FOLDER, PUBLISH; else "" */
    uint32_t left; /* what it left in its folder beside inputs and outputs, and is gone:
                    * files, links, folders, at the top and beside an input or an output
                    * one folder down; 0 also if that is not known */
    const char *left_name; /* the first of these in byte order, as it is, cut at
                            * TOTE_LEFT_NAME_MAX bytes; null or "" if none */
    struct tote_span streams[TOTE_STREAMS]; /* what is kept */
    uint64_t stream_bytes[TOTE_STREAMS];    /* what was written; more than kept: cut */
    uint64_t max_rss;                       /* bytes; of the largest process */
    const struct tote_result_file *outs;    /* as many as the command has; if ok */
    size_t n_outs;
};

struct tote_pack {
    uint64_t first;
    uint32_t count, attempt;
    struct tote_result *results; /* in task order */
    void *memory;                /* owns the results and their outs; streams and
                                  * sentences are borrowed from the bytes parsed */
};

struct tote_pack_writer;
struct tote_pack_writer *tote_pack_begin(uint64_t first, uint32_t count,
                                         uint32_t attempt);
void tote_pack_add(struct tote_pack_writer *w, const struct tote_result *result);
int tote_pack_end(struct tote_pack_writer *w, void **ret_bytes, size_t *ret_n,
                  struct tote_error *err);
int tote_pack_parse(const void *bytes, size_t n, struct tote_pack *ret_pack,
                    struct tote_error *err);
void tote_pack_finish(struct tote_pack *pack);

/* The digest that goes into the record of an ok attempt: XXH3-128 over the kept stdout,
 * its whole length and the sizes and digests of the files it made, in order. stderr,
 * times, memory, modes and what it left are not in it: they differ between runs of the
 * same command. */
struct tote_digest tote_result_digest(const struct tote_result *result);

/* Names of the two files of a batch within a folder of slices:
 * "FIRST-COUNT-ATTEMPT.slice", ".pack". */
#define TOTE_SLICE_NAME_MAX 80
void tote_slice_name(uint64_t first, uint32_t count, uint32_t attempt, bool is_pack,
                     char into[static TOTE_SLICE_NAME_MAX]);

#endif
