/*
 * Publishing: share, update, upload, upload_url_text, upload_pic, repost, destroy. The order of the checks of `share`
 * is assumed, and is its contract; the gateway in call.c has done token, permission and safety address before.
 */
#include <inttypes.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "core/mem.h"
#include "sim/call.h"
#include "sim/said.h"
#include "sim/state_file.h"

#define TEXT_CHARS_MAX       140
#define ANNOTATION_BYTES_MAX 512
#define PICTURE_BYTES_MAX    (5 * 1024 * 1024)
#define PICTURES_MAX         9
#define TEXT_BYTES_MAX       (4u << 20)

struct draft {
	struct str text;
	bool is_long;
	char *annotations;
	int64_t visible_type;
	struct picture *pictures[PICTURES_MAX];
	size_t n_pictures;
};

static void draft_finish(struct draft *draft)
{
	free(draft->annotations);
}

static bool read_status(struct call *call, struct draft *draft)
{
	if (!params_has(&call->params, "status")) {
		call_refuse_missing(call, "status");
		return false;
	}
	draft->text = params_str(&call->params, "status");
	return rule_rip(call);
}

static bool check_length(struct call *call, struct draft *draft)
{
	int64_t length;

	if (!str_trim(draft->text).n) {
		call_refuse(call, 20008, NULL);
		return false;
	}
	length = weibo_length(draft->text);
	if (length <= TEXT_CHARS_MAX) {
		draft->is_long = false;
		return true;
	}
	if (!draft->is_long) {
		call_refuse(call, 20012, NULL);
		return false;
	}
	if (length > call->account->set.long_chars) {
		call_refuse(call, 20049, NULL);
		return false;
	}
	return true;
}

static bool check_safe_domain(struct call *call, struct str text)
{
	const char *domain = call->account->set.safe_domain;
	char address[300];

	/* A token in the header alone is not looked at when the body is multipart (sinaweibopy#58). */
	if (!domain[0] || (call->params.multipart && !params_has(&call->params, "access_token"))) {
		call_refuse(call, 10017, "appkey not bind domain!");
		return false;
	}
	(void)snprintf(address, sizeof(address), "http://%s", domain);
	if (str_find(text, str_from(address)) >= 0) {
		return true;
	}
	(void)snprintf(address, sizeof(address), "https://%s", domain);
	if (str_find(text, str_from(address)) >= 0) {
		return true;
	}
	call_refuse(call, 10017, "text not find domain!");
	return false;
}

static const char *picture_type(struct str bytes)
{
	if (str_starts(bytes, STR("\xff\xd8\xff"))) {
		return "image/jpeg";
	}
	if (str_starts(bytes, STR("\x89PNG\r\n\x1a\n"))) {
		return "image/png";
	}
	if (str_starts(bytes, STR("GIF87a")) || str_starts(bytes, STR("GIF89a"))) {
		return "image/gif";
	}
	return NULL;
}

static bool check_picture(struct call *call, bool required)
{
	const struct params *params = &call->params;

	if (!params->has_file) {
		if (required || params_has(params, "pic")) {
			call_refuse(call, 20007, NULL);
			return false;
		}
		return true;
	}
	if (!picture_type(params->file)) {
		call_refuse(call, 20005, NULL);
		return false;
	}
	if (params->file.n >= PICTURE_BYTES_MAX) {
		call_refuse(call, 20006, NULL);
		return false;
	}
	return true;
}

/* Only the picture's hash is kept. */
static struct picture *store_picture(struct sim *sim, struct str bytes)
{
	struct picture *picture;
	char sha256[65];
	char id[48];

	digest_hex(bytes, sha256);
	do {
		(void)snprintf(id, sizeof(id), "001%08" PRIx64 "gy1h%016" PRIx64 "j", (uint64_t)++sim->last_picture,
			rng_next(&sim->rng));
	} while (table_get(&sim->pictures_by_id, str_from(id)));
	picture = sim_add_picture(sim, str_from(id), sha256, picture_type(bytes), (int64_t)bytes.n);
	state_picture(sim, picture);
	return picture;
}

