/* SPDX-License-Identifier: MIT */
/* courier_back.c: packs in, and what is left of a batch away (courier.h). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "core/courier_state.h"

#define ROOM_REST (64u << 10) /* bytes of a pack beside its streams */
#define ROOM_MAX  (64u << 20) /* bytes that are asked for at most */

/* Asks for the room, since a quota is not seen otherwise. Where that cannot be asked
 * for, the disk counts as good. */
int tote_courier_check_room(const struct tote_courier *courier, struct tote_error *err)
{
    uint64_t kept = courier->commands->rules.stream_max;
    uint64_t bytes = kept < ROOM_MAX / 4 ? TOTE_STREAMS * kept + ROOM_REST : ROOM_MAX;
    char *path = tote_courier_join(courier->slices, "room");
    if (!path)
        return 0;
    int fd = tote_file_make(path);
    int code = fd < 0 ? -fd : fallocate(fd, 0, 0, (off_t)bytes) < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    unlink(path);
    free(path);
    bool is_disk = code == ENOSPC || code == EDQUOT || code == EROFS || code == EIO;
    return is_disk ? tote_error_set(err, -code,
                                    "a task failed or was lost, and %.300s has no room "
                                    "for what comes of one: %s",
                                    courier->slices, strerror(code))
                   : 0;
}

static char *file_of(const struct tote_courier *courier, uint64_t first, uint32_t count,
                     uint32_t attempt, bool is_pack)
{
    char name[TOTE_SLICE_NAME_MAX];
    tote_slice_name(first, count, attempt, is_pack, name);
    return tote_courier_join(courier->slices, name);
}

static int read_pack(const char *path, void **ret_bytes, size_t *ret_n,
                     struct tote_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return tote_file_fail("open the pack", path, errno, err);
    int rc = tote_file_read(fd, TOTE_PACK_MAX, ret_bytes, ret_n);
    close(fd);
    return rc < 0 ? tote_file_fail("read the pack", path, -rc, err) : 0;
}

static int check_parcel(const struct tote_pack *pack, uint64_t first, uint32_t count,
                        uint32_t attempt, struct tote_error *err)
{
    if (pack->first == first && pack->count == count && pack->attempt == attempt)
        return 0;
    return tote_error_set(err, -EBADMSG,
                          "the pack of tasks %" PRIu64 " to %" PRIu64 " is of others",
                          first, first + count - 1);
}

int tote_courier_receive(struct tote_courier *courier, uint64_t first, uint32_t count,
                         uint32_t attempt, struct tote_parcel *ret_parcel,
                         struct tote_error *err)
{
    *ret_parcel = (struct tote_parcel){0};
    char *path = file_of(courier, first, count, attempt, true);
    if (!path)
        return tote_error_set(err, -ENOMEM, "out of memory for a pack");
    size_t n = 0;
    int rc = read_pack(path, &ret_parcel->bytes, &n, err);
    if (rc == 0)
        rc = tote_pack_parse(ret_parcel->bytes, n, &ret_parcel->pack, err);
    if (rc == 0)
        rc = check_parcel(&ret_parcel->pack, first, count, attempt, err);
    if (rc < 0)
        tote_courier_drop(ret_parcel);
    tote_courier_forget(
        courier,
        &(struct tote_batch){.first = first, .count = count, .attempt = attempt});
    free(path);
    return rc;
}

void tote_courier_drop(struct tote_parcel *parcel)
{
    tote_pack_finish(&parcel->pack);
    free(parcel->bytes);
    *parcel = (struct tote_parcel){0};
}

void tote_courier_forget(struct tote_courier *courier, const struct tote_batch *batch)
{
    for (int is_pack = 0; is_pack < 2; is_pack++) {
        char *path =
            file_of(courier, batch->first, batch->count, batch->attempt, is_pack);
        if (path)
            unlink(path);
        free(path);
    }
}
