/* SPDX-License-Identifier: MIT */
/* replay.c: runs a fuzz target over the files of its corpus, in place of libFuzzer, so
 * that the ordinary build tests them too: replay FOLDER... */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_BYTES = 1 << 21 };

/* The input is a block of its own size, so that a sanitizer sees a step over its end.
 */
static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *all = malloc(SIZE_MAX_BYTES);
    if (!file || !all) {
        perror(path);
        return 1;
    }
    size_t n = fread(all, 1, SIZE_MAX_BYTES, file);
    fclose(file);
    uint8_t *data = realloc(all, n ? n : 1);
    LLVMFuzzerTestOneInput(data ? data : all, n);
    free(data ? data : all);
    return 0;
}

static int replay_folder(const char *folder, unsigned *n)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int rc = 0;
    if (!dir) {
        perror(folder);
        return 1;
    }
    while (rc == 0 && (entry = readdir(dir))) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        rc = replay_file(path);
        ++*n;
    }
    closedir(dir);
    return rc;
}

int main(int argc, char **argv)
{
    unsigned n = 0;
    for (int i = 1; i < argc; i++)
        if (replay_folder(argv[i], &n) != 0)
            return 1;
    printf("%u inputs replayed\n", n);
    return n == 0; /* an empty corpus tests nothing */
}
