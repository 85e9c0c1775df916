/* SPDX-License-Identifier: MIT */
/* box_init.h: what the first process of a box does. Between box.c and box_init.c only.
 */
#ifndef TOTE_BOX_INIT_H
#define TOTE_BOX_INIT_H

#include <stdbool.h>
#include <sys/types.h>

/* How far the start came when it failed; NONE: it did not fail. */
enum tote_box_step {
    TOTE_BOX_STEP_NONE,
    TOTE_BOX_STEP_CLONE,
    TOTE_BOX_STEP_SETUP, /* maps, mounts, loopback */
    TOTE_BOX_STEP_EXEC,  /* the box is there, but the program cannot be run */
};

struct tote_box_failure {
    enum tote_box_step step;
    int error; /* errno */
};

struct tote_box_plan {
    char *const *argv, *const *env;
    const char *tmpfs;   /* of a full box: an existing folder, where it is mounted */
    const char *scratch; /* of a full box: below it */
    bool is_full, has_host_network;
    uid_t uid;
    gid_t gid;
    int in, out, err; /* of the engine */
    int life;         /* read end: hangs up when tote is gone */
    int status;       /* a tote_box_failure goes here, or an end of file at exec */
    int maps;  /* read end: a byte that is not 0 comes if the ids are mapped already */
    int tally; /* the count of survivors goes here, as an unsigned */
};

/* Never returns. */
_Noreturn void tote_box_init_main(const struct tote_box_plan *plan);

#endif
