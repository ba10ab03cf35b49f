/*
 * What tests steer and see of the accounts of WeChat: switches and actions of POST /sim/account, what people do on the
 * platform's website (POST /sim/website), and what /sim/state shows.
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "sim/control.h"
#include "sim/wechat_envelope.h"
#include "sim/wechat_world.h"

static bool refuse(struct error *err, const char *what)
{
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s", what);
}

/* ---- POST /sim/account ---- */

static bool set_quotas(struct wx_account *account, const cJSON *limits, struct error *err)
{
	const cJSON *limit;
	size_t n;
	const struct wx_route *routes = wx_routes(&n);

	cJSON_ArrayForEach(limit, limits)
	{
		size_t i = 0;

		while (i < n && strcmp(routes[i].path, limit->string) != 0) {
			i++;
		}
		if (i == n || !cJSON_IsNumber(limit) || limit->valuedouble < -1 || limit->valuedouble > 1e12) {
			return error_set(
				err, ERROR_INPUT, ADVISE_REJECT, 0, "quotas: %s: no path with a number", limit->string);
		}
		account->counts[i].limit = (int64_t)limit->valuedouble;
	}
	return true;
}

static bool end_tokens(struct wx_account *account, const cJSON *value, int64_t def, struct error *err)
{
	int64_t code = cJSON_IsTrue(value) ? def : cJSON_IsNumber(value) ? (int64_t)value->valuedouble : 0;

	if (!code) {
		return refuse(err, "kill_token, expire_token: expected true or an error code");
	}
	wx_end_tokens(account, WX_TOKEN, wx_now(account), code);
	wx_end_tokens(account, WX_STABLE_TOKEN, wx_now(account), code);
	return true;
}

static bool external_refresh(struct wx_account *account, const cJSON *value, struct error *err)
{
	const char *family = cJSON_IsString(value) ? value->valuestring : "";

	if (strcmp(family, "token") == 0) {
		(void)wx_external_refresh(account, WX_TOKEN);
	} else if (strcmp(family, "stable_token") == 0) {
		(void)wx_external_refresh(account, WX_STABLE_TOKEN);
	} else {
		return refuse(err, "external_refresh: expected token or stable_token");
	}
	return true;
}

static bool set_member(struct wx_account *account, const cJSON *member, struct error *err)
{
	const char *key = member->string;
	struct wx_url url;

	if (strcmp(key, "account") == 0) {
		return true;
	}
	if (strcmp(key, "kill_token") == 0) {
		return end_tokens(account, member, 40001, err);
	}
	if (strcmp(key, "expire_token") == 0) {
		return end_tokens(account, member, 42001, err);
	}
	if (strcmp(key, "external_refresh") == 0) {
		return external_refresh(account, member, err);
	}
	if (strcmp(key, "quotas") == 0) {
		return set_quotas(account, member, err);
	}
	if (strcmp(key, "callback_url") == 0 && cJSON_IsString(member) && !wx_url_parse(member->valuestring, &url)) {
		return refuse(err, "callback_url: expected http:// and an address of this machine");
	}
	if (!wx_switches_set(&account->set, key, member, err)) {
		return false;
	}
	if (strcmp(key, "push_deliveries") == 0 && !account->set.push_deliveries) {
		account->set.push_deliveries = 1;
	}
	return true;
}

bool wechat_control_account(struct call *call, const cJSON *request)
{
	struct wx_account *account = wx_account(call->sim, json_str(request, "account"));
	const cJSON *member;
	struct error err;

	if (!account) {
		return false;
	}
	cJSON_ArrayForEach(member, request)
	{
		if (!set_member(account, member, &err)) {
			control_refuse(call, 400, err.message);
			return true;
		}
	}
	wx_account_out(&call->out, account);
	return true;
}

/* ---- GET /sim/state ---- */

static void out_tokens(struct out *out, const struct wx_account *account)
{
	static const char *const names[] = { "token", "stable_token" };
	const struct wechat *wechat = account->wechat;

	out_object(out, "tokens_alive");
	for (int family = WX_TOKEN; family <= WX_STABLE_TOKEN; family++) {
		int64_t alive = 0;

		for (size_t i = 0; i < wechat->n_tokens; i++) {
			const struct wx_token *token = wechat->tokens[i];

			alive += token->account == account && (int)token->family == family &&
				 token->expires_at > wx_now(account) && token->ends_at > wx_now(account);
		}
		out_i64(out, names[family], alive);
	}
	out_object_end(out);
}

