/* SPDX-License-Identifier: MIT */
/* schema.c: the one copy of the schema (schema.h; explained in docs/store.md).
 *
 * Tables are not STRICT, so that SQLite from 3.8.2 on reads a store; readers check
 * types instead. record is WITHOUT ROWID: its key is its place, no second tree to fill.
 * Nor has task an index while its rows stream in; what asks for a task by its key makes
 * one first (tasks.c). Columns that may be long stand last, after the seal: a reader
 * that wants none of them does not touch their pages. */
#include "store/schema.h"

const char tote_schema_sql[] =
    "CREATE TABLE setting (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL,"
    " seal INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY, cell INTEGER NOT NULL, block INTEGER NOT NULL,"
    " label TEXT NOT NULL, engine TEXT NOT NULL, engine_version TEXT NOT NULL,"
    " binding TEXT NOT NULL, options TEXT NOT NULL, kernel TEXT NOT NULL,"
    " size INTEGER NOT NULL, seed INTEGER NOT NULL, tasks INTEGER NOT NULL,"
    " workers INTEGER NOT NULL, attempts_to INTEGER NOT NULL, batch TEXT NOT NULL, box "
    "TEXT NOT NULL,"
    " is_boxed INTEGER NOT NULL CHECK (is_boxed IN (0, 1)),"
    " state TEXT NOT NULL"
    "  CHECK (state IN ('running', 'complete', 'interrupted', 'broken')),"
    " launched_utc_ns INTEGER NOT NULL, launch_ns INTEGER NOT NULL,"
    " ready_ns INTEGER NOT NULL, first_ns INTEGER NOT NULL, fed_ns INTEGER NOT NULL,"
    " last_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, done INTEGER NOT NULL,"
    " failed INTEGER NOT NULL, duplicate INTEGER NOT NULL, lost INTEGER NOT NULL,"
    " cpu_user_ns INTEGER NOT NULL, cpu_sys_ns INTEGER NOT NULL,"
    " digest BLOB CHECK (digest IS NULL OR length(digest) = 16),"
    " stats TEXT NOT NULL, why TEXT NOT NULL, seal INTEGER NOT NULL);"

    "CREATE TABLE standing ("
    " run INTEGER PRIMARY KEY, list INTEGER NOT NULL, listed INTEGER NOT NULL,"
    " ok INTEGER NOT NULL, failed INTEGER NOT NULL, wrong INTEGER NOT NULL,"
    " lost INTEGER NOT NULL, attempts_to INTEGER NOT NULL, last_ns INTEGER NOT NULL,"
    " seal INTEGER NOT NULL);"

    "CREATE TABLE cell ("
    " id INTEGER PRIMARY KEY, point INTEGER NOT NULL,"
    " role TEXT NOT NULL"
    "  CHECK (role IN ('engine', 'again', 'limit', 'serial', 'noop')),"
    " label TEXT NOT NULL, engine TEXT NOT NULL, kernel TEXT NOT NULL,"
    " size INTEGER NOT NULL, tasks INTEGER NOT NULL, workers INTEGER NOT NULL,"
    " batch TEXT NOT NULL, skipped TEXT NOT NULL, seal INTEGER NOT NULL);"

    "CREATE TABLE machine_limit ("
    " id INTEGER PRIMARY KEY, cell INTEGER NOT NULL, block INTEGER NOT NULL, threads "
    "INTEGER NOT NULL,"
    " tasks INTEGER NOT NULL, wall_ns INTEGER NOT NULL,"
    " digest BLOB NOT NULL CHECK (length(digest) = 16), seal INTEGER NOT NULL);"

    "CREATE TABLE worker ("
    " run INTEGER NOT NULL REFERENCES run (id), worker INTEGER NOT NULL,"
    " host TEXT NOT NULL, pid INTEGER NOT NULL, slots INTEGER NOT NULL,"
    " joined_ns INTEGER NOT NULL, left_ns INTEGER NOT NULL,"
    " seal INTEGER NOT NULL, PRIMARY KEY (run, worker)) WITHOUT ROWID;"

    "CREATE TABLE batch ("
    " run INTEGER NOT NULL REFERENCES run (id), batch INTEGER NOT NULL,"
    " first INTEGER NOT NULL, count INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " worker INTEGER NOT NULL, sent_ns INTEGER NOT NULL, back_ns INTEGER NOT NULL,"
    " lost INTEGER NOT NULL CHECK (lost IN (0, 1)), why TEXT NOT NULL,"
    " seal INTEGER NOT NULL, PRIMARY KEY (run, batch)) WITHOUT ROWID;"

    "CREATE TABLE record ("
    " run INTEGER NOT NULL REFERENCES run (id), task INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, worker INTEGER NOT NULL, start_ns INTEGER NOT NULL,"
    " end_ns INTEGER NOT NULL, cpu_ns INTEGER NOT NULL, bytes_in INTEGER NOT NULL,"
    " bytes_out INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 3),"
    " digest BLOB NOT NULL CHECK (length(digest) = 16), seal INTEGER NOT NULL,"
    " PRIMARY KEY (run, task, attempt)) WITHOUT ROWID;"

    "CREATE TABLE task ("
    " task INTEGER PRIMARY KEY, listed INTEGER NOT NULL, place INTEGER NOT NULL,"
    " key BLOB NOT NULL CHECK (length(key) = 16),"
    " inputs BLOB NOT NULL CHECK (length(inputs) = 16), seal INTEGER NOT NULL,"
    " item BLOB NOT NULL);"

    "CREATE TABLE output ("
    " path TEXT PRIMARY KEY NOT NULL, task INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, size INTEGER NOT NULL,"
    " digest BLOB NOT NULL CHECK (length(digest) = 16), seal INTEGER NOT NULL)"
    " WITHOUT ROWID;"

    "CREATE TABLE result ("
    " run INTEGER NOT NULL REFERENCES run (id), task INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL,"
    " cause INTEGER NOT NULL CHECK (cause BETWEEN 0 AND 9),"
    " status INTEGER NOT NULL, signal INTEGER NOT NULL, max_rss INTEGER NOT NULL,"
    " stdout_bytes INTEGER NOT NULL, stderr_bytes INTEGER NOT NULL,"
    " seal INTEGER NOT NULL, why TEXT NOT NULL, outs BLOB NOT NULL,"
    " stdout BLOB NOT NULL, stderr BLOB NOT NULL,"
    " PRIMARY KEY (run, task, attempt)) WITHOUT ROWID;";

