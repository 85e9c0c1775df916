/* SPDX-License-Identifier: MIT */
/* place.h: the folder of one attempt: made empty, given what the command reads, cleared
 * again. Private to src/attempt. Not for what the command makes (outputs.h). */
#ifndef TOTE_PLACE_H
#define TOTE_PLACE_H

#include <dirent.h>
#include <stdbool.h>

#include "base/slice.h"
#include "tote/error.h"

#define TOTE_PLACE_NAME_MAX 48 /* bytes of "TASK.ATTEMPT" */

struct tote_place {
    int attempts; /* descriptor of the folder of all attempts' folders */
    int here;     /* of the folder where staged files lie */
    int folder;   /* of this attempt's; -1 unless the command has files */
    char *path;   /* absolute, of this attempt's folder */
    char *name;   /* its last part, within path */
    char *staged; /* absolute, of `here` */
    bool is_made; /* this attempt's folder is there, and ours */
    const struct tote_command *command; /* that it is for; from make to clear or keep */

    /* What the last one that was cleared or kept left: slice.h. */
    uint32_t left;
    char left_name[TOTE_LEFT_NAME_MAX + 1];

    /* An empty folder of an attempt that is over is given a new name for the next one:
     * where folders are journalled that costs a tenth of making and removing one. */
    DIR *spare;    /* of a folder that has been, or is, the spare one; null: none */
    bool is_spare; /* it is so now, under spare_name */
    char spare_name[TOTE_PLACE_NAME_MAX];
};

/* -ENOMEM, or -errno and a sentence that says what to do. */
int tote_place_open(struct tote_place *place, const struct tote_rules *rules,
                    struct tote_error *err);
void tote_place_close(struct tote_place *place);

/* Makes the folder, the folders above its outputs, and, where the command is to find
 * its inputs, copies of what is staged, links to what is shared. Adds the sizes of the
 * inputs to *bytes_in. What went wrong, and the sentence. Clear it even then. The
 * command is borrowed until it is cleared or kept. */
enum tote_cause tote_place_make(struct tote_place *place,
                                const struct tote_command *command, uint32_t number,
                                uint64_t *bytes_in, struct tote_error *why);

/* Both look first what there is that nobody has asked for. It counts what lies in the
 * folder itself, and in folders there that were made for a file, but inputs and
 * outputs. Removes all that is in the folder, if this attempt has made it, and the
 * folder itself at the latest at close; what cannot be removed stays. */
void tote_place_clear(struct tote_place *place);
/* Removes all but the command's outputs, which are there. */
int tote_place_keep(struct tote_place *place, struct tote_error *why);

#endif