static void out_quotas(struct out *out, const struct wx_account *account)
{
	size_t n;
	const struct wx_route *routes = wx_routes(&n);

	out_object(out, "quotas");
	for (size_t i = 0; i < n; i++) {
		int64_t used = quota_used(account->wechat->sim, &account->counts[i].day, DAY_MS);

		if (used) {
			out_object(out, routes[i].path);
			out_i64(out, "limit", wx_limit(account, i));
			out_i64(out, "used", used);
			out_object_end(out);
		}
	}
	out_object_end(out);
}

static void out_jobs(struct out *out, const struct wx_account *account)
{
	static const char *const states[] = { "running", "admin", "done", "deleted" };

	out_array(out, "jobs");
	for (size_t i = 0; i < account->n_jobs; i++) {
		const struct wx_job *job = account->jobs[i];

		out_object(out, NULL);
		out_text(out, "kind", job->broadcast ? "broadcast" : "publish");
		out_digits(out, "id", job->id);
		out_text(out, "state", states[job->state]);
		out_i64(out, "status", job->state == WX_JOB_DONE ? job->status : -1);
		out_i64(out, "msg_data_id", job->msg_data_id);
		out_text(out, "article_id", job->post && !job->broadcast ? job->post->article_id : NULL);
		out_object_end(out);
	}
	out_array_end(out);
}

void wx_account_out(struct out *out, struct wx_account *account)
{
	int64_t drafts = 0;
	int64_t followers = 0;

	for (size_t i = 0; i < account->n_drafts; i++) {
		drafts += !account->drafts[i]->gone;
	}
	for (size_t i = 0; i < account->n_citizens; i++) {
		followers += account->citizens[i]->subscribed;
	}
	out_object(out, NULL);
	out_text(out, "account", account->name);
	out_text(out, "platform", "wechat");
	out_text(out, "appid", account->appid);
	out_text(out, "original_id", account->original_id);
	out_object(out, "switches");
	wx_switches_out(out, &account->set);
	out_object_end(out);
	out_tokens(out, account);
	out_quotas(out, account);
	out_jobs(out, account);
	out_object(out, "counts");
	out_i64(out, "drafts", drafts);
	out_i64(out, "posts", (int64_t)account->n_posts);
	out_i64(out, "followers", followers);
	out_i64(out, "pushes", account->push_total);
	out_i64(out, "pushes_failed", account->push_failed);
	out_object_end(out);
	out_bool(out, "markfail", wx_now(account) < account->deaf_until);
	out_object_end(out);
}

void wechat_accounts_out(struct out *out, const struct sim *sim, struct str only)
{
	for (size_t i = 0; sim->wechat && i < sim->wechat->n_accounts; i++) {
		if (!only.n || str_is(only, sim->wechat->accounts[i].name)) {
			wx_account_out(out, &sim->wechat->accounts[i]);
		}
	}
}

/* ---- POST /sim/website ---- */

struct visit {
	struct call *call;
	struct wx_account *account;
	const cJSON *request;
	const char *error;
};

static struct wx_draft *draft_of(struct visit *visit)
{
	struct wx_draft *draft = wx_draft(visit->account, json_str(visit->request, "draft"));

	visit->error = draft ? NULL : "draft: there is no such draft";
	return draft;
}

static void edit_draft(struct visit *visit)
{
	static const char *const parts[] = { "title", "author", "digest", "content" };
	struct wx_draft *draft = draft_of(visit);

	for (size_t i = 0; draft && i < ARRAY_LEN(parts); i++) {
		const char *text = json_text(visit->request, parts[i], NULL);

		if (text) {
			cJSON_DeleteItemFromObject(draft->articles[0], parts[i]);
			json_add_text(draft->articles[0], parts[i], text);
			draft->updated_at = wx_now(visit->account);
		}
	}
}

static void delete_draft(struct visit *visit)
{
	struct wx_draft *draft = draft_of(visit);

	if (draft) {
		draft->gone = true;
	}
}

/* The draft can not be published as it is: 48021 (saved by itself), 53503, 53504; 0: it can again. */
static void mark_draft(struct visit *visit)
{
	struct wx_draft *draft = draft_of(visit);

	if (draft) {
		draft->refusal = json_i64(visit->request, "code", 48021);
	}
}

