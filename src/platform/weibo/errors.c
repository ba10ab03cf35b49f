/*
 * Weibo's error codes as a table: code → class, class → advice. What a code means for a send depends on whether the
 * operation writes: "system error" after a write says nothing about whether it was published.
 *
 * source  wiki "Error_code" with its mirrors, the extended list and the OAuth table; HTTP statuses as observed;
 *         samples tests/fixtures/weibo/error_<code>.json
 */
#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "platform/weibo/weibo.h"

enum class {
	CLASS_RETRY,      /* refused for now; the same again */
	CLASS_ONCE,       /* as RETRY, but a second refusal is final */
	CLASS_DOUBT,      /* failed somewhere inside: a write may have happened */
	CLASS_SLOW,       /* 20032: published, shows in a minute or two */
	CLASS_BUSY,       /* again in a minute */
	CLASS_LIMIT_IP,   /* all accounts behind our address */
	CLASS_LIMIT_ALL,  /* this account's calls */
	CLASS_LIMIT_ONE,  /* this account's calls of one interface */
	CLASS_LIMIT_PACE, /* posts too fast */
	CLASS_LIMIT_LONG, /* an hour at least */
	CLASS_LIMIT_DAY,
	CLASS_TOKEN,   /* a person must log in again */
	CLASS_APP,     /* the app or its configuration: nothing of this account works */
	CLASS_GRANT,   /* the app may not use this one interface */
	CLASS_HUMAN,   /* the account's owner must act at Weibo */
	CLASS_CODE,    /* a login that went wrong: repeat it */
	CLASS_REFUSED, /* this content or request never passes */
	CLASS_GONE,    /* the target is missing or closed to us */
	CLASS_TWIN,    /* identical or nearly so to something just posted */
};

struct row {
	int from;
	int to; /* 0: from only */
	enum class class;
	const char *text;
};

