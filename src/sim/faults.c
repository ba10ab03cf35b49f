/*
 * The fault plan. A fault counts the requests that match it; from the nth on, `count` of them are hit. The first
 * fault in the order of their making that hits decides; the others still count.
 */
#include "sim/faults.h"

#include <fnmatch.h>
#include <inttypes.h>

#include "core/mem.h"
#include "sim/members.h"

#define FAULTS_MAX       1000u
#define ERROR_CODE_MAX   999999999 /* WeChat has codes of nine digits, and -1 */
#define UPDATE_SLOW_CODE 20032     /* stored, answered with an error: a code that means success */

struct fault {
	int64_t id;
	char *method;  /* NULL: any */
	char *path;    /* fnmatch pattern */
	char *account; /* NULL: any */
	const char *effect_name;
	struct fate fate;
	int64_t nth;
	int64_t count; /* 0: for ever */
	int64_t percent;
	int64_t seen;
	int64_t hits;
};

struct faults {
	struct fault *items;
	size_t n;
	size_t cap;
	int64_t last_id;
};

static const struct {
	const char *name;
	enum effect effect;
	bool processed;  /* unless the order says otherwise */
	bool needs_call; /* there would be nothing to answer with */
	int http_status;
} effects[] = {
	{ "timeout-before", EFFECT_TIMEOUT, false, false, 0 },
	{ "timeout-after", EFFECT_TIMEOUT, true, false, 0 },
	{ "reset-before", EFFECT_RESET, false, false, 0 },
	{ "reset-after", EFFECT_RESET, true, false, 0 },
	{ "reset-body", EFFECT_RESET_BODY, true, true, 0 },
	{ "html-500", EFFECT_HTML, false, false, 500 },
	{ "html-502", EFFECT_HTML, false, false, 502 },
	{ "html-503", EFFECT_HTML, false, false, 503 },
	{ "empty", EFFECT_EMPTY, false, false, 0 },
	{ "redirect", EFFECT_REDIRECT, false, false, 0 },
	{ "truncated", EFFECT_TRUNCATED, true, true, 0 },
	{ "drip", EFFECT_DRIP, true, true, 0 },
	{ "gzip", EFFECT_GZIP, true, true, 0 },
	{ "delay", EFFECT_DELAY, true, true, 0 },
	{ "error", EFFECT_ERROR, false, false, 0 },
};

static void fault_finish(struct fault *fault)
{
	free(fault->method);
	free(fault->path);
	free(fault->account);
}

struct faults *faults_new(void)
{
	return xnew(struct faults);
}

void faults_free(struct faults *faults)
{
	if (!faults) {
		return;
	}
	(void)faults_remove(faults, 0);
	free(faults->items);
	free(faults);
}

int64_t faults_remove(struct faults *faults, int64_t id)
{
	size_t kept = 0;
	int64_t removed = 0;

	for (size_t i = 0; i < faults->n; i++) {
		if (id && faults->items[i].id != id) {
			faults->items[kept++] = faults->items[i];
		} else {
			fault_finish(&faults->items[i]);
			removed++;
		}
	}
	faults->n = kept;
	return removed;
}

static bool find_effect(const cJSON *spec, size_t *ret_i, struct error *err)
{
	const char *name = "";
	size_t i = 0;

	if (!member_text(spec, "effect", &name, err)) {
		return false;
	}
	while (i < ARRAY_LEN(effects) && strcmp(effects[i].name, name) != 0) {
		i++;
	}
	if (i == ARRAY_LEN(effects)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "effect: \"%s\" is none", name);
	}
	*ret_i = i;
	return true;
}

/* Which requests are hit. The texts lend from `spec`. */
struct aim {
	const char *method;
	const char *path;
	const char *account;
};

static bool read_aim(const cJSON *spec, struct aim *ret_aim, struct fault *fault, struct error *err)
{
	struct aim aim = { .path = "*" };

	if (!member_text(spec, "method", &aim.method, err) || !member_text(spec, "path", &aim.path, err) ||
		!member_text(spec, "account", &aim.account, err) ||
		!member_i64(spec, "nth", 1, INT32_MAX, &fault->nth, err) ||
		!member_i64(spec, "count", 0, INT32_MAX, &fault->count, err) ||
		!member_i64(spec, "percent", 0, 100, &fault->percent, err)) {
		return false;
	}
	if (aim.method && strcmp(aim.method, "GET") != 0 && strcmp(aim.method, "POST") != 0) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "method: expected GET or POST");
	}
	*ret_aim = aim;
	return true;
}

