/* SPDX-License-Identifier: MIT */
/* store.c: makes, opens and closes the file, and keeps its settings (store.h). Not for
 * rows of runs (runs.c) nor records (records.c).
 *
 * A new file is filled without a single fsync; the first change that must be durable
 * (tote_store_harden) syncs the file, then commits with synchronous=FULL, which syncs
 * the WAL and, the WAL being new, the folder with both names. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/commands.h"
#include "store/handle.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/standing.h"
#include "store/wal.h"

#define SETTING_NAME_MAX  256        /* bytes */
#define SETTING_VALUE_MAX (1u << 20) /* bytes */
/* The head of a SQLite file (its format, section 1.3): where its marks are. */
#define HEAD_BYTES        100
#define HEAD_USER_VERSION 60
#define HEAD_APPLICATION  68

#define MEND "name another file with --store"

/* "PATH-wal" and its kind: new text, or null. */
static char *path_with(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);
    char *text = malloc(n + m + 1);
    if (text) {
        memcpy(text, path, n);
        memcpy(text + n, suffix, m + 1);
    }
    return text;
}

static bool side_file_exists(const char *path, const char *suffix)
{
    char *side = path_with(path, suffix);
    bool exists = side && faccessat(AT_FDCWD, side, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    free(side);
    return exists;
}

void tote_store_unlink(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *side = path_with(path, suffixes[i]);
        if (side)
            unlink(side);
        free(side);
    }
}

/* --- what a file is --- */

/* Reads the first bytes through a connection that is asked nothing: a plain open() of
 * the file would drop the locks of every connection of this process to it at its
 * close(), and a query would fold a stranger's WAL or roll back its journal. A query on
 * the main file alone (immutable) fails when a writer died while folding. The marks of
 * a store are in the main file from its first moment and never change. */
static int read_head(const struct tote_db *db, unsigned char head[static HEAD_BYTES],
                     struct tote_error *err)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xRead(file, head, HEAD_BYTES, 0);
    if (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ) /* the rest is zeros then */
        return 0;
    return tote_db_fail(db, rc, "read it", err);
}

static uint32_t number_at(const unsigned char *head, size_t at)
{
    return (uint32_t)head[at] << 24 | (uint32_t)head[at + 1] << 16 |
           (uint32_t)head[at + 2] << 8 | head[at + 3];
}

static int check_marks(const struct tote_db *db, struct tote_error *err)
{
    unsigned char head[HEAD_BYTES];
    int code = read_head(db, head, err);
    if (code < 0)
        return code;
    if (memcmp(head, "SQLite format 3", 16) != 0 ||
        number_at(head, HEAD_APPLICATION) != TOTE_STORE_APPLICATION)
        return tote_error_set(err, -EINVAL, "'%.200s' is not a tote store", db->path);
    uint32_t schema = number_at(head, HEAD_USER_VERSION);
    if (schema > TOTE_STORE_SCHEMA)
        return tote_error_set(err, -EPROTO,
                              "'%.200s' was written by a newer tote (schema %u; this "
                              "one reads %d): read it with that version",
                              db->path, schema, TOTE_STORE_SCHEMA);
    if (schema >= 1 && schema < TOTE_STORE_SCHEMA)
        return tote_error_set(
            err, -EPROTO,
            "'%.200s' was made by an older, unreleased tote (schema %u; "
            "this one reads %d): read it with that one",
            db->path, schema, TOTE_STORE_SCHEMA);
    if (schema < 1)
        return tote_error_set(err, -EBADMSG, "store '%.200s' is damaged: schema %u",
                              db->path, schema);
    return 0;
}

static int check_file(const char *path, struct tote_error *err)
{
    struct stat file;
    if (stat(path, &file) < 0) {
        int code = -errno;
        return tote_error_set(err, code, "cannot open store '%.200s': %s", path,
                              strerror(-code));
    }
    if (S_ISDIR(file.st_mode))
        return tote_error_set(err, -EISDIR, "'%.200s' is a folder, not a tote store",
                              path);
    if (!S_ISREG(file.st_mode) || file.st_size == 0)
        return tote_error_set(err, -EINVAL, "'%.200s' is not a tote store%s", path,
                              S_ISREG(file.st_mode) ? ": it is empty" : "");
    if (access(path, R_OK) < 0) {
        int code = -errno;
        return tote_error_set(err, code, "cannot read store '%.200s': %s", path,
                              strerror(-code));
    }
    return 0;
}

/* Whether it is a store that this tote reads. Touches nothing. */
static int check_identity(const char *path, struct tote_error *err)
{
    int code = check_file(path, err);
    if (code < 0)
        return code;
    struct tote_db db;
    code = tote_db_open(&db, path, TOTE_DB_READ, err);
    if (code < 0)
        return code;
    code = check_marks(&db, err);
    tote_db_close(&db);
    return code;
}

