/* SPDX-License-Identifier: MIT */
/* manual.h: the manual page tote(1), made from the tables that the parsers use. */
#ifndef TOTE_MANUAL_H
#define TOTE_MANUAL_H

#include <stdio.h>

/* Writes the page in man(7) macros. */
void tote_manual_print(FILE *out);

#endif
