/*
 * Publishing without a notification. A submission is a job that ends later, with a status that a test may have
 * scripted; the end is told by an event that may come, not come, come twice, or come before the answer to the
 * submission.
 *
 * source  pages freepublish, read 2026. That a draft can be submitted twice while the first job runs, and is then
 *         published twice, is the harsher of two assumptions: source unverified
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/mem.h"
#include "sim/wechat_world.h"
#include "sim/wechat_xml.h"

#define ITEM_MAX_BYTES (4u << 20)

/* ---- what is published ---- */

struct wx_post *wx_new_post(
	struct wx_account *account, const struct wx_draft *draft, bool broadcast, int64_t msg_data_id)
{
	struct wx_post *post = xnew(struct wx_post);

	post->account = account;
	post->broadcast = broadcast;
	post->msg_data_id = msg_data_id;
	post->n = draft->n;
	post->articles = xnew_array(struct wx_article, draft->n);
	wx_random(account->wechat, WX_URL64, post->article_id, 43);
	for (size_t i = 0; i < draft->n; i++) {
		struct wx_article *article = &post->articles[i];
		char sn[33];

		article->json = cJSON_Duplicate(draft->articles[i], true);
		article->comments_open = json_i64(article->json, "need_open_comment", 0);
		wx_random(account->wechat, WX_HEX, sn, 32);
		(void)snprintf(article->url, sizeof(article->url),
			"http://mp.weixin.qq.com/s?__biz=SIM&mid=%" PRId64 "&idx=%zu&sn=%s", msg_data_id, i + 1, sn);
	}
	array_grow(account->posts, account->n_posts, account->cap_posts);
	account->posts[account->n_posts++] = post;
	return post;
}

struct wx_post *wx_post_by_data_id(struct wx_account *account, int64_t msg_data_id)
{
	for (size_t i = 0; i < account->n_posts; i++) {
		if (account->posts[i]->msg_data_id == msg_data_id && account->posts[i]->published_at) {
			return account->posts[i];
		}
	}
	return NULL;
}

static struct wx_post *post_by_article_id(struct wx_account *account, struct str id)
{
	for (size_t i = 0; id.n && i < account->n_posts; i++) {
		struct wx_post *post = account->posts[i];

		if (post->published_at && !post->broadcast && str_is(id, post->article_id)) {
			return post;
		}
	}
	return NULL;
}

void wx_out_articles(struct out *out, const struct wx_post *post, bool content)
{
	out_array(out, "news_item");
	for (size_t i = 0; i < post->n; i++) {
		cleanup(json_freep) cJSON *item = cJSON_Duplicate(post->articles[i].json, true);
		struct wx_media *thumb = wx_media(post->account, json_str(item, "thumb_media_id"));
		struct buf text;
		char url[200];

		json_add_text(item, "url", post->articles[i].url);
		json_add_bool(item, "is_deleted", post->articles[i].deleted);
		if (thumb) {
			wx_media_url(thumb, url);
			json_add_text(item, "thumb_url", url);
		}
		if (!content) {
			cJSON_DeleteItemFromObject(item, "content");
		}
		buf_init(&text, ITEM_MAX_BYTES);
		if (json_print(&text, item)) {
			out_raw(out, NULL, buf_str(&text));
		}
		buf_finish(&text);
	}
	out_array_end(out);
}

/* ---- the job ---- */

static void add_event_head(struct buf *out, const struct wx_job *job, const char *event)
{
	(void)buf_add_text(out, "<xml>");
	wx_xml_cdata(out, "ToUserName", str_from(job->account->original_id));
	/* Documented as "mphelper"; the documentation's own samples show an openid. */
	wx_xml_cdata(out, "FromUserName", STR("oSIMmphelper0000000000000000"));
	(void)buf_printf(out, "<CreateTime>%" PRId64 "</CreateTime>\n", wx_now(job->account) / 1000);
	wx_xml_cdata(out, "MsgType", STR("event"));
	wx_xml_cdata(out, "Event", str_from(event));
}

