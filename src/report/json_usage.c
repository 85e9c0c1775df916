/* SPDX-License-Identifier: MIT */
/* json_usage.c: see json_usage.h. As in json.c, json_pack takes what it is given. */
#include "report/json_usage.h"

#include <math.h>
#include <string.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count(int64_t value)
{
    return value >= 0 ? json_integer((json_int_t)value) : json_null();
}

/* A time that the store has in ns, in seconds. */
static json_t *seconds(tote_ns_t ns)
{
    return ns >= 0 ? json_real((double)ns / (double)TOTE_NS_PER_S) : json_null();
}

/* --- usage --- */

static json_t *cpu(const struct tote_used *used)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o}", "total", number(used->cpu_s.total), "control",
        number(used->cpu_s.control), "workers", number(used->cpu_s.workers), "kernel",
        number(used->cpu_s.kernel), "unattributed", number(used->cpu_s.unattributed),
        "sampler", number(used->cpu_s.sampler));
}

static json_t *memory(const struct tote_used *used)
{
    const char *how = used->usage.memory_how;
    return json_pack("{s:o, s:o, s:o}", "peak_bytes", count(used->usage.memory_bytes),
                     "at_s", number(used->memory_at_s), "how",
                     how[0] ? json_string(how) : json_null());
}

static json_t *ports(const struct tote_usage_row *usage)
{
    json_t *array = usage->has_ports ? json_array() : json_null();
    const char *at = usage->ports;
    while (usage->has_ports && array && *at) {
        size_t n = strcspn(at, " ");
        if (json_array_append_new(array, json_stringn(at, n)) < 0) {
            json_decref(array);
            return NULL;
        }
        at += n + strspn(at + n, " ");
    }
    return array;
}

json_t *tote_json_usage(const struct tote_used *used)
{
    const struct tote_usage_row *usage = &used->usage;
    if (!used->is_known)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "cpu_s", cpu(used),
                     "memory", memory(used), "loopback_bytes",
                     count(usage->loopback_bytes), "processes", count(usage->processes),
                     "threads", count(usage->threads), "descriptors",
                     count(usage->descriptors), "ports", ports(usage), "samples",
                     count(usage->samples));
}

/* --- machine --- */

static json_t *reading(bool is_there, const struct tote_reading_row *row)
{
    if (!is_there)
        return json_null();
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "load",
        row->load_milli >= 0 ? json_real((double)row->load_milli / 1000) : json_null(),
        "cores", count(row->cores), "busy_s", seconds(row->busy_ns), "idle_s",
        seconds(row->idle_ns), "steal_s", seconds(row->steal_ns), "cpu_wait_s",
        seconds(row->cpu_wait_ns), "memory_wait_s", seconds(row->memory_wait_ns),
        "io_wait_s", seconds(row->io_wait_ns), "clock_hz", count(row->clock_hz));
}

json_t *tote_json_machine(const struct tote_machine *machine)
{
    if (!machine->has_before && !machine->has_after)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "busy",
                     machine->is_judged ? json_boolean(machine->is_busy) : json_null(),
                     "others", number(machine->others), "steal", number(machine->steal),
                     "cpu_wait", number(machine->cpu_wait), "before",
                     reading(machine->has_before, &machine->before), "after",
                     reading(machine->has_after, &machine->after));
}
