/*
 * What the simulated WeChat holds, and what the files wechat_*.c share. Beside the world of Weibo, not in it: the two
 * platforms have nothing in common but the clock, the faults and the ledger.
 *
 * Everything lives in memory until the end, so pointers stay good; what is deleted is marked `gone`. One thread.
 *
 * source  the platform's developer guide and API pages (developers.weixin.qq.com/doc, trees subscription and service,
 *         mirrors read 2026). What is not documented there is an assumption and marked so where it is made.
 */
#ifndef SIM_WECHAT_WORLD_H
#define SIM_WECHAT_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"
#include "sim/call.h"
#include "sim/out.h"
#include "sim/table.h"
#include "sim/world.h"

struct config_account;
struct wx_account;
struct wx_push;

#define WX_ROUTES_MAX  112
#define WX_TOKEN_CHARS 136
#define WX_ID_BYTES    72
#define WX_FAULT_TEXT  "该公众号提供的服务出现故障，请稍后再试"

enum wx_family { WX_TOKEN, WX_STABLE_TOKEN };

struct wx_token {
	struct wx_account *account;
	enum wx_family family;
	char text[WX_TOKEN_CHARS + 8];
	int64_t expires_at;
	int64_t ends_at; /* replaced: dead from then on, whatever expires_at says */
	int64_t death;   /* the code it answers with then */
};

/* Uses of something in fixed windows. */
struct wx_count {
	struct window day;
	struct window minute;
	int64_t limit; /* per day, as a test has set it; -1: the platform's own */
};

enum wx_media_type { WX_IMAGE, WX_VOICE, WX_VIDEO, WX_THUMB };

struct wx_media {
	struct wx_account *account;
	enum wx_media_type type;
	bool permanent; /* in the library; else temporary, or an article's picture (no id) */
	char id[WX_ID_BYTES];
	char key[32]; /* of its address */
	char *name;
	char *title; /* video */
	char *introduction;
	const char *content_type;
	const char *extension;
	char *data;
	size_t n;
	char sha256[65];
	int64_t created_at;
	int64_t expires_at; /* 0: never */
	bool gone;
};

/* One article of a draft: a JSON object as draft/get gives it. */
struct wx_draft {
	char media_id[WX_ID_BYTES];
	cJSON **articles;
	size_t n;
	int64_t created_at;
	int64_t updated_at;
	int64_t refusal; /* the website left it in a state that cannot be published: 48021, 53503, 53504, 53505 */
	bool gone;
};

struct wx_citizen;

struct wx_comment {
	int64_t id;
	struct wx_citizen *citizen; /* NULL: no WeChat identity */
	char *content;
	int64_t created_at;
	bool elected;
	bool deleted; /* by its author */
	char *reply;  /* NULL: none */
	int64_t replied_at;
};

struct wx_article {
	cJSON *json;
	char url[200];
	bool deleted;
	bool comments_open;
	struct wx_comment **comments;
	size_t n_comments, cap_comments;
	int64_t last_comment;
};

/* What was published or broadcast together. */
struct wx_post {
	struct wx_account *account;
	char article_id[48];
	int64_t msg_data_id;
	bool broadcast;
	int64_t published_at; /* 0: not yet */
	struct wx_article *articles;
	size_t n;
};

enum wx_job_state { WX_JOB_RUNNING, WX_JOB_ADMIN, WX_JOB_DONE, WX_JOB_DELETED };

/* A publication or a broadcast on its way. */
struct wx_job {
	struct wx_account *account;
	int64_t id; /* publish_id, msg_id */
	bool broadcast;
	enum wx_job_state state;
	int64_t submitted_at;
	int64_t finish_at;
	struct wx_draft *draft; /* NULL: a broadcast of text or media */
	struct wx_post *post;   /* NULL: likewise */
	int64_t msg_data_id;
	int64_t status;  /* publish_status; broadcast: 0 success, else the number in err(...), -1 fail */
	int64_t planned; /* the status it will end with */
	cJSON *fail_idx; /* NULL: none */
	/* broadcast: */
	char client_id[65]; /* clientmsgid, or the digest of audience and content */
	const char *type;
	char *text;
	bool to_all;
	int64_t tag;
	struct wx_citizen **audience;
	size_t n_audience;
	int64_t total, filtered, sent, failed;
	bool charged; /* costs the account's broadcast quota */
};

/* A window in which the account may write to a citizen. */
struct wx_window {
	int64_t until;
	int64_t left;
};

