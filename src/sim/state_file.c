/*
 * The state file. One JSON object per line; member "t" says what it is. A later line about the same thing replaces
 * the earlier one, except ledger entries, which only ever follow each other:
 *
 *   meta     clock, and whether ids are big              account  switches
 *   quota    what an account used of its limits          user     a citizen
 *   token    an access token                             picture  hash of an uploaded picture
 *   status, comment                                      entry    a line of the ledger
 *
 * Lines are appended before the answer that reports them leaves; at the start the file is read and written anew
 * beside the old one, then renamed. A last line without its end was being written when the simulator was killed: its
 * request was never answered, and it is dropped. Not kept: faults, counts of requests, OAuth codes.
 *
 * The file is written with write(2) and not synced: it survives the end of the process, not of the machine.
 */
#include "sim/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <unistd.h>

#include "codec/json.h"
#include "core/log.h"
#include "core/mem.h"
#include "sim/routes.h"
#include "sim/said.h"
#include "sim/switches.h"

#define PENDING_MAX_BYTES (1u << 30)
#define WRITE_AT_BYTES    (1u << 20)

struct state_file {
	int fd;
	char *path;
	struct buf pending;
	struct account **dirty;
	size_t n_dirty, cap_dirty;
	int64_t n_entries; /* of the ledger; those of WeChat are not in the file and have no number in it */
	bool broken;       /* a write failed: said once, memory goes on */
};

/* Begin a line: {"t":"kind" */
static struct out begin(struct state_file *state, const char *kind)
{
	struct out out = { .buf = &state->pending };

	out_object(&out, NULL);
	out_text(&out, "t", kind);
	return out;
}

static void end(struct out *out)
{
	out_object_end(out);
	buf_add_char(out->buf, '\n');
}

static void write_pending(struct state_file *state)
{
	size_t at = 0;

	while (at < state->pending.n && !state->broken) {
		ssize_t n = write(state->fd, state->pending.p + at, state->pending.n - at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			log_error("sim.state_lost path=%s error=%s", log_text(state->path), log_text(strerror(errno)));
			state->broken = true;
			break;
		}
		at += (size_t)n;
	}
	buf_clear(&state->pending);
}

static void add_user(struct state_file *state, const struct user *user)
{
	struct out out = begin(state, "user");

	out_digits(&out, "uid", user->uid);
	out_text(&out, "name", user->name);
	end(&out);
}

static void add_item(struct out *out, const struct item *item)
{
	out_digits(out, "id", item->id);
	out_digits(out, "uid", item->user->uid);
	out_text(out, "sent", item->sent);
	out_text(out, "text", item->text);
	out_array(out, "links");
	for (size_t i = 0; i < item->links.n; i++) {
		out_text(out, NULL, item->links.items[i].shortened);
		out_text(out, NULL, item->links.items[i].original);
	}
	out_array_end(out);
	out_array(out, "mentions");
	for (size_t i = 0; i < item->n_mentioned; i++) {
		out_text(out, NULL, item->mentioned[i]->name);
	}
	out_array_end(out);
	out_i64(out, "created_at", item->created_at);
	out_i64(out, "visible_at", item->visible_at);
	out_i64(out, "listed_at", item->listed_at);
	out_bool(out, "gone", item->gone);
}

static void add_status(struct state_file *state, const struct status *status)
{
	struct out out = begin(state, "status");

	add_item(&out, &status->item);
	out_array(&out, "pictures");
	for (size_t i = 0; i < status->n_pictures; i++) {
		out_text(&out, NULL, status->pictures[i]->id);
	}
	out_array_end(&out);
	out_text(&out, "annotations", status->annotations);
	out_text(&out, "long_text", status->long_text);
	out_i64(&out, "visible_type", status->visible_type);
	out_i64(&out, "review_at", status->review_at);
	out_digits(&out, "reposts", status->retweeted ? status->retweeted->item.id : 0);
	out_i64(&out, "floors", status->floors);
	out_i64(&out, "likes", status->likes);
	end(&out);
}

