/*
 * Days of an office under fire: posts, batches, second thoughts, citizens, answers, and faults all the while. What it
 * asks for and which faults strike follow from the seed; what comes back, and when, does not. Judging is judge.c's.
 *
 *   office --dir DIR --seed S --rounds N --posts N --messages N --faults LIST --collect COMMAND
 *
 * Several processes: this one is the press office and the duty desk, one child is the citizens on Weibo, and a few are
 * those on WeChat, each of whom waits for what he is told. When all is asked for, faults end, and everything has a
 * limited time to come to rest. Then COMMAND writes down, with simulators and daemon still running, what they have to
 * say.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/str.h"
#include "world.h"

#define ROUND_MS      1500
#define WRITING_MS    150               /* between two bursts of comments */
#define SETTLE_MS     (120 * SECOND_MS) /* in which nothing at all happens */
#define SETTLE_MAX_MS (30 * MINUTE_MS)
#define WRITERS       3  /* processes of citizens on WeChat */
#define RECENT        64 /* deliveries that somebody may have second thoughts about */
#define LATE_CLASS    1800000
#define BATCH         6
#define KEY_BYTES     48
#define COVER         "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

enum fault {
	FAULT_KILL,
	FAULT_POINT,
	FAULT_STOP,
	FAULT_NET,
	FAULT_LIMIT,
	FAULT_LAG,
	FAULT_CLOCK,
	FAULT_DISK,
	FAULT_BUSY,
	FAULT_SIM,
	FAULT_TOKEN,
	FAULT_RELOAD,
	FAULTS
};

static const char *const fault_names[] = { "kill", "point", "stop", "net", "limit", "lag", "clock", "disk", "busy",
	"sim", "token", "reload" };
_Static_assert(ARRAY_LEN(fault_names) == FAULTS, "each fault has a name");

/* Every point at which the daemon can be told to die, and how often each is passed in a round, roughly. */
static const struct {
	const char *name;
	int most;
} points[] = { { "begin", 60 }, { "commit", 60 }, { "committed", 60 }, { "before-request", 12 },
	{ "before-result", 12 }, { "after-result", 12 }, { "before-look", 2 }, { "after-verdict", 2 },
	{ "before-cursor", 3 }, { "between-pages", 2 }, { "before-answer", 20 }, { "before-push-answer", 10 },
	{ "after-step", 4 }, { "before-step-request", 4 }, { "before-call-request", 1 } };

static const char *const effects[] = { "reset-before", "reset-after", "reset-body", "timeout-before", "timeout-after",
	"html-500", "html-502", "html-503", "empty", "redirect", "truncated", "drip", "delay", "gzip" };

struct recent {
	int64_t post;
	char account[32];
};

struct office {
	struct world world;
	int64_t seed, rounds, posts, messages;
	bool enabled[FAULTS];
	int64_t struck[FAULTS];
	int64_t wrong_ms;
	int64_t next_post;
	int64_t *open; /* posts whose creation nobody has acknowledged: asked for again, as cron would */
	size_t n_open, cap_open;
	struct recent recent[RECENT];
	int64_t n_recent;
	char paused[32]; /* the account that is paused now, or "" */
	int64_t replies;
	pid_t citizens[1 + WRITERS];
	const char *collect;
};

/* What is drawn next belongs to this thing, whatever was drawn before. */
static void reseed(struct office *office, uint64_t kind, int64_t number)
{
	office->world.dice = (uint64_t)office->seed * UINT64_C(0x100000001b3) ^ kind << 56 ^ (uint64_t)number;
	(void)world_random(&office->world);
}

static int64_t pick(struct office *office, int64_t limit)
{
	return world_pick(&office->world, limit);
}

static bool chance(struct office *office, int64_t percent)
{
	return pick(office, 100) < percent;
}

static void account_of(struct office *office, int64_t number, char *ret_name)
{
	world_account(&office->world, number, ret_name);
}

/* The daemon's own idea of the time. */
static int64_t daemon_now_at(const struct office *office)
{
	return world_now_at(&office->world) + office->wrong_ms;
}

