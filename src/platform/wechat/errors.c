/*
 * WeChat's error codes as a table: code → class, class → advice. errmsg changes from one answer to the next, its tail
 * (rid) always: it is shown, because the platform's support asks for the rid, and never compared.
 *
 * source  error tables of the documentation's pages and of its list of global return codes, read 2026; texts of 40164,
 *         45015, 45047, 45028, 45065 also from developers' reports. The classes are our judgement.
 */
#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "platform/wechat/wechat.h"

enum class {
	CLASS_BUSY,     /* refused for now; what may be visible is looked for first */
	CLASS_ONCE,     /* as BUSY, but a second refusal is final */
	CLASS_RATE,     /* the next minute */
	CLASS_SAME,     /* the same clientmsgid again too soon: an earlier attempt may have landed */
	CLASS_DAY,      /* this call's day is used up */
	CLASS_MONTH,    /* this call's month is used up */
	CLASS_MASS,     /* broadcasts: day or month, by kind of account */
	CLASS_TOKEN,    /* a new token, then again */
	CLASS_CONFIG,   /* nothing of this account works until a person has put it right */
	CLASS_APPROVAL, /* the administrator has to agree */
	CLASS_HOUR,     /* the address was rejected: an hour */
	CLASS_WHOLEDAY, /* ... for a day */
	CLASS_PERM,     /* not for this account: switch it off */
	CLASS_TWIN,     /* done already */
	CLASS_WINDOW,   /* the citizen must write first */
	CLASS_REFUSED,  /* content, pictures, parameters, a target that is gone: never again as it is */
};

struct row {
	int from;
	int to; /* 0: from only */
	enum class class;
	const char *text;
};