static void store_text(struct item *item, struct str text, bool strip_topics)
{
	struct buf stored;

	buf_init(&stored, TEXT_BYTES_MAX);
	weibo_stored_text(text, strip_topics, &stored, &item->links);
	item->sent = str_dup(text);
	item->text = buf_steal(&stored);
	buf_finish(&stored);
}

/* A long status shows its beginning and a link to the whole. */
static void store_long_text(struct status *status)
{
	struct str start = weibo_cut(str_from(status->item.text), TEXT_CHARS_MAX - 10);
	struct buf shown;

	buf_init(&shown, TEXT_BYTES_MAX);
	buf_add_str(&shown, start);
	(void)buf_printf(
		&shown, "...全文: http://m.weibo.cn/%" PRId64 "/%" PRId64, status->item.user->uid, status->item.id);
	status->long_text = status->item.text;
	status->item.text = buf_steal(&shown);
	buf_finish(&shown);
}

static void publish(struct call *call, struct draft *draft, bool strip_topics, struct status *reposted)
{
	struct sim *sim = call->sim;
	struct account *account = call->account;
	struct status *status = sim_new_status(sim, &account->user, call->hide_ms);

	store_text(&status->item, draft->text, strip_topics);
	if (draft->is_long) {
		store_long_text(status);
	}
	if (draft->n_pictures) {
		status->pictures = xnew_array(struct picture *, draft->n_pictures);
		memcpy(status->pictures, draft->pictures, draft->n_pictures * sizeof(*status->pictures));
		status->n_pictures = draft->n_pictures;
	}
	status->annotations = steal(&draft->annotations);
	status->visible_type = draft->visible_type;
	status->retweeted = reposted;
	sim_index_status(sim, status);
	if (account->set.review_after_seconds) {
		sim_review(sim, status, sim->now_at + account->set.review_after_seconds * 1000);
	}
	if (!reposted) {
		said_add(&account->said_posts, draft->text, sim->now_at);
	}
	account->last_post_at = sim->now_at;
	state_status(sim, status);
	ledger_add(sim, account, reposted ? LEDGER_REPOST : LEDGER_POST, call->route->path, &status->item,
		reposted ? reposted->item.id : 0);
	out_status(&call->out, NULL, status, 0);
}

static bool check_limits_and_text(struct call *call, const struct draft *draft)
{
	return quota_take_post(call) && rule_frequency(call) &&
	       rule_fresh(call, &call->account->said_posts, draft->text) && rule_content(call, draft->text);
}

static void take_file(struct call *call, struct draft *draft)
{
	if (call->params.has_file) {
		draft->pictures[draft->n_pictures++] = store_picture(call->sim, call->params.file);
	}
}

void handle_share(struct call *call)
{
	cleanup(draft_finish) struct draft draft = { 0 };

	if (read_status(call, &draft) && check_safe_domain(call, draft.text) && check_length(call, &draft) &&
		check_picture(call, false) && check_limits_and_text(call, &draft)) {
		take_file(call, &draft);
		publish(call, &draft, true, NULL);
	}
}

static bool read_annotations(struct call *call, struct draft *draft)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct str text = params_str(&call->params, "annotations");
	struct error err;
	struct buf compact;

	if (!text.n) {
		return true;
	}
	if (text.n > ANNOTATION_BYTES_MAX || !json_parse(text, &json, &err)) {
		call_refuse_value(call, "annotations");
		return false;
	}
	buf_init(&compact, ANNOTATION_BYTES_MAX * 8);
	if (!json_print(&compact, json)) {
		buf_finish(&compact);
		call_refuse_value(call, "annotations");
		return false;
	}
	draft->annotations = buf_steal(&compact);
	buf_finish(&compact);
	return true;
}

