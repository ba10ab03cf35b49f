/*
 * What tests of this room share: rules from a text, and findings as one line each.
 */
#ifndef TESTS_NEWSROOM_RIG_H
#define TESTS_NEWSROOM_RIG_H

#include "check.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/mem.h"
#include "newsroom/wording.h"

#define NOW_AT INT64_C(1767225600000) /* 2026-01-01 08:00 in Shanghai */

static inline void write_rules(struct str text, char ret_path[64])
{
	int fd;

	(void)snprintf(ret_path, 64, "/tmp/gazette-wording-XXXXXX");
	fd = mkstemp(ret_path);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, text.p, text.n), text.n);
	close(fd);
}

static inline struct wording *load_rules(const char *text)
{
	struct wording *wording = NULL;
	struct error err = { 0 };
	char path[64];

	write_rules(str_from(text), path);
	CHECK_OK(wording_load(path, &wording, &err), err);
	unlink(path);
	return wording;
}

static inline struct wording *load_none(void)
{
	struct wording *wording = NULL;
	struct error err = { 0 };

	CHECK_OK(wording_load(NULL, &wording, &err), err);
	return wording;
}

/* "LINE:COLUMN RULE" of each finding, separated by blanks. Keeps the findings, when asked for them. */
static inline void check_found(
	const struct wording *wording, struct str text, const char *want, struct finding_list *ret_findings)
{
	struct finding_list findings = { 0 };
	struct buf got;

	buf_init(&got, 1 << 20);
	wording_check(wording, text, NOW_AT, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		(void)buf_printf(&got, "%s%d:%d %s", i ? " " : "", findings.items[i].line, findings.items[i].column,
			findings.items[i].rule);
	}
	if (!str_is(buf_str(&got), want)) {
		fail_msg("in \"" STR_FMT "\": got \"%s\", want \"%s\"", STR_ARG(str_sub(text, 0, 100)), got.p, want);
	}
	buf_finish(&got);
	if (ret_findings) {
		*ret_findings = findings;
	} else {
		finding_list_finish(&findings);
	}
}

#endif