/* Single codes stand before the ranges around them. */
static const struct row rows[] = {
	{ -1, 0, CLASS_BUSY, "system error" },
	{ 40001, 0, CLASS_TOKEN, "the token is invalid or not the latest" },
	{ 40002, 0, CLASS_REFUSED, "invalid argument" },
	{ 40003, 0, CLASS_REFUSED, "not a follower's id of this account" },
	{ 40004, 40006, CLASS_REFUSED, "type or size of the file not accepted" },
	{ 40007, 0, CLASS_REFUSED,
		"no such media_id: expired, sent already, or temporary where a permanent one is needed" },
	{ 40008, 0, CLASS_REFUSED, "invalid type of message" },
	{ 40009, 40012, CLASS_REFUSED, "picture, voice, video or thumbnail too large" },
	{ 40013, 0, CLASS_CONFIG, "appid is wrong" },
	{ 40014, 0, CLASS_TOKEN, "the token is invalid" },
	{ 40015, 40030, CLASS_REFUSED, "the menu is not as WeChat wants it" },
	{ 40031, 40032, CLASS_REFUSED, "list of followers not accepted" },
	{ 40033, 0, CLASS_REFUSED, "invalid characters" },
	{ 40035, 40039, CLASS_REFUSED, "invalid parameter" },
	{ 40052, 40053, CLASS_REFUSED, "invalid QR code" },
	{ 40054, 40055, CLASS_REFUSED, "the menu's address is not accepted" },
	{ 40059, 0, CLASS_REFUSED, "no such broadcast" },
	{ 40060, 0, CLASS_REFUSED, "no such article in it" },
	{ 40062, 0, CLASS_REFUSED, "title too long" },
	{ 40065, 0, CLASS_REFUSED, "the article's state does not allow deleting it" },
	{ 40066, 0, CLASS_REFUSED, "a link that WeChat does not allow here" },
	{ 40092, 0, CLASS_REFUSED, "invalid remark" },
	{ 40097, 0, CLASS_REFUSED, "invalid arguments" },
	{ 40114, 0, CLASS_REFUSED, "invalid index" },
	{ 40118, 40121, CLASS_REFUSED, "media_id of a wrong size or type" },
	{ 40125, 0, CLASS_CONFIG, "app_secret is wrong" },
	{ 40130, 40132, CLASS_REFUSED, "too few or invalid recipients" },
	{ 40137, 0, CLASS_REFUSED, "format of the picture not accepted" },
	{ 40152, 0, CLASS_REFUSED, "no such topic" },
	{ 40155, 0, CLASS_REFUSED, "a link to another account's home page" },
	{ 40164, 0, CLASS_CONFIG, "put the address named here on the account's list of IP addresses" },
	{ 40200, 0, CLASS_PERM, "not for this kind of account" },
	{ 40201, 40203, CLASS_CONFIG, "the callback address is not accepted" },
	{ 40204, 0, CLASS_REFUSED, "this article must not be deleted" },
	{ 40215, 0, CLASS_REFUSED, "too many pictures" },
	{ 40243, 0, CLASS_CONFIG, "app_secret is frozen" },
	{ 40249, 0, CLASS_REFUSED, "marketing in a notice" },
	{ 41001, 0, CLASS_TOKEN, "the token is missing" },
	{ 41002, 41004, CLASS_CONFIG, "appid or app_secret is missing" },
	{ 41005, 41009, CLASS_REFUSED, "something is missing in the request" },
	{ 41039, 0, CLASS_REFUSED, "source_url is not accepted" },
	{ 41040, 0, CLASS_REFUSED, "does not satisfy the declaration of original text" },
	{ 42001, 0, CLASS_TOKEN, "the token has expired" },
	{ 42007, 0, CLASS_CONFIG, "credentials are invalid since the password was changed" },
	{ 42010, 0, CLASS_RATE, "too fast" },
	{ 43001, 43003, CLASS_REFUSED, "wrong method" },
	{ 43004, 0, CLASS_REFUSED, "the citizen does not follow the account" },
	{ 43019, 0, CLASS_REFUSED, "the citizen is on the account's blacklist" },
	{ 43116, 0, CLASS_PERM, "the template is restricted" },
	{ 44001, 44004, CLASS_REFUSED, "empty" },
	{ 45001, 0, CLASS_REFUSED, "file too large" },
	{ 45002, 0, CLASS_REFUSED, "text too long" },
	{ 45003, 0, CLASS_REFUSED, "title too long" },
	{ 45004, 0, CLASS_REFUSED, "digest too long" },
	{ 45005, 45006, CLASS_REFUSED, "address too long" },
	{ 45007, 45008, CLASS_REFUSED, "voice too long, or too many articles" },
	{ 45009, 0, CLASS_DAY, "the day's calls are used up" },
	{ 45010, 0, CLASS_REFUSED, "too many menus" },
	{ 45011, 0, CLASS_RATE, "too many calls this minute" },
	{ 45015, 0, CLASS_WINDOW,
		"the citizen's 48 hours are over, or he does not follow any more: he must write first" },
	{ 45016, 45018, CLASS_REFUSED, "groups" },
	{ 45028, 0, CLASS_MASS, "no broadcast is left" },
	{ 45047, 0, CLASS_WINDOW, "as many answers as WeChat allows have been sent: the citizen must write first" },
	{ 45056, 45059, CLASS_REFUSED, "topics: too many, too large, or WeChat's own" },
	{ 45062, 0, CLASS_PERM, "the account takes advertising: no broadcasts by program" },
	{ 45065, 0, CLASS_TWIN, "this broadcast was taken already" },
	{ 45066, 0, CLASS_SAME, "the same broadcast again too soon" },
	{ 45067, 0, CLASS_REFUSED, "clientmsgid too long" },
	{ 45072, 0, CLASS_REFUSED, "invalid command" },
	{ 45080, 0, CLASS_REFUSED, "no exchange in the last 30 seconds" },
	{ 45081, 0, CLASS_TWIN, "it shows that already" },
	{ 45083, 45084, CLASS_REFUSED, "speed of broadcasts" },
	{ 45110, 0, CLASS_REFUSED, "author too long" },
	{ 45113, 0, CLASS_PERM, "cards are withdrawn" },
	{ 45157, 45159, CLASS_REFUSED, "the topic's name is invalid or taken, or its number is" },
	{ 45162, 0, CLASS_REFUSED, "invalid type of message" },
	{ 45166, 0, CLASS_REFUSED, "the article's content is not accepted" },
	{ 45169, 0, CLASS_BUSY, "another change of topics is under way" },
	{ 45171, 0, CLASS_REFUSED, "some followers could not be changed" },
	{ 46001, 46004, CLASS_REFUSED, "no such picture, menu or follower" },
	{ 47001, 0, CLASS_REFUSED, "the request is malformed" },
	{ 47003, 0, CLASS_REFUSED, "a parameter breaks the template's rules" },
	{ 48001, 0, CLASS_PERM, "the account may not do this: kind, verification (has it lapsed?) or authorisation" },
	{ 48002, 0, CLASS_REFUSED, "the citizen refuses messages" },
	{ 48004, 0, CLASS_CONFIG, "the interface is banned: see the account's console" },
	{ 48005, 0, CLASS_REFUSED, "it is in use" },
	{ 48006, 0, CLASS_MONTH, "the month's resets are used up" },
	{ 48008, 0, CLASS_PERM, "no permission for this type of message" },
	{ 48021, 0, CLASS_REFUSED, "the draft was saved automatically: save it on the website" },
	{ 48022, 0, CLASS_PERM, "this video cannot be broadcast by program" },
	{ 49003, 0, CLASS_REFUSED, "not a follower's id of this account" },
	{ 50001, 50002, CLASS_REFUSED, "the citizen's account is limited" },
	{ 50004, 0, CLASS_CONFIG, "tokens are forbidden for this account" },
	{ 50005, 0, CLASS_REFUSED, "the citizen does not follow the account" },
	{ 50007, 0, CLASS_CONFIG, "the account is frozen" },
	{ 53404, 53406, CLASS_REFUSED, "goods" },
	{ 53503, 0, CLASS_REFUSED, "the draft did not pass the check before publishing" },
	{ 53504, 53505, CLASS_REFUSED, "the draft has to be saved or published on the website" },
	{ 53600, 0, CLASS_REFUSED, "no such article" },
	{ 61004, 0, CLASS_CONFIG, "put this machine's address on the account's list of IP addresses" },
	{ 61450, 61457, CLASS_REFUSED, "agents" },
	{ 61500, 61501, CLASS_REFUSED, "dates" },
	{ 61503, 0, CLASS_REFUSED, "the figures are not ready" },
	{ 65301, 65320, CLASS_REFUSED, "the conditional menu is not as WeChat wants it" },
	{ 65400, 0, CLASS_PERM, "the account's agent desk is not enabled" },
	{ 65401, 65417, CLASS_REFUSED, "agents" },
	{ 70000, 0, CLASS_REFUSED, "not delivered: protection of minors" },
	{ 76001, 76004, CLASS_REFUSED, "no such rid" },
	{ 76021, 76022, CLASS_REFUSED, "no such interface" },
	{ 87009, 0, CLASS_REFUSED, "invalid signature" },
	{ 88000, 0, CLASS_PERM, "the account has no comment privilege" },
	{ 88001, 0, CLASS_REFUSED, "no comments are kept for this article" },
	{ 88002, 0, CLASS_REFUSED, "the article is restricted" },
	{ 88003, 0, CLASS_REFUSED, "no more comments can be elected" },
	{ 88004, 0, CLASS_REFUSED, "its author deleted the comment" },
	{ 88005, 0, CLASS_TWIN, "the comment has an answer already" },
	{ 88007, 0, CLASS_REFUSED, "the answer is too long or empty" },
	{ 88008, 0, CLASS_REFUSED, "no such comment" },
	{ 88010, 0, CLASS_REFUSED, "number of comments out of range" },
	{ 89503, 0, CLASS_APPROVAL, "the account's administrator has to approve this machine's address" },
	{ 89504, 89505, CLASS_APPROVAL, "the account's administrator has to confirm the broadcast" },
	{ 89506, 0, CLASS_WHOLEDAY, "the administrator rejected this machine's address" },
	{ 89507, 0, CLASS_HOUR, "the administrator rejected this machine's address" },
	{ 268487001, 268487002, CLASS_BUSY, "busy" },
	{ 9500001, 9500002, CLASS_ONCE, "listed without a meaning" },
	{ 268488001, 0, CLASS_ONCE, "listed without a meaning" },
};

