/* SPDX-License-Identifier: MIT */
/* installed.c: weighs packages, folders and files (installed.h). */
#include "facts/installed.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "facts/dpkg.h"
#include "tote/clock.h"

#define RECORD     "tote-setup.json" /* in the folder of an engine's data */
#define RECORD_MAX 4096
#define KIB        1024.0
#define MB         1e6
#define BLOCK      512.0 /* of st_blocks */

struct weight {
    size_t debian, python; /* packages */
    double bytes;
};

/* --- folders --- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* Python's record of one installed package. */
static bool is_package(const FTSENT *entry)
{
    return entry->fts_info == FTS_D && ends_with(entry->fts_name, ".dist-info") &&
           entry->fts_parent &&
           strcmp(entry->fts_parent->fts_name, "site-packages") == 0;
}

static int weigh_folder(const char *path, struct weight *weight, struct tote_error *err)
{
    char *const paths[] = {(char *)path, NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        return tote_error_set(err, -errno, "cannot look into %s: %s", path,
                              strerror(errno));
    int rc = 0;
    for (FTSENT *entry; rc == 0 && (entry = fts_read(walk));) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
            entry->fts_info == FTS_NS)
            rc = -entry->fts_errno;
        else if (entry->fts_info != FTS_DP)
            weight->bytes += (double)entry->fts_statp->st_blocks * BLOCK;
        weight->python += is_package(entry);
    }
    fts_close(walk);
    return rc == 0 ? 0
                   : tote_error_set(err, rc, "cannot look into %s: %s", path,
                                    strerror(-rc));
}

/* --- where it lies --- */

static int weigh_files(const json_t *files, const char *program, struct weight *weight,
                       struct tote_error *err)
{
    char path[PATH_MAX];
    size_t i;
    const json_t *name;
    int folder = (int)(strrchr(program, '/') - program);
    json_array_foreach(files, i, name)
    {
        struct stat info;
        snprintf(path, sizeof path, "%.*s/%s", folder, program,
                 json_string_value(name));
        if (stat(path, &info) < 0)
            return tote_error_set(err, -errno, "cannot look at %s: %s", path,
                                  strerror(errno));
        weight->bytes += (double)info.st_size;
    }
    return 0;
}

static int data_folder(const struct tote_installed *installed, const char *data,
                       char into[static PATH_MAX], struct tote_error *err)
{
    if (!data)
        return tote_error_set(err, -ENOENT, "tote has no data folder");
    if (snprintf(into, PATH_MAX, "%s/%s", data, installed->data) >= PATH_MAX)
        return tote_error_set(err, -ENAMETOOLONG, "the path of its data is too long");
    return 0;
}

static int weigh(const struct tote_installed *installed, const char *program,
                 const char *data, struct weight *weight, struct tote_error *err)
{
    char folder[PATH_MAX];
    struct tote_dpkg_sum sum = {0};
    int rc = 0;
    if (json_array_size(installed->dpkg) > 0)
        rc = tote_dpkg_sum(TOTE_DPKG_STATUS, installed->dpkg, &sum, err);
    weight->debian = sum.packages;
    weight->bytes = sum.kib * KIB;
    if (rc == 0 && installed->data)
        rc = data_folder(installed, data, folder, err);
    if (rc == 0 && installed->data)
        rc = weigh_folder(folder, weight, err);
    return rc < 0 ? rc : weigh_files(installed->files, program, weight, err);
}

/* --- the time of setup --- */

static int record_path(const struct tote_installed *installed, const char *data,
                       char into[static PATH_MAX], struct tote_error *err)
{
    char folder[PATH_MAX];
    int rc = data_folder(installed, data, folder, err);
    if (rc == 0 && snprintf(into, PATH_MAX, "%s/" RECORD, folder) >= PATH_MAX)
        rc = tote_error_set(err, -ENAMETOOLONG, "the path of its data is too long");
    return rc;
}

