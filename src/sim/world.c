/*
 * The data of the platform and its indexes. What belongs on which list is decided in one function, each_list(), that
 * adding and removing share.
 */
#include "sim/world.h"

#include <assert.h>
#include <inttypes.h>

#include "core/mem.h"
#include "sim/faults.h"
#include "sim/state_file.h"
#include "sim/switches.h"
#include "sim/wechat_world.h"

#define FIRST_CITIZEN_UID INT64_C(7900000001)
#define FIRST_COMMENT_MID INT64_C(2126000000000001)

void sim_turn(struct sim *sim)
{
	struct heap_entry due;

	sim->now_at = sim_clock_at(&sim->clock);
	while (heap_pop_due(&sim->reviews, sim->now_at, &due)) {
		struct status *status = sim_status(sim, due.id);

		if (status && !status->item.gone) {
			sim_remove(sim, &status->item);
		}
	}
	wechat_turn(sim);
}

int64_t sim_new_id(struct sim *sim)
{
	int64_t seconds = sim->now_at / 1000 - ID_EPOCH;
	int64_t base = (seconds > 0 ? seconds : 0) << ID_SEQUENCE_BITS;
	int64_t id;

	if (sim->big_ids) {
		base += ID_BIG;
	}
	id = base + 1 + rng_below(&sim->rng, INT64_C(1) << 20);
	if (id <= sim->last_id) {
		id = sim->last_id + 1 + rng_below(&sim->rng, 16);
	}
	sim->last_id = id;
	return id;
}

struct account *sim_account(const struct sim *sim, struct str name)
{
	return table_get(&sim->accounts_by_name, name);
}

struct user *sim_user_by_uid(const struct sim *sim, int64_t uid)
{
	return table_get(&sim->users_by_uid, table_key(&uid));
}

struct user *sim_user_by_name(const struct sim *sim, struct str name)
{
	return table_get(&sim->users_by_name, name);
}

void sim_index_user(struct sim *sim, struct user *user)
{
	table_put(&sim->users_by_uid, table_key(&user->uid), user);
	table_put(&sim->users_by_name, str_from(user->name), user);
}

struct user *sim_add_citizen(struct sim *sim, int64_t uid, struct str name)
{
	struct user *user = xnew(struct user);

	user->uid = uid;
	user->name = str_dup(name);
	if (uid > sim->last_uid) {
		sim->last_uid = uid;
	}
	array_grow(sim->users, sim->n_users, sim->cap_users);
	sim->users[sim->n_users++] = user;
	sim_index_user(sim, user);
	return user;
}

struct user *sim_citizen(struct sim *sim, struct str name)
{
	struct user *user = sim_user_by_name(sim, name);

	if (!user) {
		int64_t uid = sim->last_uid < FIRST_CITIZEN_UID ? FIRST_CITIZEN_UID : sim->last_uid + 1;

		while (sim_user_by_uid(sim, uid)) {
			uid++;
		}
		user = sim_add_citizen(sim, uid, name);
		state_user(sim, user);
	}
	return user;
}

void sim_rename(struct sim *sim, struct account *account, struct str name)
{
	struct user *user = &account->user;

	if (str_is(name, user->name)) {
		return;
	}
	if (sim_user_by_name(sim, str_from(user->name)) == user) { /* while a state file is read two may swap names */
		table_remove(&sim->users_by_name, str_from(user->name));
	}
	free(user->name);
	user->name = str_dup(name);
	table_put(&sim->users_by_name, str_from(user->name), user);
}

static struct item *find_item(const struct sim *sim, int64_t id, enum item_kind kind)
{
	struct item *item = table_get(&sim->items, table_key(&id));

	return item && item->kind == kind ? item : NULL;
}

struct status *sim_status(const struct sim *sim, int64_t id)
{
	return (struct status *)(void *)find_item(sim, id, ITEM_STATUS);
}

struct comment *sim_comment(const struct sim *sim, int64_t id)
{
	return (struct comment *)(void *)find_item(sim, id, ITEM_COMMENT);
}

static void item_init(struct sim *sim, struct item *item, enum item_kind kind, struct user *user, int64_t id)
{
	item->kind = kind;
	item->id = id;
	item->user = user;
	if (id > sim->last_id) {
		sim->last_id = id;
	}
	table_put(&sim->items, table_key(&item->id), item);
}

