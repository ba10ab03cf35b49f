/*
 * From accounts.yaml to WeChat's accounts, and their end; citizens, jobs that are due, and what the ledger says of
 * them.
 */
#include "sim/wechat_world.h"

#include <inttypes.h>
#include <time.h>

#include "codec/json.h"
#include "config/config.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/secret.h"
#include "platform/wechat/settings.h"

#define FIRST_PUBLISH_ID INT64_C(2247503050) /* above 2^31, as seen */
#define FIRST_MSG_ID     INT64_C(3147494551)
#define FIRST_MESSAGE_ID INT64_C(24811111111111100) /* above 2^53 */
#define FIRST_TAG        100

static void set_text(char **text, struct str value)
{
	free(*text);
	*text = str_dup(value);
}

static bool is_taken(const struct wechat *wechat, const struct wx_account *account)
{
	for (size_t i = 0; i < wechat->n_accounts; i++) {
		const struct wx_account *other = &wechat->accounts[i];

		if (other != account && strcmp(other->appid, account->appid) == 0) {
			return true;
		}
	}
	return false;
}

static struct wechat *wechat_new(struct sim *sim, size_t n_all)
{
	struct wechat *wechat = xnew(struct wechat);

	wechat->sim = sim;
	wechat->accounts = xnew_array(struct wx_account, n_all);
	wechat->last_publish_id = FIRST_PUBLISH_ID;
	wechat->last_msg_id = FIRST_MSG_ID;
	wechat->last_message_id = FIRST_MESSAGE_ID;
	return wechat;
}

static void default_texts(struct wx_account *account, const struct wechat_settings *from)
{
	char text[64];
	char hex[13];

	if (from->original_id) {
		account->original_id = xstrdup(from->original_id);
	} else {
		wx_random(account->wechat, WX_HEX, hex, 12);
		(void)snprintf(text, sizeof(text), "gh_%s", hex);
		account->original_id = xstrdup(text);
	}
}

bool wechat_add_account(struct sim *sim, const struct config_account *from, size_t n_all, struct error *err)
{
	const struct wechat_settings *settings = from->settings;
	struct wx_account *account;
	char url[512];

	if (!sim->wechat) {
		sim->wechat = wechat_new(sim, n_all);
	}
	account = &sim->wechat->accounts[sim->wechat->n_accounts];
	account->wechat = sim->wechat;
	account->index = sim->wechat->n_accounts++;
	account->name = xstrdup(from->name);
	account->appid = xstrdup(settings->appid);
	account->secret = str_dup(secret_lend(&settings->app_secret));
	account->last_tag = FIRST_TAG;
	account->mass_speed = 3;
	for (size_t i = 0; i < WX_ROUTES_MAX; i++) {
		account->counts[i].limit = -1;
	}
	default_texts(account, settings);
	wx_switches_init(&account->set);
	account->set.kind = settings->kind;
	account->set.verified = settings->verified;
	account->set.comments = settings->comments;
	account->set.callback_mode = settings->callback_mode;
	account->set.push_on = secret_lend(&settings->callback_token).n > 0;
	set_text(&account->set.callback_token, secret_lend(&settings->callback_token));
	set_text(&account->set.aes_key, secret_lend(&settings->aes_key));
	set_text(&account->set.aes_key_previous, secret_lend(&settings->aes_key_previous));
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:8751/callback/%s", from->name);
	set_text(&account->set.callback_url, str_from(url));
	if (is_taken(sim->wechat, account)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: appid: another account has it", from->name);
	}
	return true;
}

static void article_finish(struct wx_article *article)
{
	for (size_t i = 0; i < article->n_comments; i++) {
		free(article->comments[i]->content);
		free(article->comments[i]->reply);
		free(article->comments[i]);
	}
	free(article->comments);
	cJSON_Delete(article->json);
}

