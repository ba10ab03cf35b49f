/*
 * The sample configuration, accounts.yaml, as the daemon would read it: it loads, it shows every key there is, and what
 * it shows of the duty rules are the defaults. Here and not with the configuration's own tests, because it takes the
 * drivers' keys.
 */
#include "check.h"

#include <ctype.h>
#include <unistd.h>

#include "config/config.h"
#include "core/buf.h"
#include "platform/driver.h"
#include "platform/weibo/settings.h"

#define PLATFORMS_MAX 16

static struct config_platform platforms[PLATFORMS_MAX];
static size_t n_platforms;
static struct config *sample;

static void config_unrefp(struct config **config)
{
	config_unref(*config);
}

static int set_up(void **state)
{
	const char *source = getenv("GAZETTE_SOURCE");
	char path[4096];
	struct error err = { 0 };

	(void)state;
	for (n_platforms = 0; drivers[n_platforms]; n_platforms++) {
		const struct driver *driver = drivers[n_platforms];

		platforms[n_platforms] = (struct config_platform){
			.name = driver->name,
			.default_base_url = driver->default_base_url,
			.keys = driver->keys,
			.settings_size = driver->settings_size,
			.check = driver->check_settings,
		};
	}
	(void)snprintf(path, sizeof(path), "%s/accounts.yaml", source ? source : ".");
	if (!config_load(path, platforms, n_platforms, &sample, &err)) {
		print_error("%s\n", err.message);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	config_unref(sample);
	return 0;
}

static void test_sample__runs_against_the_simulator(void **state)
{
	const struct config_account *share = config_account(sample, "weibo-main");
	const struct config_account *advanced = config_account(sample, "weibo-east");
	const struct config_group *all = config_group(sample, "all");

	(void)state;
	CHECK_INT(sample->n_accounts, 3);
	assert_non_null(share);
	assert_non_null(advanced);
	CHECK_TEXT(share->base_url, "http://127.0.0.1:8750");
	CHECK(share->loopback);
	CHECK_INT(((const struct weibo_settings *)share->settings)->tier, WEIBO_TIER_SHARE);
	CHECK_INT(((const struct weibo_settings *)advanced->settings)->tier, WEIBO_TIER_ADVANCED);
	assert_non_null(all);
	CHECK_INT(all->n, 2);
	CHECK_INT(access(sample->triage_file, R_OK), 0);
	CHECK_INT(access(sample->wording_file, R_OK), 0);
	CHECK(!sample->has_operators);
}

/* Nothing but an account of the same platform: everything else by default. */
static struct config *bare(void)
{
	struct config *config = NULL;
	struct error err = { 0 };

	CHECK_OK(config_parse(
			 "bare", "/", STR("accounts: {a: {platform: fake}}\n"), platforms, n_platforms, &config, &err),
		err);
	return config;
}

static void test_sample__shows_the_defaults_of_the_duty_rules(void **state)
{
	cleanup(config_unrefp) struct config *config = bare();

	(void)state;
	CHECK_TEXT(sample->office.zone, config->office.zone);
	CHECK_INT(sample->office.opens_ms, config->office.opens_ms);
	CHECK_INT(sample->office.closes_ms, config->office.closes_ms);
	CHECK_INT(sample->office.workdays, config->office.workdays);
	CHECK_TEXT(sample->state_dir, config->state_dir);
	CHECK_TEXT(sample->socket, config->socket);
	CHECK_INT(sample->claim_lease_ms, config->claim_lease_ms);
	for (size_t i = 0; i < ARRAY_LEN(sample->late_ms); i++) {
		CHECK_INT(sample->late_ms[i], config->late_ms[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(sample->limits); i++) {
		CHECK_INT(sample->limits[i].ack_ms, config->limits[i].ack_ms);
		CHECK_INT(sample->limits[i].reply_ms, config->limits[i].reply_ms);
		CHECK_INT(sample->limits[i].answer_ms, config->limits[i].answer_ms);
		CHECK_INT(sample->limits[i].office_hours, config->limits[i].office_hours);
	}
	CHECK_INT(sample->n_ladder, config->n_ladder);
	for (size_t i = 0; i < config->n_ladder; i++) {
		CHECK_INT(sample->ladder[i].priorities, config->ladder[i].priorities);
		CHECK_INT(sample->ladder[i].clock, config->ladder[i].clock);
		CHECK_INT(sample->ladder[i].percent, config->ladder[i].percent);
		CHECK_INT(sample->ladder[i].after_ms, config->ladder[i].after_ms);
		CHECK_TEXT(sample->ladder[i].target, config->ladder[i].target);
	}
}

static void test_sample__shows_the_defaults_of_an_account(void **state)
{
	const struct weibo_settings *shown = config_account(sample, "weibo-main")->settings;
	struct weibo_settings defaults = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_OK(config_default_keys(weibo_keys, &defaults, &err), err);
	CHECK_INT(shown->calls_per_day, defaults.calls_per_day);
	CHECK_INT(shown->posts_per_hour, defaults.posts_per_hour);
	CHECK_INT(shown->reserve, defaults.reserve);
	CHECK_INT(shown->poll_min_ms, defaults.poll_min_ms);
	CHECK_INT(shown->find_after_ms, defaults.find_after_ms);
	CHECK_INT(shown->settle_lag_ms, defaults.settle_lag_ms);
	config_finish_keys(weibo_keys, &defaults);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* "key:" as a word of its own; in a comment counts as well: not every key can be set in one file. */
static bool has_key(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *at = strstr(text, key); at; at = strstr(at + 1, key)) {
		if (at[n] == ':' && (at == text || !is_word(at[-1]))) {
			return true;
		}
	}
	return false;
}

static void check_keys(const char *text, const char *section, const struct config_key *keys)
{
	for (; keys->name; keys++) {
		if (!has_key(text, keys->name)) {
			fail_msg("accounts.yaml has no %s (%s)", keys->name, section);
		}
		assert_non_null(keys->doc);
	}
}

static void test_sample__has_every_key(void **state)
{
	static char text[1 << 16];
	const char *source = getenv("GAZETTE_SOURCE");
	char path[4096];
	FILE *file;
	size_t n;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/accounts.yaml", source ? source : ".");
	file = fopen(path, "rb");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	for (const struct config_table *table = config_tables; table->keys; table++) {
		check_keys(text, table->section, table->keys);
	}
	for (size_t i = 0; i < n_platforms; i++) {
		/* The fake one is for tests; no office has an account there. */
		if (strcmp(platforms[i].name, "fake") != 0) {
			check_keys(text, platforms[i].name, platforms[i].keys);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample__runs_against_the_simulator),
		cmocka_unit_test(test_sample__shows_the_defaults_of_the_duty_rules),
		cmocka_unit_test(test_sample__shows_the_defaults_of_an_account),
		cmocka_unit_test(test_sample__has_every_key),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
