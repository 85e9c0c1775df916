/* SPDX-License-Identifier: MIT */
/* shown.c: texts of the user's in sentences (shown.h). */
#include "items/shown.h"

#include <stdio.h>
#include <string.h>

enum { BYTE_MAX = 4, DOTS = 3 }; /* bytes of "\xNN", of "..." */

struct tote_shown tote_shown_of(const char *text, size_t n)
{
    struct tote_shown shown = {{0}};
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (used + BYTE_MAX + DOTS >= sizeof shown.text) {
            memcpy(shown.text + used, "...", DOTS);
            break;
        }
        if (c >= ' ' && c <= '~')
            shown.text[used++] = (char)c;
        else
            used += (size_t)snprintf(shown.text + used, BYTE_MAX + 1, "\\x%02x", c);
    }
    return shown;
}
