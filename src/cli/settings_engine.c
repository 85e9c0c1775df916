/* SPDX-License-Identifier: MIT */
/* settings_engine.c: see settings_engine.h. */
#include "cli/settings_engine.h"

#include <errno.h>
#include <string.h>

#include "cli/enginelist.h"

static bool has_path(const char *engine)
{
    return memchr(engine, '/', strcspn(engine, ":"));
}

int tote_settings_check_engine(const char *where, const char *engine,
                               struct tote_error *err)
{
    if (!has_path(engine))
        return 0;
    return tote_error_set(
        err, -EINVAL,
        "%s: a bag file names engines, not programs: give '%s' on the "
        "command line",
        where, engine);
}

int tote_settings_check_engines(const char *where, const char *engines,
                                struct tote_error *err)
{
    struct tote_engine_list list;
    int rc = tote_engine_list_split(engines, &list, err);
    for (size_t i = 0; rc == 0 && i < list.n; i++)
        rc = tote_settings_check_engine(where, list.texts[i], err);
    return rc;
}

/* Each text is read here as it will be read later: one is an engine, the other a list.
 */
int tote_settings_check_bag_file(const struct tote_settings *settings,
                                 struct tote_error *err)
{
    const char *where = settings->bag_file;
    int rc = tote_settings_check_engine(where, settings->engine, err);
    return rc < 0 ? rc : tote_settings_check_engines(where, settings->engines, err);
}

static int check_store_engines(const char *engines, struct tote_error *err)
{
    struct tote_engine_list list;
    int rc = tote_engine_list_split(engines, &list, err);
    for (size_t i = 0; rc == 0 && i < list.n; i++)
        if (has_path(list.texts[i]))
            rc = tote_error_set(err, -EINVAL,
                                "the store names a program as an engine: give its "
                                "engines on the command line, --engines %.400s",
                                engines);
    return rc;
}

int tote_settings_check_store(const struct tote_settings *settings,
                              enum tote_settings_of command, struct tote_error *err)
{
    if (tote_settings_is_experiment(command))
        return check_store_engines(settings->engines, err);
    if (!has_path(settings->engine))
        return 0;
    return tote_error_set(err, -EINVAL,
                          "the store names a program as its engine: give it on the "
                          "command line, --engine %.200s",
                          settings->engine);
}
