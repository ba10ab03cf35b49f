/* Verbs on accounts: account.*. Login and check ask the platform; the rest is rows. */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/tokens.h"
#include "daemon/verb.h"
#include "store/post.h"
#include "store/topic.h"
#include "store/view.h"
#include "text/when.h"

/* A call that needs the rows and then the loop. */
struct work {
	struct job job;
	struct call *call;
	char *only; /* account; NULL: all */
	struct page page;
	cJSON *rows;
	size_t left; /* polls under way */
	int64_t new_messages;
	struct error first;
};

static struct work *work_new(struct call *call, const char *only)
{
	struct work *work = xnew(struct work);

	work->call = call;
	work->only = xstrdup(only);
	work->page.limit = 1;
	call->later = true;
	return work;
}

static void work_end(struct work *work, const struct error *err)
{
	struct call *call = work->call;

	cJSON_Delete(work->rows);
	free(work->only);
	free(work);
	call_finish(call, err);
}

static bool no_such(const struct config *config, const char *name, struct error *err)
{
	const char *best = NULL;
	int best_distance = 4;

	for (size_t i = 0; i < config->n_accounts; i++) {
		int distance = str_distance(name, config->accounts[i].name);

		if (distance < best_distance) {
			best_distance = distance;
			best = config->accounts[i].name;
		}
	}
	return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no account \"%s\"%s%s%s", name,
		best ? "; did you mean \"" : "", best ? best : "", best ? "\"?" : "");
}

/* The account named by the call, which must be in the configuration. */
static bool named(struct call *call, struct account **ret_account, struct error *err)
{
	const char *name;
	struct account *account;

	if (!call_text(call, "name", true, 64, &name, err)) {
		return false;
	}
	account = daemon_account_named(call->daemon, name);
	if (!account || !account->driver) {
		return no_such(call->rules->config, name, err);
	}
	*ret_account = account;
	return true;
}

/* How many broadcasts of the present window are promised or out. */
static bool show_broadcasts(struct tx *tx, const struct driver_quota *quotas, size_t n, cJSON *row, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct quota_window window;
		struct error full = { 0 };
		int64_t promised = 0;
		cJSON *broadcasts;
		size_t n_windows = 0;

		if (strcmp(quotas[i].name, DRIVER_QUOTA_BROADCASTS) != 0) {
			continue;
		}
		quota_windows(quotas, n, 1u << i, &window, &n_windows);
		if (!post_broadcast_room(tx, (struct account_id){ json_i64(row, "id", 0) }, &window, tx_now_at(tx),
			    &promised, &full) &&
			full.advice != ADVISE_WAIT) {
			*err = full;
			return false;
		}
		broadcasts = json_object();
		json_add(row, "broadcasts", broadcasts);
		json_add_i64(broadcasts, "promised", promised);
		json_add_i64(broadcasts, "limit", window.limit);
		json_add_text(broadcasts, "window", window.month ? "month" : "day");
		json_add_time(broadcasts, "resets_at", quota_window_end(&window, tx_now_at(tx)));
	}
	return true;
}

/* What is offered, and what of it followers have chosen. */
static bool show_topics(struct tx *tx, const struct config_words *offered, cJSON *row, struct error *err)
{
	cJSON *topics = json_array();
	const cJSON *topic;

	if (!topic_counts(tx, (struct account_id){ json_i64(row, "id", 0) }, topics, err)) {
		cJSON_Delete(topics);
		return false;
	}
	for (size_t i = 0; i < offered->n; i++) {
		cJSON *found = NULL;

		cJSON_ArrayForEach(topic, topics)
		{
			if (str_is(json_str(topic, "name"), offered->items[i])) {
				found = (cJSON *)(uintptr_t)topic;
			}
		}
		if (!found) {
			found = json_object();
			json_add_text(found, "name", offered->items[i]);
			json_add_i64(found, "chosen", 0);
			json_add_i64(found, "waiting", 0);
			json_add_i64(found, "refused", 0);
			json_push(topics, found);
		}
		json_add_bool(found, "offered", true);
	}
	json_add(row, "topics", topics);
	return true;
}

