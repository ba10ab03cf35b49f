/*
 * From accounts.yaml to a world, and its end. The file is the daemon's own, read with the same key table, so that
 * every configured account exists here with its credentials.
 */
#include <inttypes.h>

#include "config/config.h"
#include "core/attr.h"
#include "core/mem.h"
#include "core/secret.h"
#include "platform/wechat/settings.h"
#include "platform/weibo/settings.h"
#include "sim/faults.h"
#include "sim/said.h"
#include "sim/state_file.h"
#include "sim/switches.h"
#include "sim/wechat_world.h"
#include "sim/world.h"

/* Accounts of the platform `fake` may stand in the same file; they do not exist here. */
struct fake_settings {
	char *script;
};

static const struct config_key fake_keys[] = {
	{ .name = "script",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct fake_settings, script),
		.doc = "what the fake platform does" },
	{ 0 },
};

static const struct config_platform platforms[] = {
	{ .name = "fake",
		.default_base_url = "http://127.0.0.1:1",
		.keys = fake_keys,
		.settings_size = sizeof(struct fake_settings) },
	{ .name = "wechat",
		.default_base_url = WECHAT_BASE_URL,
		.keys = wechat_keys,
		.settings_size = sizeof(struct wechat_settings),
		.check = wechat_check_settings },
	{ .name = "weibo",
		.default_base_url = WEIBO_BASE_URL,
		.keys = weibo_keys,
		.settings_size = sizeof(struct weibo_settings),
		.check = weibo_check_settings },
};

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = xstrdup(value ? value : "");
}

static bool add_account(struct sim *sim, const struct config_account *from, struct error *err)
{
	const struct weibo_settings *weibo = from->settings;
	struct account *account = &sim->accounts[sim->n_accounts];
	struct str token = secret_lend(&weibo->token);
	const struct account *before;

	if (!str_to_i64(str_from(weibo->uid), 1, INT64_MAX, &account->user.uid)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: uid: expected a number", from->name);
	}
	if (sim_user_by_uid(sim, account->user.uid)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: uid: another account has it", from->name);
	}
	sim->n_accounts++;
	account->name = xstrdup(from->name);
	account->app_key = xstrdup(weibo->app_key);
	before = table_get(&sim->accounts_by_app, str_from(account->app_key));
	account->app_rank = before ? before->app_rank + 1 : 0;
	table_put(&sim->accounts_by_app, str_from(account->app_key), account);
	account->app_secret = str_dup(secret_lend(&weibo->app_secret));
	account->redirect_uri = xstrdup(weibo->redirect_uri ? weibo->redirect_uri : "");
	account->user.name = xstrdup(from->name);
	account->user.account = account;
	switches_init(&account->set);
	set_text(&account->set.safe_domain, weibo->safe_domain);
	set_text(&account->set.screen_name, from->name);
	account->set.tier = weibo->tier == WEIBO_TIER_ADVANCED ? TIER_ADVANCED : TIER_SHARE;
	account->set.calls_per_day = weibo->calls_per_day;
	account->set.posts_per_hour = weibo->posts_per_hour;
	account->set.comments_per_hour = weibo->posts_per_hour * 2;
	table_put(&sim->accounts_by_name, str_from(account->name), account);
	sim_index_user(sim, &account->user);
	if (token.n) {
		if (table_get(&sim->tokens_by_text, token)) {
			return error_set(
				err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: token: another account has it", from->name);
		}
		(void)sim_new_token(sim, account, token, account->set.token_seconds * 1000);
	}
	return true;
}

static void config_unrefp(struct config **config)
{
	config_unref(*config);
}

static void sim_freep(struct sim **sim)
{
	sim_free(*sim);
}

bool sim_new(const char *config_path, uint64_t seed, struct sim **ret_sim, struct error *err)
{
	cleanup(config_unrefp) struct config *config = NULL;
	cleanup(sim_freep) struct sim *sim = NULL;
	size_t n = 0;

	if (!config_load(config_path, platforms, ARRAY_LEN(platforms), &config, err)) {
		return false;
	}
	sim = xnew(struct sim);
	sim->seed = seed;
	sim->rng.state = seed;
	sim->faults = faults_new();
	sim_turn(sim);
	for (size_t i = 0; i < config->n_accounts; i++) {
		n += strcmp(config->accounts[i].platform, "weibo") == 0;
	}
	for (size_t i = 0; i < config->n_accounts; i++) {
		if (strcmp(config->accounts[i].platform, "wechat") == 0 &&
			!wechat_add_account(sim, &config->accounts[i], config->n_accounts, err)) {
			return false;
		}
	}
	if (!n && !sim->wechat) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: no account of weibo or wechat", config_path);
	}
	sim->accounts = xnew_array(struct account, n + 1);
	for (size_t i = 0; i < config->n_accounts; i++) {
		if (strcmp(config->accounts[i].platform, "weibo") == 0 &&
			!add_account(sim, &config->accounts[i], err)) {
			return false;
		}
	}
	*ret_sim = steal(&sim);
	return true;
}

