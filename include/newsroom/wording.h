/*
 * Wording rules: phrases and patterns an office does not want to publish, and personal data that
 * slipped in (phone, identity card, bank card and plate numbers, e-mail). Policy as pure functions; the lists are
 * data files the office maintains. The check shows the hit and the rule; it never edits the text.
 */
#ifndef NEWSROOM_WORDING_H
#define NEWSROOM_WORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"
#include "model/finding.h"

struct wording; /* immutable once loaded: any thread may read it */

/*
 * The YAML rule file: see gazette-accounts(5). path NULL: no phrases, personal-data rules only.
 * errors  CONFIG/REJECT "FILE:LINE:COLUMN: ..."
 */
bool wording_load(const char *path, struct wording **ret_wording, struct error *err) must_check;
void wording_free(struct wording *wording);

/* Adds findings with line and column. Rules past their expiry date are skipped at now_at. */
void wording_check(const struct wording *wording, struct str text, int64_t now_at, struct finding_list *findings);

#endif
