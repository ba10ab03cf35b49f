/*
 * The table of interfaces. To add one: a line here, a handler in a weibo_*.c, its declaration in call.h. The table is
 * small; looking through it costs less than the answer.
 */
#include "sim/routes.h"

#include <inttypes.h>

#include "core/attr.h"
#include "sim/wechat_world.h"

#define GET   METHOD_GET
#define POST  METHOD_POST
#define TOKEN 0

static const struct route routes[] = {
	{ "/oauth2/authorize", GET | POST, ROUTE_NO_TOKEN, handle_authorize, NULL },
	{ "/oauth2/access_token", POST, ROUTE_NO_TOKEN, handle_access_token, NULL },
	{ "/oauth2/get_token_info", POST, ROUTE_NO_TOKEN, handle_get_token_info, NULL },
	{ "/oauth2/revokeoauth2", GET | POST, ROUTE_NO_TOKEN, handle_revoke, NULL },

	{ "/2/statuses/share.json", POST, ROUTE_MULTIPART, handle_share, "/statuses/share" },
	{ "/2/statuses/update.json", POST, ROUTE_ADVANCED | ROUTE_TWIN, handle_update, "/statuses/update" },
	{ "/2/statuses/upload.json", POST, ROUTE_ADVANCED | ROUTE_TWIN | ROUTE_MULTIPART, handle_upload,
		"/statuses/upload" },
	{ "/2/statuses/upload_url_text.json", POST, ROUTE_ADVANCED | ROUTE_TWIN, handle_upload_url_text,
		"/statuses/upload_url_text" },
	{ "/2/statuses/upload_pic.json", POST, ROUTE_ADVANCED | ROUTE_TWIN | ROUTE_MULTIPART, handle_upload_pic, NULL },
	{ "/2/statuses/repost.json", POST, ROUTE_ADVANCED | ROUTE_TWIN, handle_repost, "/statuses/repost" },
	{ "/2/statuses/destroy.json", POST, ROUTE_ADVANCED | ROUTE_TWIN, handle_status_destroy, NULL },
	{ "/2/statuses/user_timeline.json", GET, ROUTE_TWIN, handle_user_timeline, NULL },
	{ "/2/statuses/user_timeline/ids.json", GET, TOKEN, handle_user_timeline_ids, NULL },
	{ "/2/statuses/show.json", GET, TOKEN, handle_status_show, NULL },
	{ "/2/statuses/show_batch.json", GET, ROUTE_ADVANCED | ROUTE_TWIN, handle_status_show_batch, NULL },
	{ "/2/statuses/count.json", GET, TOKEN, handle_status_count, NULL },
	{ "/2/statuses/repost_timeline.json", GET, TOKEN, handle_repost_timeline, NULL },
	{ "/2/statuses/querymid.json", GET, TOKEN, handle_querymid, NULL },
	{ "/2/statuses/queryid.json", GET, TOKEN, handle_queryid, NULL },
	{ "/2/statuses/mentions.json", GET, ROUTE_TWIN, handle_mentions, NULL },
	{ "/2/emotions.json", GET, TOKEN, handle_emotions, NULL },

	{ "/2/comments/to_me.json", GET, ROUTE_TWIN, handle_comments_to_me, NULL },
	{ "/2/comments/by_me.json", GET, ROUTE_TWIN, handle_comments_by_me, NULL },
	{ "/2/comments/timeline.json", GET, ROUTE_TWIN, handle_comments_timeline, NULL },
	{ "/2/comments/mentions.json", GET, ROUTE_TWIN, handle_comments_mentions, NULL },
	{ "/2/comments/show.json", GET, ROUTE_TWIN, handle_comments_show, NULL },
	{ "/2/comments/show_batch.json", GET, ROUTE_TWIN, handle_comments_show_batch, NULL },
	{ "/2/comments/create.json", POST, ROUTE_TWIN, handle_comment_create, "/comments/create" },
	{ "/2/comments/reply.json", POST, ROUTE_TWIN, handle_comment_reply, "/comments/reply" },
	{ "/2/comments/destroy.json", POST, ROUTE_TWIN, handle_comment_destroy, NULL },
	{ "/2/comments/destroy_batch.json", POST, ROUTE_TWIN, handle_comment_destroy_batch, NULL },

	{ "/2/account/get_uid.json", GET, TOKEN, handle_get_uid, NULL },
	{ "/2/account/rate_limit_status.json", GET, ROUTE_UNCOUNTED, handle_rate_limit_status, NULL },
	{ "/2/users/show.json", GET, TOKEN, handle_users_show, NULL },
	{ "/2/users/counts.json", GET, TOKEN, handle_users_counts, NULL },
	{ "/2/remind/unread_count.json", GET, ROUTE_CLOSED, handle_unread_count, NULL },
};

_Static_assert(ARRAY_LEN(routes) <= ROUTES_MAX, "struct sim counts for all routes");

const struct route *route_find(const char *path)
{
	size_t n = strlen(path);
	static const char twin[] = "/biz.json";
	bool is_twin = n > sizeof(twin) && strcmp(path + n - (sizeof(twin) - 1), twin) == 0;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		size_t route_n = strlen(routes[i].path);

		if (is_twin && routes[i].flags & ROUTE_TWIN && route_n + 4 == n &&
			memcmp(routes[i].path, path, route_n - 5) == 0) {
			return &routes[i];
		}
		if (route_n == n && memcmp(routes[i].path, path, n) == 0) {
			return &routes[i];
		}
	}
	return NULL;
}

const char *route_path(const char *path)
{
	const struct route *route = route_find(path);

	return route ? route->path : NULL;
}

void route_counted(struct sim *sim, const struct route *route, bool refused)
{
	struct route_count *count = &sim->routes[route - routes];

	count->requests++;
	count->refused += refused;
}

void routes_out(struct out *out, const struct sim *sim)
{
	out_array(out, "requests");
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (sim->routes[i].requests) {
			out_object(out, NULL);
			out_text(out, "path", routes[i].path);
			out_i64(out, "requests", sim->routes[i].requests);
			out_i64(out, "refused", sim->routes[i].refused);
			out_object_end(out);
		}
	}
	wechat_routes_out(out, sim);
	out_array_end(out);
}