static void format_time(int64_t at, char *ret_text, size_t cap)
{
	time_t seconds = (time_t)(at / SECOND_MS);
	struct tm parts;

	(void)gmtime_r(&seconds, &parts);
	(void)strftime(ret_text, cap, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* Post number n, the same whenever it is asked for; *ret_line is the beginning of its line in the log. */
static cJSON *make_post(struct office *office, int64_t n, cJSON **ret_line)
{
	static const int64_t late_ms[] = { LATE_CLASS, LATE_CLASS, 30000, 120000 };
	struct world *world = &office->world;
	cJSON *post = json_object();
	cJSON *line = json_object();
	cJSON *accounts = json_array();
	char text[300], account[32], key[KEY_BYTES];
	bool weibo;
	int64_t first, many, due_at = 0, late;

	reseed(office, 'P', n);
	weibo = world->n_wechat == 0 || chance(office, 70);
	first = weibo ? pick(office, world->n_weibo) : world->n_weibo + pick(office, world->n_wechat);
	many = weibo && chance(office, 15) ? 1 + pick(office, world->n_weibo < 3 ? world->n_weibo : 3) : 1;
	for (int64_t i = 0; i < many; i++) {
		account_of(office, weibo ? (first + i) % world->n_weibo : first, account);
		cJSON_AddItemToArray(accounts, cJSON_CreateString(account));
	}
	late = late_ms[pick(office, ARRAY_LEN(late_ms))];
	switch (pick(office, 5)) {
	case 0:
	case 1:
		break;
	case 2:
	case 3:
		due_at = 1 + pick(office, 8);
		break;
	default:
		due_at = 8 + pick(office, 12);
	}
	if (due_at > 0) {
		due_at = (daemon_now_at(office) / SECOND_MS + due_at) * SECOND_MS;
		format_time(due_at, text, sizeof(text));
	}
	(void)snprintf(key, sizeof(key), "p%d", (int)n);
	json_add_text(post, "at", due_at > 0 ? text : "now");
	json_add_text(post, "key", key);
	json_add(post, "accounts", cJSON_Duplicate(accounts, true));
	if (late != LATE_CLASS) {
		json_add_text(post, "late", late == 30000 ? "30s" : "2m");
	}
	(void)snprintf(text, sizeof(text), "第 %d 号通知 [%s] https://www.city.gov.example/n/%d ", (int)n, key, (int)n);
	json_add_text(post, "text", text);
	if (!weibo) {
		cJSON *media = json_array();
		cJSON *picture = json_object();

		(void)snprintf(text, sizeof(text), "第 %d 号通知 [%s]", (int)n, key);
		json_add_text(post, "title", text);
		json_add_text(post, "form", "article");
		json_add_text(post, "mode", "publish");
		json_add_text(post, "cover", "cover.png");
		json_add_text(picture, "name", "cover.png");
		json_add_text(picture, "alt", "封面");
		json_add_text(picture, "data", COVER);
		json_push(media, picture);
		json_add(post, "media", media);
	}
	json_add_text(line, "key", key);
	json_add(line, "accounts", accounts);
	json_add_i64(line, "due_at", due_at);
	json_add_i64(line, "late_ms", late);
	json_add_i64(line, "asked_at", world_now_at(world));
	*ret_line = line;
	return post;
}

/* `line` is taken: how asking for post n ended. */
static void post_answered(struct office *office, int64_t n, cJSON *line, enum answer answer, const cJSON *row)
{
	const cJSON *account;
	int64_t id = json_i64(row, "id", 0);

	json_add_text(line, "answer", answer_word(answer));
	if (answer == ANSWER_YES) {
		json_add_i64(line, "post", id);
		json_add_text(line, "result", json_text(row, "result", ""));
		cJSON_ArrayForEach(account, json_get(line, "accounts"))
		{
			struct recent *recent = &office->recent[office->n_recent++ % RECENT];

			recent->post = id;
			(void)snprintf(recent->account, sizeof(recent->account), "%s", account->valuestring);
		}
	} else if (answer == ANSWER_UNKNOWN) {
		array_grow(office->open, office->n_open, office->cap_open);
		office->open[office->n_open++] = n;
	}
	world_log(&office->world, "post", line);
}

static void create(struct office *office, int64_t n)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *line;
	cJSON *params = json_object();
	enum answer answer;

	json_add(params, "post", make_post(office, n, &line));
	answer = world_call(&office->world, "post.create", params, &result);
	post_answered(office, n, line, answer, result);
}

static void import_batch(struct office *office, int64_t first, int64_t many)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *lines[BATCH];
	cJSON *posts = json_array();
	cJSON *params = json_object();
	enum answer answer;

	for (int64_t i = 0; i < many; i++) {
		json_push(posts, make_post(office, first + i, &lines[i]));
	}
	json_add(params, "posts", posts);
	answer = world_call(&office->world, "post.import", params, &result);
	for (int64_t i = 0; i < many; i++) {
		post_answered(
			office, first + i, lines[i], answer, cJSON_GetArrayItem(json_get(result, "rows"), (int)i));
	}
}

/* Those of whom nobody knows whether they were taken, once more under the same keys. */
static void create_again(struct office *office)
{
	size_t n = office->n_open;
	int64_t *open = office->open;

	office->open = NULL;
	office->n_open = office->cap_open = 0;
	for (size_t i = 0; i < n; i++) {
		create(office, open[i]);
	}
	free(open);
}

