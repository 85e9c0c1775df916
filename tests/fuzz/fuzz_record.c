/* SPDX-License-Identifier: MIT */
/* fuzz_record.c: record lines: what is read is what would have been written. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "tote/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tote_record record;
    if (tote_record_parse((const char *)data, size, &record) < 0)
        return 0;
    char line[TOTE_RECORD_MAX];
    size_t n = tote_record_format(&record, line);
    assert(n <= TOTE_RECORD_MAX && n >= TOTE_RECORD_MIN);
    assert(n == size + (data[size - 1] != '\n'));
    assert(memcmp(line, data, n - 1) == 0);
    return 0;
}
