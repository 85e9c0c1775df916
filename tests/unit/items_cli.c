/* SPDX-License-Identifier: MIT */
/* items_cli.c: prints the rows of a CSV file for test_items_oracle.py: items-cli FILE
 * writes a line for each row, the names first, values in hexadecimal with commas
 * between, and at last "end" or "error". */
#include <stdio.h>

#include "items/items.h"

static void print_row(const char *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            putchar(',');
        for (const char *c = values[i]; *c; c++)
            printf("%02x", (unsigned char)*c);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct tote_items_source source = {.kind = TOTE_ITEMS_CSV,
                                       .path = argc > 1 ? argv[1] : "-"};
    struct tote_items *items = NULL;
    struct tote_error err = {0};
    struct tote_item item;
    size_t n;
    int rc = tote_items_open(&source, &items, &err);
    if (rc == 0) {
        const char *const *names = tote_items_columns(items, &n);
        print_row(names, n);
        while ((rc = tote_items_next(items, &item, &err)) == TOTE_ITEMS_ONE)
            print_row(item.columns, item.n);
    }
    puts(rc == TOTE_ITEMS_END ? "end" : "error");
    fprintf(stderr, "%s\n", err.text);
    tote_items_close(items);
    return 0;
}
