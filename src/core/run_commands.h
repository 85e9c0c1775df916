/* SPDX-License-Identifier: MIT */
/* run_commands.h: what a run does besides when its tasks are commands: takes the list
 * in, sends slices, reads packs, publishes files, puts results into the store. Between
 * run.c and run_commands.c only. */
#ifndef TOTE_RUN_COMMANDS_H
#define TOTE_RUN_COMMANDS_H

#include "core/courier.h"
#include "core/dispatcher.h"
#include "core/resume.h"
#include "core/run.h"

struct tote_run_commands;

/* The folders, the list as far as it must be whole before the run, what earlier runs
 * have done. Tells the dispatcher how many tasks there are and which are not to run.
 * -EINTR: a signal came while the list was read. */
int tote_run_commands_open(const struct tote_run_config *config,
                           struct tote_store *store, struct tote_dispatcher *d,
                           struct tote_resume *ret_resume,
                           struct tote_run_commands **ret_commands,
                           struct tote_error *err);
/* After the writer has ended. Takes back published files of which there is no record,
 * removes the work folder. Null is accepted. */
void tote_run_commands_close(struct tote_run_commands *commands);

const char *tote_run_commands_slices(const struct tote_run_commands *commands);

/* From then on results and tasks of the list go to it. */
void tote_run_commands_start(struct tote_run_commands *commands,
                             struct tote_writer *writer, int64_t run);

/* Descriptor to wait on for more of the list; -1: none, or none is wanted now.
 * *ret_is_ready: there is more without waiting. */
int tote_run_commands_fd(const struct tote_run_commands *commands, bool *ret_is_ready);

/* Takes in some of the list, and tells the dispatcher which tasks are durable by now,
 * unless the run is ending. A list that turns out bad ends where it is good;
 * tote_run_commands_list_error says so. */
int tote_run_commands_pull(struct tote_run_commands *commands, struct tote_error *err);

/* 0, or what was wrong with the list. */
int tote_run_commands_list_error(const struct tote_run_commands *commands,
                                 struct tote_error *err);

/* --- for the dispatcher's ops --- */

uint32_t tote_run_commands_fit(struct tote_run_commands *commands, uint64_t first,
                               uint32_t count);
int tote_run_commands_send(struct tote_run_commands *commands,
                           const struct tote_batch *batch,
                           const struct tote_travel **ret_travel,
                           struct tote_error *err);
/* why is the engine's word; it goes into the result of a task that is given up. */
void tote_run_commands_lost(struct tote_run_commands *commands,
                            const struct tote_batch *batch, const char *why);
int tote_run_commands_record(struct tote_run_commands *commands, uint64_t worker,
                             const struct tote_record *records, size_t n,
                             struct tote_error *err);

/* --- for events --- */

/* Before the dispatcher hears lost: a full disk ends the run, not the tasks. */
int tote_run_commands_check_room(const struct tote_run_commands *commands,
                                 struct tote_error *err);

/* Before the dispatcher hears done: reads the pack and publishes what is new of it;
 * records of tasks whose files could not be published become failed. -EBADMSG: the pack
 * is not what it should be: the batch is lost. -EIO: disk. */
int tote_run_commands_receive(struct tote_run_commands *commands,
                              struct tote_record *records, size_t n,
                              struct tote_error *err);
/* After it. */
void tote_run_commands_received(struct tote_run_commands *commands);

/* count records are durable: the folders of their attempts go. */
void tote_run_commands_durable(struct tote_run_commands *commands, uint64_t count);

#endif
