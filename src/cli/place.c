/* SPDX-License-Identifier: MIT */
/* place.c: see place.h. */
#include "cli/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc = mkdir(path, 0700);
        *slash = '/';
        if (rc < 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

static int no_place(const char *path, int rc, struct tote_error *err)
{
    return tote_error_set(err, -EINVAL,
                          "cannot make a place for the store at %s: %s; name one with "
                          "--store",
                          path, strerror(-rc));
}

int tote_place_store(const char *kind, char *into, size_t size, struct tote_error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME"), *below = "";
    if (!state || state[0] != '/') {
        state = home;
        below = "/.local/state";
    }
    if (!state || state[0] != '/')
        return tote_error_set(err, -EINVAL,
                              "no place for the store: neither XDG_STATE_HOME nor HOME "
                              "names a folder; name the store with --store");
    char stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    int n = snprintf(into, size, "%s%s/tote/%s-%s-%d.tote", state, below, kind, stamp,
                     getpid());
    int rc = n < 0 || (size_t)n >= size ? -ENAMETOOLONG : make_folders(into);
    return rc < 0 ? no_place(into, rc, err) : 0;
}

bool tote_place_data(char *into, size_t size)
{
    const char *data = getenv("XDG_DATA_HOME"), *below = "";
    if (!data || data[0] != '/') {
        data = getenv("HOME");
        below = "/.local/share";
    }
    if (!data || data[0] != '/')
        return false;
    int n = snprintf(into, size, "%s%s/tote", data, below);
    return n > 0 && (size_t)n < size;
}

bool tote_place_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool tote_place_is_gone_with(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    bool is_below = strncmp(path, folder, n) == 0 && path[n] == '/';
    return is_below && !tote_place_is_folder(folder) && !tote_place_is_folder(path);
}