static void add_comment(struct state_file *state, const struct comment *comment)
{
	struct out out = begin(state, "comment");

	add_item(&out, &comment->item);
	out_digits(&out, "mid", comment->mid);
	out_digits(&out, "root_id", comment->root_id);
	out_i64(&out, "floor", comment->floor);
	out_digits(&out, "status", comment->status->item.id);
	out_digits(&out, "answers", comment->answers ? comment->answers->item.id : 0);
	end(&out);
}

static void add_token(struct state_file *state, const struct token *token)
{
	struct out out = begin(state, "token");

	out_text(&out, "text", token->text);
	out_text(&out, "account", token->account->name);
	out_i64(&out, "created_at", token->created_at);
	out_i64(&out, "expires_at", token->expires_at);
	out_i64(&out, "dead_code", token->dead_code);
	out_i64(&out, "safety_version", token->safety_version);
	end(&out);
}

static void add_picture(struct state_file *state, const struct picture *picture)
{
	struct out out = begin(state, "picture");

	out_text(&out, "id", picture->id);
	out_text(&out, "sha256", picture->sha256);
	out_text(&out, "type", picture->type);
	out_i64(&out, "bytes", picture->bytes);
	end(&out);
}

static void add_entry(struct state_file *state, const struct entry *entry)
{
	struct out out = begin(state, "entry");

	out_i64(&out, "seq", ++state->n_entries);
	out_i64(&out, "at", entry->at);
	out_text(&out, "account", entry->account->name);
	out_text(&out, "kind", ledger_kind_name(entry->kind));
	out_text(&out, "endpoint", entry->endpoint);
	out_digits(&out, "item", entry->item->id);
	out_digits(&out, "reply_to", entry->reply_to);
	end(&out);
}

static void add_window(struct out *out, const char *key, const struct window *window)
{
	out_array(out, key);
	out_i64(out, NULL, window->number);
	out_i64(out, NULL, window->used);
	out_array_end(out);
}

static void add_account(struct state_file *state, const struct account *account)
{
	struct out out = begin(state, "account");

	out_text(&out, "name", account->name);
	out_object(&out, "switches");
	switches_out(&out, &account->set);
	out_object_end(&out);
	out_i64(&out, "safety_version", account->safety_version);
	end(&out);
}

/* Apart from the account, since it changes with every request. */
static void add_quota(struct state_file *state, const struct account *account)
{
	struct out out = begin(state, "quota");

	out_text(&out, "name", account->name);
	add_window(&out, "calls", &account->calls);
	add_window(&out, "posts", &account->posts);
	add_window(&out, "comments", &account->comments);
	end(&out);
}

static void add_meta(struct state_file *state, const struct sim *sim)
{
	struct out out = begin(state, "meta");

	out_i64(&out, "offset_ms", sim->clock.offset_ms);
	out_i64(&out, "frozen_at", sim->clock.frozen_at);
	out_bool(&out, "big_ids", sim->big_ids);
	end(&out);
}

void state_user(struct sim *sim, const struct user *user)
{
	if (sim->state) {
		add_user(sim->state, user);
	}
}

void state_status(struct sim *sim, const struct status *status)
{
	if (sim->state) {
		add_status(sim->state, status);
	}
}

void state_comment(struct sim *sim, const struct comment *comment)
{
	if (sim->state) {
		add_comment(sim->state, comment);
	}
}

void state_token(struct sim *sim, const struct token *token)
{
	if (sim->state) {
		add_token(sim->state, token);
	}
}

void state_picture(struct sim *sim, const struct picture *picture)
{
	if (sim->state) {
		add_picture(sim->state, picture);
	}
}

void state_entry(struct sim *sim, const struct entry *entry)
{
	if (sim->state) {
		add_entry(sim->state, entry);
	}
}

static void add_dirty(struct state_file *state, struct account *account)
{
	if (!account->set_dirty && !account->quota_dirty) {
		array_grow(state->dirty, state->n_dirty, state->cap_dirty);
		state->dirty[state->n_dirty++] = account;
	}
}

