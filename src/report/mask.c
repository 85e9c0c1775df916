/* SPDX-License-Identifier: MIT */
/* mask.c: walks over UTF-8 and replaces what must not be shown (mask.h). */
#include "report/mask.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the UTF-8 character at text and its code point, or 0 if there is none: a
 * lone or missing continuation, an overlong form, a surrogate, above U+10FFFF. */
static size_t decode(const unsigned char *text, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned first = text[0];
    size_t n = first < 0x80   ? 1
               : first < 0xc0 ? 0
               : first < 0xe0 ? 2
               : first < 0xf0 ? 3
                              : 4;
    if (n == 0 || first > 0xf4)
        return 0;
    uint32_t code = n == 1 ? first : first & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80) /* also the terminator */
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    *ret_code = code;
    return n;
}

static bool is_control(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xe0000, 0xe007f},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    }
    return false;
}

void tote_mask_text(char *text, enum tote_mask mask)
{
    if (!text || mask == TOTE_MASK_NOTHING)
        return;
    const unsigned char *from = (const unsigned char *)text;
    char *to = text;
    while (*from) {
        uint32_t code = 0;
        size_t n = decode(from, &code);
        bool is_bad = n == 0 || (mask == TOTE_MASK_CONTROLS && is_control(code));
        if (is_bad) {
            *to++ = '?';
            from += n ? n : 1;
            continue;
        }
        for (size_t i = 0; i < n; i++)
            *to++ = (char)*from++;
    }
    *to = '\0';
}
