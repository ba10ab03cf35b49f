/*
 * The ledger: every write of an account that the platform accepted, in order, numbered from 1 without gaps. It is the
 * judge of exactly-once tests, so nothing is ever taken out of it or changed. Citizens do not appear in it.
 */
#include <assert.h>

#include "core/attr.h"
#include "core/mem.h"
#include "sim/state_file.h"
#include "sim/wechat_world.h"
#include "sim/world.h"

static const char *const kinds[] = {
	[LEDGER_POST] = "post",
	[LEDGER_REPOST] = "repost",
	[LEDGER_COMMENT] = "comment",
	[LEDGER_REPLY] = "reply",
	[LEDGER_DELETE] = "delete",
};

const char *ledger_kind_name(enum ledger_kind kind)
{
	return kinds[kind];
}

bool ledger_kind_parse(struct str name, enum ledger_kind *ret_kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_is(name, kinds[i])) {
			*ret_kind = (enum ledger_kind)i;
			return true;
		}
	}
	return false;
}

bool ledger_entry_kind_is_known(struct str name)
{
	static const char *const wechat_kinds[] = { "article", "auto-reply", "broadcast", "comment-delete",
		"comment-elect", "comment-reply", "comment-reply-delete", "comment-unelect", "delete", "fault", "menu",
		"notice", "preview", "reply", "website-broadcast" };
	enum ledger_kind kind;

	for (size_t i = 0; i < ARRAY_LEN(wechat_kinds); i++) {
		if (str_is(name, wechat_kinds[i])) {
			return true;
		}
	}
	return ledger_kind_parse(name, &kind);
}

struct entry *ledger_restore(struct sim *sim)
{
	struct entry *entry = xnew(struct entry);

	array_grow(sim->ledger, sim->n_ledger, sim->cap_ledger);
	sim->ledger[sim->n_ledger++] = entry;
	entry->seq = (int64_t)sim->n_ledger;
	return entry;
}

void ledger_add(struct sim *sim, struct account *account, enum ledger_kind kind, const char *endpoint,
	struct item *item, int64_t reply_to)
{
	struct entry *entry = ledger_restore(sim);

	entry->at = sim->now_at;
	entry->account = account;
	entry->kind = kind;
	entry->endpoint = endpoint;
	entry->item = item;
	entry->reply_to = reply_to;
	state_entry(sim, entry);
}

static void out_pictures(struct out *out, const struct status *status)
{
	out_array(out, "media");
	for (size_t i = 0; i < status->n_pictures; i++) {
		const struct picture *picture = status->pictures[i];

		out_object(out, NULL);
		out_text(out, "pic_id", picture->id);
		out_text(out, "sha256", picture->sha256);
		out_text(out, "type", picture->type);
		out_i64(out, "bytes", picture->bytes);
		out_object_end(out);
	}
	out_array_end(out);
}

const char *ledger_account_name(const struct entry *entry)
{
	return entry->wechat ? entry->wechat->account->name : entry->account->name;
}

const char *ledger_entry_kind(const struct entry *entry)
{
	return entry->wechat ? entry->wechat->kind : ledger_kind_name(entry->kind);
}

void ledger_out(struct out *out, const struct entry *entry)
{
	const struct item *item = entry->item;
	char at[40];

	if (entry->wechat) {
		wx_entry_out(out, entry);
		return;
	}
	format_iso_time(at, entry->at);
	out_object(out, NULL);
	out_i64(out, "seq", entry->seq);
	out_text(out, "at", at);
	out_i64(out, "at_ms", entry->at);
	out_text(out, "platform", "weibo");
	out_text(out, "account", entry->account->name);
	out_text(out, "kind", ledger_kind_name(entry->kind));
	out_text(out, "endpoint", entry->endpoint);
	out_digits(out, "remote_id", item->id);
	if (entry->kind == LEDGER_DELETE) {
		out_text(out, "text", "");
		out_text(out, "stored_text", "");
	} else {
		const struct status *status = (const struct status *)(const void *)item;

		out_text(out, "text", item->sent);
		out_text(out, "stored_text",
			item->kind == ITEM_STATUS && status->long_text ? status->long_text : item->text);
		if (item->kind == ITEM_STATUS && status->n_pictures) {
			out_pictures(out, status);
		}
	}
	if (entry->reply_to) {
		out_digits(out, "reply_to", entry->reply_to);
	} else {
		out_null(out, "reply_to");
	}
	out_object_end(out);
}