void state_account(struct sim *sim, struct account *account)
{
	if (sim->state) {
		add_dirty(sim->state, account);
		account->set_dirty = true;
	}
}

void state_quota(struct sim *sim, struct account *account)
{
	if (sim->state) {
		add_dirty(sim->state, account);
		account->quota_dirty = true;
	}
}

void state_clock(struct sim *sim)
{
	if (sim->state) {
		add_meta(sim->state, sim);
	}
}

void state_flush(struct sim *sim)
{
	struct state_file *state = sim->state;

	if (!state) {
		return;
	}
	for (size_t i = 0; i < state->n_dirty; i++) {
		struct account *account = state->dirty[i];

		if (account->set_dirty) {
			add_account(state, account);
		}
		if (account->quota_dirty) {
			add_quota(state, account);
		}
		account->set_dirty = account->quota_dirty = false;
	}
	state->n_dirty = 0;
	if (state->pending.n) {
		write_pending(state);
	}
}

void state_close(struct state_file *state)
{
	if (!state) {
		return;
	}
	if (state->fd >= 0) {
		write_pending(state);
		(void)close(state->fd);
	}
	buf_finish(&state->pending);
	free(state->dirty);
	free(state->path);
	free(state);
}

/* Reading. */

static bool bad(struct error *err, const char *what)
{
	return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s", what);
}

static void read_window(const cJSON *line, const char *key, struct window *ret_window)
{
	const cJSON *pair = json_get(line, key);
	const cJSON *number = cJSON_GetArrayItem(pair, 0);
	const cJSON *used = cJSON_GetArrayItem(pair, 1);

	if (cJSON_IsNumber(number) && cJSON_IsNumber(used)) {
		ret_window->number = (int64_t)number->valuedouble;
		ret_window->used = (int64_t)used->valuedouble;
	}
}

static bool read_account(struct sim *sim, const cJSON *line, struct error *err)
{
	struct account *account = sim_account(sim, json_str(line, "name"));
	const cJSON *value;

	if (!account) {
		return bad(err, "an account that is not configured");
	}
	cJSON_ArrayForEach(value, json_get(line, "switches"))
	{
		if (switches_know(value->string) && !switches_set(&account->set, value->string, value, err)) {
			return false;
		}
	}
	sim_rename(sim, account, str_from(account->set.screen_name));
	account->safety_version = json_i64(line, "safety_version", 0);
	return true;
}

static bool read_quota(struct sim *sim, const cJSON *line, struct error *err)
{
	struct account *account = sim_account(sim, json_str(line, "name"));

	if (!account) {
		return bad(err, "an account that is not configured");
	}
	read_window(line, "calls", &account->calls);
	read_window(line, "posts", &account->posts);
	read_window(line, "comments", &account->comments);
	return true;
}

static struct user *read_author(struct sim *sim, const cJSON *line)
{
	int64_t uid = json_i64(line, "uid", 0);
	struct user *user = sim_user_by_uid(sim, uid);
	char name[24];

	if (!user) {
		(void)snprintf(name, sizeof(name), "%" PRId64, uid);
		user = sim_add_citizen(sim, uid, str_from(name));
	}
	return user;
}

static bool read_user(struct sim *sim, const cJSON *line, struct error *err)
{
	int64_t uid = json_i64(line, "uid", 0);
	struct str name = json_str(line, "name");

	if (uid <= 0 || !name.n) {
		return bad(err, "a user without uid or name");
	}
	if (!sim_user_by_uid(sim, uid) && !sim_user_by_name(sim, name)) {
		(void)sim_add_citizen(sim, uid, name);
	}
	return true;
}

static bool read_token(struct sim *sim, const cJSON *line, struct error *err)
{
	struct account *account = sim_account(sim, json_str(line, "account"));
	struct str text = json_str(line, "text");
	struct token *token;

	if (!account || !text.n) {
		return bad(err, "a token of an account that is not configured");
	}
	token = table_get(&sim->tokens_by_text, text);
	if (!token) {
		token = sim_new_token(sim, account, text, 0);
	}
	if (token->account != account) {
		return true; /* the configuration has given it to another account since */
	}
	token->created_at = json_i64(line, "created_at", 0);
	token->expires_at = json_i64(line, "expires_at", 0);
	token->dead_code = json_i64(line, "dead_code", 0);
	token->safety_version = json_i64(line, "safety_version", 0);
	return true;
}

