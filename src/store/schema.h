/* SPDX-License-Identifier: MIT */
/* schema.h: the tables of a store, as SQL, and what marks a file as one
 * (docs/store.md). Not for queries: each stands in the file that runs it. */
#ifndef TOTE_SCHEMA_H
#define TOTE_SCHEMA_H

#define TOTE_STORE_APPLICATION 0x746f7465 /* PRAGMA application_id: "tote" */
#define TOTE_STORE_PAGE        8192       /* bytes; about 120 records */

/* Tables, then views; tables and views of what runs cost; without a transaction. */
extern const char tote_schema_sql[];
extern const char tote_schema_views_sql[];
extern const char tote_schema_cost_sql[];

#endif
