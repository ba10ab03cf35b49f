/*
 * Broadcasts. The clientmsgid is what makes one repeatable: for 24 hours the same one is refused with the number of the
 * job that exists, and without the msg_data_id, which only the first answer has.
 *
 * source  pages message/mass (subscription and service trees), read 2026; 45065 and 45066 also from reports
 *         (community/personal/oCJUsw-KQHOM_7NJrPLU0zIzJ7Yc). Whether a broadcast that waits for its administrator
 * answers 89505 or 0 is not documented: switch mass_protection_code
 */
#include <inttypes.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/settings.h"
#include "sim/wechat_world.h"
#include "sim/wechat_xml.h"

#define CLIENT_ID_BYTES   32
#define SAME_MS           DAY_MS
#define TOO_FAST_MS       MINUTE_MS
#define ADMIN_MS          (30 * MINUTE_MS)
#define PER_MONTH         4
#define TEXT_CHARS        600
#define PICTURES_MAX      20
#define EVENT_MAX_BYTES   (256u << 10)
#define ERR_ADMIN_REFUSED 40001
#define ERR_ADMIN_SILENT  40002

/* What a request wants to send. Texts lend from the request. */
struct wish {
	const char *type;
	struct wx_draft *draft;
	struct wx_post *again; /* by msg_data_id */
	const char *text;
	const char *media_id;
	bool to_all;
	int64_t tag;
	char client_id[65];
};

static bool has_foreign_link(struct str text)
{
	ptrdiff_t at;

	while ((at = str_find(text, STR("href="))) >= 0) {
		text = str_sub(text, (size_t)at + 6, text.n);
		if (!str_starts(text, STR("https://mp.weixin.qq.com/")) &&
			!str_starts(text, STR("http://mp.weixin.qq.com/")) && !str_starts(text, STR("weixin://"))) {
			return true;
		}
	}
	return false;
}

static int64_t read_articles(struct wx_account *account, const cJSON *object, struct wish *wish)
{
	int64_t msg_data_id = json_i64(object, "msg_data_id", 0);

	wish->media_id = json_text(object, "media_id", "");
	wish->draft = wx_draft(account, str_from(wish->media_id));
	wish->again = !wish->draft && msg_data_id ? wx_post_by_data_id(account, msg_data_id) : NULL;
	if (!wish->draft && !wish->again) {
		return 40007;
	}
	return wish->draft && wish->draft->refusal ? wish->draft->refusal == 53505 ? 48021 : wish->draft->refusal : 0;
}

static int64_t read_pictures(struct wx_account *account, const cJSON *json, bool preview, struct wish *wish)
{
	const cJSON *ids = json_get(json_get(json, "images"), "media_ids");
	const char *single = json_text(json_get(json, "image"), "media_id", NULL);
	int n = cJSON_GetArraySize(ids);

	if (n > PICTURES_MAX) {
		return 40215;
	}
	if (n < 1 && !single) {
		return preview || !ids ? 40007 : 41006;
	}
	for (int i = 0; i < (single ? 1 : n); i++) {
		const cJSON *item = cJSON_GetArrayItem(ids, i);
		const char *id = single ? single : cJSON_IsString(item) ? item->valuestring : "";
		const struct wx_media *media = wx_media(account, str_from(id));

		if (!media || media->type != WX_IMAGE) {
			return 40007;
		}
		wish->media_id = i ? wish->media_id : id;
	}
	return 0;
}