/* One delivery is held, released, cancelled or put off; the log has what of it was acknowledged. */
static enum answer steer(struct office *office, const char *method, const char *delivery)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *line = json_object();
	cJSON *params = json_object();
	cJSON *list = json_array();
	enum answer answer;

	json_add_text(line, "op", method + sizeof("post.") - 1);
	json_add_text(line, "delivery", delivery);
	json_add_i64(line, "asked_at", world_now_at(&office->world));
	json_push(list, cJSON_CreateString(delivery));
	json_add(params, "deliveries", list);
	if (strcmp(method, "post.release") != 0) {
		json_add_text(params, "reason", "演练");
	}
	answer = world_call(&office->world, method, params, &result);
	json_add_text(line, "answer", answer_word(answer));
	/* It may be out: all that was acknowledged is that it does not leave once more. */
	json_add_text(line, "wish", json_text(cJSON_GetArrayItem(json_get(result, "rows"), 0), "wish", NULL));
	world_log(&office->world, "steer", line);
	return answer;
}

static void reschedule(struct office *office, int64_t post)
{
	cJSON *line = json_object();
	cJSON *params = json_object();
	int64_t due_at = (daemon_now_at(office) / SECOND_MS + 2 + pick(office, 6)) * SECOND_MS;
	char text[64];

	format_time(due_at, text, sizeof(text));
	json_add_text(line, "op", "schedule");
	json_add_i64(line, "post", post);
	json_add_i64(line, "due_at", due_at);
	json_add_i64(line, "asked_at", world_now_at(&office->world));
	json_add_i64(params, "id", post);
	json_add_text(params, "at", text);
	json_add_text(line, "answer", answer_word(world_call(&office->world, "post.schedule", params, NULL)));
	world_log(&office->world, "steer", line);
}

static void second_thoughts(struct office *office)
{
	const struct recent *recent;
	char delivery[80];
	int64_t known = office->n_recent < RECENT ? office->n_recent : RECENT;

	if (known == 0) {
		return;
	}
	recent = &office->recent[(office->n_recent - 1 - pick(office, known < 12 ? known : 12)) % RECENT];
	(void)snprintf(delivery, sizeof(delivery), "%d/%s", (int)recent->post, recent->account);
	switch (pick(office, 10)) {
	case 0:
	case 1:
	case 2:
		(void)steer(office, "post.cancel", delivery);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		(void)steer(office, "post.hold", delivery);
		break;
	case 7:
		reschedule(office, recent->post);
		break;
	default:
		(void)steer(office, "post.release", delivery);
	}
}

static void steer_account(struct office *office, const char *method, const char *account)
{
	cJSON *line = json_object();
	cJSON *params = json_object();

	json_add_text(line, "op", method + sizeof("account.") - 1);
	json_add_text(line, "account", account);
	json_add_i64(line, "asked_at", world_now_at(&office->world));
	json_add_text(params, "name", account);
	json_add_text(line, "answer", answer_word(world_call(&office->world, method, params, NULL)));
	world_log(&office->world, "account", line);
}

static void pause_one(struct office *office)
{
	account_of(office, pick(office, office->world.n_weibo + office->world.n_wechat), office->paused);
	steer_account(office, "account.pause", office->paused);
}

static void resume(struct office *office)
{
	if (office->paused[0]) {
		steer_account(office, "account.resume", office->paused);
		office->paused[0] = '\0';
	}
}

/* Claim what nobody has claimed, and answer it. */
static void desk(struct office *office, int64_t most)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params = json_object();
	const cJSON *row;

	cJSON_AddTrueToObject(params, "unclaimed");
	json_add_text(params, "state", "new");
	json_add_i64(params, "limit", most);
	if (world_call(&office->world, "ticket.list", params, &result) != ANSWER_YES) {
		return;
	}
	cJSON_ArrayForEach(row, json_get(result, "rows"))
	{
		cleanup(json_freep) cJSON *shown = NULL;
		cleanup(json_freep) cJSON *answered = NULL;
		cJSON *line;
		char text[200];
		enum answer answer;

		params = json_object();
		json_add_i64(params, "id", json_i64(row, "id", 0));
		if (world_call(&office->world, "ticket.claim", params, NULL) != ANSWER_YES) {
			return;
		}
		params = json_object();
		json_add_i64(params, "id", json_i64(row, "id", 0));
		if (world_call(&office->world, "ticket.show", params, &shown) != ANSWER_YES) {
			return;
		}
		office->replies++;
		(void)snprintf(text, sizeof(text), "您好，已收到 [r%d]", (int)office->replies);
		line = json_object();
		json_add_i64(line, "reply", office->replies);
		json_add_i64(line, "ticket", json_i64(row, "id", 0));
		json_add_text(line, "account", json_text(row, "account", ""));
		json_add_i64(line, "asked_at", world_now_at(&office->world));
		params = json_object();
		json_add_i64(params, "id", json_i64(row, "id", 0));
		json_add_i64(params, "version", json_i64(shown, "version", 0));
		json_add_text(params, "text", text);
		answer = world_call(&office->world, "ticket.reply", params, &answered);
		json_add_text(line, "answer", answer_word(answer));
		world_log(&office->world, "reply", line);
	}
}

