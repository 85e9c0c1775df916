/* SPDX-License-Identifier: MIT */
/* fuzz_pack.c: packs. The hash over the bytes is set right first, or nothing would come
 * past it; a pack that is read is written again as the same bytes. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *write_again(const struct tote_pack *pack, size_t *ret_n)
{
    void *bytes = NULL;
    struct tote_pack_writer *w =
        tote_pack_begin(pack->first, pack->count, pack->attempt);
    for (uint32_t i = 0; i < pack->count; i++)
        tote_pack_add(w, &pack->results[i]);
    int rc = tote_pack_end(w, &bytes, ret_n, NULL);
    assert(rc == 0);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tote_pack pack;
    struct tote_error err = {0};
    uint8_t *bytes = mend(data, size);
    if (tote_pack_parse(bytes, size, &pack, &err) < 0) {
        assert(err.text[0]);
        free(bytes);
        return 0;
    }
    size_t n = 0;
    void *again = write_again(&pack, &n);
    assert(n == size && memcmp(again, bytes, n) == 0);
    free(again);
    free(bytes);
    tote_pack_finish(&pack);
    return 0;
}
