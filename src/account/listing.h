/* SPDX-License-Identifier: MIT */
/* listing.h: the processes of a box, found among all of the machine: those whose
 * parents lead to its init. Not for what they use (sampler.c).
 *
 * A walk over task/TID/children would read a file for each thread, of which there may
 * be hundreds. Here every pid is read once, when it first shows up; that one is no pid
 * of the box stays true as long as it is listed without a break. */
#ifndef TOTE_LISTING_H
#define TOTE_LISTING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tote_listing {
    int proc; /* descriptor of /proc; borrowed */
    pid_t init;
    struct tote_listed {
        pid_t pid;
        enum tote_whose { TOTE_WHOSE_UNKNOWN, TOTE_WHOSE_BOX, TOTE_WHOSE_OTHER } whose;
        pid_t parent;   /* if it was unknown */
    } * items, *coming; /* by pid */
    size_t n, n_coming, room;
};

void tote_listing_init(struct tote_listing *listing, int proc, pid_t init);
void tote_listing_finish(struct tote_listing *listing);

/* Reads it anew: then the items that are TOTE_WHOSE_BOX are those of the box. -errno.
 */
int tote_listing_read(struct tote_listing *listing);

/* Reads a file of a process, at most size - 1 bytes, and ends it with a NUL. 0: it is
 * gone or may not be read; else how many bytes. */
size_t tote_listing_file(int proc, pid_t pid, const char *name, char *text,
                         size_t size);

#endif
