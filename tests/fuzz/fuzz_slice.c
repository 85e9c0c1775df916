/* SPDX-License-Identifier: MIT */
/* fuzz_slice.c: slices. The hash over the bytes is set right first, or nothing would
 * come past it; a slice that is read is written again as the same bytes. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *write_again(const struct tote_slice *slice, size_t *ret_n)
{
    void *bytes = NULL;
    struct tote_slice_writer *w =
        tote_slice_begin(&slice->rules, slice->first, slice->count, slice->attempt);
    for (uint32_t i = 0; i < slice->count; i++)
        tote_slice_add(w, &slice->commands[i]);
    int rc = tote_slice_end(w, &bytes, ret_n, NULL);
    assert(rc == 0);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tote_slice slice;
    struct tote_error err = {0};
    uint8_t *bytes = mend(data, size);
    if (tote_slice_parse(bytes, size, &slice, &err) < 0) {
        assert(err.text[0]);
        free(bytes);
        return 0;
    }
    size_t n = 0;
    void *again = write_again(&slice, &n);
    assert(n == size && memcmp(again, bytes, n) == 0);
    free(again);
    free(bytes);
    tote_slice_finish(&slice);
    return 0;
}