/* What one account shows and a list does not. */
static bool show_more(struct tx *tx, const struct driver *driver, const struct config_account *account,
	const struct driver_quota *quotas, size_t n, cJSON *row, struct error *err)
{
	struct secret none = { 0 };
	struct driver_account values = {
		.name = account->name,
		.base_url = account->base_url,
		.settings = account->settings,
		.token = &none,
		.remote_uid = json_text(row, "remote_uid", NULL),
	};
	struct buf url;

	buf_init(&url, LIMIT_SECRET_BYTES);
	if (driver->profile_url && driver->profile_url(&values, &url)) {
		json_add_str(row, "profile_url", buf_str(&url));
	}
	buf_finish(&url);
	return show_broadcasts(tx, quotas, n, row, err) &&
	       (!driver->topics || show_topics(tx, driver->topics(account->settings), row, err)) &&
	       (!driver->windowed || view_windows(tx, (struct account_id){ json_i64(row, "id", 0) }, row, err));
}

static bool run_rows(struct tx *tx, struct job *job, struct error *err)
{
	struct work *work = container_of(job, struct work, job);
	const struct config *config = work->call->rules->config;
	cJSON *row;

	cJSON_Delete(work->rows);
	work->rows = json_array();
	if (!view_accounts(tx, work->only, &work->page, work->rows, err)) {
		return false;
	}
	cJSON_ArrayForEach(row, work->rows)
	{
		const struct config_account *account = config_account(config, json_text(row, "name", ""));
		const struct driver *driver = account ? driver_find(account->platform) : NULL;
		struct driver_quota quotas[DRIVER_QUOTAS_MAX];
		struct quota_window window;
		struct quota_state state;
		size_t n = driver ? driver->quotas(account->settings, quotas) : 0;
		size_t n_windows = 0;

		if (n == 0) {
			continue;
		}
		quota_windows(quotas, n, 1u, &window, &n_windows);
		if (!quota_state(tx, (struct account_id){ json_i64(row, "id", 0) }, &window, &state, err)) {
			return false;
		}
		json_add_i64(row, "calls_used", state.used);
		json_add_i64(row, "calls_limit", window.limit);
		if (state.remaining >= 0) {
			json_add_i64(row, "calls_remaining", state.remaining);
		}
		json_add_time(row, "calls_reset_at", state.resets_at);
		json_add_time(row, "blocked_until", state.blocked_until_at);
		if (work->only && !show_more(tx, driver, account, quotas, n, row, err)) {
			return false;
		}
	}
	return true;
}

static void set_i64(cJSON *row, const char *name, int64_t more)
{
	int64_t value = json_i64(row, name, 0) + more;

	cJSON_DeleteItemFromObjectCaseSensitive(row, name);
	json_add_i64(row, name, value > 0 ? value : 0);
}

static void show_switched_off(const struct account *account, cJSON *row)
{
	cJSON *rows;

	if (account->n_off == 0) {
		return;
	}
	rows = json_array();
	json_add(row, "switched_off", rows);
	for (size_t i = 0; i < account->n_off; i++) {
		cJSON *off = json_object();

		json_add_text(off, "capability", account->off[i].capability);
		json_add_text(off, "why", account->off[i].why);
		json_add_time(off, "since", account->off[i].at);
		json_push(rows, off);
	}
}

/* What came in by the callback since the daemon started. */
static void show_pushes(const struct account *account, cJSON *row)
{
	const struct push_health *health = &account->pushes;
	char path[96];
	cJSON *pushes;

	if (!account->driver || !account->driver->takes_pushes ||
		!account->driver->takes_pushes(account->config->settings)) {
		return;
	}
	pushes = json_object();
	json_add(row, "pushes", pushes);
	(void)snprintf(path, sizeof(path), "/callback/%s", account->name);
	json_add_text(pushes, "path", path);
	json_add_i64(pushes, "taken", health->taken);
	json_add_time(pushes, "taken_at", health->taken_at);
	json_add_i64(pushes, "refused", health->refused);
	json_add_time(pushes, "refused_at", health->refused_at);
	json_add_text(pushes, "refused_why", health->why);
}

static void done_rows(struct job *job, const struct error *err)
{
	struct work *work = container_of(job, struct work, job);
	struct call *call = work->call;
	cJSON *row;

	if (err) {
		work_end(work, err);
		return;
	}
	cJSON_ArrayForEach(row, work->rows)
	{
		struct account *account = daemon_account_named(call->daemon, json_text(row, "name", ""));
		cJSON *feeds = json_array();

		if (account) {
			poller_show(account, feeds);
			show_switched_off(account, row);
			show_pushes(account, row);
			/* Spent, but not written into the ledger yet. */
			if (account->calls_unsaved > 0 && json_get(row, "calls_remaining")) {
				set_i64(row, "calls_used", account->calls_unsaved);
				set_i64(row, "calls_remaining", -account->calls_unsaved);
			}
		}
		json_add(row, "feeds", feeds);
		if (work->only && strcmp(json_text(row, "name", ""), work->only) == 0) {
			call->result = cJSON_Duplicate(row, true);
		}
	}
	if (!work->only) {
		call->result = json_object();
		json_add(call->result, "rows", steal(&work->rows));
		json_add_text(call->result, "next", work->page.next);
	} else if (!call->result) {
		struct error missing = { 0 };

		(void)no_such(call->rules->config, work->only, &missing);
		work_end(work, &missing);
		return;
	}
	work_end(work, NULL);
}