/* source  45066: wait a minute (page message/mass/sendall); 89507 an hour, 89506 a day (page of the error codes) */
#define RATE_MS            MINUTE_MS
#define SAME_MS            (90 * SECOND_MS)
#define APPROVAL_MS        (10 * MINUTE_MS)
#define JITTER_MS          (2 * MINUTE_MS)
#define FLOOD_MS           (10 * MINUTE_MS)
#define MIDNIGHT_OFFSET_MS (16 * HOUR_MS) /* 00:00 +0800 */

/* Of a long errmsg the beginning and the end are shown: the rid stands last. */
#define SAID_BYTES      120
#define SAID_HEAD_BYTES 70
#define SAID_TAIL_BYTES 40

int64_t wechat_day_left_ms(int64_t now_at)
{
	return now_at > MIDNIGHT_OFFSET_MS ? DAY_MS - (now_at - MIDNIGHT_OFFSET_MS) % DAY_MS : HOUR_MS;
}

/* The 1st of the next month, by counting days: the civil-from-days algorithm is not worth it here. */
int64_t wechat_month_left_ms(int64_t now_at)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t left = (now_at + 8 * HOUR_MS) / DAY_MS; /* days since 1970-01-01, +0800 */
	int64_t year = 1970;
	int month = 0;

	if (now_at <= 0) {
		return HOUR_MS;
	}
	for (;;) {
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		int64_t n = days[month] + (month == 1 && leap);

		if (left < n) {
			return wechat_day_left_ms(now_at) + (n - 1 - left) * DAY_MS;
		}
		left -= n;
		month++;
		if (month == 12) {
			month = 0;
			year++;
		}
	}
}

