/* SPDX-License-Identifier: MIT */
/* folder_list.c: keeps paths of folders (folder_list.h). */
#include "core/folder_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void tote_folder_list_clear(struct tote_folder_list *list)
{
    while (list->n > 0)
        free(list->paths[--list->n]);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void tote_folder_list_drop_doubles(struct tote_folder_list *list)
{
    if (list->n == 0)
        return;
    qsort(list->paths, list->n, sizeof *list->paths, compare);
    size_t n = 1;
    for (size_t i = 1; i < list->n; i++) {
        if (strcmp(list->paths[i], list->paths[n - 1]) == 0)
            free(list->paths[i]);
        else
            list->paths[n++] = list->paths[i];
    }
    list->n = n;
}

static int make_room(struct tote_folder_list *list)
{
    if (list->n < list->capacity)
        return 0;
    tote_folder_list_drop_doubles(list);
    if (list->n <= list->capacity / 2 && list->capacity > 0)
        return 0;
    size_t capacity = list->capacity ? 2 * list->capacity : 64;
    char **paths = realloc(list->paths, capacity * sizeof *paths);
    if (!paths)
        return -ENOMEM;
    list->paths = paths;
    list->capacity = capacity;
    return 0;
}

int tote_folder_list_add(struct tote_folder_list *list, const char *path, size_t n)
{
    if (n == 0) {
        path = ".";
        n = 1;
    }
    const char *last = list->n > 0 ? list->paths[list->n - 1] : "";
    if (strncmp(last, path, n) == 0 && !last[n])
        return 0;
    char *copy = make_room(list) == 0 ? malloc(n + 1) : NULL;
    if (!copy)
        return -ENOMEM;
    memcpy(copy, path, n);
    copy[n] = '\0';
    list->paths[list->n++] = copy;
    return 0;
}

void tote_folder_list_drop(struct tote_folder_list *list, const char *path)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->paths[i], path) == 0)
            free(list->paths[i]);
        else
            list->paths[n++] = list->paths[i];
    }
    list->n = n;
}