const char tote_schema_views_sql[] =
    "CREATE VIEW record_text AS SELECT run, task, attempt, worker,"
    " CASE outcome WHEN 0 THEN 'ok' WHEN 1 THEN 'failed' WHEN 2 THEN 'wrong'"
    "  ELSE 'lost' END AS outcome,"
    " (end_ns - start_ns) / 1e9 AS duration_s, cpu_ns / 1e9 AS cpu_s, bytes_in,"
    " bytes_out, lower(hex(digest)) AS digest FROM record;"

    "CREATE VIEW task_text AS SELECT task, listed, place,"
    " CAST(substr(item, 1, instr(item, x'00') - 1) AS TEXT) AS item,"
    " lower(hex(key)) AS key FROM task;"

    "CREATE VIEW output_text AS SELECT path, task, attempt, size,"
    " lower(hex(digest)) AS digest FROM output;"

    "CREATE VIEW result_text AS SELECT run, task, attempt,"
    " CASE cause WHEN 0 THEN 'none' WHEN 1 THEN 'exit' WHEN 2 THEN 'signal'"
    "  WHEN 3 THEN 'timeout' WHEN 4 THEN 'start' WHEN 5 THEN 'input'"
    "  WHEN 6 THEN 'output' WHEN 7 THEN 'folder' WHEN 8 THEN 'publish'"
    "  ELSE 'lost' END AS cause,"
    " status, signal, why, max_rss / 1e6 AS max_rss_mb, stdout_bytes, stderr_bytes,"
    " length(outs) / 24 AS outs, CAST(stdout AS TEXT) AS stdout,"
    " CAST(stderr AS TEXT) AS stderr FROM result;"

    "CREATE VIEW run_text AS SELECT id, cell, block, label, state, workers, batch,"
    " tasks, done, failed, duplicate, lost,"
    " CASE WHEN ready_ns > 0 THEN (ready_ns - launch_ns) / 1e9 END AS start_s,"
    " CASE WHEN last_ns > 0 THEN (last_ns - launch_ns) / 1e9 END AS wall_s,"
    " CASE WHEN last_ns > launch_ns"
    "  THEN (done + failed) * 1e9 / (last_ns - launch_ns) END AS tasks_per_s,"
    " CASE WHEN digest IS NOT NULL THEN lower(hex(digest)) END AS digest, why FROM "
    "run;";
