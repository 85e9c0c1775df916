/* SPDX-License-Identifier: MIT */
/* table.c: the kernels that are built in (kernel.h). A visible table, not constructors:
 * a linker drops those of a static library without a word. */
#include "tote/kernel.h"

#include <string.h>

extern const struct tote_kernel tote_kernel_zfp, tote_kernel_zlib, tote_kernel_noop,
    tote_kernel_spin, tote_kernel_sleep, tote_kernel_fault;

const struct tote_kernel *const tote_kernels[] = {
    &tote_kernel_zfp,
    &tote_kernel_zlib,
    &tote_kernel_noop,
    &tote_kernel_spin,
    &tote_kernel_sleep,
    &tote_kernel_fault,
    NULL,
};

const struct tote_kernel *tote_kernel_find(const char *name)
{
    for (size_t i = 0; tote_kernels[i]; i++)
        if (!strcmp(tote_kernels[i]->name, name))
            return tote_kernels[i];
    return NULL;
}