/* What the advanced writers share. */
static bool read_advanced(struct call *call, struct draft *draft)
{
	if (!read_status(call, draft) || !read_annotations(call, draft)) {
		return false;
	}
	draft->visible_type = params_i64(&call->params, "visible", 0);
	if (draft->visible_type < 0 || draft->visible_type > 3) {
		call_refuse(call, 20121, NULL);
		return false;
	}
	return true;
}

void handle_update(struct call *call)
{
	cleanup(draft_finish) struct draft draft = { 0 };

	draft.is_long = params_i64(&call->params, "is_longtext", 0) == 1;
	if (read_advanced(call, &draft) && check_length(call, &draft) && check_limits_and_text(call, &draft)) {
		publish(call, &draft, false, NULL);
	}
}

void handle_upload(struct call *call)
{
	cleanup(draft_finish) struct draft draft = { 0 };

	if (read_advanced(call, &draft) && check_length(call, &draft) && check_picture(call, true) &&
		check_limits_and_text(call, &draft)) {
		take_file(call, &draft);
		publish(call, &draft, false, NULL);
	}
}

void handle_upload_pic(struct call *call)
{
	struct picture *picture;

	if (!check_picture(call, true)) {
		return;
	}
	picture = store_picture(call->sim, call->params.file);
	out_object(&call->out, NULL);
	out_text(&call->out, "pic_id", picture->id);
	out_picture(&call->out, picture);
	out_object_end(&call->out);
}

/* The pictures of `pic_id`, else the one behind `url`, which nobody fetches here: its address is hashed instead. */
static bool read_pictures(struct call *call, struct draft *draft)
{
	struct str ids = params_str(&call->params, "pic_id");
	struct str url = params_str(&call->params, "url");
	struct str id;

	if (!ids.n && !url.n) {
		call_refuse_missing(call, "url");
		return false;
	}
	if (!ids.n) {
		return str_starts(url, STR("http")) || (call_refuse_value(call, "url"), false);
	}
	while (str_split(&ids, ',', &id)) {
		struct picture *picture = table_get(&call->sim->pictures_by_id, str_trim(id));

		if (!picture || draft->n_pictures == PICTURES_MAX) {
			call_refuse_value(call, "pic_id");
			return false;
		}
		draft->pictures[draft->n_pictures++] = picture;
	}
	return true;
}

void handle_upload_url_text(struct call *call)
{
	cleanup(draft_finish) struct draft draft = { 0 };

	draft.is_long = params_i64(&call->params, "is_longtext", 0) == 1;
	if (!read_advanced(call, &draft) || !check_length(call, &draft) || !read_pictures(call, &draft) ||
		!check_limits_and_text(call, &draft)) {
		return;
	}
	if (!draft.n_pictures) {
		draft.pictures[draft.n_pictures++] = store_picture(call->sim, params_str(&call->params, "url"));
	}
	publish(call, &draft, false, NULL);
}

void handle_repost(struct call *call)
{
	cleanup(draft_finish) struct draft draft = { .text = STR("转发微博") };
	struct status *original;

	if (!rule_rip(call) || !rule_status(call, "id", &original)) {
		return;
	}
	if (params_str(&call->params, "status").n) {
		draft.text = params_str(&call->params, "status");
	}
	if (original->item.user == &call->account->user) {
		call_refuse(call, 20103, NULL);
		return;
	}
	/* A repost of a repost is one of the original. */
	if (original->retweeted) {
		original = original->retweeted;
	}
	if (original->item.gone) {
		call_refuse(call, 20101, NULL);
		return;
	}
	if (check_length(call, &draft) && quota_take_post(call) && rule_frequency(call) &&
		rule_content(call, draft.text)) {
		publish(call, &draft, false, original);
	}
}

void handle_status_destroy(struct call *call)
{
	struct status *status;

	if (!rule_status(call, "id", &status)) {
		return;
	}
	if (status->item.user != &call->account->user) {
		call_refuse(call, 20102, NULL);
		return;
	}
	sim_remove(call->sim, &status->item);
	ledger_add(call->sim, call->account, LEDGER_DELETE, call->route->path, &status->item, 0);
	out_status(&call->out, NULL, status, DETAIL_DELETED);
}
