/*
 * A post as an editor hands it in: the text and media, once, with the accounts it goes to. Plain value; the
 * frames of the control protocol, Markdown files and batch rows all become this.
 */
#ifndef MODEL_POST_H
#define MODEL_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

/* What a platform with articles makes of a post. Platforms that know only short posts ignore it. */
enum post_form {
	POST_FORM_AUTO, /* article when there is a title, else text, else pictures */
	POST_FORM_ARTICLE,
	POST_FORM_TEXT,
	POST_FORM_IMAGE,   /* one or more pictures as they are */
	POST_FORM_NEWSPIC, /* pictures with a short text: "picture post" */
};

/* How loudly: a broadcast notifies followers and costs a scarce quota. */
enum post_mode { POST_MODE_PUBLISH, POST_MODE_BROADCAST };

enum post_class { POST_POLICY, POST_SERVICE, POST_INTERACT, POST_SOLICIT }; /* by what a post is for */

struct post_media {
	char *name;   /* as the editor called it: for messages and the multipart file name */
	char *type;   /* "image/jpeg", "image/png", "image/gif": from the bytes, not from the name */
	char *alt;    /* text for those who cannot see it; may be NULL */
	char *sha256; /* hex */
	char *data;   /* NULL when not loaded */
	size_t n;
};

struct post_target {
	char *account; /* name in accounts.yaml */
	char *text;    /* text of its own (per_account), or NULL: the post's */
	enum post_mode mode;
};

/* What only an article needs. Fields are owned; NULL: not given. */
struct post_article {
	enum post_form form;
	enum post_mode mode; /* of a delivery; of a post it is its targets' */
	char *topic;         /* broadcast to followers of this topic only; NULL: to all */
	char *markdown;      /* the body as it was written; NULL: the text is all there is */
	char *author;
	char *digest;     /* summary shown in lists */
	char *source_url; /* "read the original" */
	char *cover;      /* name of the medium that is the cover; NULL: the first */
	bool comments;    /* open for comments */
	bool fans_only;   /* comments by followers only */
};

struct post {
	char *key;   /* the caller's: same key and same content is a no-op; NULL: none */
	char *title; /* may be NULL */
	char *text;  /* plain text as it will be published (Markdown already turned) */
	enum post_class class;
	char *campaign;   /* may be NULL */
	int64_t due_at;   /* wall ms; 0: held until released */
	int64_t until_at; /* never after this; 0: no such limit */
	int64_t late_ms;  /* publish when at most this late, else hold; -1: the class's default */
	struct post_target *targets;
	size_t n_targets;
	struct post_media *media;
	size_t n_media;
	struct post_article article;
	int64_t corrects; /* number of the post it puts right; 0: none */
};

void post_init(struct post *post);   /* zeroed, late_ms -1, class policy */
void post_finish(struct post *post); /* accepts zeroed */

const char *post_class_name(enum post_class class);
bool post_class_parse(const char *name, enum post_class *ret_class);
const char *post_form_name(enum post_form form); /* "auto", "article", "text", "image", "newspic" */
bool post_form_parse(const char *name, enum post_form *ret_form);
const char *post_mode_name(enum post_mode mode); /* "publish", "broadcast" */
bool post_mode_parse(const char *name, enum post_mode *ret_mode);
void post_article_finish(struct post_article *article); /* accepts zeroed */

#endif