static const struct row rows[] = {
	{ 10001, 0, CLASS_DOUBT, "system error" },
	{ 10002, 0, CLASS_RETRY, "service suspended" },
	{ 10003, 0, CLASS_DOUBT, "remote service error" },
	{ 10004, 0, CLASS_APP,
		"our address is not on the app's list of safe addresses; after changing it log in anew" },
	{ 10005, 0, CLASS_GRANT, "the app needs a higher grant for this" },
	{ 10006, 0, CLASS_TOKEN, "no app key or token seen, or the token has expired" },
	{ 10007, 0, CLASS_REFUSED, "media type not supported" },
	{ 10008, 0, CLASS_REFUSED, "parameter error" },
	{ 10009, 0, CLASS_BUSY, "too many pending tasks" },
	{ 10010, 0, CLASS_DOUBT, "job expired" },
	{ 10011, 0, CLASS_DOUBT, "internal call failed" },
	{ 10012, 0, CLASS_REFUSED, "illegal request" },
	{ 10013, 0, CLASS_HUMAN, "not a valid Weibo user" },
	{ 10014, 0, CLASS_GRANT, "the app has no permission for this interface" },
	{ 10016, 0, CLASS_REFUSED, "required parameter missing" },
	{ 10017, 0, CLASS_REFUSED, "parameter value invalid" }, /* two texts have their own fate: invalid_value() */
	{ 10018, 0, CLASS_REFUSED, "request too long" },
	{ 10020, 0, CLASS_GRANT, "interface does not exist" },
	{ 10021, 0, CLASS_REFUSED, "wrong HTTP method" },
	{ 10022, 0, CLASS_LIMIT_IP, "our address made too many calls this hour" },
	{ 10023, 0, CLASS_LIMIT_ALL, "the account made too many calls" },
	{ 10024, 0, CLASS_LIMIT_ONE, "the account made too many calls of this interface" },
	{ 10025, 0, CLASS_ONCE, "internal parameter error" },
	{ 10032, 0, CLASS_TOKEN, "the user refused this scope" },
	{ 20001, 20002, CLASS_REFUSED, "id missing" },
	{ 20003, 0, CLASS_GONE, "user does not exist" },
	{ 20005, 0, CLASS_REFUSED, "picture type not supported" },
	{ 20006, 0, CLASS_REFUSED, "picture too large" },
	{ 20007, 0, CLASS_REFUSED, "picture missing or not sent as a file" },
	{ 20008, 0, CLASS_REFUSED, "content empty" },
	{ 20009, 0, CLASS_REFUSED, "too many ids" },
	{ 20012, 20013, CLASS_REFUSED, "text too long" },
	{ 20014, 0, CLASS_ONCE, "security check failed" },
	{ 20015, 0, CLASS_HUMAN, "account, address or app refused" },
	{ 20016, 0, CLASS_LIMIT_PACE, "posting too often" },
	{ 20017, 0, CLASS_REFUSED, "similar to something just posted: change it, or wait half an hour" },
	{ 20018, 0, CLASS_REFUSED, "contains a forbidden link" },
	{ 20019, 0, CLASS_TWIN, "identical to something just posted" },
	{ 20020, 0, CLASS_REFUSED, "taken for advertising" },
	{ 20021, 0, CLASS_REFUSED, "content not allowed" },
	{ 20022, 0, CLASS_LIMIT_LONG, "behaviour of our address taken for abnormal" },
	{ 20023, 0, CLASS_HUMAN, "function not available to the account at present" },
	{ 20031, 0, CLASS_HUMAN, "Weibo asks for a captcha: sign in on the web" },
	{ 20032, 0, CLASS_SLOW, "published, but shows in one or two minutes only" },
	{ 20033, 0, CLASS_HUMAN, "login state abnormal" },
	{ 20049, 0, CLASS_REFUSED, "long text over its limit" },
	{ 20101, 0, CLASS_GONE, "the post does not exist" },
	{ 20102, 0, CLASS_REFUSED, "not your own post" },
	{ 20103, 0, CLASS_REFUSED, "cannot repost yourself" },
	{ 20104, 0, CLASS_REFUSED, "post not allowed" },
	{ 20109, 0, CLASS_REFUSED, "id of the post missing" },
	{ 20111, 0, CLASS_TWIN, "repeats something just posted" },
	{ 20112, 0, CLASS_GONE, "privacy settings forbid it" },
	{ 20120, 0, CLASS_GONE, "privacy settings forbid reposting" },
	{ 20121, 0, CLASS_REFUSED, "visibility invalid" },
	{ 20201, 0, CLASS_GONE, "the comment does not exist" },
	{ 20202, 0, CLASS_REFUSED, "comment not allowed" },
	{ 20203, 0, CLASS_REFUSED, "not your own comment" },
	{ 20204, 0, CLASS_REFUSED, "id of the comment missing" },
	{ 20206, 0, CLASS_GONE, "the author lets only followed users comment" },
	{ 20207, 0, CLASS_GONE, "the author lets only trusted users comment" },
	{ 20301, 0, CLASS_GONE, "the recipient does not follow the account" },
	{ 20302, 0, CLASS_REFUSED, "message not allowed" },
	{ 20303, 0, CLASS_GONE, "not your own message" },
	{ 20305, 0, CLASS_GONE, "the message does not exist" },
	{ 20306, 0, CLASS_TWIN, "repeats a message just sent" },
	{ 20307, 0, CLASS_GONE, "id of the message invalid" },
	{ 20401, 20402, CLASS_REFUSED, "domain missing or verifier wrong" },
	{ 20501, 20503, CLASS_REFUSED, "user missing or not followed" },
	{ 20505, 0, CLASS_LIMIT_DAY, "too many follows today" },
	{ 20507, 0, CLASS_HUMAN, "Weibo asks for a captcha: sign in on the web" },
	{ 20508, 0, CLASS_GONE, "privacy settings forbid it" },
	{ 20504, 20513, CLASS_REFUSED, "relation already so, or list full" }, /* behind the single codes inside it */
	{ 20521, 0, CLASS_LIMIT_DAY, "too many follows today" },
	{ 20522, 20523, CLASS_REFUSED, "relation already so" },
	{ 20524, 0, CLASS_LIMIT_DAY, "too many follows today" },
	{ 20607, 0, CLASS_RETRY, "database error" },
	{ 20601, 21199, CLASS_REFUSED, "lists, tags and trends" },
	{ 21301, 0, CLASS_TOKEN, "authentication failed" },
	{ 21302, 21303, CLASS_APP, "password login is not used" },
	{ 21304, 21313, CLASS_APP, "OAuth 1 is not used" },
	{ 21314, 21317, CLASS_TOKEN, "token used, expired, revoked or refused" },
	{ 21318, 0, CLASS_APP, "OAuth 1 is not used" },
	{ 21319, 0, CLASS_TOKEN, "the account withdrew its grant" },
	{ 21320, 0, CLASS_APP, "OAuth 2 needs https" },
	{ 21321, 0, CLASS_TOKEN,
		"the app is not reviewed and the account not on its test list, or the grant was withdrawn" },
	{ 21322, 0, CLASS_APP, "redirect_uri differs from the registered one" },
	{ 21323, 0, CLASS_APP, "request malformed" },
	{ 21324, 0, CLASS_APP, "app_key or app_secret wrong" },
	{ 21325, 0, CLASS_CODE, "the code is wrong, used up or expired: log in again" },
	{ 21326, 0, CLASS_APP, "the app may not do this" },
	{ 21327, 0, CLASS_TOKEN, "the token has expired" },
	{ 21328, 21329, CLASS_APP, "kind of grant not supported" },
	{ 21330, 0, CLASS_CODE, "consent was refused on Weibo's page" },
	{ 21331, 0, CLASS_RETRY, "login service not available" },
	{ 21332, 0, CLASS_TOKEN, "the token is invalid" },
	{ 21335, 0, CLASS_REFUSED, "uid must be that of the token" },
	{ 21337, 0, CLASS_APP, "the app has no permission" },
	{ 21501, 21504, CLASS_REFUSED, "short link parameters" },
	{ 21601, 0, CLASS_GRANT, "no permission for notifications" },
	{ 21602, 0, CLASS_REFUSED, "contains a forbidden word" },
	{ 21603, 0, CLASS_LIMIT_ONE, "too many notifications" },
	{ 21701, 0, CLASS_GRANT, "no permission for reminders" },
	{ 21702, 21799, CLASS_REFUSED, "reminders" },
	{ 21901, 0, CLASS_REFUSED, "coordinates wrong" },
};