/* The account's owner agrees once more. */
static void login(struct office *office, const char *account)
{
	cleanup(json_freep) cJSON *result = NULL;
	char url[1200], landed[1200];
	cJSON *params = json_object();
	const char *code;

	json_add_text(params, "name", account);
	if (world_call(&office->world, "account.login", params, &result) != ANSWER_YES) {
		return;
	}
	(void)snprintf(url, sizeof(url), "%s&as=%s", json_text(result, "url", ""), account);
	world_landing(&office->world, url, landed, sizeof(landed));
	code = strstr(landed, "code=");
	if (!code) {
		return;
	}
	params = json_object();
	json_add_text(params, "name", account);
	json_add_str(params, "code", str_sub(str_from(code + 5), 0, strcspn(code + 5, "&")));
	(void)world_call(&office->world, "account.login", params, NULL);
}

static void log_in_the_parked(struct office *office)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params = json_object();
	const cJSON *row;

	json_add_i64(params, "limit", 500);
	if (world_call(&office->world, "account.list", params, &result) != ANSWER_YES) {
		return;
	}
	cJSON_ArrayForEach(row, json_get(result, "rows"))
	{
		if (strcmp(json_text(row, "state", ""), "parked") == 0 &&
			strcmp(json_text(row, "platform", ""), "weibo") == 0) {
			login(office, json_text(row, "name", ""));
		}
	}
}

/* How often the account's page shows it: what a person would see who looks. */
static int on_the_page(struct office *office, const cJSON *send)
{
	cleanup(json_freep) cJSON *ledger = NULL;
	const char *account = json_text(send, "account", "");
	const char *text = json_text(send, "text", "");
	const char *tag = strchr(text, '[');
	const cJSON *entry;
	char path[200], wanted[64];
	int n = 0;

	(void)snprintf(path, sizeof(path), "/sim/ledger?account=%s", account);
	if (!tag || !world_sim(&office->world, account, path, NULL, &ledger)) {
		return -1;
	}
	(void)snprintf(wanted, sizeof(wanted), "%.*s]", (int)strcspn(tag, "]"), tag);
	cJSON_ArrayForEach(entry, json_get(ledger, "entries"))
	{
		n += strstr(json_text(entry, "text", ""), wanted) || strstr(json_text(entry, "title", ""), wanted);
	}
	return n;
}

/* What only a person can know: look at the page, and say so. */
static void settle_questions(struct office *office)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params = json_object();
	const cJSON *row;

	json_add_text(params, "state", "unsure");
	json_add_i64(params, "limit", 500);
	if (world_call(&office->world, "queue.list", params, &result) != ANSWER_YES) {
		return;
	}
	cJSON_ArrayForEach(row, json_get(result, "rows"))
	{
		cJSON *line;
		int seen;

		if (json_get(row, "look_at") || (seen = on_the_page(office, row)) < 0) {
			continue;
		}
		line = json_object();
		json_add_text(line, "delivery", json_text(row, "delivery", ""));
		json_add_text(line, "outcome", seen > 0 ? "sent" : "absent");
		json_add_i64(line, "asked_at", world_now_at(&office->world));
		params = json_object();
		json_add_text(params, "send", json_text(row, "delivery", ""));
		json_add_text(params, "outcome", seen > 0 ? "sent" : "absent");
		json_add_text(line, "answer", answer_word(world_call(&office->world, "queue.settle", params, NULL)));
		world_log(&office->world, "settle", line);
	}
}

/* Some of what is held or was refused is decided to go. */
static void decide(struct office *office, const char *state)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params = json_object();
	const cJSON *row;

	json_add_text(params, "state", state);
	json_add_text(params, "kind", "publish");
	json_add_i64(params, "limit", 20);
	if (world_call(&office->world, "queue.list", params, &result) != ANSWER_YES) {
		return;
	}
	cJSON_ArrayForEach(row, json_get(result, "rows"))
	{
		const char *delivery = json_text(row, "delivery", "");

		if (!chance(office, 40)) {
			continue;
		}
		if (strcmp(state, "held") == 0) {
			(void)steer(office, "post.release", delivery);
		} else {
			cJSON *line = json_object();
			cJSON *list = json_array();

			json_add_text(line, "op", "retry");
			json_add_text(line, "delivery", delivery);
			json_add_i64(line, "asked_at", world_now_at(&office->world));
			json_push(list, cJSON_CreateString(delivery));
			params = json_object();
			json_add(params, "sends", list);
			json_add_text(
				line, "answer", answer_word(world_call(&office->world, "queue.retry", params, NULL)));
			world_log(&office->world, "steer", line);
		}
	}
}

