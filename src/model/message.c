/*
 * Messages as drivers read them. Plain values that own their texts; nothing is checked or cleaned here, that is done
 * where they are stored.
 */
#include "model/message.h"

#include <stdlib.h>

#include "core/mem.h"
#include "names.h"

static const char *const kind_names[] = {
	[MESSAGE_COMMENT] = "comment",
	[MESSAGE_MENTION] = "mention",
	[MESSAGE_DIRECT] = "direct",
};

void message_finish(struct message *message)
{
	free(message->remote_id);
	free(message->author_id);
	free(message->author_name);
	free(message->text);
	free(message->status_id);
	free(message->status_text);
	free(message->root_id);
	free(message->parent_id);
	free(message->url);
	for (size_t i = 0; i < message->n_media; i++) {
		free(message->media[i].type);
		free(message->media[i].remote_id);
	}
	*message = (struct message){ 0 };
}

struct message *message_list_add(struct message_list *list)
{
	struct message *message;

	array_grow(list->items, list->n, list->cap);
	message = &list->items[list->n++];
	*message = (struct message){ 0 };
	return message;
}

void message_list_finish(struct message_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		message_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct message_list){ 0 };
}

const char *message_kind_name(enum message_kind kind)
{
	return NAME_OF(kind_names, kind);
}

bool message_kind_parse(const char *name, enum message_kind *ret_kind)
{
	return NAME_PARSE(kind_names, name, ret_kind);
}
