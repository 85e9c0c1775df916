/* SPDX-License-Identifier: MIT */
/* trace_events.c: lines of JSON (trace_events.h). */
#include "report/trace_events.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/mask.h"

/* Needs no escape: so are nearly all names, and there may be millions. */
static bool is_plain(const char *text)
{
    for (; *text; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
            return false;
    }
    return true;
}

void tote_trace_put_text(FILE *out, const char *text)
{
    if (is_plain(text)) {
        fprintf(out, "\"%s\"", text);
        return;
    }
    char *copy = strdup(text);
    tote_mask_text(copy, TOTE_MASK_BYTES);
    json_t *string = copy ? json_string(copy) : NULL;
    if (!string || json_dumpf(string, out, JSON_ENCODE_ANY) < 0)
        fputs("\"?\"", out); /* out of memory: a name less */
    json_decref(string);
    free(copy);
}

static void put_time(FILE *out, tote_ns_t ns)
{
    uint64_t size = ns < 0 ? (uint64_t)0 - (uint64_t)ns : (uint64_t)ns;
    fprintf(out, "%s%" PRIu64 ".%03u", ns < 0 ? "-" : "", size / 1000,
            (unsigned)(size % 1000));
}

static void put_stamp(const struct tote_trace_events *events, tote_ns_t at)
{
    put_time(events->out, at - events->base_ns);
}

static void put_head(struct tote_trace_events *events, const char *phase,
                     const char *name, uint64_t pid, uint64_t tid)
{
    fprintf(events->out, "%s{\"ph\":\"%s\",\"pid\":%" PRIu64,
            events->n++ ? ",\n" : "\n", phase, pid);
    if (tid)
        fprintf(events->out, ",\"tid\":%" PRIu64, tid);
    fputs(",\"name\":", events->out);
    tote_trace_put_text(events->out, name);
}

void tote_trace_begin(struct tote_trace_events *events)
{
    fputs("{\"traceEvents\":[", events->out);
}

void tote_trace_end(struct tote_trace_events *events)
{
    fputs("\n]", events->out);
}

void tote_trace_name(struct tote_trace_events *events, const char *kind, uint64_t pid,
                     uint64_t tid, const char *name)
{
    put_head(events, "M", kind, pid, tid);
    fputs(",\"args\":{\"name\":", events->out);
    tote_trace_put_text(events->out, name);
    fputs("}}", events->out);
}

void tote_trace_sort(struct tote_trace_events *events, const char *kind, uint64_t pid,
                     uint64_t tid, uint64_t place)
{
    put_head(events, "M", kind, pid, tid);
    fprintf(events->out, ",\"args\":{\"sort_index\":%" PRIu64 "}}", place);
}

void tote_trace_counter(struct tote_trace_events *events, const char *name,
                        uint64_t pid, tote_ns_t at, int64_t value)
{
    put_head(events, "C", name, pid, 0);
    fputs(",\"ts\":", events->out);
    put_stamp(events, at);
    fprintf(events->out, ",\"args\":{\"n\":%" PRId64 "}}", value);
}

static void open_args(struct tote_trace_events *events)
{
    fputs(",\"args\":{", events->out);
    events->n_args = 0;
}

void tote_trace_slice(struct tote_trace_events *events, const char *category,
                      const char *name, uint64_t pid, uint64_t tid, tote_ns_t start,
                      tote_ns_t end)
{
    put_head(events, "X", name, pid, tid);
    fprintf(events->out, ",\"cat\":\"%s\",\"ts\":", category);
    put_stamp(events, start);
    fputs(",\"dur\":", events->out);
    put_time(events->out, end - start);
    open_args(events);
}

void tote_trace_instant(struct tote_trace_events *events, const char *category,
                        const char *name, uint64_t pid, uint64_t tid, tote_ns_t at)
{
    put_head(events, "i", name, pid, tid);
    fprintf(events->out, ",\"s\":\"p\",\"cat\":\"%s\",\"ts\":", category);
    put_stamp(events, at);
    open_args(events);
}

static void open_arg(struct tote_trace_events *events, const char *name)
{
    fprintf(events->out, "%s\"%s\":", events->n_args++ ? "," : "", name);
}

void tote_trace_arg_count(struct tote_trace_events *events, const char *name,
                          uint64_t value)
{
    open_arg(events, name);
    fprintf(events->out, "%" PRIu64, value);
}

void tote_trace_arg_time(struct tote_trace_events *events, const char *name,
                         tote_ns_t ns)
{
    open_arg(events, name);
    put_time(events->out, ns);
}

void tote_trace_arg_text(struct tote_trace_events *events, const char *name,
                         const char *text)
{
    open_arg(events, name);
    tote_trace_put_text(events->out, text);
}

void tote_trace_close(struct tote_trace_events *events)
{
    fputs("}}", events->out);
}