enum wx_line_kind { WX_LINE_CITIZEN, WX_LINE_AUTO, WX_LINE_REPLY, WX_LINE_BROADCAST, WX_LINE_FAULT };

struct wx_line {
	enum wx_line_kind kind;
	int64_t at;
	char *text;
};

struct wx_citizen {
	struct wx_account *account;
	char *name;
	char openid[32];
	bool subscribed;
	bool ever; /* was a follower once */
	bool refuses;
	bool blocked;
	bool minor;
	int64_t subscribed_at;
	const char *scene; /* ADD_SCENE_... */
	char *scene_str;
	char *remark;
	int64_t tags[20];
	size_t n_tags;
	struct wx_window message_window;
	struct wx_window action_window;
	int64_t last_exchange_at;
	int64_t typing_until;
	int64_t month; /* of the count below */
	int64_t broadcasts;
	struct wx_line *lines; /* what both said, for assertions */
	size_t n_lines, cap_lines;
};

struct wx_tag {
	int64_t id;
	char *name;
	bool gone;
};

struct wx_qr {
	char ticket[96];
	char *scene;
	int64_t expires_at; /* 0: never */
};

struct wx_agent {
	char *account;
	char *nickname;
	char *worker;
};

/* A notice that a test may look up, and the ids under which it dedups. */
struct wx_notice {
	char *key;
	int64_t at;
	int64_t id;
};

enum wx_event_fate { WX_EVENT_DELIVERED, WX_EVENT_LOST, WX_EVENT_DUPLICATED, WX_EVENT_EARLY };
enum wx_urls { WX_URLS_FULL, WX_URLS_EMPTY, WX_URLS_MISSING };
enum wx_total { WX_TOTAL_PAGE, WX_TOTAL_DOCUMENTED };

/* What POST /sim/account can set; one line in the table of wechat_switches.c each. */
struct wx_switches {
	int64_t kind; /* enum wechat_kind */
	int64_t verified;
	int64_t verified_until; /* 0: for ever */
	int64_t comments;
	int64_t secret_frozen;
	int64_t account_frozen;
	int64_t wrong_secret_code;
	int64_t token_refusal;
	int64_t ip_everywhere;
	int64_t token_seconds;
	int64_t calls_per_minute;
	int64_t strict_title;
	int64_t strict_thumb;
	int64_t publish_delay_ms;
	int64_t publish_event; /* enum wx_event_fate */
	int64_t publish_comments;
	int64_t mass_delay_ms;
	int64_t mass_event; /* enum wx_event_fate */
	int64_t mass_protection;
	int64_t mass_protection_code;
	int64_t mass_urls; /* enum wx_urls */
	int64_t mass_inner_retry;
	int64_t mass_per_minute;
	int64_t comment_total; /* enum wx_total */
	int64_t elected_max;
	int64_t page_openids;
	int64_t push_on;
	int64_t push_deliveries;
	int64_t push_gap_ms;
	int64_t push_timeout_ms;
	int64_t markfail_after;
	int64_t callback_mode; /* enum wechat_mode */
	int64_t jitter;
	char *callback_url;
	char *callback_token;
	char *aes_key;
	char *aes_key_previous;
	char *picture_base;
	cJSON *ip_allow;        /* texts; empty or NULL: everybody */
	cJSON *publish_results; /* what the next publications end with: a status, or {"status","fail_idx"} */
	cJSON *mass_results;    /* likewise: "success", "fail", or a number */
};

struct wx_account {
	struct wechat *wechat;
	size_t index;
	char *name; /* in accounts.yaml */
	char *appid;
	char *secret;
	char *original_id;
	struct wx_switches set;
	struct wx_count counts[WX_ROUTES_MAX]; /* in the order of the table of routes */
	struct wx_count all;
	int64_t resets_month; /* of the next */
	int64_t resets;
	int64_t forced_day;
	int64_t forced;
	int64_t forced_at;
	struct wx_token *current[2]; /* by family */
	struct window mass_day;
	int64_t mass_month;
	int64_t mass_used;
	int64_t mass_speed;
	cJSON *menu;
	struct wx_draft **drafts;
	size_t n_drafts, cap_drafts;
	struct wx_media **media;
	size_t n_media, cap_media;
	struct wx_post **posts;
	size_t n_posts, cap_posts;
	struct wx_job **jobs;
	size_t n_jobs, cap_jobs;
	struct wx_citizen **citizens;
	size_t n_citizens, cap_citizens;
	struct wx_tag *tags;
	size_t n_tags, cap_tags;
	int64_t last_tag;
	struct wx_qr *qrs;
	size_t n_qrs, cap_qrs;
	struct wx_agent *agents;
	size_t n_agents, cap_agents;
	struct wx_notice *notices;
	size_t n_notices, cap_notices;
	int64_t failures; /* of pushes, in a row */
	int64_t deaf_until;
	int64_t push_total, push_failed; /* for the statistics */
};

