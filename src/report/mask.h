/* SPDX-License-Identifier: MIT */
/* mask.h: makes text from a store safe to show. It comes from engines, hosts and file
 * names, so it may hold anything but a zero byte. */
#ifndef TOTE_MASK_H
#define TOTE_MASK_H

enum tote_mask {
    TOTE_MASK_NOTHING,
    TOTE_MASK_BYTES,    /* what is not UTF-8 */
    TOTE_MASK_CONTROLS, /* that, and what moves a cursor, breaks a line or turns the
                         * direction of writing */
};

/* Puts a '?' in place of each such character, in place; null is accepted. */
void tote_mask_text(char *text, enum tote_mask mask);

#endif