void wx_post_free(struct wx_post *post)
{
	if (!post) {
		return;
	}
	for (size_t i = 0; i < post->n; i++) {
		article_finish(&post->articles[i]);
	}
	free(post->articles);
	free(post);
}

void wx_draft_free(struct wx_draft *draft)
{
	for (size_t i = 0; i < draft->n; i++) {
		cJSON_Delete(draft->articles[i]);
	}
	free(draft->articles);
	free(draft);
}

void wx_job_free(struct wx_job *job)
{
	cJSON_Delete(job->fail_idx);
	free(job->text);
	free(job->audience);
	free(job);
}

static void citizen_free(struct wx_citizen *citizen)
{
	for (size_t i = 0; i < citizen->n_lines; i++) {
		free(citizen->lines[i].text);
	}
	free(citizen->lines);
	free(citizen->name);
	free(citizen->scene_str);
	free(citizen->remark);
	free(citizen);
}

static void media_free(struct wx_media *media)
{
	free(media->name);
	free(media->title);
	free(media->introduction);
	free(media->data);
	free(media);
}

static void account_finish(struct wx_account *account)
{
	free(account->name);
	free(account->appid);
	free(account->secret);
	free(account->original_id);
	wx_switches_finish(&account->set);
	cJSON_Delete(account->menu);
	for (size_t i = 0; i < account->n_drafts; i++) {
		wx_draft_free(account->drafts[i]);
	}
	free(account->drafts);
	for (size_t i = 0; i < account->n_media; i++) {
		media_free(account->media[i]);
	}
	free(account->media);
	for (size_t i = 0; i < account->n_posts; i++) {
		wx_post_free(account->posts[i]);
	}
	free(account->posts);
	for (size_t i = 0; i < account->n_jobs; i++) {
		wx_job_free(account->jobs[i]);
	}
	free(account->jobs);
	for (size_t i = 0; i < account->n_citizens; i++) {
		citizen_free(account->citizens[i]);
	}
	free(account->citizens);
	for (size_t i = 0; i < account->n_tags; i++) {
		free(account->tags[i].name);
	}
	free(account->tags);
	for (size_t i = 0; i < account->n_qrs; i++) {
		free(account->qrs[i].scene);
	}
	free(account->qrs);
	for (size_t i = 0; i < account->n_agents; i++) {
		free(account->agents[i].account);
		free(account->agents[i].nickname);
		free(account->agents[i].worker);
	}
	free(account->agents);
	for (size_t i = 0; i < account->n_notices; i++) {
		free(account->notices[i].key);
	}
	free(account->notices);
}

void wechat_free(struct wechat *wechat)
{
	if (!wechat) {
		return;
	}
	wx_sender_free(wechat->sender);
	for (size_t i = 0; i < wechat->n_accounts; i++) {
		account_finish(&wechat->accounts[i]);
	}
	free(wechat->accounts);
	for (size_t i = 0; i < wechat->n_tokens; i++) {
		free(wechat->tokens[i]);
	}
	free(wechat->tokens);
	for (size_t i = 0; wechat->rids && i < WX_RIDS; i++) {
		free(wechat->rids[i].url);
		free(wechat->rids[i].body);
		free(wechat->rids[i].answer);
	}
	free(wechat->rids);
	table_finish(&wechat->tokens_by_text);
	table_finish(&wechat->media_by_key);
	table_finish(&wechat->citizens_by_openid);
	free(wechat);
}

struct wx_account *wx_account(const struct sim *sim, struct str name)
{
	for (size_t i = 0; sim->wechat && i < sim->wechat->n_accounts; i++) {
		if (str_is(name, sim->wechat->accounts[i].name)) {
			return &sim->wechat->accounts[i];
		}
	}
	return NULL;
}

int64_t wx_now(const struct wx_account *account)
{
	return account->wechat->sim->now_at;
}

