/*
 * accounts.yaml: whatever is in the file, it is refused with a place and a reason in one line, or everything in the
 * configuration refers to something that is there.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "core/secret.h"
#include "text/utf8.h"

#define must(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

/* One key of each type. */
struct settings {
	char *text;
	bool flag;
	int64_t number;
	int64_t span_ms;
	struct secret secret;
	int choice;
	char *url;
	struct config_words words;
};

#define FIELD(name) offsetof(struct settings, name)

static const char *const choices[] = { "share", "advanced", NULL };

static const struct config_key keys[] = {
	{ .name = "text", .type = CONFIG_TEXT, .offset = FIELD(text), .required = true, .doc = "a text" },
	{ .name = "flag", .type = CONFIG_BOOL, .offset = FIELD(flag), .def = "yes", .doc = "a flag" },
	{ .name = "number", .type = CONFIG_INT, .offset = FIELD(number), .def = "7", .min = -9, .max = 9, .doc = "n" },
	{ .name = "span", .type = CONFIG_DURATION, .offset = FIELD(span_ms), .def = "1h30m", .doc = "a span" },
	{ .name = "secret", .type = CONFIG_SECRET, .offset = FIELD(secret), .doc = "a secret" },
	{ .name = "choice", .type = CONFIG_CHOICE, .offset = FIELD(choice), .choices = choices, .doc = "a choice" },
	{ .name = "url", .type = CONFIG_URL, .offset = FIELD(url), .doc = "a URL" },
	{ .name = "words", .type = CONFIG_WORDS, .offset = FIELD(words), .def = "[a, b]", .doc = "words" },
	{ 0 },
};

static bool check_settings(const void *data, struct error *err)
{
	const struct settings *settings = data;

	return settings->number != 5 || error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "number: anything but 5");
}

static const struct config_platform platforms[] = {
	{ .name = "weibo",
		.default_base_url = "https://api.weibo.com",
		.keys = keys,
		.settings_size = sizeof(struct settings),
		.check = check_settings },
	{ .name = "fake",
		.default_base_url = "http://127.0.0.1:1",
		.keys = keys,
		.settings_size = sizeof(struct settings) },
};

static void check_error(const struct error *err)
{
	must(err->domain == ERROR_CONFIG);
	must(err->advice == ADVISE_REJECT);
	must(strncmp(err->message, "a.yaml:", 7) == 0);
	must(utf8_valid(str_from(err->message)));
	must(!strchr(err->message, '\n'));
}

static void check_account(const struct config *config, const struct config_account *account)
{
	const struct settings *settings = account->settings;

	must(config_account(config, account->name) == account);
	must(strcmp(account->platform, "weibo") == 0 || strcmp(account->platform, "fake") == 0);
	must(account->loopback || strncmp(account->base_url, "https://", 8) == 0);
	must(settings->text && settings->text[0]);
	must(settings->number >= -9 && settings->number <= 9);
	must(settings->span_ms >= 0);
	must(settings->choice == 0 || settings->choice == 1);
	must(settings->words.n > 0 && !settings->words.items[settings->words.n]);
}

static void check_config(const struct config *config)
{
	must(config->n_accounts > 0);
	for (size_t i = 0; i < config->n_accounts; i++) {
		check_account(config, &config->accounts[i]);
	}
	for (size_t i = 0; i < config->n_groups; i++) {
		const struct config_group *group = &config->groups[i];

		must(config_group(config, group->name) == group);
		must(group->n > 0 && !config_account(config, group->name));
		for (size_t j = 0; j < group->n; j++) {
			must(config_account(config, group->accounts[j]) != NULL);
		}
	}
	must(config->state_dir[0] == '/' && config->socket[0] == '/');
	must(config->office.closes_ms > config->office.opens_ms && config->office.workdays);
	must(config->n_ladder <= 63);
	for (size_t i = 0; i < config->n_ladder; i++) {
		const struct config_rung *rung = &config->ladder[i];

		must(rung->priorities && rung->target[0]);
		must(rung->percent >= 0 && rung->after_ms >= 0 && !(rung->percent && rung->after_ms));
	}
	for (size_t i = 0; i < config->n_operators; i++) {
		must(config->operators[i].roles && config->operators[i].who[0] && config->operators[i].name[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct error err = { 0 };

	/* What is looked up outside of the file finds nothing: /nowhere, no credentials. */
	must(unsetenv("CREDENTIALS_DIRECTORY") == 0);
	if (!config_parse("a.yaml", "/nowhere", (struct str){ (const char *)data, size }, platforms,
		    sizeof(platforms) / sizeof(platforms[0]), &config, &err)) {
		check_error(&err);
		return 0;
	}
	check_config(config);
	config_unref(config);
	return 0;
}
