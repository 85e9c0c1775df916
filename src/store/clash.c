/* SPDX-License-Identifier: MIT */
/* clash.c: finds two paths of a list that cannot both be there: one is a file where the
 * other needs a folder (commands.h). Not for two tasks with one path: the index over
 * paths tells of these as they come (list.c).
 *
 * The paths come in the order of the index, so the folders that one shares with the one
 * before it have been looked up then. */
#include <stdio.h>
#include <string.h>

#include "store/commands.h"
#include "store/handle.h"
#include "store/row.h"

#define DOING "look for outputs in each other's way"
#define WALK_SQL                                                                       \
    "SELECT o.path, t.place FROM output o CROSS JOIN task t ON t.task=o.task"          \
    " WHERE instr(o.path,'/')>0 AND t.listed=? ORDER BY o.path"
#define FILE_SQL                                                                       \
    "SELECT t.place FROM output o CROSS JOIN task t ON t.task=o.task"                  \
    " WHERE o.path=? AND t.listed=?"

struct walk {
    const struct tote_store *store;
    uint32_t list;
    sqlite3_stmt *paths, *file;
    char path[TOTE_FILE_NAME_MAX], before[TOTE_FILE_NAME_MAX];
    struct tote_list_clash *clash;
    struct tote_error *err;
};

/* Whether a task of the list makes a file of that name: 1, 0. */
static int look_up(struct walk *walk, const char *folder)
{
    struct tote_bind bind = {.statement = walk->file};
    tote_bind_text(&bind, folder);
    tote_bind_uint(&bind, walk->list);
    int rc = bind.rc == SQLITE_OK ? sqlite3_step(walk->file) : bind.rc;
    if (rc == SQLITE_ROW)
        walk->clash->file = (uint64_t)sqlite3_column_int64(walk->file, 0);
    int code = rc == SQLITE_ROW ? 1
               : rc == SQLITE_DONE
                   ? 0
                   : tote_db_fail(&walk->store->db, rc, DOING, walk->err);
    sqlite3_reset(walk->file);
    return code;
}

/* The folders of a path that the one before it had not. */
static int look_at(struct walk *walk)
{
    size_t same = 0;
    int code = 0;
    while (walk->path[same] && walk->path[same] == walk->before[same])
        same++;
    for (char *slash = walk->path + same; !code && (slash = strchr(slash, '/'));
         slash++) {
        *slash = '\0';
        code = look_up(walk, walk->path);
        if (code > 0)
            memcpy(walk->clash->folder, walk->path, (size_t)(slash - walk->path) + 1);
        *slash = '/';
    }
    memcpy(walk->before, walk->path, strlen(walk->path) + 1);
    return code;
}

static int look_at_all(struct walk *walk)
{
    struct tote_bind bind = {.statement = walk->paths};
    tote_bind_uint(&bind, walk->list);
    int rc = bind.rc, code = 0;
    while (rc == SQLITE_OK && (rc = sqlite3_step(walk->paths)) == SQLITE_ROW) {
        const char *path = (const char *)sqlite3_column_text(walk->paths, 0);
        if (!path)
            return tote_db_fail(&walk->store->db, SQLITE_NOMEM, DOING, walk->err);
        snprintf(walk->path, sizeof walk->path, "%s", path);
        walk->clash->below = (uint64_t)sqlite3_column_int64(walk->paths, 1);
        code = look_at(walk);
        if (code)
            return code;
        rc = SQLITE_OK;
    }
    return rc == SQLITE_DONE ? 0 : tote_db_fail(&walk->store->db, rc, DOING, walk->err);
}

int tote_store_list_clash(struct tote_store *store, uint32_t list,
                          struct tote_list_clash *ret_clash, struct tote_error *err)
{
    struct walk walk = {.store = store, .list = list, .clash = ret_clash, .err = err};
    int code = tote_db_prepare(&store->db, WALK_SQL, DOING, &walk.paths, err);
    if (code == 0)
        code = tote_db_prepare(&store->db, FILE_SQL, DOING, &walk.file, err);
    if (code == 0)
        code = look_at_all(&walk);
    sqlite3_finalize(walk.paths);
    sqlite3_finalize(walk.file);
    return code;
}