static void list_finish(struct list *list)
{
	free(list->items);
	*list = (struct list){ 0 };
}

static void item_finish(struct item *item)
{
	free(item->sent);
	free(item->text);
	links_finish(&item->links);
	free(item->mentioned);
}

static void status_free(struct status *status)
{
	item_finish(&status->item);
	free(status->pictures);
	free(status->annotations);
	free(status->long_text);
	list_finish(&status->comments);
	list_finish(&status->reposts);
	free(status);
}

static void account_finish(struct account *account)
{
	free(account->name);
	free(account->user.name);
	free(account->app_key);
	free(account->app_secret);
	free(account->redirect_uri);
	switches_finish(&account->set);
	said_finish(&account->said_posts);
	said_finish(&account->said_comments);
	list_finish(&account->statuses);
	list_finish(&account->mentions);
	list_finish(&account->received);
	list_finish(&account->written);
	list_finish(&account->timeline);
	list_finish(&account->comment_mentions);
}

void sim_free(struct sim *sim)
{
	if (!sim) {
		return;
	}
	state_close(sim->state);
	faults_free(sim->faults);
	for (size_t i = 0; i < sim->n_accounts; i++) {
		account_finish(&sim->accounts[i]);
	}
	free(sim->accounts);
	for (size_t i = 0; i < sim->n_users; i++) {
		free(sim->users[i]->name);
		free(sim->users[i]);
	}
	free(sim->users);
	for (size_t i = 0; i < sim->n_statuses; i++) {
		status_free(sim->statuses[i]);
	}
	free(sim->statuses);
	for (size_t i = 0; i < sim->n_comments; i++) {
		item_finish(&sim->comments[i]->item);
		free(sim->comments[i]);
	}
	free(sim->comments);
	for (size_t i = 0; i < sim->n_tokens; i++) {
		free(sim->tokens[i]->text);
		free(sim->tokens[i]);
	}
	free(sim->tokens);
	for (size_t i = 0; i < sim->n_codes; i++) {
		free(sim->codes[i]->redirect_uri);
		free(sim->codes[i]);
	}
	free(sim->codes);
	for (size_t i = 0; i < sim->n_pictures; i++) {
		free(sim->pictures[i]->id);
		free(sim->pictures[i]);
	}
	free(sim->pictures);
	wechat_free(sim->wechat);
	for (size_t i = 0; i < sim->n_ledger; i++) {
		wx_entry_free(sim->ledger[i]->wechat);
		free(sim->ledger[i]);
	}
	free(sim->ledger);
	for (size_t i = 0; i < sim->n_ips; i++) {
		free(sim->ips[i]);
	}
	free(sim->ips);
	heap_finish(&sim->reviews);
	table_finish(&sim->accounts_by_name);
	table_finish(&sim->accounts_by_app);
	table_finish(&sim->users_by_uid);
	table_finish(&sim->users_by_name);
	table_finish(&sim->items);
	table_finish(&sim->mids);
	table_finish(&sim->tokens_by_text);
	table_finish(&sim->codes_by_text);
	table_finish(&sim->pictures_by_id);
	table_finish(&sim->ips_by_text);
	free(sim);
}