/*
 * source  waits of 20016 and 20022 unverified: 10-60 minutes, an hour at least; windows end at the full hour, +0800:
 * wiki "2/account/rate_limit_status"
 */
#define BUSY_MS            MINUTE_MS
#define PACE_MS            (20 * MINUTE_MS)
#define LONG_MS            HOUR_MS
#define SLOW_MS            (2 * MINUTE_MS)
#define FLOOD_MS           (10 * MINUTE_MS)
#define JITTER_MS          (2 * MINUTE_MS)
#define MIDNIGHT_OFFSET_MS (16 * HOUR_MS) /* 00:00 +0800 */
#define DOMAIN_TRIES       3

/* The caller's clock at the time of the operation, where it gave one; 0: unknown. */
static int64_t op_now_at(const struct driver_op *op)
{
	if (op->kind == OP_PULL) {
		return op->pull.now_at;
	}
	return op->kind == OP_SEND && op->send ? op->send->last_attempt_at : 0;
}

/* Accounts of one office must not all come back in the same second; reproducible, so that drivers stay pure. */
static int64_t jitter_ms(const struct driver_op *op)
{
	const char *uid = weibo_settings_of(op)->uid;
	uint64_t mix = 14695981039346656037u;

	for (; uid && *uid; uid++) {
		mix = (mix ^ (unsigned char)*uid) * 1099511628211u;
	}
	return (int64_t)(mix % (uint64_t)JITTER_MS);
}

static int64_t window_end_ms(const struct driver_op *op, int64_t window_ms, int64_t offset_ms)
{
	int64_t now_at = op_now_at(op);

	if (now_at <= offset_ms) {
		return HOUR_MS;
	}
	return window_ms - (now_at - offset_ms) % window_ms + jitter_ms(op);
}

static void not_before(struct outcome *outcome, int quota, int64_t retry_ms)
{
	outcome->error.advice = ADVISE_WAIT;
	outcome->error.retry_ms = retry_ms;
	outcome->quota = quota;
}

/*
 * 10017 covers three things.
 *
 * source  reported for public clients: "text not find domain!" came intermittently for good texts, so it is tried twice
 * more
 */
static enum class invalid_value(const char *said, const char **ret_text, int *ret_max_tries) {
	if (strstr(said, "text not find domain")){ *ret_text = "no link under the app's safe domain found in the text";
						   *ret_max_tries = DOMAIN_TRIES; return CLASS_ONCE; }
if (strstr(said, "appkey not bind domain"))
{
	*ret_text = "the app has no safe domain bound";
	return CLASS_APP;
}
return CLASS_REFUSED;
}