void wx_random(struct wechat *wechat, const char *alphabet, char *ret, size_t n)
{
	int64_t limit = (int64_t)strlen(alphabet);

	for (size_t i = 0; i < n; i++) {
		ret[i] = alphabet[rng_below(&wechat->sim->rng, limit)];
	}
	ret[n] = '\0';
}

int64_t wx_month(int64_t at)
{
	time_t seconds = (time_t)((at + ZONE_MS) / 1000);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	return (int64_t)tm.tm_year * 12 + tm.tm_mon;
}

/* ---- jobs ---- */

void wechat_turn(struct sim *sim)
{
	struct wechat *wechat = sim->wechat;

	if (!wechat) {
		return;
	}
	for (size_t i = 0; i < wechat->n_accounts; i++) {
		struct wx_account *account = &wechat->accounts[i];

		for (size_t k = 0; k < account->n_jobs; k++) {
			struct wx_job *job = account->jobs[k];

			if ((job->state == WX_JOB_RUNNING || job->state == WX_JOB_ADMIN) &&
				sim->now_at >= job->finish_at) {
				wx_job_finish(job);
			}
		}
	}
	wx_sender_turn(wechat);
}

int64_t wechat_due_at(const struct sim *sim)
{
	const struct wechat *wechat = sim->wechat;
	int64_t due_at = INT64_MAX;

	if (!wechat) {
		return due_at;
	}
	due_at = wx_sender_due_at(wechat);
	for (size_t i = 0; i < wechat->n_accounts; i++) {
		const struct wx_account *account = &wechat->accounts[i];

		for (size_t k = 0; k < account->n_jobs; k++) {
			const struct wx_job *job = account->jobs[k];

			if ((job->state == WX_JOB_RUNNING || job->state == WX_JOB_ADMIN) && job->finish_at < due_at) {
				due_at = job->finish_at;
			}
		}
	}
	return due_at;
}

struct wx_job *wx_new_job(struct wx_account *account, bool broadcast)
{
	struct wx_job *job = xnew(struct wx_job);

	job->account = account;
	job->broadcast = broadcast;
	job->id = broadcast ? ++account->wechat->last_msg_id : ++account->wechat->last_publish_id;
	job->submitted_at = wx_now(account);
	array_grow(account->jobs, account->n_jobs, account->cap_jobs);
	account->jobs[account->n_jobs++] = job;
	return job;
}

struct wx_job *wx_job(struct wx_account *account, bool broadcast, int64_t id)
{
	for (size_t i = 0; i < account->n_jobs; i++) {
		if (account->jobs[i]->broadcast == broadcast && account->jobs[i]->id == id) {
			return account->jobs[i];
		}
	}
	return NULL;
}

void wx_job_finish(struct wx_job *job)
{
	if (job->broadcast) {
		wx_mass_finish(job);
	} else {
		wx_publish_finish(job);
	}
}

cJSON *wx_next_result(cJSON *results)
{
	return results ? cJSON_DetachItemFromArray(results, 0) : NULL;
}

/* ---- citizens ---- */

struct wx_citizen *wx_citizen(struct wx_account *account, struct str name)
{
	struct wx_citizen *citizen;
	char rest[24];

	for (size_t i = 0; i < account->n_citizens; i++) {
		if (str_is(name, account->citizens[i]->name) || str_is(name, account->citizens[i]->openid)) {
			return account->citizens[i];
		}
	}
	citizen = xnew(struct wx_citizen);
	citizen->account = account;
	citizen->name = str_dup(name);
	citizen->scene = "ADD_SCENE_SEARCH";
	citizen->subscribed = true;
	citizen->ever = true;
	citizen->subscribed_at = wx_now(account);
	wx_random(account->wechat, WX_URL64, rest, 22);
	(void)snprintf(citizen->openid, sizeof(citizen->openid), "oSIM0%02zu%s", account->index % 100, rest);
	citizen->openid[28] = '\0';
	array_grow(account->citizens, account->n_citizens, account->cap_citizens);
	account->citizens[account->n_citizens++] = citizen;
	table_put(&account->wechat->citizens_by_openid, str_from(citizen->openid), citizen);
	return citizen;
}