static int64_t read_content(struct wx_account *account, const cJSON *json, bool preview, struct wish *wish)
{
	struct str type = json_str(json, "msgtype");

	wish->media_id = "";
	wish->text = "";
	if (str_is(type, "mpnews")) {
		wish->type = "mpnews";
		return read_articles(account, json_get(json, "mpnews"), wish);
	}
	if (str_is(type, "text")) {
		struct str text = json_str(json_get(json, "text"), "content");

		wish->type = "text";
		wish->text = json_text(json_get(json, "text"), "content", "");
		return !text.n ? 44004 : text.n > TEXT_CHARS * 3 ? 45002 : has_foreign_link(text) ? 40066 : 0;
	}
	if (str_is(type, "image")) {
		wish->type = "image";
		return read_pictures(account, json, preview, wish);
	}
	if (str_is(type, "voice")) {
		const struct wx_media *media;

		wish->type = "voice";
		wish->media_id = json_text(json_get(json, "voice"), "media_id", "");
		media = wx_media(account, str_from(wish->media_id));
		return media && media->type == WX_VOICE ? 0 : 40007;
	}
	return str_is(type, "mpvideo") ? 48022 : str_is(type, "wxcard") ? 45113 : 40008;
}

/* ---- who gets it ---- */

static void add_audience(struct wx_job *job, struct wx_citizen *citizen)
{
	job->audience = xrealloc_array(job->audience, job->n_audience + 1, sizeof(struct wx_citizen *));
	job->audience[job->n_audience++] = citizen;
}

static int64_t read_filter(struct wx_call *wx, struct wish *wish)
{
	const cJSON *filter = json_get(wx->json, "filter");

	wish->to_all = json_bool(filter, "is_to_all", false);
	wish->tag = json_i64(filter, "tag_id", -1);
	if (!cJSON_IsObject(filter)) {
		return 40097;
	}
	return wish->to_all || (wish->tag == 2 || wx_tag(wx->account, wish->tag)) ? 0 : 40152;
}

static int64_t read_list(struct wx_call *wx, struct wx_job *probe)
{
	const cJSON *list = json_get(wx->json, "touser");
	const cJSON *item;
	int n = cJSON_GetArraySize(list);

	if (!cJSON_IsArray(list)) {
		return 40031;
	}
	if (n < 2 || n > 10000) {
		return n < 2 ? 40130 : 40032;
	}
	cJSON_ArrayForEach(item, list)
	{
		struct wx_citizen *citizen = wx_citizen_by_openid(
			wx->account, str_from(cJSON_IsString(item) ? item->valuestring : ""));

		if (!citizen) {
			return 40031;
		}
		add_audience(probe, citizen);
	}
	return 0;
}

/* ---- repeated or not ---- */

/* Absent: a digest of audience and content stands for it. */
static bool read_client_id(struct wx_call *wx, const struct wx_job *list, struct wish *wish)
{
	const char *given = json_text(wx->json, "clientmsgid", NULL);
	struct digest *digest;
	char tag[24];

	if (given && given[0]) {
		if (strlen(given) > CLIENT_ID_BYTES) {
			wx_refuse(wx, 45067);
			return false;
		}
		(void)snprintf(wish->client_id, sizeof(wish->client_id), "%s", given);
		return true;
	}
	digest = digest_new();
	(void)snprintf(tag, sizeof(tag), "%d %" PRId64, wish->to_all, wish->to_all ? 0 : wish->tag);
	digest_add_field(digest, str_from(tag));
	digest_add_field(digest, str_from(wish->type));
	digest_add_field(digest, str_from(wish->text));
	digest_add_field(digest, str_from(wish->media_id));
	for (size_t i = 0; i < list->n_audience; i++) {
		digest_add_field(digest, str_from(list->audience[i]->openid));
	}
	digest_end(digest, wish->client_id);
	return true;
}

static struct wx_job *same_job(const struct wx_account *account, const char *client_id)
{
	for (size_t i = account->n_jobs; i > 0; i--) {
		struct wx_job *job = account->jobs[i - 1];

		if (job->broadcast && strcmp(job->client_id, client_id) == 0 &&
			wx_now(account) - job->submitted_at < SAME_MS) {
			return job;
		}
	}
	return NULL;
}

