/* SPDX-License-Identifier: MIT */
/* wal.c: follows the checksums of a WAL (wal.h; the format is section 4 of SQLite's
 * file format).
 *
 * Frames are written one after the other, each with the salts of the header. A WAL that
 * was folded is used again with other salts, from its start: what lies behind its end
 * are frames of earlier times, which differ in both salts. The last frame of a commit
 * says so; the next commit begins only when that one is synced.
 *
 * A killed writer and a full disk leave frames without the last one of their commit,
 * also behind a later commit that was smaller: that is no damage. A last one behind a
 * wrong frame is what damage leaves, or a power that went before the commit was synced,
 * or a sync that failed. Frames that go on behind such a last one tell that it was
 * synced: then it is damage. A checksum goes on from that of the frame before, so each
 * frame is judged by what its neighbour stored.
 *
 * The limit: damage within the last commit alone looks like a power that went; a WAL
 * that is cut between two commits looks like one that was never longer; and where
 * damage takes the mark of the last commit's last frame, that commit looks like one
 * that was never ended. */
#include "store/wal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC        0x377f0682u /* its lowest bit: checksums of big-endian words */
#define HEAD         32          /* bytes */
#define FRAME_HEAD   24
#define PAGE_MIN     512u
#define PAGE_MAX     65536u
#define SALTS        16 /* where they are in the header */
#define FRAME_SALTS  8
#define FRAME_COMMIT 4 /* not 0 in the last frame of a commit */

struct sum {
    uint32_t a, b;
};

struct reader {
    int fd;
    uint64_t size;
    bool big_endian; /* words of the checksum */
    uint32_t page;
    unsigned char head[HEAD];
    unsigned char *frame; /* FRAME_HEAD + page bytes */
    struct sum sum;       /* up to the last good frame */
};

static uint32_t big(const unsigned char *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 |
           from[3];
}

static uint32_t little(const unsigned char *from)
{
    return (uint32_t)from[3] << 24 | (uint32_t)from[2] << 16 | (uint32_t)from[1] << 8 |
           from[0];
}

/* n is a multiple of 8. */
static struct sum sum_add(struct sum sum, bool big_endian, const unsigned char *from,
                          size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        sum.a += (big_endian ? big(from + i) : little(from + i)) + sum.b;
        sum.b += (big_endian ? big(from + i + 4) : little(from + i + 4)) + sum.a;
    }
    return sum;
}

static bool sum_is(struct sum sum, const unsigned char *stored)
{
    return sum.a == big(stored) && sum.b == big(stored + 4);
}

static int read_at(const struct reader *reader, uint64_t at, void *to, size_t n,
                   struct tote_error *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t got =
            pread(reader->fd, (char *)to + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int code = got < 0 ? -errno : -EIO;
            return tote_error_set(err, code, "cannot read a WAL: %s",
                                  got < 0 ? strerror(-code) : "it shrinks meanwhile");
        }
        done += (size_t)got;
    }
    return 0;
}

static bool head_is_good(struct reader *reader)
{
    const unsigned char *head = reader->head;
    reader->big_endian = big(head) & 1;
    reader->page = big(head + 8);
    reader->sum = sum_add((struct sum){0}, reader->big_endian, head, HEAD - 8);
    return (big(head) & ~1u) == MAGIC && reader->page >= PAGE_MIN &&
           reader->page <= PAGE_MAX && (reader->page & (reader->page - 1)) == 0 &&
           sum_is(reader->sum, head + HEAD - 8);
}

static uint64_t frame_bytes(const struct reader *reader)
{
    return FRAME_HEAD + (uint64_t)reader->page;
}

static uint64_t frame_place(const struct reader *reader, uint64_t i)
{
    return HEAD + i * frame_bytes(reader);
}

/* How many of its two salts are those of the header. */
static int salts_of(const struct reader *reader, const unsigned char *frame)
{
    const unsigned char *ours = reader->head + SALTS, *its = frame + FRAME_SALTS;
    return (memcmp(ours, its, 4) == 0) + (memcmp(ours + 4, its + 4, 4) == 0);
}

static struct sum sum_of_frame(const struct reader *reader, struct sum before)
{
    const unsigned char *frame = reader->frame;
    struct sum sum = sum_add(before, reader->big_endian, frame, 8);
    return sum_add(sum, reader->big_endian, frame + FRAME_HEAD, reader->page);
}

static const unsigned char *stored_sum(const struct reader *reader)
{
    return reader->frame + FRAME_HEAD - 8;
}

static int read_frame(const struct reader *reader, uint64_t i, struct tote_error *err)
{
    return read_at(reader, frame_place(reader, i), reader->frame,
                   (size_t)frame_bytes(reader), err);
}

