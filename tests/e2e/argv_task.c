/* SPDX-License-Identifier: MIT */
/* argv_task.c: a command that says what it was called with, so that no byte of it can
 * be lost in the printing: each argument in hexadecimal, a line each, then "item" with
 * that of the environment. Above 64 bytes a digest stands for an argument: its length
 * and an FNV-1a sum. For tests/e2e/test_odd_items.py. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 64

static void print_long(const unsigned char *text, size_t n)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ text[i]) * UINT64_C(0x100000001b3);
    printf("%zu:%016" PRIx64 "\n", n, sum);
}

static void print(const char *text)
{
    size_t n = strlen(text);
    if (n > SHOWN_MAX) {
        print_long((const unsigned char *)text, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        printf("%02x", (unsigned char)text[i]);
    putchar('\n');
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        print(argv[i]);
    const char *item = getenv("TOTE_ITEM");
    fputs("item ", stdout);
    print(item ? item : "");
    return ferror(stdout) || fclose(stdout) ? 1 : 0;
}