static void refuse_same(struct wx_call *wx, const struct wx_job *job)
{
	if (job->state == WX_JOB_ADMIN) {
		wx_refuse(wx, 89504);
		return;
	}
	if (wx_now(wx->account) - job->submitted_at < TOO_FAST_MS) {
		wx_refuse(wx, 45066);
		return;
	}
	wx_refuse_open(wx, 45065, NULL);
	out_i64(wx->out, "msg_id", job->id);
	out_object_end(wx->out);
}

/* ---- the quota ---- */

static bool has_quota(struct wx_account *account, const struct wish *wish)
{
	int64_t month = wx_month(wx_now(account));
	int64_t day = window_number(wx_now(account), DAY_MS);

	if (account->mass_day.number != day) {
		account->mass_day = (struct window){ .number = day };
	}
	if (account->mass_month != month) {
		account->mass_month = month;
		account->mass_used = 0;
	}
	if (account->set.kind == WECHAT_SUBSCRIPTION) {
		return account->mass_day.used < 1;
	}
	return !wish->to_all || account->mass_used < PER_MONTH;
}

static void charge(struct wx_job *job)
{
	struct wx_account *account = job->account;

	job->charged = account->set.kind == WECHAT_SUBSCRIPTION || job->to_all;
	account->mass_day.used += account->set.kind == WECHAT_SUBSCRIPTION;
	account->mass_used += account->set.kind == WECHAT_SERVICE && job->to_all;
}

/* Only successful ones count. */
static void refund(struct wx_job *job)
{
	struct wx_account *account = job->account;

	if (job->charged && account->set.kind == WECHAT_SUBSCRIPTION && account->mass_day.used > 0) {
		account->mass_day.used--;
	} else if (job->charged && account->mass_used > 0) {
		account->mass_used--;
	}
	job->charged = false;
}

/* ---- the end of a job ---- */

static void deliver_to(struct wx_job *job, struct wx_citizen *citizen, const char *what)
{
	int64_t month = wx_month(wx_now(job->account));

	job->total++;
	if (!citizen->subscribed || citizen->refuses) {
		return; /* filtered */
	}
	job->filtered++;
	if (citizen->month != month) {
		citizen->month = month;
		citizen->broadcasts = 0;
	}
	if (job->account->set.kind == WECHAT_SERVICE && citizen->broadcasts >= PER_MONTH) {
		job->failed++;
		return;
	}
	citizen->broadcasts++;
	job->sent++;
	wx_citizen_line(citizen, WX_LINE_BROADCAST, what);
}

static void deliver_all(struct wx_job *job)
{
	const char *title = job->post ? json_text(job->post->articles[0].json, "title", "") : job->text;
	struct wx_account *account = job->account;
	char id[24];
	char to[48];

	for (size_t i = 0; i < job->n_audience; i++) {
		deliver_to(job, job->audience[i], title);
	}
	for (size_t i = 0; !job->n_audience && i < account->n_citizens; i++) {
		if (account->citizens[i]->ever && (job->to_all || wx_has_tag(account->citizens[i], job->tag))) {
			deliver_to(job, account->citizens[i], title);
		}
	}
	if (job->post) {
		job->post->published_at = wx_now(account);
	}
	if (job->draft) {
		job->draft->gone = true;
	}
	(void)snprintf(id, sizeof(id), "%" PRId64, job->id);
	if (job->n_audience) {
		(void)snprintf(to, sizeof(to), "list:%zu", job->n_audience);
	} else if (job->to_all) {
		(void)snprintf(to, sizeof(to), "all");
	} else {
		(void)snprintf(to, sizeof(to), "tag:%" PRId64, job->tag);
	}
	wx_note(account, "broadcast", job->n_audience ? "/cgi-bin/message/mass/send" : "/cgi-bin/message/mass/sendall",
		(struct wx_seen){
			.remote_id = id,
			.title = job->post ? title : NULL,
			.text = job->post ? json_text(job->post->articles[0].json, "content", "") : job->text,
			.to = to,
			.msg_data_id = job->msg_data_id,
		});
}

