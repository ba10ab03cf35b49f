/* The larger verbs of `gazette post`, each in a file of its own. */
#ifndef CLI_POST_VERBS_H
#define CLI_POST_VERBS_H

#include <stdbool.h>

#include "cli/command.h"
#include "cli/output.h"
#include "core/error.h"

struct post_file;

/* post_write.c */
extern const struct option post_new_options[];
extern const struct option post_check_options[];
extern const struct shape post_new_shape;
extern const struct shape post_check_shape;
bool post_new(struct cli *cli, struct error *err);
bool post_check(struct cli *cli, struct error *err);
/* Of a file, or (path NULL) of -m; options over it; built. */
bool post_load(struct cli *cli, const char *path, struct post_file *file, struct error *err) must_check;
/* Print what was found. whole: the text too, and also when nobody watches. */
bool post_look_at(struct cli *cli, const struct post_file *file, bool whole, struct error *err) must_check;
bool post_hand_in(struct cli *cli, const struct post_file *file, struct error *err) must_check;

/* post_page.c: what is to become of a delivery that was called off while it was on its way; NULL: it was not */
const char *post_wished(const cJSON *row);

/* post_withdraw.c */
extern const struct option post_withdraw_options[];
extern const struct option post_correct_options[];
extern const struct shape post_withdraw_shape;
bool post_withdraw(struct cli *cli, struct error *err);
bool post_correct(struct cli *cli, struct error *err);

/* post_preview.c */
extern const struct option post_preview_options[];
extern const struct shape post_preview_shape;
bool post_preview(struct cli *cli, struct error *err);

/* post_import.c */
extern const struct option post_import_options[];
extern const struct shape post_import_shape;
bool post_import(struct cli *cli, struct error *err);

/* post_page.c: one post for people */
void post_page(struct cli *cli, const cJSON *post);

#endif
