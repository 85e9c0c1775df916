/* SPDX-License-Identifier: MIT */
/* travel.h: the files of a batch of commands, under the names that Work Queue may see.
 * Not for Work Queue itself (manager.h): here are only paths.
 *
 *     struct travel *travel = travel_open(&command, scratch);
 *     travel_input(travel, 0, path);      // hand it to Work Queue as inputs[0].there
 *     travel_output(travel, 0, path);     // have outputs[0].there received there
 *     ...
 *     travel_land(travel, why);           // when it is all back: under its own name
 *     travel_close(travel);
 *
 * Work Queue reads $OS and $ARCH in the path of an input, and sends its name along,
 * thrice as long: a file goes by a link of a plain name. It writes an output bit by bit
 * under its last name: here that is one of its own, beside the true one, which is taken
 * when all of the batch has come. */
#ifndef TOTE_WORKQUEUE_TRAVEL_H
#define TOTE_WORKQUEUE_TRAVEL_H

#include "tote/engine.h"

#define TRAVEL_PATH_MAX (TOTE_PATH_MAX + 64)

struct travel {
    struct travel *next; /* of who keeps them */
    uint64_t batch;
    const char *scratch; /* borrowed */
    struct tote_engine_files *files;
};

/* Takes the files of the command. */
struct travel *travel_open(struct tote_engine_command *command, const char *scratch);

/* False: there is no such file. Then it does not travel, and the worker says so of the
 * task that reads it. */
bool travel_input(const struct travel *travel, size_t i,
                  char path[static TRAVEL_PATH_MAX]);

void travel_output(const struct travel *travel, size_t i,
                   char path[static TRAVEL_PATH_MAX]);

/* Of its inputs, as they are now. */
uint64_t travel_bytes(const struct travel *travel);

/* Gives what came back its own name. A file may be missing, since its task failed, but
 * not the pack: then false, and a sentence. */
bool travel_land(const struct travel *travel, char why[static TOTE_WHY_MAX]);

/* Removes what is under way, and frees. Null is accepted. */
void travel_close(struct travel *travel);

#endif
