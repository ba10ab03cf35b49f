/*
 * The control socket: who is calling (peer credentials), what they may do (roles), which verb they mean, and their
 * answer. Verbs know nothing of sockets; the socket knows nothing of verbs. The protocol is specified in
 * gazette-control(7).
 *
 * Rules for untrusted peers: a bad frame ends that connection and nothing else; frames, calls in work and unread
 * answers are capped; before hello a frame may be LIMIT_FRAME_UNKNOWN_BYTES long and nothing but hello is understood.
 *
 * Across time a call holds its peer's number, not the peer: when it has gone, the answer is dropped.
 */
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "build.gen.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/verb.h"
#include "net/unix_socket.h"
#include "proto/frame.h"
#include "store/event.h"
#include "store/view.h"
#include "verbs.gen.h"

#define X(name) extern const struct verb verbs_##name[];
VERBS(X)
#undef X

#define X(name) verbs_##name,
static const struct verb *const families[] = { VERBS(X) };
#undef X

struct control {
	struct daemon *daemon;
	struct listener *listener;
	struct log_pace complaints; /* any local user could fill the disk with our log */
};

struct client {
	char name[64];
	int64_t uid;
	unsigned roles;
	bool greeted;
	bool monitors;
	unsigned calls;
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		for (const struct verb *verb = families[i]; verb->name; verb++) {
			if (strcmp(verb->name, name) == 0) {
				return verb;
			}
		}
	}
	return NULL;
}

static const char *nearest_verb(const char *name)
{
	const char *best = NULL;
	int best_distance = 4;

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		for (const struct verb *verb = families[i]; verb->name; verb++) {
			int distance = str_distance(name, verb->name);

			if (distance < best_distance) {
				best_distance = distance;
				best = verb->name;
			}
		}
	}
	return best;
}

/* May a line be written about what a caller did wrong? */
static bool is_told(struct control *control)
{
	int64_t more;
	bool told = log_pace(&control->complaints, clock_mono(), &more);

	if (more) {
		log_warn("control.refused more=%" PRId64 " action=%s", more,
			log_text("counted, not written one by one"));
	}
	return told;
}

static void answer_error(struct peer *peer, const cJSON *id, const struct error *err, const cJSON *extra)
{
	struct buf out;

	buf_init(&out, LIMIT_ANSWER_BYTES);
	if (frame_add_error(&out, id, err, extra)) {
		peer_write(peer, buf_str(&out));
	}
	buf_finish(&out);
}

static void answer_result(struct peer *peer, const cJSON *id, const cJSON *result)
{
	struct buf out;

	buf_init(&out, LIMIT_ANSWER_BYTES);
	if (frame_add_result(&out, id, result)) {
		peer_write(peer, buf_str(&out));
	} else {
		struct error err = { 0 };

		(void)error_set(&err, ERROR_PROTO, ADVISE_REJECT, 0,
			"the answer is longer than %u MiB: ask for fewer rows", LIMIT_ANSWER_BYTES >> 20);
		answer_error(peer, id, &err, NULL);
	}
	buf_finish(&out);
}

/* With no operators section the socket's owner may do everything and nobody else anything. */
static unsigned roles_of(const struct config *config, struct peer_ids ids, char ret_name[64])
{
	if (config->has_operators) {
		return config_roles(config, ids.uid, ids.gid, ret_name);
	}
	if (ids.uid == geteuid()) {
		const struct passwd *user = getpwuid(ids.uid);

		(void)snprintf(ret_name, 64, "%s", user ? user->pw_name : "owner");
		return ROLE_EDITOR | ROLE_DUTY | ROLE_LEADER | ROLE_ADMIN;
	}
	return 0;
}

static void add_roles(cJSON *object, unsigned roles)
{
	cJSON *names = json_array();

	for (unsigned bit = 1; bit <= ROLE_ADMIN; bit <<= 1) {
		if (roles & bit) {
			json_push(names, cJSON_CreateString(role_name((enum role)bit)));
		}
	}
	json_add(object, "roles", names);
}