/* Accounts of one office must not all come back in the same second; reproducible, so that drivers stay pure. */
static int64_t jitter_ms(const struct driver_op *op)
{
	const char *appid = wechat_settings_of(op)->appid;
	uint64_t mix = 14695981039346656037u;

	for (; appid && *appid; appid++) {
		mix = (mix ^ (unsigned char)*appid) * 1099511628211u;
	}
	return (int64_t)(mix % (uint64_t)JITTER_MS);
}

static int64_t now_of(const struct driver_op *op)
{
	if (op->now_at) {
		return op->now_at;
	}
	return op->kind == OP_PULL ? op->pull.now_at : op->kind == OP_SEND ? op->send->last_attempt_at : 0;
}

/* The quota that the present step of an operation draws on; -1: none that is kept. */
static int quota_of(const struct driver_op *op)
{
	if (op->kind == OP_PULL) {
		return WECHAT_QUOTA_COMMENT_LIST;
	}
	if (op->kind != OP_SEND && op->kind != OP_PREVIEW) {
		return -1;
	}
	switch ((enum wechat_step)op->step) {
	case WECHAT_STEP_INLINE:
		return WECHAT_QUOTA_UPLOAD;
	case WECHAT_STEP_MATERIAL:
		return WECHAT_QUOTA_MATERIAL;
	case WECHAT_STEP_DRAFT:
		return WECHAT_QUOTA_DRAFT_ADD;
	case WECHAT_STEP_PREVIEW:
		return WECHAT_QUOTA_PREVIEW;
	case WECHAT_STEP_SUBMIT:
		return WECHAT_QUOTA_PUBLISH;
	case WECHAT_STEP_MASS:
		return WECHAT_QUOTA_MASS;
	case WECHAT_STEP_CUSTOM:
		return WECHAT_QUOTA_CUSTOM_SEND;
	case WECHAT_STEP_COMMENT:
		return WECHAT_QUOTA_COMMENT_REPLY;
	case WECHAT_STEP_DELETE:
		return WECHAT_QUOTA_PUBLISH_DELETE;
	case WECHAT_STEP_MASS_DELETE:
		return WECHAT_QUOTA_MASS_DELETE;
	case WECHAT_STEP_MARK:
	case WECHAT_STEP_TAG:
		return -1;
	}
	return -1;
}

/* What 48001 or 88000 means here. */
static const char *capability_of(const struct driver_op *op, int64_t code)
{
	if (code == 88000 || op->kind == OP_PULL) {
		return "comments";
	}
	if (op->kind == OP_CALL) {
		return !strncmp(op->call, "menu.", 5)      ? "menu"
		       : !strcmp(op->call, "qr")           ? "qr"
		       : !strncmp(op->call, "topic", 5)    ? "topics"
		       : !strncmp(op->call, "comment", 7)  ? "comments"
		       : !strcmp(op->call, "typing")       ? "reply"
		       : !strncmp(op->call, "article.", 8) ? "publish"
							   : "broadcast";
	}
	if (op->kind != OP_SEND && op->kind != OP_PREVIEW) {
		return NULL;
	}
	switch ((enum wechat_step)op->step) {
	case WECHAT_STEP_TAG:
		return "topics";
	case WECHAT_STEP_SUBMIT:
	case WECHAT_STEP_DELETE:
		return "publish";
	case WECHAT_STEP_PREVIEW:
	case WECHAT_STEP_MASS:
	case WECHAT_STEP_MASS_DELETE:
		return "broadcast";
	case WECHAT_STEP_CUSTOM:
		return "reply";
	case WECHAT_STEP_COMMENT:
		return "comments";
	case WECHAT_STEP_MARK:
	case WECHAT_STEP_INLINE:
	case WECHAT_STEP_MATERIAL:
	case WECHAT_STEP_DRAFT:
		return NULL;
	}
	return NULL;
}

static void not_before(struct outcome *outcome, int quota, int64_t retry_ms)
{
	outcome->error.advice = ADVISE_WAIT;
	outcome->error.retry_ms = retry_ms;
	outcome->quota = quota;
}