/* The people of a shift, between two rounds. */
static void shift(struct office *office)
{
	log_in_the_parked(office);
	settle_questions(office);
	if (chance(office, 30)) {
		decide(office, "held");
	}
	if (chance(office, 50)) {
		decide(office, "failed");
	}
}

/* Faults. */

static void order_fault(struct office *office, bool wechat, const char *path, const char *effect, int64_t count)
{
	cJSON *body = json_object();

	json_add_text(body, "path", path);
	json_add_text(body, "effect", effect);
	json_add_i64(body, "count", count);
	json_add_i64(body, "percent", 30 + pick(office, 71));
	if (str_starts(str_from(effect), STR("timeout"))) {
		json_add_i64(body, "delay_ms", 500 + pick(office, 2000));
	} else if (strcmp(effect, "drip") == 0) {
		json_add_i64(body, "delay_ms", 10 + pick(office, 40));
	} else if (strcmp(effect, "delay") == 0) {
		json_add_i64(body, "delay_ms", 100 + pick(office, 1500));
	} else if (strcmp(effect, "error") == 0) {
		static const int weibo[] = { 10001, 10009, 10024, 20016 };
		static const int wechat_codes[] = { -1, 45009, 45011, 50002 };

		json_add_i64(body, "error_code",
			wechat ? wechat_codes[pick(office, ARRAY_LEN(wechat_codes))]
			       : weibo[pick(office, ARRAY_LEN(weibo))]);
	}
	(void)world_sim(&office->world, wechat ? "wechat" : NULL, "/sim/fault", body, NULL);
}

static void set_account(struct office *office, const char *account, const char *member, int64_t value, bool truth)
{
	cJSON *body = json_object();

	json_add_text(body, "account", account);
	if (truth) {
		json_add_bool(body, member, true);
	} else {
		json_add_i64(body, member, value);
	}
	(void)world_sim(&office->world, account, "/sim/account", body, NULL);
}

static void strike(struct office *office, enum fault fault)
{
	static const char *const writes[] = { "*share.json", "*update.json", "*comments/reply.json", "*user_timeline*",
		"*" };
	static const char *const wechat_writes[] = { "*freepublish/submit", "*draft/add", "*add_material",
		"*freepublish/get", "*custom/send", "*" };
	struct world *world = &office->world;
	char account[32], point[64];
	size_t i;
	cJSON *line = json_object();

	json_add_text(line, "fault", fault_names[fault]);
	world_log(world, "fault", line);
	office->struck[fault]++;
	switch (fault) {
	case FAULT_KILL:
		world_strike(world, pick(office, ROUND_MS), SIGKILL, 0, 0);
		break;
	case FAULT_POINT:
		i = (size_t)pick(office, ARRAY_LEN(points));
		(void)snprintf(point, sizeof(point), "%s:%d", points[i].name, 1 + (int)pick(office, points[i].most));
		world_kill(world, chance(office, 50) ? SIGKILL : SIGTERM);
		world->planned++;
		(void)world_start(world, point);
		break;
	case FAULT_STOP:
		world_strike(world, pick(office, ROUND_MS / 2), SIGSTOP, 1000 + pick(office, 3000), SIGCONT);
		break;
	case FAULT_NET:
		for (int n = 0; n < 3; n++) {
			bool wechat = world->n_wechat > 0 && chance(office, 40);
			const char *path = wechat ? wechat_writes[pick(office, ARRAY_LEN(wechat_writes))]
						  : writes[pick(office, ARRAY_LEN(writes))];

			order_fault(
				office, wechat, path, effects[pick(office, ARRAY_LEN(effects))], 1 + pick(office, 6));
		}
		break;
	case FAULT_LIMIT:
		order_fault(office, false, writes[pick(office, ARRAY_LEN(writes))], "error", 1 + pick(office, 3));
		if (world->n_wechat > 0) {
			order_fault(office, true, wechat_writes[pick(office, ARRAY_LEN(wechat_writes))], "error",
				1 + pick(office, 3));
		}
		break;
	case FAULT_LAG:
		account_of(office, pick(office, world->n_weibo), account);
		set_account(office, account, "lag_seconds", pick(office, 4), false);
		break;
	case FAULT_CLOCK:
		office->wrong_ms = (chance(office, 50) ? 1 : -1) * (30 + pick(office, 270)) * SECOND_MS;
		world_set_clock(world, office->wrong_ms);
		break;
	case FAULT_DISK:
		atomic_store(&world->page->percent, (int)(chance(office, 50) ? 100 : 5 + pick(office, 40)));
		atomic_store(&world->page->disk, (int)(DISK_FULL + pick(office, 4)));
		break;
	case FAULT_BUSY:
		world_lock_store(world, 500 + pick(office, 2500));
		break;
	case FAULT_SIM:
		world_restart_weibo(world);
		break;
	case FAULT_TOKEN:
		account_of(office, pick(office, world->n_weibo + world->n_wechat), account);
		set_account(office, account, "kill_token", 0, true);
		break;
	case FAULT_RELOAD:
		if (world->daemon > 0) {
			(void)kill(world->daemon, SIGHUP);
		}
		break;
	case FAULTS:
		break;
	}
}