/* A refused call, for openapi/rid/get. */
struct wx_rid {
	char rid[32];
	struct wx_account *account;
	int64_t at;
	char *url;
	char *body;
	char *answer;
	char client_ip[64];
};

#define WX_RIDS 1024

struct wechat {
	struct sim *sim;
	struct wx_account *accounts; /* never grows after the start */
	size_t n_accounts;
	struct wx_token **tokens;
	size_t n_tokens, cap_tokens;
	struct table tokens_by_text;
	struct table media_by_key;
	struct table citizens_by_openid;
	struct wx_rid *rids; /* a ring */
	int64_t n_rids;
	struct route_count routes[WX_ROUTES_MAX];
	int64_t unknown_paths;
	int64_t last_publish_id;
	int64_t last_msg_id;
	int64_t last_message_id; /* MsgId of citizens' messages */
	struct wx_sender *sender;
};

/* A line of the ledger. */
struct wx_entry {
	struct wx_account *account;
	const char *kind;
	char *endpoint;
	char *remote_id;
	char *title;
	char *text;
	char *to;
	int64_t msg_data_id; /* 0: none */
};

/* ---- one call ---- */

struct wx_call;

enum wx_group {
	WX_FREE, /* every account */
	WX_VERIFIED,
	WX_SERVICE, /* verified service accounts */
	WX_COMMENT, /* verified, and with the comment privilege */
};

enum wx_body { WX_NO_BODY, WX_JSON, WX_FILE, WX_ANY_BODY };

struct wx_route {
	const char *path;
	enum method method;
	enum wx_body body;
	enum wx_group group;
	int64_t per_day;
	void (*handle)(struct wx_call *wx);
	unsigned flags; /* set of enum wx_flag */
};

enum wx_flag {
	WX_NO_TOKEN = 1,
	WX_MASS = 2, /* shares the limits of broadcasts */
};

struct wx_call {
	struct call *call;
	struct out *out;
	struct wechat *wechat;
	struct wx_account *account;
	const struct wx_route *route;
	struct str raw; /* the body as it came */
	cJSON *json;    /* of it; WX_JSON */
	bool refused;
};

/* Answer {"errcode":code,"errmsg":"... rid: ..."}; the text is the code's usual one unless given. */
void wx_refuse(struct wx_call *wx, int64_t code);
void wx_refuse_text(struct wx_call *wx, int64_t code, const char *text);
/* The same without its closing brace, for members behind it. */
void wx_refuse_open(struct wx_call *wx, int64_t code, const char *text);
void wx_ok(struct wx_call *wx);                       /* {"errcode":0,"errmsg":"ok"} */
void wx_ok_open(struct wx_call *wx, const char *msg); /* without its closing brace */
const char *wx_error_text(int64_t code);
bool wx_post_only_member(struct wx_call *wx, const char *key, struct str *ret_text, int64_t missing_code) must_check;

const struct wx_route *wx_routes(size_t *ret_n);
int64_t wx_limit(const struct wx_account *account, size_t route);
bool wx_may(const struct wx_account *account, enum wx_group group, int64_t *ret_code);
bool wx_verified(const struct wx_account *account);

/* ---- the world ---- */

bool wechat_add_account(struct sim *sim, const struct config_account *from, size_t n_all, struct error *err) must_check;
void wechat_free(struct wechat *wechat); /* accepts NULL */
/* Once per request and per turn of the loop: jobs that are due. */
void wechat_turn(struct sim *sim);
int64_t wechat_due_at(const struct sim *sim); /* of the next job or delivery, virtual; INT64_MAX: none */

struct wx_account *wx_account(const struct sim *sim, struct str name); /* NULL: none */
int64_t wx_now(const struct wx_account *account);
void wx_random(struct wechat *wechat, const char *alphabet, char *ret, size_t n); /* n characters and NUL */
#define WX_ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define WX_URL64 WX_ALNUM "-_"
#define WX_HEX   "0123456789abcdef"

int64_t wx_month(int64_t at); /* calendar month at +0800, as a number */
bool wx_take(const struct wx_account *account, struct window *window, int64_t window_ms, int64_t limit);

