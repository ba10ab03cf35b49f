/*
 * One post as somebody wrote it: a Markdown file with front matter, a row of a batch, options of the command line. It
 * becomes the object post.create takes, with its pictures loaded, and remembers where each thing stood, so that what is
 * said about it later (by us, or by the daemon) can say "notice.md:4:5".
 *
 *   post_file_markdown() or post_file_row()   what was written, as members
 *   post_file_set()                           an option overrules a member
 *   post_file_build()                         members checked, Markdown turned, pictures read
 */
#ifndef CLI_POST_FILE_H
#define CLI_POST_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "codec/yaml.h"
#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"

struct post_place {
	char *member;
	int key_line;
	int key_column;
	int line; /* of its value */
	int column;
};

struct post_file {
	char *name;   /* of the file, as shown; NULL: no file */
	int line;     /* where it begins; 0: the file as a whole */
	cJSON *given; /* as it was written, member by member */
	cJSON *post;  /* as post.create takes it; NULL: not built */
	char *dir;    /* what the names of pictures are relative to */
	char *body;   /* Markdown; NULL: none */
	size_t body_n;
	int body_line;
	struct post_place *places;
	size_t n_places;
	size_t cap_places;
};

/*
 * Read a Markdown file. name is what it is called in messages.
 *
 * errors  INPUT/REJECT "NAME:LINE:COLUMN: what"
 * owns    fills *ret_file, post_file_finish() it
 */
bool post_file_markdown(const char *name, struct str text, struct post_file *ret_file, struct error *err) must_check;
/* A row of a batch, or what options say. Takes given, an object; map (may be NULL, borrowed) tells where it stood. */
void post_file_row(const char *name, int line, cJSON *given, const struct yaml_node *map, struct post_file *ret_file);
/* Takes value. */
void post_file_set(struct post_file *file, const char *member, cJSON *value);

/*
 * Fill file->post. dir: what the names of pictures are relative to. `row`: the members that only an answer of
 * `post import` has (result, reason, ...) are passed over.
 *
 * errors  INPUT/REJECT, OS/REJECT (a picture that cannot be read), "NAME:LINE:COLUMN: member: what"
 */
bool post_file_build(struct post_file *file, const char *dir, bool row, struct error *err) must_check;

/* "member: what" from the daemon gets the place of the member in front; returns false. */
bool post_file_error(const struct post_file *file, struct error *err);

/*
 * Where line and column (code points, from 1) of the plain text stand in the file; both 0 when nothing is known.
 * account: whose text is meant; "" the post's.
 */
void post_file_locate(
	const struct post_file *file, const char *account, int line, int column, int *ret_line, int *ret_column);

/*
 * What was written as a row that can be handed in again, from any folder: with the text of the body and the pictures'
 * places. Gives; cJSON_Delete() it.
 */
cJSON *post_file_again(const struct post_file *file);

/* A row that was taken before, and came back with its number. */
bool post_file_is_done(const struct post_file *file);

void post_file_finish(struct post_file *file); /* accepts zeroed */

/* A YAML node as JSON: scalars as text, an unquoted null or nothing as null. */
cJSON *post_yaml_json(const struct yaml_node *node);

#endif