static void item_date(struct sim *sim, struct item *item, int64_t hide_ms)
{
	item->created_at = sim->now_at;
	item->visible_at = sim->now_at + hide_ms;
	item->listed_at = item->visible_at;
}

struct status *sim_restore_status(struct sim *sim, struct user *user, int64_t id)
{
	struct status *status = xnew(struct status);

	item_init(sim, &status->item, ITEM_STATUS, user, id);
	array_grow(sim->statuses, sim->n_statuses, sim->cap_statuses);
	sim->statuses[sim->n_statuses++] = status;
	return status;
}

struct status *sim_new_status(struct sim *sim, struct user *user, int64_t hide_ms)
{
	struct status *status = sim_restore_status(sim, user, sim_new_id(sim));

	item_date(sim, &status->item, hide_ms);
	if (user->account) {
		status->item.listed_at += user->account->set.lag_seconds * 1000;
	}
	return status;
}

struct comment *sim_restore_comment(struct sim *sim, struct user *user, int64_t id, int64_t mid)
{
	struct comment *comment = xnew(struct comment);

	item_init(sim, &comment->item, ITEM_COMMENT, user, id);
	comment->mid = mid;
	if (mid > sim->last_mid) {
		sim->last_mid = mid;
	}
	table_put(&sim->mids, table_key(&comment->mid), comment);
	array_grow(sim->comments, sim->n_comments, sim->cap_comments);
	sim->comments[sim->n_comments++] = comment;
	return comment;
}

struct comment *sim_new_comment(
	struct sim *sim, struct user *user, struct status *status, struct comment *answers, int64_t hide_ms)
{
	int64_t mid = sim->last_mid < FIRST_COMMENT_MID ? FIRST_COMMENT_MID : sim->last_mid + 1;
	struct comment *comment = sim_restore_comment(sim, user, sim_new_id(sim), mid);
	const struct account *slow = user->account ? user->account : status->item.user->account;

	item_date(sim, &comment->item, hide_ms);
	if (slow) {
		comment->item.listed_at += slow->set.lag_seconds * 1000;
	}
	comment->status = status;
	comment->answers = answers;
	comment->root_id = answers ? answers->root_id : comment->item.id;
	comment->floor = ++status->floors;
	return comment;
}

bool item_is_visible(const struct sim *sim, const struct item *item)
{
	return !item->gone && item->visible_at <= sim->now_at;
}

size_t list_above(const struct list *list, int64_t id)
{
	size_t low = 0;
	size_t high = list->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle]->id > id) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return low;
}

void list_add(struct list *list, struct item *item)
{
	/* Nearly always the newest. */
	size_t at = list->n && list->items[list->n - 1]->id < item->id ? list->n : list_above(list, item->id);

	if (at > 0 && list->items[at - 1] == item) {
		return;
	}
	array_grow(list->items, list->n, list->cap);
	memmove(list->items + at + 1, list->items + at, (list->n - at) * sizeof(*list->items));
	list->items[at] = item;
	list->n++;
}

void list_remove(struct list *list, struct item *item)
{
	size_t at = list_above(list, item->id);

	if (at == 0 || list->items[at - 1] != item) {
		return;
	}
	memmove(list->items + at - 1, list->items + at, (list->n - at) * sizeof(*list->items));
	list->n--;
}

/* The automatic prefix of an answer names the other, but does not count as a mention. */
static struct str without_reply_prefix(struct str text)
{
	struct str rest = text;
	struct str name;

	if (str_starts(text, STR("回复@")) && weibo_next_mention(&rest, &name) && str_starts(rest, STR(":"))) {
		return str_sub(rest, 1, rest.n);
	}
	return text;
}

bool text_mentions(struct str text, struct str name)
{
	struct str mentioned;

	while (weibo_next_mention(&text, &mentioned)) {
		if (str_eq(mentioned, name)) {
			return true;
		}
	}
	return false;
}