/* Moves on over a good frame; false: it is not. */
static bool frame_is_good(struct reader *reader)
{
    struct sum sum = sum_of_frame(reader, reader->sum);
    if (salts_of(reader, reader->frame) < 2 || big(reader->frame) == 0 ||
        !sum_is(sum, stored_sum(reader)))
        return false;
    reader->sum = sum;
    return true;
}

/* What is behind the last good frame. */
struct tail {
    uint64_t ours;   /* frames of this WAL */
    bool has_commit; /* the last frame of one is among them */
    bool was_synced; /* and such a commit was followed by another */
    /* of the frame before */
    bool ends_commit;
    struct sum stored, counted; /* its checksum; one of the two may be damaged */
};

static void judge_frame(const struct reader *reader, struct tail *tail)
{
    struct sum counted = sum_of_frame(reader, tail->stored);
    const unsigned char *stored = stored_sum(reader);
    bool is_ours = salts_of(reader, reader->frame) > 0;
    bool follows =
        sum_is(counted, stored) || sum_is(sum_of_frame(reader, tail->counted), stored);
    tail->was_synced |= is_ours && tail->ends_commit && follows;
    tail->ours += is_ours;
    tail->ends_commit = is_ours && big(reader->frame + FRAME_COMMIT) != 0;
    tail->has_commit |= tail->ends_commit;
    tail->counted = counted;
    tail->stored = (struct sum){big(stored), big(stored + 4)};
}

static void tell_tail(struct tote_wal *wal, const struct tail *tail)
{
    if (!tail->has_commit)
        return;
    wal->was_synced = tail->was_synced;
    snprintf(wal->damage, sizeof wal->damage,
             "the WAL is not as it was written from frame %" PRIu64 " on: %" PRIu64
             " frames, whose records are not read%s",
             wal->frames + 1, tail->ours,
             tail->was_synced ? ""
                              : " (a loss of power within a commit leaves the same)");
}

static int check_frames(struct reader *reader, struct tote_wal *wal,
                        struct tote_error *err)
{
    uint64_t n = (reader->size - HEAD) / frame_bytes(reader);
    int code = 0;
    for (; wal->frames < n; wal->frames++) {
        code = read_frame(reader, wal->frames, err);
        if (code < 0)
            return code;
        if (!frame_is_good(reader))
            break;
    }
    struct tail tail = {.stored = reader->sum, .counted = reader->sum};
    for (uint64_t i = wal->frames; code == 0 && i < n; i++) {
        code = read_frame(reader, i, err);
        if (code == 0)
            judge_frame(reader, &tail);
    }
    if (code == 0)
        tell_tail(wal, &tail);
    return code;
}

/* A power that went may leave zeros where a new file's first bytes should be. */
static bool head_is_empty(const struct reader *reader)
{
    static const unsigned char zeros[HEAD];
    return memcmp(reader->head, zeros, HEAD) == 0;
}

static int check_open(struct reader *reader, struct tote_wal *wal,
                      struct tote_error *err)
{
    struct stat file;
    if (fstat(reader->fd, &file) < 0)
        return tote_error_set(err, -errno, "cannot read a WAL: %s", strerror(errno));
    reader->size = (uint64_t)file.st_size;
    if (!S_ISREG(file.st_mode) || reader->size < HEAD)
        return 0; /* nothing was ever in it */
    int code = read_at(reader, 0, reader->head, HEAD, err);
    if (code < 0)
        return code;
    if (!head_is_good(reader)) {
        wal->was_synced = !head_is_empty(reader);
        snprintf(wal->damage, sizeof wal->damage,
                 "the head of the WAL is not as it was written: nothing of its %" PRIu64
                 " bytes is read",
                 reader->size);
        return 0;
    }
    reader->frame = malloc((size_t)frame_bytes(reader));
    if (!reader->frame)
        return tote_error_set(err, -ENOMEM, "out of memory");
    return check_frames(reader, wal, err);
}

int tote_wal_check(const char *store, struct tote_wal *ret_wal, struct tote_error *err)
{
    char *real = realpath(store, NULL); /* as SQLite does */
    size_t room = strlen(real ? real : store) + sizeof "-wal";
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%s-wal", real ? real : store);
    free(real);
    if (!path)
        return tote_error_set(err, -ENOMEM, "out of memory");
    struct tote_wal wal = {0};
    struct reader reader = {.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    int code = 0;
    if (reader.fd >= 0)
        code = check_open(&reader, &wal, err);
    else if (errno != ENOENT)
        code = tote_error_set(err, -errno, "cannot open '%.200s': %s", path,
                              strerror(errno));
    if (reader.fd >= 0)
        close(reader.fd);
    free(reader.frame);
    free(path);
    if (code == 0)
        *ret_wal = wal;
    return code;
}