static void add_publish_event(struct buf *out, const struct wx_job *job)
{
	const cJSON *index;

	add_event_head(out, job, "PUBLISHJOBFINISH");
	(void)buf_printf(out,
		"<PublishEventInfo>\n<publish_id>%" PRId64 "</publish_id>\n<publish_status>%" PRId64
		"</publish_status>\n",
		job->id, job->status);
	if (job->status == 0) {
		/* With the line break of the documented sample. */
		(void)buf_printf(out,
			"<article_id><![CDATA[%s\n]]></article_id>\n<article_detail>\n<count>%zu</count>\n",
			job->post->article_id, job->post->n);
		for (size_t i = 0; i < job->post->n; i++) {
			(void)buf_printf(out,
				"<item>\n<idx>%zu</idx>\n<article_url><![CDATA[%s]]></article_url>\n</item>\n", i + 1,
				job->post->articles[i].url);
		}
		(void)buf_add_text(out, "</article_detail>\n");
	}
	cJSON_ArrayForEach(index, job->fail_idx)
	{
		(void)buf_printf(out, "<fail_idx>%d</fail_idx>\n", index->valueint);
	}
	(void)buf_add_text(out, "</PublishEventInfo>\n</xml>");
}

static void finish(struct wx_job *job, struct call *early)
{
	struct wx_account *account = job->account;
	struct buf xml;

	job->state = WX_JOB_DONE;
	job->status = job->planned;
	if (job->status == 0) {
		job->post->published_at = wx_now(account);
		job->draft->gone = true;
		wx_note(account, "article", "/cgi-bin/freepublish/submit",
			(struct wx_seen){
				.remote_id = job->post->article_id,
				.title = json_text(job->post->articles[0].json, "title", ""),
				.text = json_text(job->post->articles[0].json, "content", ""),
				.msg_data_id = job->msg_data_id,
			});
	}
	buf_init(&xml, ITEM_MAX_BYTES);
	add_publish_event(&xml, job);
	wx_send_job_event(job, buf_str(&xml), (enum wx_event_fate)account->set.publish_event, early);
	buf_finish(&xml);
}

void wx_publish_finish(struct wx_job *job)
{
	finish(job, NULL);
}

void wx_send_job_event(struct wx_job *job, struct str xml, enum wx_event_fate fate, struct call *early)
{
	struct wx_push_order order = { .account = job->account, .copies = 1, .silent = true };
	int64_t push;

	if (fate == WX_EVENT_LOST) {
		return;
	}
	order.xml = str_dup(xml);
	order.copies = fate == WX_EVENT_DUPLICATED ? 2 : 1;
	push = wx_push(&order);
	if (early) {
		early->waits_for = push; /* the answer leaves when the event has been delivered */
		early->keeps_answer = true;
	}
}

/* What a script says about the next publication: a status, or {"status","fail_idx"}. */
static void plan(struct wx_job *job)
{
	cleanup(json_freep) cJSON *result = wx_next_result(job->account->set.publish_results);
	const cJSON *fail_idx = json_get(result, "fail_idx");

	job->planned = cJSON_IsNumber(result) ? (int64_t)result->valuedouble : json_i64(result, "status", 0);
	if (cJSON_IsArray(fail_idx)) {
		job->fail_idx = cJSON_Duplicate(fail_idx, true);
	} else if (job->planned == 2 || job->planned == 4) {
		job->fail_idx = cJSON_CreateArray();
		cJSON_AddItemToArray(job->fail_idx, cJSON_CreateNumber(1));
	}
}

void wx_handle_publish_submit(struct wx_call *wx)
{
	struct wx_account *account = wx->account;
	struct wx_draft *draft = wx_draft(account, json_str(wx->json, "media_id"));
	struct wx_job *job;

	if (!draft) {
		wx_refuse(wx, 40007);
		return;
	}
	if (draft->refusal) {
		wx_refuse(wx, draft->refusal == 48021 ? 53505 : draft->refusal);
		return;
	}
	job = wx_new_job(account, false);
	job->draft = draft;
	job->msg_data_id = job->id;
	job->post = wx_new_post(account, draft, false, job->msg_data_id);
	job->finish_at = wx_now(account) + account->set.publish_delay_ms;
	plan(job);
	wx_ok_open(wx, "ok");
	out_digits(wx->out, "publish_id", job->id);
	if (!out_odd(wx->out, "msg_data_id")) {
		out_i64(wx->out, "msg_data_id", job->msg_data_id);
	}
	out_unknown(wx->out);
	out_object_end(wx->out);
	if (account->set.publish_event == WX_EVENT_EARLY) {
		finish(job, wx->call);
	}
}

/* All its articles deleted by the account, or all banned: the job says so ever after. */
static int64_t status_now(const struct wx_job *job)
{
	if (job->state != WX_JOB_DONE) {
		return 1;
	}
	for (size_t i = 0; job->status == 0 && i < job->post->n; i++) {
		if (!job->post->articles[i].deleted) {
			return 0;
		}
	}
	return job->status == 0 ? 5 : job->status;
}

