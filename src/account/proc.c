/* SPDX-License-Identifier: MIT */
/* proc.c: see proc.h, and proc(5). */
#include "account/proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTENS "0A" /* TCP_LISTEN, as the kernel prints it */

/* The next number of a text, behind blanks. False: there is none, or it is too large.
 */
static bool next_number(const char **text, int64_t *ret_value)
{
    char *end;
    errno = 0;
    long long value = strtoll(*text, &end, 10);
    if (end == *text || errno)
        return false;
    *text = end;
    *ret_value = value;
    return true;
}

static const char *next_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return end ? end + 1 : NULL;
}

/* Behind "NAME:" at the begin of a line, or null. */
static const char *find_line(const char *text, const char *name)
{
    size_t n = strlen(name);
    for (; text; text = next_line(text)) {
        const char *at = text + strspn(text, " ");
        if (strncmp(at, name, n) == 0 && at[n] == ':')
            return at + n + 1;
    }
    return NULL;
}

/* --- processes --- */

/* The name stands in brackets and may hold any byte, brackets too. */
bool tote_proc_parse_stat(const char *text, struct tote_proc_stat *ret_stat)
{
    enum { PARENT = 4, REAPED_USER = 16, REAPED_SYS = 17, THREADS = 20, START = 22 };
    int64_t fields[START + 1];
    const char *from = strchr(text, '('), *to = strrchr(text, ')');
    if (!from || !to || to < from || to[1] != ' ' || !to[2] || to[3] != ' ')
        return false;
    const char *at = to + 3; /* behind the state, field 3 */
    for (int i = PARENT; i <= START; i++) {
        if (!next_number(&at, &fields[i]))
            return false;
    }
    *ret_stat = (struct tote_proc_stat){
        .parent = (pid_t)fields[PARENT],
        .threads = fields[THREADS],
        .start = (uint64_t)fields[START],
        .reaped = fields[REAPED_USER] + fields[REAPED_SYS],
    };
    snprintf(ret_stat->name, sizeof ret_stat->name, "%.*s", (int)(to - from - 1),
             from + 1);
    return true;
}

pid_t tote_proc_parse_inner(const char *text, unsigned depth)
{
    const char *at = find_line(text, "NSpid");
    int64_t pid = 0;
    for (unsigned i = 0; at && i <= depth; i++) {
        at += strspn(at, " \t");
        if (*at == '\n' || !next_number(&at, &pid))
            return 0;
    }
    return (pid_t)pid;
}

int64_t tote_proc_parse_kb(const char *text, const char *name)
{
    const char *at = find_line(text, name);
    int64_t kb;
    if (!at || !next_number(&at, &kb) || kb < 0 || kb > INT64_MAX / 1024)
        return -1;
    return 1024 * kb;
}

/* --- the network --- */

int64_t tote_proc_parse_loopback(const char *text)
{
    const char *at = find_line(text, "lo");
    int64_t bytes;
    return at && next_number(&at, &bytes) && bytes >= 0 ? bytes : -1;
}

int64_t tote_proc_parse_sockets(const char *text, const char *protocol)
{
    static const char what[] = " inuse ";
    const char *at = find_line(text, protocol);
    int64_t n;
    if (!at || strncmp(at, what, sizeof what - 1) != 0)
        return -1;
    at += sizeof what - 1;
    return next_number(&at, &n) && n >= 0 ? n : -1;
}

/* The words of hex digits are the bytes of the address in the order of the machine. */
static bool format_address(const char *hex, size_t n, unsigned port, char *text,
                           size_t size)
{
    uint32_t words[4];
    char address[INET6_ADDRSTRLEN];
    for (size_t i = 0; i < n / 8; i++) {
        char word[9];
        snprintf(word, sizeof word, "%.8s", hex + 8 * i);
        words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    bool is_six = n == 32;
    if (!inet_ntop(is_six ? AF_INET6 : AF_INET, words, address, sizeof address))
        return false;
    snprintf(text, size, is_six ? "[%s]:%u" : "%s:%u", address, port);
    return true;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += n) {
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    }
    return false;
}

static bool add_word(const char *word, char *words, size_t size)
{
    size_t n = strlen(words);
    if (has_word(words, word))
        return true;
    if (n + strlen(word) + 2 > size)
        return false;
    snprintf(words + n, size - n, "%s%s", n ? " " : "", word);
    return true;
}

bool tote_proc_add_ports(const char *text, char *ports, size_t size)
{
    bool has_all = true;
    for (const char *line = next_line(text); line; line = next_line(line)) {
        char hex[40], state[3], word[80];
        unsigned port;
        if (sscanf(line, " %*d: %39[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %2s", hex, &port,
                   state) != 3 ||
            strcmp(state, LISTENS) != 0)
            continue;
        size_t n = strlen(hex);
        if ((n == 8 || n == 32) && format_address(hex, n, port, word, sizeof word))
            has_all = add_word(word, ports, size) && has_all;
    }
    return has_all;
}

/* --- the machine --- */

bool tote_proc_parse_cpu(const char *text, struct tote_proc_cpu *ret_cpu)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
    int64_t fields[FIELDS] = {0};
    struct tote_proc_cpu cpu = {0};
    if (strncmp(text, "cpu ", 4) != 0)
        return false;
    const char *at = text + 4;
    for (int i = 0; i < FIELDS; i++) {
        if (!next_number(&at, &fields[i]))
            return false;
    }
    for (const char *line = next_line(text); line; line = next_line(line))
        cpu.cores += strncmp(line, "cpu", 3) == 0;
    cpu.busy =
        fields[USER] + fields[NICE] + fields[SYSTEM] + fields[IRQ] + fields[SOFTIRQ];
    cpu.idle = fields[IDLE] + fields[IOWAIT];
    cpu.steal = fields[STEAL];
    *ret_cpu = cpu;
    return cpu.cores > 0;
}

int64_t tote_proc_parse_load(const char *text)
{
    int64_t whole, hundredths;
    if (!next_number(&text, &whole) || *text != '.' || whole < 0)
        return -1;
    text++;
    return next_number(&text, &hundredths) ? 1000 * whole + 10 * hundredths : -1;
}

tote_ns_t tote_proc_parse_pressure(const char *text)
{
    int64_t us;
    if (strncmp(text, "some ", 5) != 0)
        return -1;
    const char *at = strstr(text, "total=");
    const char *end = strchr(text, '\n');
    if (!at || (end && at > end))
        return -1;
    at += strlen("total=");
    return next_number(&at, &us) && us >= 0 ? us * TOTE_NS_PER_US : -1;
}
