/*
 * What the control socket's verbs read of a frame. Whatever is in the JSON, a post that is taken is within its caps,
 * sanitised and about accounts there are, nothing in it was passed over in silence, and a parameter is what it says or
 * an error that names it.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/json.h"
#include "config/config.h"
#include "core/clock.h"
#include "core/limits.h"
#include "daemon/daemon.h"
#include "daemon/post_params.h"
#include "daemon/verb.h"
#include "platform/driver.h"
#include "store/view.h"
#include "text/when.h"

/* 2026-10-01 08:00 in Shanghai */
#define NOW_AT (INT64_C(1790812800) * SECOND_MS)

static const char accounts[] = "office: {name: 某市发布, zone: Asia/Shanghai}\n"
			       "platforms:\n"
			       "  weibo: {base_url: 'http://127.0.0.1:8750'}\n"
			       "accounts:\n"
			       "  a: {platform: fake}\n"
			       "  b:\n"
			       "    platform: weibo\n"
			       "    uid: 7700000001\n"
			       "    app_key: 1001\n"
			       "    app_secret: secret\n"
			       "    safe_domain: www.city.gov.example\n"
			       "    rip: 203.0.113.7\n"
			       "groups: {all: [a, b]}\n";

static struct rules rules = { .refs = 1 };

static void set_up(void)
{
	struct config_platform platforms[16];
	struct error err = { 0 };
	size_t n = 0;

	if (rules.config) {
		return;
	}
	for (; drivers[n]; n++) {
		platforms[n] = (struct config_platform){
			.name = drivers[n]->name,
			.default_base_url = drivers[n]->default_base_url,
			.keys = drivers[n]->keys,
			.settings_size = drivers[n]->settings_size,
			.check = drivers[n]->check_settings,
		};
	}
	if (!when_set_zone("Asia/Shanghai", &err) ||
		!config_parse("accounts.yaml", "/", str_from(accounts), platforms, n, &rules.config, &err) ||
		!triage_load(NULL, &rules.triage, &err) || !wording_load(NULL, &rules.wording, &err)) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
}

/* Sanitised: valid, no controls but line ends and TABs. */
static void check_text(const char *text, size_t max_bytes)
{
	struct str rest = str_from(text);
	uint32_t c;

	must(utf8_valid(rest) && rest.n <= max_bytes);
	while (utf8_next(&rest, &c)) {
		must((c >= 0x20 || c == '\n' || c == '\t') && !(c >= 0x7f && c <= 0x9f));
		must(!(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069));
	}
}

/* The member is there, not null, and no text. */
static bool is_odd(const cJSON *object, const char *member)
{
	const cJSON *item = json_get(object, member);

	return item && !cJSON_IsNull(item) && !cJSON_IsString(item);
}

static void check_media(const struct post *post)
{
	must(post->n_media <= LIMIT_MEDIA_PER_POST);
	for (size_t i = 0; i < post->n_media; i++) {
		const struct post_media *medium = &post->media[i];

		must(medium->data && medium->n <= LIMIT_MEDIA_BYTES);
		must(medium->sha256 && strlen(medium->sha256) == 64 && medium->type);
		check_text(medium->name, LIMIT_NAME_BYTES);
		must(!medium->alt || utf8_valid(str_from(medium->alt)));
	}
}

static void check_findings(const struct post *post)
{
	cleanup(finding_list_finish) struct finding_list findings = { 0 };
	cleanup(json_freep) cJSON *lengths = json_array();
	cleanup(json_freep) cJSON *rows = NULL;
	struct error err = { 0 };

	post_check(&rules, post, NOW_AT, &findings, lengths);
	must((size_t)cJSON_GetArraySize(lengths) == post->n_targets);
	for (size_t i = 0; i < findings.n; i++) {
		must(is_one_line(str_from(findings.items[i].message)) && findings.items[i].rule[0]);
	}
	rows = findings_json(&findings);
	must((size_t)cJSON_GetArraySize(rows) == findings.n);
	if (!findings_error(&findings, &err)) {
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		must(finding_blocks(&findings));
	} else {
		must(!finding_blocks(&findings));
	}
}

static void check_post(const cJSON *object, bool past_ok)
{
	static const char *const texts[] = { "title", "text", "class", "at", "late", "until", "key", "campaign" };
	struct post post = { 0 };
	struct error err = { 0 };

	if (!post_read(&rules, object, NOW_AT, past_ok, &post, &err)) {
		must(err.domain == ERROR_INPUT || err.domain == ERROR_MISSING);
		must_be_an_error(&err, err.domain, ADVISE_REJECT);
		must(!post.targets && !post.text);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		must(!is_odd(object, texts[i])); /* never passed over */
	}
	must(post.text && post.text[0]);
	check_text(post.text, LIMIT_POST_BYTES);
	must(!post.title || strlen(post.title) <= LIMIT_TITLE_BYTES);
	must(!post.key || (post.key[0] && strlen(post.key) <= LIMIT_KEY_BYTES));
	must(post.n_targets >= 1 && post.n_targets <= 2);
	for (size_t i = 0; i < post.n_targets; i++) {
		must(config_account(rules.config, post.targets[i].account));
		must(i == 0 || strcmp(post.targets[i].account, post.targets[0].account) != 0);
		if (post.targets[i].text) {
			check_text(post.targets[i].text, LIMIT_POST_BYTES);
		}
	}
	must(past_ok || post.due_at == 0 || post.due_at >= NOW_AT);
	must(past_ok || post.until_at == 0 || post.until_at > (post.due_at ? post.due_at : NOW_AT));
	must(post.late_ms >= 0);
	check_media(&post);
	check_findings(&post);
	post_finish(&post);
}

static void must_name(const struct error *err)
{
	must_be_an_error(err, ERROR_INPUT, ADVISE_REJECT);
	must(str_starts(str_from(err->message), STR("x.y: ")));
}

static void check_call(cJSON *params)
{
	static const char *const names[] = { "after", "limit", "id", "text", "on", NULL };
	static const struct verb verb = { .name = "x.y" };
	struct call call = { .verb = &verb, .params = params };
	struct page page = { 0 };
	struct error err = { 0 };
	const char *text = NULL;
	int64_t id = -5;

	if (!call_only(&call, names, &err)) {
		must_name(&err);
	}
	if (!call_page(&call, &page, &err)) {
		must_name(&err);
	} else {
		must(page.limit >= 1 && page.limit <= (int)LIMIT_PAGE_ROWS && page.next[0] == '\0');
		must(!page.after || strlen(page.after) < sizeof(page.next));
	}
	if (!call_text(&call, "text", true, 20, &text, &err)) {
		must_name(&err);
		must(!text);
	} else {
		must(text[0] && strlen(text) <= 20);
	}
	if (!call_i64(&call, "id", true, 1, INT64_MAX, &id, &err)) {
		must_name(&err);
		must(id == -5);
	} else {
		must(id >= 1);
	}
	(void)call_bool(&call, "on", false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct error err;

	set_up();
	if (!json_parse((struct str){ (const char *)data, size }, &json, &err)) {
		return 0;
	}
	check_post(json, false);
	check_post(json, true);
	if (cJSON_IsObject(json)) {
		check_call(json);
	}
	return 0;
}
