/*
 * What accounts.yaml says about one Weibo account. The driver reads it, and the simulator, which plays the platform for
 * the same file; so it stands in a library of its own without any driver code.
 */
#ifndef PLATFORM_WEIBO_SETTINGS_H
#define PLATFORM_WEIBO_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/keys.h"
#include "core/attr.h"
#include "core/error.h"
#include "core/secret.h"

#define WEIBO_BASE_URL   "https://api.weibo.com"
#define WEIBO_UPLOAD_URL "https://upload.api.weibo.com"

/* In the order of the choices of the key `tier`. */
enum weibo_tier {
	WEIBO_TIER_SHARE,    /* statuses/share: every reviewed app; text needs a link under the safe domain */
	WEIBO_TIER_ADVANCED, /* statuses/update and upload: old grants only; carries a marker */
};

struct weibo_settings {
	int tier; /* enum weibo_tier */
	char *uid;
	char *app_key;
	struct secret app_secret;
	char *redirect_uri;
	char *safe_domain;
	char *rip;
	char *upload_url; /* NULL: from base_url, see weibo_upload_url() */
	struct secret token;
	bool messages; /* pushes of the fan service are taken */
	int64_t calls_per_day;
	int64_t posts_per_hour;
	int64_t reserve;
	int64_t poll_min_ms;
	int64_t find_after_ms;
	int64_t settle_lag_ms;
};

extern const struct config_key weibo_keys[]; /* ends with {0} */

/* errors  CONFIG/REJECT "key: what is wrong" */
bool weibo_check_settings(const void *settings, struct error *err) must_check;

#endif
