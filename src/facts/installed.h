/* SPDX-License-Identifier: MIT */
/* installed.h: what an engine takes on the disk, and how long it took to get there:
 * measured where its facts file says that it lies. Starts nothing. */
#ifndef TOTE_INSTALLED_H
#define TOTE_INSTALLED_H

#include "facts/facts.h"
#include "facts/factsfile.h"
#include "tote/error.h"

/* Sets packages, megabytes and the seconds of installing, as far as the file leaves
 * them open. data: tote's data folder; null: there is none. What cannot be measured is
 * a fact that says so, not an error. */
void tote_installed_measure(const struct tote_installed *installed, const char *program,
                            const char *data, struct tote_facts *facts);

/* Keeps how long `engines setup` took in the folder that it has made, so that it goes
 * with it. Does nothing for an engine whose facts name no such folder. -errno. */
int tote_installed_record(const char *program, const char *data, double seconds,
                          struct tote_error *err);

#endif