static int refuse_existing(const char *path, struct tote_error *err)
{
    struct tote_error what = {0};
    int code = check_identity(path, &what);
    if (code == 0)
        return tote_error_set(err, -EEXIST,
                              "store '%.200s' exists already: " MEND
                              ", or read it with 'tote report %.200s'",
                              path, path);
    if (code == -EPROTO)
        return tote_error_set(err, -EEXIST, "%s, or " MEND, what.text);
    return tote_error_set(err, -EEXIST, "'%.200s' exists already (%s): " MEND, path,
                          code == -EISDIR ? "a folder" : "not a tote store");
}

/* --- create --- */

static int claim_path(const char *path, struct tote_error *err)
{
    static const char *const sides[] = {"-wal", "-journal"};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        if (side_file_exists(path, sides[i]) && access(path, F_OK) < 0)
            return tote_error_set(err, -EEXIST,
                                  "'%.200s%s' is part of another store whose main file "
                                  "is gone: move it away, or " MEND,
                                  path, sides[i]);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0) {
        close(fd); /* nothing is locked yet; SQLite gives -wal and -shm the same mode */
        return 0;
    }
    int code = -errno;
    if (code == -EEXIST)
        return refuse_existing(path, err);
    return tote_error_set(err, code, "cannot create store '%.200s': %s%s", path,
                          strerror(-code),
                          code == -ENOENT ? " (make its folder first)" : "");
}

static int fill_schema(const struct tote_db *db, struct tote_error *err)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "PRAGMA page_size=%d; PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
             "BEGIN; PRAGMA application_id=%d; PRAGMA user_version=%d",
             TOTE_STORE_PAGE, TOTE_STORE_APPLICATION, TOTE_STORE_SCHEMA);
    const char *doing = "create its tables";
    int code = tote_db_exec(db, sql, doing, err);
    if (code == 0)
        code = tote_db_exec(db, tote_schema_sql, doing, err);
    if (code == 0)
        code = tote_db_exec(db, tote_schema_views_sql, doing, err);
    if (code == 0)
        code = tote_standing_write(db, 0, &(struct tote_standing){0}, err);
    return code < 0 ? code : tote_db_exec(db, "COMMIT", doing, err);
}

/* The pragma answers with the mode that holds now, which is another one where the file
 * system has no shared memory (NFS, 9p); it commits, and may fail, only after its
 * answer. */
static int ask_for_wal(const struct tote_db *db, bool *ret_is_wal,
                       struct tote_error *err)
{
    const char *doing = "enter WAL mode";
    sqlite3_stmt *statement;
    int code = tote_db_prepare(db, "PRAGMA journal_mode=WAL", doing, &statement, err);
    if (code < 0)
        return code;
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(statement, 0);
        *ret_is_wal = mode && strcmp(mode, "wal") == 0;
        rc = sqlite3_step(statement);
    }
    if (rc != SQLITE_DONE)
        code = tote_db_fail(db, rc, doing, err);
    sqlite3_finalize(statement);
    return code;
}

/* The writer folds the WAL when it has grown (writer.c); here it would stall a run. The
 * query makes the WAL, which tells readers that the main file is not everything. */
static int enter_wal(const struct tote_db *db, struct tote_error *err)
{
    bool is_wal = false;
    int code = ask_for_wal(db, &is_wal, err);
    if (code == 0 && !is_wal)
        code =
            tote_error_set(err, -ENOTSUP,
                           "cannot write store '%.200s': its file system has no "
                           "shared memory for SQLite's WAL: " MEND " on a local disk",
                           db->path);
    return code < 0 ? code
                    : tote_db_exec(db,
                                   "PRAGMA wal_autocheckpoint=0;"
                                   "SELECT count(*) FROM run",
                                   "set it up", err);
}

int tote_store_create(const char *path, struct tote_store **ret_store,
                      struct tote_error *err)
{
    struct tote_store *store = calloc(1, sizeof *store);
    if (!store)
        return tote_error_set(err, -ENOMEM, "out of memory");
    int code = claim_path(path, err);
    if (code < 0)
        goto out;
    code = tote_db_open(&store->db, path, TOTE_DB_WRITE, err);
    if (code == 0)
        code = fill_schema(&store->db, err);
    if (code == 0)
        code = enter_wal(&store->db, err);
    if (code < 0) {
        tote_db_close(&store->db);
        tote_store_unlink(path);
    }
out:
    if (code < 0)
        free(store);
    else
        *ret_store = store;
    return code;
}

static int sync_main_file(const struct tote_db *db, struct tote_error *err)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    return rc == SQLITE_OK ? 0 : tote_db_fail(db, rc, "sync it", err);
}