void wx_handle_publish_get(struct wx_call *wx)
{
	const struct wx_job *job = wx_job(wx->account, false, json_i64(wx->json, "publish_id", 0));
	const cJSON *failed = job && job->state == WX_JOB_DONE ? job->fail_idx : NULL;
	const cJSON *index;
	int64_t status;

	if (!job) {
		wx_refuse_text(wx, 40002, "invalid argument");
		return;
	}
	status = status_now(job);
	out_object(wx->out, NULL);
	if (wx->out->jitter) { /* a text in one document, a number in another */
		out_i64(wx->out, "publish_id", job->id);
	} else {
		out_digits(wx->out, "publish_id", job->id);
	}
	out_unknown(wx->out);
	out_i64(wx->out, "publish_status", status);
	if (status == 0) {
		out_text(wx->out, "article_id", job->post->article_id);
		out_object(wx->out, "article_detail");
		out_i64(wx->out, "count", (int64_t)job->post->n);
		out_array(wx->out, "item");
		for (size_t i = 0; i < job->post->n; i++) {
			out_object(wx->out, NULL);
			out_i64(wx->out, "idx", (int64_t)i + 1);
			out_text(wx->out, "article_url", job->post->articles[i].url);
			out_object_end(wx->out);
		}
		out_array_end(wx->out);
		out_object_end(wx->out);
	}
	out_array(wx->out, "fail_idx");
	cJSON_ArrayForEach(index, failed)
	{
		out_i64(wx->out, NULL, index->valueint);
	}
	out_array_end(wx->out);
	out_object_end(wx->out);
}

static bool is_whole(const struct wx_post *post)
{
	for (size_t i = 0; i < post->n; i++) {
		if (!post->articles[i].deleted) {
			return true;
		}
	}
	return false;
}

/* Newest first. Broadcasts are not in it, and no call lists them. */
void wx_handle_publish_batchget(struct wx_call *wx)
{
	int64_t offset = json_i64(wx->json, "offset", 0);
	int64_t count = json_i64(wx->json, "count", 0);
	bool content = !json_i64(wx->json, "no_content", 0);
	int64_t seen = 0;
	int64_t shown = 0;

	if (offset < 0 || count < 1 || count > 20) {
		wx_refuse(wx, 40097);
		return;
	}
	out_object(wx->out, NULL);
	out_array(wx->out, "item");
	for (size_t i = wx->account->n_posts; i > 0; i--) {
		const struct wx_post *post = wx->account->posts[i - 1];

		if (post->broadcast || !post->published_at || !is_whole(post) || seen++ < offset || shown >= count) {
			continue;
		}
		shown++;
		out_object(wx->out, NULL);
		out_text(wx->out, "article_id", post->article_id);
		out_object(wx->out, "content");
		wx_out_articles(wx->out, post, content);
		out_object_end(wx->out);
		out_i64(wx->out, "update_time", post->published_at / 1000);
		out_object_end(wx->out);
	}
	out_array_end(wx->out);
	out_i64(wx->out, "total_count", seen);
	out_i64(wx->out, "item_count", shown);
	out_object_end(wx->out);
}

void wx_handle_publish_getarticle(struct wx_call *wx)
{
	const struct wx_post *post = post_by_article_id(wx->account, json_str(wx->json, "article_id"));

	if (!post) {
		wx_refuse(wx, 53600);
		return;
	}
	out_object(wx->out, NULL);
	wx_out_articles(wx->out, post, true);
	out_object_end(wx->out);
}

void wx_handle_publish_delete(struct wx_call *wx)
{
	struct str id = json_str(wx->json, "article_id");
	struct wx_post *post = post_by_article_id(wx->account, id);
	int64_t index = json_i64(wx->json, "index", 0);

	if (!post) {
		wx_refuse(wx, id.n ? 53600 : 47001);
		return;
	}
	if (index < 0 || index > (int64_t)post->n) {
		wx_refuse(wx, 40114);
		return;
	}
	for (size_t i = 0; i < post->n; i++) {
		post->articles[i].deleted = post->articles[i].deleted || !index || (int64_t)i + 1 == index;
	}
	wx_note(wx->account, "delete", wx->route->path,
		(struct wx_seen){ .remote_id = post->article_id, .msg_data_id = post->msg_data_id });
	wx_ok(wx);
}
