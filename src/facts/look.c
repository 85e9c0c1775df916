/* SPDX-License-Identifier: MIT */
/* look.c: walks /proc (look.h). Processes come and go while it is read: what is gone is
 * not counted and is no error. */
#include "facts/look.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_SHOWN 64
#define LISTENING      0x0a /* TCP_LISTEN, as /proc writes states */

struct process {
    pid_t pid, parent;
    bool is_inside, is_zombie;
};

struct processes {
    struct process *at;
    size_t n;
};

/* --- small files --- */

/* Bytes read, the array ended by a NUL; -1: it is gone. */
static ssize_t read_start(const char *path, char *into, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, into, size - 1);
    close(fd);
    if (n >= 0)
        into[n] = '\0';
    return n;
}

/* --- the tree --- */

static bool read_process(const char *pid, struct process *ret)
{
    char path[64], text[512], state;
    int parent;
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    if (read_start(path, text, sizeof text) <= 0)
        return false;
    const char *after = strrchr(text, ')'); /* the name may hold anything */
    if (!after || sscanf(after + 1, " %c %d", &state, &parent) != 2)
        return false;
    *ret = (struct process){.pid = (pid_t)strtol(pid, NULL, 10),
                            .parent = parent,
                            .is_zombie = state == 'Z' || state == 'X'};
    return true;
}

static int add_process(struct processes *all, const struct process *one)
{
    struct process *more = reallocarray(all->at, all->n + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    all->at = more;
    all->at[all->n++] = *one;
    return 0;
}

static int list_processes(struct processes *all)
{
    DIR *dir = opendir("/proc");
    if (!dir)
        return -errno;
    int rc = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(dir));) {
        struct process one;
        if (isdigit((unsigned char)entry->d_name[0]) &&
            read_process(entry->d_name, &one))
            rc = add_process(all, &one);
    }
    closedir(dir);
    return rc;
}

static bool is_inside(const struct processes *all, pid_t pid, pid_t init)
{
    if (pid == init)
        return true;
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].pid == pid)
            return all->at[i].is_inside;
    return false;
}

/* Marks the descendants of init. Children may be listed before their parents, so until
 * nothing changes. */
static void mark_tree(struct processes *all, pid_t init)
{
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        for (size_t i = 0; i < all->n; i++) {
            struct process *one = &all->at[i];
            if (!one->is_inside && is_inside(all, one->parent, init))
                one->is_inside = has_changed = true;
        }
    }
}

/* --- names --- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool is_interpreter(const char *name)
{
    static const char *const known[] = {"python", "perl", "ruby", "node",
                                        "bash",   "dash", "sh"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t n = strlen(known[i]);
        if (strncmp(name, known[i], n) == 0 &&
            strspn(name + n, "0123456789.") == strlen(name + n))
            return true;
    }
    return false;
}

/* The first argument after the program that is no option and no option's text. */
static const char *script_of(const char *args, const char *end)
{
    for (args += strlen(args) + 1; args < end; args += strlen(args) + 1) {
        if (strcmp(args, "-c") == 0 || strcmp(args, "-m") == 0)
            return NULL;
        if (args[0] != '-')
            return args;
    }
    return NULL;
}

void tote_look_name(const char *args, size_t n, const char *comm, char *into,
                    size_t size)
{
    const char *name = n > 0 && args[0] ? base_of(args) : comm;
    if (n > 0 && is_interpreter(name)) {
        const char *script = script_of(args, args + n);
        if (script)
            name = base_of(script);
    }
    snprintf(into, size, "%.*s", (int)strcspn(name, " "), name);
    for (; *into; into++) /* for terminals and JSON alike */
        if (*into <= ' ' || *into == 0x7f || (unsigned char)*into >= 0x80)
            *into = '?';
}

static bool name_process(pid_t pid, char *into, size_t size)
{
    char path[64], args[1024], comm[64];
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    if (read_start(path, comm, sizeof comm) <= 0)
        return false;
    comm[strcspn(comm, "\n")] = '\0';
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    ssize_t n = read_start(path, args, sizeof args);
    tote_look_name(args, n < 0 ? 0 : (size_t)n, comm, into, size);
    return true;
}

/* One more of that name. */
static int count_name(json_t *names, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(names, i, one)
    {
        json_t *n = json_object_get(one, "count");
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
            return json_integer_set(n, json_integer_value(n) + 1);
    }
    one = json_pack("{s:s, s:i}", "name", name, "count", 1);
    return json_array_append_new(names, one);
}

/* --- sockets --- */

int tote_look_address(const char *hex, char *into, size_t size)
{
    uint32_t words[4]; /* each in the byte order of the machine, as the kernel prints */
    size_t n = strlen(hex) / 8;
    if (strlen(hex) % 8 != 0 || (n != 1 && n != 4))
        return -EBADMSG;
    for (size_t i = 0; i < n; i++) {
        char word[9], *end;
        memcpy(word, hex + 8 * i, 8);
        word[8] = '\0';
        words[i] = (uint32_t)strtoul(word, &end, 16);
        if (end != word + 8)
            return -EBADMSG;
    }
    bool is_mapped = n == 4 && words[0] == 0 && words[1] == 0 &&
                     words[2] == htonl(0xffff); /* IPv4 on a socket of IPv6 */
    const uint32_t *address = is_mapped ? words + 3 : words;
    int family = n == 1 || is_mapped ? AF_INET : AF_INET6;
    return inet_ntop(family, address, into, (socklen_t)size) ? 0 : -EBADMSG;
}