static void find_mentioned(const struct sim *sim, struct item *item, struct str text)
{
	struct str name;
	size_t cap = 0;

	while (weibo_next_mention(&text, &name)) {
		const struct user *user = sim_user_by_name(sim, name);

		if (user && user->account && user != item->user) {
			if (item->n_mentioned == cap) {
				cap++; /* hardly ever more than one: no slack for a hundred thousand posts */
				item->mentioned = xrealloc_array(item->mentioned, cap, sizeof(*item->mentioned));
			}
			item->mentioned[item->n_mentioned++] = user->account;
		}
	}
}

typedef void list_change(struct list *list, struct item *item);

static void each_status_list(struct status *status, list_change *change)
{
	struct item *item = &status->item;

	if (item->user->account) {
		change(&item->user->account->statuses, item);
	}
	if (status->retweeted) {
		change(&status->retweeted->reposts, item);
	}
	for (size_t i = 0; i < item->n_mentioned; i++) {
		change(&item->mentioned[i]->mentions, item);
	}
}

static void each_comment_list(struct comment *comment, list_change *change)
{
	struct item *item = &comment->item;
	struct user *owner = comment->status->item.user;
	struct user *answered = comment->answers ? comment->answers->item.user : NULL;

	change(&comment->status->comments, item);
	if (item->user->account) {
		change(&item->user->account->written, item);
		change(&item->user->account->timeline, item);
	}
	if (owner->account && owner != item->user) {
		change(&owner->account->received, item);
		change(&owner->account->timeline, item);
	}
	if (answered && answered->account && answered != item->user) {
		change(&answered->account->received, item);
		change(&answered->account->timeline, item);
	}
	for (size_t i = 0; i < item->n_mentioned; i++) {
		change(&item->mentioned[i]->comment_mentions, item);
	}
}

void sim_list_status(struct status *status)
{
	each_status_list(status, list_add);
}

void sim_list_comment(struct comment *comment)
{
	each_comment_list(comment, list_add);
}

void sim_index_status(struct sim *sim, struct status *status)
{
	find_mentioned(sim, &status->item, str_from(status->long_text ? status->long_text : status->item.text));
	sim_list_status(status);
}

void sim_index_comment(struct sim *sim, struct comment *comment)
{
	find_mentioned(sim, &comment->item, without_reply_prefix(str_from(comment->item.text)));
	sim_list_comment(comment);
}

void sim_review(struct sim *sim, struct status *status, int64_t at)
{
	status->review_at = at;
	heap_push(&sim->reviews, at, status->item.id);
}

void sim_remove(struct sim *sim, struct item *item)
{
	assert(!item->gone);
	item->gone = true;
	if (item->kind == ITEM_STATUS) {
		each_status_list((struct status *)(void *)item, list_remove);
		state_status(sim, (struct status *)(void *)item);
	} else {
		each_comment_list((struct comment *)(void *)item, list_remove);
		state_comment(sim, (struct comment *)(void *)item);
	}
}

void sim_add_token(struct sim *sim, struct token *token)
{
	array_grow(sim->tokens, sim->n_tokens, sim->cap_tokens);
	sim->tokens[sim->n_tokens++] = token;
	token->next = token->account->tokens;
	token->account->tokens = token;
	table_put(&sim->tokens_by_text, str_from(token->text), token);
}

struct token *sim_new_token(struct sim *sim, struct account *account, struct str text, int64_t lifetime_ms)
{
	struct token *token = xnew(struct token);

	token->text = str_dup(text);
	token->account = account;
	token->created_at = sim->now_at;
	token->expires_at = sim->now_at + lifetime_ms;
	token->safety_version = account->safety_version;
	sim_add_token(sim, token);
	state_token(sim, token);
	return token;
}

struct picture *sim_add_picture(struct sim *sim, struct str id, const char *sha256, const char *type, int64_t bytes)
{
	struct picture *picture = xnew(struct picture);

	picture->id = str_dup(id);
	(void)snprintf(picture->sha256, sizeof(picture->sha256), "%s", sha256);
	picture->type = type;
	picture->bytes = bytes;
	array_grow(sim->pictures, sim->n_pictures, sim->cap_pictures);
	sim->pictures[sim->n_pictures++] = picture;
	table_put(&sim->pictures_by_id, str_from(picture->id), picture);
	return picture;
}
