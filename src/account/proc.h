/* SPDX-License-Identifier: MIT */
/* proc.h: what files of /proc say, from their text to numbers. Pure: opens no file and
 * knows no process; what reads them is in sampler.c and reading.c.
 *
 *     struct tote_proc_stat stat;
 *     if (tote_proc_parse_stat(text, &stat)) ...
 *
 * All take text that ends with a NUL, of a process that may write its own name, and of
 * a kernel that may be older or newer. False, or -1 for a number: it is not there. */
#ifndef TOTE_PROC_H
#define TOTE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tote/clock.h"

#define TOTE_PROC_NAME_MAX 64

struct tote_proc_stat {
    char name[TOTE_PROC_NAME_MAX]; /* of its program, cut by the kernel */
    pid_t parent;
    int64_t threads;
    uint64_t start; /* ticks since the machine was started: tells pids apart that
                     * were used twice */
    int64_t reaped; /* ticks: CPU of children that ended and were waited for */
};

/* /proc/PID/stat */
bool tote_proc_parse_stat(const char *text, struct tote_proc_stat *ret_stat);

/* The pid of /proc/PID/status in the namespace that lies `depth` below the reader's; 0:
 * there is none. */
pid_t tote_proc_parse_inner(const char *text, unsigned depth);

/* A line "NAME: N kB" of smaps_rollup or status, in bytes. */
int64_t tote_proc_parse_kb(const char *text, const char *name);

/* Bytes received by lo, of /proc/PID/net/dev. */
int64_t tote_proc_parse_loopback(const char *text);

/* Sockets in use of a protocol, "TCP" or "TCP6", of /proc/PID/net/sockstat or
 * sockstat6. */
int64_t tote_proc_parse_sockets(const char *text, const char *protocol);

/* Adds the addresses that listen of /proc/PID/net/tcp or tcp6 to ports (size bytes, a
 * text), each once, as "127.0.0.1:80 [::]:81". False: no room for all. */
bool tote_proc_add_ports(const char *text, char *ports, size_t size);

/* Sums of /proc/stat over all cores, in ticks. */
struct tote_proc_cpu {
    int64_t busy, idle, steal, cores;
};
bool tote_proc_parse_cpu(const char *text, struct tote_proc_cpu *ret_cpu);

/* Load of the last minute times 1,000, of /proc/loadavg. */
int64_t tote_proc_parse_load(const char *text);

/* Total of "some" of /proc/pressure/..., in ns. */
tote_ns_t tote_proc_parse_pressure(const char *text);

#endif
