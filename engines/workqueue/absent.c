/* SPDX-License-Identifier: MIT */
/* absent.c: the engine program for Work Queue where tote is built without its library:
 * says so, and how to mend it. Not linked to anything of CCTools. */
#include "tote/engine.h"

static const char absent_why[] =
    "this tote was built without the library of Work Queue";
/* In the folder of tote's sources: packages first, then a build that looks for them
 * anew. */
static const char absent_mend[] = "sudo apt-get install coop-computing-tools "
                                  "coop-computing-tools-dev && make clean all";

static const char *absent_find(const char **ret_why, const char **ret_mend)
{
    *ret_why = absent_why;
    *ret_mend = absent_mend;
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct tote_engine_about about = {
        .name = "workqueue",
        .summary = "Work Queue of CCTools, with real workers",
        .find = absent_find,
    };
    tote_engine_open(&about, argc, argv, NULL); /* describes itself, or refuses */
    return 1;
}
