/* SPDX-License-Identifier: MIT */
/* scope.c: one function a limit of the claim (scope.h). */
#include "report/scope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"

/* After start-up, and with start-up included. */
enum { N_RATES = 2 };

static void say_bag(FILE *out, const struct tote_summary *summary)
{
    const struct tote_plan *plan =
        summary->n_points > 0 ? &summary->points[0].plan : &summary->plan;
    char workers[TOTE_FIGURE_MAX];
    if (summary->is_metg)
        fputs("It holds for tasks of one kernel that depend on nothing, without input "
              "or output, all there at the start: dependencies and data make METG "
              "longer.\n",
              out);
    else if (summary->n_points > 1)
        fprintf(out, "It holds at the %zu points that were tried; others were not.\n",
                summary->n_points);
    else if (summary->is_commands)
        fprintf(out,
                "It holds for these commands on %s; other commands, lists and numbers "
                "of workers were not tried.\n",
                tote_figure_workers(plan->workers, workers));
    else
        fprintf(out,
                "It holds for %" PRIu64 " tasks of %s at size %" PRIu64 " on "
                "%s; other kernels, sizes, numbers of tasks and of workers were "
                "not tried.\n",
                plan->tasks, plan->kernel, plan->size,
                tote_figure_workers(plan->workers, workers));
}

static void say_machine(FILE *out, const struct tote_summary *summary)
{
    const char *cpu = tote_gather_setting(summary, "environment.cpu");
    const char *cores = tote_gather_setting(summary, "environment.cores_usable");
    if (!cores)
        cores = tote_gather_setting(summary, "environment.cores");
    fprintf(out,
            "tote ran on one machine (%s, usable cores: %s): another one may rank "
            "engines otherwise.\n",
            cpu ? cpu : "CPU unknown", cores ? cores : "unknown");
}

static void say_hosts(FILE *out, const struct tote_summary *summary)
{
    const struct tote_hosts *hosts = &summary->hosts;
    if (hosts->n == 0)
        fputs("No worker is known.\n", out);
    else if (hosts->n == 1 && hosts->has_own)
        fputs("All workers were on tote's own host: no network is in the figures, only "
              "pipes and loopback.\n",
              out);
    else
        fprintf(out, "Workers were on %zu host%s%s: their network is in the figures.\n",
                hosts->n, hosts->n == 1 ? "" : "s",
                hosts->has_own ? ", tote's own among them" : "");
}

/* Complete runs of each engine that can run. */
static void say_n(FILE *out, const struct tote_summary *summary)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        for (size_t k = 0; k < point->n_cells; k++) {
            size_t n = point->cells[k].n_counted;
            least = n < least ? n : least;
            most = n > most ? n : most;
        }
    }
    least = least < most ? least : most;
    fprintf(out, "Each engine was launched afresh n=%zu", least);
    if (most > least)
        fprintf(out, " to %zu", most);
    fputs(" times, on one occasion. ", out);
}

static void say_samples(FILE *out, const struct tote_summary *summary)
{
    if (!summary->is_experiment)
        fputs("One run is one sample: nothing here tells how far the next would be.\n",
              out);
    else if (summary->is_metg)
        fprintf(
            out,
            "A sample is a fresh launch of each row at each of its grains, in %zu "
            "blocks on one occasion; the launches of the search are in no figure.\n",
            summary->metg->n_blocks);
    else {
        say_n(out, summary);
        fputs("A sample is a fresh launch; tasks of one launch share its luck and are "
              "not counted as samples.\n",
              out);
    }
}

/* The first engine of a point a second time. */
static bool has_again(const struct tote_summary *summary)
{
    for (size_t i = 0; i < summary->n_cell_rows; i++) {
        if (summary->cell_rows[i].role == TOTE_CELL_AGAIN)
            return true;
    }
    return false;
}

static void say_noise(FILE *out, const struct tote_summary *summary)
{
    if (summary->is_experiment && !summary->is_metg && summary->n_cells > 1 &&
        !has_again(summary))
        fputs("No cell was entered twice, so the noise floor of this machine was not "
              "measured: small differences deserve doubt.\n",
              out);
}

/* Holm's correction is over the pairs of one ranking: what is said of a point does not
 * depend on how many others were swept with it. */
static void say_rankings(FILE *out, const struct tote_summary *summary)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_points; i++)
        n += summary->points[i].unranked == TOTE_RANKED ? N_RATES : 0;
    if (!summary->is_sweep || n == 0)
        return;
    fprintf(
        out,
        "Each of %zu rankings (a point by one of %d rates) is corrected for its own "
        "pairs, not for the other rankings: were all cells alike, up to 5 %% of "
        "them, %.2g on average, would still name a leader by chance.\n",
        n, N_RATES, 0.05 * (double)n);
}

static void say_closed(FILE *out)
{
    fputs("The bag is closed, all of its tasks are there at the start: makespan and "
          "rates are told, latency under a stream of arrivals is not.\n",
          out);
}

/* A line each: texts were masked, so none has a line end within. */
static int split(char *text, struct tote_notes *ret_scope)
{
    struct tote_notes scope = {0};
    for (char *at = text; *at; at++)
        scope.n += *at == '\n';
    scope.texts = calloc(scope.n + 1, sizeof *scope.texts);
    bool is_whole = scope.texts != NULL;
    for (size_t i = 0; is_whole && i < scope.n; i++) {
        char *end = strchr(text, '\n');
        scope.texts[i] = strndup(text, (size_t)(end - text));
        is_whole = scope.texts[i] != NULL;
        text = end + 1;
    }
    if (is_whole)
        *ret_scope = scope;
    else if (scope.texts)
        tote_notes_finish(&scope);
    return is_whole ? 0 : -ENOMEM;
}

int tote_scope_make(const struct tote_summary *summary, struct tote_notes *ret_scope)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -ENOMEM;
    say_bag(out, summary);
    say_machine(out, summary);
    say_hosts(out, summary);
    say_samples(out, summary);
    say_noise(out, summary);
    say_rankings(out, summary);
    say_closed(out);
    bool has_failed = ferror(out) != 0;
    int rc = fclose(out) != 0 || has_failed ? -ENOMEM : split(text, ret_scope);
    free(text);
    return rc;
}
