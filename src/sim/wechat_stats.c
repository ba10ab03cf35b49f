/*
 * Statistics, no more of them than the rules about dates and what a daemon can use: articles by day, followers, and how
 * its callbacks fared. Numbers of readers are invented from the follower count.
 *
 * source  pages datacube (service tree), read 2026: dates of +0800, a day's data after 08:00 of the next; the new
 * article interfaces take one day, summaries up to 7 or 30
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "sim/wechat_world.h"

static const struct {
	const char *name;
	int64_t days; /* at most */
} spans[] = {
	{ "getarticleread", 1 },
	{ "getarticleshare", 1 },
	{ "getarticletotaldetail", 1 },
	{ "getbizsummary", 30 },
	{ "getarticlesummary", 1 },
	{ "getarticletotal", 1 },
	{ "getuserread", 3 },
	{ "getuserreadhour", 1 },
	{ "getusershare", 7 },
	{ "getusersharehour", 1 },
	{ "getusersummary", 7 },
	{ "getusercumulate", 7 },
	{ "getupstreammsg", 7 },
	{ "getupstreammsghour", 1 },
	{ "getupstreammsgweek", 30 },
	{ "getupstreammsgmonth", 30 },
	{ "getupstreammsgdist", 15 },
	{ "getupstreammsgdistweek", 30 },
	{ "getupstreammsgdistmonth", 30 },
	{ "getinterfacesummary", 30 },
	{ "getinterfacesummaryhour", 1 },
};

/* "2026-11-23" as a number of days since 1970 at +0800. */
static bool read_day(struct str text, int64_t *ret_day)
{
	int64_t year, month, day;
	int64_t y, era, of_era;

	if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' ||
		!str_to_i64(str_sub(text, 0, 4), 2000, 9999, &year) ||
		!str_to_i64(str_sub(text, 5, 2), 1, 12, &month) || !str_to_i64(str_sub(text, 8, 2), 1, 31, &day)) {
		return false;
	}
	y = month > 2 ? year : year - 1;
	era = y / 400;
	of_era = y - era * 400;
	*ret_day = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
		   (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1 - 719468;
	return true;
}

static int64_t day_of(int64_t at)
{
	return window_number(at, DAY_MS);
}

static int64_t readers(const struct wx_account *account)
{
	return (int64_t)account->n_citizens * 3 + 12;
}

static void out_article(
	struct out *out, const struct wx_account *account, const struct wx_post *post, size_t i, const char *date)
{
	const struct wx_article *article = &post->articles[i];
	char id[48];

	(void)snprintf(id, sizeof(id), "%" PRId64 "_%zu", post->msg_data_id, i + 1);
	out_object(out, NULL);
	out_text(out, "ref_date", date);
	out_text(out, "msgid", id);
	out_i64(out, "publish_type", !post->broadcast);
	out_text(out, "title", json_text(article->json, "title", ""));
	out_text(out, "content_url", article->url);
	out_array(out, "detail_list");
	out_object(out, NULL);
	out_text(out, "stat_date", date);
	out_i64(out, "read_user", readers(account));
	out_i64(out, "share_user", 1);
	out_i64(out, "like_user", 2);
	out_i64(out, "comment_count", (int64_t)article->n_comments);
	out_object_end(out);
	out_array_end(out);
	out_object_end(out);
}

static void out_day(struct wx_call *wx, const char *name, int64_t day, const char *date)
{
	const struct wx_account *account = wx->account;

	if (strncmp(name, "getarticle", 10) == 0) {
		for (size_t i = 0; i < account->n_posts; i++) {
			const struct wx_post *post = account->posts[i];

			for (size_t k = 0; post->published_at && day_of(post->published_at) == day && k < post->n;
				k++) {
				out_article(wx->out, account, post, k, date);
			}
		}
		return;
	}
	if (strncmp(name, "getuser", 7) != 0 && strncmp(name, "getinterface", 12) != 0 &&
		strcmp(name, "getbizsummary") != 0) {
		return;
	}
	out_object(wx->out, NULL);
	out_text(wx->out, "ref_date", date);
	if (strncmp(name, "getinterface", 12) == 0) {
		out_i64(wx->out, "callback_count", account->push_total);
		out_i64(wx->out, "fail_count", account->push_failed);
		out_i64(wx->out, "total_time_cost", account->push_total * 20);
		out_i64(wx->out, "max_time_cost", 20);
	} else if (strcmp(name, "getusercumulate") == 0) {
		out_i64(wx->out, "user_source", 0);
		out_i64(wx->out, "cumulate_user", (int64_t)account->n_citizens);
	} else if (strcmp(name, "getusersummary") == 0) {
		out_i64(wx->out, "user_source", 0);
		out_i64(wx->out, "new_user", 0);
		out_i64(wx->out, "cancel_user", 0);
	} else {
		out_i64(wx->out, "read_user", readers(account));
	}
	out_object_end(wx->out);
}

void wx_handle_datacube(struct wx_call *wx)
{
	const char *name = strrchr(wx->route->path, '/') + 1;
	int64_t ready_at = wx_now(wx->account) - 8 * HOUR_MS; /* of the day before this one */
	int64_t first, last;
	int64_t most = 1;

	if (!read_day(json_str(wx->json, "begin_date"), &first) || !read_day(json_str(wx->json, "end_date"), &last)) {
		wx_refuse(wx, 61500);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		most = strcmp(spans[i].name, name) == 0 ? spans[i].days : most;
	}
	if (last < first || last - first >= most || last >= day_of(wx_now(wx->account))) {
		wx_refuse(wx, 61501);
		return;
	}
	if (last >= day_of(ready_at)) {
		wx_refuse(wx, 61503);
		return;
	}
	out_object(wx->out, NULL);
	out_array(wx->out, "list");
	for (int64_t day = first; day <= last; day++) {
		char date[24];

		format_plain_time(date, day * DAY_MS - ZONE_MS);
		date[10] = '\0';
		out_day(wx, name, day, date);
	}
	out_array_end(wx->out);
	out_bool(wx->out, "is_delay", false);
	out_object_end(wx->out);
}
