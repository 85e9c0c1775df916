/* SPDX-License-Identifier: MIT */
/* page.h: what an HTML report carries beside its tables, as texts within the program:
 * charts/join.py makes them when tote is built (page.S). They are in the program, and
 * not in a file beside it, so that a tote that was moved or copied alone writes the
 * same report, and never with the scripts of another version. */
#ifndef TOTE_PAGE_H
#define TOTE_PAGE_H

extern const char tote_page_style[];
extern const char tote_page_script[];  /* "": there are no charts */
extern const char tote_page_policy[];  /* Content-Security-Policy: these two texts */
extern const char tote_page_without[]; /* why there are no charts; "": there are */

#endif