static bool read_fate(const cJSON *spec, size_t i, struct fate *fate, struct error *err)
{
	fate->effect = effects[i].effect;
	fate->http_status = effects[i].http_status;
	fate->delay_ms = effects[i].effect == EFFECT_TIMEOUT ? 0 : 50;
	fate->chunk = 16;
	if (!member_i64(spec, "error_code", -1, ERROR_CODE_MAX, &fate->error_code, err) ||
		!member_i64(spec, "delay_ms", 0, 3600000, &fate->delay_ms, err) ||
		!member_i64(spec, "chunk", 1, 65536, &fate->chunk, err)) {
		return false;
	}
	if (effects[i].effect == EFFECT_ERROR && !fate->error_code) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "error_code: the effect \"error\" needs one");
	}
	fate->processed = effects[i].processed ||
			  (effects[i].effect == EFFECT_ERROR && fate->error_code == UPDATE_SLOW_CODE);
	if (!member_bool(spec, "after_effect", &fate->processed, err)) {
		return false;
	}
	if (effects[i].needs_call && !fate->processed) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"after_effect: \"%s\" needs the answer of a request that was processed", effects[i].name);
	}
	return true;
}

bool faults_add(struct faults *faults, const cJSON *spec, int64_t *ret_id, struct error *err)
{
	static const char *const keys[] = { "method", "path", "account", "nth", "count", "percent", "effect",
		"error_code", "after_effect", "delay_ms", "chunk", NULL };
	struct fault fault = { .nth = 1, .count = 1, .percent = 100 };
	struct aim aim = { 0 };
	size_t i = 0;

	if (faults->n >= FAULTS_MAX) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "too many faults");
	}
	if (!members_known(spec, keys, err) || !find_effect(spec, &i, err) || !read_aim(spec, &aim, &fault, err) ||
		!read_fate(spec, i, &fault.fate, err)) {
		return false;
	}
	fault.effect_name = effects[i].name;
	fault.method = xstrdup(aim.method);
	fault.path = xstrdup(aim.path);
	fault.account = xstrdup(aim.account);
	fault.id = ++faults->last_id;
	array_grow(faults->items, faults->n, faults->cap);
	faults->items[faults->n++] = fault;
	*ret_id = fault.id;
	return true;
}

bool faults_any(const struct faults *faults)
{
	return faults->n > 0;
}

static bool matches(const struct fault *fault, const char *method, const char *path, const char *account)
{
	if (fault->method && strcmp(fault->method, method) != 0) {
		return false;
	}
	if (fault->account && (!account || strcmp(fault->account, account) != 0)) {
		return false;
	}
	return fnmatch(fault->path, path, 0) == 0;
}

struct fate faults_fate(
	struct faults *faults, struct rng *rng, const char *method, const char *path, const char *account)
{
	struct fate fate = { .effect = EFFECT_NONE, .processed = true };

	for (size_t i = 0; i < faults->n; i++) {
		struct fault *fault = &faults->items[i];

		if (!matches(fault, method, path, account)) {
			continue;
		}
		fault->seen++;
		if (fate.effect != EFFECT_NONE || fault->seen < fault->nth ||
			(fault->count && fault->seen >= fault->nth + fault->count) ||
			(fault->percent < 100 && rng_below(rng, 100) >= fault->percent)) {
			continue;
		}
		fault->hits++;
		fate = fault->fate;
	}
	return fate;
}

void faults_out(struct out *out, const struct faults *faults)
{
	out_array(out, "faults");
	for (size_t i = 0; i < faults->n; i++) {
		const struct fault *fault = &faults->items[i];

		out_object(out, NULL);
		out_i64(out, "id", fault->id);
		out_text(out, "method", fault->method);
		out_text(out, "path", fault->path);
		out_text(out, "account", fault->account);
		out_text(out, "effect", fault->effect_name);
		if (fault->fate.error_code) {
			out_i64(out, "error_code", fault->fate.error_code);
		}
		out_i64(out, "nth", fault->nth);
		out_i64(out, "count", fault->count);
		out_i64(out, "percent", fault->percent);
		out_bool(out, "after_effect", fault->fate.processed);
		out_i64(out, "seen", fault->seen);
		out_i64(out, "hits", fault->hits);
		out_object_end(out);
	}
	out_array_end(out);
}
