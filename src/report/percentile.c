/* SPDX-License-Identifier: MIT */
/* percentile.c: selection by rank in walks of counting (percentile.h), after Munro &
 * Paterson, "Selection and sorting with limited storage", 1980. */
#include "report/percentile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/stats.h"

#define COARSE_BITS  12 /* leading bits of a value that the first walk keeps */
#define COARSE_HALF  ((size_t)1 << (COARSE_BITS - 1))
#define COARSE_CELLS ((63 - COARSE_BITS + 2) * COARSE_HALF)
#define FINE_BITS    16 /* that each later walk adds */
#define FINE_CELLS   ((size_t)1 << FINE_BITS)

/* Looks for one value of the sorted list: number `rank`, from 0, of those in
 * [low, low + 2^bits). Found when bits is 0. */
struct search {
    uint64_t rank, low;
    unsigned bits;
    uint64_t counts[FINE_CELLS]; /* of this walk */
};

struct tote_percentiles {
    size_t n_wanted;
    double wanted[TOTE_PERCENTILES_MAX];
    uint64_t n; /* values */
    bool is_refining;
    struct search searches[2 * TOTE_PERCENTILES_MAX]; /* below and above each */
    uint64_t coarse[COARSE_CELLS];
};

struct tote_percentiles *tote_percentiles_create(const double *wanted, size_t n)
{
    /* Large and zeroed: what is never counted in costs no memory. */
    struct tote_percentiles *percentiles = calloc(1, sizeof *percentiles);
    if (!percentiles)
        return NULL;
    percentiles->n_wanted = n;
    memcpy(percentiles->wanted, wanted, n * sizeof *wanted);
    return percentiles;
}

void tote_percentiles_destroy(struct tote_percentiles *percentiles)
{
    free(percentiles);
}

/* --- counting --- */

static unsigned count_bits(uint64_t value)
{
    unsigned n = 0;
    for (unsigned step = 32; step > 0; step /= 2) {
        if (value >> step) {
            value >>= step;
            n += step;
        }
    }
    return n + (value > 0);
}

/* Values of COARSE_BITS bits and fewer have a cell each; longer ones share it with
 * those that have the same leading bits, and the cells of each length follow one
 * another. */
static size_t coarse_cell(uint64_t value)
{
    unsigned bits = count_bits(value);
    unsigned shift = bits > COARSE_BITS ? bits - COARSE_BITS : 0;
    return shift * COARSE_HALF + (size_t)(value >> shift);
}

static unsigned fine_shift(const struct search *search)
{
    return search->bits > FINE_BITS ? search->bits - FINE_BITS : 0;
}

void tote_percentiles_add(struct tote_percentiles *percentiles, tote_ns_t value)
{
    uint64_t v = (uint64_t)value;
    if (!percentiles->is_refining) {
        percentiles->n++;
        percentiles->coarse[coarse_cell(v)]++;
        return;
    }
    for (size_t i = 0; i < 2 * percentiles->n_wanted; i++) {
        struct search *search = &percentiles->searches[i];
        uint64_t offset = v - search->low; /* huge if v is below it */
        if (search->bits > 0 && offset >> search->bits == 0)
            search->counts[offset >> fine_shift(search)]++;
    }
}

/* --- between walks --- */

/* The cell of n where value number *rank lies; makes *rank its number in there. */
static size_t find_cell(const uint64_t *counts, size_t n, uint64_t *rank)
{
    size_t cell = 0;
    while (cell + 1 < n && *rank >= counts[cell])
        *rank -= counts[cell++];
    return cell;
}

static void start_search(const struct tote_percentiles *percentiles, uint64_t rank,
                         struct search *search)
{
    size_t cell = find_cell(percentiles->coarse, COARSE_CELLS, &rank);
    size_t shift = cell / COARSE_HALF > 1 ? cell / COARSE_HALF - 1 : 0;
    search->rank = rank;
    search->bits = (unsigned)shift;
    search->low = (uint64_t)(cell - shift * COARSE_HALF) << shift;
}

static void start_searches(struct tote_percentiles *percentiles)
{
    percentiles->is_refining = true;
    for (size_t i = 0; percentiles->n > 0 && i < percentiles->n_wanted; i++) {
        double place =
            tote_stats_percentile_place(percentiles->n, percentiles->wanted[i]);
        uint64_t below = (uint64_t)place;
        bool is_last = below + 1 >= percentiles->n;
        start_search(percentiles, below, &percentiles->searches[2 * i]);
        start_search(percentiles, is_last ? below : below + 1,
                     &percentiles->searches[2 * i + 1]);
    }
}

static void narrow_search(struct search *search)
{
    unsigned shift = fine_shift(search);
    size_t n_cells = (size_t)1 << (search->bits - shift);
    size_t cell = find_cell(search->counts, n_cells, &search->rank);
    search->low += (uint64_t)cell << shift;
    search->bits = shift;
    memset(search->counts, 0, n_cells * sizeof *search->counts);
}

bool tote_percentiles_next(struct tote_percentiles *percentiles)
{
    bool is_first = !percentiles->is_refining, has_open = false;
    if (is_first)
        start_searches(percentiles);
    for (size_t i = 0; i < 2 * percentiles->n_wanted; i++) {
        struct search *search = &percentiles->searches[i];
        if (!is_first && search->bits > 0)
            narrow_search(search);
        has_open = has_open || search->bits > 0;
    }
    return has_open;
}

uint64_t tote_percentiles_count(const struct tote_percentiles *percentiles)
{
    return percentiles->n;
}

double tote_percentiles_get(const struct tote_percentiles *percentiles, size_t i)
{
    if (percentiles->n == 0)
        return NAN;
    double place = tote_stats_percentile_place(percentiles->n, percentiles->wanted[i]);
    double a = (double)percentiles->searches[2 * i].low;
    double b = (double)percentiles->searches[2 * i + 1].low;
    return a + (place - floor(place)) * (b - a);
}