static bool start_list(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "after", "limit", NULL };
	struct work *work;
	struct page page;

	if (!call_only(call, names, err) || !call_page(call, &page, err)) {
		return false;
	}
	work = work_new(call, NULL);
	work->page = page;
	work->job = (struct job){ .run = run_rows, .done = done_rows };
	store_read(call->daemon->store, &work->job);
	return true;
}

static bool start_show(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", NULL };
	struct work *work;
	const char *name;

	if (!call_only(call, names, err) || !call_text(call, "name", true, 64, &name, err)) {
		return false;
	}
	work = work_new(call, name);
	work->job = (struct job){ .run = run_rows, .done = done_rows };
	store_read(call->daemon->store, &work->job);
	return true;
}

/* What to do about an account that is not known to be alive. A parked one needs a person, whoever answers or not. */
static enum error_advice check_advice(const struct account *account, const struct token_report *report)
{
	return account && account->state == ACCOUNT_PARKED ? ADVISE_REAUTH : report->error.advice;
}

static void on_checked(void *data, const struct token_report *report)
{
	struct work *work = data;
	struct call *call = work->call;
	struct account *account = daemon_account_named(call->daemon, work->only);
	cJSON *problems = json_array();

	call->result = json_object();
	json_add_text(call->result, "name", work->only);
	json_add_bool(call->result, "alive", report->alive);
	if (!report->alive) {
		json_add_text(call->result, "advice", error_advice_name(check_advice(account, report)));
	}
	json_add_time(call->result, "token_expires_at", report->expires_at);
	if (report->error.advice) {
		json_push(problems, cJSON_CreateString(report->error.message));
	}
	if (report->limits_error.advice) {
		json_push(problems, cJSON_CreateString(report->limits_error.message));
	}
	for (size_t i = 0; account && i < account->n_quotas; i++) {
		if (report->remaining[i] >= 0) {
			char name[64];

			(void)snprintf(name, sizeof(name), "%s_remaining", account->quotas[i].name);
			json_add_i64(call->result, name, report->remaining[i]);
		}
	}
	if (account && account->state != ACCOUNT_READY) {
		char text[300];

		(void)snprintf(text, sizeof(text), "%s%s%s", account_state_name(account->state),
			account->reason ? ": " : "", account->reason ? account->reason : "");
		json_push(problems, cJSON_CreateString(text));
	}
	for (size_t i = 0; account && i < account->n_off; i++) {
		char text[300];

		(void)snprintf(text, sizeof(text), "%s is switched off until the next reload: %s",
			account->off[i].capability, account->off[i].why);
		json_push(problems, cJSON_CreateString(text));
	}
	if (account && account->pushes.refused_at > account->pushes.taken_at) {
		char text[300];

		(void)snprintf(text, sizeof(text), "the last push was refused: %s",
			account->pushes.why ? account->pushes.why : "");
		json_push(problems, cJSON_CreateString(text));
	}
	json_add_bool(call->result, "ok", report->alive && cJSON_GetArraySize(problems) == 0);
	json_add(call->result, "problems", problems);
	work_end(work, NULL);
}

static bool start_check(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", NULL };
	struct account *account;

	if (!call_only(call, names, err) || !named(call, &account, err)) {
		return false;
	}
	token_check(call->daemon, account, on_checked, work_new(call, account->name));
	return true;
}

static void on_login(void *data, const struct error *err)
{
	struct work *work = data;
	struct call *call = work->call;

	if (err) {
		work_end(work, err);
		return;
	}
	work->job = (struct job){ .run = run_rows, .done = done_rows };
	store_read(call->daemon->store, &work->job);
}

