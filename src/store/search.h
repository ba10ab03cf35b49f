/* The full-text index: a derived file, fed behind the commit path by a thread of its own, rebuilt when it is missing.
 */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/error.h"

struct search;

bool search_start(const char *db_path, const char *fts_path, struct search **ret_search, struct error *err) must_check;
void search_kick(struct search *search); /* something new was committed; any thread */
void search_wait(struct search *search); /* for tests: until everything committed before is in the index */
void search_stop(struct search *search);

#endif
