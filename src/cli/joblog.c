/* SPDX-License-Identifier: MIT */
/* joblog.c: see joblog.h. A line is one write to a file opened for appending. */
#include "cli/joblog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cause.h"

static const char head[] = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\t"
                           "Signal\tCommand\n";

struct tote_joblog {
    int fd;
    int code; /* errno of the first write that failed; 0 */
    const char *path;
};

static void put(struct tote_joblog *log, const char *text, size_t n)
{
    while (n > 0 && log->code == 0) {
        ssize_t done = write(log->fd, text, n);
        if (done < 0 && errno != EINTR)
            log->code = errno;
        if (done > 0) {
            text += done;
            n -= (size_t)done;
        }
    }
}

int tote_joblog_open(const char *path, struct tote_joblog **ret_log,
                     struct tote_error *err)
{
    struct tote_joblog *log = calloc(1, sizeof *log);
    if (!log)
        return tote_error_set(err, -ENOMEM, "out of memory for the job log");
    log->path = path;
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->fd < 0) {
        free(log);
        return tote_error_set(err, -EINVAL, "cannot write the job log %s: %s", path,
                              strerror(errno));
    }
    struct stat info;
    if (fstat(log->fd, &info) == 0 && info.st_size == 0)
        put(log, head, sizeof head - 1);
    *ret_log = log;
    return 0;
}

int tote_joblog_close(struct tote_joblog *log, struct tote_error *err)
{
    if (!log)
        return 0;
    int code = close(log->fd) < 0 && log->code == 0 ? errno : log->code;
    int rc = code ? tote_error_set(err, -EIO, "the job log %s is not whole: %s",
                                   log->path, strerror(code))
                  : 0;
    free(log);
    return rc;
}

/* Seconds since 1970 of a stamp of the monotonic clock of this host. One of another
 * host that cannot be right counts as now. */
static double epoch_of(tote_ns_t stamp_ns)
{
    tote_ns_t ago = tote_clock_monotonic() - stamp_ns;
    if (ago < 0 || stamp_ns <= 0)
        ago = 0;
    return (double)(tote_clock_utc() - ago) / (double)TOTE_NS_PER_S;
}

/* A line must stay a line: a break within single quotes, where tote_shell_join leaves
 * it, becomes '$'\n'', which bash reads back. */
static char *one_line(const char *command)
{
    static const char line[] = "'$'\\n''", tab[] = "'$'\\t''", back[] = "'$'\\r''";
    size_t n = strlen(command), used = 0;
    char *text = malloc(n * (sizeof line - 1) + 1);
    for (size_t i = 0; text && i < n; i++) {
        const char *as = command[i] == '\n'   ? line
                         : command[i] == '\t' ? tab
                         : command[i] == '\r' ? back
                                              : NULL;
        if (as) {
            memcpy(text + used, as, sizeof line - 1);
            used += sizeof line - 1;
        } else {
            text[used++] = command[i];
        }
    }
    if (text)
        text[used] = '\0';
    return text;
}

void tote_joblog_put(struct tote_joblog *log, const struct tote_record *record,
                     const struct tote_result *result, const char *command)
{
    int exit_value, signo;
    char *text = one_line(command), *line = NULL;
    tote_cause_numbers(result, &exit_value, &signo);
    double runtime =
        (double)(record->end_ns - record->start_ns) / (double)TOTE_NS_PER_S;
    int n = -1;
    if (text)
        n = asprintf(&line,
                     "%" PRIu64 "\t:\t%.3f\t%10.3f\t0\t%" PRIu64 "\t%d\t%d\t%s\n",
                     record->task + 1, epoch_of(record->start_ns), runtime,
                     result->stream_bytes[TOTE_STDOUT], exit_value, signo, text);
    if (n >= 0)
        put(log, line, (size_t)n);
    else if (log->code == 0)
        log->code = ENOMEM;
    if (n >= 0)
        free(line);
    free(text);
}