static void hello(struct control *control, struct peer *peer, struct client *client, const struct frame *frame)
{
	const struct config *config = control->daemon->rules->config;
	struct error err = { 0 };
	int64_t version = json_i64(frame->params, "version", 0);
	cJSON *result;

	if (version != PROTO_VERSION) {
		(void)error_set(&err, ERROR_PROTO, ADVISE_REJECT, 0,
			"this daemon (%s) speaks version %d of the control protocol, the caller version %" PRId64
			": update the older of the two",
			GAZETTE_VERSION, PROTO_VERSION, version);
		answer_error(peer, frame->id, &err, NULL);
		peer_close_after_write(peer);
		return;
	}
	client->uid = peer_ids(peer).uid;
	client->roles = roles_of(config, peer_ids(peer), client->name);
	if (client->roles == 0) {
		if (is_told(control)) {
			log_warn("control.refused uid=%" PRId64 " pid=%d", client->uid, (int)peer_ids(peer).pid);
		}
		(void)error_set(&err, ERROR_ACCESS, ADVISE_REJECT, 0,
			"uid %" PRId64
			" is no operator of this office: an administrator adds you under operators: in accounts.yaml",
			client->uid);
		answer_error(peer, frame->id, &err, NULL);
		peer_close_after_write(peer);
		return;
	}
	client->greeted = true;
	peer_set_max_line(peer, LIMIT_FRAME_BYTES);
	result = json_object();
	json_add_i64(result, "version", PROTO_VERSION);
	json_add_text(result, "daemon", GAZETTE_VERSION);
	json_add_text(result, "office", config->office.name);
	json_add_text(result, "zone", config->office.zone);
	json_add_text(result, "operator", client->name);
	add_roles(result, client->roles);
	json_add_time(result, "now", loop_now_at(control->daemon->loop));
	json_add_i64(result, "accounts_configured", (int64_t)config->n_accounts);
	answer_result(peer, frame->id, result);
	cJSON_Delete(result);
}

static void call_free(struct call *call)
{
	rules_unref(call->rules);
	free((char *)call->actor.name);
	cJSON_Delete(call->params);
	cJSON_Delete(call->result);
	cJSON_Delete(call->extra);
	cJSON_Delete(call->id);
	free(call);
}

void call_finish(struct call *call, const struct error *err)
{
	struct control *control = call->daemon->control;
	struct peer *peer = control ? listener_find(control->listener, call->peer) : NULL;

	if (peer) {
		struct client *client = peer_data(peer);

		if (client) {
			if (client->calls-- == LIMIT_CLIENT_CALLS) {
				peer_hold_reading(peer, false);
			}
		}
		if (call->id) {
			if (err) {
				answer_error(peer, call->id, err, call->extra);
			} else {
				cJSON *empty = call->result ? NULL : json_object();

				answer_result(peer, call->id, call->result ? call->result : empty);
				cJSON_Delete(empty);
			}
		}
		if (client && client->calls == 0 && client->roles == 0) {
			peer_close_after_write(peer); /* a reload took them away meanwhile */
		}
	}
	if (err && err->advice == ADVISE_BUG) {
		log_error("verb.bug verb=%s error=%s", call->verb->name, log_text(err->message));
	}
	call_free(call);
}

static bool run_call(struct tx *tx, struct job *job, struct error *err)
{
	struct call *call = container_of(job, struct call, job);

	/* A job may be run again; what the first run made is stale. */
	cJSON_Delete(call->result);
	cJSON_Delete(call->extra);
	call->result = call->extra = NULL;
	return call->verb->run(tx, call, err);
}

static void done_call(struct job *job, const struct error *err)
{
	daemon_point("before-answer");
	call_finish(container_of(job, struct call, job), err);
}

static void start_call(struct control *control, struct peer *peer, struct client *client, const struct verb *verb,
	const struct frame *frame)
{
	struct call *call = xnew(struct call);
	struct error err = { 0 };

	call->verb = verb;
	call->daemon = control->daemon;
	call->rules = rules_ref(control->daemon->rules);
	call->actor = (struct actor){ .uid = client->uid, .name = xstrdup(client->name), .roles = client->roles };
	call->params = frame->params ? cJSON_Duplicate(frame->params, true) : json_object();
	call->id = frame->id ? cJSON_Duplicate(frame->id, true) : NULL;
	call->peer = peer_number(peer);
	if (++client->calls >= LIMIT_CLIENT_CALLS) {
		peer_hold_reading(peer, true);
	}
	call->job = (struct job){ .run = run_call, .done = done_call, .urgent = true };
	switch (verb->kind) {
	case VERB_READ:
		store_read(control->daemon->store, &call->job);
		return;
	case VERB_WRITE:
		store_write(control->daemon->store, &call->job);
		return;
	case VERB_LOOP:
		if (!verb->run(NULL, call, &err)) {
			call_finish(call, &err);
		} else if (!call->later) {
			call_finish(call, NULL);
		}
		return;
	}
}

