/* SPDX-License-Identifier: MIT */
/* twins.c: finds them (twins.h). */
#include "report/twins.h"

#include <string.h>

bool tote_twins_find(const struct tote_point_summary *point, struct tote_twins *ret)
{
    *ret = (struct tote_twins){0};
    for (size_t i = 0; i < point->n_controls && !ret->again; i++)
        if (point->controls[i].cell->role == TOTE_CELL_AGAIN)
            ret->again = &point->controls[i];
    for (size_t i = 0; ret->again && i < point->n_cells && !ret->first; i++) {
        const struct tote_cell_row *row = point->cells[i].cell;
        if (strcmp(row->engine, ret->again->cell->engine) == 0 &&
            strcmp(row->batch, ret->again->cell->batch) == 0)
            ret->first = &point->cells[i];
    }
    return ret->first != NULL;
}