static bool start_login(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", "code", NULL };
	struct account *account;
	const char *code;

	if (!call_only(call, names, err) || !named(call, &account, err) ||
		!call_text(call, "code", false, LIMIT_SECRET_BYTES, &code, err)) {
		return false;
	}
	if (!code) {
		struct secret none = { 0 };
		struct driver_account values = {
			.name = account->name,
			.base_url = account->config->base_url,
			.settings = account->config->settings,
			.token = &none,
			.remote_uid = account->remote_uid,
		};
		struct buf url;
		bool ok;

		buf_init(&url, LIMIT_SECRET_BYTES);
		ok = account->driver->login_url && account->driver->login_url(&values, &url);
		if (ok) {
			call->result = json_object();
			json_add_text(call->result, "name", account->name);
			json_add_str(call->result, "url", buf_str(&url));
		}
		buf_finish(&url);
		return ok || error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: this platform has no login by address",
				     account->name);
	}
	token_login(call->daemon, account, &call->actor, code, on_login, work_new(call, account->name));
	return true;
}

static bool run_pause(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", "reason", NULL };
	struct account_id id;
	const char *name;
	const char *reason;

	if (!call_only(call, names, err) || !call_text(call, "name", true, 64, &name, err) ||
		!call_text(call, "reason", false, LIMIT_REASON_BYTES, &reason, err) ||
		!account_find(tx, name, &id, err) || !account_pause(tx, &call->actor, id, reason, err)) {
		return false;
	}
	call->result = json_object();
	json_add_text(call->result, "name", name);
	json_add_text(call->result, "state", account_state_name(ACCOUNT_PAUSED));
	return true;
}

static bool run_resume(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", NULL };
	struct account_id id;
	const char *name;

	if (!call_only(call, names, err) || !call_text(call, "name", true, 64, &name, err) ||
		!account_find(tx, name, &id, err) || !account_resume(tx, &call->actor, id, err)) {
		return false;
	}
	call->result = json_object();
	json_add_text(call->result, "name", name);
	json_add_text(call->result, "state", account_state_name(ACCOUNT_READY));
	return true;
}

static void on_polled(void *data, int64_t new_messages, const struct error *err)
{
	struct work *work = data;
	struct call *call = work->call;

	work->new_messages += new_messages;
	if (err && !work->first.advice) {
		work->first = *err;
	}
	if (--work->left > 0) {
		return;
	}
	if (work->first.advice) {
		struct error first = work->first;

		work_end(work, &first);
		return;
	}
	call->result = json_object();
	json_add_text(call->result, "name", work->only);
	json_add_i64(call->result, "new_messages", work->new_messages);
	work_end(work, NULL);
}

static bool wanted(const struct account *account, const char *name)
{
	return account_hears(account) && (strcmp(name, "ALL") == 0 || strcmp(name, account->name) == 0);
}

static bool start_poll(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", NULL };
	struct daemon *daemon = call->daemon;
	struct work *work;
	const char *name;
	size_t n = 0;

	if (!call_only(call, names, err) || !call_text(call, "name", true, 64, &name, err)) {
		return false;
	}
	if (strcmp(name, "ALL") != 0) {
		struct account *account;

		if (!named(call, &account, err)) {
			return false;
		}
		if (!account_hears(account)) {
			return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s is %s%s%s", name,
				account_state_name(account->state), account->reason ? ": " : "",
				account->reason ? account->reason : "");
		}
	}
	for (size_t i = 0; i < daemon->n_accounts; i++) {
		n += wanted(daemon->accounts[i], name);
	}
	if (n == 0) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "no account is ready to be polled");
	}
	work = work_new(call, name);
	work->left = n;
	for (size_t i = 0; i < daemon->n_accounts; i++) {
		if (wanted(daemon->accounts[i], name)) {
			poller_poll_now(daemon->poller, daemon->accounts[i], on_polled, work);
		}
	}
	return true;
}

const struct verb verbs_account[] = {
	{ "account.check", VERB_LOOP, PERMIT_ACCOUNT_POLL, start_check },
	{ "account.list", VERB_LOOP, PERMIT_NOTHING_SPECIAL, start_list },
	{ "account.login", VERB_LOOP, PERMIT_ACCOUNT_LOGIN, start_login },
	{ "account.pause", VERB_WRITE, PERMIT_ACCOUNT_PAUSE, run_pause },
	{ "account.poll", VERB_LOOP, PERMIT_ACCOUNT_POLL, start_poll },
	{ "account.resume", VERB_WRITE, PERMIT_ACCOUNT_PAUSE, run_resume },
	{ "account.show", VERB_LOOP, PERMIT_NOTHING_SPECIAL, start_show },
	{ 0 },
};
