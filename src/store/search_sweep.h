/* Taking out of the full-text index what a purge has taken out of the store. */
#ifndef STORE_SEARCH_SWEEP_H
#define STORE_SEARCH_SWEEP_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum sweep_step { SWEEP_LOOK, SWEEP_REMOVE, SWEEP_MERGE, SWEEP_DONE };

/* One sweep, in steps that are short enough for new rows to be indexed between them. Begins zeroed. */
struct sweep {
	enum sweep_step step;
	int64_t purges; /* of the store, when the sweep began */
	bool merging;
};

/*
 * One step more. index: a connection that writes the index, db_path: of the store; mark: the row of the index's table
 * `mark` that remembers which purge was swept last. False on trouble: begin anew at the next kick.
 */
bool sweep_step(struct sweep *sweep, sqlite3 *index, const char *db_path, int mark);

/* The one number that a query without parameters gives; false on trouble, or without a row. */
bool search_number(sqlite3 *sqlite, const char *sql, int64_t *ret_value);

#endif
