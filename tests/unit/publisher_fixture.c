/* SPDX-License-Identifier: MIT */
/* publisher_fixture.c: see publisher_fixture.h. */
#include "publisher_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/folder.h"

static char place[PATH_MAX];

int place_enter(const char *above)
{
    const char *temp = getenv("TMPDIR");
    if (!above)
        above = temp && temp[0] ? temp : "/tmp";
    snprintf(place, sizeof place, "%s/publisher-XXXXXX", above);
    if (!mkdtemp(place) || chdir(place) < 0 || mkdir(RESULTS, 0777) < 0 ||
        mkdir(ATTEMPTS, 0700) < 0)
        return -errno;
    return 0;
}

void place_leave(void)
{
    if (chdir("/") == 0)
        tote_folder_remove(place);
}

bool fill_file(const char *path, const char *text)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(copy, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    bool is_good = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_good;
}

struct tote_publisher_file fill_output(const char *attempt, const char *path,
                                       const char *text)
{
    char full[PATH_MAX];
    snprintf(full, sizeof full, ATTEMPTS "/%s/%s", attempt, path);
    if (!fill_file(full, text))
        fprintf(stderr, "cannot make %s\n", full);
    return (struct tote_publisher_file){.path = path,
                                        .size = strlen(text),
                                        .mode = 0640,
                                        .digest = tote_digest_of(text, strlen(text))};
}

bool holds(const char *path, const char *text)
{
    char got[4096];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof got);
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(text) && memcmp(got, text, (size_t)n) == 0;
}

bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

size_t count_below(const char *path, const char *prefix)
{
    size_t n = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        n += !prefix || strncmp(name, prefix, strlen(prefix)) == 0;
        char below[PATH_MAX];
        struct stat info;
        snprintf(below, sizeof below, "%.2000s/%s", path, name);
        if (lstat(below, &info) == 0 && S_ISDIR(info.st_mode))
            n += count_below(below, prefix);
    }
    closedir(folder);
    return n;
}

size_t count_fds(void)
{
    size_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        n++;
    if (folder)
        closedir(folder);
    return n;
}

struct tote_publisher *publisher_open(bool is_hostile)
{
    struct tote_publisher_config config = {
        .results = RESULTS, .attempts = ATTEMPTS, .is_hostile = is_hostile};
    struct tote_publisher *publisher = NULL;
    struct tote_error err = {0};
    if (tote_publisher_open(&config, &publisher, &err) < 0)
        fprintf(stderr, "%s\n", err.text);
    return publisher;
}