static bool read_picture(struct sim *sim, const cJSON *line, struct error *err)
{
	static const char *const types[] = { "image/jpeg", "image/png", "image/gif" };
	const char *type = json_text(line, "type", "");
	struct str id = json_str(line, "id");

	if (!id.n) {
		return bad(err, "a picture without id");
	}
	if (!table_get(&sim->pictures_by_id, id)) {
		const char *known = NULL;

		for (size_t i = 0; i < ARRAY_LEN(types); i++) {
			known = strcmp(types[i], type) == 0 ? types[i] : known;
		}
		(void)sim_add_picture(sim, id, json_text(line, "sha256", ""), known, json_i64(line, "bytes", 0));
		sim->last_picture++;
	}
	return true;
}

static void read_mentioned(const struct sim *sim, const cJSON *line, struct item *item)
{
	const cJSON *names = json_get(line, "mentions");
	int n = cJSON_GetArraySize(names);

	if (n <= 0) {
		return;
	}
	item->mentioned = xnew_array(struct account *, (size_t)n);
	for (int i = 0; i < n; i++) {
		struct account *account = sim_account(
			sim, str_from(cJSON_GetStringValue(cJSON_GetArrayItem(names, i))));

		if (account) {
			item->mentioned[item->n_mentioned++] = account;
		}
	}
}

static void read_item(const struct sim *sim, const cJSON *line, struct item *item)
{
	const cJSON *links = json_get(line, "links");
	int n = cJSON_GetArraySize(links);

	item->sent = xstrdup(json_text(line, "sent", ""));
	item->text = xstrdup(json_text(line, "text", ""));
	item->created_at = json_i64(line, "created_at", 0);
	item->visible_at = json_i64(line, "visible_at", 0);
	item->listed_at = json_i64(line, "listed_at", 0);
	item->gone = json_bool(line, "gone", false);
	read_mentioned(sim, line, item);
	for (int i = 0; i + 1 < n; i += 2) {
		const char *shortened = cJSON_GetStringValue(cJSON_GetArrayItem(links, i));
		const char *original = cJSON_GetStringValue(cJSON_GetArrayItem(links, i + 1));
		struct link *link;

		if (!shortened || !original) {
			continue;
		}
		array_grow(item->links.items, item->links.n, item->links.cap);
		link = &item->links.items[item->links.n++];
		(void)snprintf(link->shortened, sizeof(link->shortened), "%s", shortened);
		link->original = xstrdup(original);
	}
}

/* A line about an item that is known already can only say that it is gone, or liked. */
static void read_again(struct sim *sim, const cJSON *line, struct item *item)
{
	if (json_bool(line, "gone", false) && !item->gone) {
		sim_remove(sim, item);
	}
	if (item->kind == ITEM_STATUS) {
		((struct status *)(void *)item)->likes = json_i64(line, "likes", 0);
	}
}

static void read_pictures(struct sim *sim, const cJSON *line, struct status *status)
{
	const cJSON *list = json_get(line, "pictures");
	int n = cJSON_GetArraySize(list);

	if (n <= 0) {
		return;
	}
	status->pictures = xnew_array(struct picture *, (size_t)n);
	for (int i = 0; i < n; i++) {
		struct picture *picture = table_get(
			&sim->pictures_by_id, str_from(cJSON_GetStringValue(cJSON_GetArrayItem(list, i))));

		if (picture) {
			status->pictures[status->n_pictures++] = picture;
		}
	}
}

