/* The fault plan: which request is hit, in which order faults decide, what they count. */
#include "check.h"

#include "codec/json.h"
#include "core/buf.h"
#include "sim/faults.h"

static int64_t order(struct faults *faults, const char *spec)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct error err = { 0 };
	int64_t id = 0;

	CHECK_OK(json_parse(str_from(spec), &json, &err), err);
	CHECK_OK(faults_add(faults, json, &id, &err), err);
	return id;
}

static void refuse(struct faults *faults, const char *spec, const char *part)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct error err = { 0 };
	int64_t id = 0;

	CHECK_OK(json_parse(str_from(spec), &json, &err), err);
	CHECK_FAILS(faults_add(faults, json, &id, &err), err, part);
	CHECK_INT(id, 0);
	CHECK(!faults_any(faults));
}

static void test_fault__hits_from_the_nth_on_as_often_as_ordered(void **state)
{
	static const bool want[] = { false, false, true, true, false, false };
	struct faults *faults = faults_new();
	struct rng rng = { .state = 1 };

	(void)state;
	(void)order(faults, "{\"path\":\"/2/*\",\"nth\":3,\"count\":2,\"effect\":\"timeout-after\"}");
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct fate fate;

		CHECK_INT(faults_fate(faults, &rng, "GET", "/oauth2/authorize", NULL).effect, EFFECT_NONE);
		fate = faults_fate(faults, &rng, "POST", "/2/statuses/share.json", "a");
		CHECK_INT(fate.effect, want[i] ? EFFECT_TIMEOUT : EFFECT_NONE);
		CHECK(fate.processed);
	}
	faults_free(faults);
}

static void test_fault__looks_at_method_path_and_account(void **state)
{
	struct faults *faults = faults_new();
	struct rng rng = { .state = 1 };

	(void)state;
	(void)order(
		faults, "{\"method\":\"POST\",\"path\":\"/2/*/share.json\",\"account\":\"a\",\"effect\":\"empty\"}");
	CHECK_INT(faults_fate(faults, &rng, "GET", "/2/statuses/share.json", "a").effect, EFFECT_NONE);
	CHECK_INT(faults_fate(faults, &rng, "POST", "/2/statuses/update.json", "a").effect, EFFECT_NONE);
	CHECK_INT(faults_fate(faults, &rng, "POST", "/2/statuses/share.json", "b").effect, EFFECT_NONE);
	CHECK_INT(faults_fate(faults, &rng, "POST", "/2/statuses/share.json", NULL).effect, EFFECT_NONE);
	CHECK_INT(faults_fate(faults, &rng, "POST", "/2/statuses/share.json", "a").effect, EFFECT_EMPTY);
	faults_free(faults);
}

static void test_faults__the_first_decides_and_all_count(void **state)
{
	struct faults *faults = faults_new();
	struct rng rng = { .state = 1 };
	int64_t first = order(faults, "{\"effect\":\"html-502\"}");
	int64_t second = order(faults, "{\"effect\":\"empty\",\"count\":0}");
	struct fate fate = faults_fate(faults, &rng, "GET", "/", NULL);

	(void)state;
	CHECK_INT(fate.effect, EFFECT_HTML);
	CHECK_INT(fate.http_status, 502);
	CHECK(!fate.processed);
	CHECK_INT(faults_fate(faults, &rng, "GET", "/", NULL).effect, EFFECT_EMPTY);
	CHECK_INT(faults_remove(faults, second), 1);
	CHECK_INT(faults_remove(faults, second), 0);
	CHECK_INT(faults_fate(faults, &rng, "GET", "/", NULL).effect, EFFECT_NONE);
	CHECK(faults_any(faults));
	CHECK_INT(faults_remove(faults, 0), 1);
	CHECK(!faults_any(faults));
	CHECK(order(faults, "{\"effect\":\"empty\"}") > first);
	faults_free(faults);
}

static void test_fault__processes_what_its_effect_says_unless_told(void **state)
{
	static const struct {
		const char *spec;
		bool processed;
	} cases[] = {
		{ "{\"effect\":\"reset-before\"}", false },
		{ "{\"effect\":\"reset-after\"}", true },
		{ "{\"effect\":\"reset-before\",\"after_effect\":true}", true },
		{ "{\"effect\":\"error\",\"error_code\":10001}", false },
		{ "{\"effect\":\"error\",\"error_code\":10001,\"after_effect\":true}", true },
		{ "{\"effect\":\"error\",\"error_code\":20032}", true },
		{ "{\"effect\":\"error\",\"error_code\":20032,\"after_effect\":false}", false },
		{ "{\"effect\":\"drip\"}", true },
		{ "{\"effect\":\"drip\",\"after_effect\":null}", true },
	};
	struct rng rng = { .state = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct faults *faults = faults_new();

		(void)order(faults, cases[i].spec);
		if (faults_fate(faults, &rng, "GET", "/", NULL).processed != cases[i].processed) {
			fail_msg("%s", cases[i].spec);
		}
		faults_free(faults);
	}
}

static void test_fault__with_an_error_in_it_is_not_ordered(void **state)
{
	struct faults *faults = faults_new();

	(void)state;
	refuse(faults, "{}", "effect");
	refuse(faults, "{\"effect\":\"empty\",\"nth\":0}", "nth");
	refuse(faults, "{\"effect\":\"empty\",\"nth\":1e300}", "nth");
	refuse(faults, "{\"effect\":\"empty\",\"count\":-1}", "count");
	refuse(faults, "{\"effect\":\"empty\",\"percent\":50.5}", "percent");
	refuse(faults, "{\"effect\":\"empty\",\"path\":[]}", "path");
	refuse(faults, "{\"effect\":\"truncated\",\"after_effect\":false}", "after_effect");
	refuse(faults, "{\"effect\":\"empty\",\"who\":1}", "who");
	faults_free(faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault__hits_from_the_nth_on_as_often_as_ordered),
		cmocka_unit_test(test_fault__looks_at_method_path_and_account),
		cmocka_unit_test(test_faults__the_first_decides_and_all_count),
		cmocka_unit_test(test_fault__processes_what_its_effect_says_unless_told),
		cmocka_unit_test(test_fault__with_an_error_in_it_is_not_ordered),
	};

	return check_run(tests);
}