static void add_event(struct buf *out, const struct wx_job *job)
{
	const struct wx_account *account = job->account;
	char status[32];

	if (job->status > 0) {
		(void)snprintf(status, sizeof(status), "err(%" PRId64 ")", job->status);
	} else {
		(void)snprintf(status, sizeof(status), "%s", job->status ? "send fail" : "send success");
	}
	(void)buf_add_text(out, "<xml>");
	wx_xml_cdata(out, "ToUserName", str_from(account->original_id));
	wx_xml_cdata(out, "FromUserName", STR("oSIMmphelper0000000000000000"));
	(void)buf_printf(out, "<CreateTime>%" PRId64 "</CreateTime>\n", wx_now(account) / 1000);
	wx_xml_cdata(out, "MsgType", STR("event"));
	wx_xml_cdata(out, "Event", STR("MASSSENDJOBFINISH"));
	(void)buf_printf(out, "<MsgID>%" PRId64 "</MsgID>\n", job->id);
	wx_xml_cdata(out, "Status", str_from(status));
	(void)buf_printf(out,
		"<TotalCount>%" PRId64 "</TotalCount>\n<FilterCount>%" PRId64 "</FilterCount>\n<SentCount>%" PRId64
		"</SentCount>\n<ErrorCount>%" PRId64 "</ErrorCount>\n"
		"<CopyrightCheckResult>\n<Count>0</Count>\n<ResultList></ResultList>\n<CheckState>%d</CheckState>\n"
		"</CopyrightCheckResult>\n",
		job->total, job->filtered, job->sent, job->failed,
		job->status == 30003 ? 3
		: job->post          ? 1
				     : 0);
	if (account->set.mass_urls != WX_URLS_MISSING) {
		bool full = account->set.mass_urls == WX_URLS_FULL && job->post && !job->status;

		(void)buf_printf(out, "<ArticleUrlResult>\n<Count>%zu</Count>\n<ResultList>", full ? job->post->n : 0);
		for (size_t i = 0; full && i < job->post->n; i++) {
			(void)buf_printf(out,
				"<item>\n<ArticleIdx>%zu</ArticleIdx>\n<ArticleUrl><![CDATA[%s]]></ArticleUrl>\n"
				"</item>\n",
				i + 1, job->post->articles[i].url);
		}
		(void)buf_add_text(out, "</ResultList>\n</ArticleUrlResult>\n");
	}
	(void)buf_add_text(out, "</xml>");
}

static void finish(struct wx_job *job, struct call *early)
{
	struct buf xml;

	job->status = job->state == WX_JOB_ADMIN ? ERR_ADMIN_SILENT : job->planned;
	job->state = WX_JOB_DONE;
	if (job->status == 0) {
		deliver_all(job);
	} else {
		refund(job);
	}
	buf_init(&xml, EVENT_MAX_BYTES);
	add_event(&xml, job);
	wx_send_job_event(job, buf_str(&xml), (enum wx_event_fate)job->account->set.mass_event, early);
	buf_finish(&xml);
}

void wx_mass_finish(struct wx_job *job)
{
	finish(job, NULL);
}

bool wx_mass_confirm(struct wx_job *job, bool yes)
{
	if (job->state != WX_JOB_ADMIN) {
		return false;
	}
	job->state = WX_JOB_RUNNING;
	job->planned = yes ? job->planned : ERR_ADMIN_REFUSED;
	job->finish_at = wx_now(job->account) + (yes ? job->account->set.mass_delay_ms : 0);
	return true;
}

/* ---- the calls ---- */

static void plan(struct wx_job *job)
{
	cleanup(json_freep) cJSON *result = wx_next_result(job->account->set.mass_results);

	job->planned = cJSON_IsNumber(result) ? (int64_t)result->valuedouble
		       : cJSON_IsString(result) && strcmp(result->valuestring, "success") != 0 ? -1
											       : 0;
}