/* What does not end by itself. */
static void relieve(struct office *office)
{
	atomic_store(&office->world.page->disk, (int)DISK_WELL);
	if (office->wrong_ms != 0) {
		office->wrong_ms = 0;
		world_set_clock(&office->world, 0);
	}
}

/* Citizens. */

static void be_citizens_of_weibo(struct office *office, int64_t messages)
{
	struct world *world = &office->world;

	for (int64_t burst = 0, done = 0; done < messages; burst++) {
		cJSON *body = json_object();
		cJSON *line = json_object();
		char account[32], text[200], as[64];
		int64_t n;

		reseed(office, 'C', burst);
		n = 1 + pick(office, 30);
		n = n > messages - done ? messages - done : n;
		account_of(office, pick(office, world->n_weibo), account);
		(void)snprintf(text, sizeof(text), "请问什么时候恢复供水 [c%d.{n}]", (int)burst);
		(void)snprintf(as, sizeof(as), "市民%d-{n}", (int)pick(office, 50));
		json_add_text(body, "account", account);
		json_add_text(body, "kind", "comment");
		json_add_text(body, "as", as);
		json_add_text(body, "text", text);
		json_add_i64(body, "count", n);
		json_add_i64(line, "burst", burst);
		json_add_text(line, "account", account);
		json_add_i64(line, "n", n);
		json_add_text(
			line, "answer", world_sim(world, account, "/sim/citizen", body, NULL) ? "yes" : "unknown");
		world_log(world, "comments", line);
		done += n;
		world_pause(WRITING_MS);
	}
}

/* Each of them waits until the platform has told him something. */
static void be_a_citizen_of_wechat(struct office *office, int writer, int64_t messages)
{
	struct world *world = &office->world;

	for (int64_t i = 0; i < messages; i++) {
		cleanup(json_freep) cJSON *answer = NULL;
		cJSON *body = json_object();
		cJSON *line = json_object();
		char account[32], text[200], as[64];

		reseed(office, 'W' + ((uint64_t)writer << 4), i);
		account_of(office, world->n_weibo + pick(office, world->n_wechat), account);
		(void)snprintf(text, sizeof(text), "请问怎么办理 [w%d.%d]", writer, (int)i);
		(void)snprintf(as, sizeof(as), "关注者%d-%d", writer, (int)pick(office, 200));
		json_add_text(body, "account", account);
		json_add_text(body, "kind", "message");
		json_add_text(body, "as", as);
		json_add_text(body, "text", text);
		json_add_bool(body, "wait", true);
		json_add_text(line, "text", strchr(text, '['));
		json_add_text(line, "account", account);
		(void)world_sim(world, account, "/sim/citizen", body, &answer);
		json_add_text(line, "outcome", json_text(answer, "outcome", "unknown"));
		world_log(world, "message", line);
	}
}

static void invite_citizens(struct office *office)
{
	int64_t weibo = office->world.n_wechat > 0 ? office->messages * 4 / 5 : office->messages;

	for (int i = 0; i < 1 + WRITERS; i++) {
		office->citizens[i] = fork();
		if (office->citizens[i] == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			office->world.curl = curl_easy_init();
			if (i == 0) {
				be_citizens_of_weibo(office, weibo);
			} else if (office->world.n_wechat > 0) {
				be_a_citizen_of_wechat(office, i, (office->messages - weibo) / WRITERS);
			}
			_exit(EXIT_SUCCESS);
		}
	}
}

static bool citizens_busy(struct office *office)
{
	bool busy = false;

	for (int i = 0; i < 1 + WRITERS; i++) {
		if (office->citizens[i] > 0 && waitpid(office->citizens[i], NULL, WNOHANG) == office->citizens[i]) {
			office->citizens[i] = 0;
		}
		busy = busy || office->citizens[i] > 0;
	}
	return busy;
}