/* The one place where permissions are checked. */
static bool permit(unsigned roles, const char *name, const struct verb *verb, enum permission needs, struct error *err)
{
	if (role_permits(roles, needs)) {
		return true;
	}
	log_warn("control.forbidden operator=%s verb=%s", log_text(name), verb->name);
	return error_set(err, ERROR_ACCESS, ADVISE_REJECT, 0, "%s is for the role %s; %s has %s", verb->name,
		permission_holders(needs), name, roles ? "other roles" : "no role");
}

bool call_permits(const struct call *call, enum permission needs, struct error *err)
{
	return permit(call->actor.roles, call->actor.name, call->verb, needs, err);
}

static void on_frame(struct control *control, struct peer *peer, struct client *client, const struct frame *frame)
{
	const struct verb *verb;
	struct error err = { 0 };

	if (!frame->method) {
		(void)error_set(&err, ERROR_PROTO, ADVISE_REJECT, -32600, "a request needs a method");
		answer_error(peer, frame->id, &err, NULL);
		peer_close_after_write(peer);
		return;
	}
	if (strcmp(frame->method, "hello") == 0) {
		hello(control, peer, client, frame);
		return;
	}
	if (!client->greeted) {
		(void)error_set(&err, ERROR_PROTO, ADVISE_REJECT, -32600, "the first call must be hello");
		answer_error(peer, frame->id, &err, NULL);
		peer_close_after_write(peer);
		return;
	}
	verb = find_verb(frame->method);
	if (!verb) {
		const char *near = nearest_verb(frame->method);
		struct str shown = str_sub(str_from(frame->method), 0, 60);

		(void)error_set(&err, ERROR_PROTO, ADVISE_REJECT, -32601, "there is no verb \"" STR_FMT "\"%s%s%s",
			STR_ARG(shown), near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		answer_error(peer, frame->id, &err, NULL);
		return;
	}
	/* The configuration may have changed since hello. */
	client->roles = roles_of(control->daemon->rules->config, peer_ids(peer), client->name);
	if (!permit(client->roles, client->name, verb, verb->needs, &err)) {
		answer_error(peer, frame->id, &err, NULL);
		return;
	}
	start_call(control, peer, client, verb, frame);
}

static bool on_open(void *data, struct peer *peer)
{
	struct control *control = data;

	if (control->daemon->stopping) {
		return false;
	}
	peer_set_data(peer, xnew(struct client));
	peer_set_max_line(peer, LIMIT_FRAME_UNKNOWN_BYTES);
	return true;
}

static void on_line(void *data, struct peer *peer, struct str line)
{
	struct control *control = data;
	struct client *client = peer_data(peer);
	struct frame frame = { 0 };
	struct error err = { 0 };

	if (!frame_parse(line, &frame, &err)) {
		if (is_told(control)) {
			log_warn("control.bad-frame uid=%" PRId64 " error=%s action=%s", (int64_t)peer_ids(peer).uid,
				log_text(err.message), "closing that connection");
		}
		answer_error(peer, NULL, &err, NULL);
		peer_close_after_write(peer);
		return;
	}
	on_frame(control, peer, client, &frame);
	frame_finish(&frame);
}

static void on_close(void *data unused_arg, struct peer *peer)
{
	free(peer_data(peer));
	peer_set_data(peer, NULL);
}

static bool is_idle(void *data unused_arg, const struct peer *peer)
{
	const struct client *client = peer_data(peer);

	return !client || !client->greeted || (!client->monitors && client->calls == 0);
}

static const struct listener_ops ops = {
	.on_open = on_open, .on_line = on_line, .is_idle = is_idle, .on_close = on_close
};

struct send_event_walk {
	struct str line;
	const cJSON *event;
};

bool control_may_see(unsigned roles, const cJSON *event)
{
	/* Who reads no tickets still hears that a life is in danger; that says nothing of what anybody wrote. */
	return json_bool(event, "alarm", false) || strcmp(json_text(event, "object", ""), "ticket") != 0 ||
	       role_permits(roles, PERMIT_TICKET_READ);
}

static void write_event(void *data, struct peer *peer)
{
	const struct send_event_walk *walk = data;
	const struct client *client = peer_data(peer);

	if (client && client->monitors && control_may_see(client->roles, walk->event)) {
		peer_write(peer, walk->line);
	}
}

static void count_monitor(void *data, struct peer *peer)
{
	const struct client *client = peer_data(peer);

	*(size_t *)data += client && client->monitors;
}

void control_event(struct control *control, const struct event *event)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct buf out;
	size_t monitors = 0;

	listener_each(control->listener, count_monitor, &monitors);
	if (monitors == 0) {
		return;
	}
	json = event_to_json(event);
	buf_init(&out, LIMIT_ANSWER_BYTES);
	if (frame_add_notification(&out, "event", json)) {
		struct send_event_walk walk = { buf_str(&out), json };

		listener_each(control->listener, write_event, &walk);
	}
	buf_finish(&out);
}

