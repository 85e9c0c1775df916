/* SPDX-License-Identifier: MIT */
/* protocol.h: tote's side of the engine protocol (docs/protocol.md): commands to lines,
 * lines to events. Pure: no I/O. An engine's line is not trusted: every type, range and
 * length is checked here, and nothing after this looks at JSON. */
#ifndef TOTE_PROTOCOL_H
#define TOTE_PROTOCOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/bag.h"
#include "tote/error.h"
#include "tote/record.h"

struct tote_hello {
    const struct tote_bag *bag;
    uint32_t slots;
    const char *task_program, *task_library, *scratch;
    const json_t *options; /* an object of text values; borrowed */
    const char *slices;    /* of a bag of commands: the folder of its slices and packs,
                            * absolute; else null */
    bool is_staged;        /* its files travel with the batches */
};

/* A file that travels with a batch: its absolute path on tote's side, and its plain
 * name on the worker's. */
struct tote_travel_file {
    const char *here, *there;
};

/* What travels with a batch of commands: the first input is its slice, the first output
 * its pack. */
struct tote_travel {
    const struct tote_travel_file *inputs, *outputs;
    size_t n_inputs, n_outputs; /* TOTE_TRAVEL_MAX at most */
};

/* Each returns a new line, newline included, of *ret_n bytes; free() it. Null and a
 * sentence: out of memory, longer than TOTE_LINE_MAX, or a text that is not UTF-8. */
char *tote_protocol_hello(const struct tote_hello *hello, size_t *ret_n,
                          struct tote_error *err);
/* travel: null for all but commands. */
char *tote_protocol_run(const struct tote_batch *batch,
                        const struct tote_travel *travel, size_t *ret_n,
                        struct tote_error *err);
char *tote_protocol_stop(size_t *ret_n, struct tote_error *err);

enum tote_event_kind {
    TOTE_EVENT_READY,
    TOTE_EVENT_DONE,
    TOTE_EVENT_LOST,
    TOTE_EVENT_JOINED,
    TOTE_EVENT_LEFT,
    TOTE_EVENT_BYE,
};

struct tote_event_worker {
    uint64_t id;
    const char *host;
    int64_t pid;
    uint32_t slots;
};

/* Text is borrowed from the event and lives until tote_event_finish. */
struct tote_event {
    enum tote_event_kind kind;
    const char *engine, *version, *binding; /* READY */
    struct tote_event_worker *workers;      /* READY: all; JOINED, LEFT: one */
    size_t n_workers;
    uint64_t batch, worker;      /* DONE, LOST */
    struct tote_record *records; /* DONE */
    size_t n_records;
    const char *why;     /* LOST, LEFT */
    const json_t *stats; /* BYE */
    json_t *root;        /* owns the text */
};

/* Reads one line of n bytes, with or without its newline. -EBADMSG and a sentence that
 * quotes the start of the line if it is not an event of the protocol. */
int tote_event_parse(const char *line, size_t n, struct tote_event *ret_event,
                     struct tote_error *err);
void tote_event_finish(struct tote_event *event); /* accepts a zeroed one */

/* What `--describe` prints. Text is borrowed until tote_describe_finish. */
struct tote_describe {
    const char *name, *summary, *version, *why, *mend;
    bool is_usable, has_setup;
    bool takes_shared, takes_staged; /* bags of commands whose files lie on a filesystem
                                      * that its workers see; whose files it moves */
    const json_t *options; /* array of {name, default, metavar, help}, checked */
    const json_t *network_options; /* array of names, checked; null if there are none */
    json_t *root;
};
int tote_describe_parse(const char *line, size_t n, struct tote_describe *ret_describe,
                        struct tote_error *err);
void tote_describe_finish(struct tote_describe *describe); /* accepts a zeroed one */

#endif
