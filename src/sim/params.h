/*
 * The parameters of one request: query, form body, multipart body, Authorization header.
 *
 * Parsing decodes in place, so the values lend from the buffers that were given and live as long as those. The first
 * of several values of the same name counts, the query before the body.
 */
#ifndef SIM_PARAMS_H
#define SIM_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

#define PARAMS_MAX 64

struct param {
	struct str name;
	struct str value;
};

struct params {
	struct param items[PARAMS_MAX];
	size_t n;
	bool multipart;
	bool broken;           /* a body that cannot be read as what it claims to be */
	const char *file_part; /* name of the part that is a file; NULL: "pic" */
	bool has_file;         /* it came, with a file name */
	struct str file_name;
	struct str file_type;
	struct str file;
	struct str header_token; /* Authorization: OAuth2 <token> */
	bool odd_header;         /* an Authorization header of another kind */
};

void params_add_form(struct params *params, char *form, size_t n);
void params_add_body(struct params *params, struct str content_type, char *body, size_t n);
void params_set_authorization(struct params *params, struct str header);

bool params_has(const struct params *params, const char *name);
struct str params_str(const struct params *params, const char *name); /* empty when missing */
int64_t params_i64(const struct params *params, const char *name, int64_t def);

/* Name of the first parameter whose value is not valid UTF-8 or holds a NUL; NULL: all are fine. */
const struct param *params_invalid(const struct params *params);

#endif