int tote_store_harden(struct tote_store *store, struct tote_error *err)
{
    if (store->durable)
        return 0;
    int code = sync_main_file(&store->db, err);
    if (code == 0)
        code = tote_db_exec(&store->db, "PRAGMA synchronous=FULL", "set it up", err);
    store->durable = code == 0;
    return code;
}

/* --- open, close --- */

/* Without a WAL nobody writes and the main file is everything: it is read alone, since
 * an ordinary open would leave an empty WAL and its index beside it, or fail on a
 * read-only disk. With a WAL the open is an ordinary one; it also works after the
 * writer was killed. */
static int open_for_reading(struct tote_db *db, const char *path,
                            struct tote_error *err)
{
    bool has_wal = side_file_exists(path, "-wal");
    int code = tote_db_open(db, path, has_wal ? TOTE_DB_READ : TOTE_DB_IMMUTABLE, err);
    if (code < 0)
        return code;
    int64_t tables = 0;
    struct tote_error why = {0};
    code = tote_db_get_int(db, "SELECT count(*) FROM sqlite_schema", &tables, &why);
    if (code == 0)
        return 0;
    tote_db_close(db);
    bool no_index = has_wal && code != -EBADMSG && code != -EBUSY;
    return tote_error_set(err, code, "%s%s", why.text,
                          no_index
                              ? " (was its writer killed? copy it and its -wal to a "
                                "folder where you may write)"
                              : "");
}

int tote_store_open_damaged(const char *path, struct tote_store **ret_store,
                            struct tote_error *err)
{
    int code = check_identity(path, err);
    if (code < 0)
        return code;
    struct tote_store *store = calloc(1, sizeof *store);
    if (!store)
        return tote_error_set(err, -ENOMEM, "out of memory");
    code = open_for_reading(&store->db, path, err);
    if (code < 0)
        free(store);
    else
        *ret_store = store;
    return code;
}

static int ignore_setting(void *context, const char *name, const char *value)
{
    (void)context, (void)name, (void)value;
    return 0;
}

/* So that tote_store_get need not fail: what it gives may be run. */
static int check_settings(struct tote_store *store, struct tote_error *err)
{
    return tote_store_each_setting(store, ignore_setting, NULL, err);
}

int tote_store_open(const char *path, struct tote_store **ret_store,
                    struct tote_error *err)
{
    struct tote_store *store = NULL;
    int code = tote_store_open_damaged(path, &store, err);
    if (code == 0)
        code = check_settings(store, err);
    if (code == 0)
        *ret_store = store;
    else
        tote_store_close(store);
    return code;
}

/* The first query reads the WAL of a dead writer; what it committed is there then, what
 * it did not is gone. */
static int open_for_writing(struct tote_store *store, const char *path,
                            struct tote_error *err)
{
    int code = tote_db_open(&store->db, path, TOTE_DB_WRITE, err);
    if (code < 0)
        return code;
    if (sqlite3_db_readonly(store->db.sqlite, "main") == 1)
        code = tote_error_set(err, -EROFS,
                              "cannot write store '%.200s': it, or its disk, is "
                              "read-only",
                              path);
    if (code == 0)
        code = check_settings(store, err);
    if (code == 0)
        code = tote_standing_check(&store->db, err);
    if (code == 0)
        code = enter_wal(&store->db, err);
    if (code == 0)
        code = tote_store_harden(store, err);
    if (code == 0)
        code = tote_store_mend_runs(store, err);
    if (code < 0)
        tote_db_close(&store->db);
    return code;
}

/* SQLite would take what is damaged for the end of the WAL, go on from there and write
 * over the rest. What a kill, a full disk or a loss of power leaves is all right. */
int tote_store_check_wal(const char *path, struct tote_error *err)
{
    struct tote_wal wal;
    int code = tote_wal_check(path, &wal, err);
    if (code < 0 || !wal.damage[0] || !wal.was_synced)
        return code;
    return tote_error_set(err, -EUCLEAN,
                          "store '%.200s' is damaged: %s: copy what is whole with "
                          "'tote fsck %.200s --salvage NEW', and go on with that",
                          path, wal.damage, path);
}

int tote_store_reopen(const char *path, struct tote_store **ret_store,
                      struct tote_error *err)
{
    int code = check_identity(path, err);
    if (code == 0)
        code = tote_store_check_wal(path, err);
    if (code < 0)
        return code;
    struct tote_store *store = calloc(1, sizeof *store);
    if (!store)
        return tote_error_set(err, -ENOMEM, "out of memory");
    code = open_for_writing(store, path, err);
    if (code < 0)
        free(store);
    else
        *ret_store = store;
    return code;
}