/* What a line of the ledger says; borrowed, NULL is fine. */
struct wx_seen {
	const char *remote_id;
	const char *title;
	const char *text;
	const char *to;
	int64_t msg_data_id;
};
void wx_note(struct wx_account *account, const char *kind, const char *endpoint, struct wx_seen seen);
void wx_entry_free(struct wx_entry *entry);
void wx_entry_out(struct out *out, const struct entry *entry);

struct wx_token *wx_new_token(struct wx_account *account, enum wx_family family);
void wx_end_tokens(struct wx_account *account, enum wx_family family, int64_t at, int64_t code);
struct wx_token *wx_find_token(const struct wechat *wechat, struct str text);
struct wx_token *wx_external_refresh(struct wx_account *account, enum wx_family family);

struct wx_citizen *wx_citizen(struct wx_account *account, struct str name);             /* made when new; follows */
struct wx_citizen *wx_citizen_by_openid(struct wx_account *account, struct str openid); /* NULL: none of ours */
void wx_citizen_line(struct wx_citizen *citizen, enum wx_line_kind kind, const char *text);
bool wx_has_tag(const struct wx_citizen *citizen, int64_t tag);
struct wx_tag *wx_tag(struct wx_account *account, int64_t id); /* NULL: none */

struct wx_media *wx_media(struct wx_account *account, struct str id); /* NULL: none, expired, gone */
struct wx_media *wx_add_media(
	struct wx_account *account, enum wx_media_type type, bool permanent, struct str name, struct str data);
void wx_media_url(const struct wx_media *media, char ret[200]);
void wx_citizen_media(struct wx_account *account, enum wx_media_type type, struct wx_media **ret_media);
bool wechat_serve_file(struct call *call); /* pictures and videos by address; false: there is none */

struct wx_draft *wx_draft(struct wx_account *account, struct str media_id); /* NULL: none */
void wx_draft_free(struct wx_draft *draft);
struct wx_post *wx_new_post(
	struct wx_account *account, const struct wx_draft *draft, bool broadcast, int64_t msg_data_id);
void wx_post_free(struct wx_post *post);
struct wx_post *wx_post_by_data_id(struct wx_account *account, int64_t msg_data_id); /* NULL: none */
void wx_out_articles(struct out *out, const struct wx_post *post, bool content);

struct wx_job *wx_new_job(struct wx_account *account, bool broadcast);
void wx_job_finish(struct wx_job *job); /* its time has come */
void wx_publish_finish(struct wx_job *job);
void wx_mass_finish(struct wx_job *job);
bool wx_mass_confirm(struct wx_job *job, bool yes); /* false: it does not wait for its administrator */
void wx_job_free(struct wx_job *job);
struct wx_job *wx_job(struct wx_account *account, bool broadcast, int64_t id); /* NULL: none */
/* The next of a list of scripted results; NULL: none is left. Give: cJSON_Delete() it. */
cJSON *wx_next_result(cJSON *results);
void wx_send_job_event(struct wx_job *job, struct str xml, enum wx_event_fate fate, struct call *early);

bool wx_open_window(struct wx_citizen *citizen, bool message);

/* ---- pushes (wechat_push.c, wechat_sender.c) ---- */

enum wx_attack {
	WX_NO_ATTACK,
	WX_WRONG_SIGNATURE,
	WX_NO_SIGNATURE,
	WX_FOREIGN_APPID,
	WX_OLD_TIMESTAMP,
	WX_OVERSIZE,
	WX_TAMPERED,
	WX_FOREIGN_ACCOUNT,
	WX_XXE,
	WX_BAD_PADDING,
	WX_REPLAY,
};

struct wx_push_order {
	struct wx_account *account;
	struct wx_citizen *citizen; /* NULL: it comes from no person */
	char *xml;                  /* taken */
	enum wx_attack attack;
	int64_t copies;   /* at the same time; at least 1 */
	int64_t delay_ms; /* virtual: what is ordered later may come sooner */
	bool previous_key;
	bool verify;      /* a GET that verifies the address; no xml */
	bool may_be_many; /* a reply may have eight articles */
	bool silent;      /* nobody waits for an answer: a failure is seen by nobody */
};

/* gives the push's number, for waiting */
int64_t wx_push(const struct wx_push_order *order);
void wx_sender_free(struct wx_sender *sender);
int64_t wx_sender_due_at(const struct wechat *wechat);
void wx_sender_turn(struct wechat *wechat);