static void apply_class(struct driver_op *op, enum class class, int max_tries, struct outcome *outcome)
{
	bool writes = weibo_op_writes(op);
	bool publishes = writes && op->send && op->send->kind == SEND_PUBLISH;

	switch (class) {
	case CLASS_RETRY:
		outcome->error.advice = ADVISE_RETRY;
		return;
	case CLASS_ONCE:
		outcome->error.advice = ADVISE_RETRY;
		outcome->max_tries = max_tries;
		return;
	case CLASS_DOUBT:
		outcome->error.advice = writes ? ADVISE_VERIFY : ADVISE_RETRY;
		return;
	case CLASS_SLOW:
		outcome->error.advice = writes ? ADVISE_VERIFY : ADVISE_RETRY;
		outcome->look_after_ms = writes ? SLOW_MS : 0;
		return;
	case CLASS_BUSY:
		not_before(outcome, -1, BUSY_MS);
		return;
	case CLASS_LIMIT_IP:
		not_before(outcome, -1, window_end_ms(op, HOUR_MS, 0));
		return;
	case CLASS_LIMIT_ALL:
		/*
		 * Whether the window is an hour or a day is the app's grant; asking again at the next full hour costs
		 * one call, waiting for midnight might cost a day.
		 */
		not_before(outcome, WEIBO_QUOTA_CALLS, window_end_ms(op, HOUR_MS, 0));
		return;
	case CLASS_LIMIT_ONE:
		not_before(outcome, publishes ? WEIBO_QUOTA_POSTS : -1, window_end_ms(op, HOUR_MS, 0));
		return;
	case CLASS_LIMIT_PACE:
		not_before(outcome, publishes ? WEIBO_QUOTA_POSTS : -1, PACE_MS);
		return;
	case CLASS_LIMIT_LONG:
		not_before(outcome, -1, LONG_MS);
		return;
	case CLASS_LIMIT_DAY:
		not_before(outcome, -1, window_end_ms(op, DAY_MS, MIDNIGHT_OFFSET_MS));
		return;
	case CLASS_TOKEN:
		outcome->error.advice = ADVISE_REAUTH;
		return;
	case CLASS_APP:
	case CLASS_HUMAN:
		/* Nothing is wrong with the posts: they wait until a person has put the account in order. */
		outcome->error.advice = ADVISE_REAUTH;
		outcome->needs_person = true;
		return;
	case CLASS_TWIN:
		outcome->error.advice = ADVISE_REJECT;
		outcome->was_duplicate = writes;
		return;
	case CLASS_GRANT:
	case CLASS_CODE:
		outcome->error.advice = op->kind == OP_LOGIN ? ADVISE_REAUTH : ADVISE_REJECT;
		return;
	case CLASS_REFUSED:
	case CLASS_GONE:
		outcome->error.advice = ADVISE_REJECT;
		return;
	}
}

static const struct row *find_row(int64_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (code == rows[i].from || (code > rows[i].from && code <= rows[i].to)) {
			return &rows[i];
		}
	}
	return NULL;
}

const char *weibo_without_secrets(const struct driver_op *op, const char *said)
{
	struct str text = str_from(said);
	struct str token = op->account->token ? secret_lend(op->account->token) : STR("");
	struct str secrets[] = { token, { 0 }, { 0 } };

	if (op->kind == OP_LOGIN) {
		secrets[1] = str_from(op->code);
		secrets[2] = secret_lend(&weibo_settings_of(op)->app_secret);
	}
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		if (secrets[i].n > 0 && str_find(text, secrets[i]) >= 0) {
			return "";
		}
	}
	return said;
}

void weibo_refused(struct driver_op *op, int64_t code, const char *said, struct outcome *outcome)
{
	const struct row *row = find_row(code);
	/* source unverified: unknown system codes once more, unknown service codes never */
	enum class class = code >= 10000 && code < 20000 ? CLASS_DOUBT : CLASS_REFUSED;
	const char *text = "unknown code";
	int max_tries = 2;
	const char *shown;

	if (row) {
		class = row->class;
		text = row->text;
	}
	if (code == 10017) {
		class = invalid_value(said, &text, &max_tries);
	}
	shown = weibo_without_secrets(op, said);
	outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REJECT, code > INT32_MAX || code < INT32_MIN ? 0 : (int)code,
		"Weibo %" PRId64 ": %s%s%.120s%s", code, text, shown[0] ? " (" : "", shown, shown[0] ? ")" : "");
	apply_class(op, class, max_tries, outcome);
	if (!row && outcome->error.advice == ADVISE_RETRY) {
		outcome->max_tries = max_tries;
	}
	if (op->kind == OP_LOGIN && class != CLASS_CODE && outcome->error.advice != ADVISE_RETRY &&
		outcome->error.advice != ADVISE_WAIT) {
		/* A login that fails leaves the account as it was. */
		outcome->error.advice = ADVISE_REJECT;
		outcome->needs_person = false;
	}
}

void weibo_flooded(struct driver_op *op, int status, struct outcome *outcome)
{
	outcome_fail(
		outcome, ERROR_HTTP, ADVISE_WAIT, status, "Weibo turned the request away: too many (HTTP %d)", status);
	not_before(outcome, -1, FLOOD_MS + jitter_ms(op));
}