/* One round: its faults, its share of the posts, people's second thoughts, and a shift's work. */
static void play(struct office *office, int64_t round, int64_t posts)
{
	struct mono began = clock_mono();
	enum fault chosen[3];
	int64_t n_chosen = 0;
	int64_t left = posts;
	bool relieved = false;

	reseed(office, 'F', round);
	n_chosen = 1 + pick(office, 3);
	for (int64_t i = 0; i < n_chosen; i++) {
		do {
			chosen[i] = (enum fault)pick(office, FAULTS);
		} while (!office->enabled[chosen[i]]);
		strike(office, chosen[i]);
	}
	for (int64_t turn = 0; left > 0 || clock_since_ms(began) < ROUND_MS; turn++) {
		int64_t many = 1;

		if (!relieved && (turn > posts / 2 || clock_since_ms(began) > ROUND_MS / 2)) {
			atomic_store(&office->world.page->disk, (int)DISK_WELL);
			relieved = true;
		}
		(void)world_ready(&office->world);
		if (left <= 0) {
			world_pause(30);
			desk(office, 3);
			continue;
		}
		reseed(office, 'T', round * 1000 + turn);
		if (chance(office, 10) && left >= BATCH) {
			many = BATCH;
			import_batch(office, office->next_post, many);
		} else {
			create(office, office->next_post);
		}
		office->next_post += many;
		left -= many;
		reseed(office, 'S', round * 1000 + turn);
		if (chance(office, 20)) {
			second_thoughts(office);
		}
		if (chance(office, 3) && !office->paused[0]) {
			pause_one(office);
		}
	}
	world_stop_striker(&office->world);
	relieve(office);
	(void)world_ready(&office->world);
	create_again(office);
	resume(office);
	desk(office, 5);
	shift(office);
	if (round % 5 == 4) {
		world_forget_faults(&office->world);
	}
}

/* What came in on Weibo meanwhile; WeChat's citizens are pushed to us. 1 also where nobody can say. */
static int64_t poll_all(struct office *office)
{
	int64_t news = 0;
	char account[32];

	for (int i = 0; i < office->world.n_weibo; i++) {
		cleanup(json_freep) cJSON *polled = NULL;
		cJSON *params = json_object();

		account_of(office, i, account);
		json_add_text(params, "name", account);
		news += world_call(&office->world, "account.poll", params, &polled) == ANSWER_YES
				? json_i64(polled, "new_messages", 0)
				: 1;
	}
	return news;
}

/* Faults are over: everything comes to rest, or somebody is asked. False when it does not. */
static bool settle(struct office *office)
{
	struct world *world = &office->world;
	struct mono began = clock_mono();
	const struct mono ended = began;
	struct mono moved = began; /* or the clocks were put forward */
	int64_t rest = -1, last = -1;
	char account[32];

	world_forget_faults(world);
	for (int i = 0; i < world->n_weibo; i++) {
		account_of(office, i, account);
		set_account(office, account, "lag_seconds", 0, false);
	}
	relieve(office);
	while (clock_since_ms(began) < SETTLE_MS && clock_since_ms(ended) < SETTLE_MAX_MS) {
		cleanup(json_freep) cJSON *status = NULL;
		const cJSON *sends;
		int64_t news;

		(void)world_ready(world);
		create_again(office);
		resume(office);
		log_in_the_parked(office);
		settle_questions(office);
		news = poll_all(office);
		if (world_call(world, "status", NULL, &status) != ANSWER_YES) {
			continue;
		}
		sends = json_get(status, "sends");
		rest = json_i64(sends, "queued", 0) + json_i64(sends, "sending", 0) + json_i64(sends, "pending", 0) +
		       json_i64(sends, "unsure", 0) - json_i64(sends, "questions", 0);
		if (rest == 0 && news == 0 && office->n_open == 0 &&
			json_i64(json_get(status, "accounts"), "parked", 0) == 0) {
			return true;
		}
		if (rest != last || news > 0) {
			began = clock_mono();
		}
		if (rest != last) {
			last = rest;
			moved = clock_mono();
		} else if (clock_since_ms(moved) > 2 * SECOND_MS) {
			/* What waits now waits for a clock. */
			world_forward(world, 10 * MINUTE_MS);
			moved = clock_mono();
		}
		world_pause(100);
	}
	(void)fprintf(stderr, "campaign: %d sends have not come to rest\n", (int)rest);
	return false;
}