static void accept_job(struct wx_call *wx, const struct wish *wish, struct wx_job *list)
{
	struct wx_account *account = wx->account;
	struct wx_job *job = wx_new_job(account, true);

	job->type = wish->type;
	job->text = xstrdup(wish->text[0] ? wish->text : wish->media_id);
	job->to_all = wish->to_all;
	job->tag = wish->tag;
	job->audience = steal(&list->audience);
	job->n_audience = list->n_audience;
	job->draft = wish->draft;
	(void)snprintf(job->client_id, sizeof(job->client_id), "%s", wish->client_id);
	if (wish->draft || wish->again) {
		job->msg_data_id = wish->again ? wish->again->msg_data_id : ++account->wechat->last_publish_id;
		job->post = wish->again ? wish->again : wx_new_post(account, wish->draft, true, job->msg_data_id);
	}
	charge(job);
	plan(job);
	job->finish_at = wx_now(account) + account->set.mass_delay_ms;
	if (account->set.mass_protection && job->to_all) {
		job->state = WX_JOB_ADMIN;
		job->finish_at = wx_now(account) + ADMIN_MS;
		if (account->set.mass_protection_code) {
			wx_refuse(wx, account->set.mass_protection_code);
			return;
		}
	}
	if (account->set.mass_inner_retry) {
		account->set.mass_inner_retry = 0;
		wx_refuse_open(wx, 45065, NULL);
	} else {
		wx_ok_open(wx, "send job submission success");
	}
	out_i64(wx->out, "msg_id", job->id);
	if (job->msg_data_id && !wx->refused) {
		out_i64(wx->out, "msg_data_id", job->msg_data_id);
	}
	out_object_end(wx->out);
	if (account->set.mass_event == WX_EVENT_EARLY && job->state == WX_JOB_RUNNING) {
		finish(job, wx->call);
	}
}

static void send_job(struct wx_call *wx, struct wish *wish, struct wx_job *list)
{
	int64_t code;
	const struct wx_job *same;

	/* The draft of a broadcast that was accepted is gone: the clientmsgid must be looked at first. */
	if (json_text(wx->json, "clientmsgid", NULL)) {
		if (!read_client_id(wx, list, wish)) {
			return;
		}
		same = same_job(wx->account, wish->client_id);
		if (same) {
			refuse_same(wx, same);
			return;
		}
	}
	code = read_content(wx->account, wx->json, false, wish);
	if (code) {
		wx_refuse(wx, code);
		return;
	}
	if (!wish->client_id[0] && !read_client_id(wx, list, wish)) {
		return;
	}
	same = same_job(wx->account, wish->client_id);
	if (same) {
		refuse_same(wx, same);
	} else if (!has_quota(wx->account, wish)) {
		wx_refuse(wx, 45028);
	} else {
		accept_job(wx, wish, list);
	}
}

void wx_handle_mass_sendall(struct wx_call *wx)
{
	struct wx_job none = { 0 };
	struct wish wish = { 0 };
	int64_t code = read_filter(wx, &wish);

	if (code) {
		wx_refuse(wx, code);
		return;
	}
	send_job(wx, &wish, &none);
}

void wx_handle_mass_send(struct wx_call *wx)
{
	struct wx_job list = { 0 };
	struct wish wish = { .tag = -1 };
	int64_t code = read_list(wx, &list);

	if (code) {
		wx_refuse(wx, code);
	} else {
		send_job(wx, &wish, &list);
	}
	free(list.audience);
}

