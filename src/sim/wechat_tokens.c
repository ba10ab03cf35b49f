/*
 * The two families of tokens. They know nothing of each other.
 *
 * source  pages getAccessToken and getStableAccessToken, read 2026: 7200 s; /token always makes a new one, the one
 * before stays usable for 5 minutes; /stable_token gives the same one until its last 5 minutes, force_refresh at most
 * 20 times a day and 30 s apart ends the one before at once
 */
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "sim/wechat_world.h"

#define OVERLAP_MS     (5 * MINUTE_MS)
#define FORCED_PER_DAY 20
#define FORCED_GAP_MS  (30 * SECOND_MS)

struct wx_token *wx_find_token(const struct wechat *wechat, struct str text)
{
	return text.n ? table_get(&wechat->tokens_by_text, text) : NULL;
}

struct wx_token *wx_new_token(struct wx_account *account, enum wx_family family)
{
	struct wechat *wechat = account->wechat;
	struct wx_token *token = xnew(struct wx_token);
	char rest[WX_TOKEN_CHARS + 1];

	wx_random(wechat, WX_URL64, rest, WX_TOKEN_CHARS);
	(void)snprintf(token->text, sizeof(token->text), "%d_%s", family == WX_STABLE_TOKEN ? 71 : 70, rest);
	token->account = account;
	token->family = family;
	token->expires_at = wx_now(account) + account->set.token_seconds * 1000;
	token->ends_at = INT64_MAX;
	array_grow(wechat->tokens, wechat->n_tokens, wechat->cap_tokens);
	wechat->tokens[wechat->n_tokens++] = token;
	table_put(&wechat->tokens_by_text, str_from(token->text), token);
	account->current[family] = token;
	return token;
}

void wx_end_tokens(struct wx_account *account, enum wx_family family, int64_t at, int64_t code)
{
	struct wechat *wechat = account->wechat;

	for (size_t i = 0; i < wechat->n_tokens; i++) {
		struct wx_token *token = wechat->tokens[i];

		if (token->account == account && token->family == family && token->ends_at > at) {
			token->ends_at = at;
			token->death = code;
		}
	}
	if (at <= wx_now(account)) {
		account->current[family] = NULL;
	}
}

struct wx_token *wx_external_refresh(struct wx_account *account, enum wx_family family)
{
	wx_end_tokens(account, family, wx_now(account) + (family == WX_TOKEN ? OVERLAP_MS : 0), 40001);
	return wx_new_token(account, family);
}

static void answer(struct wx_call *wx, const struct wx_token *token)
{
	out_object(wx->out, NULL);
	out_text(wx->out, "access_token", token->text);
	out_i64(wx->out, "expires_in", (token->expires_at - wx_now(wx->account)) / 1000);
	out_object_end(wx->out);
}

void wx_handle_token(struct wx_call *wx)
{
	if (!str_is(params_str(&wx->call->params, "grant_type"), "client_credential")) {
		wx_refuse(wx, 40002);
		return;
	}
	answer(wx, wx_external_refresh(wx->account, WX_TOKEN));
}

static bool may_force(struct wx_account *account)
{
	int64_t day = window_number(wx_now(account), DAY_MS);

	if (account->forced_day != day) {
		account->forced_day = day;
		account->forced = 0;
	}
	if (account->forced >= FORCED_PER_DAY ||
		(account->forced_at && wx_now(account) - account->forced_at < FORCED_GAP_MS)) {
		return false;
	}
	account->forced++;
	account->forced_at = wx_now(account);
	return true;
}

void wx_handle_stable_token(struct wx_call *wx)
{
	struct wx_account *account = wx->account;
	const struct wx_token *token = account->current[WX_STABLE_TOKEN];

	if (!str_is(json_str(wx->json, "grant_type"), "client_credential")) {
		wx_refuse(wx, 40002);
		return;
	}
	if (json_bool(wx->json, "force_refresh", false) && may_force(account)) {
		token = wx_external_refresh(account, WX_STABLE_TOKEN);
	} else if (!token || token->ends_at <= wx_now(account) || token->expires_at - wx_now(account) <= OVERLAP_MS) {
		token = wx_new_token(account, WX_STABLE_TOKEN); /* the old one runs out by itself */
	}
	answer(wx, token);
}
