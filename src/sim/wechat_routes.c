/*
 * The table of interfaces of WeChat: path, method, body, who may call it, calls a day. To add one: a line here, a
 * handler in a wechat_*.c, its declaration in wechat_world.h.
 *
 * source  pages of the calls, and "interface limits" of the developer guide for the daily numbers of a new account,
 * read 2026; where the table there is silent 1000 is assumed, source unverified
 */
#include "sim/wechat_world.h"

#define GET  METHOD_GET
#define POST METHOD_POST
#define STATS(n) \
	{ \
		"/datacube/" n, POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_datacube, 0 \
	}

static const struct wx_route routes[] = {
	{ "/cgi-bin/token", GET, WX_NO_BODY, WX_FREE, 2000, wx_handle_token, WX_NO_TOKEN },
	{ "/cgi-bin/stable_token", POST, WX_JSON, WX_FREE, 500000, wx_handle_stable_token, WX_NO_TOKEN },
	{ "/cgi-bin/clear_quota", POST, WX_JSON, WX_FREE, 0, wx_handle_clear_quota, 0 },
	{ "/cgi-bin/clear_quota/v2", POST, WX_ANY_BODY, WX_FREE, 0, wx_handle_clear_quota_v2, WX_NO_TOKEN },
	{ "/cgi-bin/openapi/quota/get", POST, WX_JSON, WX_FREE, 1000, wx_handle_quota_get, 0 },
	{ "/cgi-bin/openapi/quota/clear", POST, WX_JSON, WX_FREE, 0, wx_handle_quota_clear, 0 },
	{ "/cgi-bin/openapi/rid/get", POST, WX_JSON, WX_FREE, 1000, wx_handle_rid_get, 0 },
	{ "/cgi-bin/getcallbackip", GET, WX_NO_BODY, WX_FREE, 1000, wx_handle_callback_ip, 0 },
	{ "/cgi-bin/get_api_domain_ip", GET, WX_NO_BODY, WX_FREE, 1000, wx_handle_callback_ip, 0 },
	{ "/cgi-bin/callback/check", POST, WX_JSON, WX_FREE, 1000, wx_handle_callback_check, 0 },

	{ "/cgi-bin/media/uploadimg", POST, WX_FILE, WX_FREE, 100000, wx_handle_uploadimg, 0 },
	{ "/cgi-bin/media/upload", POST, WX_FILE, WX_FREE, 100000, wx_handle_media_upload, 0 },
	{ "/cgi-bin/media/get", GET, WX_NO_BODY, WX_FREE, 200000, wx_handle_media_get, 0 },
	{ "/cgi-bin/material/add_material", POST, WX_FILE, WX_FREE, 1000, wx_handle_add_material, 0 },
	{ "/cgi-bin/material/get_material", POST, WX_JSON, WX_FREE, 1000, wx_handle_get_material, 0 },
	{ "/cgi-bin/material/del_material", POST, WX_JSON, WX_FREE, 1000, wx_handle_del_material, 0 },
	{ "/cgi-bin/material/get_materialcount", GET, WX_NO_BODY, WX_FREE, 5000, wx_handle_material_count, 0 },
	{ "/cgi-bin/material/batchget_material", POST, WX_JSON, WX_FREE, 1000, wx_handle_material_batchget, 0 },

	{ "/cgi-bin/draft/add", POST, WX_JSON, WX_FREE, 1000, wx_handle_draft_add, 0 },
	{ "/cgi-bin/draft/update", POST, WX_JSON, WX_FREE, 1000, wx_handle_draft_update, 0 },
	{ "/cgi-bin/draft/get", POST, WX_JSON, WX_FREE, 500, wx_handle_draft_get, 0 },
	{ "/cgi-bin/draft/delete", POST, WX_JSON, WX_FREE, 1000, wx_handle_draft_delete, 0 },
	{ "/cgi-bin/draft/count", GET, WX_NO_BODY, WX_FREE, 1000, wx_handle_draft_count, 0 },
	{ "/cgi-bin/draft/batchget", POST, WX_JSON, WX_FREE, 1000, wx_handle_draft_batchget, 0 },
	{ "/cgi-bin/draft/switch", POST, WX_ANY_BODY, WX_FREE, 1000, wx_handle_draft_switch, 0 },

	{ "/cgi-bin/freepublish/submit", POST, WX_JSON, WX_VERIFIED, 100, wx_handle_publish_submit, 0 },
	{ "/cgi-bin/freepublish/get", POST, WX_JSON, WX_VERIFIED, 100, wx_handle_publish_get, 0 },
	{ "/cgi-bin/freepublish/batchget", POST, WX_JSON, WX_VERIFIED, 100, wx_handle_publish_batchget, 0 },
	{ "/cgi-bin/freepublish/getarticle", POST, WX_JSON, WX_VERIFIED, 100, wx_handle_publish_getarticle, 0 },
	{ "/cgi-bin/freepublish/delete", POST, WX_JSON, WX_VERIFIED, 10, wx_handle_publish_delete, 0 },

	{ "/cgi-bin/message/mass/sendall", POST, WX_JSON, WX_VERIFIED, 100, wx_handle_mass_sendall, WX_MASS },
	{ "/cgi-bin/message/mass/send", POST, WX_JSON, WX_SERVICE, 100, wx_handle_mass_send, WX_MASS },
	{ "/cgi-bin/message/mass/preview", POST, WX_JSON, WX_VERIFIED, 100, wx_handle_mass_preview, 0 },
	{ "/cgi-bin/message/mass/get", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_mass_get, 0 },
	{ "/cgi-bin/message/mass/delete", POST, WX_JSON, WX_VERIFIED, 10, wx_handle_mass_delete, 0 },
	{ "/cgi-bin/message/mass/speed/get", POST, WX_ANY_BODY, WX_VERIFIED, 1000, wx_handle_mass_speed_get, 0 },
	{ "/cgi-bin/message/mass/speed/set", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_mass_speed_set, 0 },

	{ "/cgi-bin/message/custom/send", POST, WX_JSON, WX_VERIFIED, 500000, wx_handle_custom_send, 0 },
	{ "/cgi-bin/message/custom/typing", POST, WX_JSON, WX_VERIFIED, 500000, wx_handle_custom_typing, 0 },
	{ "/customservice/kfaccount/add", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_kf_add, 0 },
	{ "/customservice/kfaccount/update", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_kf_update, 0 },
	{ "/customservice/kfaccount/del", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_kf_del, 0 },
	{ "/customservice/kfaccount/inviteworker", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_kf_invite, 0 },
	{ "/customservice/kfaccount/uploadheadimg", POST, WX_FILE, WX_VERIFIED, 1000, wx_handle_kf_head, 0 },
	{ "/cgi-bin/customservice/getkflist", GET, WX_NO_BODY, WX_VERIFIED, 1000, wx_handle_kf_list, 0 },
	{ "/cgi-bin/customservice/getonlinekflist", GET, WX_NO_BODY, WX_VERIFIED, 1000, wx_handle_kf_online, 0 },
	{ "/customservice/msgrecord/getmsglist", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_kf_records, 0 },

	{ "/cgi-bin/comment/open", POST, WX_JSON, WX_COMMENT, 1000, wx_handle_comment_open, 0 },
	{ "/cgi-bin/comment/close", POST, WX_JSON, WX_COMMENT, 1000, wx_handle_comment_close, 0 },
	{ "/cgi-bin/comment/list", POST, WX_JSON, WX_COMMENT, 1000, wx_handle_comment_list, 0 },
	{ "/cgi-bin/comment/markelect", POST, WX_JSON, WX_COMMENT, 1000, wx_handle_comment_markelect, 0 },
	{ "/cgi-bin/comment/unmarkelect", POST, WX_JSON, WX_COMMENT, 1000, wx_handle_comment_unmarkelect, 0 },
	{ "/cgi-bin/comment/delete", POST, WX_JSON, WX_COMMENT, 1000, wx_handle_comment_delete, 0 },
	{ "/cgi-bin/comment/reply/add", POST, WX_JSON, WX_COMMENT, 1000, wx_handle_comment_reply_add, 0 },
	{ "/cgi-bin/comment/reply/delete", POST, WX_JSON, WX_COMMENT, 1000, wx_handle_comment_reply_delete, 0 },

	{ "/cgi-bin/user/info", GET, WX_NO_BODY, WX_VERIFIED, 5000000, wx_handle_user_info, 0 },
	{ "/cgi-bin/user/info/batchget", POST, WX_JSON, WX_VERIFIED, 5000000, wx_handle_user_info_batchget, 0 },
	{ "/cgi-bin/user/info/updateremark", POST, WX_JSON, WX_VERIFIED, 10000, wx_handle_user_remark, 0 },
	{ "/cgi-bin/user/get", GET, WX_NO_BODY, WX_VERIFIED, 500, wx_handle_user_get, 0 },
	{ "/cgi-bin/user/tag/get", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_tag_members, 0 },
	{ "/cgi-bin/tags/create", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_tag_create, 0 },
	{ "/cgi-bin/tags/get", GET, WX_NO_BODY, WX_VERIFIED, 1000, wx_handle_tag_get, 0 },
	{ "/cgi-bin/tags/update", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_tag_update, 0 },
	{ "/cgi-bin/tags/delete", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_tag_delete, 0 },
	{ "/cgi-bin/tags/getidlist", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_tag_idlist, 0 },
	{ "/cgi-bin/tags/members/batchtagging", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_tag_batch, 0 },
	{ "/cgi-bin/tags/members/batchuntagging", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_tag_unbatch, 0 },

	{ "/cgi-bin/qrcode/create", POST, WX_JSON, WX_SERVICE, 100000, wx_handle_qr_create, 0 },
	{ "/cgi-bin/menu/create", POST, WX_JSON, WX_VERIFIED, 1000, wx_handle_menu_create, 0 },
	{ "/cgi-bin/menu/get", GET, WX_NO_BODY, WX_VERIFIED, 10000, wx_handle_menu_get, 0 },
	{ "/cgi-bin/menu/delete", GET, WX_NO_BODY, WX_VERIFIED, 1000, wx_handle_menu_delete, 0 },
	{ "/cgi-bin/get_current_selfmenu_info", GET, WX_NO_BODY, WX_FREE, 10000, wx_handle_selfmenu, 0 },
	{ "/cgi-bin/get_current_autoreply_info", GET, WX_NO_BODY, WX_FREE, 10000, wx_handle_autoreply_info, 0 },
	{ "/cgi-bin/message/template/send", POST, WX_JSON, WX_SERVICE, 100000, wx_handle_template_send, 0 },
	{ "/cgi-bin/message/subscribe/bizsend", POST, WX_JSON, WX_VERIFIED, 100000, wx_handle_subscribe_send, 0 },

	STATS("getarticleread"),
	STATS("getarticleshare"),
	STATS("getarticletotaldetail"),
	STATS("getbizsummary"),
	STATS("getarticlesummary"),
	STATS("getarticletotal"),
	STATS("getuserread"),
	STATS("getuserreadhour"),
	STATS("getusershare"),
	STATS("getusersharehour"),
	STATS("getusersummary"),
	STATS("getusercumulate"),
	STATS("getupstreammsg"),
	STATS("getupstreammsghour"),
	STATS("getupstreammsgweek"),
	STATS("getupstreammsgmonth"),
	STATS("getupstreammsgdist"),
	STATS("getupstreammsgdistweek"),
	STATS("getupstreammsgdistmonth"),
	STATS("getinterfacesummary"),
	STATS("getinterfacesummaryhour"),
};

_Static_assert(ARRAY_LEN(routes) <= WX_ROUTES_MAX, "accounts count for all routes");

const struct wx_route *wx_routes(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(routes);
	return routes;
}

void wechat_routes_out(struct out *out, const struct sim *sim)
{
	if (!sim->wechat) {
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const struct route_count *count = &sim->wechat->routes[i];

		if (count->requests) {
			out_object(out, NULL);
			out_text(out, "path", routes[i].path);
			out_i64(out, "requests", count->requests);
			out_i64(out, "refused", count->refused);
			out_object_end(out);
		}
	}
}