void tote_store_close(struct tote_store *store)
{
    if (!store)
        return;
    tote_store_list_cancel(store);
    sqlite3_finalize(store->each_task);
    sqlite3_finalize(store->output);
    tote_db_close(&store->db); /* the last connection folds the WAL and removes it */
    free(store);
}

int tote_store_broken_seal(const struct tote_store *store, const char *table,
                           const char *key, struct tote_error *err)
{
    return tote_error_set(err, -EBADMSG,
                          "store '%.200s' is damaged: %s %.200s is not as it was "
                          "written: see 'tote fsck %.200s'",
                          store->db.path, table, key, store->db.path);
}

const char *tote_store_path(const struct tote_store *store)
{
    return store->db.path;
}

bool tote_store_has_its_name(const struct tote_store *store)
{
    return tote_db_has_its_name(&store->db);
}

int tote_store_freeze(struct tote_store *store, struct tote_error *err)
{
    return tote_db_exec(&store->db, "BEGIN", "read it", err);
}

void tote_store_thaw(struct tote_store *store)
{
    sqlite3_exec(store->db.sqlite, "COMMIT", NULL, NULL, NULL); /* wrote nothing */
}

/* --- settings --- */

int tote_store_set(struct tote_store *store, const char *name, const char *value,
                   struct tote_error *err)
{
    if (!name[0] || strlen(name) > SETTING_NAME_MAX ||
        strlen(value) > SETTING_VALUE_MAX)
        return tote_error_set(err, -E2BIG,
                              "setting '%.64s' does not fit into a store: a name has 1 "
                              "to %d bytes, a value at most %u",
                              name, SETTING_NAME_MAX, SETTING_VALUE_MAX);
    char doing[128];
    snprintf(doing, sizeof doing, "write setting '%.64s'", name);
    sqlite3_stmt *statement;
    int code = tote_db_prepare(
        &store->db, "REPLACE INTO setting (name, value, seal) VALUES (?,?,?)", doing,
        &statement, err);
    if (code < 0)
        return code;
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = statement, .form = &form};
    tote_bind_text(&bind, name);
    tote_bind_text(&bind, value);
    tote_bind_seal(&bind);
    return tote_bind_finish(&bind, &store->db, doing, err);
}

/* At once the only writer: what was read before it wrote could be of before another
 * one's commit, and it would be refused. */
int tote_store_begin_settings(struct tote_store *store, struct tote_error *err)
{
    return tote_db_exec(&store->db, "BEGIN IMMEDIATE", "write its settings", err);
}

int tote_store_end_settings(struct tote_store *store, int rc, struct tote_error *err)
{
    if (rc == 0)
        rc = tote_db_exec(&store->db, "COMMIT", "write its settings", err);
    if (rc < 0)
        tote_db_rollback(&store->db);
    return rc;
}

char *tote_store_get(struct tote_store *store, const char *name)
{
    sqlite3_stmt *statement;
    if (tote_db_prepare(&store->db,
                        "SELECT name, value, seal FROM setting WHERE name=?",
                        "read a setting", &statement, NULL) < 0)
        return NULL;
    struct tote_bind bind = {.statement = statement};
    tote_bind_text(&bind, name);
    char *value = NULL;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        struct tote_form form = {.n = 0};
        struct tote_columns row = {.statement = statement, .form = &form};
        tote_columns_text(&row);
        value = tote_columns_text_copy(&row);
        if (!tote_columns_is_whole(&row)) {
            free(value);
            value = NULL;
        }
    }
    sqlite3_finalize(statement);
    return value;
}

#define READING_SETTINGS "read the settings"

static int visit_setting(const struct tote_store *store, sqlite3_stmt *statement,
                         tote_store_visit_setting *visit, void *context,
                         struct tote_error *err)
{
    struct tote_form form = {.n = 0};
    struct tote_columns row = {.statement = statement, .form = &form};
    const char *name = tote_columns_text(&row);
    const char *value = tote_columns_text(&row);
    if (row.bad)
        return tote_db_fail(&store->db, SQLITE_CORRUPT, READING_SETTINGS, err);
    return tote_columns_is_whole(&row)
               ? visit(context, name, value)
               : tote_store_broken_seal(store, "setting", name, err);
}

int tote_store_each_setting(struct tote_store *store, tote_store_visit_setting *visit,
                            void *context, struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&store->db,
                               "SELECT name, value, seal FROM setting ORDER BY name",
                               READING_SETTINGS, &statement, err);
    if (code < 0)
        return code;
    int rc;
    while (code == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE)
        code = rc == SQLITE_ROW ? visit_setting(store, statement, visit, context, err)
                                : tote_db_fail(&store->db, rc, READING_SETTINGS, err);
    sqlite3_finalize(statement);
    return code;
}
