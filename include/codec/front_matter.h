/*
 * A Markdown file with YAML front matter between two lines of "---".
 */
#ifndef CODEC_FRONT_MATTER_H
#define CODEC_FRONT_MATTER_H

#include <stdbool.h>

#include "codec/yaml.h"
#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"

struct front_matter {
	struct yaml_file *yaml; /* NULL: there was none */
	struct str body;        /* borrowed from the text; without leading empty lines */
	int body_line;          /* line number of the body's first line */
};

/* errors  INPUT/REJECT "NAME:LINE:COLUMN: what"; an opening --- without an end is an error */
bool front_matter_parse(const char *name, struct str text, struct front_matter *ret, struct error *err) must_check;
void front_matter_finish(struct front_matter *front);

#endif
