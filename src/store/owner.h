/* SPDX-License-Identifier: MIT */
/* owner.h: which process a lock file speaks of, and whether that lives.
 *
 *     struct tote_owner owner;
 *     if (tote_owner_read(fd, &owner) == TOTE_OWNER_GOOD && tote_owner_lives(&owner))
 *         ... it is in use ...
 *
 * Not for the file itself, nor for locks on it (lock.c). Private to src/store. */
#ifndef TOTE_OWNER_H
#define TOTE_OWNER_H

#include <stdbool.h>

#define TOTE_OWNER_BOOT_MAX 40 /* bytes of a boot id, NUL included: a UUID */
#define TOTE_OWNER_HOST_MAX 65

struct tote_owner {
    long pid;
    unsigned long long start; /* clock ticks after the boot; 0: unknown */
    char boot[TOTE_OWNER_BOOT_MAX], host[TOTE_OWNER_HOST_MAX];
};

struct tote_owner tote_owner_self(void);

/* Whether the process is there that wrote the line: of this boot, and not a later one
 * with the same number. */
bool tote_owner_lives(const struct tote_owner *owner);
/* It was on another host: nobody here can tell. */
bool tote_owner_is_elsewhere(const struct tote_owner *owner);

/* Nothing, or zeros alone, is what a taker leaves that lost its power: NONE. */
enum tote_owner_line { TOTE_OWNER_NONE, TOTE_OWNER_GOOD, TOTE_OWNER_BAD };
enum tote_owner_line tote_owner_read(int fd, struct tote_owner *ret);
/* Of this process, in place of what is there: 0, or negative errno. */
int tote_owner_write(int fd);

#endif
