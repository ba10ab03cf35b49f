/*
 * What accounts.yaml says about one WeChat official account. The driver reads it, and the simulator, which plays the
 * platform for the same file; so it stands in a library of its own without any driver code.
 */
#ifndef PLATFORM_WECHAT_SETTINGS_H
#define PLATFORM_WECHAT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/keys.h"
#include "core/attr.h"
#include "core/error.h"
#include "core/secret.h"

#define WECHAT_BASE_URL "https://api.weixin.qq.com"

/*
 * source  page tags/create: 30 bytes (staff in the developers' forum, read 2026: bytes, not characters); page
 *         members/batchtagging: 20 tags on one follower
 */
#define WECHAT_TOPIC_BYTES 30
#define WECHAT_TOPICS      20

/* In the order of the choices of the key `kind`. */
enum wechat_kind {
	WECHAT_SUBSCRIPTION, /* 公众号, formerly 订阅号: one broadcast a day */
	WECHAT_SERVICE,      /* 服务号: four broadcasts a month to each follower */
};

/* In the order of the choices of the key `callback_mode`. */
enum wechat_mode {
	WECHAT_MODE_SAFE,       /* encrypted */
	WECHAT_MODE_COMPATIBLE, /* both */
	WECHAT_MODE_PLAIN,
};

struct wechat_settings {
	int kind; /* enum wechat_kind */
	bool verified;
	bool comments; /* has the comment privilege */
	char *appid;
	struct secret app_secret;
	char *original_id;              /* gh_...: as pushes name the account; NULL: not checked */
	struct secret callback_token;   /* empty: no pushes are taken */
	int callback_mode;              /* enum wechat_mode */
	struct secret aes_key;          /* 43 characters */
	struct secret aes_key_previous; /* during a change of keys */
	char *author;                   /* by-line of articles when the post names none */
	char *theme;                    /* file of inline styles; NULL: the built-in ones */
	int64_t poll_min_ms;
	int64_t find_after_ms;
	int64_t settle_lag_ms;
	int64_t job_max_ms;
	int64_t job_after_ms;
	int64_t comment_calls_per_day;
	struct config_words topics; /* that followers may choose for themselves */
};

extern const struct config_key wechat_keys[]; /* ends with {0} */

/* errors  CONFIG/REJECT "key: what is wrong" */
bool wechat_check_settings(const void *settings, struct error *err) must_check;

#endif