static bool read_status(struct sim *sim, const cJSON *line, struct error *err)
{
	int64_t id = json_i64(line, "id", 0);
	struct status *status = sim_status(sim, id);

	if (id <= 0) {
		return bad(err, "a status without id");
	}
	if (status) {
		read_again(sim, line, &status->item);
		return true;
	}
	status = sim_restore_status(sim, read_author(sim, line), id);
	read_item(sim, line, &status->item);
	read_pictures(sim, line, status);
	status->annotations = xstrdup(json_text(line, "annotations", NULL));
	status->long_text = xstrdup(json_text(line, "long_text", NULL));
	status->visible_type = json_i64(line, "visible_type", 0);
	status->retweeted = sim_status(sim, json_i64(line, "reposts", 0));
	status->floors = json_i64(line, "floors", 0);
	status->likes = json_i64(line, "likes", 0);
	if (json_i64(line, "review_at", 0)) {
		sim_review(sim, status, json_i64(line, "review_at", 0));
	}
	if (!status->item.gone) {
		sim_list_status(status);
	}
	return true;
}

static bool read_comment(struct sim *sim, const cJSON *line, struct error *err)
{
	int64_t id = json_i64(line, "id", 0);
	struct comment *comment = sim_comment(sim, id);
	struct status *status = sim_status(sim, json_i64(line, "status", 0));

	if (id <= 0 || !status) {
		return bad(err, "a comment without id or status");
	}
	if (comment) {
		read_again(sim, line, &comment->item);
		return true;
	}
	comment = sim_restore_comment(sim, read_author(sim, line), id, json_i64(line, "mid", 0));
	read_item(sim, line, &comment->item);
	comment->status = status;
	comment->answers = sim_comment(sim, json_i64(line, "answers", 0));
	comment->root_id = json_i64(line, "root_id", id);
	comment->floor = json_i64(line, "floor", 0);
	if (comment->floor > status->floors) {
		status->floors = comment->floor;
	}
	if (!comment->item.gone) {
		sim_list_comment(comment);
	}
	return true;
}

static bool read_entry(struct sim *sim, const cJSON *line, struct error *err)
{
	struct account *account = sim_account(sim, json_str(line, "account"));
	int64_t id = json_i64(line, "item", 0);
	struct item *item = table_get(&sim->items, table_key(&id));
	const char *endpoint = route_path(json_text(line, "endpoint", ""));
	enum ledger_kind kind;
	struct entry *entry;

	if (!account || !item || !ledger_kind_parse(json_str(line, "kind"), &kind) ||
		json_i64(line, "seq", 0) != (int64_t)sim->n_ledger + 1) {
		return bad(err, "a ledger entry that does not fit");
	}
	entry = ledger_restore(sim);
	entry->at = json_i64(line, "at", 0);
	entry->account = account;
	entry->kind = kind;
	entry->endpoint = endpoint;
	entry->item = item;
	entry->reply_to = json_i64(line, "reply_to", 0);
	if (kind == LEDGER_POST) {
		said_add(&account->said_posts, str_from(item->sent), entry->at);
	} else if (kind == LEDGER_COMMENT || kind == LEDGER_REPLY) {
		said_add(&account->said_comments, str_from(item->sent), entry->at);
	}
	if (kind == LEDGER_POST || kind == LEDGER_REPOST) {
		account->last_post_at = entry->at;
	}
	return true;
}

static bool read_meta(struct sim *sim, const cJSON *line, struct error *err unused_arg)
{
	sim->clock.offset_ms = json_i64(line, "offset_ms", 0);
	sim->clock.frozen_at = json_i64(line, "frozen_at", 0);
	sim->big_ids = json_bool(line, "big_ids", false);
	return true;
}

static const struct {
	const char *kind;
	bool (*read)(struct sim *sim, const cJSON *line, struct error *err);
} readers[] = {
	{ "meta", read_meta },
	{ "account", read_account },
	{ "quota", read_quota },
	{ "user", read_user },
	{ "token", read_token },
	{ "picture", read_picture },
	{ "status", read_status },
	{ "comment", read_comment },
	{ "entry", read_entry },
};

