/*
 * What posts and withdrawals cost of the platforms' scarce quotas: shown before anybody decides, and checked when a
 * broadcast is given its time. The ledger itself is store/quota.c.
 */
#include "daemon/post_quota.h"

#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "store/account.h"
#include "store/post.h"
#include "store/send.h"

/* The ledger window that counts an account's broadcasts; false: its platform has none. */
static bool broadcast_window(const struct config_account *account, struct quota_window *ret)
{
	const struct driver *driver = driver_find(account->platform);
	const struct post_article article = { .mode = POST_MODE_BROADCAST };
	const struct driver_send send = { .kind = SEND_PUBLISH, .article = &article };
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	struct quota_window windows[DRIVER_QUOTAS_MAX];
	size_t n = 0;

	if (!driver) {
		return false;
	}
	quota_windows(quotas, driver->quotas(account->settings, quotas), driver->cost(OP_SEND, &send), windows, &n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(windows[i].scope, DRIVER_QUOTA_BROADCASTS) == 0) {
			*ret = windows[i];
			return true;
		}
	}
	return false;
}

bool post_show_broadcasts(
	struct tx *tx, const struct rules *rules, const struct post *post, cJSON *result, struct error *err)
{
	cJSON *rows = NULL;

	for (size_t i = 0; i < post->n_targets; i++) {
		const struct post_target *target = &post->targets[i];
		const struct config_account *account = config_account(rules->config, target->account);
		int64_t at = post->due_at ? post->due_at : tx_now_at(tx);
		struct quota_window window;
		struct error full = { 0 };
		struct account_id id;
		int64_t promised = 0;
		cJSON *row;

		if (target->mode != POST_MODE_BROADCAST || !account || !broadcast_window(account, &window)) {
			continue;
		}
		if (!account_find(tx, target->account, &id, err)) {
			return false;
		}
		if (!post_broadcast_room(tx, id, &window, at, &promised, &full) && full.advice != ADVISE_WAIT) {
			*err = full;
			return false;
		}
		if (!rows) {
			rows = json_array();
			json_add(result, "broadcasts", rows);
		}
		row = json_object();
		json_add_text(row, "account", target->account);
		json_add_i64(row, "promised", promised);
		json_add_i64(row, "limit", window.limit);
		json_add_text(row, "window", window.month ? "month" : "day");
		json_add_time(row, "resets_at", quota_window_end(&window, at));
		json_push(rows, row);
	}
	return true;
}

bool post_check_room(struct tx *tx, const struct rules *rules, const struct post *post, struct error *err)
{
	for (size_t i = 0; i < post->n_targets; i++) {
		const struct post_target *target = &post->targets[i];
		const struct config_account *account = config_account(rules->config, target->account);
		struct quota_window window;
		struct account_id id;

		if (target->mode != POST_MODE_BROADCAST || !post->due_at || !account ||
			!broadcast_window(account, &window)) {
			continue;
		}
		if (!account_find(tx, target->account, &id, err)) {
			return false;
		}
		if (!post_broadcast_room(tx, id, &window, post->due_at, NULL, err)) {
			return error_prefix(err, "%s", target->account);
		}
	}
	return true;
}

bool post_check_room_at(
	struct tx *tx, const struct rules *rules, struct post_id post, int64_t due_at, struct error *err)
{
	struct send_id *sends = NULL;
	size_t n = 0;
	bool ok = send_list_of_post(tx, post, &sends, &n, err);

	for (size_t i = 0; ok && i < n; i++) {
		const struct config_account *account;
		struct send_row row = { 0 };
		struct quota_window window;

		ok = send_load(tx, sends[i], &row, err);
		account = ok ? config_account(rules->config, row.account_name) : NULL;
		if (ok && row.state == SEND_HELD && !row.due_at && row.article.mode == POST_MODE_BROADCAST && account &&
			broadcast_window(account, &window)) {
			ok = post_broadcast_room(tx, row.account, &window, due_at, NULL, err) ||
			     error_prefix(err, "%s", row.account_name);
		}
		send_row_finish(&row);
	}
	free(sends);
	return ok;
}

/* ---- modes, where an account has more than one ---- */

static bool has_modes(const struct rules *rules, struct str name)
{
	char *text = str_dup(name);
	const struct config_account *account = config_account(rules->config, text);
	struct quota_window window;

	free(text);
	return account && broadcast_window(account, &window);
}

void post_show_modes(const struct rules *rules, const struct post *post, cJSON *result)
{
	cJSON *rows = NULL;

	for (size_t i = 0; i < post->n_targets; i++) {
		const struct post_target *target = &post->targets[i];
		cJSON *row;

		if (!has_modes(rules, str_from(target->account))) {
			continue;
		}
		if (!rows) {
			rows = json_array();
			json_add(result, "modes", rows);
		}
		row = json_object();
		json_add_text(row, "account", target->account);
		json_add_text(row, "mode", post_mode_name(target->mode));
		if (target->mode == POST_MODE_BROADCAST) {
			json_add_text(row, "topic", post->article.topic);
		}
		json_push(rows, row);
	}
}

void post_drop_modes(const struct rules *rules, cJSON *rows, const char *member)
{
	cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		struct str names = json_str(row, member);
		struct str name;
		bool matters = false;

		while (!matters && str_split(&names, ' ', &name)) {
			matters = has_modes(rules, name);
		}
		if (!matters) {
			cJSON_DeleteItemFromObjectCaseSensitive(row, "mode");
		}
	}
}

/* ---- withdrawals, previews ---- */

static bool show_scarcest(struct tx *tx, const struct rules *rules, const struct send_row *send,
	enum driver_op_kind kind, const struct driver_send *content, cJSON *row, struct error *err)
{
	const struct config_account *account = config_account(rules->config, send->account_name);
	const struct driver *driver = account ? driver_find(account->platform) : NULL;
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	struct quota_window windows[DRIVER_QUOTAS_MAX];
	const struct quota_window *scarce = NULL;
	struct quota_state state;
	size_t n = 0;

	if (!driver) {
		return true;
	}
	quota_windows(quotas, driver->quotas(account->settings, quotas), driver->cost(kind, content), windows, &n);
	for (size_t i = 0; i < n; i++) {
		if (windows[i].limit > 0 && (!scarce || windows[i].limit < scarce->limit)) {
			scarce = &windows[i];
		}
	}
	if (!scarce) {
		return true;
	}
	if (!quota_state(tx, send->account, scarce, &state, err)) {
		return false;
	}
	json_add_i64(row, "used", state.used);
	json_add_i64(row, "limit", scarce->limit);
	json_add_time(row, "resets_at", state.resets_at);
	return true;
}

bool post_show_withdrawal(
	struct tx *tx, const struct rules *rules, const struct send_row *send, cJSON *row, struct error *err)
{
	const struct driver_send withdrawal = {
		.kind = SEND_WITHDRAW,
		.target_broadcast = send->article.mode == POST_MODE_BROADCAST,
	};

	return show_scarcest(tx, rules, send, OP_SEND, &withdrawal, row, err);
}

bool post_show_preview(
	struct tx *tx, const struct rules *rules, const struct send_row *send, cJSON *row, struct error *err)
{
	struct driver_send content;

	send_for_driver(send, &content);
	return show_scarcest(tx, rules, send, OP_PREVIEW, &content, row, err);
}
