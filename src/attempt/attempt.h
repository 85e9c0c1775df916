/* SPDX-License-Identifier: MIT */
/* attempt.h: one attempt at one command, on the worker: its folder, its process and all
 * that this starts, its streams, its limits, the files it makes.
 *
 *     struct tote_attempt *a;
 *     tote_attempt_open(&slice.rules, &a, &err);     // once a slice
 *     tote_attempt_run(a, &slice.commands[i], slice.attempt, &record, &result);
 *     ... result's spans are valid until the next run on this handle ...
 *     tote_attempt_close(a);
 *
 * The folder is rules.attempts/TASK.ATTEMPT (staged: ./attempts/TASK.ATTEMPT), mode
 * 0700, made empty: if one of that name is there it is an error (cause FOLDER), since
 * attempt numbers are never used twice. (An attempt that leaves its folder empty hands
 * it on to the next one of this handle, by a rename; close removes the last.) Inputs
 * that have another name there are links: hard ones to what is staged, where the
 * filesystem allows it, else symbolic ones (a tool that refuses a file with two names,
 * as gzip does unless it writes elsewhere, refuses both); the folders above outputs are
 * made.
 * The command runs with its working directory there (or in rules.start), TMPDIR set to
 * it, stdin /dev/null, no descriptor but 0, 1, 2, default signals, its own process
 * group, PR_SET_PDEATHSIG KILL, PR_SET_NO_NEW_PRIVS unset, RLIMIT_CORE 0, the rlimits
 * of the rules, and the environment of the rules plus TOTE_TASK, TOTE_ATTEMPT,
 * TOTE_ITEM (left out if longer than 128 KiB - 16: Linux takes no longer string),
 * TOTE_RUN. Program names are looked up in PATH of that environment; one with a slash
 * is relative to rules.start.
 *
 * It is started by vfork and execve, so that a start costs what posix_spawn costs. Both
 * streams are read to their end or until the process has ended, whatever still holds
 * them; above stream_max bytes are counted and dropped. The caller is a child subreaper
 * (tote_attempt_adopt): after the process has ended, or its time is over (TERM to the
 * group, kill_after, KILL), everything that it started and that is still alive,
 * daemons with a session of their own too, is killed and reaped before run returns. A
 * limit that is not known at the start (rules.has_late_timeout) is looked for once a
 * second while an attempt runs, and then holds for this one and all later ones of this
 * handle.
 *
 * If it ended with status 0 every declared output must be a regular file (not reached
 * through a symlink, one link); it is hashed, synced, and, if staged, moved to its name
 * beside tote-task. Otherwise nothing of it stays. In shared mode the outputs of a good
 * attempt stay in its folder for tote to publish, all else in it is removed; without
 * outputs the folder is removed too. What is removed with it and is neither an input
 * nor an output is counted (result.left), and one of it named, however the attempt
 * ended: so that what no {out:} names is not lost without a word. One thread. */
#ifndef TOTE_ATTEMPT_H
#define TOTE_ATTEMPT_H

#include "base/slice.h"
#include "tote/error.h"
#include "tote/record.h"

struct tote_attempt;

/* Makes this process a child subreaper and sees to it that it gets SIGTERM when its
 * parent dies. Once a process, from its first thread. */
int tote_attempt_adopt(struct tote_error *err);

/* rules are borrowed until close. -ENOMEM, or -errno if rules.attempts is not a folder
 * that this worker sees and may write: the sentence says that the folder must lie on a
 * filesystem that the workers share, and how to stage instead (--data staged). */
int tote_attempt_open(const struct tote_rules *rules, struct tote_attempt **ret_attempt,
                      struct tote_error *err);

/* Always fills both; whatever goes wrong is in them. record: start before the folder is
 * made, end after the outputs are hashed; cpu_ns is user + system of the process and
 * its waited-for children (wait4); bytes_in: sizes of the inputs; bytes_out: of stdout
 * and outputs; digest: tote_result_digest. */
void tote_attempt_run(struct tote_attempt *attempt, const struct tote_command *command,
                      uint32_t number, struct tote_record *ret_record,
                      struct tote_result *ret_result);

void tote_attempt_close(struct tote_attempt *attempt); /* null is accepted */

#endif