static void ask_again(void *data, struct peer *peer)
{
	struct control *control = data;
	struct client *client = peer_data(peer);

	if (client && client->greeted) {
		client->roles = roles_of(control->daemon->rules->config, peer_ids(peer), client->name);
		if (client->roles == 0) {
			client->monitors = false;
			if (client->calls == 0) { /* else with the last answer */
				peer_close_after_write(peer);
			}
		}
	}
}

void control_reloaded(struct control *control)
{
	listener_each(control->listener, ask_again, control);
}

bool control_monitor(struct control *control, uint64_t peer_number)
{
	struct peer *peer = listener_find(control->listener, peer_number);
	struct client *client = peer ? peer_data(peer) : NULL;

	if (!client) {
		return false;
	}
	client->monitors = true;
	return true;
}

struct control *control_new(struct daemon *daemon, int fd, struct error *err)
{
	struct control *control = xnew(struct control);

	control->daemon = daemon;
	if (!listener_new(daemon->loop, daemon->socket_path, fd, LIMIT_FRAME_UNKNOWN_BYTES, &ops, control,
		    &control->listener, err)) {
		free(control);
		return NULL;
	}
	return control;
}

void control_free(struct control *control)
{
	if (!control) {
		return;
	}
	listener_free(control->listener);
	free(control);
}

bool call_text(const struct call *call, const char *name, bool required, size_t max_bytes, const char **ret_text,
	struct error *err)
{
	const cJSON *item = json_get(call->params, name);

	if (!item || cJSON_IsNull(item)) {
		if (required) {
			return error_set(
				err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s is missing", call->verb->name, name);
		}
		*ret_text = NULL;
		return true;
	}
	if (!cJSON_IsString(item)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s must be a text", call->verb->name, name);
	}
	if (strlen(item->valuestring) > max_bytes) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s is longer than %zu bytes",
			call->verb->name, name, max_bytes);
	}
	if (required && item->valuestring[0] == '\0') {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s is empty", call->verb->name, name);
	}
	*ret_text = item->valuestring;
	return true;
}

bool call_i64(const struct call *call, const char *name, bool required, int64_t min, int64_t max, int64_t *ret_value,
	struct error *err)
{
	const cJSON *item = json_get(call->params, name);
	int64_t low = json_i64(call->params, name, INT64_MIN);
	int64_t high = json_i64(call->params, name, INT64_MAX);

	if (!item || cJSON_IsNull(item)) {
		return !required ||
		       error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s is missing", call->verb->name, name);
	}
	/* Two defaults tell "no number" from any number. */
	if (low != high || low < min || low > max) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"%s: %s must be a whole number from %" PRId64 " to %" PRId64, call->verb->name, name, min, max);
	}
	*ret_value = low;
	return true;
}

bool call_bool(const struct call *call, const char *name, bool def)
{
	return json_bool(call->params, name, def);
}

bool call_only(const struct call *call, const char *const *names, struct error *err)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, call->params)
	{
		const char *best = NULL;
		int best_distance = 4;
		bool known = false;

		for (size_t i = 0; names[i]; i++) {
			int distance = str_distance(item->string, names[i]);

			known = known || distance == 0;
			if (distance < best_distance) {
				best_distance = distance;
				best = names[i];
			}
		}
		if (!known) {
			struct str shown = str_sub(str_from(item->string), 0, 60);

			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
				"%s: unknown parameter \"" STR_FMT "\"%s%s%s", call->verb->name, STR_ARG(shown),
				best ? "; did you mean \"" : "", best ? best : "", best ? "\"?" : "");
		}
	}
	return true;
}

bool call_page(const struct call *call, struct page *ret_page, struct error *err)
{
	const char *after = NULL;
	int64_t limit = LIMIT_PAGE_ROWS_DEFAULT;

	if (!call_text(call, "after", false, sizeof(ret_page->next) - 1, &after, err) ||
		!call_i64(call, "limit", false, 1, LIMIT_PAGE_ROWS, &limit, err)) {
		return false;
	}
	*ret_page = (struct page){ .after = after, .limit = (int)limit };
	return true;
}