static struct wx_job *job_of(struct visit *visit)
{
	struct wx_job *job = wx_job(visit->account, true, json_i64(visit->request, "msg_id", 0));

	for (size_t i = visit->account->n_jobs; !job && !json_get(visit->request, "msg_id") && i > 0; i--) {
		if (visit->account->jobs[i - 1]->state == WX_JOB_ADMIN) {
			job = visit->account->jobs[i - 1];
		}
	}
	visit->error = job ? NULL : "msg_id: there is no such broadcast";
	return job;
}

static void decide(struct visit *visit, bool yes)
{
	struct wx_job *job = job_of(visit);

	if (job && !wx_mass_confirm(job, yes)) {
		visit->error = "msg_id: it does not wait for the administrator";
	}
}

static void confirm(struct visit *visit)
{
	decide(visit, true);
}

static void decline(struct visit *visit)
{
	decide(visit, false);
}

/* A broadcast that was made on the website: it uses the quota. */
static void broadcast(struct visit *visit)
{
	struct wx_account *account = visit->account;
	int64_t month = wx_month(wx_now(account));
	int64_t day = window_number(wx_now(account), DAY_MS);

	account->mass_day = (struct window){
		.number = day,
		.used = account->mass_day.number == day ? account->mass_day.used + 1 : 1,
	};
	account->mass_used = account->mass_month == month ? account->mass_used + 1 : 1;
	account->mass_month = month;
	wx_note(account, "website-broadcast", "website", (struct wx_seen){ .to = "all" });
}

static struct wx_post *post_of(struct visit *visit)
{
	const char *id = json_text(visit->request, "article", "");

	for (size_t i = 0; i < visit->account->n_posts; i++) {
		if (strcmp(visit->account->posts[i]->article_id, id) == 0) {
			return visit->account->posts[i];
		}
	}
	visit->error = "article: there is no such article";
	return NULL;
}

static void ban(struct visit *visit)
{
	struct wx_post *post = post_of(visit);

	for (size_t i = 0; post && i < visit->account->n_jobs; i++) {
		struct wx_job *job = visit->account->jobs[i];

		if (job->post == post) {
			job->status = 6;
		}
	}
	for (size_t i = 0; post && i < post->n; i++) {
		post->articles[i].deleted = true;
	}
}

static void verify_url(struct visit *visit)
{
	struct wx_push_order order = { .account = visit->account, .copies = 1, .verify = true };

	visit->call->waits_for = wx_push(&order);
}

static const struct {
	const char *name;
	void (*run)(struct visit *visit);
} visits[] = {
	{ "edit-draft", edit_draft },
	{ "delete-draft", delete_draft },
	{ "mark-draft", mark_draft },
	{ "confirm", confirm },
	{ "decline", decline },
	{ "broadcast", broadcast },
	{ "ban", ban },
	{ "verify-url", verify_url },
};

void wechat_control_website(struct call *call, const cJSON *request)
{
	static const char *const keys[] = { "account", "kind", "draft", "title", "author", "digest", "content", "code",
		"msg_id", "article" };
	struct visit visit = { .call = call, .request = request };
	const char *kind = json_text(request, "kind", "");
	const cJSON *member;
	size_t i = 0;

	visit.account = wx_account(call->sim, json_str(request, "account"));
	while (i < ARRAY_LEN(visits) && strcmp(visits[i].name, kind) != 0) {
		i++;
	}
	if (!visit.account) {
		control_refuse(call, 404, "account: no such account of wechat");
		return;
	}
	if (i == ARRAY_LEN(visits)) {
		control_refuse(call, 400, "kind: no such kind");
		return;
	}
	cJSON_ArrayForEach(member, request)
	{
		size_t k = 0;

		while (k < ARRAY_LEN(keys) && strcmp(keys[k], member->string) != 0) {
			k++;
		}
		if (k == ARRAY_LEN(keys)) {
			control_refuse(call, 400, "there is a member that is not known");
			return;
		}
	}
	visits[i].run(&visit);
	if (visit.error) {
		control_refuse(call, 409, visit.error);
		return;
	}
	out_object(&call->out, NULL);
	out_text(&call->out, "account", visit.account->name);
	if (!call->waits_for) {
		out_object_end(&call->out);
	}
}
