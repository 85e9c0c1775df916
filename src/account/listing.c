/* SPDX-License-Identifier: MIT */
/* listing.c: see listing.h. */
#include "account/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/proc.h"

#define STAT_MAX 1024 /* bytes of a stat: all that is asked for is in the first */

void tote_listing_init(struct tote_listing *listing, int proc, pid_t init)
{
    *listing = (struct tote_listing){.proc = proc, .init = init};
}

void tote_listing_finish(struct tote_listing *listing)
{
    free(listing->items);
    free(listing->coming);
    *listing = (struct tote_listing){.proc = -1};
}

size_t tote_listing_file(int proc, pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    size_t n = 0;
    ssize_t more = 0;
    snprintf(path, sizeof path, "%d/%s", (int)pid, name);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while (n < size - 1 && (more = read(fd, text + n, size - 1 - n)) > 0)
        n += (size_t)more;
    close(fd);
    text[n] = '\0';
    return more < 0 ? 0 : n;
}

/* --- the folder --- */

static int compare_pids(const void *a, const void *b)
{
    const struct tote_listed *x = a, *y = b;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static int grow(struct tote_listing *listing)
{
    size_t room = 2 * listing->room + 256;
    struct tote_listed *items = reallocarray(listing->items, room, sizeof *items);
    if (items)
        listing->items = items;
    struct tote_listed *coming = reallocarray(listing->coming, room, sizeof *coming);
    if (coming)
        listing->coming = coming;
    if (!items || !coming)
        return -ENOMEM;
    listing->room = room;
    return 0;
}

static int read_folder(struct tote_listing *listing)
{
    int fd = openat(listing->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        int code = -errno;
        if (fd >= 0)
            close(fd);
        return code;
    }
    int rc = 0;
    listing->n_coming = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(folder));) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (pid <= 0 || *end)
            continue;
        if (listing->n_coming == listing->room)
            rc = grow(listing);
        if (rc == 0)
            listing->coming[listing->n_coming++] =
                (struct tote_listed){.pid = (pid_t)pid};
    }
    closedir(folder);
    return rc;
}

/* --- whose they are --- */

static struct tote_listed *find(const struct tote_listing *listing, pid_t pid)
{
    struct tote_listed key = {.pid = pid};
    return bsearch(&key, listing->coming, listing->n_coming, sizeof key, compare_pids);
}

/* What was known of a pid that was listed before still holds. */
static void carry_over(struct tote_listing *listing)
{
    size_t k = 0;
    for (size_t i = 0; i < listing->n_coming; i++) {
        struct tote_listed *item = &listing->coming[i];
        while (k < listing->n && listing->items[k].pid < item->pid)
            k++;
        if (k < listing->n && listing->items[k].pid == item->pid)
            item->whose = listing->items[k].whose;
    }
}

static void read_parent(const struct tote_listing *listing, struct tote_listed *item)
{
    char text[STAT_MAX];
    struct tote_proc_stat stat;
    item->parent = -1; /* gone by now */
    if (tote_listing_file(listing->proc, item->pid, "stat", text, sizeof text) > 0 &&
        tote_proc_parse_stat(text, &stat))
        item->parent = stat.parent;
}

/* A child is whose its parent is. One whose parent is not listed is asked again next
 * time: it may have got another since. Returns whether it is known now. */
static bool settle(const struct tote_listing *listing, struct tote_listed *item)
{
    const struct tote_listed *parent = find(listing, item->parent);
    if (item->parent == 0)
        item->whose = TOTE_WHOSE_OTHER;
    else if (parent)
        item->whose = parent->whose;
    return item->whose != TOTE_WHOSE_UNKNOWN;
}

int tote_listing_read(struct tote_listing *listing)
{
    int rc = read_folder(listing);
    if (rc < 0)
        return rc;
    qsort(listing->coming, listing->n_coming, sizeof *listing->coming, compare_pids);
    carry_over(listing);
    struct tote_listed *init = find(listing, listing->init);
    if (init)
        init->whose = TOTE_WHOSE_BOX;
    for (size_t i = 0; i < listing->n_coming; i++) {
        if (listing->coming[i].whose == TOTE_WHOSE_UNKNOWN)
            read_parent(listing, &listing->coming[i]);
    }
    for (bool has_changed = true; has_changed;) { /* pids may have begun anew at 1 */
        has_changed = false;
        for (size_t i = 0; i < listing->n_coming; i++) {
            struct tote_listed *item = &listing->coming[i];
            if (item->whose == TOTE_WHOSE_UNKNOWN && settle(listing, item))
                has_changed = true;
        }
    }
    struct tote_listed *items = listing->items;
    listing->items = listing->coming;
    listing->n = listing->n_coming;
    listing->coming = items;
    return 0;
}
