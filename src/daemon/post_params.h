/* A post as it comes over the control socket, checked: shared by post.check, post.create and post.import. */
#ifndef DAEMON_POST_PARAMS_H
#define DAEMON_POST_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "model/finding.h"
#include "model/post.h"

struct rules;

/*
 * Read the object `post` of a request: known members only, accounts and groups resolved, times understood in the
 * office's zone (past ones refused, unless past_ok: a batch that is handed in again says what it said before), late
 * rule from the class, media decoded and their type told from their bytes.
 *
 * errors  INPUT/REJECT naming the member; MISSING/REJECT for an account or group that does not exist
 * owns    fills *ret_post, post_finish() it
 */
bool post_read(const struct rules *rules, const cJSON *object, int64_t now_at, bool past_ok, struct post *ret_post,
	struct error *err) must_check;

/* Wording, personal data and every target platform's limits. lengths (may be NULL) gets {account, units, limit}. */
void post_check(const struct rules *rules, const struct post *post, int64_t now_at, struct finding_list *findings,
	cJSON *lengths);

cJSON *findings_json(const struct finding_list *findings);

/* INPUT/REJECT with the first blocking finding as text and exit code 6; false. */
bool findings_error(const struct finding_list *findings, struct error *err);

/* A time that was given for publishing must not have passed. errors INPUT */
bool check_not_past(int64_t due_at, int64_t now_at, struct error *err) must_check;

#endif
