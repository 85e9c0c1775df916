/* SPDX-License-Identifier: MIT */
/* look.h: what lives in a box, by /proc: processes, open descriptors, and the TCP
 * sockets on which they listen.
 *
 *     struct tote_look look = {0};
 *     tote_look_take(&look, box.init, &err);    // as often as one likes
 *     ... look.n_processes, look.ports ...
 *     tote_look_finish(&look);
 *
 * The init of the box is tote's and is not counted. Of several looks the fullest
 * moment counts; ports are those of all. What lives between two looks is not seen. Not
 * for CPU time or memory. */
#ifndef TOTE_LOOK_H
#define TOTE_LOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tote/error.h"

struct tote_look {
    size_t n_looks, n_processes, n_descriptors;
    json_t *processes;      /* array of {name, count}, of the fullest moment */
    json_t *ports;          /* array of {address, port, process} */
    bool lacks_descriptors; /* those of some process could not be read */
};

/* -ENOMEM, or -errno of /proc. */
int tote_look_take(struct tote_look *look, pid_t init, struct tote_error *err);

void tote_look_finish(struct tote_look *look); /* accepts a zeroed one */

/* The text of an address as /proc/net/tcp and tcp6 write it, "0100007F": "127.0.0.1";
 * one of IPv4 on a socket of IPv6 is written as IPv4. -EBADMSG. */
int tote_look_address(const char *hex, char *into, size_t size);

/* The name that people know a process by: of its first argument; of an interpreter's,
 * the script. args: NUL after each, n bytes; comm: if there are none. */
void tote_look_name(const char *args, size_t n, const char *comm, char *into,
                    size_t size);

#endif