static void print_table(const struct office *office)
{
	const struct world *world = &office->world;

	(void)printf("seed %d: %d rounds, %d accounts on Weibo, %d on WeChat\n", (int)office->seed, (int)office->rounds,
		world->n_weibo, world->n_wechat);
	for (int i = 0; i < FAULTS; i++) {
		(void)printf("  %-28s %8d\n", fault_names[i], (int)office->struck[i]);
	}
	(void)printf("  %-28s %8d\n  %-28s %8d\n  %-28s %8d\n", "deaths of the daemon", (int)world->deaths,
		"calls without an answer", (int)world->unanswered, "writes and syncs that failed",
		(int)atomic_load(&world->page->hits));
	(void)fflush(stdout);
}

static bool enable(struct office *office, const char *list)
{
	struct str rest = str_from(list);
	struct str part;

	while (str_split(&rest, ',', &part)) {
		bool known = str_is(part, "all");

		for (int i = 0; i < FAULTS; i++) {
			if (str_is(part, fault_names[i]) || str_is(part, "all")) {
				office->enabled[i] = known = true;
			}
		}
		if (!known) {
			(void)fprintf(
				stderr, "campaign: --faults: there is no " STR_FMT "; there are all", STR_ARG(part));
			for (int i = 0; i < FAULTS; i++) {
				(void)fprintf(stderr, ", %s", fault_names[i]);
			}
			(void)fputc('\n', stderr);
			return false;
		}
	}
	return true;
}

static int run(struct office *office)
{
	struct world *world = &office->world;
	char port[16];
	int64_t round;
	bool rested;

	world_open(world);
	invite_citizens(office);
	if (!world_start(world, NULL)) {
		(void)fprintf(stderr, "campaign: the daemon does not start; see daemon.log\n");
		return EXIT_FAILURE;
	}
	office->next_post = 1;
	for (round = 0; round < office->rounds || citizens_busy(office); round++) {
		int64_t left = office->posts - (office->next_post - 1);
		int64_t rounds = office->rounds - round;

		play(office, round, rounds > 1 ? left / rounds : left);
		if (isatty(STDERR_FILENO)) {
			(void)fprintf(stderr, "\rround %d, %d posts, %d deaths ", (int)round + 1,
				(int)office->next_post - 1, (int)world->deaths);
		}
	}
	office->rounds = round;
	rested = settle(office);
	print_table(office);
	(void)snprintf(port, sizeof(port), "%d", world->weibo_port);
	(void)setenv("WEIBO_PORT", port, 1);
	(void)snprintf(port, sizeof(port), "%d", world->wechat_port);
	(void)setenv("WECHAT_PORT", port, 1);
	if (system(office->collect) != 0) {
		(void)fprintf(stderr, "campaign: what daemon and platforms say could not be collected\n");
		rested = false;
	}
	world_close(world);
	free(office->open);
	return rested ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	enum { DIR = 256, SEED, ROUNDS, POSTS, MESSAGES, FAULT_LIST, COLLECT };
	static const struct option long_options[] = {
		{ "dir", required_argument, NULL, DIR },
		{ "seed", required_argument, NULL, SEED },
		{ "rounds", required_argument, NULL, ROUNDS },
		{ "posts", required_argument, NULL, POSTS },
		{ "messages", required_argument, NULL, MESSAGES },
		{ "faults", required_argument, NULL, FAULT_LIST },
		{ "collect", required_argument, NULL, COLLECT },
		{ 0 },
	};
	struct office office = { .seed = 1, .rounds = 10, .posts = 100, .messages = 500 };
	const char *faults = "all";
	bool good = true;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case DIR:
			office.world.dir = optarg;
			break;
		case SEED:
			good = good && str_to_i64(str_from(optarg), 0, INT32_MAX, &office.seed);
			break;
		case ROUNDS:
			good = good && str_to_i64(str_from(optarg), 1, 1000000, &office.rounds);
			break;
		case POSTS:
			good = good && str_to_i64(str_from(optarg), 0, 1000000, &office.posts);
			break;
		case MESSAGES:
			good = good && str_to_i64(str_from(optarg), 0, 10000000, &office.messages);
			break;
		case FAULT_LIST:
			faults = optarg;
			break;
		case COLLECT:
			office.collect = optarg;
			break;
		default:
			good = false;
		}
	}
	if (!good || !office.world.dir || !office.collect || optind != argc || !enable(&office, faults)) {
		(void)fprintf(stderr,
			"usage: office --dir DIR --collect COMMAND [--seed S] [--rounds N] [--posts N] [--messages N]\n"
			"              [--faults LIST]\n");
		return 64;
	}
	office.world.n_weibo = office.posts >= 2000 ? 12 : 4;
	office.world.n_wechat = office.posts >= 2000 ? 6 : 2;
	(void)signal(SIGPIPE, SIG_IGN);
	return run(&office);
}
