/*
 * The duplicate rule: the same text as the one before, or as any within some minutes, is refused; so is, when
 * switched on, a text that is nearly the same. Texts are compared in their normal form.
 */
#include "sim/said.h"
#include "core/attr.h"
#include "core/clock.h"
#include "core/mem.h"

#define TEXT_MAX_BYTES (1u << 20)

static struct said hash_text(struct str normal)
{
	struct said said = { .hash = { hash_bytes(normal, 1), hash_bytes(normal, 2) } };

	return said;
}

static struct str said_key(const struct said *said)
{
	return (struct str){ (const char *)said->hash, sizeof(said->hash) };
}

enum said_verdict said_check(
	const struct sim *sim, const struct account *account, const struct said_log *said, struct str text)
{
	cleanup(buf_finish) struct buf normal;
	int64_t window_ms = account->set.duplicate_minutes * MINUTE_MS;
	struct said wanted;
	const struct said *found;

	buf_init(&normal, TEXT_MAX_BYTES);
	if (!window_ms) {
		return SAID_NEW;
	}
	weibo_normal_text(text, &normal);
	wanted = hash_text(buf_str(&normal));
	found = table_get(&said->table, said_key(&wanted));
	if (found && (found == said->last || sim->now_at - found->at < window_ms)) {
		return SAID_SAME;
	}
	if (!account->set.similar_percent) {
		return SAID_NEW;
	}
	for (size_t i = 0; i < ARRAY_LEN(said->recent); i++) {
		if (said->recent[i] && sim->now_at - said->recent_at[i] < window_ms &&
			weibo_similar_percent(buf_str(&normal), str_from(said->recent[i])) >=
				account->set.similar_percent) {
			return SAID_SIMILAR;
		}
	}
	return SAID_NEW;
}

void said_add(struct said_log *said, struct str text, int64_t at)
{
	cleanup(buf_finish) struct buf normal;
	size_t slot = said->n_recent % ARRAY_LEN(said->recent);
	struct said wanted;
	struct said *found;

	buf_init(&normal, TEXT_MAX_BYTES);
	weibo_normal_text(text, &normal);
	wanted = hash_text(buf_str(&normal));
	found = table_get(&said->table, said_key(&wanted));
	if (!found) {
		found = xnew(struct said);
		*found = wanted;
		table_put(&said->table, said_key(found), found);
	}
	found->at = at;
	said->last = found;
	free(said->recent[slot]);
	said->recent[slot] = buf_steal(&normal);
	said->recent_at[slot] = at;
	said->n_recent++;
}

void said_finish(struct said_log *said)
{
	for (size_t i = 0; i < said->table.cap; i++) {
		free(said->table.slots[i].value);
	}
	table_finish(&said->table);
	for (size_t i = 0; i < ARRAY_LEN(said->recent); i++) {
		free(said->recent[i]);
	}
	*said = (struct said_log){ 0 };
}
