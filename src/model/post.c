/*
 * The post as a value that owns everything in it. What may be said in it and how long it may be is the newsroom's and
 * the drivers' business.
 */
#include "model/post.h"

#include <stdlib.h>

#include "names.h"

static const char *const class_names[] = {
	[POST_POLICY] = "policy",
	[POST_SERVICE] = "service",
	[POST_INTERACT] = "interact",
	[POST_SOLICIT] = "solicit",
};

void post_init(struct post *post)
{
	*post = (struct post){ .class = POST_POLICY, .late_ms = -1 };
}

void post_finish(struct post *post)
{
	free(post->key);
	free(post->title);
	free(post->text);
	free(post->campaign);
	for (size_t i = 0; i < post->n_targets; i++) {
		free(post->targets[i].account);
		free(post->targets[i].text);
	}
	free(post->targets);
	for (size_t i = 0; i < post->n_media; i++) {
		free(post->media[i].name);
		free(post->media[i].type);
		free(post->media[i].alt);
		free(post->media[i].sha256);
		free(post->media[i].data);
	}
	free(post->media);
	*post = (struct post){ 0 };
}

const char *post_class_name(enum post_class class)
{
	return NAME_OF(class_names, class);
}

bool post_class_parse(const char *name, enum post_class *ret_class)
{
	return NAME_PARSE(class_names, name, ret_class);
}