/* Of a machine's address the administrator decides: without him there is no token, so somebody must call him. */
static void wait_for_administrator(const struct driver_op *op, struct outcome *outcome, int64_t retry_ms)
{
	not_before(outcome, -1, retry_ms);
	outcome->needs_person = op->kind == OP_RENEW;
}

static void apply_class(struct driver_op *op, enum class class, int64_t code, struct outcome *outcome)
{
	int64_t now_at = now_of(op);

	switch (class) {
	case CLASS_BUSY:
		outcome->error.advice = wechat_visible(op) ? ADVISE_VERIFY : ADVISE_RETRY;
		return;
	case CLASS_ONCE:
		outcome->error.advice = wechat_visible(op) ? ADVISE_VERIFY : ADVISE_RETRY;
		outcome->max_tries = 2;
		return;
	case CLASS_RATE:
		not_before(outcome, -1, RATE_MS);
		return;
	case CLASS_SAME:
		/* It is there, or on its way: in doubt until the same number again tells which job it became. */
		outcome->error.advice = ADVISE_VERIFY;
		outcome->look_after_ms = SAME_MS;
		return;
	case CLASS_DAY:
		not_before(outcome, quota_of(op), wechat_day_left_ms(now_at) + jitter_ms(op));
		return;
	case CLASS_MONTH:
		not_before(outcome, quota_of(op), wechat_month_left_ms(now_at) + jitter_ms(op));
		return;
	case CLASS_MASS:
		not_before(outcome, WECHAT_QUOTA_BROADCASTS,
			(wechat_settings_of(op)->kind == WECHAT_SERVICE ? wechat_month_left_ms(now_at)
									: wechat_day_left_ms(now_at)) +
				jitter_ms(op));
		return;
	case CLASS_TOKEN:
		outcome->error.advice = ADVISE_REAUTH;
		return;
	case CLASS_CONFIG:
		/* Nothing is wrong with the posts: they wait until a person has put the account in order. */
		outcome->error.advice = ADVISE_REAUTH;
		outcome->needs_person = true;
		return;
	case CLASS_APPROVAL:
		wait_for_administrator(op, outcome, APPROVAL_MS);
		return;
	case CLASS_HOUR:
		wait_for_administrator(op, outcome, HOUR_MS);
		return;
	case CLASS_WHOLEDAY:
		wait_for_administrator(op, outcome, DAY_MS);
		return;
	case CLASS_PERM:
		outcome->error.advice = ADVISE_REJECT;
		outcome->capability = code == 48001 || code == 88000 ? capability_of(op, code) : NULL;
		return;
	case CLASS_TWIN:
		outcome->error.advice = ADVISE_REJECT;
		outcome->was_duplicate = op->kind == OP_SEND;
		return;
	case CLASS_WINDOW:
	case CLASS_REFUSED:
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

/* A refusal that quotes the token or the secret has no business in rows and logs. */
static const char *without_secrets(const struct driver_op *op, const char *said)
{
	struct str token = op->account->token ? secret_lend(op->account->token) : STR("");
	struct str secret = secret_lend(&wechat_settings_of(op)->app_secret);

	if ((token.n > 0 && str_find(str_from(said), token) >= 0) ||
		(secret.n > 0 && str_find(str_from(said), secret) >= 0)) {
		return "";
	}
	return said;
}

void wechat_refused(struct driver_op *op, int64_t code, const char *said, struct outcome *outcome)
{
	const struct row *row = find_row(code);
	const char *shown = without_secrets(op, said);
	size_t n;
	enum class class = row ? row->class : CLASS_REFUSED;

	if (op->kind == OP_RENEW && (code == 40001 || code == 40002)) {
		class = CLASS_CONFIG; /* there it is the AppSecret, or the grant, that is wrong */
	}
	n = strlen(shown);
	outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REJECT, code > INT32_MAX || code < INT32_MIN ? 0 : (int)code,
		"WeChat %" PRId64 ": %s%s%.*s%s%s%s", code, row ? row->text : "unknown code", n ? " (" : "",
		n > SAID_BYTES ? SAID_HEAD_BYTES : (int)n, shown, n > SAID_BYTES ? " ... " : "",
		n > SAID_BYTES ? shown + n - SAID_TAIL_BYTES : "", n ? ")" : "");
	apply_class(op, class, code, outcome);
}

void wechat_flooded(struct driver_op *op, int status, struct outcome *outcome)
{
	outcome_fail(
		outcome, ERROR_HTTP, ADVISE_WAIT, status, "WeChat turned the request away: too many (HTTP %d)", status);
	not_before(outcome, -1, FLOOD_MS + jitter_ms(op));
}
