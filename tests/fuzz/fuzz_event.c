/* SPDX-License-Identifier: MIT */
/* fuzz_event.c: what an engine program writes: event lines, and what it says of itself.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_event(const struct tote_event *event)
{
    assert(event->n_workers <= TOTE_WORKERS_MAX);
    assert(event->n_records <= TOTE_BATCH_MAX);
    assert(event->kind != TOTE_EVENT_LOST || strlen(event->why) <= TOTE_WHY_MAX);
    for (size_t i = 0; i < event->n_records; i++)
        assert(event->records[i].attempt > 0 &&
               event->records[i].start_ns <= event->records[i].end_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *line = (const char *)data;
    struct tote_error err = {0}, why = {0};
    struct tote_event event;
    struct tote_describe about;
    if (tote_event_parse(line, size, &event, &err) == 0) {
        check_event(&event);
        tote_event_finish(&event);
    } else {
        assert(err.text[0]);
    }
    if (tote_describe_parse(line, size, &about, &why) == 0) {
        assert(strlen(about.name) <= TOTE_WHY_MAX && json_is_array(about.options));
        tote_describe_finish(&about);
    } else {
        assert(why.text[0]);
    }
    return 0;
}