static json_t *read_record(const char *path)
{
    void *bytes = NULL;
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    int rc = tote_file_read(fd, RECORD_MAX, &bytes, &n);
    close(fd);
    json_t *root = rc == 0 ? json_loadb(bytes, n, 0, NULL) : NULL;
    free(bytes);
    return root;
}

static void measure_setup(const struct tote_installed *installed, const char *data,
                          struct tote_fact *fact)
{
    char path[PATH_MAX];
    if (!installed->data || record_path(installed, data, path, NULL) < 0) {
        tote_fact_not_measured(fact, "tote does not install it");
        return;
    }
    json_t *root = read_record(path);
    const json_t *seconds = json_object_get(root, "seconds");
    const char *day = json_string_value(json_object_get(root, "day"));
    if (json_is_number(seconds) && json_number_value(seconds) >= 0)
        tote_fact_measured(fact, json_number_value(seconds), NULL,
                           "by tote engines setup, %s", day ? day : "no date");
    else
        tote_fact_not_measured(fact, "it was set up when tote kept no record of it");
    json_decref(root);
}

static void take_weight(const struct tote_installed *installed,
                        const struct weight *weight, struct tote_fact *packages,
                        struct tote_fact *megabytes)
{
    size_t n = weight->debian + weight->python;
    if (n > 0)
        tote_fact_measured(packages, (double)n, NULL,
                           "%zu of Debian: what is needed beyond its base system; %zu "
                           "of Python",
                           weight->debian, weight->python);
    else
        tote_fact_measured(packages, 0, NULL, "it names none beside tote");
    tote_fact_measured(megabytes, weight->bytes / MB, NULL,
                       "%s%sthe engine's own files",
                       weight->debian ? "these packages, " : "",
                       installed->data ? "the folder of its setup, " : "");
}

/* --- outside --- */

void tote_installed_measure(const struct tote_installed *installed, const char *program,
                            const char *data, struct tote_facts *facts)
{
    struct tote_fact *packages = &facts->at[TOTE_FACT_PACKAGES],
                     *megabytes = &facts->at[TOTE_FACT_MEGABYTES],
                     *seconds = &facts->at[TOTE_FACT_INSTALL];
    if (!installed->is_stated)
        return;
    struct weight weight = {0};
    struct tote_error why = {0};
    if (weigh(installed, program, data, &weight, &why) < 0) {
        tote_fact_not_measured(packages, "%s", why.text);
        tote_fact_not_measured(megabytes, "%s", why.text);
    } else {
        take_weight(installed, &weight, packages, megabytes);
    }
    if (!tote_fact_is_known(seconds))
        measure_setup(installed, data, seconds);
}

static int write_record(const char *path, double seconds)
{
    char day[32] = "";
    time_t now = (time_t)(tote_clock_utc() / TOTE_NS_PER_S);
    struct tm parts;
    if (gmtime_r(&now, &parts))
        strftime(day, sizeof day, "%Y-%m-%d", &parts);
    json_t *root = json_pack("{s:f, s:s}", "seconds", seconds, "day", day);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    int fd = text ? tote_file_make(path) : -ENOMEM;
    int rc = fd < 0 ? fd : tote_file_write(fd, text, strlen(text));
    if (fd >= 0)
        close(fd);
    free(text);
    return rc;
}

int tote_installed_record(const char *program, const char *data, double seconds,
                          struct tote_error *err)
{
    char path[PATH_MAX];
    struct tote_facts facts;
    struct tote_installed installed;
    tote_facts_init(&facts);
    int rc = tote_factsfile_load(program, &facts, &installed, err);
    if (rc == 0 && installed.data)
        rc = record_path(&installed, data, path, err);
    if (rc == 0 && installed.data)
        rc = write_record(path, seconds);
    tote_installed_finish(&installed);
    tote_facts_finish(&facts);
    return rc == 0 ? 0
                   : tote_error_set(err, rc, "cannot keep the time of the setup: %s",
                                    strerror(-rc));
}
