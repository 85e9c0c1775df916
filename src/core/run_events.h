/* SPDX-License-Identifier: MIT */
/* run_events.h: a run under way, and what it does on what the engine says. Between
 * run.c and run_events.c only. */
#ifndef TOTE_RUN_EVENTS_H
#define TOTE_RUN_EVENTS_H

#include "core/dispatcher.h"
#include "core/launch.h"
#include "core/run.h"
#include "core/run_commands.h"
#include "core/run_cost.h"
#include "store/writer.h"

struct run {
    const struct tote_run_config *config;
    struct tote_store *store;
    struct tote_run_row *row;
    struct tote_dispatcher dispatcher;
    struct tote_launch launch;
    struct tote_writer *writer;
    struct tote_run_commands *commands; /* null: a kernel's bag */
    struct tote_resume before;          /* what earlier runs have done */
    struct tote_run_cost cost;
    bool has_said_bye;
    bool is_shown;        /* the next look at the progress is forced */
    int signal;           /* that ended the run, or 0 */
    tote_ns_t drained_ns; /* a drain has time until then; 0: none */
};

/* The dispatcher's way out; its context is a struct run. */
extern const struct tote_dispatch_ops tote_run_ops;

/* What the store refuses is no fault of the engine, whatever its number says. */
int tote_run_store_fault(int rc);

/* Reads what the engine has written, and acts on it. */
int tote_run_read_engine(struct run *run, struct tote_error *err);

#endif
