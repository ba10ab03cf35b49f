/*
 * What comes to a Weibo callback address: a body, signed as Weibo does it. Whatever is taken keeps the contract of
 * pushes and is the same when it comes again. The same bytes as a query never get in.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/digest.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"

#define NOW_AT INT64_C(1767574800000) /* Mon Jan 05 09:00:00 +0800 2026 */

static struct weibo_settings settings;
static const struct driver_account account = {
	.name = "weibo-main", .base_url = "http://127.0.0.1:8750", .settings = &settings
};

static void set_up(void)
{
	struct error err;

	if (!settings.uid) {
		must(config_default_keys(weibo_keys, &settings, &err));
		settings.uid = xstrdup("7700000001");
		settings.messages = true;
		secret_set(&settings.app_secret, STR("app-secret"));
	}
}

static void go(bool post, struct str query, struct str body, int64_t now_at, struct push_result *ret)
{
	push_result_init(ret);
	driver_find("weibo")->push(
		&account, &(struct driver_push){ .post = post, .query = query, .body = body, .now_at = now_at }, ret);
}

static bool is_uid(const char *text)
{
	int64_t uid;

	return text && weibo_id_parse(str_from(text), &uid) && strcmp(text, "7700000001") != 0;
}

static void check_taken(const struct push_result *result, const struct push_result *again)
{
	must(result->messages.n + result->n_events <= 1);
	must(again->messages.n == result->messages.n && again->n_events == result->n_events);
	for (size_t i = 0; i < result->messages.n; i++) {
		const struct message *message = &result->messages.items[i];

		must(message->kind == MESSAGE_DIRECT && !message->from_us && message->n_media == 0);
		must(strlen(message->remote_id) == 40);
		must(strcmp(message->remote_id, again->messages.items[i].remote_id) == 0);
		must(is_uid(message->author_id));
		must(message->text && utf8_valid(str_from(message->text)));
	}
	for (size_t i = 0; i < result->n_events; i++) {
		const struct push_event *event = &result->events[i];

		must(event->kind == PUSH_FOLLOW || event->kind == PUSH_SCAN || event->kind == PUSH_MENU ||
			event->kind == PUSH_OTHER);
		must(strlen(event->dedupe) == 40 && strcmp(event->dedupe, again->events[i].dedupe) == 0);
		must(event->kind == PUSH_OTHER ? !event->author_id : is_uid(event->author_id));
		must(!event->key || (event->key[0] && utf8_valid(str_from(event->key))));
		must(!event->job_id && !event->text && !event->url && event->window_ms == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	struct str parts[] = { STR("app-secret"), STR("1767600000000"), STR("57155157") };
	struct push_result result, again;
	char hex[41];
	struct buf query;

	set_up();
	digest_sha1_sorted_hex(parts, ARRAY_LEN(parts), hex);
	buf_init(&query, 1024);
	(void)buf_printf(&query, "nonce=57155157&timestamp=1767600000000&signature=%s", hex);
	go(true, buf_str(&query), input, NOW_AT, &result);
	go(true, buf_str(&query), input, NOW_AT + 5 * SECOND_MS, &again);
	must(result.verdict == again.verdict);
	must(result.verdict == PUSH_TAKE || (result.verdict == PUSH_REFUSE && result.why));
	if (result.verdict == PUSH_TAKE) {
		check_taken(&result, &again);
	}
	push_result_finish(&result);
	push_result_finish(&again);
	buf_finish(&query);
	for (int post = 0; post < 2; post++) {
		go(post, input, STR("{\"receiver_id\":7700000001,\"sender_id\":1}"), NOW_AT, &result);
		must(result.verdict == PUSH_REFUSE);
		push_result_finish(&result);
	}
	return 0;
}
