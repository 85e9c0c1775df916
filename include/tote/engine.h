/* SPDX-License-Identifier: MIT */
/* engine.h: what an engine program in C needs of the engine protocol
 * (docs/protocol.md).
 *
 *     int main(int argc, char **argv)
 *     {
 *         struct options options;
 *         struct tote_engine *engine =
 *             tote_engine_open(&about, argc, argv, &options);   // answers --describe
 *         ... start workers ...
 *         tote_engine_ready(engine, "1.0", "pipe", workers, n_workers);
 *         struct tote_engine_command command;
 *         while (tote_engine_next(engine, -1, &command) != TOTE_ENGINE_STOP)
 *             tote_engine_done(engine, command.batch, 1, lines, n_bytes);
 *         ... end workers ...
 *         return tote_engine_bye(engine, NULL, 0);
 *     }
 *
 * The helper reads and writes lines and checks them; it starts no process and no
 * thread. These calls belong to a program, not to a library: whatever breaks the
 * protocol ends the process through tote_engine_die(), which first calls the program's
 * own cleanup. All calls come from one thread. */
#ifndef TOTE_ENGINE_H
#define TOTE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/error.h"
#include "tote/limits.h"
#include "tote/option.h"

struct tote_engine; /* the connection to tote */

/* What the program is; static data of the engine. */
struct tote_engine_about {
    const char *name, *summary;
    const struct tote_option *options;
    size_t n_options;
    size_t options_size; /* bytes of the struct that the table fills */
    /* Optional, null-terminated: options that are of no use in a private network; tote
     * opens the host's when one is given. */
    const char *const *network_options;
    /* Optional, null-terminated: how the files of a bag of commands can come to its
     * workers: "shared", "staged". Null: it knows no such bags. */
    const char *const *data;
    /* Optional. Called for --describe and before hello. Version of the system below, or
     * null and a sentence and the one command that mends it; the texts are static. Null
     * hook: the version is tote's own. */
    const char *(*find)(const char **ret_why, const char **ret_mend);
    /* Optional. Ends what was started, before the helper exits the process on an error.
     * Must be safe to call at any time after tote_engine_open. */
    void (*cleanup)(void);
};

struct tote_engine_bag {
    char kernel[TOTE_KERNEL_SPEC_MAX]; /* "zfp:accuracy=0.001" */
    uint64_t size, seed, tasks;
};

/* What hello said. The texts live as long as the engine. */
struct tote_engine_hello {
    uint32_t slots;
    struct tote_engine_bag bag;
    const char *task_program, *task_library, *scratch;
    const char
        *slices;    /* folder of the slices and packs of a bag of commands; else null */
    bool is_staged; /* its files are moved by the engine */
};

struct tote_engine_worker {
    uint64_t id;      /* from 1, never used twice */
    const char *host; /* borrowed */
    int64_t pid;      /* 0: unknown */
    uint32_t slots;
};

enum tote_engine_verb {
    TOTE_ENGINE_NONE, /* nothing yet: the time is over or a signal came */
    TOTE_ENGINE_RUN,
    TOTE_ENGINE_STOP, /* stop, or end of file; from then on always */
};

/* A file that travels with a batch of commands. */
struct tote_engine_file {
    const char *here;  /* its absolute path, on tote's side */
    const char *there; /* its name on the worker's: letters, digits and ._- only */
};

/* inputs[0] is the slice, outputs[0] the pack; there are always these two. */
struct tote_engine_files {
    struct tote_engine_file *inputs, *outputs;
    size_t n_inputs, n_outputs; /* each TOTE_TRAVEL_MAX at most */
    void *memory[2];            /* of the texts */
};

struct tote_engine_command {
    uint64_t batch, first;
    uint32_t count, attempt;
    /* New, of a bag of commands; else null. Who took the command frees it, by
     * tote_engine_files_destroy. */
    struct tote_engine_files *files;
};

void tote_engine_files_destroy(struct tote_engine_files *files); /* null is accepted */

/* Answers --describe and exits; else reads hello (blocking), chooses the version, fills
 * options from hello through the table. Exits 2 with a sentence on a bad option, 1 on
 * anything that is not the protocol. Returns a new connection, freed by
 * tote_engine_bye. */
struct tote_engine *tote_engine_open(const struct tote_engine_about *about, int argc,
                                     char **argv, void *options);

/* Borrowed; valid until bye. */
const struct tote_engine_hello *tote_engine_hello(const struct tote_engine *engine);

void tote_engine_ready(struct tote_engine *engine, const char *version,
                       const char *binding, const struct tote_engine_worker *workers,
                       size_t n_workers);

/* The next command, which is written only for RUN; waits up to timeout_ms (-1: for
 * ever, 0: not at all). To wait for other things too, poll tote_engine_fd() for
 * reading, then call with 0 until NONE: lines may already have been read in. */
enum tote_engine_verb tote_engine_next(struct tote_engine *engine, int timeout_ms,
                                       struct tote_engine_command *ret_command);

int tote_engine_fd(const struct tote_engine *engine);

/* Newlines in n bytes. An engine compares them with the batch's count before it says
 * done: an answer that is not whole is lost. */
uint64_t tote_engine_count_lines(const char *lines, size_t n);

/* lines: the batch's record lines as tote-task printed them, n bytes; they are checked
 * for their bytes (printable ASCII and newlines), not for their meaning. Lines with
 * other bytes, none, or too many for a line of the protocol are said to be lost
 * instead. */
void tote_engine_done(struct tote_engine *engine, uint64_t batch, uint64_t worker,
                      const char *lines, size_t n);

void tote_engine_lost(struct tote_engine *engine, uint64_t batch, uint64_t worker,
                      const char *why_format, ...) TOTE_PRINTF(4, 5);

void tote_engine_joined(struct tote_engine *engine,
                        const struct tote_engine_worker *worker);

void tote_engine_left(struct tote_engine *engine, uint64_t worker, const char *why);

/* Says bye with the counts given (an array of n name/value pairs, or null and 0), frees
 * the connection and returns the exit status for main. */
struct tote_engine_count {
    const char *name;
    int64_t value;
};
int tote_engine_bye(struct tote_engine *engine, const struct tote_engine_count *counts,
                    size_t n_counts);

/* One sentence on stderr, cleanup, exit. status: 2 for a bad option, else 1. */
_Noreturn void tote_engine_die(int status, const char *format, ...) TOTE_PRINTF(2, 3);

#endif