struct wx_citizen *wx_citizen_by_openid(struct wx_account *account, struct str openid)
{
	struct wx_citizen *citizen = openid.n ? table_get(&account->wechat->citizens_by_openid, openid) : NULL;

	return citizen && citizen->account == account ? citizen : NULL;
}

void wx_citizen_line(struct wx_citizen *citizen, enum wx_line_kind kind, const char *text)
{
	array_grow(citizen->lines, citizen->n_lines, citizen->cap_lines);
	citizen->lines[citizen->n_lines++] = (struct wx_line){
		.kind = kind,
		.at = wx_now(citizen->account),
		.text = xstrdup(text ? text : ""),
	};
}

bool wx_has_tag(const struct wx_citizen *citizen, int64_t tag)
{
	for (size_t i = 0; i < citizen->n_tags; i++) {
		if (citizen->tags[i] == tag) {
			return true;
		}
	}
	return false;
}

struct wx_tag *wx_tag(struct wx_account *account, int64_t id)
{
	for (size_t i = 0; i < account->n_tags; i++) {
		if (account->tags[i].id == id && !account->tags[i].gone) {
			return &account->tags[i];
		}
	}
	return NULL;
}

/*
 * What a citizen does opens a window: a message for 5 messages in 48 hours, a click, a scan or following for 3 in a
 * minute. A new one replaces an older one of its sort.
 *
 * source  API page customerservice/sendCustomMessage (service tree), read 2026
 */
bool wx_open_window(struct wx_citizen *citizen, bool message)
{
	int64_t now_at = wx_now(citizen->account);

	citizen->last_exchange_at = now_at;
	if (message) {
		citizen->message_window = (struct wx_window){ .until = now_at + 48 * HOUR_MS, .left = 5 };
	} else {
		citizen->action_window = (struct wx_window){ .until = now_at + MINUTE_MS, .left = 3 };
	}
	return true;
}

/* ---- the ledger ---- */

void wx_note(struct wx_account *account, const char *kind, const char *endpoint, struct wx_seen seen)
{
	struct entry *entry = ledger_restore(account->wechat->sim);
	struct wx_entry *own = xnew(struct wx_entry);

	*own = (struct wx_entry){
		.account = account,
		.kind = kind,
		.endpoint = xstrdup(endpoint),
		.remote_id = xstrdup(seen.remote_id),
		.title = xstrdup(seen.title),
		.text = xstrdup(seen.text),
		.to = xstrdup(seen.to),
		.msg_data_id = seen.msg_data_id,
	};
	entry->at = wx_now(account);
	entry->wechat = own;
}

void wx_entry_free(struct wx_entry *entry)
{
	if (!entry) {
		return;
	}
	free(entry->endpoint);
	free(entry->remote_id);
	free(entry->title);
	free(entry->text);
	free(entry->to);
	free(entry);
}

void wx_entry_out(struct out *out, const struct entry *entry)
{
	const struct wx_entry *own = entry->wechat;
	char at[40];

	format_iso_time(at, entry->at);
	out_object(out, NULL);
	out_i64(out, "seq", entry->seq);
	out_text(out, "at", at);
	out_i64(out, "at_ms", entry->at);
	out_text(out, "platform", "wechat");
	out_text(out, "account", own->account->name);
	out_text(out, "kind", own->kind);
	out_text(out, "endpoint", own->endpoint);
	out_text(out, "remote_id", own->remote_id);
	out_text(out, "title", own->title);
	out_text(out, "text", own->text);
	out_text(out, "to", own->to);
	if (own->msg_data_id) {
		out_i64(out, "msg_data_id", own->msg_data_id);
	}
	out_object_end(out);
}
