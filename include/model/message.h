/*
 * One thing a citizen (or we) said on a platform, as a driver reads it, before it is stored. All text is
 * foreign and not yet sanitised.
 */
#ifndef MODEL_MESSAGE_H
#define MODEL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_kind {
	MESSAGE_COMMENT, /* a comment on a post; a reply to a comment is one too */
	MESSAGE_MENTION, /* a status that names the account */
	MESSAGE_DIRECT,  /* a private message */
};

/* Fields are owned; NULL where the platform gave none. */
struct message {
	enum message_kind kind;
	char *remote_id; /* unique per account and kind */
	char *author_id;
	char *author_name;
	char *text;
	int64_t created_at; /* by the platform's clock; wall ms */
	char *status_id;    /* the post it stands under (comment) or is (mention) */
	char *status_text;  /* beginning of that post, for the duty officer */
	char *root_id;      /* first comment of its thread; NULL: itself */
	char *parent_id;    /* the comment it answers */
	char *url;
	bool from_us; /* written by the account itself: stored as history, opens nothing */
};

struct message_list {
	struct message *items;
	size_t n;
	size_t cap;
};

void message_finish(struct message *message);
struct message *message_list_add(struct message_list *list); /* lends a zeroed one */
void message_list_finish(struct message_list *list);

const char *message_kind_name(enum message_kind kind);
bool message_kind_parse(const char *name, enum message_kind *ret_kind);

#endif