void wx_handle_mass_preview(struct wx_call *wx)
{
	struct str to = json_str(wx->json, "touser");
	struct str name = json_str(wx->json, "towxname");
	struct wish wish = { 0 };
	int64_t code = read_content(wx->account, wx->json, true, &wish);
	const char *title;

	if (!code && !name.n && !wx_citizen_by_openid(wx->account, to)) {
		code = to.n ? 40003 : 41009;
	}
	if (code) {
		wx_refuse(wx, code);
		return;
	}
	title = wish.draft ? json_text(wish.draft->articles[0], "title", "") : wish.text;
	wx_note(wx->account, "preview", wx->route->path,
		(struct wx_seen){ .title = title, .text = title, .to = name.n ? name.p : to.p });
	wx_ok_open(wx, "preview success");
	out_i64(wx->out, "msg_id", 34182);
	out_object_end(wx->out);
}

static struct wx_job *job_of(struct wx_call *wx)
{
	struct wx_job *job = wx_job(wx->account, true, json_i64(wx->json, "msg_id", 0));

	if (!job) {
		wx_refuse(wx, 40059);
	}
	return job;
}

void wx_handle_mass_get(struct wx_call *wx)
{
	const struct wx_job *job = job_of(wx);
	const char *status = "SENDING";

	if (!job) {
		return;
	}
	if (job->state == WX_JOB_DONE) {
		status = job->status ? "SEND_FAIL" : "SEND_SUCCESS";
	} else if (job->state == WX_JOB_DELETED) {
		status = "DELETE";
	}
	out_object(wx->out, NULL);
	out_i64(wx->out, "msg_id", job->id);
	out_text(wx->out, "msg_status", status);
	out_unknown(wx->out);
	out_object_end(wx->out);
}

static struct wx_job *job_by_url(struct wx_account *account, struct str url)
{
	for (size_t i = 0; i < account->n_jobs; i++) {
		struct wx_job *job = account->jobs[i];

		for (size_t k = 0; job->broadcast && job->post && k < job->post->n; k++) {
			if (str_is(url, job->post->articles[k].url)) {
				return job;
			}
		}
	}
	return NULL;
}

void wx_handle_mass_delete(struct wx_call *wx)
{
	struct str url = json_str(wx->json, "url");
	struct wx_job *job = url.n ? job_by_url(wx->account, url) : NULL;
	int64_t index = json_i64(wx->json, "article_idx", 0);
	bool left = false;
	char id[24];

	if (!job) {
		job = job_of(wx);
	}
	if (!job) {
		return;
	}
	if (job->state != WX_JOB_DONE || job->status || !job->post) {
		wx_refuse(wx, 40065);
		return;
	}
	if (index < 0 || index > (int64_t)job->post->n) {
		wx_refuse(wx, 40060);
		return;
	}
	for (size_t i = 0; i < job->post->n; i++) {
		struct wx_article *article = &job->post->articles[i];

		article->deleted = article->deleted || !index || (int64_t)i + 1 == index;
		left = left || !article->deleted;
	}
	job->state = left ? WX_JOB_DONE : WX_JOB_DELETED;
	(void)snprintf(id, sizeof(id), "%" PRId64, job->id);
	wx_note(wx->account, "delete", wx->route->path,
		(struct wx_seen){ .remote_id = id, .msg_data_id = job->msg_data_id });
	wx_ok(wx);
}

void wx_handle_mass_speed_get(struct wx_call *wx)
{
	static const int64_t real[] = { 80, 60, 45, 30, 10 };

	wx_ok_open(wx, "ok");
	out_i64(wx->out, "speed", wx->account->mass_speed);
	out_i64(wx->out, "realspeed", real[wx->account->mass_speed]);
	out_object_end(wx->out);
}

void wx_handle_mass_speed_set(struct wx_call *wx)
{
	int64_t speed = json_i64(wx->json, "speed", -1);

	if (!json_get(wx->json, "speed")) {
		wx_refuse(wx, 45084);
	} else if (speed < 0 || speed > 4) {
		wx_refuse(wx, 45083);
	} else {
		wx->account->mass_speed = speed;
		wx_ok(wx);
	}
}