static bool read_line(struct sim *sim, struct str text, struct error *err)
{
	cleanup(json_freep) cJSON *line = NULL;
	const char *kind;

	if (!json_parse(text, &line, err)) {
		return false;
	}
	kind = json_text(line, "t", "");
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		if (strcmp(readers[i].kind, kind) == 0) {
			return readers[i].read(sim, line, err);
		}
	}
	return bad(err, "a line of an unknown kind");
}

static void closep(FILE **file)
{
	if (*file) {
		(void)fclose(*file);
	}
}

static bool read_file(struct sim *sim, const char *path, int fd, struct error *err)
{
	cleanup(closep) FILE *file = NULL;
	cleanup(free_charp) char *text = NULL;
	size_t cap = 0;
	size_t number = 0;
	ssize_t n;

	fd = dup(fd); /* the caller's keeps the lock */
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		return error_set_errno(err, "%s", path);
	}
	while ((n = getline(&text, &cap, file)) > 0) {
		number++;
		if (text[n - 1] != '\n') {
			log_warn("sim.state_cut path=%s line=%zu what=dropped", log_text(path), number);
			break;
		}
		if (!read_line(sim, (struct str){ text, (size_t)n - 1 }, err)) {
			return error_prefix(err, "%s:%zu", path, number);
		}
	}
	return true;
}

static void add_everything(struct state_file *state, const struct sim *sim)
{
	add_meta(state, sim);
	for (size_t i = 0; i < sim->n_accounts; i++) {
		add_account(state, &sim->accounts[i]);
		add_quota(state, &sim->accounts[i]);
	}
	for (size_t i = 0; i < sim->n_users; i++) {
		add_user(state, sim->users[i]);
	}
	for (size_t i = 0; i < sim->n_tokens; i++) {
		add_token(state, sim->tokens[i]);
	}
	for (size_t i = 0; i < sim->n_pictures; i++) {
		add_picture(state, sim->pictures[i]);
	}
	for (size_t i = 0; i < sim->n_statuses; i++) {
		add_status(state, sim->statuses[i]);
		if (state->pending.n > WRITE_AT_BYTES) {
			write_pending(state);
		}
	}
	for (size_t i = 0; i < sim->n_comments; i++) {
		add_comment(state, sim->comments[i]);
		if (state->pending.n > WRITE_AT_BYTES) {
			write_pending(state);
		}
	}
	for (size_t i = 0; i < sim->n_ledger; i++) {
		add_entry(state, sim->ledger[i]);
	}
	write_pending(state);
}

/* Read `path`, write everything to `new_path`, and put that in its place. */
static bool take_over(struct sim *sim, struct state_file *state, const char *new_path, int old, struct error *err)
{
	if (!read_file(sim, state->path, old, err)) {
		return false;
	}
	sim->rng.state ^= (uint64_t)sim->last_id; /* not the same random numbers again */
	sim_turn(sim);
	add_everything(state, sim);
	if (state->broken || rename(new_path, state->path) < 0) {
		return error_set_errno(err, "%s", new_path);
	}
	return true;
}

static void state_closep(struct state_file **state)
{
	state_close(*state);
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
}

bool state_open(struct sim *sim, const char *path, struct error *err)
{
	cleanup(state_closep) struct state_file *state = NULL;
	cleanup(close_fd) int old = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char new_path[4096];

	if (old < 0) {
		return error_set_errno(err, "%s", path);
	}
	if (flock(old, LOCK_EX | LOCK_NB) < 0) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: another simulator uses it", path);
	}
	if ((size_t)snprintf(new_path, sizeof(new_path), "%s.new", path) >= sizeof(new_path)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: the name is too long", path);
	}
	state = xnew(struct state_file);
	buf_init(&state->pending, PENDING_MAX_BYTES);
	state->path = xstrdup(path);
	state->fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (state->fd < 0 || flock(state->fd, LOCK_EX | LOCK_NB) < 0) {
		return error_set_errno(err, "%s", new_path);
	}
	if (!take_over(sim, state, new_path, old, err)) {
		(void)unlink(new_path);
		return false;
	}
	sim->state = steal(&state);
	return true;
}
