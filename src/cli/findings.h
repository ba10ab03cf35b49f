/* What a check found, said as a compiler says it: "notice.md:5:3: error: weibo-main: what [rule]". */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "core/buf.h"
#include "core/error.h"

struct cli;
struct post_file;

/* Rows as the daemon gives them get the members file, line and column of the file; file may be NULL. */
void findings_locate(cJSON *findings, const struct post_file *file);
/* One line without its end, harmless. */
void finding_text(struct buf *out, const cJSON *finding);
/* What is worth a word although all is well: the warnings. To standard error. */
void finding_warn(struct cli *cli, const cJSON *finding);
void findings_warn(struct cli *cli, const cJSON *findings);

/*
 * After a refusal: when the last answer brought findings, they are put in their places, all but the first said, and the
 * first one's place stands before the error. Otherwise as post_file_error(). Returns false.
 */
bool findings_fail(struct cli *cli, const struct post_file *file, struct error *err);

#endif
