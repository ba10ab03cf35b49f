/* Rules that every writing interface applies, each as one step of its chain of checks. */
#include <arpa/inet.h>
#include <inttypes.h>

#include "sim/call.h"
#include "sim/said.h"

/*
 * The operator's address must be a public IPv4 one.
 *
 * source  unverified: wiki "2/statuses/share" wants the operator's own address. Documentation ranges pass, since
 * rehearsals use them.
 */
static bool is_public_ipv4(struct str text)
{
	struct in_addr address;
	char terminated[16];
	uint32_t ip;

	if (text.n >= sizeof(terminated)) {
		return false;
	}
	memcpy(terminated, text.p, text.n);
	terminated[text.n] = 0;
	if (inet_pton(AF_INET, terminated, &address) != 1) {
		return false;
	}
	ip = ntohl(address.s_addr);
	switch (ip >> 24) {
	case 0:
	case 10:
	case 127:
		return false;
	case 100:
		return ((ip >> 16) & 0xc0) != 64;
	case 169:
		return ((ip >> 16) & 0xff) != 254;
	case 172:
		return ((ip >> 16) & 0xf0) != 16;
	case 192:
		return ((ip >> 16) & 0xff) != 168;
	default:
		return ip >> 24 < 224;
	}
}

bool rule_rip(struct call *call)
{
	struct str rip = params_str(&call->params, "rip");

	if (!rip.n) {
		if (call->account->set.rip_required) {
			call_refuse_missing(call, "rip");
			return false;
		}
		return true;
	}
	if (!is_public_ipv4(rip)) {
		call_refuse_value(call, "rip");
		return false;
	}
	return true;
}

static bool holds_any(struct str text, const struct words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		if (str_find(text, str_from(words->items[i])) >= 0) {
			return true;
		}
	}
	return false;
}

bool rule_content(struct call *call, struct str text)
{
	const struct switches *set = &call->account->set;

	if (holds_any(text, &set->forbidden_words)) {
		call_refuse(call, 20021, NULL);
		return false;
	}
	if (holds_any(text, &set->forbidden_links)) {
		call_refuse(call, 20018, NULL);
		return false;
	}
	return true;
}

bool rule_frequency(struct call *call)
{
	const struct account *account = call->account;
	int64_t interval_ms = account->set.post_interval_seconds * 1000;

	if (interval_ms && account->last_post_at && call->sim->now_at - account->last_post_at < interval_ms) {
		call_refuse(call, 20016, NULL);
		return false;
	}
	return true;
}

bool rule_fresh(struct call *call, const struct said_log *said, struct str text)
{
	switch (said_check(call->sim, call->account, said, text)) {
	case SAID_NEW:
		return true;
	case SAID_SAME:
		call_refuse(call, 20019, NULL);
		return false;
	case SAID_SIMILAR:
		call_refuse(call, 20017, NULL);
		return false;
	}
	return false;
}

bool rule_id(struct call *call, const char *param, int64_t missing_code, int64_t *ret_id)
{
	struct str text = str_trim(params_str(&call->params, param));

	if (!text.n) {
		if (missing_code == 10016) {
			call_refuse_missing(call, param);
		} else {
			call_refuse(call, missing_code, NULL);
		}
		return false;
	}
	if (!str_to_i64(text, 1, INT64_MAX, ret_id)) {
		call_refuse_value(call, param);
		return false;
	}
	return true;
}

bool rule_status(struct call *call, const char *param, struct status **ret_status)
{
	struct status *status;
	int64_t id;

	if (!rule_id(call, param, 10016, &id)) {
		return false;
	}
	status = sim_status(call->sim, id);
	if (!status || !item_is_visible(call->sim, &status->item)) {
		call_refuse(call, 20101, NULL);
		return false;
	}
	*ret_status = status;
	return true;
}
