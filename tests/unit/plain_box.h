/* SPDX-License-Identifier: MIT */
/* plain_box.h: how a test gets a box without namespaces where they are allowed. */
#ifndef TOTE_PLAIN_BOX_H
#define TOTE_PLAIN_BOX_H

/* clone() with CLONE_NEWUSER says EPERM from now on, here and in children; ends with 77
 * where that cannot be had. */
void plain_box_forbid(void);

#endif
