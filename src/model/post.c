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

static const char *const form_names[] = {
	[POST_FORM_AUTO] = "auto",
	[POST_FORM_ARTICLE] = "article",
	[POST_FORM_TEXT] = "text",
	[POST_FORM_IMAGE] = "image",
	[POST_FORM_NEWSPIC] = "newspic",
};

static const char *const mode_names[] = {
	[POST_MODE_PUBLISH] = "publish",
	[POST_MODE_BROADCAST] = "broadcast",
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
	post_article_finish(&post->article);
	*post = (struct post){ 0 };
}

void post_article_finish(struct post_article *article)
{
	free(article->topic);
	free(article->markdown);
	free(article->author);
	free(article->digest);
	free(article->source_url);
	free(article->cover);
	*article = (struct post_article){ 0 };
}

const char *post_form_name(enum post_form form)
{
	return NAME_OF(form_names, form);
}

bool post_form_parse(const char *name, enum post_form *ret_form)
{
	return NAME_PARSE(form_names, name, ret_form);
}

const char *post_mode_name(enum post_mode mode)
{
	return NAME_OF(mode_names, mode);
}

bool post_mode_parse(const char *name, enum post_mode *ret_mode)
{
	return NAME_PARSE(mode_names, name, ret_mode);
}

const char *post_class_name(enum post_class class)
{
	return NAME_OF(class_names, class);
}

bool post_class_parse(const char *name, enum post_class *ret_class)
{
	return NAME_PARSE(class_names, name, ret_class);
}