/* Waiting: server.c holds a request until a push has ended. */
bool wechat_push_ended(const struct sim *sim, int64_t number);
void wechat_push_out(struct out *out, const struct sim *sim, int64_t number); /* members of an open object */

/* ---- what the rest of the simulator calls ---- */

bool wechat_owns(const struct sim *sim, const char *path);
void wechat_add_body(struct params *params, struct str content_type, struct str body);
struct wx_account *wechat_peek_account(const struct call *call, struct str body); /* NULL: unknown */
void wechat_run(struct call *call, struct str body, bool too_long);
void wechat_refuse(struct call *call, struct str body, int64_t code);
int wechat_fd(struct sim *sim);      /* to be watched; -1: none */
int wechat_wait_ms(struct sim *sim); /* -1: for ever */

/* Control. Each returns false when the request is not about an account of WeChat. */
bool wechat_control_account(struct call *call, const cJSON *request);
bool wechat_control_citizen(struct call *call, const cJSON *request);
void wechat_control_website(struct call *call, const cJSON *request);
void wechat_accounts_out(struct out *out, const struct sim *sim, struct str only);
void wechat_routes_out(struct out *out, const struct sim *sim);

void wx_account_out(struct out *out, struct wx_account *account);
void wx_switches_init(struct wx_switches *set);
void wx_switches_finish(struct wx_switches *set);
bool wx_switches_set(struct wx_switches *set, const char *key, const cJSON *value, struct error *err) must_check;
void wx_switches_out(struct out *out, const struct wx_switches *set);

#define WX_HANDLER(name) void wx_handle_##name(struct wx_call *wx)
WX_HANDLER(token);
WX_HANDLER(stable_token);
WX_HANDLER(clear_quota);
WX_HANDLER(clear_quota_v2);
WX_HANDLER(quota_get);
WX_HANDLER(quota_clear);
WX_HANDLER(rid_get);
WX_HANDLER(callback_ip);
WX_HANDLER(callback_check);
WX_HANDLER(uploadimg);
WX_HANDLER(media_upload);
WX_HANDLER(media_get);
WX_HANDLER(add_material);
WX_HANDLER(get_material);
WX_HANDLER(del_material);
WX_HANDLER(material_count);
WX_HANDLER(material_batchget);
WX_HANDLER(draft_add);
WX_HANDLER(draft_update);
WX_HANDLER(draft_get);
WX_HANDLER(draft_delete);
WX_HANDLER(draft_count);
WX_HANDLER(draft_batchget);
WX_HANDLER(draft_switch);
WX_HANDLER(publish_submit);
WX_HANDLER(publish_get);
WX_HANDLER(publish_batchget);
WX_HANDLER(publish_getarticle);
WX_HANDLER(publish_delete);
WX_HANDLER(mass_sendall);
WX_HANDLER(mass_send);
WX_HANDLER(mass_preview);
WX_HANDLER(mass_get);
WX_HANDLER(mass_delete);
WX_HANDLER(mass_speed_get);
WX_HANDLER(mass_speed_set);
WX_HANDLER(custom_send);
WX_HANDLER(custom_typing);
WX_HANDLER(kf_add);
WX_HANDLER(kf_update);
WX_HANDLER(kf_del);
WX_HANDLER(kf_invite);
WX_HANDLER(kf_head);
WX_HANDLER(kf_list);
WX_HANDLER(kf_online);
WX_HANDLER(kf_records);
WX_HANDLER(comment_open);
WX_HANDLER(comment_close);
WX_HANDLER(comment_list);
WX_HANDLER(comment_markelect);
WX_HANDLER(comment_unmarkelect);
WX_HANDLER(comment_delete);
WX_HANDLER(comment_reply_add);
WX_HANDLER(comment_reply_delete);
WX_HANDLER(user_info);
WX_HANDLER(user_info_batchget);
WX_HANDLER(user_get);
WX_HANDLER(user_remark);
WX_HANDLER(tag_create);
WX_HANDLER(tag_get);
WX_HANDLER(tag_update);
WX_HANDLER(tag_delete);
WX_HANDLER(tag_batch);
WX_HANDLER(tag_unbatch);
WX_HANDLER(tag_idlist);
WX_HANDLER(tag_members);
WX_HANDLER(qr_create);
WX_HANDLER(menu_create);
WX_HANDLER(menu_get);
WX_HANDLER(menu_delete);
WX_HANDLER(selfmenu);
WX_HANDLER(template_send);
WX_HANDLER(subscribe_send);
WX_HANDLER(autoreply_info);
WX_HANDLER(datacube);
#undef WX_HANDLER

#endif