/* Adds it unless it is known; a port that several processes share is the first's. */
static int add_port(json_t *ports, const char *address, unsigned port,
                    const char *process)
{
    size_t i;
    json_t *one;
    json_array_foreach(ports, i, one)
    {
        if (json_integer_value(json_object_get(one, "port")) == (json_int_t)port &&
            strcmp(json_string_value(json_object_get(one, "address")), address) == 0)
            return 0;
    }
    one = json_pack("{s:s, s:i, s:s}", "address", address, "port", (int)port, "process",
                    process);
    return json_array_append_new(ports, one);
}

/* A TCP socket that listens. */
struct listener {
    unsigned long inode;
    unsigned port;
    char address[64];
};

struct listeners {
    struct listener *at;
    size_t n;
};

static int add_listener(struct listeners *all, const struct listener *one)
{
    struct listener *more = reallocarray(all->at, all->n + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    all->at = more;
    all->at[all->n++] = *one;
    return 0;
}

static int read_table(struct listeners *all, pid_t init, const char *name)
{
    char path[64], line[512], hex[40];
    unsigned state;
    struct listener one;
    snprintf(path, sizeof path, "/proc/%d/net/%s", init, name);
    FILE *table = fopen(path, "re");
    int rc = 0;
    while (rc == 0 && table && fgets(line, sizeof line, table)) {
        if (sscanf(line,
                   " %*d: %39[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*d "
                   "%lu",
                   hex, &one.port, &state, &one.inode) == 4 &&
            state == LISTENING &&
            tote_look_address(hex, one.address, sizeof one.address) == 0)
            rc = add_listener(all, &one);
    }
    if (table)
        fclose(table);
    return rc;
}

/* Of the network that the box's init sees. */
static int read_listeners(struct listeners *all, pid_t init)
{
    int rc = read_table(all, init, "tcp");
    return rc < 0 ? rc : read_table(all, init, "tcp6");
}

static const struct listener *find_listener(const struct listeners *all,
                                            const char *link)
{
    unsigned long inode;
    if (sscanf(link, "socket:[%lu]", &inode) != 1)
        return NULL;
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].inode == inode)
            return &all->at[i];
    return NULL;
}

/* --- one process --- */

/* Counts its descriptors and finds the ports among them. */
static int look_at_descriptors(struct tote_look *look, const struct listeners *all,
                               pid_t pid, const char *name, size_t *n)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    if (!dir) {
        look->lacks_descriptors |= errno == EACCES || errno == EPERM;
        return 0;
    }
    int rc = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(dir));) {
        char target[64];
        ssize_t got = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
        if (got < 0)
            continue;
        ++*n;
        target[got] = '\0';
        const struct listener *found = find_listener(all, target);
        if (found)
            rc = add_port(look->ports, found->address, found->port, name);
    }
    closedir(dir);
    return rc < 0 ? -ENOMEM : 0;
}

/* --- one look --- */

static int look_at_all(struct tote_look *look, const struct processes *all, pid_t init,
                       json_t *names, size_t *ret_processes, size_t *ret_descriptors)
{
    struct listeners listeners = {0};
    int rc = read_listeners(&listeners, init);
    for (size_t i = 0; rc == 0 && i < all->n; i++) {
        char name[NAME_MAX_SHOWN];
        const struct process *one = &all->at[i];
        if (!one->is_inside || one->is_zombie || one->pid == init ||
            !name_process(one->pid, name, sizeof name))
            continue;
        ++*ret_processes;
        rc = count_name(names, name) < 0 ? -ENOMEM : 0;
        if (rc == 0)
            rc = look_at_descriptors(look, &listeners, one->pid, name, ret_descriptors);
    }
    free(listeners.at);
    return rc;
}

int tote_look_take(struct tote_look *look, pid_t init, struct tote_error *err)
{
    struct processes all = {0};
    size_t n_processes = 0, n_descriptors = 0;
    json_t *names = json_array();
    look->ports = look->ports ? look->ports : json_array();
    int rc = names && look->ports ? list_processes(&all) : -ENOMEM;
    mark_tree(&all, init);
    if (rc == 0)
        rc = look_at_all(look, &all, init, names, &n_processes, &n_descriptors);
    if (rc == 0 && (!look->processes || n_processes > look->n_processes)) {
        json_decref(look->processes);
        look->processes = json_incref(names);
        look->n_processes = n_processes;
    }
    if (n_descriptors > look->n_descriptors)
        look->n_descriptors = n_descriptors;
    look->n_looks++;
    json_decref(names);
    free(all.at);
    return rc == 0 ? 0
                   : tote_error_set(err, rc,
                                    "cannot look at the processes of the engine: %s",
                                    strerror(-rc));
}

void tote_look_finish(struct tote_look *look)
{
    json_decref(look->processes);
    json_decref(look->ports);
    *look = (struct tote_look){0};
}
