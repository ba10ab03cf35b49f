/*
 * What tests of this room share: a platform that exists nowhere, a directory of its own, and files with errors in known
 * places.
 */
#ifndef TESTS_CONFIG_RIG_H
#define TESTS_CONFIG_RIG_H

#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/secret.h"

struct paper {
	char *title;
	int64_t pages;
	struct secret key;
};

static const struct config_key paper_keys[] = {
	{ .name = "title",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct paper, title),
		.required = true,
		.doc = "its title" },
	{ .name = "pages",
		.type = CONFIG_INT,
		.offset = offsetof(struct paper, pages),
		.def = "8",
		.min = 1,
		.max = 99,
		.doc = "how many" },
	{ .name = "key", .type = CONFIG_SECRET, .offset = offsetof(struct paper, key), .doc = "of the letter box" },
	{ 0 },
};

static inline bool check_paper(const void *settings, struct error *err)
{
	const struct paper *paper = settings;

	return paper->pages % 2 == 0 ||
	       error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "pages: an even number was expected");
}

static const struct config_platform papers[] = {
	{ .name = "paper",
		.default_base_url = "https://paper.example",
		.keys = paper_keys,
		.settings_size = sizeof(struct paper),
		.check = check_paper },
	{ .name = "radio",
		.default_base_url = "http://127.0.0.1:1",
		.keys = paper_keys,
		.settings_size = sizeof(struct paper) },
};

/* The least that loads; sections are put in front of it. */
#define ACCOUNTS "accounts:\n  daily: {platform: paper, title: 日报}\n"

static inline bool parse(const char *text, struct config **ret_config, struct error *err)
{
	return config_parse("a.yaml", "/etc/gazette", str_from(text), papers, ARRAY_LEN(papers), ret_config, err);
}

static inline struct config *must_parse(const char *text)
{
	struct config *config = NULL;
	struct error err = { 0 };

	CHECK_OK(parse(text, &config, &err), err);
	return config;
}

static inline void config_unrefp(struct config **config)
{
	config_unref(*config);
}

/* One file with one mistake: what must be said about it, to the column. */
struct mistake {
	const char *text;
	const char *says;
};

static inline void check_mistakes(const struct mistake *mistakes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct config *config = NULL;
		struct error err = { 0 };

		if (parse(mistakes[i].text, &config, &err)) {
			fail_msg("accepted:\n%s", mistakes[i].text);
		}
		assert_null(config);
		CHECK_INT(err.domain, ERROR_CONFIG);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK_TEXT(err.message, mistakes[i].says);
	}
}

/* A directory that goes with its owner, and files in it. */
struct folder {
	char path[64];
};

static inline void folder_init(struct folder *folder)
{
	(void)snprintf(folder->path, sizeof(folder->path), "/tmp/gazette-config-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
}

static inline char *folder_file(const struct folder *folder, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	return xstrdup(path);
}

static inline void folder_write(const struct folder *folder, const char *name, mode_t mode, const char *text)
{
	cleanup(free_charp) char *path = folder_file(folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	CHECK_INT(fchmod(fd, mode), 0);
	(void)close(fd);
}

static inline void folder_remove(const struct folder *folder, const char *name)
{
	cleanup(free_charp) char *path = folder_file(folder, name);

	CHECK_INT(unlink(path), 0);
}

static inline void folder_finish(struct folder *folder)
{
	CHECK_INT(rmdir(folder->path), 0);
}

#endif
