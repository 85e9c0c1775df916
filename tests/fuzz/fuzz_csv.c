/* SPDX-License-Identifier: MIT */
/* fuzz_csv.c: CSV files as a whole, and as rows behind two names, where a pipe that
 * cuts them gives what the file gives. The same for lines. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "items/items.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIPE_BYTES = 60 << 10 };

/* What came of a list. */
struct outcome {
    uint64_t hash; /* of all values */
    size_t n;
    int rc;
};

static void mix(struct outcome *outcome, const char *text)
{
    for (; *text; text++)
        outcome->hash = (outcome->hash ^ (unsigned char)*text) * 0x100000001b3;
    outcome->hash = (outcome->hash ^ 256) * 0x100000001b3;
}

static void drain(struct tote_items *items, struct outcome *outcome)
{
    struct tote_error err = {0};
    struct tote_item item;
    size_t n;
    tote_items_columns(items, &n);
    while ((outcome->rc = tote_items_next(items, &item, &err)) == TOTE_ITEMS_ONE) {
        assert(item.n == n && n >= 1);
        for (size_t i = 0; i < n; i++)
            mix(outcome, item.columns[i]);
        outcome->n++;
    }
    assert(outcome->rc >= 0 || (outcome->rc == -EINVAL && err.text[0]));
}

enum { PATH_BYTES = 32 };

/* path is the caller's room for a text that is borrowed while the list is open. */
static struct tote_items *open_fd(int fd, enum tote_items_kind kind, char end,
                                  char path[static PATH_BYTES])
{
    struct tote_items *items = NULL;
    struct tote_error err = {0};
    snprintf(path, PATH_BYTES, "/proc/self/fd/%d", fd);
    const struct tote_items_source source = {.kind = kind, .path = path, .end = end};
    if (tote_items_open(&source, &items, &err) < 0) {
        assert(err.text[0] && !items);
        return NULL;
    }
    return items;
}

static void put(int fd, const void *data, size_t n)
{
    ssize_t wrote = n ? write(fd, data, n) : 0;
    assert(wrote == (ssize_t)n);
}

static struct outcome read_file(const char *head, const uint8_t *data, size_t size,
                                enum tote_items_kind kind, char end)
{
    struct outcome outcome = {.rc = -EINVAL};
    char path[PATH_BYTES];
    int fd = memfd_create("csv", MFD_CLOEXEC);
    assert(fd >= 0);
    put(fd, head, strlen(head));
    put(fd, data, size);
    struct tote_items *items = open_fd(fd, kind, end, path);
    if (items)
        drain(items, &outcome);
    assert(outcome.rc != TOTE_ITEMS_LATER);
    tote_items_close(items);
    close(fd);
    return outcome;
}

static struct outcome read_pipe(const char *head, const uint8_t *data, size_t size,
                                enum tote_items_kind kind, char end)
{
    struct outcome outcome = {.rc = 0};
    char path[PATH_BYTES];
    int ends[2];
    int rc = pipe(ends);
    assert(rc == 0);
    put(ends[1], head, strlen(head));
    struct tote_items *items = open_fd(ends[0], kind, end, path);
    assert(items);
    for (size_t done = 0, n = 1; done < size; done += n, n = n * 2 + 1) {
        n = n < size - done ? n : size - done;
        put(ends[1], data + done, n);
        drain(items, &outcome);
        assert(outcome.rc < 0 || outcome.rc == TOTE_ITEMS_LATER);
    }
    close(ends[1]);
    drain(items, &outcome);
    tote_items_close(items);
    close(ends[0]);
    return outcome;
}

static void compare(const char *head, const uint8_t *data, size_t size,
                    enum tote_items_kind kind, char end)
{
    struct outcome file = read_file(head, data, size, kind, end);
    struct outcome piped = read_pipe(head, data, size, kind, end);
    assert(file.rc == piped.rc && file.n == piped.n && file.hash == piped.hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > PIPE_BYTES)
        return 0;
    read_file("", data, size, TOTE_ITEMS_CSV, '\n');
    compare("a,b\n", data, size, TOTE_ITEMS_CSV, '\n');
    compare("", data, size, TOTE_ITEMS_LINES, '\n');
    compare("", data, size, TOTE_ITEMS_LINES, '\0');
    return 0;
}
